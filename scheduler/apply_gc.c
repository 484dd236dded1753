/* Collecting: what the collector found to be over is taken out, if it still is. */
#include "agent/base/str.h"
#include "scheduler/apply.h"

#include <string.h>

static void reap_alloc(struct store_txn *t, log_index index, const char *id)
{
    struct arena a = ARENA_INIT;
    struct allocation x;
    struct store_val seq;
    char key[STATE_KEY_MAX + 32];
    if (store_get(t, &table_allocs_by_id, id, strlen(id), &seq) || seq.len != 12 ||
        state_alloc(t, id, &a, &x) || !alloc_is_terminal(&x))
        goto out;
    char row[12];
    memcpy(row, seq.data, 12);
    store_del(t, &table_allocs, row, 12);
    store_del_quiet(t, &table_allocs_by_id, id, strlen(id));
    size_t n = state_job_key(key, x.namespace, x.job_id);
    key[n++] = '\0';
    memcpy(key + n, row, 12);
    store_del_quiet(t, &table_allocs_by_job, key, n + 12);
    n = strlen(x.node_id);
    memcpy(key, x.node_id, n + 1);
    memcpy(key + n + 1, row, 12);
    store_del_quiet(t, &table_allocs_by_node, key, n + 13);
    store_untouch(t, &table_allocs, id, strlen(id));
    store_touch(t, &table_allocs, key, state_watch_key(key, "job", x.namespace, x.job_id));
out:
    arena_fini(&a);
}

static void reap_eval(struct store_txn *t, log_index index, const char *id)
{
    struct arena a = ARENA_INIT;
    struct evaluation e;
    char key[STATE_KEY_MAX + 64];
    if (!state_eval(t, id, &a, &e) && !eval_is_open(&e)) {
        store_del(t, &table_evals, id, strlen(id));
        store_del_quiet(t, &table_evals_by_job, key, eval_job_key(key, &e));
    }
    arena_fini(&a);
}

static void reap_deployment(struct store_txn *t, const char *id)
{
    struct arena a = ARENA_INIT;
    struct deployment d;
    char key[STATE_KEY_MAX + 32];
    if (!state_deployment(t, id, &a, &d) && !str_eq(d.status, "running") &&
        !str_eq(d.status, "paused")) {
        store_del(t, &table_deployments, id, strlen(id));
        store_del_quiet(t, &table_deployments_by_job, key, deployment_job_key(key, &d));
    }
    arena_fini(&a);
}

static void reap_node(struct store_txn *t, const char *id)
{
    struct arena a = ARENA_INIT;
    struct node n;
    if (!state_node(t, id, &a, &n) && str_eq(n.status, "down")) {
        store_del(t, &table_nodes, id, strlen(id));
        store_del_quiet(t, &table_usage, id, strlen(id));
    }
    arena_fini(&a);
}

static void reap_job(struct store_txn *t, const struct reaped_job *r)
{
    struct arena a = ARENA_INIT;
    struct job j;
    struct job_counts counts;
    char key[STATE_KEY_MAX];
    bool known = !state_job(t, r->namespace, r->id, &a, &j);
    state_job_counts(t, r->namespace, r->id, &counts);
    if (known && str_eq(j.status, "dead") && !counts.live_allocs && !counts.open_evals)
        job_purge(t, r->namespace, r->id);
    if (known && !counts.live_allocs && !counts.open_evals)
        store_del_quiet(t, &table_job_counts, key, state_job_key(key, r->namespace, r->id));
    arena_fini(&a);
}

int apply_reap(struct store_txn *t, log_index index, const void *payload, size_t len,
               struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct cmd_reap c;
    int rv = rec_unpack(&cmd_reap_desc, payload, len, &a, &c, NULL);
    for (size_t i = 0; !rv && i < c.allocs.n; i++)
        reap_alloc(t, index, c.allocs.items[i]);
    for (size_t i = 0; !rv && i < c.evals.n; i++)
        reap_eval(t, index, c.evals.items[i]);
    for (size_t i = 0; !rv && i < c.deployments.n; i++)
        reap_deployment(t, c.deployments.items[i]);
    for (size_t i = 0; !rv && i < c.nodes.n; i++)
        reap_node(t, c.nodes.items[i]);
    for (size_t i = 0; !rv && i < c.jobs.n; i++)
        reap_job(t, &c.jobs.items[i]);
    arena_fini(&a);
    return rv;
}
