/* The commands' apply functions (see agent/store/store.h for their rules). Private to scheduler/ */
#ifndef SCHEDULER_APPLY_H
#define SCHEDULER_APPLY_H

#include "scheduler/state.h"

int apply_job_register(struct store_txn *t, log_index index, const void *payload, size_t len,
                       struct store_result *r);
int apply_job_deregister(struct store_txn *t, log_index index, const void *payload, size_t len,
                         struct store_result *r);
/* r->number is 1 when the node is new or up again. */
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

int apply_alloc_transitions(struct store_txn *t, log_index index, const void *payload, size_t len,
                            struct store_result *r);
/* Refuse what is over: "can't promote terminal deployment". */
int apply_deployment_status(struct store_txn *t, log_index index, const void *payload, size_t len,
                            struct store_result *r);
int apply_deployment_promote(struct store_txn *t, log_index index, const void *payload, size_t len,
                             struct store_result *r);

int apply_node_scheduling(struct store_txn *t, log_index index, const void *payload, size_t len,
                          struct store_result *r);
int apply_periodic_launch(struct store_txn *t, log_index index, const void *payload, size_t len,
                          struct store_result *r);
int apply_reap(struct store_txn *t, log_index index, const void *payload, size_t len,
               struct store_result *r);

/* shared between the apply files */
bool eval_is_open(const struct evaluation *e);
/* Keys of the indexes by job; out holds STATE_KEY_MAX + 64 and + 32. */
size_t eval_job_key(char *out, const struct evaluation *e);
size_t deployment_job_key(char *out, const struct deployment *d);
void job_purge(struct store_txn *t, const char *ns, const char *id); /* the job and its versions */
/* Writes the job as a new version, unless it asks for the same; returns its job modify index. */
uint64_t job_upsert(struct store_txn *t, log_index index, struct arena *a, struct job *j);
void alloc_seq(char out[12], log_index index, uint32_t position);
/* Writes a known allocation back; was_live says how it stood before, for_node whether its client
 * is to be told. */
void alloc_update(struct store_txn *t, log_index index, struct allocation *x, bool was_live,
                  bool for_node);
void deployment_put(struct store_txn *t, log_index index, struct deployment *d, bool is_new);
/* Status and description of a plan's deployment update; a successful one makes its job stable. */
void deployment_status(struct store_txn *t, log_index index, const struct deployment *change);
/* Counts a placement, or a change of an allocation's health, in its deployment. */
void deployment_count(struct store_txn *t, log_index index, const struct allocation *x,
                      int64_t placed, int64_t healthy, int64_t unhealthy, int64_t now_ns);
void eval_put(struct store_txn *t, log_index index, struct evaluation *e);
void job_status_refresh(struct store_txn *t, log_index index, const char *ns, const char *id);
void counts_change(struct store_txn *t, log_index index, const char *ns, const char *id,
                   int64_t live_allocs, int64_t allocs, int64_t open_evals, int64_t evals);
size_t job_version_key(char *out, const char *ns, const char *id, uint64_t version);

#endif
