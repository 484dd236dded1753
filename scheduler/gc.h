/* The collector of what is over: decides on a snapshot, removes by command. Private to
 * scheduler/. */
#ifndef SCHEDULER_GC_H
#define SCHEDULER_GC_H

#include "scheduler/reconcile.h"
#include "scheduler/scheduler_impl.h"

/* What may go; forced: whatever its age. Memory is the arena's. */
void gc_collect(struct store_txn *t, bool forced, int64_t now_ns, struct arena *a,
                struct cmd_reap *out);
/* Collects and removes. Blocking: a worker's. */
void gc_run(struct store *store, bool forced);

#endif
