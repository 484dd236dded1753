/* Reconciling: what a job wants against what it has, group by group. Pure; the decision is
 * returned, placing and proposing are others' (inventory nomad-scheduler 5). Private to
 * scheduler/. */
#ifndef SCHEDULER_RECONCILE_H
#define SCHEDULER_RECONCILE_H

#include "scheduler/state.h"

struct want_place {
    const struct job *job; /* the newest, or an older one while canaries are judged */
    const struct task_group *group; /* that job's */
    char *name;
    const struct allocation *previous; /* what it replaces, or NULL */
    const char *node_id;               /* there and nowhere else (system jobs), or NULL */
    bool rescheduled;                  /* previous failed: its node is avoided, its tracker kept */
    bool canary;
    bool stop_previous;                /* destructive update or migration: stop and place as one */
    const char *stop_description;
};
struct want_stop {
    const struct allocation *alloc;
    const char *description;
    const char *client_status;    /* "lost", or NULL */
    const char *followup_eval_id; /* delayed rescheduling: noted, not stopped */
    bool note_only;
};
struct want_delay { /* a follow-up evaluation at a time */
    char *eval_id;
    int64_t wait_until_ns;
    const char *triggered_by; /* NULL: a failure's rescheduling */
};
struct group_counts { /* the peer's DesiredUpdates */
    const char *group;
    int64_t ignore, place, migrate, stop, in_place, destructive, canary;
};
struct reconcile_in {
    const struct job *job;     /* NULL when it is gone */
    const struct allocations *allocs; /* all of the job's */
    const struct deployment *deployment; /* newest, or NULL */
    const char *eval_id;
    int64_t now_ns;
    const char *const *nodes; /* ready for the job: what a system job goes by */
    size_t n_nodes;
    /* the state of an allocation's node */
    bool (*node_is_down)(void *ctx, const char *node_id);
    /* the job as it was at an allocation's version, or NULL */
    const struct job *(*job_at)(void *ctx, uint64_t version);
    /* whether it may go on where it is under the new job, or NULL: always */
    bool (*can_update)(void *ctx, const struct allocation *x, const struct task_group *g);
    void *ctx;
    struct arena *arena;
};
struct reconcile_out {
    struct REC_LIST_BODY(struct want_place) places;
    struct REC_LIST_BODY(struct want_stop) stops;
    struct REC_LIST_BODY(const struct allocation *) updates; /* in place */
    struct REC_LIST_BODY(struct want_delay) delays;
    struct REC_LIST_BODY(struct group_counts) counts;
    struct deployment *deployment; /* to create; placements belong to it */
    const char *cancel_deployment, *cancel_description;
    bool deployment_done;          /* the current one is successful */
    const char *deployment_id;     /* what placements and updates belong to, or NULL */
};

void reconcile(const struct reconcile_in *in, struct reconcile_out *out);

/* Whether going from a to b needs new processes (fields listed in the inventory). */
bool group_needs_replacing(const struct job *a, const struct job *b, const char *group);

/* When a failed allocation may be rescheduled: its delay from the policy and its history, or false
 * when the policy allows no more. */
bool reschedule_delay(const struct reschedule_policy *p, const struct allocation *a, int64_t now_ns,
                      int64_t *delay_ns);

#endif
