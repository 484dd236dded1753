/* Nodes that fall silent: down after their time, their work moved; and up again. */
#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* As cluster_start, but nodes have little time. */
static int start_impatient(void **state)
{
    return cluster_start_as((struct scheduler_config){
        .workers = 1, .heartbeat_grace_ms = 100, .min_heartbeat_ttl_ms = 100});
}

static bool status_is(struct store_txn *t, const char *node_id, const char *status)
{
    struct arena a = ARENA_INIT;
    struct node n;
    bool is = !state_node(t, node_id, &a, &n) && str_eq(n.status, status);
    arena_fini(&a);
    return is;
}
static bool is_down(struct store_txn *t, const void *id)
{
    return status_is(t, id, "down");
}
static bool has_live(struct store_txn *t, const void *job)
{
    return cluster_live(t, job) > 0;
}
/* One is lost on the first node, its successor runs on the second. */
static bool has_moved(struct store_txn *t, const void *job)
{
    struct allocations all = cluster_allocs(t, job);
    bool lost = false, moved = false;
    for (size_t i = 0; i < all.n; i++) {
        lost |= str_eq(all.items[i].client_status, "lost");
        moved |= !alloc_is_terminal(&all.items[i]) &&
                 str_eq(all.items[i].node_id, cluster_uuid(&cluster.arena, 2));
    }
    return lost && moved;
}

static void a_silent_node_goes_down_and_its_work_moves(void **state)
{
    struct arena *a = &cluster.arena;
    struct node *first = cluster_node(a, 1);
    cluster_add_node(cluster.store, first);
    cluster_register(cluster.store, a, cluster_job(a, "web", "service", 1));
    cluster_wait(has_live, "web");
    cluster_add_node(cluster.store, cluster_node(a, 2)); /* never watched: it gave no sign yet */
    heartbeat_note(cluster.scheduler, first->id);
    cluster_wait(is_down, first->id);
    cluster_wait(has_moved, "web");
}

static void a_node_up_again_gets_its_system_jobs(void **state)
{
    struct arena *a = &cluster.arena;
    struct node *n = cluster_node(a, 1);
    cluster_register(cluster.store, a, cluster_job(a, "logs", "system", 1));
    cluster_add_node(cluster.store, n);
    heartbeat_node_up(cluster.scheduler, n->id);
    cluster_wait(has_live, "logs");
}

static void the_time_to_live_grows_with_the_nodes(void **state)
{
    for (int i = 0; i < 100; i++) {
        int64_t ttl = heartbeat_note(cluster.scheduler, "n1");
        assert_true(ttl >= 10000 && ttl <= 20000);
    }
    char id[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof id, "node-%d", i);
        heartbeat_note(cluster.scheduler, id);
    }
    int64_t ttl = heartbeat_note(cluster.scheduler, "n1"); /* 50 a second are expected */
    assert_true(ttl >= 40000 && ttl <= 80000);
}

static void each_job_that_runs_on_all_nodes_is_evaluated(void **state)
{
    struct arena *a = &cluster.arena;
    struct evaluations evals = {NULL, 0};
    cluster_register(cluster.store, a, cluster_job(a, "logs", "system", 1));
    cluster_register(cluster.store, a, cluster_job(a, "web", "service", 1));
    struct job *gone = cluster_job(a, "old", "system", 1);
    cluster_register(cluster.store, a, gone);
    struct cmd_job_deregister c = {
        .namespace = gone->namespace, .id = gone->id, .now_ns = CLUSTER_NOW};
    cluster_propose(cluster.store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
    system_evals(cluster.store, "n1", a, &evals);
    assert_int_equal(1, evals.n);
    assert_string_equal("logs", evals.items[0].job_id);
    assert_string_equal("node-update", evals.items[0].triggered_by);
    assert_string_equal("n1", evals.items[0].node_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_silent_node_goes_down_and_its_work_moves, start_impatient,
                                        cluster_stop),
        cmocka_unit_test_setup_teardown(a_node_up_again_gets_its_system_jobs, cluster_start,
                                        cluster_stop),
        cmocka_unit_test_setup_teardown(the_time_to_live_grows_with_the_nodes, cluster_start,
                                        cluster_stop),
        cmocka_unit_test_setup_teardown(each_job_that_runs_on_all_nodes_is_evaluated, cluster_start,
                                        cluster_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
