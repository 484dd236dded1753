/* One task: what is told of its runs, its restarts and its end. */
#include "agent/base/str.h"
#include "test/unit/support/client_node.h"

#include <signal.h>
#include <string.h>

static const struct task_event *last(const struct task_runner *t, const char *type)
{
    for (size_t i = t->state.events.n; i-- > 0;)
        if (str_eq(t->state.events.items[i].type, type))
            return &t->state.events.items[i];
    fail_msg("no event %s: %s", type, client_node_events(t));
    return NULL;
}

static void a_success_is_told(void **state)
{
    struct alloc_runner *r = client_node_run("batch", client_node_task("t", "exit 0", ""));
    client_node_wait_done(r);
    const struct task_state *s = &r->tasks[0].state;
    assert_string_equal("Received|Task Setup|Started|Terminated", client_node_events(&r->tasks[0]));
    assert_string_equal("Exit Code: 0", last(&r->tasks[0], "Terminated")->display_message);
    assert_true(s->started_at_ns > 0 && s->finished_at_ns >= s->started_at_ns);
    assert_int_equal(0, s->restarts);
}

static void restarts_are_counted_and_end(void **state)
{
    struct alloc_runner *r = client_node_run(
        "service", client_node_task("t", "echo x >> runs; exit 5",
                                    "restart {\n attempts = 2\n delay = \"10ms\"\n interval = "
                                    "\"10m\"\n mode = \"fail\"\n }"));
    client_node_wait_done(r);
    const struct task_runner *t = &r->tasks[0];
    assert_string_equal("x\nx\nx\n", client_node_read("runs"));
    assert_int_equal(2, t->state.restarts);
    assert_true(t->state.failed && t->state.last_restart_ns > 0);
    assert_string_equal("Restart within policy", last(t, "Restarting")->restart_reason);
    assert_int_equal(5, last(t, "Terminated")->exit_code);
    assert_string_equal("Exceeded allowed attempts 2 in interval 10m0s and mode is \"fail\"",
                        last(t, "Not Restarting")->display_message);
    assert_true(last(t, "Not Restarting")->fails_task);
}

static void a_services_success_is_no_end(void **state)
{
    struct alloc_runner *r = client_node_run("service", client_node_task("t", "exit 0", ""));
    client_node_wait_done(r);
    assert_string_equal("Policy allows no restarts",
                        last(&r->tasks[0], "Not Restarting")->display_message);
    assert_false(r->tasks[0].state.failed);
}

static void a_deaf_task_is_killed(void **state)
{
    struct alloc_runner *r = client_node_run(
        "service", client_node_task("t", "trap '' INT; touch up; while :; do sleep 0.05; done",
                                    "kill_timeout = \"300ms\""));
    client_node_wait_file("up");
    alloc_runner_stop(r, "enough");
    client_node_wait_done(r);
    const struct task_runner *t = &r->tasks[0];
    assert_string_equal("Sent interrupt. Waiting 300ms before force killing",
                        last(t, "Killing")->display_message);
    assert_string_equal("enough", last(t, "Killing")->kill_reason);
    assert_string_equal("Exit Code: 137, Signal: 9", last(t, "Terminated")->display_message);
    assert_string_equal("Task successfully killed", last(t, "Killed")->display_message);
    assert_false(t->state.failed);
}

static void the_signal_is_the_jobs(void **state)
{
    struct alloc_runner *r = client_node_run(
        "service",
        client_node_task(
            "t", "trap 'echo term > got; exit 0' TERM; touch up; while :; do sleep 0.05; done",
            "kill_signal = \"SIGTERM\""));
    client_node_wait_file("up");
    alloc_runner_stop(r, "enough");
    client_node_wait_done(r);
    assert_string_equal("term\n", client_node_read("got"));
}

/* As check_restart has it: an ordered end, counted as a failure. */
static void a_restart_is_a_failure_of_its_policy(void **state)
{
    struct alloc_runner *r = client_node_run(
        "service", client_node_task("t", "echo x >> runs; exec sleep 1000",
                                    "restart {\n attempts = 1\n delay = \"10ms\"\n interval = "
                                    "\"10m\"\n mode = \"fail\"\n }"));
    struct task_runner *t = &r->tasks[0];
    client_node_wait_file("runs");
    task_runner_restart(t, "because");
    assert_int_equal(TASK_KILLING, t->phase);
    task_runner_restart(t, "again"); /* it is on its way */
    for (int i = 0; i < 30000 && !str_eq(client_node_read("runs"), "x\nx\n"); i++)
        client_node_turn();
    assert_string_equal("because", last(t, "Restart Signaled")->display_message);
    assert_int_equal(1, t->state.restarts);
    while (t->phase != TASK_RUNNING)
        client_node_turn();
    task_runner_restart(t, "once more");
    client_node_wait_done(r);
    assert_true(t->state.failed);
}

static void a_stop_wins_over_a_restart(void **state)
{
    struct alloc_runner *r =
        client_node_run("service", client_node_task("t", "touch up; exec sleep 1000",
                                                    "restart {\n attempts = 5\n }"));
    client_node_wait_file("up");
    task_runner_restart(&r->tasks[0], "because");
    alloc_runner_stop(r, "enough");
    client_node_wait_done(r);
    assert_int_equal(0, r->tasks[0].state.restarts);
    assert_string_equal("Task successfully killed", last(&r->tasks[0], "Killed")->display_message);
}

static void a_payload_is_there_before_the_task(void **state)
{
    struct rpc_alloc *x = client_node_alloc(
        "batch", client_node_task("t", "cat $NOMAD_TASK_DIR/in/put.txt > got",
                                  "dispatch_payload {\n file = \"in/put.txt\"\n }"));
    x->job->payload.data = (uint8_t *)arena_strdup(&client_node.arena, "bytes");
    x->job->payload.n = 5;
    struct alloc_runner *r = alloc_runner_new(&client_node.client, x);
    alloc_runner_start(r);
    client_node_wait_done(r);
    assert_string_equal("bytes", client_node_read("got"));
}

static void what_cannot_start_is_a_driver_failure(void **state)
{
    struct alloc_runner *r = client_node_run(
        "batch", "task \"t\" {\n driver = \"raw_exec\"\n config {\n command = \"/no/such\"\n }\n"
                 " restart {\n attempts = 0\n }\n }\n");
    client_node_wait_done(r);
    assert_true(r->tasks[0].state.failed);
    assert_string_equal("failed to start command path=\"/no/such\": executable file not found in "
                        "the task's directory or $PATH",
                        last(&r->tasks[0], "Driver Failure")->driver_error);
    r = client_node_run("batch",
                        "task \"t\" {\n driver = \"docker\"\n restart {\n attempts = 0\n }\n }\n");
    client_node_wait_done(r);
    assert_string_equal("driver \"docker\" is not available on this node",
                        last(&r->tasks[0], "Driver Failure")->driver_error);
}

static void the_last_ten_events_stay(void **state)
{
    struct alloc_runner *r = client_node_run("batch", client_node_task("t", "exec sleep 1000", ""));
    for (int i = 0; i < 20; i++)
        task_event_add(&r->tasks[0], arena_printf(&client_node.arena, "e%d", i), "");
    assert_string_equal("e10|e11|e12|e13|e14|e15|e16|e17|e18|e19",
                        client_node_events(&r->tasks[0]));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, client_node_start, client_node_stop)
    const struct CMUnitTest tests[] = {
        T(a_success_is_told),
        T(restarts_are_counted_and_end),
        T(a_services_success_is_no_end),
        T(a_deaf_task_is_killed),
        T(the_signal_is_the_jobs),
        T(a_restart_is_a_failure_of_its_policy),
        T(a_stop_wins_over_a_restart),
        T(a_payload_is_there_before_the_task),
        T(what_cannot_start_is_a_driver_failure),
        T(the_last_ten_events_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
