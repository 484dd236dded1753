/* What a job file's expressions may name beside the runtime's things: its variables with the values
 * they were given, and its locals. Private to jobs. */
#ifndef JOBS_INPUTS_H
#define JOBS_INPUTS_H

#include "jobs/hcl/hcl.h"
#include "jobs/job.h"

struct variable {
    const char *name;
    struct hcl_range at; /* where it is declared */
    const struct hcl_block *block; /* NULL: from a variables block */
    const struct hcl_type *type;   /* NULL: not said */
    const char *description;
    bool sensitive, has_default, set;
    struct hcl_value value;
};
struct local {
    const char *name;
    const struct hcl_attr *attr;
    enum { LOCAL_NEW, LOCAL_BUSY, LOCAL_DONE, LOCAL_BROKEN } state;
    struct hcl_value value;
};
struct inputs {
    struct hcl_eval *ev;
    struct job_mistakes *mistakes; /* of the values from elsewhere */
    struct variable *variables;    /* by name, once declared */
    size_t n_variables;
    struct local *locals;
    size_t n_locals;
    struct hcl_value var, local; /* the two objects */
    bool local_made;
    struct hcl_scope scope;
};

/* Declares what the file's blocks say, takes the values given, checks them, and makes the
 * evaluator's scope. Mistakes in the file go to ev->diags, those in files and options to
 * `mistakes`. `in` must outlive the evaluation. */
void inputs_read(struct inputs *in, struct hcl_eval *ev, const struct hcl_body *body,
                 const struct job_parse_options *options, struct job_mistakes *mistakes);

/* variables.c */
void variables_declare(struct inputs *in, const struct hcl_body *body);
struct variable *variable_find(const struct inputs *in, const char *name);
/* Each variable has a value and keeps its own rules; makes in->var. */
void variables_check(struct inputs *in);
/* values.c: what was given from outside. */
void values_take(struct inputs *in, const struct job_parse_options *options);
/* locals.c */
void locals_declare(struct inputs *in, const struct hcl_body *body);
void locals_check(struct inputs *in); /* works out every one, so that all mistakes are told */
const struct hcl_value *locals_object(struct inputs *in);
int local_member(struct inputs *in, struct hcl_eval *ev, struct hcl_range at, const char *name,
                 struct hcl_value *out);

/* parse.c: the mistakes of a file become the job's. */
void mistakes_take(struct job_mistakes *m, struct hcl_diags *diags);

#endif
