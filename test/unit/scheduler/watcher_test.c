#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define A (&cluster.arena)

/* --- a client that does as it is told -------------------------------------------------------- */

/* Reports every allocation of the job that should run and has no health yet. */
static void report_all(struct store_txn *t, const char *job, int8_t healthy)
{
    struct allocations all = cluster_allocs(t, job);
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    struct job j;
    if (state_job(t, "default", job, A, &j))
        return;
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *x = &all.items[i];
        bool decided = x->deployment_status && x->deployment_status->healthy != REC_NULL_BOOL;
        if (alloc_is_terminal(x) || decided)
            continue;
        struct allocation *u = rec_list_add(&allocation_desc, &c.allocs, A);
        u->id = x->id;
        u->client_status = arena_strdup(A, "running");
        u->deployment_status = ARENA_NEW(A, struct alloc_deployment_status);
        u->deployment_status->healthy = healthy;
    }
    if (!c.allocs.n)
        return;
    struct evaluation *e = rec_list_add(&evaluation_desc, &c.evals, A);
    evaluation_init(e, A, &j, "deployment-watcher", c.now_ns);
    store_propose_rec(cluster.store, &cluster.loop, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c,
                      NULL, NULL);
}

struct want {
    const char *job;
    uint64_t version;
    const char *status, *description;
    int8_t report; /* health to report on the way, REC_NULL_BOOL: none */
};

static bool deployment_is(struct store_txn *t, const void *arg)
{
    const struct want *w = arg;
    struct deployments all;
    assert_int_equal(0, state_job_deployments(t, "default", w->job, A, &all));
    for (size_t i = 0; i < all.n; i++) {
        const struct deployment *d = &all.items[i];
        if (d->job_version == w->version && str_eq(d->status, w->status) &&
            (!w->description || str_eq(d->status_description, w->description)))
            return true;
    }
    if (w->report != REC_NULL_BOOL)
        report_all(t, w->job, w->report);
    return false;
}

static void wait_deployment(const char *job, uint64_t version, int8_t report, const char *status,
                            const char *description)
{
    struct want w = {job, version, status, description, report};
    cluster_wait(deployment_is, &w);
}

static struct deployment newest(const char *job)
{
    struct store_txn *t;
    struct deployment d;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(0, state_job_deployment(t, "default", job, A, &d));
    store_read_end(&t);
    return d;
}

static struct job *service(const char *id, int64_t count)
{
    struct job *j = cluster_job(A, id, "service", count);
    j->groups.items[0].update->max_parallel = 2;
    return j;
}

static void change(struct job *j, const char *value)
{
    rec_str_map_set(&j->groups.items[0].tasks.items[0].env, A, "A", value);
    cluster_register(cluster.store, A, j);
}

/* Version 0, running and stable. */
static struct job *stable_service(const char *id, int64_t count)
{
    struct job *j = service(id, count);
    cluster_add_node(cluster.store, cluster_node(A, 1));
    cluster_register(cluster.store, A, j);
    wait_deployment(id, 0, 1, "successful", "Deployment completed successfully");
    return j;
}

static void count_versions(const char *job, size_t *old, size_t *new_ones, uint64_t version)
{
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    struct allocations all = cluster_allocs(t, job);
    *old = *new_ones = 0;
    for (size_t i = 0; i < all.n; i++)
        if (!alloc_is_terminal(&all.items[i]))
            ++*(all.items[i].job_version == version ? new_ones : old);
    store_read_end(&t);
}

/* --- tests ----------------------------------------------------------------------------------- */

static bool never_too_few(struct store_txn *t, const void *arg)
{
    assert_true(cluster_live(t, "roll") >= 5); /* a replacement is placed as its old one stops */
    struct want w = {"roll", 1, "successful", NULL, 1};
    return deployment_is(t, &w);
}

static void an_update_rolls_to_the_end(void **state)
{
    struct job *j = stable_service("roll", 5);
    change(j, "b");
    cluster_wait(never_too_few, NULL);
    size_t old, new_ones;
    count_versions("roll", &old, &new_ones, 1);
    assert_int_equal(0, old);
    assert_int_equal(5, new_ones);
    struct deployment d = newest("roll");
    assert_int_equal(5, d.groups.items[0].placed_allocs);
    assert_int_equal(5, d.groups.items[0].healthy_allocs);
}

static bool two_are_new(struct store_txn *t, const void *arg)
{
    struct allocations all = cluster_allocs(t, "wait");
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        n += !alloc_is_terminal(&all.items[i]) && all.items[i].job_version == 1;
    assert_true(n <= 2);
    return n == 2;
}

static bool nothing_pending(struct store_txn *t, const void *arg)
{
    struct evaluations open;
    state_open_evals(t, A, &open);
    return open.n == 0;
}

static void without_health_it_waits(void **state)
{
    struct job *j = stable_service("wait", 5);
    change(j, "b");
    cluster_wait(two_are_new, NULL);
    cluster_wait(nothing_pending, NULL);
    cluster_register(cluster.store, A, j); /* evaluated again: still two */
    cluster_wait(nothing_pending, NULL);
    cluster_wait(two_are_new, NULL);
    wait_deployment("wait", 1, REC_NULL_BOOL, "running", "Deployment is running");
}

static void unhealthy_ones_fail_it_without_a_deadline(void **state)
{
    struct job *j = stable_service("fail", 3);
    j->groups.items[0].update->progress_deadline_ns = 0;
    change(j, "b");
    wait_deployment("fail", 1, 0, "failed", "Failed due to unhealthy allocations");
}

static void no_progress_in_time_fails_it(void **state)
{
    struct job *j = stable_service("slow", 3);
    j->groups.items[0].update->progress_deadline_ns = 300 * NS_PER_MS;
    change(j, "b");
    wait_deployment("slow", 1, REC_NULL_BOOL, "failed", "Failed due to progress deadline");
}

static void it_goes_back_to_the_last_stable_version(void **state)
{
    struct job *j = stable_service("back", 3);
    j->groups.items[0].update->progress_deadline_ns = 0;
    j->groups.items[0].update->auto_revert = 1;
    change(j, "b");
    wait_deployment("back", 1, 0, "failed",
                    "Failed due to unhealthy allocations - rolling back to job version 0");
    wait_deployment("back", 2, 1, "successful", NULL); /* the old one's text, a new version */
    size_t old, new_ones;
    count_versions("back", &old, &new_ones, 2);
    assert_int_equal(0, old);
    assert_int_equal(3, new_ones);
}

static void the_first_version_has_nothing_to_go_back_to(void **state)
{
    struct job *j = service("first", 2);
    cluster_add_node(cluster.store, cluster_node(A, 1));
    j->groups.items[0].update->progress_deadline_ns = 0;
    j->groups.items[0].update->auto_revert = 1;
    cluster_register(cluster.store, A, j);
    wait_deployment(
        "first", 0, 0, "failed",
        "Failed due to unhealthy allocations - no stable job version to auto revert to");
}

static int promote(const char *id, char text[256])
{
    struct cmd_deployment_promote c = {
        .id = arena_strdup(A, id), .all = true, .now_ns = clock_wall_ns()};
    struct store_result r;
    struct store_txn *t;
    struct deployment d;
    struct job j;
    struct evaluation e;
    store_read(cluster.store, &t, NULL);
    assert_int_equal(0, state_deployment(t, id, A, &d));
    assert_int_equal(0, state_job(t, "default", d.job_id, A, &j));
    store_read_end(&t);
    evaluation_init(&e, A, &j, "deployment-watcher", c.now_ns);
    c.eval = &e;
    cluster_propose(cluster.store, CMD_DEPLOYMENT_PROMOTE, &cmd_deployment_promote_desc, &c, &r);
    snprintf(text, 256, "%s", r.text);
    return r.code;
}

static bool canary_is_there(struct store_txn *t, const void *healthy)
{
    struct deployment d;
    if (healthy)
        report_all(t, "canary", 1);
    return !state_job_deployment(t, "default", "canary", A, &d) && d.job_version == 1 &&
           d.groups.items[0].placed_canaries.n == 1 &&
           (!healthy || d.groups.items[0].healthy_allocs == 1);
}

static void canaries_stand_beside_until_promoted(void **state)
{
    char text[256];
    struct job *j = stable_service("canary", 3);
    j->groups.items[0].update->canary = 1;
    change(j, "b");
    cluster_wait(canary_is_there, NULL);
    cluster_wait(nothing_pending, NULL);
    size_t old, new_ones;
    count_versions("canary", &old, &new_ones, 1);
    assert_int_equal(3, old);
    assert_int_equal(1, new_ones);
    struct deployment d = newest("canary");
    assert_string_equal("Deployment is running but requires manual promotion",
                        d.status_description);
    assert_int_equal(3, d.groups.items[0].desired_total);
    assert_int_equal(1, d.groups.items[0].desired_canaries);
    assert_int_not_equal(0, promote(d.id, text));
    assert_string_equal("1 error occurred:\n\t* Task group \"web\" has 0/1 healthy "
                        "allocations\n\n",
                        text);
    cluster_wait(canary_is_there, "healthy");
    cluster_wait(nothing_pending, NULL);
    count_versions("canary", &old, &new_ones, 1);
    assert_int_equal(3, old); /* healthy, but nobody promoted it */
    assert_int_equal(0, promote(d.id, text));
    wait_deployment("canary", 1, 1, "successful", NULL);
    count_versions("canary", &old, &new_ones, 1);
    assert_int_equal(0, old);
    assert_int_equal(3, new_ones);
    d = newest("canary");
    assert_int_equal(3, d.groups.items[0].healthy_allocs);
    assert_int_not_equal(0, promote(d.id, text));
    assert_string_equal("can't promote terminal deployment", text);
}

static void canaries_that_may_promote_themselves(void **state)
{
    struct job *j = stable_service("self", 3);
    j->groups.items[0].update->canary = 2;
    j->groups.items[0].update->auto_promote = 1;
    change(j, "b");
    wait_deployment("self", 1, REC_NULL_BOOL, "running",
                    "Deployment is running pending automatic promotion");
    wait_deployment("self", 1, 1, "successful", NULL);
    size_t old, new_ones;
    count_versions("self", &old, &new_ones, 1);
    assert_int_equal(0, old);
    assert_int_equal(3, new_ones);
}

static void a_failed_canary_goes_and_the_old_stay(void **state)
{
    struct job *j = stable_service("bird", 3);
    j->groups.items[0].update->canary = 1;
    j->groups.items[0].update->progress_deadline_ns = 0;
    change(j, "b");
    wait_deployment("bird", 1, 0, "failed", "Failed due to unhealthy allocations");
    cluster_wait(nothing_pending, NULL);
    size_t old, new_ones;
    count_versions("bird", &old, &new_ones, 1);
    assert_int_equal(3, old);
    assert_int_equal(0, new_ones);
}

static void a_paused_one_does_not_go_on(void **state)
{
    struct job *j = stable_service("pause", 4);
    change(j, "b");
    wait_deployment("pause", 1, REC_NULL_BOOL, "running", NULL);
    struct deployment d = newest("pause");
    struct cmd_deployment_status c = {.id = d.id,
                                      .status = arena_strdup(A, "paused"),
                                      .description = arena_strdup(A, "Deployment is paused"),
                                      .verb = arena_strdup(A, "pause"),
                                      .now_ns = clock_wall_ns()};
    struct store_result r;
    cluster_propose(cluster.store, CMD_DEPLOYMENT_STATUS, &cmd_deployment_status_desc, &c, &r);
    assert_int_equal(0, r.code);
    assert_int_equal(0, newest("pause").groups.items[0].require_progress_by_ns);
    struct store_txn *t;
    store_read(cluster.store, &t, NULL);
    report_all(t, "pause", 1);
    store_read_end(&t);
    cluster_wait(nothing_pending, NULL);
    size_t old, new_ones;
    count_versions("pause", &old, &new_ones, 1);
    assert_int_equal(2, old);
    struct evaluation e;
    evaluation_init(&e, A, j, "deployment-watcher", clock_wall_ns());
    c.status = arena_strdup(A, "running");
    c.verb = arena_strdup(A, "resume");
    c.eval = &e;
    cluster_propose(cluster.store, CMD_DEPLOYMENT_STATUS, &cmd_deployment_status_desc, &c, &r);
    wait_deployment("pause", 1, 1, "successful", NULL);
}

int main(void)
{
#define RUN(f) cmocka_unit_test_setup_teardown(f, cluster_start, cluster_stop)
    const struct CMUnitTest tests[] = {
        RUN(an_update_rolls_to_the_end),
        RUN(without_health_it_waits),
        RUN(unhealthy_ones_fail_it_without_a_deadline),
        RUN(no_progress_in_time_fails_it),
        RUN(it_goes_back_to_the_last_stable_version),
        RUN(the_first_version_has_nothing_to_go_back_to),
        RUN(canaries_stand_beside_until_promoted),
        RUN(canaries_that_may_promote_themselves),
        RUN(a_failed_canary_goes_and_the_old_stay),
        RUN(a_paused_one_does_not_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
