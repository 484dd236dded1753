/* plan: the dry run in words, what changes, and what it exits with. */
#include "test/unit/support/recorded.h"

#include <string.h>

#define FILE_ "jobs/examples/http-echo.hcl"
#define CHANGES(place, stop, same)                                                                 \
    "\"Annotations\":{\"DesiredTGUpdates\":{\"echo\":{\"Place\":" #place ",\"Stop\":" #stop        \
    ",\"Ignore\":" #same "}}},\"JobModifyIndex\":11"

static void nothing_new_is_zero(void **state)
{
    RECORDED({"PUT /v1/job/http-echo/plan", 200,
              "{\"Diff\":{\"Type\":\"None\",\"ID\":\"http-echo\"}," CHANGES(0, 0, 5) "}"});
    expect_command(
        "plan " FILE_, 0,
        "Job: \"http-echo\"\n\nScheduler dry-run:\n- All tasks successfully allocated.\n\n"
        "Job Modify Index: 11\nTo submit the job with version verification run:\n\n"
        "platform job run -check-index 11 " FILE_
        "\n\nWhen running the job with the check-index flag, the job will only be run if the\njob "
        "modify index given matches the server-side version. If the index has\nchanged, another "
        "user has modified the job and the plan's results are\npotentially invalid.\n",
        "");
    assert_non_null(strstr(recorded_requests(), "\"Diff\":true,\"PolicyOverride\":false}"));
}

static void a_change_is_one_and_shown(void **state)
{
    RECORDED(
        {"PUT /v1/job/http-echo/plan", 200,
         "{\"Diff\":{\"Type\":\"Edited\",\"ID\":\"http-echo\",\"Fields\":[{\"Type\":\"Edited\","
         "\"Name\":\"Priority\",\"Old\":\"50\",\"New\":\"60\"}]}," CHANGES(2, 0, 5) "}"});
    const struct command_run *r = run_command("plan " FILE_);
    assert_int_equal(1, r->status);
    assert_ptr_equal(r->out,
                     strstr(r->out, "+/- Job: \"http-echo\"\n+/- Priority: \"50\" => \"60\"\n"));
    assert_null(strchr(r->out, 27)); /* no colours off a terminal */
    r = run_command("plan -diff=false " FILE_);
    assert_non_null(strstr(recorded_requests(), "\"Diff\":false"));
    RECORDED({"PUT /v1/job/http-echo/plan", 200, "{\"Diff\":null," CHANGES(0, 1, 0) "}"});
    r = run_command("plan -diff=false " FILE_);
    assert_int_equal(1, r->status);
    assert_ptr_equal(r->out, strstr(r->out, "Scheduler dry-run:\n"));
}

static void failures_warn(void **state)
{
    RECORDED({"PUT /v1/job/http-echo/plan", 200,
              "{" CHANGES(5, 0, 0) ",\"FailedTGAllocs\":{\"echo\":{\"NodesEvaluated\":1,"
                                   "\"NodesExhausted\":1,\"DimensionExhausted\":{\"memory\":1}}},"
                                   "\"Warnings\":\"1 warning(s):\\n\\n* odd\"}"});
    const struct command_run *r = run_command("plan " FILE_);
    assert_int_equal(1, r->status);
    assert_non_null(strstr(r->out, "- WARNING: Failed to place all allocations.\n"));
    assert_non_null(strstr(r->out, "* Dimension \"memory\" exhausted on 1 nodes\n"));
    assert_non_null(strstr(r->out, "Job Warnings:\n1 warning(s):\n\n* odd\n"));
}

static void an_error_is_255(void **state)
{
    RECORDED({"PUT /v1/job/http-echo/plan", 500, "no cluster leader"});
    EXPECT_COMMANDS({"plan " FILE_, 255, "",
                     "Error during plan: Unexpected response code: 500 (no cluster leader)\n"},
                    {"plan", 255, "",
                     "This command takes one argument: <path>\nFor additional help "
                     "try 'platform plan -help'\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_new_is_zero),
        cmocka_unit_test(a_change_is_one_and_shown),
        cmocka_unit_test(failures_warn),
        cmocka_unit_test(an_error_is_255),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
