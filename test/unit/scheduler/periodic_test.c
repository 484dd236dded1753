#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define A (&cluster.arena)

static struct job *periodic(const char *id, const char *spec, int64_t submitted_ns)
{
    struct job *j = cluster_job(A, id, "batch", 1);
    j->periodic = ARENA_NEW(A, struct periodic);
    j->periodic->enabled = 1;
    j->periodic->spec = arena_strdup(A, spec);
    j->periodic->spec_type = arena_strdup(A, "cron");
    j->submit_time_ns = submitted_ns;
    return j;
}

static void add(struct job *j)
{
    struct cmd_job_register c = {.job = *j};
    struct store_result r;
    cluster_propose(cluster.store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_int_equal(0, r.code);
}

static size_t children(struct store_txn *t, const char *id)
{
    struct store_cursor c;
    char key[STATE_KEY_MAX];
    size_t n = 0;
    size_t len = state_job_key(key, "default", arena_printf(A, "%s/periodic-", id));
    for (store_scan(t, &table_jobs, key, len, &c); store_cursor_valid(&c); store_next(&c))
        n++;
    store_cursor_close(&c);
    return n;
}

struct want {
    const char *id;
    size_t n;
};

static bool has_children(struct store_txn *t, const void *arg)
{
    const struct want *w = arg;
    return children(t, w->id) >= w->n;
}

static size_t children_now(const char *id)
{
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    size_t n = children(t, id);
    store_read_end(&t);
    return n;
}

static void wait_ms(unsigned ms)
{
    bool never = false;
    loop_run_until(&cluster.loop, &never, ms);
}

static void it_is_launched_each_time(void **state)
{
    cluster_add_node(cluster.store, cluster_node(A, 1));
    add(periodic("tick", "* * * * * * *", clock_wall_ns()));
    cluster_wait(has_children, &(struct want){"tick", 2});
    struct store_txn *t;
    struct job j;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(0, state_job(t, "default", "tick", A, &j));
    assert_string_equal("running", j.status);
    struct allocations none = cluster_allocs(t, "tick");
    store_read_end(&t);
    assert_int_equal(0, none.n);
}

static void what_was_missed_is_made_up_for_once(void **state)
{
    add(periodic("late", "0 * * * *", clock_wall_ns() - INT64_C(50) * 3600 * NS_PER_SEC));
    cluster_wait(has_children, &(struct want){"late", 1});
    wait_ms(300);
    assert_int_equal(1, children_now("late"));
}

static void one_that_still_runs_is_not_joined(void **state)
{
    struct job *j = periodic("alone", "* * * * * * *", clock_wall_ns());
    j->periodic->prohibit_overlap = 1;
    cluster_add_node(cluster.store, cluster_node(A, 1));
    add(j);
    cluster_wait(has_children, &(struct want){"alone", 1}); /* never ends: nobody runs it */
    wait_ms(2500);
    assert_int_equal(1, children_now("alone"));
}

static void stopped_or_disabled_it_is_not(void **state)
{
    struct job *j = periodic("off", "* * * * * * *", clock_wall_ns());
    j->periodic->enabled = 0;
    add(j);
    struct job *k = periodic("stop", "* * * * * * *", clock_wall_ns());
    add(k);
    struct cmd_job_deregister c = {
        .namespace = arena_strdup(A, "default"), .id = k->id, .now_ns = clock_wall_ns()};
    cluster_propose(cluster.store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
    wait_ms(2200);
    assert_int_equal(0, children_now("off"));
    assert_true(children_now("stop") <= 1); /* the stop may have come a moment late */
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(0, store_count(t, &table_periodic));
    store_read_end(&t);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(it_is_launched_each_time),
        RUN(what_was_missed_is_made_up_for_once),
        RUN(one_that_still_runs_is_not_joined),
        RUN(stopped_or_disabled_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
