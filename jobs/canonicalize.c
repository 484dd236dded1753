/* Defaults, by job type (inventory nomad-jobspec). Idempotent. */
#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "jobs/job.h"

#include <string.h>

static char *copy(struct arena *a, const char *s)
{
    return arena_strdup(a, s);
}

static void default_str(char **p, struct arena *a, const char *value)
{
    if (str_is_empty(*p))
        *p = copy(a, value);
}

static void default_int(int64_t *p, int64_t value)
{
    if (*p == REC_NULL_INT)
        *p = value;
}

static void default_bool(int8_t *p, bool value)
{
    if (*p == REC_NULL_BOOL)
        *p = value;
}

/* A new struct at *p if there is none. */
static void *ensure(void *p, const struct rec_desc *d, struct arena *a)
{
    void **at = p;
    if (!*at) {
        *at = arena_alloc(a, d->size);
        rec_init(d, *at);
    }
    return *at;
}

/* --- constraints: the shorter ways of writing them ------------------------------------------- */

static void fold(char **value, const char *op, char **operand, char **rtarget, struct arena *a)
{
    if (!*value)
        return;
    *operand = copy(a, op);
    *rtarget = *value;
    *value = NULL;
}

static void canonicalize_constraints(struct constraints *list, struct arena *a)
{
    for (size_t i = 0; i < list->n; i++) {
        struct constraint *c = &list->items[i];
        fold(&c->version, "version", &c->operand, &c->rtarget, a);
        fold(&c->semver, "semver", &c->operand, &c->rtarget, a);
        fold(&c->regexp, "regexp", &c->operand, &c->rtarget, a);
        fold(&c->set_contains, "set_contains", &c->operand, &c->rtarget, a);
        fold(&c->set_contains_any, "set_contains_any", &c->operand, &c->rtarget, a);
        if (c->distinct_property) {
            c->operand = copy(a, "distinct_property");
            c->ltarget = c->distinct_property;
            c->distinct_property = NULL;
        }
        if (c->distinct_hosts)
            c->operand = copy(a, "distinct_hosts");
        c->distinct_hosts = false;
        default_str(&c->operand, a, "=");
    }
}

static void canonicalize_affinities(struct affinities *list, struct arena *a)
{
    for (size_t i = 0; i < list->n; i++) {
        struct affinity *f = &list->items[i];
        fold(&f->version, "version", &f->operand, &f->rtarget, a);
        fold(&f->semver, "semver", &f->operand, &f->rtarget, a);
        fold(&f->regexp, "regexp", &f->operand, &f->rtarget, a);
        fold(&f->set_contains, "set_contains", &f->operand, &f->rtarget, a);
        fold(&f->set_contains_any, "set_contains_any", &f->operand, &f->rtarget, a);
        default_str(&f->operand, a, "=");
        default_int(&f->weight, 50);
    }
}

static void canonicalize_spreads(struct spreads *list)
{
    for (size_t i = 0; i < list->n; i++)
        default_int(&list->items[i].weight, 50);
}

/* --- networks and resources ------------------------------------------------------------------ */

/* A port with a fixed number is reserved, the others are chosen at placement. */
static void split_ports(struct network *n, struct arena *a)
{
    struct ports dynamic = {NULL, 0};
    for (size_t i = 0; i < n->dynamic_ports.n; i++) {
        struct port *p = &n->dynamic_ports.items[i];
        struct ports *to = p->value > 0 ? &n->reserved_ports : &dynamic;
        struct port keep = *p;
        struct ports grown = {NULL, 0}; /* lists from JSON have no room to grow: copy */
        for (size_t k = 0; k < to->n; k++)
            *(struct port *)rec_list_add(&port_desc, &grown, a) = to->items[k];
        *(struct port *)rec_list_add(&port_desc, &grown, a) = keep;
        *to = grown;
    }
    n->dynamic_ports = dynamic;
}

static void canonicalize_networks(struct networks *list, struct arena *a)
{
    for (size_t i = 0; i < list->n; i++) {
        struct network *n = &list->items[i];
        default_int(&n->mbits, 0);
        split_ports(n, a);
        struct ports *lists[] = {&n->reserved_ports, &n->dynamic_ports};
        for (int k = 0; k < 2; k++)
            for (size_t p = 0; p < lists[k]->n; p++)
                default_str(&lists[k]->items[p].host_network, a, "default");
    }
}

static void canonicalize_resources(struct task *t, struct arena *a)
{
    struct resources *r = ensure(&t->resources, &resources_desc, a);
    default_int(&r->cpu, 100);
    default_int(&r->memory_mb, 300);
    default_int(&r->disk_mb, 0);
    default_int(&r->iops, 0);
    canonicalize_networks(&r->networks, a);
    for (size_t i = 0; i < r->devices.n; i++)
        default_int(&r->devices.items[i].count, 1);
}

/* --- services -------------------------------------------------------------------------------- */

/* ${JOB}, ${TASKGROUP}, ${TASK} and ${BASE} are known now; the rest waits for the client. */
static char *early_names(struct arena *a, const char *text, const char *job, const char *group,
                         const char *task)
{
    struct buf b = BUF_INIT;
    const char *const names[][2] = {{"${JOB}", job}, {"${TASKGROUP}", group}, {"${TASK}", task}};
    while (*text) {
        bool hit = false;
        for (int i = 0; i < 3 && !hit; i++)
            if (names[i][1] && str_has_prefix(text, names[i][0])) {
                buf_str_add(&b, names[i][1]);
                text += strlen(names[i][0]);
                hit = true;
            }
        if (!hit && str_has_prefix(text, "${BASE}")) {
            buf_printf(&b, "%s-%s%s%s", job, group, task ? "-" : "", task ? task : "");
            text += 7;
            hit = true;
        }
        if (!hit)
            buf_char(&b, *text++);
    }
    char *out = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

static void canonicalize_services(struct services *list, const char *job, const char *group,
                                  const char *task, struct arena *a)
{
    for (size_t i = 0; i < list->n; i++) {
        struct service *s = &list->items[i];
        if (str_is_empty(s->name))
            s->name = task ? arena_printf(a, "%s-%s-%s", job, group, task)
                           : arena_printf(a, "%s-%s", job, group);
        s->name = early_names(a, s->name, job, group, task);
        default_str(&s->address_mode, a, "auto");
        for (size_t k = 0; k < s->checks.n; k++) {
            struct service_check *c = &s->checks.items[k];
            if (str_is_empty(c->name))
                c->name = arena_printf(a, "service: \"%s\" check", s->name);
            if (s->check_restart && !c->check_restart)
                c->check_restart = s->check_restart;
            if (c->check_restart && c->check_restart->grace_ns == REC_NULL_INT)
                c->check_restart->grace_ns = NS_PER_SEC;
        }
        s->check_restart = NULL;
    }
}

/* --- policies -------------------------------------------------------------------------------- */

static void inherit_int(int64_t *p, const int64_t *from)
{
    if (*p == REC_NULL_INT && from)
        *p = *from;
}

static void canonicalize_restart(struct restart_policy *r, bool batch, struct arena *a)
{
    default_int(&r->attempts, batch ? 3 : 2);
    default_int(&r->delay_ns, 15 * NS_PER_SEC);
    default_int(&r->interval_ns, batch ? 86400 * NS_PER_SEC : 1800 * NS_PER_SEC);
    default_str(&r->mode, a, "fail");
}

/* A task's own restart block is laid over the group's. */
static void merge_restart(struct task *t, const struct restart_policy *group, struct arena *a)
{
    struct restart_policy *r = ensure(&t->restart, &restart_policy_desc, a);
    inherit_int(&r->attempts, &group->attempts);
    inherit_int(&r->interval_ns, &group->interval_ns);
    inherit_int(&r->delay_ns, &group->delay_ns);
    default_str(&r->mode, a, group->mode);
}

static void canonicalize_update(struct update_strategy *u, struct arena *a)
{
    default_int(&u->stagger_ns, 30 * NS_PER_SEC);
    default_int(&u->max_parallel, 1);
    default_str(&u->health_check, a, "checks");
    default_int(&u->min_healthy_time_ns, 10 * NS_PER_SEC);
    default_int(&u->healthy_deadline_ns, 300 * NS_PER_SEC);
    default_int(&u->progress_deadline_ns, 600 * NS_PER_SEC);
    default_bool(&u->auto_revert, false);
    default_bool(&u->auto_promote, false);
    default_int(&u->canary, 0);
}

static void group_update(struct task_group *g, const struct update_strategy *job, struct arena *a)
{
    struct update_strategy *u = ensure(&g->update, &update_strategy_desc, a);
    if (job) {
        inherit_int(&u->stagger_ns, &job->stagger_ns);
        inherit_int(&u->max_parallel, &job->max_parallel);
        inherit_int(&u->min_healthy_time_ns, &job->min_healthy_time_ns);
        inherit_int(&u->healthy_deadline_ns, &job->healthy_deadline_ns);
        inherit_int(&u->progress_deadline_ns, &job->progress_deadline_ns);
        inherit_int(&u->canary, &job->canary);
        if (str_is_empty(u->health_check))
            u->health_check = job->health_check;
        if (u->auto_revert == REC_NULL_BOOL)
            u->auto_revert = job->auto_revert;
        if (u->auto_promote == REC_NULL_BOOL)
            u->auto_promote = job->auto_promote;
    }
    canonicalize_update(u, a);
}

static void group_migrate(struct task_group *g, const struct migrate_strategy *job, struct arena *a)
{
    if (!g->migrate && job)
        g->migrate = rec_dup(&migrate_strategy_desc, job, a);
    struct migrate_strategy *m = ensure(&g->migrate, &migrate_strategy_desc, a);
    default_int(&m->max_parallel, 1);
    default_str(&m->health_check, a, "checks");
    default_int(&m->min_healthy_time_ns, 10 * NS_PER_SEC);
    default_int(&m->healthy_deadline_ns, 300 * NS_PER_SEC);
}

static void group_reschedule(struct task_group *g, const struct reschedule_policy *job, bool batch,
                             struct arena *a)
{
    if (!g->reschedule && job)
        g->reschedule = rec_dup(&reschedule_policy_desc, job, a);
    struct reschedule_policy *r = ensure(&g->reschedule, &reschedule_policy_desc, a);
    bool limited = r->attempts != REC_NULL_INT && r->attempts > 0;
    default_int(&r->attempts, batch ? 1 : 0);
    default_int(&r->interval_ns, batch ? 86400 * NS_PER_SEC : 0);
    default_int(&r->delay_ns, (batch ? 5 : 30) * NS_PER_SEC);
    default_str(&r->delay_function, a, batch ? "constant" : "exponential");
    default_int(&r->max_delay_ns, batch ? 0 : 3600 * NS_PER_SEC);
    default_bool(&r->unlimited, !batch && !limited);
}

/* --- task, group, job ------------------------------------------------------------------------ */

static void canonicalize_templates(struct task *t, struct arena *a)
{
    for (size_t i = 0; i < t->templates.n; i++) {
        struct task_template *x = &t->templates.items[i];
        default_str(&x->change_mode, a, "restart");
        for (char *p = x->change_signal; p && *p; p++)
            *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
        if (x->splay_ns == REC_NULL_INT)
            x->splay_ns = 5 * NS_PER_SEC;
        default_str(&x->perms, a, "0644");
        default_str(&x->left_delim, a, "{{");
        default_str(&x->right_delim, a, "}}");
    }
    for (size_t i = 0; i < t->artifacts.n; i++) {
        struct artifact *x = &t->artifacts.items[i];
        const char *name = x->source ? strrchr(x->source, '/') : NULL;
        default_str(&x->mode, a, "any");
        default_str(&x->destination, a,
                    str_eq(x->mode, "file") && name ? arena_printf(a, "local%s", name) : "local/");
    }
}

static void canonicalize_vault(struct vault *v, struct arena *a)
{
    default_bool(&v->env, true);
    default_str(&v->change_mode, a, "restart");
    if (str_eq(v->change_mode, "signal"))
        default_str(&v->change_signal, a, "SIGHUP");
}

static void canonicalize_task(struct task *t, const struct job *j, const struct task_group *g,
                              struct arena *a)
{
    canonicalize_constraints(&t->constraints, a);
    canonicalize_affinities(&t->affinities, a);
    canonicalize_resources(t, a);
    canonicalize_services(&t->services, j->id ? j->id : "", g->name ? g->name : "",
                          t->name ? t->name : "", a);
    canonicalize_templates(t, a);
    merge_restart(t, g->restart, a);
    if (t->vault)
        canonicalize_vault(t->vault, a);
    default_int(&t->kill_timeout_ns, 5 * NS_PER_SEC);
    struct log_config *l = ensure(&t->logs, &log_config_desc, a);
    default_int(&l->max_files, 10);
    default_int(&l->max_file_size_mb, 10);
    for (size_t i = 0; i < t->volume_mounts.n; i++) {
        default_bool(&t->volume_mounts.items[i].read_only, false);
        default_str(&t->volume_mounts.items[i].propagation_mode, a, "private");
    }
}

static void canonicalize_group(struct task_group *g, struct job *j, struct arena *a)
{
    bool batch = str_eq(j->type, "batch"), system = str_eq(j->type, "system");
    int64_t count = g->scaling && g->scaling->min != REC_NULL_INT ? g->scaling->min : 1;
    default_int(&g->count, count);
    canonicalize_constraints(&g->constraints, a);
    canonicalize_affinities(&g->affinities, a);
    canonicalize_spreads(&g->spreads);
    canonicalize_networks(&g->networks, a);
    canonicalize_restart(ensure(&g->restart, &restart_policy_desc, a), batch, a);
    if (!system)
        group_reschedule(g, j->reschedule, batch, a);
    if (str_eq(j->type, "service")) {
        group_update(g, j->update, a);
        group_migrate(g, j->migrate, a);
    } else if (system && (g->update || j->update)) {
        group_update(g, j->update, a);
    }
    struct ephemeral_disk *d = ensure(&g->ephemeral_disk, &ephemeral_disk_desc, a);
    default_bool(&d->sticky, false);
    default_int(&d->size_mb, 300);
    default_bool(&d->migrate, false);
    canonicalize_services(&g->services, j->id ? j->id : "", g->name ? g->name : "", NULL, a);
    if (g->scaling) {
        default_int(&g->scaling->min, g->count);
        default_bool(&g->scaling->enabled, true);
        default_str(&g->scaling->type, a, "horizontal");
    }
    for (size_t i = 0; i < g->tasks.n; i++)
        canonicalize_task(&g->tasks.items[i], j, g, a);
}

void job_canonicalize(struct job *j, struct arena *a)
{
    default_str(&j->id, a, j->name ? j->name : "");
    default_str(&j->name, a, j->id);
    default_str(&j->region, a, "global");
    default_str(&j->namespace, a, "default");
    default_str(&j->type, a, "service");
    default_int(&j->priority, 50);
    if (j->submit_time_ns == REC_NULL_INT)
        j->submit_time_ns = 0;
    canonicalize_constraints(&j->constraints, a);
    canonicalize_affinities(&j->affinities, a);
    canonicalize_spreads(&j->spreads);
    for (size_t i = 0; i < j->groups.n; i++)
        canonicalize_group(&j->groups.items[i], j, a);
    /* what stays at the job: the peer keeps stagger and parallelism only */
    if (str_eq(j->type, "service")) {
        struct update_strategy *u = j->update ? j->update : NULL, kept;
        rec_init(&update_strategy_desc, &kept);
        kept.stagger_ns = u && u->stagger_ns != REC_NULL_INT ? u->stagger_ns : 30 * NS_PER_SEC;
        kept.max_parallel = u && u->max_parallel != REC_NULL_INT ? u->max_parallel : 1;
        kept.health_check = copy(a, "");
        kept.min_healthy_time_ns = kept.healthy_deadline_ns = kept.progress_deadline_ns = 0;
        kept.auto_revert = kept.auto_promote = 0;
        kept.canary = 0;
        j->update = rec_dup(&update_strategy_desc, &kept, a);
    }
    j->migrate = NULL;
    j->reschedule = NULL;
    if (j->periodic) {
        default_bool(&j->periodic->enabled, true);
        default_bool(&j->periodic->prohibit_overlap, false);
        default_str(&j->periodic->spec_type, a, "cron");
        default_str(&j->periodic->time_zone, a, "UTC");
    }
    if (j->parameterized)
        default_str(&j->parameterized->payload, a, "optional");
}
