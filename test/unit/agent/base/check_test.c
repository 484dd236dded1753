/* Assertions: what a failed one leaves behind. */
#include "agent/base/buf.h"
#include "agent/base/check.h"
#include "agent/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int zero(void)
{
    return 0;
}

/* Runs in a child; its standard error. */
static int run(void (*f)(void), struct buf *out)
{
    int fds[2], status;
    char piece[4096];
    ssize_t n;
    assert_int_equal(0, pipe(fds));
    pid_t pid = fork();
    if (!pid) {
        dup2(fds[1], 2);
        close(fds[0]);
        close(fds[1]);
        f();
        _exit(0);
    }
    close(fds[1]);
    while ((n = read(fds[0], piece, sizeof(piece))) > 0)
        buf_add(out, piece, (size_t)n);
    close(fds[0]);
    waitpid(pid, &status, 0);
    return status;
}

static void fail_one(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    log_debug("store", "the last thing that happened");
    INVARIANT(zero() == 1);
}
static void hold_all(void)
{
    PRE(zero() == 0);
    POST(1);
    INVARIANT(1);
}

static void a_failed_one_says_what_and_where_and_aborts(void **state)
{
    struct buf b = BUF_INIT;
    int status = run(fail_one, &b);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(SIGABRT, WTERMSIG(status));
    assert_non_null(strstr(b.data, "invariant failed: zero() == 1"));
    assert_non_null(strstr(b.data, "check_test.c:"));
    assert_non_null(strstr(b.data, "the last thing that happened"));
    buf_fini(&b);
}

static void one_that_holds_is_silent(void **state)
{
    struct buf b = BUF_INIT;
    assert_int_equal(0, run(hold_all, &b));
    assert_int_equal(0, b.len);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_one_says_what_and_where_and_aborts),
        cmocka_unit_test(one_that_holds_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
