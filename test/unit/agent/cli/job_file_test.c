/* The job file a command is given: found or not, its variables, its mistakes. */
#include "test/unit/support/recorded.h"
#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];
static struct arena arena;

static int start(void **state)
{
    strcpy(dir, "/tmp/platform-cli-XXXXXX");
    return mkdtemp(dir) ? recorded_start(state) : -1;
}
static int stop(void **state)
{
    arena_fini(&arena);
    file_remove_tree(dir, NULL);
    return recorded_stop(state);
}
static char *file(const char *name, const char *text)
{
    struct err e = ERR_INIT;
    char *path = arena_printf(&arena, "%s/%s", dir, name);
    assert_int_equal(0, file_write_atomic(path, text, strlen(text), 0600, &e));
    return path;
}
static const char job_text[] =
    "variable \"image\" {}\nvariable \"n\" {\n  type = number\n  default = 1\n}\n"
    "job \"x\" {\n  datacenters = [\"dc1\"]\n  group \"g\" {\n    count = var.n\n    task \"t\" {\n"
    "      driver = \"raw_exec\"\n      config { command = file(\"command\") }\n"
    "      env { IMAGE = var.image }\n    }\n  }\n}\n";

#define MISSING                                                                                    \
    "Error getting job struct: Error getting jobfile from \"%s\": source path error: stat %s%s: "  \
    "no such file or directory\n"

static void there_is_one_file(void **state)
{
    char cwd[2048];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    struct buf b = BUF_INIT;
    buf_printf(&b, MISSING, "nope.hcl", cwd, "/nope.hcl");
    expect_command("run nope.hcl", 1, "", b.data);
    buf_clear(&b);
    buf_printf(&b, MISSING, "/nope.hcl", "", "/nope.hcl");
    expect_command("validate /nope.hcl", 1, "", b.data);
    expect_command("plan /nope.hcl", 255, "", b.data);
    buf_fini(&b);
    EXPECT_COMMANDS({"run", 1, "",
                     "This command takes one argument: <path>\nFor additional help try "
                     "'platform run -help'\n"},
                    {"validate a b", 1, "",
                     "This command takes one argument: <path>\nFor additional "
                     "help try 'platform validate -help'\n"});
}

static void variables_come_from_everywhere(void **state)
{
    char *path = file("job.hcl", job_text);
    char *vars = file("web.vars", "image = \"from-file\"\nn = 3\n");
    file("command", "/bin/true"); /* beside the job file */
    RECORDED({"PUT /v1/jobs", 200, "{}"});
    assert_int_equal(1, run_command(arena_printf(&arena, "run %s", path))->status);
    expect_command(arena_printf(&arena, "run -var-file=%s -var n=4 %s", vars, path), 0,
                   "Job registration successful\n", "");
    assert_non_null(strstr(recorded_requests(), "\"Count\":4"));
    assert_non_null(strstr(recorded_requests(), "\"IMAGE\":\"from-file\""));
    assert_non_null(strstr(recorded_requests(), "\"command\":\"/bin/true\""));
    setenv("NOMAD_VAR_image", "from-environment", 1);
    assert_int_equal(0, run_command(arena_printf(&arena, "run %s", path))->status);
    unsetenv("NOMAD_VAR_image");
    assert_non_null(strstr(recorded_requests(), "\"IMAGE\":\"from-environment\""));
    assert_int_equal(1, run_command(arena_printf(&arena, "run -var-file=/nope %s", path))->status);
}

static void mistakes_show_where_they_are(void **state)
{
    char *path = file("bad.hcl", "job \"x\" {\n  group \"g\" {\n    count = \n  }\n}\n");
    const struct command_run *r = run_command(arena_printf(&arena, "run %s", path));
    assert_int_equal(1, r->status);
    assert_string_equal("", r->out);
    char *head = arena_printf(
        &arena, "Error getting job struct: Error parsing job file from %s:\n%s:3,", path, path);
    assert_ptr_equal(r->err, strstr(r->err, head));
    assert_non_null(strstr(r->err, "    count = \n"));
    path = file("two.hcl", "job \"x\" {\n  wrong = 1\n  odd = 2\n}\n");
    r = run_command(arena_printf(&arena, "validate %s", path));
    assert_int_equal(1, r->status);
    assert_non_null(strstr(r->err, "two.hcl:2,"));
    assert_non_null(strstr(r->err, "two.hcl:3,")); /* all, not the first alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_one_file),
        cmocka_unit_test(variables_come_from_everywhere),
        cmocka_unit_test(mistakes_show_where_they_are),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
