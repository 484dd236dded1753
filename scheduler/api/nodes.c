/* /v1/node/:id/...: drains and eligibility; /v1/system/...: collecting. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

struct node_answer {
    struct http_req *req;
    size_t n_evals;
    uuid_text *evals;
};

static void on_gone(void *arg)
{
    ((struct node_answer *)arg)->req = NULL;
}

static void on_written(void *arg, int status, log_index index, const struct store_result *result)
{
    struct node_answer *n = arg;
    if (n->req && (status || result->code)) {
        http_reply_text(n->req, result->code == ERR_NOT_FOUND ? 404 : 500, "%s",
                        status ? err_name(status) : result->text);
    } else if (n->req) {
        struct buf b = BUF_INIT;
        buf_str_add(&b, "{\"EvalIDs\":");
        for (size_t i = 0; i < n->n_evals; i++)
            buf_printf(&b, "%s\"%s\"", i ? "," : "[", n->evals[i]);
        buf_printf(&b,
                   "%s,\"EvalCreateIndex\":%" PRIu64 ",\"NodeModifyIndex\":%" PRIu64
                   ",\"Index\":%" PRIu64 "}",
                   n->n_evals ? "]" : "null", n->n_evals ? index : 0, index, index);
        http_set_index(n->req, index);
        http_reply_json(n->req, 200, &b);
        buf_fini(&b);
    }
    free(n->evals);
    free(n);
}

static void propose(struct scheduler *s, struct http_req *r, const struct cmd_node_scheduling *c)
{
    struct node_answer *n = MEM_NEW(struct node_answer);
    n->req = r;
    n->n_evals = c->evals.n;
    n->evals = mem_alloc((c->evals.n + 1) * sizeof(uuid_text));
    for (size_t i = 0; i < c->evals.n; i++)
        memcpy(n->evals[i], c->evals.items[i].id, sizeof(uuid_text));
    http_on_cancel(r, on_gone, n);
    store_propose_rec(s->store, s->loop, CMD_NODE_SCHEDULING, &cmd_node_scheduling_desc, c,
                      on_written, n);
}

/* --- eligibility ----------------------------------------------------------------------------- */

struct eligibility_body {
    char *eligibility;
};
static const struct rec_field eligibility_fields[] = {
    REC(struct eligibility_body, eligibility, "Eligibility", REC_STR, 0)};
static const struct rec_desc eligibility_desc =
    REC_DESC("eligibility", struct eligibility_body, eligibility_fields);

static bool read_body(struct http_req *r, const struct rec_desc *d, void *rec)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(d, rec);
    if (!rec_json_parse(d, body, n, 0, http_arena(r), rec, &e))
        return true;
    http_reply_text(r, 400, "%s", n ? e.text : "EOF");
    return false;
}

static void on_eligibility(struct http_req *r, void *ctx)
{
    struct eligibility_body b;
    struct cmd_node_scheduling c = {.now_ns = clock_wall_ns()};
    if (!read_body(r, &eligibility_desc, &b))
        return;
    if (!str_eq(b.eligibility, "eligible") && !str_eq(b.eligibility, "ineligible")) {
        http_reply_text(r, 500, "invalid scheduling eligibility \"%s\"",
                        b.eligibility ? b.eligibility : "");
        return;
    }
    c.node_id = arena_strdup(http_arena(r), http_param(r, "id"));
    c.eligibility = b.eligibility;
    if (str_eq(b.eligibility, "eligible"))
        system_evals(((struct scheduler *)ctx)->store, c.node_id, http_arena(r), &c.evals);
    propose(ctx, r, &c);
}

/* --- drains ---------------------------------------------------------------------------------- */

struct drain_body {
    char *spec; /* JSON */
    bool mark_eligible;
};
static const struct rec_field drain_fields[] = {
    REC(struct drain_body, spec, "DrainSpec", REC_RAW, 0),
    REC(struct drain_body, mark_eligible, "MarkEligible", REC_BOOL, 0),
};
static const struct rec_desc drain_desc = REC_DESC("drain", struct drain_body, drain_fields);

static void on_drain(struct http_req *r, void *ctx)
{
    struct drain_body b;
    struct err e = ERR_INIT;
    struct cmd_node_scheduling c = {.now_ns = clock_wall_ns()};
    if (!read_body(r, &drain_desc, &b))
        return;
    c.node_id = arena_strdup(http_arena(r), http_param(r, "id"));
    c.mark_eligible = b.mark_eligible;
    if (b.spec && strcmp(b.spec, "null")) {
        c.strategy = drain_strategy_text(b.spec, strlen(b.spec), c.now_ns, http_arena(r), &e);
        if (!c.strategy) {
            http_reply_text(r, 400, "%s", e.text);
            return;
        }
    } else if (b.mark_eligible) {
        system_evals(((struct scheduler *)ctx)->store, c.node_id, http_arena(r), &c.evals);
    }
    propose(ctx, r, &c);
}

/* --- the system ------------------------------------------------------------------------------ */

static void on_system_gc(struct http_req *r, void *ctx)
{
    broker_enqueue_core(ctx, CORE_GC_FORCE);
    http_reply(r, 200, NULL, "", 0);
}

/* Summaries are computed when they are asked for: there is nothing to reconcile. */
static void on_reconcile_summaries(struct http_req *r, void *ctx)
{
    http_reply(r, 200, NULL, "", 0);
}

void node_routes(struct scheduler *s, struct http_server *server)
{
    http_route(server, "PUT,POST", "/v1/node/:id/eligibility", on_eligibility, s);
    http_route(server, "PUT,POST", "/v1/node/:id/drain", on_drain, s);
    http_route(server, "PUT,POST", "/v1/system/gc", on_system_gc, s);
    http_route(server, "PUT,POST", "/v1/system/reconcile/summaries", on_reconcile_summaries, s);
}
