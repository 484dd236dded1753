#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct want {
    const char *id;
    size_t n;
};

static bool has_live(struct store_txn *t, const void *arg)
{
    const struct want *w = arg;
    return cluster_live(t, w->id) == w->n;
}

static bool is_complete(struct store_txn *t, const void *id)
{
    struct evaluation e;
    return !state_eval(t, id, &cluster.arena, &e) && str_eq(e.status, "complete");
}

static bool is_blocked(struct store_txn *t, const void *job)
{
    struct evaluations open;
    state_open_evals(t, &cluster.arena, &open);
    return open.n == 1 && str_eq(open.items[0].status, "blocked") &&
           str_eq(open.items[0].job_id, job);
}

static bool nothing_open(struct store_txn *t, const void *arg)
{
    struct evaluations open;
    state_open_evals(t, &cluster.arena, &open);
    return open.n == 0;
}

static void a_registered_job_is_placed(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    char *e = cluster_register(cluster.store, &cluster.arena,
                               cluster_job(&cluster.arena, "web", "service", 3));
    cluster_wait(is_complete, e);
    cluster_wait(has_live, &(struct want){"web", 3});
    cluster_wait(nothing_open, NULL);
}

static void what_has_no_place_waits_and_gets_it(void **state)
{
    struct job *j = cluster_job(&cluster.arena, "big", "service", 2);
    j->groups.items[0].tasks.items[0].resources->cpu = 3000;
    char *e = cluster_register(cluster.store, &cluster.arena, j);
    cluster_wait(is_complete, e);
    cluster_wait(is_blocked, "big");
    struct store_txn *t;
    struct evaluation ev, blocked;
    store_read(cluster.store, &t, NULL);
    state_eval(t, e, &cluster.arena, &ev);
    assert_int_equal(1, ev.failed_tg_allocs.n);
    assert_int_equal(1, ev.failed_tg_allocs.items[0].coalesced_failures);
    assert_int_equal(2, ev.queued_allocations.items[0].value);
    assert_int_equal(0, state_eval(t, ev.blocked_eval, &cluster.arena, &blocked));
    assert_string_equal("queued-allocs", blocked.triggered_by);
    assert_string_equal("created to place remaining allocations", blocked.status_description);
    store_read_end(&t);
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1)); /* room for one */
    cluster_wait(has_live, &(struct want){"big", 1});
    cluster_wait(is_blocked, "big");
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 2));
    cluster_wait(has_live, &(struct want){"big", 2});
    cluster_wait(nothing_open, NULL);
}

static void room_that_is_freed_is_used(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    struct job *first = cluster_job(&cluster.arena, "first", "service", 1);
    struct job *second = cluster_job(&cluster.arena, "second", "service", 1);
    first->groups.items[0].tasks.items[0].resources->cpu = 3000;
    second->groups.items[0].tasks.items[0].resources->cpu = 3000;
    cluster_register(cluster.store, &cluster.arena, first);
    cluster_wait(has_live, &(struct want){"first", 1});
    cluster_register(cluster.store, &cluster.arena, second);
    cluster_wait(is_blocked, "second");
    struct cmd_job_deregister c = {.namespace = arena_strdup(&cluster.arena, "default"),
                                   .id = first->id,
                                   .now_ns = CLUSTER_NOW};
    struct evaluation e;
    evaluation_init(&e, &cluster.arena, first, "job-deregister", CLUSTER_NOW);
    c.eval = &e;
    cluster_propose(cluster.store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
    cluster_wait(has_live, &(struct want){"first", 0});
    cluster_wait(has_live, &(struct want){"second", 1});
}

static void a_delayed_evaluation_waits_for_its_time(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    struct job *j = cluster_job(&cluster.arena, "later", "service", 1);
    struct cmd_job_register reg = {.job = *j};
    cluster_propose(cluster.store, CMD_JOB_REGISTER, &cmd_job_register_desc, &reg, NULL);
    struct cmd_evals c = {{NULL, 0}};
    struct evaluation *e = rec_list_add(&evaluation_desc, &c.evals, &cluster.arena);
    evaluation_init(e, &cluster.arena, j, "alloc-failure", clock_wall_ns());
    int64_t due = clock_wall_ns() + 300 * NS_PER_MS;
    e->wait_until_ns = due;
    cluster_propose(cluster.store, CMD_EVALS, &cmd_evals_desc, &c, NULL);
    cluster_wait(has_live, &(struct want){"later", 1});
    assert_true(clock_wall_ns() >= due);
}

static void many_evaluations_of_one_job_place_it_once(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    struct job *j = cluster_job(&cluster.arena, "once", "service", 4);
    char *last = NULL;
    for (int i = 0; i < 20; i++)
        last = cluster_register(cluster.store, &cluster.arena, j);
    cluster_wait(is_complete, last);
    cluster_wait(nothing_open, NULL);
    cluster_wait(has_live, &(struct want){"once", 4});
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(4, cluster_allocs(t, "once").n);
    store_read_end(&t);
}

static void two_workers_never_overfill_a_node(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    for (int i = 0; i < 12; i++) { /* each 1000 of 4000 MHz */
        struct job *j =
            cluster_job(&cluster.arena, arena_printf(&cluster.arena, "j%d", i), "batch", 1);
        j->groups.items[0].tasks.items[0].resources->cpu = 1000;
        cluster_register(cluster.store, &cluster.arena, j);
    }
    struct store_txn *t;
    size_t live = 0;
    for (int tries = 0; tries < 1000 && live < 4; tries++) {
        bool never = false;
        loop_run_until(&cluster.loop, &never, 10);
        live = 0;
        store_read(cluster.store, &t, NULL);
        for (int i = 0; i < 12; i++)
            live += cluster_live(t, arena_printf(&cluster.arena, "j%d", i));
        store_read_end(&t);
        assert_true(live <= 4);
    }
    assert_int_equal(4, live);
    struct node_usage u;
    store_read(cluster.store, &t, NULL);
    state_usage(t, cluster_node(&cluster.arena, 1)->id, &cluster.arena, &u);
    assert_int_equal(4000, u.cpu);
    store_read_end(&t);
}

static void an_update_in_place_of_distinct_hosts_works_on_one_node(void **state)
{
    cluster_add_node(cluster.store, cluster_node(&cluster.arena, 1));
    struct job *j = cluster_job(&cluster.arena, "apart", "service", 1);
    struct constraint *c =
        rec_list_add(&constraint_desc, &j->groups.items[0].constraints, &cluster.arena);
    c->operand = arena_strdup(&cluster.arena, "distinct_hosts");
    c->rtarget = arena_strdup(&cluster.arena, "true");
    cluster_register(cluster.store, &cluster.arena, j);
    cluster_wait(has_live, &(struct want){"apart", 1});
    rec_str_map_set(&j->groups.items[0].tasks.items[0].env, &cluster.arena, "A", "b");
    char *e = cluster_register(cluster.store, &cluster.arena, j);
    cluster_wait(is_complete, e);
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(2, cluster_allocs(t, "apart").n); /* the old one stopped, the new one there */
    store_read_end(&t);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(a_registered_job_is_placed),
        RUN(what_has_no_place_waits_and_gets_it),
        RUN(room_that_is_freed_is_used),
        RUN(a_delayed_evaluation_waits_for_its_time),
        RUN(many_evaluations_of_one_job_place_it_once),
        RUN(two_workers_never_overfill_a_node),
        RUN(an_update_in_place_of_distinct_hosts_works_on_one_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
