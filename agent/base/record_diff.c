/* The difference of two records, field by field, as the peers' `plan` names it. */
#include "agent/base/check.h"
#include "agent/base/record.h"
#include "agent/base/record_impl.h"
#include "agent/base/str.h"

#include <stdio.h>
#include <string.h>

const char *rec_diff_type_name(enum rec_diff_type t)
{
    static const char *const names[] = {"None", "Added", "Deleted", "Edited"};
    return names[t];
}

static void diff_fields(struct rec_diff *out, const struct rec_desc *d, const char *old_rec,
                        const char *new_rec, struct arena *a);

/* Growth by the rule of rec_list_add: full at 0, 4, 8, 16 ... */
static void *push(void **items, size_t *n, size_t size, struct arena *a)
{
    if (*n == 0 || (*n >= 4 && (*n & (*n - 1)) == 0)) {
        void *more = arena_alloc(a, (*n < 4 ? 4 : *n * 2) * size);
        if (*n)
            memcpy(more, *items, *n * size);
        *items = more;
    }
    return (char *)*items + (*n)++ * size;
}

/* A scalar as a person reads it: strings without quotes, null as "". */
static const char *field_text(const struct rec_field *f, const void *rec, struct arena *a)
{
    if (!rec || rec_field_is_empty(f, REC_AT_C(rec, f)))
        return rec && (f->kind == REC_INT || f->kind == REC_UINT || f->kind == REC_DUR ||
                       f->kind == REC_FLOAT)
                   ? "0"
               : rec && f->kind == REC_BOOL ? "false"
                                            : "";
    if (f->kind == REC_STR || f->kind == REC_OSTR)
        return *(char *const *)REC_AT_C(rec, f);
    struct buf b = BUF_INIT;
    rec_json_field(f, rec, &b);
    const char *text = arena_strndup(a, b.data, b.len);
    buf_fini(&b);
    return text;
}

static void add_text(struct rec_diff *out, const char *name, const char *old_text,
                     const char *new_text, enum rec_diff_type type, struct arena *a)
{
    struct rec_diff_field *f = push((void **)&out->fields, &out->n_fields, sizeof(*f), a);
    *f = (struct rec_diff_field){type, name, old_text, new_text};
}

static enum rec_diff_type type_of(const void *old_rec, const void *new_rec)
{
    return !old_rec ? REC_ADDED : !new_rec ? REC_DELETED : REC_EDITED;
}

static void diff_scalar(struct rec_diff *out, const struct rec_field *f, const char *name,
                        const void *o, const void *n, struct arena *a)
{
    const char *x = field_text(f, o, a), *y = field_text(f, n, a);
    enum rec_diff_type t = !*x ? REC_ADDED : !*y ? REC_DELETED : REC_EDITED;
    if (strcmp(x, y))
        add_text(out, name, x, y, t, a);
}

static void add_object(struct rec_diff *out, const struct rec_desc *d, const char *name,
                       const void *o, const void *n, struct arena *a)
{
    struct rec_diff *child = rec_diff(d, name, o, n, a);
    if (child->type == REC_SAME)
        return;
    struct rec_diff *slot = push((void **)&out->objects, &out->n_objects, sizeof(*slot), a);
    *slot = *child;
}

/* Maps of plain values: Meta[key]. */
static void diff_bare_map(struct rec_diff *out, const struct rec_field *f, const struct rec_list *o,
                          const struct rec_list *n, struct arena *a)
{
    size_t i = 0, k = 0, size = f->of->size;
    while (i < o->n || k < n->n) {
        const char *x = i < o->n ? (const char *)o->items + i * size : NULL;
        const char *y = k < n->n ? (const char *)n->items + k * size : NULL;
        int c = !x ? 1 : !y ? -1 : strcmp(REC_KEY(x), REC_KEY(y));
        const char *key = c <= 0 ? REC_KEY(x) : REC_KEY(y);
        diff_scalar(out, f->of->fields, arena_printf(a, "%s[%s]", f->name, key), c <= 0 ? x : NULL,
                    c >= 0 ? y : NULL, a);
        i += c <= 0;
        k += c >= 0;
    }
}

/* Lists of plain values by position: Args[0]. */
static void diff_bare_list(struct rec_diff *out, const struct rec_field *f,
                           const struct rec_list *o, const struct rec_list *n, struct arena *a)
{
    for (size_t i = 0; i < o->n || i < n->n; i++)
        diff_scalar(out, f->of->fields, arena_printf(a, "%s[%zu]", f->name, i),
                    i < o->n ? (const char *)o->items + i * f->of->size : NULL,
                    i < n->n ? (const char *)n->items + i * f->of->size : NULL, a);
}

/* What names an item among its siblings, or NULL. */
static const struct rec_field *naming_field(const struct rec_desc *d)
{
    static const char *const names[] = {"Name", "Label", "ID"};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < d->n_fields; i++)
            if (!strcmp(d->fields[i].name, names[k]) &&
                (d->fields[i].kind == REC_STR || d->fields[i].kind == REC_OSTR))
                return &d->fields[i];
    return NULL;
}

static bool same_item(const struct rec_desc *d, const struct rec_field *name, bool map,
                      const void *x, const void *y)
{
    if (map)
        return !strcmp(REC_KEY(x), REC_KEY(y));
    return name ? rec_field_equal(name, x, y) : rec_equal(d, x, y);
}

static void diff_items(struct rec_diff *out, const struct rec_field *f, const struct rec_list *o,
                       const struct rec_list *n, struct arena *a)
{
    const struct rec_field *name = naming_field(f->of);
    bool *taken = arena_alloc(a, n->n);
    size_t size = f->of->size;
    for (size_t i = 0; i < o->n; i++) {
        const char *x = (const char *)o->items + i * size, *match = NULL;
        for (size_t k = 0; k < n->n && !match; k++) {
            const char *y = (const char *)n->items + k * size;
            if (!taken[k] && same_item(f->of, name, f->kind == REC_MAP, x, y)) {
                match = y;
                taken[k] = true;
            }
        }
        add_object(out, f->of, f->name, x, match, a);
    }
    for (size_t k = 0; k < n->n; k++)
        if (!taken[k])
            add_object(out, f->of, f->name, NULL, (const char *)n->items + k * size, a);
}

static void diff_field(struct rec_diff *out, const struct rec_field *f, const char *o,
                       const char *n, struct arena *a)
{
    static const struct rec_list none = {NULL, 0};
    const void *p = o ? REC_AT_C(o, f) : NULL, *q = n ? REC_AT_C(n, f) : NULL;
    switch (f->kind) {
    case REC_STRUCT:
        add_object(out, f->of, f->name, p, q, a);
        break;
    case REC_PTR: {
        const void *x = p ? *(void *const *)p : NULL, *y = q ? *(void *const *)q : NULL;
        if (x || y)
            add_object(out, f->of, f->name, x, y, a);
        break;
    }
    case REC_LIST:
    case REC_MAP: {
        const struct rec_list *x = p ? p : &none, *y = q ? q : &none;
        bool plain = f->of->bare && f->of->fields[0].kind != REC_LIST;
        if (plain && f->kind == REC_MAP)
            diff_bare_map(out, f, x, y, a);
        else if (plain)
            diff_bare_list(out, f, x, y, a);
        else
            diff_items(out, f, x, y, a);
        break;
    }
    default:
        diff_scalar(out, f, f->name, o, n, a);
    }
}

static void diff_fields(struct rec_diff *out, const struct rec_desc *d, const char *old_rec,
                        const char *new_rec, struct arena *a)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (!(d->fields[i].flags & (REC_META | REC_GONE)))
            diff_field(out, &d->fields[i], old_rec, new_rec, a);
}

struct rec_diff *rec_diff(const struct rec_desc *d, const char *name, const void *old_rec,
                          const void *new_rec, struct arena *a)
{
    PRE(old_rec || new_rec);
    struct rec_diff *out = ARENA_NEW(a, struct rec_diff);
    *out = (struct rec_diff){.name = name, .old_rec = old_rec, .new_rec = new_rec};
    diff_fields(out, d, old_rec, new_rec, a);
    bool one_sided = !old_rec || !new_rec;
    out->type = one_sided || out->n_fields || out->n_objects ? type_of(old_rec, new_rec) : REC_SAME;
    return out;
}
