/* The cluster's objects as they cross rooms and wires: node, allocation with its task states,
 * evaluation, deployment; and the messages between a client and the servers (RPC, :4647).
 *
 * The structs follow the peer's API objects (Nomad 1.0, inventory nomad-http-structs, golden
 * answers). owns: nothing. thread: any; plain data. called by: scheduler, agent/client,
 * agent/cli. */
#ifndef JOBS_CLUSTER_H
#define JOBS_CLUSTER_H

#include "jobs/job.h"

/* --- node ------------------------------------------------------------------------------------ */

struct node_address {
    char *family, *alias, *address, *reserved_ports, *gateway;
};
struct node_network {
    char *mode, *device, *mac_address;
    int64_t speed;
    struct REC_LIST_BODY(struct node_address) addresses;
};
struct node_resources {
    struct {
        int64_t cpu_shares;
    } cpu; /* MHz */
    struct {
        int64_t memory_mb;
    } memory;
    struct {
        int64_t disk_mb;
    } disk;
    struct networks networks;
    struct REC_LIST_BODY(struct node_network) node_networks;
    char *devices; /* JSON, kept */
};
struct node_reserved {
    struct {
        int64_t cpu_shares;
    } cpu;
    struct {
        int64_t memory_mb;
    } memory;
    struct {
        int64_t disk_mb;
    } disk;
    struct {
        char *reserved_host_ports; /* "22,80,8500-8600" */
    } networks;
};
struct driver_info {
    char *key;
    struct rec_str_map attributes;
    bool detected, healthy;
    char *health_description;
    int64_t update_time_ns;
};
struct node_event {
    char *message, *subsystem;
    struct rec_str_map details;
    int64_t timestamp_ns;
    uint64_t create_index;
};
struct node {
    char *id, *secret_id, *datacenter, *name, *http_addr;
    bool tls_enabled;
    struct rec_str_map attributes;
    struct node_resources resources;
    struct node_reserved reserved;
    struct rec_str_map links, meta;
    char *node_class, *computed_class;
    bool drain;
    char *drain_strategy; /* JSON, kept */
    char *scheduling_eligibility; /* "eligible" "ineligible" */
    char *status;                 /* "initializing" "ready" "down" */
    char *status_description;
    int64_t status_updated_at_s;
    struct REC_LIST_BODY(struct node_event) events;
    struct REC_LIST_BODY(struct driver_info) drivers;
    uint64_t create_index, modify_index;
};
extern const struct rec_desc node_desc, driver_info_desc, node_resources_desc;

/* --- allocation ------------------------------------------------------------------------------ */

struct task_event {
    char *type;
    int64_t time_ns;
    char *message, *display_message;
    struct rec_str_map details;
    bool fails_task;
    char *restart_reason, *setup_error, *driver_error;
    int64_t exit_code, signal, kill_timeout_ns;
    char *kill_error, *kill_reason;
    int64_t start_delay_ns;
    char *download_error, *validation_error;
    int64_t disk_limit;
    char *failed_sibling, *vault_error, *task_signal_reason, *task_signal, *driver_message,
        *generic_source;
};
struct task_state {
    char *key;
    char *state; /* "pending" "running" "dead" */
    bool failed;
    uint64_t restarts;
    int64_t last_restart_ns, started_at_ns, finished_at_ns;
    struct REC_LIST_BODY(struct task_event) events;
};
struct task_states REC_LIST_BODY(struct task_state);

struct allocated_task {
    char *key;
    struct {
        int64_t cpu_shares;
    } cpu;
    struct {
        int64_t memory_mb;
    } memory;
    struct networks networks;
    char *devices;
};
struct port_mapping {
    char *label;
    int64_t value, to;
    char *host_ip;
};
struct allocated_resources {
    struct REC_LIST_BODY(struct allocated_task) tasks;
    struct {
        struct networks networks;
        int64_t disk_mb;
        struct REC_LIST_BODY(struct port_mapping) ports;
    } shared;
};

struct node_score {
    char *node_id;
    struct rec_float_map scores;
    double norm_score;
};
struct alloc_metric { /* a map item under a group's name in FailedTGAllocs */
    char *key;
    int64_t nodes_evaluated, nodes_filtered;
    struct rec_int_map nodes_available, class_filtered, constraint_filtered;
    int64_t nodes_exhausted;
    struct rec_int_map class_exhausted, dimension_exhausted;
    struct rec_strs quota_exhausted;
    struct rec_float_map scores;
    struct REC_LIST_BODY(struct node_score) score_meta;
    int64_t allocation_time_ns, coalesced_failures;
};
struct alloc_deployment_status {
    int8_t healthy;
    int64_t timestamp_ns;
    bool canary;
    uint64_t modify_index;
};
struct desired_transition {
    int8_t migrate, reschedule, force_reschedule;
};
struct reschedule_event {
    int64_t reschedule_time_ns;
    char *prev_alloc_id, *prev_node_id;
    int64_t delay_ns;
};
struct reschedule_tracker {
    struct REC_LIST_BODY(struct reschedule_event) events;
};
struct allocation {
    char *id, *namespace, *eval_id, *name, *node_id, *node_name, *job_id;
    uint64_t job_version;
    char *job_type, *task_group;
    struct allocated_resources resources;
    struct alloc_metric metrics;
    char *desired_status, *desired_description; /* "run" "stop" "evict" */
    struct desired_transition desired_transition;
    char *client_status, *client_description; /* pending running complete failed lost */
    struct task_states task_states;
    char *deployment_id;
    struct alloc_deployment_status *deployment_status;
    char *followup_eval_id, *previous_allocation, *next_allocation;
    struct reschedule_tracker *reschedule_tracker;
    uint64_t create_index, modify_index, alloc_modify_index, job_modify_index;
    int64_t create_time_ns, modify_time_ns;
};
extern const struct rec_desc allocation_desc, task_state_desc, task_event_desc, alloc_metric_desc,
    allocated_resources_desc, alloc_deployment_status_desc, reschedule_tracker_desc,
    desired_transition_desc;

/* Terminal: stopped or evicted by the servers, or ended on the client. Its resources are free. */
bool alloc_is_terminal(const struct allocation *a);
/* The client has nothing more to do with it: complete, failed or lost. */
bool alloc_is_client_terminal(const struct allocation *a);
/* The n of "job.group[n]", or -1. */
int64_t alloc_name_index(const char *name);

/* --- evaluation, deployment ------------------------------------------------------------------ */

struct evaluation {
    char *id, *namespace;
    int64_t priority;
    char *type, *triggered_by, *job_id;
    uint64_t job_modify_index;
    char *node_id;
    uint64_t node_modify_index;
    char *deployment_id;
    char *status; /* "blocked" "pending" "complete" "failed" "canceled" */
    char *status_description;
    int64_t wait_until_ns;
    char *next_eval, *previous_eval, *blocked_eval;
    struct REC_LIST_BODY(struct alloc_metric) failed_tg_allocs;
    struct rec_bool_map class_eligibility;
    bool escaped_computed_class;
    struct rec_int_map queued_allocations;
    uint64_t snapshot_index, create_index, modify_index;
    int64_t create_time_ns, modify_time_ns;
};
extern const struct rec_desc evaluation_desc;

struct deployment_state {
    char *key;
    bool auto_revert, auto_promote;
    int64_t progress_deadline_ns, require_progress_by_ns;
    bool promoted;
    struct rec_strs placed_canaries;
    int64_t desired_canaries, desired_total, placed_allocs, healthy_allocs, unhealthy_allocs;
};
struct deployment {
    char *id, *namespace, *job_id;
    uint64_t job_version, job_modify_index, job_spec_modify_index, job_create_index;
    bool is_multiregion;
    struct REC_LIST_BODY(struct deployment_state) groups;
    char *status, *status_description;
    uint64_t create_index, modify_index;
};
extern const struct rec_desc deployment_desc;

/* --- messages on :4647 (bodies are packed records) ------------------------------------------- */

/* PUT /rpc/node/register: struct node. Answers struct rpc_heartbeat. PUT /rpc/node/heartbeat the
 * same. */
struct rpc_node_ref {
    char *node_id, *secret_id;
};
struct rpc_heartbeat {
    int64_t ttl_ms; /* send the next before */
    uint64_t index;
};
/* PUT /rpc/node/allocs?index=N: struct rpc_node_ref; held until the node's allocations pass N. */
struct rpc_alloc {
    struct allocation alloc;
    struct job *job; /* of the allocation's version; NULL when it is only to be stopped */
};
struct rpc_allocs {
    uint64_t index;
    struct REC_LIST_BODY(struct rpc_alloc) allocs; /* those that are not client-terminal */
};
/* PUT /rpc/alloc/update: what clients report; only id and the client's fields count. */
struct rpc_alloc_updates {
    char *node_id, *secret_id;
    struct REC_LIST_BODY(struct allocation) allocs;
};
extern const struct rec_desc rpc_node_ref_desc, rpc_heartbeat_desc, rpc_allocs_desc,
    rpc_alloc_updates_desc;

#endif
