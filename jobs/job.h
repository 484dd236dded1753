/* The job: what a person asks to be run, as one tree of structs, and everything that is done with
 * it before the scheduler sees it: parsing (HCL or JSON), defaults, validation.
 *
 * The structs follow the peer's API object `Job` (Nomad 1.0, inventory nomad-http-structs): field
 * order, names and null conventions of the descriptors are the wire's. Optional numbers hold
 * REC_NULL_INT until job_canonicalize fills the defaults.
 *
 * owns: nothing; all memory is the arena's given. thread: any. calls: jobs/hcl, base.
 * called by: scheduler, agent/client, agent/cli.
 * order: job_parse_*, job_canonicalize, job_validate. */
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include "agent/base/record.h"

#define REC_LIST_BODY(T)                                                                           \
    {                                                                                              \
        T *items;                                                                                  \
        size_t n;                                                                                  \
    }

struct constraint {
    char *ltarget, *rtarget, *operand;
    /* how a job file may write it shorter; folded into the three above by job_canonicalize */
    char *version, *semver, *regexp, *set_contains, *set_contains_any, *distinct_property;
    bool distinct_hosts;
};
struct constraints REC_LIST_BODY(struct constraint);

struct affinity {
    char *ltarget, *rtarget, *operand;
    int64_t weight;
    char *version, *semver, *regexp, *set_contains, *set_contains_any;
};
struct affinities REC_LIST_BODY(struct affinity);

struct spread_target {
    char *value;
    int64_t percent;
};
struct spread {
    char *attribute;
    int64_t weight;
    struct REC_LIST_BODY(struct spread_target) targets;
};
struct spreads REC_LIST_BODY(struct spread);

struct update_strategy {
    int64_t stagger_ns, max_parallel;
    char *health_check;
    int64_t min_healthy_time_ns, healthy_deadline_ns, progress_deadline_ns;
    int8_t auto_revert, auto_promote;
    int64_t canary;
};
struct migrate_strategy {
    int64_t max_parallel;
    char *health_check;
    int64_t min_healthy_time_ns, healthy_deadline_ns;
};
struct restart_policy {
    int64_t attempts, interval_ns, delay_ns;
    char *mode;
};
struct reschedule_policy {
    int64_t attempts, interval_ns, delay_ns;
    char *delay_function;
    int64_t max_delay_ns;
    int8_t unlimited;
};
struct periodic {
    int8_t enabled;
    char *spec, *spec_type;
    int8_t prohibit_overlap;
    char *time_zone;
};
struct parameterized {
    char *payload;
    struct rec_strs meta_required, meta_optional;
};
struct ephemeral_disk {
    int8_t sticky;
    int64_t size_mb;
    int8_t migrate;
};
struct log_config {
    int64_t max_files, max_file_size_mb;
};
struct check_restart {
    int64_t limit, grace_ns;
    bool ignore_warnings;
};

struct port {
    char *label;
    int64_t value, to;
    char *host_network;
};
struct ports REC_LIST_BODY(struct port);
struct network_dns {
    struct rec_strs servers, searches, options;
};
struct network { /* the peer's NetworkResource: asked for, offered by a node, or allocated */
    char *mode, *device, *cidr, *ip;
    int64_t mbits;
    struct network_dns *dns;
    struct ports reserved_ports, dynamic_ports;
};
struct networks REC_LIST_BODY(struct network);

struct requested_device {
    char *name;
    int64_t count;
    struct constraints constraints;
    struct affinities affinities;
};
struct resources {
    int64_t cpu, memory_mb, disk_mb, iops;
    struct networks networks;
    struct REC_LIST_BODY(struct requested_device) devices;
};

struct service_check {
    char *name, *type, *command;
    struct rec_strs args;
    char *path, *protocol, *port_label;
    bool expose;
    char *address_mode;
    int64_t interval_ns, timeout_ns;
    char *initial_status;
    bool tls_skip_verify;
    char *method;
    struct rec_strs_map header;
    struct check_restart *check_restart;
    char *grpc_service;
    bool grpc_use_tls;
    char *task_name;
    int64_t success_before_passing, failures_before_critical;
};
struct service {
    char *name, *task_name, *port_label, *address_mode;
    bool enable_tag_override;
    struct rec_strs tags, canary_tags;
    struct REC_LIST_BODY(struct service_check) checks;
    char *connect; /* JSON, kept */
    struct rec_str_map meta, canary_meta;
    struct check_restart *check_restart; /* merged into the checks by job_canonicalize */
};
struct services REC_LIST_BODY(struct service);

struct artifact {
    char *source, *mode, *destination;
    struct rec_str_map options, headers;
};
struct task_template {
    char *source, *destination, *data, *change_mode, *change_signal;
    int64_t splay_ns;
    char *perms, *left_delim, *right_delim;
    bool env;
    int64_t vault_grace_ns;
};
struct vault {
    struct rec_strs policies;
    char *namespace;
    int8_t env;
    char *change_mode, *change_signal;
};
struct lifecycle {
    char *hook;
    bool sidecar;
};
struct dispatch_payload {
    char *file;
};
struct volume_mount {
    char *volume, *destination;
    int8_t read_only;
    char *propagation_mode;
};
struct volume_request {
    char *key;
    char *name, *type, *source;
    bool read_only;
    char *mount_options; /* JSON, kept */
};
struct scaling {
    char *id, *type, *namespace;
    struct rec_str_map target;
    char *policy; /* JSON, kept */
    int64_t min, max;
    int8_t enabled;
    uint64_t create_index, modify_index;
};
struct scalings REC_LIST_BODY(struct scaling);

struct task {
    char *name, *driver, *user;
    char *config; /* JSON object, the driver's */
    struct rec_str_map env;
    struct services services;
    struct vault *vault;
    struct REC_LIST_BODY(struct task_template) templates;
    struct constraints constraints;
    struct affinities affinities;
    struct resources *resources;
    struct restart_policy *restart;
    struct dispatch_payload *dispatch_payload;
    struct lifecycle *lifecycle;
    struct rec_str_map meta;
    int64_t kill_timeout_ns;
    struct log_config *logs;
    struct REC_LIST_BODY(struct artifact) artifacts;
    bool leader;
    int64_t shutdown_delay_ns;
    struct REC_LIST_BODY(struct volume_mount) volume_mounts;
    struct scalings scalings;
    char *kill_signal, *kind;
    char *csi_plugin; /* JSON, kept */
};
struct tasks REC_LIST_BODY(struct task);

struct task_group {
    char *name;
    int64_t count;
    struct update_strategy *update;
    struct migrate_strategy *migrate;
    struct constraints constraints;
    struct scaling *scaling;
    struct restart_policy *restart;
    struct tasks tasks;
    struct ephemeral_disk *ephemeral_disk;
    struct rec_str_map meta;
    struct reschedule_policy *reschedule;
    struct affinities affinities;
    struct spreads spreads;
    struct networks networks;
    struct services services;
    struct REC_LIST_BODY(struct volume_request) volumes;
    int64_t shutdown_delay_ns, stop_after_client_disconnect_ns; /* REC_NULL_INT: not set */
};
struct task_groups REC_LIST_BODY(struct task_group);

struct job {
    bool stop;
    char *region, *namespace, *id, *parent_id, *name, *type;
    int64_t priority;
    bool all_at_once;
    struct rec_strs datacenters;
    struct constraints constraints;
    struct affinities affinities;
    struct spreads spreads;
    struct task_groups groups;
    struct update_strategy *update;
    struct migrate_strategy *migrate;     /* job level: a default for the groups, not kept */
    struct reschedule_policy *reschedule; /* the same */
    char *multiregion;                    /* JSON, kept */
    struct periodic *periodic;
    struct parameterized *parameterized;
    bool dispatched;
    struct rec_bytes payload;
    struct rec_str_map meta;
    char *consul_token, *vault_token, *vault_namespace, *nomad_token_id;
    /* the servers' */
    char *status, *status_description;
    bool stable;
    uint64_t version;
    int64_t submit_time_ns;
    uint64_t create_index, modify_index, job_modify_index;
};

extern const struct rec_desc job_desc, task_group_desc, task_desc, service_desc, service_check_desc,
    network_desc, port_desc, resources_desc, constraint_desc, affinity_desc, spread_desc,
    update_strategy_desc, migrate_strategy_desc, restart_policy_desc, reschedule_policy_desc,
    ephemeral_disk_desc, log_config_desc, lifecycle_desc;

/* --- parsing --------------------------------------------------------------------------------- */

/* All mistakes of an input, in order; memory is the arena's. */
struct job_mistake {
    char *text; /* "job.hcl:3,5-10: Unsupported argument; An argument named ..." or a field path */
    char *snippet; /* the offending line with the spot underlined, or NULL */
};
struct job_mistakes {
    struct arena *arena;
    struct job_mistake *items;
    size_t n;
};
void job_mistake_add(struct job_mistakes *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The peer's multierror: "2 errors occurred:\n\t* a\n\t* b\n\n" ("1 error occurred:" for one). */
void job_mistakes_write(const struct job_mistakes *m, struct buf *out);

/* Text that came from somewhere, with the name messages call it. */
struct job_source {
    const char *name, *text;
    size_t len;
};
/* What a job file is read with. Zeroed: no values for variables, no access to files. */
struct job_parse_options {
    /* values of variables, each kind over the ones before: default, environment, files, arguments
     * */
    const char *const *environment;     /* "NAME=value", NULL-terminated: NOMAD_VAR_x is taken */
    const struct job_source *var_files; /* -var-file, in the order given */
    size_t n_var_files;
    const char *const *vars; /* -var: "name=value" */
    size_t n_vars;
    bool files;           /* whether file(), templatefile() and their like may read */
    const char *base_dir; /* what their relative paths start from; NULL: the working directory */
};
/* Parses a job file, HCL or (when it begins with a brace) HCL's JSON. 0, or ERR_INVALID with every
 * mistake of the file, the offending line underlined. Nothing is defaulted yet. `options` may be
 * NULL; what it points to need not outlive the call. */
int job_parse(const struct job_source *file, const struct job_parse_options *options,
              struct arena *a, struct job **out, struct job_mistakes *mistakes);
/* job_parse without options. */
int job_parse_hcl(const char *filename, const char *text, size_t len, struct arena *a,
                  struct job **out, struct job_mistakes *mistakes);
/* Reads the API's Job object. */
int job_parse_json(const json_t *json, struct arena *a, struct job **out, struct err *e);

/* The file in its canonical layout; what it says is not looked at. ERR_INVALID when it is not
 * HCL. */
int job_file_format(const struct job_source *file, struct arena *a, struct buf *out,
                    struct job_mistakes *mistakes);

/* --- meaning --------------------------------------------------------------------------------- */

/* Fills in every default for the job's type; idempotent. */
void job_canonicalize(struct job *job, struct arena *a);
/* All mistakes at once; warnings are for the person and refuse nothing. Returns 0 or ERR_INVALID */
int job_validate(const struct job *job, struct job_mistakes *mistakes,
                 struct job_mistakes *warnings);
/* Whether the two ask for the same (indexes, status, version and submit time aside). */
bool job_spec_equal(const struct job *a, const struct job *b);

struct task_group *job_group_find(const struct job *job, const char *name);
struct task *group_task_find(const struct task_group *group, const char *name);

#endif
