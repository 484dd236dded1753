/* Defaults by job type, what groups and tasks inherit, and the shorter ways of writing things. */
#include "jobs/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* "A.B[0].C" of the tree. */
static const json_t *at_path(const json_t *j, const char *path)
{
    while (j && *path) {
        char key[64];
        size_t n = strcspn(path, ".[");
        if (n) {
            snprintf(key, sizeof key, "%.*s", (int)n, path);
            j = json_object_get(j, key);
        }
        path += n;
        if (*path == '[') {
            j = json_array_get(j, (size_t)(path[1] - '0'));
            path += 3;
        }
        path += *path == '.';
    }
    return j;
}

/* The job that the text describes, canonical, as JSON; canonical twice is the same. */
static json_t *canonical(const char *text)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m = {.arena = &a};
    struct buf once = BUF_INIT, twice = BUF_INIT;
    struct job *j;
    if (job_parse_hcl("t", text, strlen(text), &a, &j, &m))
        fail_msg("%s", m.items[0].text);
    job_canonicalize(j, &a);
    rec_json_write(&job_desc, j, &once);
    job_canonicalize(j, &a);
    rec_json_write(&job_desc, j, &twice);
    assert_string_equal(buf_str(&once), buf_str(&twice));
    json_t *json = json_loadb(once.data, once.len, 0, NULL);
    buf_fini(&once);
    buf_fini(&twice);
    arena_fini(&a);
    return json;
}

struct default_case {
    const char *path, *want; /* JSON; "-": not there */
};

static void check(const char *text, const struct default_case *cases, size_t n)
{
    json_t *j = canonical(text);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = at_path(j, cases[i].path);
        char *got = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        if (strcmp(cases[i].want, got ? got : "-"))
            fail_msg("%s: %s is %s instead of %s", text, cases[i].path, got ? got : "-",
                     cases[i].want);
        free(got);
    }
    json_decref(j);
}
#define CHECK(text, cases) check(text, cases, sizeof(cases) / sizeof((cases)[0]))

#define GROUP(body) "\n group \"g\" {\n" body "\n task \"t\" { driver = \"raw_exec\" }\n }\n}\n"

static void a_service_job(void **state)
{
    static const struct default_case cases[] = {
        {"ID", "\"j\""},
        {"Name", "\"j\""},
        {"Type", "\"service\""},
        {"Region", "\"global\""},
        {"Namespace", "\"default\""},
        {"Priority", "50"},
        {"Update.Stagger", "30000000000"},
        {"Update.MaxParallel", "1"},
        {"TaskGroups[0].Count", "1"},
        {"TaskGroups[0].RestartPolicy.Attempts", "2"},
        {"TaskGroups[0].RestartPolicy.Interval", "1800000000000"},
        {"TaskGroups[0].RestartPolicy.Delay", "15000000000"},
        {"TaskGroups[0].RestartPolicy.Mode", "\"fail\""},
        {"TaskGroups[0].ReschedulePolicy.Unlimited", "true"},
        {"TaskGroups[0].ReschedulePolicy.Delay", "30000000000"},
        {"TaskGroups[0].ReschedulePolicy.DelayFunction", "\"exponential\""},
        {"TaskGroups[0].ReschedulePolicy.MaxDelay", "3600000000000"},
        {"TaskGroups[0].Migrate.MaxParallel", "1"},
        {"TaskGroups[0].Migrate.MinHealthyTime", "10000000000"},
        {"TaskGroups[0].Migrate.HealthyDeadline", "300000000000"},
        {"TaskGroups[0].Update.HealthCheck", "\"checks\""},
        {"TaskGroups[0].Update.MinHealthyTime", "10000000000"},
        {"TaskGroups[0].Update.ProgressDeadline", "600000000000"},
        {"TaskGroups[0].Update.AutoRevert", "false"},
        {"TaskGroups[0].Update.Canary", "0"},
        {"TaskGroups[0].EphemeralDisk.SizeMB", "300"},
        {"TaskGroups[0].Tasks[0].Resources.CPU", "100"},
        {"TaskGroups[0].Tasks[0].Resources.MemoryMB", "300"},
        {"TaskGroups[0].Tasks[0].KillTimeout", "5000000000"},
        {"TaskGroups[0].Tasks[0].LogConfig.MaxFiles", "10"},
        {"TaskGroups[0].Tasks[0].LogConfig.MaxFileSizeMB", "10"},
    };
    CHECK("job \"j\" {" GROUP(""), cases);
}

static void a_batch_job(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].RestartPolicy.Attempts", "3"},
        {"TaskGroups[0].RestartPolicy.Interval", "86400000000000"},
        {"TaskGroups[0].ReschedulePolicy.Attempts", "1"},
        {"TaskGroups[0].ReschedulePolicy.Interval", "86400000000000"},
        {"TaskGroups[0].ReschedulePolicy.Delay", "5000000000"},
        {"TaskGroups[0].ReschedulePolicy.DelayFunction", "\"constant\""},
        {"TaskGroups[0].ReschedulePolicy.Unlimited", "false"},
        {"TaskGroups[0].Migrate", "null"},
        {"TaskGroups[0].Update", "null"},
        {"Update", "null"},
    };
    CHECK("job \"j\" {\n type = \"batch\"" GROUP(""), cases);
}

static void a_system_job(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].ReschedulePolicy", "null"},
        {"TaskGroups[0].Migrate", "null"},
        {"TaskGroups[0].Update", "null"},
        {"TaskGroups[0].RestartPolicy.Attempts", "2"},
    };
    CHECK("job \"j\" {\n type = \"system\"" GROUP(""), cases);
}

static void what_the_job_says_its_groups_inherit(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].Update.MaxParallel", "3"},
        {"TaskGroups[0].Update.Canary", "2"},
        {"TaskGroups[0].Update.AutoPromote", "true"},
        {"TaskGroups[0].Update.MinHealthyTime", "1000000000"},
        {"TaskGroups[0].Update.HealthyDeadline", "300000000000"},
        {"TaskGroups[0].Migrate.MaxParallel", "7"},
        {"TaskGroups[0].ReschedulePolicy.Attempts", "4"},
        {"TaskGroups[0].ReschedulePolicy.Unlimited", "false"},
        {"TaskGroups[0].Tasks[0].RestartPolicy.Attempts", "9"},
        {"TaskGroups[0].Tasks[0].RestartPolicy.Mode", "\"delay\""},
        {"TaskGroups[0].Tasks[0].RestartPolicy.Delay", "15000000000"},
        {"Migrate", "-"},
        {"Reschedule", "-"},
        {"Update.MaxParallel", "3"},
        {"Update.Canary", "0"},
    };
    CHECK(
        "job \"j\" {\n update {\n max_parallel = 3\n canary = 1\n auto_promote = true\n }\n"
        " migrate { max_parallel = 7 }\n reschedule {\n attempts = 4\n interval = \"1h\"\n }" GROUP(
            "update {\n canary = 2\n min_healthy_time = \"1s\"\n }\n"
            " restart {\n attempts = 9\n mode = \"delay\"\n }"),
        cases);
}

static void constraints_written_shorter(void **state)
{
    static const struct default_case cases[] = {
        {"Constraints[0].Operand", "\"=\""},
        {"Constraints[1].Operand", "\"version\""},
        {"Constraints[1].RTarget", "\">= 1.2\""},
        {"Constraints[2].Operand", "\"regexp\""},
        {"Constraints[2].RTarget", "\"^a\""},
        {"Constraints[3].Operand", "\"distinct_hosts\""},
        {"Constraints[4].Operand", "\"distinct_property\""},
        {"Constraints[4].LTarget", "\"${meta.rack}\""},
        {"Constraints[5].Operand", "\"set_contains\""},
        {"Affinities[0].Weight", "50"},
        {"Affinities[0].Operand", "\"=\""},
        {"Spreads[0].Weight", "50"},
    };
    CHECK("job \"j\" {\n"
          " constraint {\n attribute = \"${attr.a}\"\n value = \"x\"\n }\n"
          " constraint {\n attribute = \"${attr.a}\"\n version = \">= 1.2\"\n }\n"
          " constraint {\n attribute = \"${attr.a}\"\n regexp = \"^a\"\n }\n"
          " constraint { distinct_hosts = true }\n"
          " constraint { distinct_property = \"${meta.rack}\" }\n"
          " constraint {\n attribute = \"${attr.a}\"\n set_contains = \"x,y\"\n }\n"
          " affinity {\n attribute = \"${attr.a}\"\n value = \"x\"\n }\n"
          " spread { attribute = \"${node.datacenter}\" }" GROUP(""),
          cases);
}

static void ports_with_a_number_are_reserved(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].Networks[0].ReservedPorts[0].Label", "\"https\""},
        {"TaskGroups[0].Networks[0].ReservedPorts[0].Value", "443"},
        {"TaskGroups[0].Networks[0].ReservedPorts[1]", "-"},
        {"TaskGroups[0].Networks[0].DynamicPorts[0].Label", "\"http\""},
        {"TaskGroups[0].Networks[0].DynamicPorts[0].To", "8080"},
        {"TaskGroups[0].Networks[0].DynamicPorts[0].HostNetwork", "\"default\""},
        {"TaskGroups[0].Networks[0].DynamicPorts[1]", "-"},
    };
    CHECK("job \"j\" {" GROUP("network {\n port \"http\" { to = 8080 }\n"
                              " port \"https\" { static = 443 }\n }"),
          cases);
}

static void services_get_their_names(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].Services[0].Name", "\"j-g\""},
        {"TaskGroups[0].Services[0].AddressMode", "\"auto\""},
        {"TaskGroups[0].Services[0].Checks[0].Name", "\"service: \\\"j-g\\\" check\""},
        {"TaskGroups[0].Services[0].Checks[0].CheckRestart.Limit", "3"},
        {"TaskGroups[0].Services[0].Checks[0].CheckRestart.Grace", "1000000000"},
        {"TaskGroups[0].Services[1].Name", "\"j-x-g-${NOMAD_DC}\""},
        {"TaskGroups[0].Tasks[0].Services[0].Name", "\"j-g-t\""},
        {"TaskGroups[0].Tasks[0].Services[1].Name", "\"j-g-t-web\""},
    };
    CHECK("job \"j\" {\n group \"g\" {\n network { port \"p\" {} }\n"
          " service {\n port = \"p\"\n check_restart { limit = 3 }\n"
          " check {\n type = \"tcp\"\n interval = \"10s\"\n timeout = \"1s\"\n }\n }\n"
          " service { name = \"${JOB}-x-${TASKGROUP}-${NOMAD_DC}\" }\n"
          " task \"t\" {\n driver = \"raw_exec\"\n service {}\n"
          " service { name = \"${BASE}-web\" }\n }\n }\n}\n",
          cases);
}

static void blocks_of_tasks(void **state)
{
    static const struct default_case cases[] = {
        {"TaskGroups[0].Count", "2"},
        {"TaskGroups[0].Scaling.Max", "5"},
        {"TaskGroups[0].Scaling.Enabled", "true"},
        {"TaskGroups[0].Tasks[0].Templates[0].ChangeMode", "\"restart\""},
        {"TaskGroups[0].Tasks[0].Templates[0].Splay", "5000000000"},
        {"TaskGroups[0].Tasks[0].Templates[0].Perms", "\"0644\""},
        {"TaskGroups[0].Tasks[0].Templates[0].LeftDelim", "\"{{\""},
        {"TaskGroups[0].Tasks[0].Templates[1].ChangeSignal", "\"SIGHUP\""},
        {"TaskGroups[0].Tasks[0].Artifacts[0].RelativeDest", "\"local/\""},
        {"TaskGroups[0].Tasks[0].Artifacts[0].GetterMode", "\"any\""},
        {"TaskGroups[0].Tasks[0].Artifacts[1].RelativeDest", "\"local/x.tgz\""},
        {"TaskGroups[0].Tasks[0].Vault.Env", "true"},
        {"TaskGroups[0].Tasks[0].Vault.ChangeMode", "\"restart\""},
    };
    CHECK("job \"j\" {\n group \"g\" {\n scaling {\n min = 2\n max = 5\n }\n task \"t\" {\n"
          " template {\n data = \"x\"\n destination = \"local/x\"\n }\n"
          " template {\n data = \"x\"\n destination = \"local/y\"\n change_mode = \"signal\"\n"
          " change_signal = \"sighup\"\n }\n"
          " artifact { source = \"http://h/x.tgz\" }\n"
          " artifact {\n source = \"http://h/x.tgz\"\n mode = \"file\"\n }\n"
          " vault { policies = [\"p\"] }\n }\n }\n}\n",
          cases);
}

static void periodic_and_parameterized_jobs(void **state)
{
    static const struct default_case periodic[] = {
        {"Periodic.Enabled", "true"},
        {"Periodic.SpecType", "\"cron\""},
        {"Periodic.TimeZone", "\"UTC\""},
        {"Periodic.ProhibitOverlap", "false"},
    };
    static const struct default_case parameterized[] = {
        {"ParameterizedJob.Payload", "\"optional\""},
    };
    CHECK("job \"j\" {\n type = \"batch\"\n periodic { cron = \"@daily\" }" GROUP(""), periodic);
    CHECK("job \"j\" {\n type = \"batch\"\n parameterized {}" GROUP(""), parameterized);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_job),
        cmocka_unit_test(a_batch_job),
        cmocka_unit_test(a_system_job),
        cmocka_unit_test(what_the_job_says_its_groups_inherit),
        cmocka_unit_test(constraints_written_shorter),
        cmocka_unit_test(ports_with_a_number_are_reserved),
        cmocka_unit_test(services_get_their_names),
        cmocka_unit_test(blocks_of_tasks),
        cmocka_unit_test(periodic_and_parameterized_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
