/* Registering and deregistering, deterministically; what is identical changes nothing. */
#include "agent/base/str.h"
#include "discovery/catalog_impl.h"

#include <string.h>

/* --- reading back ---------------------------------------------------------------------------- */

int catalog_node_services(struct store_txn *t, const char *node, struct arena *a,
                          struct catalog_services *out)
{
    char prefix[CATALOG_KEY_MAX], key[CATALOG_KEY_MAX];
    size_t n = catalog_key(prefix, node, "", NULL);
    struct store_cursor c;
    int rv = 0;
    *out = (struct catalog_services){NULL, 0};
    for (store_scan(t, &catalog_table_by_node, prefix, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        char *name = arena_strndup(a, c.val.data, c.val.len);
        char *id = arena_strndup(a, (const char *)c.key.data + n, c.key.len - n);
        size_t k = catalog_key(key, name, node, id);
        rv = store_get_rec(t, &catalog_table_services, key, k, &catalog_service_desc, a,
                           rec_list_add(&catalog_service_desc, out, a));
    }
    store_cursor_close(&c);
    return rv;
}

int catalog_node_checks(struct store_txn *t, const char *node, struct arena *a,
                        struct catalog_checks *out)
{
    char prefix[CATALOG_KEY_MAX];
    size_t n = catalog_key(prefix, node, "", NULL);
    struct store_cursor c;
    int rv = 0;
    *out = (struct catalog_checks){NULL, 0};
    for (store_scan(t, &catalog_table_checks, prefix, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c))
        rv = rec_unpack(&catalog_check_desc, c.val.data, c.val.len, a,
                        rec_list_add(&catalog_check_desc, out, a), NULL);
    store_cursor_close(&c);
    return rv;
}

static void touch_name(struct store_txn *t, const char *name)
{
    if (!str_is_empty(name))
        store_touch(t, &catalog_table_services, name, strlen(name));
}

/* A change of a node concerns every service on it. */
static void touch_node_services(struct store_txn *t, const char *node)
{
    struct arena a = ARENA_INIT;
    struct catalog_services s;
    catalog_node_services(t, node, &a, &s);
    for (size_t i = 0; i < s.n; i++)
        touch_name(t, s.items[i].service);
    arena_fini(&a);
}

/* --- register -------------------------------------------------------------------------------- */

static void register_node(struct store_txn *t, log_index index, struct catalog_registration *r)
{
    struct arena a = ARENA_INIT;
    struct catalog_node old, *n = &r->node;
    bool known = !catalog_node_get(t, n->node, &a, &old);
    if (known && str_is_empty(n->id))
        n->id = old.id;
    if (!known || (!r->skip_node_update && !rec_equal(&catalog_node_desc, n, &old))) {
        n->create_index = known ? old.create_index : index;
        n->modify_index = index;
        store_put_rec(t, &catalog_table_nodes, n->node, strlen(n->node), &catalog_node_desc, n);
        if (known)
            touch_node_services(t, n->node);
    }
    arena_fini(&a);
}

/* The name under which a node's service id stands now, or NULL. */
static char *name_of(struct store_txn *t, const char *node, const char *id, struct arena *a)
{
    char key[CATALOG_KEY_MAX];
    struct store_val v;
    if (store_get(t, &catalog_table_by_node, key, catalog_key(key, node, id, NULL), &v))
        return NULL;
    return arena_strndup(a, v.data, v.len);
}

static void remove_service(struct store_txn *t, const char *node, const char *id, const char *name)
{
    char key[CATALOG_KEY_MAX];
    struct store_cursor c;
    store_del(t, &catalog_table_services, key, catalog_key(key, name, node, id));
    store_del_quiet(t, &catalog_table_by_node, key, catalog_key(key, node, id, NULL));
    touch_name(t, name);
    size_t n = catalog_key(key, name, "", NULL);
    store_scan(t, &catalog_table_services, key, n, &c);
    bool extinct = !store_cursor_valid(&c);
    store_cursor_close(&c);
    if (extinct)
        store_touch(t, &catalog_table_services, CATALOG_EXTINCT, strlen(CATALOG_EXTINCT));
}

static void register_service(struct store_txn *t, log_index index, const char *node,
                             struct catalog_service *s)
{
    struct arena a = ARENA_INIT;
    struct catalog_service old;
    char key[CATALOG_KEY_MAX];
    if (str_is_empty(s->id))
        s->id = s->service;
    s->node = arena_strdup(&a, node);
    char *name = name_of(t, node, s->id, &a);
    if (name && !str_eq(name, s->service))
        remove_service(t, node, s->id, name); /* the id now means another service */
    size_t n = catalog_key(key, s->service, node, s->id);
    bool known =
        !store_get_rec(t, &catalog_table_services, key, n, &catalog_service_desc, &a, &old);
    if (!known || !rec_equal(&catalog_service_desc, s, &old)) {
        char by_node[CATALOG_KEY_MAX];
        s->create_index = known ? old.create_index : index;
        s->modify_index = index;
        store_put_rec(t, &catalog_table_services, key, n, &catalog_service_desc, s);
        store_put_quiet(t, &catalog_table_by_node, by_node, catalog_key(by_node, node, s->id, NULL),
                        s->service, strlen(s->service));
        touch_name(t, s->service);
    }
    s->node = NULL;
    arena_fini(&a);
}

static void complete_check(struct store_txn *t, const char *node, struct catalog_check *c,
                           struct arena *a)
{
    c->node = arena_strdup(a, node);
    if (str_is_empty(c->check_id))
        c->check_id = c->name;
    if (str_is_empty(c->status))
        c->status = arena_strdup(a, "critical");
    if (!c->definition)
        c->definition = arena_strdup(a, "{}");
    if (str_is_empty(c->service_id))
        return;
    char key[CATALOG_KEY_MAX], *name = name_of(t, node, c->service_id, a);
    struct catalog_service s;
    if (name &&
        !store_get_rec(t, &catalog_table_services, key, catalog_key(key, name, node, c->service_id),
                       &catalog_service_desc, a, &s)) {
        c->service_name = s.service;
        c->service_tags = s.tags;
    }
}

static void index_check(struct store_txn *t, const char *node, const struct catalog_check *c,
                        bool there)
{
    char key[CATALOG_KEY_MAX];
    size_t n = catalog_key(key, node, c->service_id ? c->service_id : "", c->check_id);
    if (there)
        store_put_quiet(t, &catalog_table_by_owner, key, n, "", 0);
    else
        store_del_quiet(t, &catalog_table_by_owner, key, n);
}

static void register_check(struct store_txn *t, log_index index, const char *node,
                           struct catalog_check *c)
{
    struct arena a = ARENA_INIT;
    struct catalog_check old;
    char key[CATALOG_KEY_MAX];
    complete_check(t, node, c, &a);
    size_t n = catalog_key(key, node, c->check_id, NULL);
    bool known = !store_get_rec(t, &catalog_table_checks, key, n, &catalog_check_desc, &a, &old);
    if (known && rec_equal(&catalog_check_desc, c, &old)) {
        if (!str_eq(c->output, old.output)) { /* kept, but nobody is woken for it */
            struct buf b = BUF_INIT;
            old.output = c->output;
            rec_pack(&catalog_check_desc, &old, &b);
            store_put_quiet(t, &catalog_table_checks, key, n, b.data, b.len);
            buf_fini(&b);
        }
    } else {
        c->create_index = known ? old.create_index : index;
        c->modify_index = index;
        store_put_rec(t, &catalog_table_checks, key, n, &catalog_check_desc, c);
        if (known && !str_eq(old.service_id, c->service_id))
            index_check(t, node, &old, false);
        index_check(t, node, c, true);
        if (str_is_empty(c->service_id))
            touch_node_services(t, node);
        else
            touch_name(t, c->service_name);
    }
    arena_fini(&a);
}

int apply_catalog_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                           struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct catalog_registration c;
    struct err e = ERR_INIT;
    int rv = rec_unpack(&catalog_registration_desc, payload, len, &a, &c, NULL);
    if (!rv && catalog_registration_check(&c, &e)) {
        r->code = ERR_INVALID;
        snprintf(r->text, sizeof(r->text), "%.255s", e.text);
    } else if (!rv) {
        register_node(t, index, &c);
        if (c.service)
            register_service(t, index, c.node.node, c.service);
        for (size_t i = 0; i < c.checks.n; i++)
            register_check(t, index, c.node.node, &c.checks.items[i]);
    }
    arena_fini(&a);
    return rv;
}

/* --- deregister ------------------------------------------------------------------------------ */

static void remove_check(struct store_txn *t, const char *node, const struct catalog_check *c)
{
    char key[CATALOG_KEY_MAX];
    store_del(t, &catalog_table_checks, key, catalog_key(key, node, c->check_id, NULL));
    index_check(t, node, c, false);
    if (str_is_empty(c->service_id))
        touch_node_services(t, node);
    else
        touch_name(t, c->service_name);
}

static void remove_checks(struct store_txn *t, const char *node, const char *service_id,
                          const char *check_id)
{
    struct arena a = ARENA_INIT;
    struct catalog_checks checks;
    catalog_node_checks(t, node, &a, &checks);
    for (size_t i = 0; i < checks.n; i++) {
        const struct catalog_check *c = &checks.items[i];
        bool hit = service_id ? str_eq(c->service_id, service_id)
                   : check_id ? str_eq(c->check_id, check_id)
                              : true;
        if (hit)
            remove_check(t, node, c);
    }
    arena_fini(&a);
}

int apply_catalog_deregister(struct store_txn *t, log_index index, const void *payload, size_t len,
                             struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct catalog_deregistration d;
    int rv = rec_unpack(&catalog_deregistration_desc, payload, len, &a, &d, NULL);
    if (rv)
        goto out;
    if (!str_is_empty(d.service_id)) {
        char *name = name_of(t, d.node, d.service_id, &a);
        remove_checks(t, d.node, d.service_id, NULL);
        if (name)
            remove_service(t, d.node, d.service_id, name);
    } else if (!str_is_empty(d.check_id)) {
        remove_checks(t, d.node, NULL, d.check_id);
    } else {
        struct catalog_services s;
        remove_checks(t, d.node, NULL, NULL);
        catalog_node_services(t, d.node, &a, &s);
        for (size_t i = 0; i < s.n; i++)
            remove_service(t, d.node, s.items[i].id, s.items[i].service);
        store_del(t, &catalog_table_nodes, d.node, strlen(d.node));
    }
out:
    arena_fini(&a);
    return rv;
}

/* --- kv -------------------------------------------------------------------------------------- */

static const struct rec_field kv_command_fields[] = {
    REC(struct kv_command, op, "Op", REC_INT, 0),
    REC_OF(struct kv_command, entry, "Entry", REC_STRUCT, 0, &catalog_kv_desc),
    REC(struct kv_command, cas_index, "CAS", REC_UINT, 0),
};
const struct rec_desc kv_command_desc = REC_DESC("kv", struct kv_command, kv_command_fields);

/* A deleted key leaves its index behind under "\1" and its own name: a blocking reader of the
 * key, or of a prefix of it, must see the deletion as newer than what it had. */
static void kv_delete(struct store_txn *t, const char *key)
{
    store_del(t, &catalog_table_kv, key, strlen(key));
    store_touch(t, &catalog_table_kv, key, strlen(key));
}

static void kv_delete_tree(struct store_txn *t, const char *prefix)
{
    struct arena a = ARENA_INIT;
    struct store_cursor c;
    struct rec_strs keys = {NULL, 0};
    for (store_scan(t, &catalog_table_kv, prefix, strlen(prefix), &c); store_cursor_valid(&c);
         store_next(&c)) {
        char *key = arena_strndup(&a, c.key.data, c.key.len);
        rec_strs_add(&keys, &a, key);
    }
    store_cursor_close(&c);
    for (size_t i = 0; i < keys.n; i++)
        kv_delete(t, keys.items[i]);
    if (keys.n && *prefix)
        store_touch(t, &catalog_table_kv, prefix, strlen(prefix));
    arena_fini(&a);
}

int apply_kv(struct store_txn *t, log_index index, const void *payload, size_t len,
             struct store_result *r)
{
    struct arena a = ARENA_INIT;
    struct kv_command c;
    struct catalog_kv old;
    int rv = rec_unpack(&kv_command_desc, payload, len, &a, &c, NULL);
    if (rv)
        goto out;
    const char *key = c.entry.key ? c.entry.key : "";
    bool known = !store_get_rec(t, &catalog_table_kv, key, strlen(key), &catalog_kv_desc, &a, &old);
    bool cas = c.op == KV_OP_CAS || c.op == KV_OP_DELETE_CAS;
    bool matches = c.op == KV_OP_CAS
                       ? (c.cas_index ? known && old.modify_index == c.cas_index : !known)
                       : !known || !c.cas_index || old.modify_index == c.cas_index;
    if (c.op == KV_OP_DELETE_CAS && !c.cas_index)
        matches = !known;
    if (cas && !matches) {
        r->code = ERR_CONFLICT;
        goto out;
    }
    if (c.op == KV_OP_DELETE || c.op == KV_OP_DELETE_CAS) {
        if (known)
            kv_delete(t, key);
    } else if (c.op == KV_OP_DELETE_TREE) {
        kv_delete_tree(t, key);
    } else {
        c.entry.lock_index = known ? old.lock_index : 0;
        c.entry.session = known ? old.session : NULL;
        c.entry.create_index = known ? old.create_index : index;
        c.entry.modify_index = index;
        if (!known || !rec_equal(&catalog_kv_desc, &c.entry, &old))
            store_put_rec(t, &catalog_table_kv, key, strlen(key), &catalog_kv_desc, &c.entry);
    }
out:
    arena_fini(&a);
    return rv;
}
