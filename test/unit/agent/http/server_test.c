/* The server: connections that end early, and its own end. */
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int cancels;

static void on_echo(struct http_req *r, void *ctx)
{
    size_t n;
    const char *body = http_body(r, &n);
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s %s id=%s rest=%s q=%s t1=%s body=%zu:%.*s", http_method(r), http_path(r),
               http_param(r, "id"), http_param(r, "rest"),
               http_query(r, "q") ? http_query(r, "q") : "-",
               http_query_nth(r, "tag", 1) ? http_query_nth(r, "tag", 1) : "-", n, (int)n, body);
    http_reply(r, 200, "text/plain", b.data, b.len);
    buf_fini(&b);
}

static void on_json(struct http_req *r, void *ctx)
{
    struct buf b = BUF_INIT;
    buf_str_add(&b, "{\"a\":[1,2],\"b\":{}}");
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void count_cancel(void *arg)
{
    cancels++;
}

static void on_hold(struct http_req *r, void *ctx)
{
    http_on_cancel(r, count_cancel, NULL);
}

static int render_kv(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                     log_index *index, int *status, struct err *e)
{
    const char *key = http_param(r, "key");
    struct store_val v;
    *index = store_table_index(t, &kv_table);
    if (store_get(t, &kv_table, key, strlen(key), &v)) {
        *status = 404;
        return 0;
    }
    *index = 2; /* of this test's own making: as of the last set */
    log_index touched = store_key_index(t, &kv_table, key, strlen(key));
    *index = touched ? touched : store_table_index(t, &kv_table);
    buf_json_str(out, v.data, v.len);
    return 0;
}

static void on_kv(struct http_req *r, void *ctx)
{
    const char *key = http_param(r, "key");
    struct http_watch w = {STORE_WATCH_KEY, &kv_table, key, strlen(key)};
    http_blocking(r, &w, 1, render_kv, NULL);
}

static int setup(void **state)
{
    cancels = 0;
    web_begin();
    web.store = kv_open(web.dir, 0);
    web_serve(HTTP_CONSUL);
    http_route(web.server, "GET,PUT", "/echo/:id/*rest", on_echo, NULL);
    http_route(web.server, "GET", "/echo/fixed", on_json, NULL);
    http_route(web.server, "GET", "/hold", on_hold, NULL);
    http_route(web.server, "GET", "/kv/*key", on_kv, NULL);
    return 0;
}

static void a_client_that_hangs_up_is_noticed_while_held(void **state)
{
    int fd = web_connect("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    int blocked = web_connect("GET /kv/zz?index=9 HTTP/1.1\r\nHost: x\r\n\r\n");
    web_wait_held(2);
    close(fd);
    close(blocked);
    web_wait_held(0);
    assert_int_equal(1, cancels);
    struct store_stats ss;
    store_stats(web.store, &ss);
    assert_int_equal(0, ss.watches);
}

static void an_early_second_request_waits_its_turn(void **state)
{
    kv_set(web.store, "p", "1");
    int fd = web_connect("GET /kv/p?index=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    web_wait_held(1);
    const char *second = "GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal((ssize_t)strlen(second), write(fd, second, strlen(second)));
    for (int i = 0; i < 50; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    kv_set(web.store, "p", "2");
    char text[4096] = "";
    size_t n = 0;
    for (int i = 0; i < 30000 && !strstr(text, "\"b\":{}"); i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, MSG_DONTWAIT);
        n += got > 0 ? (size_t)got : 0;
        text[n] = '\0';
        uv_sleep(1);
    }
    const char *first = strstr(text, "\"2\"");
    assert_non_null(first);
    assert_non_null(strstr(first, "\"b\":{}"));
    close(fd);
}

static void a_hang_up_after_early_data_is_noticed(void **state)
{
    kv_set(web.store, "p", "1");
    int fd = web_connect("GET /kv/p?index=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    web_wait_held(1);
    const char *second = "GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal((ssize_t)strlen(second), write(fd, second, strlen(second)));
    for (int i = 0; i < 50; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    close(fd);
    web_wait_held(0); /* no write was needed to see it */
}

static void closing_ends_idle_and_held_connections(void **state)
{
    int fds[] = {
        web_connect("GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n"), /* answered, kept open */
        web_connect("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"),
        web_connect("GET /kv/q?index=9 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/fixed HTTP/1.1\r\n"),
        web_connect("PUT /echo/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal"),
        web_connect(""),
    };
    web_wait_held(2);
    web_close_server();
    assert_int_equal(1, cancels);
    struct store_stats ss;
    store_stats(web.store, &ss);
    assert_int_equal(0, ss.watches);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_client_that_hangs_up_is_noticed_while_held, setup,
                                        web_end),
        cmocka_unit_test_setup_teardown(an_early_second_request_waits_its_turn, setup, web_end),
        cmocka_unit_test_setup_teardown(a_hang_up_after_early_data_is_noticed, setup, web_end),
        cmocka_unit_test_setup_teardown(closing_ends_idle_and_held_connections, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
