#include "agent/store/store.h"
#include "agent/base/file.h"
#include "agent/store/log_file.h"
#include "test/unit/support/kvstate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static int make_dir(void **state)
{
    strcpy(dir, "/tmp/platform-store-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    return file_remove_tree(dir, NULL);
}

static log_index propose(struct store *s, uint16_t command, const char *payload, int want_code)
{
    struct store_result r;
    log_index i;
    assert_int_equal(0, store_propose_wait(s, command, payload, strlen(payload), &i, &r));
    assert_int_equal(want_code, r.code);
    return i;
}

static void writes_are_read_scanned_and_kept(void **state)
{
    struct store *s = kv_open(dir, 0);
    for (int i = 0; i < 50; i++) {
        char k[16];
        snprintf(k, sizeof(k), "a/%02d", i);
        assert_int_equal(0, kv_set(s, k, "v"));
    }
    kv_set(s, "b", "other");
    store_close(&s);
    s = kv_open(dir, 0);
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
    struct store *s = kv_open(dir, 0);
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
    struct store *s = kv_open(dir, 0);
    struct store_txn *t;
    store_read(s, &t, NULL);
    assert_int_equal(1, store_table_index(t, &kv_table)); /* never 0 */
    store_read_end(&t);
    propose(s, KV_SET, "k=v", 0);
    log_index i = propose(s, KV_SET, "k=w", 0);
    propose(s, KV_SET, "k=w", 0); /* the same again */
    propose(s, KV_REFUSE, "x", ERR_CONFLICT);
    propose(s, KV_DEL, "absent", ERR_NOT_FOUND);
    store_read(s, &t, NULL);
    assert_int_equal(i, store_table_index(t, &kv_table));
    assert_int_equal(0, store_key_index(t, &kv_table, "svc", 3));
    store_read_end(&t);
    i = propose(s, KV_TOUCH, "svc", 0);
    store_read(s, &t, NULL);
    assert_int_equal(i, store_key_index(t, &kv_table, "svc", 3));
    store_read_end(&t);
    store_close(&s);
}

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
    struct store *s = kv_open(dir, 0);
    struct loop l;
    loop_init(&l);
    struct seen key = {0}, prefix = {0}, table = {0}, empty_prefix = {0};
    key.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "a/1", 3, on_watch, &key);
    prefix.watch =
        store_watch_add(s, &l, STORE_WATCH_PREFIX, &kv_table, "a/", 2, on_watch, &prefix);
    empty_prefix.watch =
        store_watch_add(s, &l, STORE_WATCH_PREFIX, &kv_table, "", 0, on_watch, &empty_prefix);
    table.watch = store_watch_add(s, &l, STORE_WATCH_TABLE, &kv_table, NULL, 0, on_watch, &table);
    propose(s, KV_SET, "a/1=x", 0);
    turn(&l);
    assert_int_equal(1, key.calls);
    assert_int_equal(1, prefix.calls);
    assert_int_equal(1, empty_prefix.calls);
    assert_int_equal(1, table.calls);
    log_index i = propose(s, KV_SET, "a/2=x", 0);
    turn(&l);
    assert_int_equal(1, key.calls);
    assert_int_equal(2, prefix.calls);
    assert_int_equal(i, prefix.index);
    propose(s, KV_SET, "b=x", 0);
    propose(s, KV_SET, "b=x", 0); /* changes nothing */
    propose(s, KV_REFUSE, "b", ERR_CONFLICT);
    turn(&l);
    assert_int_equal(2, prefix.calls);
    assert_int_equal(3, table.calls);
    assert_int_equal(3, empty_prefix.calls);
    store_watch_remove(&prefix.watch);
    propose(s, KV_DEL, "a/1", 0);
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
    struct store *s = kv_open(dir, 0);
    struct loop l;
    loop_init(&l);
    struct seen first = {0}, second = {0}, gone = {0};
    second.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &second);
    first.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &first);
    gone.watch = store_watch_add(s, &l, STORE_WATCH_KEY, &kv_table, "k", 1, on_watch, &gone);
    first.other = second.watch; /* buckets tell the newest first */
    propose(s, KV_SET, "k=1", 0);
    store_watch_remove(&gone.watch); /* while pending */
    turn(&l);
    assert_int_equal(1, first.calls);
    assert_int_equal(0, second.calls);
    assert_int_equal(0, gone.calls);
    store_watch_remove(&first.watch);
    store_close(&s);
    loop_close(&l);
}

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
    struct store *s = kv_open(dir, 0);
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

static void the_directory_is_locked(void **state)
{
    struct store *s = kv_open(dir, 0), *t = NULL;
    const struct store_module *modules[] = {&kv_module};
    struct store_config c = {.dir = dir, .modules = modules, .n_modules = 1};
    struct err e = ERR_INIT;
    char want[64];
    snprintf(want, sizeof(want), "used by another agent (process %d)", (int)getpid());
    assert_int_equal(ERR_LOCKED, store_open(&c, &t, &e));
    assert_non_null(strstr(e.text, want));
    assert_null(t);
    store_close(&s);
}

static void drop_state(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/state", dir);
    file_remove_tree(path, NULL);
}

static void the_state_is_rebuilt_from_log_alone(void **state)
{
    struct store *s = kv_open(dir, 0);
    kv_set(s, "a", "1");
    kv_set(s, "b", "2");
    store_close(&s);
    drop_state();
    s = kv_open(dir, 0);
    assert_string_equal("1", kv_get(s, "a"));
    assert_string_equal("2", kv_get(s, "b"));
    store_close(&s);
}

static int count_files(const char *sub, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, sub);
    DIR *d = opendir(path);
    struct dirent *e;
    int n = 0;
    while (d && (e = readdir(d)))
        n += strlen(e->d_name) > strlen(suffix) &&
             !strcmp(e->d_name + strlen(e->d_name) - strlen(suffix), suffix);
    closedir(d);
    return n;
}

static void the_state_is_rebuilt_from_snapshot_and_tail(void **state)
{
    struct store *s = kv_open(dir, 200); /* a segment every few commands */
    struct err e = ERR_INIT;
    for (int i = 0; i < 40; i++)
        kv_set(s, "early", i % 2 ? "x" : "y");
    int before = count_files("log", ".log");
    assert_int_equal(0, store_snapshot(s, &e));
    assert_true(count_files("log", ".log") < before);
    kv_set(s, "late", "z");
    assert_int_equal(0, store_snapshot(s, &e));
    assert_int_equal(1, count_files(".", ".mdb"));
    kv_set(s, "latest", "!");
    store_close(&s);
    drop_state();
    s = kv_open(dir, 200);
    assert_string_equal("x", kv_get(s, "early"));
    assert_string_equal("z", kv_get(s, "late"));
    assert_string_equal("!", kv_get(s, "latest"));
    store_close(&s);
}

/* --- the log's tail -------------------------------------------------------------------------- */

static char segment[160];
static struct buf whole = BUF_INIT;
static size_t last_batch_at;

/* Three batches in one segment: two stay, the third is the one to break. */
static void write_three(void)
{
    struct store *s = kv_open(dir, 0);
    kv_set(s, "one", "1");
    kv_set(s, "two", "2");
    struct store_stats st;
    store_stats(s, &st);
    last_batch_at = st.log_bytes;
    kv_set(s, "three", "3");
    store_close(&s);
    snprintf(segment, sizeof(segment), "%s/log/%020d.log", dir, 1);
    buf_clear(&whole);
    assert_int_equal(0, file_read(segment, 1 << 20, &whole, NULL));
    assert_true(whole.len > last_batch_at);
}

static void write_segment(const char *data, size_t n)
{
    assert_int_equal(0, file_write_atomic(segment, data, n, 0600, NULL));
    drop_state();
}

static void expect_two(bool third)
{
    struct store *s = kv_open(dir, 0);
    assert_string_equal("1", kv_get(s, "one"));
    assert_string_equal("2", kv_get(s, "two"));
    if (third)
        assert_string_equal("3", kv_get(s, "three"));
    else
        assert_null(kv_get(s, "three"));
    assert_int_equal(0, kv_set(s, "after", "4")); /* and it goes on */
    store_close(&s);
    s = kv_open(dir, 0);
    assert_string_equal("4", kv_get(s, "after"));
    store_close(&s);
}

static void a_torn_tail_is_cut_at_every_byte(void **state)
{
    write_three();
    for (size_t n = last_batch_at; n <= whole.len; n++) {
        write_segment(whole.data, n);
        expect_two(n == whole.len);
    }
    buf_fini(&whole);
}

static void a_flipped_bit_in_the_tail_is_cut(void **state)
{
    write_three();
    for (size_t i = last_batch_at; i < whole.len; i++) {
        whole.data[i] ^= 0x10;
        write_segment(whole.data, whole.len);
        expect_two(false);
        whole.data[i] ^= 0x10;
    }
    buf_fini(&whole);
}

static void a_flipped_bit_before_the_tail_is_refused(void **state)
{
    write_three();
    const struct store_module *modules[] = {&kv_module};
    struct store_config c = {.dir = dir, .modules = modules, .n_modules = 1};
    for (size_t i = 0; i < last_batch_at; i++) {
        struct store *s = NULL;
        struct err e = ERR_INIT;
        whole.data[i] ^= 0x10;
        write_segment(whole.data, whole.len);
        assert_int_equal(ERR_CORRUPT, store_open(&c, &s, &e));
        assert_non_null(strstr(e.text, ".log"));
        whole.data[i] ^= 0x10;
    }
    buf_fini(&whole);
}

/* --- disk trouble ---------------------------------------------------------------------------- */

static void a_failed_write_is_refused_and_never_comes_back(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        struct store *s = kv_open(dir, 0);
        assert_int_equal(0, kv_set(s, "kept", "1"));
        log_file_faults = (struct log_file_faults){kind == 0, kind == 1, ENOSPC};
        assert_int_equal(ERR_NO_SPACE, kv_set(s, "lost", "x"));
        assert_null(kv_get(s, "lost"));
        assert_string_equal("1", kv_get(s, "kept"));  /* reads go on */
        assert_int_equal(0, kv_set(s, "after", "2")); /* and writes, once there is room */
        store_close(&s);
        drop_state();
        s = kv_open(dir, 0);
        assert_string_equal("1", kv_get(s, "kept"));
        assert_string_equal("2", kv_get(s, "after"));
        assert_null(kv_get(s, "lost"));
        store_close(&s);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(writes_are_read_scanned_and_kept),
        T(a_reader_sees_one_state),
        T(indexes_move_only_with_changes),
        T(watches_wake_only_those_concerned),
        T(a_watch_removed_before_delivery_is_silent),
        T(commands_of_one_thread_keep_their_order),
        T(the_directory_is_locked),
        T(the_state_is_rebuilt_from_log_alone),
        T(the_state_is_rebuilt_from_snapshot_and_tail),
        T(a_torn_tail_is_cut_at_every_byte),
        T(a_flipped_bit_in_the_tail_is_cut),
        T(a_flipped_bit_before_the_tail_is_refused),
        T(a_failed_write_is_refused_and_never_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
