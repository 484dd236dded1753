/* System jobs: one allocation of each group on every node that takes them (inventory
 * nomad-scheduler 8). No deployments, no rescheduling: what failed is placed anew. */
#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "agent/base/str.h"
#include "scheduler/reconcile_impl.h"

struct system_work {
    const struct reconcile_in *in;
    struct reconcile_out *out;
    const struct task_group *g;
    struct group_counts *counts;
    bool *taken;   /* by node: there is one already */
    int64_t limit; /* replacements left in this pass */
    bool more;     /* some have to wait for the next */
};

static void *push(void *list, size_t size, struct arena *a)
{
    const struct rec_desc d = {"", size, NULL, 0, false};
    return rec_list_add(&d, list, a);
}

static void stop(struct system_work *w, const struct allocation *x, const char *description,
                 const char *client_status)
{
    struct want_stop *s = push(&w->out->stops, sizeof(*s), w->in->arena);
    *s = (struct want_stop){.alloc = x, .description = description, .client_status = client_status};
    w->counts->stop++;
}

static void place(struct system_work *w, const char *node_id, const struct allocation *previous,
                  bool stop_previous)
{
    struct want_place *p = push(&w->out->places, sizeof(*p), w->in->arena);
    *p = (struct want_place){.job = w->in->job,
                             .group = w->g,
                             .name =
                                 arena_printf(w->in->arena, "%s.%s[0]", w->in->job->id, w->g->name),
                             .previous = previous,
                             .node_id = node_id,
                             .stop_previous = stop_previous};
    if (stop_previous)
        p->stop_description = "alloc is being updated due to job update";
}

/* The node's place among those that take the job, or -1. */
static int64_t node_at(const struct reconcile_in *in, const char *id)
{
    for (size_t i = 0; i < in->n_nodes; i++)
        if (str_eq(in->nodes[i], id))
            return (int64_t)i;
    return -1;
}

static void update(struct system_work *w, const struct allocation *x)
{
    const struct reconcile_in *in = w->in;
    if (x->job_modify_index == in->job->job_modify_index) {
        w->counts->ignore++;
        return;
    }
    const struct job *old = in->job_at(in->ctx, x->job_version);
    if (old && !group_needs_replacing(old, in->job, w->g->name) &&
        (!in->can_update || in->can_update(in->ctx, x, w->g))) {
        *(const struct allocation **)push(&w->out->updates, sizeof(x), in->arena) = x;
        w->counts->in_place++;
    } else if (w->limit > 0) {
        place(w, x->node_id, x, true);
        w->counts->destructive++;
        w->limit--;
    } else {
        w->counts->ignore++;
        w->more = true;
    }
}

static void consider(struct system_work *w, const struct allocation *x)
{
    const struct reconcile_in *in = w->in;
    if (alloc_is_terminal(x))
        return;
    int64_t at = node_at(in, x->node_id);
    if (in->node_is_down(in->ctx, x->node_id)) {
        stop(w, x, "alloc is lost since its node is down", "lost");
    } else if (x->desired_transition.migrate == 1) {
        stop(w, x, "alloc not needed as node is tainted", NULL);
        if (at >= 0)
            w->taken[at] = false;
    } else {
        if (at >= 0)
            w->taken[at] = true;
        update(w, x);
    }
}

/* Updates go on by max_parallel every stagger. */
static void plan_next_pass(struct system_work *w)
{
    const struct update_strategy *u = w->in->job->update;
    struct want_delay *d = push(&w->out->delays, sizeof(*d), w->in->arena);
    uuid_text id;
    id_new(id);
    *d = (struct want_delay){arena_strdup(w->in->arena, id),
                             w->in->now_ns +
                                 (u && u->stagger_ns > 0 ? u->stagger_ns : 30 * NS_PER_SEC),
                             "rolling-update"};
}

static void reconcile_group(struct system_work *w)
{
    const struct reconcile_in *in = w->in;
    const struct update_strategy *u = w->g->update ? w->g->update : in->job->update;
    w->counts = push(&w->out->counts, sizeof(*w->counts), in->arena);
    *w->counts = (struct group_counts){.group = w->g->name};
    w->taken = ARENA_ARRAY(in->arena, bool, in->n_nodes + 1);
    w->limit = u && u->max_parallel > 0 ? u->max_parallel : INT64_MAX;
    for (size_t i = 0; i < in->allocs->n; i++)
        if (str_eq(in->allocs->items[i].task_group, w->g->name))
            consider(w, &in->allocs->items[i]);
    for (size_t i = 0; w->g->count > 0 && i < in->n_nodes; i++)
        if (!w->taken[i]) {
            place(w, in->nodes[i], NULL, false);
            w->counts->place++;
        }
}

void reconcile_system(const struct reconcile_in *in, struct reconcile_out *out)
{
    struct system_work w = {.in = in, .out = out};
    for (size_t i = 0; i < in->job->groups.n; i++) {
        w.g = &in->job->groups.items[i];
        reconcile_group(&w);
    }
    if (w.more)
        plan_next_pass(&w);
}
