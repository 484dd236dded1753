/* Descriptors of the cluster's objects, in the peer's field order. */
#include "jobs/cluster.h"
#include "agent/base/str.h"

#include <stdlib.h>
#include <string.h>

/* --- node ------------------------------------------------------------------------------------ */

static const struct rec_field node_address_fields[] = {
    REC(struct node_address, family, "Family", REC_STR, 0),
    REC(struct node_address, alias, "Alias", REC_STR, 0),
    REC(struct node_address, address, "Address", REC_STR, 0),
    REC(struct node_address, reserved_ports, "ReservedPorts", REC_STR, 0),
    REC(struct node_address, gateway, "Gateway", REC_STR, 0),
};
static const struct rec_desc node_address_desc =
    REC_DESC("address", struct node_address, node_address_fields);
static const struct rec_field node_network_fields[] = {
    REC(struct node_network, mode, "Mode", REC_STR, 0),
    REC(struct node_network, device, "Device", REC_STR, 0),
    REC(struct node_network, mac_address, "MacAddress", REC_STR, 0),
    REC(struct node_network, speed, "Speed", REC_INT, 0),
    REC_OF(struct node_network, addresses, "Addresses", REC_LIST, 0, &node_address_desc),
};
static const struct rec_desc node_network_desc =
    REC_DESC("network", struct node_network, node_network_fields);

/* {"CpuShares": n} and its like: structs of one number. */
struct one_number {
    int64_t n;
};
static const struct rec_field cpu_fields[] = {REC(struct one_number, n, "CpuShares", REC_INT, 0)};
static const struct rec_field memory_fields[] = {REC(struct one_number, n, "MemoryMB", REC_INT, 0)};
static const struct rec_field disk_fields[] = {REC(struct one_number, n, "DiskMB", REC_INT, 0)};
static const struct rec_desc cpu_desc = REC_DESC("cpu", struct one_number, cpu_fields);
static const struct rec_desc memory_desc = REC_DESC("memory", struct one_number, memory_fields);
static const struct rec_desc disk_desc = REC_DESC("disk", struct one_number, disk_fields);

static const struct rec_field node_resources_fields[] = {
    REC_OF(struct node_resources, cpu, "Cpu", REC_STRUCT, 0, &cpu_desc),
    REC_OF(struct node_resources, memory, "Memory", REC_STRUCT, 0, &memory_desc),
    REC_OF(struct node_resources, disk, "Disk", REC_STRUCT, 0, &disk_desc),
    REC_OF(struct node_resources, networks, "Networks", REC_LIST, 0, &network_desc),
    REC_OF(struct node_resources, node_networks, "NodeNetworks", REC_LIST, 0, &node_network_desc),
    REC(struct node_resources, devices, "Devices", REC_RAW, 0),
};
const struct rec_desc node_resources_desc =
    REC_DESC("resources", struct node_resources, node_resources_fields);

struct reserved_ports {
    char *text;
};
static const struct rec_field reserved_ports_fields[] = {
    REC(struct reserved_ports, text, "ReservedHostPorts", REC_STR, 0)};
static const struct rec_desc reserved_ports_desc =
    REC_DESC("networks", struct reserved_ports, reserved_ports_fields);
static const struct rec_field node_reserved_fields[] = {
    REC_OF(struct node_reserved, cpu, "Cpu", REC_STRUCT, 0, &cpu_desc),
    REC_OF(struct node_reserved, memory, "Memory", REC_STRUCT, 0, &memory_desc),
    REC_OF(struct node_reserved, disk, "Disk", REC_STRUCT, 0, &disk_desc),
    REC_OF(struct node_reserved, networks, "Networks", REC_STRUCT, 0, &reserved_ports_desc),
};
static const struct rec_desc node_reserved_desc =
    REC_DESC("reserved", struct node_reserved, node_reserved_fields);

static const struct rec_field driver_fields[] = {
    REC_OF(struct driver_info, attributes, "Attributes", REC_MAP, 0, &rec_str_pair),
    REC(struct driver_info, detected, "Detected", REC_BOOL, 0),
    REC(struct driver_info, healthy, "Healthy", REC_BOOL, 0),
    REC(struct driver_info, health_description, "HealthDescription", REC_STR, 0),
    REC(struct driver_info, update_time_ns, "UpdateTime", REC_TIME, REC_META),
};
const struct rec_desc driver_info_desc = REC_DESC("driver", struct driver_info, driver_fields);

static const struct rec_field node_event_fields[] = {
    REC(struct node_event, message, "Message", REC_STR, 0),
    REC(struct node_event, subsystem, "Subsystem", REC_STR, 0),
    REC_OF(struct node_event, details, "Details", REC_MAP, 0, &rec_str_pair),
    REC(struct node_event, timestamp_ns, "Timestamp", REC_TIME, 0),
    REC(struct node_event, create_index, "CreateIndex", REC_UINT, 0),
};
static const struct rec_desc node_event_desc =
    REC_DESC("event", struct node_event, node_event_fields);

static const struct rec_field node_fields[] = {
    REC(struct node, id, "ID", REC_STR, 0),
    REC(struct node, secret_id, "SecretID", REC_STR, REC_NO_JSON),
    REC(struct node, datacenter, "Datacenter", REC_STR, 0),
    REC(struct node, name, "Name", REC_STR, 0),
    REC(struct node, http_addr, "HTTPAddr", REC_STR, 0),
    REC(struct node, tls_enabled, "TLSEnabled", REC_BOOL, 0),
    REC_OF(struct node, attributes, "Attributes", REC_MAP, REC_NEVER_NULL, &rec_str_pair),
    REC_OF(struct node, resources, "NodeResources", REC_STRUCT, 0, &node_resources_desc),
    REC_OF(struct node, reserved, "ReservedResources", REC_STRUCT, 0, &node_reserved_desc),
    REC_OF(struct node, links, "Links", REC_MAP, REC_NEVER_NULL, &rec_str_pair),
    REC_OF(struct node, meta, "Meta", REC_MAP, REC_NEVER_NULL, &rec_str_pair),
    REC(struct node, node_class, "NodeClass", REC_STR, 0),
    REC(struct node, computed_class, "ComputedClass", REC_STR, REC_META),
    REC(struct node, drain, "Drain", REC_BOOL, REC_META),
    REC(struct node, drain_strategy, "DrainStrategy", REC_RAW, REC_META),
    REC(struct node, scheduling_eligibility, "SchedulingEligibility", REC_STR, REC_META),
    REC(struct node, status, "Status", REC_STR, REC_META),
    REC(struct node, status_description, "StatusDescription", REC_STR, REC_META),
    REC(struct node, status_updated_at_s, "StatusUpdatedAt", REC_INT, REC_META),
    REC_OF(struct node, events, "Events", REC_LIST, REC_META, &node_event_desc),
    REC_OF(struct node, drivers, "Drivers", REC_MAP, REC_NEVER_NULL, &driver_info_desc),
    REC(struct node, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct node, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc node_desc = REC_DESC("node", struct node, node_fields);

/* --- allocation ------------------------------------------------------------------------------ */

static const struct rec_field event_fields[] = {
    REC(struct task_event, type, "Type", REC_STR, 0),
    REC(struct task_event, time_ns, "Time", REC_INT, 0),
    REC(struct task_event, message, "Message", REC_STR, 0),
    REC(struct task_event, display_message, "DisplayMessage", REC_STR, 0),
    REC_OF(struct task_event, details, "Details", REC_MAP, REC_NEVER_NULL, &rec_str_pair),
    REC(struct task_event, fails_task, "FailsTask", REC_BOOL, 0),
    REC(struct task_event, restart_reason, "RestartReason", REC_STR, 0),
    REC(struct task_event, setup_error, "SetupError", REC_STR, 0),
    REC(struct task_event, driver_error, "DriverError", REC_STR, 0),
    REC(struct task_event, exit_code, "ExitCode", REC_INT, 0),
    REC(struct task_event, signal, "Signal", REC_INT, 0),
    REC(struct task_event, kill_timeout_ns, "KillTimeout", REC_DUR, 0),
    REC(struct task_event, kill_error, "KillError", REC_STR, 0),
    REC(struct task_event, kill_reason, "KillReason", REC_STR, 0),
    REC(struct task_event, start_delay_ns, "StartDelay", REC_INT, 0),
    REC(struct task_event, download_error, "DownloadError", REC_STR, 0),
    REC(struct task_event, validation_error, "ValidationError", REC_STR, 0),
    REC(struct task_event, disk_limit, "DiskLimit", REC_INT, 0),
    REC(struct task_event, failed_sibling, "FailedSibling", REC_STR, 0),
    REC(struct task_event, vault_error, "VaultError", REC_STR, 0),
    REC(struct task_event, task_signal_reason, "TaskSignalReason", REC_STR, 0),
    REC(struct task_event, task_signal, "TaskSignal", REC_STR, 0),
    REC(struct task_event, driver_message, "DriverMessage", REC_STR, 0),
    REC(struct task_event, generic_source, "GenericSource", REC_STR, 0),
};
const struct rec_desc task_event_desc = REC_DESC("event", struct task_event, event_fields);

static const struct rec_field task_state_fields[] = {
    REC(struct task_state, state, "State", REC_STR, 0),
    REC(struct task_state, failed, "Failed", REC_BOOL, 0),
    REC(struct task_state, restarts, "Restarts", REC_UINT, 0),
    REC(struct task_state, last_restart_ns, "LastRestart", REC_OTIME, 0),
    REC(struct task_state, started_at_ns, "StartedAt", REC_OTIME, 0),
    REC(struct task_state, finished_at_ns, "FinishedAt", REC_OTIME, 0),
    REC_OF(struct task_state, events, "Events", REC_LIST, REC_NEVER_NULL, &task_event_desc),
};
const struct rec_desc task_state_desc = REC_DESC("state", struct task_state, task_state_fields);

static const struct rec_field allocated_task_fields[] = {
    REC_OF(struct allocated_task, cpu, "Cpu", REC_STRUCT, 0, &cpu_desc),
    REC_OF(struct allocated_task, memory, "Memory", REC_STRUCT, 0, &memory_desc),
    REC_OF(struct allocated_task, networks, "Networks", REC_LIST, 0, &network_desc),
    REC(struct allocated_task, devices, "Devices", REC_RAW, 0),
};
static const struct rec_desc allocated_task_desc =
    REC_DESC("task", struct allocated_task, allocated_task_fields);

static const struct rec_field port_mapping_fields[] = {
    REC(struct port_mapping, label, "Label", REC_STR, 0),
    REC(struct port_mapping, value, "Value", REC_INT, 0),
    REC(struct port_mapping, to, "To", REC_INT, 0),
    REC(struct port_mapping, host_ip, "HostIP", REC_STR, 0),
};
static const struct rec_desc port_mapping_desc =
    REC_DESC("port", struct port_mapping, port_mapping_fields);

struct shared_resources { /* the shape of allocated_resources.shared */
    struct networks networks;
    int64_t disk_mb;
    struct REC_LIST_BODY(struct port_mapping) ports;
};
static const struct rec_field shared_fields[] = {
    REC_OF(struct shared_resources, networks, "Networks", REC_LIST, 0, &network_desc),
    REC(struct shared_resources, disk_mb, "DiskMB", REC_INT, 0),
    REC_OF(struct shared_resources, ports, "Ports", REC_LIST, 0, &port_mapping_desc),
};
static const struct rec_desc shared_desc =
    REC_DESC("shared", struct shared_resources, shared_fields);

static const struct rec_field allocated_fields[] = {
    REC_OF(struct allocated_resources, tasks, "Tasks", REC_MAP, REC_NEVER_NULL,
           &allocated_task_desc),
    REC_OF(struct allocated_resources, shared, "Shared", REC_STRUCT, 0, &shared_desc),
};
const struct rec_desc allocated_resources_desc =
    REC_DESC("resources", struct allocated_resources, allocated_fields);

static const struct rec_field node_score_fields[] = {
    REC(struct node_score, node_id, "NodeID", REC_STR, 0),
    REC_OF(struct node_score, scores, "Scores", REC_MAP, 0, &rec_float_pair),
    REC(struct node_score, norm_score, "NormScore", REC_FLOAT, 0),
};
static const struct rec_desc node_score_desc =
    REC_DESC("score", struct node_score, node_score_fields);

static const struct rec_field metric_fields[] = {
    REC(struct alloc_metric, nodes_evaluated, "NodesEvaluated", REC_INT, 0),
    REC(struct alloc_metric, nodes_filtered, "NodesFiltered", REC_INT, 0),
    REC_OF(struct alloc_metric, nodes_available, "NodesAvailable", REC_MAP, 0, &rec_int_pair),
    REC_OF(struct alloc_metric, class_filtered, "ClassFiltered", REC_MAP, 0, &rec_int_pair),
    REC_OF(struct alloc_metric, constraint_filtered, "ConstraintFiltered", REC_MAP, 0,
           &rec_int_pair),
    REC(struct alloc_metric, nodes_exhausted, "NodesExhausted", REC_INT, 0),
    REC_OF(struct alloc_metric, class_exhausted, "ClassExhausted", REC_MAP, 0, &rec_int_pair),
    REC_OF(struct alloc_metric, dimension_exhausted, "DimensionExhausted", REC_MAP, 0,
           &rec_int_pair),
    REC_OF(struct alloc_metric, quota_exhausted, "QuotaExhausted", REC_LIST, 0, &rec_str),
    REC_OF(struct alloc_metric, scores, "Scores", REC_MAP, 0, &rec_float_pair),
    REC_OF(struct alloc_metric, score_meta, "ScoreMetaData", REC_LIST, 0, &node_score_desc),
    REC(struct alloc_metric, allocation_time_ns, "AllocationTime", REC_INT, 0),
    REC(struct alloc_metric, coalesced_failures, "CoalescedFailures", REC_INT, 0),
};
const struct rec_desc alloc_metric_desc = REC_DESC("metric", struct alloc_metric, metric_fields);

static const struct rec_field deployment_status_fields[] = {
    REC(struct alloc_deployment_status, healthy, "Healthy", REC_OBOOL, 0),
    REC(struct alloc_deployment_status, timestamp_ns, "Timestamp", REC_OTIME, 0),
    REC(struct alloc_deployment_status, canary, "Canary", REC_BOOL, 0),
    REC(struct alloc_deployment_status, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc alloc_deployment_status_desc =
    REC_DESC("status", struct alloc_deployment_status, deployment_status_fields);

static const struct rec_field transition_fields[] = {
    REC(struct desired_transition, migrate, "Migrate", REC_OBOOL, 0),
    REC(struct desired_transition, reschedule, "Reschedule", REC_OBOOL, 0),
    REC(struct desired_transition, force_reschedule, "ForceReschedule", REC_OBOOL, 0),
};
const struct rec_desc desired_transition_desc =
    REC_DESC("transition", struct desired_transition, transition_fields);

static const struct rec_field reschedule_event_fields[] = {
    REC(struct reschedule_event, reschedule_time_ns, "RescheduleTime", REC_INT, 0),
    REC(struct reschedule_event, prev_alloc_id, "PrevAllocID", REC_STR, 0),
    REC(struct reschedule_event, prev_node_id, "PrevNodeID", REC_STR, 0),
    REC(struct reschedule_event, delay_ns, "Delay", REC_DUR, 0),
};
static const struct rec_desc reschedule_event_desc =
    REC_DESC("event", struct reschedule_event, reschedule_event_fields);
static const struct rec_field tracker_fields[] = {
    REC_OF(struct reschedule_tracker, events, "Events", REC_LIST, 0, &reschedule_event_desc),
};
const struct rec_desc reschedule_tracker_desc =
    REC_DESC("tracker", struct reschedule_tracker, tracker_fields);

static const struct rec_field allocation_fields[] = {
    REC(struct allocation, id, "ID", REC_STR, 0),
    REC(struct allocation, namespace, "Namespace", REC_STR, 0),
    REC(struct allocation, eval_id, "EvalID", REC_STR, 0),
    REC(struct allocation, name, "Name", REC_STR, 0),
    REC(struct allocation, node_id, "NodeID", REC_STR, 0),
    REC(struct allocation, node_name, "NodeName", REC_STR, 0),
    REC(struct allocation, job_id, "JobID", REC_STR, 0),
    REC(struct allocation, job_version, "JobVersion", REC_UINT, 0),
    REC(struct allocation, job_type, "JobType", REC_STR, 0),
    REC(struct allocation, task_group, "TaskGroup", REC_STR, 0),
    REC_OF(struct allocation, resources, "AllocatedResources", REC_STRUCT, 0,
           &allocated_resources_desc),
    REC_OF(struct allocation, metrics, "Metrics", REC_STRUCT, 0, &alloc_metric_desc),
    REC(struct allocation, desired_status, "DesiredStatus", REC_STR, 0),
    REC(struct allocation, desired_description, "DesiredDescription", REC_STR, 0),
    REC_OF(struct allocation, desired_transition, "DesiredTransition", REC_STRUCT, 0,
           &desired_transition_desc),
    REC(struct allocation, client_status, "ClientStatus", REC_STR, 0),
    REC(struct allocation, client_description, "ClientDescription", REC_STR, 0),
    REC_OF(struct allocation, task_states, "TaskStates", REC_MAP, 0, &task_state_desc),
    REC(struct allocation, deployment_id, "DeploymentID", REC_STR, 0),
    REC_OF(struct allocation, deployment_status, "DeploymentStatus", REC_PTR, 0,
           &alloc_deployment_status_desc),
    REC(struct allocation, followup_eval_id, "FollowupEvalID", REC_STR, 0),
    REC(struct allocation, previous_allocation, "PreviousAllocation", REC_STR, 0),
    REC(struct allocation, next_allocation, "NextAllocation", REC_STR, 0),
    REC_OF(struct allocation, reschedule_tracker, "RescheduleTracker", REC_PTR, 0,
           &reschedule_tracker_desc),
    REC(struct allocation, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct allocation, modify_index, "ModifyIndex", REC_UINT, REC_META),
    REC(struct allocation, alloc_modify_index, "AllocModifyIndex", REC_UINT, REC_META),
    REC(struct allocation, create_time_ns, "CreateTime", REC_INT, REC_META),
    REC(struct allocation, modify_time_ns, "ModifyTime", REC_INT, REC_META),
    REC(struct allocation, job_modify_index, "JobModifyIndex", REC_UINT, REC_NO_JSON),
};
const struct rec_desc allocation_desc =
    REC_DESC("allocation", struct allocation, allocation_fields);

bool alloc_is_client_terminal(const struct allocation *a)
{
    return str_eq(a->client_status, "complete") || str_eq(a->client_status, "failed") ||
           str_eq(a->client_status, "lost");
}

bool alloc_is_terminal(const struct allocation *a)
{
    return str_eq(a->desired_status, "stop") || str_eq(a->desired_status, "evict") ||
           alloc_is_client_terminal(a);
}

int64_t alloc_name_index(const char *name)
{
    const char *open = name ? strrchr(name, '[') : NULL;
    char *end;
    if (!open)
        return -1;
    long long n = strtoll(open + 1, &end, 10);
    return *end == ']' && n >= 0 ? n : -1;
}

/* --- evaluation, deployment ------------------------------------------------------------------ */

static const struct rec_field evaluation_fields[] = {
    REC(struct evaluation, id, "ID", REC_STR, 0),
    REC(struct evaluation, namespace, "Namespace", REC_STR, 0),
    REC(struct evaluation, priority, "Priority", REC_INT, 0),
    REC(struct evaluation, type, "Type", REC_STR, 0),
    REC(struct evaluation, triggered_by, "TriggeredBy", REC_STR, 0),
    REC(struct evaluation, job_id, "JobID", REC_STR, 0),
    REC(struct evaluation, job_modify_index, "JobModifyIndex", REC_UINT, REC_OMIT_EMPTY),
    REC(struct evaluation, node_id, "NodeID", REC_STR, REC_OMIT_EMPTY),
    REC(struct evaluation, node_modify_index, "NodeModifyIndex", REC_UINT, REC_OMIT_EMPTY),
    REC(struct evaluation, deployment_id, "DeploymentID", REC_STR, REC_OMIT_EMPTY),
    REC(struct evaluation, status, "Status", REC_STR, 0),
    REC(struct evaluation, status_description, "StatusDescription", REC_STR, REC_OMIT_EMPTY),
    REC(struct evaluation, wait_until_ns, "WaitUntil", REC_OTIME, REC_OMIT_EMPTY),
    REC(struct evaluation, next_eval, "NextEval", REC_STR, REC_OMIT_EMPTY),
    REC(struct evaluation, previous_eval, "PreviousEval", REC_STR, REC_OMIT_EMPTY),
    REC(struct evaluation, blocked_eval, "BlockedEval", REC_STR, REC_OMIT_EMPTY),
    REC_OF(struct evaluation, failed_tg_allocs, "FailedTGAllocs", REC_MAP, REC_OMIT_EMPTY,
           &alloc_metric_desc),
    REC_OF(struct evaluation, class_eligibility, "ClassEligibility", REC_MAP, REC_OMIT_EMPTY,
           &rec_bool_pair),
    REC(struct evaluation, escaped_computed_class, "EscapedComputedClass", REC_BOOL,
        REC_OMIT_EMPTY),
    REC_OF(struct evaluation, queued_allocations, "QueuedAllocations", REC_MAP, REC_OMIT_EMPTY,
           &rec_int_pair),
    REC(struct evaluation, snapshot_index, "SnapshotIndex", REC_UINT, REC_OMIT_EMPTY),
    REC(struct evaluation, create_index, "CreateIndex", REC_UINT, 0),
    REC(struct evaluation, modify_index, "ModifyIndex", REC_UINT, 0),
    REC(struct evaluation, create_time_ns, "CreateTime", REC_INT, 0),
    REC(struct evaluation, modify_time_ns, "ModifyTime", REC_INT, 0),
};
const struct rec_desc evaluation_desc =
    REC_DESC("evaluation", struct evaluation, evaluation_fields);

static const struct rec_field deployment_state_fields[] = {
    REC(struct deployment_state, auto_revert, "AutoRevert", REC_BOOL, 0),
    REC(struct deployment_state, auto_promote, "AutoPromote", REC_BOOL, 0),
    REC(struct deployment_state, progress_deadline_ns, "ProgressDeadline", REC_DUR, 0),
    REC(struct deployment_state, require_progress_by_ns, "RequireProgressBy", REC_OTIME, 0),
    REC(struct deployment_state, promoted, "Promoted", REC_BOOL, 0),
    REC_OF(struct deployment_state, placed_canaries, "PlacedCanaries", REC_LIST, 0, &rec_str),
    REC(struct deployment_state, desired_canaries, "DesiredCanaries", REC_INT, 0),
    REC(struct deployment_state, desired_total, "DesiredTotal", REC_INT, 0),
    REC(struct deployment_state, placed_allocs, "PlacedAllocs", REC_INT, 0),
    REC(struct deployment_state, healthy_allocs, "HealthyAllocs", REC_INT, 0),
    REC(struct deployment_state, unhealthy_allocs, "UnhealthyAllocs", REC_INT, 0),
};
static const struct rec_desc deployment_state_desc =
    REC_DESC("group", struct deployment_state, deployment_state_fields);
static const struct rec_field deployment_fields[] = {
    REC(struct deployment, id, "ID", REC_STR, 0),
    REC(struct deployment, namespace, "Namespace", REC_STR, 0),
    REC(struct deployment, job_id, "JobID", REC_STR, 0),
    REC(struct deployment, job_version, "JobVersion", REC_UINT, 0),
    REC(struct deployment, job_modify_index, "JobModifyIndex", REC_UINT, 0),
    REC(struct deployment, job_spec_modify_index, "JobSpecModifyIndex", REC_UINT, 0),
    REC(struct deployment, job_create_index, "JobCreateIndex", REC_UINT, 0),
    REC(struct deployment, is_multiregion, "IsMultiregion", REC_BOOL, 0),
    REC_OF(struct deployment, groups, "TaskGroups", REC_MAP, REC_NEVER_NULL,
           &deployment_state_desc),
    REC(struct deployment, status, "Status", REC_STR, 0),
    REC(struct deployment, status_description, "StatusDescription", REC_STR, 0),
    REC(struct deployment, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct deployment, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc deployment_desc =
    REC_DESC("deployment", struct deployment, deployment_fields);

/* --- messages -------------------------------------------------------------------------------- */

static const struct rec_field node_ref_fields[] = {
    REC(struct rpc_node_ref, node_id, "NodeID", REC_STR, 0),
    REC(struct rpc_node_ref, secret_id, "SecretID", REC_STR, 0),
};
const struct rec_desc rpc_node_ref_desc = REC_DESC("node", struct rpc_node_ref, node_ref_fields);
static const struct rec_field heartbeat_fields[] = {
    REC(struct rpc_heartbeat, ttl_ms, "TTL", REC_INT, 0),
    REC(struct rpc_heartbeat, index, "Index", REC_UINT, 0),
};
const struct rec_desc rpc_heartbeat_desc =
    REC_DESC("heartbeat", struct rpc_heartbeat, heartbeat_fields);
static const struct rec_field rpc_alloc_fields[] = {
    REC_OF(struct rpc_alloc, alloc, "Alloc", REC_STRUCT, 0, &allocation_desc),
    REC_OF(struct rpc_alloc, job, "Job", REC_PTR, 0, &job_desc),
};
static const struct rec_desc rpc_alloc_desc = REC_DESC("alloc", struct rpc_alloc, rpc_alloc_fields);
static const struct rec_field rpc_allocs_fields[] = {
    REC(struct rpc_allocs, index, "Index", REC_UINT, 0),
    REC_OF(struct rpc_allocs, allocs, "Allocs", REC_LIST, 0, &rpc_alloc_desc),
};
const struct rec_desc rpc_allocs_desc = REC_DESC("allocs", struct rpc_allocs, rpc_allocs_fields);
static const struct rec_field updates_fields[] = {
    REC(struct rpc_alloc_updates, node_id, "NodeID", REC_STR, 0),
    REC(struct rpc_alloc_updates, secret_id, "SecretID", REC_STR, 0),
    REC_OF(struct rpc_alloc_updates, allocs, "Allocs", REC_LIST, 0, &allocation_desc),
};
const struct rec_desc rpc_alloc_updates_desc =
    REC_DESC("updates", struct rpc_alloc_updates, updates_fields);
