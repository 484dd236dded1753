/* deployment list, status, promote, fail, pause, resume; job promote and deployments. */
#include "test/unit/support/recorded.h"

#include <string.h>

#define ID "9949c9de-f106-5f0d-7c17-c0be467ce35e"

static void they_are_shown_as_the_peer_shows_them(void **state)
{
    RECORDED({"GET /v1/deployments?prefix=9949c9de", 200, "[{\"ID\":\"" ID "\",\"JobID\":\"x\"}]"});
    assert_int_equal(0, run_command("deployment status 9949c9de")->status);
    char *list = recorded_list("@deployment.json");
    RECORDED({"GET /v1/deployments", 200, list}, {"GET /v1/job/http-echo/deployments", 200, list},
             {"GET /v1/job/http-echo/deployment", 200, "@deployment.json"});
    EXPECT_COMMANDS({"deployment list", 0, "@deployment-list.out", ""},
                    {"job deployments http-echo", 0, "@deployment-list.out", ""},
                    {"deployment status 9949c9de", 0, "@deployment-status.out", ""},
                    {"job deployments -latest http-echo", 0, "@deployment-status.out", ""});
    assert_non_null(strstr(run_command("deployment list -verbose")->out, ID));
}

static void none_is_said(void **state)
{
    RECORDED({"GET /v1/deployments", 200, "[]"}, {"GET /v1/job/web/deployments", 200, "[]"},
             {"GET /v1/job/web/deployment", 200, "null"});
    EXPECT_COMMANDS(
        {"deployment list", 0, "No deployments found\n", ""},
        {"job deployments web", 0, "No deployments found\n", ""},
        {"job deployments -latest web", 0, "No deployment found\n", ""},
        {"job promote web", 1, "", "Job \"web\" has no deployment to promote\n"},
        {"deployment status ffffffff", 1, "",
         "Error retrieving deployment: Deployment ID \"ffffffff\" matched no deployments\n"});
}

static void several_are_named(void **state)
{
    RECORDED({"GET /v1/deployments?prefix=99", 200,
              "[{\"ID\":\"99000000-1\"},{\"ID\":\"99000000-2\"}]"});
    expect_command("deployment fail 99", 1, "",
                   "Prefix matched multiple deployments\n99000000-1\n99000000-2\n");
}

static void decisions_are_sent(void **state)
{
    char *list = recorded_list("@deployment.json");
    RECORDED({"GET /v1/deployments", 200, list},
             {"PUT /v1/deployment/promote/" ID, 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             {"PUT /v1/deployment/fail/" ID, 200,
              "{\"EvalID\":\"" RECORDED_EVAL "\",\"RevertedJobVersion\":3}"},
             {"PUT /v1/deployment/pause/" ID, 200, "{}"}, RECORDED_FOLLOWED);
    EXPECT_COMMANDS(
        {"deployment promote 9949c9de", 0, RECORDED_FOLLOWED_TEXT, ""},
        {"deployment promote -detach -group a -group b 9949c9de", 0,
         "Evaluation ID: " RECORDED_EVAL "\n", ""},
        {"deployment fail -detach 9949c9de", 0,
         "Deployment \"" ID "\" failed. Auto-reverted to job version 3.\n"
         "Evaluation ID: " RECORDED_EVAL "\n",
         ""},
        {"deployment pause 9949c9de", 0, "Deployment \"" ID "\" paused\n", ""},
        {"deployment resume -detach 9949c9de", 0, "Deployment \"" ID "\" resumed\n", ""});
    assert_non_null(strstr(recorded_requests(), "\"All\":true,\"Groups\":[]"));
    assert_non_null(strstr(recorded_requests(), "\"All\":false,\"Groups\":[\"a\",\"b\"]"));
    assert_non_null(strstr(recorded_requests(), "\"Pause\":true"));
    assert_non_null(strstr(recorded_requests(), "\"Pause\":false"));
}

static void refusals_are_in_the_peers_words(void **state)
{
    char *list = recorded_list("@deployment.json");
    RECORDED({"GET /v1/deployments", 200, list},
             {"GET /v1/job/http-echo/deployment", 200, "@deployment.json"},
             {"PUT /v1/deployment/promote/" ID, 500, "can't promote terminal deployment"});
    EXPECT_COMMANDS(
        {"deployment promote 9949c9de", 1, "",
         "Error promoting deployment: Unexpected response code: 500 (can't promote "
         "terminal deployment)\n"},
        {"job promote http-echo", 1, "",
         "Error promoting deployment \"" ID "\" for job \"http-echo\": Unexpected "
         "response code: 500 (can't promote terminal deployment)\n"},
        {"deployment status", 1, "", "This command takes one argument: <deployment id>\n"},
        {"deployment list x", 1, "", "This command takes no arguments\n"},
        {"job promote", 1, "", "This command takes one argument: <job>\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_shown_as_the_peer_shows_them),
        cmocka_unit_test(none_is_said),
        cmocka_unit_test(several_are_named),
        cmocka_unit_test(decisions_are_sent),
        cmocka_unit_test(refusals_are_in_the_peers_words),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
