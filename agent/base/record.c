/* Records in memory: initialising, copying, freeing, comparing, lists and maps. */
#include "agent/base/record.h"
#include "agent/base/check.h"
#include "agent/base/record_impl.h"
#include "agent/base/str.h"

#include <stdlib.h>
#include <string.h>

struct bare_str {
    char *value;
};
static const struct rec_field str_fields[] = {REC(struct bare_str, value, "", REC_STR, 0)};
static const struct rec_field str_pair_fields[] = {REC(struct rec_str_pair, value, "", REC_STR, 0)};
static const struct rec_field int_pair_fields[] = {REC(struct rec_int_pair, value, "", REC_INT, 0)};
static const struct rec_field float_pair_fields[] = {
    REC(struct rec_float_pair, value, "", REC_FLOAT, 0)};
static const struct rec_field bool_pair_fields[] = {
    REC(struct rec_bool_pair, value, "", REC_BOOL, 0)};
static const struct rec_field strs_pair_fields[] = {
    REC_OF(struct rec_strs_pair, value, "", REC_LIST, 0, &rec_str)};

#define BARE(name, T, table)                                                                       \
    {                                                                                              \
        name, sizeof(T), table, 1, true                                                            \
    }
const struct rec_desc rec_str = BARE("string", struct bare_str, str_fields);
const struct rec_desc rec_str_pair = BARE("string", struct rec_str_pair, str_pair_fields);
const struct rec_desc rec_int_pair = BARE("number", struct rec_int_pair, int_pair_fields);
const struct rec_desc rec_float_pair = BARE("number", struct rec_float_pair, float_pair_fields);
const struct rec_desc rec_bool_pair = BARE("boolean", struct rec_bool_pair, bool_pair_fields);
const struct rec_desc rec_strs_pair = BARE("list", struct rec_strs_pair, strs_pair_fields);

void *rec_mem(struct arena *a, size_t size)
{
    return a ? arena_alloc(a, size) : mem_alloc(size);
}

char *rec_mem_str(struct arena *a, const char *s, size_t len)
{
    return a ? arena_strndup(a, s, len) : mem_strndup(s, len);
}

static void init_field(const struct rec_field *f, void *p)
{
    if (f->kind == REC_OINT || f->kind == REC_ODUR)
        *(int64_t *)p = REC_NULL_INT;
    else if (f->kind == REC_OBOOL)
        *(int8_t *)p = REC_NULL_BOOL;
    else if (f->kind == REC_STRUCT)
        rec_init(f->of, p);
}

void rec_init(const struct rec_desc *d, void *rec)
{
    memset(rec, 0, d->size);
    for (size_t i = 0; i < d->n_fields; i++)
        init_field(&d->fields[i], REC_AT(rec, &d->fields[i]));
}

/* --- copy ------------------------------------------------------------------------------------ */

static void clone_str(char **p, struct arena *a)
{
    if (*p)
        *p = rec_mem_str(a, *p, strlen(*p));
}

static void clone_items(const struct rec_field *f, struct rec_list *l, struct arena *a)
{
    if (!l->items)
        return;
    const char *from = l->items;
    char *to = rec_mem(a, l->n * f->of->size);
    for (size_t i = 0; i < l->n; i++) {
        rec_clone(f->of, from + i * f->of->size, a, to + i * f->of->size);
        if (f->kind == REC_MAP)
            clone_str((char **)(void *)(to + i * f->of->size), a);
    }
    l->items = to;
}

/* dst is a bitwise copy of the source: replaces what it points to by copies. */
static void clone_field(const struct rec_field *f, void *p, struct arena *a)
{
    switch (f->kind) {
    case REC_STR:
    case REC_OSTR:
    case REC_RAW:
        clone_str(p, a);
        break;
    case REC_BYTES: {
        struct rec_bytes *b = p;
        if (b->data)
            b->data = memcpy(rec_mem(a, b->n), b->data, b->n);
        break;
    }
    case REC_PTR:
        if (*(void **)p)
            *(void **)p = rec_dup(f->of, *(void **)p, a);
        break;
    case REC_STRUCT: {
        for (size_t i = 0; i < f->of->n_fields; i++)
            clone_field(&f->of->fields[i], REC_AT(p, &f->of->fields[i]), a);
        break;
    }
    case REC_LIST:
    case REC_MAP:
        clone_items(f, p, a);
        break;
    default:
        break;
    }
}

void rec_clone(const struct rec_desc *d, const void *src, struct arena *a, void *dst)
{
    memcpy(dst, src, d->size);
    for (size_t i = 0; i < d->n_fields; i++)
        clone_field(&d->fields[i], REC_AT(dst, &d->fields[i]), a);
}

void *rec_dup(const struct rec_desc *d, const void *src, struct arena *a)
{
    void *p = rec_mem(a, d->size);
    rec_clone(d, src, a, p);
    return p;
}

static void free_field(const struct rec_field *f, void *p)
{
    switch (f->kind) {
    case REC_STR:
    case REC_OSTR:
    case REC_RAW:
        free(*(char **)p);
        break;
    case REC_BYTES:
        free(((struct rec_bytes *)p)->data);
        break;
    case REC_PTR:
        if (*(void **)p) {
            rec_free(f->of, *(void **)p);
            free(*(void **)p);
        }
        break;
    case REC_STRUCT:
        rec_free(f->of, p);
        break;
    case REC_LIST:
    case REC_MAP: {
        struct rec_list *l = p;
        char *items = l->items;
        for (size_t i = 0; i < l->n; i++) {
            if (f->kind == REC_MAP)
                free(*(char **)(void *)(items + i * f->of->size));
            rec_free(f->of, items + i * f->of->size);
        }
        free(items);
        break;
    }
    default:
        break;
    }
}

void rec_free(const struct rec_desc *d, void *rec)
{
    for (size_t i = 0; i < d->n_fields; i++)
        free_field(&d->fields[i], REC_AT(rec, &d->fields[i]));
    rec_init(d, rec);
}

/* --- comparison ------------------------------------------------------------------------------ */

static bool items_equal(const struct rec_field *f, const struct rec_list *x,
                        const struct rec_list *y)
{
    if (x->n != y->n)
        return false;
    for (size_t i = 0; i < x->n; i++) {
        const char *p = (const char *)x->items + i * f->of->size;
        const char *q = (const char *)y->items + i * f->of->size;
        if (f->kind == REC_MAP && strcmp(REC_KEY(p), REC_KEY(q)))
            return false;
        if (!rec_equal(f->of, p, q))
            return false;
    }
    return true;
}

bool rec_field_equal(const struct rec_field *f, const void *a, const void *b)
{
    const void *p = REC_AT_C(a, f), *q = REC_AT_C(b, f);
    switch (f->kind) {
    case REC_BOOL:
        return *(const bool *)p == *(const bool *)q;
    case REC_OBOOL:
        return *(const int8_t *)p == *(const int8_t *)q;
    case REC_INT:
    case REC_OINT:
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
    case REC_TIME:
    case REC_OTIME:
    case REC_UINT:
        return *(const uint64_t *)p == *(const uint64_t *)q;
    case REC_FLOAT:
        return !memcmp(p, q, sizeof(double));
    case REC_STR: {
        const char *s = *(char *const *)p, *t = *(char *const *)q;
        return !strcmp(s ? s : "", t ? t : "");
    }
    case REC_OSTR:
    case REC_RAW:
        return str_eq(*(char *const *)p, *(char *const *)q);
    case REC_BYTES: {
        const struct rec_bytes *s = p, *t = q;
        return s->n == t->n && (!s->n || !memcmp(s->data, t->data, s->n));
    }
    case REC_STRUCT:
        return rec_equal(f->of, p, q);
    case REC_PTR: {
        const void *s = *(void *const *)p, *t = *(void *const *)q;
        return s == t || (s && t && rec_equal(f->of, s, t));
    }
    case REC_LIST:
    case REC_MAP:
        return items_equal(f, p, q);
    }
    INVARIANT(!"a kind of the table");
}

bool rec_equal(const struct rec_desc *d, const void *a, const void *b)
{
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct rec_field *f = &d->fields[i];
        if (!(f->flags & (REC_META | REC_GONE)) && !rec_field_equal(f, a, b))
            return false;
    }
    return true;
}

bool rec_field_is_empty(const struct rec_field *f, const void *p)
{
    switch (f->kind) {
    case REC_BOOL:
        return !*(const bool *)p;
    case REC_OBOOL:
        return *(const int8_t *)p == REC_NULL_BOOL;
    case REC_OINT:
    case REC_ODUR:
        return *(const int64_t *)p == REC_NULL_INT;
    case REC_INT:
    case REC_DUR:
    case REC_DURS:
    case REC_TIME:
    case REC_OTIME:
    case REC_UINT:
        return *(const uint64_t *)p == 0;
    case REC_FLOAT:
        return *(const double *)p == 0;
    case REC_STR: {
        const char *s = *(char *const *)p;
        return str_is_empty(s);
    }
    case REC_OSTR:
    case REC_RAW:
    case REC_PTR:
        return !*(void *const *)p;
    case REC_BYTES:
        return ((const struct rec_bytes *)p)->n == 0;
    case REC_STRUCT:
        for (size_t i = 0; i < f->of->n_fields; i++)
            if (!rec_field_is_empty(&f->of->fields[i], REC_AT_C(p, &f->of->fields[i])))
                return false;
        return true;
    case REC_LIST:
    case REC_MAP:
        return ((const struct rec_list *)p)->n == 0;
    }
    INVARIANT(!"a kind of the table");
}

/* --- lists and maps -------------------------------------------------------------------------- */

void *rec_map_find(const void *map, size_t item_size, const char *key)
{
    const struct rec_list *m = map;
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        char *item = (char *)m->items + mid * item_size;
        int c = strcmp(key, REC_KEY(item));
        if (c == 0)
            return item;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const char *rec_str_map_get(const struct rec_str_map *m, const char *key)
{
    struct rec_str_pair *p = rec_map_find(m, sizeof(*p), key);
    return p ? (p->value ? p->value : "") : NULL;
}

/* A list in an arena has the capacity that its length says: 0, 4, 8, 16 ... */
static void *grow(const struct rec_list *l, size_t item_size, struct arena *a)
{
    bool full = l->n == 0 || (l->n >= 4 && (l->n & (l->n - 1)) == 0);
    if (!full)
        return l->items;
    size_t cap = l->n < 4 ? 4 : l->n * 2;
    void *items = arena_alloc(a, cap * item_size);
    if (l->n)
        memcpy(items, l->items, l->n * item_size);
    return items;
}

void *rec_list_add(const struct rec_desc *of, void *list, struct arena *a)
{
    struct rec_list *l = list;
    l->items = grow(l, of->size, a);
    void *item = (char *)l->items + l->n++ * of->size;
    rec_init(of, item);
    return item;
}

void rec_strs_add(struct rec_strs *l, struct arena *a, const char *s)
{
    *(char **)rec_list_add(&rec_str, l, a) = arena_strdup(a, s);
}

bool rec_strs_has(const struct rec_strs *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strcmp(l->items[i] ? l->items[i] : "", s))
            return true;
    return false;
}

void rec_str_map_set(struct rec_str_map *m, struct arena *a, const char *key, const char *value)
{
    struct rec_str_pair *p = rec_map_find(m, sizeof(*p), key);
    if (p) {
        p->value = arena_strdup(a, value);
        return;
    }
    rec_list_add(&rec_str_pair, m, a);
    size_t i = m->n - 1;
    for (; i > 0 && strcmp(m->items[i - 1].key, key) > 0; i--)
        m->items[i] = m->items[i - 1];
    m->items[i] = (struct rec_str_pair){arena_strdup(a, key), arena_strdup(a, value)};
}

static int by_key(const void *a, const void *b)
{
    return strcmp(REC_KEY(a), REC_KEY(b));
}

void rec_map_sort(void *map, size_t item_size)
{
    struct rec_list *m = map;
    if (m->n > 1)
        qsort(m->items, m->n, item_size, by_key);
}
