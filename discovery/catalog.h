/* The catalog: which nodes there are, which services run on them, how their checks stand; and the
 * key/value store beside it. This header is the room's door for readers (dns, lb, HTTP) and
 * writers.
 *
 * owns: its tables in the store (numbers 16-63) and the commands that change them (0x100-0x1ff).
 * calls: store. called by: discovery's own agent and API, dns, lb, agent/client (through local.h).
 * thread: the readers take a snapshot (struct store_txn) and run on any thread; the proposals run
 * on any thread and answer on the loop they are given.
 *
 * Rules of the peer that hold here (Consul, catalog and anti-entropy):
 * - a registration identical to what is there changes nothing: no index moves, nobody wakes;
 * - a check's changed output alone changes nothing that is watched;
 * - each service name has an index of its own, moved by its instances, their checks, their nodes
 *   and those nodes' checks; registering one service wakes no watcher of another. */
#ifndef DISCOVERY_CATALOG_H
#define DISCOVERY_CATALOG_H

#include "agent/base/clock.h"
#include "agent/base/record.h"
#include "agent/store/store.h"

/* --- records --------------------------------------------------------------------------------- */

struct catalog_address { /* a tagged address; in a map it has its tag as key */
    char *key;
    char *address;
    int64_t port;
};

struct catalog_node {
    char *id; /* UUID or "" */
    char *node;
    char *address;
    char *datacenter;
    struct rec_str_map tagged_addresses, meta;
    uint64_t create_index, modify_index;
};

struct catalog_weights {
    int64_t passing, warning; /* 1 and 1 unless said */
};

struct catalog_service {
    char *node; /* whose it is; binary and index only, the wire has it elsewhere */
    char *kind;
    char *id, *service;
    struct rec_strs tags;
    char *address; /* "" = the node's */
    struct {
        struct catalog_address *items;
        size_t n;
    } tagged_addresses;
    struct rec_str_map meta;
    int64_t port;
    char *socket_path;
    struct catalog_weights weights;
    bool enable_tag_override;
    char *proxy, *connect; /* JSON as given: kept, not acted on yet */
    uint64_t create_index, modify_index;
};

struct catalog_check {
    char *node, *check_id, *name, *status; /* "passing" "warning" "critical" */
    char *notes, *output;
    char *service_id, *service_name;
    struct rec_strs service_tags;
    char *type, *interval, *timeout;
    int64_t exposed_port;
    char *definition; /* JSON object text, "{}" */
    uint64_t create_index, modify_index;
};

struct catalog_kv {
    uint64_t lock_index;
    char *key;
    uint64_t flags;
    struct rec_bytes value;
    char *session;
    uint64_t create_index, modify_index;
};

extern const struct rec_desc catalog_node_desc, catalog_service_desc, catalog_check_desc,
    catalog_kv_desc, catalog_weights_desc, catalog_address_desc;

enum catalog_health { CATALOG_PASSING, CATALOG_WARNING, CATALOG_CRITICAL };
enum catalog_health catalog_health_of(const char *status); /* unknown words are critical */
const char *catalog_health_name(enum catalog_health h);

/* --- tables, for watches --------------------------------------------------------------------- */

/* Watch STORE_WATCH_KEY on catalog_table_services with a service's name for that service's index
 * (store_touch keys), STORE_WATCH_TABLE on it for any service; checks, nodes and kv likewise (kv
 * keys are the user's keys). */
extern const struct store_table catalog_table_nodes, catalog_table_services, catalog_table_checks,
    catalog_table_kv;
extern const struct store_module catalog_store_module;

/* --- reading: any thread, memory from the arena ---------------------------------------------- */

/* One instance of a service with all that decides whether it is used. */
struct catalog_instance {
    struct catalog_node node;
    struct catalog_service service;
    struct catalog_check *checks; /* the node's own first, then the instance's; by check id */
    size_t n_checks;
    enum catalog_health health; /* the worst of checks; passing without any */
};
struct catalog_instances {
    struct catalog_instance *items; /* by node name, then service id: one stable order */
    size_t n;
};
/* All instances of a service by exact name (case as registered; dns folds before). n = 0 when there
 * are none. */
int catalog_service_instances(struct store_txn *t, const char *service, struct arena *a,
                              struct catalog_instances *out);
/* The index a blocking query on this service is about: its own, or that of the last vanished
 * service when it has no instance. Never 0. */
log_index catalog_service_index(struct store_txn *t, const char *service);

struct catalog_service_name {
    const char *name;
    struct rec_strs tags; /* the union over its instances, sorted */
    size_t instances;
};
/* Every service name, sorted. */
int catalog_service_names(struct store_txn *t, struct arena *a, struct catalog_service_name **out,
                          size_t *n);
/* Name as registered for a name in any case ("DB" finds "db"); ERR_NOT_FOUND. For dns. */
int catalog_service_find_nocase(struct store_txn *t, const char *name, struct arena *a,
                                const char **out);
int catalog_node_get(struct store_txn *t, const char *name, struct arena *a,
                     struct catalog_node *out);
int catalog_node_find_nocase(struct store_txn *t, const char *name, struct arena *a,
                             struct catalog_node *out);
/* The instance's address as clients shall use it: the service's, else its node's. Borrowed. */
const char *catalog_instance_address(const struct catalog_instance *i);

/* --- writing: commands ----------------------------------------------------------------------- */

/* Register: a node, and optionally a service and checks on it, as one change. */
struct catalog_registration {
    struct catalog_node node;
    bool skip_node_update;
    struct catalog_service *service; /* NULL: none */
    struct {
        struct catalog_check *items;
        size_t n;
    } checks;
};
extern const struct rec_desc catalog_registration_desc;

/* Deregister the node (both ids empty), one service with its checks, or one check. */
struct catalog_deregistration {
    char *node, *service_id, *check_id;
};
extern const struct rec_desc catalog_deregistration_desc;

/* The names that make up one key of the catalog are together at most this many bytes: node, service
 * and service id; node, service id and check id. */
#define CATALOG_NAMES_MAX 497
bool catalog_names_fit(const char *node, const char *b, const char *c); /* NULL: "" */
/* Whether the catalog can hold it: every name is there, and fits. ERR_INVALID */
int catalog_registration_check(const struct catalog_registration *r, struct err *e);
/* One that cannot be held is refused in the result. */
void catalog_register(struct store *s, struct loop *loop, const struct catalog_registration *r,
                      store_done_cb cb, void *arg);
void catalog_deregister(struct store *s, struct loop *loop, const struct catalog_deregistration *d,
                        store_done_cb cb, void *arg);

#endif
