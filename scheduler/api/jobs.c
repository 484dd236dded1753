/* /v1/jobs, /v1/job/...: registering, stopping, and reading jobs. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- answers --------------------------------------------------------------------------------- */

static void on_gone(void *arg)
{
    struct api_answer *a = arg;
    a->req = NULL;
}

struct api_answer *api_answer_new(struct http_req *r)
{
    struct api_answer *a = MEM_NEW(struct api_answer);
    a->req = r;
    http_on_cancel(r, on_gone, a);
    return a;
}

void api_answer_free(struct api_answer *a)
{
    free(a->warnings);
    free(a);
}

void api_on_job_written(void *arg, int status, log_index index, const struct store_result *result)
{
    struct api_answer *a = arg;
    if (!a->req) {
        api_answer_free(a);
        return;
    }
    if (status || result->code) {
        http_reply_text(a->req, 500, "%s", status ? err_code_text(status) : result->text);
    } else {
        struct buf b = BUF_INIT;
        buf_printf(&b,
                   "{\"EvalID\":\"%s\",\"EvalCreateIndex\":%" PRIu64 ",\"JobModifyIndex\":%" PRIu64
                   ",\"Warnings\":",
                   a->eval_id, *a->eval_id ? index : 0,
                   a->job_modify_index ? a->job_modify_index : result->number);
        buf_json_str(&b, a->warnings ? a->warnings : "", a->warnings ? strlen(a->warnings) : 0);
        buf_printf(&b, ",\"Index\":%" PRIu64 ",\"LastContact\":0,\"KnownLeader\":false}", index);
        http_set_index(a->req, index);
        http_reply_json(a->req, 200, &b);
        buf_fini(&b);
    }
    api_answer_free(a);
}

/* --- registering ----------------------------------------------------------------------------- */

struct register_body {
    struct job *job;
    bool enforce_index;
    uint64_t job_modify_index;
};
static const struct rec_field register_fields[] = {
    REC_OF(struct register_body, job, "Job", REC_PTR, 0, &job_desc),
    REC(struct register_body, enforce_index, "EnforceIndex", REC_BOOL, 0),
    REC(struct register_body, job_modify_index, "JobModifyIndex", REC_UINT, 0),
};
static const struct rec_desc register_desc =
    REC_DESC("registration", struct register_body, register_fields);

static bool read_registration(struct http_req *r, struct register_body *b)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(&register_desc, b);
    if (!n) {
        http_reply_text(r, 400, "EOF");
        return false;
    }
    if (rec_json_parse(&register_desc, body, n, 0, http_arena(r), b, &e)) {
        http_reply_text(r, 400, "%s", e.text);
        return false;
    }
    if (!b->job) {
        http_reply_text(r, 400, "Job must be specified");
        return false;
    }
    return true;
}

static char *warnings_text(const struct job_mistakes *w)
{
    struct buf b = BUF_INIT;
    if (!w->n)
        return mem_strdup("");
    buf_printf(&b, "%zu warning(s):\n\n", w->n);
    for (size_t i = 0; i < w->n; i++)
        buf_printf(&b, "* %s\n", w->items[i].text);
    return buf_take(&b);
}

bool api_accept_job(struct http_req *r, struct job *j, char **warnings)
{
    struct job_mistakes m = {.arena = http_arena(r)}, w = {.arena = http_arena(r)};
    job_canonicalize(j, http_arena(r));
    if (job_validate(j, &m, &w)) {
        struct buf b = BUF_INIT;
        job_mistakes_write(&m, &b);
        http_reply_text(r, 500, "%s", b.data);
        buf_fini(&b);
        return false;
    }
    *warnings = warnings_text(&w);
    return true;
}

static bool needs_eval(const struct job *j)
{
    return !j->periodic && !(j->parameterized && !j->dispatched);
}

void api_register(struct scheduler *s, struct http_req *r, struct cmd_job_register *c,
                  char *warnings)
{
    struct evaluation e;
    int64_t now = clock_wall_ns();
    c->job.submit_time_ns = now;
    struct api_answer *a = api_answer_new(r);
    a->warnings = warnings;
    if (needs_eval(&c->job)) {
        evaluation_init(&e, http_arena(r), &c->job, "job-register", now);
        memcpy(a->eval_id, e.id, sizeof(a->eval_id));
        c->eval = &e;
    }
    store_propose_rec(s->store, s->loop, CMD_JOB_REGISTER, &cmd_job_register_desc, c,
                      api_on_job_written, a);
}

static void on_register(struct http_req *r, void *ctx)
{
    struct register_body b;
    char *warnings;
    if (!read_registration(r, &b) || !api_accept_job(r, b.job, &warnings))
        return;
    struct cmd_job_register c = {
        .job = *b.job, .enforce_index = b.enforce_index, .job_modify_index = b.job_modify_index};
    api_register(ctx, r, &c, warnings);
}

static void on_deregister(struct scheduler *s, struct http_req *r, const char *id)
{
    struct arena *ar = http_arena(r);
    struct store_txn *t;
    struct job j;
    struct evaluation e;
    rec_init(&job_desc, &j);
    if (store_read(s->store, &t, NULL)) {
        http_reply_text(r, 500, "state not readable");
        return;
    }
    bool known = !state_job(t, "default", id, ar, &j);
    store_read_end(&t);
    if (!known) {
        j.id = arena_strdup(ar, id);
        j.type = arena_strdup(ar, "service");
    }
    struct cmd_job_deregister c = {.namespace = arena_strdup(ar, "default"),
                                   .id = arena_strdup(ar, id),
                                   .purge = http_query_bool(r, "purge"),
                                   .now_ns = clock_wall_ns()};
    struct api_answer *a = api_answer_new(r);
    if (!known || needs_eval(&j)) {
        evaluation_init(&e, ar, &j, "job-deregister", c.now_ns);
        memcpy(a->eval_id, e.id, sizeof(a->eval_id));
        c.eval = &e;
    }
    store_propose_rec(s->store, s->loop, CMD_JOB_DEREGISTER, &cmd_job_deregister_desc, &c,
                      api_on_job_written, a);
}

/* --- parse and validate ---------------------------------------------------------------------- */

struct parse_body {
    char *hcl;
    bool canonicalize;
};
static const struct rec_field parse_fields[] = {
    REC(struct parse_body, hcl, "JobHCL", REC_STR, 0),
    REC(struct parse_body, canonicalize, "Canonicalize", REC_BOOL, 0),
};
static const struct rec_desc parse_desc = REC_DESC("parse", struct parse_body, parse_fields);

static void on_parse(struct http_req *r, void *ctx)
{
    struct parse_body b;
    struct err e = ERR_INIT;
    struct job *j;
    size_t n;
    struct job_mistakes m = {.arena = http_arena(r)};
    const char *body = http_body(r, &n);
    rec_init(&parse_desc, &b);
    if (rec_json_parse(&parse_desc, body, n, 0, http_arena(r), &b, &e)) {
        http_reply_text(r, 400, "%s", e.text);
        return;
    }
    if (str_is_empty(b.hcl)) {
        http_reply_text(r, 400, "Job spec is empty");
        return;
    }
    if (job_parse_hcl("input.hcl", b.hcl, strlen(b.hcl), http_arena(r), &j, &m)) {
        struct buf text = BUF_INIT;
        for (size_t i = 0; i < m.n; i++)
            buf_printf(&text, "%s%s", i ? "\n" : "", m.items[i].text);
        http_reply_text(r, 400, "%s", text.data);
        buf_fini(&text);
        return;
    }
    if (b.canonicalize)
        job_canonicalize(j, http_arena(r));
    http_reply_rec(r, &job_desc, j);
}

static void on_validate(struct http_req *r, void *ctx)
{
    struct register_body b;
    struct job_mistakes m = {.arena = http_arena(r)}, w = {.arena = http_arena(r)};
    struct buf out = BUF_INIT, text = BUF_INIT;
    if (!read_registration(r, &b))
        return;
    job_canonicalize(b.job, http_arena(r));
    bool bad = job_validate(b.job, &m, &w) != 0;
    char *warnings = warnings_text(&w);
    buf_str_add(&out, "{\"DriverConfigValidated\":true,\"ValidationErrors\":");
    buf_str_add(&out, bad ? "[" : "null");
    for (size_t i = 0; i < m.n; i++) {
        buf_str_add(&out, i ? "," : "");
        buf_json_str(&out, m.items[i].text, strlen(m.items[i].text));
    }
    buf_str_add(&out, bad ? "],\"Error\":" : ",\"Error\":");
    if (bad)
        job_mistakes_write(&m, &text);
    buf_json_str(&out, buf_str(&text), text.len);
    buf_str_add(&out, ",\"Warnings\":");
    buf_json_str(&out, warnings, strlen(warnings));
    buf_char(&out, '}');
    http_reply_json(r, 200, &out);
    free(warnings);
    buf_fini(&out);
    buf_fini(&text);
}

/* --- reading --------------------------------------------------------------------------------- */

static void count_alloc(struct job_summary_counts *c, const struct allocation *x)
{
    c->complete += str_eq(x->client_status, "complete");
    c->failed += str_eq(x->client_status, "failed");
    c->running += str_eq(x->client_status, "running");
    c->starting += str_eq(x->client_status, "pending");
    c->lost += str_eq(x->client_status, "lost");
}

static int64_t queued_of(const struct evaluations *evals, const char *group)
{
    for (size_t i = evals->n; i-- > 0;) {
        const struct rec_int_pair *q =
            rec_map_find(&evals->items[i].queued_allocations, sizeof(*q), group);
        if (q)
            return q->value;
    }
    return 0;
}

struct child_counts {
    int pending, running, dead;
};

/* What a periodic or parameterized job launched lies below its id. */
static struct child_counts count_children(struct store_txn *t, const struct job *j, struct arena *a)
{
    struct child_counts n = {0, 0, 0};
    struct store_cursor c;
    char key[STATE_KEY_MAX];
    if (!j->periodic && !j->parameterized)
        return n;
    size_t len = state_job_key(key, j->namespace, arena_printf(a, "%s/", j->id));
    for (store_scan(t, &table_jobs, key, len, &c); store_cursor_valid(&c); store_next(&c)) {
        struct job child;
        if (rec_unpack(&job_desc, c.val.data, c.val.len, a, &child, NULL) ||
            !str_eq(child.parent_id, j->id))
            continue;
        n.pending += str_eq(child.status, "pending");
        n.running += str_eq(child.status, "running");
        n.dead += str_eq(child.status, "dead");
    }
    store_cursor_close(&c);
    return n;
}

void api_write_summary(struct store_txn *t, const struct job *j, struct arena *a, struct buf *out)
{
    struct allocations allocs;
    struct evaluations evals;
    state_job_allocs(t, j->namespace, j->id, a, &allocs);
    state_job_evals(t, j->namespace, j->id, a, &evals);
    buf_printf(out, "{\"JobID\":");
    buf_json_str(out, j->id, strlen(j->id));
    buf_str_add(out, ",\"Namespace\":\"default\",\"Summary\":{");
    for (size_t g = 0; g < j->groups.n; g++) {
        struct job_summary_counts c = {.group = j->groups.items[g].name};
        for (size_t i = 0; i < allocs.n; i++)
            if (str_eq(allocs.items[i].task_group, c.group))
                count_alloc(&c, &allocs.items[i]);
        c.queued = queued_of(&evals, c.group);
        buf_str_add(out, g ? "," : "");
        buf_json_str(out, c.group, strlen(c.group));
        buf_printf(out,
                   ":{\"Queued\":%" PRId64 ",\"Complete\":%" PRId64 ",\"Failed\":%" PRId64
                   ",\"Running\":%" PRId64 ",\"Starting\":%" PRId64 ",\"Lost\":%" PRId64 "}",
                   c.queued, c.complete, c.failed, c.running, c.starting, c.lost);
    }
    struct child_counts c = count_children(t, j, a);
    buf_printf(out,
               "},\"Children\":{\"Pending\":%d,\"Running\":%d,\"Dead\":%d},\"CreateIndex\":%" PRIu64
               ",\"ModifyIndex\":%" PRIu64 "}",
               c.pending, c.running, c.dead, j->create_index, j->modify_index);
}

static void write_job_row(struct store_txn *t, const struct job *j, struct arena *a,
                          struct buf *out)
{
    buf_str_add(out, "{\"ID\":");
    buf_json_str(out, j->id, strlen(j->id));
    buf_str_add(out, ",\"ParentID\":");
    buf_json_str(out, j->parent_id ? j->parent_id : "", j->parent_id ? strlen(j->parent_id) : 0);
    buf_str_add(out, ",\"Name\":");
    buf_json_str(out, j->name, strlen(j->name));
    buf_str_add(out, ",\"Namespace\":\"\",\"Datacenters\":[");
    for (size_t i = 0; i < j->datacenters.n; i++) {
        buf_str_add(out, i ? "," : "");
        buf_json_str(out, j->datacenters.items[i], strlen(j->datacenters.items[i]));
    }
    buf_printf(out,
               "],\"Multiregion\":null,\"Type\":\"%s\",\"Priority\":%" PRId64 ",\"Periodic\":%s,"
               "\"ParameterizedJob\":%s,\"Stop\":%s,\"Status\":\"%s\",\"StatusDescription\":\"\","
               "\"JobSummary\":",
               j->type, j->priority, j->periodic ? "true" : "false",
               j->parameterized && !j->dispatched ? "true" : "false", j->stop ? "true" : "false",
               j->status);
    api_write_summary(t, j, a, out);
    buf_printf(out,
               ",\"CreateIndex\":%" PRIu64 ",\"ModifyIndex\":%" PRIu64
               ",\"JobModifyIndex\":%" PRIu64 ",\"SubmitTime\":%" PRId64 "}",
               j->create_index, j->modify_index, j->job_modify_index, j->submit_time_ns);
}

static int render_jobs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                       log_index *index, int *status, struct err *e)
{
    const char *prefix = http_query(r, "prefix");
    char key[STATE_KEY_MAX];
    struct store_cursor c;
    bool first = true;
    *index = store_table_index(t, &table_jobs);
    buf_char(out, '[');
    size_t n = state_job_key(key, "default", prefix ? prefix : "");
    for (store_scan(t, &table_jobs, key, n, &c); store_cursor_valid(&c); store_next(&c)) {
        struct job j;
        if (rec_unpack(&job_desc, c.val.data, c.val.len, http_arena(r), &j, NULL))
            continue;
        buf_str_add(out, first ? "" : ",");
        first = false;
        write_job_row(t, &j, http_arena(r), out);
    }
    store_cursor_close(&c);
    buf_char(out, ']');
    return 0;
}

static void on_jobs(struct http_req *r, void *ctx)
{
    api_blocking_table(r, &table_jobs, render_jobs, ctx);
}

static int not_found(int *status, struct err *e, const char *what)
{
    *status = 404;
    return err_set(e, ERR_NOT_FOUND, "%s not found", what);
}

static int render_job(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                      log_index *index, int *status, struct err *e)
{
    struct job j;
    *index = store_table_index(t, &table_jobs);
    if (state_job(t, "default", ctx, http_arena(r), &j))
        return not_found(status, e, "job");
    *index = j.modify_index;
    rec_json_write(&job_desc, &j, out);
    return 0;
}

/* A list of records as a JSON array. */
static void write_list(const struct rec_desc *d, const void *list, struct buf *out)
{
    const struct rec_list *l = list;
    buf_char(out, '[');
    for (size_t i = 0; i < l->n; i++) {
        buf_str_add(out, i ? "," : "");
        rec_json_write(d, (const char *)l->items + i * d->size, out);
    }
    buf_char(out, ']');
}

static int render_allocs(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                         log_index *index, int *status, struct err *e)
{
    struct allocations all;
    char key[STATE_KEY_MAX];
    log_index touched =
        store_key_index(t, &table_allocs, key, state_watch_key(key, "job", "default", ctx));
    *index = touched ? touched : store_table_index(t, &table_allocs);
    int rv = state_job_allocs(t, "default", ctx, http_arena(r), &all);
    buf_char(out, '[');
    for (size_t i = 0; i < all.n; i++) {
        buf_str_add(out, i ? "," : "");
        api_write_alloc_row(&all.items[i], out);
    }
    buf_char(out, ']');
    return rv;
}

static int render_evals(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                        log_index *index, int *status, struct err *e)
{
    struct evaluations all;
    char key[STATE_KEY_MAX];
    log_index touched =
        store_key_index(t, &table_evals, key, state_watch_key(key, "job", "default", ctx));
    *index = touched ? touched : store_table_index(t, &table_evals);
    int rv = state_job_evals(t, "default", ctx, http_arena(r), &all);
    write_list(&evaluation_desc, &all, out);
    return rv;
}

static int render_deployment(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                             log_index *index, int *status, struct err *e)
{
    struct deployment d;
    *index = store_table_index(t, &table_deployments);
    if (state_job_deployment(t, "default", ctx, http_arena(r), &d))
        buf_str_add(out, "null");
    else
        rec_json_write(&deployment_desc, &d, out);
    return 0;
}

static int render_deployments(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                              log_index *index, int *status, struct err *e)
{
    struct deployments all;
    *index = store_table_index(t, &table_deployments);
    int rv = state_job_deployments(t, "default", ctx, http_arena(r), &all);
    write_list(&deployment_desc, &all, out);
    return rv;
}

static int render_summary(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                          log_index *index, int *status, struct err *e)
{
    struct job j;
    *index = store_table_index(t, &table_allocs);
    if (state_job(t, "default", ctx, http_arena(r), &j))
        return not_found(status, e, "job");
    api_write_summary(t, &j, http_arena(r), out);
    return 0;
}

/* What may follow /v1/job/<id>; an id may hold slashes itself. */
struct sub_endpoint {
    const char *suffix;
    http_render render;
    const struct store_table *table;
    const char *watch; /* "job": the job's own touch key in the table; NULL: the job's row */
};
static const struct sub_endpoint sub_endpoints[] = {
    {"/versions", render_versions, &table_jobs, NULL},
    {"/scale", render_scale, &table_allocs, "job"},
    {"/allocations", render_allocs, &table_allocs, "job"},
    {"/evaluations", render_evals, &table_evals, "job"},
    {"/deployments", render_deployments, &table_deployments, "job"},
    {"/deployment", render_deployment, &table_deployments, "job"},
    {"/summary", render_summary, &table_allocs, "job"},
};

static void on_job_get(struct http_req *r, void *ctx)
{
    char *id = arena_strdup(http_arena(r), http_param(r, "id")), key[STATE_KEY_MAX];
    for (size_t i = 0; i < sizeof(sub_endpoints) / sizeof(sub_endpoints[0]); i++) {
        const struct sub_endpoint *s = &sub_endpoints[i];
        if (!str_has_suffix(id, s->suffix))
            continue;
        id[strlen(id) - strlen(s->suffix)] = '\0';
        struct http_watch w = {STORE_WATCH_KEY, s->table, key,
                               s->watch ? state_watch_key(key, s->watch, "default", id)
                                        : state_job_key(key, "default", id)};
        http_blocking(r, &w, 1, s->render, id);
        return;
    }
    struct http_watch w = {STORE_WATCH_KEY, &table_jobs, key, state_job_key(key, "default", id)};
    http_blocking(r, &w, 1, render_job, id);
}

/* What may be asked of a job, after its id. */
struct sub_action {
    const char *suffix;
    void (*act)(struct scheduler *s, struct http_req *r, const char *id);
};
static const struct sub_action sub_actions[] = {
    {"/plan", job_plan},         {"/revert", job_revert}, {"/evaluate", job_evaluate},
    {"/dispatch", job_dispatch}, {"/scale", job_scale},   {"/periodic/force", job_periodic_force},
};

static void on_job_put(struct http_req *r, void *ctx)
{
    char *id = arena_strdup(http_arena(r), http_param(r, "id"));
    for (size_t i = 0; i < sizeof(sub_actions) / sizeof(sub_actions[0]); i++)
        if (str_has_suffix(id, sub_actions[i].suffix)) {
            id[strlen(id) - strlen(sub_actions[i].suffix)] = '\0';
            sub_actions[i].act(ctx, r, id);
            return;
        }
    on_register(r, ctx);
}

static void on_job_delete(struct http_req *r, void *ctx)
{
    on_deregister(ctx, r, http_param(r, "id"));
}

void job_routes(struct scheduler *s, struct http_server *server)
{
    http_route(server, "GET", "/v1/jobs", on_jobs, s);
    http_route(server, "PUT,POST", "/v1/jobs", on_register, s);
    http_route(server, "PUT,POST", "/v1/jobs/parse", on_parse, s);
    http_route(server, "PUT,POST", "/v1/validate/job", on_validate, s);
    http_route(server, "GET", "/v1/job/*id", on_job_get, s);
    http_route(server, "PUT,POST", "/v1/job/*id", on_job_put, s);
    http_route(server, "DELETE", "/v1/job/*id", on_job_delete, s);
}
