/* A worker: takes an evaluation, plans it on one snapshot, proposes the plan. A plan
 * that was refused in part is tried again on a newer snapshot. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/gc.h"
#include "scheduler/planner.h"

#include <stdlib.h>
#include <string.h>

/* One attempt. Returns how many placements were refused, or negative. */
static int64_t attempt(struct store *store, struct node_cache *cache, const struct evaluation *eval)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct planned p;
    if (store_read(store, &t, NULL))
        return -1;
    planner_run(t, cache, eval, NULL, clock_wall_ns(), &a, &p);
    store_read_end(&t);
    struct buf b = BUF_INIT;
    struct store_result r = {0};
    rec_pack(&cmd_plan_desc, &p.plan, &b);
    int rv = store_propose_wait(store, CMD_PLAN, b.data, b.len, NULL, &r);
    log_debug("scheduler", "eval %.8s: job %s: %zu placed, %zu stopped, %d refused", eval->id,
              eval->job_id, p.plan.places.n, p.plan.stops.n, (int)r.number);
    buf_fini(&b);
    arena_fini(&a);
    return rv ? rv : (int64_t)r.number;
}

static void give_up(struct store *store, const struct evaluation *eval, int attempts)
{
    struct arena a = ARENA_INIT;
    struct cmd_evals c = {{NULL, 0}};
    struct evaluation *e = rec_list_add(&evaluation_desc, &c.evals, &a);
    rec_clone(&evaluation_desc, eval, &a, e);
    e->status = arena_strdup(&a, "failed");
    e->status_description = arena_printf(&a, "maximum attempts reached (%d)", attempts);
    e->modify_time_ns = clock_wall_ns();
    struct evaluation *b = rec_list_add(&evaluation_desc, &c.evals, &a);
    rec_clone(&evaluation_desc, eval, &a, b);
    uuid_text id;
    id_new(id);
    b->id = arena_strdup(&a, id);
    b->triggered_by = arena_strdup(&a, "max-plan-attempts");
    b->status = arena_strdup(&a, "blocked");
    b->status_description = arena_strdup(&a, "created due to placement conflicts");
    b->previous_eval = e->id;
    b->create_time_ns = b->modify_time_ns = e->modify_time_ns;
    struct buf buf = BUF_INIT;
    rec_pack(&cmd_evals_desc, &c, &buf);
    (void)store_propose_wait(store, CMD_EVALS, buf.data, buf.len, NULL, NULL);
    buf_fini(&buf);
    arena_fini(&a);
}

void worker_process(struct store *store, struct node_cache *cache, const struct evaluation *eval)
{
    if (str_eq(eval->type, "_core")) {
        gc_run(store, str_eq(eval->job_id, CORE_GC_FORCE));
        return;
    }
    int attempts = str_eq(eval->type, "batch") ? 2 : 5;
    for (int i = 0; i < attempts; i++) {
        int64_t refused = attempt(store, cache, eval);
        if (refused == 0)
            return;
        if (refused < 0) {
            log_warn("scheduler", "eval %.8s: the plan could not be written: %s", eval->id,
                     err_code_text((int)refused));
            return; /* still pending: the broker brings it again */
        }
    }
    give_up(store, eval, attempts);
}

/* --- threads --------------------------------------------------------------------------------- */

struct finished {
    struct scheduler *s;
    struct queued_eval *q;
};

static void on_finished(void *arg)
{
    struct finished *f = arg;
    struct finished copy = *f;
    free(f);
    broker_done(copy.s, copy.q);
}

static void *run(void *arg)
{
    struct scheduler *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        struct queued_eval *q = s->ready;
        if (!q) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        s->ready = q->next;
        s->n_ready--;
        pthread_mutex_unlock(&s->lock);
        worker_process(s->store, &s->nodes_seen, &q->eval);
        struct finished *f = MEM_NEW(struct finished);
        *f = (struct finished){s, q};
        loop_post(s->loop, on_finished, f);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void workers_start(struct scheduler *s, unsigned n)
{
    s->n_workers = n;
    s->workers = mem_alloc(n * sizeof(pthread_t));
    for (unsigned i = 0; i < n; i++)
        pthread_create(&s->workers[i], NULL, run, s);
}

void workers_stop(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n_workers; i++)
        pthread_join(s->workers[i], NULL);
    free(s->workers);
}
