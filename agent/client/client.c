/* The client's life: register, heartbeat, long-poll the allocations, report what changed.
 * Everything here runs on the client's own loop and reaches the servers by RPC only. */
#include "agent/base/check.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MS      1000
#define FLUSH_MS      20
#define WATCH_TIMEOUT 330000

static void register_node(struct client *c);
static void watch_allocs(struct client *c);

/* --- calls ----------------------------------------------------------------------------------- */

static struct http_call *call(struct client *c, const char *path, const struct rec_desc *d,
                              const void *rec, unsigned timeout_ms, http_response_cb cb)
{
    struct buf body = BUF_INIT;
    rec_pack(d, rec, &body);
    char *url = mem_printf("%s%s", c->rpc_url, path);
    struct http_call_options o = {.method = "PUT",
                                  .url = url,
                                  .body = body.data,
                                  .body_len = body.len,
                                  .timeout_ms = timeout_ms};
    struct http_call *x = http_call(c->http, &o, cb, c);
    free(url);
    buf_fini(&body);
    return x;
}

static bool is_ok(const struct http_response *r, const char *what)
{
    if (r->code == ERR_CANCELED)
        return false;
    if (r->code || r->status != 200)
        log_warn("client", "%s: %s", what, r->code ? r->error : r->body);
    return !r->code && r->status == 200;
}

static void on_retry(uv_timer_t *t)
{
    struct client *c = t->data;
    if (!c->registered)
        register_node(c);
    else if (!c->watch_call)
        watch_allocs(c);
}

static void retry_later(struct client *c)
{
    if (!c->stopping)
        uv_timer_start(&c->retry, on_retry, RETRY_MS, 0);
}

/* --- registration and heartbeats ------------------------------------------------------------- */

static void on_heartbeat_due(uv_timer_t *t);

static void heartbeat_in(struct client *c, const struct http_response *r)
{
    struct rpc_heartbeat h;
    int64_t ttl = 10000;
    if (!rec_unpack(&rpc_heartbeat_desc, r->body, r->body_len, NULL, &h, NULL))
        ttl = h.ttl_ms;
    uv_timer_start(&c->heartbeat, on_heartbeat_due, (uint64_t)(ttl > 2000 ? ttl / 2 : ttl), 0);
}

static void on_heartbeat(void *arg, const struct http_response *r)
{
    struct client *c = arg;
    if (c->closing)
        return;
    if (is_ok(r, "heartbeat")) {
        heartbeat_in(c, r);
        return;
    }
    if (!r->code && r->status == 404) /* the servers do not know us: a new cluster */
        register_node(c);
    uv_timer_start(&c->heartbeat, on_heartbeat_due, RETRY_MS, 0);
}

static void on_heartbeat_due(uv_timer_t *t)
{
    struct client *c = t->data;
    struct rpc_node_ref ref = {c->node.id, c->node.secret_id};
    call(c, "/rpc/node/heartbeat", &rpc_node_ref_desc, &ref, 5000, on_heartbeat);
}

static void on_registered(void *arg, const struct http_response *r)
{
    struct client *c = arg;
    if (c->closing)
        return;
    if (!is_ok(r, "register")) {
        retry_later(c);
        return;
    }
    if (!c->registered)
        log_info("client", "node %.8s: registered", c->node.id);
    c->registered = true;
    heartbeat_in(c, r);
    if (!c->watch_call && !c->stopping)
        watch_allocs(c);
}

static void register_node(struct client *c)
{
    call(c, "/rpc/node/register", &node_desc, &c->node, 10000, on_registered);
}

/* --- allocations ----------------------------------------------------------------------------- */

static struct alloc_runner *runner_find(struct client *c, const char *id)
{
    struct alloc_runner *r = c->runners;
    while (r && !str_eq(r->alloc.id, id))
        r = r->next;
    return r;
}

static void forget(struct alloc_runner *r)
{
    struct client *c = r->client;
    char *path = mem_printf("%s/allocs/%s", c->state_dir, r->alloc.id);
    unlink(path);
    free(path);
    alloc_runner_release(r);
}

static void apply_alloc(struct client *c, const struct rpc_alloc *a)
{
    struct alloc_runner *r = runner_find(c, a->alloc.id);
    if (r) {
        r->gone = false;
        alloc_runner_update(r, a);
    } else if (a->job && str_eq(a->alloc.desired_status, "run") &&
               job_group_find(a->job, a->alloc.task_group)) {
        alloc_runner_start(alloc_runner_new(c, a));
    }
}

static void on_allocs(void *arg, const struct http_response *r)
{
    struct client *c = arg;
    struct arena a = ARENA_INIT;
    struct rpc_allocs all;
    c->watch_call = NULL;
    if (c->closing)
        return;
    if (!is_ok(r, "allocations") ||
        rec_unpack(&rpc_allocs_desc, r->body, r->body_len, &a, &all, NULL)) {
        if (r->code == ERR_TIMEOUT)
            watch_allocs(c);
        else
            retry_later(c);
        arena_fini(&a);
        return;
    }
    c->allocs_index = all.index;
    for (struct alloc_runner *x = c->runners; x; x = x->next)
        x->gone = true;
    for (size_t i = 0; i < all.allocs.n; i++)
        apply_alloc(c, &all.allocs.items[i]);
    for (struct alloc_runner *x = c->runners, *next; x; x = next) {
        next = x->next;
        if (!x->gone)
            continue;
        if (alloc_runner_is_done(x) && !x->dirty)
            forget(x); /* the servers have heard of its end */
        else
            alloc_runner_stop(x, "alloc not known to the servers");
    }
    arena_fini(&a);
    watch_allocs(c);
}

static void watch_allocs(struct client *c)
{
    char path[64];
    struct rpc_node_ref ref = {c->node.id, c->node.secret_id};
    snprintf(path, sizeof(path), "/rpc/node/allocs?index=%" PRIu64 "&wait=5m", c->allocs_index);
    c->watch_call = call(c, path, &rpc_node_ref_desc, &ref, WATCH_TIMEOUT, on_allocs);
}

/* --- reports --------------------------------------------------------------------------------- */

static void on_updated(void *arg, const struct http_response *r)
{
    struct client *c = arg;
    bool again = false;
    c->update_call = NULL;
    if (c->closing)
        return;
    bool ok = is_ok(r, "report");
    for (struct alloc_runner *x = c->runners; x; x = x->next) {
        if (!ok)
            x->dirty = true;
        again |= x->dirty;
    }
    if (again)
        client_schedule_flush(c);
}

static void on_flush(uv_timer_t *timer)
{
    struct client *c = timer->data;
    struct arena a = ARENA_INIT;
    struct rpc_alloc_updates u = {.node_id = c->node.id, .secret_id = c->node.secret_id};
    if (c->update_call || c->closing)
        return;
    for (struct alloc_runner *r = c->runners; r; r = r->next) {
        if (!r->dirty)
            continue;
        r->dirty = false;
        alloc_runner_report(r, rec_list_add(&allocation_desc, &u.allocs, &a), &a);
    }
    if (u.allocs.n)
        c->update_call =
            call(c, "/rpc/alloc/update", &rpc_alloc_updates_desc, &u, 10000, on_updated);
    arena_fini(&a);
}

void client_schedule_flush(struct client *c)
{
    if (!uv_is_active((uv_handle_t *)&c->flush) && !c->update_call)
        uv_timer_start(&c->flush, on_flush, FLUSH_MS, 0);
}

/* --- restoring ------------------------------------------------------------------------------- */

static void restore_one(struct client *c, const char *path)
{
    struct arena a = ARENA_INIT;
    struct buf b = BUF_INIT;
    struct rpc_allocs file;
    struct err e = ERR_INIT;
    if (file_read(path, 64 << 20, &b, &e) ||
        rec_unpack(&rpc_allocs_desc, b.data, b.len, &a, &file, &e) || file.allocs.n != 1 ||
        !file.allocs.items[0].job ||
        !job_group_find(file.allocs.items[0].job, file.allocs.items[0].alloc.task_group))
        log_warn("client", "%s: not understood: %s", path, err_text(&e));
    else
        alloc_runner_attach(alloc_runner_new(c, &file.allocs.items[0]));
    buf_fini(&b);
    arena_fini(&a);
}

static void restore_all(struct client *c)
{
    char *dir = mem_printf("%s/allocs", c->state_dir);
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (!id_is_uuid(e->d_name))
            continue;
        char *path = mem_printf("%s/%s", dir, e->d_name);
        restore_one(c, path);
        free(path);
    }
    if (d)
        closedir(d);
    free(dir);
}

/* --- life ------------------------------------------------------------------------------------ */

/* The node's identity stays over restarts; the secret proves it to the servers. */
static int load_identity(struct client *c, struct err *e)
{
    char *path = mem_printf("%s/node", c->state_dir);
    struct buf b = BUF_INIT;
    uuid_text id, secret;
    int rv = 0;
    if (!file_read(path, 200, &b, NULL) && sscanf(b.data, "%36s %36s", id, secret) == 2 &&
        id_is_uuid(id) && id_is_uuid(secret))
        goto out;
    id_new(id);
    id_new(secret);
    buf_clear(&b);
    buf_printf(&b, "%s %s\n", id, secret);
    rv = file_write_atomic(path, b.data, b.len, 0600, e);
out:
    c->node.id = arena_strdup(&c->arena, id);
    c->node.secret_id = arena_strdup(&c->arena, secret);
    buf_fini(&b);
    free(path);
    return rv;
}

static void describe_node(struct client *c, const struct client_config *config)
{
    struct arena *a = &c->arena;
    c->node.datacenter = arena_strdup(a, config->datacenter);
    c->node.name = arena_strdup(a, config->name);
    c->node.http_addr = arena_strdup(a, config->http_addr);
    c->node.node_class = arena_strdup(a, config->node_class ? config->node_class : "");
    c->node.status = arena_strdup(a, "ready");
    c->node.status_updated_at_s = clock_wall_ns() / NS_PER_SEC;
    if (config->meta)
        for (size_t i = 0; i < config->meta->n; i++)
            rec_str_map_set(&c->node.meta, a, config->meta->items[i].key,
                            config->meta->items[i].value);
    fingerprint(&c->node, a, config);
}

static void thread_main(void *arg)
{
    struct client *c = arg;
    restore_all(c);
    register_node(c);
    loop_run(&c->loop);
}

static void client_free(struct client *c)
{
    arena_fini(&c->arena);
    free(c->rpc_url);
    free(c->state_dir);
    free(c->alloc_dir);
    free(c->http_addr);
    free(c);
}

int client_new(const struct client_config *config, struct client **out, struct err *e)
{
    struct client *c = MEM_NEW(struct client);
    c->main_loop = config->loop;
    c->rpc_url = mem_strdup(config->rpc_url);
    c->state_dir = mem_strdup(config->state_dir);
    c->alloc_dir = mem_strdup(config->alloc_dir);
    c->http_addr = mem_strdup(config->http_addr);
    c->local = config->local;
    c->kill_on_close = config->kill_on_close;
    rec_init(&node_desc, &c->node);
    char *dir = mem_printf("%s/allocs", config->state_dir);
    int rv = file_mkdirs(dir, 0700, e);
    free(dir);
    if (!rv)
        rv = file_mkdirs(config->alloc_dir, 0711, e);
    if (!rv)
        rv = load_identity(c, e);
    if (rv) {
        client_free(c);
        return rv;
    }
    describe_node(c, config);
    loop_init(&c->loop);
    uv_timer_t *timers[] = {&c->heartbeat, &c->retry, &c->flush, &c->wait};
    for (int i = 0; i < 4; i++) {
        uv_timer_init(&c->loop.uv, timers[i]);
        timers[i]->data = c;
    }
    rv = http_client_new(&c->loop, &c->http, e);
    if (!rv && uv_thread_create(&c->thread, thread_main, c))
        rv = err_set(e, ERR_INTERNAL, "client: no thread");
    *out = c;
    return rv;
}

const char *client_node_id(const struct client *c)
{
    return c->node.id;
}

/* --- closing: with kill_on_close first every task, in order; then the handles; then the thread
 * --- */

static void on_http_closed(void *arg)
{
    struct client *c = arg;
    loop_stop(&c->loop);
}

static void on_close_timer(uv_handle_t *h) {}

static void finish_close(struct client *c)
{
    c->closing = true;
    uv_close((uv_handle_t *)&c->heartbeat, on_close_timer);
    uv_close((uv_handle_t *)&c->flush, on_close_timer);
    uv_close((uv_handle_t *)&c->retry, on_close_timer);
    uv_close((uv_handle_t *)&c->wait, on_close_timer);
    while (c->runners)
        alloc_runner_release(c->runners);
    http_client_close(c->http, on_http_closed, c);
}

static void on_wait(uv_timer_t *t)
{
    struct client *c = t->data;
    for (struct alloc_runner *r = c->runners; r; r = r->next)
        if (!alloc_runner_is_done(r))
            return;
    finish_close(c);
}

/* First of all nothing new is begun: the servers see the tasks end and would have them replaced, on
 * this very node. */
static void close_on_loop(void *arg)
{
    struct client *c = arg;
    c->stopping = true;
    uv_timer_stop(&c->retry);
    if (c->watch_call)
        http_cancel(&c->watch_call);
    if (!c->kill_on_close) {
        finish_close(c);
        return;
    }
    for (struct alloc_runner *r = c->runners; r; r = r->next)
        alloc_runner_stop(r, "the agent is shutting down");
    uv_timer_start(&c->wait, on_wait, 0, 10); /* until the last task has ended */
}

struct joiner {
    uv_work_t work;
    struct client *client;
};

static void join_work(uv_work_t *w)
{
    struct joiner *j = w->data;
    uv_thread_join(&j->client->thread);
}

static void after_join(uv_work_t *w, int status)
{
    struct joiner *j = w->data;
    struct client *c = j->client;
    free(j);
    loop_close(&c->loop);
    void (*cb)(void *) = c->close_cb;
    void *cb_arg = c->close_arg;
    client_free(c);
    if (cb)
        cb(cb_arg);
}

void client_close(struct client *c, void (*cb)(void *arg), void *arg)
{
    struct joiner *j = MEM_NEW(struct joiner);
    c->close_cb = cb;
    c->close_arg = arg;
    j->client = c;
    j->work.data = j;
    loop_post(&c->loop, close_on_loop, c);
    uv_queue_work(&c->main_loop->uv, &j->work, join_work, after_join);
}
