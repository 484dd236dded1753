/* Executors with real programs: started, found again, signalled, ended; and what they leave. */
#include "agent/client/executor.h"
#include "agent/base/file.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop loop;
static char dir[64];
static struct arena arena;
static struct executor_exit seen;
static bool ended;

static int start(void **state)
{
    struct err e = ERR_INIT;
    loop_init(&loop);
    strcpy(dir, "/tmp/platform-exec-XXXXXX");
    ended = false;
    return mkdtemp(dir) ? file_mkdirs(arena_printf(&arena, "%s/x", dir), 0700, &e) : -1;
}
static int stop(void **state)
{
    loop_close(&loop);
    arena_fini(&arena);
    return file_remove_tree(dir, NULL);
}

static void on_exit_(void *arg, const struct executor_exit *x)
{
    seen = *x;
    seen.error = arena_strdup(&arena, x->error ? x->error : "");
    ended = true;
}

static struct executor *run(const char *script, int64_t max_bytes)
{
    struct rec_strs *args = ARENA_NEW(&arena, struct rec_strs);
    struct rec_strs *env = ARENA_NEW(&arena, struct rec_strs);
    struct executor *x = NULL;
    struct err e = ERR_INIT;
    rec_strs_add(args, &arena, "sh");
    rec_strs_add(args, &arena, "-c");
    rec_strs_add(args, &arena, script);
    rec_strs_add(env, &arena, "COLOUR=red");
    rec_strs_add(env, &arena, "PATH=/usr/bin:/bin");
    struct executor_spec s = {.dir = arena_printf(&arena, "%s/x", dir),
                              .command = "/bin/sh",
                              .args = args,
                              .env = env,
                              .cwd = dir,
                              .uid = -1,
                              .gid = -1,
                              .out_prefix = arena_printf(&arena, "%s/out", dir),
                              .err_prefix = arena_printf(&arena, "%s/err", dir),
                              .max_files = 3,
                              .max_bytes = max_bytes};
    ended = false;
    if (executor_start(&loop, &s, on_exit_, NULL, &x, &e))
        fail_msg("%s", e.text);
    return x;
}
static void wait_end(void)
{
    assert_true(loop_run_until(&loop, &ended, 30000));
}
static char *content(const char *name)
{
    struct buf b = BUF_INIT;
    file_read(arena_printf(&arena, "%s/%s", dir, name), 1 << 20, &b, NULL);
    char *text = arena_strdup(&arena, buf_str(&b));
    buf_fini(&b);
    return text;
}
static void wait_file(const char *name)
{
    char *path = arena_printf(&arena, "%s/%s", dir, name);
    for (int i = 0; i < 3000 && access(path, F_OK); i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(10);
    }
    assert_int_equal(0, access(path, F_OK));
}

static void output_and_exit_code_are_kept(void **state)
{
    struct executor *x = run("echo $COLOUR; pwd; echo oops >&2; exit 7", 1 << 20);
    wait_end();
    assert_int_equal(7, seen.code);
    assert_int_equal(0, seen.signal);
    assert_false(seen.lost);
    assert_true(seen.time_ns > 0);
    executor_close(&x);
    assert_null(x);
    assert_string_equal(arena_printf(&arena, "red\n%s\n", dir), content("out.0"));
    assert_string_equal("oops\n", content("err.0"));
}

static void a_signal_is_told_as_one(void **state)
{
    struct executor *x = run("touch up; exec sleep 100", 1 << 20);
    wait_file("up");
    executor_signal(x, SIGTERM);
    wait_end();
    assert_int_equal(SIGTERM, seen.signal);
    executor_close(&x);
}

/* What the task left running ends with it: nothing outlives an allocation. */
static void children_end_with_their_task(void **state)
{
    struct executor *x = run("(trap '' TERM; sleep 1000) & echo $! > child; exit 0", 1 << 20);
    wait_end();
    executor_close(&x);
    int pid = atoi(content("child"));
    assert_true(pid > 1);
    for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++)
        uv_sleep(10);
    assert_int_equal(-1, kill(pid, 0));
    assert_int_equal(ESRCH, errno);
}

static void logs_rotate_and_the_oldest_go(void **state)
{
    struct executor *x =
        run("i=0; while [ $i -lt 200 ]; do echo line-$i-xxxxxxxxxxxxxxxxxxxxxxxxx; "
            "i=$((i+1)); done",
            1000);
    wait_end();
    executor_close(&x);
    DIR *d = opendir(dir);
    struct dirent *e;
    int files = 0;
    bool first = false, last = false;
    while ((e = readdir(d))) {
        if (!str_has_prefix(e->d_name, "out."))
            continue;
        files++;
        char *text = content(e->d_name);
        assert_true(strlen(text) <= 1100);
        first |= strstr(text, "line-0-") != NULL;
        last |= strstr(text, "line-199-") != NULL;
    }
    closedir(d);
    assert_int_equal(3, files);
    assert_false(first);
    assert_true(last);
}

/* The handle goes, the task stays; another finds it, running or ended meanwhile. */
static void a_task_is_found_again(void **state)
{
    char *x_dir = arena_printf(&arena, "%s/x", dir);
    struct err e = ERR_INIT;
    struct executor *x = run("touch up; while [ ! -e go ]; do sleep 0.05; done; exit 3", 1 << 20);
    wait_file("up");
    executor_close(&x);
    assert_int_equal(0, executor_attach(&loop, x_dir, on_exit_, NULL, &x, &e));
    assert_false(ended);
    assert_int_equal(0, file_write_atomic(arena_printf(&arena, "%s/go", dir), "", 0, 0600, &e));
    wait_end();
    assert_int_equal(3, seen.code);
    executor_close(&x);
    ended = false;
    assert_int_equal(0, executor_attach(&loop, x_dir, on_exit_, NULL, &x, &e));
    assert_false(ended); /* never before the call returns */
    wait_end();
    assert_int_equal(3, seen.code);
    executor_close(&x);
}

static void nothing_to_find_is_said(void **state)
{
    struct executor *x = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(ERR_NOT_FOUND, executor_attach(&loop, arena_printf(&arena, "%s/x", dir),
                                                    on_exit_, NULL, &x, &e));
    assert_null(x);
}

/* Its executor killed with -9: the task cannot be watched any more, and that is what is said. */
static void a_lost_executor_is_told(void **state)
{
    int executor_pid = 0, task_pid = 0;
    struct executor *x = run("touch up; exec sleep 100", 1 << 20);
    wait_file("up");
    wait_file("x/executor.pid");
    sscanf(content("x/executor.pid"), "%d %d", &executor_pid, &task_pid);
    assert_true(executor_pid > 1 && task_pid > 1);
    kill(executor_pid, SIGKILL);
    wait_end();
    assert_true(seen.lost);
    executor_close(&x);
    kill(task_pid, SIGKILL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        T(output_and_exit_code_are_kept), T(a_signal_is_told_as_one),
        T(children_end_with_their_task),  T(logs_rotate_and_the_oldest_go),
        T(a_task_is_found_again),         T(nothing_to_find_is_said),
        T(a_lost_executor_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
