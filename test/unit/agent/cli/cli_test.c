/* The frame of the command line: which command, which flags, whom it asks. */
#include "test/unit/support/recorded.h"
#include "agent/cli/cli_impl.h"

#include <stdlib.h>

static struct arena arena;

static void commands_are_found(void **state)
{
    char *version = arena_printf(&arena, "platform %s\n", cli_version());
    EXPECT_COMMANDS({"version", 0, version, ""}, {"-version", 0, version, ""},
                    {"--version", 0, version, ""});
    arena_fini(&arena);
    assert_non_null(strstr(run_command("-help")->out, "Usage: platform"));
    const struct command_run *r = run_command("frobnicate now");
    assert_int_equal(127, r->status);
    assert_string_equal("", r->out);
    assert_true(str_has_prefix(r->err, "platform: no command \"frobnicate\"\n\nUsage: platform"));
    assert_int_equal(127, run_command("job frobnicate")->status);
    assert_int_equal(127, run_command("")->status);
}

/* Every command that takes flags refuses those it does not know, before it asks anybody. */
static void unknown_flags_are_refused(void **state)
{
    static const char *const commands[] = {"run",
                                           "status",
                                           "stop",
                                           "plan",
                                           "validate",
                                           "fmt",
                                           "init",
                                           "alloc status",
                                           "alloc stop",
                                           "logs",
                                           "node status",
                                           "eval status",
                                           "inspect",
                                           "deployment list",
                                           "deployment fail",
                                           "deployment status",
                                           "job history",
                                           "job revert",
                                           "job promote",
                                           "job deployments",
                                           "job eval",
                                           "job dispatch",
                                           "job periodic",
                                           "job scale",
                                           "deployment promote",
                                           "deployment pause",
                                           "deployment resume",
                                           "system gc"};
    recorded_answers((const struct recorded[]){{NULL, 0, NULL}});
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        char *words = arena_printf(&arena, "%s -wrong", commands[i]);
        int want = str_eq(commands[i], "plan") ? 255 : 1;
        expect_command(words, want, "", "flag provided but not defined: -wrong\n");
    }
    assert_string_equal("", recorded_requests());
    arena_fini(&arena);
}

static void the_agent_is_where_it_is_said(void **state)
{
    char *address = arena_strdup(&arena, getenv("NOMAD_ADDR"));
    RECORDED({"GET /v1/jobs", 200, "[]"});
    expect_command(arena_printf(&arena, "status -address=%s", address), 0, "No running jobs\n", "");
    expect_command(arena_printf(&arena, "status -address %s", address), 0, "No running jobs\n", "");
    const struct command_run *r = run_command("status -address=http://127.0.0.1:1");
    assert_int_equal(1, r->status);
    assert_true(str_has_prefix(r->err, "Error contacting the agent at http://127.0.0.1:1: "));
    arena_fini(&arena);
}

static void answers_that_are_no_answers_are_told(void **state)
{
    RECORDED({"GET /v1/jobs", 500, "no cluster leader"});
    expect_command("status", 1, "",
                   "Error querying jobs: Unexpected response code: 500 (no cluster leader)\n");
    RECORDED({"GET /v1/jobs", 200, "<html>"});
    const struct command_run *r = run_command("status");
    assert_int_equal(1, r->status);
    assert_true(str_has_prefix(r->err, "Error querying jobs: "));
}

static void flags_come_with_and_without_values(void **state)
{
    static const struct {
        const char *words[3];
        bool want, otherwise;
    } cases[] = {{{"-p"}, true, false},   {{"--p"}, true, false},      {{"-p=true"}, true, false},
                 {{"-p=1"}, true, false}, {{"-p=false"}, false, true}, {{"x"}, false, false},
                 {{"x"}, true, true},     {{"-pp"}, false, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *args[3] = {arena_strdup(&arena, cases[i].words[0])};
        struct cli c = {.args = args, .n_args = 1};
        assert_int_equal(cases[i].want, cli_switch(&c, "p", cases[i].otherwise));
    }
    char *args[] = {(char[]){"a"}, (char[]){"-v"}, (char[]){"5"}, (char[]){"b"}};
    struct cli c = {.args = args, .n_args = 4};
    const char *value = NULL;
    assert_true(cli_flag(&c, "v", &value));
    assert_string_equal("5", value);
    assert_int_equal(2, c.n_args);
    assert_string_equal("b", c.args[1]);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found),
        cmocka_unit_test(unknown_flags_are_refused),
        cmocka_unit_test(the_agent_is_where_it_is_said),
        cmocka_unit_test(answers_that_are_no_answers_are_told),
        cmocka_unit_test(flags_come_with_and_without_values),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
