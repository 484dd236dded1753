/* Jobs and evaluations: their apply functions. */
#include "agent/base/str.h"
#include "scheduler/apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSIONS_KEPT 6

static void be64(char out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(v >> (56 - 8 * i));
}

size_t job_version_key(char *out, const char *ns, const char *id, uint64_t version)
{
    size_t n = state_job_key(out, ns, id);
    out[n++] = '\0';
    be64(out + n, version);
    return n + 8;
}

/* --- counts and status ----------------------------------------------------------------------- */

/* The peer's rule: any live allocation is running; else an open evaluation is pending; else dead if
 * there ever was either, pending if not. Periodic and parameterized parents and
 * system jobs run until stopped. */
static const char *status_of(const struct job *j, const struct job_counts *c)
{
    if (j->periodic || (j->parameterized && !j->dispatched) || str_eq(j->type, "system"))
        return j->stop ? "dead" : "running";
    if (c->live_allocs > 0)
        return "running";
    if (c->open_evals > 0)
        return "pending";
    return c->allocs > 0 || c->evals > 0 ? "dead" : "pending";
}

void job_status_refresh(struct store_txn *t, log_index index, const char *ns, const char *id)
{
    struct arena a = ARENA_INIT;
    struct job j;
    struct job_counts c;
    char key[STATE_KEY_MAX];
    state_job_counts(t, ns, id, &c);
    if (!state_job(t, ns, id, &a, &j) && !str_eq(j.status, status_of(&j, &c))) {
        j.status = arena_strdup(&a, status_of(&j, &c));
        j.modify_index = index;
        store_put_rec(t, &table_jobs, key, state_job_key(key, ns, id), &job_desc, &j);
    }
    arena_fini(&a);
}

void counts_change(struct store_txn *t, log_index index, const char *ns, const char *id,
                   int64_t live_allocs, int64_t allocs, int64_t open_evals, int64_t evals)
{
    struct job_counts c;
    char key[STATE_KEY_MAX];
    size_t n = state_job_key(key, ns, id);
    state_job_counts(t, ns, id, &c);
    c.live_allocs += live_allocs;
    c.allocs += allocs;
    c.open_evals += open_evals;
    c.evals += evals;
    struct buf b = BUF_INIT;
    rec_pack(&job_counts_desc, &c, &b);
    store_put_quiet(t, &table_job_counts, key, n, b.data, b.len);
    buf_fini(&b);
    job_status_refresh(t, index, ns, id);
}

/* --- evaluations ----------------------------------------------------------------------------- */

bool eval_is_open(const struct evaluation *e)
{
    return str_eq(e->status, "pending") || str_eq(e->status, "blocked");
}

size_t eval_job_key(char *out, const struct evaluation *e)
{
    size_t n = state_job_key(out, e->namespace, e->job_id);
    out[n++] = '\0';
    be64(out + n, e->create_index);
    memcpy(out + n + 8, e->id, strlen(e->id));
    return n + 8 + strlen(e->id);
}

void eval_put(struct store_txn *t, log_index index, struct evaluation *e)
{
    struct arena a = ARENA_INIT;
    struct evaluation old;
    char key[STATE_KEY_MAX + 64];
    bool known = !state_eval(t, e->id, &a, &old);
    e->create_index = known ? old.create_index : index;
    e->modify_index = index;
    if (!e->create_time_ns)
        e->create_time_ns = known ? old.create_time_ns : e->modify_time_ns;
    store_put_rec(t, &table_evals, e->id, strlen(e->id), &evaluation_desc, e);
    if (!known)
        store_put_quiet(t, &table_evals_by_job, key, eval_job_key(key, e), e->id, strlen(e->id));
    open_eval_write(t, e);
    size_t n = state_watch_key(key, "job", e->namespace, e->job_id);
    store_touch(t, &table_evals, key, n);
    int64_t open = (int64_t)eval_is_open(e) - (known && eval_is_open(&old));
    counts_change(t, index, e->namespace, e->job_id, 0, 0, open, !known);
    arena_fini(&a);
}

int apply_evals(struct store_txn *t, log_index index, const void *payload, size_t len,
                struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_evals c;
    int rv = rec_unpack(&cmd_evals_desc, payload, len, &a, &c, NULL);
    for (size_t i = 0; !rv && i < c.evals.n; i++)
        eval_put(t, index, &c.evals.items[i]);
    arena_fini(&a);
    return rv;
}

/* --- jobs ------------------------------------------------------------------------------------ */

static bool index_is_enforced(const struct cmd_job_register *c, bool known, const struct job *old,
                              struct store_result *r)
{
    if (!c->enforce_index || (known ? old->job_modify_index : 0) == c->job_modify_index)
        return true;
    r->code = ERR_CONFLICT;
    if (!known)
        snprintf(r->text, sizeof(r->text),
                 "Enforcing job modify index %" PRIu64 ": job does not exist", c->job_modify_index);
    else if (!c->job_modify_index)
        snprintf(r->text, sizeof(r->text), "Enforcing job modify index 0: job already exists");
    else
        snprintf(r->text, sizeof(r->text),
                 "Enforcing job modify index %" PRIu64
                 ": job exists with conflicting job modify index: %" PRIu64,
                 c->job_modify_index, old->job_modify_index);
    return false;
}

static void prune_versions(struct store_txn *t, const struct job *j)
{
    char key[STATE_KEY_MAX + 16];
    if (j->version < VERSIONS_KEPT)
        return;
    /* an older version stays while a live allocation still runs it */
    struct arena a = ARENA_INIT;
    struct allocations allocs;
    uint64_t version = j->version - VERSIONS_KEPT;
    bool used = false;
    state_job_allocs(t, j->namespace, j->id, &a, &allocs);
    for (size_t i = 0; i < allocs.n; i++)
        used |= allocs.items[i].job_version == version && !alloc_is_terminal(&allocs.items[i]);
    if (!used)
        store_del_quiet(t, &table_job_versions, key,
                        job_version_key(key, j->namespace, j->id, version));
    arena_fini(&a);
}

/* The table of those that are to be launched is kept in step. */
static void periodic_put(struct store_txn *t, const struct job *j, int64_t last_launch_s)
{
    char key[STATE_KEY_MAX];
    size_t n = state_job_key(key, j->namespace, j->id);
    struct periodic_row row = {last_launch_s};
    if (j->periodic && j->periodic->enabled != 0 && !j->stop)
        store_put_rec(t, &table_periodic, key, n, &periodic_row_desc, &row);
    else
        store_del(t, &table_periodic, key, n);
}

static void job_put(struct store_txn *t, const struct job *j)
{
    char key[STATE_KEY_MAX + 16];
    periodic_put(t, j, j->submit_time_ns / INT64_C(1000000000));
    store_put_rec(t, &table_jobs, key, state_job_key(key, j->namespace, j->id), &job_desc, j);
    struct buf b = BUF_INIT;
    rec_pack(&job_desc, j, &b);
    store_put_quiet(t, &table_job_versions, key,
                    job_version_key(key, j->namespace, j->id, j->version), b.data, b.len);
    buf_fini(&b);
}

uint64_t job_upsert(struct store_txn *t, log_index index, struct arena *a, struct job *j)
{
    struct job old;
    struct job_counts counts;
    bool known = !state_job(t, j->namespace, j->id, a, &old);
    if (known && !old.stop && job_spec_equal(&old, j))
        return old.job_modify_index;
    j->version = known ? old.version + 1 : 0;
    j->create_index = known ? old.create_index : index;
    j->modify_index = j->job_modify_index = index;
    j->stable = false;
    j->stop = false;
    state_job_counts(t, j->namespace, j->id, &counts);
    j->status = arena_strdup(a, status_of(j, &counts));
    job_put(t, j);
    prune_versions(t, j);
    return index;
}

int apply_job_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                       struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_job_register c;
    struct job old;
    int rv = rec_unpack(&cmd_job_register_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    bool known = !state_job(t, c.job.namespace, c.job.id, &a, &old);
    if (!index_is_enforced(&c, known, &old, r))
        goto out;
    r->number = job_upsert(t, index, &a, &c.job); /* an evaluation also when nothing changed */
    if (c.eval) {
        c.eval->job_modify_index = r->number;
        eval_put(t, index, c.eval);
    }
out:
    arena_fini(&a);
    return rv;
}

/* Purging removes the job and its versions; its allocations and evaluations go with the
 * collector. */
void job_purge(struct store_txn *t, const char *ns, const char *id)
{
    char key[STATE_KEY_MAX + 16];
    size_t n = state_job_key(key, ns, id);
    store_del(t, &table_jobs, key, n);
    store_del(t, &table_periodic, key, n);
    key[n++] = '\0';
    for (;;) {
        struct store_cursor c;
        char found[STATE_KEY_MAX + 16];
        store_scan(t, &table_job_versions, key, n, &c);
        bool more = store_cursor_valid(&c) && c.key.len <= sizeof(found);
        size_t flen = more ? c.key.len : 0;
        if (more)
            memcpy(found, c.key.data, flen);
        store_cursor_close(&c);
        if (!more)
            return;
        store_del_quiet(t, &table_job_versions, found, flen);
    }
}

int apply_job_deregister(struct store_txn *t, log_index index, const void *payload, size_t len,
                         struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_job_deregister c;
    struct job j;
    int rv = rec_unpack(&cmd_job_deregister_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    r->number = index;
    bool known = !state_job(t, c.namespace, c.id, &a, &j);
    if (known && !c.purge && !j.stop) {
        j.stop = true;
        j.version++;
        j.modify_index = j.job_modify_index = index;
        job_put(t, &j);
    }
    if (known && c.purge)
        job_purge(t, c.namespace, c.id);
    if (c.eval) {
        c.eval->job_modify_index = index;
        eval_put(t, index, c.eval);
    }
    if (known)
        job_status_refresh(t, index, c.namespace, c.id);
out:
    arena_fini(&a);
    return rv;
}

int apply_periodic_launch(struct store_txn *t, log_index index, const void *payload, size_t len,
                          struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_periodic_launch c;
    struct job j;
    int rv = rec_unpack(&cmd_periodic_launch_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    if (state_job(t, c.namespace, c.id, &a, &j) || !j.periodic || j.stop) {
        r->code = ERR_NOT_FOUND;
        snprintf(r->text, sizeof(r->text), "job not found");
        goto out;
    }
    if (c.launch_s)
        periodic_put(t, &j, c.launch_s);
    if (c.job)
        r->number = job_upsert(t, index, &a, c.job);
    if (c.eval) {
        c.eval->job_modify_index = r->number;
        eval_put(t, index, c.eval);
    }
out:
    arena_fini(&a);
    return rv;
}
