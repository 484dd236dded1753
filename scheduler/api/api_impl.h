/* What the Nomad API's files share; private to scheduler/. */
#ifndef SCHEDULER_API_API_IMPL_H
#define SCHEDULER_API_API_IMPL_H

#include "agent/base/str.h"
#include "scheduler/scheduler_impl.h"

#include <string.h>

void job_routes(struct scheduler *s, struct http_server *server);
void alloc_routes(struct scheduler *s, struct http_server *server);
void deployment_routes(struct scheduler *s, struct http_server *server);
void agent_info_routes(struct scheduler *s, struct http_server *server);

/* Fills defaults and validates; answers and returns false when the job is refused. warnings: to be
 * freed. */
bool api_accept_job(struct http_req *r, struct job *j, char **warnings);
/* Answers PUT /v1/job/<id>/plan. */
void job_plan(struct scheduler *s, struct http_req *r, const char *id);

/* A proposal's answer on its way back to a request that may have gone. */
struct api_answer {
    struct http_req *req;
    uuid_text eval_id;
    char *warnings;
};
struct api_answer *api_answer_new(struct http_req *r);
void api_answer_free(struct api_answer *a);

struct job_summary_counts {
    const char *group;
    int64_t queued, complete, failed, running, starting, lost;
};
/* "Summary" of a job, computed from its allocations and newest evaluation. */
void api_write_summary(struct store_txn *t, const struct job *j, struct arena *a, struct buf *out);
void api_write_alloc_row(const struct allocation *x, struct buf *out);
/* The table's watch and the render function: GET endpoints without parameters. */
void api_blocking_table(struct http_req *r, const struct store_table *table, http_render render,
                        void *ctx);
#endif
