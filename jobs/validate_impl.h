/* What the validation's files share; private to jobs. */
#ifndef JOBS_VALIDATE_IMPL_H
#define JOBS_VALIDATE_IMPL_H

#include "jobs/job.h"

/* validate.c: a nested list of mistakes becomes one mistake of the outer one. */
void validate_fold(struct job_mistakes *outer, struct job_mistakes *inner, const char *what,
                   const char *name);
struct job_mistakes validate_inner(struct job_mistakes *m);
const char *validate_duration(struct arena *a, int64_t ns);

/* validate_blocks.c: the blocks that only their owner cares for. */
void validate_job_blocks(struct job_mistakes *m, const struct job *j);
void validate_group_blocks(struct job_mistakes *m, const struct job *j, const struct task_group *g);
void validate_task_blocks(struct job_mistakes *m, const struct task_group *g, const struct task *t);
/* Whether a limited number of attempts can be made within the interval. */
void validate_reschedule_fits(struct job_mistakes *m, const struct reschedule_policy *r);

/* validate_warn.c: what is kept without effect. */
void validate_group_warnings(struct job_mistakes *w, const struct task_group *g);
void validate_task_warnings(struct job_mistakes *w, const struct task *t);

#endif
