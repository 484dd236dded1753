/* Planning: one evaluation against one snapshot, from what there is to what is to be done. Pure:
 * the plan is the answer, proposing it is the worker's (or nobody's: a dry run). Private to
 * scheduler/. */
#ifndef SCHEDULER_PLANNER_H
#define SCHEDULER_PLANNER_H

#include "scheduler/reconcile.h"
#include "scheduler/scheduler_impl.h"

struct planned {
    struct cmd_plan plan;   /* its evaluations: those it made, and at last the processed one */
    struct evaluation done; /* as it ends */
    const struct group_counts *counts;
    size_t n_counts;
};

/* instead: a job to plan as if it were registered, or NULL for the state's. All memory is the
 * arena's; borrows eval and instead. */
void planner_run(struct store_txn *t, struct node_cache *cache, const struct evaluation *eval,
                 const struct job *instead, int64_t now_ns, struct arena *a, struct planned *out);

#endif
