/* Blocking queries: a request that is answered when what it reads has changed, or its time is up
 * (inventory consul-http-api 4, nomad-http-api). Watches are added before the first read, so that
 * no change falls between. */
#include "agent/base/duration.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "agent/http/server_impl.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_DEFAULT_NS INT64_C(300000000000)
#define WAIT_MAX_NS     INT64_C(600000000000) /* Consul; in Nomad the default is the most */

struct blocking {
    uv_timer_t timer; /* closed asynchronously: this struct is freed then */
    struct http_req *req;
    http_render render;
    void *ctx;
    log_index after;
    size_t n_watches;
    bool timer_used, timed_out;
    struct store_watch *watches[];
};

static void on_timer_closed(uv_handle_t *h)
{
    free(h->data);
}

void blocking_free(struct blocking *b)
{
    for (size_t i = 0; i < b->n_watches; i++)
        store_watch_remove(&b->watches[i]);
    b->req = NULL;
    if (b->timer_used)
        uv_close((uv_handle_t *)&b->timer, on_timer_closed);
    else
        free(b);
}

/* Renders, and answers if the answer is due. Returns whether it did. */
static bool try_answer(struct http_req *r, struct blocking *b)
{
    struct store_txn *t;
    struct err e = ERR_INIT;
    struct buf out = BUF_INIT;
    struct arena keep = r->arena; /* what one run takes must not add up while the request is held */
    log_index index = 1;
    int status = 200;
    int rv = store_read(r->server->store, &t, &e);
    if (!rv) {
        h2o_headers_t *h = &r->h2o->res.headers;
        h->size = 0; /* of an earlier run */
        r->arena = (struct arena)ARENA_INIT;
        rv = b->render(r, t, b->ctx, &out, &index, &status, &e);
        store_read_end(&t);
        arena_fini(&r->arena);
        r->arena = keep;
    }
    bool due = rv || !b->after || index > b->after || b->timed_out;
    if (due && rv && status == 200) {
        http_reply_err(r, &e);
    } else if (due) {
        http_set_index(r, index);
        if (rv)
            http_reply_text(r, status, "%s", err_text(&e));
        else if (out.len)
            http_reply_json(r, status, &out);
        else
            http_reply(r, status, NULL, "", 0);
    }
    buf_fini(&out);
    return due;
}

static void on_watch(void *arg, log_index index)
{
    struct blocking *b = arg;
    try_answer(b->req, b);
}

static void on_timeout(uv_timer_t *t)
{
    struct blocking *b = t->data;
    b->timed_out = true;
    try_answer(b->req, b);
}

/* Reads ?index and ?wait. false: answered with the peer's complaint. */
static bool read_params(struct http_req *r, log_index *after, int64_t *wait_ns)
{
    const char *index = http_query(r, "index"), *wait = http_query(r, "wait");
    *after = 0;
    *wait_ns = WAIT_DEFAULT_NS;
    if (r->server->dialect == HTTP_CONSUL && http_query(r, "stale") &&
        http_query(r, "consistent")) {
        http_reply_text(r, 400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
        return false;
    }
    if (wait && *wait && (duration_parse(wait, wait_ns) || *wait_ns < 0)) {
        http_reply_text(r, 400, "Invalid wait time");
        return false;
    }
    if (index && *index && str_to_u64(index, after)) {
        http_reply_text(r, 400, "Invalid index");
        return false;
    }
    if (*wait_ns == 0)
        *wait_ns = WAIT_DEFAULT_NS;
    int64_t most = r->server->dialect == HTTP_NOMAD ? WAIT_DEFAULT_NS : WAIT_MAX_NS;
    if (*wait_ns > most)
        *wait_ns = most;
    return true;
}

void http_blocking(struct http_req *r, const struct http_watch *watches, size_t n,
                   http_render render, void *ctx)
{
    log_index after;
    int64_t wait_ns;
    if (!read_params(r, &after, &wait_ns))
        return;
    size_t watched = after ? n : 0;
    struct blocking *b = mem_alloc(sizeof(*b) + watched * sizeof(b->watches[0]));
    *b = (struct blocking){.req = r, .render = render, .ctx = ctx, .after = after};
    r->blocking = b;
    for (; b->n_watches < watched; b->n_watches++) {
        const struct http_watch *w = &watches[b->n_watches];
        b->watches[b->n_watches] = store_watch_add(r->server->store, r->server->loop, w->kind,
                                                   w->table, w->key, w->klen, on_watch, b);
    }
    if (try_answer(r, b))
        return; /* and b is gone with the answer */
    int64_t wait_ms = wait_ns / 1000000;
    wait_ms += id_random_below((uint32_t)(wait_ms / 16) + 1);
    uv_timer_init(&r->server->loop->uv, &b->timer);
    b->timer.data = b;
    b->timer_used = true;
    uv_timer_start(&b->timer, on_timeout, (uint64_t)wait_ms, 0);
    request_hold(r);
}
