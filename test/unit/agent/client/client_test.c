/* A client against a real scheduler over RPC: it registers, runs what it is given, reports, and
 * stays who it is over its restarts. */
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "agent/client/client.h"
#include "test/unit/support/cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];
static struct http_server *rpc;
static struct client *client;
static int port;

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void begin(bool kill_on_close)
{
    struct arena *a = &cluster.arena;
    struct err e = ERR_INIT;
    struct client_config c = {.loop = &cluster.loop,
                              .rpc_url = arena_printf(a, "http://127.0.0.1:%d", port),
                              .state_dir = arena_printf(a, "%s/state", dir),
                              .alloc_dir = arena_printf(a, "%s/alloc", dir),
                              .name = "here",
                              .datacenter = "dc1",
                              .region = "global",
                              .address = "127.0.0.1",
                              .http_addr = "127.0.0.1:4646",
                              .nomad_version = "1.0.18",
                              .consul_version = "1.10.11",
                              .kill_on_close = kill_on_close};
    if (client_new(&c, &client, &e))
        fail_msg("%s", e.text);
}
static void end(void)
{
    bool closed = false;
    client_close(client, set_true, &closed);
    assert_true(loop_run_until(&cluster.loop, &closed, 30000));
}

static int start(void **state)
{
    struct http_server_config c = {.name = "rpc", .dialect = HTTP_PLAIN};
    struct err e = ERR_INIT;
    strcpy(dir, "/tmp/platform-client-XXXXXX");
    if (!mkdtemp(dir) || cluster_start(state))
        return -1;
    c.store = cluster.store;
    if (http_server_new(&cluster.loop, &c, &rpc, &e))
        return -1;
    scheduler_rpc_routes(cluster.scheduler, rpc);
    return http_listen(rpc, "127.0.0.1", 0, &port, &e);
}
static int stop(void **state)
{
    bool closed = false;
    http_server_close(rpc, set_true, &closed);
    loop_run_until(&cluster.loop, &closed, 30000);
    return cluster_stop(state) || file_remove_tree(dir, NULL);
}

static bool node_is_ready(struct store_txn *t, const void *id)
{
    struct node n;
    return !state_node(t, id, &cluster.arena, &n) && str_eq(n.status, "ready");
}
static bool alloc_is(struct store_txn *t, const void *status)
{
    struct allocations all = cluster_allocs(t, "j");
    return all.n == 1 && str_eq(all.items[0].client_status, status);
}
static void run(const char *type, const char *config)
{
    struct job *j = cluster_job(&cluster.arena, "j", type, 1);
    j->groups.items[0].tasks.items[0].config = arena_strdup(&cluster.arena, config);
    cluster_register(cluster.store, &cluster.arena, j);
}

static void it_registers_runs_and_reports(void **state)
{
    begin(true);
    assert_true(id_is_uuid(client_node_id(client)));
    cluster_wait(node_is_ready, client_node_id(client));
    run("batch", "{\"command\":\"/bin/true\"}");
    cluster_wait(alloc_is, "complete");
    end();
}

static void its_tasks_end_with_it_when_it_is_told_so(void **state)
{
    begin(true);
    cluster_wait(node_is_ready, client_node_id(client));
    run("service", "{\"command\":\"/bin/sleep\",\"args\":[\"1000\"]}");
    cluster_wait(alloc_is, "running");
    end(); /* waits for the task */
}

/* The same node, the same process: what was started goes on, and is not started twice. */
static void a_restart_finds_what_runs(void **state)
{
    struct arena *a = &cluster.arena;
    char *runs = arena_printf(a, "%s/runs", dir);
    struct buf b = BUF_INIT;
    begin(false);
    char *id = arena_strdup(a, client_node_id(client));
    cluster_wait(node_is_ready, id);
    run("service", arena_printf(a,
                                "{\"command\":\"/bin/sh\",\"args\":[\"-c\",\"echo x >> %s; exec "
                                "sleep 1000\"]}",
                                runs));
    cluster_wait(alloc_is, "running");
    end();
    begin(true);
    assert_string_equal(id, client_node_id(client));
    cluster_wait(node_is_ready, id);
    cluster_wait(alloc_is, "running");
    assert_int_equal(0, file_read(runs, 100, &b, NULL));
    assert_string_equal("x\n", b.data);
    buf_fini(&b);
    end();
}

static void a_folder_that_cannot_be_is_told(void **state)
{
    struct err e = ERR_INIT;
    struct client *c = NULL;
    struct client_config config = {.loop = &cluster.loop,
                                   .rpc_url = "http://127.0.0.1:1",
                                   .state_dir = "/dev/null/state",
                                   .alloc_dir = "/dev/null/alloc",
                                   .http_addr = ""};
    assert_int_not_equal(0, client_new(&config, &c, &e));
    assert_non_null(strstr(e.text, "/dev/null"));
    assert_null(c);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        T(it_registers_runs_and_reports),
        T(its_tasks_end_with_it_when_it_is_told_so),
        T(a_restart_finds_what_runs),
        T(a_folder_that_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
