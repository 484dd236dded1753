#include "test/unit/support/local_node.h"
#include "discovery/catalog_impl.h"
#include "agent/base/str.h"
#include "test/unit/support/catalog_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct local_node local_node;
struct err local_node_error;

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void start_agent(void)
{
    struct err e = ERR_INIT;
    bool started = false;
    struct local_config c = {.loop = &local_node.loop,
                             .store = local_node.store,
                             .node_name = "n1",
                             .node_id = "0363bef9-cf86-c166-16d9-b5ba9435f236",
                             .address = "127.0.0.1",
                             .datacenter = "dc1",
                             .version = "1.10.11",
                             .data_dir = local_node.data_dir,
                             .server = true,
                             .enable_script_checks = true,
                             .rpc_port = 8300};
    assert_int_equal(0, local_agent_new(&c, &local_node.agent, &e));
    local_agent_start(local_node.agent, set_true, &started);
    assert_true(loop_run_until(&local_node.loop, &started, 30000));
}

static void stop_agent(void)
{
    bool closed = false;
    local_agent_close(local_node.agent, set_true, &closed);
    assert_true(loop_run_until(&local_node.loop, &closed, 30000));
}

int local_node_start(void **state)
{
    memset(&local_node, 0, sizeof(local_node));
    loop_init(&local_node.loop);
    local_node.store = catalog_store_open(local_node.dir);
    snprintf(local_node.data_dir, sizeof(local_node.data_dir), "%s/local", local_node.dir);
    start_agent();
    return 0;
}

int local_node_stop(void **state)
{
    stop_agent();
    catalog_store_close(&local_node.store, local_node.dir);
    loop_close(&local_node.loop);
    arena_fini(&local_node.arena);
    return 0;
}

void local_node_restart(void)
{
    stop_agent();
    start_agent();
}

static int pending;

static void on_done(void *arg, int status, const struct err *e)
{
    pending--;
}

int local_node_service(const char *json)
{
    struct service_definition d;
    rec_init(&service_definition_desc, &d);
    local_node_error = (struct err)ERR_INIT;
    int rv = rec_json_parse(&service_definition_desc, json, strlen(json), REC_SNAKE,
                            &local_node.arena, &d, &local_node_error);
    if (!rv)
        rv = local_service_register(local_node.agent, &d, false, on_done, NULL, &local_node_error);
    pending += !rv;
    return rv;
}

int local_node_check(const char *json)
{
    struct check_definition d;
    rec_init(&check_definition_desc, &d);
    local_node_error = (struct err)ERR_INIT;
    int rv = rec_json_parse(&check_definition_desc, json, strlen(json), REC_SNAKE,
                            &local_node.arena, &d, &local_node_error);
    if (!rv)
        rv = local_check_register(local_node.agent, &d, on_done, NULL, &local_node_error);
    pending += !rv;
    return rv;
}

void local_node_settle(void)
{
    for (int i = 0; i < 30000 && pending; i++)
        local_node_turn(1);
    assert_int_equal(0, pending);
}

void local_node_turn(int milliseconds)
{
    for (int i = 0; i < milliseconds; i++) {
        uv_run(&local_node.loop.uv, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
}

const char *local_node_status(const char *check_id, const char **output)
{
    struct store_txn *t;
    struct catalog_checks all;
    const char *status = "";
    assert_int_equal(0, store_read(local_node.store, &t, NULL));
    catalog_node_checks(t, "n1", &local_node.arena, &all);
    store_read_end(&t);
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].check_id, check_id)) {
            status = all.items[i].status;
            if (output)
                *output = all.items[i].output;
        }
    return status;
}

void local_node_wait_status(const char *check_id, const char *status)
{
    const char *is = "";
    for (int i = 0; i < 3000; i++) {
        is = local_node_status(check_id, NULL);
        if (str_eq(is, status))
            return;
        local_node_turn(10);
    }
    fail_msg("check %s is '%s', not %s", check_id, is, status);
}

size_t local_node_services(void)
{
    struct store_txn *t;
    struct catalog_services all;
    assert_int_equal(0, store_read(local_node.store, &t, NULL));
    catalog_node_services(t, "n1", &local_node.arena, &all);
    store_read_end(&t);
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        n += !str_eq(all.items[i].id, "consul");
    return n;
}
