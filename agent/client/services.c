/* An allocation's services: from the job's blocks to definitions of the local agent. */
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *service_id(const struct alloc_runner *r, const struct task_runner *t,
                        const struct service *s, struct arena *a)
{
    return t ? arena_printf(a, "_nomad-task-%s-%s-%s-%s", r->alloc.id, t->task->name, s->name,
                            s->port_label ? s->port_label : "")
             : arena_printf(a, "_nomad-task-%s-group-%s-%s-%s", r->alloc.id, r->group->name,
                            s->name, s->port_label ? s->port_label : "");
}

static const struct services *services_of(const struct alloc_runner *r, const struct task_runner *t)
{
    return t ? &t->task->services : &r->group->services;
}

size_t services_ids(const struct alloc_runner *r, const struct task_runner *t, struct arena *a,
                    const char ***ids)
{
    const struct services *list = services_of(r, t);
    *ids = ARENA_ARRAY(a, const char *, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        (*ids)[i] = service_id(r, t, &list->items[i], a);
    return list->n;
}

static char *check_id(const char *service, size_t i, struct arena *a)
{
    return arena_printf(a, "_nomad-check-%s-%zu", service + strlen("_nomad-task-"), i);
}

char *services_check_id(const struct alloc_runner *r, const struct task_runner *t,
                        const struct service *s, size_t i, struct arena *a)
{
    return check_id(service_id(r, t, s, a), i, a);
}

/* Where a check (or its service) is reached. A number is a port; a label one of the allocation's */
static bool address_of(const struct alloc_runner *r, const struct task_runner *t, const char *label,
                       char **ip, int64_t *port)
{
    *ip = (char *)(uintptr_t)rec_str_map_get(&r->client->node.attributes,
                                             "unique.network.ip-address");
    *port = 0;
    if (str_is_empty(label))
        return true;
    if (alloc_port_find(r, t ? t->task->name : NULL, label, ip, port))
        return true;
    return !str_to_i64(label, port);
}

static void define_check(const struct alloc_runner *r, const struct task_runner *t,
                         const struct task_env *e, const struct service *s,
                         const struct service_check *c, const char *id, size_t i,
                         struct check_definition *out)
{
    struct arena *a = e->arena;
    char *ip;
    int64_t port;
    address_of(r, t, str_is_empty(c->port_label) ? s->port_label : c->port_label, &ip, &port);
    out->check_id = check_id(id, i, a);
    out->name = task_env_expand(e, c->name);
    out->status = c->initial_status;
    out->interval_ns = c->interval_ns;
    out->timeout_ns = c->timeout_ns;
    out->success_before_passing = c->success_before_passing;
    out->failures_before_critical = c->failures_before_critical;
    out->tls_skip_verify = c->tls_skip_verify;
    out->eager = true;
    if (str_eq(c->type, "http")) {
        const char *protocol = str_is_empty(c->protocol) ? "http" : c->protocol;
        char *path = task_env_expand(e, c->path);
        out->http = arena_printf(a, "%s://%s:%" PRId64 "%s%s", protocol, ip, port,
                                 *path == '/' ? "" : "/", path);
        out->method = c->method;
        out->header = c->header;
    } else if (str_eq(c->type, "tcp")) {
        out->tcp = arena_printf(a, "%s:%" PRId64, ip, port);
    } else if (str_eq(c->type, "script")) {
        rec_strs_add(&out->script_args, a, task_env_expand(e, c->command));
        for (size_t k = 0; k < c->args.n; k++)
            rec_strs_add(&out->script_args, a, task_env_expand(e, c->args.items[k]));
        for (size_t k = 0; k < e->vars.n; k++)
            rec_strs_add(&out->env, a,
                         arena_printf(a, "%s=%s", e->vars.items[k].key, e->vars.items[k].value));
        const char *path = getenv("PATH");
        rec_strs_add(&out->env, a, arena_printf(a, "PATH=%s", path ? path : "/usr/bin:/bin"));
        out->cwd = t ? t->dir : r->dir;
    }
}

static void define_service(const struct alloc_runner *r, const struct task_runner *t,
                           const struct task_env *e, const struct service *s,
                           struct service_definition *out)
{
    struct arena *a = e->arena;
    rec_init(&service_definition_desc, out);
    address_of(r, t, s->port_label, &out->address, &out->port);
    out->id = service_id(r, t, s, a);
    out->name = task_env_expand(e, s->name);
    out->enable_tag_override = s->enable_tag_override;
    out->weights = (struct catalog_weights){1, 1};
    bool canary = r->alloc.deployment_status && r->alloc.deployment_status->canary;
    const struct rec_strs *tags = canary && s->canary_tags.n ? &s->canary_tags : &s->tags;
    for (size_t i = 0; i < tags->n; i++)
        rec_strs_add(&out->tags, a, task_env_expand(e, tags->items[i]));
    for (size_t i = 0; i < s->meta.n; i++)
        rec_str_map_set(&out->meta, a, s->meta.items[i].key,
                        task_env_expand(e, s->meta.items[i].value));
    rec_str_map_set(&out->meta, a, "external-source", "nomad");
    out->checks.n = 0;
    out->checks.items = ARENA_ARRAY(a, struct check_definition, s->checks.n + 1);
    for (size_t i = 0; i < s->checks.n; i++) {
        struct check_definition *c = &out->checks.items[out->checks.n++];
        rec_init(&check_definition_desc, c);
        define_check(r, t, e, s, &s->checks.items[i], out->id, i, c);
    }
}

static void register_all(struct alloc_runner *r, struct task_runner *t)
{
    struct arena a = ARENA_INIT;
    struct task_env e;
    const struct services *list = services_of(r, t);
    if (!r->client->local || !list->n)
        return;
    task_env_build(&e, t ? t : &r->tasks[0], &a);
    for (size_t i = 0; i < list->n; i++) {
        struct service_definition d;
        define_service(r, t, &e, &list->items[i], &d);
        local_service_register_post(r->client->local, &r->client->loop, &d, NULL, NULL);
    }
    arena_fini(&a);
}

void services_register_task(struct task_runner *t)
{
    t->services_registered = true;
    register_all(t->alloc, t);
}

void services_register_group(struct alloc_runner *r)
{
    r->group_services_registered = true;
    register_all(r, NULL);
}
