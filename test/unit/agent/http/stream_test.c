/* Streams: chunks as they come, no faster than they are taken. */
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

static struct http_req *stream_req;
static size_t stream_left;

static void stream_more(void *arg)
{
    static char chunk[65536];
    while (stream_req && stream_left && http_stream_queued_bytes(stream_req) < 262144) {
        http_stream_write(stream_req, chunk, sizeof(chunk));
        stream_left -= sizeof(chunk);
    }
    if (stream_req && !stream_left) {
        struct http_req *r = stream_req;
        stream_req = NULL;
        http_stream_end(r);
    }
}

static void stream_gone(void *arg)
{
    cancels++;
    stream_req = NULL;
}

static void on_stream(struct http_req *r, void *ctx)
{
    stream_req = r;
    stream_left = (size_t)8 << 20;
    http_on_cancel(r, stream_gone, NULL);
    http_stream_begin(r, 200, "application/octet-stream");
    http_stream_on_drain(r, stream_more, NULL);
    stream_more(NULL);
}

static void on_late_refusal(struct http_req *r, void *ctx)
{
    http_stream_begin(r, *(int *)ctx, "text/plain");
    http_stream_write(r, "why", 3);
    http_stream_end(r);
}

static int setup(void **state)
{
    cancels = 0;
    web_begin();
    web_serve(HTTP_CONSUL);
    http_route(web.server, "GET", "/stream", on_stream, NULL);
    return 0;
}

static void streams_wait_for_slow_readers(void **state)
{
    struct web_answer *g = web_fetch("GET", "/stream", NULL);
    assert_int_equal((size_t)8 << 20, g->len);
    int fd = web_connect("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 300; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_true(stream_left > 0); /* it did not take eight megabytes into memory */
    close(fd);
    for (int i = 0; i < 30000 && !cancels; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_int_equal(1, cancels);
}

/* The status line says what the status means, and not "OK" of every one. */
static void a_stream_has_its_own_status(void **state)
{
    static int statuses[] = {200, 404, 503};
    static const char *const lines[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n",
                                        "HTTP/1.1 503 Service Unavailable\r\n"};
    static const char *const paths[] = {"/s/0", "/s/1", "/s/2"};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        http_route(web.server, "GET", paths[i], on_late_refusal, &statuses[i]);
        const char *answer = web_raw("GET", paths[i]);
        assert_ptr_equal(answer, strstr(answer, lines[i]));
        assert_non_null(strstr(answer, "why"));
    }
}

/* A server that closes while a client has not taken all tells the stream's maker. */
static void closing_ends_a_stream(void **state)
{
    int fd = web_connect("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 30000 && !stream_req; i++)
        web_turn(1);
    web_turn(20);
    web_close_server();
    assert_int_equal(1, cancels);
    assert_null(stream_req);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(streams_wait_for_slow_readers, setup, web_end),
        cmocka_unit_test_setup_teardown(a_stream_has_its_own_status, setup, web_end),
        cmocka_unit_test_setup_teardown(closing_ends_a_stream, setup, web_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
