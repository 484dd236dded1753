/* What the reconciler's files share; private to scheduler/. */
#ifndef SCHEDULER_RECONCILE_IMPL_H
#define SCHEDULER_RECONCILE_IMPL_H

#include "scheduler/reconcile.h"

/* When its last task ended. */
int64_t alloc_fail_time(const struct allocation *a);

struct alloc_set REC_LIST_BODY(const struct allocation *);

/* One evaluation's pass over a job. */
struct pass {
    const struct reconcile_in *in;
    struct reconcile_out *out;
    const struct deployment *current; /* of this version, whatever became of it; or NULL */
    const struct deployment *old;     /* the newest, when it is not current any more */
    bool paused, failed;              /* the current one */
    struct deployment *fresh;         /* made in this pass */
    bool complete;                    /* no group has anything left to do */
};

/* The groups of a system job. */
void reconcile_system(const struct reconcile_in *in, struct reconcile_out *out);

/* Which deployment counts, and whether the last is to be cancelled. */
void deployment_begin(struct pass *p);
/* The group's state in the current deployment, or NULL. */
const struct deployment_state *deployment_group(const struct pass *p, const char *group);
bool deployment_is_active(const struct deployment *d);
/* Adds the group to the pass's fresh deployment, making it when it is the first. */
void deployment_add_group(struct pass *p, const struct task_group *g, int64_t desired_total,
                          int64_t desired_canaries);
/* Whether the group's part of the current deployment has reached what it wants. */
bool deployment_group_done(const struct deployment_state *s);
void deployment_end(struct pass *p);

#endif
