/* Bodies into records by their descriptors. */
#include "jobs/hcl/hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

struct inner {
    char *name;
    int64_t size;
};
static const struct rec_field inner_fields[] = {
    REC_H(struct inner, name, "Name", "name", REC_STR, REC_LABEL),
    REC_H(struct inner, size, "Size", "size", REC_OINT, 0),
};
static const struct rec_desc inner_desc = REC_DESC("inner", struct inner, inner_fields);

struct lone {
    uint64_t weight;
};
static const struct rec_field lone_fields[] = {
    REC_H(struct lone, weight, "Weight", "weight", REC_UINT, 0),
};
static const struct rec_desc lone_desc = REC_DESC("lone", struct lone, lone_fields);

struct inner_item {
    char *key;
    char *name;
};
static const struct rec_field item_fields[] = {
    REC_H(struct inner_item, name, "Name", "name", REC_STR, REC_LABEL),
};
static const struct rec_desc item_desc = REC_DESC("item", struct inner_item, item_fields);

struct outer {
    bool on;
    int8_t maybe;
    int64_t count, wait_ns;
    double ratio;
    char *text;
    struct rec_strs tags;
    struct rec_str_map meta;
    struct rec_strs_map header;
    char *config;
    struct lone *lone;
    struct {
        struct inner *items;
        size_t n;
    } inners;
    struct {
        struct inner_item *items;
        size_t n;
    } by_name;
};
static const struct rec_field outer_fields[] = {
    REC_H(struct outer, on, "On", "on", REC_BOOL, 0),
    REC_H(struct outer, maybe, "Maybe", "maybe", REC_OBOOL, 0),
    REC_H(struct outer, count, "Count", "count", REC_INT, 0),
    REC_H(struct outer, wait_ns, "Wait", "wait", REC_DUR, 0),
    REC_H(struct outer, ratio, "Ratio", "ratio", REC_FLOAT, 0),
    REC_H(struct outer, text, "Text", "text", REC_OSTR, 0),
    REC_OF_H(struct outer, tags, "Tags", "tags", REC_LIST, 0, &rec_str),
    REC_OF_H(struct outer, meta, "Meta", "meta", REC_MAP, REC_HCL_BOTH, &rec_str_pair),
    REC_OF_H(struct outer, header, "Header", "header", REC_MAP, REC_HCL_BOTH, &rec_strs_pair),
    REC_H(struct outer, config, "Config", "config", REC_RAW, 0),
    REC_OF_H(struct outer, lone, "Lone", "lone", REC_PTR, 0, &lone_desc),
    REC_OF_H(struct outer, inners, "Inners", "inner", REC_LIST, 0, &inner_desc),
    REC_OF_H(struct outer, by_name, "ByName", "item", REC_MAP, 0, &item_desc),
};
static const struct rec_desc outer_desc = REC_DESC("outer", struct outer, outer_fields);

/* Decodes; false with the mistakes as text, one a line. */
static bool decode(const char *text, struct arena *a, struct outer *o, struct buf *mistakes)
{
    struct hcl_file file = {"t", text, strlen(text)};
    struct hcl_diags diags;
    hcl_diags_init(&diags, a, &file);
    struct hcl_eval ev = {.file = &file, .arena = a, .diags = &diags};
    rec_init(&outer_desc, o);
    bool ok = hcl_decode(&ev, hcl_parse(&file, a, &diags), &outer_desc, o);
    assert_int_equal(ok, diags.n == 0);
    for (size_t i = 0; i < diags.n; i++)
        buf_printf(mistakes, "%s%s", i ? "\n" : "", hcl_diag_text(&diags, &diags.items[i]));
    return ok;
}

static void fields_case_by_case(void **state)
{
    static const struct {
        const char *text, *want; /* the field's JSON, or the mistakes */
    } cases[] = {
        {"on = true", "\"On\":true"},
        {"on = \"true\"", "\"On\":true"},
        {"maybe = false", "\"Maybe\":false"},
        {"maybe = null", "\"Maybe\":null"},
        {"count = \"5\"", "\"Count\":5"},
        {"count = 5.0", "\"Count\":5"},
        {"count = -9223372036854775808", "\"Count\":-9223372036854775808"},
        {"wait = \"1m30s\"", "\"Wait\":90000000000"},
        {"wait = 1500", "\"Wait\":1500"},
        {"ratio = 0.25", "\"Ratio\":0.25"},
        {"text = 5", "\"Text\":\"5\""},
        {"text = true", "\"Text\":\"true\""},
        {"tags = [\"a\", 1]", "\"Tags\":[\"a\",\"1\"]"},
        {"tags = []", "\"Tags\":[]"},
        {"meta { b = 1 a = \"${x.y}\" }", "\"Meta\":{\"a\":\"${x.y}\",\"b\":\"1\"}"},
        {"meta = {\"a.b\" = true}", "\"Meta\":{\"a.b\":\"true\"}"},
        {"meta {}", "\"Meta\":{}"},
        {"header { A = [\"x\", \"y\"] }", "\"Header\":{\"A\":[\"x\",\"y\"]}"},
        {"lone { weight = 3 }", "\"Lone\":{\"Weight\":3}"},
        {"inner \"a\" { size = 1 }\ninner \"b\" {}",
         "\"Inners\":[{\"Name\":\"a\",\"Size\":1},{\"Name\":\"b\",\"Size\":null}]"},
        {"item \"z\" {}\nitem \"a\" {}",
         "\"ByName\":{\"a\":{\"Name\":\"a\"},\"z\":{\"Name\":\"z\"}}"},
        {"config { a = 1 b = [1.5, \"x\"] c { d = {e = 1} } }",
         "\"Config\":{\"a\":1,\"b\":[1.5,\"x\"],\"c\":[{\"d\":[{\"e\":1}]}]}"},
        {"config { r \"l\" { a = 1 }\nr \"l\" { a = 2 } }",
         "\"Config\":{\"r\":[{\"l\":[{\"a\":1}]},{\"l\":[{\"a\":2}]}]}"},
        {"config { r \"l\" \"m\" {} }", "\"Config\":{\"r\":[{\"l\":[{\"m\":[{}]}]}]}"},
        {"config = {a = {b = 1}}", "\"Config\":{\"a\":[{\"b\":1}]}"},
        /* mistakes */
        {"zzzz = 1",
         "t:1,1-5: Unsupported argument; An argument named \"zzzz\" is not expected here."},
        {"cuont = 1",
         "t:1,1-6: Unsupported argument; An argument named \"cuont\" is not expected here. "
         "Did you mean \"count\"?"},
        {"zzzz {}",
         "t:1,1-5: Unsupported block type; Blocks of type \"zzzz\" are not expected here."},
        {"lone = {}",
         "t:1,1-5: Unsupported argument; An argument named \"lone\" is not expected here. "
         "Did you mean to define a block of type \"lone\"?"},
        {"count {}",
         "t:1,1-6: Unsupported block type; Blocks of type \"count\" are not expected here. "
         "Did you mean to define argument \"count\"? If so, use the equals sign to assign it "
         "a value."},
        {"count = 1\ncount = 2",
         "t:2,1-6: Attribute redefined; The argument \"count\" was already set "
         "at t:1,1-10. Each argument may be set only once."},
        {"lone {}\nlone {}",
         "t:2,1-5: Duplicate lone block; Only one lone block is allowed. Another was "
         "defined at t:1,1-5."},
        {"meta = {}\nmeta {}",
         "t:2,1-5: Duplicate meta block; meta may not be defined more than once. "
         "Another definition is defined at t:1,1-10."},
        {"inner {}",
         "t:1,1-6: Missing name for inner; All inner blocks must have 1 labels (name)."},
        {"inner \"a\" \"b\" {}", "t:1,11-14: Extraneous label for inner; Only 1 labels (name) are "
                                 "expected for inner blocks."},
        {"lone \"a\" {}",
         "t:1,6-9: Extraneous label for lone; No labels are expected for lone blocks."},
        {"inner \"a\" { name = \"b\" }",
         "t:1,13-17: Unsupported argument; An argument named \"name\" is "
         "not expected here."},
        {"meta { a {} }", "t:1,8-9: Unexpected block; Blocks are not allowed here."},
        {"count = \"x\"",
         "t:1,9-12: Unsuitable value type; Unsuitable value: a number is required"},
        {"count = 1.5",
         "t:1,9-12: Unsuitable value type; Unsuitable value: value must be a whole number"},
        {"count = 1e30",
         "t:1,9-13: Unsuitable value type; Unsuitable value: value is out of range"},
        {"lone { weight = -1 }",
         "t:1,17-19: Unsuitable value type; Unsuitable value: value must be a "
         "whole number, 0 or greater"},
        {"on = 5", "t:1,6-7: Unsuitable value type; Unsuitable value: a bool is required"},
        {"text = []", "t:1,8-10: Unsuitable value type; Unsuitable value: string required"},
        {"tags = \"a\"",
         "t:1,8-11: Unsuitable value type; Unsuitable value: list of string required"},
        {"tags = [\"a\", []]",
         "t:1,14-16: Unsuitable value type; Unsuitable value: string required"},
        {"meta = 1", "t:1,8-9: Unsuitable value type; Unsuitable value: map of string required"},
        {"wait = \"1d\"",
         "t:1,8-12: Unsuitable value type; Unsuitable duration value: time: invalid "
         "duration \"1d\""},
        {"wait = true",
         "t:1,8-12: Unsuitable value type; Unsuitable value: expected a string but found "
         "bool"},
        {"count = \"x\"\non = 5",
         "t:1,9-12: Unsuitable value type; Unsuitable value: a number is "
         "required\nt:2,6-7: Unsuitable value type; Unsuitable value: a bool is "
         "required"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = ARENA_INIT;
        struct buf got = BUF_INIT;
        struct outer o;
        bool ok = decode(cases[i].text, &a, &o, &got);
        if (ok)
            rec_json_write(&outer_desc, &o, &got);
        if (ok ? !strstr(buf_str(&got), cases[i].want) : strcmp(buf_str(&got), cases[i].want))
            fail_msg("%s\nwant %s\ngot  %s", cases[i].text, cases[i].want, buf_str(&got));
        buf_fini(&got);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_case_by_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
