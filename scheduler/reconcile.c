#include "scheduler/reconcile_impl.h"
#include "agent/base/clock.h"
#include "agent/base/id.h"
#include "agent/base/str.h"

#include <stdlib.h>
#include <string.h>

#define MAX_INDEX 100000

static const char *const not_needed = "alloc not needed due to job update";
static const char *const is_lost = "alloc is lost since its node is down";

/* Lists of plain structs in the arena. */
static void *push(void *list, size_t size, struct arena *a)
{
    const struct rec_desc d = {"", size, NULL, 0, false};
    return rec_list_add(&d, list, a);
}

static void set_add(struct alloc_set *s, const struct allocation *x, struct arena *a)
{
    *(const struct allocation **)push(s, sizeof(x), a) = x;
}

static bool set_has(const struct alloc_set *s, const struct allocation *x)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i] == x)
            return true;
    return false;
}

static int by_index(const void *a, const void *b)
{
    const struct allocation *const *x = a, *const *y = b;
    int64_t m = alloc_name_index((*x)->name), n = alloc_name_index((*y)->name);
    return m < n ? -1 : m > n;
}

static void set_sort(struct alloc_set *s)
{
    if (s->n)
        qsort(s->items, s->n, sizeof(s->items[0]), by_index);
}

/* --- one group ------------------------------------------------------------------------------- */

struct group_work {
    struct pass *p;
    const struct task_group *g;
    struct group_counts *counts;
    const struct deployment_state *state; /* in the current deployment, or NULL */
    struct alloc_set canaries;            /* of the current deployment; in keep as well */
    struct alloc_set keep;                /* hold their place: live, done, or failed for good */
    struct alloc_set migrate;             /* to leave their node */
    struct alloc_set lost;                /* their node is down */
    struct alloc_set reschedule;          /* failed; their time has come */
    struct alloc_set in_place, destructive;
    struct REC_LIST_BODY(struct want_place) places; /* candidates */
    size_t delayed;
    bool had_version;     /* something of this version was there already */
    bool used[MAX_INDEX]; /* names */
};

static struct arena *arena_of(const struct group_work *w)
{
    return w->p->in->arena;
}

static struct want_stop *add_stop(struct group_work *w, const struct allocation *x,
                                  const char *description)
{
    struct want_stop *s = push(&w->p->out->stops, sizeof(*s), arena_of(w));
    *s = (struct want_stop){.alloc = x, .description = description};
    return s;
}

static struct want_place *add_place(struct group_work *w, const char *name,
                                    const struct allocation *previous)
{
    struct want_place *p = push(&w->p->out->places, sizeof(*p), arena_of(w));
    *p = (struct want_place){.group = w->g,
                             .job = w->p->in->job,
                             .name = arena_strdup(arena_of(w), name),
                             .previous = previous};
    return p;
}

static void mark_name(struct group_work *w, const struct allocation *x, bool used)
{
    int64_t i = alloc_name_index(x->name);
    if (i >= 0 && i < MAX_INDEX)
        w->used[i] = used;
}

static bool is_batch(const struct group_work *w)
{
    return str_eq(w->p->in->job->type, "batch") || str_eq(w->p->in->job->type, "sysbatch");
}

static bool is_current(const struct group_work *w, const struct allocation *x)
{
    return x->job_modify_index == w->p->in->job->job_modify_index;
}

static bool was_marked_canary(const struct allocation *x)
{
    return x->deployment_status && x->deployment_status->canary;
}

/* --- sorting what is there ------------------------------------------------------------------- */

static bool placed_canary(const struct deployment *d, const struct allocation *x,
                          bool only_unpromoted)
{
    const struct deployment_state *s =
        d ? rec_map_find(&d->groups, sizeof(*s), x->task_group) : NULL;
    return s && !(only_unpromoted && s->promoted) && rec_strs_has(&s->placed_canaries, x->id);
}

/* A canary that was never promoted goes with its deployment. */
static bool is_orphaned_canary(const struct group_work *w, const struct allocation *x)
{
    return placed_canary(w->p->old, x, true) ||
           (w->p->failed && placed_canary(w->p->current, x, true));
}

/* Failed: replaced now, later, or it stays failed in its place. */
static void consider_failed(struct group_work *w, const struct allocation *x)
{
    const struct reconcile_in *in = w->p->in;
    int64_t delay;
    if (!str_is_empty(x->next_allocation))
        return; /* its successor stands for it */
    mark_name(w, x, true);
    bool was_healthy = x->deployment_status && x->deployment_status->healthy == 1;
    bool in_deployment = deployment_is_active(w->p->current) && !was_healthy &&
                         str_eq(x->deployment_id, w->p->current->id) &&
                         x->desired_transition.reschedule != 1; /* its health is yet to come */
    bool forced = x->desired_transition.force_reschedule == 1;
    if (!forced && (in_deployment || !reschedule_delay(w->g->reschedule, x, in->now_ns, &delay))) {
        set_add(&w->keep, x, in->arena);
        return;
    }
    int64_t due = forced ? in->now_ns : alloc_fail_time(x) + delay;
    if (due <= in->now_ns + NS_PER_SEC || str_eq(x->followup_eval_id, in->eval_id)) {
        set_add(&w->reschedule, x, in->arena);
        return;
    }
    set_add(&w->keep, x, in->arena);
    w->delayed++;
    if (!str_is_empty(x->followup_eval_id))
        return;
    struct want_delay *d = push(&w->p->out->delays, sizeof(*d), in->arena);
    uuid_text id;
    id_new(id);
    *d = (struct want_delay){arena_strdup(in->arena, id), due, NULL};
    struct want_stop *s = add_stop(w, x, NULL);
    s->note_only = true;
    s->followup_eval_id = d->eval_id;
}

/* A canary of the running deployment that has to leave is stopped only: another is placed. */
static bool canary_leaves(struct group_work *w, const struct allocation *x, bool down)
{
    bool moving = x->desired_transition.migrate == 1;
    if (!down && !moving)
        return false;
    add_stop(w, x, down ? is_lost : "alloc is being migrated")->client_status =
        down ? "lost" : NULL;
    w->counts->stop++;
    return true;
}

static void consider(struct group_work *w, const struct allocation *x)
{
    const struct reconcile_in *in = w->p->in;
    bool wanted = str_eq(x->desired_status, "run"), failed = str_eq(x->client_status, "failed");
    if (x->job_version == in->job->version && x->job_modify_index >= in->job->create_index)
        w->had_version = true;
    if (is_batch(w) && alloc_is_terminal(x) && !is_current(w, x)) {
        w->counts->ignore++; /* of an older version, and over */
        return;
    }
    if (wanted && is_orphaned_canary(w, x)) {
        add_stop(w, x, not_needed);
        w->counts->stop++;
        return;
    }
    bool canary = placed_canary(w->p->current, x, false);
    if (!wanted || (!failed && alloc_is_client_terminal(x) && !is_batch(w)))
        return;
    if (failed) {
        size_t held = w->keep.n;
        consider_failed(w, x);
        if (canary && w->keep.n > held)
            set_add(&w->canaries, x, in->arena);
        return;
    }
    bool ended = alloc_is_client_terminal(x);
    bool down = !ended && in->node_is_down(in->ctx, x->node_id);
    if (canary && !ended && canary_leaves(w, x, down))
        return;
    if (down) {
        add_stop(w, x, is_lost)->client_status = "lost";
        w->counts->stop++;
        set_add(&w->lost, x, in->arena);
        return;
    }
    mark_name(w, x, true);
    if (!ended && x->desired_transition.migrate == 1) {
        set_add(&w->migrate, x, in->arena);
        return;
    }
    set_add(&w->keep, x, in->arena);
    if (canary)
        set_add(&w->canaries, x, in->arena);
}

/* --- too many -------------------------------------------------------------------------------- */

static void drop(struct group_work *w, struct alloc_set *from, size_t i)
{
    add_stop(w, from->items[i], not_needed);
    w->counts->stop++;
    mark_name(w, from->items[i], false);
    from->items[i] = from->items[--from->n];
}

/* Promoted canaries take their namesakes' places. */
static int64_t drop_namesakes(struct group_work *w, int64_t surplus)
{
    for (size_t i = 0; i < w->canaries.n && surplus > 0; i++)
        for (size_t k = 0; k < w->keep.n && surplus > 0; k++)
            if (str_eq(w->keep.items[k]->name, w->canaries.items[i]->name) &&
                !set_has(&w->canaries, w->keep.items[k])) {
                drop(w, &w->keep, k--);
                mark_name(w, w->canaries.items[i], true);
                surplus--;
            }
    return surplus;
}

static bool drop_highest(struct group_work *w, struct alloc_set *from, bool canaries_stay)
{
    size_t top = from->n;
    int64_t highest = -1;
    for (size_t i = 0; i < from->n; i++) {
        int64_t index = alloc_name_index(from->items[i]->name);
        if (canaries_stay && set_has(&w->canaries, from->items[i]))
            continue;
        if (index > highest || (index == highest && !is_current(w, from->items[i]))) {
            highest = index;
            top = i;
        }
    }
    if (top == from->n)
        return false;
    drop(w, from, top);
    return true;
}

static void stop_surplus(struct group_work *w, bool canary_state)
{
    int64_t held = (int64_t)w->keep.n - (canary_state ? (int64_t)w->canaries.n : 0);
    int64_t surplus = held + (int64_t)w->migrate.n + (int64_t)w->reschedule.n - w->g->count;
    if (!canary_state && surplus > 0)
        surplus = drop_namesakes(w, surplus);
    while (surplus > 0 && drop_highest(w, &w->reschedule, false))
        surplus--;
    while (surplus > 0 && drop_highest(w, &w->migrate, false))
        surplus--;
    while (surplus > 0 && drop_highest(w, &w->keep, canary_state))
        surplus--;
}

/* --- changes --------------------------------------------------------------------------------- */

enum change { CHANGE_NONE, CHANGE_IN_PLACE, CHANGE_DESTRUCTIVE };

static enum change change_of(const struct group_work *w, const struct allocation *x)
{
    const struct reconcile_in *in = w->p->in;
    if (is_current(w, x))
        return CHANGE_NONE;
    const struct job *old = in->job_at(in->ctx, x->job_version);
    if (!old || group_needs_replacing(old, in->job, w->g->name))
        return CHANGE_DESTRUCTIVE;
    if (alloc_is_terminal(x))
        return CHANGE_NONE;
    return !in->can_update || in->can_update(in->ctx, x, w->g) ? CHANGE_IN_PLACE
                                                               : CHANGE_DESTRUCTIVE;
}

static void sort_updates(struct group_work *w)
{
    for (size_t i = 0; i < w->keep.n; i++) {
        const struct allocation *x = w->keep.items[i];
        switch (change_of(w, x)) {
        case CHANGE_NONE:
            w->counts->ignore++;
            break;
        case CHANGE_IN_PLACE:
            set_add(&w->in_place, x, arena_of(w));
            w->counts->in_place++;
            break;
        case CHANGE_DESTRUCTIVE:
            set_add(&w->destructive, x, arena_of(w));
        }
    }
    for (size_t i = 0; i < w->in_place.n; i++)
        *(const struct allocation **)push(&w->p->out->updates, sizeof(w->in_place.items[0]),
                                          arena_of(w)) = w->in_place.items[i];
    set_sort(&w->destructive);
}

static void place_canaries(struct group_work *w, int64_t missing)
{
    w->counts->canary += missing;
    for (size_t i = 0; i < w->destructive.n && missing > 0; i++) {
        bool taken = false;
        for (size_t k = 0; k < w->canaries.n; k++)
            taken |= str_eq(w->canaries.items[k]->name, w->destructive.items[i]->name);
        if (taken)
            continue;
        add_place(w, w->destructive.items[i]->name, NULL)->canary = true;
        missing--;
    }
    for (int64_t i = w->g->count; missing > 0 && i < MAX_INDEX; i++, missing--)
        add_place(w, arena_printf(arena_of(w), "%s.%s[%d]", w->p->in->job->id, w->g->name, (int)i),
                  NULL)
            ->canary = true;
}

/* How many may be replaced in this pass. */
static int64_t replace_limit(const struct group_work *w, bool canary_state)
{
    const struct update_strategy *u = w->g->update;
    const struct deployment *d = w->p->current;
    if (!u || u->max_parallel <= 0 || w->destructive.n + w->migrate.n == 0)
        return w->g->count;
    if (w->p->paused || w->p->failed || canary_state)
        return 0;
    int64_t limit = u->max_parallel;
    for (size_t i = 0; d && i < w->keep.n; i++) {
        const struct allocation *x = w->keep.items[i];
        if (!str_eq(x->deployment_id, d->id))
            continue;
        int8_t health = x->deployment_status ? x->deployment_status->healthy : REC_NULL_BOOL;
        if (health == 0)
            return 0;
        limit -= health != 1;
    }
    return limit > 0 ? limit : 0;
}

/* --- missing --------------------------------------------------------------------------------- */

static struct want_place *add_candidate(struct group_work *w, const char *name,
                                        const struct allocation *previous)
{
    struct want_place *p = push(&w->places, sizeof(*p), arena_of(w));
    *p = (struct want_place){.group = w->g,
                             .job = w->p->in->job,
                             .name = arena_strdup(arena_of(w), name),
                             .previous = previous};
    return p;
}

/* While canaries are being judged, what falls away comes back as it was. */
static void downgrade(struct group_work *w, struct want_place *p)
{
    const struct reconcile_in *in = w->p->in;
    if (is_current(w, p->previous))
        return;
    const struct job *old = in->job_at(in->ctx, p->previous->job_version);
    const struct task_group *g = old ? job_group_find(old, w->g->name) : NULL;
    if (g) {
        p->job = old;
        p->group = g;
    }
}

static void find_places(struct group_work *w, bool canary_state)
{
    int64_t missing = w->g->count - (int64_t)w->keep.n - (int64_t)w->migrate.n;
    missing += canary_state ? (int64_t)w->canaries.n : 0;
    for (size_t i = 0; i < w->reschedule.n; i++, missing--) {
        struct want_place *p =
            add_candidate(w, w->reschedule.items[i]->name, w->reschedule.items[i]);
        p->rescheduled = p->stop_previous = true;
        p->stop_description = "alloc was rescheduled because it failed";
        p->canary = canary_state && was_marked_canary(p->previous);
        if (canary_state && !p->canary)
            downgrade(w, p);
    }
    for (size_t i = 0; i < w->lost.n && missing > 0; i++) {
        int64_t index = alloc_name_index(w->lost.items[i]->name);
        if (index < 0 || index >= MAX_INDEX || w->used[index])
            continue;
        w->used[index] = true;
        struct want_place *p = add_candidate(w, w->lost.items[i]->name, w->lost.items[i]);
        if (canary_state)
            downgrade(w, p);
        missing--;
    }
    for (int64_t i = 0; i < MAX_INDEX && missing > 0; i++) {
        if (w->used[i])
            continue;
        add_candidate(
            w, arena_printf(arena_of(w), "%s.%s[%d]", w->p->in->job->id, w->g->name, (int)i), NULL);
        missing--;
    }
}

static void place_candidates(struct group_work *w, bool ready)
{
    const struct deployment *d = w->p->current;
    for (size_t i = 0; i < w->places.n; i++) {
        const struct want_place *p = &w->places.items[i];
        bool of_failed =
            w->p->failed && d && p->previous && str_eq(p->previous->deployment_id, d->id);
        if (!ready && (!p->previous || (p->rescheduled && of_failed)))
            continue;
        *(struct want_place *)push(&w->p->out->places, sizeof(*p), arena_of(w)) = *p;
        w->counts->place++;
        w->counts->stop += p->rescheduled;
    }
}

static void replace(struct group_work *w, int64_t limit)
{
    for (size_t i = 0; i < w->destructive.n; i++) {
        const struct allocation *x = w->destructive.items[i];
        if (limit-- <= 0) {
            w->counts->ignore++; /* a later pass */
            continue;
        }
        struct want_place *p = add_place(w, x->name, x);
        p->stop_previous = true;
        p->stop_description = "alloc is being updated due to job update";
        w->counts->destructive++;
    }
}

static void move(struct group_work *w)
{
    set_sort(&w->migrate);
    for (size_t i = 0; i < w->migrate.n; i++) {
        const struct allocation *x = w->migrate.items[i];
        add_stop(w, x, "alloc is being migrated"); /* replaced or not: it has to leave */
        add_place(w, x->name, x);
        w->counts->migrate++;
    }
}

/* --- the pass -------------------------------------------------------------------------------- */

static bool has_strategy(const struct group_work *w)
{
    return w->g->update && w->g->update->max_parallel > 0 && str_eq(w->p->in->job->type, "service");
}

static void update_deployment(struct group_work *w, int64_t canaries, bool canaries_missing)
{
    const struct deployment_state *s = w->state;
    size_t left = w->destructive.n + w->in_place.n + w->places.n + w->migrate.n + w->reschedule.n +
                  w->delayed;
    int64_t total = (int64_t)(w->destructive.n + w->in_place.n + w->places.n);
    bool changes = w->destructive.n || w->in_place.n;
    if (!s && has_strategy(w) && total && (!w->had_version || changes)) {
        deployment_add_group(w->p, w->g, total, canaries);
        w->p->complete = false;
    }
    if (left || canaries_missing || (s && !deployment_group_done(s)))
        w->p->complete = false;
}

static void reconcile_group(struct pass *p, const struct task_group *g)
{
    struct group_work *w = ARENA_NEW(p->in->arena, struct group_work);
    w->p = p;
    w->g = g;
    w->state = deployment_group(p, g->name);
    w->counts = push(&p->out->counts, sizeof(*w->counts), p->in->arena);
    *w->counts = (struct group_counts){.group = g->name};
    for (size_t i = 0; i < p->in->allocs->n; i++)
        if (str_eq(p->in->allocs->items[i].task_group, g->name))
            consider(w, &p->in->allocs->items[i]);
    bool promoted = w->state && w->state->promoted;
    bool canary_state = w->state && w->state->desired_canaries && !promoted;
    stop_surplus(w, canary_state);
    sort_updates(w);
    int64_t canaries = w->state ? w->state->desired_canaries : 0;
    bool missing = w->destructive.n && has_strategy(w) && !promoted &&
                   (int64_t)w->canaries.n < g->update->canary;
    if (missing) {
        canaries = g->update->canary;
        canary_state = true;
        if (!p->paused && !p->failed)
            place_canaries(w, canaries - (int64_t)w->canaries.n);
    }
    find_places(w, canary_state);
    bool ready = !p->paused && !p->failed && !canary_state;
    int64_t limit = replace_limit(w, canary_state);
    place_candidates(w, ready);
    replace(w, ready ? limit - (int64_t)w->places.n : 0);
    move(w);
    update_deployment(w, canaries, missing);
}

static struct group_counts *counts_of(struct reconcile_out *out, const char *group, struct arena *a)
{
    for (size_t i = 0; i < out->counts.n; i++)
        if (str_eq(out->counts.items[i].group, group))
            return &out->counts.items[i];
    struct group_counts *c = push(&out->counts, sizeof(*c), a);
    c->group = group;
    return c;
}

/* Of a job or a group that is gone, or of a job that is stopped. */
static void stop_unwanted(struct pass *p)
{
    const struct reconcile_in *in = p->in;
    bool stopped = !in->job || in->job->stop;
    for (size_t i = 0; i < in->allocs->n; i++) {
        const struct allocation *x = &in->allocs->items[i];
        if (alloc_is_terminal(x) || (!stopped && job_group_find(in->job, x->task_group)))
            continue;
        struct want_stop *s = push(&p->out->stops, sizeof(*s), in->arena);
        bool down = in->node_is_down(in->ctx, x->node_id);
        *s = (struct want_stop){.alloc = x,
                                .description = down ? is_lost : not_needed,
                                .client_status = down ? "lost" : NULL};
        counts_of(p->out, x->task_group, in->arena)->stop++;
    }
}

void reconcile(const struct reconcile_in *in, struct reconcile_out *out)
{
    struct pass p = {.in = in, .out = out, .complete = true};
    memset(out, 0, sizeof(*out));
    deployment_begin(&p);
    bool runs = in->job && !in->job->stop, system = runs && str_eq(in->job->type, "system");
    if (system)
        reconcile_system(in, out);
    for (size_t i = 0; runs && !system && i < in->job->groups.n; i++)
        reconcile_group(&p, &in->job->groups.items[i]);
    stop_unwanted(&p);
    deployment_end(&p);
}
