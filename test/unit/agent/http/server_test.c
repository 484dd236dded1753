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

static void count_cancel(void *arg)
{
    cancels++;
}

static void on_hold(struct http_req *r, void *ctx)
{
    http_on_cancel(r, count_cancel, NULL);
}

static int setup(void **state)
{
    cancels = 0;
    web_serve_usual();
    http_route(web.server, "GET", "/hold", on_hold, NULL);
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
