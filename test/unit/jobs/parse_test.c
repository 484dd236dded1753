/* Job files to jobs: the users' files, the language case by case, mistakes and their texts. */
#include "agent/base/file.h"
#include "jobs/cluster.h"
#include "jobs/job.h"
#include "test/unit/support/recgen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct arena *a, struct job **j, struct job_mistakes *m)
{
    *m = (struct job_mistakes){.arena = a};
    return job_parse_hcl("input.hcl", text, strlen(text), a, j, m);
}

static void every_example_is_a_valid_job(void **state)
{
    DIR *d = opendir("jobs/examples");
    struct dirent *e;
    int n = 0;
    while ((e = readdir(d))) {
        if (!strstr(e->d_name, ".hcl"))
            continue;
        char path[400];
        snprintf(path, sizeof(path), "jobs/examples/%s", e->d_name);
        struct arena a = ARENA_INIT;
        struct buf text = BUF_INIT, json = BUF_INIT, again = BUF_INIT;
        struct job_mistakes m = {.arena = &a}, w = {.arena = &a};
        struct job *j, *k;
        struct err err = ERR_INIT;
        assert_int_equal(0, file_read(path, 1 << 20, &text, &err));
        if (job_parse_hcl(path, text.data, text.len, &a, &j, &m))
            fail_msg("%s", m.items[0].text);
        job_canonicalize(j, &a);
        bool refused = strstr(path, "secrets.hcl") != NULL; /* there is no Vault here */
        if (job_validate(j, &m, &w) && !refused)
            fail_msg("%s: %s", path, m.items[0].text);
        assert_int_equal(refused, m.n > 0);
        rec_json_write(&job_desc, j, &json); /* and through JSON it is the same job */
        json_t *tree = json_loadb(json.data, json.len, 0, NULL);
        assert_int_equal(0, job_parse_json(tree, &a, &k, &err));
        job_canonicalize(k, &a);
        assert_true(job_spec_equal(j, k));
        rec_json_write(&job_desc, k, &again);
        assert_string_equal(json.data, again.data);
        json_decref(tree);
        buf_fini(&text);
        buf_fini(&json);
        buf_fini(&again);
        arena_fini(&a);
        n++;
    }
    closedir(d);
    assert_true(n >= 20);
}

/* What the two have in common must be the same; keys only one side has are listed by the caller. */
static void compare(const json_t *want, json_t *got, const char *path)
{
    char inner[512];
    if (json_is_object(want) && json_is_object(got)) {
        const char *key;
        json_t *v;
        json_object_foreach((json_t *)(uintptr_t)want, key, v)
        {
            static const char *const server_sets[] = {
                "Id", "Migrate", "Reschedule", "SubmitTime", "HostNetwork", "Update", "Name"};
            bool skip = false;
            for (size_t i = 0; i < 6; i++)
                skip |= !strcmp(server_sets[i], key);
            json_t *mine = json_object_get(got, key);
            snprintf(inner, sizeof(inner), "%s.%s", path, key);
            if (skip || (!mine && json_is_null(v)))
                continue;
            if (strstr(path, "Checks") && !strcmp(key, "Name"))
                continue; /* the check's default name is the server's doing */
            if (!mine)
                fail_msg("%s is missing", inner);
            compare(v, mine, inner);
        }
    } else if (json_is_array(want) && json_is_array(got)) {
        assert_int_equal(json_array_size(want), json_array_size(got));
        for (size_t i = 0; i < json_array_size(want); i++) {
            snprintf(inner, sizeof(inner), "%s[%zu]", path, i);
            compare(json_array_get(want, i), json_array_get(got, i), inner);
        }
    } else if (!json_equal(want, got) && !(json_is_null(want) && (json_integer_value(got) == 0))) {
        char *x = json_dumps(want, JSON_ENCODE_ANY), *y = json_dumps(got, JSON_ENCODE_ANY);
        fail_msg("%s: want %s, got %s", path, x, y);
    }
}

static void defaults_are_the_peers(void **state)
{
    struct arena a = ARENA_INIT;
    struct job *j;
    struct job_mistakes m;
    struct buf b = BUF_INIT;
    assert_int_equal(
        0, parse("job \"sink/one\" {\n datacenters = [\"dc1\"]\n meta { a = \"1\" }\n"
                 " group \"g\" {\n count = 2\n  shutdown_delay = \"2s\"\n"
                 "  network { port \"http\" { to = 8080 } }\n"
                 "  task \"t1\" {\n driver = \"raw_exec\"\n   config { command = \"/bin/sh\" }\n"
                 "   resources { cpu = 10 }\n } } }",
                 &a, &j, &m));
    job_canonicalize(j, &a);
    job_canonicalize(j, &a); /* idempotent */
    rec_json_write(&job_desc, j, &b);
    json_t *got = json_loadb(b.data, b.len, 0, NULL);
    static const char want[] =
        "{\"Type\":\"service\",\"Priority\":50,\"Region\":\"global\",\"Namespace\":\"default\","
        "\"Meta\":{\"a\":\"1\"},\"Constraints\":null,"
        "\"TaskGroups\":[{\"Count\":2,\"ShutdownDelay\":2000000000,\"StopAfterClientDisconnect\":"
        "null,"
        "\"RestartPolicy\":{\"Attempts\":2,\"Interval\":1800000000000,\"Delay\":15000000000,"
        "\"Mode\":\"fail\"},"
        "\"ReschedulePolicy\":{\"Attempts\":0,\"Interval\":0,\"Delay\":30000000000,"
        "\"DelayFunction\":\"exponential\",\"MaxDelay\":3600000000000,\"Unlimited\":true},"
        "\"EphemeralDisk\":{\"Sticky\":false,\"SizeMB\":300,\"Migrate\":false},"
        "\"Networks\":[{\"Mode\":\"\",\"MBits\":0,\"DNS\":null,\"ReservedPorts\":null,"
        "\"DynamicPorts\":[{\"Label\":\"http\",\"Value\":0,\"To\":8080}]}],"
        "\"Tasks\":[{\"Config\":{\"command\":\"/bin/sh\"},\"KillTimeout\":5000000000,"
        "\"LogConfig\":{\"MaxFiles\":10,\"MaxFileSizeMB\":10},"
        "\"Resources\":{\"CPU\":10,\"MemoryMB\":300,\"DiskMB\":0,\"IOPS\":0,\"Networks\":null,"
        "\"Devices\":null}}]}]}";
    json_t *tree = json_loads(want, 0, NULL);
    assert_non_null(tree);
    compare(tree, got, "Job");
    json_decref(tree);
    json_decref(got);
    buf_fini(&b);
    arena_fini(&a);
}

/* A file that uses every block, and what the real program makes of it. */
static void the_kitchen_sink_is_understood(void **state)
{
    struct arena a = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct job_mistakes m = {.arena = &a};
    struct job *j = NULL;
    assert_int_equal(0, file_read("test/unit/jobs/data/sink.nomad", 1 << 20, &text, NULL));
    int rv = job_parse_hcl("sink.nomad", text.data, text.len, &a, &j, &m);
    for (size_t i = 0; i < m.n; i++) /* variables, dynamic blocks and functions are not there yet */
        if (!strstr(m.items[i].text, "variable") && !strstr(m.items[i].text, "local") &&
            !strstr(m.items[i].text, "dynamic") && !strstr(m.items[i].text, "function") &&
            !strstr(m.items[i].text, "Unsuitable value type") &&
            !strstr(m.items[i].text, "directive") && !strstr(m.items[i].text, "Call to unknown"))
            fail_msg("%s", m.items[i].text);
    assert_true(rv == 0 || m.n > 0);
    assert_non_null(j);
    assert_string_equal("sink/one", j->id);
    assert_int_equal(70, j->affinities.items[0].weight);
    assert_string_equal("dc1", j->spreads.items[0].targets.items[0].value);
    buf_fini(&text);
    arena_fini(&a);
}

static const char *config_of(const char *body, struct arena *a, struct job_mistakes *m)
{
    struct job *j;
    char *text = arena_printf(
        a, "job \"x\" {\n group \"g\" {\n task \"t\" {\n config {\n%s\n}\n}\n}\n}\n", body);
    return parse(text, a, &j, m) ? NULL : j->groups.items[0].tasks.items[0].config;
}

static void the_language_case_by_case(void **state)
{
    static const struct {
        const char *body, *json;
    } cases[] = {
        {"a = 1", "{\"a\":1}"},
        {"a = 1.5", "{\"a\":1.5}"},
        {"a = 1e3", "{\"a\":1000}"},
        {"a = true\nb = false\nc = null", "{\"a\":true,\"b\":false,\"c\":null}"},
        {"a = \"x\\ty\\u00e9\\\"\"", "{\"a\":\"x\\ty\xc3\xa9\\\"\"}"},
        {"a = [1, \"b\", [true],]", "{\"a\":[1,\"b\",[true]]}"},
        {"a = [\n 1,\n # why\n 2\n]", "{\"a\":[1,2]}"},
        {"a = {k = 1, \"l m\": 2}", "{\"a\":[{\"k\":1,\"l m\":2}]}"},
        {"a = {\n k = 1\n l = 2\n}", "{\"a\":[{\"k\":1,\"l\":2}]}"},
        {"b { k = \"v\" }", "{\"b\":[{\"k\":\"v\"}]}"},
        {"b \"l1\" { k = 1 }", "{\"b\":[{\"l1\":[{\"k\":1}]}]}"},
        {"b { k = 1 }\nb { k = 2 }", "{\"b\":[{\"k\":1},{\"k\":2}]}"},
        {"b { k = 1 l = 2 m { n = 3 } }", "{\"b\":[{\"k\":1,\"l\":2,\"m\":[{\"n\":3}]}]}"},
        {"a = 1 + 2 * 3", "{\"a\":7}"},
        {"a = (1 + 2) * 3", "{\"a\":9}"},
        {"a = 7 % 4 - 1 / 2", "{\"a\":2.5}"},
        {"a = 1 < 2 && !(3 >= 4) || false", "{\"a\":true}"},
        {"a = 1 == 1 ? \"y\" : \"n\"", "{\"a\":\"y\"}"},
        {"a = -3", "{\"a\":-3}"},
        {"a = \"n=${1 + 1}\"", "{\"a\":\"n=2\"}"},
        {"a = \"${true}\"", "{\"a\":true}"},
        {"a = [1,2,3][1]", "{\"a\":2}"},
        {"a = {k = 5}.k", "{\"a\":5}"},
        {"a = \":${NOMAD_PORT_http}\"", "{\"a\":\":${NOMAD_PORT_http}\"}"},
        {"a = \"${attr.kernel.name} ${meta[\"x\"]} ${env[\"HOME\"]}\"",
         "{\"a\":\"${attr.kernel.name} ${meta[\\\"x\\\"]} ${env[\\\"HOME\\\"]}\"}"},
        {"a = attr.kernel.name", "{\"a\":\"${attr.kernel.name}\"}"},
        {"a = \"$${x} %%{y}\"", "{\"a\":\"${x} %{y}\"}"},
        {"a = \"{{ key }}\"", "{\"a\":\"{{ key }}\"}"},
        {"a = <<EOT\nline ${NOMAD_X}\n  two\nEOT\nb = 1",
         "{\"a\":\"line ${NOMAD_X}\\n  two\\n\",\"b\":1}"},
        {"a = <<-EOT\n    one\n      two\n    EOT\n", "{\"a\":\"one\\n  two\\n\"}"},
        {"a = <<EOT\nEOT\n", "{\"a\":\"\"}"},
        {"# c\n// d\n/* e\n f */ a = 1 # g", "{\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m;
        const char *json = config_of(cases[i].body, &a, &m);
        if (!json)
            fail_msg("%s: %s", cases[i].body, m.items[0].text);
        assert_string_equal(cases[i].json, json);
        arena_fini(&a);
    }
}

static void mistakes_say_where_and_what(void **state)
{
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "input.hcl:1,1-1: Missing job block; A job block is required"},
        {"job \"a\" {\n  bogus = 1\n}", "input.hcl:2,3-8: Unsupported argument; An argument named "
                                        "\"bogus\" is not expected here."},
        {"job \"a\" {\n  datacenter = [\"x\"]\n}",
         "input.hcl:2,3-13: Unsupported argument; An argument named \"datacenter\" is not expected "
         "here. "
         "Did you mean \"datacenters\"?"},
        {"job \"a\" {\n  update {}\n  update {}\n}",
         "input.hcl:3,3-9: Duplicate update block; Only one update block is allowed. Another was "
         "defined "
         "at input.hcl:2,3-9."},
        {"job \"a\" {\n  priority = \"high\"\n}",
         "input.hcl:2,14-20: Unsuitable value type; Unsuitable value: a number is required"},
        {"job \"a\" {\n  group {}\n}",
         "input.hcl:2,3-8: Missing name for group; All group blocks must have 1 labels (name)."},
        {"job \"a\" {\n  update { stagger = \"soon\" }\n}",
         "input.hcl:2,22-28: Unsuitable value type; Unsuitable duration value: time: invalid "
         "duration "
         "\"soon\""},
        {"job \"a\" {\n  name = \"x\n}",
         "input.hcl:2,12-3,1: Invalid multi-line string; Quoted strings may not be split over "
         "multiple "
         "lines. To produce a multi-line string, either use the \\n escape to represent a newline "
         "character or use the \"heredoc\" multi-line template syntax."},
        {"job \"a\" {\n  name = uper(\"x\")\n}",
         "input.hcl:2,10-14: Call to unknown function; There is no function named \"uper\". "
         "Did you mean \"upper\"?"},
        {"job \"a\" {\n  name = 1 +\n}", NULL},
        {"job \"a\" {",
         "input.hcl:1,9-10: Unclosed configuration block; There is no closing brace for "
         "this block before the end of the file. This may be caused by incorrect brace "
         "nesting elsewhere in this file."},
        {"task \"a\" {}",
         "input.hcl:1,1-5: Unsupported block type; Blocks of type \"task\" are not "
         "expected here."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct job_mistakes m;
        struct job *j;
        assert_int_equal(ERR_INVALID, parse(cases[i].text, &a, &j, &m));
        assert_true(m.n >= 1);
        if (cases[i].mistake)
            assert_string_equal(cases[i].mistake, m.items[0].text);
        arena_fini(&a);
    }
}

static void all_mistakes_are_told_with_their_lines(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m;
    struct job *j;
    parse("job \"a\" {\n  bogus = 1\n  group \"g\" {\n    cuont = 2\n  }\n}", &a, &j, &m);
    assert_int_equal(2, m.n);
    assert_string_equal("   4 |     cuont = 2\n     |     ^^^^^", m.items[1].snippet);
    assert_non_null(strstr(m.items[1].text, "Did you mean \"count\"?"));
    arena_fini(&a);
}

static void deep_nesting_is_refused(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m;
    struct job *j;
    struct buf b = BUF_INIT;
    buf_str_add(&b, "job \"a\" { name = ");
    for (int i = 0; i < 100000; i++)
        buf_char(&b, i % 2 ? '(' : '[');
    assert_int_equal(ERR_INVALID, parse(b.data, &a, &j, &m));
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_str_add(&b, "a {");
    assert_int_equal(ERR_INVALID, parse(b.data, &a, &j, &m));
    buf_fini(&b);
    arena_fini(&a);
}

static void validation_tells_all_at_once(void **state)
{
    struct arena a = ARENA_INIT;
    struct job_mistakes m, w = {.arena = &a};
    struct job *j;
    struct buf b = BUF_INIT;
    assert_int_equal(0, parse("job \"a b\" {\n priority = 101\n group \"g\" {\n  count = 1\n"
                              "  task \"t\" {\n   resources { memory = 5 }\n   service { port = "
                              "\"web\" name = \"x_y\" }\n"
                              "  }\n }\n}",
                              &a, &j, &m));
    job_canonicalize(j, &a);
    assert_int_equal(ERR_INVALID, job_validate(j, &m, &w));
    job_mistakes_write(&m, &b);
    static const char *const texts[] = {
        "4 errors occurred:\n\t* Job ID contains a space\n\t* Job priority must be between [1, "
        "100]\n"
        "\t* Missing job datacenters\n\t* Task group g validation failed: 1 error occurred:\n",
        "Missing task driver", "minimum MemoryMB value is 10; got 5",
        "port label \"web\" referenced by services x_y does not exist",
        "Service name must be valid per RFC 1123"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!strstr(b.data, texts[i]))
            fail_msg("not told: %s\nin: %s", texts[i], b.data);
    buf_fini(&b);
    arena_fini(&a);
}

static void records_survive_their_encodings(void **state)
{
    recgen_check(&job_desc, 10, 7);
    recgen_check(&allocation_desc, 30, 8);
    recgen_check(&node_desc, 30, 9);
    recgen_check(&evaluation_desc, 30, 10);
    recgen_check(&deployment_desc, 30, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_is_a_valid_job),
        cmocka_unit_test(defaults_are_the_peers),
        cmocka_unit_test(the_kitchen_sink_is_understood),
        cmocka_unit_test(the_language_case_by_case),
        cmocka_unit_test(mistakes_say_where_and_what),
        cmocka_unit_test(all_mistakes_are_told_with_their_lines),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(validation_tells_all_at_once),
        cmocka_unit_test(records_survive_their_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
