/* Functions on sets. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void algebra_(void **state)
{
    static const struct hcl_case cases[] = {
        {"setunion([\"a\", \"b\"], [\"b\", \"c\"], [\"d\"])", "[\"a\",\"b\",\"c\",\"d\"]"},
        {"setunion([\"a\"])", "[\"a\"]"},
        {"setunion()", "! 1,5-15: Error in function call; Call to function \"setunion\" failed: at "
                       "least one set is required."},
        {"setunion([], [])", "[]"},
        {"setunion([1], [\"a\"])", "[\"1\",\"a\"]"},
        {"setunion([\"b\", \"a\"], [])", "[\"a\",\"b\"]"},
        {"setunion(\"a\")", "! 1,14-17: Invalid function argument; Invalid value for \"sets\" "
                            "parameter: list of any single type required."},
        {"setintersection([\"a\", \"b\"], [\"b\", \"c\"], [\"b\", \"d\"])", "[\"b\"]"},
        {"setintersection([\"a\"], [\"b\"])", "[]"},
        {"setintersection([\"b\", \"a\", \"b\"])", "[\"a\",\"b\"]"},
        {"setintersection([1, 2], [\"2\"])", "[\"2\"]"},
        {"setsubtract([\"a\", \"b\", \"c\"], [\"a\", \"c\"])", "[\"b\"]"},
        {"setsubtract([], [\"a\"])", "[]"},
        {"setsubtract([\"a\"], [])", "[\"a\"]"},
        {"setsubtract([1, 2], [2])", "[1]"},
        {"setsymmetricdifference([\"a\", \"b\"], [\"b\", \"c\"])", "[\"a\",\"c\"]"},
        {"setsymmetricdifference([\"a\"], [\"a\"])", "[]"},
        {"setsymmetricdifference([\"a\", \"b\"], [\"b\", \"c\"], [\"c\", \"d\"])", "[\"a\",\"d\"]"},
        {"setsymmetricdifference([\"a\"], [\"a\"], [\"a\"])", "[\"a\"]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void membership_(void **state)
{
    static const struct hcl_case cases[] = {
        {"sethaselement([\"a\", \"b\"], \"a\")", "true"},
        {"sethaselement([\"a\"], \"b\")", "false"},
        {"sethaselement([], \"b\")", "false"},
        {"sethaselement([1], \"1\")", "false"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void products_(void **state)
{
    static const struct hcl_case cases[] = {
        {"setproduct([\"development\", \"staging\"], [\"app1\", \"app2\"])",
         "[[\"development\",\"app1\"],[\"development\",\"app2\"],[\"staging\",\"app1\"],["
         "\"staging\",\"app2\"]]"},
        {"setproduct([\"a\"], [\"b\"], [\"c\", \"d\"])",
         "[[\"a\",\"b\",\"c\"],[\"a\",\"b\",\"d\"]]"},
        {"setproduct([], [\"a\"])", "[]"},
        {"setproduct([\"a\"])", "! 1,5-22: Error in function call; Call to function \"setproduct\" "
                                "failed: at least two arguments are required."},
        {"setproduct()", "! 1,5-17: Error in function call; Call to function \"setproduct\" "
                         "failed: at least two arguments are required."},
        {"setproduct([\"a\", 1], [true])", "[[\"a\",true],[\"1\",true]]"},
        {"setproduct(toset([\"b\", \"a\"]), toset([\"x\"]))", "[[\"a\",\"x\"],[\"b\",\"x\"]]"},
        {"setproduct([\"a\"], \"b\")", "! 1,23-26: Invalid function argument; Invalid value for "
                                       "\"sets\" parameter: list of any single type required."},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algebra_),
        cmocka_unit_test(membership_),
        cmocka_unit_test(products_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
