#include "scheduler/gc.h"
#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define A    (&cluster.arena)
#define HOUR (INT64_C(3600) * NS_PER_SEC)

struct want {
    const char *id;
    size_t n;
};

static bool has_live(struct store_txn *t, const void *arg)
{
    const struct want *w = arg;
    struct evaluations open;
    state_open_evals(t, A, &open);
    return cluster_live(t, w->id) == w->n && !open.n;
}

/* Everything of the job ends on its client. */
static void end_all(const char *job, const char *status)
{
    struct store_txn *t;
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    store_read(cluster.store, &t, NULL);
    struct allocations all = cluster_allocs(t, job);
    store_read_end(&t);
    for (size_t i = 0; i < all.n; i++) {
        struct allocation *u = rec_list_add(&allocation_desc, &c.allocs, A);
        u->id = all.items[i].id;
        u->client_status = arena_strdup(A, status);
    }
    cluster_propose(cluster.store, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c, NULL);
}

static void stop(const struct job *j, bool purge)
{
    struct evaluation e;
    struct cmd_job_deregister c = {.namespace = arena_strdup(A, "default"),
                                   .id = j->id,
                                   .purge = purge,
                                   .now_ns = clock_wall_ns(),
                                   .eval = &e};
    evaluation_init(&e, A, j, "job-deregister", c.now_ns);
    cluster_propose(cluster.store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
    cluster_wait(has_live, &(struct want){j->id, 0});
}

static struct cmd_reap collect(bool forced, int64_t later_ns)
{
    struct cmd_reap r;
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    gc_collect(t, forced, clock_wall_ns() + later_ns, A, &r);
    store_read_end(&t);
    return r;
}

static struct job *run(const char *id, const char *type)
{
    struct job *j = cluster_job(A, id, type, 2);
    cluster_add_node(cluster.store, cluster_node(A, 1));
    j->submit_time_ns = clock_wall_ns();
    cluster_register(cluster.store, A, j);
    cluster_wait(has_live, &(struct want){id, 2});
    return j;
}

static void what_runs_stays(void **state)
{
    run("web", "service");
    struct cmd_reap r = collect(true, 0);
    assert_int_equal(0, r.allocs.n + r.evals.n + r.jobs.n + r.nodes.n + r.deployments.n);
}

static void what_is_over_goes_after_its_time(void **state)
{
    struct job *j = run("web", "service");
    stop(j, false);
    end_all("web", "complete");
    struct cmd_reap r = collect(false, HOUR / 2);
    assert_int_equal(0, r.allocs.n + r.evals.n + r.jobs.n + r.deployments.n);
    r = collect(false, HOUR + HOUR / 2);
    assert_int_equal(2, r.allocs.n);
    assert_int_equal(2, r.evals.n);
    assert_int_equal(1, r.deployments.n);
    assert_int_equal(0, r.jobs.n);
    r = collect(false, 5 * HOUR);
    assert_int_equal(1, r.jobs.n);
}

static void what_a_batch_did_is_known_while_it_is(void **state)
{
    struct job *j = cluster_job(A, "sum", "batch", 1);
    j->parameterized = NULL;
    cluster_add_node(cluster.store, cluster_node(A, 1));
    cluster_register(cluster.store, A, j);
    cluster_wait(has_live, &(struct want){"sum", 1});
    struct cmd_reap r = collect(true, 0);
    assert_int_equal(0, r.allocs.n + r.evals.n);
    end_all("sum", "complete"); /* dead now: through */
    r = collect(true, 0);
    assert_int_equal(1, r.allocs.n);
    assert_int_equal(1, r.jobs.n);
}

static void stopped_but_running_on_its_client_stays(void **state)
{
    struct job *j = run("web", "service");
    stop(j, true);
    assert_int_equal(0, collect(true, 0).allocs.n);
    end_all("web", "complete");
    assert_int_equal(2, collect(true, 0).allocs.n);
}

static void a_failure_that_will_be_tried_again_stays(void **state)
{
    struct job *j = run("web", "service");
    struct cmd_reap r;
    end_all("web", "failed");
    r = collect(true, 0);
    assert_int_equal(0, r.allocs.n); /* unlimited rescheduling */
    stop(j, false);
    r = collect(true, 0);
    assert_int_equal(2, r.allocs.n);
}

static bool nothing_left(struct store_txn *t, const void *arg)
{
    struct evaluations evals;
    state_job_evals(t, "default", "web", A, &evals);
    return !cluster_allocs(t, "web").n && !evals.n && !store_count(t, &table_allocs_by_id) &&
           !store_count(t, &table_allocs_by_job) && !store_count(t, &table_allocs_by_node) &&
           !store_count(t, &table_deployments) && !store_count(t, &table_deployments_by_job) &&
           !store_count(t, &table_jobs) && !store_count(t, &table_job_versions);
}

static void forced_it_leaves_nothing(void **state)
{
    struct job *j = run("web", "service");
    stop(j, false);
    end_all("web", "complete");
    broker_enqueue_core(cluster.scheduler, CORE_GC_FORCE);
    cluster_wait(nothing_left, NULL);
}

static void a_node_that_is_long_gone_is_forgotten(void **state)
{
    struct node *n = cluster_node(A, 7);
    cluster_add_node(cluster.store, n);
    struct cmd_node_status down = {
        .node_id = n->id, .status = arena_strdup(A, "down"), .now_ns = clock_wall_ns()};
    cluster_propose(cluster.store, CMD_NODE_STATUS, &cmd_node_status_desc, &down, NULL);
    assert_int_equal(0, collect(false, 23 * HOUR).nodes.n);
    assert_int_equal(1, collect(false, 25 * HOUR).nodes.n);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(what_runs_stays),
        RUN(what_is_over_goes_after_its_time),
        RUN(what_a_batch_did_is_known_while_it_is),
        RUN(stopped_but_running_on_its_client_stays),
        RUN(a_failure_that_will_be_tried_again_stays),
        RUN(forced_it_leaves_nothing),
        RUN(a_node_that_is_long_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
