/* Text to tokens: each with its text, comments left out, and what is no token. */
#include "agent/base/buf.h"
#include "jobs/hcl/parse_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

struct lexed {
    struct arena a;
    struct hcl_file file;
    struct hcl_diags diags;
    struct hcl_parser p;
};

static void lex_start(struct lexed *x, const char *text, bool skip_newlines)
{
    *x = (struct lexed){.a = ARENA_INIT, .file = {"t.hcl", text, strlen(text)}};
    hcl_diags_init(&x->diags, &x->a, &x->file);
    x->p = (struct hcl_parser){.file = &x->file,
                               .text = text,
                               .len = (uint32_t)strlen(text),
                               .skip_newlines = skip_newlines,
                               .arena = &x->a,
                               .diags = &x->diags};
}

/* "text text": a newline reads as \n. */
static void expect_tokens(const char *text, bool skip_newlines, const char *tokens)
{
    struct lexed x;
    struct buf b = BUF_INIT;
    lex_start(&x, text, skip_newlines);
    for (lex_next(&x.p); x.p.tok != TOK_EOF; lex_next(&x.p)) {
        const char *t = x.p.tok == TOK_NEWLINE ? "\\n" : lex_text(&x.p, x.p.at);
        buf_printf(&b, "%s%s", b.len ? " " : "", t);
        assert_true(x.p.at.start < x.p.at.end && x.p.at.end <= x.p.len);
    }
    buf_str_add(&b, ""); /* never NULL */
    assert_string_equal(tokens, b.data);
    lex_next(&x.p); /* the end stays the end */
    assert_int_equal(TOK_EOF, x.p.tok);
    buf_fini(&b);
    arena_fini(&x.a);
}

static void tokens_case_by_case(void **state)
{
    static const struct {
        const char *text, *tokens;
    } cases[] = {
        {"", ""},
        {" \t\r", ""},
        {"a", "a"},
        {"a-b_9 -9", "a-b_9 - 9"},
        {"-a", "- a"},
        {"_x", "_x"},
        {"\xC3\xA4pfel", "\xC3\xA4pfel"},
        {"a=1\nb=2", "a = 1 \\n b = 2"},
        {"a\r\nb", "a \\n b"},
        {"1.5", "1.5"},
        {"1.x", "1 . x"},
        {"1..2", "1 . . 2"},
        {"1e5 1E+5 1.25e-5", "1e5 1E+5 1.25e-5"},
        {"1e", "1 e"},
        {"1e+", "1 e +"},
        {"12ab", "12 ab"},
        {"a...", "a ..."},
        {"a..", "a . ."},
        {"a=>b", "a => b"},
        {"a>=b", "a >= b"},
        {"a==b", "a == b"},
        {"a= =b", "a = = b"},
        {"!=", "!="},
        {"! =", "! ="},
        {"<= < >= >", "<= < >= >"},
        {"a&&b||!c", "a && b || ! c"},
        {"{[()]}", "{ [ ( ) ] }"},
        {"?:,.~%*/+-", "? : , . ~ % * / + -"},
        {"<<EOT", "<< EOT"},
        {"<<-EOT", "<<- EOT"},
        {"< <EOT", "< < EOT"},
        {"a # b\nc", "a \\n c"},
        {"a // b\nc", "a \\n c"},
        {"a /* b\n c */ d", "a d"},
        {"a /**/ b", "a b"},
        {"a /***/ b", "a b"},
        {"a /* /* */ b", "a b"},
        {"a # to the end", "a"},
        {"a / b", "a / b"},
        {"\"", "\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_tokens(cases[i].text, false, cases[i].tokens);
}

static void newlines_are_skipped_where_wanted(void **state)
{
    expect_tokens("a\n\nb # c\nd", true, "a b d");
    expect_tokens("a\n\nb # c\nd", false, "a \\n \\n b \\n d");
}

static void what_is_no_token_is_told(void **state)
{
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"a ; b",
         "t.hcl:1,3-4: Invalid character; This character is not used within the language."},
        {"a\n  '",
         "t.hcl:2,3-4: Invalid character; This character is not used within the language."},
        {"a & b",
         "t.hcl:1,3-4: Invalid character; This character is not used within the language."},
        {"a | b",
         "t.hcl:1,3-4: Invalid character; This character is not used within the language."},
        {"$", "t.hcl:1,1-2: Invalid character; This character is not used within the language."},
        {"a /* b", "t.hcl:1,3-5: Unterminated comment; There is no closing \"*/\" for this comment "
                   "before the end of the file."},
        {"/*/", "t.hcl:1,1-3: Unterminated comment; There is no closing \"*/\" for this comment "
                "before the end of the file."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lexed x;
        lex_start(&x, cases[i].text, false);
        do
            lex_next(&x.p);
        while (x.p.tok != TOK_EOF);
        assert_int_equal(1, x.diags.n);
        assert_string_equal(cases[i].mistake, hcl_diag_text(&x.diags, &x.diags.items[0]));
        arena_fini(&x.a);
    }
}

static void words_and_brackets_are_known(void **state)
{
    struct lexed x;
    lex_start(&x, "for fork {[(", false);
    lex_next(&x.p);
    assert_true(lex_is_word(&x.p, "for"));
    assert_false(lex_is_word(&x.p, "fo"));
    lex_next(&x.p);
    assert_false(lex_is_word(&x.p, "for"));
    assert_int_equal(3, x.p.prev_end);
    for (int i = 0; i < 3; i++)
        lex_next(&x.p);
    assert_int_equal(3, x.p.open);
    arena_fini(&x.a);
}

static void nesting_has_an_end(void **state)
{
    struct lexed x;
    lex_start(&x, "a b", false);
    lex_next(&x.p);
    for (int i = 0; i < HCL_DEPTH_MAX; i++)
        assert_true(parser_enter(&x.p));
    assert_false(parser_enter(&x.p));
    assert_int_equal(TOK_EOF, x.p.tok);
    assert_false(parser_enter(&x.p)); /* told once */
    assert_int_equal(1, x.diags.n);
    assert_string_equal("Nesting too deep", x.diags.items[0].summary);
    lex_next(&x.p);
    assert_int_equal(TOK_EOF, x.p.tok);
    arena_fini(&x.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_case_by_case),
        cmocka_unit_test(newlines_are_skipped_where_wanted),
        cmocka_unit_test(what_is_no_token_is_told),
        cmocka_unit_test(words_and_brackets_are_known),
        cmocka_unit_test(nesting_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
