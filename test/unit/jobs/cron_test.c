#include "jobs/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct arena arena;

static int drop(void **state)
{
    arena_fini(&arena);
    return 0;
}

static int64_t time_of(const char *text)
{
    struct tm t = {0};
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &t));
    return timegm(&t);
}

static const char *next_of(const char *spec, const char *zone, const char *after)
{
    static char text[40];
    struct cron c;
    const struct zone *z;
    struct err e = ERR_INIT;
    if (cron_parse(spec, &c, &e) || zone_load(zone, &arena, &z, &e))
        fail_msg("%s: %s", spec, e.text);
    time_t t = cron_next(&c, z, time_of(after));
    struct tm tm;
    if (!t)
        return "never";
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    return text;
}

static void each_expression_names_its_time(void **state)
{
    static const struct {
        const char *spec, *after, *next;
    } cases[] = {
        {"*/15 * * * *", "2026-11-23 18:13:46", "2026-11-23 18:15:00"},
        {"*/15 * * * *", "2026-11-23 18:15:00", "2026-11-23 18:30:00"},
        {"* * * * *", "2026-11-23 18:15:59", "2026-11-23 18:16:00"},
        {"0 0 * * *", "2026-12-31 23:59:59", "2027-01-01 00:00:00"},
        {"@hourly", "2026-11-23 18:13:46", "2026-11-23 19:00:00"},
        {"@daily", "2026-11-23 18:13:46", "2026-11-24 00:00:00"},
        {"@weekly", "2026-11-23 18:13:46", "2026-11-29 00:00:00"},
        {"@monthly", "2026-11-23 18:13:46", "2026-12-01 00:00:00"},
        {"@yearly", "2026-11-23 18:13:46", "2027-01-01 00:00:00"},
        {"30 4 1,15 * *", "2026-11-02 00:00:00", "2026-11-15 04:30:00"},
        {"0 12 * * MON-FRI", "2026-11-27 12:00:00", "2026-11-30 12:00:00"},
        {"0 12 * * 7", "2026-11-23 00:00:00", "2026-11-29 12:00:00"},
        {"0 0 13 * 5", "2026-11-07 00:00:00", "2026-11-13 00:00:00"}, /* either will do */
        {"0 0 13 * 5", "2026-11-13 00:00:00", "2026-11-20 00:00:00"},
        {"0 0 29 2 *", "2026-11-13 00:00:00", "2028-02-29 00:00:00"},
        {"0 0 31 2 *", "2026-11-13 00:00:00", "never"},
        {"0 0 L * *", "2027-02-01 00:00:00", "2027-02-28 00:00:00"},
        {"0 0 LW * *", "2027-02-01 00:00:00", "2027-02-26 00:00:00"},
        {"0 0 15W * *", "2026-11-02 00:00:00", "2026-11-16 00:00:00"},
        {"0 0 * * 5L", "2026-11-02 00:00:00", "2026-11-27 00:00:00"},
        {"0 0 * * 1#2", "2026-11-02 00:00:01", "2026-11-09 00:00:00"},
        {"0 0 1 jan * 2030", "2026-11-02 00:00:00", "2030-01-01 00:00:00"},
        {"0 0 1 1 * 2020", "2026-11-02 00:00:00", "never"},
        {"*/10 * * * * * *", "2026-11-23 18:13:46", "2026-11-23 18:13:50"},
        {"5/20 * * * *", "2026-11-23 18:06:00", "2026-11-23 18:25:00"},
        {"0 8-18/5 * * *", "2026-11-23 08:00:00", "2026-11-23 13:00:00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = next_of(cases[i].spec, "UTC", cases[i].after);
        if (strcmp(got, cases[i].next))
            fail_msg("%s after %s: %s, want %s", cases[i].spec, cases[i].after, got, cases[i].next);
    }
}

static void zones_count_with_their_summer_time(void **state)
{
    static const struct {
        const char *zone, *spec, *after, *next;
    } cases[] = {
        {"America/New_York", "0 9 * * *", "2026-01-10 00:00:00", "2026-01-10 14:00:00"},
        {"America/New_York", "0 9 * * *", "2026-07-10 00:00:00", "2026-07-10 13:00:00"},
        {"America/New_York", "0 9 * * *", "2050-07-10 00:00:00", "2050-07-10 13:00:00"},
        {"Europe/Berlin", "0 0 * * *", "2026-03-28 12:00:00", "2026-03-28 23:00:00"},
        {"Europe/Berlin", "0 0 * * *", "2026-03-29 12:00:00", "2026-03-29 22:00:00"},
        {"Australia/Sydney", "0 9 * * *", "2026-01-10 00:00:00", "2026-01-10 22:00:00"},
        {"Asia/Kolkata", "30 5 * * *", "2026-01-10 00:00:00", "2026-01-11 00:00:00"},
        {"", "30 5 * * *", "2026-01-10 00:00:00", "2026-01-10 05:30:00"},
    };
    struct err e = ERR_INIT;
    const struct zone *z;
    if (zone_load("Europe/Berlin", &arena, &z, &e))
        skip(); /* this machine has no zone database */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = next_of(cases[i].spec, cases[i].zone, cases[i].after);
        if (strcmp(got, cases[i].next))
            fail_msg("%s: %s after %s: %s, want %s", cases[i].zone, cases[i].spec, cases[i].after,
                     got, cases[i].next);
    }
}

static void what_is_wrong_is_refused(void **state)
{
    static const char *const specs[] = {
        "",           "* * * *",     "60 * * * *",      "* 24 * * *",  "* * 0 * *",
        "* * * 13 *", "* * * * 8",   "*/0 * * * *",     "5-1 * * * *", "a * * * *",
        "1, x * * *", "* * * * 1#6", "* * * * * * * *", "@never",      "1-2-3 * * * *"};
    struct cron c;
    struct err e = ERR_INIT;
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        if (!cron_parse(specs[i], &c, &e))
            fail_msg("\"%s\" was taken", specs[i]);
    const struct zone *z;
    assert_int_equal(ERR_INVALID, zone_load("No/Where", &arena, &z, &e));
    assert_int_equal(ERR_INVALID, zone_load("../../etc/passwd", &arena, &z, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_expression_names_its_time),
        cmocka_unit_test(zones_count_with_their_summer_time),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
