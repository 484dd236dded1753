/* Files: whole or not at all. */
#include "agent/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void files_are_replaced_whole(void **state)
{
    char dir[] = "/tmp/platform-base-XXXXXX", path[256], deep[128];
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    assert_non_null(mkdtemp(dir));
    snprintf(deep, sizeof(deep), "%s/a/b/c", dir);
    snprintf(path, sizeof(path), "%s/state", deep);
    assert_int_equal(ERR_NOT_FOUND, file_read(path, 100, &b, &e));
    assert_non_null(strstr(e.text, path));
    assert_int_equal(0, file_mkdirs(deep, 0700, &e));
    assert_int_equal(0, file_write_atomic(path, "one", 3, 0600, &e));
    assert_int_equal(0, file_write_atomic(path, "second", 6, 0600, &e));
    assert_int_equal(0, file_read(path, 100, &b, &e));
    assert_string_equal("second", b.data);
    buf_clear(&b);
    assert_int_equal(ERR_TOO_LARGE, file_read(path, 5, &b, &e));
    buf_fini(&b);
    assert_int_equal(0, file_remove_tree(dir, &e));
    assert_int_equal(-1, access(dir, F_OK));
    assert_int_equal(0, file_remove_tree(dir, &e));
}

static void modes_and_links_are_minded(void **state)
{
    char dir[] = "/tmp/platform-file-XXXXXX", path[128], link[128],
         other[] = "/tmp/platform-file-XXXXXX";
    struct err e = ERR_INIT;
    struct stat st;
    assert_non_null(mkdtemp(dir));
    assert_non_null(mkdtemp(other));
    snprintf(path, sizeof(path), "%s/token", dir);
    assert_int_equal(0, file_write_atomic(path, "secret", 6, 0600, &e));
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0600, st.st_mode & 07777);
    snprintf(link, sizeof(link), "%s/link", dir);
    assert_int_equal(0, symlink(other, link));
    assert_int_equal(0, file_remove_tree(dir, &e)); /* the link, not what it points to */
    assert_int_equal(0, access(other, F_OK));
    assert_int_equal(0, file_remove_tree(other, &e));
}

static void what_cannot_be_written_says_where(void **state)
{
    struct err e = ERR_INIT;
    assert_int_not_equal(0, file_write_atomic("/nonexistent/dir/file", "x", 1, 0600, &e));
    assert_non_null(strstr(e.text, "/nonexistent/dir/file"));
    assert_int_not_equal(0, file_mkdirs("/dev/null/x", 0700, &e));
    assert_non_null(strstr(e.text, "/dev/null"));
    assert_int_not_equal(0, file_fsync_dir("/nonexistent", &e));
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    char dir[] = "/tmp/platform-file-XXXXXX", path[128];
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    struct rlimit was, small;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/state", dir);
    assert_int_equal(0, file_write_atomic(path, "old", 3, 0600, &e));
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 4;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_not_equal(0, file_write_atomic(path, "new and longer", 14, 0600, &e));
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(0, file_read(path, 100, &b, &e));
    assert_string_equal("old", b.data);
    buf_fini(&b);
    assert_int_equal(0, file_remove_tree(dir, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_replaced_whole),
        cmocka_unit_test(modes_and_links_are_minded),
        cmocka_unit_test(what_cannot_be_written_says_where),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
