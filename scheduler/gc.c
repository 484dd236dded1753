/* The collector: takes out evaluations, allocations, deployments, jobs and nodes that are over and
 * old enough (inventory nomad-scheduler 12). A core evaluation, run by a worker: every five
 * minutes, or forced, when age does not count. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/gc.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_NS           (INT64_C(3600) * NS_PER_SEC)
#define EVAL_AGE_NS       HOUR_NS
#define DEPLOYMENT_AGE_NS HOUR_NS
#define JOB_AGE_NS        (4 * HOUR_NS)
#define NODE_AGE_NS       (24 * HOUR_NS)
#define IDS_A_COMMAND     2000

struct collector {
    struct store_txn *t;
    struct arena *a;
    int64_t now_ns;
    bool forced;
    struct cmd_reap reap;
};

static bool is_old(const struct collector *c, int64_t time_ns, int64_t age_ns)
{
    return c->forced || time_ns < c->now_ns - age_ns;
}

/* --- evaluations and their allocations ------------------------------------------------------- */

static bool job_is_over(const struct job *j, bool known)
{
    return !known || j->stop || str_eq(j->status, "dead");
}

/* A failure that may yet be tried elsewhere stays until it was. */
static bool alloc_is_over(const struct collector *c, const struct allocation *x,
                          const struct job *j, bool known)
{
    int64_t delay;
    if (!alloc_is_client_terminal(x) || !is_old(c, x->modify_time_ns, EVAL_AGE_NS))
        return false;
    if (!known || j->stop || !str_eq(x->client_status, "failed") ||
        !str_eq(x->desired_status, "run") || !str_is_empty(x->next_allocation))
        return true;
    const struct task_group *g = job_group_find(j, x->task_group);
    return !g || !reschedule_delay(g->reschedule, x, c->now_ns, &delay);
}

static void collect_eval(struct collector *c, const struct evaluation *e,
                         const struct allocations *allocs, const struct job *j, bool known)
{
    bool open = str_eq(e->status, "pending") || str_eq(e->status, "blocked");
    bool batch = str_eq(e->type, "batch") && !job_is_over(j, known);
    if (open || batch || !is_old(c, e->modify_time_ns, EVAL_AGE_NS))
        return; /* what a batch job has done is known as long as it is */
    bool whole = true;
    for (size_t i = 0; i < allocs->n; i++) {
        const struct allocation *x = &allocs->items[i];
        if (!str_eq(x->eval_id, e->id))
            continue;
        if (alloc_is_over(c, x, j, known))
            rec_strs_add(&c->reap.allocs, c->a, x->id);
        else
            whole = false;
    }
    if (whole)
        rec_strs_add(&c->reap.evals, c->a, e->id);
}

/* Evaluations lie by job; each job's allocations are read once. */
static void collect_evals(struct collector *c)
{
    struct store_cursor k;
    struct evaluation e;
    struct allocations allocs = {NULL, 0};
    struct job j;
    bool known = false;
    const char *ns = NULL, *id = NULL;
    for (store_scan(c->t, &table_evals_by_job, NULL, 0, &k); store_cursor_valid(&k);
         store_next(&k)) {
        if (store_get_rec(c->t, &table_evals, k.val.data, k.val.len, &evaluation_desc, c->a, &e))
            continue;
        if (!str_eq(ns, e.namespace) || !str_eq(id, e.job_id)) {
            ns = e.namespace;
            id = e.job_id;
            known = !state_job(c->t, ns, id, c->a, &j);
            state_job_allocs(c->t, ns, id, c->a, &allocs);
        }
        collect_eval(c, &e, &allocs, &j, known);
    }
    store_cursor_close(&k);
}

/* --- deployments, jobs, nodes ---------------------------------------------------------------- */

static bool deployment_is_used(const struct collector *c, const struct deployment *d)
{
    struct allocations all;
    state_job_allocs(c->t, d->namespace, d->job_id, c->a, &all);
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].deployment_id, d->id) && !alloc_is_terminal(&all.items[i]))
            return true;
    return false;
}

static void collect_deployments(struct collector *c)
{
    struct store_cursor k;
    for (store_scan(c->t, &table_deployments, NULL, 0, &k); store_cursor_valid(&k);
         store_next(&k)) {
        struct deployment d;
        if (rec_unpack(&deployment_desc, k.val.data, k.val.len, c->a, &d, NULL) ||
            str_eq(d.status, "running") || str_eq(d.status, "paused"))
            continue;
        struct job j; /* no time of its own: it is as old as its job's version */
        bool known = !state_job_version(c->t, d.namespace, d.job_id, d.job_version, c->a, &j);
        if (is_old(c, known ? j.submit_time_ns : 0, DEPLOYMENT_AGE_NS) &&
            !deployment_is_used(c, &d))
            rec_strs_add(&c->reap.deployments, c->a, d.id);
    }
    store_cursor_close(&k);
}

/* Stopped by someone, or a batch that is through: periodic and parameterized jobs only when
 * stopped. */
static bool job_may_go(const struct job *j)
{
    bool waits = j->periodic || (j->parameterized && !j->dispatched);
    return str_eq(j->status, "dead") &&
           (j->stop || (!waits && (str_eq(j->type, "batch") || str_eq(j->type, "sysbatch"))));
}

static void collect_jobs(struct collector *c)
{
    struct store_cursor k;
    static const struct rec_desc row = {"", sizeof(struct reaped_job), NULL, 0, false};
    for (store_scan(c->t, &table_jobs, NULL, 0, &k); store_cursor_valid(&k); store_next(&k)) {
        struct job j;
        struct allocations allocs;
        bool live = false;
        if (rec_unpack(&job_desc, k.val.data, k.val.len, c->a, &j, NULL) || !job_may_go(&j) ||
            !is_old(c, j.submit_time_ns, JOB_AGE_NS))
            continue;
        state_job_allocs(c->t, j.namespace, j.id, c->a, &allocs);
        for (size_t i = 0; i < allocs.n; i++)
            live |= !alloc_is_client_terminal(&allocs.items[i]) ||
                    !is_old(c, allocs.items[i].modify_time_ns, EVAL_AGE_NS);
        if (!live)
            *(struct reaped_job *)rec_list_add(&row, &c->reap.jobs, c->a) =
                (struct reaped_job){j.namespace, j.id};
    }
    store_cursor_close(&k);
}

static void collect_nodes(struct collector *c)
{
    struct store_cursor k;
    for (store_scan(c->t, &table_nodes, NULL, 0, &k); store_cursor_valid(&k); store_next(&k)) {
        struct node n;
        struct allocations allocs;
        bool used = false;
        if (rec_unpack(&node_desc, k.val.data, k.val.len, c->a, &n, NULL) ||
            !str_eq(n.status, "down") ||
            !is_old(c, n.status_updated_at_s * NS_PER_SEC, NODE_AGE_NS))
            continue;
        state_node_allocs(c->t, n.id, c->a, &allocs);
        for (size_t i = 0; i < allocs.n; i++)
            used |= !alloc_is_terminal(&allocs.items[i]);
        if (!used)
            rec_strs_add(&c->reap.nodes, c->a, n.id);
    }
    store_cursor_close(&k);
}

void gc_collect(struct store_txn *t, bool forced, int64_t now_ns, struct arena *a,
                struct cmd_reap *out)
{
    struct collector c = {.t = t, .a = a, .now_ns = now_ns, .forced = forced};
    collect_evals(&c);
    collect_deployments(&c);
    collect_jobs(&c);
    collect_nodes(&c);
    *out = c.reap;
}

/* --- running --------------------------------------------------------------------------------- */

static int propose(struct store *store, const struct cmd_reap *part)
{
    struct buf b = BUF_INIT;
    rec_pack(&cmd_reap_desc, part, &b);
    int rv = store_propose_wait(store, CMD_REAP, b.data, b.len, NULL, NULL);
    buf_fini(&b);
    return rv;
}

/* The next ids of a list, up to a command's share of them. */
static struct rec_strs take(struct rec_strs *from)
{
    size_t n = from->n < IDS_A_COMMAND ? from->n : IDS_A_COMMAND;
    struct rec_strs part = {from->items, n};
    from->items += n;
    from->n -= n;
    return part;
}

void gc_run(struct store *store, bool forced)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct cmd_reap all;
    if (store_read(store, &t, NULL))
        return;
    gc_collect(t, forced, clock_wall_ns(), &a, &all);
    store_read_end(&t);
    size_t total = all.evals.n + all.allocs.n + all.deployments.n + all.nodes.n + all.jobs.n;
    if (total)
        log_info(
            "scheduler",
            "collected: %zu evaluations, %zu allocations, %zu deployments, %zu jobs, %zu nodes",
            all.evals.n, all.allocs.n, all.deployments.n, all.jobs.n, all.nodes.n);
    int rv = 0;
    while (!rv && all.evals.n + all.allocs.n + all.deployments.n + all.nodes.n) {
        struct cmd_reap part = {.evals = take(&all.evals),
                                .allocs = take(&all.allocs),
                                .deployments = take(&all.deployments),
                                .nodes = take(&all.nodes)};
        rv = propose(store, &part);
    }
    if (!rv && all.jobs.n) {
        struct cmd_reap part = {.jobs = {all.jobs.items, all.jobs.n}};
        propose(store, &part);
    }
    arena_fini(&a);
}
