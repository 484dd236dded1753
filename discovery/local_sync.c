/* The local agent's services and checks on their way into the catalog: at once on a change, and all
 * of them every minute (anti-entropy). */
#include "agent/base/duration.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <stdlib.h>
#include <string.h>

#define SYNC_EVERY_MS 60000
#define SYNC_FIRST_MS 15000 /* what a restart left in the catalog has so long to be claimed again */

/* --- talking to the catalog ------------------------------------------------------------------ */

struct waiting { /* a caller that hears when the catalog has it */
    struct local_agent *agent;
    local_done_cb cb;
    void *arg;
    bool barrier;
};

static void told(void *arg)
{
    struct waiting *w = arg;
    if (w->cb)
        w->cb(w->arg, 0, NULL);
    free(w);
}

static void on_proposed(void *arg, int status, log_index index, const struct store_result *r)
{
    struct waiting *w = arg;
    struct err e = ERR_INIT;
    int code = status ? status : r->code;
    if (code) {
        err_set(&e, code, "%s", status ? err_code_text(status) : r->text);
        log_warn("discovery", "the catalog refused: %s", e.text);
        if (w->cb)
            w->cb(w->arg, code, &e);
        free(w);
    } else if (w->barrier && w->agent->barrier) {
        w->agent->barrier(w->agent->barrier_ctx, index, told, w);
    } else {
        told(w);
    }
}

static struct waiting *waiting_new(struct local_agent *l, local_done_cb cb, void *arg, bool barrier)
{
    struct waiting *w = MEM_NEW(struct waiting);
    *w = (struct waiting){l, cb, arg, barrier};
    return w;
}

void local_describe_check(const struct local_check *c, struct arena *a, struct catalog_check *out)
{
    rec_init(&catalog_check_desc, out);
    out->check_id = c->def.check_id;
    out->name = c->def.name;
    out->status = arena_strdup(a, catalog_health_name(c->status));
    out->notes = c->def.notes;
    out->output = arena_strndup(a, buf_str(&c->output), c->output.len);
    out->service_id = c->def.service_id;
    out->service_name = c->service_name;
    out->service_tags = c->service_tags;
    const struct check_definition *d = &c->def;
    out->type = arena_strdup(a, d->ttl_ns                ? "ttl"
                                : !str_is_empty(d->http) ? "http"
                                : !str_is_empty(d->tcp)  ? "tcp"
                                : d->script_args.n       ? "script"
                                                         : "");
    char text[DURATION_MAX];
    if (d->interval_ns && duration_format(d->interval_ns, text))
        out->interval = arena_strdup(a, text);
    if (d->timeout_ns && duration_format(d->timeout_ns, text))
        out->timeout = arena_strdup(a, text);
}

static void describe_service(const struct local_service *s, struct catalog_service *out)
{
    const struct service_definition *d = &s->def;
    rec_init(&catalog_service_desc, out);
    out->kind = d->kind;
    out->id = d->id;
    out->service = d->name;
    out->tags = d->tags;
    out->address = d->address;
    out->meta = d->meta;
    out->port = d->port;
    out->socket_path = d->socket_path;
    out->weights = d->weights;
    out->enable_tag_override = d->enable_tag_override;
    out->tagged_addresses.items = d->tagged_addresses.items;
    out->tagged_addresses.n = d->tagged_addresses.n;
    static char no_proxy[] = "{\"Mode\":\"\",\"MeshGateway\":{},\"Expose\":{}}",
                no_connect[] = "{}";
    out->proxy = d->proxy ? d->proxy : no_proxy;
    out->connect = d->connect ? d->connect : no_connect;
}

static void note_synced(struct local_check *c)
{
    free(c->synced_output);
    c->synced_output = mem_strndup(buf_str(&c->output), c->output.len);
}

void local_propose_registration(struct local_agent *l, const struct catalog_registration *r,
                                local_done_cb cb, void *arg)
{
    catalog_register(l->store, l->loop, r, on_proposed, waiting_new(l, cb, arg, false));
}

void local_propose(struct local_agent *l, struct local_service *s, struct local_check *only,
                   local_done_cb cb, void *arg)
{
    struct arena a = ARENA_INIT;
    struct catalog_registration r;
    struct catalog_service service;
    static const struct rec_desc check = {"", sizeof(struct catalog_check), NULL, 0, false};
    rec_init(&catalog_registration_desc, &r);
    r.node = l->node;
    if (s) {
        describe_service(s, &service);
        r.service = &service;
    }
    for (struct local_check *c = l->checks; c; c = c->hh.next)
        if (c == only || (s && str_eq(c->def.service_id, s->def.id))) {
            local_describe_check(c, &a, rec_list_add(&check, &r.checks, &a));
            note_synced(c);
        }
    local_propose_registration(l, &r, cb, arg);
    arena_fini(&a);
}

void local_sync_check(struct local_agent *l, struct local_check *c, local_done_cb cb, void *arg)
{
    local_propose(l, NULL, c, cb, arg);
}

void local_propose_removal(struct local_agent *l, const char *service_id, const char *check_id,
                           local_done_cb cb, void *arg)
{
    struct catalog_deregistration d = {l->node.node, (char *)(uintptr_t)service_id,
                                       (char *)(uintptr_t)check_id};
    catalog_deregister(l->store, l->loop, &d, on_proposed,
                       waiting_new(l, cb, arg, service_id != NULL));
}

/* --- anti-entropy ---------------------------------------------------------------------------- */

static bool service_differs(struct store_txn *t, struct local_agent *l, struct local_service *s,
                            const struct catalog_services *have)
{
    struct catalog_service want;
    describe_service(s, &want);
    want.node = l->node.node;
    for (size_t i = 0; i < have->n; i++)
        if (str_eq(have->items[i].id, want.id))
            return !rec_equal(&catalog_service_desc, &want, &have->items[i]);
    return true;
}

static bool check_differs(const struct local_check *c, const struct catalog_checks *have)
{
    for (size_t i = 0; i < have->n; i++)
        if (str_eq(have->items[i].check_id, c->def.check_id))
            return !str_eq(have->items[i].status, catalog_health_name(c->status)) ||
                   !str_eq(c->synced_output, buf_str(&c->output));
    return true;
}

/* What the catalog has of this node and we do not goes; what differs is written again. */
static void full_sync(struct local_agent *l)
{
    struct arena a = ARENA_INIT;
    struct store_txn *t;
    struct catalog_services services;
    struct catalog_checks checks;
    if (store_read(l->store, &t, NULL))
        return;
    catalog_node_services(t, l->node.node, &a, &services);
    catalog_node_checks(t, l->node.node, &a, &checks);
    for (size_t i = 0; i < services.n; i++)
        if (!local_service_find(l, services.items[i].id) &&
            !(l->server && str_eq(services.items[i].id, "consul")))
            local_propose_removal(l, services.items[i].id, NULL, NULL, NULL);
    for (size_t i = 0; i < checks.n; i++)
        if (!local_check_find(l, checks.items[i].check_id) &&
            str_is_empty(checks.items[i].service_id) &&
            !str_eq(checks.items[i].check_id, "serfHealth"))
            local_propose_removal(l, NULL, checks.items[i].check_id, NULL, NULL);
    for (struct local_service *s = l->services; s; s = s->hh.next)
        if (service_differs(t, l, s, &services))
            local_propose(l, s, NULL, NULL, NULL);
    for (struct local_check *c = l->checks; c; c = c->hh.next)
        if (check_differs(c, &checks))
            local_propose(l, NULL, c, NULL, NULL);
    store_read_end(&t);
    arena_fini(&a);
}

static void on_sync(uv_timer_t *t)
{
    full_sync(t->data);
}

void local_sync_start(struct local_agent *l)
{
    uv_timer_start(&l->sync, on_sync, SYNC_FIRST_MS, SYNC_EVERY_MS);
}
