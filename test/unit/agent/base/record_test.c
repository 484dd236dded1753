/* Records: what holds of every one, whatever its fields. */
#include "test/unit/support/thing.h"
#include "test/unit/support/recgen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void decode_of_encode_is_identity(void **state)
{
    recgen_check(&thing_desc, 500, 1);
    recgen_check(&thing_task_desc, 100, 2);
    recgen_check(&rec_strs_pair, 0, 3);
}

static void equality_ignores_meta_and_null_lists(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    thing_parse("{\"Name\":\"a\",\"ModifyIndex\":1,\"Ports\":[]}", 0, &a, &x, &e);
    thing_parse("{\"Name\":\"a\",\"ModifyIndex\":2}", 0, &a, &y, &e);
    assert_true(rec_equal(&thing_desc, &x, &y));
    y.count = 1;
    assert_false(rec_equal(&thing_desc, &x, &y));
    arena_fini(&a);
}

static void maps_keep_their_order(void **state)
{
    struct arena a = ARENA_INIT;
    struct rec_str_map m = {NULL, 0};
    for (int i = 40; i-- > 0;)
        rec_str_map_set(&m, &a, arena_printf(&a, "k%02d", i), "v");
    rec_str_map_set(&m, &a, "k07", "seven");
    assert_int_equal(m.n, 40);
    for (size_t i = 1; i < m.n; i++)
        assert_true(strcmp(m.items[i - 1].key, m.items[i].key) < 0);
    assert_string_equal(rec_str_map_get(&m, "k07"), "seven");
    assert_null(rec_str_map_get(&m, "k99"));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_of_encode_is_identity),
        cmocka_unit_test(equality_ignores_meta_and_null_lists),
        cmocka_unit_test(maps_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
