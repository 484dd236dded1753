/* Answers: statuses, headers and texts as the peers have them. */
#include "test/unit/support/kvstate.h"
#include "test/unit/support/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_big(struct http_req *r, void *ctx)
{
    char *text = mem_alloc(100000);
    memset(text, 'x', 100000);
    http_reply(r, 200, "text/plain", text, 100000);
    free(text);
}

static void on_stow(struct http_req *r, void *ctx)
{
    http_add_header(r, "X-Stowed", "a\r\nX-Injected: b");
    http_reply(r, 200, NULL, "ok", 2);
}

static void on_teapot(struct http_req *r, void *ctx)
{
    http_stream_begin(r, 503, "text/plain");
    http_stream_end(r);
}

static int setup(void **state)
{
    web_serve_usual();
    http_route(web.server, "GET", "/stow", on_stow, NULL);
    http_route(web.server, "GET", "/teapot", on_teapot, NULL);
    http_route(web.server, "GET", "/big", on_big, NULL);
    return 0;
}

static void errors_are_the_peers(void **state)
{
    assert_int_equal(404, web_fetch("GET", "/nothing", NULL)->status);
    struct web_answer *g = web_fetch("POST", "/echo/fixed", "x");
    assert_int_equal(405, g->status);
    assert_string_equal("method POST not allowed", g->body);
    g = web_fetch("GET", "/kv/a?index=abc", NULL);
    assert_int_equal(400, g->status);
    assert_string_equal("Invalid index", g->body);
    assert_string_equal("Invalid wait time", web_fetch("GET", "/kv/a?index=1&wait=x", NULL)->body);
    char *big = mem_alloc(200001);
    memset(big, 'x', 200000);
    assert_int_equal(413, web_fetch("PUT", "/echo/1/", big)->status);
    free(big);
}

static bool says(const char *answer, const char *line)
{
    return strcasestr(answer, line) != NULL;
}

static void headers_are_the_peers(void **state)
{
    const char *a = web_raw("HEAD", "/echo/fixed");
    assert_true(says(a, "HTTP/1.1 405 Method Not Allowed\r\n"));
    assert_true(says(a, "\r\nAllow: OPTIONS,GET"));
    assert_true(says(a, "\r\nVary: Accept-Encoding\r\n"));
    assert_true(says(a, "\r\nX-Consul-Default-Acl-Policy: allow\r\n"));
    a = web_raw("GET", "/nothing");
    assert_true(says(a, "HTTP/1.1 404 Not Found\r\n"));
    assert_false(says(a, "Acl-Policy"));
    a = web_raw("PUT", "/echo//1/./x/../y?q=1");
    assert_true(says(a, "HTTP/1.1 301 Moved Permanently\r\n"));
    assert_true(says(a, "\r\nLocation: /echo/1/y?q=1\r\n"));
    assert_true(says(web_raw("GET", "/../../etc/"), "\r\nLocation: /etc/\r\n"));
    assert_true(says(web_raw("GET", "/echo/1/a%00b"), "HTTP/1.1 400 "));
    a = web_raw("GET", "/stow");
    assert_true(says(a, "\r\nX-Stowed: a  X-Injected: b\r\n"));
    assert_false(says(a, "\r\nX-Injected"));
    assert_true(says(web_raw("GET", "/teapot"), "HTTP/1.1 503 Service Unavailable\r\n"));
}

static void large_answers_are_compressed_when_asked(void **state)
{
    int fd = web_connect(
        "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    size_t total = 0;
    char head[2048] = "";
    for (int i = 0; i < 30000; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        char b[65536];
        ssize_t n = recv(fd, b, sizeof(b), MSG_DONTWAIT);
        if (n == 0)
            break;
        if (n > 0) {
            if (!total)
                snprintf(head, sizeof(head), "%.*s", (int)(n < 2000 ? n : 2000), b);
            total += (size_t)n;
        }
        uv_sleep(1);
    }
    close(fd);
    assert_non_null(strstr(head, "gzip"));
    assert_true(total > 100 && total < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors_are_the_peers, setup, web_end),
        cmocka_unit_test_setup_teardown(headers_are_the_peers, setup, web_end),
        cmocka_unit_test_setup_teardown(large_answers_are_compressed_when_asked, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
