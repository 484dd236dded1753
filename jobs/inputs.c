#include "jobs/inputs.h"

#include <string.h>

static bool is_ours(const struct hcl_scope *s, const char *name)
{
    return !strcmp(name, "var") || !strcmp(name, "local");
}

static const struct hcl_value *find_root(const struct hcl_scope *s, const char *name)
{
    struct inputs *in = s->data;
    if (!strcmp(name, "var"))
        return &in->var;
    return !strcmp(name, "local") ? locals_object(in) : NULL;
}

static const struct hcl_function *find_function(const struct hcl_scope *s, const char *name)
{
    return hcl_function_find(name);
}

static int find_member(const struct hcl_scope *s, struct hcl_eval *ev, const struct hcl_expr *at,
                       const char *root, const char *name, struct hcl_value *out)
{
    return strcmp(root, "local") ? 0 : local_member(s->data, ev, hcl_expr_range(at), name, out);
}

void inputs_read(struct inputs *in, struct hcl_eval *ev, const struct hcl_body *body,
                 const struct job_parse_options *options, struct job_mistakes *mistakes)
{
    *in = (struct inputs){.ev = ev, .mistakes = mistakes};
    in->var.kind = in->local.kind = HCL_OBJECT;
    in->scope = (struct hcl_scope){.variable = find_root,
                                   .function = find_function,
                                   .strict_root = is_ours,
                                   .member = find_member,
                                   .data = in};
    variables_declare(in, body);
    locals_declare(in, body);
    if (options)
        values_take(in, options);
    variables_check(in);
    ev->scope = &in->scope;
    locals_check(in);
}
