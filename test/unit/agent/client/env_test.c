/* A task's environment and what is put into its configuration. */
#include "agent/client/client_impl.h"
#include "test/unit/support/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void variables_are_the_peers(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"NOMAD_ALLOC_DIR", "/data/a1/alloc"},
        {"NOMAD_TASK_DIR", "/data/a1/server/local"},
        {"NOMAD_SECRETS_DIR", "/data/a1/server/secrets"},
        {"NOMAD_ALLOC_ID", "0363bef9-cf86-c166-16d9-b5ba9435f236"},
        {"NOMAD_SHORT_ALLOC_ID", "0363bef9"},
        {"NOMAD_ALLOC_NAME", "shop.web[2]"},
        {"NOMAD_ALLOC_INDEX", "2"},
        {"NOMAD_TASK_NAME", "server"},
        {"NOMAD_GROUP_NAME", "web"},
        {"NOMAD_JOB_ID", "shop"},
        {"NOMAD_JOB_NAME", "The Shop"},
        {"NOMAD_DC", "dc1"},
        {"NOMAD_REGION", "global"},
        {"NOMAD_NAMESPACE", "default"},
        {"NOMAD_CPU_LIMIT", "250"},
        {"NOMAD_MEMORY_LIMIT", "64"},
        {"NOMAD_PORT_http", "8080"}, /* what it maps to */
        {"NOMAD_HOST_PORT_http", "23456"},
        {"NOMAD_ALLOC_PORT_http", "8080"},
        {"NOMAD_IP_http", "10.0.0.7"},
        {"NOMAD_ADDR_http", "10.0.0.7:23456"},
        {"NOMAD_HOST_ADDR_http", "10.0.0.7:23456"},
        {"NOMAD_META_who", "task"}, /* the task's own wins */
        {"NOMAD_META_WHO", "task"},
        {"NOMAD_META_from_job", "j"},
        {"NOMAD_META_FROM_JOB", "j"},
        {"GREETING", "hello from 23456 on n7, linux, rack r1"},
        {"DOLLAR", "${UNKNOWN} stays"},
    };
    struct arena a = ARENA_INIT;
    struct task_env e;
    task_env_build(&e, test_task(), &a);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *value = rec_str_map_get(&e.vars, cases[i].name);
        if (!value || strcmp(value, cases[i].value))
            fail_msg("%s is %s instead of %s", cases[i].name, value ? value : "not there",
                     cases[i].value);
    }
    arena_fini(&a);
}

static void texts_are_filled_in(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"plain", "plain"},
        {"${NOMAD_PORT_http}", "8080"},
        {"-p=${NOMAD_HOST_PORT_http}!", "-p=23456!"},
        {"${env[\"NOMAD_DC\"]}", "dc1"},
        {"${env.NOMAD_DC}", "dc1"},
        {"${attr.kernel.name}", "linux"},
        {"${meta.rack}", "r1"},
        {"${meta[\"rack\"]}", "r1"},
        {"${node.unique.id}", "11111111-2222-4333-8444-555555555555"},
        {"${node.unique.name}", "n7"},
        {"${node.datacenter}", "dc1"},
        {"${node.class}", "big"},
        {"${node.region}", "global"},
        {"${attr.no.such}", "${attr.no.such}"},
        {"${unclosed", "${unclosed"},
        {"$ {x} $$ {", "$ {x} $$ {"},
        {"${}", "${}"},
        {"", ""},
    };
    struct arena a = ARENA_INIT;
    struct task_env e;
    task_env_build(&e, test_task(), &a);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(cases[i].want, task_env_expand(&e, cases[i].text));
    assert_string_equal("", task_env_expand(&e, NULL));
    arena_fini(&a);
}

static void ports_are_found_by_label(void **state)
{
    char *ip;
    int64_t port;
    const struct alloc_runner *r = test_task()->alloc;
    assert_true(alloc_port_find(r, "server", "http", &ip, &port));
    assert_string_equal("10.0.0.7", ip);
    assert_int_equal(23456, port);
    assert_false(alloc_port_find(r, "server", "ftp", &ip, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_are_the_peers),
        cmocka_unit_test(texts_are_filled_in),
        cmocka_unit_test(ports_are_found_by_label),
    };
    int rv = cmocka_run_group_tests(tests, NULL, NULL);
    test_task_free();
    return rv;
}
