/* job history, revert, eval, and inspect. */
#include "test/unit/support/recorded.h"

#include <string.h>

static void versions_and_what_changed(void **state)
{
    RECORDED({"GET /v1/job/http-echo/versions", 200, "@versions.json"});
    EXPECT_COMMANDS(
        {"job history -p http-echo", 0, "@history-p.out", ""},
        {"job history -version 0 http-echo", 0,
         "Version     = 0\nStable      = true\nSubmit Date = 2026-11-23T18:09:58Z\n", ""},
        {"job history -version=9 http-echo", 1, "", "Job version 9 not found\n"},
        {"job history -version x http-echo", 1, "",
         "Error parsing version value \"x\": not a number\n"},
        {"job history nosuchjob", 1, "", "No job(s) with prefix or id \"nosuchjob\" found\n"},
        {"job history", 1, "", "This command takes one argument: <job>\n"});
}

static void going_back(void **state)
{
    RECORDED({"PUT /v1/job/web/revert", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             {"PUT /v1/job/old/revert", 500,
              "job \"old\" in namespace \"default\" at version 7 not found"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS(
        {"job revert web 0", 0, RECORDED_FOLLOWED_TEXT, ""},
        {"job revert -detach web 0", 0, "Evaluation ID: " RECORDED_EVAL "\n", ""},
        {"job revert old 7", 1, "",
         "Error reverting job: Unexpected response code: 500 (job \"old\" in namespace "
         "\"default\" at version 7 not found)\n"},
        {"job revert web zero", 1, "", "Failed to parse version: \"zero\" is not a number\n"},
        {"job revert web", 1, "", "This command takes two arguments: <job> <version>\n"});
    assert_non_null(strstr(recorded_requests(),
                           "{\"JobID\":\"web\",\"JobVersion\":0,\"EnforcePriorVersion\":null}"));
}

static void a_job_is_evaluated(void **state)
{
    RECORDED({"PUT /v1/job/web/evaluate", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS(
        {"job eval web", 0, RECORDED_FOLLOWED_TEXT, ""},
        {"job eval -detach -force-reschedule web", 0, "Created eval ID: \"7a76a78d\" \n", ""});
    assert_non_null(strstr(recorded_requests(), "\"ForceReschedule\":true"));
}

static void the_whole_job_is_printed(void **state)
{
    RECORDED({"GET /v1/job/http-echo", 200, "@job.json"},
             {"GET /v1/job/http-echo/versions", 200, "@versions.json"});
    const struct command_run *r = run_command("inspect http-echo");
    assert_int_equal(0, r->status);
    assert_ptr_equal(r->out, strstr(r->out, "{\n    \"Job\": {\n        \"Affinities\": null,\n"));
    r = run_command("inspect -hcl http-echo");
    assert_int_equal(0, r->status);
    assert_ptr_equal(r->out, strstr(r->out, "job \"http-echo\" {\n"));
    assert_int_equal(0, run_command("inspect -version 1 http-echo")->status);
    EXPECT_COMMANDS(
        {"inspect nosuchjob", 1, "", "No job(s) with prefix or id \"nosuchjob\" found\n"},
        {"inspect -version 9 http-echo", 1, "",
         "job \"http-echo\" with version 9 couldn't be found\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_what_changed),
        cmocka_unit_test(going_back),
        cmocka_unit_test(a_job_is_evaluated),
        cmocka_unit_test(the_whole_job_is_printed),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
