/* Validation: all mistakes of a job at once, in the peer's words (inventory nomad-jobspec). */
#include "agent/base/clock.h"
#include "agent/base/duration.h"
#include "agent/base/str.h"
#include "jobs/job.h"
#include "jobs/validate_impl.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

struct check_ctx {
    struct job_mistakes *mistakes, *warnings;
    const struct job *job;
};

/* A nested list of mistakes becomes one mistake of the outer list: "Task group g validation
 * failed: ..." */
void validate_fold(struct job_mistakes *outer, struct job_mistakes *inner, const char *what,
                   const char *name)
{
    if (!inner->n)
        return;
    struct buf b = BUF_INIT;
    job_mistakes_write(inner, &b);
    while (b.len && b.data[b.len - 1] == '\n')
        b.data[--b.len] = '\0';
    job_mistake_add(outer, "%s %s validation failed: %s", what, name ? name : "", b.data);
    buf_fini(&b);
}

struct job_mistakes validate_inner(struct job_mistakes *m)
{
    return (struct job_mistakes){.arena = m->arena};
}

const char *validate_duration(struct arena *a, int64_t ns)
{
    char out[DURATION_MAX];
    duration_format(ns, out);
    return arena_strdup(a, out);
}

/* --- constraints ----------------------------------------------------------------------------- */

static bool is_operator(const char *op)
{
    static const char *const known[] = {"=",
                                        "==",
                                        "is",
                                        "!=",
                                        "not",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "version",
                                        "semver",
                                        "regexp",
                                        "set_contains",
                                        "set_contains_all",
                                        "set_contains_any",
                                        "is_set",
                                        "is_not_set",
                                        "distinct_hosts",
                                        "distinct_property"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(known[i], op))
            return true;
    return false;
}

static void check_constraints(struct job_mistakes *m, const struct constraints *list,
                              bool task_level)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct constraint *c = &list->items[i];
        struct job_mistakes in = validate_inner(m);
        const char *op = c->operand ? c->operand : "";
        bool distinct = str_has_prefix(op, "distinct_"),
             set = str_eq(op, "is_set") || str_eq(op, "is_not_set");
        if (!*op)
            job_mistake_add(&in, "Missing constraint operand");
        else if (!is_operator(op))
            job_mistake_add(&in, "Unknown constraint type \"%s\"", op);
        if (*op && !distinct && !set && str_is_empty(c->rtarget))
            job_mistake_add(&in, "Operator \"%s\" requires an RTarget", op);
        if (!str_eq(op, "distinct_hosts") && str_is_empty(c->ltarget))
            job_mistake_add(&in, "No LTarget provided but is required by constraint");
        if (set && !str_is_empty(c->rtarget))
            job_mistake_add(&in, "Operator \"%s\" does not support an RTarget", op);
        uint64_t count = 1;
        if (str_eq(op, "distinct_property") && !str_is_empty(c->rtarget) &&
            str_to_u64(c->rtarget, &count))
            job_mistake_add(&in, "Failed to convert RTarget \"%s\" to uint64", c->rtarget);
        if (count < 1)
            job_mistake_add(&in,
                            "Distinct Property must have an allowed count of 1 or greater: 0 < 1");
        if (distinct && task_level)
            job_mistake_add(&in, "Constraint type \"%s\" is disallowed at the task level", op);
        validate_fold(m, &in, "Constraint", arena_printf(m->arena, "%zu", i + 1));
    }
}

static void check_affinities(struct job_mistakes *m, const struct affinities *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct affinity *f = &list->items[i];
        struct job_mistakes in = validate_inner(m);
        if (f->weight == 0)
            job_mistake_add(&in, "Affinity weight cannot be zero");
        if (f->weight < -100 || f->weight > 100)
            job_mistake_add(&in, "Affinity weight must be within the range [-100,100]");
        if (str_is_empty(f->ltarget))
            job_mistake_add(&in, "No LTarget provided but is required");
        validate_fold(m, &in, "Affinity", arena_printf(m->arena, "%zu", i + 1));
    }
}

static void check_spreads(struct job_mistakes *m, const struct spreads *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct spread *s = &list->items[i];
        struct job_mistakes in = validate_inner(m);
        int64_t sum = 0;
        if (s->weight <= 0 || s->weight > 100)
            job_mistake_add(&in, "Spread stanza must have a positive weight from 0 to 100");
        if (str_is_empty(s->attribute))
            job_mistake_add(&in, "Missing spread attribute");
        for (size_t k = 0; k < s->targets.n; k++) {
            int64_t percent = s->targets.items[k].percent;
            if (percent < 0 || percent > 100)
                job_mistake_add(&in,
                                "Spread target percentage for value \"%s\" must be between 0 and "
                                "100",
                                s->targets.items[k].value ? s->targets.items[k].value : "");
            else
                sum += percent;
        }
        if (sum > 100)
            job_mistake_add(&in,
                            "Sum of spread target percentages must not be greater than 100%%; got "
                            "%" PRId64 "%%",
                            sum);
        validate_fold(m, &in, "Spread", arena_printf(m->arena, "%zu", i + 1));
    }
}

/* --- policies -------------------------------------------------------------------------------- */

static void check_restart(struct job_mistakes *m, const struct restart_policy *r)
{
    if (!r)
        return;
    if (!str_eq(r->mode, "fail") && !str_eq(r->mode, "delay"))
        job_mistake_add(m, "Unsupported restart mode: \"%s\"", r->mode);
    else if (r->attempts == 0 && !str_eq(r->mode, "fail"))
        job_mistake_add(m, "Restart policy \"%s\" with 0 attempts is ambiguous", r->mode);
    if (r->interval_ns < 5 * NS_PER_SEC)
        job_mistake_add(m, "Interval can not be less than 5s (got %s)",
                        validate_duration(m->arena, r->interval_ns));
    int64_t total;
    if (__builtin_mul_overflow(r->attempts, r->delay_ns, &total) || total > r->interval_ns)
        job_mistake_add(m,
                        "Nomad can't restart the TaskGroup %" PRId64
                        " times in an interval of %s with a delay of %s",
                        r->attempts, validate_duration(m->arena, r->interval_ns),
                        validate_duration(m->arena, r->delay_ns));
}

static void check_reschedule(struct job_mistakes *m, const struct reschedule_policy *r)
{
    if (!r || (r->attempts <= 0 && r->unlimited != 1))
        return;
    if (r->attempts > 0 && r->unlimited == 1)
        job_mistake_add(m,
                        "Reschedule Policy with Attempts = %" PRId64
                        ", Interval = %s, and Unlimited = true is ambiguous",
                        r->attempts, validate_duration(m->arena, r->interval_ns));
    if (r->delay_ns < 5 * NS_PER_SEC)
        job_mistake_add(m, "Reschedule Policy Delay cannot be less than 5s (got %s)",
                        validate_duration(m->arena, r->delay_ns));
    if (!str_eq(r->delay_function, "constant") && !str_eq(r->delay_function, "exponential") &&
        !str_eq(r->delay_function, "fibonacci"))
        job_mistake_add(m,
                        "Invalid delay function \"%s\", must be one of [\"constant\" "
                        "\"exponential\" \"fibonacci\"]",
                        r->delay_function);
    else if (!str_eq(r->delay_function, "constant") && r->max_delay_ns < r->delay_ns)
        job_mistake_add(m, "Max Delay cannot be less than Delay %s (got %s)",
                        validate_duration(m->arena, r->delay_ns),
                        validate_duration(m->arena, r->max_delay_ns));
    validate_reschedule_fits(m, r);
}

static void check_update(struct check_ctx *c, struct job_mistakes *m, struct job_mistakes *warnings,
                         const struct task_group *g)
{
    const struct update_strategy *u = g->update;
    if (!u)
        return;
    if (u->max_parallel < 0)
        job_mistake_add(m, "Max parallel can not be less than zero: %" PRId64 " < 0",
                        u->max_parallel);
    if (u->canary < 0)
        job_mistake_add(m, "Canary count can not be less than zero: %" PRId64 " < 0", u->canary);
    if (!str_eq(u->health_check, "checks") && !str_eq(u->health_check, "task_states") &&
        !str_eq(u->health_check, "manual"))
        job_mistake_add(m, "Invalid health check given: \"%s\"", u->health_check);
    if (u->min_healthy_time_ns < 0)
        job_mistake_add(m, "Minimum healthy time may not be less than zero: %s",
                        validate_duration(m->arena, u->min_healthy_time_ns));
    if (u->healthy_deadline_ns <= 0)
        job_mistake_add(m, "Healthy deadline must be greater than zero: %s",
                        validate_duration(m->arena, u->healthy_deadline_ns));
    if (u->min_healthy_time_ns >= u->healthy_deadline_ns)
        job_mistake_add(m, "Minimum healthy time must be less than healthy deadline: %s > %s",
                        validate_duration(m->arena, u->min_healthy_time_ns),
                        validate_duration(m->arena, u->healthy_deadline_ns));
    if (u->progress_deadline_ns > 0 && u->healthy_deadline_ns > u->progress_deadline_ns)
        job_mistake_add(m, "Healthy deadline must be less than progress deadline: %s > %s",
                        validate_duration(m->arena, u->healthy_deadline_ns),
                        validate_duration(m->arena, u->progress_deadline_ns));
    if (u->auto_promote == 1 && u->canary == 0)
        job_mistake_add(m, "Auto Promote requires a Canary count greater than zero");
    if (warnings && u->max_parallel > g->count)
        job_mistake_add(warnings,
                        "Update max parallel count is greater than task group count (%" PRId64
                        " > %" PRId64 "). A destructive change would result in the simultaneous "
                        "replacement of all allocations.",
                        u->max_parallel, g->count);
    (void)c;
}

/* --- ports and services ---------------------------------------------------------------------- */

struct labels {
    struct rec_strs names;
    struct rec_strs fixed; /* static ports: "host_network:port" */
};

static bool has_label(const struct labels *l, const char *name)
{
    return name && rec_strs_has(&l->names, name);
}

/* A fixed port can be had once on each of a host's networks. */
static void check_static(struct job_mistakes *m, struct labels *labels, const struct port *p)
{
    const char *host = str_is_empty(p->host_network) ? "default" : p->host_network;
    const char *key = arena_printf(m->arena, "%s:%" PRId64, host, p->value);
    if (p->value <= 0)
        return;
    if (rec_strs_has(&labels->fixed, key))
        job_mistake_add(m, "Static port %" PRId64 " already reserved by another port of the group",
                        p->value);
    else
        rec_strs_add(&labels->fixed, m->arena, key);
}

static void check_networks(struct job_mistakes *m, const struct networks *list,
                           struct labels *labels, const char *who)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ports *both[] = {&list->items[i].reserved_ports,
                                      &list->items[i].dynamic_ports};
        for (int k = 0; k < 2; k++)
            for (size_t p = 0; p < both[k]->n; p++) {
                const struct port *x = &both[k]->items[p];
                if (has_label(labels, x->label))
                    job_mistake_add(m, "Port label %s already in use by %s", x->label, who);
                if (x->value > 65535)
                    job_mistake_add(m, "Port %s (%" PRId64 ") cannot be greater than 65535",
                                    x->label, x->value);
                if (x->value < 0)
                    job_mistake_add(m, "Port %s (%" PRId64 ") cannot be negative", x->label,
                                    x->value);
                if (x->to < -1)
                    job_mistake_add(m, "Port \"%s\" cannot be mapped to negative value %" PRId64,
                                    x->label, x->to);
                if (x->label)
                    rec_strs_add(&labels->names, m->arena, x->label);
                check_static(m, labels, x);
            }
    }
}

/* RFC 1123, after what is interpolated later is taken for a letter. */
static bool is_service_name(const char *s)
{
    size_t n = 0;
    for (const char *p = s; *p; n++) {
        if (str_has_prefix(p, "${")) {
            const char *close = strchr(p, '}');
            if (!close)
                return false;
            p = close + 1;
            continue;
        }
        if (!isalnum((unsigned char)*p) && (*p != '-' || n == 0 || !p[1]))
            return false;
        p++;
    }
    return n >= 1 && n <= 63;
}

static void check_service_check(struct job_mistakes *m, const struct service *s,
                                const struct service_check *c, bool group_level)
{
    bool http = str_eq(c->type, "http"), tcp = str_eq(c->type, "tcp"),
         script = str_eq(c->type, "script");
    struct job_mistakes in = validate_inner(m);
    if (!http && !tcp && !script && !str_eq(c->type, "grpc"))
        job_mistake_add(
            &in, "invalid type (\"%s\"), must be one of \"http\", \"tcp\", or \"script\" type",
            c->type ? c->type : "");
    if (c->interval_ns < NS_PER_SEC)
        job_mistake_add(&in, "missing required value interval. Interval cannot be less than 1s");
    if (c->timeout_ns < NS_PER_SEC)
        job_mistake_add(&in, "missing required value timeout. Timeout cannot be less than 1s");
    if (http && str_is_empty(c->path))
        job_mistake_add(&in, "http type must have http path");
    if (http && !str_is_empty(c->path) && strstr(c->path, "://"))
        job_mistake_add(&in, "http path must be a relative URL");
    if (script && str_is_empty(c->command))
        job_mistake_add(&in, "script type must have a valid script path");
    if (script && group_level && str_is_empty(c->task_name) && str_is_empty(s->task_name))
        job_mistake_add(&in, "script check at the group level must name its task");
    if ((http || tcp) && str_is_empty(c->port_label) && str_is_empty(s->port_label))
        job_mistake_add(&in, "check \"%s\" is of type %s and its service has no port", c->name,
                        c->type);
    if (!str_is_empty(c->initial_status) && !str_eq(c->initial_status, "passing") &&
        !str_eq(c->initial_status, "warning") && !str_eq(c->initial_status, "critical"))
        job_mistake_add(
            &in,
            "invalid initial check state (%s), must be one of \"passing\", \"warning\", "
            "\"critical\" or empty",
            c->initial_status);
    validate_fold(m, &in, "Check", c->name);
}

static bool is_address_mode(const char *mode, bool group_level)
{
    return str_is_empty(mode) || str_eq(mode, "auto") || str_eq(mode, "host") ||
           str_eq(mode, group_level ? "alloc" : "driver");
}

static void check_services(struct job_mistakes *m, const struct services *list,
                           const struct labels *labels, bool group_level)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct service *s = &list->items[i];
        struct job_mistakes in = validate_inner(m);
        if (!is_service_name(s->name))
            job_mistake_add(&in,
                            "Service name must be valid per RFC 1123 and can contain only "
                            "alphanumeric characters or dashes: \"%s\"",
                            s->name);
        if (!str_is_empty(s->port_label) && !has_label(labels, s->port_label) &&
            strspn(s->port_label, "0123456789") != strlen(s->port_label))
            job_mistake_add(&in, "port label \"%s\" referenced by services %s does not exist",
                            s->port_label, s->name);
        if (!is_address_mode(s->address_mode, group_level))
            job_mistake_add(&in,
                            "Service address_mode must be \"auto\", \"host\", or \"%s\"; not "
                            "\"%s\"",
                            group_level ? "alloc" : "driver", s->address_mode);
        for (size_t k = 0; k < s->checks.n; k++) {
            const char *port = s->checks.items[k].port_label;
            if (!str_is_empty(port) && !has_label(labels, port) &&
                strspn(port, "0123456789") != strlen(port))
                job_mistake_add(&in, "port label \"%s\" referenced by services %s does not exist",
                                port, s->name);
            check_service_check(&in, s, &s->checks.items[k], group_level);
        }
        for (size_t k = 0; k < i; k++)
            if (str_eq(list->items[k].name, s->name) &&
                str_eq(list->items[k].port_label, s->port_label)) {
                job_mistake_add(&in, "service \"%s\" is duplicate", s->name);
                break;
            }
        validate_fold(m, &in, "Service", s->name);
    }
}

/* --- task, group, job ------------------------------------------------------------------------ */

static void check_resources(struct job_mistakes *m, const struct task *t)
{
    const struct resources *r = t->resources;
    if (!r) {
        job_mistake_add(m, "Missing task resources");
        return;
    }
    if (r->cpu < 1)
        job_mistake_add(m, "minimum CPU value is 1; got %" PRId64, r->cpu);
    if (r->memory_mb < 10)
        job_mistake_add(m, "minimum MemoryMB value is 10; got %" PRId64, r->memory_mb);
    if (r->disk_mb > 0)
        job_mistake_add(m,
                        "Task can't ask for disk resources, they have to be specified at the task "
                        "group level.");
}

static void check_task(struct check_ctx *c, struct job_mistakes *outer,
                       struct job_mistakes *warnings, const struct task_group *g,
                       const struct task *t, struct labels *labels)
{
    struct job_mistakes in = validate_inner(outer);
    if (str_is_empty(t->name))
        job_mistake_add(&in, "Missing task name");
    else if (strpbrk(t->name, "/\\"))
        job_mistake_add(&in, "Task name cannot include slashes");
    if (str_is_empty(t->driver))
        job_mistake_add(&in, "Missing task driver");
    if (t->kill_timeout_ns < 0)
        job_mistake_add(&in, "KillTimeout must be a positive value");
    if (t->shutdown_delay_ns < 0)
        job_mistake_add(&in, "ShutdownDelay must be a positive value");
    check_resources(&in, t);
    check_constraints(&in, &t->constraints, true);
    check_affinities(&in, &t->affinities);
    if (t->resources)
        check_networks(&in, &t->resources->networks, labels, t->name ? t->name : "");
    check_services(&in, &t->services, labels, false);
    if (t->logs && t->logs->max_files < 1)
        job_mistake_add(&in, "minimum number of files is 1; got %" PRId64, t->logs->max_files);
    if (t->logs && t->logs->max_file_size_mb < 1)
        job_mistake_add(&in, "minimum file size is 1MB; got %" PRId64, t->logs->max_file_size_mb);
    int64_t log_mb = 0;
    if (t->logs && __builtin_mul_overflow(t->logs->max_files, t->logs->max_file_size_mb, &log_mb))
        log_mb = INT64_MAX;
    if (t->logs && g->ephemeral_disk && log_mb >= g->ephemeral_disk->size_mb)
        job_mistake_add(&in,
                        "log storage (%" PRId64
                        " MB) must be less than requested disk capacity (%" PRId64 " MB)",
                        log_mb, g->ephemeral_disk->size_mb);
    validate_task_blocks(&in, g, t);
    if (warnings)
        validate_task_warnings(warnings, t);
    validate_fold(outer, &in, "Task", t->name);
    (void)c;
}

static void check_names(struct job_mistakes *m, const struct task_group *g)
{
    int leaders = 0;
    for (size_t i = 0; i < g->tasks.n; i++) {
        leaders += g->tasks.items[i].leader;
        for (size_t k = 0; k < i; k++)
            if (str_eq(g->tasks.items[i].name, g->tasks.items[k].name)) {
                job_mistake_add(m, "Task %zu redefines '%s' from task %zu", i + 1,
                                g->tasks.items[i].name, k + 1);
                break;
            }
    }
    if (leaders > 1)
        job_mistake_add(m, "Only one task may be marked as leader");
}

static void check_group(struct check_ctx *c, const struct task_group *g)
{
    struct job_mistakes in = validate_inner(c->mistakes), warn = validate_inner(c->mistakes);
    struct job_mistakes *warnings = c->warnings ? &warn : NULL;
    struct labels labels = {{NULL, 0}, {NULL, 0}};
    if (str_is_empty(g->name))
        job_mistake_add(&in, "Missing task group name");
    if (g->count < 0)
        job_mistake_add(&in, "Task group count can't be negative");
    if (!g->tasks.n)
        job_mistake_add(&in, "Missing tasks for task group");
    if (g->ephemeral_disk && g->ephemeral_disk->size_mb < 10)
        job_mistake_add(&in, "minimum DiskMB value is 10; got %" PRId64,
                        g->ephemeral_disk->size_mb);
    check_constraints(&in, &g->constraints, false);
    check_affinities(&in, &g->affinities);
    check_spreads(&in, &g->spreads);
    check_restart(&in, g->restart);
    check_reschedule(&in, g->reschedule);
    check_update(c, &in, warnings, g);
    check_names(&in, g);
    check_networks(&in, &g->networks, &labels, "taskgroup network");
    validate_group_blocks(&in, c->job, g);
    for (size_t i = 0; i < g->tasks.n; i++)
        check_task(c, &in, warnings, g, &g->tasks.items[i], &labels);
    check_services(&in, &g->services, &labels, true);
    validate_fold(c->mistakes, &in, "Task group", g->name);
    if (warnings)
        validate_group_warnings(warnings, g);
    if (warnings && warn.n) {
        struct buf b = BUF_INIT;
        job_mistakes_write(&warn, &b);
        job_mistake_add(c->warnings, "Group \"%s\" has warnings: %s", g->name, b.data);
        buf_fini(&b);
    }
}

static bool has_datacenter(const struct job *j)
{
    for (size_t i = 0; i < j->datacenters.n; i++)
        if (str_is_empty(j->datacenters.items[i]))
            return false;
    return j->datacenters.n > 0;
}

static void check_kind(struct job_mistakes *m, const struct job *j)
{
    bool service = str_eq(j->type, "service"), batch = str_eq(j->type, "batch");
    bool system = str_eq(j->type, "system");
    if (!service && !batch && !system)
        job_mistake_add(m, "Invalid job type: \"%s\"", j->type);
    if (batch && j->update && j->update->max_parallel > 0)
        job_mistake_add(m, "Job type \"batch\" does not allow update block");
    if (j->periodic && !batch)
        job_mistake_add(m, "Periodic can only be used with \"batch\" scheduler");
    if (j->parameterized && !batch)
        job_mistake_add(m, "Parameterized job can only be used with \"batch\" scheduler");
    if (system && j->affinities.n)
        job_mistake_add(m, "System jobs may not have an affinity stanza");
    if (system && j->spreads.n)
        job_mistake_add(m, "System jobs may not have a spread stanza");
    for (size_t i = 0; system && i < j->groups.n; i++)
        if (j->groups.items[i].count > 1)
            job_mistake_add(m,
                            "Job task group %s has count %" PRId64
                            ". Count cannot exceed 1 with system scheduler",
                            j->groups.items[i].name, j->groups.items[i].count);
    if (!str_is_empty(j->multiregion))
        job_mistake_add(m, "Multiregion jobs are unlicensed.");
}

int job_validate(const struct job *j, struct job_mistakes *m, struct job_mistakes *warnings)
{
    struct check_ctx c = {m, warnings, j};
    if (str_is_empty(j->region))
        job_mistake_add(m, "Missing job region");
    if (str_is_empty(j->id))
        job_mistake_add(m, "Missing job ID");
    else if (strchr(j->id, ' '))
        job_mistake_add(m, "Job ID contains a space");
    else if (strlen(j->id) > 300)
        job_mistake_add(m, "Job ID is longer than 300 characters");
    if (str_is_empty(j->name))
        job_mistake_add(m, "Missing job name");
    if (!str_eq(j->namespace, "default"))
        job_mistake_add(m, "job \"%s\" is in nonexistent namespace \"%s\"", j->id, j->namespace);
    check_kind(m, j);
    validate_job_blocks(m, j);
    if (j->priority < 1 || j->priority > 100)
        job_mistake_add(m, "Job priority must be between [1, 100]");
    if (!has_datacenter(j))
        job_mistake_add(m, j->datacenters.n ? "Job datacenter must be non-empty string"
                                            : "Missing job datacenters");
    if (!j->groups.n)
        job_mistake_add(m, "Missing job task groups");
    check_constraints(m, &j->constraints, false);
    check_affinities(m, &j->affinities);
    check_spreads(m, &j->spreads);
    for (size_t i = 0; i < j->groups.n; i++) {
        for (size_t k = 0; k < i; k++)
            if (str_eq(j->groups.items[i].name, j->groups.items[k].name))
                job_mistake_add(m, "Job task group %zu redefines '%s' from group %zu", i + 1,
                                j->groups.items[i].name, k + 1);
        check_group(&c, &j->groups.items[i]);
    }
    return m->n ? ERR_INVALID : 0;
}
