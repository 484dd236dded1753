/* The values given to variables from outside: environment, files, arguments. */
#include "agent/base/str.h"
#include "jobs/inputs.h"

#include <string.h>

/* A secret's value is not repeated. */
static void tell_unsuitable(struct inputs *in, const char *from, const struct variable *v,
                            const char *wrong)
{
    job_mistake_add(in->mistakes,
                    "%s: Invalid value for variable; The value given for \"%s\" does not fit its "
                    "type %s: %s.",
                    from, v->name, hcl_type_text(v->type, in->ev->arena), wrong);
}

static void set_value(struct inputs *in, struct variable *v, const struct hcl_value *given,
                      const char *from)
{
    const char *wrong = v->type ? hcl_convert(given, v->type, in->ev->arena, &v->value) : NULL;
    if (!v->type)
        v->value = *given;
    if (wrong)
        tell_unsuitable(in, from, v, wrong);
    v->set = true;
}

/* What a type that was not said is taken to be: that of a plain default. */
static bool is_literal(const struct variable *v)
{
    if (v->type)
        return v->type->kind == HCL_T_STRING || v->type->kind == HCL_T_NUMBER ||
               v->type->kind == HCL_T_ANY;
    return !v->has_default || v->value.kind == HCL_STRING || v->value.kind == HCL_NUMBER ||
           v->value.kind == HCL_NULL;
}

static bool nothing_is_known(const struct hcl_scope *s, const char *name)
{
    return true;
}
static const struct hcl_scope constants = {.strict_root = nothing_is_known};

/* Text from the environment or an option: as it stands, or an expression where the type asks. */
static void set_text(struct inputs *in, struct variable *v, const char *text, const char *from)
{
    struct arena *a = in->ev->arena;
    struct hcl_value given = {
        .kind = HCL_STRING, .string = arena_strdup(a, text), .string_len = strlen(text)};
    if (!v->type && v->has_default && v->value.kind == HCL_NUMBER) {
        if (!hcl_to_number(&given, &given.number)) {
            job_mistake_add(in->mistakes,
                            "%s: Invalid value for variable; The value given for \"%s\" is not a "
                            "number, as its default is.",
                            from, v->name);
            return;
        }
        given.kind = HCL_NUMBER;
    }
    if (!is_literal(v)) {
        struct hcl_file file = {from, given.string, given.string_len};
        struct hcl_diags diags;
        hcl_diags_init(&diags, a, &file);
        struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags, .scope = &constants};
        const struct hcl_expr *e = hcl_parse_expr(&file, a, &diags);
        if (e)
            hcl_eval(&ev, e, &given);
        mistakes_take(in->mistakes, &diags);
        if (diags.n) {
            v->set = true;
            return;
        }
    }
    set_value(in, v, &given, from);
}

#define ENV_PREFIX "NOMAD_VAR_"

static void take_environment(struct inputs *in, const char *const *env)
{
    for (; env && *env; env++) {
        const char *equals = strchr(*env, '=');
        if (!str_has_prefix(*env, ENV_PREFIX) || !equals)
            continue;
        const char *start = *env + strlen(ENV_PREFIX);
        if (equals < start)
            continue;
        char *name = arena_strndup(in->ev->arena, start, (size_t)(equals - start));
        struct variable *v = variable_find(in, name);
        if (v)
            set_text(in, v, equals + 1,
                     arena_printf(in->ev->arena, "<value for var.%s from the environment>", name));
    }
}

static void take_file_value(struct inputs *in, struct hcl_eval *ev, const struct hcl_attr *a)
{
    struct hcl_value given;
    struct variable *v = variable_find(in, a->name);
    if (!v) {
        hcl_diag_add(ev->diags, a->name_range, "Undefined variable",
                     "A \"%s\" variable was set but was not found in known variables. To declare "
                     "it, place a variable \"%s\" block in the job file.",
                     a->name, a->name);
        return;
    }
    if (hcl_eval(ev, a->expr, &given))
        set_value(in, v, &given, hcl_range_text(ev->diags, hcl_expr_range(a->expr)));
    v->set = true;
}

static bool is_json(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && strchr(" \t\r\n", text[i]) && text[i])
        i++;
    return i < len && text[i] == '{';
}

static void take_file(struct inputs *in, const struct job_source *s)
{
    struct arena *a = in->ev->arena;
    struct hcl_file file = {s->name, s->text, s->len}, plain = file;
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    const struct hcl_body *body = is_json(s->text, s->len)
                                      ? hcl_parse_json(&file, a, &diags, &plain)
                                      : hcl_parse(&file, a, &diags);
    struct hcl_eval ev = {.file = &plain, .arena = a, .diags = &diags, .scope = &constants};
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_block *b = body->items[i].block;
        if (body->items[i].attr)
            take_file_value(in, &ev, body->items[i].attr);
        else if (str_eq(b->type, "variable"))
            hcl_diag_add(&diags, b->head_range, "Variable declaration in a variables file",
                         "A variables file holds values: name = value. Variables are declared in "
                         "the job file.");
        else
            hcl_diag_add(&diags, b->type_range, "Unexpected block",
                         "Blocks are not allowed here: a variables file holds values, name = "
                         "value.");
    }
    hcl_diags_sort(&diags);
    mistakes_take(in->mistakes, &diags);
}

static void take_option(struct inputs *in, const char *option)
{
    const char *equals = strchr(option, '=');
    if (!equals || equals == option) {
        job_mistake_add(in->mistakes,
                        "Invalid -var option; \"%.100s\" is not a variable name and value "
                        "separated by an equals sign, like -var 'key=value'.",
                        option);
        return;
    }
    char *name = arena_strndup(in->ev->arena, option, (size_t)(equals - option));
    struct variable *v = variable_find(in, name);
    if (v)
        set_text(in, v, equals + 1,
                 arena_printf(in->ev->arena, "<value for var.%s from arguments>", name));
    else
        job_mistake_add(in->mistakes,
                        "Undefined -var variable; A \"%s\" variable was passed in the command line "
                        "but was not found in known variables. To declare it, place a variable "
                        "\"%s\" block in the job file.",
                        name, name);
}

void values_take(struct inputs *in, const struct job_parse_options *o)
{
    take_environment(in, o->environment);
    for (size_t i = 0; i < o->n_var_files; i++)
        take_file(in, &o->var_files[i]);
    for (size_t i = 0; i < o->n_vars; i++)
        take_option(in, o->vars[i]);
}
