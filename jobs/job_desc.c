/* The job's descriptors: wire names in the peer's order, and the names of the job file. */
#include "jobs/job.h"

#define SUGAR (REC_NO_JSON | REC_NO_BIN)

static const struct rec_field constraint_fields[] = {
    REC_H(struct constraint, ltarget, "LTarget", "attribute", REC_STR, 0),
    REC_H(struct constraint, rtarget, "RTarget", "value", REC_STR, 0),
    REC_H(struct constraint, operand, "Operand", "operator", REC_STR, 0),
    REC_H(struct constraint, version, "version", "version", REC_OSTR, SUGAR),
    REC_H(struct constraint, semver, "semver", "semver", REC_OSTR, SUGAR),
    REC_H(struct constraint, regexp, "regexp", "regexp", REC_OSTR, SUGAR),
    REC_H(struct constraint, set_contains, "set_contains", "set_contains", REC_OSTR, SUGAR),
    REC_H(struct constraint, set_contains_any, "set_contains_any", "set_contains_any", REC_OSTR,
          SUGAR),
    REC_H(struct constraint, distinct_property, "distinct_property", "distinct_property", REC_OSTR,
          SUGAR),
    REC_H(struct constraint, distinct_hosts, "distinct_hosts", "distinct_hosts", REC_BOOL, SUGAR),
};
const struct rec_desc constraint_desc =
    REC_DESC("constraint", struct constraint, constraint_fields);

static const struct rec_field affinity_fields[] = {
    REC_H(struct affinity, ltarget, "LTarget", "attribute", REC_STR, 0),
    REC_H(struct affinity, rtarget, "RTarget", "value", REC_STR, 0),
    REC_H(struct affinity, operand, "Operand", "operator", REC_STR, 0),
    REC_H(struct affinity, weight, "Weight", "weight", REC_OINT, 0),
    REC_H(struct affinity, version, "version", "version", REC_OSTR, SUGAR),
    REC_H(struct affinity, semver, "semver", "semver", REC_OSTR, SUGAR),
    REC_H(struct affinity, regexp, "regexp", "regexp", REC_OSTR, SUGAR),
    REC_H(struct affinity, set_contains, "set_contains", "set_contains", REC_OSTR, SUGAR),
    REC_H(struct affinity, set_contains_any, "set_contains_any", "set_contains_any", REC_OSTR,
          SUGAR),
};
const struct rec_desc affinity_desc = REC_DESC("affinity", struct affinity, affinity_fields);

static const struct rec_field spread_target_fields[] = {
    REC_H(struct spread_target, value, "Value", "value", REC_STR, REC_LABEL),
    REC_H(struct spread_target, percent, "Percent", "percent", REC_INT, 0),
};
static const struct rec_desc spread_target_desc =
    REC_DESC("target", struct spread_target, spread_target_fields);
static const struct rec_field spread_fields[] = {
    REC_H(struct spread, attribute, "Attribute", "attribute", REC_STR, 0),
    REC_H(struct spread, weight, "Weight", "weight", REC_OINT, 0),
    REC_OF_H(struct spread, targets, "SpreadTarget", "target", REC_LIST, 0, &spread_target_desc),
};
const struct rec_desc spread_desc = REC_DESC("spread", struct spread, spread_fields);

static const struct rec_field update_fields[] = {
    REC_H(struct update_strategy, stagger_ns, "Stagger", "stagger", REC_ODUR, 0),
    REC_H(struct update_strategy, max_parallel, "MaxParallel", "max_parallel", REC_OINT, 0),
    REC_H(struct update_strategy, health_check, "HealthCheck", "health_check", REC_OSTR, 0),
    REC_H(struct update_strategy, min_healthy_time_ns, "MinHealthyTime", "min_healthy_time",
          REC_ODUR, 0),
    REC_H(struct update_strategy, healthy_deadline_ns, "HealthyDeadline", "healthy_deadline",
          REC_ODUR, 0),
    REC_H(struct update_strategy, progress_deadline_ns, "ProgressDeadline", "progress_deadline",
          REC_ODUR, 0),
    REC_H(struct update_strategy, auto_revert, "AutoRevert", "auto_revert", REC_OBOOL, 0),
    REC_H(struct update_strategy, auto_promote, "AutoPromote", "auto_promote", REC_OBOOL, 0),
    REC_H(struct update_strategy, canary, "Canary", "canary", REC_OINT, 0),
};
const struct rec_desc update_strategy_desc =
    REC_DESC("update", struct update_strategy, update_fields);

static const struct rec_field migrate_fields[] = {
    REC_H(struct migrate_strategy, max_parallel, "MaxParallel", "max_parallel", REC_OINT, 0),
    REC_H(struct migrate_strategy, health_check, "HealthCheck", "health_check", REC_OSTR, 0),
    REC_H(struct migrate_strategy, min_healthy_time_ns, "MinHealthyTime", "min_healthy_time",
          REC_ODUR, 0),
    REC_H(struct migrate_strategy, healthy_deadline_ns, "HealthyDeadline", "healthy_deadline",
          REC_ODUR, 0),
};
const struct rec_desc migrate_strategy_desc =
    REC_DESC("migrate", struct migrate_strategy, migrate_fields);

static const struct rec_field restart_fields[] = {
    REC_H(struct restart_policy, attempts, "Attempts", "attempts", REC_OINT, 0),
    REC_H(struct restart_policy, interval_ns, "Interval", "interval", REC_ODUR, 0),
    REC_H(struct restart_policy, delay_ns, "Delay", "delay", REC_ODUR, 0),
    REC_H(struct restart_policy, mode, "Mode", "mode", REC_OSTR, 0),
};
const struct rec_desc restart_policy_desc =
    REC_DESC("restart", struct restart_policy, restart_fields);

static const struct rec_field reschedule_fields[] = {
    REC_H(struct reschedule_policy, attempts, "Attempts", "attempts", REC_OINT, 0),
    REC_H(struct reschedule_policy, interval_ns, "Interval", "interval", REC_ODUR, 0),
    REC_H(struct reschedule_policy, delay_ns, "Delay", "delay", REC_ODUR, 0),
    REC_H(struct reschedule_policy, delay_function, "DelayFunction", "delay_function", REC_OSTR, 0),
    REC_H(struct reschedule_policy, max_delay_ns, "MaxDelay", "max_delay", REC_ODUR, 0),
    REC_H(struct reschedule_policy, unlimited, "Unlimited", "unlimited", REC_OBOOL, 0),
};
const struct rec_desc reschedule_policy_desc =
    REC_DESC("reschedule", struct reschedule_policy, reschedule_fields);

static const struct rec_field periodic_fields[] = {
    REC_H(struct periodic, enabled, "Enabled", "enabled", REC_OBOOL, 0),
    REC_H(struct periodic, spec, "Spec", "cron", REC_STR, 0),
    REC(struct periodic, spec_type, "SpecType", REC_STR, 0),
    REC_H(struct periodic, prohibit_overlap, "ProhibitOverlap", "prohibit_overlap", REC_OBOOL, 0),
    REC_H(struct periodic, time_zone, "TimeZone", "time_zone", REC_STR, 0),
};
static const struct rec_desc periodic_desc = REC_DESC("periodic", struct periodic, periodic_fields);

static const struct rec_field parameterized_fields[] = {
    REC_H(struct parameterized, payload, "Payload", "payload", REC_STR, 0),
    REC_OF_H(struct parameterized, meta_required, "MetaRequired", "meta_required", REC_LIST, 0,
             &rec_str),
    REC_OF_H(struct parameterized, meta_optional, "MetaOptional", "meta_optional", REC_LIST, 0,
             &rec_str),
};
static const struct rec_desc parameterized_desc =
    REC_DESC("parameterized", struct parameterized, parameterized_fields);

static const struct rec_field ephemeral_disk_fields[] = {
    REC_H(struct ephemeral_disk, sticky, "Sticky", "sticky", REC_OBOOL, 0),
    REC_H(struct ephemeral_disk, size_mb, "SizeMB", "size", REC_OINT, 0),
    REC_H(struct ephemeral_disk, migrate, "Migrate", "migrate", REC_OBOOL, 0),
};
const struct rec_desc ephemeral_disk_desc =
    REC_DESC("ephemeral_disk", struct ephemeral_disk, ephemeral_disk_fields);

static const struct rec_field log_config_fields[] = {
    REC_H(struct log_config, max_files, "MaxFiles", "max_files", REC_OINT, 0),
    REC_H(struct log_config, max_file_size_mb, "MaxFileSizeMB", "max_file_size", REC_OINT, 0),
};
const struct rec_desc log_config_desc = REC_DESC("logs", struct log_config, log_config_fields);

static const struct rec_field check_restart_fields[] = {
    REC_H(struct check_restart, limit, "Limit", "limit", REC_INT, 0),
    REC_H(struct check_restart, grace_ns, "Grace", "grace", REC_ODUR, 0),
    REC_H(struct check_restart, ignore_warnings, "IgnoreWarnings", "ignore_warnings", REC_BOOL, 0),
};
static const struct rec_desc check_restart_desc =
    REC_DESC("check_restart", struct check_restart, check_restart_fields);

static const struct rec_field port_fields[] = {
    REC_H(struct port, label, "Label", "label", REC_STR, REC_LABEL),
    REC_H(struct port, value, "Value", "static", REC_INT, 0),
    REC_H(struct port, to, "To", "to", REC_INT, 0),
    REC_H(struct port, host_network, "HostNetwork", "host_network", REC_STR, 0),
};
const struct rec_desc port_desc = REC_DESC("port", struct port, port_fields);

static const struct rec_field dns_fields[] = {
    REC_OF_H(struct network_dns, servers, "Servers", "servers", REC_LIST, 0, &rec_str),
    REC_OF_H(struct network_dns, searches, "Searches", "searches", REC_LIST, 0, &rec_str),
    REC_OF_H(struct network_dns, options, "Options", "options", REC_LIST, 0, &rec_str),
};
static const struct rec_desc network_dns_desc = REC_DESC("dns", struct network_dns, dns_fields);

static const struct rec_field network_fields[] = {
    REC_H(struct network, mode, "Mode", "mode", REC_STR, 0),
    REC(struct network, device, "Device", REC_STR, 0),
    REC(struct network, cidr, "CIDR", REC_STR, 0),
    REC(struct network, ip, "IP", REC_STR, 0),
    REC_H(struct network, mbits, "MBits", "mbits", REC_OINT, 0),
    REC_OF_H(struct network, dns, "DNS", "dns", REC_PTR, 0, &network_dns_desc),
    REC_OF(struct network, reserved_ports, "ReservedPorts", REC_LIST, 0, &port_desc),
    REC_OF_H(struct network, dynamic_ports, "DynamicPorts", "port", REC_LIST, 0, &port_desc),
};
const struct rec_desc network_desc = REC_DESC("network", struct network, network_fields);

static const struct rec_field device_fields[] = {
    REC_H(struct requested_device, name, "Name", "name", REC_STR, REC_LABEL),
    REC_H(struct requested_device, count, "Count", "count", REC_OINT, 0),
    REC_OF_H(struct requested_device, constraints, "Constraints", "constraint", REC_LIST, 0,
             &constraint_desc),
    REC_OF_H(struct requested_device, affinities, "Affinities", "affinity", REC_LIST, 0,
             &affinity_desc),
};
static const struct rec_desc device_desc =
    REC_DESC("device", struct requested_device, device_fields);

static const struct rec_field resources_fields[] = {
    REC_H(struct resources, cpu, "CPU", "cpu", REC_OINT, 0),
    REC_H(struct resources, memory_mb, "MemoryMB", "memory", REC_OINT, 0),
    REC_H(struct resources, disk_mb, "DiskMB", "disk", REC_OINT, 0),
    REC_H(struct resources, iops, "IOPS", "iops", REC_OINT, 0),
    REC_OF_H(struct resources, networks, "Networks", "network", REC_LIST, 0, &network_desc),
    REC_OF_H(struct resources, devices, "Devices", "device", REC_LIST, 0, &device_desc),
};
const struct rec_desc resources_desc = REC_DESC("resources", struct resources, resources_fields);

static const struct rec_field check_fields[] = {
    REC_H(struct service_check, name, "Name", "name", REC_STR, 0),
    REC_H(struct service_check, type, "Type", "type", REC_STR, 0),
    REC_H(struct service_check, command, "Command", "command", REC_STR, 0),
    REC_OF_H(struct service_check, args, "Args", "args", REC_LIST, 0, &rec_str),
    REC_H(struct service_check, path, "Path", "path", REC_STR, 0),
    REC_H(struct service_check, protocol, "Protocol", "protocol", REC_STR, 0),
    REC_H(struct service_check, port_label, "PortLabel", "port", REC_STR, 0),
    REC_H(struct service_check, expose, "Expose", "expose", REC_BOOL, 0),
    REC_H(struct service_check, address_mode, "AddressMode", "address_mode", REC_STR, 0),
    REC_H(struct service_check, interval_ns, "Interval", "interval", REC_DUR, 0),
    REC_H(struct service_check, timeout_ns, "Timeout", "timeout", REC_DUR, 0),
    REC_H(struct service_check, initial_status, "InitialStatus", "initial_status", REC_STR, 0),
    REC_H(struct service_check, tls_skip_verify, "TLSSkipVerify", "tls_skip_verify", REC_BOOL, 0),
    REC_H(struct service_check, method, "Method", "method", REC_STR, 0),
    REC_OF_H(struct service_check, header, "Header", "header", REC_MAP, REC_HCL_BOTH,
             &rec_strs_pair),
    REC_OF_H(struct service_check, check_restart, "CheckRestart", "check_restart", REC_PTR, 0,
             &check_restart_desc),
    REC_H(struct service_check, grpc_service, "GRPCService", "grpc_service", REC_STR, 0),
    REC_H(struct service_check, grpc_use_tls, "GRPCUseTLS", "grpc_use_tls", REC_BOOL, 0),
    REC_H(struct service_check, task_name, "TaskName", "task", REC_STR, 0),
    REC_H(struct service_check, success_before_passing, "SuccessBeforePassing",
          "success_before_passing", REC_INT, 0),
    REC_H(struct service_check, failures_before_critical, "FailuresBeforeCritical",
          "failures_before_critical", REC_INT, 0),
};
const struct rec_desc service_check_desc = REC_DESC("check", struct service_check, check_fields);

static const struct rec_field service_fields[] = {
    REC_H(struct service, name, "Name", "name", REC_STR, 0),
    REC_H(struct service, task_name, "TaskName", "task", REC_STR, 0),
    REC_H(struct service, port_label, "PortLabel", "port", REC_STR, 0),
    REC_H(struct service, address_mode, "AddressMode", "address_mode", REC_STR, 0),
    REC_H(struct service, enable_tag_override, "EnableTagOverride", "enable_tag_override", REC_BOOL,
          0),
    REC_OF_H(struct service, tags, "Tags", "tags", REC_LIST, 0, &rec_str),
    REC_OF_H(struct service, canary_tags, "CanaryTags", "canary_tags", REC_LIST, 0, &rec_str),
    REC_OF_H(struct service, checks, "Checks", "check", REC_LIST, 0, &service_check_desc),
    REC_H(struct service, connect, "Connect", "connect", REC_RAW, 0),
    REC_OF_H(struct service, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_OF_H(struct service, canary_meta, "CanaryMeta", "canary_meta", REC_MAP, REC_HCL_BOTH,
             &rec_str_pair),
    REC_OF_H(struct service, check_restart, "CheckRestart", "check_restart", REC_PTR,
             REC_OMIT_EMPTY, &check_restart_desc),
};
const struct rec_desc service_desc = REC_DESC("service", struct service, service_fields);

static const struct rec_field artifact_fields[] = {
    REC_H(struct artifact, source, "GetterSource", "source", REC_STR, 0),
    REC_OF_H(struct artifact, options, "GetterOptions", "options", REC_MAP, REC_HCL_BOTH,
             &rec_str_pair),
    REC_OF_H(struct artifact, headers, "GetterHeaders", "headers", REC_MAP, REC_HCL_BOTH,
             &rec_str_pair),
    REC_H(struct artifact, mode, "GetterMode", "mode", REC_STR, 0),
    REC_H(struct artifact, destination, "RelativeDest", "destination", REC_STR, 0),
};
static const struct rec_desc artifact_desc = REC_DESC("artifact", struct artifact, artifact_fields);

static const struct rec_field template_fields[] = {
    REC_H(struct task_template, source, "SourcePath", "source", REC_STR, 0),
    REC_H(struct task_template, destination, "DestPath", "destination", REC_STR, 0),
    REC_H(struct task_template, data, "EmbeddedTmpl", "data", REC_STR, 0),
    REC_H(struct task_template, change_mode, "ChangeMode", "change_mode", REC_STR, 0),
    REC_H(struct task_template, change_signal, "ChangeSignal", "change_signal", REC_STR, 0),
    REC_H(struct task_template, splay_ns, "Splay", "splay", REC_ODUR, 0),
    REC_H(struct task_template, perms, "Perms", "perms", REC_STR, 0),
    REC_H(struct task_template, left_delim, "LeftDelim", "left_delimiter", REC_STR, 0),
    REC_H(struct task_template, right_delim, "RightDelim", "right_delimiter", REC_STR, 0),
    REC_H(struct task_template, env, "Envvars", "env", REC_BOOL, 0),
    REC_H(struct task_template, vault_grace_ns, "VaultGrace", "vault_grace", REC_DUR, 0),
};
static const struct rec_desc template_desc =
    REC_DESC("template", struct task_template, template_fields);

static const struct rec_field vault_fields[] = {
    REC_OF_H(struct vault, policies, "Policies", "policies", REC_LIST, 0, &rec_str),
    REC_H(struct vault, namespace, "Namespace", "namespace", REC_STR, 0),
    REC_H(struct vault, env, "Env", "env", REC_OBOOL, 0),
    REC_H(struct vault, change_mode, "ChangeMode", "change_mode", REC_STR, 0),
    REC_H(struct vault, change_signal, "ChangeSignal", "change_signal", REC_STR, 0),
};
static const struct rec_desc vault_desc = REC_DESC("vault", struct vault, vault_fields);

static const struct rec_field lifecycle_fields[] = {
    REC_H(struct lifecycle, hook, "Hook", "hook", REC_STR, 0),
    REC_H(struct lifecycle, sidecar, "Sidecar", "sidecar", REC_BOOL, 0),
};
const struct rec_desc lifecycle_desc =
    REC_DESC("lifecycle", struct lifecycle, lifecycle_fields);

static const struct rec_field dispatch_payload_fields[] = {
    REC_H(struct dispatch_payload, file, "File", "file", REC_STR, 0),
};
static const struct rec_desc dispatch_payload_desc =
    REC_DESC("dispatch_payload", struct dispatch_payload, dispatch_payload_fields);

static const struct rec_field volume_mount_fields[] = {
    REC_H(struct volume_mount, volume, "Volume", "volume", REC_STR, 0),
    REC_H(struct volume_mount, destination, "Destination", "destination", REC_STR, 0),
    REC_H(struct volume_mount, read_only, "ReadOnly", "read_only", REC_OBOOL, 0),
    REC_H(struct volume_mount, propagation_mode, "PropagationMode", "propagation_mode", REC_STR, 0),
};
static const struct rec_desc volume_mount_desc =
    REC_DESC("volume_mount", struct volume_mount, volume_mount_fields);

static const struct rec_field volume_fields[] = {
    REC_H(struct volume_request, name, "Name", "name", REC_STR, REC_LABEL),
    REC_H(struct volume_request, type, "Type", "type", REC_STR, 0),
    REC_H(struct volume_request, source, "Source", "source", REC_STR, 0),
    REC_H(struct volume_request, read_only, "ReadOnly", "read_only", REC_BOOL, 0),
    REC_H(struct volume_request, mount_options, "MountOptions", "mount_options", REC_RAW, 0),
};
static const struct rec_desc volume_desc = REC_DESC("volume", struct volume_request, volume_fields);

static const struct rec_field scaling_fields[] = {
    REC(struct scaling, id, "ID", REC_STR, 0),
    REC_H(struct scaling, type, "Type", "type", REC_STR, 0),
    REC(struct scaling, namespace, "Namespace", REC_STR, 0),
    REC_OF(struct scaling, target, "Target", REC_MAP, 0, &rec_str_pair),
    REC_H(struct scaling, policy, "Policy", "policy", REC_RAW, 0),
    REC_H(struct scaling, min, "Min", "min", REC_OINT, 0),
    REC_H(struct scaling, max, "Max", "max", REC_OINT, 0),
    REC_H(struct scaling, enabled, "Enabled", "enabled", REC_OBOOL, 0),
    REC(struct scaling, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct scaling, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
static const struct rec_desc scaling_desc = REC_DESC("scaling", struct scaling, scaling_fields);

static const struct rec_field task_fields[] = {
    REC_H(struct task, name, "Name", "name", REC_STR, REC_LABEL),
    REC_H(struct task, driver, "Driver", "driver", REC_STR, 0),
    REC_H(struct task, user, "User", "user", REC_STR, 0),
    REC_H(struct task, config, "Config", "config", REC_RAW, 0),
    REC_OF_H(struct task, env, "Env", "env", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_OF_H(struct task, services, "Services", "service", REC_LIST, 0, &service_desc),
    REC_OF_H(struct task, vault, "Vault", "vault", REC_PTR, 0, &vault_desc),
    REC_OF_H(struct task, templates, "Templates", "template", REC_LIST, 0, &template_desc),
    REC_OF_H(struct task, constraints, "Constraints", "constraint", REC_LIST, 0, &constraint_desc),
    REC_OF_H(struct task, affinities, "Affinities", "affinity", REC_LIST, 0, &affinity_desc),
    REC_OF_H(struct task, resources, "Resources", "resources", REC_PTR, 0, &resources_desc),
    REC_OF_H(struct task, restart, "RestartPolicy", "restart", REC_PTR, 0, &restart_policy_desc),
    REC_OF_H(struct task, dispatch_payload, "DispatchPayload", "dispatch_payload", REC_PTR, 0,
             &dispatch_payload_desc),
    REC_OF_H(struct task, lifecycle, "Lifecycle", "lifecycle", REC_PTR, 0, &lifecycle_desc),
    REC_OF_H(struct task, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_H(struct task, kill_timeout_ns, "KillTimeout", "kill_timeout", REC_ODUR, 0),
    REC_OF_H(struct task, logs, "LogConfig", "logs", REC_PTR, 0, &log_config_desc),
    REC_OF_H(struct task, artifacts, "Artifacts", "artifact", REC_LIST, 0, &artifact_desc),
    REC_H(struct task, leader, "Leader", "leader", REC_BOOL, 0),
    REC_H(struct task, shutdown_delay_ns, "ShutdownDelay", "shutdown_delay", REC_DUR, 0),
    REC_OF_H(struct task, volume_mounts, "VolumeMounts", "volume_mount", REC_LIST, 0,
             &volume_mount_desc),
    REC_OF_H(struct task, scalings, "ScalingPolicies", "scaling", REC_LIST, 0, &scaling_desc),
    REC_H(struct task, kill_signal, "KillSignal", "kill_signal", REC_STR, 0),
    REC_H(struct task, kind, "Kind", "kind", REC_STR, 0),
    REC_H(struct task, csi_plugin, "CSIPluginConfig", "csi_plugin", REC_RAW, 0),
};
const struct rec_desc task_desc = REC_DESC("task", struct task, task_fields);

static const struct rec_field group_fields[] = {
    REC_H(struct task_group, name, "Name", "name", REC_STR, REC_LABEL),
    REC_H(struct task_group, count, "Count", "count", REC_OINT, 0),
    REC_OF_H(struct task_group, update, "Update", "update", REC_PTR, 0, &update_strategy_desc),
    REC_OF_H(struct task_group, migrate, "Migrate", "migrate", REC_PTR, 0, &migrate_strategy_desc),
    REC_OF_H(struct task_group, constraints, "Constraints", "constraint", REC_LIST, 0,
             &constraint_desc),
    REC_OF_H(struct task_group, scaling, "Scaling", "scaling", REC_PTR, 0, &scaling_desc),
    REC_OF_H(struct task_group, restart, "RestartPolicy", "restart", REC_PTR, 0,
             &restart_policy_desc),
    REC_OF_H(struct task_group, tasks, "Tasks", "task", REC_LIST, 0, &task_desc),
    REC_OF_H(struct task_group, ephemeral_disk, "EphemeralDisk", "ephemeral_disk", REC_PTR, 0,
             &ephemeral_disk_desc),
    REC_OF_H(struct task_group, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_OF_H(struct task_group, reschedule, "ReschedulePolicy", "reschedule", REC_PTR, 0,
             &reschedule_policy_desc),
    REC_OF_H(struct task_group, affinities, "Affinities", "affinity", REC_LIST, 0, &affinity_desc),
    REC_OF_H(struct task_group, spreads, "Spreads", "spread", REC_LIST, 0, &spread_desc),
    REC_OF_H(struct task_group, networks, "Networks", "network", REC_LIST, 0, &network_desc),
    REC_OF_H(struct task_group, services, "Services", "service", REC_LIST, 0, &service_desc),
    REC_OF_H(struct task_group, volumes, "Volumes", "volume", REC_MAP, 0, &volume_desc),
    REC_H(struct task_group, shutdown_delay_ns, "ShutdownDelay", "shutdown_delay", REC_ODUR, 0),
    REC_H(struct task_group, stop_after_client_disconnect_ns, "StopAfterClientDisconnect",
          "stop_after_client_disconnect", REC_ODUR, 0),
};
const struct rec_desc task_group_desc = REC_DESC("group", struct task_group, group_fields);

static const struct rec_field job_fields[] = {
    REC(struct job, stop, "Stop", REC_BOOL, REC_META),
    REC_H(struct job, region, "Region", "region", REC_OSTR, 0),
    REC_H(struct job, namespace, "Namespace", "namespace", REC_OSTR, 0),
    REC_H(struct job, id, "ID", "id", REC_OSTR, REC_LABEL),
    REC(struct job, parent_id, "ParentID", REC_STR, 0),
    REC_H(struct job, name, "Name", "name", REC_OSTR, 0),
    REC_H(struct job, type, "Type", "type", REC_OSTR, 0),
    REC_H(struct job, priority, "Priority", "priority", REC_OINT, 0),
    REC_H(struct job, all_at_once, "AllAtOnce", "all_at_once", REC_BOOL, 0),
    REC_OF_H(struct job, datacenters, "Datacenters", "datacenters", REC_LIST, 0, &rec_str),
    REC_OF_H(struct job, constraints, "Constraints", "constraint", REC_LIST, 0, &constraint_desc),
    REC_OF_H(struct job, affinities, "Affinities", "affinity", REC_LIST, 0, &affinity_desc),
    REC_OF_H(struct job, spreads, "Spreads", "spread", REC_LIST, 0, &spread_desc),
    REC_OF_H(struct job, groups, "TaskGroups", "group", REC_LIST, 0, &task_group_desc),
    REC_OF_H(struct job, update, "Update", "update", REC_PTR, 0, &update_strategy_desc),
    REC_H(struct job, multiregion, "Multiregion", "multiregion", REC_RAW, 0),
    REC_OF_H(struct job, periodic, "Periodic", "periodic", REC_PTR, 0, &periodic_desc),
    REC_OF_H(struct job, parameterized, "ParameterizedJob", "parameterized", REC_PTR, 0,
             &parameterized_desc),
    REC(struct job, dispatched, "Dispatched", REC_BOOL, 0),
    REC(struct job, payload, "Payload", REC_BYTES, 0),
    REC_OF_H(struct job, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_H(struct job, consul_token, "ConsulToken", "consul_token", REC_STR, REC_META),
    REC_H(struct job, vault_token, "VaultToken", "vault_token", REC_STR, REC_META),
    REC(struct job, vault_namespace, "VaultNamespace", REC_STR, REC_META),
    REC(struct job, nomad_token_id, "NomadTokenID", REC_STR, REC_META),
    REC(struct job, status, "Status", REC_STR, REC_META),
    REC(struct job, status_description, "StatusDescription", REC_STR, REC_META),
    REC(struct job, stable, "Stable", REC_BOOL, REC_META),
    REC(struct job, version, "Version", REC_UINT, REC_META),
    REC(struct job, submit_time_ns, "SubmitTime", REC_INT, REC_META),
    REC(struct job, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct job, modify_index, "ModifyIndex", REC_UINT, REC_META),
    REC(struct job, job_modify_index, "JobModifyIndex", REC_UINT, REC_META),
    REC_OF_H(struct job, migrate, "Migrate", "migrate", REC_PTR, REC_OMIT_EMPTY,
             &migrate_strategy_desc),
    REC_OF_H(struct job, reschedule, "Reschedule", "reschedule", REC_PTR, REC_OMIT_EMPTY,
             &reschedule_policy_desc),
};
const struct rec_desc job_desc = REC_DESC("job", struct job, job_fields);
