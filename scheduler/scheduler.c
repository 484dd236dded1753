/* The scheduler's life: put together, started, stopped in order. */
#include "scheduler/scheduler_impl.h"

#include <stdlib.h>

int scheduler_new(const struct scheduler_config *c, struct scheduler **out, struct err *e)
{
    struct scheduler *s = MEM_NEW(struct scheduler);
    s->loop = c->loop;
    s->store = c->store;
    s->datacenter = mem_strdup(c->datacenter);
    s->region = mem_strdup(c->region);
    s->name = mem_strdup(c->name);
    s->version = mem_strdup(c->version);
    s->advertise_http = mem_strdup(c->advertise_http);
    s->heartbeat_grace_ms = c->heartbeat_grace_ms ? c->heartbeat_grace_ms : 10000;
    s->min_heartbeat_ttl_ms = c->min_heartbeat_ttl_ms ? c->min_heartbeat_ttl_ms : 10000;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->nodes_seen.lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    heartbeat_start(s);
    int rv = broker_start(s, e);
    watcher_start(s);
    drainer_start(s);
    periodic_start(s);
    workers_start(s, c->workers ? c->workers : 1);
    *out = s;
    return rv;
}

static void on_closed(uv_handle_t *h)
{
    struct scheduler *s = h->data;
    if (--s->open_handles)
        return;
    void (*cb)(void *) = s->close_cb;
    void *arg = s->close_arg;
    heartbeat_stop(s);
    watcher_stop(s);
    drainer_stop(s);
    periodic_stop(s);
    broker_stop(s);
    node_cache_fini(&s->nodes_seen);
    pthread_mutex_destroy(&s->nodes_seen.lock);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    free(s->datacenter);
    free(s->region);
    free(s->name);
    free(s->version);
    free(s->advertise_http);
    free(s);
    if (cb)
        cb(arg);
}

static void close_handles(void *arg) /* posted: after what the workers posted */
{
    struct scheduler *s = arg;
    s->open_handles = 7;
    uv_close((uv_handle_t *)&s->periodic_timer, on_closed);
    uv_close((uv_handle_t *)&s->drain_timer, on_closed);
    uv_close((uv_handle_t *)&s->gc_timer, on_closed);
    uv_close((uv_handle_t *)&s->deployment_timer, on_closed);
    uv_close((uv_handle_t *)&s->delay_timer, on_closed);
    uv_close((uv_handle_t *)&s->look_timer, on_closed);
    uv_close((uv_handle_t *)&s->heartbeat_timer, on_closed);
}

void scheduler_close(struct scheduler *s, void (*cb)(void *arg), void *arg)
{
    s->closing = true;
    s->close_cb = cb;
    s->close_arg = arg;
    workers_stop(s);
    loop_post(s->loop, close_handles, s);
}
