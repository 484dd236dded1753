/* One allocation from its directory to its last report. */
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "test/unit/support/client_node.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREVER "exec sleep 1000"

static const char *event_text(const struct task_runner *t, const char *type)
{
    for (size_t i = 0; i < t->state.events.n; i++)
        if (str_eq(t->state.events.items[i].type, type))
            return t->state.events.items[i].display_message;
    return "";
}

static void it_runs_to_its_end_and_says_so(void **state)
{
    static const char *const dirs[] = {"alloc/data", "alloc/logs", "alloc/tmp",
                                       "t/local",    "t/secrets",  "t/tmp"};
    struct stat st;
    struct alloc_runner *r = client_node_run("batch", client_node_task("t", "echo hello", ""));
    client_node_wait_status("complete");
    assert_string_equal("All tasks have completed", client_node.report.client_description);
    assert_string_equal(r->alloc.id, client_node.report.id);
    assert_int_equal(1, client_node.report.task_states.n);
    assert_string_equal("dead", client_node.report.task_states.items[0].state);
    assert_false(client_node.report.task_states.items[0].failed);
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        assert_int_equal(0, stat(arena_printf(&client_node.arena, "%s/%s", r->dir, dirs[i]), &st));
    assert_string_equal(
        "hello\n", client_node_read(arena_printf(&client_node.arena,
                                                 "alloc/%s/alloc/logs/t.stdout.0", r->alloc.id)));
}

static void a_failure_ends_the_siblings(void **state)
{
    struct alloc_runner *r =
        client_node_run("service", arena_printf(&client_node.arena, "%s%s",
                                                client_node_task("bad", "sleep 0.2; exit 3", ""),
                                                client_node_task("good", FOREVER, "")));
    client_node_wait_done(r);
    client_node_wait_status("failed");
    assert_string_equal("Failed tasks", client_node.report.client_description);
    assert_true(r->tasks[0].state.failed);
    assert_false(r->tasks[1].state.failed);
    assert_string_equal("Task's sibling \"bad\" failed",
                        event_text(&r->tasks[1], "Sibling Task Failed"));
}

static void a_leaders_end_is_that_of_all(void **state)
{
    struct alloc_runner *r = client_node_run(
        "batch", arena_printf(&client_node.arena, "%s%s",
                              client_node_task("first", "sleep 0.2", "leader = true"),
                              client_node_task("other", FOREVER, "")));
    client_node_wait_done(r);
    client_node_wait_status("complete");
    assert_string_equal("Leader Task in Group dead", event_text(&r->tasks[1], "Leader Task Dead"));
}

static void a_stop_reaches_every_task_once(void **state)
{
    struct rpc_alloc *x =
        client_node_alloc("service", arena_printf(&client_node.arena, "%s%s",
                                                  client_node_task("a", "touch a; " FOREVER, ""),
                                                  client_node_task("b", "touch b; " FOREVER, "")));
    struct alloc_runner *r = alloc_runner_new(&client_node.client, x);
    alloc_runner_start(r);
    client_node_wait_file("a");
    client_node_wait_file("b");
    client_node_wait_status("running");
    assert_string_equal("Tasks are running", client_node.report.client_description);
    x->alloc.desired_status = arena_strdup(&client_node.arena, "stop");
    alloc_runner_update(r, x);
    alloc_runner_update(r, x);
    client_node_wait_done(r);
    client_node_wait_status("complete");
    for (int i = 0; i < 2; i++)
        assert_string_equal("Received|Task Setup|Started|Killing|Terminated|Killed",
                            client_node_events(&r->tasks[i]));
}

static void a_new_version_in_place_leaves_the_process(void **state)
{
    struct rpc_alloc *x =
        client_node_alloc("service", client_node_task("t", "echo x >> runs; " FOREVER, ""));
    struct alloc_runner *r = alloc_runner_new(&client_node.client, x);
    alloc_runner_start(r);
    client_node_wait_file("runs");
    x->alloc.job_version = 1;
    x->job->version = 1;
    x->job->priority = 77;
    alloc_runner_update(r, x);
    assert_int_equal(77, r->job->priority);
    assert_int_equal(TASK_RUNNING, r->tasks[0].phase);
    assert_string_equal("x\n", client_node_read("runs"));
}

#define HEALTHY_AFTER(time, deadline)                                                              \
    "update {\n min_healthy_time = \"" time "\"\n healthy_deadline = \"" deadline "\"\n }\n"

static struct alloc_runner *deployed(const char *update, const char *task)
{
    struct rpc_alloc *x =
        client_node_alloc("service", arena_printf(&client_node.arena, "%s%s", update, task));
    x->alloc.deployment_id = x->alloc.id;
    struct alloc_runner *r = alloc_runner_new(&client_node.client, x);
    alloc_runner_start(r);
    return r;
}
static void wait_health(int8_t want)
{
    for (int i = 0; i < 30000 && !client_node.report.deployment_status; i++)
        client_node_turn();
    assert_non_null(client_node.report.deployment_status);
    assert_int_equal(want, client_node.report.deployment_status->healthy);
}

static void health_takes_its_time(void **state)
{
    mono_ms before = clock_mono_ms();
    deployed(HEALTHY_AFTER("500ms", "1m"), client_node_task("t", FOREVER, ""));
    wait_health(1);
    assert_true(clock_mono_ms() - before >= 500);
}

static void a_restart_begins_health_anew(void **state)
{
    mono_ms before = clock_mono_ms();
    struct alloc_runner *r = deployed(
        HEALTHY_AFTER("800ms", "1m"),
        client_node_task("t", "if [ ! -e once ]; then sleep 0.4; touch once; exit 1; fi; " FOREVER,
                         "restart {\n attempts = 3\n delay = \"1ms\"\n }"));
    wait_health(1);
    assert_true(clock_mono_ms() - before >= 1200);
    assert_int_equal(1, r->tasks[0].state.restarts);
}

static void a_failed_task_is_unhealthy(void **state)
{
    struct alloc_runner *r =
        deployed(HEALTHY_AFTER("10s", "1m"), client_node_task("t", "exit 1", ""));
    wait_health(0);
    assert_string_equal("Unhealthy because of failed task",
                        event_text(&r->tasks[0], "Alloc Unhealthy"));
}

static void a_deadline_decides(void **state)
{
    struct alloc_runner *r =
        deployed(HEALTHY_AFTER("5s", "1s"), client_node_task("t", FOREVER, ""));
    wait_health(0);
    assert_string_equal("Task not running for min_healthy_time of 5s by deadline",
                        event_text(&r->tasks[0], "Alloc Unhealthy"));
}

/* What was saved is enough: the process is found again, and its past. */
static void it_is_found_again(void **state)
{
    struct arena *a = &client_node.arena;
    struct buf b = BUF_INIT;
    struct rpc_allocs file;
    struct err e = ERR_INIT;
    struct alloc_runner *r = client_node_run(
        "service",
        client_node_task("t", "echo x >> runs; while [ ! -e go ]; do sleep 0.05; done", ""));
    client_node_wait_file("runs");
    client_node_wait_status("running");
    char *path = arena_printf(a, "%s/allocs/%s", client_node.client.state_dir, r->alloc.id);
    alloc_runner_release(r);
    assert_int_equal(0, file_read(path, 1 << 20, &b, &e));
    assert_int_equal(0, rec_unpack(&rpc_allocs_desc, b.data, b.len, a, &file, &e));
    buf_fini(&b);
    r = alloc_runner_new(&client_node.client, &file.allocs.items[0]);
    alloc_runner_attach(r);
    assert_int_equal(TASK_RUNNING, r->tasks[0].phase);
    assert_string_equal("Received|Task Setup|Started", client_node_events(&r->tasks[0]));
    file_write_atomic(arena_printf(a, "%s/go", client_node.dir), "", 0, 0600, &e);
    client_node_wait_done(r);
    assert_string_equal("x\n", client_node_read("runs"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, client_node_start, client_node_stop)
    const struct CMUnitTest tests[] = {
        T(it_runs_to_its_end_and_says_so),
        T(a_failure_ends_the_siblings),
        T(a_leaders_end_is_that_of_all),
        T(a_stop_reaches_every_task_once),
        T(a_new_version_in_place_leaves_the_process),
        T(health_takes_its_time),
        T(a_restart_begins_health_anew),
        T(a_failed_task_is_unhealthy),
        T(a_deadline_decides),
        T(it_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
