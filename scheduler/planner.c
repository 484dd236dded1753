/* Planning: one evaluation against one snapshot, from what there is to what is to be done. Writes
 * nothing; the plan is the answer. */
#include "scheduler/planner.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/place.h"

#include <stdlib.h>
#include <string.h>

struct work {
    struct arena *arena;
    struct store_txn *t;
    struct node_cache *cache;
    const struct evaluation *eval;
    struct job job;
    bool has_job;
    struct allocations allocs;
    struct deployment deployment;
    bool has_deployment;
    struct cluster_view view;
    const char *group; /* being placed: its allocations on each node are counted */
    struct reconcile_out want;
    struct cmd_plan plan;
    struct evaluation done; /* the evaluation as it ends */
    int64_t now_ns;
};

static bool node_is_down(void *ctx, const char *node_id)
{
    struct work *w = ctx;
    struct node n;
    return state_node(w->t, node_id, w->arena, &n) || str_eq(n.status, "down");
}

static const struct job *job_at(void *ctx, uint64_t version)
{
    struct work *w = ctx;
    if (w->has_job && w->job.version == version)
        return &w->job;
    struct job *j = ARENA_NEW(w->arena, struct job);
    return state_job_version(w->t, w->eval->namespace, w->eval->job_id, version, w->arena, j) ? NULL
                                                                                              : j;
}

static void count_group_on_nodes(struct work *w, const char *group);

/* The node must still be one for the job; what it uses there already it may go on using. */
static bool can_update(void *ctx, const struct allocation *x, const struct task_group *g)
{
    struct work *w = ctx;
    struct node_view *n = cluster_view_find(&w->view, x->node_id);
    struct node node;
    if (!n) {
        if (state_node(w->t, x->node_id, w->arena, &node))
            return false;
        return rec_strs_has(&w->job.datacenters, node.datacenter) ||
               rec_strs_has(&w->job.datacenters, "*");
    }
    if (!str_eq(w->group, g->name))
        count_group_on_nodes(w, g->name);
    node_view_give_back(n, x, g->name);
    bool feasible = place_is_feasible(&w->view, g, n);
    node_view_take(n, x, g->name);
    return feasible;
}

static void read_world(struct work *w)
{
    const struct evaluation *e = w->eval;
    state_job_allocs(w->t, e->namespace, e->job_id, w->arena, &w->allocs);
    w->has_deployment =
        !state_job_deployment(w->t, e->namespace, e->job_id, w->arena, &w->deployment);
    uint64_t seed = 0;
    for (const char *p = e->id; *p; p++)
        seed = seed * 31 + (unsigned char)*p;
    if (w->has_job)
        cluster_view_open(&w->view, w->cache, w->t, &w->job, seed + store_txn_index(w->t),
                          w->arena);
    for (size_t i = 0; i < w->allocs.n; i++) {
        struct node_view *n = alloc_is_terminal(&w->allocs.items[i])
                                  ? NULL
                                  : cluster_view_find_any(&w->view, w->allocs.items[i].node_id);
        if (n)
            n->job_allocs++;
    }
}

/* --- the plan's parts ------------------------------------------------------------------------ */

static struct allocation *plan_stop(struct work *w, const struct allocation *x,
                                    const char *description, const char *client_status)
{
    struct allocation *s = rec_list_add(&allocation_desc, &w->plan.stops, w->arena);
    s->id = x->id;
    s->namespace = x->namespace;
    s->job_id = x->job_id;
    s->node_id = x->node_id;
    s->desired_status = arena_strdup(w->arena, "stop");
    s->desired_description = arena_strdup(w->arena, description);
    s->client_status = arena_strdup(w->arena, client_status);
    struct node_view *n = alloc_is_terminal(x) ? NULL : cluster_view_find_any(&w->view, x->node_id);
    if (n)
        node_view_give_back(n, x, w->group);
    return s;
}

static void plan_stops(struct work *w)
{
    for (size_t i = 0; i < w->want.stops.n; i++) {
        const struct want_stop *s = &w->want.stops.items[i];
        if (s->note_only) { /* it waits to be rescheduled: only the evaluation is noted */
            struct allocation *x = plan_stop(w, s->alloc, "", NULL); /* failed: frees nothing */
            x->desired_status = arena_strdup(w->arena, "run");
            x->desired_description = s->alloc->desired_description;
            x->followup_eval_id = arena_strdup(w->arena, s->followup_eval_id);
            continue;
        }
        plan_stop(w, s->alloc, s->description, s->client_status);
    }
}

static struct alloc_deployment_status *fresh_health(struct work *w, bool canary)
{
    struct alloc_deployment_status *s = ARENA_NEW(w->arena, struct alloc_deployment_status);
    rec_init(&alloc_deployment_status_desc, s);
    s->canary = canary;
    return s;
}

static void plan_updates(struct work *w)
{
    for (size_t i = 0; i < w->want.updates.n; i++) {
        struct allocation *x = rec_list_add(&allocation_desc, &w->plan.places, w->arena);
        *x = *w->want.updates.items[i];
        x->eval_id = w->eval->id;
        x->job_version = w->job.version;
        x->job_modify_index = w->job.job_modify_index;
        x->desired_description = arena_strdup(w->arena, "");
        if (w->want.deployment_id) {
            x->deployment_id = arena_strdup(w->arena, w->want.deployment_id);
            x->deployment_status = NULL;
        }
    }
}

static void remember_reschedule(struct work *w, struct allocation *x, const struct want_place *p)
{
    const struct allocation *prev = p->previous;
    static const struct rec_desc event = {"", sizeof(struct reschedule_event), NULL, 0, false};
    int64_t delay = 0;
    x->reschedule_tracker =
        prev->reschedule_tracker
            ? rec_dup(&reschedule_tracker_desc, prev->reschedule_tracker, w->arena)
            : ARENA_NEW(w->arena, struct reschedule_tracker);
    struct reschedule_tracker kept = {{NULL, 0}}; /* the last five, in a list that can grow */
    size_t n = x->reschedule_tracker->events.n;
    for (size_t i = n > 4 ? n - 4 : 0; i < n; i++)
        *(struct reschedule_event *)rec_list_add(&event, &kept.events, w->arena) =
            x->reschedule_tracker->events.items[i];
    reschedule_delay(p->group->reschedule, prev, w->now_ns, &delay);
    *(struct reschedule_event *)rec_list_add(&event, &kept.events, w->arena) =
        (struct reschedule_event){w->now_ns, prev->id, prev->node_id, delay};
    *x->reschedule_tracker = kept;
}

static void set_count(struct rec_int_map *m, struct arena *a, const char *key, int64_t add)
{
    struct rec_int_pair *p = rec_map_find(m, sizeof(*p), key);
    if (!p) {
        p = rec_list_add(&rec_int_pair, m, a);
        p->key = arena_strdup(a, key);
        p->value = 0;
        rec_map_sort(m, sizeof(*p));
        p = rec_map_find(m, sizeof(*p), key);
    }
    p->value += add;
}

static void note_failure(struct work *w, const struct task_group *g, struct alloc_metric *m)
{
    struct alloc_metric *known =
        rec_map_find(&w->done.failed_tg_allocs, sizeof(struct alloc_metric), g->name);
    if (known) {
        known->coalesced_failures++;
        return;
    }
    m->key = g->name;
    *(struct alloc_metric *)rec_list_add(&alloc_metric_desc, &w->done.failed_tg_allocs, w->arena) =
        *m;
    rec_map_sort(&w->done.failed_tg_allocs, sizeof(struct alloc_metric));
}

static bool is_planned_stop(const struct work *w, const struct allocation *x)
{
    for (size_t i = 0; i < w->plan.stops.n; i++)
        if (w->plan.stops.items[i].id == x->id &&
            !str_eq(w->plan.stops.items[i].desired_status, "run"))
            return true;
    return false;
}

static void count_group_on_nodes(struct work *w, const char *group)
{
    w->group = group;
    for (size_t i = 0; i < w->view.n_nodes; i++)
        w->view.nodes[i]->group_allocs = 0;
    for (size_t i = 0; i < w->view.n_others; i++)
        w->view.others[i].group_allocs = 0;
    for (size_t i = 0; i < w->allocs.n; i++) {
        const struct allocation *x = &w->allocs.items[i];
        struct node_view *n =
            alloc_is_terminal(x) || !str_eq(x->task_group, group) || is_planned_stop(w, x)
                ? NULL
                : cluster_view_find_any(&w->view, x->node_id);
        if (n)
            n->group_allocs++;
    }
}

/* Once one of a group found no place the others would not either. */
static bool has_failed(struct work *w, const struct want_place *p)
{
    if (p->node_id)
        return false; /* every node is asked for itself */
    struct alloc_metric *known =
        rec_map_find(&w->done.failed_tg_allocs, sizeof(struct alloc_metric), p->group->name);
    if (!known)
        return false;
    known->coalesced_failures++;
    set_count(&w->done.queued_allocations, w->arena, p->group->name, 1);
    return true;
}

static void place_one(struct work *w, const struct want_place *p)
{
    if (has_failed(w, p))
        return;
    struct allocation x;
    struct alloc_metric m;
    rec_init(&allocation_desc, &x);
    x.task_group = p->group->name;
    if (p->stop_previous)
        plan_stop(w, p->previous, p->stop_description, NULL);
    const char *avoid = p->rescheduled ? p->previous->node_id : NULL;
    w->view.job = p->job;
    int rv = p->node_id ? place_on_node(&w->view, p->group, p->node_id, &x, &m)
                        : place_allocation(&w->view, p->group, avoid, &x, &m);
    if (rv) {
        if (p->stop_previous) { /* what cannot be replaced stays */
            struct node_view *n = alloc_is_terminal(p->previous)
                                      ? NULL
                                      : cluster_view_find_any(&w->view, p->previous->node_id);
            w->plan.stops.n--;
            if (n)
                node_view_take(n, p->previous, w->group);
        }
        if (p->node_id && m.nodes_filtered)
            return; /* it is not one for this job */
        note_failure(w, p->group, &m);
        set_count(&w->done.queued_allocations, w->arena, p->group->name, 1);
        return;
    }
    uuid_text id;
    id_new(id);
    x.id = arena_strdup(w->arena, id);
    x.namespace = w->eval->namespace;
    x.eval_id = w->eval->id;
    x.name = p->name;
    x.job_id = w->job.id;
    x.job_version = p->job->version;
    x.job_modify_index = p->job->job_modify_index;
    x.job_type = p->job->type;
    x.metrics = m;
    x.desired_status = arena_strdup(w->arena, "run");
    x.client_status = arena_strdup(w->arena, "pending");
    if (w->want.deployment_id && p->job == &w->job) {
        x.deployment_id = arena_strdup(w->arena, w->want.deployment_id);
        if (p->canary)
            x.deployment_status = fresh_health(w, true);
    }
    if (p->previous) {
        x.previous_allocation = p->previous->id;
        if (p->stop_previous)
            w->plan.stops.items[w->plan.stops.n - 1].next_allocation = x.id;
    }
    if (p->rescheduled)
        remember_reschedule(w, &x, p);
    *(struct allocation *)rec_list_add(&allocation_desc, &w->plan.places, w->arena) = x;
}

static void place_all(struct work *w)
{
    for (size_t i = 0; i < w->want.counts.n; i++)
        set_count(&w->done.queued_allocations, w->arena, w->want.counts.items[i].group, 0);
    for (size_t i = 0; i < w->want.places.n; i++) {
        const struct want_place *p = &w->want.places.items[i];
        if (!str_eq(w->group, p->group->name))
            count_group_on_nodes(w, p->group->name);
        place_one(w, p);
    }
}

/* --- evaluations that end or begin with this one --------------------------------------------- */

static struct evaluation *plan_eval(struct work *w)
{
    return rec_list_add(&evaluation_desc, &w->plan.evals, w->arena);
}

static void new_eval(struct work *w, struct evaluation *e, const char *triggered_by)
{
    evaluation_init(e, w->arena, &w->job, triggered_by, w->now_ns);
    e->priority = w->eval->priority;
    e->previous_eval = w->eval->id;
    e->job_modify_index = w->eval->job_modify_index;
}

/* What could not be placed waits in a blocked evaluation: this one again, if it is one. */
static void plan_blocked(struct work *w)
{
    if (!w->done.failed_tg_allocs.n || str_eq(w->eval->triggered_by, "queued-allocs"))
        return;
    struct evaluation b;
    new_eval(w, &b, "queued-allocs");
    b.status = arena_strdup(w->arena, "blocked");
    b.status_description = arena_strdup(w->arena, "created to place remaining allocations");
    b.snapshot_index = store_txn_index(w->t);
    b.job_modify_index = 0;
    w->done.blocked_eval = b.id;
    *plan_eval(w) = b;
}

/* At most one blocked evaluation a job: older ones are canceled. */
static void cancel_blocked(struct work *w)
{
    struct evaluations open;
    if (state_job_open_evals(w->t, w->eval->namespace, w->eval->job_id, w->arena, &open))
        return;
    bool failed = w->done.failed_tg_allocs.n > 0;
    for (size_t i = 0; i < open.n; i++) {
        struct evaluation *e = &open.items[i];
        if (!str_eq(e->status, "blocked") || str_eq(e->id, w->eval->id))
            continue;
        e->status = arena_strdup(w->arena, "canceled");
        e->status_description =
            failed ? arena_printf(w->arena, "existing blocked evaluation exists for job \"%s\"",
                                  w->eval->job_id)
                   : arena_printf(w->arena, "evaluation \"%s\" successful", w->eval->id);
        e->modify_time_ns = w->now_ns;
        *plan_eval(w) = *e;
    }
}

static void plan_delays(struct work *w)
{
    for (size_t i = 0; i < w->want.delays.n; i++) {
        struct evaluation e;
        const char *why = w->want.delays.items[i].triggered_by;
        new_eval(w, &e, why ? why : "alloc-failure");
        e.id = w->want.delays.items[i].eval_id;
        e.wait_until_ns = w->want.delays.items[i].wait_until_ns;
        if (!why)
            e.status_description = arena_strdup(w->arena, "created for delayed rescheduling");
        *plan_eval(w) = e;
    }
}

static void plan_deployment(struct work *w)
{
    w->plan.deployment = w->want.deployment;
    const char *id = w->want.cancel_deployment;
    const char *status = "cancelled", *description = w->want.cancel_description;
    if (w->want.deployment_done) {
        id = w->deployment.id;
        status = "successful";
        description = "Deployment completed successfully";
    }
    if (!id)
        return;
    static const struct rec_desc deployment = {"", sizeof(struct deployment), NULL, 0, false};
    struct deployment *d = rec_list_add(&deployment, &w->plan.deployment_updates, w->arena);
    rec_init(&deployment_desc, d);
    d->id = arena_strdup(w->arena, id);
    d->status = arena_strdup(w->arena, status);
    d->status_description = arena_strdup(w->arena, description);
}

static void finish_eval(struct work *w)
{
    bool again = w->done.failed_tg_allocs.n && str_eq(w->eval->triggered_by, "queued-allocs");
    w->done.status = arena_strdup(w->arena, again ? "blocked" : "complete");
    w->done.status_description = again ? w->eval->status_description : arena_strdup(w->arena, "");
    w->done.modify_time_ns = w->now_ns;
    w->done.snapshot_index = store_txn_index(w->t);
    if (w->want.deployment_id)
        w->done.deployment_id = arena_strdup(w->arena, w->want.deployment_id);
    *plan_eval(w) = w->done;
}

static const char *const *node_ids(struct work *w)
{
    const char **ids = ARENA_ARRAY(w->arena, const char *, w->view.n_nodes + 1);
    for (size_t i = 0; i < w->view.n_nodes; i++)
        ids[i] = w->view.nodes[i]->node->id;
    return ids;
}

void planner_run(struct store_txn *t, struct node_cache *cache, const struct evaluation *eval,
                 const struct job *instead, int64_t now_ns, struct arena *a, struct planned *out)
{
    struct work *w = ARENA_NEW(a, struct work);
    w->arena = a;
    w->t = t;
    w->cache = cache;
    w->eval = eval;
    w->now_ns = now_ns;
    if (instead)
        w->job = *instead;
    w->has_job = instead || !state_job(t, eval->namespace, eval->job_id, a, &w->job);
    rec_clone(&evaluation_desc, eval, a, &w->done);
    w->done.failed_tg_allocs.n = 0;
    w->done.queued_allocations.n = 0;
    read_world(w);
    struct reconcile_in in = {.job = w->has_job ? &w->job : NULL,
                              .allocs = &w->allocs,
                              .deployment = w->has_deployment ? &w->deployment : NULL,
                              .eval_id = eval->id,
                              .now_ns = now_ns,
                              .nodes = node_ids(w),
                              .n_nodes = w->view.n_nodes,
                              .node_is_down = node_is_down,
                              .job_at = job_at,
                              .can_update = can_update,
                              .ctx = w,
                              .arena = a};
    reconcile(&in, &w->want);
    plan_stops(w);
    if (w->has_job) {
        plan_updates(w);
        place_all(w);
        plan_blocked(w);
        plan_delays(w);
    }
    plan_deployment(w);
    cancel_blocked(w);
    finish_eval(w);
    w->plan.now_ns = now_ns;
    if (w->has_job)
        cluster_view_close(&w->view);
    *out = (struct planned){w->plan, w->done, w->want.counts.items, w->want.counts.n};
}
