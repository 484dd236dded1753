/* The deployment watcher: promotes canaries that may promote themselves, fails what made no
 * progress in its time, and goes back to the last stable version where that is asked for
 * (inventory nomad-scheduler 9).
 *
 * The open deployments are read when they change, but not more often than every LOOK_AFTER_MS, and
 * when the next progress deadline is due. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <string.h>

#define LOOK_AFTER_MS 50

/* --- failing --------------------------------------------------------------------------------- */

static bool any_auto_revert(const struct deployment *d)
{
    for (size_t i = 0; i < d->groups.n; i++)
        if (d->groups.items[i].auto_revert)
            return true;
    return false;
}

/* The newest stable version below the deployment's, or NULL. */
static struct job *last_stable(struct store_txn *t, const struct deployment *d, struct arena *a)
{
    struct jobs versions;
    if (state_job_versions(t, d->namespace, d->job_id, a, &versions))
        return NULL;
    for (size_t i = 0; i < versions.n; i++)
        if (versions.items[i].stable && versions.items[i].version < d->job_version)
            return &versions.items[i];
    return NULL;
}

bool deployment_failure(struct store_txn *t, const struct deployment *d, const char *why,
                        int64_t now_ns, struct arena *a, struct cmd_deployment_status *out)
{
    struct job current;
    *out = (struct cmd_deployment_status){.id = d->id, .now_ns = now_ns};
    out->status = arena_strdup(a, "failed");
    out->verb = arena_strdup(a, "fail");
    out->description = arena_strdup(a, why);
    if (state_job(t, d->namespace, d->job_id, a, &current))
        return false;
    out->eval = ARENA_NEW(a, struct evaluation);
    evaluation_init(out->eval, a, &current, "deployment-watcher", now_ns);
    out->eval->deployment_id = d->id;
    if (!any_auto_revert(d))
        return true;
    struct job *stable = last_stable(t, d, a);
    if (!stable) {
        out->description = arena_printf(a, "%s - no stable job version to auto revert to", why);
    } else if (job_spec_equal(stable, &current)) {
        out->description = arena_printf(a,
                                        "%s - not rolling back to stable job version %d as current "
                                        "job has same specification",
                                        why, (int)stable->version);
    } else {
        out->description =
            arena_printf(a, "%s - rolling back to job version %d", why, (int)stable->version);
        out->job = stable;
    }
    return true;
}

static void fail(struct scheduler *s, struct store_txn *t, const struct deployment *d,
                 const char *why, struct arena *a)
{
    struct cmd_deployment_status c;
    deployment_failure(t, d, why, clock_wall_ns(), a, &c);
    log_info("scheduler", "deployment %.8s of job %s: %s -> failed (%s)", d->id, d->job_id,
             d->status, c.description);
    store_propose_rec(s->store, s->loop, CMD_DEPLOYMENT_STATUS, &cmd_deployment_status_desc, &c,
                      NULL, NULL);
}

/* --- judging --------------------------------------------------------------------------------- */

static bool is_healthy(struct store_txn *t, const char *alloc_id, struct arena *a)
{
    struct allocation x;
    return !state_alloc(t, alloc_id, a, &x) && !alloc_is_terminal(&x) && x.deployment_status &&
           x.deployment_status->healthy == 1;
}

static bool may_promote_itself(struct store_txn *t, const struct deployment *d, struct arena *a)
{
    bool canaries = false;
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *s = &d->groups.items[i];
        if (!s->desired_canaries || s->promoted)
            continue;
        int64_t healthy = 0;
        for (size_t k = 0; k < s->placed_canaries.n; k++)
            healthy += is_healthy(t, s->placed_canaries.items[k], a);
        if (!s->auto_promote || healthy < s->desired_canaries)
            return false;
        canaries = true;
    }
    return canaries;
}

static void promote(struct scheduler *s, struct store_txn *t, const struct deployment *d,
                    struct arena *a)
{
    struct job j;
    struct evaluation e;
    struct cmd_deployment_promote c = {.id = d->id, .all = true, .now_ns = clock_wall_ns()};
    if (state_job(t, d->namespace, d->job_id, a, &j))
        return;
    evaluation_init(&e, a, &j, "deployment-watcher", c.now_ns);
    e.deployment_id = d->id;
    c.eval = &e;
    log_info("scheduler", "deployment %.8s of job %s: canaries promote themselves", d->id,
             d->job_id);
    store_propose_rec(s->store, s->loop, CMD_DEPLOYMENT_PROMOTE, &cmd_deployment_promote_desc, &c,
                      NULL, NULL);
}

/* Whether it still waits: for its canaries, or, when there are none to wait for, for all. */
static bool group_waits(const struct deployment_state *s)
{
    bool canaries = s->desired_canaries > 0 && !s->promoted;
    return s->healthy_allocs < (canaries ? s->desired_canaries : s->desired_total);
}

/* Returns when to look again, or INT64_MAX. */
static int64_t judge(struct scheduler *s, struct store_txn *t, const struct deployment *d,
                     int64_t now_ns, struct arena *a)
{
    int64_t next = INT64_MAX;
    if (str_eq(d->status, "paused"))
        return next;
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *g = &d->groups.items[i];
        if (!g->progress_deadline_ns && g->unhealthy_allocs > 0) {
            fail(s, t, d, "Failed due to unhealthy allocations", a);
            return next;
        }
        if (!group_waits(g) || !g->require_progress_by_ns)
            continue;
        if (g->require_progress_by_ns <= now_ns) {
            fail(s, t, d, "Failed due to progress deadline", a);
            return next;
        }
        next = g->require_progress_by_ns < next ? g->require_progress_by_ns : next;
    }
    if (may_promote_itself(t, d, a))
        promote(s, t, d, a);
    return next;
}

/* --- looking --------------------------------------------------------------------------------- */

static void on_time(uv_timer_t *timer);

static void look(struct scheduler *s)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct deployments open;
    int64_t now = clock_wall_ns(), soonest = INT64_MAX;
    if (s->closing || store_read(s->store, &t, NULL))
        return;
    if (!state_open_deployments(t, &a, &open))
        for (size_t i = 0; i < open.n; i++) {
            int64_t next = judge(s, t, &open.items[i], now, &a);
            soonest = next < soonest ? next : soonest;
        }
    store_read_end(&t);
    arena_fini(&a);
    s->deployments_changed = false;
    if (soonest != INT64_MAX)
        uv_timer_start(&s->deployment_timer, on_time, (uint64_t)((soonest - now) / NS_PER_MS + 1),
                       0);
}

static void on_time(uv_timer_t *timer)
{
    look(timer->data);
}

static void on_change(void *arg, log_index index)
{
    struct scheduler *s = arg;
    if (s->deployments_changed || s->closing)
        return;
    s->deployments_changed = true;
    uv_timer_start(&s->deployment_timer, on_time, LOOK_AFTER_MS, 0);
}

void watcher_start(struct scheduler *s)
{
    uv_timer_init(&s->loop->uv, &s->deployment_timer);
    s->deployment_timer.data = s;
    s->watch_deployments = store_watch_add(s->store, s->loop, STORE_WATCH_TABLE, &table_deployments,
                                           NULL, 0, on_change, s);
    look(s);
}

void watcher_stop(struct scheduler *s)
{
    store_watch_remove(&s->watch_deployments);
}
