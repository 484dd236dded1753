/* The executor as the program it is: given a spec, what it leaves in its directory. */
#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/file.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern const unsigned char executor_image[], executor_image_end[];

static char dir[64];
static struct arena arena;
static int image = -1;

static int start(void **state)
{
    size_t n = (size_t)(executor_image_end - executor_image);
    if (image < 0) {
        image = memfd_create("executor", MFD_CLOEXEC);
        if (write(image, executor_image, n) != (ssize_t)n)
            return -1;
    }
    strcpy(dir, "/tmp/platform-exec-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}
static int stop(void **state)
{
    arena_fini(&arena);
    return file_remove_tree(dir, NULL);
}

/* Runs "platform executor ARG" to its end; its exit status. */
static int executor(const char *word, const char *arg)
{
    char *args[] = {(char[]){"platform"}, arena_strdup(&arena, word),
                    arg ? arena_strdup(&arena, arg) : NULL, NULL};
    int status;
    pid_t p = fork();
    if (p == 0) {
        freopen("/dev/null", "w", stderr);
        fexecve(image, args, (char *[]){NULL});
        _exit(126);
    }
    assert_int_equal(p, waitpid(p, &status, 0));
    return WEXITSTATUS(status);
}
/* Records are NUL-ended: '|' here. OUT and ERR are added. */
static void spec(const char *records)
{
    struct err e = ERR_INIT;
    char *text = arena_printf(&arena, "%sout=%s/out|err=%s/err|", records, dir, dir);
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (text[i] == '|')
            text[i] = '\0';
    assert_int_equal(
        0, file_write_atomic(arena_printf(&arena, "%s/executor.spec", dir), text, n, 0600, &e));
}
static char *content(const char *name)
{
    struct buf b = BUF_INIT;
    file_read(arena_printf(&arena, "%s/%s", dir, name), 1 << 20, &b, NULL);
    char *text = arena_strdup(&arena, buf_str(&b));
    buf_fini(&b);
    return text;
}
static void exit_is(int code, int sig, const char *why)
{
    int got_code = -2, got_sig = -2, at = 0;
    long long when = 0;
    char *text = content("executor.exit");
    assert_int_equal(3, sscanf(text, "%d %d %lld %n", &got_code, &got_sig, &when, &at));
    assert_int_equal(code, got_code);
    assert_int_equal(sig, got_sig);
    assert_true(when > 0);
    assert_true(str_has_prefix(text + at, why));
}

static void wrong_words_are_told(void **state)
{
    assert_int_equal(2, executor("executor", NULL));
    assert_int_equal(2, executor("other", dir));
    assert_int_equal(2, executor("executor", "/no/such/folder"));
}

static void without_a_spec_it_says_so(void **state)
{
    assert_int_equal(1, executor("executor", dir));
    exit_is(-1, 0, "executor.spec: No such file or directory");
}

static void what_cannot_be_run_is_told(void **state)
{
    spec("command=/no/such|arg=x|");
    assert_int_equal(1, executor("executor", dir));
    exit_is(-1, 0, "/no/such: No such file or directory");
    spec("command=/etc/passwd|arg=x|");
    assert_int_equal(1, executor("executor", dir));
    exit_is(-1, 0, "/etc/passwd: Permission denied");
    spec("command=/bin/true|arg=x|cwd=/no/such|");
    assert_int_equal(1, executor("executor", dir));
    exit_is(-1, 0, "/bin/true: No such file or directory");
}

static void a_task_gets_what_the_spec_says(void **state)
{
    spec("command=/bin/sh|arg=name|arg=-c|arg=echo $0 $A $HOME; pwd; echo e >&2; exit 4|arg=zero|"
         "env=A=b c|cwd=/usr|");
    assert_int_equal(0, executor("executor", dir));
    exit_is(4, 0, "");
    assert_string_equal("zero b c\n/usr\n", content("out.0"));
    assert_string_equal("e\n", content("err.0"));
    int own = 0, task = 0;
    assert_int_equal(2, sscanf(content("executor.pid"), "%d %d", &own, &task));
    assert_true(own > 1 && task > 1 && own != task);
}

static void a_signal_is_128_more(void **state)
{
    spec("command=/bin/sh|arg=sh|arg=-c|arg=kill -USR1 $$|");
    assert_int_equal(0, executor("executor", dir));
    exit_is(138, 10, "");
}

/* It goes on in the newest file; one line is not split over two. */
static void logs_go_on_where_they_were(void **state)
{
    spec("command=/bin/sh|arg=sh|arg=-c|arg=echo 123456789; echo "
         "abcdefghi|max_bytes=15|max_files=2|");
    for (int i = 0; i < 2; i++)
        assert_int_equal(0, executor("executor", dir));
    assert_string_equal("", content("out.0")); /* gone */
    assert_string_equal("123456789\n", content("out.2"));
    assert_string_equal("abcdefghi\n", content("out.3"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        T(wrong_words_are_told),       T(without_a_spec_it_says_so),
        T(what_cannot_be_run_is_told), T(a_task_gets_what_the_spec_says),
        T(a_signal_is_128_more),       T(logs_go_on_where_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
