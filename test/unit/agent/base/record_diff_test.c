/* What differs between two records. */
#include "test/unit/support/thing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void diff_lists_what_differs(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    thing_parse("{\"Name\":\"a\",\"Count\":5,\"Args\":[\"-v\"],\"Meta\":{\"k\":\"1\"},"
                "\"Ports\":[{\"Label\":\"http\",\"Value\":1},{\"Label\":\"gone\"}]}",
                0, &a, &x, &e);
    thing_parse(
        "{\"Name\":\"a\",\"Count\":6,\"Args\":[\"-v\",\"-x\"],\"Meta\":{\"m\":\"2\"},"
        "\"Ports\":[{\"Label\":\"new\"},{\"Label\":\"http\",\"Value\":2}],\"ModifyIndex\":9}",
        0, &a, &y, &e);
    struct rec_diff *d = rec_diff(&thing_desc, "Thing", &x, &y, &a);
    assert_int_equal(d->type, REC_EDITED);
    assert_int_equal(d->n_fields, 4);
    assert_string_equal(d->fields[0].name, "Count");
    assert_string_equal(d->fields[0].old_text, "5");
    assert_string_equal(d->fields[1].name, "Args[1]");
    assert_int_equal(d->fields[1].type, REC_ADDED);
    assert_string_equal(d->fields[2].name, "Meta[k]");
    assert_int_equal(d->fields[2].type, REC_DELETED);
    assert_int_equal(d->n_objects, 3);
    assert_int_equal(d->objects[0].type, REC_EDITED);
    assert_int_equal(d->objects[1].type, REC_DELETED);
    assert_int_equal(d->objects[2].type, REC_ADDED);
    assert_int_equal(rec_diff(&thing_desc, "Thing", &x, &x, &a)->type, REC_SAME);
    arena_fini(&a);
}

static void an_absent_side_is_added_or_deleted(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x;
    struct err e = ERR_INIT;
    thing_parse("{\"Name\":\"a\",\"Second\":{\"Label\":\"p\",\"Value\":3}}", 0, &a, &x, &e);
    struct rec_diff *d = rec_diff(&thing_desc, "Thing", NULL, &x, &a);
    assert_int_equal(REC_ADDED, d->type);
    assert_null(d->old_rec);
    for (size_t i = 0; i < d->n_fields; i++) {
        assert_int_equal(REC_ADDED, d->fields[i].type);
        assert_string_equal("", d->fields[i].old_text);
    }
    d = rec_diff(&thing_desc, "Thing", &x, NULL, &a);
    assert_int_equal(REC_DELETED, d->type);
    for (size_t i = 0; i < d->n_fields; i++) {
        assert_int_equal(REC_DELETED, d->fields[i].type);
        assert_string_equal("", d->fields[i].new_text);
    }
    static const char *const names[] = {"None", "Added", "Deleted", "Edited"};
    for (int i = REC_SAME; i <= REC_EDITED; i++)
        assert_string_equal(names[i], rec_diff_type_name((enum rec_diff_type)i));
    arena_fini(&a);
}

static void meta_and_empty_lists_make_no_difference(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    thing_parse("{\"Name\":\"a\",\"ModifyIndex\":1}", 0, &a, &x, &e);
    thing_parse("{\"Name\":\"a\",\"ModifyIndex\":2,\"Ports\":[],\"Meta\":{}}", 0, &a, &y, &e);
    struct rec_diff *d = rec_diff(&thing_desc, "Thing", &x, &y, &a);
    assert_int_equal(REC_SAME, d->type);
    assert_int_equal(0, d->n_fields + d->n_objects);
    assert_true(rec_equal(&thing_desc, &x, &y));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_lists_what_differs),
        cmocka_unit_test(an_absent_side_is_added_or_deleted),
        cmocka_unit_test(meta_and_empty_lists_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
