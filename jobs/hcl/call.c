/* Calls: the arguments are evaluated, counted and converted as the function's parameters say.
 * try, can and convert see their arguments unevaluated. */
#include "jobs/hcl/eval_impl.h"

#include <string.h>

/* --- the language's own ---------------------------------------------------------------------- */

/* Evaluates in private: the mistakes are the caller's to tell. */
static bool attempt(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out,
                    struct hcl_diags *unheard)
{
    struct hcl_diags *diags = ev->diags;
    hcl_diags_init(unheard, ev->arena, diags->file);
    unheard->n_most = 1;
    ev->diags = unheard;
    bool ok = hcl_eval(ev, e, out);
    ev->diags = diags;
    return ok;
}

static bool call_try(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_diags unheard;
    const char *last = "at least one argument is required";
    for (size_t i = 0; i < e->n; i++) {
        if (attempt(ev, e->items[i].value, out, &unheard))
            return true;
        if (unheard.n)
            last = unheard.items[0].detail;
    }
    hcl_diag_add(ev->diags, e->range, "Error in function call",
                 "Call to function \"try\" failed: no expression succeeded: %s", last);
    return false;
}

static bool call_can(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_diags unheard;
    struct hcl_value v;
    if (e->n != 1)
        return eval_mistake(ev, e,
                            e->n ? "Too many function arguments" : "Not enough function arguments",
                            "Function \"can\" expects 1 argument(s).");
    bool ok = attempt(ev, e->items[0].value, &v, &unheard);
    *out = (struct hcl_value){.kind = HCL_BOOL, .boolean = ok};
    return ev->work <= HCL_WORK_MAX || eval_pay(ev, e, 0);
}

static bool call_convert(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    struct hcl_value v;
    if (e->n != 2)
        return eval_mistake(
            ev, e, e->n > 2 ? "Too many function arguments" : "Not enough function arguments",
            "Function \"convert\" expects 2 argument(s).");
    const struct hcl_type *t = hcl_type_read(ev, e->items[1].value);
    if (!t || !hcl_eval(ev, e->items[0].value, &v))
        return false;
    const char *wrong = hcl_convert(&v, t, ev->arena, out);
    if (!wrong)
        return true;
    hcl_diag_add(ev->diags, e->items[0].value->range, "Invalid function argument",
                 "Invalid value for \"value\" parameter: cannot convert %s to %s: %s.",
                 hcl_value_kind(&v), hcl_type_text(t, ev->arena), wrong);
    return false;
}

static const struct {
    const char *name;
    bool (*call)(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out);
} lazy[] = {{"try", call_try}, {"can", call_can}, {"convert", call_convert}};

/* --- parameters ------------------------------------------------------------------------------ */

struct param {
    char kind;
    bool nullable, many;
    const char *name;
    int name_len;
};

/* Reads one parameter; what follows it, or NULL at the end. */
static const char *param_read(const char *s, struct param *p)
{
    while (*s == ' ')
        s++;
    if (!*s)
        return NULL;
    *p = (struct param){.kind = *s++};
    if (*s == '?') {
        p->nullable = true;
        s++;
    }
    p->name = ++s; /* behind the colon */
    p->name_len = (int)strcspn(s, " .");
    s += p->name_len;
    if (*s == '.') {
        p->many = true;
        s += 3;
    }
    return s;
}

static const char *kind_wrong(char kind, struct hcl_value *v, struct arena *a)
{
    const char *s;
    long double number;
    switch (kind) {
    case 's':
        if (!hcl_to_string(v, a, &s))
            return "string required";
        if (v->kind != HCL_STRING)
            value_set_string(v, s, strlen(s));
        return NULL;
    case 'n':
        if (!hcl_to_number(v, &number))
            return "a number is required";
        *v = (struct hcl_value){.kind = HCL_NUMBER, .number = number};
        return NULL;
    case 'b':
        if (!hcl_to_bool(v, &v->boolean))
            return "a bool is required";
        v->kind = HCL_BOOL;
        return NULL;
    case 'l':
        return v->kind == HCL_LIST ? NULL : "list of any single type required";
    case 'm':
        return v->kind == HCL_OBJECT ? NULL : "map of any single type required";
    default:
        return NULL;
    }
}

static bool tell_argument(struct hcl_eval *ev, const struct hcl_expr *e, size_t i,
                          const struct param *p, const char *wrong)
{
    const struct hcl_expr *at = i < e->n ? e->items[i].value : e;
    hcl_diag_add(ev->diags, at->range, "Invalid function argument",
                 "Invalid value for \"%.*s\" parameter: %s.", p->name_len, p->name, wrong);
    return false;
}

static bool tell_count(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_function *f,
                       size_t got)
{
    struct param p, missing = {0};
    size_t least = 0;
    bool many = false;
    for (const char *s = f->params; (s = param_read(s, &p));) {
        if (!p.many && least++ == got)
            missing = p;
        many |= p.many;
    }
    if (missing.kind)
        hcl_diag_add(ev->diags, e->range, "Not enough function arguments",
                     "Function \"%s\" expects%s %zu argument(s). Missing value for \"%.*s\".",
                     f->name, many ? " at least" : "", least, missing.name_len, missing.name);
    else
        hcl_diag_add(ev->diags, e->range, "Too many function arguments",
                     "Function \"%s\" expects only %zu argument(s).", f->name, least);
    return false;
}

/* Which parameter each argument is for; NULL at the end. */
static bool check_args(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_function *f,
                       struct values *args)
{
    struct param p = {0};
    const char *s = f->params;
    size_t i = 0;
    for (; i < args->n; i++) {
        if (!p.many && !(s = param_read(s, &p)))
            return tell_count(ev, e, f, args->n);
        struct hcl_value *v = &args->items[i];
        if (v->kind == HCL_NULL && !p.nullable)
            return tell_argument(ev, e, i, &p, "argument must not be null");
        const char *wrong = v->kind == HCL_NULL ? NULL : kind_wrong(p.kind, v, ev->arena);
        if (wrong)
            return tell_argument(ev, e, i, &p, wrong);
    }
    if (p.many || !(s = param_read(s, &p)) || p.many)
        return true;
    return tell_count(ev, e, f, args->n);
}

static bool eval_args(struct hcl_eval *ev, const struct hcl_expr *e, struct values *args)
{
    for (size_t i = 0; i < e->n; i++) {
        struct hcl_value v;
        if (!hcl_eval(ev, e->items[i].value, &v) || !value_afford(ev, e, &v))
            return false;
        if (!e->expand || i + 1 < e->n) {
            *values_add(ev->arena, args) = v;
            continue;
        }
        if (v.kind != HCL_LIST)
            return eval_mistake(
                ev, e, "Invalid expanding argument value",
                "The expanding argument (indicated by ...) must be of a tuple, list, or set type.");
        if (!eval_pay(ev, e, v.n))
            return false;
        for (size_t k = 0; k < v.n; k++)
            *values_add(ev->arena, args) = v.items[k];
    }
    return true;
}

/* --- the call -------------------------------------------------------------------------------- */

static const struct hcl_function *scope_function(const struct hcl_scope *s, const char *name)
{
    for (; s; s = s->parent) {
        const struct hcl_function *f = s->function ? s->function(s, name) : NULL;
        if (f)
            return f;
    }
    return NULL;
}

static void offer_name(void *ctx, const char *name)
{
    nearest_offer(ctx, name);
}

static bool tell_unknown(struct hcl_eval *ev, const struct hcl_expr *e)
{
    struct nearest near;
    nearest_start(&near, e->name);
    hcl_function_names(offer_name, &near);
    struct hcl_range name = {e->range.start, e->range.start + (uint32_t)strlen(e->name)};
    hcl_diag_add(ev->diags, name, "Call to unknown function",
                 "There is no function named \"%s\".%s", e->name, nearest_text(&near, ev->arena));
    return false;
}

#define CALL_COST 64

static bool tell_failed(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_call *c,
                        const struct hcl_function *f, const char *wrong)
{
    struct param p = {0};
    const char *s = f->params;
    for (int i = 0; i <= c->bad_arg && !p.many && s; i++)
        s = param_read(s, &p);
    if (c->bad_arg >= 0)
        return tell_argument(ev, e, (size_t)c->bad_arg, &p, wrong);
    hcl_diag_add(ev->diags, e->range, "Error in function call",
                 "Call to function \"%s\" failed: %s.", f->name, wrong);
    return false;
}

bool eval_call(struct hcl_eval *ev, const struct hcl_expr *e, struct hcl_value *out)
{
    for (size_t i = 0; i < sizeof lazy / sizeof lazy[0]; i++)
        if (!strcmp(lazy[i].name, e->name))
            return lazy[i].call(ev, e, out);
    const struct hcl_function *f = scope_function(ev->scope, e->name);
    if (!f)
        return tell_unknown(ev, e);
    struct values args = {NULL, 0, 0};
    if (!eval_pay(ev, e, CALL_COST) || !eval_args(ev, e, &args) || !check_args(ev, e, f, &args))
        return false;
    struct hcl_call c = {
        .ev = ev, .arena = ev->arena, .args = args.items, .n = args.n, .out = out, .bad_arg = -1};
    size_t before = ev->arena->used_bytes;
    const char *wrong = f->call(&c);
    if (wrong)
        return tell_failed(ev, e, &c, f, wrong);
    return eval_pay(ev, e, (ev->arena->used_bytes - before) / 4);
}
