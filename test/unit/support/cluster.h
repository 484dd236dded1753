/* A cluster's parts for tests: nodes, jobs and allocations as plain records, and a store with the
 * scheduler's tables. */
#ifndef TEST_UNIT_SUPPORT_CLUSTER_H
#define TEST_UNIT_SUPPORT_CLUSTER_H

#include "scheduler/scheduler_impl.h"

#define CLUSTER_NOW INT64_C(1600000000000000000)

/* A ready node in dc1 with raw_exec: 4000 MHz, 8000 MB, 50000 MB of disk. Its id comes from n. */
struct node *cluster_node(struct arena *a, unsigned n);
/* Of one group "web" with one raw_exec task "web" (100 MHz, 64 MB); defaults filled in. */
struct job *cluster_job(struct arena *a, const char *id, const char *type, int64_t count);
/* An allocation of that job's group, running on the node, as its `index`. */
struct allocation *cluster_alloc(struct arena *a, struct allocations *list, const struct job *j,
                                 const char *node_id, int index);
char *cluster_uuid(struct arena *a, unsigned n);

/* A store in a fresh directory under /tmp, whose name goes to dir (64 bytes). */
struct store *cluster_open(char *dir);
/* Closes, and removes the directory. */
int cluster_close(struct store **s, const char *dir);
/* Proposes, waits; fails the running test unless the command was written. */
log_index cluster_propose(struct store *s, uint16_t command, const struct rec_desc *d,
                          const void *rec, struct store_result *r);
/* Registers with an evaluation, whose id is returned. */
char *cluster_register(struct store *s, struct arena *a, struct job *j);
void cluster_add_node(struct store *s, struct node *n);

/* --- a running scheduler, for setup and teardown --------------------------------------------- */

struct cluster {
    struct arena arena; /* the test's */
    struct store *store;
    struct loop loop;
    struct scheduler *scheduler;
};
extern struct cluster cluster;
int cluster_start(void **state);
int cluster_start_as(struct scheduler_config c); /* its loop and store are filled in */
int cluster_stop(void **state);

typedef bool (*cluster_condition)(struct store_txn *t, const void *arg);
/* Runs the loop until the condition holds in the state; fails the test after ten seconds. */
void cluster_wait(cluster_condition holds, const void *arg);
struct allocations cluster_allocs(struct store_txn *t, const char *job);
size_t cluster_live(struct store_txn *t, const char *job); /* not terminal */

#endif
