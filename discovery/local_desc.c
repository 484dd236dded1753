/* Descriptors of definitions: Consul's JSON of the register endpoints. */
#include "discovery/local.h"

static const struct rec_field check_fields[] = {
    REC(struct check_definition, check_id, "CheckID", REC_STR, 0),
    REC(struct check_definition, check_id, "ID", REC_STR, REC_NO_BIN),
    REC(struct check_definition, name, "Name", REC_STR, 0),
    REC(struct check_definition, status, "Status", REC_STR, 0),
    REC(struct check_definition, notes, "Notes", REC_STR, 0),
    REC(struct check_definition, service_id, "ServiceID", REC_STR, 0),
    REC_OF(struct check_definition, script_args, "ScriptArgs", REC_LIST, 0, &rec_str),
    REC_OF(struct check_definition, script_args, "Args", REC_LIST, REC_NO_BIN, &rec_str),
    REC(struct check_definition, http, "HTTP", REC_STR, 0),
    REC_OF(struct check_definition, header, "Header", REC_MAP, 0, &rec_strs_pair),
    REC(struct check_definition, method, "Method", REC_STR, 0),
    REC(struct check_definition, body, "Body", REC_STR, 0),
    REC(struct check_definition, disable_redirects, "DisableRedirects", REC_BOOL, 0),
    REC(struct check_definition, tls_skip_verify, "TLSSkipVerify", REC_BOOL, 0),
    REC(struct check_definition, tls_server_name, "TLSServerName", REC_STR, 0),
    REC(struct check_definition, tcp, "TCP", REC_STR, 0),
    REC(struct check_definition, interval_ns, "Interval", REC_DURS, 0),
    REC(struct check_definition, timeout_ns, "Timeout", REC_DURS, 0),
    REC(struct check_definition, ttl_ns, "TTL", REC_DURS, 0),
    REC(struct check_definition, success_before_passing, "SuccessBeforePassing", REC_INT, 0),
    REC(struct check_definition, failures_before_warning, "FailuresBeforeWarning", REC_INT, 0),
    REC(struct check_definition, failures_before_critical, "FailuresBeforeCritical", REC_INT, 0),
    REC(struct check_definition, deregister_critical_service_after_ns,
        "DeregisterCriticalServiceAfter", REC_DURS, 0),
    REC(struct check_definition, output_max_size_bytes, "OutputMaxSize", REC_INT, 0),
    REC_OF(struct check_definition, env, "Env", REC_LIST, REC_NO_JSON, &rec_str),
    REC(struct check_definition, cwd, "Cwd", REC_STR, REC_NO_JSON),
    REC(struct check_definition, eager, "Eager", REC_BOOL, REC_NO_JSON),
};
const struct rec_desc check_definition_desc =
    REC_DESC("check", struct check_definition, check_fields);

static const struct rec_field service_fields[] = {
    REC(struct service_definition, id, "ID", REC_STR, 0),
    REC(struct service_definition, name, "Name", REC_STR, 0),
    REC_OF(struct service_definition, tags, "Tags", REC_LIST, 0, &rec_str),
    REC(struct service_definition, address, "Address", REC_STR, 0),
    REC_OF(struct service_definition, meta, "Meta", REC_MAP, 0, &rec_str_pair),
    REC(struct service_definition, port, "Port", REC_INT, 0),
    REC_OF(struct service_definition, weights, "Weights", REC_STRUCT, 0, &catalog_weights_desc),
    REC(struct service_definition, enable_tag_override, "EnableTagOverride", REC_BOOL, 0),
    REC_OF(struct service_definition, tagged_addresses, "TaggedAddresses", REC_MAP, 0,
           &catalog_address_desc),
    REC_OF(struct service_definition, check, "Check", REC_PTR, 0, &check_definition_desc),
    REC_OF(struct service_definition, checks, "Checks", REC_LIST, 0, &check_definition_desc),
    REC(struct service_definition, kind, "Kind", REC_STR, 0),
    REC(struct service_definition, proxy, "Proxy", REC_RAW, 0),
    REC(struct service_definition, connect, "Connect", REC_RAW, 0),
    REC(struct service_definition, socket_path, "SocketPath", REC_STR, 0),
};
const struct rec_desc service_definition_desc =
    REC_DESC("service", struct service_definition, service_fields);
