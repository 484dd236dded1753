/* Functions on numbers. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void rounding_and_signs_(void **state)
{
    static const struct hcl_case cases[] = {
        {"abs(-1)", "1"},
        {"abs(0)", "0"},
        {"abs(2.5)", "2.5"},
        {"abs(-2.5)", "2.5"},
        {"abs(\"-3\")", "3"},
        {"abs(\"x\")", "! 1,9-12: Invalid function argument; Invalid value for \"num\" parameter: "
                       "a number is required."},
        {"abs(null)", "! 1,9-13: Invalid function argument; Invalid value for \"num\" parameter: "
                      "argument must not be null."},
        {"abs()", "! 1,5-10: Not enough function arguments; Function \"abs\" expects 1 "
                  "argument(s). Missing value for \"num\"."},
        {"ceil(1.2)", "2"},
        {"ceil(-1.2)", "-1"},
        {"ceil(5)", "5"},
        {"ceil(1e30)", "1000000000000000000000000000000"},
        {"floor(1.8)", "1"},
        {"floor(-1.2)", "-2"},
        {"floor(7)", "7"},
        {"signum(-17.3)", "-1"},
        {"signum(0)", "0"},
        {"signum(12)", "1"},
        {"signum(\"5\")", "1"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void powers_and_logs_(void **state)
{
    static const struct hcl_case cases[] = {
        {"log(50, 10)", "1.6989700043360185244"},
        {"log(16, 2)", "4"},
        {"log(8, 2)", "3"},
        {"log(1, 10)", "0"},
        {"log(100, 10)", "2"},
        {"log(0, 10)", "! 1,5-15: Error in function call; Call to function \"log\" failed: the "
                       "result is too large a number."},
        {"log(10, 0)", "0"},
        {"log(-1, 10)", "! 1,5-16: Error in function call; Call to function \"log\" failed: the "
                        "result is too large a number."},
        {"pow(3, 2)", "9"},
        {"pow(4, 0)", "1"},
        {"pow(2, -1)", "0.5"},
        {"pow(2, 0.5)", "1.4142135623730950488"},
        {"pow(-8, 3)", "-512"},
        {"pow(0, 0)", "1"},
        {"pow(10, 20)", "100000000000000000000"},
        {"pow(10, 5000)", "! 1,5-18: Error in function call; Call to function \"pow\" failed: the "
                          "result is too large a number."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void largest_and_smallest_(void **state)
{
    static const struct hcl_case cases[] = {
        {"max(5, 12, 9)", "12"},
        {"max(-1)", "-1"},
        {"max()", "! 1,5-10: Error in function call; Call to function \"max\" failed: must pass at "
                  "least one number."},
        {"max([5, 12]...)", "12"},
        {"max(\"5\", 3)", "5"},
        {"max(1.5, 1.25)", "1.5"},
        {"max(1, \"x\")", "! 1,12-15: Invalid function argument; Invalid value for \"numbers\" "
                          "parameter: a number is required."},
        {"min(12, 54, 3)", "3"},
        {"min(-1, -2)", "-2"},
        {"min()", "! 1,5-10: Error in function call; Call to function \"min\" failed: must pass at "
                  "least one number."},
        {"min([1, 2, 3]...)", "1"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void numbers_in_any_base_(void **state)
{
    static const struct hcl_case cases[] = {
        {"parseint(\"100\", 10)", "100"},
        {"parseint(\"-100\", 10)", "-100"},
        {"parseint(\"+7\", 10)", "7"},
        {"parseint(\"FF\", 16)", "255"},
        {"parseint(\"ff\", 16)", "255"},
        {"parseint(\"-10\", 16)", "-16"},
        {"parseint(\"1011111011101111\", 2)", "48879"},
        {"parseint(\"aA\", 62)", "656"},
        {"parseint(\"12\", 2)", "! 1,14-18: Invalid function argument; Invalid value for "
                                "\"number\" parameter: cannot parse \"12\" as a base 2 integer."},
        {"parseint(\"\", 10)", "! 1,14-16: Invalid function argument; Invalid value for \"number\" "
                               "parameter: cannot parse \"\" as a base 10 integer."},
        {"parseint(\"-\", 10)", "! 1,14-17: Invalid function argument; Invalid value for "
                                "\"number\" parameter: cannot parse \"-\" as a base 10 integer."},
        {"parseint(\" 1\", 10)", "! 1,14-18: Invalid function argument; Invalid value for "
                                 "\"number\" parameter: cannot parse \" 1\" as a base 10 integer."},
        {"parseint(\"0x1F\", 16)",
         "! 1,14-20: Invalid function argument; Invalid value for \"number\" parameter: cannot "
         "parse \"0x1F\" as a base 16 integer."},
        {"parseint(\"7\", 1)",
         "! 1,19-20: Invalid function argument; Invalid value for \"base\" parameter: base must be "
         "a whole number between 2 and 62 inclusive."},
        {"parseint(\"7\", 63)",
         "! 1,19-21: Invalid function argument; Invalid value for \"base\" parameter: base must be "
         "a whole number between 2 and 62 inclusive."},
        {"parseint(\"7\", 10.5)", "! 1,19-23: Invalid function argument; Invalid value for "
                                  "\"base\" parameter: value must be a whole number."},
        {"parseint(12, 8)", "10"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void sequences_(void **state)
{
    static const struct hcl_case cases[] = {
        {"range(3)", "[0,1,2]"},
        {"range(0)", "[]"},
        {"range(-3)", "[0,-1,-2]"},
        {"range(1, 4)", "[1,2,3]"},
        {"range(1, 8, 2)", "[1,3,5,7]"},
        {"range(1, 4, 0.5)", "[1,1.5,2,2.5,3,3.5]"},
        {"range(4, 1)", "[4,3,2]"},
        {"range(10, 5, -2)", "[10,8,6]"},
        {"range(1, 4, 0)", "! 1,17-18: Invalid function argument; Invalid value for \"params\" "
                           "parameter: step must not be zero."},
        {"range(1, 4, -1)", "! 1,14-15: Invalid function argument; Invalid value for \"params\" "
                            "parameter: end must be less than start when step is negative."},
        {"range(4, 1, 1)", "! 1,14-15: Invalid function argument; Invalid value for \"params\" "
                           "parameter: end must be greater than start when step is positive."},
        {"range(1, 2, 3, 4)", "! 1,5-22: Error in function call; Call to function \"range\" "
                              "failed: must have one, two, or three arguments."},
        {"range()", "! 1,5-12: Error in function call; Call to function \"range\" failed: must "
                    "have one, two, or three arguments."},
        {"range(1025)", "! 1,5-16: Error in function call; Call to function \"range\" failed: more "
                        "than 1024 values were generated; either decrease the difference between "
                        "start and end or use a smaller step."},
        {"range(0, 0)", "[]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void sums_(void **state)
{
    static const struct hcl_case cases[] = {
        {"sum([1, 2.5, \"3\"])", "6.5"},
        {"sum([])", "! 1,5-12: Error in function call; Call to function \"sum\" failed: cannot sum "
                    "an empty list."},
        {"sum([1, \"x\"])", "! 1,9-17: Invalid function argument; Invalid value for \"list\" "
                            "parameter: element 1: a number is required."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_and_signs_),
        cmocka_unit_test(powers_and_logs_),
        cmocka_unit_test(largest_and_smallest_),
        cmocka_unit_test(numbers_in_any_base_),
        cmocka_unit_test(sequences_),
        cmocka_unit_test(sums_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
