/* What validation says, rule by rule. */
#include "test/unit/support/job_cases.h"

static void rules_case_by_case(void **state)
{
    static const struct job_case cases[] = {
        {"constraint { attribute = \"${attr.x}\"\n operator = \"~\"\n value = \"1\" }", NULL, NULL,
         "Unknown constraint type \"~\""},
        {"constraint { attribute = \"${attr.x}\" }", NULL, NULL,
         "Operator \"=\" requires an RTarget"},
        {"constraint { value = \"1\" }", NULL, NULL,
         "No LTarget provided but is required by constraint"},
        {"constraint { distinct_property = \"${meta.a}\"\n value = \"many\" }", NULL, NULL,
         "Failed to convert RTarget \"many\" to uint64"},
        {NULL, NULL, "constraint { distinct_hosts = true }",
         "Constraint type \"distinct_hosts\" is disallowed at the task level"},
        {NULL, NULL, "constraint { distinct_property = \"${meta.a}\" }",
         "Constraint type \"distinct_property\" is disallowed at the task level"},
        {"constraint { distinct_hosts = true }", NULL, NULL, NULL},
        {"constraint { attribute = \"${attr.x}\"\n operator = \"regexp\"\n value = \"a\" }", NULL,
         NULL, NULL},
        {"affinity {\n attribute = \"${attr.x}\"\n value = \"1\"\n weight = 0\n }", NULL, NULL,
         "Affinity weight cannot be zero"},
        {"affinity {\n attribute = \"${attr.x}\"\n value = \"1\"\n weight = 101\n }", NULL, NULL,
         "Affinity weight must be within the range [-100,100]"},
        {"affinity {\n attribute = \"${attr.x}\"\n value = \"1\"\n weight = -101\n }", NULL, NULL,
         "Affinity weight must be within the range [-100,100]"},
        {"affinity { value = \"1\" }", NULL, NULL, "No LTarget provided but is required"},
        {"spread {\n attribute = \"${node.datacenter}\"\n weight = 101\n }", NULL, NULL,
         "Spread stanza must have a positive weight from 0 to 100"},
        {"spread { weight = 50 }", NULL, NULL, "Missing spread attribute"},
        {"spread {\n attribute = \"${node.datacenter}\"\n target \"a\" { percent = 60 }\n target "
         "\"b\" { percent = 60 }\n }",
         NULL, NULL, "Sum of spread target percentages must not be greater than 100%; got 120%"},
        {NULL, "restart { mode = \"later\" }", NULL, "Unsupported restart mode: \"later\""},
        {NULL, "restart {\n mode = \"delay\"\n attempts = 0\n }", NULL,
         "Restart policy \"delay\" with 0 attempts is ambiguous"},
        {NULL, "restart { interval = \"1s\" }", NULL, "Interval can not be less than 5s (got 1s)"},
        {NULL, "restart {\n attempts = 100\n delay = \"1m\"\n interval = \"10m\"\n }", NULL,
         "Nomad can't restart the TaskGroup 100 times in an interval of 10m0s with a delay of "
         "1m0s"},
        {NULL, "reschedule {\n attempts = 1\n interval = \"1h\"\n unlimited = true\n }", NULL,
         "Reschedule Policy with Attempts = 1, Interval = 1h0m0s, and Unlimited = true is "
         "ambiguous"},
        {NULL, "reschedule {\n delay = \"1s\"\n unlimited = true\n }", NULL,
         "Reschedule Policy Delay cannot be less than 5s (got 1s)"},
        {NULL, "reschedule {\n delay_function = \"linear\"\n unlimited = true\n }", NULL,
         "Invalid delay function \"linear\""},
        {NULL,
         "reschedule {\n delay = \"1m\"\n max_delay = \"10s\"\n delay_function = \"exponential\"\n "
         "unlimited = true\n }",
         NULL, "Max Delay cannot be less than Delay 1m0s (got 10s)"},
        {NULL, "update { max_parallel = -1 }", NULL,
         "Max parallel can not be less than zero: -1 < 0"},
        {NULL, "update { canary = -1 }", NULL, "Canary count can not be less than zero: -1 < 0"},
        {NULL, "update { health_check = \"vibes\" }", NULL,
         "Invalid health check given: \"vibes\""},
        {NULL, "update { min_healthy_time = \"-1s\" }", NULL,
         "Minimum healthy time may not be less than zero: -1s"},
        {NULL, "update { healthy_deadline = \"0s\" }", NULL,
         "Healthy deadline must be greater than zero: 0s"},
        {NULL, "update {\n min_healthy_time = \"10m\"\n healthy_deadline = \"5m\"\n }", NULL,
         "Minimum healthy time must be less than healthy deadline: 10m0s > 5m0s"},
        {NULL, "update {\n healthy_deadline = \"20m\"\n progress_deadline = \"10m\"\n }", NULL,
         "Healthy deadline must be less than progress deadline: 20m0s > 10m0s"},
        {NULL, "update { auto_promote = true }", NULL,
         "Auto Promote requires a Canary count greater than zero"},
        {NULL, "update {\n canary = 1\n auto_promote = true\n }", NULL, NULL},
        {NULL, "network {\n port \"a\" {}\n }\n network {\n port \"a\" {}\n }", NULL,
         "Port label a already in use by taskgroup network"},
        {NULL, "network { port \"a\" { static = 70000 } }", NULL,
         "Port a (70000) cannot be greater than 65535"},
        {NULL, "network { port \"a\" { static = -1 } }", NULL, "Port a (-1) cannot be negative"},
        {NULL, "network { port \"a\" { to = -2 } }", NULL,
         "Port \"a\" cannot be mapped to negative value -2"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"carrier-pigeon\"\n interval = \"10s\"\n timeout = \"2s\"\n }\n }",
         NULL, "invalid type (\"carrier-pigeon\"), must be one of"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n interval = \"100ms\"\n timeout = \"2s\"\n }\n }",
         NULL, "missing required value interval. Interval cannot be less than 1s"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n interval = \"10s\"\n timeout = \"0s\"\n }\n }",
         NULL, "missing required value timeout. Timeout cannot be less than 1s"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"http\"\n interval = \"10s\"\n timeout = \"2s\"\n }\n }",
         NULL, "http type must have http path"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"http\"\n path = \"http://x/\"\n interval = \"10s\"\n timeout = \"2s\"\n "
         "}\n }",
         NULL, "http path must be a relative URL"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"script\"\n task = \"t\"\n interval = \"10s\"\n timeout = \"2s\"\n }\n }",
         NULL, "script type must have a valid script path"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"script\"\n command = \"true\"\n interval = \"10s\"\n timeout = \"2s\"\n "
         "}\n }",
         NULL, "script check at the group level must name its task"},
        {NULL,
         "service {\n name = \"s\"\n check {\n name = \"c\"\n type = \"tcp\"\n interval = "
         "\"10s\"\n timeout = \"2s\"\n }\n }",
         NULL, "check \"c\" is of type tcp and its service has no port"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n interval = \"10s\"\n timeout = \"2s\"\n initial_status = "
         "\"fine\"\n }\n }",
         NULL, "invalid initial check state (fine)"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n interval = \"10s\"\n timeout = \"2s\"\n initial_status = "
         "\"passing\"\n }\n }",
         NULL, NULL},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n port = \"q\"\n interval = \"10s\"\n timeout = \"2s\"\n }\n }",
         NULL, "port label \"q\" referenced by services s does not exist"},
        {NULL, "service { name = \"under_score\" }", NULL,
         "Service name must be valid per RFC 1123"},
        {NULL, "service { name = \"-a\" }", NULL, "Service name must be valid per RFC 1123"},
        {NULL, "service { name = \"${NOMAD_JOB_NAME}-a\" }", NULL, NULL},
        {NULL, "service {\n name = \"s\"\n port = \"nope\"\n }", NULL,
         "port label \"nope\" referenced by services s does not exist"},
        {NULL, "service {\n name = \"s\"\n address_mode = \"driver\"\n }", NULL,
         "Service address_mode must be \"auto\", \"host\", or \"alloc\"; not \"driver\""},
        {NULL, NULL, "service {\n name = \"s\"\n address_mode = \"alloc\"\n }",
         "Service address_mode must be \"auto\", \"host\", or \"driver\"; not \"alloc\""},
        {NULL, NULL, "resources { cpu = 0 }", "minimum CPU value is 1; got 0"},
        {NULL, NULL, "resources { memory = 5 }", "minimum MemoryMB value is 10; got 5"},
        {NULL, NULL, "resources { disk = 10 }", "Task can't ask for disk resources"},
        {NULL, "task \"a/b\" { driver = \"raw_exec\" }", NULL, "Task name cannot include slashes"},
        {NULL, "task \"u\" {}", NULL, "Missing task driver"},
        {NULL, NULL, "kill_timeout = \"-1s\"", "KillTimeout must be a positive value"},
        {NULL, NULL, "shutdown_delay = \"-1s\"", "ShutdownDelay must be a positive value"},
        {NULL, NULL, "logs { max_files = 0 }", "minimum number of files is 1; got 0"},
        {NULL, NULL, "logs { max_file_size = 0 }", "minimum file size is 1MB; got 0"},
        {NULL, "ephemeral_disk { size = 50 }", NULL,
         "log storage (100 MB) must be less than requested disk capacity (50 MB)"},
        {NULL, "ephemeral_disk { size = 5 }", NULL, "minimum DiskMB value is 10; got 5"},
        {NULL, "task \"t\" { driver = \"raw_exec\" }", NULL, "Task 2 redefines 't' from task 1"},
        {NULL, "task \"u\" {\n driver = \"raw_exec\"\n leader = true\n }", "leader = true",
         "Only one task may be marked as leader"},
        {NULL, "count = -1", NULL, "Task group count can't be negative"},
        {"type = \"cron\"", NULL, NULL, "Invalid job type: \"cron\""},
        {"periodic { cron = \"@daily\" }", NULL, NULL,
         "Periodic can only be used with \"batch\" scheduler"},
        {"parameterized {}", NULL, NULL,
         "Parameterized job can only be used with \"batch\" scheduler"},
        {"type = \"system\"\n affinity {\n attribute = \"${attr.x}\"\n value = \"1\"\n }", NULL,
         NULL, "System jobs may not have an affinity stanza"},
        {"type = \"system\"\n spread { attribute = \"${node.datacenter}\" }", NULL, NULL,
         "System jobs may not have a spread stanza"},
        {"type = \"system\"", "count = 2", NULL,
         "Job task group g has count 2. Count cannot exceed 1 with system scheduler"},
        {"namespace = \"team\"", NULL, NULL, "job \"j\" is in nonexistent namespace \"team\""},
        {"priority = 101", NULL, NULL, "Job priority must be between [1, 100]"},
        {"priority = 0", NULL, NULL, "Job priority must be between [1, 100]"},
        {"group \"g\" {\n task \"t\" { driver = \"raw_exec\" }\n }", NULL, NULL,
         "Job task group 2 redefines 'g' from group 1"},
        {"group \"h\" {}", NULL, NULL, "Missing tasks for task group"},
    };
    job_cases_check(cases, sizeof(cases) / sizeof(cases[0]));
}

static void rules_of_whole_files(void **state)
{
    static const struct job_case cases[] = {
        {"job \"a b\" {\n datacenters = [\"dc1\"]\n group \"g\" {\n task \"t\" { driver = "
         "\"raw_exec\" }\n }\n}",
         NULL, NULL, "Job ID contains a space"},
        {"job \"j\" {\n datacenters = [\"\"]\n group \"g\" {\n task \"t\" { driver = \"raw_exec\" "
         "}\n }\n}",
         NULL, NULL, "Job datacenter must be non-empty string"},
        {"job \"j\" {\n group \"g\" {\n task \"t\" { driver = \"raw_exec\" }\n }\n}", NULL, NULL,
         "Missing job datacenters"},
        {"job \"j\" { datacenters = [\"dc1\"] }", NULL, NULL, "Missing job task groups"},
        {"job "
         "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" {\n datacenters = [\"dc1\"]\n group \"g\" {\n "
         "task \"t\" { driver = \"raw_exec\" }\n }\n}",
         NULL, NULL, "Job ID is longer than 300 characters"},
    };
    job_files_check(cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_has_no_effect_is_said(void **state)
{
    static const struct job_case cases[] = {
        {NULL, NULL, NULL, NULL},
        {NULL, "update { max_parallel = 3 }", NULL,
         "Update max parallel count is greater than task group count (3 > 1)"},
        {NULL, NULL, "template {\n data = \"x\"\n destination = \"local/x\"\n }",
         "Task \"t\": template blocks are kept"},
        {NULL, NULL, "artifact { source = \"http://h/x\" }",
         "Task \"t\": artifact blocks are kept"},
        {NULL, NULL, "lifecycle { hook = \"prestart\" }", NULL},
        {NULL, "task \"d\" { driver = \"docker\" }", NULL,
         "Task \"d\": no node of this platform runs the driver \"docker\" yet"},
        {NULL, "volume \"v\" {\n type = \"host\"\n source = \"s\"\n }", NULL,
         "volume blocks are kept"},
        {NULL, "ephemeral_disk { sticky = true }", NULL,
         "ephemeral_disk's sticky and migrate are kept"},
        {NULL, "network { mode = \"bridge\" }", NULL, "network mode \"bridge\" is kept"},
        {NULL, "stop_after_client_disconnect = \"1m\"", NULL,
         "stop_after_client_disconnect is kept"},
        {NULL,
         "network { port \"p\" {} }\n service {\n name = \"s\"\n port = \"p\"\n check {\n name = "
         "\"c\"\n type = \"tcp\"\n interval = \"10s\"\n timeout = \"2s\"\n check_restart { limit = "
         "3 }\n }\n }",
         NULL, NULL},
        {NULL, NULL, "resources {\n network { port \"p\" {} }\n }",
         "task network resources have been deprecated as of Nomad 0.12.0"},
        {NULL, NULL, "resources {\n device \"gpu\" {}\n }", "Task \"t\": device blocks are kept"},
    };
    job_cases_check_warnings(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_case_by_case),
        cmocka_unit_test(rules_of_whole_files),
        cmocka_unit_test(what_has_no_effect_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
