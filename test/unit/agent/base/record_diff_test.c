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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_lists_what_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
