/* The log on disk: torn, spoilt and full. */
#include "agent/base/file.h"
#include "agent/store/log_file.h"
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char segment[160];
static struct buf whole = BUF_INIT;
static size_t last_batch_at;

/* Three batches in one segment: two stay, the third is the one to break. */
static void write_three(void)
{
    struct store *s = kv_open(kv_dir, 0);
    kv_set(s, "one", "1");
    kv_set(s, "two", "2");
    struct store_stats st;
    store_stats(s, &st);
    last_batch_at = st.log_bytes;
    kv_set(s, "three", "3");
    store_close(&s);
    snprintf(segment, sizeof(segment), "%s/log/%020d.log", kv_dir, 1);
    buf_clear(&whole);
    assert_int_equal(0, file_read(segment, 1 << 20, &whole, NULL));
    assert_true(whole.len > last_batch_at);
}

static void write_segment(const char *data, size_t n)
{
    assert_int_equal(0, file_write_atomic(segment, data, n, 0600, NULL));
    kv_drop_state();
}

static void expect_two(bool third)
{
    struct store *s = kv_open(kv_dir, 0);
    assert_string_equal("1", kv_get(s, "one"));
    assert_string_equal("2", kv_get(s, "two"));
    if (third)
        assert_string_equal("3", kv_get(s, "three"));
    else
        assert_null(kv_get(s, "three"));
    assert_int_equal(0, kv_set(s, "after", "4")); /* and it goes on */
    store_close(&s);
    s = kv_open(kv_dir, 0);
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
    struct store_config c = {.dir = kv_dir, .modules = modules, .n_modules = 1};
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

static void a_failed_write_is_refused_and_never_comes_back(void **state)
{
    for (int kind = 0; kind < 2; kind++) {
        struct store *s = kv_open(kv_dir, 0);
        assert_int_equal(0, kv_set(s, "kept", "1"));
        log_file_faults = (struct log_file_faults){kind == 0, kind == 1, ENOSPC};
        assert_int_equal(ERR_NO_SPACE, kv_set(s, "lost", "x"));
        assert_null(kv_get(s, "lost"));
        assert_string_equal("1", kv_get(s, "kept"));  /* reads go on */
        assert_int_equal(0, kv_set(s, "after", "2")); /* and writes, once there is room */
        store_close(&s);
        kv_drop_state();
        s = kv_open(kv_dir, 0);
        assert_string_equal("1", kv_get(s, "kept"));
        assert_string_equal("2", kv_get(s, "after"));
        assert_null(kv_get(s, "lost"));
        store_close(&s);
    }
}

static void a_lost_segment_is_noticed(void **state)
{
    struct store *s = kv_open(kv_dir, 200);
    for (int i = 0; i < 40; i++)
        kv_set(s, "k", i % 2 ? "x" : "y");
    store_close(&s);
    assert_true(kv_count_files("log", ".log") > 2);
    snprintf(segment, sizeof(segment), "%s/log/%020d.log", kv_dir, 1);
    assert_int_equal(0, unlink(segment));
    kv_drop_state();
    const struct store_module *modules[] = {&kv_module};
    struct store_config c = {.dir = kv_dir, .modules = modules, .n_modules = 1};
    struct err e = ERR_INIT;
    assert_int_equal(ERR_CORRUPT, store_open(&c, &s, &e));
    assert_non_null(strstr(e.text, "log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_torn_tail_is_cut_at_every_byte, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_flipped_bit_in_the_tail_is_cut, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_flipped_bit_before_the_tail_is_refused, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_failed_write_is_refused_and_never_comes_back, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_lost_segment_is_noticed, kv_make_dir, kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
