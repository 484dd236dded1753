/* Bodies into records, by the descriptor's hcl names. */
#include "agent/base/duration.h"
#include "agent/base/str.h"
#include "jobs/hcl/eval_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(rec, f) ((void *)((char *)(rec) + (f)->offset))

static bool unsuitable(struct hcl_eval *ev, const struct hcl_expr *e, const char *detail)
{
    hcl_diag_add(ev->diags, e->range, "Unsuitable value type", "Unsuitable value: %s", detail);
    return false;
}

static bool is_block_kind(const struct rec_field *f)
{
    if (f->flags & (REC_HCL_ATTR | REC_HCL_BOTH))
        return false;
    if (f->kind == REC_STRUCT || f->kind == REC_PTR)
        return true;
    return (f->kind == REC_LIST || f->kind == REC_MAP) && !f->of->bare;
}

/* A label's name may not be set as an argument, unless the label is optional text (a job's id). */
static bool is_argument(const struct rec_field *f)
{
    return !(f->flags & REC_LABEL) || f->kind == REC_OSTR;
}

static const struct rec_field *field_find(const struct rec_desc *d, const char *hcl)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].hcl && str_eq(d->fields[i].hcl, hcl))
            return &d->fields[i];
    return NULL;
}

static const char *suggestion(struct hcl_eval *ev, const struct rec_desc *d, const char *name)
{
    struct nearest near;
    nearest_start(&near, name);
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].hcl && is_argument(&d->fields[i]))
            nearest_offer(&near, d->fields[i].hcl);
    return nearest_text(&near, ev->arena);
}

/* --- scalars --------------------------------------------------------------------------------- */

static bool number_of(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                      long double *out)
{
    return hcl_to_number(v, out) || unsuitable(ev, e, "a number is required");
}

static bool set_int(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                    bool is_unsigned, void *out)
{
    long double n;
    if (!number_of(ev, e, v, &n))
        return false;
    if (n != floorl(n))
        return unsuitable(ev, e, "value must be a whole number");
    if (n >= 0x1p63L || n < -0x1p63L || (is_unsigned && n < 0)) {
        return unsuitable(ev, e,
                          is_unsigned && n < 0 ? "value must be a whole number, 0 or greater"
                                               : "value is out of range");
    }
    if (is_unsigned)
        *(uint64_t *)out = (uint64_t)n;
    else
        *(int64_t *)out = (int64_t)n;
    return true;
}

static bool set_duration(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                         int64_t *out)
{
    if (v->kind == HCL_NUMBER)
        return set_int(ev, e, v, false, out);
    if (v->kind != HCL_STRING) {
        hcl_diag_add(ev->diags, e->range, "Unsuitable value type",
                     "Unsuitable value: expected a string but found %s", hcl_kind_name(v->kind));
        return false;
    }
    if (duration_parse(v->string, out) == 0)
        return true;
    hcl_diag_add(ev->diags, e->range, "Unsuitable value type",
                 "Unsuitable duration value: time: invalid duration \"%.100s\"", v->string);
    return false;
}

static bool set_string(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                       char **out)
{
    const char *s;
    if (!hcl_to_string(v, ev->arena, &s))
        return unsuitable(ev, e, "string required");
    *out = arena_strdup(ev->arena, s);
    return true;
}

static bool set_bool(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                     bool *out)
{
    return hcl_to_bool(v, out) || unsuitable(ev, e, "a bool is required");
}

/* --- collections ----------------------------------------------------------------------------- */

static bool set_field(struct hcl_eval *ev, const struct hcl_expr *e, const struct rec_field *f,
                      const struct hcl_value *v, void *rec);

static bool set_list(struct hcl_eval *ev, const struct hcl_expr *e, const struct rec_field *f,
                     const struct hcl_value *v, void *rec)
{
    if (v->kind != HCL_LIST) {
        char text[64];
        snprintf(text, sizeof text, "list of %s required",
                 f->of->fields[0].kind == REC_STR ? "string" : "values");
        return unsuitable(ev, e, text);
    }
    bool ok = true;
    if (v->n == 0) { /* [] is not null */
        struct rec_list *list = AT(rec, f);
        list->items = arena_alloc(ev->arena, f->of->size);
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct hcl_expr *at = e->kind == EXPR_LIST && i < e->n ? e->items[i].value : e;
        void *item = rec_list_add(f->of, AT(rec, f), ev->arena);
        ok = set_field(ev, at, &f->of->fields[0], &v->items[i], item) && ok;
    }
    return ok;
}

static bool set_map(struct hcl_eval *ev, const struct hcl_expr *e, const struct rec_field *f,
                    const struct hcl_value *v, void *rec)
{
    if (v->kind != HCL_OBJECT)
        return unsuitable(ev, e, "map of string required");
    bool ok = true;
    if (v->n == 0) {
        struct rec_list *list = AT(rec, f);
        list->items = arena_alloc(ev->arena, f->of->size);
    }
    for (size_t i = 0; i < v->n; i++) {
        char **item = rec_list_add(f->of, AT(rec, f), ev->arena);
        *item = arena_strdup(ev->arena, v->members[i].key);
        ok = set_field(ev, e, &f->of->fields[0], &v->members[i].value, item) && ok;
    }
    rec_map_sort(AT(rec, f), f->of->size);
    return ok;
}

/* How free-form values look to a driver: an object is a list of one object. */
static void write_free_value(const struct hcl_value *v, struct buf *out)
{
    if (v->kind == HCL_OBJECT) {
        buf_str_add(out, "[{");
        for (size_t i = 0; i < v->n; i++) {
            if (i)
                buf_char(out, ',');
            buf_json_str(out, v->members[i].key, strlen(v->members[i].key));
            buf_char(out, ':');
            write_free_value(&v->members[i].value, out);
        }
        buf_str_add(out, "}]");
    } else if (v->kind == HCL_LIST) {
        buf_char(out, '[');
        for (size_t i = 0; i < v->n; i++) {
            if (i)
                buf_char(out, ',');
            write_free_value(&v->items[i], out);
        }
        buf_char(out, ']');
    } else {
        hcl_value_json(v, out);
    }
}

/* Compact with sorted keys, as REC_RAW is kept. */
static bool set_raw(struct hcl_eval *ev, const struct hcl_range at, struct buf *text, char **out)
{
    json_error_t je;
    json_t *json = json_loadb(buf_str(text), text->len, JSON_DECODE_ANY, &je);
    if (!json) {
        hcl_diag_add(ev->diags, at, "Unsuitable value type",
                     "Unsuitable value: it cannot be written as JSON: %s", je.text);
        return false;
    }
    *out = rec_raw_from_json(json, ev->arena);
    json_decref(json);
    return true;
}

/* `x = {...}` where a free-form block would stand means the object itself. */
static bool set_raw_value(struct hcl_eval *ev, const struct hcl_expr *e, const struct hcl_value *v,
                          char **out)
{
    struct buf text = BUF_INIT;
    if (v->kind == HCL_OBJECT) {
        buf_char(&text, '{');
        for (size_t i = 0; i < v->n; i++) {
            if (i)
                buf_char(&text, ',');
            buf_json_str(&text, v->members[i].key, strlen(v->members[i].key));
            buf_char(&text, ':');
            write_free_value(&v->members[i].value, &text);
        }
        buf_char(&text, '}');
    } else {
        write_free_value(v, &text);
    }
    bool ok = set_raw(ev, e->range, &text, out);
    buf_fini(&text);
    return ok;
}

static bool set_field(struct hcl_eval *ev, const struct hcl_expr *e, const struct rec_field *f,
                      const struct hcl_value *v, void *rec)
{
    void *p = AT(rec, f);
    long double n;
    bool b;
    if (v->kind == HCL_NULL)
        return true;
    switch (f->kind) {
    case REC_BOOL:
        return set_bool(ev, e, v, p);
    case REC_OBOOL:
        if (!set_bool(ev, e, v, &b))
            return false;
        *(int8_t *)p = b;
        return true;
    case REC_INT:
    case REC_OINT:
    case REC_UINT:
        return set_int(ev, e, v, f->kind == REC_UINT, p);
    case REC_FLOAT:
        if (!number_of(ev, e, v, &n))
            return false;
        *(double *)p = (double)n;
        return true;
    case REC_STR:
    case REC_OSTR:
        return set_string(ev, e, v, p);
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
        return set_duration(ev, e, v, p);
    case REC_RAW:
        return set_raw_value(ev, e, v, p);
    case REC_LIST:
        return set_list(ev, e, f, v, rec);
    case REC_MAP:
        return set_map(ev, e, f, v, rec);
    default:
        return unsuitable(ev, e, "this cannot be set in a file");
    }
}

/* --- free form ------------------------------------------------------------------------------- */

struct name_seen {
    const char *name;
    size_t place;
};
static int compare_seen(const void *a, const void *b)
{
    const struct name_seen *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static void tell_redefined(struct hcl_eval *ev, const struct hcl_attr *a, struct hcl_range before)
{
    hcl_diag_add(ev->diags, a->name_range, "Attribute redefined",
                 "The argument \"%s\" was already set at %s. Each argument may be set only once.",
                 a->name, hcl_range_text(ev->diags, before));
}

static void tell_both(struct hcl_eval *ev, const struct hcl_block *b, struct hcl_range before)
{
    hcl_diag_add(ev->diags, b->head_range, arena_printf(ev->arena, "Duplicate %s block", b->type),
                 "%s may not be defined more than once. Another definition is defined at %s.",
                 b->type, hcl_range_text(ev->diags, before));
}

/* For each item, the place of the first and of the next item of the same name: itself, 0 for none.
 */
struct places {
    size_t *first, *next;
};

/* Arguments set twice, or beside a block of their name, are told. */
static struct places find_places(struct hcl_eval *ev, const struct hcl_body *body, bool *ok)
{
    struct name_seen *seen = ARENA_ARRAY(ev->arena, struct name_seen, body->n + 1);
    size_t *first = ARENA_ARRAY(ev->arena, size_t, body->n + 1);
    size_t *next = ARENA_ARRAY(ev->arena, size_t, body->n + 1);
    for (size_t i = 0; i < body->n; i++)
        seen[i] = (struct name_seen){
            body->items[i].attr ? body->items[i].attr->name : body->items[i].block->type, i};
    qsort(seen, body->n, sizeof *seen, compare_seen);
    for (size_t i = 0; i < body->n; i++) {
        bool again = i > 0 && str_eq(seen[i].name, seen[i - 1].name);
        first[seen[i].place] = again ? first[seen[i - 1].place] : seen[i].place;
        if (!again)
            continue;
        next[seen[i - 1].place] = seen[i].place;
        const struct hcl_item *it = &body->items[seen[i].place],
                              *was = &body->items[first[seen[i].place]];
        if (it->attr)
            tell_redefined(ev, it->attr, was->attr ? was->attr->range : was->block->head_range);
        else if (was->attr)
            tell_both(ev, it->block, was->attr->range);
        else
            continue;
        *ok = false;
    }
    return (struct places){first, next};
}

/* The blocks of one type, from the first on. */
static bool free_blocks(struct hcl_eval *ev, const struct hcl_body *body, const size_t *next,
                        size_t i, struct buf *out)
{
    bool ok = true, comma = false;
    buf_char(out, '[');
    for (bool more = true; more; more = next[i] != 0, i = next[i]) {
        const struct hcl_block *b = body->items[i].block;
        if (!b)
            continue; /* an argument of this name: told */
        if (comma)
            buf_char(out, ',');
        comma = true;
        for (size_t k = 0; k < b->n_labels; k++) {
            buf_char(out, '{');
            buf_json_str(out, b->labels[k].text, strlen(b->labels[k].text));
            buf_str_add(out, ":[");
        }
        const struct hcl_scope *outer = ev->scope;
        ev->scope = b->scope ? b->scope : outer;
        ok = hcl_free_form(ev, b->body, out) && ok;
        ev->scope = outer;
        for (size_t k = 0; k < b->n_labels; k++)
            buf_str_add(out, "]}");
    }
    buf_char(out, ']');
    return ok;
}

bool hcl_free_form(struct hcl_eval *ev, const struct hcl_body *body, struct buf *out)
{
    bool ok = true, comma = false;
    body = hcl_expand(ev, body);
    struct places at = find_places(ev, body, &ok);
    buf_char(out, '{');
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_item *it = &body->items[i];
        if (at.first[i] != i)
            continue;
        const char *name = it->attr ? it->attr->name : it->block->type;
        if (comma)
            buf_char(out, ',');
        comma = true;
        buf_json_str(out, name, strlen(name));
        buf_char(out, ':');
        if (it->attr) {
            struct hcl_value v;
            ok = hcl_eval(ev, it->attr->expr, &v) && value_afford(ev, it->attr->expr, &v) && ok;
            if (ok)
                write_free_value(&v, out);
            else
                buf_str_add(out, "null");
        } else {
            ok = free_blocks(ev, body, at.next, i, out) && ok;
        }
    }
    buf_char(out, '}');
    return ok;
}

/* --- bodies ---------------------------------------------------------------------------------- */

static bool decode_attr(struct hcl_eval *ev, const struct hcl_attr *a, const struct rec_desc *d,
                        void *rec)
{
    const struct rec_field *f = field_find(d, a->name);
    if (!f || !is_argument(f)) {
        hcl_diag_add(ev->diags, a->name_range, "Unsupported argument",
                     "An argument named \"%s\" is not expected here.%s", a->name,
                     suggestion(ev, d, a->name));
        return false;
    }
    if (is_block_kind(f)) {
        hcl_diag_add(
            ev->diags, a->name_range, "Unsupported argument",
            "An argument named \"%s\" is not expected here. Did you mean to define a block "
            "of type \"%s\"?",
            a->name, a->name);
        return false;
    }
    struct hcl_value v;
    return hcl_eval(ev, a->expr, &v) && value_afford(ev, a->expr, &v) &&
           set_field(ev, a->expr, f, &v, rec);
}

static const struct rec_field *label_field(const struct rec_desc *d)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].flags & REC_LABEL)
            return &d->fields[i];
    return NULL;
}

bool hcl_decode_labels(struct hcl_eval *ev, const struct hcl_block *b, const struct rec_desc *d,
                       void *rec)
{
    const struct rec_field *f = label_field(d);
    bool ok = b->n_labels == (f ? 1 : 0);
    if (f && b->n_labels == 0)
        hcl_diag_add(ev->diags, b->head_range,
                     arena_printf(ev->arena, "Missing name for %s", b->type),
                     "All %s blocks must have 1 labels (name).", b->type);
    else if (!ok)
        hcl_diag_add(ev->diags, b->labels[f ? 1 : 0].range,
                     arena_printf(ev->arena, "Extraneous label for %s", b->type),
                     f ? "Only 1 labels (name) are expected for %s blocks."
                       : "No labels are expected for %s blocks.",
                     b->type);
    else if (f && *(char **)AT(rec, f) == NULL)
        *(char **)AT(rec, f) = b->labels[0].text;
    return ok;
}

/* The map's body: every argument is one entry. */
static bool decode_map_block(struct hcl_eval *ev, const struct hcl_block *b,
                             const struct rec_field *f, void *rec)
{
    bool ok = true;
    find_places(ev, b->body, &ok);
    struct rec_list *list = AT(rec, f);
    if (b->body->n == 0)
        list->items = arena_alloc(ev->arena, f->of->size);
    for (size_t i = 0; i < b->body->n; i++) {
        const struct hcl_item *it = &b->body->items[i];
        if (it->block) {
            hcl_diag_add(ev->diags, it->block->type_range, "Unexpected block",
                         "Blocks are not allowed here.");
            ok = false;
            continue;
        }
        struct hcl_value v;
        if (!hcl_eval(ev, it->attr->expr, &v) || !value_afford(ev, it->attr->expr, &v)) {
            ok = false;
            continue;
        }
        char **item = rec_list_add(f->of, list, ev->arena);
        *item = it->attr->name;
        ok = set_field(ev, it->attr->expr, &f->of->fields[0], &v, item) && ok;
    }
    rec_map_sort(list, f->of->size);
    return ok;
}

static bool decode_raw_block(struct hcl_eval *ev, const struct hcl_block *b,
                             const struct rec_field *f, void *rec)
{
    struct buf text = BUF_INIT;
    bool ok = hcl_free_form(ev, b->body, &text);
    ok = ok && set_raw(ev, b->head_range, &text, AT(rec, f));
    buf_fini(&text);
    return ok;
}

static bool decode_record_block(struct hcl_eval *ev, const struct hcl_block *b,
                                const struct rec_field *f, void *rec)
{
    void *item;
    if (f->kind == REC_PTR) {
        item = arena_alloc(ev->arena, f->of->size);
        rec_init(f->of, item);
        *(void **)AT(rec, f) = item;
    } else if (f->kind == REC_STRUCT) {
        item = AT(rec, f);
    } else {
        item = rec_list_add(f->of, AT(rec, f), ev->arena);
    }
    bool ok = hcl_decode_labels(ev, b, f->of, item);
    if (f->kind == REC_MAP && b->n_labels)
        *(char **)item = b->labels[0].text;
    return hcl_decode(ev, b->body, f->of, item) && ok;
}

static bool tell_duplicate(struct hcl_eval *ev, const struct hcl_block *b,
                           const struct hcl_block *before)
{
    hcl_diag_add(ev->diags, b->head_range, arena_printf(ev->arena, "Duplicate %s block", b->type),
                 "Only one %s block is allowed. Another was defined at %s.", b->type,
                 hcl_range_text(ev->diags, before->head_range));
    return false;
}

static bool decode_known(struct hcl_eval *ev, const struct hcl_block *b, const struct rec_field *f,
                         void *rec)
{
    const struct hcl_scope *outer = ev->scope;
    bool ok;
    if (b->scope)
        ev->scope = b->scope;
    if (is_block_kind(f))
        ok = decode_record_block(ev, b, f, rec);
    else
        ok = f->kind == REC_RAW ? decode_raw_block(ev, b, f, rec) : decode_map_block(ev, b, f, rec);
    ev->scope = outer;
    return ok;
}

static bool decode_block(struct hcl_eval *ev, const struct hcl_block *b,
                         const struct hcl_block *before, const struct rec_desc *d, void *rec)
{
    const struct rec_field *f = field_find(d, b->type);
    bool takes_block = f && (is_block_kind(f) || f->kind == REC_RAW || (f->flags & REC_HCL_BOTH));
    if (!takes_block) {
        const char *hint = f && is_argument(f)
                               ? arena_printf(ev->arena,
                                              " Did you mean to define argument \"%s\"? If so, use "
                                              "the equals sign to assign it a value.",
                                              b->type)
                               : suggestion(ev, d, b->type);
        hcl_diag_add(ev->diags, b->type_range, "Unsupported block type",
                     "Blocks of type \"%s\" are not expected here.%s", b->type, hint);
        return false;
    }
    bool many = is_block_kind(f) && (f->kind == REC_LIST || f->kind == REC_MAP);
    if (before && !many)
        return tell_duplicate(ev, b, before);
    if (!is_block_kind(f) && b->n_labels) {
        hcl_diag_add(ev->diags, b->labels[0].range, "Extraneous label",
                     "No labels are expected for %s blocks.", b->type);
        return false;
    }
    return decode_known(ev, b, f, rec);
}

static void sort_block_maps(const struct rec_desc *d, void *rec)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].kind == REC_MAP && is_block_kind(&d->fields[i]))
            rec_map_sort(AT(rec, &d->fields[i]), d->fields[i].of->size);
}

int hcl_desc_labels(const void *desc, const char *name)
{
    const struct rec_field *f = field_find(desc, name);
    if (!f || !is_block_kind(f))
        return -1;
    return label_field(f->of) ? 1 : 0;
}

bool hcl_decode(struct hcl_eval *ev, const struct hcl_body *body, const struct rec_desc *d,
                void *rec)
{
    size_t told = ev->diags->n;
    body = hcl_json_blocks(ev, body, hcl_desc_labels, d);
    body = hcl_expand(ev, body);
    bool ok = ev->diags->n == told;
    struct places at = find_places(ev, body, &ok);
    for (size_t i = 0; i < body->n; i++) {
        const struct hcl_item *it = &body->items[i], *was = &body->items[at.first[i]];
        if (at.first[i] != i && (it->attr || was->attr))
            continue; /* told */
        if (it->attr)
            ok = decode_attr(ev, it->attr, d, rec) && ok;
        else
            ok = decode_block(ev, it->block, at.first[i] == i ? NULL : was->block, d, rec) && ok;
    }
    sort_block_maps(d, rec);
    return ok;
}
