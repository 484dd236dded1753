#include "test/unit/support/recgen.h"
#include "agent/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next(struct recgen *g)
{
    g->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = g->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t recgen_below(struct recgen *g, uint32_t bound)
{
    return (uint32_t)(next(g) % bound);
}

static char *random_text(struct recgen *g, struct arena *a)
{
    static const char *const pieces[] = {
        "a",  "Z",    "0",    " ",        "\"",           "\\",
        "\n", "<",    "&",    "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8d\x8c",
        "\t", "\x01", "${x}", "\x7f"};
    struct buf b = BUF_INIT;
    for (uint32_t n = recgen_below(g, 12); n; n--)
        buf_str_add(&b, pieces[recgen_below(g, sizeof(pieces) / sizeof(pieces[0]))]);
    char *s = arena_strndup(a, buf_str(&b), b.len);
    buf_fini(&b);
    return s;
}

static int64_t random_int(struct recgen *g)
{
    static const int64_t edges[] = {0,    1,     -1,    127,       128,       -128,
                                    -129, 65535, 65536, INT32_MAX, INT64_MAX, INT64_MIN + 1};
    return recgen_below(g, 3) ? (int64_t)(next(g) >> recgen_below(g, 64))
                              : edges[recgen_below(g, sizeof(edges) / sizeof(edges[0]))];
}

static char *random_raw(struct recgen *g, struct arena *a)
{
    static const char *const raws[] = {"1", "true", "\"x\"", "[1,\"b\"]", "{\"a\":{\"b\":[]}}",
                                       "{}"};
    return arena_strdup(a, raws[recgen_below(g, sizeof(raws) / sizeof(raws[0]))]);
}

static void fill_items(struct recgen *g, const struct rec_field *f, struct arena *a, void *p)
{
    struct rec_list *l = p;
    uint32_t n = recgen_below(g, 5);
    l->items = n ? arena_alloc(a, n * f->of->size) : NULL;
    for (l->n = 0; l->n < n; l->n++) {
        char *item = (char *)l->items + l->n * f->of->size;
        recgen_fill(g, f->of, a, item);
        if (f->kind == REC_MAP) /* distinct keys in order */
            *(char **)(void *)item = arena_printf(a, "k%02zu-%u", l->n, recgen_below(g, 100));
    }
}

static void fill_field(struct recgen *g, const struct rec_field *f, struct arena *a, void *p)
{
    switch (f->kind) {
    case REC_BOOL:
        *(bool *)p = recgen_below(g, 2);
        break;
    case REC_OBOOL:
        *(int8_t *)p = (int8_t)((int)recgen_below(g, 3) - 1);
        break;
    case REC_INT:
    case REC_DUR:
        *(int64_t *)p = random_int(g);
        break;
    case REC_DURS:
        *(int64_t *)p = random_int(g) % (INT64_C(1) << 50);
        break;
    case REC_OINT:
    case REC_ODUR:
        *(int64_t *)p = recgen_below(g, 4) ? random_int(g) : REC_NULL_INT;
        break;
    case REC_UINT:
        *(uint64_t *)p = next(g) >> (1 + recgen_below(g, 62));
        break;
    case REC_FLOAT:
        *(double *)p = (double)random_int(g) / (double)(1 + recgen_below(g, 1000));
        break;
    case REC_TIME:
    case REC_OTIME:
        *(int64_t *)p = recgen_below(g, 4) ? (int64_t)(next(g) >> 2) : 0;
        break;
    case REC_STR:
        *(char **)p = random_text(g, a);
        break;
    case REC_OSTR:
        *(char **)p = recgen_below(g, 4) ? random_text(g, a) : NULL;
        break;
    case REC_RAW:
        *(char **)p = recgen_below(g, 4) ? random_raw(g, a) : NULL;
        break;
    case REC_BYTES: {
        struct rec_bytes *b = p;
        b->n = recgen_below(g, 9);
        b->data = b->n ? arena_alloc(a, b->n) : NULL;
        for (size_t i = 0; i < b->n; i++)
            b->data[i] = (uint8_t)next(g);
        break;
    }
    case REC_STRUCT:
        recgen_fill(g, f->of, a, p);
        break;
    case REC_PTR:
        *(void **)p = recgen_below(g, 3) ? arena_alloc(a, f->of->size) : NULL;
        if (*(void **)p)
            recgen_fill(g, f->of, a, *(void **)p);
        break;
    case REC_LIST:
    case REC_MAP:
        fill_items(g, f, a, p);
        break;
    }
}

void recgen_fill(struct recgen *g, const struct rec_desc *d, struct arena *a, void *rec)
{
    rec_init(d, rec);
    for (size_t i = 0; i < d->n_fields; i++)
        if (!(d->fields[i].flags & (REC_GONE | REC_NO_BIN)))
            fill_field(g, &d->fields[i], a, (char *)rec + d->fields[i].offset);
}

/* --- the properties -------------------------------------------------------------------------- */

static void check_binary(const struct rec_desc *d, const void *rec, struct arena *a)
{
    struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err e = ERR_INIT;
    void *back = arena_alloc(a, d->size);
    rec_pack(d, rec, &once);
    if (rec_unpack(d, once.data, once.len, a, back, &e))
        fail_msg("%s: %s", d->name, e.text);
    assert_true(rec_equal(d, rec, back));
    rec_pack(d, back, &twice);
    assert_int_equal(once.len, twice.len);
    assert_memory_equal(once.data, twice.data, once.len);
    buf_fini(&once);
    buf_fini(&twice);
}

/* Fields that one direction leaves out are equalised first. */
static void check_json(const struct rec_desc *d, const void *rec, struct arena *a)
{
    struct buf once = BUF_INIT, twice = BUF_INIT;
    struct err e = ERR_INIT;
    void *back = arena_alloc(a, d->size);
    rec_init(d, back);
    rec_json_write(d, rec, &once);
    if (rec_json_parse(d, once.data, once.len, REC_STRICT, a, back, &e))
        fail_msg("%s: %s in %s", d->name, e.text, once.data);
    rec_json_write(d, back, &twice);
    assert_string_equal(once.data, twice.data);
    struct buf pretty = BUF_INIT;
    rec_json_pretty(once.data, once.len, &pretty);
    json_t *p = json_loadb(pretty.data, pretty.len, JSON_DECODE_ANY, NULL);
    assert_non_null(p);
    json_decref(p);
    buf_fini(&pretty);
    buf_fini(&once);
    buf_fini(&twice);
}

/* Broken input on the heap: an error or a record, never a crash; ASan sees what leaks. */
static void check_broken(struct recgen *g, const struct rec_desc *d, const void *rec)
{
    struct buf bin = BUF_INIT, json = BUF_INIT;
    void *back = mem_alloc(d->size);
    rec_pack(d, rec, &bin);
    rec_json_write(d, rec, &json);
    for (int i = 0; i < 8; i++) {
        struct buf b = BUF_INIT;
        buf_add(&b, bin.data,
                recgen_below(g, 4) ? bin.len : recgen_below(g, (uint32_t)bin.len + 1));
        if (b.len)
            b.data[recgen_below(g, (uint32_t)b.len)] = (char)next(g);
        (void)rec_unpack(d, b.data, b.len, NULL, back, NULL);
        rec_free(d, back);
        buf_clear(&b);
        buf_add(&b, json.data, json.len);
        b.data[recgen_below(g, (uint32_t)b.len)] = "\"{}[],:0a\\"[recgen_below(g, 10)];
        rec_init(d, back);
        (void)rec_json_parse(d, b.data, b.len, 0, NULL, back, NULL);
        rec_free(d, back);
        buf_fini(&b);
    }
    free(back);
    buf_fini(&bin);
    buf_fini(&json);
}

void recgen_check(const struct rec_desc *d, unsigned n, uint64_t seed)
{
    struct recgen g = {seed};
    for (unsigned i = 0; i < n; i++) {
        struct arena a = ARENA_INIT;
        void *rec = arena_alloc(&a, d->size);
        recgen_fill(&g, d, &a, rec);
        check_binary(d, rec, &a);
        check_json(d, rec, &a);
        void *copy = rec_dup(d, rec, NULL);
        assert_true(rec_equal(d, rec, copy));
        rec_free(d, copy);
        free(copy);
        check_broken(&g, d, rec);
        arena_fini(&a);
    }
}
