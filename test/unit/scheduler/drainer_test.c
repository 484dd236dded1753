#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define A (&cluster.arena)

/* Tells the servers that all that runs is healthy, as a client would. */
static void report_healthy(struct store_txn *t, const char *job)
{
    struct allocations all = cluster_allocs(t, job);
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    struct job j;
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *x = &all.items[i];
        if (alloc_is_terminal(x) || x->deployment_status)
            continue;
        struct allocation *u = rec_list_add(&allocation_desc, &c.allocs, A);
        u->id = x->id;
        u->client_status = arena_strdup(A, "running");
        u->deployment_status = ARENA_NEW(A, struct alloc_deployment_status);
        u->deployment_status->healthy = 1;
    }
    if (!c.allocs.n || state_job(t, "default", job, A, &j))
        return;
    evaluation_init(rec_list_add(&evaluation_desc, &c.evals, A), A, &j, "deployment-watcher",
                    c.now_ns);
    store_propose_rec(cluster.store, &cluster.loop, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c,
                      NULL, NULL);
}

static bool is_deployed(struct store_txn *t, const void *job)
{
    struct deployment d;
    report_healthy(t, job);
    return !state_job_deployment(t, "default", job, A, &d) && str_eq(d.status, "successful");
}

static void drain(const char *node_id, const char *spec)
{
    struct err e = ERR_INIT;
    struct cmd_node_scheduling c = {.node_id = arena_strdup(A, node_id), .now_ns = clock_wall_ns()};
    c.strategy = drain_strategy_text(spec, strlen(spec), c.now_ns, A, &e);
    assert_non_null(c.strategy);
    cluster_propose(cluster.store, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, &c, NULL);
}

static size_t live_on(struct store_txn *t, const char *node_id)
{
    struct allocations all;
    size_t n = 0;
    assert_int_equal(0, state_node_allocs(t, node_id, A, &all));
    for (size_t i = 0; i < all.n; i++)
        n += !alloc_is_terminal(&all.items[i]);
    return n;
}

static bool has_drained(struct store_txn *t, const void *node_id)
{
    struct node n;
    return !state_node(t, node_id, A, &n) && !n.drain && !live_on(t, node_id);
}

static bool drains_one_by_one(struct store_txn *t, const void *node_id)
{
    struct allocations all = cluster_allocs(t, "web");
    size_t healthy = 0;
    for (size_t i = 0; i < all.n; i++)
        healthy += !alloc_is_terminal(&all.items[i]) && all.items[i].deployment_status &&
                   all.items[i].deployment_status->healthy == 1;
    assert_true(healthy >= 1); /* of two, max_parallel 1 */
    report_healthy(t, "web");
    return has_drained(t, node_id);
}

static void services_move_as_many_as_may(void **state)
{
    struct node *from = cluster_node(A, 1), *to = cluster_node(A, 2);
    cluster_add_node(cluster.store, from);
    cluster_register(cluster.store, A, cluster_job(A, "web", "service", 2));
    cluster_wait(is_deployed, "web");
    cluster_add_node(cluster.store, to);
    drain(from->id, "{\"Deadline\":3600000000000}");
    cluster_wait(drains_one_by_one, from->id);
    struct store_txn *t;
    struct node n;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(2, live_on(t, to->id));
    assert_int_equal(0, state_node(t, from->id, A, &n));
    store_read_end(&t);
    assert_string_equal("ineligible", n.scheduling_eligibility);
    assert_string_equal("Node drain complete", n.events.items[n.events.n - 1].message);
}

static bool is_placed(struct store_txn *t, const void *job)
{
    return cluster_live(t, job) == 1;
}

static void a_batch_stays_until_the_deadline(void **state)
{
    struct node *n = cluster_node(A, 1), is;
    cluster_add_node(cluster.store, n);
    cluster_register(cluster.store, A, cluster_job(A, "sum", "batch", 1));
    cluster_wait(is_placed, "sum");
    drain(n->id, "{\"Deadline\":1500000000}");
    int64_t began = clock_wall_ns();
    cluster_wait(has_drained, n->id);
    assert_true(clock_wall_ns() - began >= INT64_C(1500000000));
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    struct allocations all = cluster_allocs(t, "sum");
    assert_int_equal(0, state_node(t, n->id, A, &is));
    store_read_end(&t);
    assert_string_equal("alloc is being migrated", all.items[0].desired_description);
}

static void a_forced_drain_waits_for_nobody(void **state)
{
    struct node *n = cluster_node(A, 1);
    cluster_add_node(cluster.store, n);
    cluster_register(cluster.store, A, cluster_job(A, "web", "service", 3)); /* never healthy */
    cluster_register(cluster.store, A, cluster_job(A, "sum", "batch", 1));
    cluster_wait(is_placed, "sum");
    drain(n->id, "{\"Deadline\":-1}");
    cluster_wait(has_drained, n->id);
}

static bool no_drain(struct store_txn *t, const void *node_id)
{
    struct node n;
    return !state_node(t, node_id, A, &n) && !n.drain;
}

static void system_jobs_may_be_left_alone(void **state)
{
    struct node *n = cluster_node(A, 1);
    cluster_add_node(cluster.store, n);
    cluster_register(cluster.store, A, cluster_job(A, "log", "system", 1));
    cluster_wait(is_placed, "log");
    drain(n->id, "{\"Deadline\":3600000000000,\"IgnoreSystemJobs\":true}");
    cluster_wait(no_drain, n->id);
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(1, live_on(t, n->id));
    store_read_end(&t);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(services_move_as_many_as_may),
        RUN(a_batch_stays_until_the_deadline),
        RUN(a_forced_drain_waits_for_nobody),
        RUN(system_jobs_may_be_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
