/* Blocking queries: who waits, who is woken, and who gives up. */
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int setup(void **state)
{
    web_serve_usual();
    return 0;
}

static void a_blocking_query_waits_for_its_key(void **state)
{
    static struct web_answer waiting, other; /* the other is told at teardown */
    kv_set(web.store, "a", "1");
    struct web_answer *g = web_fetch("GET", "/kv/a", NULL);
    assert_string_equal("\"1\"", g->body);
    assert_int_equal(1, g->index);
    web_call(&waiting, "GET", "/kv/a?index=1&wait=50s", NULL);
    web_call(&other, "GET", "/kv/b?index=5&wait=50s", NULL);
    struct http_server_stats st = {0};
    for (int i = 0; i < 30000 && st.held < 2; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        http_server_stats(web.server, &st);
        uv_sleep(1);
    }
    assert_int_equal(2, st.held);
    assert_false(waiting.done);
    kv_set(web.store, "a", "2");
    assert_true(loop_run_until(&web.loop, &waiting.done, 60000));
    assert_string_equal("\"2\"", waiting.body);
    assert_int_equal(2, waiting.index);
    assert_false(other.done);
    web_call(&waiting, "GET", "/kv/a?index=99&wait=100ms", NULL); /* runs out of time */
    assert_true(loop_run_until(&web.loop, &waiting.done, 60000));
    assert_int_equal(2, waiting.index);
    struct store_stats ss;
    store_stats(web.store, &ss);
    assert_int_equal(1, ss.watches); /* the other's, still */
}

static struct http_req *greedy;
static unsigned renders;

/* Takes much memory each time, and its index never passes the one asked for. */
static int render_greedy(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                         log_index *index, int *status, struct err *e)
{
    greedy = r;
    renders++;
    memset(arena_alloc(http_arena(r), 100000), 'x', 100000);
    *index = 1;
    return 0;
}

static void on_greedy(struct http_req *r, void *ctx)
{
    struct http_watch w = {STORE_WATCH_KEY, &kv_table, "g", 1};
    http_blocking(r, &w, 1, render_greedy, NULL);
}

static void renders_of_a_held_query_do_not_add_up(void **state)
{
    renders = 0;
    http_route(web.server, "GET", "/greedy", on_greedy, NULL);
    int fd = web_connect("GET /greedy?index=5&wait=5m HTTP/1.1\r\nHost: x\r\n\r\n");
    web_wait_held(1);
    for (unsigned i = 1; i <= 20; i++) {
        kv_set(web.store, "g", i % 2 ? "1" : "2");
        for (int ms = 0; ms < 30000 && renders <= i; ms++)
            web_turn(1);
        assert_true(renders > i);
    }
    web_wait_held(1);
    assert_true(http_arena(greedy)->used_bytes < 4096);
    close(fd);
    web_wait_held(0);
}

static void what_cannot_be_read_is_refused(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *body;
    } cases[] = {
        {"/kv/a?index=x", 400, "Invalid index"},
        {"/kv/a?index=-1", 400, "Invalid index"},
        {"/kv/a?index=99999999999999999999", 400, "Invalid index"},
        {"/kv/a?wait=soon", 400, "Invalid wait time"},
        {"/kv/a?wait=-1s", 400, "Invalid wait time"},
        {"/kv/a?stale&consistent", 400,
         "Cannot specify ?stale with ?consistent, conflicting semantics."},
        {"/kv/a?index=0&wait=", 404, ""}, /* not held */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct web_answer *g = web_fetch("GET", cases[i].path, NULL);
        assert_int_equal(cases[i].status, g->status);
        assert_string_equal(cases[i].body, g->body);
    }
}

/* As many as the descriptors allow, up to ten thousand: both ends are in this process. */
static size_t park(int **fds)
{
    struct rlimit rl;
    getrlimit(RLIMIT_NOFILE, &rl);
    rl.rlim_cur = rl.rlim_max < 20200 ? rl.rlim_max : 20200;
    setrlimit(RLIMIT_NOFILE, &rl);
    size_t n = rl.rlim_cur > 700 ? (rl.rlim_cur - 200) / 2 : 100;
    *fds = mem_alloc(n * sizeof(**fds));
    for (size_t i = 0; i < n; i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET /kv/p%zu?index=1 HTTP/1.1\r\nHost: x\r\n\r\n", i);
        (*fds)[i] = web_connect(text);
        if (i % 100 == 99)
            web_wait_held(i + 1);
    }
    web_wait_held(n);
    return n;
}

static void one_write_wakes_one_of_ten_thousand(void **state)
{
    int *fds;
    char c;
    kv_set(web.store, "other", "1"); /* index 1: the next write passes it */
    size_t n = park(&fds);
    kv_set(web.store, "p7", "1");
    web_wait_held(n - 1);
    size_t answered = 0;
    for (size_t i = 0; i < n; i++)
        answered += recv(fds[i], &c, 1, MSG_DONTWAIT) == 1;
    assert_int_equal(1, answered);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    web_wait_held(0);
    free(fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_blocking_query_waits_for_its_key, setup, web_end),
        cmocka_unit_test_setup_teardown(renders_of_a_held_query_do_not_add_up, setup, web_end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_refused, setup, web_end),
        cmocka_unit_test_setup_teardown(one_write_wakes_one_of_ten_thousand, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
