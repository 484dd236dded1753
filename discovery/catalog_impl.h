/* What the catalog's files share; private to discovery/. */
#ifndef DISCOVERY_CATALOG_IMPL_H
#define DISCOVERY_CATALOG_IMPL_H

#include "discovery/catalog.h"

enum { CATALOG_CMD_REGISTER = 0x100, CATALOG_CMD_DEREGISTER, CATALOG_CMD_KV };
extern const struct store_table catalog_table_by_node; /* "node\0id" -> service name, quiet */
/* "node\0service id\0check id" -> "", quiet: an instance's checks without reading all of its node
 * */
extern const struct store_table catalog_table_by_owner;

/* The touch key of the services table that moves when a name loses its last instance. */
#define CATALOG_EXTINCT "\x01" "extinct"

#define CATALOG_KEY_MAX (CATALOG_NAMES_MAX + 3)
/* Parts joined by NUL; c may be NULL, b too. Cut when too long, which no row is. */
size_t catalog_key(char out[CATALOG_KEY_MAX], const char *a, const char *b, const char *c);

int apply_catalog_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                           struct store_result *r);
int apply_catalog_deregister(struct store_txn *t, log_index index, const void *payload, size_t len,
                             struct store_result *r);
int apply_kv(struct store_txn *t, log_index index, const void *payload, size_t len,
             struct store_result *r);

enum kv_op { KV_OP_SET, KV_OP_CAS, KV_OP_DELETE, KV_OP_DELETE_CAS, KV_OP_DELETE_TREE };
struct kv_command {
    int64_t op;
    struct catalog_kv entry;
    uint64_t cas_index;
};
extern const struct rec_desc kv_command_desc;

/* Rows by node: services of a node, its checks. */
struct catalog_services {
    struct catalog_service *items;
    size_t n;
};
struct catalog_checks {
    struct catalog_check *items;
    size_t n;
};
int catalog_node_services(struct store_txn *t, const char *node, struct arena *a,
                          struct catalog_services *out);
int catalog_node_checks(struct store_txn *t, const char *node, struct arena *a,
                        struct catalog_checks *out);

#endif
