/* format and formatlist. Values are as the peer's own library gives them. */
#include "test/unit/support/hcl_cases.h"

static void one_text_(void **state)
{
    static const struct hcl_case cases[] = {
        {"format(\"Hello, %s!\", \"Ander\")", "\"Hello, Ander!\""},
        {"format(\"There are %d lights\", 4)", "\"There are 4 lights\""},
        {"format(\"%s\", \"a\")", "\"a\""},
        {"format(\"%s\", 1)", "\"1\""},
        {"format(\"%s\", 1.5)", "\"1.5\""},
        {"format(\"%s\", true)", "\"true\""},
        {"format(\"%s\", null)",
         "! 1,18-22: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%s\" at 0: null value cannot be formatted."},
        {"format(\"%s\", [1, 2])",
         "! 1,18-24: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%s\" at 0: string required."},
        {"format(\"%s\", {a = 1})",
         "! 1,18-25: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%s\" at 0: string required."},
        {"format(\"%q\", \"a\\\"b\")", "\"\\\"a\\\\\\\"b\\\"\""},
        {"format(\"%q\", \"\303\251\\n\")", "\"\\\"\303\251\\\\n\\\"\""},
        {"format(\"%v\", \"a\")", "\"a\""},
        {"format(\"%v\", 1)", "\"1\""},
        {"format(\"%v\", 1.25)", "\"1.25\""},
        {"format(\"%v\", true)", "\"true\""},
        {"format(\"%v\", null)", "\"null\""},
        {"format(\"%v\", [1, \"a\", true])", "\"[1,\\\"a\\\",true]\""},
        {"format(\"%v\", {a = 1, b = [2]})", "\"{\\\"a\\\":1,\\\"b\\\":[2]}\""},
        {"format(\"%#v\", \"a\")", "\"\\\"a\\\"\""},
        {"format(\"%#v\", 1)", "\"1\""},
        {"format(\"%#v\", true)", "\"true\""},
        {"format(\"%#v\", [1, \"x\"])", "\"[1,\\\"x\\\"]\""},
        {"format(\"%#v\", null)", "\"null\""},
        {"format(\"%d\", 1.5)",
         "! 1,18-21: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%d\" at 0: an integer is required."},
        {"format(\"%d\", \"12\")", "\"12\""},
        {"format(\"%d\", \"x\")",
         "! 1,18-21: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%d\" at 0: a number is required."},
        {"format(\"%d\", -4)", "\"-4\""},
        {"format(\"%+d\", 4)", "\"+4\""},
        {"format(\"% d\", 4)", "\" 4\""},
        {"format(\"%5d|\", 42)", "\"   42|\""},
        {"format(\"%-5d|\", 42)", "\"42   |\""},
        {"format(\"%05d|\", 42)", "\"00042|\""},
        {"format(\"%05d|\", -42)", "\"-0042|\""},
        {"format(\"%x\", 255)", "\"ff\""},
        {"format(\"%X\", 255)", "\"FF\""},
        {"format(\"%#x\", 255)", "\"0xff\""},
        {"format(\"%o\", 8)", "\"10\""},
        {"format(\"%b\", 5)", "\"101\""},
        {"format(\"%c\", 65)", "! 1,5-21: Error in function call; Call to function \"format\" "
                               "failed: unrecognized format character \"c\" at offset 0."},
        {"format(\"%t\", true)", "\"true\""},
        {"format(\"%t\", \"true\")", "\"true\""},
        {"format(\"%t\", 1)", "! 1,18-19: Invalid function argument; Invalid value for \"args\" "
                              "parameter: unsupported value for \"%t\" at 0: a bool is required."},
        {"format(\"%f\", 1.5)", "\"1.500000\""},
        {"format(\"%.2f\", 1.255)", "\"1.25\""},
        {"format(\"%8.3f|\", 3.14159)", "\"   3.142|\""},
        {"format(\"%-8.3f|\", 3.14159)", "\"3.142   |\""},
        {"format(\"%08.3f|\", -3.14159)", "\"-003.142|\""},
        {"format(\"%e\", 1500)", "\"1.500000e+03\""},
        {"format(\"%E\", 1500)", "\"1.500000E+03\""},
        {"format(\"%g\", 1500)", "\"1500\""},
        {"format(\"%g\", 1e21)", "\"1e+21\""},
        {"format(\"%G\", 1e21)", "\"1E+21\""},
        {"format(\"%.3g\", 1234.5678)", "\"1.23e+03\""},
        {"format(\"%f\", \"1.5\")", "\"1.500000\""},
        {"format(\"%5s|\", \"a\")", "\"    a|\""},
        {"format(\"%-5s|\", \"a\")", "\"a    |\""},
        {"format(\"%05s|\", \"a\")", "\"0000a|\""},
        {"format(\"%.2s|\", \"abcdef\")", "\"ab|\""},
        {"format(\"%5.1s|\", \"abc\")", "\"    a|\""},
        {"format(\"%5s|\", \"\303\251\")", "\"    \303\251|\""},
        {"format(\"%.1s|\", \"e\\u0301x\")", "\"\303\251|\""},
        {"format(\"%6q|\", \"a\")", "\"   \\\"a\\\"|\""},
        {"format(\"%%\")", "\"%\""},
        {"format(\"100%%\")", "\"100%\""},
        {"format(\"%\")", "! 1,5-16: Error in function call; Call to function \"format\" failed: "
                          "unrecognized format character: the string ends behind \"%\"."},
        {"format(\"%z\", 1)", "! 1,5-20: Error in function call; Call to function \"format\" "
                              "failed: unrecognized format character \"z\" at offset 0."},
        {"format(\"%s\")", "! 1,5-17: Error in function call; Call to function \"format\" failed: "
                           "not enough arguments for \"%s\" at 0: need index 1 but have 0 total."},
        {"format(\"%s %s\", \"a\")",
         "! 1,5-25: Error in function call; Call to function \"format\" failed: not enough "
         "arguments for \"%s\" at 3: need index 2 but have 1 total."},
        {"format(\"%s\", \"a\", \"b\")",
         "! 1,5-27: Error in function call; Call to function \"format\" failed: too many "
         "arguments; only 1 used by format string."},
        {"format(\"a\", \"b\")", "! 1,5-21: Error in function call; Call to function \"format\" "
                                 "failed: too many arguments; only 0 used by format string."},
        {"format(\"%[2]s %[1]s\", \"a\", \"b\")", "\"b a\""},
        {"format(\"%[1]s %[1]s\", \"a\")", "\"a a\""},
        {"format(\"%[3]s\", \"a\")",
         "! 1,5-25: Error in function call; Call to function \"format\" failed: not enough "
         "arguments for \"%[3]s\" at 0: need index 3 but have 1 total."},
        {"format(\"%[0]s\", \"a\")", "! 1,5-25: Error in function call; Call to function "
                                     "\"format\" failed: an argument index like %[1] is expected."},
        {"format(\"%[1]s %s\", \"a\", \"b\")", "\"a b\""},
        {"format(\"%[2]*[1]d|\", 42, 6)",
         "! 1,5-32: Error in function call; Call to function \"format\" failed: unrecognized "
         "format character \"*\" at offset 0."},
        {"format(\"%*d|\", 5, 42)", "! 1,5-26: Error in function call; Call to function \"format\" "
                                    "failed: unrecognized format character \"*\" at offset 0."},
        {"format(\"%s %d\", \"a\", 1)", "\"a 1\""},
        {"format(\"\")", "\"\""},
        {"format(\"plain\")", "\"plain\""},
        {"format(\"%s\", \"\")", "\"\""},
        {"format(\"%v\", \"\")", "\"\""},
        {"format(\"%#q\", \"a`b\")", "\"\\\"a`b\\\"\""},
        {"format(\"%s-%03d\", \"web\", 7)", "\"web-007\""},
        {"format(\"%v\", [])", "\"[]\""},
        {"format(\"%v\", {})", "\"{}\""},
        {"format(\"%10v|\", true)", "\"      true|\""},
        {"format(\"%-10v|\", 12)", "\"12        |\""},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

static void lists_(void **state)
{
    static const struct hcl_case cases[] = {
        {"formatlist(\"Hello, %s!\", [\"A\", \"B\"])", "[\"Hello, A!\",\"Hello, B!\"]"},
        {"formatlist(\"%s=%d\", [\"a\", \"b\"], [1, 2])", "[\"a=1\",\"b=2\"]"},
        {"formatlist(\"%s-%s\", \"x\", [\"a\", \"b\"])", "[\"x-a\",\"x-b\"]"},
        {"formatlist(\"%s\", [])", "[]"},
        {"formatlist(\"%s\")",
         "! 1,5-21: Error in function call; Call to function \"formatlist\" failed: not enough "
         "arguments for \"%s\" at 0: need index 1 but have 0 total."},
        {"formatlist(\"x\")", "[\"x\"]"},
        {"formatlist(\"%s-%s\", [\"a\"], [\"b\", \"c\"])",
         "! 1,32-42: Invalid function argument; Invalid value for \"args\" parameter: argument 2 "
         "has length 2, which is inconsistent with the length 1 of the lists before."},
        {"formatlist(\"%s\", \"a\")", "[\"a\"]"},
        {"formatlist(\"%d\", [\"x\"])",
         "! 1,22-27: Invalid function argument; Invalid value for \"args\" parameter: unsupported "
         "value for \"%d\" at 0: a number is required."},
        {"formatlist(\"%s %s\", [\"a\", \"b\"], \"z\")", "[\"a z\",\"b z\"]"},
        {"formatlist(\"%s\", [1, true])", "[\"1\",\"true\"]"},
    };
    hcl_cases_check(cases, sizeof cases / sizeof cases[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_),
        cmocka_unit_test(lists_),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
