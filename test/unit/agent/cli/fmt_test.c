/* fmt: job files laid out in place, listed, or only checked. */
#include "test/unit/support/recorded.h"
#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64];
static struct arena arena;
static const char odd[] = "job \"x\" {\ntype=\"batch\" # why\n}\n";
static const char even[] = "job \"x\" {\n  type = \"batch\" # why\n}\n";

static int start(void **state)
{
    strcpy(dir, "/tmp/platform-fmt-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}
static int stop(void **state)
{
    return file_remove_tree(dir, NULL);
}
static int all_stop(void **state)
{
    arena_fini(&arena);
    return recorded_stop(state);
}
static char *in(const char *name)
{
    return arena_printf(&arena, "%s/%s", dir, name);
}
static void put(const char *name, const char *text)
{
    struct err e = ERR_INIT;
    assert_int_equal(0, file_write_atomic(in(name), text, strlen(text), 0640, &e));
}
static void is(const char *name, const char *want)
{
    struct buf b = BUF_INIT;
    assert_int_equal(0, file_read(in(name), 1 << 20, &b, NULL));
    assert_string_equal(want, b.data);
    buf_fini(&b);
}
static void fmt(const char *flags, const char *name, int status, const char *out)
{
    expect_command(arena_printf(&arena, "fmt %s %s", flags, in(name)), status, out, "");
}

static void a_file_is_laid_out_once(void **state)
{
    struct stat st;
    put("a.hcl", odd);
    fmt("", "a.hcl", 0, arena_printf(&arena, "%s\n", in("a.hcl")));
    is("a.hcl", even);
    assert_int_equal(0, stat(in("a.hcl"), &st));
    assert_int_equal(0640, st.st_mode & 0777);
    fmt("", "a.hcl", 0, "");
    is("a.hcl", even);
}

static void checking_changes_nothing(void **state)
{
    put("a.hcl", odd);
    fmt("-check", "a.hcl", 1, arena_printf(&arena, "%s\n", in("a.hcl")));
    fmt("-check -list=false", "a.hcl", 1, "");
    fmt("-write=false", "a.hcl", 0, arena_printf(&arena, "%s\n", in("a.hcl")));
    is("a.hcl", odd);
    put("b.hcl", even);
    fmt("-check", "b.hcl", 0, "");
}

static void folders_give_their_job_files(void **state)
{
    struct err e = ERR_INIT;
    assert_int_equal(0, file_mkdirs(in("sub"), 0755, &e));
    put("a.hcl", odd);
    put("b.nomad", odd);
    put("c.txt", odd);
    put("sub/d.hcl", odd);
    expect_command(arena_printf(&arena, "fmt %s", dir), 0,
                   arena_printf(&arena, "%s\n%s\n", in("a.hcl"), in("b.nomad")), "");
    is("c.txt", odd);
    is("sub/d.hcl", odd);
    expect_command(arena_printf(&arena, "fmt -recursive %s", dir), 0,
                   arena_printf(&arena, "%s\n", in("sub/d.hcl")), "");
    is("sub/d.hcl", even);
}

static void what_is_broken_stays(void **state)
{
    put("bad.hcl", "job \"x\" {\n");
    const struct command_run *r = run_command(arena_printf(&arena, "fmt %s", in("bad.hcl")));
    assert_int_equal(1, r->status);
    assert_non_null(strstr(r->err, "bad.hcl:"));
    is("bad.hcl", "job \"x\" {\n");
    assert_int_equal(1, run_command("fmt /no/such/file.hcl")->status);
    expect_command("fmt", 1, "",
                   "This command takes files, folders or '-': platform fmt [-check] "
                   "[-list] [-write] [-recursive] <path>...\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_laid_out_once, start, stop),
        cmocka_unit_test_setup_teardown(checking_changes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(folders_give_their_job_files, start, stop),
        cmocka_unit_test_setup_teardown(what_is_broken_stays, start, stop),
    };
    return cmocka_run_group_tests(tests, recorded_start, all_stop);
}
