/* Time zones: the offsets libc finds in the same database, over two centuries. */
#include "jobs/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t libc_offset(time_t t)
{
    struct tm tm;
    localtime_r(&t, &tm);
    return tm.tm_gmtoff;
}

static void offsets_are_libcs(void **state)
{
    static const char *const names[] = {
        "America/New_York",  "Europe/Berlin", "Asia/Kolkata",   "Australia/Sydney",
        "America/Sao_Paulo", "Asia/Tokyo",    "Europe/Dublin",  "Pacific/Chatham",
        "Africa/Casablanca", "Asia/Tehran",   "America/Havana", "Etc/GMT+5"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        const struct zone *z;
        assert_int_equal(0, zone_load(names[i], &a, &z, &e));
        setenv("TZ", names[i], 1);
        tzset();
        /* every 11 hours and some, from 1900 to 2100: near every change, and past the table */
        for (int64_t t = -2208988800; t < 4102444800; t += 39709)
            if (zone_offset(z, t) != libc_offset((time_t)t))
                fail_msg("%s at %lld: %lld instead of %lld", names[i], (long long)t,
                         (long long)zone_offset(z, t), (long long)libc_offset((time_t)t));
        arena_fini(&a);
    }
    unsetenv("TZ");
    tzset();
}

static void a_change_is_met_to_the_second(void **state)
{
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    const struct zone *z;
    assert_int_equal(0, zone_load("America/New_York", &a, &z, &e));
    assert_int_equal(-18000, zone_offset(z, 1710054000 - 1)); /* 2024-03-10 02:00 EST */
    assert_int_equal(-14400, zone_offset(z, 1710054000));
    assert_int_equal(-14400, zone_offset(z, 1730613600 - 1)); /* 2024-11-03 02:00 EDT */
    assert_int_equal(-18000, zone_offset(z, 1730613600));
    assert_int_equal(-14400, zone_offset(z, 4246282800)); /* July 2104: by the rule alone */
    arena_fini(&a);
}

static void utc_needs_no_file(void **state)
{
    struct arena a = ARENA_INIT;
    const struct zone *z;
    static const char *const names[] = {NULL, "", "UTC"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(0, zone_load(names[i], &a, &z, NULL));
        assert_int_equal(0, zone_offset(z, 1710054000));
    }
    arena_fini(&a);
}

static void unknown_names_are_refused(void **state)
{
    static const char *const names[] = {"Nowhere/City", "../../etc/passwd", "/etc/localtime",
                                        "Europe", "zone.tab"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct arena a = ARENA_INIT;
        struct err e = ERR_INIT;
        const struct zone *z;
        assert_int_not_equal(0, zone_load(names[i], &a, &z, &e));
        assert_non_null(strstr(e.text, "unknown time zone "));
        assert_non_null(strstr(e.text, names[i]));
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_libcs),
        cmocka_unit_test(a_change_is_met_to_the_second),
        cmocka_unit_test(utc_needs_no_file),
        cmocka_unit_test(unknown_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
