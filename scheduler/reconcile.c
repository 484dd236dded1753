#include "scheduler/reconcile.h"
#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "agent/base/str.h"

#include <string.h>

#define MAX_INDEX 100000

/* Lists of plain structs in the arena. */
static void *push(void *list, size_t size, struct arena *a)
{
    const struct rec_desc d = {"", size, NULL, 0, false};
    return rec_list_add(&d, list, a);
}

/* --- what forces new processes --------------------------------------------------------------- */

static bool lists_equal(const struct rec_desc *d, const void *a, const void *b)
{
    const struct rec_field f = {"", NULL, REC_LIST, 0, 0, d};
    return rec_field_equal(&f, a, b);
}

static bool maps_equal(const struct rec_str_map *a, const struct rec_str_map *b)
{
    const struct rec_field f = {"", NULL, REC_MAP, 0, 0, &rec_str_pair};
    return rec_field_equal(&f, a, b);
}

static bool fields_equal(const struct rec_desc *d, const void *a, const void *b,
                         const char *const *names, size_t n)
{
    for (size_t i = 0; i < d->n_fields; i++)
        for (size_t k = 0; k < n; k++)
            if (!strcmp(d->fields[i].name, names[k]) && !rec_field_equal(&d->fields[i], a, b))
                return false;
    return true;
}

/* A task's meta as it sees it: the job's, overridden by the group's, then by its own. */
static struct rec_str_map merged_meta(const struct job *j, const struct task_group *g,
                                      const struct task *t, struct arena *a)
{
    const struct rec_str_map *levels[] = {&j->meta, &g->meta, &t->meta};
    struct rec_str_map all = {NULL, 0};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < levels[k]->n; i++)
            rec_str_map_set(&all, a, levels[k]->items[i].key, levels[k]->items[i].value);
    return all;
}

static bool task_needs_replacing(const struct task *a, const struct task *b)
{
    static const char *const of_task[] = {"Driver", "User",      "Config",   "Env",
                                          "Vault",  "Templates", "Artifacts"};
    static const char *const of_resources[] = {"CPU", "MemoryMB", "Networks", "Devices"};
    if (!fields_equal(&task_desc, a, b, of_task, 7))
        return true;
    return !a->resources != !b->resources ||
           (a->resources &&
            !fields_equal(&resources_desc, a->resources, b->resources, of_resources, 4));
}

static bool affinities_equal(const struct job *a, const struct job *b)
{
    return lists_equal(&affinity_desc, &a->affinities, &b->affinities) &&
           lists_equal(&spread_desc, &a->spreads, &b->spreads);
}

bool group_needs_replacing(const struct job *a, const struct job *b, const char *group)
{
    static const char *const of_group[] = {"EphemeralDisk", "Networks", "Affinities", "Spreads"};
    const struct task_group *g = job_group_find(a, group), *h = job_group_find(b, group);
    if (!g || !h || g->tasks.n != h->tasks.n || !affinities_equal(a, b) ||
        !fields_equal(&task_group_desc, g, h, of_group, 4))
        return true;
    struct arena memory = ARENA_INIT;
    bool needed = false;
    for (size_t i = 0; i < g->tasks.n && !needed; i++) {
        const struct task *t = &g->tasks.items[i], *u = group_task_find(h, t->name);
        needed = !u || task_needs_replacing(t, u);
        if (needed)
            break;
        struct rec_str_map m = merged_meta(a, g, t, &memory), n = merged_meta(b, h, u, &memory);
        needed = !maps_equal(&m, &n);
    }
    arena_fini(&memory);
    return needed;
}

/* --- rescheduling ---------------------------------------------------------------------------- */

static int64_t fail_time(const struct allocation *a)
{
    int64_t t = 0;
    for (size_t i = 0; i < a->task_states.n; i++)
        if (a->task_states.items[i].finished_at_ns > t)
            t = a->task_states.items[i].finished_at_ns;
    return t ? t : a->modify_time_ns;
}

static int64_t next_delay(const struct reschedule_policy *p, const struct allocation *a)
{
    const struct reschedule_tracker *tr = a->reschedule_tracker;
    size_t n = tr ? tr->events.n : 0;
    int64_t delay = p->delay_ns, last = n ? tr->events.items[n - 1].delay_ns : 0;
    if (n && str_eq(p->delay_function, "exponential"))
        delay = last * 2;
    else if (n > 1 && str_eq(p->delay_function, "fibonacci"))
        delay = last + tr->events.items[n - 2].delay_ns;
    if (p->max_delay_ns > 0 && delay > p->max_delay_ns) {
        delay = p->max_delay_ns;
        int64_t since = fail_time(a) - (n ? tr->events.items[n - 1].reschedule_time_ns : 0);
        if (n && since > p->max_delay_ns)
            delay = p->delay_ns;
    }
    return delay;
}

bool reschedule_delay(const struct reschedule_policy *p, const struct allocation *a, int64_t now_ns,
                      int64_t *delay_ns)
{
    if (!p)
        return false;
    *delay_ns = next_delay(p, a);
    if (p->unlimited == 1)
        return true;
    if (p->attempts <= 0 || p->interval_ns <= *delay_ns)
        return false;
    int64_t recent = 0;
    for (size_t i = 0; a->reschedule_tracker && i < a->reschedule_tracker->events.n; i++)
        recent +=
            now_ns - a->reschedule_tracker->events.items[i].reschedule_time_ns < p->interval_ns;
    return recent < p->attempts;
}

/* --- one group ------------------------------------------------------------------------------- */

struct group_work {
    const struct reconcile_in *in;
    struct reconcile_out *out;
    const struct task_group *g;
    struct group_counts *counts;
    bool used[MAX_INDEX / 64 * 64 + 64]; /* names in use */
    const struct allocation **keep;      /* live, on a good node, to be kept or updated */
    size_t n_keep;
    const struct allocation **lost; /* to be replaced under their names */
    size_t n_lost;
    int64_t occupied; /* slots that need no placement though nothing live is kept in them */
};

static struct want_stop *add_stop(struct group_work *w, const struct allocation *x,
                                  const char *description)
{
    struct want_stop *s = push(&w->out->stops, sizeof(*s), w->in->arena);
    *s = (struct want_stop){.alloc = x, .description = description};
    return s;
}

static void add_place(struct group_work *w, const char *name, const struct allocation *previous,
                      bool rescheduled, const char *stop_description)
{
    struct want_place *p = push(&w->out->places, sizeof(*p), w->in->arena);
    *p = (struct want_place){w->g,        arena_strdup(w->in->arena, name), previous,
                             rescheduled, stop_description != NULL,         stop_description};
}

static void mark_name(struct group_work *w, const struct allocation *x)
{
    int64_t i = alloc_name_index(x->name);
    if (i >= 0 && i < MAX_INDEX)
        w->used[i] = true;
}

/* A failed allocation: replaced now, later, or never. */
static void consider_failed(struct group_work *w, const struct allocation *x)
{
    int64_t delay;
    if (!str_is_empty(x->next_allocation))
        return; /* its successor stands for it */
    mark_name(w, x);
    if (!reschedule_delay(w->g->reschedule, x, w->in->now_ns, &delay)) {
        w->occupied++; /* stays failed in its place */
        w->counts->ignore++;
        return;
    }
    int64_t due = fail_time(x) + delay;
    bool now = due <= w->in->now_ns + NS_PER_SEC || str_eq(x->followup_eval_id, w->in->eval_id) ||
               x->desired_transition.force_reschedule == 1;
    if (now) {
        add_place(w, x->name, x, true, "alloc was rescheduled because it failed");
        w->counts->place++;
        w->occupied++;
        return;
    }
    w->occupied++;
    w->counts->ignore++;
    if (!str_is_empty(x->followup_eval_id))
        return;
    struct want_delay *d = push(&w->out->delays, sizeof(*d), w->in->arena);
    uuid_text id;
    id_new(id);
    *d = (struct want_delay){arena_strdup(w->in->arena, id), due};
    struct want_stop *s = add_stop(w, x, NULL);
    s->note_only = true;
    s->followup_eval_id = d->eval_id;
}

static bool is_batch(const struct group_work *w)
{
    return str_eq(w->in->job->type, "batch") || str_eq(w->in->job->type, "sysbatch");
}

/* Sorts one allocation into: gone, lost, moving, failed, done, kept. */
static void consider(struct group_work *w, const struct allocation *x)
{
    bool wanted = str_eq(x->desired_status, "run");
    bool ended = alloc_is_client_terminal(x);
    bool current = x->job_modify_index == w->in->job->job_modify_index;
    if (wanted && str_eq(x->client_status, "failed")) {
        if (!is_batch(w) || current)
            consider_failed(w, x);
        return;
    }
    if (wanted && is_batch(w) && str_eq(x->client_status, "complete") && current) {
        mark_name(w, x); /* has done its work */
        w->occupied++;
        w->counts->ignore++;
        return;
    }
    if (!wanted || ended)
        return;
    if (w->in->node_is_down(w->in->ctx, x->node_id)) {
        add_stop(w, x, "alloc is lost since its node is down")->client_status = "lost";
        w->lost[w->n_lost++] = x;
        return;
    }
    mark_name(w, x);
    if (x->desired_transition.migrate == 1) {
        add_place(w, x->name, x, false, "alloc is being migrated");
        w->counts->migrate++;
        w->occupied++;
        return;
    }
    w->keep[w->n_keep++] = x;
}

/* Too many: the highest names go. */
static void stop_surplus(struct group_work *w)
{
    int64_t surplus = (int64_t)w->n_keep + w->occupied - w->g->count;
    while (surplus-- > 0 && w->n_keep) {
        size_t top = 0;
        for (size_t i = 1; i < w->n_keep; i++)
            if (alloc_name_index(w->keep[i]->name) > alloc_name_index(w->keep[top]->name))
                top = i;
        add_stop(w, w->keep[top], "alloc not needed due to job update");
        w->counts->stop++;
        int64_t index = alloc_name_index(w->keep[top]->name);
        if (index >= 0 && index < MAX_INDEX)
            w->used[index] = false;
        w->keep[top] = w->keep[--w->n_keep];
    }
}

/* How many may be replaced in this pass. */
static int64_t replace_limit(const struct group_work *w)
{
    const struct update_strategy *u = w->g->update;
    if (!u || u->max_parallel <= 0)
        return w->g->count;
    const struct deployment *d = w->in->deployment;
    int64_t limit = u->max_parallel;
    for (size_t i = 0; d && i < w->in->allocs->n; i++) {
        const struct allocation *x = &w->in->allocs->items[i];
        if (!str_eq(x->deployment_id, d->id) || !str_eq(x->task_group, w->g->name) ||
            alloc_is_terminal(x) || d->job_version != w->in->job->version)
            continue;
        int8_t health = x->deployment_status ? x->deployment_status->healthy : REC_NULL_BOOL;
        if (health == 0)
            return 0;
        limit -= health != 1;
    }
    return limit > 0 ? limit : 0;
}

static void update_kept(struct group_work *w, int64_t limit)
{
    for (size_t i = 0; i < w->n_keep; i++) {
        const struct allocation *x = w->keep[i];
        if (x->job_modify_index == w->in->job->job_modify_index) {
            w->counts->ignore++;
            continue;
        }
        const struct job *old = w->in->job_at(w->in->ctx, x->job_version);
        if (old && !group_needs_replacing(old, w->in->job, w->g->name)) {
            *(const struct allocation **)push(&w->out->updates, sizeof(x), w->in->arena) = x;
            w->counts->in_place++;
        } else if (limit > 0) {
            add_place(w, x->name, x, false, "alloc is being updated due to job update");
            w->counts->destructive++;
            limit--;
        } else {
            w->counts->destructive++; /* a later pass */
        }
    }
}

static int64_t place_missing(struct group_work *w)
{
    int64_t missing = w->g->count - (int64_t)w->n_keep - w->occupied, placed = 0;
    for (size_t i = 0; i < w->n_lost && missing > 0; i++) {
        int64_t index = alloc_name_index(w->lost[i]->name);
        if (index < 0 || index >= MAX_INDEX || w->used[index])
            continue;
        w->used[index] = true;
        add_place(w, w->lost[i]->name, w->lost[i], false, NULL);
        w->counts->place++;
        missing--;
        placed++;
    }
    for (int64_t i = 0; i < MAX_INDEX && missing > 0; i++) {
        if (w->used[i])
            continue;
        char *name = arena_printf(w->in->arena, "%s.%s[%d]", w->in->job->id, w->g->name, (int)i);
        add_place(w, name, NULL, false, NULL);
        w->counts->place++;
        missing--;
        placed++;
    }
    return placed;
}

static void reconcile_group(const struct reconcile_in *in, struct reconcile_out *out,
                            const struct task_group *g)
{
    struct group_work *w = ARENA_NEW(in->arena, struct group_work);
    w->in = in;
    w->out = out;
    w->g = g;
    w->counts = push(&out->counts, sizeof(*w->counts), in->arena);
    *w->counts = (struct group_counts){.group = g->name};
    w->keep = ARENA_ARRAY(in->arena, const struct allocation *, in->allocs->n + 1);
    w->lost = ARENA_ARRAY(in->arena, const struct allocation *, in->allocs->n + 1);
    for (size_t i = 0; i < in->allocs->n; i++)
        if (str_eq(in->allocs->items[i].task_group, g->name))
            consider(w, &in->allocs->items[i]);
    stop_surplus(w);
    int64_t limit = replace_limit(w);
    limit -= place_missing(w);
    update_kept(w, limit);
}

/* --- deployments ----------------------------------------------------------------------------- */

static bool is_active(const struct deployment *d)
{
    return d && (str_eq(d->status, "running") || str_eq(d->status, "paused"));
}

static bool wants_deployment(const struct reconcile_in *in, const struct reconcile_out *out)
{
    if (!str_eq(in->job->type, "service"))
        return false;
    if (in->deployment && in->deployment->job_version == in->job->version &&
        in->deployment->job_create_index == in->job->create_index)
        return false; /* this version has, or had, its own */
    for (size_t i = 0; i < out->places.n; i++)
        if (!out->places.items[i].rescheduled || !in->deployment)
            return true;
    return out->updates.n > 0;
}

static struct deployment *deployment_new(const struct reconcile_in *in)
{
    struct deployment *d = ARENA_NEW(in->arena, struct deployment);
    static const struct rec_desc state = {"", sizeof(struct deployment_state), NULL, 0, false};
    uuid_text id;
    id_new(id);
    rec_init(&deployment_desc, d);
    d->id = arena_strdup(in->arena, id);
    d->namespace = in->job->namespace;
    d->job_id = in->job->id;
    d->job_version = in->job->version;
    d->job_modify_index = d->job_spec_modify_index = in->job->job_modify_index;
    d->job_create_index = in->job->create_index;
    d->status = arena_strdup(in->arena, "running");
    d->status_description = arena_strdup(in->arena, "Deployment is running");
    for (size_t i = 0; i < in->job->groups.n; i++) {
        const struct task_group *g = &in->job->groups.items[i];
        if (!g->update || g->update->max_parallel <= 0 || g->count == 0)
            continue;
        struct deployment_state *s = rec_list_add(&state, &d->groups, in->arena);
        s->key = g->name;
        s->auto_revert = g->update->auto_revert == 1;
        s->progress_deadline_ns = g->update->progress_deadline_ns;
        s->desired_total = g->count;
    }
    rec_map_sort(&d->groups, sizeof(struct deployment_state));
    return d->groups.n ? d : NULL;
}

static bool is_healthy_enough(const struct deployment *d)
{
    for (size_t i = 0; i < d->groups.n; i++)
        if (d->groups.items[i].healthy_allocs < d->groups.items[i].desired_total)
            return false;
    return true;
}

static void reconcile_deployment(const struct reconcile_in *in, struct reconcile_out *out)
{
    const struct deployment *d = in->deployment;
    bool stopped = !in->job || in->job->stop;
    if (is_active(d) && (stopped || d->job_version != in->job->version)) {
        out->cancel_deployment = d->id;
        out->cancel_description =
            stopped ? "Cancelled because job is stopped" : "Cancelled due to newer version of job";
    }
    if (stopped)
        return;
    if (wants_deployment(in, out))
        out->deployment = deployment_new(in);
    if (out->deployment)
        out->deployment_id = out->deployment->id;
    else if (is_active(d) && d->job_version == in->job->version)
        out->deployment_id = d->id;
    bool idle = !out->places.n && !out->stops.n && !out->updates.n;
    for (size_t i = 0; i < out->counts.n; i++)
        idle &= out->counts.items[i].destructive == 0;
    out->deployment_done =
        idle && out->deployment_id == (d ? d->id : NULL) && is_active(d) && is_healthy_enough(d);
}

void reconcile(const struct reconcile_in *in, struct reconcile_out *out)
{
    memset(out, 0, sizeof(*out));
    bool stopped = !in->job || in->job->stop;
    for (size_t i = 0; i < in->allocs->n; i++) {
        const struct allocation *x = &in->allocs->items[i];
        if (alloc_is_terminal(x) || (!stopped && job_group_find(in->job, x->task_group)))
            continue; /* else: its job or its group is gone */
        struct want_stop *s = push(&out->stops, sizeof(*s), in->arena);
        bool down = in->node_is_down(in->ctx, x->node_id);
        *s = (struct want_stop){.alloc = x,
                                .description = down ? "alloc is lost since its node is down"
                                                    : "alloc not needed due to job update",
                                .client_status = down ? "lost" : NULL};
    }
    for (size_t i = 0; !stopped && i < in->job->groups.n; i++)
        reconcile_group(in, out, &in->job->groups.items[i]);
    reconcile_deployment(in, out);
}
