/* Common parts, status and the routes of every group. */
#include "discovery/api/api_impl.h"

#include <stdlib.h>

static void on_gone(void *arg)
{
    struct api_pending *p = arg;
    p->req = NULL;
}

struct api_pending *api_pending_new(struct http_req *r)
{
    struct api_pending *p = MEM_NEW(struct api_pending);
    p->req = r;
    http_on_cancel(r, on_gone, p);
    return p;
}

void api_on_local_done(void *arg, int status, const struct err *e)
{
    struct api_pending *p = arg;
    if (p->req && status)
        http_reply_text(p->req, 500, "%s", e ? err_text(e) : err_code_text(status));
    else if (p->req)
        http_reply(p->req, 200, NULL, "", 0);
    free(p);
}

bool api_refuse_dc(struct discovery_api *api, struct http_req *r)
{
    const char *dc = http_query(r, "dc");
    if (!dc || !*dc || str_eq(dc, api->datacenter))
        return false;
    http_reply_text(r, 500, "No path to datacenter");
    return true;
}

bool api_read_body(struct http_req *r, const struct rec_desc *d, unsigned flags, void *rec)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(d, rec);
    if (!rec_json_parse(d, body, n, REC_SNAKE | flags, http_arena(r), rec, &e))
        return true;
    http_reply_text(r, 400, "Request decode failed: %s%s",
                    str_has_prefix(e.text, "unknown field") ? "json: " : "", e.text);
    return false;
}

static void on_leader(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct buf b = BUF_INIT;
    buf_printf(&b, "\"%s:%d\"", api->address, api->rpc_port);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static void on_peers(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct buf b = BUF_INIT;
    buf_printf(&b, "[\"%s:%d\"]", api->address, api->rpc_port);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

void discovery_api_routes(struct discovery_api *api, struct http_server *s)
{
    http_route(s, "GET", "/v1/status/leader", on_leader, api);
    http_route(s, "GET", "/v1/status/peers", on_peers, api);
    agent_routes(api, s);
    catalog_routes(api, s);
    health_routes(api, s);
    kv_routes(api, s);
}

void api_block_on_service(struct discovery_api *api, struct http_req *r, http_render render)
{
    const char *name = http_param(r, "name");
    struct http_watch w[] = {
        {STORE_WATCH_KEY, &catalog_table_services, name, strlen(name)},
        {STORE_WATCH_KEY, &catalog_table_services, CATALOG_EXTINCT, strlen(CATALOG_EXTINCT)}};
    if (!api_refuse_dc(api, r))
        http_blocking(r, w, 2, render, api);
}
