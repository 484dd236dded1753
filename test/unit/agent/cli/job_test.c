/* run, validate, init, stop, and following an evaluation. */
#include "test/unit/support/recorded.h"
#include "agent/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_ "jobs/examples/http-echo.hcl"
static char dir[64];

static int start(void **state)
{
    strcpy(dir, "/tmp/platform-cli-XXXXXX");
    return mkdtemp(dir) ? recorded_start(state) : -1;
}
static int stop(void **state)
{
    file_remove_tree(dir, NULL);
    return recorded_stop(state);
}
static const char *file(const char *name, const char *text)
{
    static char path[128];
    struct err e = ERR_INIT;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(0, file_write_atomic(path, text, strlen(text), 0600, &e));
    return path;
}
static const char *words(const char *command, const char *path)
{
    static char text[256];
    snprintf(text, sizeof(text), "%s %s", command, path);
    return text;
}

static void a_job_is_registered_and_followed(void **state)
{
    RECORDED({"PUT /v1/jobs", 200, "{\"EvalID\":\"" RECORDED_EVAL "\",\"Warnings\":\"\"}"},
             RECORDED_FOLLOWED);
    EXPECT_COMMANDS({"run " FILE_, 0, RECORDED_FOLLOWED_TEXT, ""},
                    {"job run -detach " FILE_, 0,
                     "Job registration successful\nEvaluation ID: " RECORDED_EVAL "\n", ""},
                    {"run -detach -check-index 7 " FILE_, 0, NULL, ""},
                    {"run -check-index x " FILE_, 1, "",
                     "Error parsing check-index value \"x\": not a number\n"});
    assert_non_null(strstr(recorded_requests(), "PUT /v1/jobs {\"Job\":{"));
    assert_non_null(strstr(recorded_requests(), ",\"EnforceIndex\":true,\"JobModifyIndex\":7}"));
}

static void warnings_and_refusals_are_told(void **state)
{
    RECORDED({"PUT /v1/jobs", 200, "{\"EvalID\":\"\",\"Warnings\":\"1 warning(s):\\n\\n* odd\"}"});
    expect_command("run " FILE_, 0,
                   "Job Warnings:\n1 warning(s):\n\n* odd\nJob registration successful\n", "");
    RECORDED({"PUT /v1/jobs", 500, "Enforcing job modify index 7: job does not exist"});
    expect_command("run " FILE_, 1, "",
                   "Error submitting job: Unexpected response code: 500 (Enforcing job modify "
                   "index 7: job does not exist)\n");
}

static void what_could_not_be_placed_is_explained(void **state)
{
    RECORDED({"PUT /v1/jobs", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             {"GET /v1/evaluation/" RECORDED_EVAL, 200,
              "{\"ID\":\"" RECORDED_EVAL
              "\",\"JobID\":\"web\",\"Status\":\"complete\",\"BlockedEval\":"
              "\"b10cced0-0\",\"FailedTGAllocs\":{\"echo\":{\"NodesEvaluated\":1,"
              "\"NodesExhausted\":1,\"DimensionExhausted\":{\"memory\":1},"
              "\"CoalescedFailures\":4}}}"},
             {"GET /v1/evaluation/" RECORDED_EVAL "/allocations", 200,
              "[{\"ID\":\"11672e47-a\",\"NodeID\":\"a432b6a8-d\",\"TaskGroup\":\"echo\","
              "\"CreateIndex\":9}]"});
    expect_command(
        "run " FILE_, 2,
        "==> Monitoring evaluation \"7a76a78d\"\n    Evaluation triggered by job \"web\"\n"
        "    Allocation \"11672e47\" created: node \"a432b6a8\", group \"echo\"\n"
        "    Evaluation status changed: \"pending\" -> \"complete\"\n"
        "==> Evaluation \"7a76a78d\" finished with status \"complete\" but failed to place all "
        "allocations:\n    Task Group \"echo\" (failed to place 5 allocations):\n"
        "      * Resources exhausted on 1 nodes\n      * Dimension \"memory\" exhausted on 1 "
        "nodes\n"
        "    Evaluation \"b10cced0\" waiting for additional capacity to place remainder\n",
        "");
}

static void validation_needs_no_agent(void **state)
{
    recorded_answers((const struct recorded[]){{NULL, 0, NULL}});
    expect_command("validate " FILE_, 0, "Job validation successful\n", "");
    const struct command_run *r =
        run_command(words("validate", file("odd.hcl", "job \"x\" {\n  type = \"odd\"\n}\n")));
    assert_int_equal(1, r->status);
    assert_ptr_equal(r->err, strstr(r->err, "Job validation errors:\n"));
    assert_non_null(strstr(r->err, "Invalid job type: \"odd\""));
    assert_string_equal("", r->out);
    assert_string_equal("", recorded_requests());
}

static void an_example_is_written_once(void **state)
{
    char want[256], again[256];
    const char *path = file("example.hcl", "");
    unlink(path);
    snprintf(want, sizeof(want), "Example job file written to %s\n", path);
    snprintf(again, sizeof(again), "Job '%s' already exists\n", path);
    expect_command(words("init", path), 0, want, "");
    expect_command(words("validate", path), 0, "Job validation successful\n", "");
    expect_command(words("init", path), 1, "", again);
    unlink(path);
    expect_command(words("init -short", path), 0, want, "");
    expect_command(words("validate", path), 0, "Job validation successful\n", "");
    assert_int_equal(1, run_command("init /no/such/folder/x.hcl")->status);
}

static void a_job_is_stopped(void **state)
{
    RECORDED({"GET /v1/job/web", 200, "{\"ID\":\"web\"}"},
             {"DELETE /v1/job/web?purge=false", 200, "{\"EvalID\":\"" RECORDED_EVAL "\"}"},
             {"DELETE /v1/job/web?purge=true", 200, "{\"EvalID\":\"\"}"}, RECORDED_FOLLOWED);
    EXPECT_COMMANDS({"stop web", 0, RECORDED_FOLLOWED_TEXT, ""},
                    {"job stop -detach web", 0, RECORDED_EVAL "\n", ""},
                    {"stop -purge -yes web", 0, "", ""},
                    {"stop nosuchjob", 1, "", "No job(s) with prefix or id \"nosuchjob\" found\n"},
                    {"stop", 1, "", "This command takes one argument: <job>\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_registered_and_followed),
        cmocka_unit_test(warnings_and_refusals_are_told),
        cmocka_unit_test(what_could_not_be_placed_is_explained),
        cmocka_unit_test(validation_needs_no_agent),
        cmocka_unit_test(an_example_is_written_once),
        cmocka_unit_test(a_job_is_stopped),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
