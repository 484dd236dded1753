/* The evaluation broker: pending evaluations go to the workers, best priority first, one at a time
 * a job; blocked ones wait until a node got room; delayed ones for their time.
 *
 * The state is the queue: the broker reads the open evaluations when they change and keeps in
 * memory only what is on its way. After a restart nothing is lost. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <stdlib.h>
#include <string.h>

#define GC_EVERY_MS (5 * 60 * 1000)

void evaluation_init(struct evaluation *e, struct arena *a, const struct job *job,
                     const char *triggered_by, int64_t now_ns)
{
    uuid_text id;
    id_new(id);
    rec_init(&evaluation_desc, e);
    e->id = arena_strdup(a, id);
    e->namespace = arena_strdup(a, str_is_empty(job->namespace) ? "default" : job->namespace);
    e->priority = job->priority == REC_NULL_INT ? 50 : job->priority;
    e->type = arena_strdup(a, job->type ? job->type : "service");
    e->triggered_by = arena_strdup(a, triggered_by);
    e->job_id = arena_strdup(a, job->id);
    e->status = arena_strdup(a, "pending");
    e->create_time_ns = e->modify_time_ns = now_ns;
}

static bool job_is_busy(struct scheduler *s, const struct evaluation *e)
{
    for (struct queued_eval *q = s->known; q; q = q->hh.next)
        if (str_eq(q->eval.job_id, e->job_id) && str_eq(q->eval.namespace, e->namespace))
            return true;
    return false;
}

static void enqueue(struct scheduler *s, const struct evaluation *e)
{
    struct queued_eval *q = MEM_NEW(struct queued_eval);
    rec_clone(&evaluation_desc, e, &q->arena, &q->eval);
    HASH_ADD_KEYPTR(hh, s->known, q->eval.id, strlen(q->eval.id), q);
    pthread_mutex_lock(&s->lock);
    struct queued_eval **at = &s->ready;
    while (*at && (*at)->eval.priority >= q->eval.priority)
        at = &(*at)->next;
    q->next = *at;
    *at = q;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

void broker_enqueue_core(struct scheduler *s, const char *what)
{
    uuid_text id;
    struct evaluation e;
    rec_init(&evaluation_desc, &e);
    struct arena a = ARENA_INIT;
    id_new(id);
    e.id = arena_strdup(&a, id);
    e.type = arena_strdup(&a, "_core");
    e.job_id = arena_strdup(&a, what);
    e.namespace = arena_strdup(&a, "-");
    e.priority = 200; /* above any job's */
    if (!s->closing && !job_is_busy(s, &e))
        enqueue(s, &e);
    arena_fini(&a);
}

static void on_gc_time(uv_timer_t *t)
{
    broker_enqueue_core(t->data, CORE_GC);
}

/* A blocked evaluation whose world changed after it looked goes back to pending. */
static void unblock(struct scheduler *s, struct store_txn *t, struct evaluations *open)
{
    struct arena a = ARENA_INIT;
    struct cmd_evals c = {{NULL, 0}};
    log_index freed = store_key_index(t, &table_usage, "freed", 5);
    log_index nodes = store_table_index(t, &table_nodes);
    log_index changed = freed > nodes ? freed : nodes;
    for (size_t i = 0; i < open->n; i++) {
        struct evaluation *e = &open->items[i];
        struct queued_eval *q;
        HASH_FIND_STR(s->known, e->id, q);
        if (q || !str_eq(e->status, "blocked") || e->snapshot_index >= changed)
            continue;
        struct evaluation *again = rec_list_add(&evaluation_desc, &c.evals, &a);
        rec_clone(&evaluation_desc, e, &a, again);
        again->status = arena_strdup(&a, "pending");
        again->snapshot_index = changed;
        again->modify_time_ns = clock_wall_ns();
    }
    if (c.evals.n)
        store_propose_rec(s->store, s->loop, CMD_EVALS, &cmd_evals_desc, &c, NULL, NULL);
    arena_fini(&a);
}

static void on_delay(uv_timer_t *t);

static void look(struct scheduler *s)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct evaluations open;
    if (s->closing || store_read(s->store, &t, NULL))
        return;
    int64_t now = clock_wall_ns(), soonest = INT64_MAX;
    if (!state_open_evals(t, &a, &open)) {
        for (size_t i = 0; i < open.n; i++) {
            struct evaluation *e = &open.items[i];
            if (!str_eq(e->status, "pending"))
                continue;
            if (e->wait_until_ns > now) {
                soonest = e->wait_until_ns < soonest ? e->wait_until_ns : soonest;
                continue;
            }
            if (!job_is_busy(s, e))
                enqueue(s, e);
        }
        unblock(s, t, &open);
    }
    store_read_end(&t);
    arena_fini(&a);
    if (soonest != INT64_MAX)
        uv_timer_start(&s->delay_timer, on_delay, (uint64_t)((soonest - now) / NS_PER_MS + 1), 0);
}

static void on_delay(uv_timer_t *t)
{
    look(t->data);
}

static void on_change(void *arg, log_index index)
{
    look(arg);
}

void broker_done(struct scheduler *s, struct queued_eval *q)
{
    HASH_DEL(s->known, q);
    arena_fini(&q->arena);
    free(q);
    look(s);
}

int broker_start(struct scheduler *s, struct err *e)
{
    uv_timer_init(&s->loop->uv, &s->delay_timer);
    s->delay_timer.data = s;
    uv_timer_init(&s->loop->uv, &s->gc_timer);
    s->gc_timer.data = s;
    uv_timer_start(&s->gc_timer, on_gc_time, GC_EVERY_MS, GC_EVERY_MS);
    s->watch_evals =
        store_watch_add(s->store, s->loop, STORE_WATCH_TABLE, &table_evals, NULL, 0, on_change, s);
    s->watch_nodes =
        store_watch_add(s->store, s->loop, STORE_WATCH_TABLE, &table_nodes, NULL, 0, on_change, s);
    s->watch_freed =
        store_watch_add(s->store, s->loop, STORE_WATCH_KEY, &table_usage, "freed", 5, on_change, s);
    look(s);
    return 0;
}

void broker_stop(struct scheduler *s)
{
    store_watch_remove(&s->watch_evals);
    store_watch_remove(&s->watch_nodes);
    store_watch_remove(&s->watch_freed);
    struct queued_eval *q, *next;
    HASH_ITER(hh, s->known, q, next)
    {
        HASH_DEL(s->known, q);
        arena_fini(&q->arena);
        free(q);
    }
    s->ready = NULL;
}
