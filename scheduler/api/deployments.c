/* /v1/deployment/...: promoting, failing, pausing, judging by hand; a job's deployments. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

struct decision { /* on its way through the log */
    struct http_req *req;
    uuid_text eval_id;
    int64_t reverted; /* the version gone back to, or -1 */
};

static void on_gone(void *arg)
{
    ((struct decision *)arg)->req = NULL;
}

static struct decision *decision_new(struct http_req *r, const struct evaluation *e)
{
    struct decision *d = MEM_NEW(struct decision);
    d->req = r;
    d->reverted = -1;
    if (e)
        memcpy(d->eval_id, e->id, sizeof(d->eval_id));
    http_on_cancel(r, on_gone, d);
    return d;
}

static void on_decided(void *arg, int status, log_index index, const struct store_result *result)
{
    struct decision *d = arg;
    if (d->req && (status || result->code)) {
        http_reply_text(d->req, result->code == ERR_NOT_FOUND ? 404 : 500, "%s",
                        status ? err_name(status) : result->text);
    } else if (d->req) {
        struct buf b = BUF_INIT;
        buf_printf(&b,
                   "{\"EvalID\":\"%s\",\"EvalCreateIndex\":%" PRIu64
                   ",\"DeploymentModifyIndex\":%" PRIu64 ",\"RevertedJobVersion\":",
                   d->eval_id, *d->eval_id ? index : 0, index);
        if (d->reverted >= 0)
            buf_printf(&b, "%" PRId64, d->reverted);
        else
            buf_str_add(&b, "null");
        buf_printf(&b, ",\"Index\":%" PRIu64 "}", index);
        http_set_index(d->req, index);
        http_reply_json(d->req, 200, &b);
        buf_fini(&b);
    }
    free(d);
}

/* --- what is asked --------------------------------------------------------------------------- */

struct deployment_body {
    bool all, pause;
    struct rec_strs groups, healthy, unhealthy;
};
static const struct rec_field body_fields[] = {
    REC(struct deployment_body, all, "All", REC_BOOL, 0),
    REC_OF(struct deployment_body, groups, "Groups", REC_LIST, 0, &rec_str),
    REC(struct deployment_body, pause, "Pause", REC_BOOL, 0),
    REC_OF(struct deployment_body, healthy, "HealthyAllocationIDs", REC_LIST, 0, &rec_str),
    REC_OF(struct deployment_body, unhealthy, "UnhealthyAllocationIDs", REC_LIST, 0, &rec_str),
};
static const struct rec_desc body_desc =
    REC_DESC("deployment", struct deployment_body, body_fields);

static bool read_body(struct http_req *r, struct deployment_body *b)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(&body_desc, b);
    if (!n || !rec_json_parse(&body_desc, body, n, 0, http_arena(r), b, &e))
        return true;
    http_reply_text(r, 400, "%s", e.text);
    return false;
}

/* The deployment and its job, with the snapshot left open; answers otherwise. */
static struct store_txn *open_deployment(struct scheduler *s, struct http_req *r,
                                         struct deployment *d, struct job *j)
{
    struct store_txn *t;
    if (store_read(s->store, &t, NULL)) {
        http_reply_text(r, 500, "state not readable");
        return NULL;
    }
    if (!state_deployment(t, http_param(r, "id"), http_arena(r), d) &&
        !state_job(t, d->namespace, d->job_id, http_arena(r), j))
        return t;
    store_read_end(&t);
    http_reply_text(r, 404, "deployment not found");
    return NULL;
}

static struct evaluation *new_eval(struct http_req *r, const struct job *j,
                                   const struct deployment *d, int64_t now_ns)
{
    struct evaluation *e = ARENA_NEW(http_arena(r), struct evaluation);
    evaluation_init(e, http_arena(r), j, "deployment-watcher", now_ns);
    e->deployment_id = d->id;
    return e;
}

static void on_promote(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct deployment d;
    struct job j;
    struct deployment_body b;
    struct cmd_deployment_promote c = {.now_ns = clock_wall_ns()};
    struct store_txn *t;
    if (!read_body(r, &b) || !(t = open_deployment(s, r, &d, &j)))
        return;
    store_read_end(&t);
    c.id = d.id;
    c.all = b.all;
    c.groups = b.groups;
    c.eval = new_eval(r, &j, &d, c.now_ns);
    store_propose_rec(s->store, s->loop, CMD_DEPLOYMENT_PROMOTE, &cmd_deployment_promote_desc, &c,
                      on_decided, decision_new(r, c.eval));
}

static void on_fail(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct deployment d;
    struct job j;
    struct cmd_deployment_status c;
    struct store_txn *t = open_deployment(s, r, &d, &j);
    if (!t)
        return;
    deployment_failure(t, &d, "Deployment marked as failed", clock_wall_ns(), http_arena(r), &c);
    store_read_end(&t);
    struct decision *answer = decision_new(r, c.eval);
    if (c.job)
        answer->reverted = (int64_t)c.job->version;
    store_propose_rec(s->store, s->loop, CMD_DEPLOYMENT_STATUS, &cmd_deployment_status_desc, &c,
                      on_decided, answer);
}

static const char *running_description(const struct deployment *d)
{
    for (size_t i = 0; i < d->groups.n; i++) {
        const struct deployment_state *g = &d->groups.items[i];
        if (g->desired_canaries && !g->promoted)
            return g->auto_promote ? "Deployment is running pending automatic promotion"
                                   : "Deployment is running but requires manual promotion";
    }
    return "Deployment is running";
}

static void on_pause(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct arena *a = http_arena(r);
    struct deployment d;
    struct job j;
    struct deployment_body b;
    struct cmd_deployment_status c = {.now_ns = clock_wall_ns()};
    struct store_txn *t;
    if (!read_body(r, &b) || !(t = open_deployment(s, r, &d, &j)))
        return;
    store_read_end(&t);
    c.id = d.id;
    c.verb = arena_strdup(a, b.pause ? "pause" : "resume");
    c.status = arena_strdup(a, b.pause ? "paused" : "running");
    c.description = arena_strdup(a, b.pause ? "Deployment is paused" : running_description(&d));
    c.eval = b.pause ? NULL : new_eval(r, &j, &d, c.now_ns);
    store_propose_rec(s->store, s->loop, CMD_DEPLOYMENT_STATUS, &cmd_deployment_status_desc, &c,
                      on_decided, decision_new(r, c.eval));
}

/* --- health by hand -------------------------------------------------------------------------- */

static void add_verdicts(struct store_txn *t, struct arena *a, const struct rec_strs *ids,
                         int8_t healthy, struct cmd_alloc_updates *c)
{
    for (size_t i = 0; i < ids->n; i++) {
        struct allocation x;
        if (state_alloc(t, ids->items[i], a, &x))
            continue;
        struct allocation *u = rec_list_add(&allocation_desc, &c->allocs, a);
        u->id = x.id;
        u->client_status = x.client_status;
        u->client_description = x.client_description;
        u->task_states = x.task_states;
        u->deployment_status = ARENA_NEW(a, struct alloc_deployment_status);
        rec_init(&alloc_deployment_status_desc, u->deployment_status);
        u->deployment_status->healthy = healthy;
        u->deployment_status->timestamp_ns = c->now_ns;
    }
}

static void on_health(struct http_req *r, void *ctx)
{
    struct scheduler *s = ctx;
    struct arena *a = http_arena(r);
    struct deployment d;
    struct job j;
    struct deployment_body b;
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    struct store_txn *t;
    if (!read_body(r, &b) || !(t = open_deployment(s, r, &d, &j)))
        return;
    bool open = str_eq(d.status, "running") || str_eq(d.status, "paused");
    add_verdicts(t, a, &b.healthy, 1, &c);
    add_verdicts(t, a, &b.unhealthy, 0, &c);
    store_read_end(&t);
    if (!open) {
        http_reply_text(r, 500, "can't set health of allocations for a terminal deployment");
        return;
    }
    struct evaluation *e = rec_list_add(&evaluation_desc, &c.evals, a);
    *e = *new_eval(r, &j, &d, c.now_ns);
    store_propose_rec(s->store, s->loop, CMD_ALLOC_UPDATES, &cmd_alloc_updates_desc, &c, on_decided,
                      decision_new(r, e));
}

/* --- reading --------------------------------------------------------------------------------- */

static int render_allocs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                         log_index *index, int *status, struct err *e)
{
    struct deployment d;
    struct allocations all = {NULL, 0};
    bool first = true;
    *index = store_table_index(t, &table_allocs);
    if (!state_deployment(t, http_param(r, "id"), http_arena(r), &d))
        state_job_allocs(t, d.namespace, d.job_id, http_arena(r), &all);
    buf_char(out, '[');
    for (size_t i = 0; i < all.n; i++)
        if (str_eq(all.items[i].deployment_id, d.id)) {
            buf_str_add(out, first ? "" : ",");
            first = false;
            api_write_alloc_row(&all.items[i], out);
        }
    buf_char(out, ']');
    return 0;
}

static void on_allocs(struct http_req *r, void *ctx)
{
    api_blocking_table(r, &table_allocs, render_allocs, ctx);
}

void deployment_routes(struct scheduler *s, struct http_server *server)
{
    http_route(server, "PUT,POST", "/v1/deployment/promote/:id", on_promote, s);
    http_route(server, "PUT,POST", "/v1/deployment/fail/:id", on_fail, s);
    http_route(server, "PUT,POST", "/v1/deployment/pause/:id", on_pause, s);
    http_route(server, "PUT,POST", "/v1/deployment/allocation-health/:id", on_health, s);
    http_route(server, "GET", "/v1/deployment/allocations/:id", on_allocs, s);
}
