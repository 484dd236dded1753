/* Nodes in the state: registration, status, eligibility and drains, and the events they leave. */
#include "agent/base/str.h"
#include "scheduler/state.h"
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
static struct node *node;

static int open_store(void **state)
{
    store = cluster_open(dir);
    node = cluster_node(&arena, 1);
    return 0;
}
static int close_store(void **state)
{
    arena_fini(&arena);
    return cluster_close(&store, dir);
}

static struct node is_now(void)
{
    struct store_txn *t;
    struct node n;
    assert_int_equal(0, store_read(store, &t, NULL));
    assert_int_equal(0, state_node(t, node->id, &arena, &n));
    store_read_end(&t);
    return n;
}
static const char *last_event(const struct node *n)
{
    return n->events.n ? n->events.items[n->events.n - 1].message : "";
}
static struct store_result register_node(void)
{
    struct store_result r;
    cluster_propose(store, CMD_NODE_REGISTER, &node_desc, node, &r);
    return r;
}
static struct store_result set_status(const char *id, const char *status)
{
    struct store_result r;
    struct cmd_node_status c = {.node_id = arena_strdup(&arena, id),
                                .status = arena_strdup(&arena, status),
                                .now_ns = CLUSTER_NOW};
    cluster_propose(store, CMD_NODE_STATUS, &cmd_node_status_desc, &c, &r);
    return r;
}
static struct store_result schedule(const char *eligibility, const char *strategy, bool eligible,
                                    bool complete)
{
    struct store_result r;
    struct cmd_node_scheduling c = {.node_id = node->id,
                                    .eligibility = arena_strdup(&arena, eligibility),
                                    .strategy = arena_strdup(&arena, strategy),
                                    .mark_eligible = eligible,
                                    .complete = complete,
                                    .now_ns = CLUSTER_NOW};
    cluster_propose(store, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, &c, &r);
    return r;
}

static void a_new_node_may_take_work(void **state)
{
    assert_int_equal(1, register_node().number);
    struct node n = is_now();
    assert_string_equal("eligible", n.scheduling_eligibility);
    assert_string_equal("Node registered", last_event(&n));
    assert_true(n.create_index > 0);
}

static void the_same_again_writes_nothing(void **state)
{
    register_node();
    uint64_t before = is_now().modify_index;
    assert_int_equal(0, register_node().number);
    assert_int_equal(before, is_now().modify_index);
    node->resources.cpu.cpu_shares = 5000;
    assert_int_equal(0, register_node().number); /* changed, but not new */
    assert_true(is_now().modify_index > before);
    assert_int_equal(5000, is_now().resources.cpu.cpu_shares);
}

static void anothers_id_is_refused(void **state)
{
    register_node();
    node->secret_id = cluster_uuid(&arena, 777);
    node->name = arena_strdup(&arena, "thief");
    struct store_result r = register_node();
    assert_int_equal(ERR_PERMISSION, r.code);
    assert_string_equal("node secret ID does not match", r.text);
    assert_string_equal("node1", is_now().name);
}

static void what_the_operator_set_survives_a_registration(void **state)
{
    register_node();
    schedule("ineligible", "", false, false);
    node->attributes.n = 0;
    node->status = arena_strdup(&arena, "initializing");
    assert_int_equal(1, register_node().number);
    struct node n = is_now();
    assert_string_equal("ineligible", n.scheduling_eligibility);
    assert_string_equal("Node marked as ineligible for scheduling", last_event(&n));
}

static void missing_and_coming_back_are_events(void **state)
{
    register_node();
    set_status(node->id, "down");
    struct node n = is_now();
    assert_string_equal("down", n.status);
    assert_string_equal("Node heartbeat missed", last_event(&n));
    size_t events = n.events.n;
    set_status(node->id, "down"); /* no news */
    assert_int_equal(events, is_now().events.n);
    set_status(node->id, "ready");
    n = is_now();
    assert_string_equal("Node reregistered by heartbeat", last_event(&n));
    assert_int_equal(CLUSTER_NOW / INT64_C(1000000000), n.status_updated_at_s);
    assert_int_equal(ERR_NOT_FOUND, set_status(cluster_uuid(&arena, 9), "down").code);
}

static void a_drain_is_told_step_by_step(void **state)
{
    register_node();
    assert_int_equal(0, schedule("", "{\"Deadline\":1}", false, false).code);
    struct node n = is_now();
    assert_true(n.drain);
    assert_string_equal("ineligible", n.scheduling_eligibility);
    assert_string_equal("Node drain strategy set", last_event(&n));
    struct store_result r = schedule("eligible", "", false, false);
    assert_int_equal(ERR_CONFLICT, r.code);
    assert_string_equal(
        "can not set node's scheduling eligibility to eligible while it is draining", r.text);
    schedule("", "{\"Deadline\":2}", false, false);
    n = is_now();
    assert_string_equal("Node drain strategy updated", last_event(&n));
    schedule("", "", false, true);
    n = is_now();
    assert_false(n.drain);
    assert_string_equal("ineligible", n.scheduling_eligibility);
    assert_string_equal("Node drain complete", last_event(&n));
    schedule("", "{\"Deadline\":1}", false, false);
    schedule("", "", true, false);
    n = is_now();
    assert_string_equal("Node drain disabled", last_event(&n));
    assert_string_equal("eligible", n.scheduling_eligibility);
}

static void the_last_ten_events_are_kept(void **state)
{
    register_node();
    for (int i = 0; i < 8; i++) {
        set_status(node->id, "down");
        set_status(node->id, "ready");
    }
    struct node n = is_now();
    assert_int_equal(10, n.events.n);
    assert_string_equal("Node heartbeat missed", n.events.items[0].message);
    assert_string_equal("Node reregistered by heartbeat", last_event(&n));
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, open_store, close_store)
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_new_node_may_take_work),
        STORE_TEST(the_same_again_writes_nothing),
        STORE_TEST(anothers_id_is_refused),
        STORE_TEST(what_the_operator_set_survives_a_registration),
        STORE_TEST(missing_and_coming_back_are_events),
        STORE_TEST(a_drain_is_told_step_by_step),
        STORE_TEST(the_last_ten_events_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
