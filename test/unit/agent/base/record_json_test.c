/* Records as JSON. */
#include "test/unit/support/thing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void json_keys_ignore_case_and_null_keeps(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing t;
    struct err e = ERR_INIT;
    assert_int_equal(
        0, thing_parse("{\"NAME\":\"x\",\"count\":3,\"Note\":null,\"nobody\":1}", 0, &a, &t, &e));
    assert_string_equal(t.name, "x");
    assert_int_equal(t.count, 3);
    assert_null(t.note);
    assert_int_equal(t.limit, REC_NULL_INT);
    assert_int_equal(0, thing_parse("{\"modify_index\":7,\"wait\":\"1m\"}", REC_SNAKE, &a, &t, &e));
    assert_int_equal(t.modify_index, 7);
    assert_int_equal(t.wait, INT64_C(60000000000));
    arena_fini(&a);
}

static void json_errors_name_the_path(void **state)
{
    static const struct {
        const char *json, *text;
        unsigned flags;
    } cases[] = {
        {"{\"Ports\":[{\"Value\":1},{\"Value\":\"x\"}]}",
         "Ports[1].Value: expected a number, got a string", 0},
        {"{\"Meta\":{\"a\":1}}", "Meta.a: expected a string, got a number", 0},
        {"{\"Tasks\":{\"web\":{\"Port\":[]}}}", "Tasks.web.Port: expected an object, got a list",
         0},
        {"{\"Count\":1.5}", "Count: expected a whole number, got a number", 0},
        {"{\"Index\":-1}", "Index: expected a number that is not negative", 0},
        {"{\"Wait\":\"soon\"}", "Wait: invalid duration \"soon\"", 0},
        {"{\"Bogus\":1}", "unknown field \"Bogus\"", REC_STRICT},
        {"[]", "expected an object, got a list", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct thing t;
        struct err e = ERR_INIT;
        assert_int_equal(ERR_INVALID, thing_parse(cases[i].json, cases[i].flags, &a, &t, &e));
        assert_string_equal(e.text, cases[i].text);
        arena_fini(&a);
    }
}

static void json_empty_forms(void **state)
{
    struct thing t;
    rec_init(&thing_desc, &t);
    struct buf b = BUF_INIT;
    rec_json_write(&thing_desc, &t, &b);
    assert_string_equal(
        b.data,
        "{\"Flag\":false,\"Maybe\":null,\"Count\":0,\"Limit\":null,\"Index\":0,\"Score\":0,"
        "\"Name\":\"\",\"Note\":null,\"Config\":null,\"Wait\":0,\"Delay\":null,"
        "\"When\":\"0001-01-01T00:00:00Z\",\"Seen\":null,\"Payload\":null,"
        "\"First\":{\"Label\":\"\",\"Value\":0},\"Second\":null,\"Ports\":null,\"Tasks\":{},"
        "\"Args\":[],\"Meta\":null,\"Counts\":null,\"Scores\":null,\"Header\":null,"
        "\"ModifyIndex\":0}");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_keys_ignore_case_and_null_keeps),
        cmocka_unit_test(json_errors_name_the_path),
        cmocka_unit_test(json_empty_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
