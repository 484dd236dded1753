/* Text to trees: what is read, where mistakes are, and hostile texts. */
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct parsed {
    struct arena a;
    struct hcl_file file;
    struct hcl_diags diags;
    struct hcl_body *body;
};

static void parse(struct parsed *p, const char *text, size_t len)
{
    *p = (struct parsed){.a = ARENA_INIT, .file = {"t.hcl", text, len}};
    hcl_diags_init(&p->diags, &p->a, &p->file);
    p->body = hcl_parse(&p->file, &p->a, &p->diags);
    assert_non_null(p->body);
}

/* The tree as text: a= for an argument, b'label{...} for a block. */
static void outline(const struct hcl_body *body, struct buf *out)
{
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_item *it = &body->items[i];
        if (i)
            buf_char(out, ' ');
        if (it->attr) {
            buf_printf(out, "%s=", it->attr->name);
            continue;
        }
        buf_str_add(out, it->block->type);
        for (size_t k = 0; k < it->block->n_labels; k++)
            buf_printf(out, "'%s", it->block->labels[k].text);
        buf_char(out, '{');
        outline(it->block->body, out);
        buf_char(out, '}');
    }
}

static void bodies_case_by_case(void **state)
{
    static const struct {
        const char *text, *outline;
    } cases[] = {
        {"", ""},
        {"\n\n# only a comment", ""},
        {"\xEF\xBB\xBF"
         "a = 1",
         "a="},
        {"a = 1\nb = 2\r\nc = 3", "a= b= c="},
        {"a {}\nb \"x\" \"y\" {\n}\nc d { }", "a{} b'x'y{} c'd{}"},
        {"a { b = 1 }", "a{b=}"},
        {"a { b = 1 c = \"x\" d \"e\" {} f { g = [1,\n2] h = 3 } }", "a{b= c= d'e{} f{g= h=}}"},
        {"a { b = 1, c = 2 }", "a{b= c=}"},
        {"a {\n b = {\n c = 1\n d = { e = 2 } }\n}", "a{b=}"},
        {"a = (1\n+\n2)\nb = f(1,\n 2,\n)", "a= b="},
        {"a = <<X\n}}} \" [ \nX\nb = 1", "a= b="},
        {"a = <<X\nends with it X\nb = 1", "a= b="}, /* the old habit */
        {"a-b_c = 1\n\xc3\xbc = 2", "a-b_c= \xc3\xbc="},
        {"a = x.y[0].z[*].w.*.v", "a="},
        {"a = [for k, v in x : v if v]\nb = {for v in x : v => 1...}", "a= b="},
        {"a = \"%{ if x ~} y %{ else } z %{~ endif }%{ for i in x }${i}%{ endfor }\"", "a="},
        {"a = \"${\"${\"}\"}\"}\"", "a="},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p;
        struct buf b = BUF_INIT;
        parse(&p, cases[i].text, strlen(cases[i].text));
        if (p.diags.n)
            fail_msg("%s: %s", cases[i].text, hcl_diag_text(&p.diags, &p.diags.items[0]));
        outline(p.body, &b);
        assert_string_equal(cases[i].outline, buf_str(&b));
        buf_fini(&b);
        arena_fini(&p.a);
    }
}

static void mistakes_case_by_case(void **state)
{
    static const struct {
        const char *text, *mistakes; /* place and summary of each, one a line */
    } cases[] = {
        {"a = ", "1,5-5 Invalid expression"},
        {"a = \nb = 1", "1,5-2,1 Invalid expression"},
        {"a = 1 b = 2", "1,7-8 Missing newline after argument"},
        {"a {\n b = 1 c = 2\n}", "2,8-9 Missing newline after argument"},
        {"a {} b {}", "1,6-7 Missing newline after block definition"},
        {"a {", "1,3-4 Unclosed configuration block"},
        {"}", "1,1-2 Argument or block definition required"},
        {"a", "1,1-2 Argument or block definition required"},
        {"a \"x\" = 1", "1,7-8 Invalid block definition"},
        {"\"a\" = 1", "1,1-4 Invalid argument name"},
        {"a \"${b}\" {}", "1,3-9 Invalid string literal"},
        {"a = [1 2]", "1,8-9 Missing item separator"},
        {"a = {b 1}", "1,8-9 Missing attribute value"},
        {"a = {b = 1 c = 2}", "1,12-13 Missing attribute separator"},
        {"a = (1", "1,7-7 Unbalanced parentheses"},
        {"a = b[1", "1,8-8 Missing close bracket on index"},
        {"a = b.", "1,7-7 Invalid attribute name"},
        {"a = f(1 2)", "1,9-10 Missing argument separator"},
        {"a = f(b... , 1)", "1,12-13 Missing closing parenthesis"},
        {"a = 1 ? 2", "1,10-10 Missing false expression in conditional"},
        {"a = \"x", "1,7-7 Unterminated template string"},
        {"a = \"x\nb = 1", "1,7-2,1 Invalid multi-line string"},
        {"a = \"\\q\"", "1,6-8 Invalid escape sequence"},
        {"a = \"\\ud800\"", "1,6-12 Invalid escape sequence"},
        {"a = \"${1 2}\"", "1,10-11 Extra characters after interpolation expression"},
        {"a = <<X\nnever ends", "1,5-8 Unterminated template string"},
        {"a = <<X y\n", "1,5-7 Invalid heredoc"},
        {"a = 1 @ 2", "1,7-8 Invalid character"},
        {"/* a", "1,1-3 Unterminated comment"},
        {"a = \"%{ endif }\"", "1,15-16 Invalid template directive"},
        {"a = \"%{ if b }\"", "1,14-15 Invalid template directive"},
        {"a = \"\xff\"", "1,1-1 Invalid character encoding"},
        /* all of them, each once, and what stands between is read */
        {"a = ]\nb = 1\nc = [1 2,\n 3]\nd = \"${)}\"\ne {\n f = }\n}\ng = *\n",
         "1,5-6 Invalid expression\n3,8-9 Missing item separator\n5,8-9 Invalid expression\n"
         "7,6-7 Invalid expression\n8,1-2 Argument or block definition required\n"
         "9,5-6 Invalid expression"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p;
        struct buf b = BUF_INIT;
        parse(&p, cases[i].text, strlen(cases[i].text));
        for (size_t k = 0; k < p.diags.n; k++)
            buf_printf(&b, "%s%s %s", k ? "\n" : "",
                       hcl_range_text(&p.diags, p.diags.items[k].range) + strlen("t.hcl:"),
                       p.diags.items[k].summary);
        if (strcmp(cases[i].mistakes, buf_str(&b)))
            fail_msg("%s\nwant %s\ngot  %s", cases[i].text, cases[i].mistakes, buf_str(&b));
        buf_fini(&b);
        arena_fini(&p.a);
    }
}

static void a_snippet_underlines_characters(void **state)
{
    struct parsed p;
    static const char text[] = "a = 1\n\tb = \"\xc3\xbc\xc3\xbc\" \xe2\x82\xac\n";
    parse(&p, text, strlen(text));
    assert_int_equal(1, p.diags.n); /* the euro sign begins a name: no newline before it */
    assert_string_equal("   2 | \tb = \"\xc3\xbc\xc3\xbc\" \xe2\x82\xac\n     | \t         ^",
                        hcl_diag_snippet(&p.diags, &p.diags.items[0]));
    assert_string_equal("t.hcl:2,11-12", hcl_range_text(&p.diags, p.diags.items[0].range));
    arena_fini(&p.a);
}

static void repeat(struct buf *b, const char *before, const char *unit, size_t n, const char *after)
{
    buf_clear(b);
    buf_str_add(b, before);
    for (size_t i = 0; i < n; i++)
        buf_str_add(b, unit);
    buf_str_add(b, after);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Long chains and deep nests end in a mistake, not in a stack overflow; time stays linear. */
static void hostile_texts_are_survived(void **state)
{
    static const struct {
        const char *before, *unit, *after;
    } cases[] = {
        {"a = 1", "+1", ""},
        {"a = x", "[0]", ""},
        {"a = x", ".b", ""},
        {"a = ", "-", "1"},
        {"a = ", "!", "x"},
        {"a = ", "[", ""},
        {"a = ", "{b=", ""},
        {"a = ", "(", ""},
        {"a = ", "f(", ""},
        {"a = ", "1 ? 1 : ", "1"},
        {"a = \"", "${\"", ""},
        {"a = \"", "%{ if x }", ""},
        {"", "a {\n", ""},
        {"", "a = <<X\n", ""},
        {"", "/*", ""},
        {"a = ", "x.*", ""},
        {"a = ", "[for x in ", ""},
        {"", "a = ]\n", ""},
        {"", "}", ""},
        {"", "\"", ""},
        {"a = [", "1,", "]"},
        {"", "b \"x\" {}\n", ""},
        {"b ", "\"x\" ", "{}"},
        {"a = \"", "$${", "\""},
        {"a = <<-X\n", " \n", "X\n"},
        {"a = ", "<<X\n\n", ""},
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parsed p;
        repeat(&b, cases[i].before, cases[i].unit, 60000, cases[i].after);
        double start = seconds();
        parse(&p, buf_str(&b), b.len);
        if (seconds() - start > 5)
            fail_msg("%s%s... took %.1f s", cases[i].before, cases[i].unit, seconds() - start);
        assert_true(p.diags.n <= HCL_DIAGS_MAX);
        arena_fini(&p.a);
    }
    buf_fini(&b);
}

static void a_file_of_any_size_is_bounded(void **state)
{
    struct parsed p;
    struct buf b = BUF_INIT;
    repeat(&b, "", "#", HCL_TEXT_MAX + 1, "");
    parse(&p, buf_str(&b), b.len);
    assert_int_equal(1, p.diags.n);
    assert_string_equal("File too large", p.diags.items[0].summary);
    arena_fini(&p.a);
    buf_fini(&b);
}

/* Each beginning of a text is read without harm; the whole has no mistake. */
static void every_prefix_is_survived(void **state)
{
    static const char text[] =
        "a \"l\" {\n b = [1, \"x${y[\"k\"].z}\\u00e9\", {c = -2 ? 3 : 4}]\n"
        " d = <<-E\n   t %{ if x }u%{ endif }\n E\n e { f = g(h...) i = 1 }\n}\n";
    char copy[sizeof(text)];
    for (size_t n = 0; n < sizeof(text); n++) {
        struct parsed p;
        memcpy(copy, text, n);
        parse(&p, copy, n);
        if (n == sizeof(text) - 1)
            assert_int_equal(0, p.diags.n);
        arena_fini(&p.a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_case_by_case),
        cmocka_unit_test(mistakes_case_by_case),
        cmocka_unit_test(a_snippet_underlines_characters),
        cmocka_unit_test(hostile_texts_are_survived),
        cmocka_unit_test(a_file_of_any_size_is_bounded),
        cmocka_unit_test(every_prefix_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
