/* Values made of another type. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void conversions_(void **state)
{
    static const struct hcl_case cases[] = {
        {"convert(\"5\", number)", "5"},
        {"convert(5, string)", "\"5\""},
        {"convert(true, string)", "\"true\""},
        {"convert(\"true\", bool)", "true"},
        {"convert(\"yes\", bool)",
         "! 1,13-18: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert string to bool: a bool is required."},
        {"convert(\"x\", number)",
         "! 1,13-16: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert string to number: a number is required."},
        {"convert([1, \"a\"], list(string))", "[\"1\",\"a\"]"},
        {"convert([\"1\", 2], list(number))", "[1,2]"},
        {"convert([1, \"x\"], list(number))",
         "! 1,13-21: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to list(number): element 1: a number is required."},
        {"convert([], list(string))", "[]"},
        {"convert([\"b\", \"a\", \"b\"], set(string))", "[\"a\",\"b\"]"},
        {"convert([1, 2], set(string))", "[\"1\",\"2\"]"},
        {"convert({a = 1, b = \"x\"}, map(string))", "{\"a\":\"1\",\"b\":\"x\"}"},
        {"convert({a = 1, b = [2]}, map(string))",
         "! 1,13-29: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert object to map(string): element \"b\": string required."},
        {"convert({a = [1], b = [\"x\"]}, map(list(string)))", "{\"a\":[\"1\"],\"b\":[\"x\"]}"},
        {"convert({a = 1}, object({a = string}))", "{\"a\":\"1\"}"},
        {"convert({a = 1, b = 2}, object({a = string}))", "{\"a\":\"1\"}"},
        {"convert({}, object({a = string}))",
         "! 1,13-15: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert object to object({a = string}): attribute \"a\" is required."},
        {"convert({a = \"x\"}, object({a = number}))",
         "! 1,13-22: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert object to object({a = number}): attribute \"a\": a number is required."},
        {"convert([1, \"x\"], tuple([string, string]))", "[\"1\",\"x\"]"},
        {"convert([1], tuple([string, string]))",
         "! 1,13-16: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to tuple([string, string]): tuple of 2 elements required."},
        {"convert([1, 2, 3], tuple([string, string]))",
         "! 1,13-22: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to tuple([string, string]): tuple of 2 elements required."},
        {"convert(\"a\", list(string))",
         "! 1,13-16: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert string to list(string): list of string required."},
        {"convert([1], map(number))",
         "! 1,13-16: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to map(number): map of number required."},
        {"convert({a = 1}, list(number))",
         "! 1,13-20: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert object to list(number): list of number required."},
        {"convert(null, string)", "null"},
        {"convert([null], list(string))", "[null]"},
        {"convert({a = null}, map(string))", "{\"a\":null}"},
        {"convert([1, \"a\", true], list(any))", "[\"1\",\"a\",\"true\"]"},
        {"convert({a = 1, b = \"x\"}, map(any))", "{\"a\":\"1\",\"b\":\"x\"}"},
        {"convert([[1], [\"a\"]], list(list(string)))", "[[\"1\"],[\"a\"]]"},
        {"convert([[1], [\"a\"]], list(any))", "[[\"1\"],[\"a\"]]"},
        {"convert(1, any)", "1"},
        {"convert([{a = 1}, {a = \"x\"}], list(object({a = string})))",
         "[{\"a\":\"1\"},{\"a\":\"x\"}]"},
        {"convert([{a = 1}, {a = \"x\"}], list(any))", "[{\"a\":\"1\"},{\"a\":\"x\"}]"},
        {"convert({a = {b = 1}}, object({a = object({b = string})}))", "{\"a\":{\"b\":\"1\"}}"},
        {"convert(toset([\"a\"]), list(string))", "[\"a\"]"},
        {"convert([\"a\"], set(any))", "[\"a\"]"},
        {"convert([true, false], list(number))",
         "! 1,13-26: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to list(number): element 0: a number is required."},
        {"convert(1, bool)", "! 1,13-14: Invalid function argument; Invalid value for \"value\" "
                             "parameter: cannot convert number to bool: a bool is required."},
        {"convert(\"1\", bool)", "true"},
        {"convert(\"\", number)",
         "! 1,13-15: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert string to number: a number is required."},
        {"convert({a = 1}, map)", "! 1,22-25: Invalid type specification; The map type constructor "
                                  "requires one argument specifying the element type."},
        {"convert(1, numbr)",
         "! 1,16-21: Invalid type specification; A type specification is either a primitive type "
         "keyword (bool, number, string) or a complex type constructor call, like list(string)."},
        {"convert(1, list)", "! 1,16-20: Invalid type specification; The list type constructor "
                             "requires one argument specifying the element type."},
        {"convert(1, list(string, number))",
         "! 1,16-36: Invalid type specification; The list type constructor requires one argument."},
        {"convert(1, object(string))",
         "! 1,23-29: Invalid type specification; The object type constructor requires one argument "
         "specifying the attribute types and values as a map."},
        {"convert(1, object({a}))", "! 1,25-26: Missing attribute value; Expected an attribute "
                                    "value, introduced by an equals sign (\"=\")."},
        {"convert(1, tuple(string))", "! 1,22-28: Invalid type specification; Tuple type "
                                      "constructor requires a list of element types."},
        {"convert(1, tuple([string, nope]))",
         "! 1,31-35: Invalid type specification; A type specification is either a primitive type "
         "keyword (bool, number, string) or a complex type constructor call, like list(string)."},
        {"convert(1, set())",
         "! 1,16-21: Invalid type specification; The set type constructor requires one argument."},
        {"convert(1, string())", "! 1,16-24: Invalid type specification; Keyword \"string\" is not "
                                 "a valid type constructor."},
        {"convert(1, list(\"string\"))",
         "! 1,13-14: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert number to list(string): list of string required."},
        {"convert(1)",
         "! 1,5-15: Not enough function arguments; Function \"convert\" expects 2 argument(s)."},
        {"convert(1, string, number)",
         "! 1,5-31: Too many function arguments; Function \"convert\" expects 2 argument(s)."},
        {"convert([], tuple([]))", "[]"},
        {"convert({}, object({}))", "{}"},
        {"convert({a = 1}, object({}))", "{}"},
        {"convert([1.5, 2], list(string))", "[\"1.5\",\"2\"]"},
        {"convert({b = 1, a = 2}, map(number))", "{\"a\":2,\"b\":1}"},
        {"convert([], set(number))", "[]"},
        {"convert([], map(string))",
         "! 1,13-15: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert tuple to map(string): map of string required."},
        {"convert({}, list(string))",
         "! 1,13-15: Invalid function argument; Invalid value for \"value\" parameter: cannot "
         "convert object to list(string): list of string required."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void united_types_(void **state)
{
    static const struct hcl_case cases[] = {
        {"true ? 1 : \"a\"", "\"1\""},
        {"true ? [1] : [\"a\"]", "[\"1\"]"},
        {"true ? {a = 1} : {b = 2}", "{\"a\":1}"},
        {"false ? [] : [\"a\"]", "[\"a\"]"},
        {"true ? null : \"a\"", "null"},
        {"[for x in toset([3, 1, 2]) : x]", "[1,2,3]"},
        {"[for x in toset([\"10\", \"9\"]) : x]", "[\"10\",\"9\"]"},
        {"[for x in toset([true, false]) : x]", "[false,true]"},
        {"toset([1, \"a\"])", "[\"1\",\"a\"]"},
        {"toset([[2], [1]])", "[[1],[2]]"},
        {"tolist([1, true])",
         "! 1,12-21: Invalid function argument; Invalid value for \"v\" parameter: cannot convert "
         "tuple to list(any): all elements must have the same type."},
        {"tolist([{a = 1}, {a = 2}])", "[{\"a\":1},{\"a\":2}]"},
        {"tolist([{a = 1}, {b = 2}])", "[{\"a\":1},{\"b\":2}]"},
        {"tomap({a = {b = 1}, c = {b = \"x\"}})", "{\"a\":{\"b\":\"1\"},\"c\":{\"b\":\"x\"}}"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_),
        cmocka_unit_test(united_types_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
