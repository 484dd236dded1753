/* Calls from another thread: answered on that thread's loop. */
#include "discovery/local_impl.h"
#include "test/unit/support/local_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct caller { /* a thread with a loop of its own, as the client has */
    struct loop loop;
    pthread_t thread;
    int step, statuses[4];
    struct local_service_status seen;
    enum catalog_health checks[3];
    atomic_bool done;
};

static void next_step(void *arg, int status, const struct err *e);

static void on_status(void *arg, const struct local_service_status *s)
{
    struct caller *c = arg;
    c->seen = *s;
    next_step(c, 0, NULL);
}

static void on_checks(void *arg, const enum catalog_health *statuses, size_t n)
{
    struct caller *c = arg;
    assert_int_equal(3, n);
    memcpy(c->checks, statuses, sizeof(c->checks));
    next_step(c, 0, NULL);
}

/* Registers, asks how it stands, deregisters it with one that nobody knows. */
static void next_step(void *arg, int status, const struct err *e)
{
    static const char *const ids[] = {"_nomad-task-a-web", "_nomad-task-unknown"};
    static const char *const checks[] = {"good", "unknown", "bad"};
    struct caller *c = arg;
    assert_true(pthread_equal(pthread_self(), c->thread));
    c->statuses[c->step++] = status;
    if (c->step == 1)
        local_service_status_post(local_node.agent, &c->loop, ids[0], on_status, c);
    else if (c->step == 2)
        local_checks_status_post(local_node.agent, &c->loop, checks, 3, on_checks, c);
    else if (c->step == 3)
        local_services_deregister_post(local_node.agent, &c->loop, ids, 2, next_step, c);
    else
        loop_stop(&c->loop);
}

static void *call_from_here(void *arg)
{
    struct caller *c = arg;
    struct arena a = ARENA_INIT;
    struct service_definition d;
    struct err e = ERR_INIT;
    static const char json[] =
        "{\"Name\":\"web\",\"ID\":\"_nomad-task-a-web\",\"Port\":80,"
        "\"Checks\":[{\"CheckID\":\"good\",\"TTL\":\"1h\",\"Status\":\"passing\"},"
        "{\"CheckID\":\"bad\",\"TTL\":\"1h\"}]}";
    c->thread = pthread_self();
    rec_init(&service_definition_desc, &d);
    rec_json_parse(&service_definition_desc, json, strlen(json), 0, &a, &d, &e);
    local_service_register_post(local_node.agent, &c->loop, &d, next_step, c);
    arena_fini(&a); /* the definition was copied */
    loop_run(&c->loop);
    c->done = true;
    return NULL;
}

static void answers_come_on_the_callers_loop(void **state)
{
    struct caller c = {.step = 0};
    pthread_t t;
    loop_init(&c.loop);
    assert_int_equal(0, pthread_create(&t, NULL, call_from_here, &c));
    for (int i = 0; i < 30000 && !c.done; i++)
        local_node_turn(1);
    assert_true(c.done);
    pthread_join(t, NULL);
    assert_int_equal(4, c.step);
    for (int i = 0; i < 4; i++)
        assert_int_equal(0, c.statuses[i]);
    assert_true(c.seen.registered);
    assert_int_equal(2, c.seen.checks);
    assert_int_equal(1, c.seen.passing);
    assert_int_equal(CATALOG_PASSING, c.checks[0]);
    assert_int_equal(CATALOG_PASSING, c.checks[1]); /* nobody complains of it */
    assert_int_equal(CATALOG_CRITICAL, c.checks[2]);
    assert_int_equal(0, local_node_services());
    loop_close(&c.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_come_on_the_callers_loop, local_node_start,
                                        local_node_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
