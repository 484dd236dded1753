/* One evaluation on one snapshot: what is planned, and how the evaluation ends. */
#include "scheduler/planner.h"
#include "agent/base/str.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct arena arena;
static struct store *store;
static struct store_txn *txn;

static int open_store(void **state)
{
    store = cluster_open(dir);
    return 0;
}

static int close_store(void **state)
{
    store_read_end(&txn);
    arena_fini(&arena);
    return cluster_close(&store, dir);
}

static struct planned plan_as(const char *eval_id, const struct job *instead)
{
    struct evaluation *e = ARENA_NEW(&arena, struct evaluation);
    struct planned p;
    store_read_end(&txn);
    assert_int_equal(0, store_read(store, &txn, NULL));
    assert_int_equal(0, state_eval(txn, eval_id, &arena, e));
    planner_run(txn, NULL, e, instead, CLUSTER_NOW, &arena, &p);
    return p;
}
static struct planned plan(const char *eval_id)
{
    return plan_as(eval_id, NULL);
}
static void apply(const struct planned *p)
{
    struct store_result r;
    cluster_propose(store, CMD_PLAN, &cmd_plan_desc, &p->plan, &r);
    assert_int_equal(0, r.number); /* nothing refused */
}
static int64_t queued(const struct planned *p)
{
    const struct rec_int_pair *q = rec_map_find(&p->done.queued_allocations, sizeof *q, "web");
    return q ? q->value : -1;
}
static const struct evaluation *made(const struct planned *p, const char *status)
{
    for (size_t i = 0; i < p->plan.evals.n; i++)
        if (str_eq(p->plan.evals.items[i].status, status))
            return &p->plan.evals.items[i];
    return NULL;
}

static void a_new_job_is_placed_in_a_deployment(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct planned p =
        plan(cluster_register(store, &arena, cluster_job(&arena, "web", "service", 3)));
    assert_int_equal(3, p.plan.places.n);
    assert_int_equal(0, p.plan.stops.n);
    assert_non_null(p.plan.deployment);
    for (int i = 0; i < 3; i++) {
        const struct allocation *x = &p.plan.places.items[i];
        assert_string_equal(arena_printf(&arena, "web.web[%d]", i), x->name);
        assert_string_equal(n->id, x->node_id);
        assert_string_equal(p.plan.deployment->id, x->deployment_id);
        assert_string_equal("pending", x->client_status);
        assert_string_equal("run", x->desired_status);
        assert_int_equal(1, x->metrics.nodes_evaluated);
    }
    assert_string_equal("complete", p.done.status);
    assert_int_equal(0, queued(&p));
    assert_int_equal(1, p.n_counts);
    assert_int_equal(3, p.counts[0].place);
}

static void what_has_no_room_waits_in_one_blocked_evaluation(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    n->resources.memory.memory_mb = 128; /* room for two */
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 5);
    struct planned p = plan(cluster_register(store, &arena, j));
    assert_int_equal(2, p.plan.places.n);
    assert_int_equal(3, queued(&p));
    assert_int_equal(1, p.done.failed_tg_allocs.n);
    const struct alloc_metric *m = &p.done.failed_tg_allocs.items[0];
    assert_string_equal("web", m->key);
    assert_int_equal(2, m->coalesced_failures);
    assert_int_equal(1, m->nodes_exhausted);
    assert_string_equal("memory", m->dimension_exhausted.items[0].key);
    const struct evaluation *b = made(&p, "blocked");
    assert_non_null(b);
    assert_string_equal(b->id, p.done.blocked_eval);
    assert_string_equal("queued-allocs", b->triggered_by);
    assert_string_equal("created to place remaining allocations", b->status_description);
    assert_string_equal(p.done.id, b->previous_eval);
    apply(&p);

    struct planned again = plan(b->id); /* still no room: it stays what it is */
    assert_int_equal(0, again.plan.places.n);
    assert_string_equal("blocked", again.done.status);
    assert_int_equal(1, again.plan.evals.n);

    struct node *more = cluster_node(&arena, 2);
    cluster_add_node(store, more);
    struct planned last = plan(b->id);
    assert_int_equal(3, last.plan.places.n);
    assert_string_equal("complete", last.done.status);
    assert_int_equal(0, last.done.failed_tg_allocs.n);
}

static void a_newer_evaluation_cancels_the_blocked_one(void **state)
{
    struct job *j = cluster_job(&arena, "web", "service", 1);
    struct planned p = plan(cluster_register(store, &arena, j)); /* there is no node at all */
    const struct evaluation *b = made(&p, "blocked");
    apply(&p);
    cluster_add_node(store, cluster_node(&arena, 1));
    p = plan(cluster_register(store, &arena, j));
    const struct evaluation *canceled = made(&p, "canceled");
    assert_non_null(canceled);
    assert_string_equal(b->id, canceled->id);
    assert_string_equal(arena_printf(&arena, "evaluation \"%s\" successful", p.done.id),
                        canceled->status_description);
    assert_int_equal(1, p.plan.places.n);
}

static void stopping_stops_and_places_nothing(void **state)
{
    cluster_add_node(store, cluster_node(&arena, 1));
    struct job *j = cluster_job(&arena, "web", "service", 2);
    struct planned p = plan(cluster_register(store, &arena, j));
    apply(&p);
    struct evaluation e;
    evaluation_init(&e, &arena, j, "job-deregister", CLUSTER_NOW);
    struct cmd_job_deregister c = {
        .namespace = j->namespace, .id = j->id, .now_ns = CLUSTER_NOW, .eval = &e};
    cluster_propose(store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
    p = plan(e.id);
    assert_int_equal(2, p.plan.stops.n);
    assert_int_equal(0, p.plan.places.n);
    assert_string_equal("stop", p.plan.stops.items[0].desired_status);
    assert_string_equal("alloc not needed due to job update",
                        p.plan.stops.items[0].desired_description);
}

static void a_destructive_update_stops_and_places_as_one(void **state)
{
    cluster_add_node(store, cluster_node(&arena, 1));
    struct job *j = cluster_job(&arena, "web", "service", 2);
    struct planned p = plan(cluster_register(store, &arena, j));
    apply(&p);
    j->groups.items[0].tasks.items[0].config = arena_strdup(&arena, "{\"command\":\"/bin/false\"}");
    p = plan(cluster_register(store, &arena, j));
    assert_int_equal(1, p.plan.stops.n); /* max_parallel is 1 */
    assert_int_equal(1, p.plan.places.n);
    const struct allocation *x = &p.plan.places.items[0], *s = &p.plan.stops.items[0];
    assert_string_equal(s->id, x->previous_allocation);
    assert_string_equal(x->id, s->next_allocation);
    assert_string_equal("alloc is being updated due to job update", s->desired_description);
    assert_int_equal(1, x->job_version);
    assert_int_equal(2, p.counts[0].destructive + p.counts[0].ignore);
}

static void what_cannot_be_replaced_stays(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    struct planned p = plan(cluster_register(store, &arena, j));
    apply(&p);
    j->groups.items[0].tasks.items[0].resources->memory_mb = 1 << 20;
    p = plan(cluster_register(store, &arena, j));
    assert_int_equal(0, p.plan.stops.n);
    assert_int_equal(0, p.plan.places.n);
    assert_int_equal(1, queued(&p));
    assert_non_null(made(&p, "blocked"));
}

static void a_dry_run_plans_a_job_that_is_not_registered(void **state)
{
    cluster_add_node(store, cluster_node(&arena, 1));
    struct job *j = cluster_job(&arena, "web", "service", 2);
    char *id = cluster_register(store, &arena, j);
    struct planned p = plan(id);
    apply(&p);
    struct job *wider = rec_dup(&job_desc, j, &arena);
    wider->groups.items[0].count = 5;
    p = plan_as(id, wider);
    assert_int_equal(3, p.counts[0].place);
    assert_int_equal(2, p.counts[0].in_place);
    assert_int_equal(5, p.plan.places.n); /* what is updated in place is written again */
    struct job is;
    assert_int_equal(0, state_job(txn, "default", "web", &arena, &is));
    assert_int_equal(2, is.groups.items[0].count);
}

/* Where no more work goes, what stands there still takes its rack. */
static void racks_of_ineligible_nodes_count(void **state)
{
    struct node *a = cluster_node(&arena, 1), *b = cluster_node(&arena, 2);
    rec_str_map_set(&a->meta, &arena, "rack", "r1");
    rec_str_map_set(&b->meta, &arena, "rack", "r1");
    cluster_add_node(store, a);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    struct constraint *c = rec_list_add(&constraint_desc, &j->constraints, &arena);
    c->ltarget = arena_strdup(&arena, "${meta.rack}");
    c->operand = arena_strdup(&arena, "distinct_property");
    struct planned p = plan(cluster_register(store, &arena, j));
    assert_int_equal(1, p.plan.places.n);
    apply(&p);
    struct cmd_node_scheduling off = {
        .node_id = a->id, .eligibility = arena_strdup(&arena, "ineligible"), .now_ns = CLUSTER_NOW};
    cluster_propose(store, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, &off, NULL);
    cluster_add_node(store, b);
    j->groups.items[0].count = 2;
    p = plan(cluster_register(store, &arena, j));
    assert_int_equal(1, p.plan.places.n); /* the first's in-place update */
    assert_string_equal(a->id, p.plan.places.items[0].node_id);
    assert_int_equal(1, queued(&p));
}

static void a_system_job_goes_to_every_node(void **state)
{
    for (unsigned i = 1; i <= 3; i++)
        cluster_add_node(store, cluster_node(&arena, i));
    struct job *j = cluster_job(&arena, "logs", "system", 1);
    struct planned p = plan(cluster_register(store, &arena, j));
    assert_int_equal(3, p.plan.places.n);
    assert_null(p.plan.deployment);
    apply(&p);
    cluster_add_node(store, cluster_node(&arena, 4));
    p = plan(cluster_register(store, &arena, j));
    assert_int_equal(1, p.plan.places.n);
    assert_string_equal(cluster_uuid(&arena, 4), p.plan.places.items[0].node_id);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_job_is_placed_in_a_deployment),
        STORE_TEST(what_has_no_room_waits_in_one_blocked_evaluation),
        STORE_TEST(a_newer_evaluation_cancels_the_blocked_one),
        STORE_TEST(stopping_stops_and_places_nothing),
        STORE_TEST(a_destructive_update_stops_and_places_as_one),
        STORE_TEST(what_cannot_be_replaced_stays),
        STORE_TEST(a_dry_run_plans_a_job_that_is_not_registered),
        STORE_TEST(racks_of_ineligible_nodes_count),
        STORE_TEST(a_system_job_goes_to_every_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
