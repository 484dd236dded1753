/* variable and variables blocks: declared, given a value, checked. */
#include "agent/base/str.h"
#include "jobs/inputs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* --- declarations ---------------------------------------------------------------------------- */

struct declaring {
    struct inputs *in;
    size_t cap;
};

static bool is_name(const char *s)
{
    bool start = isalpha((unsigned char)*s) || *s == '_' || (unsigned char)*s >= 0x80;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-' && (unsigned char)*s < 0x80)
            return false;
    return start;
}

static struct variable *declare(struct declaring *d, const char *name, struct hcl_range at)
{
    struct inputs *in = d->in;
    if (!is_name(name))
        hcl_diag_add(in->ev->diags, at, "Invalid variable name",
                     "A name must start with a letter or underscore and may contain only letters, "
                     "digits, underscores, and dashes.");
    in->variables =
        arena_grow(in->ev->arena, in->variables, in->n_variables, &d->cap, sizeof(*in->variables));
    struct variable *v = &in->variables[in->n_variables++];
    *v = (struct variable){.name = name, .at = at};
    return v;
}

/* Neither variables nor functions are there yet. */
static bool nothing_is_known(const struct hcl_scope *s, const char *name)
{
    return true;
}
static const struct hcl_scope constants = {.strict_root = nothing_is_known};

static bool constant(struct inputs *in, const struct hcl_attr *a, struct hcl_value *out)
{
    in->ev->scope = &constants;
    return hcl_eval(in->ev, a->expr, out);
}

static void read_default(struct inputs *in, struct variable *v, const struct hcl_attr *a)
{
    struct hcl_value given;
    if (!constant(in, a, &given)) {
        v->set = v->has_default = true; /* told: not also unset */
        return;
    }
    const char *wrong = v->type ? hcl_convert(&given, v->type, in->ev->arena, &v->value) : NULL;
    if (wrong)
        hcl_diag_add(in->ev->diags, hcl_expr_range(a->expr), "Invalid default value for variable",
                     "This default value is not compatible with the variable's type constraint: "
                     "%s.",
                     wrong);
    if (!v->type)
        v->value = given;
    v->set = v->has_default = true;
}

static void read_plain(struct inputs *in, struct variable *v, const struct hcl_attr *a)
{
    struct hcl_value given;
    const char *s = NULL;
    bool sensitive = str_eq(a->name, "sensitive");
    if (!constant(in, a, &given))
        return;
    if (sensitive ? hcl_to_bool(&given, &v->sensitive) : hcl_to_string(&given, in->ev->arena, &s)) {
        v->description = s ? s : v->description;
        return;
    }
    hcl_diag_add(in->ev->diags, hcl_expr_range(a->expr), "Unsuitable value type",
                 "Unsuitable value: %s", sensitive ? "a bool is required" : "string required");
}

static void read_item(struct inputs *in, struct variable *v, const struct hcl_item *it)
{
    static const char known[] = "A variable has type, default, description, sensitive and "
                                "validation blocks.";
    const struct hcl_attr *a = it->attr;
    if (it->block) {
        if (!str_eq(it->block->type, "validation"))
            hcl_diag_add(in->ev->diags, it->block->type_range, "Unsupported block type",
                         "Blocks of type \"%s\" are not expected here. %s", it->block->type, known);
    } else if (str_eq(a->name, "description") || str_eq(a->name, "sensitive")) {
        read_plain(in, v, a);
    } else if (!str_eq(a->name, "type") && !str_eq(a->name, "default")) {
        hcl_diag_add(in->ev->diags, a->name_range, "Unsupported argument",
                     "An argument named \"%s\" is not expected here. %s", a->name, known);
    }
}

static const struct hcl_attr *attr_find(const struct hcl_body *b, const char *name)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->items[i].attr && str_eq(b->items[i].attr->name, name))
            return b->items[i].attr;
    return NULL;
}

static int variable_labels(const void *ctx, const char *name)
{
    return str_eq(name, "validation") ? 0 : -1;
}

static void declare_block(struct declaring *d, const struct hcl_block *b)
{
    struct inputs *in = d->in;
    if (b->n_labels != 1) {
        hcl_diag_add(in->ev->diags, b->head_range,
                     b->n_labels ? "Extraneous label for variable" : "Missing name for variable",
                     "All variable blocks must have 1 labels (name).");
        return;
    }
    struct variable *v = declare(d, b->labels[0].text, b->labels[0].range);
    struct hcl_block *copy = arena_memdup(in->ev->arena, b, sizeof *b);
    copy->body = arena_memdup(
        in->ev->arena, hcl_json_blocks(in->ev, b->body, variable_labels, NULL), sizeof *b->body);
    v->block = b = copy;
    const struct hcl_attr *type = attr_find(b->body, "type");
    const struct hcl_attr *fallback = attr_find(b->body, "default");
    in->ev->scope = &constants;
    if (type)
        v->type = hcl_type_read(in->ev, type->expr);
    if (fallback)
        read_default(in, v, fallback);
    for (size_t i = 0; i < b->body->n; i++)
        read_item(in, v, &b->body->items[i]);
}

/* The short form: name = default. */
static void declare_short(struct declaring *d, const struct hcl_block *b)
{
    for (size_t i = 0; i < b->body->n; i++) {
        const struct hcl_item *it = &b->body->items[i];
        if (it->attr)
            read_default(d->in, declare(d, it->attr->name, it->attr->name_range), it->attr);
        else
            hcl_diag_add(d->in->ev->diags, it->block->type_range, "Unexpected block",
                         "A variables block holds defaults only: name = value.");
    }
}

static int compare_variables(const void *a, const void *b)
{
    const struct variable *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->at.start > y->at.start) - (x->at.start < y->at.start);
}

void variables_declare(struct inputs *in, const struct hcl_body *body)
{
    struct declaring d = {in, 0};
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        if (b && str_eq(b->type, "variable"))
            declare_block(&d, b);
        else if (b && str_eq(b->type, "variables"))
            declare_short(&d, b);
    }
    if (in->n_variables)
        qsort(in->variables, in->n_variables, sizeof *in->variables, compare_variables);
    for (size_t i = 1; i < in->n_variables; i++)
        if (str_eq(in->variables[i].name, in->variables[i - 1].name))
            hcl_diag_add(in->ev->diags, in->variables[i].at, "Duplicate variable",
                         "Duplicate %s variable definition found. Another was declared at %s.",
                         in->variables[i].name,
                         hcl_range_text(in->ev->diags, in->variables[i - 1].at));
}

struct variable *variable_find(const struct inputs *in, const char *name)
{
    size_t lo = 0, hi = in->n_variables;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(in->variables[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < in->n_variables && str_eq(in->variables[lo].name, name) ? &in->variables[lo] : NULL;
}

/* --- their own rules ------------------------------------------------------------------------- */

struct references {
    struct inputs *in;
    const struct variable *v;
    bool itself, other;
};
static void on_root(void *ctx, struct hcl_range at, const char *root, const char *member)
{
    struct references *r = ctx;
    if (str_eq(root, "var") && str_eq(member, r->v->name)) {
        r->itself = true;
        return;
    }
    if (!str_eq(root, "var") && !str_eq(root, "local"))
        return; /* a for expression's own name, or the runtime's */
    r->other = true;
    hcl_diag_add(r->in->ev->diags, at, "Invalid reference in variable validation",
                 "The condition for variable \"%s\" can only refer to the variable itself, using "
                 "var.%s.",
                 r->v->name, r->v->name);
}

static bool is_sentence(const char *s)
{
    size_t n = strlen(s);
    return n > 1 && !islower((unsigned char)s[0]) && strchr(".?!", s[n - 1]);
}

static const char *message_of(struct inputs *in, const struct hcl_block *rule)
{
    const struct hcl_attr *a = attr_find(rule->body, "error_message");
    struct hcl_value v;
    const char *s = NULL;
    if (!a) {
        hcl_diag_add(in->ev->diags, rule->head_range, "Missing required argument",
                     "The argument \"error_message\" is required, but no definition was found.");
        return NULL;
    }
    in->ev->scope = &constants;
    if (!hcl_eval(in->ev, a->expr, &v))
        return NULL;
    if (hcl_to_string(&v, in->ev->arena, &s) && is_sentence(s))
        return s;
    hcl_diag_add(in->ev->diags, hcl_expr_range(a->expr), "Invalid validation error message",
                 "Validation error message must be at least one full English sentence starting "
                 "with an uppercase letter and ending with a period or question mark.");
    return NULL;
}

static bool condition_is_sound(struct inputs *in, const struct variable *v,
                               const struct hcl_attr *a, const struct hcl_block *rule)
{
    struct references r = {in, v, false, false};
    if (!a) {
        hcl_diag_add(in->ev->diags, rule->head_range, "Missing required argument",
                     "The argument \"condition\" is required, but no definition was found.");
        return false;
    }
    hcl_expr_roots(a->expr, on_root, &r);
    if (!r.itself && !r.other)
        hcl_diag_add(in->ev->diags, hcl_expr_range(a->expr),
                     "Invalid variable validation condition",
                     "The condition for variable \"%s\" must refer to var.%s in order to test "
                     "incoming values.",
                     v->name, v->name);
    return r.itself && !r.other;
}

static void check_rule(struct inputs *in, const struct variable *v, const struct hcl_block *rule)
{
    const struct hcl_attr *a = attr_find(rule->body, "condition");
    struct hcl_value ok;
    bool sound = condition_is_sound(in, v, a, rule);
    const char *message = message_of(in, rule);
    if (!sound || !message)
        return;
    in->ev->scope = &in->scope;
    if (!hcl_eval(in->ev, a->expr, &ok))
        return;
    if (!hcl_to_bool(&ok, &ok.boolean))
        hcl_diag_add(in->ev->diags, hcl_expr_range(a->expr), "Invalid validation condition",
                     "The condition of a validation must be true or false, not %s.",
                     hcl_value_kind(&ok));
    else if (!ok.boolean)
        hcl_diag_add(in->ev->diags, v->at, "Invalid value for variable",
                     "%s This was checked by the validation rule at %s.", message,
                     hcl_range_text(in->ev->diags, rule->head_range));
}

static void make_object(struct inputs *in)
{
    struct hcl_member *m = ARENA_ARRAY(in->ev->arena, struct hcl_member, in->n_variables + 1);
    size_t n = 0;
    for (size_t i = 0; i < in->n_variables; i++)
        if (!n || strcmp(m[n - 1].key, in->variables[i].name))
            m[n++] = (struct hcl_member){in->variables[i].name, in->variables[i].value};
    in->var = (struct hcl_value){.kind = HCL_OBJECT, .members = m, .n = n};
}

void variables_check(struct inputs *in)
{
    make_object(in);
    for (size_t i = 0; i < in->n_variables; i++) {
        const struct variable *v = &in->variables[i];
        if (!v->set)
            hcl_diag_add(in->ev->diags, v->at,
                         arena_printf(in->ev->arena, "Unset variable \"%s\"", v->name),
                         "A used variable must be set or have a default value: give it one with "
                         "-var '%s=...', in a -var-file, or as NOMAD_VAR_%s in the environment.",
                         v->name, v->name);
        for (size_t k = 0; v->set && v->block && k < v->block->body->n; k++) {
            const struct hcl_block *b = v->block->body->items[k].block;
            if (b && str_eq(b->type, "validation"))
                check_rule(in, v, b);
        }
    }
}
