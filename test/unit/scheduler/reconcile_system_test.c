#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define A (&cluster.arena)

struct want {
    const char *job;
    size_t live;
};

static bool settled(struct store_txn *t, const void *arg)
{
    const struct want *w = arg;
    struct evaluations open;
    state_open_evals(t, A, &open);
    return cluster_live(t, w->job) == w->live && !open.n;
}

static void wait_live(const char *job, size_t n)
{
    struct want w = {job, n};
    cluster_wait(settled, &w);
}

static struct store_txn *snapshot(void)
{
    struct store_txn *t;
    assert_int_equal(0, store_read(cluster.store, &t, NULL));
    return t;
}

static size_t live_on(const char *job, const char *node_id)
{
    struct store_txn *t = snapshot();
    struct allocations all = cluster_allocs(t, job);
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        n += !alloc_is_terminal(&all.items[i]) && str_eq(all.items[i].node_id, node_id);
    store_read_end(&t);
    return n;
}

static void add_nodes(unsigned n)
{
    for (unsigned i = 1; i <= n; i++)
        cluster_add_node(cluster.store, cluster_node(A, i));
}

static struct job *run(const char *id, size_t live)
{
    struct job *j = cluster_job(A, id, "system", 1);
    cluster_register(cluster.store, A, j);
    wait_live(id, live);
    return j;
}

static void evaluate(const struct job *j)
{
    struct cmd_evals c = {{NULL, 0}};
    evaluation_init(rec_list_add(&evaluation_desc, &c.evals, A), A, j, "node-update",
                    clock_wall_ns());
    cluster_propose(cluster.store, CMD_EVALS, &cmd_evals_desc, &c, NULL);
}

static void each_node_gets_one(void **state)
{
    add_nodes(3);
    struct job *j = run("log", 3);
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(1, live_on("log", cluster_uuid(A, i)));
    struct store_txn *t = snapshot();
    struct allocations all = cluster_allocs(t, "log");
    struct job is;
    struct deployment d;
    for (size_t i = 0; i < all.n; i++)
        assert_string_equal("log.web[0]", all.items[i].name);
    assert_int_equal(0, state_job(t, "default", "log", A, &is));
    assert_string_equal("running", is.status);
    assert_int_equal(ERR_NOT_FOUND, state_job_deployment(t, "default", "log", A, &d));
    store_read_end(&t);
    evaluate(j);
    wait_live("log", 3);
}

static void a_new_node_gets_one_too(void **state)
{
    add_nodes(1);
    run("log", 1);
    cluster_add_node(cluster.store, cluster_node(A, 2));
    heartbeat_node_up(cluster.scheduler, cluster_uuid(A, 2));
    wait_live("log", 2);
}

static void a_node_that_takes_no_work_keeps_what_it_has(void **state)
{
    add_nodes(2);
    struct job *j = run("log", 2);
    struct cmd_node_scheduling c = {.node_id = cluster_uuid(A, 1),
                                    .eligibility = arena_strdup(A, "ineligible"),
                                    .now_ns = clock_wall_ns()};
    cluster_propose(cluster.store, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, &c, NULL);
    evaluate(j);
    wait_live("log", 2);
    struct job *other = cluster_job(A, "other", "system", 1);
    cluster_register(cluster.store, A, other);
    wait_live("other", 1);
    assert_int_equal(0, live_on("other", cluster_uuid(A, 1)));
}

static void what_a_constraint_leaves_out_is_no_failure(void **state)
{
    struct node *n = cluster_node(A, 2);
    cluster_add_node(cluster.store, cluster_node(A, 1));
    n->drivers.items[0].healthy = false;
    cluster_add_node(cluster.store, n);
    struct job *j = cluster_job(A, "log", "system", 1);
    char *e = cluster_register(cluster.store, A, j);
    wait_live("log", 1);
    struct evaluation is;
    struct store_txn *t = snapshot();
    assert_int_equal(0, state_eval(t, e, A, &is));
    store_read_end(&t);
    assert_string_equal("complete", is.status);
    assert_int_equal(0, is.failed_tg_allocs.n);
    assert_int_equal(0, is.queued_allocations.items[0].value);
}

static bool is_complete(struct store_txn *t, const void *id)
{
    struct evaluation e;
    return !state_eval(t, id, A, &e) && str_eq(e.status, "complete");
}

static void a_full_node_is_one(void **state)
{
    struct node *n = cluster_node(A, 2);
    cluster_add_node(cluster.store, cluster_node(A, 1));
    n->resources.cpu.cpu_shares = 10;
    cluster_add_node(cluster.store, n);
    char *e = cluster_register(cluster.store, A, cluster_job(A, "log", "system", 1));
    cluster_wait(is_complete, e);
    struct evaluation is;
    struct store_txn *t = snapshot();
    assert_int_equal(0, state_eval(t, e, A, &is));
    assert_int_equal(1, cluster_live(t, "log"));
    store_read_end(&t);
    assert_int_equal(1, is.failed_tg_allocs.n);
    assert_int_equal(1, is.failed_tg_allocs.items[0].nodes_exhausted);
    assert_int_equal(0, is.failed_tg_allocs.items[0].coalesced_failures);
}

static void a_change_replaces_each(void **state)
{
    add_nodes(3);
    struct job *j = run("log", 3);
    rec_str_map_set(&j->groups.items[0].tasks.items[0].env, A, "A", "b");
    char *e = cluster_register(cluster.store, A, j);
    cluster_wait(is_complete, e);
    wait_live("log", 3);
    struct store_txn *t = snapshot();
    struct allocations all = cluster_allocs(t, "log");
    store_read_end(&t);
    assert_int_equal(6, all.n);
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(all.items[i].job_version == 0, alloc_is_terminal(&all.items[i]));
}

static void a_lost_nodes_one_is_lost(void **state)
{
    add_nodes(2);
    struct job *j = run("log", 2);
    struct cmd_node_status c = {.node_id = cluster_uuid(A, 1),
                                .status = arena_strdup(A, "down"),
                                .now_ns = clock_wall_ns()};
    cluster_propose(cluster.store, CMD_NODE_STATUS, &cmd_node_status_desc, &c, NULL);
    evaluate(j);
    wait_live("log", 1);
}

static void one_that_failed_is_placed_anew(void **state)
{
    add_nodes(1);
    struct job *j = run("log", 1);
    struct store_txn *t = snapshot();
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    struct allocation *u = rec_list_add(&allocation_desc, &c.allocs, A);
    u->id = cluster_allocs(t, "log").items[0].id;
    u->client_status = arena_strdup(A, "failed");
    store_read_end(&t);
    cluster_propose(cluster.store, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c, NULL);
    evaluate(j);
    wait_live("log", 1);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(each_node_gets_one),
        RUN(a_new_node_gets_one_too),
        RUN(a_node_that_takes_no_work_keeps_what_it_has),
        RUN(what_a_constraint_leaves_out_is_no_failure),
        RUN(a_full_node_is_one),
        RUN(a_change_replaces_each),
        RUN(a_lost_nodes_one_is_lost),
        RUN(one_that_failed_is_placed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
