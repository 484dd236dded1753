/* Wall time as RFC 3339 text, and back. */
#include "agent/base/clock.h"
#include "agent/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void times_are_rfc3339(void **state)
{
    static const struct {
        wall_ns t;
        const char *text;
    } cases[] = {
        {0, "0001-01-01T00:00:00Z"},
        {INT64_C(1795457722832067600), "2026-11-23T18:15:22.8320676Z"},
        {INT64_C(1795457722000000000), "2026-11-23T18:15:22Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_RFC3339_MAX];
        wall_ns t;
        clock_format_rfc3339(cases[i].t, text);
        assert_string_equal(cases[i].text, text);
        assert_int_equal(0, clock_parse_rfc3339(text, &t));
        assert_int_equal(cases[i].t, t);
    }
    wall_ns t;
    assert_int_equal(0, clock_parse_rfc3339("2026-11-23T20:15:22+02:00", &t));
    assert_int_equal(INT64_C(1795457722000000000), t);
    assert_int_equal(ERR_INVALID, clock_parse_rfc3339("2026-11-23 18:15:22Z", &t));
    assert_int_equal(ERR_INVALID, clock_parse_rfc3339("2026-11-23T18:15:22", &t));
}

static void what_the_calendar_does_not_know_is_refused(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"2024-02-29T00:00:00Z", true},        {"2023-02-29T00:00:00Z", false},
        {"2000-02-29T00:00:00Z", true},        {"1900-02-29T00:00:00Z", false},
        {"2026-04-31T00:00:00Z", false},       {"2026-13-01T00:00:00Z", false},
        {"2026-00-01T00:00:00Z", false},       {"2026-01-00T00:00:00Z", false},
        {"2026-01-01T24:00:00Z", false},       {"2026-01-01T23:60:00Z", false},
        {"2026-01-01T23:59:60Z", false},       {"2026-1-01T23:59:59Z", false},
        {"2026-01-01T23:59:59", false},        {"2026-01-01T23:59:59.Z", false},
        {"2026-01-01T23:59:59.5-01:30", true}, {"2026-01-01T23:59:59+1:30", false},
        {"2026-01-01T23:59:59Zx", false},      {"1677-12-31T00:00:00Z", false},
        {"2262-01-01T00:00:00Z", false},       {"", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wall_ns t;
        if (clock_parse_rfc3339(cases[i].text, &t) != (cases[i].ok ? 0 : ERR_INVALID))
            fail_msg("%s", cases[i].text);
    }
}

static void clocks_go_on(void **state)
{
    mono_ms a = clock_mono_ms();
    wall_ns w = clock_wall_ns();
    assert_true(clock_mono_ms() >= a);
    assert_true(w > INT64_C(1700000000) * NS_PER_SEC); /* later than 2023 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_rfc3339),
        cmocka_unit_test(what_the_calendar_does_not_know_is_refused),
        cmocka_unit_test(clocks_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
