/* base64, JSON, CSV and URL encodings. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void base64_(void **state)
{
    static const struct hcl_case cases[] = {
        {"base64encode(\"hello\")", "\"aGVsbG8=\""},
        {"base64encode(\"\")", "\"\""},
        {"base64encode(\"\303\251\")", "\"w6k=\""},
        {"base64decode(\"aGVsbG8=\")", "\"hello\""},
        {"base64decode(\"aGVsbG8\")",
         "! 1,5-28: Error in function call; Call to function \"base64decode\" failed: failed to "
         "decode base64 data: illegal base64 data."},
        {"base64decode(\"a===\")",
         "! 1,5-25: Error in function call; Call to function \"base64decode\" failed: failed to "
         "decode base64 data: illegal base64 data."},
        {"base64decode(\"/w==\")",
         "! 1,5-25: Error in function call; Call to function \"base64decode\" failed: the result "
         "of decoding the provided string is not valid UTF-8 text."},
        {"base64decode(\"\")", "\"\""},
        {"base64decode(\"*\")",
         "! 1,5-22: Error in function call; Call to function \"base64decode\" failed: failed to "
         "decode base64 data: illegal base64 data."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void json_out_(void **state)
{
    static const struct hcl_case cases[] = {
        {"jsonencode({a = 1})", "\"{\\\"a\\\":1}\""},
        {"jsonencode(\"a\")", "\"\\\"a\\\"\""},
        {"jsonencode(\"<a&b>\")", "\"\\\"\\\\u003ca\\\\u0026b\\\\u003e\\\"\""},
        {"jsonencode(\"\303\251\342\230\203\\u2028\")",
         "\"\\\"\303\251\342\230\203\\\\u2028\\\"\""},
        {"jsonencode(\"\\t\\n\\\"\\\\\")", "\"\\\"\\\\t\\\\n\\\\\\\"\\\\\\\\\\\"\""},
        {"jsonencode(null)", "\"null\""},
        {"jsonencode(1.5)", "\"1.5\""},
        {"jsonencode(1e100)", "\"100000000000000000000000000000000000000000000000000000000000000000"
                              "00000000000000000000000000000000000\""},
        {"jsonencode(12345678901234567890)", "\"12345678901234567890\""},
        {"jsonencode(0.1)", "\"0.1\""},
        {"jsonencode([1, \"a\", true, null])", "\"[1,\\\"a\\\",true,null]\""},
        {"jsonencode([])", "\"[]\""},
        {"jsonencode({})", "\"{}\""},
        {"jsonencode({b = 1, a = {c = []}})", "\"{\\\"a\\\":{\\\"c\\\":[]},\\\"b\\\":1}\""},
        {"jsonencode(toset([\"b\", \"a\"]))", "\"[\\\"a\\\",\\\"b\\\"]\""},
        {"jsonencode(1e-7)", "\"0.0000001\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void json_in_(void **state)
{
    static const struct hcl_case cases[] = {
        {"jsondecode(\"{\\\"a\\\": 1}\")", "{\"a\":1}"},
        {"jsondecode(\"[1, \\\"a\\\", null, true]\")", "[1,\"a\",null,true]"},
        {"jsondecode(\"\\\"x\\\"\")", "\"x\""},
        {"jsondecode(\"1.25\")", "1.25"},
        {"jsondecode(\"1e2\")", "100"},
        {"jsondecode(\"null\")", "null"},
        {"jsondecode(\"\")", "! 1,16-18: Invalid function argument; Invalid value for \"str\" "
                             "parameter: unexpected token near end of file at line 1."},
        {"jsondecode(\"{\")", "! 1,16-19: Invalid function argument; Invalid value for \"str\" "
                              "parameter: string or '}' expected near end of file at line 1."},
        {"jsondecode(\"[1,]\")", "! 1,16-22: Invalid function argument; Invalid value for \"str\" "
                                 "parameter: unexpected token near ']' at line 1."},
        {"jsondecode(\"{\\\"a\\\":1,\\\"a\\\":2}\")", "{\"a\":2}"},
        {"jsondecode(\"1 2\")", "! 1,16-21: Invalid function argument; Invalid value for \"str\" "
                                "parameter: end of file expected near '2' at line 1."},
        {"jsondecode(\"\\\"\\\\u00e9\\\"\")", "\"\303\251\""},
        {"jsondecode(\"12345678901234567890\")", "12345678901234567168"},
        {"jsondecode(\"-0\")", "0"},
        {"jsondecode(\"1.0\")", "1"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void csv_(void **state)
{
    static const struct hcl_case cases[] = {
        {"csvdecode(\"a,b\\n1,2\\n3,4\")", "[{\"a\":\"1\",\"b\":\"2\"},{\"a\":\"3\",\"b\":\"4\"}]"},
        {"csvdecode(\"a,b\\n1,2\\n\")", "[{\"a\":\"1\",\"b\":\"2\"}]"},
        {"csvdecode(\"a\\n\\\"x,y\\\"\\n\")", "[{\"a\":\"x,y\"}]"},
        {"csvdecode(\"a\\n\\\"x\\\"\\\"y\\\"\\n\")", "[{\"a\":\"x\\\"y\"}]"},
        {"csvdecode(\"a\\r\\nb\\r\\n\")", "[{\"a\":\"b\"}]"},
        {"csvdecode(\"a,b\\n1\\n\")",
         "! 1,5-26: Error in function call; Call to function \"csvdecode\" failed: CSV parse error "
         "on line 2: wrong number of fields."},
        {"csvdecode(\"a,b\\n\")", "[]"},
        {"csvdecode(\"\")", "! 1,5-18: Error in function call; Call to function \"csvdecode\" "
                            "failed: missing header line."},
        {"csvdecode(\"a\\n\\\"x\\n\")",
         "! 1,5-26: Error in function call; Call to function \"csvdecode\" failed: CSV parse error "
         "on line 2: extraneous or missing \" in quoted-field."},
        {"csvdecode(\"a\\nx\\\"y\\n\")",
         "! 1,5-27: Error in function call; Call to function \"csvdecode\" failed: CSV parse error "
         "on line 2: bare \" in non-quoted-field."},
        {"csvdecode(\"a\\n\\nb\\n\")", "[{\"a\":\"b\"}]"},
        {"csvdecode(\"a,a\\n1,2\\n\")", "! 1,5-28: Error in function call; Call to function "
                                        "\"csvdecode\" failed: duplicate column name \"a\"."},
        {"csvdecode(\"a,\\n1,2\\n\")", "[{\"\":\"2\",\"a\":\"1\"}]"},
        {"csvdecode(\"a\\n\\\"x\\ny\\\"\\n\")", "[{\"a\":\"x\\ny\"}]"},
        {"csvdecode(\"a\\n x\\n\")", "[{\"a\":\" x\"}]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void urls_(void **state)
{
    static const struct hcl_case cases[] = {
        {"urlencode(\"a b&c=d/\303\251~\")", "\"a+b%26c%3Dd%2F%C3%A9~\""},
        {"urlencode(\"\")", "\"\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_), cmocka_unit_test(json_out_), cmocka_unit_test(json_in_),
        cmocka_unit_test(csv_),    cmocka_unit_test(urls_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
