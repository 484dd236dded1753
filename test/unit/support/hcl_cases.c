#include "test/unit/support/hcl_cases.h"
#include "jobs/hcl/hcl.h"

#include <stdio.h>
#include <string.h>

static const struct hcl_value *no_variable(const struct hcl_scope *s, const char *name)
{
    return NULL;
}
static const struct hcl_function *standard(const struct hcl_scope *s, const char *name)
{
    return hcl_function_find(name);
}
static bool every_name_is_ours(const struct hcl_scope *s, const char *name)
{
    return true;
}
static const struct hcl_scope scope = {
    .variable = no_variable, .function = standard, .strict_root = every_name_is_ours};

static void evaluate(const char *expr, struct arena *a, struct buf *out)
{
    struct hcl_value v;
    struct hcl_diags diags;
    char *text = arena_printf(a, "a = %s\n", expr);
    struct hcl_file file = {"t", text, strlen(text)};
    hcl_diags_init(&diags, a, &file);
    struct hcl_body *body = hcl_parse(&file, a, &diags);
    struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags, .scope = &scope};
    if (!diags.n && body->n == 1 && body->items[0].attr &&
        hcl_eval(&ev, body->items[0].attr->expr, &v)) {
        hcl_value_json(&v, out);
        return;
    }
    const char *told = diags.n ? hcl_diag_text(&diags, &diags.items[0]) : "t:nothing;";
    buf_printf(out, "! %s", told + 2); /* without the file's name */
}

void hcl_cases_check(const struct hcl_case *cases, size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena a = ARENA_INIT;
        struct buf b = BUF_INIT;
        evaluate(cases[i].expr, &a, &b);
        bool all =
            cases[i].want[0] != '!' || strchr(cases[i].want, ';'); /* not the summary alone */
        size_t len = all ? b.len : strcspn(buf_str(&b), ";");
        if (strlen(cases[i].want) != len || strncmp(cases[i].want, buf_str(&b), len)) {
            printf("%s\n  wanted %s\n  got    %s\n", cases[i].expr, cases[i].want, buf_str(&b));
            wrong++;
        }
        buf_fini(&b);
        arena_fini(&a);
    }
    assert_int_equal(0, wrong);
}
