/* The cluster's state: tables, commands and their apply functions, and readers. Private to
 * scheduler/.
 *
 * Keys: jobs "ns\0id"; allocations by a sequence (create index, position) so that bulk inserts
 * append, with the UUID, the job and the node as indexes. Two derived rows are kept in step with
 * the allocations by the same transaction: a node's usage and a job's counts.
 *
 * Watch keys (store_touch): table_allocs "node/<id>" when the servers change what a node shall run,
 * "job/<ns>\0<id>" on any change of a job's allocations, "<uuid>" on any change of one; table_evals
 * "job/..." and "<uuid>"; table_usage "freed" when a node got room; table_deployments "job/..."
 * and "<uuid>". */
#ifndef SCHEDULER_STATE_H
#define SCHEDULER_STATE_H

#include "agent/base/id.h"
#include "agent/store/store.h"
#include "jobs/cluster.h"

extern const struct store_table table_jobs, table_job_versions, table_job_counts, table_nodes,
    table_usage, table_evals, table_evals_by_job,
    table_evals_open, table_allocs, table_allocs_by_id,
    table_allocs_by_job, table_allocs_by_node, table_deployments, table_deployments_by_job,
    table_deployments_open, table_periodic;

enum scheduler_command {
    CMD_JOB_REGISTER = 0x200,
    CMD_JOB_DEREGISTER,
    CMD_NODE_REGISTER,
    CMD_NODE_STATUS,
    CMD_EVALS,
    CMD_PLAN,
    CMD_ALLOC_UPDATES,
    CMD_ALLOC_STOP,
    CMD_ALLOC_TRANSITIONS, /* cmd_alloc_updates: id and desired transition */
    CMD_DEPLOYMENT_STATUS,
    CMD_DEPLOYMENT_PROMOTE,
    CMD_NODE_SCHEDULING,
    CMD_REAP,
    CMD_PERIODIC_LAUNCH
};

/* --- command payloads ------------------------------------------------------------------------ */

struct evaluations REC_LIST_BODY(struct evaluation);
struct allocations REC_LIST_BODY(struct allocation);
struct jobs REC_LIST_BODY(struct job);
struct deployments REC_LIST_BODY(struct deployment);

struct cmd_job_register {
    struct job job;
    struct evaluation *eval;
    bool enforce_index;
    uint64_t job_modify_index; /* with enforce_index: what the job's must be now, 0 = no such job */
};
struct cmd_job_deregister {
    char *namespace, *id;
    bool purge;
    struct evaluation *eval;
    int64_t now_ns;
};
struct cmd_node_status {
    char *node_id, *status;
    int64_t now_ns;
    struct evaluations evals;
};
struct cmd_evals {
    struct evaluations evals;
};
/* A stop carries only id, desired status and description, client status (lost) when it changes. */
struct cmd_plan {
    struct evaluations evals; /* the processed one as it ends, and those it made */
    struct allocations stops, places;
    struct deployment *deployment; /* new */
    struct {
        struct deployment *items;
        size_t n;
    } deployment_updates; /* id, status, description */
    int64_t now_ns;
};
struct cmd_alloc_updates {
    struct allocations allocs; /* id, client fields, task states, deployment status */
    struct evaluations evals;
    int64_t now_ns;
};
struct cmd_alloc_stop {
    char *alloc_id;
    struct evaluation *eval;
    int64_t now_ns;
};
struct cmd_deployment_status { /* of an open one only */
    char *id, *status, *description;
    char *verb;      /* for the refusal: "fail" "pause" "resume" */
    struct job *job; /* what it goes back to, or NULL */
    struct evaluation *eval;
    int64_t now_ns;
};
struct cmd_deployment_promote {
    char *id;
    bool all;
    struct rec_strs groups;
    struct evaluation *eval;
    int64_t now_ns;
};
struct cmd_node_scheduling { /* eligibility, or when that is empty the drain */
    char *node_id, *eligibility;
    char *strategy; /* the DrainStrategy; empty: not draining */
    bool mark_eligible, complete;
    struct evaluations evals;
    int64_t now_ns;
};
struct reaped_job {
    char *namespace, *id;
};
struct cmd_reap { /* what is over and old; checked again */
    struct rec_strs evals, allocs, deployments, nodes;
    struct REC_LIST_BODY(struct reaped_job) jobs;
};
struct cmd_periodic_launch {
    char *namespace, *id; /* the periodic job */
    int64_t launch_s;     /* noted as its last launch; 0: not noted */
    struct job *job;      /* the instance, or NULL when it was left out */
    struct evaluation *eval;
    int64_t now_ns;
};
struct periodic_row { /* of a periodic job that is not stopped, by the job's key */
    int64_t last_launch_s; /* its registration at first */
};
extern const struct rec_desc cmd_periodic_launch_desc, periodic_row_desc;
extern const struct rec_desc cmd_node_scheduling_desc, cmd_reap_desc;
extern const struct rec_desc cmd_job_register_desc, cmd_job_deregister_desc, cmd_node_status_desc,
    cmd_evals_desc, cmd_plan_desc, cmd_alloc_updates_desc, cmd_alloc_stop_desc,
    cmd_deployment_status_desc, cmd_deployment_promote_desc;

/* --- derived rows ---------------------------------------------------------------------------- */

struct node_usage { /* of the allocations that are not terminal */
    int64_t cpu, memory_mb, disk_mb, allocs;
    struct rec_bytes ports; /* uint16_t, ascending, one per use */
};
struct job_counts {
    int64_t live_allocs, allocs, open_evals, evals;
};
extern const struct rec_desc node_usage_desc, job_counts_desc;

/* What an allocation takes of its node. ports gets the host ports, up to cap; returns how many. */
struct usage {
    int64_t cpu, memory_mb, disk_mb;
};
struct usage allocation_usage(const struct allocation *a);
size_t allocation_ports(const struct allocation *a, uint16_t *ports, size_t cap);

/* --- readers: any thread, memory from the arena ---------------------------------------------- */

int state_job(struct store_txn *t, const char *ns, const char *id, struct arena *a,
              struct job *out);
int state_job_version(struct store_txn *t, const char *ns, const char *id, uint64_t version,
                      struct arena *a, struct job *out);
int state_node(struct store_txn *t, const char *id, struct arena *a, struct node *out);
int state_eval(struct store_txn *t, const char *id, struct arena *a, struct evaluation *out);
int state_alloc(struct store_txn *t, const char *id, struct arena *a, struct allocation *out);
int state_deployment(struct store_txn *t, const char *id, struct arena *a, struct deployment *out);
int state_job_counts(struct store_txn *t, const char *ns, const char *id, struct job_counts *out);
int state_usage(struct store_txn *t, const char *node_id, struct arena *a, struct node_usage *out);
/* The job's allocations in creation order. */
int state_job_allocs(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                     struct allocations *out);
int state_node_allocs(struct store_txn *t, const char *node_id, struct arena *a,
                      struct allocations *out);
int state_job_evals(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                    struct evaluations *out);
/* Those that are pending or blocked, of all jobs. */
int state_open_evals(struct store_txn *t, struct arena *a, struct evaluations *out);
/* The same of one job. */
int state_job_open_evals(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                         struct evaluations *out);

/* table_evals_open: what the broker must know of an open evaluation, without unpacking it.
 * Key: job key, 0, evaluation id. */
struct open_eval {
    const char *job_key; /* borrowed from the row, of job_key_len bytes */
    size_t job_key_len;
    uuid_text id;
    bool blocked;
    int64_t wait_until_ns; /* wall; 0: now */
    log_index snapshot_index;
};
/* false: not a row of ours. */
bool open_eval_read(const struct store_val *key, const struct store_val *val,
                    struct open_eval *out);
void open_eval_write(struct store_txn *t, const struct evaluation *e); /* or its removal */
/* The newest deployment of a job; ERR_NOT_FOUND. */
int state_job_deployment(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                         struct deployment *out);

/* All of a job's, oldest first. */
int state_job_deployments(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                          struct deployments *out);
/* Those that are running or paused, of all jobs. */
int state_open_deployments(struct store_txn *t, struct arena *a, struct deployments *out);
/* A job's kept versions, newest first. */
int state_job_versions(struct store_txn *t, const char *ns, const char *id, struct arena *a,
                       struct jobs *out);

/* "ns\0id" into out, its length back. */
#define STATE_KEY_MAX 440 /* an index's key adds up to 64 bytes, and a row's key has at most 511 */
size_t state_job_key(char out[STATE_KEY_MAX], const char *ns, const char *id);
/* A touch key "job/ns\0id" or "node/id". */
size_t state_watch_key(char out[STATE_KEY_MAX], const char *kind, const char *ns, const char *id);

#endif
