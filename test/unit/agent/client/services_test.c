/* What an allocation's services are called at the local agent. */
#include "agent/client/client_impl.h"
#include "test/unit/support/task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void ids_name_allocation_task_service_and_port(void **state)
{
    struct arena a = ARENA_INIT;
    const char **ids;
    const struct task_runner *t = test_task();
    assert_int_equal(1, services_ids(t->alloc, t, &a, &ids));
    assert_string_equal("_nomad-task-0363bef9-cf86-c166-16d9-b5ba9435f236-server-api-http", ids[0]);
    assert_int_equal(1, services_ids(t->alloc, NULL, &a, &ids));
    assert_string_equal("_nomad-task-0363bef9-cf86-c166-16d9-b5ba9435f236-group-web-front-http",
                        ids[0]);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_name_allocation_task_service_and_port),
    };
    int rv = cmocka_run_group_tests(tests, NULL, NULL);
    test_task_free();
    return rv;
}
