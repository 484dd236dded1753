/* Functions on strings. Characters are grapheme clusters; values are as the peer's own library
 * gives them. */
#include "test/unit/support/hcl_cases.h"

static void cases_(void **state)
{
    static const struct hcl_case cases[] = {
        {"upper(\"abc\")", "\"ABC\""},
        {"upper(\"\")", "\"\""},
        {"upper(\"\303\251\303\240\303\274 \303\237 \305\276 \321\217 \317\211\")",
         "\"\303\211\303\200\303\234 \303\237 \305\275 \320\257 \316\251\""},
        {"upper(\"\305\211\")", "\"\305\211\""},
        {"lower(\"ABC\")", "\"abc\""},
        {"lower(\"\303\211\303\200\303\234 \305\275 \320\257 \316\251 \305\270\")",
         "\"\303\251\303\240\303\274 \305\276 \321\217 \317\211 \303\277\""},
        {"lower(\"\304\260\")", "\"i\""},
        {"title(\"hello world\")", "\"Hello World\""},
        {"title(\"hello-world foo_bar it's\")", "\"Hello-World Foo_bar It'S\""},
        {"title(\"HELLO\")", "\"HELLO\""},
        {"title(\"\303\251a \303\266b\")", "\"\303\211a \303\226b\""},
        {"title(\"a.b,c/d\")", "\"A.B,C/D\""},
        {"title(\"1abc 2def\")", "\"1abc 2def\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void line_ends_and_indents_(void **state)
{
    static const struct hcl_case cases[] = {
        {"chomp(\"hello\\n\")", "\"hello\""},
        {"chomp(\"hello\\r\\n\")", "\"hello\""},
        {"chomp(\"hello\\n\\n\")", "\"hello\""},
        {"chomp(\"hello\\r\\r\")", "\"hello\""},
        {"chomp(\"a\\nb\")", "\"a\\nb\""},
        {"chomp(\"\")", "\"\""},
        {"indent(2, \"a\\nb\\nc\")", "\"a\\n  b\\n  c\""},
        {"indent(0, \"a\\nb\")", "\"a\\nb\""},
        {"indent(2, \"\")", "\"\""},
        {"indent(2, \"a\\n\")", "\"a\\n  \""},
        {"indent(1, \"\\n\\n\")", "\"\\n \\n \""},
        {"indent(-1, \"a\")", "! 1,12-14: Invalid function argument; Invalid value for \"spaces\" "
                              "parameter: the number of spaces must be from 0 to 10000."},
        {"indent(1.5, \"a\")", "! 1,12-15: Invalid function argument; Invalid value for \"spaces\" "
                               "parameter: value must be a whole number."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void trimming_(void **state)
{
    static const struct hcl_case cases[] = {
        {"trim(\"?!hello?!\", \"!?\")", "\"hello\""},
        {"trim(\"foobar\", \"far\")", "\"oob\""},
        {"trim(\"   hello! world.!  \", \"! \")", "\"hello! world.\""},
        {"trim(\"\", \"x\")", "\"\""},
        {"trim(\"x\", \"\")", "\"x\""},
        {"trim(\"\303\251x\303\251\", \"\303\251\")", "\"x\""},
        {"trim(\"\303\251x\303\250\", \"\303\250\")", "\"\303\251x\""},
        {"trim(\"aaa\", \"a\")", "\"\""},
        {"trimspace(\"  hello\\n\\n\")", "\"hello\""},
        {"trimspace(\"\\t\\r\\n x y \\u00a0\")", "\"x y\""},
        {"trimspace(\"\\u2003x\\u2003\")", "\"x\""},
        {"trimspace(\"\\u1680x\\u205f\")", "\"x\""},
        {"trimspace(\"\")", "\"\""},
        {"trimprefix(\"helloworld\", \"hello\")", "\"world\""},
        {"trimprefix(\"helloworld\", \"cat\")", "\"helloworld\""},
        {"trimprefix(\"--help\", \"--\")", "\"help\""},
        {"trimprefix(\"aab\", \"a\")", "\"ab\""},
        {"trimprefix(\"a\", \"ab\")", "\"a\""},
        {"trimsuffix(\"helloworld\", \"world\")", "\"hello\""},
        {"trimsuffix(\"helloworld\", \"cat\")", "\"helloworld\""},
        {"trimsuffix(\"abb\", \"b\")", "\"ab\""},
        {"trimsuffix(\"b\", \"ab\")", "\"b\""},
        {"trimsuffix(\"x\", \"\")", "\"x\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void characters_(void **state)
{
    static const struct hcl_case cases[] = {
        {"strrev(\"hello\")", "\"olleh\""},
        {"strrev(\"a \342\230\203\")", "\"\342\230\203 a\""},
        {"strrev(\"\")", "\"\""},
        {"strrev(\"e\\u0301x\")", "\"x\303\251\""},
        {"strrev(\"\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247x\")",
         "\"x\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247\""},
        {"substr(\"hello world\", 1, 4)", "\"ello\""},
        {"substr(\"hello world\", 0, 1)", "\"h\""},
        {"substr(\"hello world\", -5, -1)", "\"world\""},
        {"substr(\"hello world\", 6, 10)", "\"world\""},
        {"substr(\"\360\237\244\224\360\237\244\267\", 0, 1)", "\"\360\237\244\224\""},
        {"substr(\"hello\", 5, 1)", "\"\""},
        {"substr(\"hello\", 9, 1)", "\"\""},
        {"substr(\"hello\", -9, 2)", "\"he\""},
        {"substr(\"hello\", 1, 0)", "\"\""},
        {"substr(\"hello\", 0, -1)", "\"hello\""},
        {"substr(\"hello\", 0, -5)", "\"hello\""},
        {"substr(\"\", 0, 1)", "\"\""},
        {"substr(\"noe\\u0301l\", 2, 1)", "\"\303\251\""},
        {"substr(\"hello\", 1.5, 1)", "! 1,21-24: Invalid function argument; Invalid value for "
                                      "\"offset\" parameter: value must be a whole number."},
        {"strlen(\"hello\")", "5"},
        {"strlen(\"\360\237\221\276\360\237\225\271\357\270\217\")", "2"},
        {"strlen(\"e\\u0301\")", "1"},
        {"strlen(\"\")", "0"},
        {"strlen(\"\303\251\")", "1"},
        {"strlen(\"\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247x\")",
         "2"},
        {"strlen(\"\360\237\207\251\360\237\207\252\360\237\207\253\360\237\207\267\")", "2"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void parts_(void **state)
{
    static const struct hcl_case cases[] = {
        {"replace(\"1 + 2 + 3\", \"+\", \"-\")", "\"1 - 2 - 3\""},
        {"replace(\"hello\", \"l\", \"\")", "\"heo\""},
        {"replace(\"hello\", \"\", \"-\")", "\"-h-e-l-l-o-\""},
        {"replace(\"aaa\", \"aa\", \"b\")", "\"ba\""},
        {"replace(\"hello\", \"x\", \"y\")", "\"hello\""},
        {"replace(\"a/b\", \"/\", \"-\")", "\"a-b\""},
        {"replace(\"\303\251\", \"\", \".\")", "\".\303\251.\""},
        {"split(\",\", \"foo,bar,baz\")", "[\"foo\",\"bar\",\"baz\"]"},
        {"split(\",\", \"foo\")", "[\"foo\"]"},
        {"split(\",\", \"\")", "[\"\"]"},
        {"split(\"\", \"abc\")", "[\"a\",\"b\",\"c\"]"},
        {"split(\"\", \"\")", "[]"},
        {"split(\", \", \"a, b, c\")", "[\"a\",\"b\",\"c\"]"},
        {"split(\",\", \"a,,b,\")", "[\"a\",\"\",\"b\",\"\"]"},
        {"split(\"\", \"\303\251\342\230\203\")", "[\"\303\251\",\"\342\230\203\"]"},
        {"join(\", \", [\"foo\", \"bar\"])", "\"foo, bar\""},
        {"join(\", \", [\"foo\"])", "\"foo\""},
        {"join(\"\", [])", "\"\""},
        {"join(\"-\", [\"a\"], [\"b\", \"c\"])", "\"a-b-c\""},
        {"join(\"-\", [1, true])", "\"1-true\""},
        {"join(\"-\")", "! 1,5-14: Error in function call; Call to function \"join\" failed: at "
                        "least one list is required."},
        {"join(\"-\", \"a\")", "! 1,15-18: Invalid function argument; Invalid value for \"lists\" "
                               "parameter: list of any single type required."},
        {"join(\"-\", [\"a\", null])", "! 1,15-26: Invalid function argument; Invalid value for "
                                       "\"lists\" parameter: element 1: string required."},
        {"join(\"-\", [[\"a\"]])", "! 1,15-22: Invalid function argument; Invalid value for "
                                   "\"lists\" parameter: element 0: string required."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void questions_(void **state)
{
    static const struct hcl_case cases[] = {
        {"startswith(\"hello\", \"he\")", "true"},  {"startswith(\"hello\", \"lo\")", "false"},
        {"startswith(\"\", \"\")", "true"},         {"endswith(\"hello\", \"lo\")", "true"},
        {"endswith(\"lo\", \"hello\")", "false"},   {"strcontains(\"hello\", \"ell\")", "true"},
        {"strcontains(\"hello\", \"x\")", "false"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void others_(void **state)
{
    static const struct hcl_case cases[] = {
        {"\"e\\u0301\" == \"\303\251\"", "true"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_),    cmocka_unit_test(line_ends_and_indents_),
        cmocka_unit_test(trimming_), cmocka_unit_test(characters_),
        cmocka_unit_test(parts_),    cmocka_unit_test(questions_),
        cmocka_unit_test(others_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
