/* Regular expressions. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void first_match_(void **state)
{
    static const struct hcl_case cases[] = {
        {"regex(\"[a-z]+\", \"53453453.345345aaabbbccc23454\")", "\"aaabbbccc\""},
        {"regex(\"(\\\\d\\\\d\\\\d\\\\d)-(\\\\d\\\\d)-(\\\\d\\\\d)\", \"2019-02-01\")",
         "[\"2019\",\"02\",\"01\"]"},
        {"regex(\"^(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?\", "
         "\"https://terraform.io/docs/\")",
         "{\"authority\":\"terraform.io\",\"scheme\":\"https\"}"},
        {"regex(\"[a-z]+\", \"53453453.34534523454\")",
         "! 1,5-44: Error in function call; Call to function \"regex\" failed: pattern did not "
         "match any part of the given string."},
        {"regex(\"(a)|(b)\", \"b\")", "[null,\"b\"]"},
        {"regex(\"a*\", \"\")", "\"\""},
        {"regex(\"(\", \"x\")",
         "! 1,11-14: Invalid function argument; Invalid value for \"pattern\" parameter: invalid "
         "regexp pattern: missing closing parenthesis at offset 1."},
        {"regex(\"(?P<x>a)(b)\", \"ab\")", "{\"x\":\"a\"}"},
        {"regex(\"a(?=b)\", \"ab\")", "\"a\""},
        {"regex(\"(a)\\\\1\", \"aa\")", "[\"a\"]"},
        {"regex(\"\\\\pL+\", \"\303\2511\")", "\"\303\251\""},
        {"regex(\"(?i)ABC\", \"xabcx\")", "\"abc\""},
        {"regex(\"^b$\", \"a\\nb\\nc\")",
         "! 1,5-28: Error in function call; Call to function \"regex\" failed: pattern did not "
         "match any part of the given string."},
        {"regex(\"(?m)^b$\", \"a\\nb\\nc\")", "\"b\""},
        {"regex(\"a.c\", \"a\\nc\")",
         "! 1,5-25: Error in function call; Call to function \"regex\" failed: pattern did not "
         "match any part of the given string."},
        {"regex(\"(?s)a.c\", \"a\\nc\")", "\"a\\nc\""},
        {"regex(\"[[:alpha:]]+\", \"12ab\")", "\"ab\""},
        {"regex(\"\\\\bfoo\\\\b\", \"a foo b\")", "\"foo\""},
        {"regex(\"y{2,3}\", \"yyyy\")", "\"yyy\""},
        {"regex(\"a+?\", \"aaa\")", "\"a\""},
        {"regex(\"\\\\Qa.b\\\\E\", \"a.b\")", "\"a.b\""},
        {"regex(\"\\\\x41\", \"A\")", "\"A\""},
        {"regex(\"\303\251\", \"\303\251\")", "\"\303\251\""},
        {"regex(\"[^a]\", \"a\303\251\")", "\"\303\251\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void all_matches_(void **state)
{
    static const struct hcl_case cases[] = {
        {"regexall(\"[a-z]+\", \"1234abcd5678efgh9\")", "[\"abcd\",\"efgh\"]"},
        {"regexall(\"[a-z]+\", \"123456789\")", "[]"},
        {"regexall(\"([a-z])(\\\\d)\", \"a1b2\")", "[[\"a\",\"1\"],[\"b\",\"2\"]]"},
        {"regexall(\"(?P<k>[a-z])=(?P<v>\\\\d)\", \"a=1,b=2\")",
         "[{\"k\":\"a\",\"v\":\"1\"},{\"k\":\"b\",\"v\":\"2\"}]"},
        {"regexall(\"\", \"ab\")", "[\"\",\"\",\"\"]"},
        {"regexall(\"a*\", \"baac\")", "[\"\",\"aa\",\"\"]"},
        {"regexall(\"x\", \"\")", "[]"},
        {"regexall(\"(\", \"\")",
         "! 1,14-17: Invalid function argument; Invalid value for \"pattern\" parameter: invalid "
         "regexp pattern: missing closing parenthesis at offset 1."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void replacements_(void **state)
{
    static const struct hcl_case cases[] = {
        {"regex_replace(\"hello world\", \"(w\\\\w+)\", \"<$1>\")",
         "\"hello \\u003cworld\\u003e\""},
        {"regex_replace(\"hello\", \"l\", \"L\")", "\"heLLo\""},
        {"regex_replace(\"hello\", \"x\", \"L\")", "\"hello\""},
        {"regex_replace(\"-ab-axxb-\", \"a(x*)b\", \"T\")", "\"-T-T-\""},
        {"regex_replace(\"-ab-axxb-\", \"a(x*)b\", \"$1\")", "\"--xx-\""},
        {"regex_replace(\"-ab-axxb-\", \"a(x*)b\", \"$1W\")", "\"---\""},
        {"regex_replace(\"-ab-axxb-\", \"a(x*)b\", \"$${1}W\")", "\"-W-xxW-\""},
        {"regex_replace(\"ab\", \"(?P<first>a)\", \"$first.\")", "\"a.b\""},
        {"regex_replace(\"ab\", \"(?P<first>a)\", \"$${first}x\")", "\"axb\""},
        {"regex_replace(\"ab\", \"a\", \"$$\")", "\"$b\""},
        {"regex_replace(\"ab\", \"a\", \"$\")", "\"$b\""},
        {"regex_replace(\"ab\", \"a\", \"$9\")", "\"b\""},
        {"regex_replace(\"abc\", \"\", \"-\")", "\"-a-b-c-\""},
        {"regex_replace(\"aaa\", \"a*\", \"x\")", "\"x\""},
        {"regex_replace(\"a\", \"(\", \"x\")",
         "! 1,24-27: Invalid function argument; Invalid value for \"pattern\" parameter: invalid "
         "regexp pattern: missing closing parenthesis at offset 1."},
        {"replace(\"hello world\", \"/w.*d/\", \"everybody\")", "\"hello everybody\""},
        {"replace(\"a1b2\", \"/([a-z])(\\\\d)/\", \"$2$1\")", "\"1a2b\""},
        {"replace(\"a\", \"/(/\", \"x\")",
         "! 1,18-23: Invalid function argument; Invalid value for \"substr\" parameter: invalid "
         "regexp pattern: missing closing parenthesis at offset 1."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_match_),
        cmocka_unit_test(all_matches_),
        cmocka_unit_test(replacements_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
