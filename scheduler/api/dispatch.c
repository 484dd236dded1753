/* PUT /v1/job/:id/dispatch, /periodic/force: an instance of such a job. GET, PUT
 * /v1/job/:id/scale: the count of a group. */
#include "scheduler/api/api_impl.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAYLOAD_MAX 16384

static bool read_body(struct http_req *r, const struct rec_desc *d, void *rec)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(d, rec);
    if (!n || !rec_json_parse(d, body, n, 0, http_arena(r), rec, &e))
        return true;
    http_reply_text(r, 400, "%s", e.text);
    return false;
}

static bool find_job(struct scheduler *s, struct http_req *r, const char *id, struct job *j)
{
    struct store_txn *t;
    bool known = false;
    if (!store_read(s->store, &t, NULL)) {
        known = !state_job(t, "default", id, http_arena(r), j);
        store_read_end(&t);
    }
    if (!known)
        http_reply_text(r, 404, "job not found");
    return known;
}

/* --- dispatching ----------------------------------------------------------------------------- */

struct dispatch_body {
    struct rec_bytes payload;
    struct rec_str_map meta;
};
static const struct rec_field dispatch_fields[] = {
    REC(struct dispatch_body, payload, "Payload", REC_BYTES, 0),
    REC_OF(struct dispatch_body, meta, "Meta", REC_MAP, 0, &rec_str_pair),
};
static const struct rec_desc dispatch_desc =
    REC_DESC("dispatch", struct dispatch_body, dispatch_fields);

static char *joined(const struct rec_strs *l, struct arena *a)
{
    char *text = arena_strdup(a, "");
    for (size_t i = 0; i < l->n; i++)
        text = arena_printf(a, "%s%s%s", text, i ? " " : "", l->items[i]);
    return text;
}

/* NULL, or why this may not be dispatched so. */
static char *dispatch_mistake(const struct job *j, const struct dispatch_body *b, struct arena *a)
{
    const struct parameterized *p = j->parameterized;
    struct rec_strs extra = {NULL, 0}, missing = {NULL, 0};
    if (!p || j->dispatched)
        return arena_printf(a, "Specified job \"%s\" is not a parameterized job", j->id);
    if (j->stop)
        return arena_printf(a, "Specified job \"%s\" is stopped", j->id);
    if (b->payload.n && str_eq(p->payload, "forbidden"))
        return arena_strdup(a, "Payload provided but forbidden by parameterized job");
    if (!b->payload.n && str_eq(p->payload, "required"))
        return arena_strdup(a, "Payload is not provided but required by parameterized job");
    if (b->payload.n > PAYLOAD_MAX)
        return arena_printf(a, "Payload exceeds maximum size; %zu > %d", b->payload.n, PAYLOAD_MAX);
    for (size_t i = 0; i < b->meta.n; i++)
        if (!rec_strs_has(&p->meta_required, b->meta.items[i].key) &&
            !rec_strs_has(&p->meta_optional, b->meta.items[i].key))
            rec_strs_add(&extra, a, b->meta.items[i].key);
    for (size_t i = 0; i < p->meta_required.n; i++)
        if (!rec_str_map_get(&b->meta, p->meta_required.items[i]))
            rec_strs_add(&missing, a, p->meta_required.items[i]);
    if (extra.n)
        return arena_printf(a, "Dispatch request included unpermitted metadata keys: [%s]",
                            joined(&extra, a));
    if (missing.n)
        return arena_printf(a, "Dispatch did not provide required meta keys: [%s]",
                            joined(&missing, a));
    return NULL;
}

struct dispatching {
    struct http_req *req;
    uuid_text eval_id;
    char *job_id;
};

static void on_gone(void *arg)
{
    ((struct dispatching *)arg)->req = NULL;
}

static void on_dispatched(void *arg, int status, log_index index, const struct store_result *result)
{
    struct dispatching *d = arg;
    if (d->req && (status || result->code)) {
        http_reply_text(d->req, 500, "%s", status ? err_name(status) : result->text);
    } else if (d->req) {
        struct buf b = BUF_INIT;
        buf_str_add(&b, "{\"DispatchedJobID\":");
        buf_json_str(&b, d->job_id, strlen(d->job_id));
        buf_printf(&b,
                   ",\"EvalID\":\"%s\",\"EvalCreateIndex\":%" PRIu64 ",\"JobCreateIndex\":%" PRIu64
                   ",\"Index\":%" PRIu64 "}",
                   d->eval_id, index, index, index);
        http_set_index(d->req, index);
        http_reply_json(d->req, 200, &b);
        buf_fini(&b);
    }
    free(d->job_id);
    free(d);
}

void job_dispatch(struct scheduler *s, struct http_req *r, const char *id)
{
    struct arena *a = http_arena(r);
    struct dispatch_body b;
    struct cmd_job_register c = {.enforce_index = false};
    struct job *j = &c.job;
    struct evaluation e;
    uuid_text suffix;
    if (!read_body(r, &dispatch_desc, &b) || !find_job(s, r, id, j))
        return;
    char *mistake = dispatch_mistake(j, &b, a);
    if (mistake) {
        http_reply_text(r, 500, "%s", mistake);
        return;
    }
    int64_t now = clock_wall_ns();
    id_new(suffix);
    j->parent_id = j->id;
    j->id = j->name =
        arena_printf(a, "%s/dispatch-%" PRId64 "-%.8s", j->parent_id, now / NS_PER_SEC, suffix);
    j->dispatched = true;
    j->payload = b.payload;
    j->submit_time_ns = now;
    for (size_t i = 0; i < b.meta.n; i++)
        rec_str_map_set(&j->meta, a, b.meta.items[i].key, b.meta.items[i].value);
    evaluation_init(&e, a, j, "job-register", now);
    c.eval = &e;
    struct dispatching *d = MEM_NEW(struct dispatching);
    d->req = r;
    d->job_id = mem_strdup(j->id);
    memcpy(d->eval_id, e.id, sizeof(d->eval_id));
    http_on_cancel(r, on_gone, d);
    store_propose_rec(s->store, s->loop, CMD_JOB_REGISTER, &cmd_job_register_desc, &c,
                      on_dispatched, d);
}

/* --- launching a periodic job now ------------------------------------------------------------ */

void job_periodic_force(struct scheduler *s, struct http_req *r, const char *id)
{
    struct job j;
    struct cmd_periodic_launch c;
    int64_t now = clock_wall_ns();
    if (!find_job(s, r, id, &j))
        return;
    if (!j.periodic || j.stop) {
        http_reply_text(r, 500, "can't force launch non-periodic job");
        return;
    }
    periodic_child(&j, now / NS_PER_SEC, now, http_arena(r), &c);
    struct api_answer *a = api_answer_new(r);
    memcpy(a->eval_id, c.eval->id, sizeof(a->eval_id));
    store_propose_rec(s->store, s->loop, CMD_PERIODIC_LAUNCH, &cmd_periodic_launch_desc, &c,
                      api_on_job_written, a);
}

/* --- scaling --------------------------------------------------------------------------------- */

struct scale_body {
    int64_t count;
    struct rec_str_map target;
    char *message;
    bool error;
};
static const struct rec_field scale_fields[] = {
    REC(struct scale_body, count, "Count", REC_OINT, 0),
    REC_OF(struct scale_body, target, "Target", REC_MAP, 0, &rec_str_pair),
    REC(struct scale_body, message, "Message", REC_STR, 0),
    REC(struct scale_body, error, "Error", REC_BOOL, 0),
};
static const struct rec_desc scale_desc = REC_DESC("scale", struct scale_body, scale_fields);

static bool is_deploying(struct scheduler *s, const struct job *j, struct arena *a)
{
    struct store_txn *t;
    struct deployment d;
    bool active = false;
    if (!store_read(s->store, &t, NULL)) {
        active = !state_job_deployment(t, j->namespace, j->id, a, &d) &&
                 (str_eq(d.status, "running") || str_eq(d.status, "paused"));
        store_read_end(&t);
    }
    return active;
}

void job_scale(struct scheduler *s, struct http_req *r, const char *id)
{
    struct scale_body b;
    struct cmd_job_register c = {.enforce_index = true};
    if (!read_body(r, &scale_desc, &b) || !find_job(s, r, id, &c.job))
        return;
    const char *name = rec_str_map_get(&b.target, "Group");
    struct task_group *g = name ? job_group_find(&c.job, name) : NULL;
    if (!g) {
        http_reply_text(r, 400,
                        name ? "task group \"%s\" specified for scaling does not exist in job"
                             : "missing task group name for scaling action%s",
                        name ? name : "");
        return;
    }
    if (b.count == REC_NULL_INT || b.count < 0 || b.error) {
        http_reply_text(r, 400, "scaling action count can't be negative");
        return;
    }
    if (is_deploying(s, &c.job, http_arena(r))) {
        http_reply_text(r, 400, "job scaling blocked due to active deployment");
        return;
    }
    c.job_modify_index = c.job.job_modify_index;
    g->count = b.count;
    api_register(s, r, &c, NULL);
}

struct scale_counts {
    int64_t placed, running, healthy, unhealthy;
};

int render_scale(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                 log_index *index, int *status, struct err *e)
{
    struct job j;
    struct allocations all;
    struct arena *a = http_arena(r);
    *index = store_table_index(t, &table_jobs);
    if (state_job(t, "default", ctx, a, &j)) {
        *status = 404;
        return err_set(e, ERR_NOT_FOUND, "job not found");
    }
    state_job_allocs(t, "default", ctx, a, &all);
    buf_str_add(out, "{\"JobID\":");
    buf_json_str(out, j.id, strlen(j.id));
    buf_printf(out,
               ",\"Namespace\":\"default\",\"JobCreateIndex\":%" PRIu64
               ",\"JobModifyIndex\":%" PRIu64 ",\"JobStopped\":%s,\"TaskGroups\":{",
               j.create_index, j.job_modify_index, j.stop ? "true" : "false");
    for (size_t g = 0; g < j.groups.n; g++) {
        struct scale_counts c = {0, 0, 0, 0};
        for (size_t i = 0; i < all.n; i++) {
            const struct allocation *x = &all.items[i];
            if (alloc_is_terminal(x) || !str_eq(x->task_group, j.groups.items[g].name))
                continue;
            c.placed++;
            c.running += str_eq(x->client_status, "running");
            c.healthy += x->deployment_status && x->deployment_status->healthy == 1;
            c.unhealthy += x->deployment_status && x->deployment_status->healthy == 0;
        }
        buf_str_add(out, g ? "," : "");
        buf_json_str(out, j.groups.items[g].name, strlen(j.groups.items[g].name));
        buf_printf(out,
                   ":{\"Desired\":%" PRId64 ",\"Placed\":%" PRId64 ",\"Running\":%" PRId64
                   ",\"Healthy\":%" PRId64 ",\"Unhealthy\":%" PRId64 ",\"Events\":null}",
                   j.groups.items[g].count, c.placed, c.running, c.healthy, c.unhealthy);
    }
    buf_str_add(out, "}}");
    return 0;
}
