/* The small pieces of base: durations, clocks, ids, buffers, arenas, errors, strings, files. */
#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/clock.h"
#include "agent/base/duration.h"
#include "agent/base/err.h"
#include "agent/base/file.h"
#include "agent/base/id.h"
#include "agent/base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void uuids_are_version_4_and_differ(void **state)
{
    uuid_text a, b;
    id_new(a);
    id_new(b);
    assert_true(id_is_uuid(a));
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
    assert_false(id_is_uuid("http-echo"));
    assert_false(id_is_uuid("0363bef9-cf86-c166-16d9-b5ba9435f23"));
    assert_false(id_is_uuid("0363bef9-cf86-c166-16d9-b5ba9435f2360"));
    bool seen[7] = {false};
    for (int i = 0; i < 1000; i++)
        seen[id_random_below(7)] = true;
    for (int i = 0; i < 7; i++)
        assert_true(seen[i]);
}

static void json_strings_as_go_escapes_them(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"plain", 5, "\"plain\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"<&>", 3, "\"\\u003c\\u0026\\u003e\""},
        {"\n\t\r\b", 4, "\"\\n\\t\\r\\u0008\""},
        {"\xc3\xa9\xe2\x82\xac", 5, "\"\xc3\xa9\xe2\x82\xac\""},
        {"\xe2\x80\xa8", 3, "\"\\u2028\""},
        {"a\xff"
         "b",
         3, "\"a\\ufffdb\""},
        {"\xc0\xaf", 2, "\"\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""},
        {"\0x", 2, "\"\\u0000x\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        buf_json_str(&b, cases[i].in, cases[i].len);
        assert_string_equal(cases[i].out, b.data);
        buf_fini(&b);
    }
}

static void json_numbers_as_go_writes_them(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.8, "-0.8"},
                 {1, "1"},
                 {0.09453537194318902, "0.09453537194318902"},
                 {1e20, "100000000000000000000"},
                 {1e21, "1e+21"},
                 {1e-7, "1e-07"},
                 {123456.789, "123456.789"},
                 {-0.3527323140284055, "-0.3527323140284055"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = BUF_INIT;
        buf_json_f64(&b, cases[i].v);
        assert_string_equal(cases[i].text, b.data);
        buf_fini(&b);
    }
}

static void base64_of_every_length(void **state)
{
    static const char *const out[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                      "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t n = 0; n <= 6; n++) {
        struct buf b = BUF_INIT;
        buf_base64(&b, "foobar", n);
        assert_string_equal(out[n], buf_str(&b));
        buf_fini(&b);
    }
}

static void errors_gather_where(void **state)
{
    struct err e = ERR_INIT;
    assert_int_equal(ERR_NOT_FOUND, err_set(&e, ERR_NOT_FOUND, "no job \"%s\"", "x"));
    assert_int_equal(ERR_NOT_FOUND, err_prefix(&e, "register"));
    assert_string_equal("register: no job \"x\"", err_text(&e));
    assert_int_equal(404, err_http_status(e.code));
    err_from_errno(&e, ENOSPC, "log");
    assert_int_equal(ERR_NO_SPACE, e.code);
    assert_string_equal("log: No space left on device", e.text);
    char big[3000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    err_set(&e, ERR_INVALID, "%s", big);
    assert_int_equal(sizeof(e.text) - 1, strlen(e.text));
    assert_true(str_has_suffix(e.text, "..."));
    assert_int_equal(ERR_INVALID, err_set(NULL, ERR_INVALID, "nobody listens"));
}

static void arenas_give_aligned_zeroed_memory(void **state)
{
    struct arena a = ARENA_INIT;
    for (size_t n = 1; n < 20000; n = n * 3 / 2 + 1) {
        char *p = arena_alloc(&a, n);
        assert_int_equal(0, (uintptr_t)p % _Alignof(max_align_t));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(0, p[i]);
        memset(p, 0xff, n);
    }
    assert_string_equal("7 apples", arena_printf(&a, "%d %s", 7, "apples"));
    assert_null(arena_strdup(&a, NULL));
    arena_fini(&a);
    assert_int_equal(0, a.used_bytes);
}

static void files_are_replaced_whole(void **state)
{
    char dir[] = "/tmp/platform-base-XXXXXX", path[256], deep[128];
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    assert_non_null(mkdtemp(dir));
    snprintf(deep, sizeof(deep), "%s/a/b/c", dir);
    snprintf(path, sizeof(path), "%s/state", deep);
    assert_int_equal(ERR_NOT_FOUND, file_read(path, 100, &b, &e));
    assert_non_null(strstr(e.text, path));
    assert_int_equal(0, file_mkdirs(deep, 0700, &e));
    assert_int_equal(0, file_write_atomic(path, "one", 3, 0600, &e));
    assert_int_equal(0, file_write_atomic(path, "second", 6, 0600, &e));
    assert_int_equal(0, file_read(path, 100, &b, &e));
    assert_string_equal("second", b.data);
    buf_clear(&b);
    assert_int_equal(ERR_TOO_LARGE, file_read(path, 5, &b, &e));
    buf_fini(&b);
    assert_int_equal(0, file_remove_tree(dir, &e));
    assert_int_equal(-1, access(dir, F_OK));
    assert_int_equal(0, file_remove_tree(dir, &e));
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_as_go_reads_and_writes_them),
        cmocka_unit_test(times_are_rfc3339),
        cmocka_unit_test(uuids_are_version_4_and_differ),
        cmocka_unit_test(json_strings_as_go_escapes_them),
        cmocka_unit_test(json_numbers_as_go_writes_them),
        cmocka_unit_test(base64_of_every_length),
        cmocka_unit_test(errors_gather_where),
        cmocka_unit_test(arenas_give_aligned_zeroed_memory),
        cmocka_unit_test(files_are_replaced_whole),
        cmocka_unit_test(numbers_from_text_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
