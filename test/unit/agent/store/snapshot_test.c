/* Snapshots: the state again, from them and what came after. */
#include "agent/base/file.h"
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"
#include "agent/store/store_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_state_is_rebuilt_from_log_alone(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    kv_set(s, "a", "1");
    kv_set(s, "b", "2");
    store_close(&s);
    kv_drop_state();
    s = kv_open(kv_dir, 0);
    assert_string_equal("1", kv_get(s, "a"));
    assert_string_equal("2", kv_get(s, "b"));
    store_close(&s);
}

static void the_state_is_rebuilt_from_snapshot_and_tail(void **state)
{
    struct store *s = kv_open(kv_dir, 200); /* a segment every few commands */
    struct err e = ERR_INIT;
    for (int i = 0; i < 40; i++)
        kv_set(s, "early", i % 2 ? "x" : "y");
    int before = kv_count_files("log", ".log");
    assert_int_equal(0, store_snapshot(s, &e));
    assert_true(kv_count_files("log", ".log") < before);
    kv_set(s, "late", "z");
    assert_int_equal(0, store_snapshot(s, &e));
    assert_int_equal(1, kv_count_files(".", ".mdb"));
    kv_set(s, "latest", "!");
    store_close(&s);
    kv_drop_state();
    s = kv_open(kv_dir, 200);
    assert_string_equal("x", kv_get(s, "early"));
    assert_string_equal("z", kv_get(s, "late"));
    assert_string_equal("!", kv_get(s, "latest"));
    store_close(&s);
}

static void half_a_snapshot_is_none(void **state)
{
    struct store *s = kv_open(kv_dir, 200);
    struct err e = ERR_INIT;
    log_index index = 0, later = 0;
    char path[160];
    kv_set(s, "a", "1");
    assert_int_equal(0, store_snapshot(s, &e));
    store_close(&s);
    char *newest = snapshot_newest(kv_dir, &index);
    assert_non_null(newest);
    snprintf(path, sizeof(path), "%s.tmp", newest); /* as a crash while writing leaves one */
    assert_int_equal(0, file_write_atomic(path, "half", 4, 0600, &e));
    char *again = snapshot_newest(kv_dir, &later);
    assert_string_equal(newest, again);
    assert_int_equal(index, later);
    free(newest);
    free(again);
    kv_drop_state();
    s = kv_open(kv_dir, 200);
    assert_string_equal("1", kv_get(s, "a"));
    store_close(&s);
}

static void there_is_none_at_first(void **state)
{
    log_index index = 7;
    assert_null(snapshot_newest(kv_dir, &index));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_state_is_rebuilt_from_log_alone, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(the_state_is_rebuilt_from_snapshot_and_tail, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(half_a_snapshot_is_none, kv_make_dir, kv_remove_dir),
        cmocka_unit_test_setup_teardown(there_is_none_at_first, kv_make_dir, kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
