#include "agent/base/check.h"
#include "agent/base/str.h"
#include "jobs/hcl/parse_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool mistake(struct hcl_eval *ev, const struct hcl_expr *e, const char *summary,
                    const char *detail)
{
    hcl_diag_add(ev->diags, e->range, summary, "%s", detail);
    return false;
}

/* Pays for work; false once an expression has used up what it may. */
static bool pay(struct hcl_eval *ev, const struct hcl_expr *e, size_t cost)
{
    if (ev->work > HCL_WORK_MAX)
        return false;
    ev->work += cost;
    if (ev->work <= HCL_WORK_MAX)
        return true;
    return mistake(ev, e, "Expression too large",
                   "Evaluating this file takes more work than is allowed.");
}

static void set_string(struct hcl_value *out, const char *s, size_t len)
{
    *out = (struct hcl_value){.kind = HCL_STRING, .string = s, .string_len = len};
}

/* --- names ----------------------------------------------------------------------------------- */

static const struct hcl_value *scope_variable(const struct hcl_scope *s, const char *name)
{
    for (; s; s = s->parent) {
        const struct hcl_value *v = s->variable ? s->variable(s, name) : NULL;
        if (v)
            return v;
    }
    return NULL;
}
static const struct hcl_function *scope_function(const struct hcl_scope *s, const char *name)
{
    for (; s; s = s->parent) {
        const struct hcl_function *f = s->function ? s->function(s, name) : NULL;
        if (f)
            return f;
    }
    return NULL;
}
static bool scope_is_strict(const struct hcl_scope *s, const char *name)
{
    for (; s; s = s->parent)
        if (s->strict_root && s->strict_root(s, name))
            return true;
    return false;
}

static const struct hcl_expr *root_of(const struct hcl_expr *e)
{
    while (e->kind == EXPR_ATTR || e->kind == EXPR_INDEX || e->kind == EXPR_SPLAT)
        e = e->a;
    return e->kind == EXPR_VAR ? e : NULL;
}

/* A traversal whose root nobody knows is the runtime's: its text, wrapped again. */
static bool pass_through(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    size_t len = e->range.end - e->range.start;
    if (!pay(ev, e, len))
        return false;
    const char *s = arena_printf(ev->arena, "${%.*s}", (int)len, ev->file->text + e->range.start);
    set_string(out, s, len + 3);
    return true;
}

/* 1: out is the passed text; 0: the root is known; -1: mistake. */
static int try_pass_through(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    const struct hcl_expr *root = root_of(e);
    if (!root || scope_variable(ev->scope, root->name))
        return 0;
    if (!scope_is_strict(ev->scope, root->name))
        return pass_through(ev, e, out) ? 1 : -1;
    hcl_diag_add(ev->diags, root->range, "Unknown variable", "There is no variable named \"%s\".",
                 root->name);
    return -1;
}

/* --- traversals ------------------------------------------------------------------------------ */

static const struct hcl_value *member_find(const struct hcl_value *v, const char *key)
{
    size_t lo = 0, hi = v->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(v->members[mid].key, key);
        if (c == 0)
            return &v->members[mid].value;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static bool index_list(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *of,
                       const struct hcl_value *key, struct hcl_value *out)
{
    long double n;
    if (!hcl_to_number(key, &n))
        return mistake(ev, e, "Invalid index",
                       "The given key does not identify an element in this "
                       "collection value: a number is required.");
    if (n != floorl(n) || n < 0 || n >= (long double)of->n)
        return mistake(ev, e, "Invalid index",
                       "The given key does not identify an element in this "
                       "collection value.");
    *out = of->items[(size_t)n];
    return true;
}

static bool index_value(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *of,
                        const struct hcl_value *key, struct hcl_value *out)
{
    if (of->kind == HCL_LIST)
        return index_list(ev, e, of, key, out);
    if (of->kind != HCL_OBJECT) {
        hcl_diag_add(ev->diags, e->range, "Invalid index",
                     "This value does not have any indices: it is a %s.", hcl_kind_name(of->kind));
        return false;
    }
    const char *name;
    const struct hcl_value *found =
        hcl_to_string(key, ev->arena, &name) ? member_find(of, name) : NULL;
    if (!found)
        return mistake(ev, e, "Invalid index",
                       "The given key does not identify an element in this "
                       "collection value.");
    *out = *found;
    return true;
}

static bool eval_attr(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value of;
    if (!hcl_eval(ev, e->a, &of))
        return false;
    if (of.kind == HCL_LIST) { /* the old x.0 */
        struct hcl_value key = {
            .kind = HCL_STRING, .string = e->name, .string_len = strlen(e->name)};
        return index_list(ev, e, &of, &key, out);
    }
    const struct hcl_value *found = of.kind == HCL_OBJECT ? member_find(&of, e->name) : NULL;
    if (found) {
        *out = *found;
        return true;
    }
    if (of.kind == HCL_OBJECT)
        hcl_diag_add(ev->diags, e->range, "Unsupported attribute",
                     "This object does not have an attribute named \"%s\".", e->name);
    else
        hcl_diag_add(ev->diags, e->range, "Unsupported attribute",
                     "This value does not have any attributes.");
    return false;
}

static bool eval_splat(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value of;
    if (!hcl_eval(ev, e->a, &of))
        return false;
    const struct hcl_value *items = of.kind == HCL_LIST ? of.items : &of;
    size_t n = of.kind == HCL_LIST ? of.n : of.kind != HCL_NULL;
    if (!pay(ev, e, n))
        return false;
    *out = (struct hcl_value){.kind = HCL_LIST, .n = n};
    out->items = ARENA_ARRAY(ev->arena, struct hcl_value, n ? n : 1);
    const struct hcl_value *outer = ev->splat_item;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ev->splat_item = &items[i];
        ok = hcl_eval(ev, e->b, &out->items[i]);
    }
    ev->splat_item = outer;
    return ok;
}

static bool eval_traversal(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    int passed = try_pass_through(ev, e, out);
    if (passed)
        return passed > 0;
    if (e->kind == EXPR_VAR) {
        *out = *scope_variable(ev->scope, e->name);
        return true;
    }
    if (e->kind == EXPR_ATTR)
        return eval_attr(ev, e, out);
    if (e->kind == EXPR_SPLAT)
        return eval_splat(ev, e, out);
    struct hcl_value of, key;
    return hcl_eval(ev, e->a, &of) && hcl_eval(ev, e->b, &key) &&
           index_value(ev, e, &of, &key, out);
}

/* --- operators ------------------------------------------------------------------------------- */

static bool operand(struct hcl_eval *ev, const struct hcl_expr *e, const char *which, bool number,
                    struct hcl_value *v)
{
    if (!hcl_eval(ev, e, v))
        return false;
    if (number ? hcl_to_number(v, &v->number) : hcl_to_bool(v, &v->boolean))
        return true;
    hcl_diag_add(ev->diags, e->range, "Invalid operand",
                 "Unsuitable value for %s operand: a %s is required.", which,
                 number ? "number" : "bool");
    return false;
}

static bool values_equal(const struct hcl_value *a, const struct hcl_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case HCL_NULL:
        return true;
    case HCL_BOOL:
        return a->boolean == b->boolean;
    case HCL_NUMBER:
        return a->number == b->number;
    case HCL_STRING:
        return a->string_len == b->string_len && !memcmp(a->string, b->string, a->string_len);
    case HCL_LIST:
        for (size_t i = 0; i < a->n && a->n == b->n; i++)
            if (!values_equal(&a->items[i], &b->items[i]))
                return false;
        return a->n == b->n;
    case HCL_OBJECT:
        for (size_t i = 0; i < a->n && a->n == b->n; i++)
            if (strcmp(a->members[i].key, b->members[i].key) ||
                !values_equal(&a->members[i].value, &b->members[i].value))
                return false;
        return a->n == b->n;
    }
    return false;
}

static void set_bool(struct hcl_value *out, bool b)
{
    *out = (struct hcl_value){.kind = HCL_BOOL, .boolean = b};
}

static bool eval_logic(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value a, b;
    bool number = e->op != TOK_AND && e->op != TOK_OR;
    if (e->op == TOK_EQ || e->op == TOK_NE) {
        if (!hcl_eval(ev, e->a, &a) || !hcl_eval(ev, e->b, &b))
            return false;
        set_bool(out, values_equal(&a, &b) == (e->op == TOK_EQ));
        return true;
    }
    if (!operand(ev, e->a, "left", number, &a) || !operand(ev, e->b, "right", number, &b))
        return false;
    switch (e->op) {
    case TOK_AND:
        set_bool(out, a.boolean && b.boolean);
        break;
    case TOK_OR:
        set_bool(out, a.boolean || b.boolean);
        break;
    case TOK_LT:
        set_bool(out, a.number < b.number);
        break;
    case TOK_LE:
        set_bool(out, a.number <= b.number);
        break;
    case TOK_GT:
        set_bool(out, a.number > b.number);
        break;
    default:
        set_bool(out, a.number >= b.number);
        break;
    }
    return true;
}

static bool eval_arithmetic(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value a, b;
    if (!operand(ev, e->a, "left", true, &a) || !operand(ev, e->b, "right", true, &b))
        return false;
    long double r;
    if ((e->op == TOK_SLASH || e->op == TOK_PERCENT) && b.number == 0)
        return mistake(ev, e, "Division by zero", "Cannot divide by zero.");
    switch (e->op) {
    case TOK_PLUS:
        r = a.number + b.number;
        break;
    case TOK_MINUS:
        r = a.number - b.number;
        break;
    case TOK_STAR:
        r = a.number * b.number;
        break;
    case TOK_SLASH:
        r = a.number / b.number;
        break;
    default:
        r = fmodl(a.number, b.number);
        break;
    }
    if (!isfinite(r))
        return mistake(ev, e, "Operation failed", "The result is too large a number.");
    *out = (struct hcl_value){.kind = HCL_NUMBER, .number = r};
    return true;
}

static bool eval_binary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    switch (e->op) {
    case TOK_PLUS:
    case TOK_MINUS:
    case TOK_STAR:
    case TOK_SLASH:
    case TOK_PERCENT:
        return eval_arithmetic(ev, e, out);
    default:
        return eval_logic(ev, e, out);
    }
}

static bool eval_unary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value v;
    if (!operand(ev, e->a, "unary", e->op == TOK_MINUS, &v))
        return false;
    if (e->op == TOK_NOT)
        set_bool(out, !v.boolean);
    else
        *out = (struct hcl_value){.kind = HCL_NUMBER, .number = -v.number};
    return true;
}

static bool eval_cond(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value test;
    if (!hcl_eval(ev, e->a, &test))
        return false;
    if (!hcl_to_bool(&test, &test.boolean))
        return mistake(ev, e->a, "Incorrect condition type",
                       "The condition expression must be of type bool.");
    return hcl_eval(ev, test.boolean ? e->b : e->c, out);
}

/* --- collections ----------------------------------------------------------------------------- */

struct values {
    struct hcl_value *items;
    size_t n, cap;
};
static struct hcl_value *values_add(struct hcl_eval *ev, struct values *l)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct hcl_value *items = ARENA_ARRAY(ev->arena, struct hcl_value, cap);
        if (l->n)
            memcpy(items, l->items, l->n * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    return &l->items[l->n++];
}

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
static void members_add(struct hcl_eval *ev, struct members *l, const char *key, struct hcl_value v)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        struct keyed *items = ARENA_ARRAY(ev->arena, struct keyed, cap);
        if (l->n)
            memcpy(items, l->items, l->n * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n] = (struct keyed){key, l->n, v};
    l->n++;
}
static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int c = strcmp(x->key, y->key);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}
static void append_value(struct hcl_eval *ev, struct hcl_value *list, struct hcl_value v)
{
    if ((list->n & (list->n - 1)) == 0) { /* full: sizes are powers of two */
        struct hcl_value *items =
            ARENA_ARRAY(ev->arena, struct hcl_value, list->n ? list->n * 2 : 1);
        if (list->n)
            memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
    }
    list->items[list->n++] = v;
}
static void members_finish(struct hcl_eval *ev, struct members *l, bool group,
                           struct hcl_value *out)
{
    if (l->n)
        qsort(l->items, l->n, sizeof *l->items, compare_keyed);
    *out = (struct hcl_value){.kind = HCL_OBJECT};
    out->members = ARENA_ARRAY(ev->arena, struct hcl_member, l->n ? l->n : 1);
    for (size_t i = 0; i < l->n; i++) {
        bool again = i > 0 && !strcmp(l->items[i].key, l->items[i - 1].key);
        struct hcl_member *m = &out->members[again ? out->n - 1 : out->n++];
        m->key = l->items[i].key;
        if (!group) {
            m->value = l->items[i].value;
            continue;
        }
        if (!again)
            m->value = (struct hcl_value){.kind = HCL_LIST};
        append_value(ev, &m->value, l->items[i].value);
    }
}

static bool eval_list(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    *out = (struct hcl_value){.kind = HCL_LIST, .n = e->n};
    out->items = ARENA_ARRAY(ev->arena, struct hcl_value, e->n ? e->n : 1);
    bool ok = true;
    for (size_t i = 0; i < e->n; i++)
        ok = hcl_eval(ev, e->items[i].value, &out->items[i]) && ok;
    return ok;
}

static bool eval_key(struct hcl_eval *ev, const struct hcl_expr *e, const char **out)
{
    struct hcl_value key;
    if (!hcl_eval(ev, e, &key))
        return false;
    if (hcl_to_string(&key, ev->arena, out))
        return true;
    return mistake(ev, e, "Incorrect key type",
                   "Can't use this value as a key: a string is required.");
}

static bool eval_object(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct members members = {NULL, 0, 0};
    bool ok = true;
    for (size_t i = 0; i < e->n; i++) {
        const char *key = NULL;
        struct hcl_value v;
        bool fine = eval_key(ev, e->items[i].key, &key);
        fine = hcl_eval(ev, e->items[i].value, &v) && fine;
        if (fine)
            members_add(ev, &members, key, v);
        ok = ok && fine;
    }
    members_finish(ev, &members, false, out);
    return ok;
}

static bool eval_call(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    const struct hcl_function *f = scope_function(ev->scope, e->name);
    if (!f) {
        hcl_diag_add(ev->diags, e->range, "Call to unknown function",
                     "There is no function named \"%s\".", e->name);
        return false;
    }
    struct values args = {NULL, 0, 0};
    for (size_t i = 0; i < e->n; i++) {
        struct hcl_value v;
        if (!hcl_eval(ev, e->items[i].value, &v))
            return false;
        if (!e->expand || i + 1 < e->n) {
            *values_add(ev, &args) = v;
            continue;
        }
        if (v.kind != HCL_LIST)
            return mistake(ev, e, "Invalid expanding argument value",
                           "The expanding argument (indicated by ...) must be of a list type.");
        for (size_t k = 0; k < v.n; k++)
            *values_add(ev, &args) = v.items[k];
    }
    if (args.n < f->min_args || args.n > f->max_args) {
        hcl_diag_add(ev->diags, e->range,
                     args.n < f->min_args ? "Not enough function arguments"
                                          : "Too many function arguments",
                     "Function \"%s\" expects between %zu and %zu arguments, got %zu.", f->name,
                     f->min_args, f->max_args, args.n);
        return false;
    }
    const char *wrong = f->call(args.items, args.n, ev->arena, out);
    if (!wrong)
        return true;
    hcl_diag_add(ev->diags, e->range, "Error in function call",
                 "Call to function \"%s\" failed: %s.", f->name, wrong);
    return false;
}

/* --- for ------------------------------------------------------------------------------------- */

struct loop_names {
    const char *key_name, *value_name;
    struct hcl_value key, value;
};
static const struct hcl_value *loop_variable(const struct hcl_scope *s, const char *name)
{
    const struct loop_names *l = s->data;
    if (str_eq(name, l->value_name))
        return &l->value;
    return l->key_name && str_eq(name, l->key_name) ? &l->key : NULL;
}

static bool collection_of(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    if (!hcl_eval(ev, e, out))
        return false;
    if (out->kind == HCL_LIST || out->kind == HCL_OBJECT)
        return true;
    hcl_diag_add(ev->diags, e->range, "Iteration over non-iterable value",
                 "A value of type %s cannot be used as the collection in a 'for' expression.",
                 hcl_kind_name(out->kind));
    return false;
}

static void loop_set(struct loop_names *l, const struct hcl_value *of, size_t i)
{
    if (of->kind == HCL_LIST) {
        l->key = (struct hcl_value){.kind = HCL_NUMBER, .number = (long double)i};
        l->value = of->items[i];
    } else {
        set_string(&l->key, of->members[i].key, strlen(of->members[i].key));
        l->value = of->members[i].value;
    }
}

/* One round of a for expression. */
static bool for_round(struct hcl_eval *ev, const struct hcl_expr *e, struct values *list,
                      struct members *members)
{
    struct hcl_value v;
    if (e->d) {
        if (!hcl_eval(ev, e->d, &v))
            return false;
        if (!hcl_to_bool(&v, &v.boolean))
            return mistake(ev, e->d, "Invalid 'for' condition", "The 'if' clause must be a bool.");
        if (!v.boolean)
            return true;
    }
    if (!e->is_object) {
        if (!hcl_eval(ev, e->b, &v))
            return false;
        *values_add(ev, list) = v;
        return true;
    }
    const char *key;
    if (!eval_key(ev, e->b, &key) || !hcl_eval(ev, e->c, &v))
        return false;
    members_add(ev, members, key, v);
    return true;
}

static bool eval_for(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value of;
    if (!collection_of(ev, e->a, &of))
        return false;
    struct loop_names names = {.key_name = e->key_name, .value_name = e->name};
    const struct hcl_scope *outer = ev->scope;
    struct hcl_scope scope = {.parent = outer, .variable = loop_variable, .data = &names};
    struct values list = {NULL, 0, 0};
    struct members members = {NULL, 0, 0};
    bool ok = true;
    ev->scope = &scope;
    for (size_t i = 0; ok && i < of.n; i++) {
        loop_set(&names, &of, i);
        ok = for_round(ev, e, &list, &members);
    }
    ev->scope = outer;
    if (e->is_object)
        members_finish(ev, &members, e->group, out);
    else
        *out = (struct hcl_value){.kind = HCL_LIST, .items = list.items, .n = list.n};
    return ok;
}

/* --- templates ------------------------------------------------------------------------------- */

static bool write_parts(struct hcl_eval *ev, const struct hcl_expr *e,
                        const struct hcl_parts *parts, struct buf *out);

static bool write_value(struct hcl_eval *ev, const struct hcl_expr *e, struct buf *out)
{
    struct hcl_value v;
    const char *s;
    if (!hcl_eval(ev, e, &v))
        return false;
    if (!hcl_to_string(&v, ev->arena, &s)) {
        hcl_diag_add(
            ev->diags, e->range, "Invalid template interpolation value",
            "Cannot include the given value in a string template: string required, but this "
            "is %s.",
            v.kind == HCL_NULL   ? "null"
            : v.kind == HCL_LIST ? "a list"
                                 : "an object");
        return false;
    }
    size_t len = strlen(s);
    if (!pay(ev, e, len))
        return false;
    buf_add(out, s, len);
    return true;
}

static bool write_if(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_part *part,
                     struct buf *out)
{
    struct hcl_value test;
    if (!hcl_eval(ev, part->expr, &test))
        return false;
    if (!hcl_to_bool(&test, &test.boolean))
        return mistake(ev, part->expr, "Incorrect condition type",
                       "The condition expression must be of type bool.");
    return write_parts(ev, e, test.boolean ? &part->then_parts : &part->else_parts, out);
}

static bool write_for(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_part *part,
                      struct buf *out)
{
    struct hcl_value of;
    if (!collection_of(ev, part->expr, &of))
        return false;
    struct loop_names names = {.key_name = part->key_name, .value_name = part->value_name};
    const struct hcl_scope *outer = ev->scope;
    struct hcl_scope scope = {.parent = outer, .variable = loop_variable, .data = &names};
    bool ok = true;
    ev->scope = &scope;
    for (size_t i = 0; ok && i < of.n; i++) {
        loop_set(&names, &of, i);
        ok = pay(ev, e, 1) && write_parts(ev, e, &part->then_parts, out);
    }
    ev->scope = outer;
    return ok;
}

static bool write_parts(struct hcl_eval *ev, const struct hcl_expr *e,
                        const struct hcl_parts *parts, struct buf *out)
{
    bool ok = true;
    for (size_t i = 0; i < parts->n; i++) {
        const struct hcl_part *part = &parts->items[i];
        switch (part->kind) {
        case PART_TEXT:
            if (!pay(ev, e, part->text_len))
                return false;
            buf_add(out, part->text, part->text_len);
            break;
        case PART_EXPR:
            ok = write_value(ev, part->expr, out) && ok;
            break;
        case PART_IF:
            ok = write_if(ev, e, part, out) && ok;
            break;
        case PART_FOR:
            ok = write_for(ev, e, part, out) && ok;
            break;
        }
    }
    return ok;
}

static bool eval_template(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    if (e->parts.n == 1 && e->parts.items[0].kind == PART_EXPR)
        return hcl_eval(ev, e->parts.items[0].expr, out); /* "${x}" is x itself */
    struct buf text = BUF_INIT;
    bool ok = write_parts(ev, e, &e->parts, &text);
    set_string(out, arena_strndup(ev->arena, buf_str(&text), text.len), text.len);
    buf_fini(&text);
    return ok;
}

#define EVAL_COST 16
bool hcl_eval(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (!pay(ev, e, EVAL_COST))
        return false;
    switch (e->kind) {
    case EXPR_LITERAL:
        *out = e->literal;
        return true;
    case EXPR_TEMPLATE:
        return eval_template(ev, e, out);
    case EXPR_VAR:
    case EXPR_ATTR:
    case EXPR_INDEX:
    case EXPR_SPLAT:
        return eval_traversal(ev, e, out);
    case EXPR_SPLAT_ITEM:
        *out = *ev->splat_item;
        return true;
    case EXPR_CALL:
        return eval_call(ev, e, out);
    case EXPR_LIST:
        return eval_list(ev, e, out);
    case EXPR_OBJECT:
        return eval_object(ev, e, out);
    case EXPR_UNARY:
        return eval_unary(ev, e, out);
    case EXPR_BINARY:
        return eval_binary(ev, e, out);
    case EXPR_COND:
        return eval_cond(ev, e, out);
    case EXPR_FOR:
        return eval_for(ev, e, out);
    case EXPR_PAREN:
        return hcl_eval(ev, e->a, out);
    }
    return false;
}
