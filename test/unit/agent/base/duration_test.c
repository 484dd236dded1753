/* Durations as Go writes them. */
#include "agent/base/duration.h"
#include "agent/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void durations_as_go_reads_and_writes_them(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
        const char *back; /* NULL: the same text */
    } cases[] = {
        {"0", 0, "0s"},
        {"5s", 5000000000, NULL},
        {"30s", 30000000000, NULL},
        {"1478s", 1478000000000, "24m38s"},
        {"-5s", -5000000000, NULL},
        {"+5s", 5000000000, "5s"},
        {"5.0s", 5000000000, "5s"},
        {"5.6s", 5600000000, NULL},
        {".5s", 500000000, "500ms"},
        {"1.004s", 1004000000, NULL},
        {"100ms", 100000000, NULL},
        {"1h30m", 5400000000000, "1h30m0s"},
        {"10ns", 10, NULL},
        {"11us", 11000, "11\xc2\xb5s"},
        {"12\xc2\xb5s", 12000, NULL},
        {"39h9m14.425s", 140954425000000, NULL},
        {"9007199254.740993s", 9007199254740993000, "2501999h47m34.740993s"},
        {"9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s"},
        {"-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns;
        char text[DURATION_MAX];
        assert_int_equal(0, duration_parse(cases[i].text, &ns));
        assert_int_equal(cases[i].ns, ns);
        duration_format(ns, text);
        assert_string_equal(cases[i].back ? cases[i].back : cases[i].text, text);
    }
    static const char *const bad[] = {"",         "3",     "-",   "s",
                                      ".",        "-.",    ".s",  "+.s",
                                      "1d",       "5 s",   "1h ", "9223372036854775808ns",
                                      "3000000h", "banana"};
    int64_t ns;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ERR_INVALID, duration_parse(bad[i], &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_as_go_reads_and_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
