/* The local agent: definitions of services and checks, and its life. */
#include "agent/base/log.h"
#include "agent/base/str.h"
#include "discovery/local_impl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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
    if (d->failures_before_warning > d->failures_before_critical)
        return err_set(e, ERR_INVALID,
                       "Invalid check: FailuresBeforeWarning can't be higher than "
                       "FailuresBeforeCritical");
    if (d->output_max_size_bytes < 0)
        return err_set(e, ERR_INVALID, "Invalid check: MaxOutputMaxSize must be positive");
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

struct local_check *local_check_find(struct local_agent *l, const char *id)
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
    struct local_check *old = local_check_find(l, d->check_id), *c = MEM_NEW(struct local_check);
    c->agent = l;
    rec_clone(&check_definition_desc, d, &c->arena, &c->def);
    c->status = str_is_empty(d->status) ? CATALOG_CRITICAL : catalog_health_of(d->status);
    c->successes = d->success_before_passing;
    c->failures = d->failures_before_critical;
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

struct local_service *local_service_find(struct local_agent *l, const char *id)
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

/* id NULL: one that local_service_register makes. */
static int check_names(const struct local_agent *l, const char *service_id, const char *id,
                       struct err *e)
{
    char made[CATALOG_NAMES_MAX + 2]; /* cut, it is too long already */
    snprintf(made, sizeof(made), "service:%s:%zu", service_id ? service_id : "", (size_t)1000000);
    if (catalog_names_fit(l->node.node, service_id, str_is_empty(id) ? made : id))
        return 0;
    return err_set(e, ERR_INVALID,
                   "Invalid check: node name, ServiceID and CheckID must be at most %d bytes long "
                   "together",
                   CATALOG_NAMES_MAX);
}

static int service_validate(const struct local_agent *l, const struct service_definition *d,
                            struct err *e)
{
    if (str_is_empty(d->name))
        return err_set(e, ERR_INVALID, "Missing service name");
    const char *id = str_is_empty(d->id) ? d->name : d->id;
    if (!catalog_names_fit(l->node.node, d->name, id))
        return err_set(e, ERR_INVALID,
                       "Invalid service: node name, Name and ID must be at most %d bytes long "
                       "together",
                       CATALOG_NAMES_MAX);
    int rv = 0;
    if (d->check && !(rv = check_validate(l, d->check, e)))
        rv = check_names(l, id, d->check->check_id, e);
    for (size_t i = 0; !rv && i < d->checks.n; i++)
        if (!(rv = check_validate(l, &d->checks.items[i], e)))
            rv = check_names(l, id, d->checks.items[i].check_id, e);
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
            local_propose_removal(l, NULL, c->def.check_id, NULL, NULL);
            check_drop(l, c);
        }
    }
}

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
    if ((old = local_service_find(l, s->def.id)))
        service_free(l, old);
    HASH_ADD_KEYPTR(hh, l->services, s->def.id, strlen(s->def.id), s);
    struct check_definition **checks;
    size_t n = checks_of(s, &checks);
    if (replace || str_has_prefix(s->def.id, "_nomad-"))
        drop_other_checks(l, s->def.id, checks, n);
    for (size_t i = 0; i < n; i++)
        check_put(l, checks[i], s);
    local_propose(l, s, NULL, cb, arg);
    local_save(l);
    return 0;
}

int local_service_deregister(struct local_agent *l, const char *id, local_done_cb cb, void *arg,
                             struct err *e)
{
    struct local_service *s = local_service_find(l, id);
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
    local_propose_removal(l, copy, NULL, cb, arg);
    local_save(l);
    free(copy);
    return 0;
}

int local_check_register(struct local_agent *l, const struct check_definition *d, local_done_cb cb,
                         void *arg, struct err *e)
{
    struct check_definition copy = *d;
    struct local_service *s =
        str_is_empty(d->service_id) ? NULL : local_service_find(l, d->service_id);
    if (str_is_empty(d->name))
        return err_set(e, ERR_INVALID, "Missing check name");
    if (str_is_empty(d->check_id))
        copy.check_id = d->name;
    int rv = check_validate(l, d, e);
    if (!rv)
        rv = check_names(l, d->service_id, copy.check_id, e);
    if (rv)
        return rv;
    if (!str_is_empty(d->service_id) && !s)
        return err_set(e, ERR_INTERNAL, "ServiceID \"%s\" does not exist", d->service_id);
    struct local_check *c = check_put(l, &copy, s);
    c->alone = true;
    local_propose(l, NULL, c, cb, arg);
    local_save(l);
    return 0;
}

int local_check_deregister(struct local_agent *l, const char *id, local_done_cb cb, void *arg,
                           struct err *e)
{
    struct local_check *c = local_check_find(l, id);
    if (!c)
        return err_set(e, ERR_NOT_FOUND, "Unknown check ID \"%s\"", id);
    local_propose_removal(l, NULL, id, cb, arg);
    check_drop(l, c);
    local_save(l);
    return 0;
}

int local_check_update(struct local_agent *l, const char *id, enum catalog_health status,
                       const char *output, local_done_cb cb, void *arg, struct err *e)
{
    struct local_check *c = local_check_find(l, id);
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
    local_propose_registration(l, &r, on_started, s);
    local_restore(l);
    local_sync_start(l);
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
