/* check_restart: a task whose checks stay unhealthy starts anew (inventory nomad-client 9). How
 * they stand is asked of the local agent, on a timer of the task's own. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#define ASK_EVERY_MS 900

bool check_watch_is_over(struct check_watch *w, mono_ms now, enum catalog_health status)
{
    bool good = status == CATALOG_PASSING || (status == CATALOG_WARNING && w->ignore_warnings);
    if (good)
        w->unhealthy_since = 0;
    if (good || now < w->grace_until)
        return false;
    if (!w->unhealthy_since)
        w->unhealthy_since = now;
    return now - w->unhealthy_since >= w->limit_ms;
}

static void add_watch(struct task_runner *t, const struct service_check *c, const char *check_id)
{
    struct check_watch *w = &t->watches.items[t->watches.n++];
    const struct check_restart *p = c->check_restart;
    int64_t limit_ms;
    if (__builtin_mul_overflow(p->limit - 1, c->interval_ns / NS_PER_MS, &limit_ms))
        limit_ms = INT64_MAX;
    *w = (struct check_watch){
        .check_id = check_id,
        .name = c->name,
        .ignore_warnings = p->ignore_warnings,
        .grace_until =
            clock_mono_ms() + (mono_ms)(p->grace_ns == REC_NULL_INT ? 0 : p->grace_ns / NS_PER_MS),
        .limit_ms = (mono_ms)limit_ms};
}

/* The checks of these services that this task answers for. */
static void add_watches(struct task_runner *t, const struct services *list, bool of_group)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct service *s = &list->items[i];
        for (size_t k = 0; k < s->checks.n; k++) {
            const struct service_check *c = &s->checks.items[k];
            const char *whose = str_is_empty(c->task_name) ? s->task_name : c->task_name;
            if (!c->check_restart || c->check_restart->limit < 1 ||
                (of_group && !str_is_empty(whose) && !str_eq(whose, t->task->name)))
                continue;
            if (t->watches.n < CHECK_WATCHES_MAX)
                add_watch(t, c,
                          services_check_id(t->alloc, of_group ? NULL : t, s, k, &t->watch_arena));
        }
    }
}

static void on_statuses(void *arg, const enum catalog_health *statuses, size_t n)
{
    struct task_runner *t = arg;
    struct alloc_runner *r = t->alloc;
    t->checks_asked = false;
    if (!r->releasing && t->phase == TASK_RUNNING && t->watch_run == t->watch_asked_run)
        for (size_t i = 0; i < n && i < t->watches.n; i++)
            if (check_watch_is_over(&t->watches.items[i], clock_mono_ms(), statuses[i])) {
                task_runner_restart(t,
                                    arena_printf(&t->arena, "healthcheck: check \"%s\" unhealthy",
                                                 t->watches.items[i].name));
                break;
            }
    alloc_runner_unpend(r);
}

static void on_time(uv_timer_t *timer)
{
    struct task_runner *t = timer->data;
    const char *ids[CHECK_WATCHES_MAX];
    if (t->checks_asked)
        return;
    for (size_t i = 0; i < t->watches.n; i++)
        ids[i] = t->watches.items[i].check_id;
    t->checks_asked = true;
    t->watch_asked_run = t->watch_run;
    t->alloc->pending++;
    local_checks_status_post(t->alloc->client->local, &t->alloc->client->loop, ids, t->watches.n,
                             on_statuses, t);
}

void check_restart_begin(struct task_runner *t)
{
    check_restart_end(t);
    if (!t->alloc->client->local)
        return;
    add_watches(t, &t->task->services, false);
    if (task_hook_of(t->task) == TASK_MAIN)
        add_watches(t, &t->alloc->group->services, true);
    if (t->watches.n)
        uv_timer_start(&t->check_timer, on_time, ASK_EVERY_MS, ASK_EVERY_MS);
}

void check_restart_end(struct task_runner *t)
{
    uv_timer_stop(&t->check_timer);
    arena_fini(&t->watch_arena);
    t->watch_arena = (struct arena)ARENA_INIT;
    t->watches.n = 0;
    t->watch_run++;
}
