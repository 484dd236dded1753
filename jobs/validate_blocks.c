/* Validation of the smaller blocks: periodic, parameterized, migrate, scaling, volumes, templates,
 * artifacts, vault, lifecycle. */
#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "jobs/cron.h"
#include "jobs/validate_impl.h"

#include <inttypes.h>
#include <string.h>

static const char *text(const char *s)
{
    return s ? s : "";
}

static bool is_one_of(const char *s, const char *a, const char *b, const char *c)
{
    return str_eq(s, a) || str_eq(s, b) || str_eq(s, c);
}

static char *place(struct job_mistakes *m, size_t i)
{
    return arena_printf(m->arena, "%zu", i + 1);
}

/* Whether a path, taken from a directory `depth` levels inside the allocation's, leaves it. What is
 * interpolated later is judged then. */
static bool escapes(const char *path, int depth)
{
    if (!path || strstr(path, "${"))
        return false;
    while (*path) {
        size_t n = strcspn(path, "/");
        if (n == 2 && !strncmp(path, "..", 2))
            depth--;
        else if (n > 0 && !(n == 1 && *path == '.'))
            depth++;
        if (depth < 0)
            return true;
        path += n + (path[n] == '/');
    }
    return false;
}

/* --- job -----------------------------------------------------------------------------------------
 */

static void check_parameterized(struct job_mistakes *m, const struct parameterized *p)
{
    if (!is_one_of(p->payload, "optional", "required", "forbidden"))
        job_mistake_add(m, "Unknown payload requirement: \"%s\"", text(p->payload));
    for (size_t i = 0; i < p->meta_optional.n; i++)
        if (rec_strs_has(&p->meta_required, text(p->meta_optional.items[i])))
            job_mistake_add(
                m,
                "Required and optional meta keys should be disjoint. Following keys exist "
                "in both: [%s]",
                text(p->meta_optional.items[i]));
}

static void check_periodic(struct job_mistakes *m, const struct periodic *p)
{
    struct cron c;
    const struct zone *z;
    struct err e = ERR_INIT;
    if (str_is_empty(p->spec))
        job_mistake_add(m, "Must specify a spec");
    else if (!str_eq(p->spec_type, "cron"))
        job_mistake_add(m, "Unknown periodic specification type \"%s\"", text(p->spec_type));
    else if (cron_parse(p->spec, &c, &e))
        job_mistake_add(m, "Invalid cron spec \"%s\": %s", p->spec, e.text);
    if (zone_load(p->time_zone, m->arena, &z, &e))
        job_mistake_add(m, "Invalid time zone \"%s\": %s", text(p->time_zone), e.text);
}

void validate_job_blocks(struct job_mistakes *m, const struct job *j)
{
    if (j->parameterized)
        check_parameterized(m, j->parameterized);
    if (j->periodic && j->periodic->enabled == 1)
        check_periodic(m, j->periodic);
}

/* --- group ---------------------------------------------------------------------------------------
 */

static void check_migrate(struct job_mistakes *m, const struct migrate_strategy *g)
{
    if (g->max_parallel < 0)
        job_mistake_add(m, "MaxParallel must be >= 0 but found %" PRId64, g->max_parallel);
    if (!str_eq(g->health_check, "checks") && !str_eq(g->health_check, "task_states"))
        job_mistake_add(m, "Invalid HealthCheck: \"%s\"", text(g->health_check));
    if (g->min_healthy_time_ns < 0)
        job_mistake_add(m, "MinHealthyTime is %s and must be >= 0",
                        validate_duration(m->arena, g->min_healthy_time_ns));
    if (g->healthy_deadline_ns < 0)
        job_mistake_add(m, "HealthyDeadline is %s and must be >= 0",
                        validate_duration(m->arena, g->healthy_deadline_ns));
    if (g->min_healthy_time_ns > g->healthy_deadline_ns)
        job_mistake_add(m, "MinHealthyTime must be less than HealthyDeadline");
}

static void check_scaling(struct job_mistakes *m, const struct task_group *g)
{
    const struct scaling *s = g->scaling;
    if (s->max == REC_NULL_INT) {
        job_mistake_add(m, "Scaling policy invalid: maximum count must be specified");
        return;
    }
    if (s->max < s->min)
        job_mistake_add(
            m, "Scaling policy invalid: maximum count must not be less than minimum count");
    if (s->min < 0)
        job_mistake_add(m,
                        "Scaling policy invalid: minimum count must be specified and non-negative");
    if (g->count > s->max)
        job_mistake_add(m,
                        "Scaling policy invalid: task group count must not be greater than maximum "
                        "count in scaling policy");
    if (g->count < s->min)
        job_mistake_add(
            m, "Scaling policy invalid: task group count must not be less than minimum count "
               "in scaling policy");
}

static void check_volumes(struct job_mistakes *m, const struct task_group *g)
{
    for (size_t i = 0; i < g->volumes.n; i++) {
        const struct volume_request *v = &g->volumes.items[i];
        if (!str_eq(v->type, "host") && !str_eq(v->type, "csi"))
            job_mistake_add(m, "Volume %s has unrecognised type %s", v->key, text(v->type));
        if (str_is_empty(v->source))
            job_mistake_add(m, "Volume %s has an empty source", v->key);
    }
}

void validate_group_blocks(struct job_mistakes *m, const struct job *j, const struct task_group *g)
{
    if (g->shutdown_delay_ns != REC_NULL_INT && g->shutdown_delay_ns < 0)
        job_mistake_add(m, "ShutdownDelay must be a positive value");
    if (g->stop_after_client_disconnect_ns != REC_NULL_INT) {
        if (!str_eq(j->type, "service") && !str_eq(j->type, "batch"))
            job_mistake_add(
                m, "stop_after_client_disconnect can only be set in batch and service jobs");
        if (g->stop_after_client_disconnect_ns <= 0)
            job_mistake_add(m, "stop_after_client_disconnect must be a positive value");
    }
    if (str_eq(j->type, "system") && g->reschedule)
        job_mistake_add(m, "System jobs should not have a reschedule policy");
    if (str_eq(j->type, "batch") && g->update)
        job_mistake_add(m, "Job type \"batch\" does not allow update block");
    if (g->migrate && !str_eq(j->type, "service"))
        job_mistake_add(m, "Job type \"%s\" does not allow migrate block", text(j->type));
    else if (g->migrate)
        check_migrate(m, g->migrate);
    if (g->scaling)
        check_scaling(m, g);
    check_volumes(m, g);
}

/* --- task ----------------------------------------------------------------------------------------
 */

static bool is_octal(const char *s)
{
    size_t n = strspn(s, "01234567");
    return n > 0 && n <= 5 && !s[n];
}

static void check_template(struct job_mistakes *m, const struct task_template *t)
{
    if (str_is_empty(t->source) && str_is_empty(t->data))
        job_mistake_add(m, "Must specify a source path or have an embedded template");
    if (str_is_empty(t->destination))
        job_mistake_add(m, "Must specify a destination for the template");
    if (escapes(t->destination, 1))
        job_mistake_add(m, "template destination escapes alloc directory");
    if (str_eq(t->change_mode, "signal") && str_is_empty(t->change_signal))
        job_mistake_add(m, "Must specify signal value when change mode is signal");
    if (str_eq(t->change_mode, "signal") && t->env)
        job_mistake_add(m, "cannot use signals with env var templates");
    if (!is_one_of(t->change_mode, "noop", "signal", "restart"))
        job_mistake_add(m,
                        "Invalid change mode. Must be one of the following: noop, signal, restart");
    if (t->splay_ns < 0)
        job_mistake_add(m, "Must specify positive splay value");
    if (!str_is_empty(t->perms) && !is_octal(t->perms))
        job_mistake_add(m, "Failed to parse \"%s\" as octal", t->perms);
}

static void check_templates(struct job_mistakes *m, const struct task *t)
{
    for (size_t i = 0; i < t->templates.n; i++) {
        struct job_mistakes in = validate_inner(m);
        check_template(&in, &t->templates.items[i]);
        validate_fold(m, &in, "Template", place(m, i));
        for (size_t k = 0; k < i; k++)
            if (str_eq(t->templates.items[k].destination, t->templates.items[i].destination)) {
                job_mistake_add(m, "Template %zu has same destination as template %zu: %s", i + 1,
                                k + 1, text(t->templates.items[i].destination));
                break;
            }
    }
}

static void check_checksum(struct job_mistakes *m, const char *sum)
{
    static const struct {
        const char *name;
        size_t digits;
    } kinds[] = {{"md5", 32}, {"sha1", 40}, {"sha256", 64}, {"sha512", 128}};
    const char *colon = sum ? strchr(sum, ':') : NULL;
    if (!sum || strstr(sum, "${"))
        return;
    if (!colon) {
        job_mistake_add(m, "checksum must be given as type:value; got \"%s\"", sum);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) != (size_t)(colon - sum) ||
            strncmp(kinds[i].name, sum, (size_t)(colon - sum)))
            continue;
        if (strspn(colon + 1, "0123456789abcdefABCDEF") != strlen(colon + 1) ||
            strlen(colon + 1) != kinds[i].digits)
            job_mistake_add(m, "invalid %s checksum: %s", kinds[i].name, colon + 1);
        return;
    }
    job_mistake_add(m, "unsupported checksum type: %.*s", (int)(colon - sum), sum);
}

static void check_artifacts(struct job_mistakes *m, const struct task *t)
{
    for (size_t i = 0; i < t->artifacts.n; i++) {
        const struct artifact *x = &t->artifacts.items[i];
        struct job_mistakes in = validate_inner(m);
        if (str_is_empty(x->source))
            job_mistake_add(&in, "source must be specified");
        if (!is_one_of(x->mode, "any", "file", "dir"))
            job_mistake_add(&in, "invalid artifact mode \"%s\"; must be one of: any, file, dir",
                            text(x->mode));
        if (escapes(x->destination, 1))
            job_mistake_add(&in, "destination escapes allocation directory");
        check_checksum(&in, rec_str_map_get(&x->options, "checksum"));
        validate_fold(m, &in, "Artifact", place(m, i));
    }
}

static void check_vault(struct job_mistakes *m, const struct vault *v)
{
    if (!v->policies.n)
        job_mistake_add(m, "Policy list cannot be empty");
    if (rec_strs_has(&v->policies, "root"))
        job_mistake_add(m, "Can not specify \"root\" policy");
    if (!is_one_of(v->change_mode, "noop", "signal", "restart"))
        job_mistake_add(m, "Unknown change mode \"%s\"", text(v->change_mode));
    if (str_eq(v->change_mode, "signal") && str_is_empty(v->change_signal))
        job_mistake_add(m, "Signal must be specified when using change mode \"signal\"");
    job_mistake_add(m, "Vault not enabled and Vault policies requested");
}

static const struct volume_request *volume_find(const struct task_group *g, const char *name)
{
    for (size_t i = 0; i < g->volumes.n; i++)
        if (str_eq(g->volumes.items[i].key, name))
            return &g->volumes.items[i];
    return NULL;
}

static void check_mounts(struct job_mistakes *m, const struct task_group *g, const struct task *t)
{
    for (size_t i = 0; i < t->volume_mounts.n; i++) {
        const struct volume_mount *v = &t->volume_mounts.items[i];
        if (str_is_empty(v->volume))
            job_mistake_add(m, "Task %s has a volume mount (%zu) referencing an empty volume",
                            text(t->name), i);
        else if (!volume_find(g, v->volume))
            job_mistake_add(m, "Task %s has a volume mount (%zu) referencing undefined volume %s",
                            text(t->name), i, v->volume);
        if (!is_one_of(v->propagation_mode, "private", "host-to-task", "bidirectional"))
            job_mistake_add(
                m, "Task %s has a volume mount (%zu) with an invalid propagation mode: \"%s\"",
                text(t->name), i, text(v->propagation_mode));
    }
}

void validate_task_blocks(struct job_mistakes *m, const struct task_group *g, const struct task *t)
{
    if (t->lifecycle && str_is_empty(t->lifecycle->hook))
        job_mistake_add(m, "no lifecycle hook provided");
    else if (t->lifecycle && !is_one_of(t->lifecycle->hook, "prestart", "poststart", "poststop"))
        job_mistake_add(m, "invalid hook: %s", t->lifecycle->hook);
    if (t->dispatch_payload && escapes(t->dispatch_payload->file, 2))
        job_mistake_add(m, "destination escapes allocation directory");
    if (t->vault)
        check_vault(m, t->vault);
    check_templates(m, t);
    check_artifacts(m, t);
    check_mounts(m, g, t);
}

/* --- reschedule ----------------------------------------------------------------------------------
 */

#define FIT_ATTEMPTS_MAX 10000 /* nobody waits for more */

/* The delay before attempt i (from 0), and the two before it for the fibonacci series. */
static int64_t next_delay(const struct reschedule_policy *r, int64_t before, int64_t last)
{
    int64_t delay = last;
    if (str_eq(r->delay_function, "exponential") && __builtin_mul_overflow(last, 2, &delay))
        delay = r->max_delay_ns;
    if (str_eq(r->delay_function, "fibonacci") && __builtin_add_overflow(before, last, &delay))
        delay = r->max_delay_ns;
    bool constant = str_eq(r->delay_function, "constant");
    return !constant && delay > r->max_delay_ns ? r->max_delay_ns : delay;
}

void validate_reschedule_fits(struct job_mistakes *m, const struct reschedule_policy *r)
{
    if (r->unlimited == 1 || r->attempts <= 0 || r->delay_ns <= 0)
        return;
    if (r->interval_ns < 15 * NS_PER_SEC)
        job_mistake_add(m, "Interval cannot be less than 15s (got %s)",
                        validate_duration(m->arena, r->interval_ns));
    int64_t total = 0, before = 0, delay = r->delay_ns, possible = 0;
    for (int64_t i = 0; i < r->attempts && i < FIT_ATTEMPTS_MAX; i++) {
        if (__builtin_add_overflow(total, delay, &total))
            return;
        possible += total <= r->interval_ns;
        int64_t next = next_delay(r, before, delay);
        before = delay;
        delay = next;
    }
    if (possible >= r->attempts)
        return;
    bool constant = str_eq(r->delay_function, "constant");
    job_mistake_add(m,
                    "Nomad can only make %" PRId64 " attempts in %s with initial delay %s%s delay "
                    "function \"%s\"%s%s",
                    possible, validate_duration(m->arena, r->interval_ns),
                    validate_duration(m->arena, r->delay_ns), constant ? " and" : ",",
                    r->delay_function, constant ? "" : ", and delay ceiling ",
                    constant ? "" : validate_duration(m->arena, r->max_delay_ns));
    job_mistake_add(m, "Set the interval to at least %s to accommodate %" PRId64 " attempts",
                    validate_duration(m->arena, total), r->attempts);
}
