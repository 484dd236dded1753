/* Watches: who is woken, and who is not. */
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    struct store_watch *watch, *other;
    int calls;
    log_index index;
};

static void on_watch(void *arg, log_index index)
{
    struct seen *s = arg;
    s->calls++;
    s->index = index;
    if (s->other)
        store_watch_remove(&s->other); /* its own callback, in the same delivery, must not run */
}

static void turn(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_NOWAIT);
    uv_run(&l->uv, UV_RUN_NOWAIT);
}

static void watches_wake_only_those_concerned(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct loop l;
    loop_init(&l);
    struct seen key = {0}, prefix = {0}, table = {0}, empty_prefix = {0};
    key.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "a/1", 3, on_watch, &key);
    prefix.watch =
        store_watch_add(s, &l, STORE_WATCH_PREFIX, &kv_table, "a/", 2, on_watch, &prefix);
    empty_prefix.watch =
        store_watch_add(s, &l, STORE_WATCH_PREFIX, &kv_table, "", 0, on_watch, &empty_prefix);
    table.watch = store_watch_add(s, &l, STORE_WATCH_TABLE, &kv_table, NULL, 0, on_watch, &table);
    kv_propose(s, KV_SET, "a/1=x", 0);
    turn(&l);
    assert_int_equal(1, key.calls);
    assert_int_equal(1, prefix.calls);
    assert_int_equal(1, empty_prefix.calls);
    assert_int_equal(1, table.calls);
    log_index i = kv_propose(s, KV_SET, "a/2=x", 0);
    turn(&l);
    assert_int_equal(1, key.calls);
    assert_int_equal(2, prefix.calls);
    assert_int_equal(i, prefix.index);
    kv_propose(s, KV_SET, "b=x", 0);
    kv_propose(s, KV_SET, "b=x", 0); /* changes nothing */
    kv_propose(s, KV_REFUSE, "b", ERR_CONFLICT);
    turn(&l);
    assert_int_equal(2, prefix.calls);
    assert_int_equal(3, table.calls);
    assert_int_equal(3, empty_prefix.calls);
    store_watch_remove(&prefix.watch);
    kv_propose(s, KV_DEL, "a/1", 0);
    turn(&l);
    assert_int_equal(2, key.calls);
    assert_int_equal(2, prefix.calls);
    store_watch_remove(&key.watch);
    store_watch_remove(&table.watch);
    store_watch_remove(&empty_prefix.watch);
    store_close(&s);
    loop_close(&l);
}

static void a_watch_removed_before_delivery_is_silent(void **state)
{
    struct store *s = kv_open(kv_dir, 0);
    struct loop l;
    loop_init(&l);
    struct seen first = {0}, second = {0}, gone = {0};
    second.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &second);
    first.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &first);
    gone.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &gone);
    first.other = second.watch; /* buckets tell the newest first */
    kv_propose(s, KV_SET, "k=1", 0);
    store_watch_remove(&gone.watch); /* while pending */
    turn(&l);
    assert_int_equal(1, first.calls);
    assert_int_equal(0, second.calls);
    assert_int_equal(0, gone.calls);
    store_watch_remove(&first.watch);
    store_close(&s);
    loop_close(&l);
}

/* Ten thousand watchers of other keys cost a write nothing but their table. */
static void many_watches_of_other_keys_stay_asleep(void **state)
{
    enum { N = 10000 };
    struct store *s = kv_open(kv_dir, 0);
    struct loop l;
    struct seen *all = calloc(N, sizeof(*all));
    loop_init(&l);
    for (int i = 0; i < N; i++) {
        char key[32];
        size_t n = (size_t)snprintf(key, sizeof(key), "key/%d", i);
        all[i].watch =
            store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, key, n, on_watch, &all[i]);
    }
    struct store_stats st;
    store_stats(s, &st);
    assert_int_equal(N, st.watches);
    kv_propose(s, KV_SET, "key/77=x", 0);
    turn(&l);
    for (int i = 0; i < N; i++)
        assert_int_equal(i == 77, all[i].calls);
    for (int i = 0; i < N; i++)
        store_watch_remove(&all[i].watch);
    store_stats(s, &st);
    assert_int_equal(0, st.watches);
    free(all);
    store_close(&s);
    loop_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(watches_wake_only_those_concerned, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_watch_removed_before_delivery_is_silent, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(many_watches_of_other_keys_stay_asleep, kv_make_dir,
                                        kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
