/* The commands' apply functions (see agent/store/store.h for their rules). Private to scheduler/ */
#ifndef SCHEDULER_APPLY_H
#define SCHEDULER_APPLY_H

#include "scheduler/state.h"

int apply_job_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                       struct store_result *r);
int apply_job_deregister(struct store_txn *t, log_index index, const void *payload, size_t len,
                         struct store_result *r);
int apply_node_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                        struct store_result *r);
int apply_node_status(struct store_txn *t, log_index index, const void *payload, size_t len,
                      struct store_result *r);
int apply_evals(struct store_txn *t, log_index index, const void *payload, size_t len,
                struct store_result *r);
/* Placements that no longer fit their node are left out; r->number says how many. */
int apply_plan(struct store_txn *t, log_index index, const void *payload, size_t len,
               struct store_result *r);
int apply_alloc_updates(struct store_txn *t, log_index index, const void *payload, size_t len,
                        struct store_result *r);
int apply_alloc_stop(struct store_txn *t, log_index index, const void *payload, size_t len,
                     struct store_result *r);

/* shared between the apply files */
void eval_put(struct store_txn *t, log_index index, struct evaluation *e);
void job_status_refresh(struct store_txn *t, log_index index, const char *ns, const char *id);
void counts_change(struct store_txn *t, log_index index, const char *ns, const char *id,
                   int64_t live_allocs, int64_t allocs, int64_t open_evals, int64_t evals);
size_t job_version_key(char *out, const char *ns, const char *id, uint64_t version);

#endif
