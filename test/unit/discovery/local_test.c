/* The local agent: definitions, what is refused, and what the catalog then has. */
#include "agent/base/str.h"
#include "discovery/local_impl.h"
#include "test/unit/support/catalog_store.h"
#include "test/unit/support/local_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct catalog_service in_catalog(const char *id)
{
    struct store_txn *t;
    struct catalog_services all;
    struct catalog_service found = {.id = NULL};
    assert_int_equal(0, store_read(local_node.store, &t, NULL));
    catalog_node_services(t, "n1", &local_node.arena, &all);
    store_read_end(&t);
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].id, id))
            found = all.items[i];
    return found;
}

static void the_node_registers_itself(void **state)
{
    const char *output = "";
    assert_string_equal("consul", in_catalog("consul").service);
    assert_int_equal(8300, in_catalog("consul").port);
    assert_string_equal("passing", local_node_status("serfHealth", &output));
    assert_string_equal("Agent alive and reachable", output);
}

static void a_service_and_its_checks_are_one_change(void **state)
{
    assert_int_equal(0, local_node_service("{\"Name\":\"web\",\"ID\":\"web1\",\"Port\":80,\"Tags\":"
                                           "[\"v1\"],\"Checks\":[{\"TTL\":\"1h\"},{\"CheckID\":"
                                           "\"own\",\"Name\":\"mine\",\"TTL\":\"1h\","
                                           "\"Status\":\"passing\"}]}"));
    local_node_settle();
    struct catalog_service s = in_catalog("web1");
    assert_string_equal("web", s.service);
    assert_int_equal(80, s.port);
    assert_string_equal("v1", s.tags.items[0]);
    assert_int_equal(1, s.weights.passing); /* the default */
    assert_string_equal("critical", local_node_status("service:web1:1", NULL));
    assert_string_equal("passing", local_node_status("own", NULL));
    assert_int_equal(0, local_service_deregister(local_node.agent, "web1", NULL, NULL, NULL));
    local_node_wait_status("own", "");
    assert_int_equal(0, local_node_services());
}

static void ids_and_names_have_defaults(void **state)
{
    assert_int_equal(0, local_node_service("{\"Name\":\"db\",\"Check\":{\"TTL\":\"1h\"}}"));
    local_node_settle();
    assert_non_null(in_catalog("db").id);
    assert_string_equal("critical", local_node_status("service:db", NULL));
    struct local_check *c = local_check_find(local_node.agent, "service:db");
    assert_string_equal("Service 'db' check", c->def.name);
}

static void what_is_wrong_is_refused_whole(void **state)
{
    static const struct {
        const char *json, *text;
    } services[] = {
        {"{}", "Missing service name"},
        {"{\"Name\":\"x\",\"Check\":{}}", "Invalid check: TTL must be > 0 for TTL checks"},
        {"{\"Name\":\"x\",\"Check\":{\"HTTP\":\"http://h/\"}}",
         "Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or TCP checks"},
        {"{\"Name\":\"x\",\"Check\":{\"TTL\":\"1s\",\"Interval\":\"1s\",\"TCP\":\"h:1\"}}",
         "Invalid check: Interval and TTL cannot both be specified"},
        {"{\"Name\":\"x\",\"Checks\":[{\"TTL\":\"1s\"},{\"TTL\":\"1s\",\"Status\":\"odd\"}]}",
         "Invalid check: Status for checks must 'passing', 'warning', 'critical'"},
        {"{\"Name\":\"x\",\"Check\":{\"TTL\":\"1s\",\"FailuresBeforeWarning\":3}}",
         "Invalid check: FailuresBeforeWarning can't be higher than FailuresBeforeCritical"},
        {"{\"Name\":\"x\",\"Check\":{\"TTL\":\"1s\",\"OutputMaxSize\":-1}}",
         "Invalid check: MaxOutputMaxSize must be positive"},
        {"{\"Name\":\"x\",\"Check\":{\"AliasService\":\"y\"}}",
         "Invalid check: Alias checks are not run by this agent; use HTTP, TCP, Script or TTL"},
    };
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        assert_int_equal(ERR_INVALID, local_node_service(services[i].json));
        assert_string_equal(services[i].text, local_node_error.text);
    }
    assert_int_equal(0, local_node_services());
    assert_int_not_equal(0, local_node_check("{\"TTL\":\"1s\"}"));
    assert_string_equal("Missing check name", local_node_error.text);
    assert_int_not_equal(0,
                         local_node_check("{\"Name\":\"c\",\"TTL\":\"1s\",\"ServiceID\":\"no\"}"));
    assert_string_equal("ServiceID \"no\" does not exist", local_node_error.text);
    struct err e = ERR_INIT;
    assert_int_equal(ERR_NOT_FOUND,
                     local_service_deregister(local_node.agent, "no", NULL, NULL, &e));
    assert_non_null(strstr(e.text, "Unknown service ID \"no\""));
    assert_int_equal(ERR_NOT_FOUND, local_check_deregister(local_node.agent, "no", NULL, NULL, &e));
    assert_string_equal("Unknown check ID \"no\"", e.text);
}

static void a_known_check_keeps_how_it_stands(void **state)
{
    static const char *const json =
        "{\"Name\":\"web\",\"Check\":{\"TTL\":\"1h\",\"Status\":\"critical\"}}";
    struct err e = ERR_INIT;
    assert_int_equal(0, local_node_service(json));
    assert_int_equal(0, local_check_update(local_node.agent, "service:web", CATALOG_PASSING, "up",
                                           NULL, NULL, &e));
    local_node_wait_status("service:web", "passing");
    assert_int_equal(0, local_node_service(json));
    local_node_settle();
    assert_string_equal("passing", local_node_status("service:web", NULL));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, local_node_start, local_node_stop)
    const struct CMUnitTest tests[] = {
        T(the_node_registers_itself),         T(a_service_and_its_checks_are_one_change),
        T(ids_and_names_have_defaults),       T(what_is_wrong_is_refused_whole),
        T(a_known_check_keeps_how_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
