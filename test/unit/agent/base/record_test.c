#include "agent/base/record.h"
#include "test/unit/support/recgen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct port {
    char *label;
    int64_t value;
};
static const struct rec_field port_fields[] = {
    REC(struct port, label, "Label", REC_STR, 0),
    REC(struct port, value, "Value", REC_INT, 0),
};
static const struct rec_desc port_desc = REC_DESC("port", struct port, port_fields);

struct task_entry {
    char *key;
    char *state;
    struct port port;
};
static const struct rec_field task_fields[] = {
    REC(struct task_entry, state, "State", REC_STR, 0),
    REC_OF(struct task_entry, port, "Port", REC_STRUCT, 0, &port_desc),
};
static const struct rec_desc task_entry_desc = REC_DESC("task", struct task_entry, task_fields);

struct thing {
    bool flag;
    int8_t maybe;
    int64_t count, limit;
    uint64_t index;
    double score;
    char *name, *note, *config;
    int64_t wait, delay, interval;
    int64_t when, seen;
    struct rec_bytes payload;
    struct port first, *second;
    struct {
        struct port *items;
        size_t n;
    } ports;
    struct {
        struct task_entry *items;
        size_t n;
    } tasks;
    struct rec_strs args;
    struct rec_str_map meta;
    struct rec_int_map counts;
    struct rec_float_map scores;
    struct rec_bool_map eligible;
    struct rec_strs_map header;
    uint64_t modify_index;
};
static const struct rec_field thing_fields[] = {
    REC(struct thing, flag, "Flag", REC_BOOL, 0),
    REC(struct thing, maybe, "Maybe", REC_OBOOL, 0),
    REC(struct thing, count, "Count", REC_INT, 0),
    REC(struct thing, limit, "Limit", REC_OINT, 0),
    REC(struct thing, index, "Index", REC_UINT, 0),
    REC(struct thing, score, "Score", REC_FLOAT, 0),
    REC(struct thing, name, "Name", REC_STR, 0),
    REC(struct thing, note, "Note", REC_OSTR, 0),
    REC(struct thing, config, "Config", REC_RAW, 0),
    REC(struct thing, wait, "Wait", REC_DUR, 0),
    REC(struct thing, delay, "Delay", REC_ODUR, 0),
    REC(struct thing, interval, "Interval", REC_DURS, REC_OMIT_EMPTY),
    REC(struct thing, when, "When", REC_TIME, 0),
    REC(struct thing, seen, "Seen", REC_OTIME, 0),
    REC(struct thing, payload, "Payload", REC_BYTES, 0),
    REC_OF(struct thing, first, "First", REC_STRUCT, 0, &port_desc),
    REC_OF(struct thing, second, "Second", REC_PTR, 0, &port_desc),
    REC_OF(struct thing, ports, "Ports", REC_LIST, 0, &port_desc),
    REC_OF(struct thing, tasks, "Tasks", REC_MAP, REC_NEVER_NULL, &task_entry_desc),
    REC_OF(struct thing, args, "Args", REC_LIST, REC_NEVER_NULL, &rec_str),
    REC_OF(struct thing, meta, "Meta", REC_MAP, 0, &rec_str_pair),
    REC_OF(struct thing, counts, "Counts", REC_MAP, 0, &rec_int_pair),
    REC_OF(struct thing, scores, "Scores", REC_MAP, 0, &rec_float_pair),
    REC_OF(struct thing, eligible, "Eligible", REC_MAP, REC_OMIT_EMPTY, &rec_bool_pair),
    REC_OF(struct thing, header, "Header", REC_MAP, 0, &rec_strs_pair),
    REC(struct thing, modify_index, "ModifyIndex", REC_UINT, REC_META),
};
static const struct rec_desc thing_desc = REC_DESC("thing", struct thing, thing_fields);

static void decode_of_encode_is_identity(void **state)
{
    recgen_check(&thing_desc, 500, 1);
    recgen_check(&task_entry_desc, 100, 2);
    recgen_check(&rec_strs_pair, 0, 3);
}

static int parse(const char *json, unsigned flags, struct arena *a, struct thing *t, struct err *e)
{
    rec_init(&thing_desc, t);
    return rec_json_parse(&thing_desc, json, strlen(json), flags, a, t, e);
}

static void json_keys_ignore_case_and_null_keeps(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing t;
    struct err e = ERR_INIT;
    assert_int_equal(
        0, parse("{\"NAME\":\"x\",\"count\":3,\"Note\":null,\"nobody\":1}", 0, &a, &t, &e));
    assert_string_equal(t.name, "x");
    assert_int_equal(t.count, 3);
    assert_null(t.note);
    assert_int_equal(t.limit, REC_NULL_INT);
    assert_int_equal(0, parse("{\"modify_index\":7,\"wait\":\"1m\"}", REC_SNAKE, &a, &t, &e));
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
        assert_int_equal(ERR_INVALID, parse(cases[i].json, cases[i].flags, &a, &t, &e));
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

static void equality_ignores_meta_and_null_lists(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    parse("{\"Name\":\"a\",\"ModifyIndex\":1,\"Ports\":[]}", 0, &a, &x, &e);
    parse("{\"Name\":\"a\",\"ModifyIndex\":2}", 0, &a, &y, &e);
    assert_true(rec_equal(&thing_desc, &x, &y));
    y.count = 1;
    assert_false(rec_equal(&thing_desc, &x, &y));
    arena_fini(&a);
}

static void an_empty_list_is_not_null_after_storage(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    parse("{\"Ports\":[],\"Meta\":{}}", 0, &a, &x, &e);
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
    struct rec_desc older = {"thing", sizeof(struct thing), thing_fields, 3, false};
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    parse("{\"Flag\":true,\"Count\":5,\"Name\":\"n\",\"Ports\":[{\"Label\":\"p\"}]}", 0, &a, &x,
          &e);
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

static void diff_lists_what_differs(void **state)
{
    struct arena a = ARENA_INIT;
    struct thing x, y;
    struct err e = ERR_INIT;
    parse("{\"Name\":\"a\",\"Count\":5,\"Args\":[\"-v\"],\"Meta\":{\"k\":\"1\"},"
          "\"Ports\":[{\"Label\":\"http\",\"Value\":1},{\"Label\":\"gone\"}]}",
          0, &a, &x, &e);
    parse("{\"Name\":\"a\",\"Count\":6,\"Args\":[\"-v\",\"-x\"],\"Meta\":{\"m\":\"2\"},"
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
        cmocka_unit_test(json_keys_ignore_case_and_null_keeps),
        cmocka_unit_test(json_errors_name_the_path),
        cmocka_unit_test(json_empty_forms),
        cmocka_unit_test(equality_ignores_meta_and_null_lists),
        cmocka_unit_test(an_empty_list_is_not_null_after_storage),
        cmocka_unit_test(binary_survives_versions),
        cmocka_unit_test(binary_lengths_are_not_believed),
        cmocka_unit_test(diff_lists_what_differs),
        cmocka_unit_test(maps_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
