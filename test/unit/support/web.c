#include "test/unit/support/web.h"
#include "agent/base/file.h"
#include "test/unit/support/kvstate.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct web web;

void web_begin(void)
{
    memset(&web, 0, sizeof(web));
    strcpy(web.dir, "/tmp/platform-web-XXXXXX");
    assert_non_null(mkdtemp(web.dir));
    loop_init(&web.loop);
}

void web_serve(enum http_dialect dialect)
{
    struct err e = ERR_INIT;
    struct http_server_config c = {.name = "test",
                                   .dialect = dialect,
                                   .store = web.store,
                                   .max_body_bytes = 100000,
                                   .gzip = true};
    assert_int_equal(0, http_server_new(&web.loop, &c, &web.server, &e));
    assert_int_equal(0, http_listen(web.server, "127.0.0.1", 0, &web.port, &e));
    assert_int_equal(0, http_client_new(&web.loop, &web.client, &e));
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

void web_close_server(void)
{
    bool done = false;
    http_server_close(web.server, set_true, &done);
    web.server = NULL;
    assert_true(loop_run_until(&web.loop, &done, 30000));
}

int web_end(void **state)
{
    bool done = false;
    http_client_close(web.client, set_true, &done);
    loop_run_until(&web.loop, &done, 30000);
    if (web.server)
        web_close_server();
    store_close(&web.store);
    loop_close(&web.loop);
    return file_remove_tree(web.dir, NULL);
}

void web_on_response(void *arg, const struct http_response *r)
{
    struct web_answer *g = arg;
    g->code = r->code;
    g->status = r->status;
    g->len = r->body_len;
    g->index = r->index;
    snprintf(g->body, sizeof(g->body), "%s", r->body);
    g->done = true;
}

struct http_call *web_call(struct web_answer *g, const char *method, const char *path,
                           const char *body)
{
    char url[1024];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", web.port, path);
    struct http_call_options o = {.method = method,
                                  .url = url,
                                  .body = body,
                                  .body_len = body ? strlen(body) : 0,
                                  .timeout_ms = 60000};
    memset(g, 0, sizeof(*g));
    return http_call(web.client, &o, web_on_response, g);
}

struct web_answer *web_fetch(const char *method, const char *path, const char *body)
{
    static struct web_answer g;
    web_call(&g, method, path, body);
    assert_true(loop_run_until(&web.loop, &g.done, 60000));
    assert_int_equal(0, g.code);
    return &g;
}

void web_turn(int milliseconds)
{
    for (int i = 0; i < milliseconds; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

int web_connect(const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)web.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(0, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
    assert_int_equal((ssize_t)strlen(text), write(fd, text, strlen(text)));
    return fd;
}

void web_wait_held(uint64_t n)
{
    struct http_server_stats st = {0};
    for (int i = 0; i < 30000; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        http_server_stats(web.server, &st);
        if (st.held == n)
            return;
        uv_sleep(1);
    }
    fail_msg("held requests: %d, wanted %d", (int)st.held, (int)n);
}

const char *web_raw(const char *method, const char *path)
{
    static char text[65536];
    char request[512];
    size_t n = 0;
    ssize_t got = -1;
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             method, path);
    int fd = web_connect(request);
    for (int i = 0; i < 30000 && got; i++) {
        uv_run(&web.loop.uv, UV_RUN_NOWAIT);
        got = recv(fd, text + n, sizeof(text) - 1 - n, MSG_DONTWAIT);
        n += got > 0 ? (size_t)got : 0;
        if (got < 0)
            uv_sleep(1);
    }
    text[n] = '\0';
    close(fd);
    return text;
}

/* --- the usual routes ------------------------------------------------------------------------- */

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

void web_serve_usual(void)
{
    web_begin();
    web.store = kv_open(web.dir, 0);
    web_serve(HTTP_CONSUL);
    http_route(web.server, "GET,PUT", "/echo/:id/*rest", on_echo, NULL);
    http_route(web.server, "GET", "/echo/fixed", on_json, NULL);
    http_route(web.server, "GET", "/kv/*key", on_kv, NULL);
}
