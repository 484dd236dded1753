/* Functions on sets. */
#include "jobs/hcl/functions.h"

#include <string.h>

static bool set_has(const struct hcl_value *set, const struct hcl_value *v)
{
    for (size_t i = 0; i < set->n; i++)
        if (hcl_value_equal(&set->items[i], v))
            return true;
    return false;
}

/* All arguments as sets of one type. */
static const char *united(struct hcl_call *c, struct hcl_value *sets)
{
    struct values all = {NULL, 0, 0};
    struct hcl_value list = {.kind = HCL_LIST};
    for (size_t k = 0; k < c->n; k++)
        for (size_t i = 0; i < c->args[k].n; i++)
            *values_add(c->arena, &all) = c->args[k].items[i];
    list.items = all.items;
    list.n = all.n;
    if (!make_uniform(c, &list))
        return "given sets must all have compatible element types";
    size_t at = 0;
    for (size_t k = 0; k < c->n; k++) {
        sets[k] = (struct hcl_value){.kind = HCL_LIST, .n = c->args[k].n};
        sets[k].items = list.items + at;
        at += sets[k].n;
        value_make_set(&sets[k]);
    }
    return NULL;
}

enum set_op { UNION, INTERSECTION, SUBTRACT, SYMMETRIC };

static const char *combine(struct hcl_call *c, enum set_op op)
{
    struct hcl_value *sets = ARENA_ARRAY(c->arena, struct hcl_value, c->n + 1);
    struct values l = {NULL, 0, 0};
    const char *wrong = c->n ? united(c, sets) : "at least one set is required";
    for (size_t k = 0; !wrong && k < c->n; k++) {
        if (!hcl_pay(c->ev, sets[k].n * (sets[0].n + sets[c->n - 1].n)))
            return MAX_WORK_TEXT;
        for (size_t i = 0; i < sets[k].n; i++) {
            bool in_all = true, in_others = false, odd = true;
            for (size_t o = 0; o < c->n; o++) {
                bool has = o == k || set_has(&sets[o], &sets[k].items[i]);
                in_all &= has;
                in_others |= has && o != k;
                odd ^= has && o != k;
            }
            bool keep = op == UNION || (op == INTERSECTION && k == 0 && in_all) ||
                        (op == SUBTRACT && k == 0 && !in_others) || (op == SYMMETRIC && odd);
            if (keep)
                *values_add(c->arena, &l) = sets[k].items[i];
        }
    }
    if (wrong)
        return wrong;
    *c->out = (struct hcl_value){.kind = HCL_LIST, .items = l.items, .n = l.n};
    value_make_set(c->out);
    return NULL;
}

static const char *fn_union(struct hcl_call *c)
{
    return combine(c, UNION);
}
static const char *fn_intersection(struct hcl_call *c)
{
    return combine(c, INTERSECTION);
}
static const char *fn_subtract(struct hcl_call *c)
{
    return combine(c, SUBTRACT);
}
static const char *fn_symmetric(struct hcl_call *c)
{
    return combine(c, SYMMETRIC);
}
static const char *fn_haselement(struct hcl_call *c)
{
    return give_bool(c, set_has(&c->args[0], &c->args[1]));
}

/* Every choice of one element from each. */
static const char *fn_product(struct hcl_call *c)
{
    size_t total = 1;
    bool sets = true;
    struct values l = {NULL, 0, 0};
    if (c->n < 2)
        return "at least two arguments are required";
    for (size_t k = 0; k < c->n; k++) {
        sets &= c->args[k].form == HCL_SET;
        if (__builtin_mul_overflow(total, c->args[k].n, &total) ||
            (total && !hcl_pay(c->ev, total)))
            return MAX_WORK_TEXT;
    }
    if (!hcl_pay(c->ev, total * c->n * 4))
        return MAX_WORK_TEXT;
    for (size_t row = 0; row < total; row++) {
        struct hcl_value *items = ARENA_ARRAY(c->arena, struct hcl_value, c->n);
        size_t left = row;
        for (size_t k = c->n; k-- > 0;) {
            items[k] = c->args[k].items[left % c->args[k].n];
            left /= c->args[k].n;
        }
        *values_add(c->arena, &l) = (struct hcl_value){.kind = HCL_LIST, .items = items, .n = c->n};
    }
    give_list(c, &l, HCL_UNIFORM);
    if (sets)
        value_make_set(c->out);
    return NULL;
}

const struct hcl_function hcl_fn_set[] = {
    {"setunion", "l:sets...", fn_union},
    {"setintersection", "l:sets...", fn_intersection},
    {"setsubtract", "l:a l:b", fn_subtract},
    {"setsymmetricdifference", "l:sets...", fn_symmetric},
    {"sethaselement", "l:set a:elem", fn_haselement},
    {"setproduct", "l:sets...", fn_product},
    {NULL, NULL, NULL},
};
