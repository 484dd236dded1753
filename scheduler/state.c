/* Tables, payload descriptors and readers of the cluster's state. */
#include "scheduler/state.h"
#include "agent/base/str.h"
#include "scheduler/apply.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <string.h>

const struct store_table table_jobs = {64, "sched.jobs"};
const struct store_table table_job_versions = {65, "sched.job_versions"};
const struct store_table table_job_counts = {66, "sched.job_counts"};
const struct store_table table_nodes = {67, "sched.nodes"};
const struct store_table table_usage = {68, "sched.usage"};
const struct store_table table_evals = {69, "sched.evals"};
const struct store_table table_evals_by_job = {70, "sched.evals_by_job"};
const struct store_table table_evals_open = {77, "sched.evals_open"};
const struct store_table table_allocs = {71, "sched.allocs"};
const struct store_table table_allocs_by_id = {72, "sched.allocs_by_id"};
const struct store_table table_allocs_by_job = {73, "sched.allocs_by_job"};
const struct store_table table_allocs_by_node = {74, "sched.allocs_by_node"};
const struct store_table table_deployments = {75, "sched.deployments"};
const struct store_table table_deployments_by_job = {76, "sched.deployments_by_job"};
const struct store_table table_deployments_open = {78, "sched.deployments_open"};
const struct store_table table_periodic = {79, "sched.periodic"};

static const struct store_table *const tables[] = {&table_jobs,
                                                   &table_job_versions,
                                                   &table_job_counts,
                                                   &table_nodes,
                                                   &table_usage,
                                                   &table_evals,
                                                   &table_evals_by_job,
                                                   &table_allocs,
                                                   &table_allocs_by_id,
                                                   &table_allocs_by_job,
                                                   &table_allocs_by_node,
                                                   &table_deployments,
                                                   &table_deployments_by_job,
                                                   &table_evals_open,
                                                   &table_deployments_open,
                                                   &table_periodic};

static const struct store_command commands[] = {
    {CMD_JOB_REGISTER, "job-register", apply_job_register},
    {CMD_JOB_DEREGISTER, "job-deregister", apply_job_deregister},
    {CMD_NODE_REGISTER, "node-register", apply_node_register},
    {CMD_NODE_STATUS, "node-status", apply_node_status},
    {CMD_EVALS, "evaluations", apply_evals},
    {CMD_PLAN, "plan", apply_plan},
    {CMD_ALLOC_UPDATES, "allocation-updates", apply_alloc_updates},
    {CMD_ALLOC_STOP, "allocation-stop", apply_alloc_stop},
    {CMD_ALLOC_TRANSITIONS, "allocation-transitions", apply_alloc_transitions},
    {CMD_DEPLOYMENT_STATUS, "deployment-status", apply_deployment_status},
    {CMD_DEPLOYMENT_PROMOTE, "deployment-promote", apply_deployment_promote},
    {CMD_NODE_SCHEDULING, "node-scheduling", apply_node_scheduling},
    {CMD_REAP, "reap", apply_reap},
    {CMD_PERIODIC_LAUNCH, "periodic-launch", apply_periodic_launch},
};

const struct store_module scheduler_store_module = {"scheduler", tables,
                                                    sizeof(tables) / sizeof(tables[0]), commands,
                                                    sizeof(commands) / sizeof(commands[0])};

/* --- payload descriptors --------------------------------------------------------------------- */

static const struct rec_field job_register_fields[] = {
    REC_OF(struct cmd_job_register, job, "Job", REC_STRUCT, 0, &job_desc),
    REC_OF(struct cmd_job_register, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_job_register, enforce_index, "EnforceIndex", REC_BOOL, 0),
    REC(struct cmd_job_register, job_modify_index, "JobModifyIndex", REC_UINT, 0),
};
const struct rec_desc cmd_job_register_desc =
    REC_DESC("job-register", struct cmd_job_register, job_register_fields);
static const struct rec_field job_deregister_fields[] = {
    REC(struct cmd_job_deregister, namespace, "Namespace", REC_STR, 0),
    REC(struct cmd_job_deregister, id, "ID", REC_STR, 0),
    REC(struct cmd_job_deregister, purge, "Purge", REC_BOOL, 0),
    REC_OF(struct cmd_job_deregister, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_job_deregister, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_job_deregister_desc =
    REC_DESC("job-deregister", struct cmd_job_deregister, job_deregister_fields);
static const struct rec_field node_status_fields[] = {
    REC(struct cmd_node_status, node_id, "NodeID", REC_STR, 0),
    REC(struct cmd_node_status, status, "Status", REC_STR, 0),
    REC(struct cmd_node_status, now_ns, "Now", REC_INT, 0),
    REC_OF(struct cmd_node_status, evals, "Evals", REC_LIST, 0, &evaluation_desc),
};
const struct rec_desc cmd_node_status_desc =
    REC_DESC("node-status", struct cmd_node_status, node_status_fields);
static const struct rec_field evals_fields[] = {
    REC_OF(struct cmd_evals, evals, "Evals", REC_LIST, 0, &evaluation_desc)};
const struct rec_desc cmd_evals_desc = REC_DESC("evaluations", struct cmd_evals, evals_fields);
static const struct rec_field plan_fields[] = {
    REC_OF(struct cmd_plan, evals, "Evals", REC_LIST, 0, &evaluation_desc),
    REC_OF(struct cmd_plan, stops, "Stops", REC_LIST, 0, &allocation_desc),
    REC_OF(struct cmd_plan, places, "Places", REC_LIST, 0, &allocation_desc),
    REC_OF(struct cmd_plan, deployment, "Deployment", REC_PTR, 0, &deployment_desc),
    REC_OF(struct cmd_plan, deployment_updates, "DeploymentUpdates", REC_LIST, 0, &deployment_desc),
    REC(struct cmd_plan, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_plan_desc = REC_DESC("plan", struct cmd_plan, plan_fields);
static const struct rec_field alloc_updates_fields[] = {
    REC_OF(struct cmd_alloc_updates, allocs, "Allocs", REC_LIST, 0, &allocation_desc),
    REC_OF(struct cmd_alloc_updates, evals, "Evals", REC_LIST, 0, &evaluation_desc),
    REC(struct cmd_alloc_updates, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_alloc_updates_desc =
    REC_DESC("allocation-updates", struct cmd_alloc_updates, alloc_updates_fields);
static const struct rec_field alloc_stop_fields[] = {
    REC(struct cmd_alloc_stop, alloc_id, "AllocID", REC_STR, 0),
    REC_OF(struct cmd_alloc_stop, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_alloc_stop, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_alloc_stop_desc =
    REC_DESC("allocation-stop", struct cmd_alloc_stop, alloc_stop_fields);

static const struct rec_field deployment_status_fields[] = {
    REC(struct cmd_deployment_status, id, "ID", REC_STR, 0),
    REC(struct cmd_deployment_status, status, "Status", REC_STR, 0),
    REC(struct cmd_deployment_status, description, "Description", REC_STR, 0),
    REC(struct cmd_deployment_status, verb, "Verb", REC_STR, 0),
    REC_OF(struct cmd_deployment_status, job, "Job", REC_PTR, 0, &job_desc),
    REC_OF(struct cmd_deployment_status, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_deployment_status, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_deployment_status_desc =
    REC_DESC("deployment-status", struct cmd_deployment_status, deployment_status_fields);
static const struct rec_field deployment_promote_fields[] = {
    REC(struct cmd_deployment_promote, id, "ID", REC_STR, 0),
    REC(struct cmd_deployment_promote, all, "All", REC_BOOL, 0),
    REC_OF(struct cmd_deployment_promote, groups, "Groups", REC_LIST, 0, &rec_str),
    REC_OF(struct cmd_deployment_promote, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_deployment_promote, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_deployment_promote_desc =
    REC_DESC("deployment-promote", struct cmd_deployment_promote, deployment_promote_fields);

static const struct rec_field node_scheduling_fields[] = {
    REC(struct cmd_node_scheduling, node_id, "NodeID", REC_STR, 0),
    REC(struct cmd_node_scheduling, eligibility, "Eligibility", REC_STR, 0),
    REC(struct cmd_node_scheduling, strategy, "DrainStrategy", REC_RAW, 0),
    REC(struct cmd_node_scheduling, mark_eligible, "MarkEligible", REC_BOOL, 0),
    REC(struct cmd_node_scheduling, complete, "Complete", REC_BOOL, 0),
    REC_OF(struct cmd_node_scheduling, evals, "Evals", REC_LIST, 0, &evaluation_desc),
    REC(struct cmd_node_scheduling, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_node_scheduling_desc =
    REC_DESC("node-scheduling", struct cmd_node_scheduling, node_scheduling_fields);
static const struct rec_field reaped_job_fields[] = {
    REC(struct reaped_job, namespace, "Namespace", REC_STR, 0),
    REC(struct reaped_job, id, "ID", REC_STR, 0),
};
static const struct rec_desc reaped_job_desc =
    REC_DESC("job", struct reaped_job, reaped_job_fields);
static const struct rec_field reap_fields[] = {
    REC_OF(struct cmd_reap, evals, "Evals", REC_LIST, 0, &rec_str),
    REC_OF(struct cmd_reap, allocs, "Allocs", REC_LIST, 0, &rec_str),
    REC_OF(struct cmd_reap, deployments, "Deployments", REC_LIST, 0, &rec_str),
    REC_OF(struct cmd_reap, nodes, "Nodes", REC_LIST, 0, &rec_str),
    REC_OF(struct cmd_reap, jobs, "Jobs", REC_LIST, 0, &reaped_job_desc),
};
const struct rec_desc cmd_reap_desc = REC_DESC("reap", struct cmd_reap, reap_fields);

static const struct rec_field periodic_launch_fields[] = {
    REC(struct cmd_periodic_launch, namespace, "Namespace", REC_STR, 0),
    REC(struct cmd_periodic_launch, id, "ID", REC_STR, 0),
    REC(struct cmd_periodic_launch, launch_s, "Launch", REC_INT, 0),
    REC_OF(struct cmd_periodic_launch, job, "Job", REC_PTR, 0, &job_desc),
    REC_OF(struct cmd_periodic_launch, eval, "Eval", REC_PTR, 0, &evaluation_desc),
    REC(struct cmd_periodic_launch, now_ns, "Now", REC_INT, 0),
};
const struct rec_desc cmd_periodic_launch_desc =
    REC_DESC("periodic-launch", struct cmd_periodic_launch, periodic_launch_fields);
static const struct rec_field periodic_row_fields[] = {
    REC(struct periodic_row, last_launch_s, "LastLaunch", REC_INT, 0)};
const struct rec_desc periodic_row_desc =
    REC_DESC("periodic", struct periodic_row, periodic_row_fields);

static const struct rec_field usage_fields[] = {
    REC(struct node_usage, cpu, "CPU", REC_INT, 0),
    REC(struct node_usage, memory_mb, "MemoryMB", REC_INT, 0),
    REC(struct node_usage, disk_mb, "DiskMB", REC_INT, 0),
    REC(struct node_usage, allocs, "Allocs", REC_INT, 0),
    REC(struct node_usage, ports, "Ports", REC_BYTES, 0),
};
const struct rec_desc node_usage_desc = REC_DESC("usage", struct node_usage, usage_fields);
static const struct rec_field counts_fields[] = {
    REC(struct job_counts, live_allocs, "LiveAllocs", REC_INT, 0),
    REC(struct job_counts, allocs, "Allocs", REC_INT, 0),
    REC(struct job_counts, open_evals, "OpenEvals", REC_INT, 0),
    REC(struct job_counts, evals, "Evals", REC_INT, 0),
};
const struct rec_desc job_counts_desc = REC_DESC("counts", struct job_counts, counts_fields);

/* --- keys ------------------------------------------------------------------------------------ */

size_t state_job_key(char out[STATE_KEY_MAX], const char *ns, const char *id)
{
    int n =
        snprintf(out, STATE_KEY_MAX, "%s%c%s", str_is_empty(ns) ? "default" : ns, 0, id ? id : "");
    return n < STATE_KEY_MAX ? (size_t)n : STATE_KEY_MAX - 1;
}

size_t state_watch_key(char out[STATE_KEY_MAX], const char *kind, const char *ns, const char *id)
{
    int n =
        ns ? snprintf(out, STATE_KEY_MAX, "%s/%s%c%s", kind, *ns ? ns : "default", 0, id ? id : "")
           : snprintf(out, STATE_KEY_MAX, "%s/%s", kind, id ? id : "");
    return n < STATE_KEY_MAX ? (size_t)n : STATE_KEY_MAX - 1;
}

/* --- readers --------------------------------------------------------------------------------- */

static int get_by_text(struct store_txn *t, const struct store_table *table, const char *id,
                       const struct rec_desc *d, struct arena *a, void *out)
{
    return store_get_rec(t, table, id, id ? strlen(id) : 0, d, a, out);
}

int state_job(struct store_txn *t, const char *ns, const char *id, struct arena *a, struct job *out)
{
    char key[STATE_KEY_MAX];
    return store_get_rec(t, &table_jobs, key, state_job_key(key, ns, id), &job_desc, a, out);
}

int state_job_version(struct store_txn *t, const char *ns, const char *id, uint64_t version,
                      struct arena *a, struct job *out)
{
    char key[STATE_KEY_MAX + 16];
    size_t n = job_version_key(key, ns, id, version);
    return store_get_rec(t, &table_job_versions, key, n, &job_desc, a, out);
}

int state_node(struct store_txn *t, const char *id, struct arena *a, struct node *out)
{
    return get_by_text(t, &table_nodes, id, &node_desc, a, out);
}

int state_eval(struct store_txn *t, const char *id, struct arena *a, struct evaluation *out)
{
    return get_by_text(t, &table_evals, id, &evaluation_desc, a, out);
}

int state_alloc(struct store_txn *t, const char *id, struct arena *a, struct allocation *out)
{
    struct store_val seq;
    if (!id || store_get(t, &table_allocs_by_id, id, strlen(id), &seq))
        return ERR_NOT_FOUND;
    return store_get_rec(t, &table_allocs, seq.data, seq.len, &allocation_desc, a, out);
}

int state_deployment(struct store_txn *t, const char *id, struct arena *a, struct deployment *out)
{
    return get_by_text(t, &table_deployments, id, &deployment_desc, a, out);
}

int state_job_counts(struct store_txn *t, const char *ns, const char *id, struct job_counts *out)
{
    char key[STATE_KEY_MAX];
    memset(out, 0, sizeof(*out));
    return store_get_rec(t, &table_job_counts, key, state_job_key(key, ns, id), &job_counts_desc,
                         NULL, out);
}

int state_usage(struct store_txn *t, const char *node_id, struct arena *a, struct node_usage *out)
{
    memset(out, 0, sizeof(*out));
    return get_by_text(t, &table_usage, node_id, &node_usage_desc, a, out);
}

/* Rows of an index table below a prefix, each value being the allocation's sequence. */
static int allocs_below(struct store_txn *t, const struct store_table *index, const char *prefix,
                        size_t plen, struct arena *a, struct allocations *out)
{
    struct store_cursor c;
    int rv = 0;
    *out = (struct allocations){NULL, 0};
    for (store_scan(t, index, prefix, plen, &c); store_cursor_valid(&c) && !rv; store_next(&c)) {
        struct allocation *x = rec_list_add(&allocation_desc, out, a);
        rv = store_get_rec(t, &table_allocs, c.val.data, c.val.len, &allocation_desc, a, x);
    }
    store_cursor_close(&c);
    return rv;
}

int state_job_allocs(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                     struct allocations *out)
{
    char key[STATE_KEY_MAX + 1];
    size_t n = state_job_key(key, ns, id);
    key[n++] = '\0';
    return allocs_below(t, &table_allocs_by_job, key, n, a, out);
}

int state_node_allocs(struct store_txn *t, const char *node_id, struct arena *a,
                      struct allocations *out)
{
    char key[STATE_KEY_MAX];
    size_t n = strnlen(node_id, sizeof(key) - 1);
    memcpy(key, node_id, n);
    key[n++] = '\0';
    return allocs_below(t, &table_allocs_by_node, key, n, a, out);
}

int state_job_evals(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                    struct evaluations *out)
{
    char key[STATE_KEY_MAX + 1];
    size_t n = state_job_key(key, ns, id);
    struct store_cursor c;
    int rv = 0;
    key[n++] = '\0';
    *out = (struct evaluations){NULL, 0};
    for (store_scan(t, &table_evals_by_job, key, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        struct evaluation *x = rec_list_add(&evaluation_desc, out, a);
        rv = store_get_rec(t, &table_evals, c.val.data, c.val.len, &evaluation_desc, a, x);
    }
    store_cursor_close(&c);
    return rv;
}

/* --- open evaluations ------------------------------------------------------------------------ */

#define UUID_LEN (sizeof(uuid_text) - 1)

struct open_row { /* the value of table_evals_open: our own bytes, never on another machine */
    int64_t wait_until_ns;
    uint64_t snapshot_index;
    uint8_t blocked;
};

bool open_eval_read(const struct store_val *key, const struct store_val *val, struct open_eval *out)
{
    struct open_row row;
    if (key->len < UUID_LEN + 1 || val->len != sizeof(row))
        return false;
    const char *k = key->data;
    out->job_key = k;
    out->job_key_len = key->len - UUID_LEN - 1;
    memcpy(out->id, k + key->len - UUID_LEN, UUID_LEN);
    out->id[UUID_LEN] = '\0';
    memcpy(&row, val->data, sizeof(row));
    out->blocked = row.blocked;
    out->wait_until_ns = row.wait_until_ns;
    out->snapshot_index = row.snapshot_index;
    return true;
}

void open_eval_write(struct store_txn *t, const struct evaluation *e)
{
    char key[STATE_KEY_MAX + 64];
    struct open_row row;
    size_t n = state_job_key(key, e->namespace, e->job_id);
    key[n++] = '\0';
    memcpy(key + n, e->id, strlen(e->id));
    n += strlen(e->id);
    memset(&row, 0, sizeof(row)); /* the padding too */
    row.wait_until_ns = e->wait_until_ns;
    row.snapshot_index = e->snapshot_index;
    row.blocked = str_eq(e->status, "blocked");
    if (row.blocked || str_eq(e->status, "pending"))
        store_put_quiet(t, &table_evals_open, key, n, &row, sizeof(row));
    else
        store_del_quiet(t, &table_evals_open, key, n);
}

static int open_evals(struct store_txn *t, const void *prefix, size_t len, struct arena *a,
                      struct evaluations *out)
{
    struct store_cursor c;
    int rv = 0;
    *out = (struct evaluations){NULL, 0};
    for (store_scan(t, &table_evals_open, prefix, len, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        struct open_eval o;
        struct evaluation *x = rec_list_add(&evaluation_desc, out, a);
        rv = open_eval_read(&c.key, &c.val, &o) ? state_eval(t, o.id, a, x) : ERR_CORRUPT;
    }
    store_cursor_close(&c);
    return rv;
}

int state_open_evals(struct store_txn *t, struct arena *a, struct evaluations *out)
{
    return open_evals(t, NULL, 0, a, out);
}

int state_job_open_evals(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                         struct evaluations *out)
{
    char key[STATE_KEY_MAX + 1];
    size_t n = state_job_key(key, ns, id);
    key[n++] = '\0';
    return open_evals(t, key, n, a, out);
}

int state_job_deployment(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                         struct deployment *out)
{
    char key[STATE_KEY_MAX + 1], newest[40] = "";
    size_t n = state_job_key(key, ns, id);
    struct store_cursor c;
    key[n++] = '\0';
    for (store_scan(t, &table_deployments_by_job, key, n, &c); store_cursor_valid(&c);
         store_next(&c))
        snprintf(newest, sizeof(newest), "%.*s", (int)c.val.len, (const char *)c.val.data);
    store_cursor_close(&c);
    return *newest ? state_deployment(t, newest, a, out) : ERR_NOT_FOUND;
}

int state_job_deployments(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                          struct deployments *out)
{
    char key[STATE_KEY_MAX + 1];
    size_t n = state_job_key(key, ns, id);
    struct store_cursor c;
    int rv = 0;
    key[n++] = '\0';
    *out = (struct deployments){NULL, 0};
    for (store_scan(t, &table_deployments_by_job, key, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c))
        rv = store_get_rec(t, &table_deployments, c.val.data, c.val.len, &deployment_desc, a,
                           rec_list_add(&deployment_desc, out, a));
    store_cursor_close(&c);
    return rv;
}

int state_open_deployments(struct store_txn *t, struct arena *a, struct deployments *out)
{
    struct store_cursor c;
    int rv = 0;
    *out = (struct deployments){NULL, 0};
    for (store_scan(t, &table_deployments_open, NULL, 0, &c); store_cursor_valid(&c) && !rv;
         store_next(&c))
        rv = store_get_rec(t, &table_deployments, c.key.data, c.key.len, &deployment_desc, a,
                           rec_list_add(&deployment_desc, out, a));
    store_cursor_close(&c);
    return rv;
}

int state_job_versions(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                       struct jobs *out)
{
    char key[STATE_KEY_MAX + 1];
    size_t n = state_job_key(key, ns, id);
    struct store_cursor c;
    int rv = 0;
    key[n++] = '\0';
    *out = (struct jobs){NULL, 0};
    for (store_scan(t, &table_job_versions, key, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        rec_list_add(&job_desc, out, a);
        memmove(out->items + 1, out->items, (out->n - 1) * sizeof(struct job));
        rv = rec_unpack(&job_desc, c.val.data, c.val.len, a, out->items, NULL);
    }
    store_cursor_close(&c);
    return rv;
}

/* --- what an allocation takes ---------------------------------------------------------------- */

struct usage allocation_usage(const struct allocation *a)
{
    struct usage u = {0, 0, a->resources.shared.disk_mb};
    for (size_t i = 0; i < a->resources.tasks.n; i++) {
        u.cpu += a->resources.tasks.items[i].cpu.cpu_shares;
        u.memory_mb += a->resources.tasks.items[i].memory.memory_mb;
    }
    return u;
}

static size_t network_ports(const struct networks *networks, uint16_t *ports, size_t n, size_t cap)
{
    for (size_t i = 0; i < networks->n; i++) {
        const struct ports *lists[] = {&networks->items[i].reserved_ports,
                                       &networks->items[i].dynamic_ports};
        for (int k = 0; k < 2; k++)
            for (size_t p = 0; p < lists[k]->n && n < cap; p++)
                ports[n++] = (uint16_t)lists[k]->items[p].value;
    }
    return n;
}

size_t allocation_ports(const struct allocation *a, uint16_t *ports, size_t cap)
{
    size_t n = network_ports(&a->resources.shared.networks, ports, 0, cap);
    for (size_t i = 0; i < a->resources.tasks.n; i++)
        n = network_ports(&a->resources.tasks.items[i].networks, ports, n, cap);
    return n;
}
