#include "test/unit/support/client_node.h"
#include "agent/base/file.h"
#include "agent/base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client_node client_node;

static void on_update(struct http_req *r, void *ctx)
{
    size_t n;
    const char *body = http_body(r, &n);
    struct rpc_alloc_updates u;
    if (rec_unpack(&rpc_alloc_updates_desc, body, n, &client_node.arena, &u, NULL) || !u.allocs.n) {
        http_reply_text(r, 400, "not understood");
        return;
    }
    client_node.report = u.allocs.items[u.allocs.n - 1];
    client_node.reports++;
    http_reply_text(r, 200, "ok");
}

int client_node_start(void **state)
{
    struct client *c = &client_node.client;
    struct http_server_config config = {.name = "reports", .dialect = HTTP_PLAIN};
    struct err e = ERR_INIT;
    int port;
    memset(&client_node, 0, sizeof(client_node));
    strcpy(client_node.dir, "/tmp/platform-client-XXXXXX");
    if (!mkdtemp(client_node.dir))
        return -1;
    struct arena *a = &client_node.arena;
    rec_init(&node_desc, &c->node);
    rec_init(&allocation_desc, &client_node.report);
    c->node.id = arena_strdup(a, "11111111-2222-4333-8444-555555555555");
    c->node.secret_id = c->node.id;
    c->node.name = c->node.datacenter = arena_strdup(a, "here");
    c->state_dir = arena_printf(a, "%s/state", client_node.dir);
    c->alloc_dir = arena_printf(a, "%s/alloc", client_node.dir);
    file_mkdirs(arena_printf(a, "%s/allocs", c->state_dir), 0700, &e);
    loop_init(&c->loop);
    uv_timer_init(&c->loop.uv, &c->flush);
    c->flush.data = c;
    if (http_client_new(&c->loop, &c->http, &e) ||
        http_server_new(&c->loop, &config, &client_node.server, &e) ||
        http_listen(client_node.server, "127.0.0.1", 0, &port, &e))
        return -1;
    http_route(client_node.server, "PUT", "/rpc/alloc/update", on_update, NULL);
    c->rpc_url = arena_printf(a, "http://127.0.0.1:%d", port);
    return 0;
}

void client_node_turn(void)
{
    uv_run(&client_node.client.loop.uv, UV_RUN_NOWAIT);
    uv_sleep(1);
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

int client_node_stop(void **state)
{
    struct client *c = &client_node.client;
    bool closed = false;
    c->stopping = true;
    for (struct alloc_runner *r = c->runners; r; r = r->next)
        alloc_runner_stop(r, "the test is over");
    while (c->runners) {
        client_node_wait_done(c->runners);
        alloc_runner_release(c->runners);
    }
    c->closing = true;
    uv_close((uv_handle_t *)&c->flush, NULL);
    http_client_close(c->http, set_true, &closed);
    loop_run_until(&c->loop, &closed, 30000);
    closed = false;
    http_server_close(client_node.server, set_true, &closed);
    loop_run_until(&c->loop, &closed, 30000);
    loop_close(&c->loop);
    arena_fini(&client_node.arena);
    return file_remove_tree(client_node.dir, NULL);
}

char *client_node_task(const char *name, const char *script, const char *more)
{
    return arena_printf(&client_node.arena,
                        "task \"%s\" {\n driver = \"raw_exec\"\n config {\n command = \"/bin/sh\"\n"
                        " args = [\"-c\", \"cd %s; %s\"]\n }\n %s\n %s\n }\n",
                        name, client_node.dir, script, more,
                        strstr(more, "restart {") ? "" : "restart {\n attempts = 0\n }");
}

struct rpc_alloc *client_node_alloc(const char *type, const char *group)
{
    struct arena *a = &client_node.arena;
    struct job_mistakes m = {.arena = a};
    struct rpc_alloc *x = ARENA_NEW(a, struct rpc_alloc);
    uuid_text id;
    char *text = arena_printf(
        a, "job \"j\" {\n datacenters = [\"dc1\"]\n type = \"%s\"\n group \"g\" {\n %s }\n}\n",
        type, group);
    if (job_parse_hcl("t", text, strlen(text), a, &x->job, &m))
        fail_msg("%s in %s", m.items[0].text, text);
    job_canonicalize(x->job, a);
    rec_init(&allocation_desc, &x->alloc);
    id_new(id);
    x->alloc.id = arena_strdup(a, id);
    x->alloc.name = arena_strdup(a, "j.g[0]");
    x->alloc.job_id = arena_strdup(a, "j");
    x->alloc.namespace = arena_strdup(a, "default");
    x->alloc.task_group = arena_strdup(a, "g");
    x->alloc.desired_status = arena_strdup(a, "run");
    return x;
}

struct alloc_runner *client_node_run(const char *type, const char *group)
{
    struct alloc_runner *r = alloc_runner_new(&client_node.client, client_node_alloc(type, group));
    alloc_runner_start(r);
    return r;
}

void client_node_wait_status(const char *status)
{
    for (int i = 0; i < 30000 && !str_eq(client_node.report.client_status, status); i++)
        client_node_turn();
    assert_string_equal(status, client_node.report.client_status);
}

void client_node_wait_done(struct alloc_runner *r)
{
    for (int i = 0; i < 30000 && (!alloc_runner_is_done(r) || r->dirty); i++)
        client_node_turn();
    assert_true(alloc_runner_is_done(r));
}

void client_node_wait_file(const char *name)
{
    char *path = arena_printf(&client_node.arena, "%s/%s", client_node.dir, name);
    for (int i = 0; i < 30000 && access(path, F_OK); i++)
        client_node_turn();
    assert_int_equal(0, access(path, F_OK));
}

char *client_node_read(const char *name)
{
    struct buf b = BUF_INIT;
    file_read(arena_printf(&client_node.arena, "%s/%s", client_node.dir, name), 1 << 20, &b, NULL);
    char *text = arena_strdup(&client_node.arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

char *client_node_events(const struct task_runner *t)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < t->state.events.n; i++)
        buf_printf(&b, "%s%s", i ? "|" : "", t->state.events.items[i].type);
    char *text = arena_strdup(&client_node.arena, buf_str(&b));
    buf_fini(&b);
    return text;
}
