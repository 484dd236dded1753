/* The local agent: definitions, their syncing into the catalog, and the calls from other threads */
#include "agent/base/check.h"
#include "agent/base/duration.h"
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A service and all its checks in one command; or, with s NULL, one check. */
static void propose(struct local_agent *l, struct local_service *s, struct local_check *only,
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
    catalog_register(l->store, l->loop, &r, on_proposed, waiting_new(l, cb, arg, false));
    arena_fini(&a);
}

void local_sync_check(struct local_agent *l, struct local_check *c, local_done_cb cb, void *arg)
{
    propose(l, NULL, c, cb, arg);
}

static void propose_removal(struct local_agent *l, const char *service_id, const char *check_id,
                            local_done_cb cb, void *arg)
{
    struct catalog_deregistration d = {l->node.node, (char *)(uintptr_t)service_id,
                                       (char *)(uintptr_t)check_id};
    catalog_deregister(l->store, l->loop, &d, on_proposed,
                       waiting_new(l, cb, arg, service_id != NULL));
}

/* --- checks ---------------------------------------------------------------------------------- */

static int check_validate(const struct local_agent *l, const struct check_definition *d,
                          struct err *e)
{
    bool timed = !str_is_empty(d->http) || !str_is_empty(d->tcp) || d->script_args.n;
    const char *unknown = !str_is_empty(d->grpc)                  ? "gRPC"
                          : !str_is_empty(d->h2ping)              ? "H2PING"
                          : !str_is_empty(d->docker_container_id) ? "Docker"
                          : !str_is_empty(d->alias_node) || !str_is_empty(d->alias_service)
                              ? "Alias"
                              : NULL;
    if (unknown)
        return err_set(e, ERR_INVALID,
                       "Invalid check: %s checks are not run by this agent; use "
                       "HTTP, TCP, Script or TTL",
                       unknown);
    if (d->interval_ns && d->ttl_ns)
        return err_set(e, ERR_INVALID, "Invalid check: Interval and TTL cannot both be specified");
    if (timed && d->interval_ns <= 0)
        return err_set(e, ERR_INVALID,
                       "Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or "
                       "TCP checks");
    if (!timed && d->ttl_ns <= 0)
        return err_set(e, ERR_INVALID, "Invalid check: TTL must be > 0 for TTL checks");
    if (d->script_args.n && !l->script_checks)
        return err_set(e, ERR_INVALID,
                       "Invalid check: Scripts are disabled on this agent; to enable, "
                       "configure 'enable_script_checks' or "
                       "'enable_local_script_checks' to true");
    if (!str_is_empty(d->status) && !str_eq(d->status, "passing") &&
        !str_eq(d->status, "warning") && !str_eq(d->status, "critical"))
        return err_set(e, ERR_INVALID,
                       "Invalid check: Status for checks must 'passing', 'warning', "
                       "'critical'");
    return 0;
}

static struct local_check *check_find(struct local_agent *l, const char *id)
{
    struct local_check *c;
    HASH_FIND_STR(l->checks, id, c);
    return c;
}

static void check_drop(struct local_agent *l, struct local_check *c)
{
    HASH_DEL(l->checks, c);
    check_stop(c);
}

/* Adds or redefines; a known check keeps its status and output. */
static struct local_check *check_put(struct local_agent *l, const struct check_definition *d,
                                     const struct local_service *s)
{
    struct local_check *old = check_find(l, d->check_id), *c = MEM_NEW(struct local_check);
    c->agent = l;
    rec_clone(&check_definition_desc, d, &c->arena, &c->def);
    c->status = str_is_empty(d->status) ? CATALOG_CRITICAL : catalog_health_of(d->status);
    if (s) {
        c->def.service_id = arena_strdup(&c->arena, s->def.id);
        c->service_name = arena_strdup(&c->arena, s->def.name);
        for (size_t i = 0; i < s->def.tags.n; i++)
            rec_strs_add(&c->service_tags, &c->arena, s->def.tags.items[i]);
    }
    if (old) {
        c->status = old->status;
        c->ever_passed = old->ever_passed;
        buf_add(&c->output, buf_str(&old->output), old->output.len);
        check_drop(l, old);
    }
    HASH_ADD_KEYPTR(hh, l->checks, c->def.check_id, strlen(c->def.check_id), c);
    check_start(c);
    return c;
}

/* --- services -------------------------------------------------------------------------------- */

static struct local_service *service_find(struct local_agent *l, const char *id)
{
    struct local_service *s;
    HASH_FIND_STR(l->services, id ? id : "", s);
    return s;
}

static void service_free(struct local_agent *l, struct local_service *s)
{
    HASH_DEL(l->services, s);
    arena_fini(&s->arena);
    free(s);
}

static int service_validate(const struct local_agent *l, const struct service_definition *d,
                            struct err *e)
{
    if (str_is_empty(d->name))
        return err_set(e, ERR_INVALID, "Missing service name");
    int rv = d->check ? check_validate(l, d->check, e) : 0;
    for (size_t i = 0; !rv && i < d->checks.n; i++)
        rv = check_validate(l, &d->checks.items[i], e);
    return rv;
}

/* Both ways of giving checks, with their default ids and names: "service:<id>[:n]". */
static size_t checks_of(struct local_service *s, struct check_definition ***out)
{
    struct service_definition *d = &s->def;
    size_t n = d->checks.n + (d->check != NULL), k = 0;
    *out = ARENA_ARRAY(&s->arena, struct check_definition *, n + 1);
    if (d->check)
        (*out)[k++] = d->check;
    for (size_t i = 0; i < d->checks.n; i++)
        (*out)[k++] = &d->checks.items[i];
    for (size_t i = 0; i < n; i++) {
        struct check_definition *c = (*out)[i];
        if (str_is_empty(c->check_id))
            c->check_id = n == 1 ? arena_printf(&s->arena, "service:%s", d->id)
                                 : arena_printf(&s->arena, "service:%s:%zu", d->id, i + 1);
        if (str_is_empty(c->name))
            c->name = arena_printf(&s->arena, "Service '%s' check", d->name);
    }
    return n;
}

static void drop_other_checks(struct local_agent *l, const char *service_id,
                              struct check_definition **keep, size_t n)
{
    struct local_check *c, *next;
    HASH_ITER(hh, l->checks, c, next)
    {
        bool kept = !str_eq(c->def.service_id, service_id);
        for (size_t i = 0; i < n && !kept; i++)
            kept = str_eq(keep[i]->check_id, c->def.check_id);
        if (!kept) {
            propose_removal(l, NULL, c->def.check_id, NULL, NULL);
            check_drop(l, c);
        }
    }
}

static void save(struct local_agent *l);

/* An address that is an IP is its own lan and wan address, as the peer adds them. */
static void add_tagged_addresses(struct local_service *s)
{
    struct service_definition *d = &s->def;
    unsigned char ip[16];
    int family = str_is_empty(d->address) ? 0 : strchr(d->address, ':') ? AF_INET6 : AF_INET;
    if (!family || inet_pton(family, d->address, ip) != 1 || d->tagged_addresses.n)
        return;
    static const char *const names[2][2] = {{"lan_ipv4", "wan_ipv4"}, {"lan_ipv6", "wan_ipv6"}};
    for (int i = 0; i < 2; i++) {
        struct catalog_address *x =
            rec_list_add(&catalog_address_desc, &d->tagged_addresses, &s->arena);
        x->key = arena_strdup(&s->arena, names[family == AF_INET6][i]);
        x->address = d->address;
        x->port = d->port;
    }
}

int local_service_register(struct local_agent *l, const struct service_definition *d, bool replace,
                           local_done_cb cb, void *arg, struct err *e)
{
    int rv = service_validate(l, d, e);
    if (rv)
        return rv;
    struct local_service *s = MEM_NEW(struct local_service), *old;
    rec_clone(&service_definition_desc, d, &s->arena, &s->def);
    if (str_is_empty(s->def.id))
        s->def.id = arena_strdup(&s->arena, d->name);
    if (!s->def.weights.passing && !s->def.weights.warning)
        s->def.weights = (struct catalog_weights){1, 1};
    add_tagged_addresses(s);
    if ((old = service_find(l, s->def.id)))
        service_free(l, old);
    HASH_ADD_KEYPTR(hh, l->services, s->def.id, strlen(s->def.id), s);
    struct check_definition **checks;
    size_t n = checks_of(s, &checks);
    if (replace || str_has_prefix(s->def.id, "_nomad-"))
        drop_other_checks(l, s->def.id, checks, n);
    for (size_t i = 0; i < n; i++)
        check_put(l, checks[i], s);
    propose(l, s, NULL, cb, arg);
    save(l);
    return 0;
}

int local_service_deregister(struct local_agent *l, const char *id, local_done_cb cb, void *arg,
                             struct err *e)
{
    struct local_service *s = service_find(l, id);
    if (!s)
        return err_set(e, ERR_NOT_FOUND,
                       "Unknown service ID \"%s\". Ensure that the service ID is "
                       "passed, not the service name.",
                       id);
    char *copy = mem_strdup(id);
    struct local_check *c, *next;
    HASH_ITER(hh, l->checks, c, next)
    if (str_eq(c->def.service_id, copy))
        check_drop(l, c);
    service_free(l, s);
    propose_removal(l, copy, NULL, cb, arg);
    save(l);
    free(copy);
    return 0;
}

int local_check_register(struct local_agent *l, const struct check_definition *d, local_done_cb cb,
                         void *arg, struct err *e)
{
    struct check_definition copy = *d;
    struct local_service *s = str_is_empty(d->service_id) ? NULL : service_find(l, d->service_id);
    if (str_is_empty(d->name))
        return err_set(e, ERR_INVALID, "Missing check name");
    if (str_is_empty(d->check_id))
        copy.check_id = d->name;
    int rv = check_validate(l, d, e);
    if (rv)
        return rv;
    if (!str_is_empty(d->service_id) && !s)
        return err_set(e, ERR_INTERNAL, "ServiceID \"%s\" does not exist", d->service_id);
    struct local_check *c = check_put(l, &copy, s);
    propose(l, NULL, c, cb, arg);
    return 0;
}

int local_check_deregister(struct local_agent *l, const char *id, local_done_cb cb, void *arg,
                           struct err *e)
{
    struct local_check *c = check_find(l, id);
    if (!c)
        return err_set(e, ERR_NOT_FOUND, "Unknown check ID \"%s\"", id);
    propose_removal(l, NULL, id, cb, arg);
    check_drop(l, c);
    return 0;
}

int local_check_update(struct local_agent *l, const char *id, enum catalog_health status,
                       const char *output, local_done_cb cb, void *arg, struct err *e)
{
    struct local_check *c = check_find(l, id);
    if (!c)
        return err_set(e, ERR_NOT_FOUND, "Unknown check ID \"%s\"", id);
    if (!c->def.ttl_ns)
        return err_set(e, ERR_INTERNAL, "CheckID \"%s\" does not have associated TTL", id);
    bool moved = c->status != status;
    check_start(c); /* the clock runs anew */
    c->status = status;
    buf_clear(&c->output);
    buf_str_add(&c->output, output ? output : "");
    if (moved)
        local_sync_check(l, c, cb, arg);
    else if (cb)
        cb(arg, 0, NULL);
    return 0;
}

void local_set_barrier(struct local_agent *l, local_barrier_fn wait, void *ctx)
{
    l->barrier = wait;
    l->barrier_ctx = ctx;
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
        if (!service_find(l, services.items[i].id) &&
            !(l->server && str_eq(services.items[i].id, "consul")))
            propose_removal(l, services.items[i].id, NULL, NULL, NULL);
    for (size_t i = 0; i < checks.n; i++)
        if (!check_find(l, checks.items[i].check_id) && str_is_empty(checks.items[i].service_id) &&
            !str_eq(checks.items[i].check_id, "serfHealth"))
            propose_removal(l, NULL, checks.items[i].check_id, NULL, NULL);
    for (struct local_service *s = l->services; s; s = s->hh.next)
        if (service_differs(t, l, s, &services))
            propose(l, s, NULL, NULL, NULL);
    for (struct local_check *c = l->checks; c; c = c->hh.next)
        if (check_differs(c, &checks))
            propose(l, NULL, c, NULL, NULL);
    store_read_end(&t);
    arena_fini(&a);
}

static void on_sync(uv_timer_t *t)
{
    full_sync(t->data);
}

/* --- kept definitions ------------------------------------------------------------------------ */

struct kept {
    struct {
        struct service_definition *items;
        size_t n;
    } services;
};
static const struct rec_field kept_fields[] = {
    REC_OF(struct kept, services, "Services", REC_LIST, 0, &service_definition_desc)};
static const struct rec_desc kept_desc = REC_DESC("services", struct kept, kept_fields);

/* The client's own are registered again by the client. */
static void save(struct local_agent *l)
{
    struct arena a = ARENA_INIT;
    struct kept k = {{NULL, 0}};
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    if (!l->data_dir)
        return;
    for (struct local_service *s = l->services; s; s = s->hh.next)
        if (!str_has_prefix(s->def.id, "_nomad-"))
            *(struct service_definition *)rec_list_add(&service_definition_desc, &k.services, &a) =
                s->def;
    if (k.services.n || access(l->data_dir, F_OK) == 0) {
        char *path = arena_printf(&a, "%s/services", l->data_dir);
        rec_pack(&kept_desc, &k, &b);
        if (file_mkdirs(l->data_dir, 0700, &e) || file_write_atomic(path, b.data, b.len, 0600, &e))
            log_warn("discovery", "definitions not kept: %s", e.text);
    }
    buf_fini(&b);
    arena_fini(&a);
}

static void restore(struct local_agent *l)
{
    struct arena a = ARENA_INIT;
    struct kept k;
    struct buf b = BUF_INIT;
    struct err e = ERR_INIT;
    char *path = l->data_dir ? arena_printf(&a, "%s/services", l->data_dir) : NULL;
    if (path && !file_read(path, 64 << 20, &b, &e)) {
        if (rec_unpack(&kept_desc, b.data, b.len, &a, &k, &e))
            log_warn("discovery", "%s: %s", path, e.text);
        else
            for (size_t i = 0; i < k.services.n; i++)
                local_service_register(l, &k.services.items[i], false, NULL, NULL, &e);
    }
    buf_fini(&b);
    arena_fini(&a);
}

/* --- life ------------------------------------------------------------------------------------ */

int local_agent_new(const struct local_config *c, struct local_agent **out, struct err *e)
{
    struct local_agent *l = MEM_NEW(struct local_agent);
    struct arena *a = &l->arena;
    l->loop = c->loop;
    l->store = c->store;
    l->server = c->server;
    l->script_checks = c->enable_script_checks;
    l->rpc_port = c->rpc_port;
    l->data_dir = c->data_dir ? arena_strdup(a, c->data_dir) : NULL;
    l->version = arena_strdup(a, c->version);
    rec_init(&catalog_node_desc, &l->node);
    l->node.id = arena_strdup(a, c->node_id);
    l->node.node = arena_strdup(a, c->node_name);
    l->node.address = arena_strdup(a, c->address);
    l->node.datacenter = arena_strdup(a, c->datacenter);
    static const char *const tags[] = {"lan", "lan_ipv4", "wan", "wan_ipv4"};
    for (int i = 0; i < 4; i++)
        rec_str_map_set(&l->node.tagged_addresses, a, tags[i], c->address);
    rec_str_map_set(&l->node.meta, a, "consul-network-segment", "");
    uv_timer_init(&c->loop->uv, &l->sync);
    l->sync.data = l;
    *out = l;
    return http_client_new(c->loop, &l->http, e);
}

struct started {
    void (*cb)(void *arg);
    void *arg;
};

static void on_started(void *arg, int status, const struct err *e)
{
    struct started *s = arg;
    if (s->cb)
        s->cb(s->arg);
    free(s);
}

void local_agent_start(struct local_agent *l, void (*cb)(void *arg), void *arg)
{
    struct arena a = ARENA_INIT;
    struct catalog_registration r;
    struct catalog_service consul;
    static const struct rec_desc check = {"", sizeof(struct catalog_check), NULL, 0, false};
    struct started *s = MEM_NEW(struct started);
    *s = (struct started){cb, arg};
    rec_init(&catalog_registration_desc, &r);
    r.node = l->node;
    if (l->server) {
        rec_init(&catalog_service_desc, &consul);
        consul.id = consul.service = arena_strdup(&a, "consul");
        consul.port = l->rpc_port;
        consul.weights = (struct catalog_weights){1, 1};
        consul.meta.items = arena_alloc(&a, 1);
        r.service = &consul;
        struct catalog_check *c = rec_list_add(&check, &r.checks, &a);
        c->check_id = arena_strdup(&a, "serfHealth");
        c->name = arena_strdup(&a, "Serf Health Status");
        c->status = arena_strdup(&a, "passing");
        c->output = arena_strdup(&a, "Agent alive and reachable");
    }
    catalog_register(l->store, l->loop, &r, on_proposed, waiting_new(l, on_started, s, false));
    restore(l);
    uv_timer_start(&l->sync, on_sync, SYNC_FIRST_MS, SYNC_EVERY_MS);
    arena_fini(&a);
}

static void on_handle_closed(void *arg)
{
    struct local_agent *l = arg;
    if (--l->open_handles)
        return;
    void (*cb)(void *) = l->close_cb;
    void *cb_arg = l->close_arg;
    while (l->services)
        service_free(l, l->services);
    arena_fini(&l->arena);
    free(l);
    if (cb)
        cb(cb_arg);
}

static void on_timer_closed(uv_handle_t *h)
{
    on_handle_closed(h->data);
}

void local_agent_close(struct local_agent *l, void (*cb)(void *arg), void *arg)
{
    struct local_check *c, *next;
    l->closing = true;
    l->close_cb = cb;
    l->close_arg = arg;
    l->open_handles = 2;
    HASH_ITER(hh, l->checks, c, next)
    check_drop(l, c);
    uv_close((uv_handle_t *)&l->sync, on_timer_closed);
    http_client_close(l->http, on_handle_closed, l);
}

/* --- from other threads: the work travels to the agent's loop, the answer back --------------- */

struct errand {
    struct local_agent *agent;
    struct loop *reply_loop;
    struct arena arena;
    struct service_definition def;
    struct rec_strs ids;
    size_t left;
    int status;
    local_done_cb cb;
    void *arg;
    void (*status_cb)(void *arg, const struct local_service_status *s);
    struct local_service_status service;
};

static struct errand *errand_new(struct local_agent *l, struct loop *reply, void *arg)
{
    struct errand *x = MEM_NEW(struct errand);
    x->agent = l;
    x->reply_loop = reply;
    x->arg = arg;
    return x;
}

static void errand_reply(void *arg)
{
    struct errand *x = arg;
    struct err e = ERR_INIT;
    if (x->status)
        err_set(&e, x->status, "%s", err_code_text(x->status));
    if (x->cb)
        x->cb(x->arg, x->status, x->status ? &e : NULL);
    if (x->status_cb)
        x->status_cb(x->arg, &x->service);
    arena_fini(&x->arena);
    free(x);
}

static void errand_done(void *arg, int status, const struct err *e)
{
    struct errand *x = arg;
    x->status = status ? status : x->status;
    if (x->left && --x->left)
        return;
    loop_post(x->reply_loop, errand_reply, x);
}

static void register_here(void *arg)
{
    struct errand *x = arg;
    struct err e = ERR_INIT;
    x->left = 1;
    int rv = local_service_register(x->agent, &x->def, true, errand_done, x, &e);
    if (rv) {
        log_warn("discovery", "service %s: %s", x->def.id, e.text);
        errand_done(x, rv, &e);
    }
}

void local_service_register_post(struct local_agent *l, struct loop *reply,
                                 const struct service_definition *d, local_done_cb cb, void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->cb = cb;
    rec_clone(&service_definition_desc, d, &x->arena, &x->def);
    loop_post(l->loop, register_here, x);
}

static void deregister_here(void *arg)
{
    struct errand *x = arg;
    x->left = x->ids.n + 1;
    for (size_t i = 0; i < x->ids.n; i++) /* one that is not ours is out already */
        if (local_service_deregister(x->agent, x->ids.items[i], errand_done, x, NULL))
            x->left--;
    errand_done(x, 0, NULL);
}

void local_services_deregister_post(struct local_agent *l, struct loop *reply,
                                    const char *const *ids, size_t n, local_done_cb cb, void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->cb = cb;
    for (size_t i = 0; i < n; i++)
        rec_strs_add(&x->ids, &x->arena, ids[i]);
    loop_post(l->loop, deregister_here, x);
}

static void status_here(void *arg)
{
    struct errand *x = arg;
    const char *id = x->ids.items[0];
    x->service.registered = service_find(x->agent, id) != NULL;
    for (struct local_check *c = x->agent->checks; c; c = c->hh.next)
        if (str_eq(c->def.service_id, id)) {
            x->service.checks++;
            x->service.passing += c->status == CATALOG_PASSING;
        }
    loop_post(x->reply_loop, errand_reply, x);
}

void local_service_status_post(struct local_agent *l, struct loop *reply, const char *id,
                               void (*cb)(void *arg, const struct local_service_status *s),
                               void *arg)
{
    struct errand *x = errand_new(l, reply, arg);
    x->status_cb = cb;
    rec_strs_add(&x->ids, &x->arena, id);
    loop_post(l->loop, status_here, x);
}
