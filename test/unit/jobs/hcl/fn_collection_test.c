/* Functions on lists and maps. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void lengths_(void **state)
{
    static const struct hcl_case cases[] = {
        {"length([])", "0"},
        {"length([\"a\", \"b\"])", "2"},
        {"length({a = 1})", "1"},
        {"length(tolist([\"a\"]))", "1"},
        {"length(toset([\"a\", \"a\"]))", "1"},
        {"length(\"\346\227\245\346\234\254\")", "2"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void first_that_is_something_(void **state)
{
    static const struct hcl_case cases[] = {
        {"coalesce(\"a\", \"b\")", "\"a\""},
        {"coalesce(\"\", \"b\")", "\"\""},
        {"coalesce(null, 2)", "2"},
        {"coalesce(null, null)", "! 1,5-25: Error in function call; Call to function \"coalesce\" "
                                 "failed: no non-null arguments."},
        {"coalesce()", "! 1,5-15: Error in function call; Call to function \"coalesce\" failed: no "
                       "non-null arguments."},
        {"coalesce(1, 2)", "1"},
        {"coalesce(null, \"a\", 2)", "\"a\""},
        {"coalesce(true, \"x\")", "\"true\""},
        {"coalescelist([\"a\"], [\"b\"])", "[\"a\"]"},
        {"coalescelist([], [\"b\"])", "[\"b\"]"},
        {"coalescelist([], [])", "! 1,5-25: Error in function call; Call to function "
                                 "\"coalescelist\" failed: no non-null arguments."},
        {"coalescelist()", "! 1,5-19: Error in function call; Call to function \"coalescelist\" "
                           "failed: no non-null arguments."},
        {"coalescelist(null, [\"b\"])", "[\"b\"]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void lists_cut_and_joined_(void **state)
{
    static const struct hcl_case cases[] = {
        {"chunklist([\"a\", \"b\", \"c\", \"d\", \"e\"], 2)",
         "[[\"a\",\"b\"],[\"c\",\"d\"],[\"e\"]]"},
        {"chunklist([\"a\"], 3)", "[[\"a\"]]"},
        {"chunklist([], 2)", "[]"},
        {"chunklist([\"a\", \"b\"], 0)", "[[\"a\",\"b\"]]"},
        {"chunklist([\"a\"], -1)", "! 1,22-24: Invalid function argument; Invalid value for "
                                   "\"size\" parameter: the size argument must be positive."},
        {"chunklist([1, 2, 3], 2)", "[[1,2],[3]]"},
        {"compact([\"a\", \"\", \"b\", \"c\"])", "[\"a\",\"b\",\"c\"]"},
        {"compact([])", "[]"},
        {"compact([\"\", null, \"x\"])", "[\"x\"]"},
        {"compact([1, 2])", "[\"1\",\"2\"]"},
        {"concat([\"a\"], [\"b\", \"c\"])", "[\"a\",\"b\",\"c\"]"},
        {"concat([], [])", "[]"},
        {"concat([1], [\"a\"])", "[1,\"a\"]"},
        {"concat()", "! 1,5-13: Error in function call; Call to function \"concat\" failed: at "
                     "least one argument is required."},
        {"concat(\"a\")", "! 1,12-15: Invalid function argument; Invalid value for \"seqs\" "
                          "parameter: list of any single type required."},
        {"concat(tolist([\"a\"]), tolist([\"b\"]))", "[\"a\",\"b\"]"},
        {"flatten([[\"a\", \"b\"], [], [\"c\"]])", "[\"a\",\"b\",\"c\"]"},
        {"flatten([[[\"a\"], []], [\"c\"]])", "[\"a\",\"c\"]"},
        {"flatten([])", "[]"},
        {"flatten([\"a\"])", "[\"a\"]"},
        {"flatten([[1, \"a\"], [true]])", "[1,\"a\",true]"},
        {"flatten([[{a = 1}]])", "[{\"a\":1}]"},
        {"flatten(\"a\")", "! 1,13-16: Invalid function argument; Invalid value for \"list\" "
                           "parameter: list of any single type required."},
        {"slice([\"a\", \"b\", \"c\", \"d\"], 1, 3)", "[\"b\",\"c\"]"},
        {"slice([\"a\"], 0, 0)", "[]"},
        {"slice([\"a\"], 0, 2)",
         "! 1,21-22: Invalid function argument; Invalid value for \"end_index\" parameter: end "
         "index must not be greater than the length of the list."},
        {"slice([\"a\", \"b\"], 1, 0)",
         "! 1,23-24: Invalid function argument; Invalid value for \"start_index\" parameter: start "
         "index must not be greater than end index."},
        {"slice([\"a\"], -1, 1)",
         "! 1,18-20: Invalid function argument; Invalid value for \"start_index\" parameter: start "
         "index must not be less than zero."},
        {"slice([\"a\", \"b\"], 0, 1.5)", "! 1,26-29: Invalid function argument; Invalid value for "
                                          "\"end_index\" parameter: value must be a whole number."},
        {"slice(toset([\"a\"]), 0, 1)",
         "! 1,11-23: Invalid function argument; Invalid value for \"list\" parameter: cannot slice "
         "a set, because its elements do not have indices."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void elements_(void **state)
{
    static const struct hcl_case cases[] = {
        {"contains([\"a\", \"b\"], \"a\")", "true"},
        {"contains([\"a\"], \"b\")", "false"},
        {"contains([], \"a\")", "false"},
        {"contains([1, 2], 2)", "true"},
        {"contains([1, 2], \"2\")", "false"},
        {"contains([\"1\"], 1)", "false"},
        {"contains([[1]], [1])", "true"},
        {"contains(toset([\"a\"]), \"a\")", "true"},
        {"contains([\"a\", null], null)", "! 1,27-31: Invalid function argument; Invalid value for "
                                          "\"value\" parameter: argument must not be null."},
        {"element([\"a\", \"b\", \"c\"], 1)", "\"b\""},
        {"element([\"a\", \"b\", \"c\"], 3)", "\"a\""},
        {"element([\"a\", \"b\", \"c\"], -1)",
         "! 1,30-32: Invalid function argument; Invalid value for \"index\" parameter: cannot use "
         "element function with a negative index."},
        {"element([], 0)", "! 1,5-19: Error in function call; Call to function \"element\" failed: "
                           "cannot use element function with an empty list."},
        {"element([\"a\", 1], 1)", "1"},
        {"element({a = 1}, 0)", "! 1,13-20: Invalid function argument; Invalid value for \"list\" "
                                "parameter: list of any single type required."},
        {"element([\"a\"], \"0\")", "\"a\""},
        {"index([\"a\", \"b\", \"c\"], 1)", "\"b\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void orders_(void **state)
{
    static const struct hcl_case cases[] = {
        {"distinct([\"a\", \"b\", \"a\", \"c\"])", "[\"a\",\"b\",\"c\"]"},
        {"distinct([])", "[]"},
        {"distinct([1, 1, 2])", "[1,2]"},
        {"distinct([1, \"1\"])", "[\"1\"]"},
        {"distinct([[1], [1]])", "[[1]]"},
        {"reverse([\"a\", \"b\", \"c\"])", "[\"c\",\"b\",\"a\"]"},
        {"reverse([])", "[]"},
        {"reverse([1, \"a\"])", "[\"a\",1]"},
        {"reverse(toset([\"a\", \"b\"]))", "[\"b\",\"a\"]"},
        {"sort([\"e\", \"d\", \"a\", \"x\"])", "[\"a\",\"d\",\"e\",\"x\"]"},
        {"sort([])", "[]"},
        {"sort([3, 20, 1])", "[\"1\",\"20\",\"3\"]"},
        {"sort([\"b\", \"B\", \"a\"])", "[\"B\",\"a\",\"b\"]"},
        {"sort([\"\303\251\", \"z\", \"e\"])", "[\"e\",\"z\",\"\303\251\"]"},
        {"sort([\"a\", null])", "! 1,10-21: Invalid function argument; Invalid value for \"list\" "
                                "parameter: element 1: string required."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void maps_(void **state)
{
    static const struct hcl_case cases[] = {
        {"keys({b = 2, a = 1})", "[\"a\",\"b\"]"},
        {"keys({})", "[]"},
        {"keys([\"a\"])", "! 1,10-15: Invalid function argument; Invalid value for \"inputMap\" "
                          "parameter: map of any single type required."},
        {"keys(tomap({x = \"y\"}))", "[\"x\"]"},
        {"values({b = 2, a = 1})", "[1,2]"},
        {"values({})", "[]"},
        {"values({a = 1, b = \"x\"})", "[1,\"x\"]"},
        {"values(tomap({x = \"y\"}))", "[\"y\"]"},
        {"lookup({a = \"ay\", b = \"bee\"}, \"a\", \"what?\")", "\"ay\""},
        {"lookup({a = \"ay\"}, \"c\", \"what?\")", "\"what?\""},
        {"lookup({a = \"ay\"}, \"c\")", "! 1,5-28: Error in function call; Call to function "
                                        "\"lookup\" failed: lookup failed to find \"c\"."},
        {"lookup({a = 1}, \"a\", 2)", "1"},
        {"lookup({a = 1}, \"b\", 2)", "2"},
        {"lookup({a = 1}, \"a\", 2, 3)",
         "! 1,5-31: Error in function call; Call to function \"lookup\" failed: takes two or three "
         "arguments, got more."},
        {"lookup({}, \"a\", \"x\")", "\"x\""},
        {"lookup(tomap({a = 1}), \"b\", 2)", "2"},
        {"merge({a = \"b\"}, {c = \"d\"})", "{\"a\":\"b\",\"c\":\"d\"}"},
        {"merge({a = \"b\"}, {a = \"z\", c = \"y\"})", "{\"a\":\"z\",\"c\":\"y\"}"},
        {"merge({a = 1}, null)", "{\"a\":1}"},
        {"merge()", "{}"},
        {"merge({})", "{}"},
        {"merge({a = 1}, {b = \"x\"})", "{\"a\":1,\"b\":\"x\"}"},
        {"merge([1])", "! 1,11-14: Invalid function argument; Invalid value for \"maps\" "
                       "parameter: map of any single type required."},
        {"zipmap([\"a\", \"b\"], [1, 2])", "{\"a\":1,\"b\":2}"},
        {"zipmap([], [])", "{}"},
        {"zipmap([\"a\"], [1, 2])",
         "! 1,5-26: Error in function call; Call to function \"zipmap\" failed: number of keys (1) "
         "does not match number of values (2)."},
        {"zipmap([\"a\", \"a\"], [1, 2])", "{\"a\":2}"},
        {"zipmap([\"a\", \"b\"], [1, \"x\"])", "{\"a\":1,\"b\":\"x\"}"},
        {"zipmap([1], [\"x\"])", "{\"1\":\"x\"}"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void conversions_(void **state)
{
    static const struct hcl_case cases[] = {
        {"tostring(1)", "\"1\""},
        {"tostring(true)", "\"true\""},
        {"tostring(\"x\")", "\"x\""},
        {"tostring(null)", "null"},
        {"tostring([])", "! 1,14-16: Invalid function argument; Invalid value for \"v\" parameter: "
                         "cannot convert tuple to string: string required."},
        {"tonumber(\"1\")", "1"},
        {"tonumber(\"1.50\")", "1.5"},
        {"tonumber(\"x\")", "! 1,14-17: Invalid function argument; Invalid value for \"v\" "
                            "parameter: cannot convert string to number: a number is required."},
        {"tonumber(true)", "! 1,14-18: Invalid function argument; Invalid value for \"v\" "
                           "parameter: cannot convert bool to number: a number is required."},
        {"tonumber(null)", "null"},
        {"tonumber(\"\")", "! 1,14-16: Invalid function argument; Invalid value for \"v\" "
                           "parameter: cannot convert string to number: a number is required."},
        {"tonumber(\"0x10\")", "! 1,14-20: Invalid function argument; Invalid value for \"v\" "
                               "parameter: cannot convert string to number: a number is required."},
        {"tonumber(\"1e3\")", "1000"},
        {"tonumber(\" 1\")", "! 1,14-18: Invalid function argument; Invalid value for \"v\" "
                             "parameter: cannot convert string to number: a number is required."},
        {"tobool(\"true\")", "true"},
        {"tobool(\"false\")", "false"},
        {"tobool(\"yes\")", "! 1,12-17: Invalid function argument; Invalid value for \"v\" "
                            "parameter: cannot convert string to bool: a bool is required."},
        {"tobool(1)", "! 1,12-13: Invalid function argument; Invalid value for \"v\" parameter: "
                      "cannot convert number to bool: a bool is required."},
        {"tobool(true)", "true"},
        {"tobool(\"True\")", "! 1,12-18: Invalid function argument; Invalid value for \"v\" "
                             "parameter: cannot convert string to bool: a bool is required."},
        {"tolist([\"a\", 1])", "[\"a\",\"1\"]"},
        {"tolist([])", "[]"},
        {"tolist(toset([\"b\", \"a\"]))", "[\"a\",\"b\"]"},
        {"tolist(\"a\")",
         "! 1,12-15: Invalid function argument; Invalid value for \"v\" parameter: cannot convert "
         "string to list(any): list of any single type required."},
        {"tolist([1, [2]])",
         "! 1,12-20: Invalid function argument; Invalid value for \"v\" parameter: cannot convert "
         "tuple to list(any): all elements must have the same type."},
        {"toset([\"b\", \"a\", \"b\"])", "[\"a\",\"b\"]"},
        {"toset([1, \"1\"])", "[\"1\"]"},
        {"toset([])", "[]"},
        {"tomap({a = 1, b = \"x\"})", "{\"a\":\"1\",\"b\":\"x\"}"},
        {"tomap({})", "{}"},
        {"tomap([1])", "! 1,11-14: Invalid function argument; Invalid value for \"v\" parameter: "
                       "cannot convert tuple to map(any): map of any single type required."},
        {"tomap({a = 1, b = [2]})",
         "! 1,11-27: Invalid function argument; Invalid value for \"v\" parameter: cannot convert "
         "object to map(any): all map elements must have the same type."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void truths_(void **state)
{
    static const struct hcl_case cases[] = {
        {"alltrue([true, \"true\"])", "true"},
        {"alltrue([])", "true"},
        {"alltrue([true, false])", "false"},
        {"alltrue([\"x\"])", "! 1,13-18: Invalid function argument; Invalid value for \"list\" "
                             "parameter: element 0: a bool is required."},
        {"anytrue([])", "false"},
        {"anytrue([false, true])", "true"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_),
        cmocka_unit_test(first_that_is_something_),
        cmocka_unit_test(lists_cut_and_joined_),
        cmocka_unit_test(elements_),
        cmocka_unit_test(orders_),
        cmocka_unit_test(maps_),
        cmocka_unit_test(conversions_),
        cmocka_unit_test(truths_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
