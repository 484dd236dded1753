/* What the catalog's commands change, and what they leave alone. */
#include "discovery/catalog_impl.h"
#include "test/unit/support/catalog_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct store *store;
static char dir[64];

static int open_catalog(void **state)
{
    store = catalog_store_open(dir);
    return 0;
}

static int close_catalog(void **state)
{
    catalog_store_close(&store, dir);
    return 0;
}

static log_index service_index(const char *name)
{
    struct store_txn *t;
    assert_int_equal(0, store_read(store, &t, NULL));
    log_index i = catalog_service_index(t, name);
    store_read_end(&t);
    return i;
}

/* How many instances a service has; the health of the last in *health. */
static size_t instances(const char *name, enum catalog_health *health)
{
    struct arena a = ARENA_INIT;
    struct catalog_instances all;
    struct store_txn *t;
    assert_int_equal(0, store_read(store, &t, NULL));
    assert_int_equal(0, catalog_service_instances(t, name, &a, &all));
    if (health && all.n)
        *health = all.items[all.n - 1].health;
    store_read_end(&t);
    size_t n = all.n;
    arena_fini(&a);
    return n;
}

static struct store_result run(uint16_t command, const struct rec_desc *d, const void *rec)
{
    struct buf b = BUF_INIT;
    struct store_result r;
    log_index at;
    rec_pack(d, rec, &b);
    assert_int_equal(0, store_propose_wait(store, command, b.data, b.len, &at, &r));
    buf_fini(&b);
    return r;
}

static void deregister(const char *node, const char *service, const char *check)
{
    struct catalog_deregistration d;
    rec_init(&catalog_deregistration_desc, &d);
    d.node = (char *)(uintptr_t)node;
    d.service_id = (char *)(uintptr_t)service;
    d.check_id = (char *)(uintptr_t)check;
    run(CATALOG_CMD_DEREGISTER, &catalog_deregistration_desc, &d);
}

static void check(const char *service_id, const char *service, const char *status,
                  const char *output)
{
    struct buf b = BUF_INIT;
    buf_printf(&b,
               "{\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"},\"Checks\":[{\"Node\":"
               "\"n1\",\"CheckID\":\"c-%s\",\"Name\":\"c\",\"Status\":\"%s\",\"Output\":\"%s\","
               "\"ServiceID\":\"%s\",\"ServiceName\":\"%s\",\"Definition\":{}}]}",
               *service_id ? service_id : "node", status, output, service_id, service);
    catalog_store_add(store, buf_str(&b));
    buf_fini(&b);
}

static void the_same_again_changes_nothing(void **state)
{
    catalog_store_add_service(store, "w1", "web", 80, "a|b");
    log_index before = service_index("web");
    catalog_store_add_service(store, "w1", "web", 80, "a|b");
    assert_int_equal(before, service_index("web"));
    catalog_store_add_service(store, "w1", "web", 81, "a|b");
    assert_true(service_index("web") > before);
    assert_int_equal(1, instances("web", NULL));
}

static void one_service_does_not_move_another(void **state)
{
    catalog_store_add_service(store, "w1", "web", 80, "");
    log_index before = service_index("web");
    catalog_store_add_service(store, "d1", "db", 5432, "");
    check("d1", "db", "critical", "down");
    deregister("n1", "d1", NULL);
    assert_int_equal(before, service_index("web"));
    assert_int_equal(0, instances("db", NULL));
}

static void output_alone_changes_nothing(void **state)
{
    catalog_store_add_service(store, "w1", "web", 80, "");
    check("w1", "web", "passing", "took 1 ms");
    log_index before = service_index("web");
    check("w1", "web", "passing", "took 2 ms");
    assert_int_equal(before, service_index("web"));
    check("w1", "web", "critical", "refused");
    assert_true(service_index("web") > before);
}

static void health_is_the_worst_of_node_and_instance(void **state)
{
    enum catalog_health h;
    catalog_store_add_service(store, "w1", "web", 80, "");
    catalog_store_add_service(store, "w2", "web", 81, "");
    instances("web", &h);
    assert_int_equal(CATALOG_PASSING, h);
    check("w2", "web", "warning", "");
    instances("web", &h);
    assert_int_equal(CATALOG_WARNING, h);
    log_index before = service_index("web");
    check("", "", "critical", "the node is gone");
    instances("web", &h);
    assert_int_equal(CATALOG_CRITICAL, h);
    assert_true(service_index("web") > before); /* a node's check concerns what runs on it */
    deregister("n1", NULL, "c-node");
    instances("web", &h);
    assert_int_equal(CATALOG_WARNING, h);
}

static void a_check_that_changes_hands_leaves_its_first_owner(void **state)
{
    enum catalog_health h;
    catalog_store_add_service(store, "w1", "web", 80, "");
    check("w1", "web", "critical", "");
    instances("web", &h);
    assert_int_equal(CATALOG_CRITICAL, h);
    catalog_store_add(store, "{\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"},\"Checks\":[{"
                             "\"Node\":\"n1\",\"CheckID\":\"c-w1\",\"Name\":\"c\",\"Status\":"
                             "\"critical\",\"ServiceID\":\"other\",\"Definition\":{}}]}");
    instances("web", &h);
    assert_int_equal(CATALOG_PASSING, h);
}

static void an_id_with_a_new_name_moves(void **state)
{
    catalog_store_add_service(store, "x", "old", 80, "");
    catalog_store_add_service(store, "x", "new", 80, "");
    assert_int_equal(0, instances("old", NULL));
    assert_int_equal(1, instances("new", NULL));
}

static void a_node_takes_its_services_along(void **state)
{
    catalog_store_add_service(store, "w1", "web", 80, "");
    catalog_store_add_service(store, "d1", "db", 81, "");
    log_index before = service_index("web");
    deregister("n1", NULL, NULL);
    assert_int_equal(0, instances("web", NULL));
    assert_int_equal(0, instances("db", NULL));
    assert_true(service_index("web") > before); /* who waits for it learns that it is gone */
    struct arena a = ARENA_INIT;
    struct catalog_node n;
    struct store_txn *t;
    assert_int_equal(0, store_read(store, &t, NULL));
    assert_int_equal(ERR_NOT_FOUND, catalog_node_get(t, "n1", &a, &n));
    store_read_end(&t);
    arena_fini(&a);
}

/* --- keys and values ------------------------------------------------------------------------- */

static struct store_result kv(enum kv_op op, const char *key, const char *value, uint64_t cas)
{
    struct kv_command c;
    rec_init(&kv_command_desc, &c);
    c.op = op;
    c.entry.key = (char *)(uintptr_t)key;
    c.entry.value.data = (uint8_t *)(uintptr_t)value;
    c.entry.value.n = value ? strlen(value) : 0;
    c.cas_index = cas;
    return run(CATALOG_CMD_KV, &kv_command_desc, &c);
}

/* The entry's modify index; 0 when there is none. */
static uint64_t kv_index(const char *key, char *value, size_t cap)
{
    struct arena a = ARENA_INIT;
    struct catalog_kv e;
    struct store_txn *t;
    uint64_t index = 0;
    assert_int_equal(0, store_read(store, &t, NULL));
    if (!store_get_rec(t, &catalog_table_kv, key, strlen(key), &catalog_kv_desc, &a, &e)) {
        index = e.modify_index;
        if (value)
            snprintf(value, cap, "%.*s", (int)e.value.n, (const char *)e.value.data);
    }
    store_read_end(&t);
    arena_fini(&a);
    return index;
}

static void cas_writes_only_what_was_seen(void **state)
{
    char v[16];
    assert_true(kv(KV_OP_CAS, "k", "1", 0).changed); /* 0: only if there is none */
    uint64_t seen = kv_index("k", v, sizeof(v));
    assert_string_equal("1", v);
    assert_false(kv(KV_OP_CAS, "k", "2", 0).changed);
    assert_false(kv(KV_OP_CAS, "k", "2", seen + 100).changed);
    assert_int_equal(seen, kv_index("k", v, sizeof(v)));
    assert_true(kv(KV_OP_CAS, "k", "2", seen).changed);
    assert_true(kv_index("k", v, sizeof(v)) > seen);
    assert_string_equal("2", v);
    assert_false(kv(KV_OP_DELETE_CAS, "k", NULL, seen).changed);
    assert_true(kv(KV_OP_DELETE_CAS, "k", NULL, kv_index("k", NULL, 0)).changed);
    assert_int_equal(0, kv_index("k", NULL, 0));
}

static void a_tree_is_deleted_and_nothing_beside_it(void **state)
{
    kv(KV_OP_SET, "app/a", "1", 0);
    kv(KV_OP_SET, "app/b/c", "1", 0);
    kv(KV_OP_SET, "apple", "1", 0);
    kv(KV_OP_DELETE_TREE, "app/", NULL, 0);
    assert_int_equal(0, kv_index("app/a", NULL, 0));
    assert_int_equal(0, kv_index("app/b/c", NULL, 0));
    assert_true(kv_index("apple", NULL, 0) > 0);
}

static void deleting_what_is_not_there_changes_nothing(void **state)
{
    kv(KV_OP_SET, "k", "1", 0);
    assert_false(kv(KV_OP_DELETE, "other", NULL, 0).changed);
    assert_true(kv_index("k", NULL, 0) > 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_catalog, close_catalog)

/* What is too long for a key is refused by the command itself, whoever proposed it; what just fits
 * is held under its whole name. */
static void names_that_do_not_fit_are_refused(void **state)
{
    char node[CATALOG_NAMES_MAX + 2], id[CATALOG_NAMES_MAX + 2];
    struct catalog_service s = {.id = id, .service = (char *)(uintptr_t) "s"};
    struct catalog_check k = {.check_id = id};
    struct catalog_registration r;
    static const struct {
        size_t node, service_id, check_id;
        const char *refusal;
    } cases[] = {
        {0, 0, 0, "Must provide node"},
        {497, 0, 0, NULL},
        {498, 0, 0, "Node, Service and ID must be at most 497 bytes long together"},
        {10, 486, 0, NULL},
        {10, 487, 0, "Node, Service and ID must be at most 497 bytes long together"},
        {10, 0, 487, NULL},
        {10, 0, 488,
         "Checks[0]: Node, ServiceID and CheckID must be at most 497 bytes long together"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = cases[i].service_id ? cases[i].service_id : cases[i].check_id;
        memset(node, 'n', sizeof(node));
        memset(id, 'i', sizeof(id));
        node[cases[i].node] = id[n] = '\0';
        rec_init(&catalog_registration_desc, &r);
        r.node.node = node;
        r.service = cases[i].service_id ? &s : NULL;
        r.checks.items = &k;
        r.checks.n = cases[i].check_id ? 1 : 0;
        struct store_result got = run(CATALOG_CMD_REGISTER, &catalog_registration_desc, &r);
        assert_int_equal(cases[i].refusal ? ERR_INVALID : 0, got.code);
        assert_string_equal(cases[i].refusal ? cases[i].refusal : "", got.text);
        if (cases[i].refusal)
            continue;
        struct catalog_deregistration d = {.node = node};
        assert_true(run(CATALOG_CMD_DEREGISTER, &catalog_deregistration_desc, &d).changed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_same_again_changes_nothing),
        T(one_service_does_not_move_another),
        T(output_alone_changes_nothing),
        T(health_is_the_worst_of_node_and_instance),
        T(a_check_that_changes_hands_leaves_its_first_owner),
        T(an_id_with_a_new_name_moves),
        T(a_node_takes_its_services_along),
        T(cas_writes_only_what_was_seen),
        T(a_tree_is_deleted_and_nothing_beside_it),
        T(deleting_what_is_not_there_changes_nothing),
        T(names_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
