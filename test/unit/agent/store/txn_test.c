/* Transactions: what is written is read, and which indexes move. */
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void writes_are_read_scanned_and_kept(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    for (int i = 0; i < 50; i++) {
        char k[16];
        snprintf(k, sizeof(k), "a/%02d", i);
        assert_int_equal(0, kv_set(s, k, "v"));
    }
    kv_set(s, "b", "other");
    store_close(&s);
    s = kv_open(kv_dir, 0);
    assert_string_equal("other", kv_get(s, "b"));
    struct store_txn *t;
    store_read(s, &t, NULL);
    struct store_cursor c;
    int n = 0;
    for (store_scan(t, &kv_table, "a/", 2, &c); store_cursor_valid(&c); store_next(&c), n++)
        assert_int_equal('a', *(const char *)c.key.data);
    store_cursor_close(&c);
    assert_int_equal(50, n);
    store_scan_from(t, &kv_table, "a/", 2, "a/45", 4, &c);
    for (n = 0; store_cursor_valid(&c); store_next(&c))
        n++;
    store_cursor_close(&c);
    assert_int_equal(5, n);
    assert_int_equal(51, store_count(t, &kv_table));
    assert_int_equal(51, store_txn_index(t));
    store_read_end(&t);
    store_close(&s);
}

static void a_reader_sees_one_state(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    kv_set(s, "k", "old");
    struct store_txn *t;
    store_read(s, &t, NULL);
    kv_set(s, "k", "new");
    struct store_val v;
    assert_int_equal(0, store_get(t, &kv_table, "k", 1, &v));
    assert_memory_equal("old", v.data, 3);
    store_read_end(&t);
    assert_string_equal("new", kv_get(s, "k"));
    store_close(&s);
}

static void indexes_move_only_with_changes(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct store_txn *t;
    store_read(s, &t, NULL);
    assert_int_equal(1, store_table_index(t, &kv_table)); /* never 0 */
    store_read_end(&t);
    kv_propose(s, KV_SET, "k=v", 0);
    log_index i = kv_propose(s, KV_SET, "k=w", 0);
    kv_propose(s, KV_SET, "k=w", 0); /* the same again */
    kv_propose(s, KV_REFUSE, "x", ERR_CONFLICT);
    kv_propose(s, KV_DEL, "absent", ERR_NOT_FOUND);
    store_read(s, &t, NULL);
    assert_int_equal(i, store_table_index(t, &kv_table));
    assert_int_equal(0, store_key_index(t, &kv_table, "svc", 3));
    store_read_end(&t);
    i = kv_propose(s, KV_TOUCH, "svc", 0);
    store_read(s, &t, NULL);
    assert_int_equal(i, store_key_index(t, &kv_table, "svc", 3));
    store_read_end(&t);
    store_close(&s);
}

static void the_longest_key_is_kept(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    char key[512] = "";
    memset(key, 'k', 511);
    assert_int_equal(0, kv_set(s, key, "longest"));
    store_close(&s);
    s = kv_open(kv_dir, 0);
    assert_string_equal("longest", kv_get(s, key));
    key[510] = '\0';
    assert_null(kv_get(s, key));
    store_close(&s);
}

/* Prefixes come from requests: one longer than any key is of no row. */
static void a_prefix_longer_than_any_key_finds_nothing(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct store_txn *t;
    struct store_cursor c;
    char prefix[4096];
    memset(prefix, 'k', sizeof(prefix));
    assert_int_equal(0, kv_set(s, "k", "1"));
    store_read(s, &t, NULL);
    for (size_t n = 511; n <= sizeof(prefix); n = n < 514 ? n + 1 : n * 2) {
        store_scan(t, &kv_table, prefix, n, &c);
        assert_false(store_cursor_valid(&c));
        store_cursor_close(&c);
    }
    store_read_end(&t);
    store_close(&s);
}

static void empty_values_are_values(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct store_txn *t;
    struct store_val v;
    assert_int_equal(0, kv_set(s, "empty", ""));
    store_read(s, &t, NULL);
    assert_int_equal(0, store_get(t, &kv_table, "empty", 5, &v));
    assert_int_equal(0, v.len);
    assert_int_equal(ERR_NOT_FOUND, store_get(t, &kv_table, "empt", 4, &v));
    store_read_end(&t);
    assert_null(t);
    kv_propose(s, KV_DEL, "empty", 0);
    kv_propose(s, KV_DEL, "empty", ERR_NOT_FOUND);
    assert_null(kv_get(s, "empty"));
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_are_read_scanned_and_kept, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(the_longest_key_is_kept, kv_make_dir, kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_prefix_longer_than_any_key_finds_nothing, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(empty_values_are_values, kv_make_dir, kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_reader_sees_one_state, kv_make_dir, kv_remove_dir),
        cmocka_unit_test_setup_teardown(indexes_move_only_with_changes, kv_make_dir, kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
