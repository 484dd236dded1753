/* Operators and conditionals. */
#include "jobs/hcl/eval_impl.h"

#include <math.h>
#include <string.h>

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

bool hcl_value_equal(const struct hcl_value *a, const struct hcl_value *b)
{
    if (a->kind != b->kind || a->form != b->form)
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
            if (!hcl_value_equal(&a->items[i], &b->items[i]))
                return false;
        return a->n == b->n;
    case HCL_OBJECT:
        for (size_t i = 0; i < a->n && a->n == b->n; i++)
            if (strcmp(a->members[i].key, b->members[i].key) ||
                !hcl_value_equal(&a->members[i].value, &b->members[i].value))
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
        set_bool(out, hcl_value_equal(&a, &b) == (e->op == TOK_EQ));
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
        return eval_mistake(ev, e, "Division by zero", "Cannot divide by zero.");
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
        return eval_mistake(ev, e, "Operation failed", "The result is too large a number.");
    *out = (struct hcl_value){.kind = HCL_NUMBER, .number = r};
    return true;
}

bool eval_binary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
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

bool eval_unary(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
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

/* Evaluates a branch; when it is not the chosen one its mistakes are nobody's concern. */
static bool eval_branch(struct hcl_eval *ev, const struct hcl_expr *e, bool chosen,
                        struct hcl_value *out)
{
    struct hcl_diags *diags = ev->diags, unheard;
    hcl_diags_init(&unheard, ev->arena, diags->file);
    unheard.n_most = 1;
    if (!chosen)
        ev->diags = &unheard;
    bool ok = hcl_eval(ev, e, out);
    ev->diags = diags;
    return ok;
}

/* Both branches of a conditional have one type: the chosen value becomes of it. */
static bool agree(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *chosen,
                  const struct hcl_value *other)
{
    struct hcl_value v;
    if (chosen->kind == HCL_NULL || other->kind == HCL_NULL)
        return true;
    if (chosen->kind == other->kind && chosen->kind < HCL_LIST)
        return true;
    const struct hcl_type *x = hcl_type_of(chosen, ev->arena), *y = hcl_type_of(other, ev->arena);
    const struct hcl_type *both = hcl_type_unify(x, y, ev->arena);
    if (both && !hcl_convert(chosen, both, ev->arena, &v)) {
        *chosen = v;
        return true;
    }
    hcl_diag_add(ev->diags, e->range, "Inconsistent conditional result types",
                 "The true and false result expressions must have consistent types. One is %s, the "
                 "other %s.",
                 hcl_value_kind(chosen), hcl_value_kind(other));
    return false;
}

bool eval_cond(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value test, other;
    if (!hcl_eval(ev, e->a, &test))
        return false;
    if (test.kind == HCL_NULL)
        return eval_mistake(
            ev, e->a, "Null condition",
            "The condition value is null. Conditions must either be true or false.");
    if (!hcl_to_bool(&test, &test.boolean))
        return eval_mistake(ev, e->a, "Incorrect condition type",
                            "The condition expression must be of type bool.");
    if (!eval_branch(ev, test.boolean ? e->b : e->c, true, out))
        return false;
    if (!eval_branch(ev, test.boolean ? e->c : e->b, false, &other))
        return ev->work <= HCL_WORK_MAX;
    return agree(ev, e, out, &other);
}
