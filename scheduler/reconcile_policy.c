/* What reconciling asks of two versions and of a history: whether new processes are needed, and
 * when a failure may be tried again. */
#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "scheduler/reconcile_impl.h"

#include <string.h>

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

int64_t alloc_fail_time(const struct allocation *a)
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
        int64_t since = alloc_fail_time(a) - (n ? tr->events.items[n - 1].reschedule_time_ns : 0);
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
