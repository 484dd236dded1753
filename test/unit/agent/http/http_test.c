/* The server and the client against each other, in one loop, with a store behind. */
#include "agent/base/file.h"
#include "agent/http/http.h"
#include "agent/http/router.h"
#include "test/unit/support/kvstate.h"

#include <arpa/inet.h>
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

static struct loop loop;
static struct http_server *server;
static struct http_client *client;
static struct store *store;
static int port;
static char dir[64];
static int cancels;

/* --- handlers -------------------------------------------------------------------------------- */

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

/* --- set-up ---------------------------------------------------------------------------------- */

static int setup(void **state)
{
    strcpy(dir, "/tmp/platform-http-XXXXXX");
    assert_non_null(mkdtemp(dir));
    loop_init(&loop);
    store = kv_open(dir, 0);
    struct http_server_config c = {.name = "test",
                                   .dialect = HTTP_CONSUL,
                                   .store = store,
                                   .max_body_bytes = 100000,
                                   .gzip = true};
    struct err e = ERR_INIT;
    assert_int_equal(0, http_server_new(&loop, &c, &server, &e));
    http_route(server, "GET,PUT", "/echo/:id/*rest", on_echo, NULL);
    http_route(server, "GET", "/echo/fixed", on_json, NULL);
    http_route(server, "GET", "/hold", on_hold, NULL);
    http_route(server, "GET", "/stow", on_stow, NULL);
    http_route(server, "GET", "/teapot", on_teapot, NULL);
    http_route(server, "GET", "/kv/*key", on_kv, NULL);
    http_route(server, "GET", "/stream", on_stream, NULL);
    http_route(server, "GET", "/big", on_big, NULL);
    assert_int_equal(0, http_listen(server, "127.0.0.1", 0, &port, &e));
    assert_int_equal(0, http_client_new(&loop, &client, &e));
    cancels = 0;
    return 0;
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void close_server(void)
{
    bool done = false;
    http_server_close(server, set_true, &done);
    server = NULL;
    assert_true(loop_run_until(&loop, &done, 30000));
}

static int teardown(void **state)
{
    bool done = false;
    http_client_close(client, set_true, &done);
    loop_run_until(&loop, &done, 30000);
    if (server)
        close_server();
    store_close(&store);
    loop_close(&loop);
    file_remove_tree(dir, NULL);
    return 0;
}

struct got {
    bool done;
    int code, status;
    char body[4096];
    size_t len;
    log_index index;
};

static void on_response(void *arg, const struct http_response *r)
{
    struct got *g = arg;
    g->code = r->code;
    g->status = r->status;
    g->len = r->body_len;
    g->index = r->index;
    snprintf(g->body, sizeof(g->body), "%s", r->body);
    g->done = true;
}

static struct http_call *begin(struct got *g, const char *method, const char *path,
                               const char *body)
{
    char url[256];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    struct http_call_options o = {.method = method,
                                  .url = url,
                                  .body = body,
                                  .body_len = body ? strlen(body) : 0,
                                  .timeout_ms = 60000};
    memset(g, 0, sizeof(*g));
    return http_call(client, &o, on_response, g);
}

static struct got *fetch(const char *method, const char *path, const char *body)
{
    static struct got g;
    begin(&g, method, path, body);
    assert_true(loop_run_until(&loop, &g.done, 60000));
    assert_int_equal(0, g.code);
    return &g;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void routes_params_and_queries(void **state)
{
    struct got *g = fetch("GET", "/echo/a%20b/x/y%2Fz?q=1%2B1+2&tag=u&tag=v", NULL);
    assert_string_equal("GET /echo/a b/x/y/z id=a b rest=x/y/z q=1+1 2 t1=v body=0:", g->body);
    g = fetch("PUT", "/echo/1/", "hello");
    assert_string_equal("PUT /echo/1/ id=1 rest= q=- t1=- body=5:hello", g->body);
    g = fetch("GET", "/echo/fixed", NULL); /* the most literal route wins */
    assert_string_equal("{\"a\":[1,2],\"b\":{}}", g->body);
    g = fetch("GET", "/echo/fixed?pretty", NULL);
    assert_string_equal("{\n    \"a\": [\n        1,\n        2\n    ],\n    \"b\": {}\n}",
                        g->body);
}

static void errors_are_the_peers(void **state)
{
    assert_int_equal(404, fetch("GET", "/nothing", NULL)->status);
    struct got *g = fetch("POST", "/echo/fixed", "x");
    assert_int_equal(405, g->status);
    assert_string_equal("method POST not allowed", g->body);
    g = fetch("GET", "/kv/a?index=abc", NULL);
    assert_int_equal(400, g->status);
    assert_string_equal("Invalid index", g->body);
    assert_string_equal("Invalid wait time", fetch("GET", "/kv/a?index=1&wait=x", NULL)->body);
    char *big = mem_alloc(200001);
    memset(big, 'x', 200000);
    assert_int_equal(413, fetch("PUT", "/echo/1/", big)->status);
    free(big);
}

static void a_blocking_query_waits_for_its_key(void **state)
{
    static struct got waiting, other; /* the other is told at teardown */
    kv_set(store, "a", "1");
    struct got *g = fetch("GET", "/kv/a", NULL);
    assert_string_equal("\"1\"", g->body);
    assert_int_equal(1, g->index);
    begin(&waiting, "GET", "/kv/a?index=1&wait=50s", NULL);
    begin(&other, "GET", "/kv/b?index=5&wait=50s", NULL);
    struct http_server_stats st = {0};
    for (int i = 0; i < 30000 && st.held < 2; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        http_server_stats(server, &st);
        uv_sleep(1);
    }
    assert_int_equal(2, st.held);
    assert_false(waiting.done);
    kv_set(store, "a", "2");
    assert_true(loop_run_until(&loop, &waiting.done, 60000));
    assert_string_equal("\"2\"", waiting.body);
    assert_int_equal(2, waiting.index);
    assert_false(other.done);
    begin(&waiting, "GET", "/kv/a?index=99&wait=100ms", NULL); /* runs out of time */
    assert_true(loop_run_until(&loop, &waiting.done, 60000));
    assert_int_equal(2, waiting.index);
    struct store_stats ss;
    store_stats(store, &ss);
    assert_int_equal(1, ss.watches); /* the other's, still */
}

static int connect_raw(const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(0, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
    assert_int_equal((ssize_t)strlen(text), write(fd, text, strlen(text)));
    return fd;
}

static void wait_held(uint64_t n)
{
    struct http_server_stats st = {0};
    for (int i = 0; i < 30000; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        http_server_stats(server, &st);
        if (st.held == n)
            return;
        uv_sleep(1);
    }
    fail_msg("held requests: %d, wanted %d", (int)st.held, (int)n);
}

static void a_client_that_hangs_up_is_noticed_while_held(void **state)
{
    int fd = connect_raw("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
    int blocked = connect_raw("GET /kv/zz?index=9 HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_held(2);
    close(fd);
    close(blocked);
    wait_held(0);
    assert_int_equal(1, cancels);
    struct store_stats ss;
    store_stats(store, &ss);
    assert_int_equal(0, ss.watches);
}

static void an_early_second_request_waits_its_turn(void **state)
{
    kv_set(store, "p", "1");
    int fd = connect_raw("GET /kv/p?index=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_held(1);
    const char *second = "GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal((ssize_t)strlen(second), write(fd, second, strlen(second)));
    for (int i = 0; i < 50; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    kv_set(store, "p", "2");
    char text[4096] = "";
    size_t n = 0;
    for (int i = 0; i < 30000 && !strstr(text, "\"b\":{}"); i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
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
    kv_set(store, "p", "1");
    int fd = connect_raw("GET /kv/p?index=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_held(1);
    const char *second = "GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal((ssize_t)strlen(second), write(fd, second, strlen(second)));
    for (int i = 0; i < 50; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    close(fd);
    wait_held(0); /* no write was needed to see it */
}

/* Sends one request by hand; its whole answer. Static memory. */
static const char *raw(const char *method, const char *path)
{
    static char text[8192];
    char request[512];
    size_t n = 0;
    ssize_t got = -1;
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             method, path);
    int fd = connect_raw(request);
    for (int i = 0; i < 30000 && got; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        got = recv(fd, text + n, sizeof(text) - 1 - n, MSG_DONTWAIT);
        n += got > 0 ? (size_t)got : 0;
        if (got < 0)
            uv_sleep(1);
    }
    text[n] = '\0';
    close(fd);
    return text;
}

static bool says(const char *answer, const char *line)
{
    return strcasestr(answer, line) != NULL;
}

static void headers_are_the_peers(void **state)
{
    const char *a = raw("HEAD", "/echo/fixed");
    assert_true(says(a, "HTTP/1.1 405 Method Not Allowed\r\n"));
    assert_true(says(a, "\r\nAllow: OPTIONS,GET"));
    assert_true(says(a, "\r\nVary: Accept-Encoding\r\n"));
    assert_true(says(a, "\r\nX-Consul-Default-Acl-Policy: allow\r\n"));
    a = raw("GET", "/nothing");
    assert_true(says(a, "HTTP/1.1 404 Not Found\r\n"));
    assert_false(says(a, "Acl-Policy"));
    a = raw("PUT", "/echo//1/./x/../y?q=1");
    assert_true(says(a, "HTTP/1.1 301 Moved Permanently\r\n"));
    assert_true(says(a, "\r\nLocation: /echo/1/y?q=1\r\n"));
    assert_true(says(raw("GET", "/../../etc/"), "\r\nLocation: /etc/\r\n"));
    assert_true(says(raw("GET", "/echo/1/a%00b"), "HTTP/1.1 400 "));
    a = raw("GET", "/stow");
    assert_true(says(a, "\r\nX-Stowed: a  X-Injected: b\r\n"));
    assert_false(says(a, "\r\nX-Injected"));
    assert_true(says(raw("GET", "/teapot"), "HTTP/1.1 503 Service Unavailable\r\n"));
}

static void closing_ends_idle_and_held_connections(void **state)
{
    int fds[] = {
        connect_raw("GET /echo/fixed HTTP/1.1\r\nHost: x\r\n\r\n"), /* answered, kept open */
        connect_raw("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"),
        connect_raw("GET /kv/q?index=9 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/fixed HTTP/1.1\r\n"),
        connect_raw("PUT /echo/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhal"),
        connect_raw(""),
    };
    wait_held(2);
    close_server();
    assert_int_equal(1, cancels);
    struct store_stats ss;
    store_stats(store, &ss);
    assert_int_equal(0, ss.watches);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        close(fds[i]);
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
        (*fds)[i] = connect_raw(text);
        if (i % 100 == 99)
            wait_held(i + 1);
    }
    wait_held(n);
    return n;
}

static void one_write_wakes_one_of_ten_thousand(void **state)
{
    int *fds;
    char c;
    kv_set(store, "other", "1"); /* index 1: the next write passes it */
    size_t n = park(&fds);
    kv_set(store, "p7", "1");
    wait_held(n - 1);
    size_t answered = 0;
    for (size_t i = 0; i < n; i++)
        answered += recv(fds[i], &c, 1, MSG_DONTWAIT) == 1;
    assert_int_equal(1, answered);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    wait_held(0);
    free(fds);
}

static void streams_wait_for_slow_readers(void **state)
{
    struct got *g = fetch("GET", "/stream", NULL);
    assert_int_equal((size_t)8 << 20, g->len);
    int fd = connect_raw("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 300; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_true(stream_left > 0); /* it did not take eight megabytes into memory */
    close(fd);
    for (int i = 0; i < 30000 && !cancels; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_int_equal(1, cancels);
}

static void large_answers_are_compressed_when_asked(void **state)
{
    int fd = connect_raw(
        "GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    size_t total = 0;
    char head[2048] = "";
    for (int i = 0; i < 30000; i++) {
        uv_run(&loop.uv, UV_RUN_NOWAIT);
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

static void the_client_reports_what_went_wrong(void **state)
{
    struct got g = {0};
    struct http_call_options o = {.url = "http://127.0.0.1:1/", .timeout_ms = 5000};
    http_call(client, &o, on_response, &g);
    assert_true(loop_run_until(&loop, &g.done, 60000));
    assert_int_equal(ERR_UNAVAILABLE, g.code);
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hold", port);
    o = (struct http_call_options){.url = url, .timeout_ms = 100};
    g.done = false;
    http_call(client, &o, on_response, &g);
    assert_true(loop_run_until(&loop, &g.done, 60000));
    assert_int_equal(ERR_TIMEOUT, g.code);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/big", port);
    o = (struct http_call_options){.url = url, .max_response_bytes = 1000};
    g.done = false;
    http_call(client, &o, on_response, &g);
    assert_true(loop_run_until(&loop, &g.done, 60000));
    assert_int_equal(ERR_TOO_LARGE, g.code);
    o.keep_tail = true;
    g.done = false;
    http_call(client, &o, on_response, &g);
    assert_true(loop_run_until(&loop, &g.done, 60000));
    assert_int_equal(0, g.code);
    assert_int_equal(1000, g.len);
    struct got never = {0};
    struct http_call *c = begin(&never, "GET", "/hold", NULL);
    wait_held(1);
    http_cancel(&c);
    wait_held(0);
    assert_false(never.done);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(routes_params_and_queries),
        T(errors_are_the_peers),
        T(a_blocking_query_waits_for_its_key),
        T(a_client_that_hangs_up_is_noticed_while_held),
        T(an_early_second_request_waits_its_turn),
        T(a_hang_up_after_early_data_is_noticed),
        T(headers_are_the_peers),
        T(closing_ends_idle_and_held_connections),
        T(one_write_wakes_one_of_ten_thousand),
        T(streams_wait_for_slow_readers),
        T(large_answers_are_compressed_when_asked),
        T(the_client_reports_what_went_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
