/* Functions on lists and maps. */
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <stdlib.h>
#include <string.h>

static void add(struct hcl_call *c, struct values *l, struct hcl_value v)
{
    *values_add(c->arena, l) = v;
}

static const char *fn_length(struct hcl_call *c)
{
    const struct hcl_value *v = &c->args[0];
    if (v->kind == HCL_STRING)
        return hcl_function_find("strlen")->call(c);
    if (v->kind != HCL_LIST && v->kind != HCL_OBJECT)
        return wrong_arg(c, 0, "a string, a list or a map is required");
    return give_number(c, (long double)v->n);
}

/* The arguments as they come out when they must have one type. */
static const char *give_united(struct hcl_call *c, size_t which)
{
    const struct hcl_type *all = hcl_type_of(&c->args[0], c->arena);
    for (size_t i = 1; all && i < c->n; i++)
        all = hcl_type_unify(all, hcl_type_of(&c->args[i], c->arena), c->arena);
    if (!all)
        return "all arguments must have the same type";
    return hcl_convert(&c->args[which], all, c->arena, c->out);
}

static const char *fn_coalesce(struct hcl_call *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->args[i].kind != HCL_NULL)
            return give_united(c, i);
    return "no non-null arguments";
}

static const char *fn_coalescelist(struct hcl_call *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->args[i].kind == HCL_LIST && c->args[i].n) {
            *c->out = c->args[i];
            return NULL;
        }
    return "no non-null arguments";
}

static const char *fn_chunklist(struct hcl_call *c)
{
    int64_t size;
    const char *wrong = whole_arg(c, 1, &size);
    struct values l = {NULL, 0, 0};
    if (wrong)
        return wrong;
    if (size < 0)
        return wrong_arg(c, 1, "the size argument must be positive");
    for (size_t i = 0; i < c->args[0].n;) {
        size_t left = c->args[0].n - i, n = size && (uint64_t)size < left ? (size_t)size : left;
        add(c, &l,
            (struct hcl_value){
                .kind = HCL_LIST, .form = HCL_UNIFORM, .items = c->args[0].items + i, .n = n});
        i += n;
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_compact(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    for (size_t i = 0; i < c->args[0].n; i++) {
        const struct hcl_value *v = &c->args[0].items[i];
        const char *s;
        if (v->kind == HCL_NULL)
            continue;
        if (!hcl_to_string(v, c->arena, &s))
            return wrong_arg(c, 0, "element %zu: string required", i);
        if (*s)
            value_set_string(values_add(c->arena, &l), s, strlen(s));
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_concat(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    bool uniform = true;
    if (!c->n)
        return "at least one argument is required";
    for (size_t k = 0; k < c->n; k++) {
        uniform &= c->args[k].form != HCL_LOOSE;
        for (size_t i = 0; i < c->args[k].n; i++)
            add(c, &l, c->args[k].items[i]);
    }
    return give_list(c, &l, uniform ? HCL_UNIFORM : HCL_LOOSE);
}

static const char *fn_contains(struct hcl_call *c)
{
    bool found = false;
    for (size_t i = 0; i < c->args[0].n && !found; i++)
        found = hcl_value_equal(&c->args[0].items[i], &c->args[1]);
    return give_bool(c, found);
}

static const char *fn_distinct(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    struct hcl_value all = c->args[0];
    if (!make_uniform(c, &all))
        return wrong_arg(c, 0, "all elements must have the same type");
    for (size_t i = 0; i < all.n; i++) {
        bool seen = false;
        if (!hcl_pay(c->ev, l.n))
            return MAX_WORK_TEXT;
        for (size_t k = 0; k < l.n && !seen; k++)
            seen = hcl_value_equal(&l.items[k], &all.items[i]);
        if (!seen)
            add(c, &l, all.items[i]);
    }
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_element(struct hcl_call *c)
{
    int64_t i;
    const char *wrong = whole_arg(c, 1, &i);
    if (wrong)
        return wrong;
    if (i < 0)
        return wrong_arg(c, 1, "cannot use element function with a negative index");
    if (!c->args[0].n)
        return "cannot use element function with an empty list";
    *c->out = c->args[0].items[(size_t)i % c->args[0].n];
    return NULL;
}

static bool flatten(struct hcl_call *c, const struct hcl_value *v, struct values *l)
{
    for (size_t i = 0; i < v->n; i++) {
        if (!hcl_pay(c->ev, 4))
            return false;
        if (v->items[i].kind != HCL_LIST)
            add(c, l, v->items[i]);
        else if (!flatten(c, &v->items[i], l))
            return false;
    }
    return true;
}
static const char *fn_flatten(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    return flatten(c, &c->args[0], &l) ? give_list(c, &l, HCL_LOOSE) : MAX_WORK_TEXT;
}

/* The element at a place or of a name, as the index operator gives it. */
static const char *fn_index(struct hcl_call *c)
{
    const struct hcl_value *of = &c->args[0];
    struct hcl_value key = c->args[1];
    const struct hcl_value *found = NULL;
    const char *name;
    long double n;
    if (of->kind == HCL_OBJECT && hcl_to_string(&key, c->arena, &name))
        found = value_member(of, name);
    else if (of->kind == HCL_LIST && of->form != HCL_SET && hcl_to_number(&key, &n) && n >= 0 &&
             n < (long double)of->n && n == (long double)(size_t)n)
        found = &of->items[(size_t)n];
    if (of->kind < HCL_LIST || of->form == HCL_SET)
        return wrong_arg(c, 0, "a list or a map is required, not %s", hcl_value_kind(of));
    if (!found)
        return wrong_arg(c, 1, "no element has this key");
    *c->out = *found;
    return NULL;
}

static const char *fn_keys(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    for (size_t i = 0; i < c->args[0].n; i++)
        value_set_string(values_add(c->arena, &l), c->args[0].members[i].key,
                         strlen(c->args[0].members[i].key));
    return give_list(c, &l, c->args[0].form);
}

static const char *fn_values(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    for (size_t i = 0; i < c->args[0].n; i++)
        add(c, &l, c->args[0].members[i].value);
    return give_list(c, &l, c->args[0].form);
}

static const char *fn_lookup(struct hcl_call *c)
{
    if (c->n > 3)
        return "takes two or three arguments, got more";
    const struct hcl_value *found = value_member(&c->args[0], c->args[1].string);
    if (found)
        *c->out = *found;
    else if (c->n == 3)
        *c->out = c->args[2];
    else
        return arena_printf(c->arena, "lookup failed to find \"%s\"", c->args[1].string);
    return NULL;
}

static const char *fn_merge(struct hcl_call *c)
{
    struct members m = {NULL, 0, 0};
    bool maps = c->n > 0;
    for (size_t k = 0; k < c->n; k++) {
        if (c->args[k].kind == HCL_NULL)
            continue;
        maps &= c->args[k].form == HCL_UNIFORM;
        for (size_t i = 0; i < c->args[k].n; i++)
            members_add(c->arena, &m, c->args[k].members[i].key, c->args[k].members[i].value);
    }
    members_finish(c->arena, &m, false, c->out);
    if (maps)
        make_uniform(c, c->out);
    return NULL;
}

static const char *fn_reverse(struct hcl_call *c)
{
    struct values l = {NULL, 0, 0};
    if (c->args[0].kind == HCL_STRING)
        return hcl_function_find("strrev")->call(c);
    if (c->args[0].kind != HCL_LIST)
        return wrong_arg(c, 0, "can only reverse list or tuple values, not %s",
                         hcl_value_kind(&c->args[0]));
    for (size_t i = c->args[0].n; i > 0; i--)
        add(c, &l, c->args[0].items[i - 1]);
    return give_list(c, &l, c->args[0].form == HCL_LOOSE ? HCL_LOOSE : HCL_UNIFORM);
}

static const char *fn_slice(struct hcl_call *c)
{
    int64_t from, to, n = (int64_t)c->args[0].n;
    const char *wrong = whole_arg(c, 1, &from);
    if (!wrong)
        wrong = whole_arg(c, 2, &to);
    if (wrong)
        return wrong;
    if (c->args[0].form == HCL_SET)
        return wrong_arg(c, 0, "cannot slice a set, because its elements do not have indices");
    if (from < 0)
        return wrong_arg(c, 1, "start index must not be less than zero");
    if (to > n)
        return wrong_arg(c, 2, "end index must not be greater than the length of the list");
    if (from > to)
        return wrong_arg(c, 1, "start index must not be greater than end index");
    *c->out = c->args[0];
    c->out->items += from;
    c->out->n = (size_t)(to - from);
    return NULL;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const struct hcl_value *)a)->string, ((const struct hcl_value *)b)->string);
}
static const char *fn_sort(struct hcl_call *c)
{
    struct rec_strs items;
    struct values l = {NULL, 0, 0};
    const char *wrong = texts_arg(c, 0, &c->args[0], &items);
    if (wrong)
        return wrong;
    for (size_t i = 0; i < items.n; i++)
        value_set_string(values_add(c->arena, &l), items.items[i], strlen(items.items[i]));
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, compare_texts);
    return give_list(c, &l, HCL_UNIFORM);
}

static const char *fn_zipmap(struct hcl_call *c)
{
    struct rec_strs keys;
    struct members m = {NULL, 0, 0};
    const char *wrong = texts_arg(c, 0, &c->args[0], &keys);
    if (wrong)
        return wrong;
    if (keys.n != c->args[1].n)
        return arena_printf(c->arena, "number of keys (%zu) does not match number of values (%zu)",
                            keys.n, c->args[1].n);
    for (size_t i = 0; i < keys.n; i++)
        members_add(c->arena, &m, keys.items[i], c->args[1].items[i]);
    members_finish(c->arena, &m, false, c->out);
    c->out->form = c->args[1].form == HCL_LOOSE ? HCL_LOOSE : HCL_UNIFORM;
    return NULL;
}

static const char *convert_to(struct hcl_call *c, enum hcl_type_kind kind)
{
    static const struct hcl_type any = {.kind = HCL_T_ANY};
    const struct hcl_type t = {.kind = kind, .of = &any};
    const char *wrong = hcl_convert(&c->args[0], &t, c->arena, c->out);
    return wrong ? wrong_arg(c, 0, "cannot convert %s to %s: %s", hcl_value_kind(&c->args[0]),
                             hcl_type_text(&t, c->arena), wrong)
                 : NULL;
}
static const char *fn_tostring(struct hcl_call *c)
{
    return convert_to(c, HCL_T_STRING);
}
static const char *fn_tonumber(struct hcl_call *c)
{
    return convert_to(c, HCL_T_NUMBER);
}
static const char *fn_tobool(struct hcl_call *c)
{
    return convert_to(c, HCL_T_BOOL);
}
static const char *fn_tolist(struct hcl_call *c)
{
    return convert_to(c, HCL_T_LIST);
}
static const char *fn_toset(struct hcl_call *c)
{
    return convert_to(c, HCL_T_SET);
}
static const char *fn_tomap(struct hcl_call *c)
{
    return convert_to(c, HCL_T_MAP);
}

static const char *all_or_any(struct hcl_call *c, bool stop_at)
{
    for (size_t i = 0; i < c->args[0].n; i++) {
        bool b = false;
        if (!hcl_to_bool(&c->args[0].items[i], &b) && c->args[0].items[i].kind != HCL_NULL)
            return wrong_arg(c, 0, "element %zu: a bool is required", i);
        if (b == stop_at)
            return give_bool(c, stop_at);
    }
    return give_bool(c, !stop_at);
}
static const char *fn_alltrue(struct hcl_call *c)
{
    return all_or_any(c, false);
}
static const char *fn_anytrue(struct hcl_call *c)
{
    return all_or_any(c, true);
}

const struct hcl_function hcl_fn_collection[] = {
    {"length", "a:value", fn_length},
    {"coalesce", "a?:vals...", fn_coalesce},
    {"coalescelist", "a?:vals...", fn_coalescelist},
    {"chunklist", "l:list n:size", fn_chunklist},
    {"compact", "l:list", fn_compact},
    {"concat", "l:seqs...", fn_concat},
    {"contains", "l:list a:value", fn_contains},
    {"distinct", "l:list", fn_distinct},
    {"element", "l:list n:index", fn_element},
    {"flatten", "l:list", fn_flatten},
    {"index", "a:collection a:key", fn_index},
    {"keys", "m:inputMap", fn_keys},
    {"values", "m:mapping", fn_values},
    {"lookup", "m:inputMap s:key a?:default...", fn_lookup},
    {"merge", "m?:maps...", fn_merge},
    {"reverse", "a:list", fn_reverse},
    {"slice", "l:list n:start_index n:end_index", fn_slice},
    {"sort", "l:list", fn_sort},
    {"zipmap", "l:keys l:values", fn_zipmap},
    {"alltrue", "l:list", fn_alltrue},
    {"anytrue", "l:list", fn_anytrue},
    {"tostring", "a?:v", fn_tostring},
    {"tonumber", "a?:v", fn_tonumber},
    {"tobool", "a?:v", fn_tobool},
    {"tolist", "a?:v", fn_tolist},
    {"toset", "a?:v", fn_toset},
    {"tomap", "a?:v", fn_tomap},
    {NULL, NULL, NULL},
};
