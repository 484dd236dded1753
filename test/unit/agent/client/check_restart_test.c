/* check_restart: when a check has been unhealthy for too long. */
#include "agent/client/client_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct look {
    mono_ms at;
    enum catalog_health status;
    bool over;
};
static void check(struct check_watch w, const struct look *looks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (check_watch_is_over(&w, looks[i].at, looks[i].status) != looks[i].over)
            fail_msg("look %zu, at %d", i, (int)looks[i].at);
}
#define CHECK(w, ...)                                                                              \
    check(w, (const struct look[]){__VA_ARGS__},                                                   \
          sizeof((struct look[]){__VA_ARGS__}) / sizeof(struct look))
#define W(...) ((struct check_watch){__VA_ARGS__})

static void it_must_last(void **state)
{
    CHECK(W(.limit_ms = 2000), {1000, CATALOG_CRITICAL, false}, {2999, CATALOG_CRITICAL, false},
          {3000, CATALOG_CRITICAL, true});
}

static void passing_begins_anew(void **state)
{
    CHECK(W(.limit_ms = 2000), {1000, CATALOG_CRITICAL, false}, {2000, CATALOG_PASSING, false},
          {3500, CATALOG_CRITICAL, false}, {5400, CATALOG_CRITICAL, false},
          {5500, CATALOG_CRITICAL, true});
}

static void a_limit_of_one_is_at_once(void **state)
{
    CHECK(W(.limit_ms = 0), {1000, CATALOG_PASSING, false}, {1900, CATALOG_CRITICAL, true});
}

static void grace_does_not_count(void **state)
{
    CHECK(W(.limit_ms = 1000, .grace_until = 5000), {1000, CATALOG_CRITICAL, false},
          {4999, CATALOG_CRITICAL, false}, {5000, CATALOG_CRITICAL, false},
          {6000, CATALOG_CRITICAL, true});
}

static void warnings_count_unless_ignored(void **state)
{
    CHECK(W(.limit_ms = 1000), {1000, CATALOG_WARNING, false}, {2000, CATALOG_WARNING, true});
    CHECK(W(.limit_ms = 1000, .ignore_warnings = true), {1000, CATALOG_WARNING, false},
          {2000, CATALOG_WARNING, false}, {2500, CATALOG_CRITICAL, false},
          {3000, CATALOG_WARNING, false}, {3600, CATALOG_CRITICAL, false},
          {4600, CATALOG_CRITICAL, true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_must_last),
        cmocka_unit_test(passing_begins_anew),
        cmocka_unit_test(a_limit_of_one_is_at_once),
        cmocka_unit_test(grace_does_not_count),
        cmocka_unit_test(warnings_count_unless_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
