/* Allocations, evaluations, deployments and nodes: lists and single ones. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>

void api_blocking_table(struct http_req *r, const struct store_table *table, http_render render,
                        void *ctx)
{
    struct http_watch w = {STORE_WATCH_TABLE, table, NULL, 0};
    http_blocking(r, &w, 1, render, ctx);
}

/* --- lists ----------------------------------------------------------------------------------- */

typedef void (*row_writer)(struct http_req *r, const void *rec, struct buf *out);

static void write_eval(struct http_req *r, const void *rec, struct buf *out)
{
    rec_json_write(&evaluation_desc, rec, out);
}
static void write_alloc(struct http_req *r, const void *rec, struct buf *out)
{
    api_write_alloc_row(rec, out);
}
static void write_deployment(struct http_req *r, const void *rec, struct buf *out)
{
    rec_json_write(&deployment_desc, rec, out);
}
static void write_node_row(struct http_req *r, const void *rec, struct buf *out)
{
    api_write_node_row(rec, http_query_bool(r, "resources"), out);
}

/* Bytes are looked up, which hexadecimal digits come two to. */
static bool is_whole_prefix(const char *prefix)
{
    size_t digits = 0;
    for (; *prefix; prefix++)
        digits += *prefix != '-';
    return digits % 2 == 0;
}

static int render_rows(struct http_req *r, struct store_txn *t, const struct store_table *table,
                       const struct rec_desc *d, const char *what, row_writer write,
                       struct buf *out, log_index *index, struct err *e)
{
    const char *prefix = http_query(r, "prefix");
    struct store_cursor c;
    bool first = true;
    if (prefix && !is_whole_prefix(prefix))
        return err_set(e, ERR_INTERNAL,
                       "%s lookup failed: index error: Input (without hyphens) must be even length",
                       what);
    *index = store_table_index(t, table);
    buf_char(out, '[');
    for (store_scan(t, table, NULL, 0, &c); store_cursor_valid(&c); store_next(&c)) {
        struct arena a = ARENA_INIT;
        void *rec = arena_alloc(&a, d->size);
        if (!rec_unpack(d, c.val.data, c.val.len, &a, rec, NULL) &&
            (!prefix || str_has_prefix(*(char **)rec, prefix))) { /* the id is their first member */
            buf_str_add(out, first ? "" : ",");
            first = false;
            write(r, rec, out);
        }
        arena_fini(&a);
    }
    store_cursor_close(&c);
    buf_char(out, ']');
    return 0;
}

#define LIST(name, table, desc, what, writer)                                                      \
    static int render_##name(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,  \
                             log_index *index, int *status, struct err *e)                         \
    {                                                                                              \
        return render_rows(r, t, &table, &desc, what, writer, out, index, e);                      \
    }                                                                                              \
    static void on_##name(struct http_req *r, void *ctx)                                           \
    {                                                                                              \
        api_blocking_table(r, &table, render_##name, ctx);                                         \
    }
LIST(allocs, table_allocs, allocation_desc, "alloc", write_alloc)
LIST(evals, table_evals, evaluation_desc, "eval", write_eval)
LIST(deployments, table_deployments, deployment_desc, "deployment", write_deployment)
LIST(nodes, table_nodes, node_desc, "node", write_node_row)

/* --- single ones ----------------------------------------------------------------------------- */

static int missing(int *status, struct err *e, const char *what)
{
    *status = 404;
    return err_set(e, ERR_NOT_FOUND, "%s not found", what);
}

static int render_alloc(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                        log_index *index, int *status, struct err *e)
{
    struct allocation x;
    struct job j;
    struct arena *a = http_arena(r);
    *index = store_table_index(t, &table_allocs);
    if (state_alloc(t, http_param(r, "id"), a, &x))
        return missing(status, e, "alloc");
    *index = x.modify_index;
    bool known = !state_job_version(t, x.namespace, x.job_id, x.job_version, a, &j);
    api_write_alloc(&x, known ? &j : NULL, out);
    return 0;
}

static int render_eval(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    struct evaluation x;
    *index = store_table_index(t, &table_evals);
    if (state_eval(t, http_param(r, "id"), http_arena(r), &x))
        return missing(status, e, "eval");
    *index = x.modify_index;
    rec_json_write(&evaluation_desc, &x, out);
    return 0;
}

static int render_deployment(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                             log_index *index, int *status, struct err *e)
{
    struct deployment x;
    *index = store_table_index(t, &table_deployments);
    if (state_deployment(t, http_param(r, "id"), http_arena(r), &x))
        return missing(status, e, "deployment");
    *index = x.modify_index;
    rec_json_write(&deployment_desc, &x, out);
    return 0;
}

static int render_node(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    struct node x;
    *index = store_table_index(t, &table_nodes);
    if (state_node(t, http_param(r, "id"), http_arena(r), &x))
        return missing(status, e, "node");
    *index = x.modify_index;
    api_write_node(&x, out);
    return 0;
}

static int render_node_allocs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                              log_index *index, int *status, struct err *e)
{
    struct allocations all;
    int rv = state_node_allocs(t, http_param(r, "id"), http_arena(r), &all);
    *index = store_table_index(t, &table_allocs);
    buf_char(out, '[');
    for (size_t i = 0; i < all.n; i++) {
        const struct allocation *x = &all.items[i];
        struct job j;
        bool known =
            !state_job_version(t, x->namespace, x->job_id, x->job_version, http_arena(r), &j);
        buf_str_add(out, i ? "," : "");
        api_write_alloc(x, known ? &j : NULL, out);
    }
    buf_char(out, ']');
    return rv;
}

static int render_eval_allocs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                              log_index *index, int *status, struct err *e)
{
    struct evaluation ev;
    struct allocations all = {NULL, 0};
    bool first = true;
    *index = store_table_index(t, &table_allocs);
    if (!state_eval(t, http_param(r, "id"), http_arena(r), &ev))
        state_job_allocs(t, ev.namespace, ev.job_id, http_arena(r), &all);
    buf_char(out, '[');
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].eval_id, ev.id)) {
            buf_str_add(out, first ? "" : ",");
            first = false;
            api_write_alloc_row(&all.items[i], out);
        }
    buf_char(out, ']');
    return 0;
}

static void blocking_one(struct http_req *r, const struct store_table *table, http_render render)
{
    const char *id = http_param(r, "id");
    struct http_watch w = {STORE_WATCH_KEY, table, id, strlen(id)};
    http_blocking(r, &w, 1, render, NULL);
}

static void on_alloc(struct http_req *r, void *ctx)
{
    const char *id = http_param(r, "id");
    if (strlen(id) != ID_LEN) {
        http_reply_text(r, 500, "alloc lookup failed: index error: UUID must be 36 characters");
        return;
    }
    blocking_one(r, &table_allocs, render_alloc);
}

static void on_eval(struct http_req *r, void *ctx)
{
    blocking_one(r, &table_evals, render_eval);
}

static void on_deployment(struct http_req *r, void *ctx)
{
    blocking_one(r, &table_deployments, render_deployment);
}

static void on_node(struct http_req *r, void *ctx)
{
    blocking_one(r, &table_nodes, render_node);
}

static void on_node_allocs(struct http_req *r, void *ctx)
{
    api_blocking_table(r, &table_allocs, render_node_allocs, ctx);
}

static void on_eval_allocs(struct http_req *r, void *ctx)
{
    api_blocking_table(r, &table_allocs, render_eval_allocs, ctx);
}

/* --- stopping one ---------------------------------------------------------------------------- */

static void on_stopped(void *arg, int status, log_index index, const struct store_result *result)
{
    struct api_answer *a = arg;
    if (a->req && (status || result->code)) {
        http_reply_text(a->req, result->code == ERR_NOT_FOUND ? 404 : 500, "%s",
                        status ? err_code_text(status) : result->text);
    } else if (a->req) {
        struct buf b = BUF_INIT;
        buf_printf(&b, "{\"EvalID\":\"%s\",\"Index\":%" PRIu64 "}", a->eval_id, index);
        http_reply_json(a->req, 200, &b);
        buf_fini(&b);
    }
    api_answer_free(a);
}

static void on_alloc_stop(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct store_txn *t;
    struct allocation x;
    struct job j;
    struct evaluation e;
    if (store_read(s->store, &t, NULL)) {
        http_reply_text(r, 500, "state not readable");
        return;
    }
    bool known = !state_alloc(t, http_param(r, "id"), http_arena(r), &x) &&
                 !state_job(t, x.namespace, x.job_id, http_arena(r), &j);
    store_read_end(&t);
    if (!known) {
        http_reply_text(r, 404, "alloc not found");
        return;
    }
    struct cmd_alloc_stop c = {.alloc_id = x.id, .eval = &e, .now_ns = clock_wall_ns()};
    struct api_answer *a = api_answer_new(r);
    evaluation_init(&e, http_arena(r), &j, "alloc-stop", c.now_ns);
    memcpy(a->eval_id, e.id, sizeof(a->eval_id));
    store_propose_rec(s->store, s->loop, CMD_ALLOC_STOP, &cmd_alloc_stop_desc, &c, on_stopped, a);
}

void alloc_routes(struct scheduler *s, struct http_server *server)
{
    http_route(server, "GET", "/v1/allocations", on_allocs, s);
    http_route(server, "GET", "/v1/allocation/:id", on_alloc, s);
    http_route(server, "PUT,POST", "/v1/allocation/:id/stop", on_alloc_stop, s);
    http_route(server, "GET", "/v1/evaluations", on_evals, s);
    http_route(server, "GET", "/v1/evaluation/:id", on_eval, s);
    http_route(server, "GET", "/v1/evaluation/:id/allocations", on_eval_allocs, s);
    http_route(server, "GET", "/v1/deployments", on_deployments, s);
    http_route(server, "GET", "/v1/deployment/:id", on_deployment, s);
    http_route(server, "GET", "/v1/nodes", on_nodes, s);
    http_route(server, "GET", "/v1/node/:id", on_node, s);
    http_route(server, "GET", "/v1/node/:id/allocations", on_node_allocs, s);
}
