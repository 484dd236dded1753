/* The difference of two jobs as `plan` and `job history` show it: which fields, objects, groups and
 * tasks came, went or changed. Made from the records' descriptors; what the peer leaves out, names
 * or orders in a way of its own is a table (inventory nomad-jobspec, golden plans).
 *
 * The structs are the peer's API objects JobDiff, TaskGroupDiff, TaskDiff, ObjectDiff, FieldDiff.
 * owns: nothing, memory is the arena's. thread: any. called by: scheduler, agent/cli. */
#ifndef JOBS_DIFF_H
#define JOBS_DIFF_H

#include "jobs/job.h"

struct diff_field {
    char *type; /* "None" "Added" "Deleted" "Edited" */
    char *name, *old_text, *new_text;
    struct rec_strs annotations;
};
struct diff_fields REC_LIST_BODY(struct diff_field);
struct diff_object;
struct diff_objects REC_LIST_BODY(struct diff_object);
struct diff_object {
    char *type, *name;
    struct diff_fields fields;
    struct diff_objects objects;
};
struct diff_task {
    char *type, *name;
    struct diff_fields fields;
    struct diff_objects objects;
    struct rec_strs annotations;
};
struct diff_group {
    char *type, *name;
    struct diff_fields fields;
    struct diff_objects objects;
    struct REC_LIST_BODY(struct diff_task) tasks;
    struct rec_int_map updates; /* "create": 2 */
};
struct job_diff {
    char *type, *id;
    struct diff_fields fields;
    struct diff_objects objects;
    struct REC_LIST_BODY(struct diff_group) groups;
};
extern const struct rec_desc job_diff_desc;

/* One of the two may be NULL: all is new, or all is gone. Inside an object that changed the fields
 * that did not are listed too, as "None". */
struct job_diff *job_diff(const struct job *old_job, const struct job *new_job, struct arena *a);

/* What the scheduler would do to a group, by name ("create", "ignore", "in-place update", ...), and
 * what the changes force: notes them in the diff. */
void job_diff_annotate(struct job_diff *d, const char *group, const struct rec_int_map *updates,
                       struct arena *a);

#endif
