/* The binary form: msgpack. A record is a map {field number: value} without its empty fields; a
 * bare record is its value; a REC_MAP is a map of strings; lists are arrays.
 *
 * Written with msgpack-c's packer. Read by the reader below and not by msgpack-c's unpacker, which
 * allocates by the lengths that the input claims and builds a tree of its own first; here a length
 * that the remaining bytes cannot hold is corruption, and values land in the record directly. */
#include "agent/base/check.h"
#include "agent/base/record.h"
#include "agent/base/record_impl.h"

#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

/* --- writing --------------------------------------------------------------------------------- */

static int packer_write(void *data, const char *bytes, size_t len)
{
    buf_add(data, bytes, len);
    return 0;
}

static void pack_rec(msgpack_packer *k, const struct rec_desc *d, const void *rec);

static void pack_text(msgpack_packer *k, const char *s)
{
    size_t n = s ? strlen(s) : 0;
    msgpack_pack_str(k, n);
    msgpack_pack_str_body(k, s ? s : "", n);
}

static void pack_items(msgpack_packer *k, const struct rec_field *f, const struct rec_list *l)
{
    if (f->kind == REC_MAP)
        msgpack_pack_map(k, l->n);
    else
        msgpack_pack_array(k, l->n);
    for (size_t i = 0; i < l->n; i++) {
        const char *item = (const char *)l->items + i * f->of->size;
        if (f->kind == REC_MAP)
            pack_text(k, REC_KEY(item));
        pack_rec(k, f->of, item);
    }
}

static void pack_field(msgpack_packer *k, const struct rec_field *f, const void *p)
{
    switch (f->kind) {
    case REC_BOOL:
        *(const bool *)p ? msgpack_pack_true(k) : msgpack_pack_false(k);
        break;
    case REC_OBOOL:
        msgpack_pack_int8(k, *(const int8_t *)p);
        break;
    case REC_INT:
    case REC_OINT:
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
    case REC_TIME:
    case REC_OTIME:
        msgpack_pack_int64(k, *(const int64_t *)p);
        break;
    case REC_UINT:
        msgpack_pack_uint64(k, *(const uint64_t *)p);
        break;
    case REC_FLOAT:
        msgpack_pack_double(k, *(const double *)p);
        break;
    case REC_STR:
    case REC_OSTR:
    case REC_RAW:
        pack_text(k, *(char *const *)p);
        break;
    case REC_BYTES: {
        const struct rec_bytes *b = p;
        msgpack_pack_bin(k, b->n);
        msgpack_pack_bin_body(k, b->data, b->n);
        break;
    }
    case REC_STRUCT:
        pack_rec(k, f->of, p);
        break;
    case REC_PTR:
        pack_rec(k, f->of, *(void *const *)p);
        break;
    case REC_LIST:
    case REC_MAP:
        pack_items(k, f, p);
        break;
    }
}

/* A list that is empty but not null is kept: the two differ in JSON. */
static bool is_left_out(const struct rec_field *f, const void *p)
{
    if (f->flags & (REC_NO_BIN | REC_GONE))
        return true;
    if (f->kind == REC_LIST || f->kind == REC_MAP)
        return !((const struct rec_list *)p)->items;
    return rec_field_is_empty(f, p);
}

static void pack_rec(msgpack_packer *k, const struct rec_desc *d, const void *rec)
{
    if (d->bare) {
        pack_field(k, d->fields, REC_AT_C(rec, d->fields));
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < d->n_fields; i++)
        n += !is_left_out(&d->fields[i], REC_AT_C(rec, &d->fields[i]));
    msgpack_pack_map(k, n);
    for (size_t i = 0; i < d->n_fields; i++) {
        const void *p = REC_AT_C(rec, &d->fields[i]);
        if (is_left_out(&d->fields[i], p))
            continue;
        msgpack_pack_uint64(k, i);
        pack_field(k, &d->fields[i], p);
    }
}

void rec_pack(const struct rec_desc *d, const void *rec, struct buf *out)
{
    msgpack_packer k;
    msgpack_packer_init(&k, out, packer_write);
    pack_rec(&k, d, rec);
}

/* --- reading --------------------------------------------------------------------------------- */

enum value_type { V_NIL, V_BOOL, V_INT, V_UINT, V_FLOAT, V_STR, V_BIN, V_ARRAY, V_MAP };

struct value { /* one msgpack value; containers are only opened: their items follow */
    enum value_type type;
    union {
        uint64_t u;
        int64_t i;
        double f;
    } as;
    const uint8_t *data;
    size_t n; /* bytes, items or pairs */
};

struct reader {
    const uint8_t *p, *end;
    struct arena *arena;
    int depth;
};

static bool take_be(struct reader *r, size_t bytes, uint64_t *out)
{
    if ((size_t)(r->end - r->p) < bytes)
        return false;
    *out = 0;
    while (bytes--)
        *out = *out << 8 | *r->p++;
    return true;
}

static bool take_data(struct reader *r, struct value *v, enum value_type type, size_t length_bytes,
                      uint64_t n)
{
    if (length_bytes && !take_be(r, length_bytes, &n))
        return false;
    if (n > (size_t)(r->end - r->p))
        return false;
    *v = (struct value){.type = type, .data = r->p, .n = (size_t)n};
    r->p += n;
    return true;
}

/* Each item takes at least a byte, so a larger count cannot be true. */
static bool take_container(struct reader *r, struct value *v, enum value_type type,
                           size_t length_bytes, uint64_t n)
{
    if (length_bytes && !take_be(r, length_bytes, &n))
        return false;
    size_t left = (size_t)(r->end - r->p);
    if (n > (type == V_MAP ? left / 2 : left))
        return false;
    *v = (struct value){.type = type, .n = (size_t)n};
    return true;
}

static bool take_number(struct reader *r, struct value *v, uint8_t tag)
{
    uint64_t raw;
    if (tag == 0xca || tag == 0xcb) {
        if (!take_be(r, tag == 0xca ? 4 : 8, &raw))
            return false;
        v->type = V_FLOAT;
        if (tag == 0xca) {
            uint32_t half = (uint32_t)raw;
            float f;
            memcpy(&f, &half, sizeof(f));
            v->as.f = (double)f;
        } else {
            memcpy(&v->as.f, &raw, sizeof(double));
        }
        return true;
    }
    size_t bytes = (size_t)1 << (tag & 3);
    if (!take_be(r, bytes, &raw))
        return false;
    if (tag < 0xd0) {
        *v = (struct value){.type = V_UINT, .as.u = raw};
        return true;
    }
    unsigned shift = (unsigned)(64 - 8 * bytes);
    *v = (struct value){.type = V_INT, .as.i = (int64_t)(raw << shift) >> shift};
    return true;
}

/* https://github.com/msgpack/msgpack/blob/master/spec.md; extension types are not ours. */
static bool take_value(struct reader *r, struct value *v)
{
    if (r->p == r->end)
        return false;
    uint8_t t = *r->p++;
    if (t <= 0x7f) {
        *v = (struct value){.type = V_UINT, .as.u = t};
        return true;
    }
    if (t >= 0xe0) {
        *v = (struct value){.type = V_INT, .as.i = (int8_t)t};
        return true;
    }
    if (t <= 0x8f)
        return take_container(r, v, V_MAP, 0, t & 15);
    if (t <= 0x9f)
        return take_container(r, v, V_ARRAY, 0, t & 15);
    if (t <= 0xbf)
        return take_data(r, v, V_STR, 0, t & 31);
    switch (t) {
    case 0xc0:
        *v = (struct value){.type = V_NIL};
        return true;
    case 0xc2:
    case 0xc3:
        *v = (struct value){.type = V_BOOL, .as.u = t & 1};
        return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        return take_data(r, v, V_BIN, (size_t)1 << (t - 0xc4), 0);
    case 0xd9:
    case 0xda:
    case 0xdb:
        return take_data(r, v, V_STR, (size_t)1 << (t - 0xd9), 0);
    case 0xdc:
    case 0xdd:
        return take_container(r, v, V_ARRAY, t == 0xdc ? 2 : 4, 0);
    case 0xde:
    case 0xdf:
        return take_container(r, v, V_MAP, t == 0xde ? 2 : 4, 0);
    default:
        return t >= 0xca && t <= 0xd3 && take_number(r, v, t);
    }
}

#define MAX_DEPTH 64

static bool skip_value(struct reader *r)
{
    struct value v;
    if (!take_value(r, &v))
        return false;
    if (v.type != V_ARRAY && v.type != V_MAP)
        return true;
    if (++r->depth > MAX_DEPTH)
        return false;
    for (size_t i = 0; i < (v.type == V_MAP ? 2 * v.n : v.n); i++)
        if (!skip_value(r))
            return false;
    r->depth--;
    return true;
}

static bool take_rec(struct reader *r, const struct rec_desc *d, void *rec);

static bool take_int(struct reader *r, int64_t *out)
{
    struct value v;
    if (!take_value(r, &v) || (v.type == V_UINT && v.as.u > INT64_MAX))
        return false;
    *out = v.as.i;
    return v.type == V_UINT || v.type == V_INT;
}

static bool take_text(struct reader *r, char **out)
{
    struct value v;
    if (!take_value(r, &v) || v.type != V_STR || memchr(v.data, 0, v.n))
        return false;
    *out = rec_mem_str(r->arena, (const char *)v.data, v.n);
    return true;
}

static bool take_bytes(struct reader *r, struct rec_bytes *out)
{
    struct value v;
    if (!take_value(r, &v) || v.type != V_BIN)
        return false;
    out->data = memcpy(rec_mem(r->arena, v.n), v.data, v.n);
    out->n = v.n;
    return true;
}

/* Grows as items arrive, so that memory follows the input and not its claims. */
static bool take_items(struct reader *r, const struct rec_field *f, struct rec_list *l)
{
    struct value v;
    if (!take_value(r, &v) || v.type != (f->kind == REC_MAP ? V_MAP : V_ARRAY))
        return false;
    size_t size = f->of->size, cap = v.n < 16 ? v.n : 16;
    l->items = rec_mem(r->arena, cap * size);
    for (size_t i = 0; i < v.n; i++) {
        if (l->n == cap) {
            size_t more = cap * 2 < v.n ? cap * 2 : v.n;
            void *items = rec_mem(r->arena, more * size);
            memcpy(items, l->items, l->n * size);
            if (!r->arena)
                free(l->items);
            l->items = items;
            cap = more;
        }
        char *item = (char *)l->items + l->n * size;
        rec_init(f->of, item);
        l->n++; /* counted first: rec_free then finds what a failing item got */
        if (f->kind == REC_MAP && !take_text(r, (char **)(void *)item))
            return false;
        if (!take_rec(r, f->of, item))
            return false;
    }
    return true;
}

static bool take_field(struct reader *r, const struct rec_field *f, void *p)
{
    struct value v;
    int64_t i;
    switch (f->kind) {
    case REC_BOOL:
        if (!take_value(r, &v) || v.type != V_BOOL)
            return false;
        *(bool *)p = v.as.u != 0;
        return true;
    case REC_OBOOL:
        if (!take_int(r, &i) || i < -1 || i > 1)
            return false;
        *(int8_t *)p = (int8_t)i;
        return true;
    case REC_INT:
    case REC_OINT:
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
    case REC_TIME:
    case REC_OTIME:
        return take_int(r, p);
    case REC_UINT:
        if (!take_value(r, &v) || v.type != V_UINT)
            return false;
        *(uint64_t *)p = v.as.u;
        return true;
    case REC_FLOAT:
        if (!take_value(r, &v) || v.type != V_FLOAT)
            return false;
        *(double *)p = v.as.f;
        return true;
    case REC_STR:
    case REC_OSTR:
    case REC_RAW:
        return take_text(r, p);
    case REC_BYTES:
        return take_bytes(r, p);
    case REC_STRUCT:
        return take_rec(r, f->of, p);
    case REC_PTR:
        *(void **)p = rec_mem(r->arena, f->of->size);
        rec_init(f->of, *(void **)p);
        return take_rec(r, f->of, *(void **)p);
    case REC_LIST:
    case REC_MAP:
        return take_items(r, f, p);
    }
    return false;
}

static bool take_known(struct reader *r, const struct rec_desc *d, void *rec, int64_t number)
{
    const struct rec_field *f = number < (int64_t)d->n_fields ? &d->fields[number] : NULL;
    if (!f || f->flags & (REC_GONE | REC_NO_BIN))
        return skip_value(r);
    return take_field(r, f, REC_AT(rec, f));
}

static bool take_rec(struct reader *r, const struct rec_desc *d, void *rec)
{
    if (d->bare)
        return take_field(r, d->fields, REC_AT(rec, d->fields));
    struct value v;
    if (!take_value(r, &v) || v.type != V_MAP || ++r->depth > MAX_DEPTH)
        return false;
    int64_t previous = -1;
    for (size_t i = 0; i < v.n; i++) {
        int64_t number; /* ascending: a field given twice would leak what came first */
        if (!take_int(r, &number) || number <= previous || !take_known(r, d, rec, number))
            return false;
        previous = number;
    }
    r->depth--;
    return true;
}

int rec_unpack(const struct rec_desc *d, const void *data, size_t len, struct arena *a, void *rec,
               struct err *e)
{
    struct reader r = {data, (const uint8_t *)data + len, a, 0};
    rec_init(d, rec);
    if (take_rec(&r, d, rec) && r.p == r.end)
        return 0;
    return err_set(e, ERR_CORRUPT, "%s record: broken at byte %zu of %zu", d->name,
                   (size_t)(r.p - (const uint8_t *)data), len);
}
