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

#define PLENTY         64 /* ready evaluations */
#define PLENTY_LOOK_MS 50
#define GC_EVERY_MS    (5 * 60 * 1000)

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

/* Takes q over, its evaluation and key filled in. */
static void enqueue(struct scheduler *s, struct queued_eval *q)
{
    HASH_ADD_KEYPTR(hh, s->busy, q->job_key, q->job_key_len, q);
    pthread_mutex_lock(&s->lock);
    struct queued_eval **at = &s->ready;
    while (*at && (*at)->eval.priority >= q->eval.priority)
        at = &(*at)->next;
    q->next = *at;
    *at = q;
    s->n_ready++;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void enqueue_open(struct scheduler *s, struct store_txn *t, const struct open_eval *o)
{
    struct queued_eval *q = MEM_NEW(struct queued_eval);
    if (o->job_key_len >= sizeof(q->job_key) || state_eval(t, o->id, &q->arena, &q->eval)) {
        arena_fini(&q->arena);
        free(q);
        return;
    }
    memcpy(q->job_key, o->job_key, o->job_key_len);
    q->job_key_len = o->job_key_len;
    enqueue(s, q);
}

void broker_enqueue_core(struct scheduler *s, const char *what)
{
    uuid_text id;
    struct queued_eval *q;
    HASH_FIND(hh, s->busy, what, strlen(what), q);
    if (s->closing || q)
        return;
    q = MEM_NEW(struct queued_eval);
    rec_init(&evaluation_desc, &q->eval);
    id_new(id);
    q->eval.id = arena_strdup(&q->arena, id);
    q->eval.type = arena_strdup(&q->arena, "_core");
    q->eval.job_id = arena_strdup(&q->arena, what);
    q->eval.namespace = arena_strdup(&q->arena, "-");
    q->eval.priority = 200;        /* above any job's */
    q->job_key_len = strlen(what); /* no job's key: those have a 0 inside */
    memcpy(q->job_key, what, q->job_key_len);
    enqueue(s, q);
}

static void on_gc_time(uv_timer_t *t)
{
    broker_enqueue_core(t->data, CORE_GC);
}

/* A blocked evaluation whose world changed after it looked goes back to pending. */
static void unblock(struct store_txn *t, const struct open_eval *o, log_index changed,
                    struct arena *a, struct cmd_evals *c)
{
    struct evaluation *again = rec_list_add(&evaluation_desc, &c->evals, a);
    if (state_eval(t, o->id, a, again)) {
        c->evals.n--;
        return;
    }
    again->status = arena_strdup(a, "pending");
    again->snapshot_index = changed;
    again->modify_time_ns = clock_wall_ns();
}

static void on_delay(uv_timer_t *t);

static log_index room_changed(struct store_txn *t)
{
    log_index freed = store_key_index(t, &table_usage, "freed", 5);
    log_index nodes = store_table_index(t, &table_nodes);
    return freed > nodes ? freed : nodes;
}

static void look(struct scheduler *s)
{
    struct arena a = ARENA_INIT;
    struct cmd_evals c = {{NULL, 0}};
    struct store_txn *t;
    struct store_cursor at;
    if (s->closing || store_read(s->store, &t, NULL))
        return;
    s->look_due = false;
    int64_t now = clock_wall_ns(), soonest = INT64_MAX;
    log_index changed = room_changed(t);
    for (store_scan(t, &table_evals_open, NULL, 0, &at); store_cursor_valid(&at); store_next(&at)) {
        struct open_eval o;
        struct queued_eval *q;
        if (!open_eval_read(&at.key, &at.val, &o))
            continue;
        HASH_FIND(hh, s->busy, o.job_key, o.job_key_len, q);
        if (o.blocked && o.snapshot_index < changed && (!q || strcmp(q->eval.id, o.id) != 0))
            unblock(t, &o, changed, &a, &c);
        else if (!o.blocked && o.wait_until_ns > now)
            soonest = o.wait_until_ns < soonest ? o.wait_until_ns : soonest;
        else if (!o.blocked && !q)
            enqueue_open(s, t, &o);
    }
    store_cursor_close(&at);
    store_read_end(&t);
    if (c.evals.n)
        store_propose_rec(s->store, s->loop, CMD_EVALS, &cmd_evals_desc, &c, NULL, NULL);
    arena_fini(&a);
    if (soonest != INT64_MAX)
        uv_timer_start(&s->delay_timer, on_delay, (uint64_t)((soonest - now) / NS_PER_MS + 1), 0);
}

static void on_delay(uv_timer_t *t)
{
    look(t->data);
}

/* While the workers have plenty to do, a look at every change would cost more than the work. */
static void look_soon(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    bool plenty = s->n_ready >= PLENTY;
    pthread_mutex_unlock(&s->lock);
    if (!plenty) {
        uv_timer_stop(&s->look_timer);
        look(s);
    } else if (!s->look_due) {
        s->look_due = true;
        uv_timer_start(&s->look_timer, on_delay, PLENTY_LOOK_MS, 0);
    }
}

static void on_change(void *arg, log_index index)
{
    look_soon(arg);
}

static void forget(struct scheduler *s, struct queued_eval *q)
{
    HASH_DEL(s->busy, q);
    arena_fini(&q->arena);
    free(q);
}

void broker_done(struct scheduler *s, struct queued_eval *q)
{
    forget(s, q);
    look_soon(s);
}

int broker_start(struct scheduler *s, struct err *e)
{
    uv_timer_init(&s->loop->uv, &s->delay_timer);
    s->delay_timer.data = s;
    uv_timer_init(&s->loop->uv, &s->look_timer);
    s->look_timer.data = s;
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
    HASH_ITER(hh, s->busy, q, next)
    {
        forget(s, q);
    }
    s->ready = NULL;
    s->n_ready = 0;
}
