/* Anti-entropy: the local agent is the truth for its node. */
#include "agent/base/str.h"
#include "discovery/local_impl.h"
#include "discovery/catalog_impl.h"
#include "test/unit/support/catalog_store.h"
#include "test/unit/support/local_node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

/* The full sync that comes every minute, now. */
static void sync_now(void)
{
    uv_timer_t *t = &local_node.agent->sync;
    uv_timer_start(t, t->timer_cb, 0, 0);
    local_node_turn(20);
}

static void wait_services(size_t n)
{
    for (int i = 0; i < 3000 && local_node_services() != n; i++)
        local_node_turn(10);
    assert_int_equal(n, local_node_services());
}

static void what_nobody_here_defined_goes(void **state)
{
    catalog_store_add_service(local_node.store, "stray", "stray", 80, "");
    catalog_store_add(local_node.store,
                      "{\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"},\"Checks\":[{"
                      "\"CheckID\":\"odd\",\"Name\":\"odd\",\"Status\":\"passing\"}]}");
    assert_int_equal(1, local_node_services());
    sync_now();
    wait_services(0);
    local_node_wait_status("odd", "");
    assert_string_equal("passing", local_node_status("serfHealth", NULL)); /* the server's own */
}

static void anothers_services_are_let_be(void **state)
{
    catalog_store_add(local_node.store,
                      "{\"Node\":{\"Node\":\"other\",\"Address\":\"10.0.0.9\"},\"Service\":{\"ID\":"
                      "\"far\",\"Service\":\"far\",\"Port\":80}}");
    struct store_txn *t;
    sync_now();
    local_node_turn(50);
    assert_int_equal(0, store_read(local_node.store, &t, NULL));
    struct catalog_services all;
    catalog_node_services(t, "other", &local_node.arena, &all);
    store_read_end(&t);
    assert_int_equal(1, all.n);
}

static void what_differs_is_written_again(void **state)
{
    local_node_service("{\"Name\":\"web\",\"Port\":80,\"Tags\":[\"v1\"],\"Check\":{\"TTL\":\"1h\","
                       "\"Status\":\"passing\"}}");
    local_node_settle();
    catalog_store_add_service(local_node.store, "web", "web", 9999, "spoilt");
    catalog_store_add(local_node.store,
                      "{\"Node\":{\"Node\":\"n1\",\"Address\":\"127.0.0.1\"},\"Checks\":[{"
                      "\"CheckID\":\"service:web\",\"Name\":\"x\",\"Status\":\"critical\","
                      "\"ServiceID\":\"web\",\"ServiceName\":\"web\"}]}");
    assert_string_equal("critical", local_node_status("service:web", NULL));
    sync_now();
    local_node_wait_status("service:web", "passing");
    struct store_txn *t;
    struct catalog_services all;
    assert_int_equal(0, store_read(local_node.store, &t, NULL));
    catalog_node_services(t, "n1", &local_node.arena, &all);
    store_read_end(&t);
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].id, "web"))
            assert_int_equal(80, all.items[i].port);
}

/* What is the same moves no index: nobody who waits is woken. */
static void a_sync_without_news_writes_nothing(void **state)
{
    struct store_stats before, after;
    local_node_service("{\"Name\":\"web\",\"Port\":80,\"Check\":{\"TTL\":\"1h\"}}");
    local_node_check("{\"Name\":\"disk\",\"TTL\":\"1h\"}");
    local_node_settle();
    sync_now(); /* outputs and the like */
    local_node_turn(100);
    store_stats(local_node.store, &before);
    sync_now();
    local_node_turn(100);
    store_stats(local_node.store, &after);
    assert_int_equal(before.applied, after.applied);
}

struct told {
    bool barrier, done;
};
static struct told told;
static void (*barrier_cb)(void *arg);
static void *barrier_arg;

static void wait_for_readers(void *ctx, log_index index, void (*cb)(void *arg), void *arg)
{
    told.barrier = true;
    barrier_cb = cb;
    barrier_arg = arg;
}
static void on_gone(void *arg, int status, const struct err *e)
{
    told.done = true;
}

/* A deregistration is over when nobody routes by the service any more, not sooner. */
static void a_deregistration_waits_for_the_readers(void **state)
{
    told = (struct told){false, false};
    local_node_service("{\"Name\":\"web\",\"Port\":80}");
    local_node_settle();
    local_set_barrier(local_node.agent, wait_for_readers, NULL);
    assert_int_equal(0, local_service_deregister(local_node.agent, "web", on_gone, NULL, NULL));
    for (int i = 0; i < 3000 && !told.barrier; i++)
        local_node_turn(1);
    assert_true(told.barrier);
    local_node_turn(20);
    assert_false(told.done);
    barrier_cb(barrier_arg);
    assert_true(told.done);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, local_node_start, local_node_stop)
    const struct CMUnitTest tests[] = {
        T(what_nobody_here_defined_goes),          T(anothers_services_are_let_be),
        T(what_differs_is_written_again),          T(a_sync_without_news_writes_nothing),
        T(a_deregistration_waits_for_the_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
