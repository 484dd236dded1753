/* A task's environment and the interpolation of its configuration (inventory nomad-client 5). */
#include "agent/base/str.h"
#include "agent/client/client_impl.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put(struct task_env *e, const char *value, const char *fmt, const char *name)
{
    char *key = arena_printf(e->arena, "%s%s", fmt, name);
    for (char *p = key; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            *p = '_';
    rec_str_map_set(&e->vars, e->arena, key, value);
}

static void put_port(struct task_env *e, const char *prefix, const char *label, const char *ip,
                     const struct port *p)
{
    char *host = arena_printf(e->arena, "%" PRId64, p->value);
    char *port = arena_printf(e->arena, "%" PRId64, p->to > 0 ? p->to : p->value);
    char *name = arena_printf(e->arena, "%s%s", prefix, label);
    put(e, arena_printf(e->arena, "%s:%s", ip, host), "NOMAD_ADDR_", name);
    put(e, ip, "NOMAD_IP_", name);
    put(e, port, "NOMAD_PORT_", name);
    if (*prefix)
        return;
    put(e, arena_printf(e->arena, "%s:%s", ip, host), "NOMAD_HOST_ADDR_", name);
    put(e, ip, "NOMAD_HOST_IP_", name);
    put(e, host, "NOMAD_HOST_PORT_", name);
    put(e, port, "NOMAD_ALLOC_PORT_", name);
}

static void put_networks(struct task_env *e, const struct networks *list, const char *prefix)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ports *both[] = {&list->items[i].reserved_ports,
                                      &list->items[i].dynamic_ports};
        for (int k = 0; k < 2; k++)
            for (size_t p = 0; p < both[k]->n; p++)
                put_port(e, prefix, both[k]->items[p].label, list->items[i].ip, &both[k]->items[p]);
    }
}

static void put_ports(struct task_env *e, const struct task_runner *t)
{
    const struct allocation *a = &t->alloc->alloc;
    put_networks(e, &a->resources.shared.networks, "");
    for (size_t i = 0; i < a->resources.tasks.n; i++) {
        const struct allocated_task *x = &a->resources.tasks.items[i];
        put_networks(e, &x->networks, arena_printf(e->arena, "%s_", x->key));
        if (str_eq(x->key, t->task->name))
            put_networks(e, &x->networks, "");
    }
}

static void put_meta(struct task_env *e, const struct rec_str_map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        char *upper = arena_strdup(e->arena, m->items[i].key);
        for (char *p = upper; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        put(e, m->items[i].value, "NOMAD_META_", m->items[i].key);
        put(e, m->items[i].value, "NOMAD_META_", upper);
    }
}

static void put_limits(struct task_env *e, const struct task_runner *t)
{
    const struct allocated_task *x =
        rec_map_find(&t->alloc->alloc.resources.tasks, sizeof(*x), t->task->name);
    if (!x)
        return;
    put(e, arena_printf(e->arena, "%" PRId64, x->cpu.cpu_shares), "NOMAD_CPU_LIMIT", "");
    put(e, arena_printf(e->arena, "%" PRId64, x->memory.memory_mb), "NOMAD_MEMORY_LIMIT", "");
}

void task_env_build(struct task_env *e, const struct task_runner *t, struct arena *a)
{
    const struct alloc_runner *r = t->alloc;
    const struct allocation *x = &r->alloc;
    *e = (struct task_env){.node = &r->client->node, .arena = a};
    put(e, arena_printf(a, "%s/alloc", r->dir), "NOMAD_ALLOC_DIR", "");
    put(e, arena_printf(a, "%s/local", t->dir), "NOMAD_TASK_DIR", "");
    put(e, arena_printf(a, "%s/secrets", t->dir), "NOMAD_SECRETS_DIR", "");
    put(e, x->id, "NOMAD_ALLOC_ID", "");
    put(e, arena_strndup(a, x->id, 8), "NOMAD_SHORT_ALLOC_ID", "");
    put(e, x->name, "NOMAD_ALLOC_NAME", "");
    put(e, arena_printf(a, "%" PRId64, alloc_name_index(x->name)), "NOMAD_ALLOC_INDEX", "");
    put(e, t->task->name, "NOMAD_TASK_NAME", "");
    put(e, r->group->name, "NOMAD_GROUP_NAME", "");
    put(e, r->job->id, "NOMAD_JOB_ID", "");
    put(e, r->job->name, "NOMAD_JOB_NAME", "");
    if (!str_is_empty(r->job->parent_id))
        put(e, r->job->parent_id, "NOMAD_JOB_PARENT_ID", "");
    put(e, r->client->node.datacenter, "NOMAD_DC", "");
    put(e, r->job->region, "NOMAD_REGION", "");
    put(e, r->job->namespace, "NOMAD_NAMESPACE", "");
    put_limits(e, t);
    put_meta(e, &r->job->meta);
    put_meta(e, &r->group->meta);
    put_meta(e, &t->task->meta);
    put_ports(e, t);
    for (size_t i = 0; i < t->task->env.n; i++) /* may refer to what is above */
        rec_str_map_set(&e->vars, a, t->task->env.items[i].key,
                        task_env_expand(e, t->task->env.items[i].value));
}

/* "env["X"]", "attr.x", "meta["k"]", "node.unique.id", "NOMAD_X" */
static const char *look_up(const struct task_env *e, char *name)
{
    static const char *const prefixes[] = {"env", "attr", "meta"};
    const struct rec_str_map *maps[] = {&e->vars, &e->node->attributes, &e->node->meta};
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(prefixes[i]), len = strlen(name);
        if (strncmp(name, prefixes[i], n))
            continue;
        if (name[n] == '.')
            return rec_str_map_get(maps[i], name + n + 1);
        if (name[n] == '[' && name[n + 1] == '"' && len > n + 3 && !strcmp(name + len - 2, "\"]")) {
            name[len - 2] = '\0';
            return rec_str_map_get(maps[i], name + n + 2);
        }
    }
    if (!strcmp(name, "node.unique.id"))
        return e->node->id;
    if (!strcmp(name, "node.unique.name"))
        return e->node->name;
    if (!strcmp(name, "node.datacenter"))
        return e->node->datacenter;
    if (!strcmp(name, "node.class"))
        return e->node->node_class ? e->node->node_class : "";
    if (!strcmp(name, "node.region"))
        return rec_str_map_get(&e->vars, "NOMAD_REGION");
    return rec_str_map_get(&e->vars, name);
}

char *task_env_expand(const struct task_env *e, const char *text)
{
    if (!text || !strstr(text, "${"))
        return arena_strdup(e->arena, text ? text : "");
    struct buf b = BUF_INIT;
    for (const char *p = text; *p;) {
        const char *close = !strncmp(p, "${", 2) ? strchr(p, '}') : NULL;
        if (!close) {
            buf_char(&b, *p++);
            continue;
        }
        char *name = arena_strndup(e->arena, p + 2, (size_t)(close - p) - 2);
        const char *value = look_up(e, name);
        if (value)
            buf_str_add(&b, value);
        else
            buf_add(&b, p, (size_t)(close - p) + 1);
        p = close + 1;
    }
    char *out = arena_strndup(e->arena, buf_str(&b), b.len);
    buf_fini(&b);
    return out;
}

static bool find_in(const struct networks *list, const char *label, char **ip, int64_t *port)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct ports *both[] = {&list->items[i].reserved_ports,
                                      &list->items[i].dynamic_ports};
        for (int k = 0; k < 2; k++)
            for (size_t p = 0; p < both[k]->n; p++)
                if (str_eq(both[k]->items[p].label, label)) {
                    *ip = list->items[i].ip;
                    *port = both[k]->items[p].value;
                    return true;
                }
    }
    return false;
}

bool alloc_port_find(const struct alloc_runner *r, const char *task, const char *label, char **ip,
                     int64_t *port)
{
    const struct allocated_resources *x = &r->alloc.resources;
    if (find_in(&x->shared.networks, label, ip, port))
        return true;
    for (size_t i = 0; i < x->tasks.n; i++)
        if ((!task || str_eq(x->tasks.items[i].key, task)) &&
            find_in(&x->tasks.items[i].networks, label, ip, port))
            return true;
    return false;
}
