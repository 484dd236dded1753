/* Deployments: their counts, their ends, and what people decide about them. */
#include "agent/base/str.h"
#include "scheduler/apply.h"

#include <stdio.h>
#include <string.h>

static bool is_open(const struct deployment *d)
{
    return str_eq(d->status, "running") || str_eq(d->status, "paused");
}

size_t deployment_job_key(char *out, const struct deployment *d)
{
    size_t n = state_job_key(out, d->namespace, d->job_id);
    out[n++] = '\0';
    alloc_seq(out + n, d->create_index, 0);
    return n + 8;
}

void deployment_put(struct store_txn *t, log_index index, struct deployment *d, bool is_new)
{
    char key[STATE_KEY_MAX + 32];
    d->modify_index = index;
    if (is_new)
        d->create_index = index;
    store_put_rec(t, &table_deployments, d->id, strlen(d->id), &deployment_desc, d);
    store_put_quiet(t, &table_deployments_by_job, key, deployment_job_key(key, d), d->id,
                    strlen(d->id));
    if (is_open(d))
        store_put_quiet(t, &table_deployments_open, d->id, strlen(d->id), "", 0);
    else
        store_del_quiet(t, &table_deployments_open, d->id, strlen(d->id));
    store_touch(t, &table_deployments, key, state_watch_key(key, "job", d->namespace, d->job_id));
}

/* The newest finished version of a job is marked as one to go back to. */
static void mark_stable(struct store_txn *t, log_index index, const struct deployment *d)
{
    struct arena a = ARENA_INIT;
    struct job j;
    char key[STATE_KEY_MAX + 16];
    struct buf b = BUF_INIT;
    if (!state_job_version(t, d->namespace, d->job_id, d->job_version, &a, &j) && !j.stable) {
        j.stable = true;
        rec_pack(&job_desc, &j, &b);
        store_put_quiet(t, &table_job_versions, key,
                        job_version_key(key, d->namespace, d->job_id, d->job_version), b.data,
                        b.len);
    }
    if (!state_job(t, d->namespace, d->job_id, &a, &j) && j.version == d->job_version &&
        !j.stable) {
        j.stable = true;
        j.modify_index = index;
        store_put_rec(t, &table_jobs, key, state_job_key(key, d->namespace, d->job_id), &job_desc,
                      &j);
    }
    buf_fini(&b);
    arena_fini(&a);
}

void deployment_status(struct store_txn *t, log_index index, const struct deployment *change)
{
    struct arena a = ARENA_INIT;
    struct deployment d;
    if (!state_deployment(t, change->id, &a, &d)) {
        d.status = change->status;
        d.status_description = change->status_description;
        deployment_put(t, index, &d, false);
        if (str_eq(d.status, "successful"))
            mark_stable(t, index, &d);
    }
    arena_fini(&a);
}

/* Counts a placement, or a change of an allocation's health, in its deployment. */
void deployment_count(struct store_txn *t, log_index index, const struct allocation *x,
                      int64_t placed, int64_t healthy, int64_t unhealthy, int64_t now_ns)
{
    struct arena a = ARENA_INIT;
    struct deployment d;
    if (!str_is_empty(x->deployment_id) && !state_deployment(t, x->deployment_id, &a, &d)) {
        struct deployment_state *s =
            rec_map_find(&d.groups, sizeof(struct deployment_state), x->task_group);
        if (s) {
            s->placed_allocs += placed;
            if (placed && x->deployment_status && x->deployment_status->canary)
                rec_strs_add(&s->placed_canaries, &a, x->id);
            s->healthy_allocs += healthy;
            s->unhealthy_allocs += unhealthy;
            if (s->progress_deadline_ns > 0 &&
                (healthy > 0 || (placed && !s->require_progress_by_ns)))
                s->require_progress_by_ns = now_ns + s->progress_deadline_ns;
            deployment_put(t, index, &d, false);
        }
    }
    arena_fini(&a);
}

/* --- decisions ------------------------------------------------------------------------------- */

/* The deployment, still open; else the refusal in the peer's words. */
static bool open_deployment(struct store_txn *t, const char *id, const char *verb, struct arena *a,
                            struct deployment *d, struct store_result *r)
{
    if (state_deployment(t, id, a, d)) {
        r->code = ERR_NOT_FOUND;
        snprintf(r->text, sizeof(r->text), "deployment not found");
        return false;
    }
    if (is_open(d))
        return true;
    r->code = ERR_CONFLICT;
    snprintf(r->text, sizeof(r->text), "can't %s terminal deployment", verb);
    return false;
}

/* While it is paused its time does not run. */
static void restart_deadlines(struct deployment *d, bool paused, int64_t now_ns)
{
    for (size_t i = 0; i < d->groups.n; i++)
        if (d->groups.items[i].progress_deadline_ns > 0)
            d->groups.items[i].require_progress_by_ns =
                paused ? 0 : now_ns + d->groups.items[i].progress_deadline_ns;
}

int apply_deployment_status(struct store_txn *t, log_index index, const void *payload, size_t len,
                            struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_deployment_status c;
    struct deployment d;
    int rv = rec_unpack(&cmd_deployment_status_desc, payload, len, &a, &c, NULL);
    if (rv || !open_deployment(t, c.id, c.verb, &a, &d, r))
        goto out;
    bool pauses = str_eq(c.status, "paused");
    if (pauses || str_eq(d.status, "paused"))
        restart_deadlines(&d, pauses, c.now_ns);
    d.status = c.status;
    d.status_description = c.description;
    deployment_put(t, index, &d, false);
    if (c.job)
        job_upsert(t, index, &a, c.job);
    if (c.eval)
        eval_put(t, index, c.eval);
    r->number = index;
out:
    arena_fini(&a);
    return rv;
}

static int64_t healthy_canaries(struct store_txn *t, const struct deployment_state *s,
                                struct arena *a)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->placed_canaries.n; i++) {
        struct allocation x;
        n += !state_alloc(t, s->placed_canaries.items[i], a, &x) && !alloc_is_terminal(&x) &&
             x.deployment_status && x.deployment_status->healthy == 1;
    }
    return n;
}

static bool is_chosen(const struct cmd_deployment_promote *c, const struct deployment_state *s)
{
    return s->desired_canaries > 0 && !s->promoted && (c->all || rec_strs_has(&c->groups, s->key));
}

static bool may_promote(struct store_txn *t, const struct cmd_deployment_promote *c,
                        const struct deployment *d, struct arena *a, struct store_result *r)
{
    struct job_mistakes m = {.arena = a};
    size_t chosen = 0;
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *s = &d->groups.items[i];
        if (!is_chosen(c, s))
            continue;
        chosen++;
        int64_t healthy = healthy_canaries(t, s, a);
        if (healthy < s->desired_canaries)
            job_mistake_add(&m, "Task group \"%s\" has %d/%d healthy allocations", s->key,
                            (int)healthy, (int)s->desired_canaries);
    }
    if (chosen && !m.n)
        return true;
    r->code = ERR_CONFLICT;
    struct buf b = BUF_INIT;
    if (m.n)
        job_mistakes_write(&m, &b);
    snprintf(r->text, sizeof(r->text), "%s", m.n ? buf_str(&b) : "no canaries to promote");
    buf_fini(&b);
    return false;
}

/* Promoted canaries are instances like any other. */
static void unmark_canaries(struct store_txn *t, log_index index, const struct deployment_state *s)
{
    for (size_t i = 0; i < s->placed_canaries.n; i++) {
        struct arena a = ARENA_INIT;
        struct allocation x;
        if (!state_alloc(t, s->placed_canaries.items[i], &a, &x) && x.deployment_status) {
            x.deployment_status->canary = false;
            alloc_update(t, index, &x, !alloc_is_terminal(&x), true);
        }
        arena_fini(&a);
    }
}

int apply_deployment_promote(struct store_txn *t, log_index index, const void *payload, size_t len,
                             struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_deployment_promote c;
    struct deployment d;
    bool waiting = false;
    int rv = rec_unpack(&cmd_deployment_promote_desc, payload, len, &a, &c, NULL);
    if (rv || !open_deployment(t, c.id, "promote", &a, &d, r) || !may_promote(t, &c, &d, &a, r))
        goto out;
    for (size_t i = 0; i < d.groups.n; i++) {
        struct deployment_state *s = &d.groups.items[i];
        if (is_chosen(&c, s)) {
            unmark_canaries(t, index, s);
            s->promoted = true;
        }
        waiting |= s->desired_canaries > 0 && !s->promoted;
    }
    if (!waiting)
        d.status_description = arena_strdup(&a, "Deployment is running");
    deployment_put(t, index, &d, false);
    if (c.eval)
        eval_put(t, index, c.eval);
    r->number = index;
out:
    arena_fini(&a);
    return rv;
}
