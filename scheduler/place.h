/* Placement: which node takes an allocation, and why others do not. Pure: a view of the nodes in, a
 * choice and its metrics out; nothing is written but the view itself (what is placed counts at
 * once).
 *
 * Scores, filters and texts follow the peer (inventory nomad-scheduler 6 and 7). Private to
 * scheduler/. */
#ifndef SCHEDULER_PLACE_H
#define SCHEDULER_PLACE_H

#include "scheduler/state.h"

#include <pthread.h>

/* One node as this evaluation sees it: the snapshot and what its own plan adds and takes. */
struct node_view {
    struct node *node;
    struct node_usage usage; /* read when first asked for */
    struct store_txn *t;     /* to read it with; NULL: it is there */
    struct arena *arena;
    size_t job_allocs;   /* live allocations of this job here, with the plan's */
    size_t group_allocs; /* of the group being placed */
    size_t class_id;      /* of nodes that are alike; 0: alone */
    uint64_t *ports;      /* bitmap of host ports in use; NULL until asked for */
};
/* All nodes, decoded once for everyone who reads at its index; never changed. */
struct node_table {
    int refs; /* the cache's lock guards it */
    log_index index;
    struct arena arena;
    struct node *nodes;
    size_t *class_ids; /* 0: alone */
    size_t n, n_classes;
};
struct node_cache { /* the newest table; zeroed but for the lock */
    pthread_mutex_t lock;
    struct node_table *table;
};
void node_cache_fini(struct node_cache *cache);

struct cluster_view {
    struct arena *arena;
    struct store_txn *t;
    struct node_cache *cache;
    struct node_table *table;
    struct node_view *by_id; /* the same nodes in the order of their ids */
    struct node_view *others; /* those that take no work: what stands there counts all the same */
    size_t n_others;
    const struct job *job;
    struct node_view **nodes; /* ready, eligible, in the job's datacenters; shuffled */
    size_t n_nodes;
    struct rec_int_map available; /* ready nodes by datacenter of the job */
    size_t n_classes;
    const struct job *memo_job;
    uint8_t *job_memo;            /* what each class is for that job's constraints */
    const struct task_group *memo_group;
    uint8_t *group_memo;          /* and for that group's */
};

/* The ready nodes, in an order that seed decides. The transaction must outlive the view; what is
 * placed keeps nothing of the table. cache may be NULL. */
void cluster_view_open(struct cluster_view *v, struct node_cache *cache, struct store_txn *t,
                       const struct job *job, uint64_t seed, struct arena *a);
void cluster_view_close(struct cluster_view *v);
/* Of the nodes that take work; or of any. NULL when there is none of that id. */
struct node_view *cluster_view_find(struct cluster_view *v, const char *node_id);
struct node_view *cluster_view_find_any(struct cluster_view *v, const char *node_id);
/* What the plan stops or places counts against the node at once. */
void node_view_take(struct node_view *n, const struct allocation *a, const char *group);
void node_view_give_back(struct node_view *n, const struct allocation *a, const char *group);

/* Chooses a node for one allocation of the group and fills in what it gets there (resources, ports,
 * node). avoid: node of a failed predecessor, or NULL. metrics is written in any case.
 * 0, or ERR_UNAVAILABLE when no node can take it. */
int place_allocation(struct cluster_view *v, const struct task_group *g, const char *avoid,
                     struct allocation *out, struct alloc_metric *metrics);

/* The same on one node only. metrics tell whether it was filtered out or had no room. */
int place_on_node(struct cluster_view *v, const struct task_group *g, const char *node_id,
                  struct allocation *out, struct alloc_metric *metrics);

/* Whether the node may run the group at all: constraints, drivers; not whether there is room. */
bool place_is_feasible(struct cluster_view *v, const struct task_group *g, struct node_view *n);

/* Whether one constraint holds for the node (distinct_* are not judged here). */
bool constraint_holds(const struct constraint *c, const struct node *n);
/* A version against "  >= 1.2, < 2" (hashicorp/go-version's rules; strict: SemVer's). */
bool version_matches(const char *version, const char *constraints, bool strict);

#endif
