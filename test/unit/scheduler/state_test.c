#include "scheduler/state.h"
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

/* A fresh snapshot, replacing the last. */
static struct store_txn *now(void)
{
    store_read_end(&txn);
    assert_int_equal(0, store_read(store, &txn, NULL));
    return txn;
}

static struct job job_of(const char *id)
{
    struct job j;
    assert_int_equal(0, state_job(now(), "default", id, &arena, &j));
    return j;
}

/* Proposes a plan of one placement; returns how many were refused. */
static uint64_t plan_one(const struct job *j, const char *eval_id, const char *node_id, int64_t cpu,
                         int64_t port, struct allocation **placed)
{
    struct allocations list = {NULL, 0};
    static unsigned n;
    struct allocation *x = cluster_alloc(&arena, &list, j, node_id, 0);
    x->id = cluster_uuid(&arena, 0xb0000 + n++);
    x->client_status = arena_strdup(&arena, "pending");
    x->resources.tasks.items = ARENA_NEW(&arena, struct allocated_task);
    x->resources.tasks.n = 1;
    x->resources.tasks.items[0].key = arena_strdup(&arena, "web");
    x->resources.tasks.items[0].cpu.cpu_shares = cpu;
    if (port) {
        struct network *net = rec_list_add(&network_desc, &x->resources.shared.networks, &arena);
        struct port *p = rec_list_add(&port_desc, &net->reserved_ports, &arena);
        p->label = arena_strdup(&arena, "http");
        p->value = port;
    }
    struct cmd_plan c = {.now_ns = CLUSTER_NOW};
    c.places.items = x;
    c.places.n = 1;
    struct evaluation e;
    assert_int_equal(0, state_eval(now(), eval_id, &arena, &e));
    e.status = arena_strdup(&arena, "complete");
    c.evals.items = &e;
    c.evals.n = 1;
    struct store_result r;
    cluster_propose(store, CMD_PLAN, &cmd_plan_desc, &c, &r);
    if (placed)
        *placed = x;
    return r.number;
}

static const char *eval_status(const char *id)
{
    struct evaluation e;
    assert_int_equal(0, state_eval(now(), id, &arena, &e));
    return e.status;
}

static void report(const struct allocation *x, const char *status, int8_t healthy)
{
    struct cmd_alloc_updates c = {.now_ns = CLUSTER_NOW};
    struct allocation *u = rec_list_add(&allocation_desc, &c.allocs, &arena);
    u->id = x->id;
    u->client_status = arena_strdup(&arena, status);
    if (healthy != REC_NULL_BOOL) {
        u->deployment_status = ARENA_NEW(&arena, struct alloc_deployment_status);
        u->deployment_status->healthy = healthy;
    }
    cluster_propose(store, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c, NULL);
}

static void deregister(const char *id, bool purge)
{
    struct cmd_job_deregister c = {.namespace = arena_strdup(&arena, "default"),
                                   .id = arena_strdup(&arena, id),
                                   .purge = purge,
                                   .now_ns = CLUSTER_NOW};
    cluster_propose(store, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c, NULL);
}

static void a_change_is_a_version_the_same_is_none(void **state)
{
    struct job *j = cluster_job(&arena, "web", "service", 2);
    char *first = cluster_register(store, &arena, j);
    struct job was = job_of("web");
    assert_int_equal(0, was.version);
    assert_string_equal("pending", was.status);
    assert_string_equal("pending", eval_status(first));
    char *again = cluster_register(store, &arena, j);
    assert_int_equal(0, job_of("web").version);
    assert_int_equal(was.job_modify_index, job_of("web").job_modify_index);
    assert_string_equal("pending", eval_status(again));
    j->groups.items[0].count = 3;
    cluster_register(store, &arena, j);
    struct job is = job_of("web"), old;
    assert_int_equal(1, is.version);
    assert_int_equal(was.create_index, is.create_index);
    assert_true(is.job_modify_index > was.job_modify_index);
    assert_int_equal(0, state_job_version(now(), "default", "web", 0, &arena, &old));
    assert_int_equal(2, old.groups.items[0].count);
}

static void old_versions_go(void **state)
{
    struct job *j = cluster_job(&arena, "web", "service", 1), old;
    for (int i = 0; i < 9; i++) {
        j->groups.items[0].count = i + 1;
        cluster_register(store, &arena, j);
    }
    assert_int_equal(ERR_NOT_FOUND, state_job_version(now(), "default", "web", 2, &arena, &old));
    assert_int_equal(0, state_job_version(now(), "default", "web", 3, &arena, &old));
}

static void the_index_is_enforced_in_the_peers_words(void **state)
{
    struct job *j = cluster_job(&arena, "web", "service", 1);
    struct cmd_job_register c = {.job = *j, .enforce_index = true, .job_modify_index = 7};
    struct store_result r;
    cluster_propose(store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_string_equal("Enforcing job modify index 7: job does not exist", r.text);
    c.job_modify_index = 0;
    cluster_propose(store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_int_equal(0, r.code);
    uint64_t index = r.number;
    cluster_propose(store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_string_equal("Enforcing job modify index 0: job already exists", r.text);
    c.job_modify_index = index + 1;
    cluster_propose(store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_string_equal(arena_printf(&arena,
                                     "Enforcing job modify index %d: job exists with conflicting "
                                     "job modify index: %d",
                                     (int)index + 1, (int)index),
                        r.text);
    c.job_modify_index = index;
    cluster_propose(store, CMD_JOB_REGISTER, &cmd_job_register_desc, &c, &r);
    assert_int_equal(0, r.code);
}

static void a_plan_is_verified_against_the_newer_state(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    char *e = cluster_register(store, &arena, j), *f = cluster_register(store, &arena, j);
    struct allocation *x, *y;
    assert_int_equal(0, plan_one(j, e, n->id, 3000, 0, &x));
    assert_string_equal("complete", eval_status(e));
    assert_int_equal(1, plan_one(j, f, n->id, 3000, 0, &y)); /* both saw 4000 free */
    assert_string_equal("pending", eval_status(f));
    struct allocation found;
    assert_int_equal(ERR_NOT_FOUND, state_alloc(now(), y->id, &arena, &found));
    struct node_usage u;
    state_usage(now(), n->id, &arena, &u);
    assert_int_equal(3000, u.cpu);
    assert_int_equal(0, plan_one(j, f, n->id, 1000, 0, &y));
    assert_string_equal("complete", eval_status(f));
    report(x, "complete", REC_NULL_BOOL); /* room at once */
    state_usage(now(), n->id, &arena, &u);
    assert_int_equal(1000, u.cpu);
    assert_int_equal(1, u.allocs);
}

static void a_port_or_a_node_that_went_refuses(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    char *e = cluster_register(store, &arena, j);
    assert_int_equal(0, plan_one(j, e, n->id, 10, 8080, NULL));
    e = cluster_register(store, &arena, j);
    assert_int_equal(1, plan_one(j, e, n->id, 10, 8080, NULL));
    assert_int_equal(0, plan_one(j, e, n->id, 10, 8081, NULL));
    e = cluster_register(store, &arena, j);
    assert_int_equal(1, plan_one(j, e, cluster_uuid(&arena, 99), 10, 0, NULL));
    struct cmd_node_status down = {
        .node_id = n->id, .status = arena_strdup(&arena, "down"), .now_ns = CLUSTER_NOW};
    cluster_propose(store, CMD_NODE_STATUS, &cmd_node_status_desc, &down, NULL);
    assert_int_equal(1, plan_one(j, e, n->id, 10, 0, NULL));
}

static void a_job_runs_and_dies_with_its_allocations(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "task", "batch", 1);
    char *e = cluster_register(store, &arena, j);
    struct allocation *x, is;
    assert_string_equal("pending", job_of("task").status);
    plan_one(j, e, n->id, 10, 0, &x);
    assert_string_equal("running", job_of("task").status);
    report(x, "complete", REC_NULL_BOOL);
    assert_string_equal("dead", job_of("task").status);
    assert_int_equal(0, state_alloc(now(), x->id, &arena, &is));
    assert_string_equal("complete", is.client_status);
    assert_string_equal("run", is.desired_status);
}

static void stopping_keeps_the_job_purging_does_not(void **state)
{
    struct job *j = cluster_job(&arena, "web", "service", 1), gone;
    cluster_register(store, &arena, j);
    deregister("web", false);
    struct job stopped = job_of("web");
    assert_true(stopped.stop);
    assert_int_equal(1, stopped.version);
    cluster_register(store, &arena, j); /* and runs again */
    assert_false(job_of("web").stop);
    assert_int_equal(2, job_of("web").version);
    deregister("web", true);
    assert_int_equal(ERR_NOT_FOUND, state_job(now(), "default", "web", &arena, &gone));
    for (uint64_t v = 0; v < 3; v++)
        assert_int_equal(ERR_NOT_FOUND,
                         state_job_version(now(), "default", "web", v, &arena, &gone));
    deregister("never was", true); /* no error */
}

static void a_replacement_is_linked_both_ways(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    char *e = cluster_register(store, &arena, j);
    struct allocation *x, is;
    plan_one(j, e, n->id, 10, 0, &x);
    struct allocations list = {NULL, 0};
    struct allocation *y = cluster_alloc(&arena, &list, j, n->id, 0);
    y->previous_allocation = x->id;
    struct cmd_plan c = {.now_ns = CLUSTER_NOW};
    c.places = list;
    cluster_propose(store, CMD_PLAN, &cmd_plan_desc, &c, NULL);
    assert_int_equal(0, state_alloc(now(), x->id, &arena, &is));
    assert_string_equal(y->id, is.next_allocation);
}

static void health_counts_once_in_its_deployment(void **state)
{
    struct node *n = cluster_node(&arena, 1);
    static const struct rec_desc group = {"", sizeof(struct deployment_state), NULL, 0, false};
    cluster_add_node(store, n);
    struct job *j = cluster_job(&arena, "web", "service", 1);
    cluster_register(store, &arena, j);
    struct deployment d, is;
    rec_init(&deployment_desc, &d);
    d.id = cluster_uuid(&arena, 0xd);
    d.namespace = arena_strdup(&arena, "default");
    d.job_id = j->id;
    d.status = arena_strdup(&arena, "running");
    struct deployment_state *s = rec_list_add(&group, &d.groups, &arena);
    s->key = arena_strdup(&arena, "web");
    s->desired_total = 1;
    s->progress_deadline_ns = 600;
    struct allocations list = {NULL, 0};
    struct allocation *x = cluster_alloc(&arena, &list, j, n->id, 0);
    x->deployment_id = d.id;
    struct cmd_plan c = {.now_ns = CLUSTER_NOW, .deployment = &d, .places = list};
    cluster_propose(store, CMD_PLAN, &cmd_plan_desc, &c, NULL);
    assert_int_equal(0, state_job_deployment(now(), "default", "web", &arena, &is));
    assert_int_equal(1, is.groups.items[0].placed_allocs);
    assert_int_equal(CLUSTER_NOW + 600, is.groups.items[0].require_progress_by_ns);
    for (int i = 0; i < 2; i++) {
        report(x, "running", 1);
        state_deployment(now(), d.id, &arena, &is);
        assert_int_equal(1, is.groups.items[0].healthy_allocs);
        assert_int_equal(0, is.groups.items[0].unhealthy_allocs);
    }
    report(x, "running", 0);
    state_deployment(now(), d.id, &arena, &is);
    assert_int_equal(0, is.groups.items[0].healthy_allocs);
    assert_int_equal(1, is.groups.items[0].unhealthy_allocs);
    d.status = arena_strdup(&arena, "successful");
    struct cmd_plan done = {.now_ns = CLUSTER_NOW};
    done.deployment_updates.items = &d;
    done.deployment_updates.n = 1;
    cluster_propose(store, CMD_PLAN, &cmd_plan_desc, &done, NULL);
    assert_true(job_of("web").stable);
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_change_is_a_version_the_same_is_none),
        STORE_TEST(old_versions_go),
        STORE_TEST(the_index_is_enforced_in_the_peers_words),
        STORE_TEST(a_plan_is_verified_against_the_newer_state),
        STORE_TEST(a_port_or_a_node_that_went_refuses),
        STORE_TEST(a_job_runs_and_dies_with_its_allocations),
        STORE_TEST(stopping_keeps_the_job_purging_does_not),
        STORE_TEST(a_replacement_is_linked_both_ways),
        STORE_TEST(health_counts_once_in_its_deployment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
