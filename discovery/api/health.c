/* /v1/health/... */
#include "discovery/api/api_impl.h"

static bool wanted(struct http_req *r, const struct catalog_instance *i)
{
    const char *tag;
    if (http_query(r, "passing") && http_query_bool(r, "passing") && i->health != CATALOG_PASSING)
        return false;
    for (size_t k = 0; (tag = http_query_nth(r, "tag", k)); k++)
        if (*tag && !rec_strs_has(&i->service.tags, tag))
            return false;
    return true;
}

static void write_checks(struct buf *out, const struct catalog_check *items, size_t n)
{
    buf_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_str_add(out, i ? "," : "");
        rec_json_write(&catalog_check_desc, &items[i], out);
    }
    buf_char(out, ']');
}

static int render_service(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                          log_index *index, int *status, struct err *e)
{
    const char *name = http_param(r, "name");
    struct catalog_instances all;
    int rv = catalog_service_instances(t, name, http_arena(r), &all);
    bool first = true;
    *index = catalog_service_index(t, name);
    buf_char(out, '[');
    for (size_t i = 0; i < all.n; i++) {
        if (!wanted(r, &all.items[i]))
            continue;
        buf_str_add(out, first ? "{\"Node\":" : ",{\"Node\":");
        first = false;
        rec_json_write(&catalog_node_desc, &all.items[i].node, out);
        buf_str_add(out, ",\"Service\":");
        rec_json_write(&catalog_service_desc, &all.items[i].service, out);
        buf_str_add(out, ",\"Checks\":");
        write_checks(out, all.items[i].checks, all.items[i].n_checks);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    return rv;
}

static void on_service(struct http_req *r, void *ctx)
{
    api_block_on_service(ctx, r, render_service);
}

enum selection { OF_NODE, OF_SERVICE, OF_STATE };

static bool selected(enum selection by, const struct catalog_check *c, const char *value)
{
    switch (by) {
    case OF_NODE:
        return str_eq(c->node, value);
    case OF_SERVICE:
        return str_eq(c->service_name, value);
    case OF_STATE:
        return str_eq(value, "any") || str_eq(c->status, value);
    }
    return false;
}

static int render_selected(struct http_req *r, struct store_txn *t, enum selection by,
                           struct buf *out, log_index *index)
{
    const char *value = http_param(r, "value");
    struct store_cursor c;
    bool first = true;
    *index = store_table_index(t, &catalog_table_checks);
    buf_char(out, '[');
    for (store_scan(t, &catalog_table_checks, NULL, 0, &c); store_cursor_valid(&c);
         store_next(&c)) {
        struct catalog_check x;
        if (rec_unpack(&catalog_check_desc, c.val.data, c.val.len, http_arena(r), &x, NULL) ||
            !selected(by, &x, value))
            continue;
        buf_str_add(out, first ? "" : ",");
        first = false;
        rec_json_write(&catalog_check_desc, &x, out);
    }
    store_cursor_close(&c);
    buf_char(out, ']');
    return 0;
}

static int render_node(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    return render_selected(r, t, OF_NODE, out, index);
}

static int render_checks(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                         log_index *index, int *status, struct err *e)
{
    return render_selected(r, t, OF_SERVICE, out, index);
}

static int render_state(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                        log_index *index, int *status, struct err *e)
{
    return render_selected(r, t, OF_STATE, out, index);
}

static void on_selected(struct http_req *r, void *ctx, http_render render)
{
    struct http_watch w = {STORE_WATCH_TABLE, &catalog_table_checks, NULL, 0};
    if (!api_refuse_dc(ctx, r))
        http_blocking(r, &w, 1, render, ctx);
}

static void on_node(struct http_req *r, void *ctx)
{
    on_selected(r, ctx, render_node);
}

static void on_checks(struct http_req *r, void *ctx)
{
    on_selected(r, ctx, render_checks);
}

static void on_state(struct http_req *r, void *ctx)
{
    on_selected(r, ctx, render_state);
}

void health_routes(struct discovery_api *api, struct http_server *s)
{
    http_route(s, "GET", "/v1/health/service/:name", on_service, api);
    http_route(s, "GET", "/v1/health/node/:value", on_node, api);
    http_route(s, "GET", "/v1/health/checks/:value", on_checks, api);
    http_route(s, "GET", "/v1/health/state/:value", on_state, api);
}
