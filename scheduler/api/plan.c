/* PUT /v1/job/:id/plan: what registering a job would do. The same planning as a worker's, on a
 * snapshot, on a thread of the pool; nothing is written. */
#include "jobs/diff.h"
#include "scheduler/api/api_impl.h"
#include "scheduler/planner.h"

#include <inttypes.h>
#include <stdlib.h>

struct plan_body {
    struct job *job;
    bool diff;
};
static const struct rec_field body_fields[] = {
    REC_OF(struct plan_body, job, "Job", REC_PTR, 0, &job_desc),
    REC(struct plan_body, diff, "Diff", REC_BOOL, 0),
};
static const struct rec_desc body_desc = REC_DESC("plan", struct plan_body, body_fields);

struct planning { /* one request, off the loop */
    uv_work_t work;
    struct store *store;
    struct node_cache *cache;
    struct http_req *req; /* NULL when it is gone */
    struct arena arena;
    struct job *job;
    bool diff;
    char *warnings;
    struct buf out;
    log_index index;
};

/* --- the answer ------------------------------------------------------------------------------ */

struct update_name {
    const char *text;
    size_t offset;
};
#define COUNT(text, member)                                                                        \
    {                                                                                              \
        text, offsetof(struct group_counts, member)                                                \
    }

static int64_t count_at(const struct group_counts *c, size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)c + offset);
}

static void write_annotations(const struct planned *p, struct buf *out)
{
    static const struct update_name names[] = {
        COUNT("Ignore", ignore),          COUNT("Place", place),
        COUNT("Migrate", migrate),        COUNT("Stop", stop),
        COUNT("InPlaceUpdate", in_place), COUNT("DestructiveUpdate", destructive),
        COUNT("Canary", canary),
    };
    buf_str_add(out, "{\"DesiredTGUpdates\":{");
    for (size_t i = 0; i < p->n_counts; i++) {
        const struct group_counts *c = &p->counts[i];
        buf_str_add(out, i ? "," : "");
        buf_json_str(out, c->group, strlen(c->group));
        buf_str_add(out, ":{");
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
            buf_printf(out, "\"%s\":%" PRId64 ",", names[k].text, count_at(c, names[k].offset));
        buf_str_add(out, "\"Preemptions\":0}");
    }
    buf_str_add(out, "},\"PreemptedAllocs\":null}");
}

static void annotate(struct job_diff *d, const struct planned *p, struct arena *a)
{
    static const struct update_name names[] = {
        COUNT("canary", canary),
        COUNT("create", place),
        COUNT("create/destroy update", destructive),
        COUNT("destroy", stop),
        COUNT("ignore", ignore),
        COUNT("in-place update", in_place),
        COUNT("migrate", migrate),
    }; /* sorted: a map's order */
    for (size_t i = 0; i < p->n_counts; i++) {
        struct rec_int_map updates = {NULL, 0};
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            int64_t n = count_at(&p->counts[i], names[k].offset);
            if (n)
                *(struct rec_int_pair *)rec_list_add(&rec_int_pair, &updates, a) =
                    (struct rec_int_pair){arena_strdup(a, names[k].text), n};
        }
        job_diff_annotate(d, p->counts[i].group, &updates, a);
    }
}

static void write_failures(const struct evaluation *e, struct buf *out)
{
    static const struct rec_field all = {
        "FailedTGAllocs",  NULL, REC_MAP, 0, offsetof(struct evaluation, failed_tg_allocs),
        &alloc_metric_desc};
    if (e->failed_tg_allocs.n)
        rec_json_field(&all, e, out);
    else
        buf_str_add(out, "null");
}

static void write_evals(const struct planned *p, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < p->plan.evals.n; i++) {
        const struct evaluation *e = &p->plan.evals.items[i];
        if (str_eq(e->id, p->done.id) || str_eq(e->status, "canceled"))
            continue; /* the dry run's own, and what it would replace */
        buf_char(out, any ? ',' : '[');
        any = true;
        rec_json_write(&evaluation_desc, e, out);
    }
    buf_str_add(out, any ? "]" : "null");
}

static void write_answer(struct planning *g, const struct planned *p, const struct job *old)
{
    struct buf *out = &g->out;
    buf_str_add(out, "{\"Annotations\":");
    write_annotations(p, out);
    buf_str_add(out, ",\"FailedTGAllocs\":");
    write_failures(&p->done, out);
    buf_printf(
        out, ",\"JobModifyIndex\":%" PRIu64 ",\"CreatedEvals\":", old ? old->job_modify_index : 0);
    write_evals(p, out);
    buf_str_add(out, ",\"Diff\":");
    if (g->diff) {
        struct job_diff *d = job_diff(old, g->job, &g->arena);
        annotate(d, p, &g->arena);
        rec_json_write(&job_diff_desc, d, out);
    } else {
        buf_str_add(out, "null");
    }
    int64_t next = periodic_next(g->job, clock_wall_ns() / NS_PER_SEC, &g->arena);
    char text[CLOCK_RFC3339_MAX];
    clock_format_rfc3339(next * NS_PER_SEC, text);
    buf_printf(out, ",\"NextPeriodicLaunch\":%s%s%s,\"Warnings\":", next ? "\"" : "",
               next ? text : "null", next ? "\"" : "");
    buf_json_str(out, g->warnings, strlen(g->warnings));
    buf_printf(out, ",\"Index\":%" PRIu64 "}", old ? old->job_modify_index : 0);
}

/* --- planning -------------------------------------------------------------------------------- */

/* The job as registering would leave it: the same version when it asks for nothing new. */
static void as_registered(struct job *j, const struct job *old, log_index index)
{
    j->create_index = old ? old->create_index : index + 1;
    j->version = old ? old->version : 0;
    j->job_modify_index = old ? old->job_modify_index : index + 1;
    if (old && (old->stop || !job_spec_equal(old, j))) {
        j->version++;
        j->job_modify_index = index + 1;
    }
}

static void on_work(uv_work_t *work)
{
    struct planning *g = work->data;
    struct store_txn *t;
    struct job old;
    struct evaluation e;
    struct planned p;
    if (store_read(g->store, &t, NULL))
        return;
    g->index = store_txn_index(t);
    bool known = !state_job(t, g->job->namespace, g->job->id, &g->arena, &old);
    as_registered(g->job, known ? &old : NULL, g->index);
    evaluation_init(&e, &g->arena, g->job, "job-register", clock_wall_ns());
    planner_run(t, g->cache, &e, g->job, e.create_time_ns, &g->arena, &p);
    write_answer(g, &p, known ? &old : NULL);
    store_read_end(&t);
}

static void on_planned(uv_work_t *work, int status)
{
    struct planning *g = work->data;
    if (g->req && g->out.len) {
        http_set_index(g->req, g->index);
        http_reply_json(g->req, 200, &g->out);
    } else if (g->req) {
        http_reply_text(g->req, 500, "state not readable");
    }
    buf_fini(&g->out);
    arena_fini(&g->arena);
    free(g->warnings);
    free(g);
}

static void on_gone(void *arg)
{
    ((struct planning *)arg)->req = NULL;
}

void job_plan(struct scheduler *s, struct http_req *r, const char *id)
{
    struct plan_body b;
    struct err e = ERR_INIT;
    size_t n;
    const char *body = http_body(r, &n);
    char *warnings;
    rec_init(&body_desc, &b);
    if (rec_json_parse(&body_desc, body, n, 0, http_arena(r), &b, &e)) {
        http_reply_text(r, 400, "%s", n ? e.text : "EOF");
        return;
    }
    if (!b.job || !str_eq(b.job->id, id)) {
        http_reply_text(r, 400, "%s", b.job ? "Job ID does not match" : "Job must be specified");
        return;
    }
    if (!api_accept_job(r, b.job, &warnings))
        return;
    struct planning *g = MEM_NEW(struct planning);
    g->store = s->store;
    g->cache = &s->nodes_seen;
    g->req = r;
    g->diff = b.diff;
    g->warnings = warnings;
    g->job = rec_dup(&job_desc, b.job, &g->arena);
    g->work.data = g;
    http_on_cancel(r, on_gone, g);
    uv_queue_work(&s->loop->uv, &g->work, on_work, on_planned);
}
