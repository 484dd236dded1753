/* /v1/agent, /v1/status, /v1/regions: what this server is; and all the API's routes. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>

static void write_member(struct scheduler *s, struct buf *b)
{
    int host = (int)strcspn(s->advertise_http, ":");
    buf_printf(
        b,
        "{\"Name\":\"%s.%s\",\"Addr\":\"%.*s\",\"Port\":4648,\"Tags\":{\"build\":\"%s\",\"dc\":"
        "\"%s\",\"port\":\"4647\",\"region\":\"%s\",\"role\":\"nomad\",\"rpc_addr\":\"%.*s\","
        "\"vsn\":\"1\"},\"Status\":\"alive\",\"ProtocolMin\":1,\"ProtocolMax\":5,\"ProtocolCur\":2,"
        "\"DelegateMin\":2,\"DelegateMax\":5,\"DelegateCur\":4}",
        s->name, s->region, host, s->advertise_http, s->version, s->datacenter, s->region, host,
        s->advertise_http);
}

static void on_self(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct store_stats st;
    struct buf b = BUF_INIT;
    store_stats(s->store, &st);
    buf_printf(
        &b,
        "{\"config\":{\"Datacenter\":\"%s\",\"Region\":\"%s\",\"NodeName\":\"%s\",\"Version\":"
        "{\"Version\":\"%s\"},\"ACL\":{\"Enabled\":false}},\"member\":",
        s->datacenter, s->region, s->name, s->version);
    write_member(s, &b);
    buf_printf(&b,
               ",\"stats\":{\"nomad\":{\"leader\":\"true\",\"server\":\"true\"},\"raft\":"
               "{\"applied_index\":\"%" PRIu64 "\",\"state\":\"Leader\"}}}",
               st.applied);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_members(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "{\"ServerName\":\"%s\",\"ServerRegion\":\"%s\",\"ServerDC\":\"%s\",\"Members\":[",
               s->name, s->region, s->datacenter);
    write_member(s, &b);
    buf_str_add(&b, "]}");
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_health(struct http_req *r, void *ctx)
{
    struct buf b = BUF_INIT;
    const char *type = http_query(r, "type");
    bool client = !type || str_eq(type, "client"), server = !type || str_eq(type, "server");
    buf_printf(&b, "{%s%s%s}", client ? "\"client\":{\"message\":\"ok\",\"ok\":true}" : "",
               client && server ? "," : "",
               server ? "\"server\":{\"message\":\"ok\",\"ok\":true}" : "");
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

/* The addresses clients find servers at. */
static void on_servers(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct buf b = BUF_INIT;
    buf_printf(&b, "[\"%.*s:4647\"]", (int)strcspn(s->advertise_http, ":"), s->advertise_http);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_acl(struct http_req *r, void *ctx)
{
    http_reply_text(r, 400, "ACL support disabled");
}

static void on_enterprise(struct http_req *r, void *ctx)
{
    http_reply_text(r, 501, "Nomad Enterprise only endpoint");
}

static void reply_format(struct http_req *r, const char *before, const char *text,
                         const char *after)
{
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s%s%s", before, text, after);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_leader(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    char host[128];
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(s->advertise_http, ":"), s->advertise_http);
    reply_format(r, "\"", host, ":4647\"");
}

static void on_peers(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    char host[128];
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(s->advertise_http, ":"), s->advertise_http);
    reply_format(r, "[\"", host, ":4647\"]");
}

static void on_regions(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    reply_format(r, "[\"", s->region, "\"]");
}

static void agent_routes(struct scheduler *s, struct http_server *server)
{
    static const char *const enterprise[] = {"/v1/quotas", "/v1/quota", "/v1/quota/*rest",
                                             "/v1/sentinel/*rest"};
    for (size_t i = 0; i < sizeof(enterprise) / sizeof(enterprise[0]); i++)
        http_route(server, "GET,PUT,POST,DELETE", enterprise[i], on_enterprise, s);
    http_route(server, "GET,PUT,POST,DELETE", "/v1/acl/*rest", on_acl, s);
    http_route(server, "GET", "/v1/agent/servers", on_servers, s);
    http_route(server, "GET", "/v1/agent/self", on_self, s);
    http_route(server, "GET", "/v1/agent/members", on_members, s);
    http_route(server, "GET", "/v1/agent/health", on_health, s);
    http_route(server, "GET", "/v1/status/leader", on_leader, s);
    http_route(server, "GET", "/v1/status/peers", on_peers, s);
    http_route(server, "GET", "/v1/regions", on_regions, s);
}

void scheduler_api_routes(struct scheduler *s, struct http_server *server)
{
    job_routes(s, server);
    alloc_routes(s, server);
    deployment_routes(s, server);
    node_routes(s, server);
    agent_routes(s, server);
}
