/* Values made of another type. */
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <stdlib.h>
#include <string.h>

static const char *required(const struct hcl_type *t, struct arena *a)
{
    switch (t->kind) {
    case HCL_T_BOOL:
        return "a bool is required";
    case HCL_T_NUMBER:
        return "a number is required";
    case HCL_T_STRING:
        return "string required";
    case HCL_T_LIST:
    case HCL_T_SET:
    case HCL_T_MAP:
        return arena_printf(a, "%s of %s required",
                            t->kind == HCL_T_LIST  ? "list"
                            : t->kind == HCL_T_SET ? "set"
                                                   : "map",
                            t->of->kind == HCL_T_ANY ? "any single type" : hcl_type_text(t->of, a));
    case HCL_T_OBJECT:
        return "object required";
    case HCL_T_TUPLE:
        return "tuple required";
    default:
        return "a value is required";
    }
}

static const char *convert_plain(const struct hcl_value *v, const struct hcl_type *t,
                                 struct arena *a, struct hcl_value *out)
{
    struct hcl_value made = {.kind = HCL_BOOL};
    const char *s;
    bool ok;
    if (t->kind == HCL_T_BOOL) {
        ok = hcl_to_bool(v, &made.boolean);
    } else if (t->kind == HCL_T_NUMBER) {
        made.kind = HCL_NUMBER;
        ok = hcl_to_number(v, &made.number);
    } else if (v->kind == HCL_STRING) {
        *out = *v;
        return NULL;
    } else if ((ok = hcl_to_string(v, a, &s))) {
        value_set_string(&made, s, strlen(s));
    }
    if (!ok)
        return required(t, a);
    *out = made;
    return NULL;
}

/* --- sets ------------------------------------------------------------------------------------ */

/* An order among all values: by kind, then by content. */
static int compare_values(const void *p, const void *q)
{
    const struct hcl_value *x = p, *y = q;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    switch (x->kind) {
    case HCL_NULL:
        return 0;
    case HCL_BOOL:
        return x->boolean - y->boolean;
    case HCL_NUMBER:
        return (x->number > y->number) - (x->number < y->number);
    case HCL_STRING:
        return strcmp(x->string, y->string);
    default:
        break;
    }
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        bool object = x->kind == HCL_OBJECT;
        int c = object ? strcmp(x->members[i].key, y->members[i].key) : 0;
        if (!c)
            c = object ? compare_values(&x->members[i].value, &y->members[i].value)
                       : compare_values(&x->items[i], &y->items[i]);
        if (c)
            return c;
    }
    return (x->n > y->n) - (x->n < y->n);
}

void value_make_set(struct hcl_value *v)
{
    size_t n = 0;
    if (v->n)
        qsort(v->items, v->n, sizeof *v->items, compare_values);
    for (size_t i = 0; i < v->n; i++)
        if (!n || compare_values(&v->items[n - 1], &v->items[i]))
            v->items[n++] = v->items[i];
    v->n = n;
    v->form = HCL_SET;
}

/* --- collections ----------------------------------------------------------------------------- */

/* What the elements of a uniform collection become: the wanted type, or for `any` the one all of
 * them convert to. */
static const struct hcl_type *element_type(const struct hcl_value *v, const struct hcl_type *t,
                                           struct arena *a)
{
    if (t->of->kind != HCL_T_ANY)
        return t->of;
    const struct hcl_type *all = t->of;
    for (size_t i = 0; all && i < v->n; i++)
        all = hcl_type_unify(
            all, hcl_type_of(v->kind == HCL_OBJECT ? &v->members[i].value : &v->items[i], a), a);
    return all;
}

static const char *convert_sequence(const struct hcl_value *v, const struct hcl_type *t,
                                    struct arena *a, struct hcl_value *out)
{
    if (v->kind != HCL_LIST)
        return required(t, a);
    const struct hcl_type *of = element_type(v, t, a);
    if (!of)
        return "all elements must have the same type";
    struct hcl_value made = {.kind = HCL_LIST, .form = HCL_UNIFORM, .n = v->n};
    made.items = ARENA_ARRAY(a, struct hcl_value, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        const char *wrong = hcl_convert(&v->items[i], of, a, &made.items[i]);
        if (wrong)
            return arena_printf(a, "element %zu: %s", i, wrong);
    }
    if (t->kind == HCL_T_SET)
        value_make_set(&made);
    *out = made;
    return NULL;
}

static const char *convert_map(const struct hcl_value *v, const struct hcl_type *t, struct arena *a,
                               struct hcl_value *out)
{
    if (v->kind != HCL_OBJECT)
        return required(t, a);
    const struct hcl_type *of = element_type(v, t, a);
    if (!of)
        return "all map elements must have the same type";
    struct hcl_value made = {.kind = HCL_OBJECT, .form = HCL_UNIFORM, .n = v->n};
    made.members = ARENA_ARRAY(a, struct hcl_member, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        made.members[i].key = v->members[i].key;
        const char *wrong = hcl_convert(&v->members[i].value, of, a, &made.members[i].value);
        if (wrong)
            return arena_printf(a, "element \"%s\": %s", v->members[i].key, wrong);
    }
    *out = made;
    return NULL;
}

static const char *convert_object(const struct hcl_value *v, const struct hcl_type *t,
                                  struct arena *a, struct hcl_value *out)
{
    if (v->kind != HCL_OBJECT)
        return required(t, a);
    struct hcl_value made = {.kind = HCL_OBJECT, .n = t->n};
    made.members = ARENA_ARRAY(a, struct hcl_member, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        const struct hcl_type_member *m = &t->members[i];
        const struct hcl_value *had = value_member(v, m->name);
        made.members[i].key = m->name;
        if (!had && !m->optional)
            return arena_printf(a, "attribute \"%s\" is required", m->name);
        if (!had || (had->kind == HCL_NULL && m->optional)) {
            made.members[i].value = m->fallback;
            continue;
        }
        const char *wrong = hcl_convert(had, m->type, a, &made.members[i].value);
        if (wrong)
            return arena_printf(a, "attribute \"%s\": %s", m->name, wrong);
    }
    *out = made;
    return NULL;
}

static const char *convert_tuple(const struct hcl_value *v, const struct hcl_type *t,
                                 struct arena *a, struct hcl_value *out)
{
    if (v->kind != HCL_LIST)
        return required(t, a);
    if (v->n != t->n)
        return arena_printf(a, "tuple of %zu elements required", t->n);
    struct hcl_value made = {.kind = HCL_LIST, .n = t->n};
    made.items = ARENA_ARRAY(a, struct hcl_value, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        const char *wrong = hcl_convert(&v->items[i], t->members[i].type, a, &made.items[i]);
        if (wrong)
            return arena_printf(a, "element %zu: %s", i, wrong);
    }
    *out = made;
    return NULL;
}

const char *hcl_convert(const struct hcl_value *v, const struct hcl_type *t, struct arena *a,
                        struct hcl_value *out)
{
    if (v->kind == HCL_NULL || t->kind == HCL_T_ANY) {
        *out = *v;
        return NULL;
    }
    switch (t->kind) {
    case HCL_T_LIST:
    case HCL_T_SET:
        return convert_sequence(v, t, a, out);
    case HCL_T_MAP:
        return convert_map(v, t, a, out);
    case HCL_T_OBJECT:
        return convert_object(v, t, a, out);
    case HCL_T_TUPLE:
        return convert_tuple(v, t, a, out);
    default:
        return convert_plain(v, t, a, out);
    }
}
