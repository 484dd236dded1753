/* The catalog's records, keys and commands. */
#include "discovery/catalog.h"
#include "agent/base/str.h"
#include "discovery/catalog_impl.h"

#include <stdio.h>
#include <string.h>

const struct store_table catalog_table_nodes = {16, "catalog.nodes"};
const struct store_table catalog_table_services = {17, "catalog.services"};
const struct store_table catalog_table_checks = {18, "catalog.checks"};
const struct store_table catalog_table_kv = {19, "catalog.kv"};
const struct store_table catalog_table_by_node = {20, "catalog.services_by_node"};
const struct store_table catalog_table_by_owner = {21, "catalog.checks_by_owner"};

static const struct store_table *const tables[] = {&catalog_table_nodes,   &catalog_table_services,
                                                   &catalog_table_checks,  &catalog_table_kv,
                                                   &catalog_table_by_node, &catalog_table_by_owner};
static const struct store_command commands[] = {
    {CATALOG_CMD_REGISTER, "catalog-register", apply_catalog_register},
    {CATALOG_CMD_DEREGISTER, "catalog-deregister", apply_catalog_deregister},
    {CATALOG_CMD_KV, "kv", apply_kv},
};
const struct store_module catalog_store_module = {"catalog", tables,
                                                  sizeof(tables) / sizeof(tables[0]), commands,
                                                  sizeof(commands) / sizeof(commands[0])};

/* --- records, in the wire's order ------------------------------------------------------------ */

static const struct rec_field address_fields[] = {
    REC(struct catalog_address, address, "Address", REC_STR, 0),
    REC(struct catalog_address, port, "Port", REC_INT, 0),
};
const struct rec_desc catalog_address_desc =
    REC_DESC("address", struct catalog_address, address_fields);

static const struct rec_field node_fields[] = {
    REC(struct catalog_node, id, "ID", REC_STR, 0),
    REC(struct catalog_node, node, "Node", REC_STR, 0),
    REC(struct catalog_node, address, "Address", REC_STR, 0),
    REC(struct catalog_node, datacenter, "Datacenter", REC_STR, 0),
    REC_OF(struct catalog_node, tagged_addresses, "TaggedAddresses", REC_MAP, 0, &rec_str_pair),
    REC_OF(struct catalog_node, meta, "Meta", REC_MAP, 0, &rec_str_pair),
    REC(struct catalog_node, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct catalog_node, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc catalog_node_desc = REC_DESC("node", struct catalog_node, node_fields);

static const struct rec_field weights_fields[] = {
    REC(struct catalog_weights, passing, "Passing", REC_INT, 0),
    REC(struct catalog_weights, warning, "Warning", REC_INT, 0),
};
const struct rec_desc catalog_weights_desc =
    REC_DESC("weights", struct catalog_weights, weights_fields);

static const struct rec_field service_fields[] = {
    REC(struct catalog_service, kind, "Kind", REC_STR, REC_OMIT_EMPTY),
    REC(struct catalog_service, id, "ID", REC_STR, 0),
    REC(struct catalog_service, service, "Service", REC_STR, 0),
    REC_OF(struct catalog_service, tags, "Tags", REC_LIST, REC_NEVER_NULL, &rec_str),
    REC(struct catalog_service, address, "Address", REC_STR, 0),
    REC_OF(struct catalog_service, tagged_addresses, "TaggedAddresses", REC_MAP, REC_OMIT_EMPTY,
           &catalog_address_desc),
    REC_OF(struct catalog_service, meta, "Meta", REC_MAP, 0, &rec_str_pair),
    REC(struct catalog_service, port, "Port", REC_INT, 0),
    REC(struct catalog_service, socket_path, "SocketPath", REC_STR, REC_OMIT_EMPTY),
    REC_OF(struct catalog_service, weights, "Weights", REC_STRUCT, 0, &catalog_weights_desc),
    REC(struct catalog_service, enable_tag_override, "EnableTagOverride", REC_BOOL, 0),
    REC(struct catalog_service, proxy, "Proxy", REC_RAW, 0),
    REC(struct catalog_service, connect, "Connect", REC_RAW, 0),
    REC(struct catalog_service, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct catalog_service, modify_index, "ModifyIndex", REC_UINT, REC_META),
    REC(struct catalog_service, node, "Node", REC_STR, REC_NO_JSON),
};
const struct rec_desc catalog_service_desc =
    REC_DESC("service", struct catalog_service, service_fields);

static const struct rec_field check_fields[] = {
    REC(struct catalog_check, node, "Node", REC_STR, 0),
    REC(struct catalog_check, check_id, "CheckID", REC_STR, 0),
    REC(struct catalog_check, name, "Name", REC_STR, 0),
    REC(struct catalog_check, status, "Status", REC_STR, 0),
    REC(struct catalog_check, notes, "Notes", REC_STR, 0),
    REC(struct catalog_check, output, "Output", REC_STR, REC_META),
    REC(struct catalog_check, service_id, "ServiceID", REC_STR, 0),
    REC(struct catalog_check, service_name, "ServiceName", REC_STR, 0),
    REC_OF(struct catalog_check, service_tags, "ServiceTags", REC_LIST, REC_NEVER_NULL, &rec_str),
    REC(struct catalog_check, type, "Type", REC_STR, 0),
    REC(struct catalog_check, interval, "Interval", REC_STR, 0),
    REC(struct catalog_check, timeout, "Timeout", REC_STR, 0),
    REC(struct catalog_check, exposed_port, "ExposedPort", REC_INT, 0),
    REC(struct catalog_check, definition, "Definition", REC_RAW, 0),
    REC(struct catalog_check, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct catalog_check, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc catalog_check_desc = REC_DESC("check", struct catalog_check, check_fields);

static const struct rec_field kv_fields[] = {
    REC(struct catalog_kv, lock_index, "LockIndex", REC_UINT, 0),
    REC(struct catalog_kv, key, "Key", REC_STR, 0),
    REC(struct catalog_kv, flags, "Flags", REC_UINT, 0),
    REC(struct catalog_kv, value, "Value", REC_BYTES, 0),
    REC(struct catalog_kv, session, "Session", REC_STR, REC_OMIT_EMPTY),
    REC(struct catalog_kv, create_index, "CreateIndex", REC_UINT, REC_META),
    REC(struct catalog_kv, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
const struct rec_desc catalog_kv_desc = REC_DESC("kv", struct catalog_kv, kv_fields);

static const struct rec_field registration_fields[] = {
    REC_OF(struct catalog_registration, node, "Node", REC_STRUCT, 0, &catalog_node_desc),
    REC(struct catalog_registration, skip_node_update, "SkipNodeUpdate", REC_BOOL, 0),
    REC_OF(struct catalog_registration, service, "Service", REC_PTR, 0, &catalog_service_desc),
    REC_OF(struct catalog_registration, checks, "Checks", REC_LIST, 0, &catalog_check_desc),
};
const struct rec_desc catalog_registration_desc =
    REC_DESC("registration", struct catalog_registration, registration_fields);

static const struct rec_field deregistration_fields[] = {
    REC(struct catalog_deregistration, node, "Node", REC_STR, 0),
    REC(struct catalog_deregistration, service_id, "ServiceID", REC_STR, 0),
    REC(struct catalog_deregistration, check_id, "CheckID", REC_STR, 0),
};
const struct rec_desc catalog_deregistration_desc =
    REC_DESC("deregistration", struct catalog_deregistration, deregistration_fields);

/* --- health ---------------------------------------------------------------------------------- */

enum catalog_health catalog_health_of(const char *status)
{
    return str_eq(status, "passing")   ? CATALOG_PASSING
           : str_eq(status, "warning") ? CATALOG_WARNING
                                       : CATALOG_CRITICAL;
}

const char *catalog_health_name(enum catalog_health h)
{
    return h == CATALOG_PASSING ? "passing" : h == CATALOG_WARNING ? "warning" : "critical";
}

/* --- keys ------------------------------------------------------------------------------------ */

size_t catalog_key(char out[CATALOG_KEY_MAX], const char *a, const char *b, const char *c)
{
    const char *parts[] = {a, b, c};
    size_t n = 0;
    for (int i = 0; i < 3 && parts[i]; i++) {
        size_t len = strlen(parts[i]);
        if (i && n < CATALOG_KEY_MAX - 1)
            out[n++] = '\0';
        if (len > CATALOG_KEY_MAX - 1 - n)
            len = CATALOG_KEY_MAX - 1 - n;
        memcpy(out + n, parts[i], len);
        n += len;
    }
    return n;
}

bool catalog_names_fit(const char *node, const char *b, const char *c)
{
    return strlen(node ? node : "") + strlen(b ? b : "") + strlen(c ? c : "") <= CATALOG_NAMES_MAX;
}

static const char *or_else(const char *s, const char *other)
{
    return str_is_empty(s) ? other : s;
}

int catalog_registration_check(const struct catalog_registration *r, struct err *e)
{
    const char *node = r->node.node;
    const struct catalog_service *s = r->service;
    if (str_is_empty(node))
        return err_set(e, ERR_INVALID, "Must provide node");
    if (s && str_is_empty(s->service))
        return err_set(e, ERR_INVALID, "Must provide service name with ID");
    if (!catalog_names_fit(node, NULL, NULL) ||
        (s && !catalog_names_fit(node, s->service, or_else(s->id, s->service))))
        return err_set(e, ERR_INVALID,
                       "Node, Service and ID must be at most %d bytes long together",
                       CATALOG_NAMES_MAX);
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct catalog_check *c = &r->checks.items[i];
        const char *id = or_else(c->check_id, c->name);
        if (str_is_empty(id))
            return err_set(e, ERR_INVALID, "Checks[%zu]: must provide CheckID or Name", i);
        if (!catalog_names_fit(node, c->service_id, id))
            return err_set(e, ERR_INVALID,
                           "Checks[%zu]: Node, ServiceID and CheckID must be at most %d bytes long "
                           "together",
                           i, CATALOG_NAMES_MAX);
    }
    return 0;
}

void catalog_register(struct store *s, struct loop *loop, const struct catalog_registration *r,
                      store_done_cb cb, void *arg)
{
    store_propose_rec(s, loop, CATALOG_CMD_REGISTER, &catalog_registration_desc, r, cb, arg);
}

void catalog_deregister(struct store *s, struct loop *loop, const struct catalog_deregistration *d,
                        store_done_cb cb, void *arg)
{
    store_propose_rec(s, loop, CATALOG_CMD_DEREGISTER, &catalog_deregistration_desc, d, cb, arg);
}
