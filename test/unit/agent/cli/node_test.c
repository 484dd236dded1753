/* node drain and eligibility, alloc stop, system. */
#include "test/unit/support/recorded.h"

#include <string.h>

#define NODE "a432b6a8-d780-6c55-3b87-f8ce1a9eda81"
#define NODES                                                                                      \
    {                                                                                              \
        "GET /v1/nodes", 200, "[{\"ID\":\"" NODE "\"}]"                                            \
    }

static void eligibility_is_set(void **state)
{
    RECORDED(NODES, {"PUT /v1/node/" NODE "/eligibility", 200, "{}"});
    EXPECT_COMMANDS(
        {"node eligibility -disable a432b6a8", 0,
         "Node \"" NODE "\" scheduling eligibility set: ineligible for scheduling\n", ""},
        {"node eligibility -enable -self", 0,
         "Node \"" NODE "\" scheduling eligibility set: eligible for scheduling\n", ""},
        {"node eligibility a432b6a8", 1, "",
         "Either the '-enable' or '-disable' flag must be set\n"},
        {"node eligibility -enable", 1, "", "This command takes one argument: <node id>\n"});
    assert_non_null(
        strstr(recorded_requests(), "{\"NodeID\":\"" NODE "\",\"Eligibility\":\"ineligible\"}"));
}

static void a_drain_is_set_and_followed(void **state)
{
    RECORDED(NODES, {"PUT /v1/node/" NODE "/drain", 200, "{}"},
             {"GET /v1/node/" NODE, 200, "{\"ID\":\"" NODE "\",\"Drain\":false}"},
             {"GET /v1/node/" NODE "/allocations", 200, "[]"});
    EXPECT_COMMANDS(
        {"node drain -enable -detach -deadline 5m a432b6a8", 0,
         "Node \"" NODE "\" drain strategy set\n", ""},
        {"node drain -disable a432b6a8", 0, "Node \"" NODE "\" drain strategy unset\n", ""});
    const struct command_run *r = run_command("node drain -enable -yes -ignore-system a432b6a8");
    assert_int_equal(0, r->status);
    assert_non_null(strstr(r->out, ": Drain complete for node " NODE "\n"));
    assert_non_null(strstr(r->out, ": All allocations on node \"" NODE "\" have stopped\n"));
    static const char *const sent[] = {
        "\"DrainSpec\":{\"Deadline\":300000000000,\"IgnoreSystemJobs\":false},\"MarkEligible\":"
        "false",
        "\"DrainSpec\":null,\"MarkEligible\":true",
        "\"DrainSpec\":{\"Deadline\":3600000000000,\"IgnoreSystemJobs\":true}"};
    for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
        assert_non_null(strstr(recorded_requests(), sent[i]));
}

static void wrong_drains_are_refused(void **state)
{
    RECORDED(NODES);
    EXPECT_COMMANDS(
        {"node drain a432b6a8", 1, "",
         "Either the '-enable' or '-disable' flag must be set, unless using '-monitor'\n"},
        {"node drain -enable -disable a432b6a8", 1, "",
         "Either the '-enable' or '-disable' flag must be set, unless using '-monitor'\n"},
        {"node drain -enable -deadline soon a432b6a8", 1, "",
         "A positive deadline must be given: \"soon\"\n"},
        {"node drain -enable -self x", 1, "", "This command takes no argument beside -self\n"});
}

static void an_allocation_is_stopped(void **state)
{
    RECORDED({"GET /v1/allocations?prefix=11", 200, "[{\"ID\":\"11-a\"},{\"ID\":\"11-b\"}]"},
             {"GET /v1/allocations?prefix=22", 200, "[{\"ID\":\"22-a\"}]"},
             {"PUT /v1/allocation/22-a/stop", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS({"alloc stop 22", 0, RECORDED_FOLLOWED_TEXT, ""},
                    {"alloc stop -detach 22", 0, RECORDED_EVAL "\n", ""},
                    {"alloc stop 11", 1, "", "Prefix matched multiple allocations\n11-a\n11-b\n"},
                    {"alloc stop", 1, "", "This command takes exactly one alloc-id\n"});
}

static void the_system_is_tidied(void **state)
{
    RECORDED({"PUT /v1/system/gc", 200, ""}, {"PUT /v1/system/reconcile/summaries", 200, ""});
    EXPECT_COMMANDS({"system gc", 0, "", ""}, {"system reconcile summaries", 0, "", ""},
                    {"system gc x", 1, "", "This command takes no arguments\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eligibility_is_set),       cmocka_unit_test(a_drain_is_set_and_followed),
        cmocka_unit_test(wrong_drains_are_refused), cmocka_unit_test(an_allocation_is_stopped),
        cmocka_unit_test(the_system_is_tidied),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
