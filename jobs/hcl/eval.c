#include "agent/base/check.h"
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool eval_mistake(struct hcl_eval *ev, const struct hcl_expr *e, const char *summary,
                  const char *detail)
{
    hcl_diag_add(ev->diags, e->range, summary, "%s", detail);
    return false;
}

bool eval_pay(struct hcl_eval *ev, const struct hcl_expr *e, size_t cost)
{
    if (ev->work > HCL_WORK_MAX)
        return false;
    ev->work += cost;
    if (ev->work <= HCL_WORK_MAX)
        return true;
    return eval_mistake(ev, e, "Expression too large",
                        "Evaluating this file takes more work than is allowed.");
}

void value_set_string(struct hcl_value *out, const char *s, size_t len)
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
    if (!eval_pay(ev, e, len))
        return false;
    const char *s = arena_printf(ev->arena, "${%.*s}", (int)len, ev->file->text + e->range.start);
    value_set_string(out, s, len + 3);
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

const struct hcl_value *value_member(const struct hcl_value *v, const char *key)
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
        return eval_mistake(ev, e, "Invalid index",
                            "The given key does not identify an element in this "
                            "collection value: a number is required.");
    if (n != floorl(n) || n < 0 || n >= (long double)of->n)
        return eval_mistake(ev, e, "Invalid index",
                            "The given key does not identify an element in this "
                            "collection value.");
    *out = of->items[(size_t)n];
    return true;
}

static bool index_value(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *of,
                        const struct hcl_value *key, struct hcl_value *out)
{
    if (of->kind == HCL_NULL)
        return eval_mistake(ev, e, "Attempt to index null value",
                            "This value is null, so it does not have any indices.");
    if (key->kind == HCL_NULL)
        return eval_mistake(ev, e, "Invalid index", "Can't use a null value as an indexing key.");
    if (of->form == HCL_SET)
        return eval_mistake(ev, e, "Invalid index",
                            "Elements of a set are identified only by their value and don't have "
                            "any separate index or key to select with.");
    if (of->kind == HCL_LIST)
        return index_list(ev, e, of, key, out);
    if (of->kind != HCL_OBJECT) {
        hcl_diag_add(ev->diags, e->range, "Invalid index",
                     "This value does not have any indices: it is a %s.", hcl_kind_name(of->kind));
        return false;
    }
    const char *name;
    const struct hcl_value *found =
        hcl_to_string(key, ev->arena, &name) ? value_member(of, name) : NULL;
    if (!found)
        return eval_mistake(ev, e, "Invalid index",
                            "The given key does not identify an element in this "
                            "collection value.");
    *out = *found;
    return true;
}

/* root.name where a scope makes members on demand. */
static int demand(struct hcl_eval *ev, const struct hcl_expr *e, const char *name,
                  struct hcl_value *out)
{
    if (e->a->kind != EXPR_VAR)
        return 0;
    for (const struct hcl_scope *s = ev->scope; s; s = s->parent) {
        if (s->variable && s->variable(s, e->a->name) && !s->member)
            return 0; /* an inner name hides the outer */
        int made = s->member ? s->member(s, ev, e, e->a->name, name, out) : 0;
        if (made)
            return made;
    }
    return 0;
}

static void tell_no_member(struct hcl_eval *ev, const struct hcl_expr *e,
                           const struct hcl_value *of, const char *name)
{
    struct nearest near;
    nearest_start(&near, name);
    for (size_t i = 0; i < of->n; i++)
        nearest_offer(&near, of->members[i].key);
    hcl_diag_add(ev->diags, e->range, "Unsupported attribute",
                 "This object does not have an attribute named \"%s\".%s", name,
                 nearest_text(&near, ev->arena));
}

static bool eval_attr(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value of;
    int made = demand(ev, e, e->name, out);
    if (made)
        return made > 0;
    if (!hcl_eval(ev, e->a, &of))
        return false;
    if (of.kind == HCL_LIST && strspn(e->name, "0123456789") == strlen(e->name)) { /* x.0 */
        struct hcl_value key = {
            .kind = HCL_STRING, .string = e->name, .string_len = strlen(e->name)};
        return index_list(ev, e, &of, &key, out);
    }
    const struct hcl_value *found = of.kind == HCL_OBJECT ? value_member(&of, e->name) : NULL;
    if (found) {
        *out = *found;
        return true;
    }
    if (of.kind == HCL_OBJECT)
        tell_no_member(ev, e, &of, e->name);
    else if (of.kind == HCL_NULL)
        hcl_diag_add(ev->diags, e->range, "Attempt to get attribute from null value",
                     "This value is null, so it does not have any attributes.");
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
    if (!eval_pay(ev, e, n))
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
    if (e->a->kind == EXPR_VAR && e->b->kind == EXPR_LITERAL && e->b->literal.kind == HCL_STRING) {
        int made = demand(ev, e, e->b->literal.string, out);
        if (made)
            return made > 0;
    }
    return hcl_eval(ev, e->a, &of) && hcl_eval(ev, e->b, &key) &&
           index_value(ev, e, &of, &key, out);
}

/* --- collections ----------------------------------------------------------------------------- */

static void walk_value(struct hcl_eval *ev, const struct hcl_value *v)
{
    ev->work++;
    if (v->kind == HCL_STRING)
        ev->work += v->string_len / 8;
    for (size_t i = 0; v->kind >= HCL_LIST && i < v->n && ev->work <= HCL_WORK_MAX; i++)
        walk_value(ev, v->kind == HCL_LIST ? &v->items[i] : &v->members[i].value);
}

bool value_afford(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v)
{
    if (ev->work > HCL_WORK_MAX)
        return false;
    walk_value(ev, v);
    return ev->work <= HCL_WORK_MAX ||
           eval_mistake(ev, e, "Expression too large",
                        "Evaluating this file takes more work than is allowed.");
}

static bool eval_list(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    *out = (struct hcl_value){.kind = HCL_LIST, .n = e->n};
    out->items = ARENA_ARRAY(ev->arena, struct hcl_value, e->n ? e->n : 1);
    bool ok = true;
    for (size_t i = 0; i < e->n; i++)
        ok = hcl_eval(ev, e->items[i].value, &out->items[i]) && ok;
    return ok && value_afford(ev, e, out);
}

static bool eval_key(struct hcl_eval *ev, const struct hcl_expr *e, const char **out)
{
    struct hcl_value key;
    if (!hcl_eval(ev, e, &key))
        return false;
    if (hcl_to_string(&key, ev->arena, out))
        return true;
    if (key.kind == HCL_NULL)
        return eval_mistake(ev, e, "Null value as key", "Can't use a null value as a key.");
    return eval_mistake(ev, e, "Incorrect key type",
                        "Can't use this value as a key: a string is required.");
}

/* JSON's objects have each name once. The members are sorted. */
static bool tell_repeated(struct hcl_eval *ev, const struct hcl_expr *e, const struct members *m)
{
    for (size_t i = 1; i < m->n; i++)
        if (!strcmp(m->items[i].key, m->items[i - 1].key))
            hcl_diag_add(
                ev->diags, e->items[m->items[i].place].key->range, "Duplicate object attribute",
                "An attribute named \"%s\" was already defined in this object.", m->items[i].key);
    return false;
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
            members_add(ev->arena, &members, key, v);
        ok = ok && fine;
    }
    members_finish(ev->arena, &members, false, out);
    if (ok && e->json && out->n < members.n)
        ok = tell_repeated(ev, e, &members);
    return ok && value_afford(ev, e, out);
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
    if (out->kind == HCL_NULL)
        return eval_mistake(ev, e, "Iteration over null value",
                            "A null value cannot be used as the collection in a 'for' expression.");
    hcl_diag_add(ev->diags, e->range, "Iteration over non-iterable value",
                 "A value of type %s cannot be used as the collection in a 'for' expression.",
                 hcl_kind_name(out->kind));
    return false;
}

static void loop_set(struct loop_names *l, const struct hcl_value *of, size_t i)
{
    if (of->kind == HCL_LIST) {
        l->value = of->items[i];
        l->key = of->form == HCL_SET
                     ? of->items[i]
                     : (struct hcl_value){.kind = HCL_NUMBER, .number = (long double)i};
    } else {
        value_set_string(&l->key, of->members[i].key, strlen(of->members[i].key));
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
            return eval_mistake(ev, e->d, "Invalid 'for' condition",
                                "The 'if' clause must be a bool.");
        if (!v.boolean)
            return true;
    }
    if (!e->is_object) {
        if (!hcl_eval(ev, e->b, &v))
            return false;
        *values_add(ev->arena, list) = v;
        return true;
    }
    const char *key;
    if (!eval_key(ev, e->b, &key) || !hcl_eval(ev, e->c, &v))
        return false;
    members_add(ev->arena, members, key, v);
    return true;
}

/* Members are sorted: equal keys stand together. */
static bool tell_twice(struct hcl_eval *ev, const struct hcl_expr *e, const struct members *m)
{
    size_t i = 1;
    while (i + 1 < m->n && strcmp(m->items[i].key, m->items[i - 1].key))
        i++;
    hcl_diag_add(ev->diags, e->range, "Duplicate object key",
                 "Two different items produced the key \"%s\" in this 'for' expression. If "
                 "duplicates are expected, use the ellipsis (...) after the value expression to "
                 "enable grouping by key.",
                 m->items[i].key);
    return false;
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
    if (e->is_object) {
        members_finish(ev->arena, &members, e->group, out);
        if (ok && !e->group && out->n < members.n)
            return tell_twice(ev, e, &members);
    } else
        *out = (struct hcl_value){.kind = HCL_LIST, .items = list.items, .n = list.n};
    return ok && value_afford(ev, e, out);
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
    if (!eval_pay(ev, e, len))
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
        return eval_mistake(ev, part->expr, "Incorrect condition type",
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
        ok = eval_pay(ev, e, 1) && write_parts(ev, e, &part->then_parts, out);
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
            if (!eval_pay(ev, e, part->text_len))
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
    value_set_text(out, ev->arena, buf_str(&text), text.len);
    buf_fini(&text);
    return ok;
}

bool hcl_pay(struct hcl_eval *ev, size_t cost)
{
    if (cost > HCL_WORK_MAX)
        cost = HCL_WORK_MAX + 1;
    ev->work += cost;
    return ev->work <= HCL_WORK_MAX;
}

#define EVAL_COST 16
bool hcl_eval(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (!eval_pay(ev, e, EVAL_COST))
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
