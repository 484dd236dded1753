/* The drainer: moves what runs on draining nodes elsewhere, a few of a group at a time, and ends
 * the drain when the node is empty or its time is up (inventory nomad-scheduler 10).
 *
 * Looks once a second while a node drains; a look is a decision on one snapshot and one command. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 1000

/* --- a drain's terms ------------------------------------------------------------------------- */

struct drain_spec {
    int64_t deadline_ns;
    bool ignore_system_jobs;
};
static const struct rec_field spec_fields[] = {
    REC(struct drain_spec, deadline_ns, "Deadline", REC_DUR, 0),
    REC(struct drain_spec, ignore_system_jobs, "IgnoreSystemJobs", REC_BOOL, 0),
};
static const struct rec_desc spec_desc = REC_DESC("drain", struct drain_spec, spec_fields);
struct drain_strategy {
    struct drain_spec spec;
    int64_t force_deadline_ns, started_at_ns;
};
static const struct rec_field strategy_fields[] = {
    REC_OF(struct drain_strategy, spec, "DrainSpec", REC_STRUCT, 0, &spec_desc),
    REC(struct drain_strategy, force_deadline_ns, "ForceDeadline", REC_TIME, 0),
    REC(struct drain_strategy, started_at_ns, "StartedAt", REC_TIME, 0),
};
static const struct rec_desc strategy_desc =
    REC_DESC("drain", struct drain_strategy, strategy_fields);

char *drain_strategy_text(const char *spec_json, size_t len, int64_t now_ns, struct arena *a,
                          struct err *e)
{
    struct drain_strategy d = {.started_at_ns = now_ns};
    if (rec_json_parse(&spec_desc, spec_json, len, 0, a, &d.spec, e))
        return NULL;
    if (d.spec.deadline_ns > 0)
        d.force_deadline_ns = now_ns + d.spec.deadline_ns;
    struct buf b = BUF_INIT;
    rec_json_write(&strategy_desc, &d, &b);
    char *text = arena_strndup(a, b.data, b.len);
    buf_fini(&b);
    return text;
}

/* --- deciding -------------------------------------------------------------------------------- */

struct drain_look {
    struct store_txn *t;
    struct arena *a;
    int64_t now_ns;
    struct cmd_alloc_updates marks;
};

static bool is_system(const struct allocation *x)
{
    return str_eq(x->job_type, "system");
}

static void mark(struct drain_look *l, const struct allocation *x, const struct job *j)
{
    for (size_t i = 0; i < l->marks.allocs.n; i++)
        if (str_eq(l->marks.allocs.items[i].id, x->id))
            return;
    struct allocation *m = rec_list_add(&allocation_desc, &l->marks.allocs, l->a);
    m->id = x->id;
    m->desired_transition.migrate = 1;
    for (size_t i = 0; i < l->marks.evals.n; i++)
        if (str_eq(l->marks.evals.items[i].job_id, j->id))
            return;
    evaluation_init(rec_list_add(&evaluation_desc, &l->marks.evals, l->a), l->a, j, "node-drain",
                    l->now_ns);
}

static bool is_marked(const struct drain_look *l, const struct allocation *x)
{
    if (x->desired_transition.migrate == 1)
        return true;
    for (size_t i = 0; i < l->marks.allocs.n; i++)
        if (str_eq(l->marks.allocs.items[i].id, x->id))
            return true;
    return false;
}

/* Judged so by its client; or, where no deployment asked for a judgement, running for long
 * enough. */
static bool is_healthy(const struct drain_look *l, const struct allocation *x,
                       const struct task_group *g)
{
    if (x->deployment_status && x->deployment_status->healthy != REC_NULL_BOOL)
        return x->deployment_status->healthy == 1;
    if (!str_is_empty(x->deployment_id) || !str_eq(x->client_status, "running"))
        return false;
    int64_t since = 0, wait_ns = g->migrate ? g->migrate->min_healthy_time_ns : 0;
    for (size_t i = 0; i < x->task_states.n; i++)
        if (x->task_states.items[i].started_at_ns > since)
            since = x->task_states.items[i].started_at_ns;
    return since && l->now_ns - since >= (wait_ns == REC_NULL_INT ? 0 : wait_ns);
}

/* A group keeps count - max_parallel healthy ones; those above may go. */
static bool may_go(struct drain_look *l, const struct job *j, const struct allocation *x)
{
    struct allocations all;
    const struct task_group *g = job_group_find(j, x->task_group);
    if (!g || j->stop)
        return true;
    int64_t parallel = g->migrate && g->migrate->max_parallel > 0 ? g->migrate->max_parallel : 1;
    int64_t healthy = 0;
    state_job_allocs(l->t, j->namespace, j->id, l->a, &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *y = &all.items[i];
        healthy += str_eq(y->task_group, x->task_group) && !alloc_is_terminal(y) &&
                   is_healthy(l, y, g) && !is_marked(l, y);
    }
    return healthy - (g->count - parallel) > 0;
}

/* Marks what is to go now; returns whether anything is still there. */
static bool drain_node(struct drain_look *l, const struct node *n, const struct drain_strategy *d)
{
    struct allocations all;
    bool left = false, others_left = false;
    bool forced =
        d->spec.deadline_ns < 0 || (d->force_deadline_ns > 0 && d->force_deadline_ns <= l->now_ns);
    state_node_allocs(l->t, n->id, l->a, &all);
    for (size_t i = 0; i < all.n; i++)
        others_left |= !alloc_is_terminal(&all.items[i]) && !is_system(&all.items[i]);
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *x = &all.items[i];
        struct job j;
        if (alloc_is_terminal(x) || (is_system(x) && d->spec.ignore_system_jobs))
            continue;
        left = true;
        if (is_marked(l, x) || state_job(l->t, x->namespace, x->job_id, l->a, &j))
            continue;
        bool last = is_system(x) && !others_left; /* system jobs leave after all others */
        if (forced || last || (str_eq(x->job_type, "service") && may_go(l, &j, x)))
            mark(l, x, &j);
    }
    return left;
}

static void complete(struct scheduler *s, const struct node *n, int64_t now_ns)
{
    struct cmd_node_scheduling c = {.node_id = n->id, .complete = true, .now_ns = now_ns};
    log_info("scheduler", "node %.8s: draining -> drained", n->id);
    store_propose_rec(s->store, s->loop, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, &c, NULL,
                      NULL);
}

/* --- looking --------------------------------------------------------------------------------- */

/* Returns whether a node drains. */
static bool look(struct scheduler *s)
{
    struct arena a = ARENA_INIT;
    struct drain_look l = {.a = &a, .now_ns = clock_wall_ns()};
    struct store_cursor c;
    bool draining = false;
    if (store_read(s->store, &l.t, NULL))
        return true;
    for (store_scan(l.t, &table_nodes, NULL, 0, &c); store_cursor_valid(&c); store_next(&c)) {
        struct node n;
        struct drain_strategy d = {.started_at_ns = 0};
        if (rec_unpack(&node_desc, c.val.data, c.val.len, &a, &n, NULL) || !n.drain)
            continue;
        draining = true;
        if (n.drain_strategy)
            rec_json_parse(&strategy_desc, n.drain_strategy, strlen(n.drain_strategy), 0, &a, &d,
                           NULL);
        if (!drain_node(&l, &n, &d))
            complete(s, &n, l.now_ns);
    }
    store_cursor_close(&c);
    store_read_end(&l.t);
    l.marks.now_ns = l.now_ns;
    if (l.marks.allocs.n)
        store_propose_rec(s->store, s->loop, CMD_ALLOC_TRANSITIONS, &cmd_alloc_updates_desc,
                          &l.marks, NULL, NULL);
    arena_fini(&a);
    return draining;
}

static void on_time(uv_timer_t *timer)
{
    struct scheduler *s = timer->data;
    if (!s->closing && !look(s))
        uv_timer_stop(timer);
}

static void on_nodes(void *arg, log_index index)
{
    struct scheduler *s = arg;
    if (!s->closing && !uv_is_active((uv_handle_t *)&s->drain_timer))
        uv_timer_start(&s->drain_timer, on_time, 100, LOOK_EVERY_MS);
}

void drainer_start(struct scheduler *s)
{
    uv_timer_init(&s->loop->uv, &s->drain_timer);
    s->drain_timer.data = s;
    s->watch_drains =
        store_watch_add(s->store, s->loop, STORE_WATCH_TABLE, &table_nodes, NULL, 0, on_nodes, s);
    on_nodes(s, 0);
}

void drainer_stop(struct scheduler *s)
{
    store_watch_remove(&s->watch_drains);
}
