/* What there is: jobs, allocations, nodes, evaluations, servers, logs. */
#include "test/unit/support/recorded.h"

#include <string.h>

static void jobs_are_shown_as_the_peer_shows_them(void **state)
{
    RECORDED({"GET /v1/job/http-echo", 200, "@job.json"},
             {"GET /v1/job/http-echo/summary", 200,
              "{\"Summary\":{\"echo\":{\"Queued\":0,\"Complete\":0,\"Failed\":0,\"Running\":5,"
              "\"Starting\":0,\"Lost\":0}}}"},
             {"GET /v1/job/http-echo/evaluations", 200, "[]"},
             {"GET /v1/job/http-echo/deployment", 200, "@deployment.json"},
             {"GET /v1/job/http-echo/allocations", 200, "@allocations.json"},
             {"GET /v1/jobs", 200,
              "[{\"ID\":\"http-echo\",\"Type\":\"service\",\"Priority\":50,\"Status\":\"running\","
              "\"SubmitTime\":1795457398000000000},{\"ID\":\"p\",\"Type\":\"batch\",\"Priority\":7,"
              "\"Status\":\"dead\",\"Stop\":true,\"Periodic\":true,\"SubmitTime\":"
              "1795457398000000000}]"});
    EXPECT_COMMANDS(
        {"job status http-echo", 0, "@job-status.out", ""},
        {"status -short http-echo", 0, "@job-status-short.out", ""},
        {"status", 0,
         "ID         Type            Priority  Status          Submit Date\n"
         "http-echo  service         50        running         2026-11-23T18:09:58Z\n"
         "p          batch/periodic  7         dead (stopped)  2026-11-23T18:09:58Z\n",
         ""},
        {"job status nosuchjob", 1, "", "No job(s) with prefix or id \"nosuchjob\" found\n"});
}

#define ALLOC "11672e47-a896-89ec-2a34-4f4ed193ccd6"
#define ALLOC_ROUTES                                                                               \
    {"GET /v1/allocations?prefix=11672e47", 200, "[{\"ID\":\"" ALLOC "\"}]"},                      \
        {"GET /v1/allocation/" ALLOC, 200, "@alloc.json"},                                         \
        {"GET /v1/allocations?prefix=ffffffff", 200, "[]"},                                        \
    {                                                                                              \
        "GET /v1/allocations?prefix=11", 200, "[{\"ID\":\"11-a\"},{\"ID\":\"11-b\"}]"              \
    }

static void an_allocation_is_shown_as_the_peer_shows_it(void **state)
{
    RECORDED(ALLOC_ROUTES);
    EXPECT_COMMANDS(
        {"alloc status 11672e47", 0, "@alloc-status.out", ""},
        {"alloc status fffffffff", 1, "",
         "No allocation(s) with prefix or id \"fffffffff\" found\n"}, /* asked by whole bytes */
        {"alloc status ffffffff", 1, "", "No allocation(s) with prefix or id \"ffffffff\" found\n"},
        {"alloc status 11", 1, "", "Prefix matched multiple allocations\n11-a\n11-b\n"},
        {"alloc status f", 1, "", "Identifier must contain at least two characters.\n"},
        {"alloc status", 1, "",
         "This command takes one of the following argument conditions:\n * A single "
         "<allocation>\n * No arguments, with output format specified\nFor additional help "
         "try 'platform alloc status -help'\n"});
}

static void logs_are_printed_as_they_come(void **state)
{
    RECORDED(ALLOC_ROUTES,
             {"GET /v1/client/fs/logs/" ALLOC "?task=server&type=stdout&plain=true&follow=false",
              200, "line one\nline two\n"},
             {"GET /v1/client/fs/logs/" ALLOC "?task=server&type=stderr&plain=true&follow=false",
              200, "oops"});
    EXPECT_COMMANDS({"logs 11672e47", 0, "line one\nline two\n", ""},
                    {"alloc logs -stderr 11672e47 server", 0, "oops", ""},
                    {"logs 11672e47 nosuchtask", 1, "",
                     "Error reading file: Unexpected response code: 400 (unknown task name "
                     "\"nosuchtask\")\n"},
                    {"logs", 1, "", "This command takes one or two arguments: <alloc> [<task>]\n"},
                    {"logs 11", 1, "", "Prefix matched multiple allocations\n11-a\n11-b\n"});
}

static void nodes_and_servers(void **state)
{
    RECORDED(
        {"GET /v1/nodes?prefix=ffffffff", 200, "[]"}, {"GET /v1/nodes", 200, "@nodes.json"},
        {"GET /v1/node/a432b6a8-d780-6c55-3b87-f8ce1a9eda81", 200, "@node.json"},
        {"GET /v1/node/a432b6a8-d780-6c55-3b87-f8ce1a9eda81/allocations", 200, "@allocations.json"},
        {"GET /v1/agent/members", 200, "@members.json"});
    EXPECT_COMMANDS(
        {"node status", 0, "@nodes.out", ""}, {"server members", 0, "@members.out", ""},
        {"node status ffffffff", 1, "", "No node(s) with prefix \"ffffffff\" found\n"});
    const struct command_run *r = run_command("node status a432b6a8");
    assert_int_equal(0, r->status);
    static const char *const parts[] = {
        "ID            = a432b6a8-d780-6c55-3b87-f8ce1a9eda81\nName          = vm\n",
        "Driver Status = exec,java,mock_driver,raw_exec\n",
        "\nNode Events\nTime                  Subsystem  Message\n2026-11-23T18:15:21Z  Drain",
        "\nAllocations\nID        Node ID   Task Group  Version  Desired  Status"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(r->out, parts[i]))
            fail_msg("'%s' is not in: %s", parts[i], r->out);
}

static void evaluations(void **state)
{
    RECORDED({"GET /v1/evaluations?prefix=6ef70a38", 200,
              "[{\"ID\":\"6ef70a38-e99e-f5ea-903b-0cb3c9a76f95\"}]"},
             {"GET /v1/evaluation/6ef70a38-e99e-f5ea-903b-0cb3c9a76f95", 200, "@eval.json"});
    EXPECT_COMMANDS({"eval status 6ef70a38", 0, "@eval-status.out", ""},
                    {"eval status", 1, "", "This command takes one argument: <evaluation>\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_shown_as_the_peer_shows_them),
        cmocka_unit_test(an_allocation_is_shown_as_the_peer_shows_it),
        cmocka_unit_test(logs_are_printed_as_they_come),
        cmocka_unit_test(nodes_and_servers),
        cmocka_unit_test(evaluations),
    };
    return cmocka_run_group_tests(tests, recorded_start, recorded_stop);
}
