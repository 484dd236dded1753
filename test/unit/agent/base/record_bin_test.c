/* Records as they are stored and sent. */
#include "test/unit/support/thing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void an_empty_list_is_not_null_after_storage(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    thing_parse("{\"Ports\":[],\"Meta\":{}}", 0, &a, &x, &e);
    struct buf b = BUF_INIT;
    rec_pack(&thing_desc, &x, &b);
    assert_int_equal(0, rec_unpack(&thing_desc, b.data, b.len, &a, &y, &e));
    assert_non_null(y.ports.items);
    assert_non_null(y.meta.items);
    assert_null(y.counts.items);
    buf_fini(&b);
    arena_fini(&a);
}

/* A later version's field numbers are skipped, an older one's absence leaves the default. */
static void binary_survives_versions(void **state)
{
    struct rec_desc older = {"thing", sizeof(struct thing), thing_desc.fields, 3, false};
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    thing_parse("{\"Flag\":true,\"Count\":5,\"Name\":\"n\",\"Ports\":[{\"Label\":\"p\"}]}", 0, &a,
                &x, &e);
    struct buf b = BUF_INIT;
    rec_pack(&thing_desc, &x, &b);
    assert_int_equal(0, rec_unpack(&older, b.data, b.len, &a, &y, &e));
    assert_int_equal(y.count, 5);
    assert_null(y.name);
    buf_clear(&b);
    rec_pack(&older, &x, &b);
    assert_int_equal(0, rec_unpack(&thing_desc, b.data, b.len, &a, &y, &e));
    assert_int_equal(y.limit, REC_NULL_INT);
    buf_fini(&b);
    arena_fini(&a);
}

/* An array that claims four thousand million items in five bytes. */
static void binary_lengths_are_not_believed(void **state)
{
    static const uint8_t claims[][8] = {{0x81, 17, 0xdd, 0xff, 0xff, 0xff, 0xff, 0},
                                        {0xdf, 0xff, 0xff, 0xff, 0xff, 0, 0, 0},
                                        {0x81, 6, 0xdb, 0xff, 0xff, 0xff, 0xff, 0},
                                        {0x81, 14, 0xc6, 0xff, 0xff, 0xff, 0xf0, 0}};
    for (size_t i = 0; i < 4; i++) {
        struct arena a = ARENA_INIT;
        struct thing t;
        struct err e = ERR_INIT;
        assert_int_equal(ERR_CORRUPT, rec_unpack(&thing_desc, claims[i], 8, &a, &t, &e));
        assert_true(a.used_bytes < 4096);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_is_not_null_after_storage),
        cmocka_unit_test(binary_survives_versions),
        cmocka_unit_test(binary_lengths_are_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
