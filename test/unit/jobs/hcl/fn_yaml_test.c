/* YAML, read as YAML 1.1 and written in block style. Values are as the peer's own library gives
 * them. */
#include "test/unit/support/hcl_cases.h"

static void reading_(void **state)
{
    static const struct hcl_case cases[] = {
        {"yamldecode(\"true\")", "true"},
        {"yamldecode(\"{a: true}\")", "{\"a\":true}"},
        {"yamldecode(\"a: 1\\nb: two\\nc: [1, 2.5, x]\\n\")",
         "{\"a\":1,\"b\":\"two\",\"c\":[1,2.5,\"x\"]}"},
        {"yamldecode(\"- a\\n- b\\n\")", "[\"a\",\"b\"]"},
        {"yamldecode(\"a: ~\\nb: null\\nc: \\\"null\\\"\\nd:\\n\")",
         "{\"a\":null,\"b\":null,\"c\":\"null\",\"d\":null}"},
        {"yamldecode(\"1\")", "1"},
        {"yamldecode(\"0x10\")", "16"},
        {"yamldecode(\"010\")", "10"},
        {"yamldecode(\"0o10\")", "8"},
        {"yamldecode(\"0b11\")", "\"0b11\""},
        {"yamldecode(\"1_000\")", "1000"},
        {"yamldecode(\"1.5e3\")", "1500"},
        {"yamldecode(\".5\")", "0.5"},
        {"yamldecode(\".inf\")",
         "! 1,16-22: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: a number must be finite, not .inf."},
        {"yamldecode(\"yes\")", "true"},
        {"yamldecode(\"on\")", "true"},
        {"yamldecode(\"'it''s'\")", "\"it's\""},
        {"yamldecode(\"\\\"a\\\\nb\\\"\")", "\"a\\nb\""},
        {"yamldecode(\"|\\n  a\\n  b\\n\")", "\"a\\nb\\n\""},
        {"yamldecode(\">\\n  a\\n  b\\n\")", "\"a b\\n\""},
        {"yamldecode(\"a: &x 1\\nb: *x\\n\")", "{\"a\":1,\"b\":1}"},
        {"yamldecode(\"a: &x {p: 1}\\nb:\\n  <<: *x\\n  q: 2\\n\")",
         "{\"a\":{\"p\":1},\"b\":{\"p\":1,\"q\":2}}"},
        {"yamldecode(\"{a: b\")",
         "! 1,16-23: Invalid function argument; Invalid value for \"src\" parameter: on line 2, "
         "column 1: did not find expected ',' or '}'."},
        {"yamldecode(\"a: b: c\")",
         "! 1,16-25: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 5: mapping values are not allowed in this context."},
        {"yamldecode(\"\")", "! 1,16-18: Invalid function argument; Invalid value for \"src\" "
                             "parameter: on line 1, column 1: missing start of document."},
        {"yamldecode(\"---\\na: 1\\n---\\nb: 2\\n\")",
         "! 1,16-40: Invalid function argument; Invalid value for \"src\" parameter: on line 3, "
         "column 1: unexpected extra content after value."},
        {"yamldecode(\"1: x\\n\")", "{\"1\":\"x\"}"},
        {"yamldecode(\"? [a]\\n: x\\n\")",
         "! 1,16-30: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 5: only strings are allowed as mapping keys."},
        {"yamldecode(\"2001-12-14\")", "\"2001-12-14T00:00:00Z\""},
        {"yamldecode(\"2001-12-14t21:59:43.10-05:00\")", "\"2001-12-14T21:59:43-05:00\""},
        {"yamldecode(\"!!str 12\")", "\"12\""},
        {"yamldecode(\"!!int \\\"12\\\"\")", "12"},
        {"yamldecode(\"!!binary aGVsbG8=\")", "\"aGVsbG8=\""},
        {"yamldecode(\"!!float 1\")", "1"},
        {"yamldecode(\"a: 'x' # c\\n\")", "{\"a\":\"x\"}"},
        {"yamldecode(\"a: 1\\na: 2\\n\")", "{\"a\":2}"},
        {"yamldecode(\"-5\")", "-5"},
        {"yamldecode(\"+5\")", "5"},
        {"yamldecode(\"- - a\\n  - b\\n- c\\n\")", "[[\"a\",\"b\"],\"c\"]"},
        {"yamldecode(\"y\")", "true"},
        {"yamldecode(\"n\")", "false"},
        {"yamldecode(\"Yes\")", "true"},
        {"yamldecode(\"NO\")", "false"},
        {"yamldecode(\"off\")", "false"},
        {"yamldecode(\"On\")", "true"},
        {"yamldecode(\"0B11\")", "\"0B11\""},
        {"yamldecode(\"0X1f\")", "\"0X1f\""},
        {"yamldecode(\"0o17\")", "15"},
        {"yamldecode(\"0x1_0\")", "16"},
        {"yamldecode(\"-0x10\")", "-16"},
        {"yamldecode(\"1_000.5\")", "\"1_000.5\""},
        {"yamldecode(\"_1\")", "\"_1\""},
        {"yamldecode(\"1_\")", "1"},
        {"yamldecode(\"+.5\")", "0.5"},
        {"yamldecode(\"5.\")", "5"},
        {"yamldecode(\"1e3\")", "1000"},
        {"yamldecode(\"1E+3\")", "1000"},
        {"yamldecode(\".nan\")",
         "! 1,16-22: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: a number must be finite, not .nan."},
        {"yamldecode(\"-.inf\")",
         "! 1,16-23: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: a number must be finite, not -.inf."},
        {"yamldecode(\"1:30\")", "\"1:30\""},
        {"yamldecode(\"190:20:30\")", "\"190:20:30\""},
        {"yamldecode(\"12e03\")", "12000"},
        {"yamldecode(\"2001-12-14 21:59:43.10 -5\")", "\"2001-12-14 21:59:43.10 -5\""},
        {"yamldecode(\"2001-12-14 21:59:43.10\")", "\"2001-12-14T21:59:43Z\""},
        {"yamldecode(\"2001-12-14T21:59:43Z\")", "\"2001-12-14T21:59:43Z\""},
        {"yamldecode(\"2001-12-14T21:59:43.25Z\")", "\"2001-12-14T21:59:43Z\""},
        {"yamldecode(\"2001-1-4\")", "\"2001-01-04T00:00:00Z\""},
        {"yamldecode(\"'2001-12-14'\")", "\"2001-12-14\""},
        {"yamldecode(\"!!timestamp 2001-12-14\")", "\"2001-12-14T00:00:00Z\""},
        {"yamldecode(\"!!str true\")", "\"true\""},
        {"yamldecode(\"!!bool yes\")", "true"},
        {"yamldecode(\"!!null x\")", "null"},
        {"yamldecode(\"!!float 12\")", "12"},
        {"yamldecode(\"!!foo x\")",
         "! 1,16-25: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: cannot be read as the tag says: tag:yaml.org,2002:foo."},
        {"yamldecode(\"!x y\")",
         "! 1,16-22: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: cannot be read as the tag says: !x."},
        {"yamldecode(\"!!int x\")",
         "! 1,16-25: Invalid function argument; Invalid value for \"src\" parameter: on line 1, "
         "column 1: cannot be read as the tag says: tag:yaml.org,2002:int."},
        {"yamldecode(\"!!set {a, b}\")", "{\"a\":null,\"b\":null}"},
        {"yamldecode(\"a: &x {p: 1}\\nb: &y {q: 2}\\nc:\\n  <<: [*x, *y]\\n  p: 3\\n\")",
         "{\"a\":{\"p\":1},\"b\":{\"q\":2},\"c\":{\"p\":3,\"q\":2}}"},
        {"yamldecode(\"c:\\n  <<: 3\\n\")",
         "! 1,16-31: Invalid function argument; Invalid value for \"src\" parameter: on line 2, "
         "column 7: cannot be merged into a mapping: number."},
        {"yamldecode(\"c:\\n  p: 3\\n  <<: {p: 1}\\n\")", "{\"c\":{\"p\":1}}"},
        {"yamldecode(\"\\\"<<\\\": {a: 1}\")", "{\"a\":1}"},
        {"yamldecode(\"!!binary \\\"aGVsbG8=\\\"\")", "\"aGVsbG8=\""},
        {"yamldecode(\"%YAML 1.1\\n---\\na\")", "\"a\""},
        {"yamldecode(\"a\\n...\\n\")", "\"a\""},
        {"yamldecode(\"a\\n...\\nb\")",
         "! 1,16-27: Invalid function argument; Invalid value for \"src\" parameter: on line 3, "
         "column 1: did not find expected <document start>."},
        {"yamldecode(\"# only\\n\")",
         "! 1,16-26: Invalid function argument; Invalid value for \"src\" parameter: on line 2, "
         "column 1: missing start of document."},
        {"yamldecode(\"--- \\n\")", "null"},
        {"yamldecode(\"null\")", "null"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void writing_(void **state)
{
    static const struct hcl_case cases[] = {
        {"yamlencode({a = \"b\", c = \"d\"})",
         "\"\\\"a\\\": \\\"b\\\"\\n\\\"c\\\": \\\"d\\\"\\n\""},
        {"yamlencode({foo = [1, 2, 3], bar = \"baz\"})",
         "\"\\\"bar\\\": \\\"baz\\\"\\n\\\"foo\\\":\\n- 1\\n- 2\\n- 3\\n\""},
        {"yamlencode({foo = [1, {a = \"b\", c = \"d\"}, 3], bar = \"baz\"})",
         "\"\\\"bar\\\": \\\"baz\\\"\\n\\\"foo\\\":\\n- 1\\n- \\\"a\\\": \\\"b\\\"\\n  \\\"c\\\": "
         "\\\"d\\\"\\n- 3\\n\""},
        {"yamlencode([])", "\"[]\\n\""},
        {"yamlencode({})", "\"{}\\n\""},
        {"yamlencode(\"a\")", "\"\\\"a\\\"\\n\""},
        {"yamlencode(1)", "\"1\\n...\\n\""},
        {"yamlencode(1.5)", "\"1.5\\n...\\n\""},
        {"yamlencode(true)", "\"true\\n...\\n\""},
        {"yamlencode(null)", "\"null\\n...\\n\""},
        {"yamlencode(\"a\\nb\\n\")", "\"|\\n  a\\n  b\\n\""},
        {"yamlencode(\"\303\251\\\"x\\\\\")", "\"\\\"\303\251\\\\\\\"x\\\\\\\\\\\"\\n\""},
        {"yamlencode([[1, 2], [], {}])", "\"- - 1\\n  - 2\\n- []\\n- {}\\n\""},
        {"yamlencode({a = {b = {c = [null, true]}}})",
         "\"\\\"a\\\":\\n  \\\"b\\\":\\n    \\\"c\\\":\\n    - null\\n    - true\\n\""},
        {"yamlencode({\"a b\" = \"x: y\", \"1\" = 2, \"true\" = false})",
         "\"\\\"1\\\": 2\\n\\\"a b\\\": \\\"x: y\\\"\\n\\\"true\\\": false\\n\""},
        {"yamlencode({a = [{b = 1}]})", "\"\\\"a\\\":\\n- \\\"b\\\": 1\\n\""},
        {"yamlencode([{a = 1, b = 2}, \"x\"])",
         "\"- \\\"a\\\": 1\\n  \\\"b\\\": 2\\n- \\\"x\\\"\\n\""},
        {"yamlencode({a = \"\"})", "\"\\\"a\\\": \\\"\\\"\\n\""},
        {"yamlencode(\"true\")", "\"\\\"true\\\"\\n\""},
        {"yamlencode(\"a\\nb\")", "\"|-\\n  a\\n  b\\n\""},
        {"yamlencode({a = \"x\\ny\\n\", b = [\"p\\nq\"]})",
         "\"\\\"a\\\": |\\n  x\\n  y\\n\\\"b\\\":\\n- |-\\n  p\\n  q\\n\""},
        {"yamlencode({a = \"x\\ny\"})", "\"\\\"a\\\": |-\\n  x\\n  y\\n\""},
        {"yamlencode(\"a \")", "\"\\\"a \\\"\\n\""},
        {"yamlencode(\" a\\nb\")", "\"|2-\\n   a\\n  b\\n\""},
        {"yamlencode({a = \"\\n\"})", "\"\\\"a\\\": |2+\\n\\n...\\n\""},
        {"yamlencode({a = \"x\\n\\n\"})", "\"\\\"a\\\": |+\\n  x\\n\\n...\\n\""},
        {"yamlencode({a = \"x\\t\"})", "\"\\\"a\\\": \\\"x\\\\t\\\"\\n\""},
        {"yamlencode({a = \"\\u0001\"})", "\"\\\"a\\\": \\\"\\\\x01\\\"\\n\""},
        {"yamlencode(1e21)", "\"1000000000000000000000\\n...\\n\""},
        {"yamlencode(0.000001)", "\"0.000001\\n...\\n\""},
        {"yamlencode([\"\303\251\342\230\203\"])", "\"- \\\"\303\251\342\230\203\\\"\\n\""},
        {"yamlencode({\"a\\nb\" = 1})", "\"? |-\\n  a\\n  b\\n: 1\\n\""},
        {"yamlencode({a = \"x\\n\\ny\\n\"})", "\"\\\"a\\\": |\\n  x\\n\\n  y\\n\""},
        {"yamlencode({a = {b = \"x\\ny\"}})",
         "\"\\\"a\\\":\\n  \\\"b\\\": |-\\n    x\\n    y\\n\""},
        {"yamlencode([[\"x\\ny\"]])", "\"- - |-\\n    x\\n    y\\n\""},
        {"yamlencode(\"this is a rather long line of text that goes on and on well beyond eighty "
         "columns of text, to see folding\")",
         "\"\\\"this is a rather long line of text that goes on and on well beyond eighty "
         "columns\\n  of text, to see folding\\\"\\n\""},
        {"yamlencode({a = \"x \\ny\"})", "\"\\\"a\\\": \\\"x \\\\ny\\\"\\n\""},
        {"yamlencode({a = \" x\\ny\"})", "\"\\\"a\\\": |2-\\n   x\\n  y\\n\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_),
        cmocka_unit_test(writing_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
