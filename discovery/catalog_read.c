/* The catalog's readers. */
#include "agent/base/str.h"
#include "discovery/catalog_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int catalog_node_get(struct store_txn *t, const char *name, struct arena *a,
                     struct catalog_node *out)
{
    return store_get_rec(t, &catalog_table_nodes, name, strlen(name), &catalog_node_desc, a, out);
}

int catalog_node_find_nocase(struct store_txn *t, const char *name, struct arena *a,
                             struct catalog_node *out)
{
    struct store_cursor c;
    int rv = catalog_node_get(t, name, a, out);
    if (rv != ERR_NOT_FOUND)
        return rv;
    for (store_scan(t, &catalog_table_nodes, NULL, 0, &c); store_cursor_valid(&c) && rv;
         store_next(&c))
        if (c.key.len == strlen(name) && !strncasecmp(c.key.data, name, c.key.len))
            rv = rec_unpack(&catalog_node_desc, c.val.data, c.val.len, a, out, NULL);
    store_cursor_close(&c);
    return rv;
}

/* Those of one service id, or of the node itself (""), by check id. */
static int add_checks(struct store_txn *t, const char *node, const char *service_id,
                      struct arena *a, struct catalog_checks *out)
{
    char prefix[CATALOG_KEY_MAX], key[CATALOG_KEY_MAX];
    size_t n = catalog_key(prefix, node, service_id, "");
    struct store_cursor c;
    int rv = 0;
    for (store_scan(t, &catalog_table_by_owner, prefix, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        char *id = arena_strndup(a, (const char *)c.key.data + n, c.key.len - n);
        rv = store_get_rec(t, &catalog_table_checks, key, catalog_key(key, node, id, NULL),
                           &catalog_check_desc, a, rec_list_add(&catalog_check_desc, out, a));
    }
    store_cursor_close(&c);
    return rv;
}

/* The node's own checks, then the instance's. */
static int read_checks(struct store_txn *t, struct catalog_instance *i, struct arena *a)
{
    struct catalog_checks all = {NULL, 0};
    int rv = add_checks(t, i->node.node, "", a, &all);
    if (!rv && !str_is_empty(i->service.id))
        rv = add_checks(t, i->node.node, i->service.id, a, &all);
    i->checks = all.items;
    i->n_checks = all.n;
    for (size_t k = 0; k < i->n_checks; k++) {
        enum catalog_health h = catalog_health_of(i->checks[k].status);
        i->health = h > i->health ? h : i->health;
    }
    return rv;
}

int catalog_service_instances(struct store_txn *t, const char *service, struct arena *a,
                              struct catalog_instances *out)
{
    static const struct rec_desc instance = {"", sizeof(struct catalog_instance), NULL, 0, false};
    char prefix[CATALOG_KEY_MAX];
    size_t n = catalog_key(prefix, service, "", NULL);
    struct store_cursor c;
    int rv = 0;
    *out = (struct catalog_instances){NULL, 0};
    for (store_scan(t, &catalog_table_services, prefix, n, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        struct catalog_instance *i = rec_list_add(&instance, out, a);
        rv = rec_unpack(&catalog_service_desc, c.val.data, c.val.len, a, &i->service, NULL);
        if (!rv)
            rv = catalog_node_get(t, i->service.node, a, &i->node);
        if (!rv)
            rv = read_checks(t, i, a);
    }
    store_cursor_close(&c);
    return rv;
}

log_index catalog_service_index(struct store_txn *t, const char *service)
{
    char prefix[CATALOG_KEY_MAX];
    size_t n = catalog_key(prefix, service, "", NULL);
    struct store_cursor c;
    store_scan(t, &catalog_table_services, prefix, n, &c);
    bool present = store_cursor_valid(&c);
    store_cursor_close(&c);
    log_index i = present ? store_key_index(t, &catalog_table_services, service, strlen(service))
                          : store_key_index(t, &catalog_table_services, CATALOG_EXTINCT,
                                            strlen(CATALOG_EXTINCT));
    return i ? i : 1;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int catalog_service_names(struct store_txn *t, struct arena *a, struct catalog_service_name **out,
                          size_t *n)
{
    static const struct rec_desc name_desc = {"", sizeof(struct catalog_service_name), NULL, 0,
                                              false};
    struct rec_list names = {NULL, 0};
    struct store_cursor c;
    int rv = 0;
    for (store_scan(t, &catalog_table_services, NULL, 0, &c); store_cursor_valid(&c) && !rv;
         store_next(&c)) {
        struct catalog_service s;
        struct catalog_service_name *last =
            names.n ? (struct catalog_service_name *)names.items + names.n - 1 : NULL;
        rv = rec_unpack(&catalog_service_desc, c.val.data, c.val.len, a, &s, NULL);
        if (rv)
            break;
        if (!last || !str_eq(last->name, s.service)) {
            last = rec_list_add(&name_desc, &names, a);
            last->name = s.service;
        }
        last->instances++;
        for (size_t i = 0; i < s.tags.n; i++)
            if (!rec_strs_has(&last->tags, s.tags.items[i]))
                rec_strs_add(&last->tags, a, s.tags.items[i]);
    }
    store_cursor_close(&c);
    *out = names.items;
    *n = names.n;
    for (size_t i = 0; i < *n; i++)
        if ((*out)[i].tags.n)
            qsort((*out)[i].tags.items, (*out)[i].tags.n, sizeof(char *), by_text);
    return rv;
}

int catalog_service_find_nocase(struct store_txn *t, const char *name, struct arena *a,
                                const char **out)
{
    char key[CATALOG_KEY_MAX];
    struct store_cursor c;
    size_t n = catalog_key(key, name, "", NULL);
    store_scan(t, &catalog_table_services, key, n, &c);
    bool exact = store_cursor_valid(&c);
    store_cursor_close(&c);
    *out = exact ? arena_strdup(a, name) : NULL;
    if (exact)
        return 0;
    for (store_scan(t, &catalog_table_services, NULL, 0, &c); store_cursor_valid(&c) && !*out;
         store_next(&c)) {
        size_t len = strnlen(c.key.data, c.key.len);
        if (len == strlen(name) && !strncasecmp(c.key.data, name, len))
            *out = arena_strndup(a, c.key.data, len);
    }
    store_cursor_close(&c);
    return *out ? 0 : ERR_NOT_FOUND;
}

const char *catalog_instance_address(const struct catalog_instance *i)
{
    return str_is_empty(i->service.address) ? i->node.address : i->service.address;
}
