/* Buffers: growth, and what they write as Go does. */
#include "agent/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

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

static void it_grows_and_stays_terminated(void **state)
{
    struct buf b = BUF_INIT;
    assert_string_equal("", buf_str(&b));
    for (int i = 0; i < 3000; i++) {
        buf_printf(&b, "%d,", i);
        assert_int_equal(0, b.data[b.len]);
    }
    assert_int_equal(10 * 2 + 90 * 3 + 900 * 4 + 2000 * 5, b.len);
    buf_clear(&b);
    assert_int_equal(0, b.len);
    assert_string_equal("", buf_str(&b));
    buf_i64(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    assert_string_equal("-9223372036854775808 18446744073709551615", b.data);
    buf_fini(&b);
}

static void a_reserved_place_is_the_end(void **state)
{
    struct buf b = BUF_INIT;
    buf_str_add(&b, "ab");
    char *at = buf_reserve(&b, 100);
    assert_ptr_equal(b.data + 2, at);
    assert_true(b.cap >= 102);
    memcpy(at, "cd", 2);
    b.len += 2;
    buf_add(&b, "\0e", 2);
    assert_int_equal(6, b.len);
    assert_memory_equal("abcd\0e", b.data, 7);
    buf_fini(&b);
}

static void taking_leaves_it_empty(void **state)
{
    struct buf b = BUF_INIT;
    char *s = buf_take(&b);
    assert_string_equal("", s); /* never NULL */
    free(s);
    buf_str_add(&b, "text");
    s = buf_take(&b);
    assert_string_equal("text", s);
    assert_null(b.data);
    assert_int_equal(0, b.len);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_strings_as_go_escapes_them),
        cmocka_unit_test(json_numbers_as_go_writes_them),
        cmocka_unit_test(base64_of_every_length),
        cmocka_unit_test(it_grows_and_stays_terminated),
        cmocka_unit_test(a_reserved_place_is_the_end),
        cmocka_unit_test(taking_leaves_it_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
