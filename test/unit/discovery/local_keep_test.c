/* Definitions over a restart of the agent. */
#include "discovery/local_impl.h"
#include "agent/base/file.h"
#include "test/unit/support/local_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/stat.h>

static void what_was_registered_is_there_again(void **state)
{
    assert_int_equal(0, local_node_service("{\"Name\":\"web\",\"Port\":80,\"Check\":{\"TTL\":"
                                           "\"1h\"}}"));
    assert_int_equal(0, local_node_check("{\"Name\":\"disk\",\"TTL\":\"1h\"}"));
    assert_int_equal(0, local_node_check("{\"Name\":\"extra\",\"TTL\":\"1h\",\"ServiceID\":"
                                         "\"web\"}"));
    local_node_settle();
    local_node_restart();
    struct local_service *s = local_service_find(local_node.agent, "web");
    assert_non_null(s);
    assert_int_equal(80, s->def.port);
    assert_non_null(local_check_find(local_node.agent, "service:web"));
    assert_non_null(local_check_find(local_node.agent, "disk"));
    struct local_check *extra = local_check_find(local_node.agent, "extra");
    assert_non_null(extra);
    assert_string_equal("web", extra->def.service_id);
}

static void what_was_deregistered_is_not(void **state)
{
    local_node_service("{\"Name\":\"web\",\"Check\":{\"TTL\":\"1h\"}}");
    local_node_check("{\"Name\":\"disk\",\"TTL\":\"1h\"}");
    local_node_settle();
    assert_int_equal(0, local_service_deregister(local_node.agent, "web", NULL, NULL, NULL));
    assert_int_equal(0, local_check_deregister(local_node.agent, "disk", NULL, NULL, NULL));
    local_node_wait_status("disk", "");
    local_node_restart();
    assert_null(local_service_find(local_node.agent, "web"));
    assert_null(local_check_find(local_node.agent, "service:web"));
    assert_null(local_check_find(local_node.agent, "disk"));
}

/* An allocation's services are the client's to register again. */
static void the_clients_own_are_not_kept(void **state)
{
    local_node_service("{\"Name\":\"web\",\"ID\":\"_nomad-task-x-web\"}");
    local_node_settle();
    local_node_restart();
    assert_null(local_service_find(local_node.agent, "_nomad-task-x-web"));
}

static void the_file_is_private_and_a_spoilt_one_no_end(void **state)
{
    char path[128];
    struct stat st;
    struct err e = ERR_INIT;
    local_node_service("{\"Name\":\"web\",\"Token\":\"secret\"}");
    local_node_settle();
    snprintf(path, sizeof(path), "%s/services", local_node.data_dir);
    assert_int_equal(0, stat(path, &st));
    assert_int_equal(0600, st.st_mode & 0777);
    assert_int_equal(0, file_write_atomic(path, "\xff\xff\xff", 3, 0600, &e));
    local_node_restart();
    assert_null(local_service_find(local_node.agent, "web"));
    assert_int_equal(0, local_node_service("{\"Name\":\"db\"}"));
    local_node_settle();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, local_node_start, local_node_stop)
    const struct CMUnitTest tests[] = {
        T(what_was_registered_is_there_again),
        T(what_was_deregistered_is_not),
        T(the_clients_own_are_not_kept),
        T(the_file_is_private_and_a_spoilt_one_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
