/* Expressions to values. */
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct hcl_value number_member[] = {{.kind = HCL_NUMBER, .number = 7}};
static struct hcl_member var_members[] = {
    {"list", {.kind = HCL_LIST, .items = number_member, .n = 1}},
    {"name", {.kind = HCL_STRING, .string = "web", .string_len = 3}},
};
static const struct hcl_value var = {.kind = HCL_OBJECT, .members = var_members, .n = 2};

static const struct hcl_value *find_variable(const struct hcl_scope *s, const char *name)
{
    return strcmp(name, "var") ? NULL : &var;
}
static bool is_strict(const struct hcl_scope *s, const char *name)
{
    return !strcmp(name, "local");
}
static const char *call_count(struct hcl_call *c)
{
    *c->out = (struct hcl_value){.kind = HCL_NUMBER, .number = (long double)c->n};
    return c->n == 3 ? "three is too many" : NULL;
}
static const struct hcl_function *find_function(const struct hcl_scope *s, const char *name)
{
    static const struct hcl_function count = {"count", "a:first a?:rest...", call_count};
    return strcmp(name, "count") ? NULL : &count;
}
static const struct hcl_scope scope = {
    .variable = find_variable, .function = find_function, .strict_root = is_strict};

/* Evaluates the text of one argument; the value as JSON, or "! " and the first mistake. */
static void evaluate(const char *expr, struct arena *a, struct buf *out)
{
    struct hcl_file file = {"t", NULL, 0};
    struct hcl_diags diags;
    struct hcl_value v;
    char *text = arena_printf(a, "a = %s\n", expr);
    file.text = text;
    file.len = strlen(text);
    hcl_diags_init(&diags, a, &file);
    struct hcl_body *body = hcl_parse(&file, a, &diags);
    struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags, .scope = &scope};
    if (!diags.n && body->n == 1 && hcl_eval(&ev, body->items[0].attr->expr, &v))
        hcl_value_json(&v, out);
    else
        buf_printf(out, "! %s; %s", diags.items[0].summary, diags.items[0].detail);
}

static void expressions_case_by_case(void **state)
{
    static const struct {
        const char *expr, *want;
    } cases[] = {
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775807", "-9223372036854775807"},
        {"0.1", "0.1"},
        {"1e3", "1000"},
        {"1 + 2 * 3 - 4 / 2", "5"},
        {"7 % 3 + -1", "0"},
        {"\"5\" + 1", "6"},
        {"1 < 2 && 2 >= 2 || false", "true"},
        {"!true == false", "true"},
        {"[1, \"1\"] == [1, \"1\"]", "true"},
        {"{a = 1} != {a = 2}", "true"},
        {"1 == \"1\"", "false"},
        {"true ? 1 : nope()", "1"},
        {"{b = 1, \"a\" = 2, (\"c\") = 3, b = 4}", "{\"a\":2,\"b\":4,\"c\":3}"},
        {"[1, 2, 3][1]", "2"},
        {"{a = {b = [5]}}.a.b.0", "5"},
        {"{a = 1}[\"a\"]", "1"},
        {"[{a = 1}, {a = 2}].*.a", "[1,2]"},
        {"[{a = [1]}, {a = [2]}][*].a[0]", "[1,2]"},
        {"null[*]", "[]"},
        {"[for v in [1, 2, 3] : v * 2 if v != 2]", "[2,6]"},
        {"[for k, v in {x = 1, y = 2} : \"${k}=${v}\"]", "[\"x=1\",\"y=2\"]"},
        {"{for i, v in [\"a\", \"b\"] : v => i}", "{\"a\":0,\"b\":1}"},
        {"{for v in [\"a\", \"b\", \"a\"] : v => v...}", "{\"a\":[\"a\",\"a\"],\"b\":[\"b\"]}"},
        {"[for a in [1, 2] : [for b in [a] : a + b]]", "[[2],[4]]"},
        {"var.name", "\"web\""},
        {"\"${var.list[0]}\"", "7"},
        {"\"n${var.list[0]}${true}\"", "\"n7true\""},
        {"count(1, [])", "2"},
        {"count([1, 2]...)", "2"},
        {"\"a ${ \"b ${ \"c\" }\" }\"", "\"a b c\""},
        {"\"x  ${~ 1 ~}  y\"", "\"x1y\""},
        {"\"%{ if 1 == 2 }y%{ else }n%{ endif }!\"", "\"n!\""},
        {"\"%{ for i, v in [\"a\", \"b\"] }${i}${v} %{ endfor }\"", "\"0a 1b \""},
        {"\"\\U0001F600\\\"\\\\\"", "\"\xF0\x9F\x98\x80\\\"\\\\\""},
        {"<<-E\n    a\n      b\n\n    c\n  E", "\"a\\n  b\\n\\nc\\n\""},
        {"<<E\n  a\n  E", "\"  a\\n\""},
        /* for the runtime */
        {"attr.kernel.name", "\"${attr.kernel.name}\""},
        {"\"x ${env[\"A B\"]} ${NOMAD_PORT_http}\"",
         "\"x ${env[\\\"A B\\\"]} ${NOMAD_PORT_http}\""},
        {"\"${ node.class }\"", "\"${node.class}\""},
        {"\"$${a} %%{b} $x %y $\"", "\"${a} %{b} $x %y $\""},
        /* mistakes */
        {"1 / 0", "! Division by zero; Cannot divide by zero."},
        {"1 + []", "! Invalid operand; Unsuitable value for right operand: a number is required."},
        {"!5", "! Invalid operand; Unsuitable value for unary operand: a bool is required."},
        {"3 ? 1 : 2", "! Incorrect condition type; The condition expression must be of type bool."},
        {"[1][1]", "! Invalid index; The given key does not identify an element in this collection "
                   "value."},
        {"[1][0.5]",
         "! Invalid index; The given key does not identify an element in this collection "
         "value."},
        {"{a = 1}.b",
         "! Unsupported attribute; This object does not have an attribute named \"b\"."},
        {"var.nope", "! Unsupported attribute; This object does not have an attribute named "
                     "\"nope\". Did you mean \"name\"?"},
        {"local.x", "! Unknown variable; There is no variable named \"local\"."},
        {"nope(1)", "! Call to unknown function; There is no function named \"nope\"."},
        {"count()", "! Not enough function arguments; Function \"count\" expects at least 1 "
                    "argument(s). Missing value for \"first\"."},
        {"count(1, 2, 3)",
         "! Error in function call; Call to function \"count\" failed: three is too "
         "many."},
        {"\"x ${[1]}\"",
         "! Invalid template interpolation value; Cannot include the given value in a "
         "string template: string required, but this is a list."},
        {"[for v in 1 : v]",
         "! Iteration over non-iterable value; A value of type number cannot be "
         "used as the collection in a 'for' expression."},
        {"{[] = 1}", "! Incorrect key type; Can't use this value as a key: a string is required."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct buf b = BUF_INIT;
        evaluate(cases[i].expr, &a, &b);
        if (strcmp(cases[i].want, buf_str(&b)))
            fail_msg("%s\nwant %s\ngot  %s", cases[i].expr, cases[i].want, buf_str(&b));
        buf_fini(&b);
        arena_fini(&a);
    }
}

/* Loops within loops multiply: the work of a file is bounded. */
static void work_is_bounded(void **state)
{
    struct arena a = ARENA_INIT;
    struct buf expr = BUF_INIT, out = BUF_INIT;
    for (int i = 0; i < 12; i++)
        buf_str_add(&expr, "[for v in [1,2,3,4,5,6,7,8,9,0] : ");
    buf_str_add(&expr, "v");
    for (int i = 0; i < 12; i++)
        buf_char(&expr, ']');
    evaluate(buf_str(&expr), &a, &out);
    assert_non_null(strstr(buf_str(&out), "! Expression too large"));
    buf_fini(&expr);
    buf_fini(&out);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_case_by_case),
        cmocka_unit_test(work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
