/* What is done to a registered job: its versions, going back to one, evaluating it again. */
#include "jobs/diff.h"
#include "scheduler/api/api_impl.h"

#include <inttypes.h>

/* --- versions -------------------------------------------------------------------------------- */

static void write_diffs(const struct jobs *versions, struct arena *a, struct buf *out)
{
    buf_str_add(out, versions->n > 1 ? "[" : "null");
    for (size_t i = 0; i + 1 < versions->n; i++) {
        buf_str_add(out, i ? "," : "");
        rec_json_write(&job_diff_desc, job_diff(&versions->items[i + 1], &versions->items[i], a),
                       out);
    }
    buf_str_add(out, versions->n > 1 ? "]" : "");
}

int render_versions(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                    log_index *index, int *status, struct err *e)
{
    struct jobs versions;
    struct job j;
    *index = store_table_index(t, &table_jobs);
    state_job_versions(t, "default", ctx, http_arena(r), &versions);
    if (!versions.n) {
        *status = 404;
        return err_set(e, ERR_NOT_FOUND, "job versions not found");
    }
    if (!state_job(t, "default", ctx, http_arena(r), &j))
        *index = j.modify_index;
    buf_str_add(out, "{\"Versions\":[");
    for (size_t i = 0; i < versions.n; i++) {
        buf_str_add(out, i ? "," : "");
        rec_json_write(&job_desc, &versions.items[i], out);
    }
    buf_str_add(out, "],\"Diffs\":");
    if (http_query_bool(r, "diffs"))
        write_diffs(&versions, http_arena(r), out);
    else
        buf_str_add(out, "null");
    buf_printf(out, ",\"Index\":%" PRIu64 ",\"LastContact\":0,\"KnownLeader\":true}", *index);
    return 0;
}

/* --- going back ------------------------------------------------------------------------------ */

struct eval_options {
    bool force_reschedule;
};
static const struct rec_field options_fields[] = {
    REC(struct eval_options, force_reschedule, "ForceReschedule", REC_BOOL, 0)};
static const struct rec_desc options_desc =
    REC_DESC("options", struct eval_options, options_fields);
struct job_action {
    uint64_t version;
    int64_t prior;
    struct eval_options options;
};
static const struct rec_field action_fields[] = {
    REC(struct job_action, version, "JobVersion", REC_UINT, 0),
    REC(struct job_action, prior, "EnforcePriorVersion", REC_OINT, 0),
    REC_OF(struct job_action, options, "EvalOptions", REC_STRUCT, 0, &options_desc),
};
static const struct rec_desc action_desc = REC_DESC("action", struct job_action, action_fields);

static bool read_action(struct http_req *r, struct job_action *b)
{
    size_t n;
    struct err e = ERR_INIT;
    const char *body = http_body(r, &n);
    rec_init(&action_desc, b);
    if (!n || !rec_json_parse(&action_desc, body, n, 0, http_arena(r), b, &e))
        return true;
    http_reply_text(r, 400, "%s", e.text);
    return false;
}

/* The job and, when asked for, one of its versions; answers and returns false when one is not
 * there. */
static bool read_job(struct scheduler *s, struct http_req *r, const char *id, struct job *now,
                     uint64_t version, struct job *then)
{
    struct store_txn *t;
    if (store_read(s->store, &t, NULL)) {
        http_reply_text(r, 500, "state not readable");
        return false;
    }
    bool known = !state_job(t, "default", id, http_arena(r), now);
    bool had = !then || !state_job_version(t, "default", id, version, http_arena(r), then);
    store_read_end(&t);
    if (!known)
        http_reply_text(r, 404, "job not found");
    else if (!had)
        http_reply_text(r, 500,
                        "job \"%s\" in namespace \"default\" at version %" PRIu64 " not found", id,
                        version);
    return known && had;
}

void job_revert(struct scheduler *s, struct http_req *r, const char *id)
{
    struct job_action b;
    struct job now, then;
    if (!read_action(r, &b) || !read_job(s, r, id, &now, b.version, &then))
        return;
    if (b.version == now.version) {
        http_reply_text(r, 500, "can't revert to current version");
        return;
    }
    if (b.prior != REC_NULL_INT && (uint64_t)b.prior != now.version) {
        http_reply_text(r, 500, "Current job has version %" PRIu64 "; enforcing version %" PRId64,
                        now.version, b.prior);
        return;
    }
    struct cmd_job_register c = {.job = then};
    c.job.stop = false;
    api_register(s, r, &c, NULL);
}

/* --- evaluating again ------------------------------------------------------------------------ */

void job_evaluate(struct scheduler *s, struct http_req *r, const char *id)
{
    struct arena *a = http_arena(r);
    struct job_action b;
    struct job j;
    struct store_txn *t;
    if (!read_action(r, &b) || !read_job(s, r, id, &j, 0, NULL))
        return;
    if (j.periodic || (j.parameterized && !j.dispatched)) {
        http_reply_text(r, 500, "can't evaluate %s job", j.periodic ? "periodic" : "parameterized");
        return;
    }
    struct cmd_alloc_updates c = {.now_ns = clock_wall_ns()};
    struct evaluation *e = rec_list_add(&evaluation_desc, &c.evals, a);
    evaluation_init(e, a, &j, "job-register", c.now_ns);
    e->job_modify_index = j.job_modify_index;
    if (b.options.force_reschedule && !store_read(s->store, &t, NULL)) {
        struct allocations all;
        state_job_allocs(t, "default", id, a, &all);
        store_read_end(&t);
        for (size_t i = 0; i < all.n; i++)
            if (str_eq(all.items[i].client_status, "failed") &&
                str_is_empty(all.items[i].next_allocation)) {
                struct allocation *x = rec_list_add(&allocation_desc, &c.allocs, a);
                x->id = all.items[i].id;
                x->desired_transition.force_reschedule = 1;
            }
    }
    struct api_answer *answer = api_answer_new(r);
    memcpy(answer->eval_id, e->id, sizeof(answer->eval_id));
    answer->job_modify_index = j.job_modify_index;
    store_propose_rec(s->store, s->loop, CMD_ALLOC_TRANSITIONS, &cmd_alloc_updates_desc, &c,
                      api_on_job_written, answer);
}
