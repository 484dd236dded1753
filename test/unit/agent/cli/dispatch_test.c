/* job dispatch, periodic and scale. */
#include "test/unit/support/recorded.h"

#include <string.h>

static void a_dispatch_sends_meta_and_payload(void **state)
{
    RECORDED(
        {"PUT /v1/job/param/dispatch", 200,
         "{\"DispatchedJobID\":\"param/dispatch-1795457626-2616489d\",\"EvalID\":\"" RECORDED_EVAL
         "\"}"},
        RECORDED_FOLLOWED);
    EXPECT_COMMANDS({"job dispatch -detach -meta who=me -meta=a=b=c param "
                     "test/unit/agent/cli/data/nodes.out",
                     0,
                     "Dispatched Job ID = param/dispatch-1795457626-2616489d\n"
                     "Evaluation ID     = 7a76a78d\n",
                     ""},
                    {"job dispatch param", 0,
                     "Dispatched Job ID = param/dispatch-1795457626-2616489d\n"
                     "Evaluation ID     = 7a76a78d\n\n" RECORDED_FOLLOWED_TEXT,
                     ""});
    assert_non_null(strstr(recorded_requests(), "{\"Meta\":{\"a\":\"b=c\",\"who\":\"me\"},"
                                                "\"Payload\":\"SUQgIERDICB"));
    assert_non_null(strstr(recorded_requests(), "{\"Meta\":{},\"Payload\":\"\"}"));
}

static void wrong_dispatches_are_told(void **state)
{
    RECORDED(
        {"PUT /v1/job/param/dispatch", 500, "Dispatch did not provide required meta keys: [who]"});
    EXPECT_COMMANDS(
        {"job dispatch param", 1, "",
         "Failed to dispatch job: Unexpected response code: 500 (Dispatch did not "
         "provide required meta keys: [who])\n"},
        {"job dispatch -meta novalue param", 1, "", "Error parsing meta value: novalue\n"},
        {"job dispatch", 1, "",
         "This command takes one or two argument: "
         "<parameterized job> [input source]\n"},
        {"job dispatch a b c", 1, "",
         "This command takes one or two argument: "
         "<parameterized job> [input source]\n"});
    const struct command_run *r = run_command("job dispatch param /no/such/file");
    assert_int_equal(1, r->status);
    assert_int_equal(0, strncmp(r->err, "Error reading input data: ", 26));
}

static void a_periodic_job_is_forced(void **state)
{
    RECORDED({"PUT /v1/job/web/periodic/force", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS(
        {"job periodic force web", 0, RECORDED_FOLLOWED_TEXT, ""},
        {"job periodic force -detach web", 0,
         "Force periodic successful\nEvaluation ID: " RECORDED_EVAL "\n", ""},
        {"job periodic later web", 1, "", "platform job periodic: no subcommand \"later\"\n"},
        {"job periodic force", 1, "",
         "This command takes a subcommand and one argument: force <job>\n"},
        {"job periodic force other", 1, "",
         "Error forcing periodic job: Unexpected response code: 404 (not found)\n"});
}

static void a_group_is_scaled(void **state)
{
    RECORDED({"GET /v1/job/web", 200, "{\"ID\":\"web\",\"TaskGroups\":[{\"Name\":\"one\"}]}"},
             {"GET /v1/job/two", 200,
              "{\"ID\":\"two\",\"TaskGroups\":[{\"Name\":\"a\"},{\"Name\":\"b\"}]}"},
             {"PUT /v1/job/web/scale", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             {"PUT /v1/job/two/scale", 400, "job scaling blocked due to active deployment"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS({"job scale web 6", 0, RECORDED_FOLLOWED_TEXT, ""},
                    {"job scale two 6", 1, "", "Group name required\n"},
                    {"job scale two b 6", 1, "",
                     "Error submitting scaling request: Unexpected response code: 400 (job scaling "
                     "blocked due to active deployment)\n"},
                    {"job scale web", 1, "",
                     "This command requires at least two arguments: <job> [<group>] <count>\n"},
                    {"job scale web many", 1, "",
                     "This command requires at least two arguments: <job> [<group>] <count>\n"});
    assert_non_null(strstr(recorded_requests(), "{\"Count\":6,\"Target\":{\"Group\":\"one\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dispatch_sends_meta_and_payload),
        cmocka_unit_test(wrong_dispatches_are_told),
        cmocka_unit_test(a_periodic_job_is_forced),
        cmocka_unit_test(a_group_is_scaled),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
