#include "scheduler/reconcile.h"
#include "agent/base/clock.h"
#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SEC INT64_C(1000000000)

static struct arena arena;
static struct allocations allocs;
static const struct job *versions[4]; /* what job_at answers */
static struct reconcile_out out;

static int reset(void **state)
{
    allocs = (struct allocations){NULL, 0};
    for (int i = 0; i < 4; i++)
        versions[i] = NULL;
    return 0;
}

static int drop(void **state)
{
    arena_fini(&arena);
    return 0;
}

static bool node_is_down(void *ctx, const char *node_id)
{
    return str_eq(node_id, "down");
}

static const struct job *job_at(void *ctx, uint64_t version)
{
    return version < 4 ? versions[version] : NULL;
}

static void run(const struct job *j, const struct deployment *d)
{
    struct reconcile_in in = {.job = j,
                              .allocs = &allocs,
                              .deployment = d,
                              .eval_id = "eval",
                              .now_ns = CLUSTER_NOW,
                              .node_is_down = node_is_down,
                              .job_at = job_at,
                              .arena = &arena};
    reconcile(&in, &out);
}

static void have(const struct job *j, int n)
{
    for (int i = 0; i < n; i++)
        cluster_alloc(&arena, &allocs, j, "node", i);
}

/* The same job a version later. */
static struct job *next_version(const struct job *j)
{
    struct job *k = rec_dup(&job_desc, j, &arena);
    versions[j->version] = j;
    k->version++;
    k->job_modify_index++;
    return k;
}

static bool stops(const char *name, const char *description)
{
    for (size_t i = 0; i < out.stops.n; i++)
        if (str_eq(out.stops.items[i].alloc->name, name) &&
            str_eq(out.stops.items[i].description, description))
            return true;
    return false;
}

static bool places(const char *name)
{
    for (size_t i = 0; i < out.places.n; i++)
        if (str_eq(out.places.items[i].name, name))
            return true;
    return false;
}

static void a_new_job_places_its_count_and_deploys(void **state)
{
    struct job *j = cluster_job(&arena, "new", "service", 3);
    run(j, NULL);
    assert_int_equal(3, out.places.n);
    assert_true(places("new.web[0]") && places("new.web[1]") && places("new.web[2]"));
    assert_int_equal(3, out.counts.items[0].place);
    assert_non_null(out.deployment);
    assert_string_equal("running", out.deployment->status);
    assert_string_equal("Deployment is running", out.deployment->status_description);
    assert_int_equal(3, out.deployment->groups.items[0].desired_total);
    assert_string_equal(out.deployment->id, out.deployment_id);
}

static void a_batch_job_has_no_deployment(void **state)
{
    run(cluster_job(&arena, "batch", "batch", 2), NULL);
    assert_int_equal(2, out.places.n);
    assert_null(out.deployment);
}

static void the_same_again_changes_nothing(void **state)
{
    struct job *j = cluster_job(&arena, "same", "service", 3);
    have(j, 3);
    run(j, NULL);
    assert_int_equal(0, out.places.n + out.stops.n + out.updates.n);
    assert_int_equal(3, out.counts.items[0].ignore);
    assert_null(out.deployment);
}

static void a_change_is_in_place_or_destructive(void **state)
{
    static const struct {
        const char *what;
        bool destructive;
    } cases[] = {{"priority", false},  {"kill timeout", false}, {"constraint", false},
                 {"service", false},   {"restart", false},      {"env", true},
                 {"config", true},     {"memory", true},        {"meta", true},
                 {"group meta", true}, {"user", true},          {"disk", true},
                 {"port", true},       {"task", true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset(NULL);
        struct job *j = cluster_job(&arena, "change", "service", 3);
        j->groups.items[0].update->max_parallel = 3;
        have(j, 3);
        struct job *k = next_version(j);
        struct task_group *g = &k->groups.items[0];
        struct task *t = &g->tasks.items[0];
        switch (i) {
        case 0:
            k->priority = 60;
            break;
        case 1:
            t->kill_timeout_ns = 7 * SEC;
            break;
        case 2: {
            struct constraint *c = rec_list_add(&constraint_desc, &k->constraints, &arena);
            c->operand = arena_strdup(&arena, "distinct_hosts");
            break;
        }
        case 3: {
            struct service *s = rec_list_add(&service_desc, &t->services, &arena);
            s->name = arena_strdup(&arena, "web");
            break;
        }
        case 4:
            g->restart->attempts = 9;
            break;
        case 5:
            rec_str_map_set(&t->env, &arena, "A", "b");
            break;
        case 6:
            t->config = arena_strdup(&arena, "{\"command\":\"/bin/false\"}");
            break;
        case 7:
            t->resources->memory_mb = 65;
            break;
        case 8:
            rec_str_map_set(&k->meta, &arena, "owner", "me");
            break;
        case 9:
            rec_str_map_set(&g->meta, &arena, "owner", "me");
            break;
        case 10:
            t->user = arena_strdup(&arena, "nobody");
            break;
        case 11:
            g->ephemeral_disk->size_mb = 301;
            break;
        case 12: {
            struct network *n = rec_list_add(&network_desc, &g->networks, &arena);
            ((struct port *)rec_list_add(&port_desc, &n->dynamic_ports, &arena))->label =
                arena_strdup(&arena, "http");
            break;
        }
        default:
            t->name = arena_strdup(&arena, "renamed");
        }
        run(k, NULL);
        if (out.counts.items[0].in_place != (cases[i].destructive ? 0 : 3) ||
            out.counts.items[0].destructive != (cases[i].destructive ? 3 : 0))
            fail_msg("%s: %d in place, %d destructive", cases[i].what,
                     (int)out.counts.items[0].in_place, (int)out.counts.items[0].destructive);
        assert_int_equal(cases[i].destructive ? 0 : 3, out.updates.n);
    }
}

static void a_destructive_update_keeps_to_max_parallel(void **state)
{
    struct job *j = cluster_job(&arena, "roll", "service", 5);
    j->groups.items[0].update->max_parallel = 2;
    have(j, 5);
    struct job *k = next_version(j);
    rec_str_map_set(&k->groups.items[0].tasks.items[0].env, &arena, "A", "b");
    run(k, NULL);
    assert_int_equal(2, out.places.n);
    for (size_t i = 0; i < 2; i++) {
        assert_true(out.places.items[i].stop_previous);
        assert_string_equal("alloc is being updated due to job update",
                            out.places.items[i].stop_description);
    }
    assert_non_null(out.deployment);
    assert_int_equal(5, out.deployment->groups.items[0].desired_total);
}

static void a_meta_that_only_moved_is_no_change(void **state)
{
    struct job *j = cluster_job(&arena, "meta", "service", 1);
    rec_str_map_set(&j->meta, &arena, "owner", "me");
    have(j, 1);
    struct job *k = next_version(j);
    k->meta = (struct rec_str_map){NULL, 0};
    rec_str_map_set(&k->groups.items[0].meta, &arena, "owner", "me");
    run(k, NULL);
    assert_int_equal(1, out.counts.items[0].in_place);
}

static void count_down_stops_the_highest(void **state)
{
    struct job *j = cluster_job(&arena, "down", "service", 5);
    have(j, 5);
    struct job *k = next_version(j);
    k->groups.items[0].count = 2;
    run(k, NULL);
    assert_int_equal(3, out.stops.n);
    const char *why = "alloc not needed due to job update";
    assert_true(stops("down.web[4]", why) && stops("down.web[3]", why) &&
                stops("down.web[2]", why));
    assert_int_equal(3, out.counts.items[0].stop);
    assert_int_equal(2, out.counts.items[0].in_place);
}

static void count_up_takes_the_lowest_free_names(void **state)
{
    struct job *j = cluster_job(&arena, "up", "service", 4);
    cluster_alloc(&arena, &allocs, j, "node", 0);
    cluster_alloc(&arena, &allocs, j, "node", 2);
    run(j, NULL);
    assert_int_equal(2, out.places.n);
    assert_true(places("up.web[1]") && places("up.web[3]"));
}

static void a_stopped_or_gone_job_stops_all(void **state)
{
    struct job *j = cluster_job(&arena, "stop", "service", 3);
    have(j, 3);
    allocs.items[1].client_status = arena_strdup(&arena, "complete");
    allocs.items[2].node_id = arena_strdup(&arena, "down");
    j->stop = true;
    for (int gone = 0; gone < 2; gone++) {
        run(gone ? NULL : j, NULL);
        assert_int_equal(2, out.stops.n);
        assert_true(stops("stop.web[0]", "alloc not needed due to job update"));
        assert_true(stops("stop.web[2]", "alloc is lost since its node is down"));
        assert_int_equal(0, out.places.n);
    }
}

static void a_group_that_went_is_stopped(void **state)
{
    struct job *j = cluster_job(&arena, "group", "service", 2);
    have(j, 2);
    struct job *k = next_version(j);
    k->groups.items[0].name = arena_strdup(&arena, "api");
    run(k, NULL);
    assert_int_equal(2, out.stops.n);
    assert_int_equal(2, out.places.n);
    assert_true(places("group.api[0]"));
}

static void a_finished_batch_is_not_run_again(void **state)
{
    struct job *j = cluster_job(&arena, "done", "batch", 3);
    have(j, 3);
    allocs.items[0].client_status = arena_strdup(&arena, "complete");
    allocs.items[1].client_status = arena_strdup(&arena, "complete");
    run(j, NULL);
    assert_int_equal(0, out.places.n + out.stops.n);
    assert_int_equal(3, out.counts.items[0].ignore);
    struct job *k = next_version(j); /* asked for again, changed: all of it */
    rec_str_map_set(&k->groups.items[0].tasks.items[0].env, &arena, "A", "b");
    run(k, NULL);
    assert_int_equal(3, out.places.n);
}

static void a_service_that_ended_is_replaced(void **state)
{
    struct job *j = cluster_job(&arena, "ended", "service", 2);
    have(j, 2);
    allocs.items[0].client_status = arena_strdup(&arena, "complete");
    run(j, NULL);
    assert_int_equal(1, out.places.n);
    assert_true(places("ended.web[0]"));
}

static void what_a_lost_node_had_is_placed_anew(void **state)
{
    struct job *j = cluster_job(&arena, "lost", "service", 2);
    have(j, 2);
    allocs.items[1].node_id = arena_strdup(&arena, "down");
    run(j, NULL);
    assert_int_equal(1, out.stops.n);
    assert_string_equal("lost", out.stops.items[0].client_status);
    assert_true(stops("lost.web[1]", "alloc is lost since its node is down"));
    assert_int_equal(1, out.places.n);
    assert_true(places("lost.web[1]"));
    assert_ptr_equal(&allocs.items[1], out.places.items[0].previous);
}

static void one_to_be_moved_is_stopped_and_placed(void **state)
{
    struct job *j = cluster_job(&arena, "move", "service", 2);
    have(j, 2);
    allocs.items[0].desired_transition.migrate = 1;
    run(j, NULL);
    assert_int_equal(1, out.places.n);
    assert_true(stops("move.web[0]", "alloc is being migrated"));
    assert_true(places("move.web[0]"));
    assert_ptr_equal(&allocs.items[0], out.places.items[0].previous);
    assert_int_equal(1, out.counts.items[0].migrate);
    assert_int_equal(1, out.counts.items[0].ignore);
}

static struct allocation *failed(const struct job *j, int64_t seconds_ago)
{
    struct allocation *x = cluster_alloc(&arena, &allocs, j, "node", 0);
    x->client_status = arena_strdup(&arena, "failed");
    struct task_state *t = rec_list_add(&task_state_desc, &x->task_states, &arena);
    t->key = arena_strdup(&arena, "web");
    t->failed = true;
    t->finished_at_ns = CLUSTER_NOW - seconds_ago * SEC;
    return x;
}

static void a_failure_is_rescheduled_now_later_or_never(void **state)
{
    struct job *j = cluster_job(&arena, "fail", "service", 1);
    struct reschedule_policy *p = j->groups.items[0].reschedule;
    failed(j, 31); /* the default delay is 30 s */
    run(j, NULL);
    assert_int_equal(1, out.places.n);
    assert_true(out.places.items[0].rescheduled);
    assert_int_equal(0, out.delays.n);

    reset(NULL);
    failed(j, 10);
    run(j, NULL);
    assert_int_equal(0, out.places.n);
    assert_int_equal(1, out.delays.n);
    assert_int_equal(CLUSTER_NOW + 20 * SEC, out.delays.items[0].wait_until_ns);
    assert_true(out.stops.items[0].note_only);
    assert_string_equal(out.delays.items[0].eval_id, out.stops.items[0].followup_eval_id);

    allocs.items[0].followup_eval_id = arena_strdup(&arena, "other"); /* it waits already */
    run(j, NULL);
    assert_int_equal(0, out.places.n + out.delays.n + out.stops.n);
    allocs.items[0].followup_eval_id = arena_strdup(&arena, "eval"); /* this is the time */
    run(j, NULL);
    assert_int_equal(1, out.places.n);

    reset(NULL);
    p->unlimited = 0;
    p->attempts = 0;
    failed(j, 100);
    run(j, NULL);
    assert_int_equal(0, out.places.n + out.delays.n);
}

static struct allocation *with_history(const struct job *j, const int64_t *delays_s, size_t n)
{
    static const struct rec_desc event = {"", sizeof(struct reschedule_event), NULL, 0, false};
    struct allocation *x = failed(j, 0);
    x->reschedule_tracker = ARENA_NEW(&arena, struct reschedule_tracker);
    for (size_t i = 0; i < n; i++) {
        struct reschedule_event *e = rec_list_add(&event, &x->reschedule_tracker->events, &arena);
        e->delay_ns = delays_s[i] * SEC;
        e->reschedule_time_ns = CLUSTER_NOW - (int64_t)(n - i) * 60 * SEC;
    }
    return x;
}

static void delays_grow_by_their_function(void **state)
{
    static const struct {
        const char *function;
        int64_t had[4];
        size_t n;
        int64_t max_s, want_s;
    } cases[] = {
        {"constant", {0}, 0, 0, 30},
        {"constant", {30, 30}, 2, 0, 30},
        {"exponential", {0}, 0, 3600, 30},
        {"exponential", {30}, 1, 3600, 60},
        {"exponential", {30, 60}, 2, 3600, 120},
        {"exponential", {30, 60, 90}, 3, 100, 100},
        {"fibonacci", {0}, 0, 3600, 30},
        {"fibonacci", {30}, 1, 3600, 30},
        {"fibonacci", {30, 30}, 2, 3600, 60},
        {"fibonacci", {30, 60}, 2, 3600, 90},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset(NULL);
        struct job *j = cluster_job(&arena, "delay", "service", 1);
        struct reschedule_policy p = {.delay_ns = 30 * SEC,
                                      .delay_function = arena_strdup(&arena, cases[i].function),
                                      .max_delay_ns = cases[i].max_s * SEC,
                                      .unlimited = 1};
        int64_t delay = 0;
        struct allocation *x = with_history(j, cases[i].had, cases[i].n);
        assert_true(reschedule_delay(&p, x, CLUSTER_NOW, &delay));
        if (delay != cases[i].want_s * SEC)
            fail_msg("case %zu: %d s, want %d", i, (int)(delay / SEC), (int)cases[i].want_s);
    }
}

static void attempts_count_within_the_interval(void **state)
{
    struct job *j = cluster_job(&arena, "attempts", "batch", 1);
    struct reschedule_policy p = {.attempts = 2,
                                  .interval_ns = 150 * SEC,
                                  .delay_ns = 5 * SEC,
                                  .delay_function = arena_strdup(&arena, "constant")};
    static const int64_t had[] = {5, 5, 5};
    int64_t delay;
    struct allocation *x = with_history(j, had, 3); /* 180, 120 and 60 s ago */
    assert_false(reschedule_delay(&p, x, CLUSTER_NOW, &delay));
    p.attempts = 3;
    assert_true(reschedule_delay(&p, x, CLUSTER_NOW, &delay));
    p.delay_ns = 150 * SEC;
    assert_false(reschedule_delay(&p, x, CLUSTER_NOW, &delay));
}

static struct deployment *deployment_of(const struct job *j, int64_t desired, int64_t healthy)
{
    static const struct rec_desc state = {"", sizeof(struct deployment_state), NULL, 0, false};
    struct deployment *d = ARENA_NEW(&arena, struct deployment);
    rec_init(&deployment_desc, d);
    d->id = arena_strdup(&arena, "deployment");
    d->status = arena_strdup(&arena, "running");
    d->job_version = j->version;
    d->job_create_index = j->create_index;
    struct deployment_state *s = rec_list_add(&state, &d->groups, &arena);
    s->key = arena_strdup(&arena, "web");
    s->desired_total = desired;
    s->healthy_allocs = healthy;
    return d;
}

static void a_deployment_ends_when_all_is_healthy(void **state)
{
    struct job *j = cluster_job(&arena, "ends", "service", 2);
    have(j, 2);
    run(j, deployment_of(j, 2, 1));
    assert_false(out.deployment_done);
    run(j, deployment_of(j, 2, 2));
    assert_true(out.deployment_done);
    assert_null(out.deployment);
}

static void a_deployment_is_cancelled_by_stop_or_newer_version(void **state)
{
    struct job *j = cluster_job(&arena, "cancel", "service", 2);
    have(j, 2);
    struct deployment *d = deployment_of(j, 2, 1);
    struct job *k = next_version(j);
    rec_str_map_set(&k->groups.items[0].tasks.items[0].env, &arena, "A", "b");
    run(k, d);
    assert_string_equal("deployment", out.cancel_deployment);
    assert_string_equal("Cancelled due to newer version of job", out.cancel_description);
    assert_non_null(out.deployment);
    j->stop = true;
    run(j, d);
    assert_string_equal("Cancelled because job is stopped", out.cancel_description);
    assert_null(out.deployment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_job_places_its_count_and_deploys, reset),
        cmocka_unit_test_setup(a_batch_job_has_no_deployment, reset),
        cmocka_unit_test_setup(the_same_again_changes_nothing, reset),
        cmocka_unit_test_setup(a_change_is_in_place_or_destructive, reset),
        cmocka_unit_test_setup(a_destructive_update_keeps_to_max_parallel, reset),
        cmocka_unit_test_setup(a_meta_that_only_moved_is_no_change, reset),
        cmocka_unit_test_setup(count_down_stops_the_highest, reset),
        cmocka_unit_test_setup(count_up_takes_the_lowest_free_names, reset),
        cmocka_unit_test_setup(a_stopped_or_gone_job_stops_all, reset),
        cmocka_unit_test_setup(a_group_that_went_is_stopped, reset),
        cmocka_unit_test_setup(a_finished_batch_is_not_run_again, reset),
        cmocka_unit_test_setup(a_service_that_ended_is_replaced, reset),
        cmocka_unit_test_setup(what_a_lost_node_had_is_placed_anew, reset),
        cmocka_unit_test_setup(one_to_be_moved_is_stopped_and_placed, reset),
        cmocka_unit_test_setup(a_failure_is_rescheduled_now_later_or_never, reset),
        cmocka_unit_test_setup(delays_grow_by_their_function, reset),
        cmocka_unit_test_setup(attempts_count_within_the_interval, reset),
        cmocka_unit_test_setup(a_deployment_ends_when_all_is_healthy, reset),
        cmocka_unit_test_setup(a_deployment_is_cancelled_by_stop_or_newer_version, reset),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
