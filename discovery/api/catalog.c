/* /v1/catalog/... */
#include "discovery/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

static int render_nodes(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                        log_index *index, int *status, struct err *e)
{
    struct store_cursor c;
    bool first = true;
    *index = store_table_index(t, &catalog_table_nodes);
    buf_char(out, '[');
    for (store_scan(t, &catalog_table_nodes, NULL, 0, &c); store_cursor_valid(&c); store_next(&c)) {
        struct catalog_node n;
        if (rec_unpack(&catalog_node_desc, c.val.data, c.val.len, http_arena(r), &n, e))
            break;
        if (!first)
            buf_char(out, ',');
        first = false;
        rec_json_write(&catalog_node_desc, &n, out);
    }
    store_cursor_close(&c);
    buf_char(out, ']');
    return 0;
}

static void on_nodes(struct http_req *r, void *ctx)
{
    struct http_watch w = {STORE_WATCH_TABLE, &catalog_table_nodes, NULL, 0};
    if (!api_refuse_dc(ctx, r))
        http_blocking(r, &w, 1, render_nodes, ctx);
}

static void on_datacenters(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct buf b = BUF_INIT;
    buf_printf(&b, "[\"%s\"]", api->datacenter);
    http_reply_json(r, 200, &b);
    buf_fini(&b);
}

static int render_services(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                           log_index *index, int *status, struct err *e)
{
    struct catalog_service_name *names;
    size_t n;
    int rv = catalog_service_names(t, http_arena(r), &names, &n);
    *index = store_table_index(t, &catalog_table_services);
    buf_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        buf_str_add(out, i ? "," : "");
        buf_json_str(out, names[i].name, strlen(names[i].name));
        buf_str_add(out, ":[");
        for (size_t k = 0; k < names[i].tags.n; k++) {
            buf_str_add(out, k ? "," : "");
            buf_json_str(out, names[i].tags.items[k], strlen(names[i].tags.items[k]));
        }
        buf_char(out, ']');
    }
    buf_char(out, '}');
    return rv;
}

static void on_services(struct http_req *r, void *ctx)
{
    struct http_watch w = {STORE_WATCH_TABLE, &catalog_table_services, NULL, 0};
    if (!api_refuse_dc(ctx, r))
        http_blocking(r, &w, 1, render_services, ctx);
}

static void str_field(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ",\"%s\":", name);
    buf_json_str(b, value ? value : "", value ? strlen(value) : 0);
}

static void rec_field_named(struct buf *b, const struct rec_desc *d, const void *rec,
                            const char *field, const char *as, unsigned more_flags)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (!strcmp(d->fields[i].name, field)) {
            struct rec_field f = d->fields[i];
            f.flags |= more_flags;
            buf_printf(b, ",\"%s\":", as);
            rec_json_field(&f, rec, b);
        }
}

void api_write_service_node(struct buf *b, const struct catalog_instance *i)
{
    const struct catalog_service *s = &i->service;
    buf_str_add(b, "{\"ID\":");
    buf_json_str(b, i->node.id ? i->node.id : "", i->node.id ? strlen(i->node.id) : 0);
    str_field(b, "Node", i->node.node);
    str_field(b, "Address", i->node.address);
    str_field(b, "Datacenter", i->node.datacenter);
    rec_field_named(b, &catalog_node_desc, &i->node, "TaggedAddresses", "TaggedAddresses", 0);
    rec_field_named(b, &catalog_node_desc, &i->node, "Meta", "NodeMeta", 0);
    str_field(b, "ServiceKind", s->kind);
    str_field(b, "ServiceID", s->id);
    str_field(b, "ServiceName", s->service);
    rec_field_named(b, &catalog_service_desc, s, "Tags", "ServiceTags", REC_NEVER_NULL);
    str_field(b, "ServiceAddress", s->address);
    if (s->tagged_addresses.n)
        rec_field_named(b, &catalog_service_desc, s, "TaggedAddresses", "ServiceTaggedAddresses",
                        0);
    rec_field_named(b, &catalog_service_desc, s, "Weights", "ServiceWeights", 0);
    rec_field_named(b, &catalog_service_desc, s, "Meta", "ServiceMeta", REC_NEVER_NULL);
    buf_printf(b, ",\"ServicePort\":%" PRId64, s->port);
    str_field(b, "ServiceSocketPath", s->socket_path);
    buf_printf(b,
               ",\"ServiceEnableTagOverride\":%s,\"ServiceProxy\":%s,\"ServiceConnect\":%s,"
               "\"CreateIndex\":%" PRIu64 ",\"ModifyIndex\":%" PRIu64 "}",
               s->enable_tag_override ? "true" : "false",
               s->proxy ? s->proxy : "{\"Mode\":\"\",\"MeshGateway\":{},\"Expose\":{}}",
               s->connect ? s->connect : "{}", s->create_index, s->modify_index);
}

static bool has_all_tags(struct http_req *r, const struct rec_strs *tags)
{
    const char *tag;
    for (size_t i = 0; (tag = http_query_nth(r, "tag", i)); i++)
        if (*tag && !rec_strs_has(tags, tag))
            return false;
    return true;
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
        if (!has_all_tags(r, &all.items[i].service.tags))
            continue;
        buf_str_add(out, first ? "" : ",");
        first = false;
        api_write_service_node(out, &all.items[i]);
    }
    buf_char(out, ']');
    return rv;
}

static void on_service(struct http_req *r, void *ctx)
{
    api_block_on_service(ctx, r, render_service);
}

static int render_node(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    struct arena *a = http_arena(r);
    struct catalog_node n;
    struct catalog_services s;
    log_index of_services = store_table_index(t, &catalog_table_services);
    *index = store_table_index(t, &catalog_table_nodes);
    *index = of_services > *index ? of_services : *index;
    if (catalog_node_get(t, http_param(r, "node"), a, &n)) {
        buf_str_add(out, "null");
        return 0;
    }
    int rv = catalog_node_services(t, n.node, a, &s);
    buf_str_add(out, "{\"Node\":");
    rec_json_write(&catalog_node_desc, &n, out);
    buf_str_add(out, ",\"Services\":{");
    for (size_t i = 0; i < s.n; i++) {
        buf_str_add(out, i ? "," : "");
        buf_json_str(out, s.items[i].id, strlen(s.items[i].id));
        buf_char(out, ':');
        rec_json_write(&catalog_service_desc, &s.items[i], out);
    }
    buf_str_add(out, "}}");
    return rv;
}

static void on_node(struct http_req *r, void *ctx)
{
    struct http_watch w[] = {{STORE_WATCH_TABLE, &catalog_table_nodes, NULL, 0},
                             {STORE_WATCH_TABLE, &catalog_table_services, NULL, 0}};
    if (!api_refuse_dc(ctx, r))
        http_blocking(r, w, 2, render_node, ctx);
}

/* --- writing --------------------------------------------------------------------------------- */

static void on_catalog_done(void *arg, int status, log_index index,
                            const struct store_result *result)
{
    struct api_pending *p = arg;
    if (p->req && (status || result->code))
        http_reply_text(p->req, 500, "%s", status ? err_code_text(status) : result->text);
    else if (p->req)
        http_reply(p->req, 200, "application/json", "true", 4);
    free(p);
}

struct register_body {
    char *id, *node, *address, *datacenter;
    struct rec_str_map tagged_addresses, node_meta;
    bool skip_node_update;
    struct catalog_service *service;
    struct catalog_check *check;
    struct {
        struct catalog_check *items;
        size_t n;
    } checks;
};
static const struct rec_field register_fields[] = {
    REC(struct register_body, id, "ID", REC_STR, 0),
    REC(struct register_body, node, "Node", REC_STR, 0),
    REC(struct register_body, address, "Address", REC_STR, 0),
    REC(struct register_body, datacenter, "Datacenter", REC_STR, 0),
    REC_OF(struct register_body, tagged_addresses, "TaggedAddresses", REC_MAP, 0, &rec_str_pair),
    REC_OF(struct register_body, node_meta, "NodeMeta", REC_MAP, 0, &rec_str_pair),
    REC(struct register_body, skip_node_update, "SkipNodeUpdate", REC_BOOL, 0),
    REC_OF(struct register_body, service, "Service", REC_PTR, 0, &catalog_service_desc),
    REC_OF(struct register_body, check, "Check", REC_PTR, 0, &catalog_check_desc),
    REC_OF(struct register_body, checks, "Checks", REC_LIST, 0, &catalog_check_desc),
};
static const struct rec_desc register_desc =
    REC_DESC("registration", struct register_body, register_fields);

static void on_register(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct register_body b;
    struct catalog_registration x;
    static const struct rec_desc check = {"", sizeof(struct catalog_check), NULL, 0, false};
    if (!api_read_body(r, &register_desc, 0, &b))
        return;
    struct err e = ERR_INIT;
    if (!str_is_empty(b.node) && str_is_empty(b.address) && !b.skip_node_update) {
        http_reply_text(r, 500, "Must provide address if SkipNodeUpdate is not set");
        return;
    }
    rec_init(&catalog_registration_desc, &x);
    x.node = (struct catalog_node){.id = b.id,
                                   .node = b.node,
                                   .address = b.address,
                                   .datacenter = (char *)(uintptr_t)api->datacenter,
                                   .tagged_addresses = b.tagged_addresses,
                                   .meta = b.node_meta};
    x.skip_node_update = b.skip_node_update;
    x.service = b.service;
    if (b.service && !b.service->weights.passing && !b.service->weights.warning)
        b.service->weights = (struct catalog_weights){1, 1};
    for (size_t i = 0; i < b.checks.n; i++)
        *(struct catalog_check *)rec_list_add(&check, &x.checks, http_arena(r)) = b.checks.items[i];
    if (b.check)
        *(struct catalog_check *)rec_list_add(&check, &x.checks, http_arena(r)) = *b.check;
    if (catalog_registration_check(&x, &e))
        http_reply_text(r, 500, "%s", e.text);
    else
        catalog_register(api->store, api->loop, &x, on_catalog_done, api_pending_new(r));
}

static void on_deregister(struct http_req *r, void *ctx)
{
    struct discovery_api *api = ctx;
    struct catalog_deregistration d;
    if (!api_read_body(r, &catalog_deregistration_desc, 0, &d))
        return;
    if (str_is_empty(d.node)) {
        http_reply_text(r, 500, "Must provide node");
        return;
    }
    catalog_deregister(api->store, api->loop, &d, on_catalog_done, api_pending_new(r));
}

void catalog_routes(struct discovery_api *api, struct http_server *s)
{
    http_route(s, "GET", "/v1/catalog/datacenters", on_datacenters, api);
    http_route(s, "GET", "/v1/catalog/nodes", on_nodes, api);
    http_route(s, "GET", "/v1/catalog/services", on_services, api);
    http_route(s, "GET", "/v1/catalog/service/:name", on_service, api);
    http_route(s, "GET", "/v1/catalog/node/:node", on_node, api);
    http_route(s, "PUT", "/v1/catalog/register", on_register, api);
    http_route(s, "PUT", "/v1/catalog/deregister", on_deregister, api);
}
