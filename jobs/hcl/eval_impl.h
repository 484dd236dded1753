/* What the evaluator's files share; private to jobs/hcl. */
#ifndef JOBS_HCL_EVAL_IMPL_H
#define JOBS_HCL_EVAL_IMPL_H

#include "jobs/hcl/parse_impl.h"

/* Adds a mistake at the expression; always false. */
bool eval_mistake(struct hcl_eval *ev, const struct hcl_expr *e, const char *summary,
                  const char *detail);
/* Pays for work; false, with a mistake, once a file has used up what it may. */
bool eval_pay(struct hcl_eval *ev, const struct hcl_expr *e, size_t cost);

/* Pays for walking the whole value, in which parts may stand many times over. */
bool value_afford(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v);
void value_set_string(struct hcl_value *out, const char *s, size_t len); /* borrowed, as it is */
const struct hcl_value *value_member(const struct hcl_value *v, const char *key);

/* convert.c: sorts the items and drops the equal ones. */
void value_make_set(struct hcl_value *v);

/* operators.c */
bool eval_binary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);
bool eval_unary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);
bool eval_cond(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);

/* call.c */
bool eval_call(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);

/* The name nearest to `name` among those offered, for "did you mean". */
struct nearest {
    const char *name, *best;
    size_t least;
};
void nearest_start(struct nearest *n, const char *name);
void nearest_offer(struct nearest *n, const char *candidate);
/* " Did you mean \"x\"?" or "". */
const char *nearest_text(const struct nearest *n, struct arena *a);

/* Collections while they grow. */
struct values {
    struct hcl_value *items;
    size_t n, cap;
};
struct hcl_value *values_add(struct arena *a, struct values *l);
/* Members as they were written; sorted, the last of equal keys winning, when done. */
struct keyed {
    const char *key;
    size_t place;
    struct hcl_value value;
};
struct members {
    struct keyed *items;
    size_t n, cap;
};
void members_add(struct arena *a, struct members *l, const char *key, struct hcl_value v);
/* `group`: the values of equal keys become one list. */
void members_finish(struct arena *a, struct members *l, bool group, struct hcl_value *out);

#endif
