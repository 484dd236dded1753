/* Small helpers of strings. */
#include "agent/base/err.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void numbers_from_text_are_whole(void **state)
{
    int64_t v;
    uint64_t u;
    assert_int_equal(0, str_to_i64("-42", &v));
    assert_int_equal(-42, v);
    static const char *const bad[] = {"", " 1", "1 ", "1x", "+1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ERR_INVALID, str_to_i64(bad[i], &v));
        assert_int_equal(ERR_INVALID, str_to_u64(bad[i], &u));
    }
    assert_int_equal(ERR_INVALID, str_to_u64("-1", &u));
}

static void comparisons_take_nothing_for_nothing(void **state)
{
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_false(str_eq("a", "A"));
    assert_true(str_eq_nocase("Content-Type", "content-TYPE"));
    assert_false(str_eq_nocase("a", "ab"));
    assert_true(str_is_empty(NULL) && str_is_empty(""));
    assert_false(str_is_empty(" "));
    assert_true(str_has_prefix("urlprefix-/x", "urlprefix-"));
    assert_false(str_has_prefix("url", "urlprefix-"));
    assert_true(str_has_suffix("a.hcl", ".hcl"));
    assert_false(str_has_suffix("hcl", ".hcl"));
    assert_true(str_has_prefix("x", "") && str_has_suffix("x", ""));
}

static void utf8_is_the_standards(void **state)
{
    static const struct {
        const char *s;
        size_t len;
        bool ok;
    } cases[] = {{"", 0, true},
                 {"plain", 5, true},
                 {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, true},
                 {"\xf4\x8f\xbf\xbf", 4, true},  /* the last code point */
                 {"\xf4\x90\x80\x80", 4, false}, /* past it */
                 {"\xed\xa0\x80", 3, false},     /* a surrogate */
                 {"\xc0\xaf", 2, false},         /* longer than need be */
                 {"\xe0\x80\xaf", 3, false},
                 {"\xc3", 1, false}, /* cut */
                 {"\x80", 1, false},
                 {"a\0b", 3, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (str_is_utf8(cases[i].s, cases[i].len) != cases[i].ok)
            fail_msg("case %zu", i);
}

static void limits_are_the_types(void **state)
{
    int64_t v;
    uint64_t u;
    assert_int_equal(0, str_to_i64("-9223372036854775808", &v));
    assert_true(v == INT64_MIN);
    assert_int_equal(0, str_to_u64("18446744073709551615", &u));
    assert_true(u == UINT64_MAX);
    assert_int_equal(ERR_INVALID, str_to_i64("9223372036854775808", &v));
    assert_int_equal(ERR_INVALID, str_to_u64("18446744073709551616", &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_from_text_are_whole),
        cmocka_unit_test(comparisons_take_nothing_for_nothing),
        cmocka_unit_test(utf8_is_the_standards),
        cmocka_unit_test(limits_are_the_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
