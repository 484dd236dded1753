/* The database and its directory. */
#include "agent/base/file.h"
#include "agent/store/store.h"
#include "test/unit/support/kvstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_directory_is_locked(void **state)
{
    struct store *s = kv_open(kv_dir, 0), *t = NULL;
    const struct store_module *modules[] = {&kv_module};
    struct store_config c = {.dir = kv_dir, .modules = modules, .n_modules = 1};
    struct err e = ERR_INIT;
    char want[64];
    snprintf(want, sizeof(want), "used by another agent (process %d)", (int)getpid());
    assert_int_equal(ERR_LOCKED, store_open(&c, &t, &e));
    assert_non_null(strstr(e.text, want));
    assert_null(t);
    store_close(&s);
}

static int open_at(const char *path, struct err *e)
{
    struct store *s = NULL;
    const struct store_module *modules[] = {&kv_module};
    struct store_config c = {.dir = path, .modules = modules, .n_modules = 1};
    int rv = store_open(&c, &s, e);
    store_close(&s);
    return rv;
}

static void a_directory_that_cannot_be_is_named(void **state)
{
    struct err e = ERR_INIT;
    char path[128];
    snprintf(path, sizeof(path), "%s/file", kv_dir);
    assert_int_equal(0, file_write_atomic(path, "x", 1, 0600, &e));
    assert_int_not_equal(0, open_at(path, &e));
    assert_non_null(strstr(e.text, path));
}

static void a_missing_directory_is_made_and_is_private(void **state)
{
    struct err e = ERR_INIT;
    char path[128];
    struct stat st;
    snprintf(path, sizeof(path), "%s/a/b", kv_dir);
    assert_int_equal(0, open_at(path, &e));
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0700, st.st_mode & 0777);
}

static void a_spoilt_database_is_rebuilt_or_refused(void **state)
{
    struct err e = ERR_INIT;
    char path[128];
    struct store *s = kv_open(kv_dir, 0);
    kv_set(s, "a", "1");
    store_close(&s);
    snprintf(path, sizeof(path), "%s/state/data.mdb", kv_dir);
    char junk[8192];
    memset(junk, 0x5a, sizeof(junk));
    assert_int_equal(0, file_write_atomic(path, junk, sizeof(junk), 0600, &e));
    if (open_at(kv_dir, &e)) { /* never silently empty */
        assert_true(strlen(e.text) > 0);
        return;
    }
    s = kv_open(kv_dir, 0);
    assert_string_equal("1", kv_get(s, "a"));
    store_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_directory_is_locked, kv_make_dir, kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_directory_that_cannot_be_is_named, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_missing_directory_is_made_and_is_private, kv_make_dir,
                                        kv_remove_dir),
        cmocka_unit_test_setup_teardown(a_spoilt_database_is_rebuilt_or_refused, kv_make_dir,
                                        kv_remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
