/* The published native syntax, section by section: expressions and what becomes of them. Values
 * are as the language's own implementation gives them; mistakes are where it sees them, in our
 * words. */
#include "test/unit/support/hcl_cases.h"

/* Comments and line ends inside expressions. */
static void layout_(void **state)
{
    static const struct hcl_case cases[] = {
        {"1 # c", "1"},
        {"1 // c", "1"},
        {"1 /* c */", "1"},
        {"/* c */ 1", "1"},
        {"1 /* a */ + /* b */ 2", "3"},
        {"1 /* unterminated", "! 1,7-9: Unterminated comment"},
        {"[1, # c\n2]", "[1,2]"},
        {"[1, // c\n2]", "[1,2]"},
        {"[/* a */1/* b */]", "[1]"},
        {"{ /* a */ a /* b */ = /* c */ 1 }", "{\"a\":1}"},
        {"( # c\n1)", "1"},
        {"1 +/**/2", "3"},
        {"1#", "1"},
        {"1//", "1"},
        {"/**/1/**/", "1"},
        {"1 /* /* */", "1"},
        {"# c", "! 1,8-2,1: Invalid expression"},
        {"// c", "! 1,9-2,1: Invalid expression"},
        {"\"a\" # \"b\"", "\"a\""},
        {"(1 # )\n)", "1"},
    };
    hcl_cases_check(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Function calls and names. */
static void calls_(void **state)
{
    static const struct hcl_case cases[] = {
        {"upper(\"a\")", "\"A\""},
        {"upper (\"a\")", "\"A\""},
        {"upper(\"a\",)", "\"A\""},
        {"upper()", "! 1,5-12: Not enough function arguments"},
        {"upper(\"a\", \"b\")", "! 1,5-20: Too many function arguments"},
        {"upper(1)", "\"1\""},
        {"upper(null)", "! 1,11-15: Invalid function argument"},
        {"upper([])", "! 1,11-13: Invalid function argument"},
        {"max(1, 2)", "2"},
        {"max([1, 2]...)", "2"},
        {"max([]...)", "! 1,5-15: Error in function call"},
        {"max(1, [2, 3]...)", "3"},
        {"max([1]..., 2)", "! 1,15-16: Missing closing parenthesis"},
        {"max(1...)", "! 1,5-14: Invalid expanding argument value"},
        {"max(1 2)", "! 1,11-12: Missing argument separator"},
        {"max(1,,2)", "! 1,11-12: Invalid expression"},
        {"max(1", "! 2,1-1: Missing argument separator"},
        {"max(,1)", "! 1,9-10: Invalid expression"},
        {"nope()", "! 1,5-9: Call to unknown function"},
        {"nope", "! 1,5-9: Unknown variable"},
        {"a", "! 1,5-6: Unknown variable"},
        {"a.b", "! 1,5-6: Unknown variable"},
        {"a[0]", "! 1,5-6: Unknown variable"},
        {"a-b", "! 1,5-8: Unknown variable"},
        {"_x", "! 1,5-7: Unknown variable"},
        {"x1", "! 1,5-7: Unknown variable"},
        {"\303\251", "! 1,5-6: Unknown variable"},
        {"a b", "! 1,7-8: Missing newline after argument"},
        {"upper", "! 1,5-10: Unknown variable"},
        {"(upper)(\"a\")", "! 1,12-13: Missing newline after argument"},
        {"upper(\"a\")[0]", "! 1,5-18: Invalid index"},
        {"{a=upper(\"x\")}.a", "\"X\""},
        {"[upper(\"x\")][0]", "\"X\""},
        {"upper(lower(\"A\"))", "\"A\""},
        {"upper(\"a\") == \"A\"", "true"},
        {"min(1, 2) + 1", "2"},
        {"concat([1], [2])[1]", "2"},
        {"length([1,2])", "2"},
        {"length(\"ab\")", "2"},
        {"length({a=1})", "1"},
        {"length(1)", "! 1,12-13: Invalid function argument"},
        {"lower(\"\303\211\")", "\"\303\251\""},
    };
    hcl_cases_check(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_),
        cmocka_unit_test(calls_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
