/* HCL's JSON syntax: what becomes of the argument "a", where "x" is a known name. Values are as the
 * language's own implementation gives them; mistakes are where it sees them, in our words. */
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct hcl_value x = {.kind = HCL_STRING, .string = "X", .string_len = 1};

static const struct hcl_value *variable(const struct hcl_scope *s, const char *name)
{
    return strcmp(name, "x") ? NULL : &x;
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
    .variable = variable, .function = standard, .strict_root = every_name_is_ours};

static void evaluate(const char *text, struct arena *a, struct buf *out)
{
    const struct hcl_file file = {"t", text, strlen(text)};
    struct hcl_file unescaped;
    struct hcl_diags diags;
    struct hcl_value v;
    const struct hcl_expr *e = NULL;
    hcl_diags_init(&diags, a, &file);
    struct hcl_body *body = hcl_parse_json(&file, a, &diags, &unescaped);
    struct hcl_eval ev = {.file = &unescaped, .arena = a, .diags = &diags, .scope = &scope};
    for (size_t i = 0; i < body->n && !e; i++)
        if (!strcmp(body->items[i].attr->name, "a"))
            e = body->items[i].attr->expr;
    if (!diags.n && e && hcl_eval(&ev, e, &v))
        hcl_value_json(&v, out);
    else if (diags.n)
        buf_printf(out, "! %s", hcl_diag_text(&diags, &diags.items[0]) + 2);
    else
        buf_str_add(out, "none");
}

static void texts_case_by_case(void **state)
{
    static const char *const cases[][2] = {
        {"{\"a\": 1}", "1"},
        {"{\"a\": 1.50}", "1.5"},
        {"{\"a\": -0}", "0"},
        {"{\"a\": 1e3}", "1000"},
        {"{\"a\": true}", "true"},
        {"{\"a\": null}", "null"},
        {"{\"a\": \"text\"}", "\"text\""},
        {"{\"a\": \"${x}\"}", "\"X\""},
        {"{\"a\": \"${upper(\\\"y\\\")}-${x}\"}", "\"Y-X\""},
        {"{\"a\": \"%{ if true }yes%{ endif }\"}", "\"yes\""},
        {"{\"a\": \"$${x}\"}", "\"${x}\""},
        {"{\"a\": \"%%{x}\"}", "\"%{x}\""},
        {"{\"a\": \"\\u00e9\\n\\t\\\\\\\"\\/\"}", "\"\303\251\\n\\t\\\\\\\"/\""},
        {"{\"a\": \"\\ud83d\\ude00\"}", "\"\360\237\230\200\""},
        {"{\"a\": \"\\ud83d\"}", "\"\357\277\275\""},
        {"{\"a\": \"e\\u0301\"}", "\"\303\251\""},
        {"{\"a\": [1, \"b\", [true]]}", "[1,\"b\",[true]]"},
        {"{\"a\": {\"k\": \"${x}\", \"${x}\": 2}}", "{\"X\":2,\"k\":\"X\"}"},
        {"{\"a\": {\"k\": 1, \"k\": 2}}", "! 1,16-19: Duplicate object attribute; An attribute "
                                          "named \"k\" was already defined in this object."},
        {"{\"a\": []}", "[]"},
        {"{\"a\": {}}", "{}"},
        {"{\"a\": \"${nope}\"}",
         "! 1,10-14: Unknown variable; There is no variable named \"nope\"."},
        {"{\"a\": \"${\"}", "! 1,10-10: Invalid expression; Expected the start of an expression, "
                            "but found an invalid expression token."},
        {"{\"a\": \"${1 + 2}\"}", "3"},
        {"{\"a\": \"${[1,2][0]}\"}", "1"},
        {"{\"a\": \"${true}\"}", "true"},
        {"{\"a\": \"a ${true} b\"}", "\"a true b\""},
        {"{\"//\": \"comment\", \"a\": 1}", "1"},
        {"{\"a\": {\"//\": \"c\", \"b\": 1}}", "{\"//\":\"c\",\"b\":1}"},
        {"[{\"a\": 1}]", "1"},
        {"[{\"a\": 1}, {\"a\": 2}]", "1"},
        {"{\"a\": 1, \"a\": 2}", "1"},
        {"{\"a\": 01}", "! 1,7-9: Invalid JSON number; This is not a number as JSON writes them."},
        {"{\"a\": +1}", "! 1,7-8: Invalid JSON value; A JSON value is expected here: an object, an "
                        "array, a string, a number, true, false or null."},
        {"{\"a\": .5}", "! 1,7-8: Invalid JSON value; A JSON value is expected here: an object, an "
                        "array, a string, a number, true, false or null."},
        {"{\"a\": 1.}", "! 1,7-9: Invalid JSON number; This is not a number as JSON writes them."},
        {"{\"a\": 'x'}", "! 1,7-8: Invalid JSON value; A JSON value is expected here: an object, "
                         "an array, a string, a number, true, false or null."},
        {"{\"a\": \"x}",
         "! 1,10-10: Invalid JSON string; The string has no closing quote on its line."},
        {"{\"a\": tru}", "! 1,7-10: Invalid JSON keyword; \"tru\" is not a valid JSON keyword. Did "
                         "you mean \"true\"?"},
        {"{\"a\": [1,]}",
         "! 1,9-10: Trailing comma in array; JSON does not permit a comma after the last one."},
        {"{\"a\": 1,}",
         "! 1,8-9: Trailing comma in object; JSON does not permit a comma after the last one."},
        {"{\"a\" 1}", "! 1,6-7: Missing property value colon; JSON uses a colon between a "
                      "property's name and its value."},
        {"{\"a\": 1} x",
         "! 1,10-11: Extraneous data after value; Extra characters appear after the JSON value."},
        {"{a: 1}", "! 1,2-3: Invalid JSON object; A property name in quotes is expected here."},
        {"{\"a\": \"\\x\"}",
         "! 1,8-9: Invalid JSON string; This is not an escape that JSON knows."},
        {"{\"a\": \"\\u12\"}",
         "! 1,8-9: Invalid JSON string; This is not an escape that JSON knows."},
        {"{\"a\": \"tab\tx\"}", "! 1,11-12: Invalid JSON string; Control characters are written as "
                                "escapes: \\n, \\t, \\u001b."},
        {"", "! 1,1-1: Root value must be an object; The JSON root must be an object: a body's "
             "arguments and blocks."},
        {"[]", "none"},
        {"1", "! 1,1-2: Root value must be an object; The JSON root must be an object: a body's "
              "arguments and blocks."},
        {"\"x\"", "! 1,1-2: Root value must be an object; The JSON root must be an object: a "
                  "body's arguments and blocks."},
        {"{\"b\": 1}", "none"},
        {"{\"a\":", "! 1,6-6: Invalid JSON value; A JSON value is expected here: an object, an "
                    "array, a string, a number, true, false or null."},
        {"{\"a\": [1 2]}",
         "! 1,10-11: Missing comma; Expected a comma or the array's closing bracket."},
        {"{\"a\": [1", "! 1,9-9: Missing comma; Expected a comma or the array's closing bracket."},
        {"{\"a\": 1e}", "! 1,7-9: Invalid JSON number; This is not a number as JSON writes them."},
        {"{\"a\": -}", "! 1,7-8: Invalid JSON number; This is not a number as JSON writes them."},
        {"{\"a\": nul}", "! 1,7-10: Invalid JSON keyword; \"nul\" is not a valid JSON keyword. Did "
                         "you mean \"null\"?"},
        {"{\"a\": 12345678901234567890}", "12345678901234567890"},
        {"{\"a\": \"${12345678901234567890}\"}", "12345678901234567890"},
        {"{\"a\":0.1}", "0.1"},
        {"  { \"a\" :  [ 1 , 2 ] }  ", "[1,2]"},
        {"{\"a\": \"${jsonencode({\\\"b\\\": 1})}\"}", "\"{\\\"b\\\":1}\""},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a = ARENA_INIT;
        struct buf b = BUF_INIT;
        evaluate(cases[i][0], &a, &b);
        if (strcmp(cases[i][1], buf_str(&b))) {
            printf("%s\n  wanted %s\n  got    %s\n", cases[i][0], cases[i][1], buf_str(&b));
            wrong++;
        }
        buf_fini(&b);
        arena_fini(&a);
    }
    assert_int_equal(0, wrong);
}

/* The ways a property may define blocks, as the decoder asks for them. */
static int labels_of(const void *ctx, const char *name)
{
    return !strcmp(name, "job") ? 1 : !strcmp(name, "meta") ? 0 : -1;
}
static void outline(const char *text, struct arena *a, struct buf *out)
{
    const struct hcl_file file = {"t", text, strlen(text)};
    struct hcl_file unescaped;
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    struct hcl_body *body = hcl_parse_json(&file, a, &diags, &unescaped);
    struct hcl_eval ev = {.file = &unescaped, .arena = a, .diags = &diags, .scope = &scope};
    const struct hcl_body *made = hcl_json_blocks(&ev, body, labels_of, NULL);
    for (size_t i = 0; i < made->n; i++) {
        const struct hcl_block *b = made->items[i].block;
        if (b)
            buf_printf(out, "%s %s{%zu} ", b->type, b->n_labels ? b->labels[0].text : "",
                       b->body->n);
        else
            buf_printf(out, "%s= ", made->items[i].attr->name);
    }
    if (diags.n)
        buf_printf(out, "! %s", hcl_diag_text(&diags, &diags.items[0]) + 2);
}

static void properties_become_blocks(void **state)
{
    static const char *const cases[][2] = {
        {"{\"job\": {\"j\": {\"a\": 1, \"b\": 2}}}", "job j{2} "},
        {"{\"job\": [{\"j\": {}}, {\"k\": {\"a\": 1}}]}", "job j{0} job k{1} "},
        {"{\"job\": {\"j\": [{}, {\"a\": 1}]}}", "job j{0} job j{1} "},
        {"{\"job\": {\"//\": \"said\", \"j\": {}}}", "job j{0} "},
        {"{\"meta\": {\"a\": 1}, \"x\": {\"a\": 1}}", "meta {1} x= "},
        {"{\"meta\": [{\"a\": 1}, {}]}", "meta {1} meta {0} "},
        {"{\"meta\": null}", ""},
        {"[{\"meta\": {}}, {\"x\": 1}]", "meta {0} x= "},
        {"{\"job\": \"j\"}", "! 1,9-12: Incorrect JSON value type; A JSON object is required here, "
                             "whose keys are the labels of \"job\" blocks."},
        {"{\"job\": {\"j\": 5}}", "! 1,15-16: Incorrect JSON value type; Either a JSON object or a "
                                  "JSON array of objects is required here, to define \"job\" "
                                  "blocks."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a = ARENA_INIT;
        struct buf b = BUF_INIT;
        outline(cases[i][0], &a, &b);
        assert_string_equal(cases[i][1], buf_str(&b));
        buf_fini(&b);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_case_by_case),
        cmocka_unit_test(properties_become_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
