/* What the Nomad API's files share; private to scheduler/. */
#ifndef SCHEDULER_API_API_IMPL_H
#define SCHEDULER_API_API_IMPL_H

#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <string.h>

void job_routes(struct scheduler *s, struct http_server *server);
void alloc_routes(struct scheduler *s, struct http_server *server);
void deployment_routes(struct scheduler *s, struct http_server *server);
void node_routes(struct scheduler *s, struct http_server *server);

/* Fills defaults and validates; answers and returns false when the job is refused. warnings: to be
 * freed. */
bool api_accept_job(struct http_req *r, struct job *j, char **warnings);
/* Proposes a job with its evaluation (where one is due) and answers. Takes warnings. */
void api_register(struct scheduler *s, struct http_req *r, struct cmd_job_register *c,
                  char *warnings);
/* A store_done_cb whose arg is an api_answer: JobRegisterResponse. */
void api_on_job_written(void *arg, int status, log_index index, const struct store_result *result);

/* Answer PUT /v1/job/<id>/plan, /revert, /evaluate, /dispatch, /scale. */
void job_plan(struct scheduler *s, struct http_req *r, const char *id);
void job_revert(struct scheduler *s, struct http_req *r, const char *id);
void job_evaluate(struct scheduler *s, struct http_req *r, const char *id);
void job_dispatch(struct scheduler *s, struct http_req *r, const char *id);
void job_periodic_force(struct scheduler *s, struct http_req *r, const char *id);
void job_scale(struct scheduler *s, struct http_req *r, const char *id);
/* GET /v1/job/<id>/scale, /versions; ctx is the id. */
int render_scale(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                 log_index *index, int *status, struct err *e);
int render_versions(struct http_req *r, struct store_txn *t, void *ctx, struct buf *out,
                    log_index *index, int *status, struct err *e);

/* A proposal's answer on its way back to a request that may have gone. */
struct api_answer {
    struct http_req *req;
    uuid_text eval_id;
    char *warnings;
    uint64_t job_modify_index; /* 0: what the command's result says */
};
struct api_answer *api_answer_new(struct http_req *r);
void api_answer_free(struct api_answer *a);

struct job_summary_counts {
    const char *group;
    int64_t queued, complete, failed, running, starting, lost;
};
/* "Summary" of a job, computed from its allocations and newest evaluation. */
void api_write_summary(struct store_txn *t, const struct job *j, struct arena *a, struct buf *out);
/* write.c; the job may be NULL */
void api_write_alloc_row(const struct allocation *x, struct buf *out);
void api_write_alloc(const struct allocation *x, const struct job *j, struct buf *out);
void api_write_node_row(const struct node *n, bool with_resources, struct buf *out);
void api_write_node(const struct node *n, struct buf *out);
/* The table's watch and the render function: GET endpoints without parameters. */
void api_blocking_table(struct http_req *r, const struct store_table *table, http_render render,
                        void *ctx);
#endif
