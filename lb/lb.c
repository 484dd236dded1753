/* The router's frame: the table built on the caller's loop when the catalog changes, swapped whole,
 * freed when every proxy loop has passed a quiet point; barriers for those who stop instances. */
#include "agent/base/check.h"
#include "agent/base/log.h"
#include "lb/lb_impl.h"

#include <stdlib.h>

/* --- the table ------------------------------------------------------------------------------- */

struct retired {
    struct lb *lb;
    struct route_table *table;
};

static void free_on_loop(void *arg)
{
    struct retired *r = arg;
    if (--r->table->waiting_loops == 0)
        route_table_free(r->table);
    free(r);
}

struct visit { /* a swap passing through one proxy loop */
    struct proxy *proxy;
    struct route_table *old;
};

static void visit_proxy(void *arg)
{
    struct visit *v = arg;
    struct retired *r = MEM_NEW(struct retired);
    proxy_table_changed(v->proxy);
    *r = (struct retired){v->proxy->lb, v->old};
    loop_post(v->proxy->lb->loop, free_on_loop, r);
    free(v);
}

static void send_barriers(struct lb *lb);

/* Each once, for as long as the tag stays. */
static void log_complaints(const struct route_table *fresh, const struct route_table *old)
{
    for (size_t i = 0; i < fresh->n_complaints; i++) {
        const struct route_complaint *c = &fresh->complaints[i];
        if (!old || !route_table_complains(old, c))
            log_warn("lb", "service %s: tag \"%s\": %s", c->service, c->tag, c->text);
    }
}

static void rebuild(struct lb *lb)
{
    struct store_txn *t;
    if (lb->closing || store_read(lb->store, &t, NULL))
        return;
    uv_timer_stop(&lb->rebuild_timer);
    int64_t from = (int64_t)uv_hrtime();
    struct route_table *fresh = route_table_build(t, lb->tag_prefix, lb->datacenter);
    store_read_end(&t);
    lb->rebuilt_ns = (int64_t)uv_hrtime();
    lb->rebuild_cost_ns = lb->rebuilt_ns - from;
    struct route_table *old = atomic_exchange(&lb->table, fresh);
    log_complaints(fresh, old);
    lb->tables++;
    old->waiting_loops = lb->n_proxies;
    for (unsigned i = 0; i < lb->n_proxies; i++) {
        struct visit *v = MEM_NEW(struct visit);
        *v = (struct visit){&lb->proxies[i], old};
        loop_post(&lb->proxies[i].loop, visit_proxy, v);
    }
    send_barriers(lb);
}

static void on_rebuild_time(uv_timer_t *t)
{
    rebuild(t->data);
}

/* At once, unless changes come so fast that a large table would be built over and over: then it may
 * take a tenth of the loop's time. */
static void on_change(void *arg, log_index index)
{
    struct lb *lb = arg;
    int64_t wait_ns = lb->rebuilt_ns + 9 * lb->rebuild_cost_ns - (int64_t)uv_hrtime();
    if (wait_ns <= 0)
        rebuild(lb);
    else if (!uv_is_active((uv_handle_t *)&lb->rebuild_timer))
        uv_timer_start(&lb->rebuild_timer, on_rebuild_time, (uint64_t)(wait_ns / NS_PER_MS) + 1, 0);
}

/* --- barriers -------------------------------------------------------------------------------- */

static void ack_on_loop(void *arg)
{
    struct barrier *b = arg;
    if (--b->loops_left)
        return;
    b->cb(b->arg);
    free(b);
}

void barrier_ack(struct barrier *b)
{
    loop_post(b->lb->loop, ack_on_loop, b);
}

static void barrier_arrives(void *arg)
{
    struct proxy_barrier *pb = arg;
    struct proxy *p = pb->proxy;
    pb->deadline = clock_mono_ms() + 5000;
    pb->next = p->barriers;
    p->barriers = pb;
    proxy_check_barriers(p);
}

static void send_barrier(struct lb *lb, struct barrier *b)
{
    b->loops_left = lb->n_proxies;
    for (unsigned i = 0; i < lb->n_proxies; i++) {
        struct proxy_barrier *pb = MEM_NEW(struct proxy_barrier);
        *pb = (struct proxy_barrier){.barrier = b, .proxy = &lb->proxies[i]};
        loop_post(&lb->proxies[i].loop, barrier_arrives, pb);
    }
}

static void send_barriers(struct lb *lb)
{
    struct barrier *b = lb->waiting;
    lb->waiting = NULL;
    while (b) {
        struct barrier *next = b->next;
        if (lb->table->index >= b->index) {
            send_barrier(lb, b);
        } else {
            b->next = lb->waiting;
            lb->waiting = b;
        }
        b = next;
    }
}

void lb_wait_index(void *arg, log_index index, void (*cb)(void *arg), void *cb_arg)
{
    struct lb *lb = arg;
    struct barrier *b = MEM_NEW(struct barrier);
    *b = (struct barrier){.lb = lb, .index = index, .cb = cb, .arg = cb_arg};
    b->next = lb->waiting;
    lb->waiting = b;
    if (lb->table->index < index)
        rebuild(lb); /* the watch is on its way; this is sooner */
    else
        send_barriers(lb);
}

/* --- life ------------------------------------------------------------------------------------ */

int lb_new(const struct lb_config *c, struct lb **out, int *bound_port, int *bound_admin_port,
           struct err *e)
{
    struct lb *lb = MEM_NEW(struct lb);
    struct store_txn *t;
    lb->loop = c->loop;
    lb->store = c->store;
    uv_timer_init(&lb->loop->uv, &lb->rebuild_timer);
    lb->rebuild_timer.data = lb;
    lb->tag_prefix = mem_strdup(c->tag_prefix);
    lb->datacenter = mem_strdup(c->datacenter);
    lb->n_proxies = c->threads ? c->threads : 1;
    lb->proxies = mem_alloc(lb->n_proxies * sizeof(struct proxy));
    int rv = store_read(lb->store, &t, e);
    if (rv)
        return rv;
    lb->table = route_table_build(t, lb->tag_prefix, lb->datacenter);
    log_complaints(lb->table, NULL);
    store_read_end(&t);
    int port = c->port;
    for (unsigned i = 0; !rv && i < lb->n_proxies; i++)
        rv = proxy_start(&lb->proxies[i], lb, c->addr, port, &port, e);
    if (bound_port)
        *bound_port = port;
    if (!rv && c->admin_port >= 0) {
        struct http_server_config hc = {.name = "lb-admin", .dialect = HTTP_PLAIN};
        rv = http_server_new(lb->loop, &hc, &lb->admin, e);
        if (!rv) {
            admin_routes(lb);
            rv = http_listen(lb->admin, c->admin_addr, c->admin_port, bound_admin_port, e);
        }
    }
    *out = NULL;
    if (rv)
        return rv;
    lb->watch_services = store_watch_add(lb->store, lb->loop, STORE_WATCH_TABLE,
                                         &catalog_table_services, NULL, 0, on_change, lb);
    lb->watch_checks = store_watch_add(lb->store, lb->loop, STORE_WATCH_TABLE,
                                       &catalog_table_checks, NULL, 0, on_change, lb);
    rebuild(lb);
    *out = lb;
    return 0;
}

void lb_stats(struct lb *lb, struct lb_stats *out)
{
    *out = (struct lb_stats){.tables = lb->tables};
    for (unsigned i = 0; i < lb->n_proxies; i++) {
        const struct proxy *p = &lb->proxies[i];
        out->requests += p->requests;
        out->no_route += p->no_route;
        out->upstream_errors += p->upstream_errors;
        out->retries += p->retries;
        out->connections += p->connections;
    }
}

/* The proxies' threads are left to the process's end: clients may keep connections for hours, and
 * what counts, the requests in flight, has been waited for. */
static void proxy_drained(void *arg)
{
    struct lb *lb = arg;
    if (--lb->closing_proxies)
        return;
    void (*cb)(void *) = lb->close_cb;
    void *cb_arg = lb->close_arg;
    if (lb->admin)
        http_server_close(lb->admin, cb, cb_arg);
    else
        cb(cb_arg);
}

struct drain {
    struct proxy *proxy;
    uv_timer_t timer;
    mono_ms deadline;
};

static void on_drain_tick(uv_timer_t *t)
{
    struct drain *d = t->data;
    if (d->proxy->active && clock_mono_ms() < d->deadline)
        return;
    uv_timer_stop(t);
    loop_post(d->proxy->lb->loop, proxy_drained, d->proxy->lb);
}

static void begin_drain(void *arg)
{
    struct drain *d = arg;
    d->proxy->draining = true;
    uv_close((uv_handle_t *)&d->proxy->listener, NULL);
    uv_timer_init(&d->proxy->loop.uv, &d->timer);
    d->timer.data = d;
    uv_timer_start(&d->timer, on_drain_tick, 0, 10);
}

void lb_close(struct lb *lb, unsigned drain_ms, void (*cb)(void *arg), void *arg)
{
    lb->closing = true;
    lb->close_cb = cb;
    lb->close_arg = arg;
    lb->closing_proxies = lb->n_proxies;
    store_watch_remove(&lb->watch_services);
    store_watch_remove(&lb->watch_checks);
    uv_close((uv_handle_t *)&lb->rebuild_timer, NULL); /* lb lives until the process ends */
    for (unsigned i = 0; i < lb->n_proxies; i++) {
        struct drain *d = MEM_NEW(struct drain);
        d->proxy = &lb->proxies[i];
        d->deadline = clock_mono_ms() + drain_ms;
        loop_post(&lb->proxies[i].loop, begin_drain, d);
    }
}
