/* Errors: what they say and what they become outside. */
#include "agent/base/err.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <uv.h>

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

static void each_code_has_its_row(void **state)
{
    assert_string_equal("ERR_NO_SPACE", err_name(ERR_NO_SPACE));
    assert_string_equal("no space left on device", err_code_text(ERR_NO_SPACE));
    static const struct {
        int code, http, rcode;
    } cases[] = {{ERR_INVALID, 400, 1},     {ERR_NOT_FOUND, 404, 3}, {ERR_TOO_LARGE, 413, 1},
                 {ERR_PERMISSION, 403, 5},  {ERR_TIMEOUT, 504, 2},   {ERR_UNAVAILABLE, 503, 2},
                 {ERR_UNSUPPORTED, 501, 4}, {ERR_INTERNAL, 500, 2}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cases[i].http, err_http_status(cases[i].code));
        assert_int_equal(cases[i].rcode, err_dns_rcode(cases[i].code));
    }
    assert_int_equal(500, err_http_status(-1)); /* nobody's code */
    struct err e = {ERR_CANCELED, ""};
    assert_string_equal("canceled", err_text(&e)); /* the code's text when nobody said more */
}

static void libraries_codes_are_translated(void **state)
{
    static const struct {
        int uv, code;
    } cases[] = {{UV_ECONNREFUSED, ERR_UNAVAILABLE}, {UV_ETIMEDOUT, ERR_TIMEOUT},
                 {UV_ECANCELED, ERR_CANCELED},       {UV_ENOENT, ERR_NOT_FOUND},
                 {UV_EACCES, ERR_PERMISSION},        {UV_ENOSPC, ERR_NO_SPACE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err e = ERR_INIT;
        assert_int_equal(cases[i].code, err_from_uv(&e, cases[i].uv, "there"));
        assert_true(str_has_prefix(e.text, "there: "));
        assert_int_equal(cases[i].code, err_from_errno(NULL, -cases[i].uv, "there"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_gather_where),
        cmocka_unit_test(each_code_has_its_row),
        cmocka_unit_test(libraries_codes_are_translated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
