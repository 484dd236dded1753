/* The store as a whole: commands in, answers out, in order. */
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct order {
    int next, left;
    struct loop *loop;
};
static struct order order;

static void on_ordered(void *arg, int status, log_index index, const struct store_result *r)
{
    assert_int_equal(0, status);
    assert_int_equal(order.next++, (int)(intptr_t)arg);
    if (--order.left == 0)
        loop_stop(order.loop);
}

static void commands_of_one_thread_keep_their_order(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct loop l;
    loop_init(&l);
    order = (struct order){0, 2000, &l};
    for (int i = 0; i < 2000; i++) {
        char text[32];
        int n = snprintf(text, sizeof(text), "last=%d", i);
        store_propose(s, &l, KV_SET, text, (size_t)n, on_ordered, (void *)(intptr_t)i);
    }
    loop_run(&l);
    assert_string_equal("1999", kv_get(s, "last"));
    struct store_stats st;
    store_stats(s, &st);
    assert_true(st.syncs < 2000); /* group commit */
    store_close(&s);
    loop_close(&l);
}

static void what_a_command_refuses_changes_nothing(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    kv_set(s, "a", "1");
    struct store_txn *t;
    assert_int_equal(0, store_read(s, &t, NULL));
    log_index before = store_table_index(t, &kv_table);
    store_read_end(&t);
    kv_propose(s, KV_REFUSE, "a", ERR_CONFLICT);
    assert_int_equal(0, store_read(s, &t, NULL));
    assert_int_equal(before, store_table_index(t, &kv_table));
    store_read_end(&t);
    assert_string_equal("1", kv_get(s, "a"));
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_of_one_thread_keep_their_order, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(what_a_command_refuses_changes_nothing, kv_make_dir,
                                        kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
