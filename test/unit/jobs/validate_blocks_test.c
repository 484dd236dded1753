/* What validation says of the smaller blocks. */
#include "jobs/job.h"
#include "test/unit/support/job_cases.h"

#include <string.h>

static void blocks_case_by_case(void **state)
{
    static const struct job_case cases[] = {
        {NULL, NULL, NULL, NULL},
        {"type = \"batch\"\n periodic { cron = \"@daily\" }", NULL, NULL, NULL},
        {"type = \"batch\"\n periodic {}", NULL, NULL, "Must specify a spec"},
        {"type = \"batch\"\n periodic {\n cron = \"@daily\"\n time_zone = \"Europe/Berlin\"\n }",
         NULL, NULL, NULL},
        {"type = \"batch\"\n periodic { cron = \"61 * * * *\" }", NULL, NULL,
         "Invalid cron spec \"61 * * * *\": "},
        {"type = \"batch\"\n periodic { cron = \"often\" }", NULL, NULL,
         "Invalid cron spec \"often\": "},
        {"type = \"batch\"\n periodic {\n cron = \"@daily\"\n time_zone = \"Mars/Olympus\"\n }",
         NULL, NULL, "Invalid time zone \"Mars/Olympus\": unknown time zone Mars/Olympus"},
        {"type = \"batch\"\n periodic {\n cron = \"61 * * * *\"\n enabled = false\n }", NULL, NULL,
         NULL},
        {"type = \"batch\"\n parameterized { payload = \"x\" }", NULL, NULL,
         "Unknown payload requirement: \"x\""},
        {"type = \"batch\"\n parameterized {\n meta_required = [\"a\"]\n meta_optional = [\"a\"]\n "
         "}",
         NULL, NULL, "Required and optional meta keys should be disjoint"},
        {"type = \"batch\"", "update {}", NULL, "Job type \"batch\" does not allow update block"},
        {"type = \"batch\"", "migrate {}", NULL, "Job type \"batch\" does not allow migrate block"},
        {"type = \"system\"", "reschedule {}", NULL,
         "System jobs should not have a reschedule policy"},
        {NULL, "migrate { max_parallel = -1 }", NULL, "MaxParallel must be >= 0 but found -1"},
        {NULL, "migrate { min_healthy_time = \"10m\" }", NULL,
         "MinHealthyTime must be less than HealthyDeadline"},
        {NULL, "scaling { max = 3 }", NULL, NULL},
        {NULL, "scaling {}", NULL, "maximum count must be specified"},
        {NULL, "count = 5\n scaling { max = 3 }", NULL,
         "task group count must not be greater than maximum count in scaling policy"},
        {NULL, "stop_after_client_disconnect = \"0s\"", NULL,
         "stop_after_client_disconnect must be a positive value"},
        {NULL, "volume \"v\" { type = \"disk\" source = \"s\" }", NULL,
         "Volume v has unrecognised type disk"},
        {NULL, "volume \"v\" { type = \"host\" }", NULL, "Volume v has an empty source"},
        {NULL, "volume \"v\" { type = \"host\" source = \"s\" }",
         "volume_mount { volume = \"v\" destination = \"/d\" }", NULL},
        {NULL, NULL, "volume_mount { volume = \"w\" }",
         "Task t has a volume mount (0) referencing undefined volume w"},
        {NULL,
         "reschedule { attempts = 3 interval = \"10m\" unlimited = false delay = \"30s\" "
         "delay_function = \"constant\" }",
         NULL, NULL},
        {NULL,
         "reschedule { attempts = 3 interval = \"1m\" unlimited = false delay = \"30s\" "
         "delay_function = \"constant\" }",
         NULL,
         "Nomad can only make 2 attempts in 1m0s with initial delay 30s and delay function "
         "\"constant\""},
        {NULL,
         "reschedule { attempts = 3 interval = \"1m\" unlimited = false delay = \"30s\" "
         "delay_function = \"constant\" }",
         NULL, "Set the interval to at least 1m30s to accommodate 3 attempts"},
        {NULL, "network { port \"a\" { static = 80 }\n port \"b\" { static = 80 } }", NULL,
         "Static port 80 already reserved"},
        {NULL,
         "network { port \"a\" { static = 80 }\n port \"b\" {\n static = 80\n host_network = "
         "\"x\"\n} }",
         NULL, NULL},
        {NULL, "service { name = \"a\" address_mode = \"driver\" }", NULL,
         "Service address_mode must be"},
        {NULL, NULL, "service { name = \"a\" }\n service { name = \"a\" }",
         "service \"a\" is duplicate"},
        {NULL, NULL, "template { destination = \"local/x\" data = \"y\" }", NULL},
        {NULL, NULL, "template { destination = \"local/x\" }", "Must specify a source path"},
        {NULL, NULL, "template { data = \"x\" }", "Must specify a destination for the template"},
        {NULL, NULL, "template { destination = \"../../x\" data = \"y\" }",
         "escapes alloc directory"},
        {NULL, NULL, "template { destination = \"../x\" data = \"y\" }", NULL},
        {NULL, NULL, "template { destination = \"x\" data = \"y\" change_mode = \"signal\" }",
         "Must specify signal value"},
        {NULL, NULL, "template { destination = \"x\" data = \"y\" perms = \"rwx\" }",
         "Failed to parse \"rwx\" as octal"},
        {NULL, NULL,
         "template { destination = \"x\" data = \"y\" }\n"
         "template { destination = \"x\" data = \"z\" }",
         "Template 2 has same destination as template 1: x"},
        {NULL, NULL, "artifact {}", "source must be specified"},
        {NULL, NULL, "artifact { source = \"http://h/x\" mode = \"all\" }",
         "invalid artifact mode"},
        {NULL, NULL, "artifact { source = \"http://h/x\" options { checksum = \"md5:12\" } }",
         "invalid md5 checksum: 12"},
        {NULL, NULL, "artifact { source = \"http://h/x\" options { checksum = \"crc:12\" } }",
         "unsupported checksum type: crc"},
        {NULL, NULL, "artifact { source = \"http://h/x\" destination = \"a/../../../x\" }",
         "destination escapes allocation directory"},
        {NULL, NULL, "lifecycle {}", "no lifecycle hook provided"},
        {NULL, NULL, "lifecycle { hook = \"later\" }", "invalid hook: later"},
        {NULL, NULL, "vault {}", "Policy list cannot be empty"},
        {"vault { policies = [\"p\"] }", NULL, NULL, "Vault not enabled"}, /* every task's */
        {NULL, "vault { policies = [\"p\"] }", NULL, "Vault not enabled"},
        {NULL, NULL, "logs { max_files = 9223372036854775807 }",
         "log storage (9223372036854775807 MB)"},
        {"spread { attribute = \"${node.datacenter}\" target \"a\" { percent = 101 } }", NULL, NULL,
         "Spread target percentage for value \"a\" must be between 0 and 100"},
        {"constraint { attribute = \"${meta.a}\" operator = \"is_set\" value = \"x\" }", NULL, NULL,
         "Operator \"is_set\" does not support an RTarget"},
        {"constraint { distinct_property = \"${meta.a}\" value = \"0\" }", NULL, NULL,
         "Distinct Property must have an allowed count of 1 or greater"},
    };
    job_cases_check(cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_task_in_a_job_is_a_group(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *j;
    static const char text[] = "job \"j\" {\n group \"g\" {\n task \"u\" {}\n }\n task \"t\" {\n"
                               "  driver = \"raw_exec\"\n }\n}\n";
    assert_int_equal(0, job_parse_hcl("t", text, strlen(text), &a, &j, &m));
    assert_int_equal(2, j->groups.n);
    assert_string_equal("t", j->groups.items[0].name);
    assert_string_equal("raw_exec", j->groups.items[0].tasks.items[0].driver);
    assert_string_equal("g", j->groups.items[1].name);
    job_canonicalize(j, &a);
    assert_int_equal(1, job_group_find(j, "t")->count);
    assert_non_null(group_task_find(job_group_find(j, "g"), "u"));
    assert_null(job_group_find(j, "u"));
    arena_fini(&a);
}

static void variables_are_not_left_to_the_runtime(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *j;
    static const char text[] = "job \"j\" {\n name = var.x\n type = \"${local.y}\"\n}\n";
    assert_int_equal(ERR_INVALID, job_parse_hcl("t", text, strlen(text), &a, &j, &m));
    assert_int_equal(2, m.n);
    assert_string_equal("t:2,9-14: Unsupported attribute; This object does not have an attribute "
                        "named \"x\".",
                        m.items[0].text);
    assert_string_equal("t:3,12-19: Unsupported attribute; This object does not have an attribute "
                        "named \"y\".",
                        m.items[1].text);
    arena_fini(&a);
}

/* Both were crashes of an earlier parser: a long chain is a deep tree. */
static void long_chains_are_refused(void **state)
{
    static const char *const units[] = {"+1", "[0]"};
    for (size_t i = 0; i < 2; i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m = {.arena = &a};
        struct buf b = BUF_INIT;
        struct job *j;
        buf_str_add(&b, "job \"j\" {\n priority = [1]");
        for (int k = 0; k < 100000; k++)
            buf_str_add(&b, units[i]);
        buf_str_add(&b, "\n}\n");
        assert_int_equal(ERR_INVALID, job_parse_hcl("t", b.data, b.len, &a, &j, &m));
        assert_non_null(strstr(m.items[0].text, "Nesting too deep"));
        buf_fini(&b);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_case_by_case),
        cmocka_unit_test(a_task_in_a_job_is_a_group),
        cmocka_unit_test(variables_are_not_left_to_the_runtime),
        cmocka_unit_test(long_chains_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
