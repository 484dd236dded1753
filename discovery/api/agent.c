/* /v1/agent/...: this node's own services and checks. */
#include "discovery/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- reading --------------------------------------------------------------------------------- */

static void write_member(struct discovery_api *api, struct buf *b)
{
    buf_printf(
        b,
        "{\"Name\":\"%s\",\"Addr\":\"%s\",\"Port\":8301,\"Tags\":{\"acls\":\"0\",\"build\":"
        "\"%s:platform\",\"dc\":\"%s\",\"id\":\"%s\",\"port\":\"%d\",\"raft_vsn\":\"3\",\"role\":"
        "\"consul\",\"segment\":\"\",\"vsn\":\"2\",\"vsn_max\":\"3\",\"vsn_min\":\"2\"},\"Status\":"
        "1,"
        "\"ProtocolMin\":1,\"ProtocolMax\":5,\"ProtocolCur\":2,\"DelegateMin\":2,\"DelegateMax\":5,"
        "\"DelegateCur\":4}",
        api->node_name, api->address, api->version, api->datacenter, api->node_id, api->rpc_port);
}

static void on_self(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct store_stats st;
    struct buf b = BUF_INIT;
    store_stats(api->store, &st);
    buf_printf(
        &b,
        "{\"Config\":{\"Datacenter\":\"%s\",\"PrimaryDatacenter\":\"%s\",\"NodeName\":\"%s\","
        "\"NodeID\":\"%s\",\"Revision\":\"platform\",\"Server\":true,\"Version\":\"%s\"},"
        "\"DebugConfig\":{\"ConnectEnabled\":false,\"GRPCPort\":-1,\"DNSPort\":%d,\"DNSAddrs\":"
        "[\"tcp://%s:%d\",\"udp://%s:%d\"]},\"Coord\":{\"Vec\":[0,0,0,0,0,0,0,0],\"Error\":1.5,"
        "\"Adjustment\":0,\"Height\":1e-05},\"Member\":",
        api->datacenter, api->datacenter, api->node_name, api->node_id, api->version, api->dns_port,
        api->address, api->dns_port, api->address, api->dns_port);
    write_member(api, &b);
    buf_printf(
        &b,
        ",\"Stats\":{\"agent\":{\"checks\":\"%u\",\"services\":\"%u\"},\"build\":{\"prerelease\":"
        "\"\",\"revision\":\"platform\",\"version\":\"%s\"},\"consul\":{\"leader\":\"true\","
        "\"leader_addr\":\"%s:%d\",\"server\":\"true\"},\"raft\":{\"applied_index\":\"%" PRIu64
        "\",\"state\":\"Leader\"},\"runtime\":{\"os\":\"linux\"}},\"Meta\":"
        "{\"consul-network-segment\":\"\"},\"xDS\":null}",
        HASH_COUNT(api->local->checks), HASH_COUNT(api->local->services), api->version,
        api->address, api->rpc_port, st.applied);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_members(struct http_req *r, void *ctx)
{
    struct buf b = BUF_INIT;
    buf_char(&b, '[');
    write_member(ctx, &b);
    buf_char(&b, ']');
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void write_service(struct discovery_api *api, const struct local_service *s, struct buf *b)
{
    const struct service_definition *d = &s->def;
    struct catalog_service x = {.tags = d->tags, .meta = d->meta, .weights = d->weights};
    buf_str_add(b, "{\"ID\":");
    buf_json_str(b, d->id, strlen(d->id));
    buf_str_add(b, ",\"Service\":");
    buf_json_str(b, d->name, strlen(d->name));
    static const char *const names[] = {"Tags", "Meta"};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < catalog_service_desc.n_fields; i++)
            if (!strcmp(catalog_service_desc.fields[i].name, names[k])) {
                struct rec_field f = catalog_service_desc.fields[i];
                f.flags |= REC_NEVER_NULL;
                buf_printf(b, ",\"%s\":", names[k]);
                rec_json_field(&f, &x, b);
            }
    buf_printf(b, ",\"Port\":%" PRId64 ",\"Address\":", d->port);
    buf_json_str(b, d->address ? d->address : "", d->address ? strlen(d->address) : 0);
    if (d->tagged_addresses.n) {
        buf_str_add(b, ",\"TaggedAddresses\":{");
        for (size_t i = 0; i < d->tagged_addresses.n; i++) {
            buf_printf(b, "%s\"%s\":", i ? "," : "", d->tagged_addresses.items[i].key);
            rec_json_write(&catalog_address_desc, &d->tagged_addresses.items[i], b);
        }
        buf_char(b, '}');
    }
    buf_printf(b,
               ",\"Weights\":{\"Passing\":%" PRId64 ",\"Warning\":%" PRId64
               "},\"EnableTagOverride\":%s,"
               "\"Datacenter\":\"%s\"}",
               d->weights.passing, d->weights.warning, d->enable_tag_override ? "true" : "false",
               api->datacenter);
}

static int by_service_id(struct local_service *a, struct local_service *b)
{
    return strcmp(a->def.id, b->def.id);
}

static void on_services(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct buf b = BUF_INIT;
    buf_char(&b, '{');
    HASH_SORT(api->local->services, by_service_id);
    for (struct local_service *s = api->local->services; s; s = s->hh.next) {
        buf_json_str(&b, s->def.id, strlen(s->def.id));
        buf_char(&b, ':');
        write_service(api, s, &b);
        if (s->hh.next)
            buf_char(&b, ',');
    }
    buf_char(&b, '}');
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_service(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct local_service *s;
    const char *id = http_param(r, "id");
    HASH_FIND_STR(api->local->services, id, s);
    if (!s) {
        http_reply_text(r, 404, "unknown service ID: %s", id);
        return;
    }
    struct buf b = BUF_INIT;
    write_service(api, s, &b);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static int by_check_id(struct local_check *a, struct local_check *b)
{
    return strcmp(a->def.check_id, b->def.check_id);
}

static void on_checks(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct buf b = BUF_INIT;
    buf_char(&b, '{');
    HASH_SORT(api->local->checks, by_check_id);
    for (struct local_check *c = api->local->checks; c; c = c->hh.next) {
        struct catalog_check x;
        local_describe_check(c, http_arena(r), &x);
        x.node = (char *)(uintptr_t)api->node_name;
        x.definition = (char *)(uintptr_t) "{}";
        buf_json_str(&b, c->def.check_id, strlen(c->def.check_id));
        buf_char(&b, ':');
        rec_json_write(&catalog_check_desc, &x, &b);
        if (c->hh.next)
            buf_char(&b, ',');
    }
    buf_char(&b, '}');
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

/* --- writing --------------------------------------------------------------------------------- */

static void refuse(struct http_req *r, struct api_pending *p, int rv, const struct err *e)
{
    free(p);
    http_on_cancel(r, NULL, NULL);
    http_reply_text(r,
                    rv == ERR_INVALID     ? 400
                    : rv == ERR_NOT_FOUND ? 404
                                          : 500,
                    "%s", err_text(e));
}

static void on_service_register(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct service_definition d;
    struct err e = ERR_INIT;
    if (!api_read_body(r, &service_definition_desc, REC_STRICT, &d))
        return;
    struct api_pending *p = api_pending_new(r);
    int rv = local_service_register(api->local, &d, http_query_bool(r, "replace-existing-checks"),
                                    api_on_local_done, p, &e);
    if (rv)
        refuse(r, p, rv, &e);
}

static void on_service_deregister(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct err e = ERR_INIT;
    struct api_pending *p = api_pending_new(r);
    int rv = local_service_deregister(api->local, http_param(r, "id"), api_on_local_done, p, &e);
    if (rv == ERR_NOT_FOUND) /* 1.10 answers success */
        api_on_local_done(p, 0, NULL);
}

static void on_check_register(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct check_definition d;
    struct err e = ERR_INIT;
    if (!api_read_body(r, &check_definition_desc, REC_STRICT, &d))
        return;
    struct api_pending *p = api_pending_new(r);
    int rv = local_check_register(api->local, &d, api_on_local_done, p, &e);
    if (rv)
        refuse(r, p, rv, &e);
}

static void on_check_deregister(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct err e = ERR_INIT;
    struct api_pending *p = api_pending_new(r);
    if (local_check_deregister(api->local, http_param(r, "id"), api_on_local_done, p, &e))
        api_on_local_done(p, 0, NULL);
}

static void update(struct discovery_api *api, struct http_req *r, enum catalog_health h,
                   const char *output)
{
    struct err e = ERR_INIT;
    const char *id = http_param(r, "id");
    struct api_pending *p = api_pending_new(r);
    int rv = local_check_update(api->local, id, h, output, api_on_local_done, p, &e);
    if (rv) {
        err_set(&e, ERR_INTERNAL, "CheckID \"%s\" does not have associated TTL", id);
        refuse(r, p, ERR_INTERNAL, &e);
    }
}

static void on_pass(struct http_req *r, void *ctx)
{
    update(ctx, r, CATALOG_PASSING, http_query(r, "note"));
}

static void on_warn(struct http_req *r, void *ctx)
{
    update(ctx, r, CATALOG_WARNING, http_query(r, "note"));
}

static void on_fail(struct http_req *r, void *ctx)
{
    update(ctx, r, CATALOG_CRITICAL, http_query(r, "note"));
}

struct check_update {
    char *status, *output;
};
static const struct rec_field update_fields[] = {
    REC(struct check_update, status, "Status", REC_STR, 0),
    REC(struct check_update, output, "Output", REC_STR, 0),
};
static const struct rec_desc update_desc = REC_DESC("update", struct check_update, update_fields);

static void on_update(struct http_req *r, void *ctx)
{
    struct check_update u;
    if (!api_read_body(r, &update_desc, REC_STRICT, &u))
        return;
    if (!str_eq(u.status, "passing") && !str_eq(u.status, "warning") &&
        !str_eq(u.status, "critical")) {
        http_reply_text(r, 400, "Invalid check status: '%s'", u.status ? u.status : "");
        return;
    }
    update(ctx, r, catalog_health_of(u.status), u.output);
}

void agent_routes(struct discovery_api *api, struct http_server *s)
{
    http_route(s, "GET", "/v1/agent/self", on_self, api);
    http_route(s, "GET", "/v1/agent/members", on_members, api);
    http_route(s, "GET", "/v1/agent/services", on_services, api);
    http_route(s, "GET", "/v1/agent/service/:id", on_service, api);
    http_route(s, "GET", "/v1/agent/checks", on_checks, api);
    http_route(s, "PUT", "/v1/agent/service/register", on_service_register, api);
    http_route(s, "PUT", "/v1/agent/service/deregister/:id", on_service_deregister, api);
    http_route(s, "PUT", "/v1/agent/check/register", on_check_register, api);
    http_route(s, "PUT", "/v1/agent/check/deregister/:id", on_check_deregister, api);
    http_route(s, "PUT", "/v1/agent/check/pass/:id", on_pass, api);
    http_route(s, "PUT", "/v1/agent/check/warn/:id", on_warn, api);
    http_route(s, "PUT", "/v1/agent/check/fail/:id", on_fail, api);
    http_route(s, "PUT", "/v1/agent/check/update/:id", on_update, api);
}
