/* Bodies to records: the descriptor's hcl names are the schema. */
#include "agent/base/duration.h"
#include "agent/base/str.h"
#include "jobs/hcl/hcl.h"

#include <math.h>
#include <string.h>

/* --- schema -------------------------------------------------------------------------------------------- */

static bool is_block_field(const struct rec_field *f)
{
    if (f->flags & REC_HCL_ATTR)
        return false;
    if (f->kind == REC_STRUCT || f->kind == REC_PTR || f->kind == REC_RAW)
        return true;
    if (f->kind == REC_MAP)
        return true;
    return f->kind == REC_LIST && !f->of->bare;
}

static bool is_attr_field(const struct rec_field *f)
{
    return !is_block_field(f) || f->flags & REC_HCL_BOTH || f->kind == REC_RAW;
}

static const struct rec_field *field_named(const struct rec_desc *d, const char *name)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].hcl && !strcmp(d->fields[i].hcl, name))
            return &d->fields[i];
    return NULL;
}

static const struct rec_field *label_field(const struct rec_desc *d)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].flags & REC_LABEL)
            return &d->fields[i];
    return NULL;
}

/* Levenshtein distance, for "did you mean"; short names only. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], n = strlen(a), m = strlen(b);
    if (n >= 60 || m >= 60)
        return 99;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t up = row[j], cost = diagonal + (a[i - 1] != b[j - 1]);
            size_t best = row[j - 1] + 1 < up + 1 ? row[j - 1] + 1 : up + 1;
            row[j] = cost < best ? cost : best;
            diagonal = up;
        }
    }
    return row[m];
}

static const char *suggestion(struct hcl_source *s, const struct rec_desc *d, const char *name)
{
    const char *best = NULL;
    size_t least = strlen(name) < 4 ? 2 : 3;
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].hcl && distance(name, d->fields[i].hcl) < least) {
            least = distance(name, d->fields[i].hcl);
            best = d->fields[i].hcl;
        }
    return best ? arena_printf(s->arena, " Did you mean \"%s\"?", best) : "";
}

/* --- values to fields ----------------------------------------------------------------------------------------- */

static void wrong_type(struct hcl_source *s, const struct hcl_expr *e, const char *want)
{
    hcl_error(s, e->range, "Incorrect attribute value type",
              "Inappropriate value for attribute: %s required.", want);
}

static bool to_int(const json_t *v, int64_t *out)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    const char *text = json_string_value(v);
    return text && !str_to_i64(text, out);
}

static bool to_bool(const json_t *v, bool *out)
{
    const char *text = json_string_value(v);
    *out = json_is_true(v) || (text && !strcmp(text, "true"));
    return json_is_boolean(v) || *out || (text && !strcmp(text, "false"));
}

static bool to_duration(const json_t *v, int64_t *out)
{
    const char *text = json_string_value(v);
    return json_is_integer(v) ? to_int(v, out) : text && !duration_parse(text, out);
}

static bool to_strs(struct hcl_source *s, const json_t *v, struct rec_strs *out)
{
    if (!json_is_array(v))
        return false;
    out->items = ARENA_ARRAY(s->arena, char *, json_array_size(v) + 1);
    for (out->n = 0; out->n < json_array_size(v); out->n++)
        if (!(out->items[out->n] = hcl_value_text(json_array_get(v, out->n), s->arena)))
            return false;
    return true;
}

static bool to_map(struct hcl_source *s, const struct rec_field *f, json_t *v, struct rec_list *out)
{
    const char *key;
    json_t *x;
    if (!json_is_object(v))
        return false;
    if (!out->items)
        out->items = arena_alloc(s->arena, 1);
    json_object_foreach(v, key, x) {
        char *item = rec_list_add(f->of, out, s->arena);
        *(char **)(void *)item = arena_strdup(s->arena, key);
        void *p = item + f->of->fields[0].offset;
        if (f->of == &rec_strs_pair ? !to_strs(s, x, p)
                                    : !(*(char **)p = hcl_value_text(x, s->arena)))
            return false;
    }
    rec_map_sort(out, f->of->size);
    return true;
}

static void set_raw(struct hcl_source *s, char **p, const json_t *v)
{
    *p = rec_raw_from_json(v, s->arena);
}

static void set_field(struct hcl_source *s, const struct rec_field *f, const struct hcl_expr *e,
                      json_t *v, void *rec)
{
    void *p = (char *)rec + f->offset;
    bool b;
    if (json_is_null(v))
        return; /* as if it were not there */
    switch (f->kind) {
    case REC_STR:
    case REC_OSTR:
        if (!(*(char **)p = hcl_value_text(v, s->arena)))
            wrong_type(s, e, "string");
        break;
    case REC_INT:
    case REC_OINT:
    case REC_UINT:
        if (!to_int(v, p))
            wrong_type(s, e, "a number");
        break;
    case REC_FLOAT:
        if (!json_is_number(v))
            wrong_type(s, e, "a number");
        else
            *(double *)p = json_number_value(v);
        break;
    case REC_BOOL:
        if (!to_bool(v, p))
            wrong_type(s, e, "bool");
        break;
    case REC_OBOOL:
        if (!to_bool(v, &b))
            wrong_type(s, e, "bool");
        else
            *(int8_t *)p = b;
        break;
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
        if (!to_duration(v, p))
            hcl_error(s, e->range, "Unsuitable duration value",
                      "Unsuitable value: a duration such as \"30s\" or \"1h30m\" is required.");
        break;
    case REC_RAW:
        set_raw(s, p, v);
        break;
    case REC_LIST:
        if (!to_strs(s, v, p))
            wrong_type(s, e, "list of string");
        break;
    case REC_MAP:
        if (!to_map(s, f, v, p))
            wrong_type(s, e, "map of string");
        break;
    default:
        wrong_type(s, e, "a block");
    }
}

static void decode_attr(struct hcl_source *s, const struct hcl_attr *a, const struct rec_desc *d,
                        void *rec)
{
    const struct rec_field *f = field_named(d, a->name);
    if (!f || !is_attr_field(f)) {
        if (f)
            hcl_error(s, a->name_range, "Unsupported argument",
                      "An argument named \"%s\" is not expected here. Did you mean to define a block "
                      "of type \"%s\"?", a->name, a->name);
        else
            hcl_error(s, a->name_range, "Unsupported argument",
                      "An argument named \"%s\" is not expected here.%s", a->name,
                      suggestion(s, d, a->name));
        return;
    }
    bool deferred;
    json_t *v = hcl_eval(s, a->expr, &deferred);
    if (v)
        set_field(s, f, a->expr, v, rec);
    json_decref(v);
}

/* --- blocks ---------------------------------------------------------------------------------------------------- */

/* One string label for those who take one, none for the others. */
static bool check_labels(struct hcl_source *s, const struct hcl_block *b, const struct rec_field *label)
{
    if (label && b->n_labels == 0) {
        hcl_error(s, b->type_range, arena_printf(s->arena, "Missing name for %s", b->type),
                  "All %s blocks must have 1 labels (name).", b->type);
        return false;
    }
    if (b->n_labels > (label ? 1u : 0u)) {
        hcl_error(s, b->type_range, arena_printf(s->arena, "Extraneous label for %s", b->type),
                  label ? "Only 1 labels (name) are expected for %s blocks."
                        : "No labels are expected for %s blocks.", b->type);
        return false;
    }
    return true;
}

static void decode_into(struct hcl_source *s, const struct hcl_block *b, const struct rec_desc *d,
                        void *rec)
{
    const struct rec_field *label = label_field(d);
    if (check_labels(s, b, label) && label)
        *(char **)(void *)((char *)rec + label->offset) = arena_strdup(s->arena, b->labels[0]);
    hcl_decode(s, b->body, d, rec);
}

/* meta { a = "1" }: every attribute is an entry. */
static void decode_map_block(struct hcl_source *s, const struct hcl_block *b,
                             const struct rec_field *f, void *p)
{
    for (size_t i = 0; i < b->body->n_blocks; i++)
        hcl_error(s, b->body->blocks[i].type_range, "Unsupported block type",
                  "Blocks are not allowed here.");
    struct rec_list *l = p;
    if (!l->items)
        l->items = arena_alloc(s->arena, 1);
    for (size_t i = 0; i < b->body->n_attrs; i++) {
        const struct hcl_attr *a = &b->body->attrs[i];
        bool deferred;
        json_t *v = hcl_eval(s, a->expr, &deferred), *one = json_object();
        if (v)
            json_object_set(one, a->name, v);
        if (v && !to_map(s, f, one, l))
            wrong_type(s, a->expr, f->of == &rec_strs_pair ? "list of string" : "string");
        json_decref(v);
        json_decref(one);
    }
}

static void duplicate(struct hcl_source *s, const struct hcl_block *b, const struct hcl_body *body)
{
    const struct hcl_block *first = body->blocks;
    while (strcmp(first->type, b->type))
        first++;
    hcl_error(s, b->type_range, arena_printf(s->arena, "Duplicate %s block", b->type),
              "Only one %s block is allowed. Another was defined at %s.", b->type,
              hcl_range_text(s, first->type_range));
}

static void decode_block(struct hcl_source *s, const struct hcl_body *body, const struct hcl_block *b,
                         const struct rec_desc *d, void *rec, bool seen)
{
    const struct rec_field *f = field_named(d, b->type);
    if (!f || !is_block_field(f)) {
        hcl_error(s, b->type_range, "Unsupported block type",
                  "Blocks of type \"%s\" are not expected here.%s", b->type,
                  f ? arena_printf(s->arena, " Did you mean to define argument \"%s\"? If so, use the "
                                             "equals sign to assign it a value.", b->type)
                    : suggestion(s, d, b->type));
        return;
    }
    void *p = (char *)rec + f->offset;
    bool bare_map = f->kind == REC_MAP && f->of->bare;
    if (seen && f->kind != REC_LIST && !(f->kind == REC_MAP && !bare_map)) {
        duplicate(s, b, body);
        return;
    }
    if (f->kind == REC_RAW) {
        json_t *v = hcl_body_json(s, b->body);
        set_raw(s, p, v);
        json_decref(v);
    } else if (bare_map) {
        decode_map_block(s, b, f, p);
    } else if (f->kind == REC_PTR) {
        *(void **)p = arena_alloc(s->arena, f->of->size);
        rec_init(f->of, *(void **)p);
        decode_into(s, b, f->of, *(void **)p);
    } else if (f->kind == REC_STRUCT) {
        decode_into(s, b, f->of, p);
    } else {
        void *item = rec_list_add(f->of, p, s->arena);
        decode_into(s, b, f->of, item);
        if (f->kind == REC_MAP)
            *(char **)item = arena_strdup(s->arena, b->n_labels ? b->labels[0] : "");
    }
}

void hcl_decode(struct hcl_source *s, const struct hcl_body *body, const struct rec_desc *d, void *rec)
{
    for (size_t i = 0; i < body->n_attrs; i++)
        decode_attr(s, &body->attrs[i], d, rec);
    for (size_t i = 0; i < body->n_blocks; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = !strcmp(body->blocks[k].type, body->blocks[i].type);
        for (size_t k = 0; k < body->n_attrs && !seen; k++)
            if (!strcmp(body->attrs[k].name, body->blocks[i].type)) {
                hcl_error(s, body->blocks[i].type_range,
                          arena_printf(s->arena, "Duplicate %s", body->blocks[i].type),
                          "\"%s\" is given as an argument and as a block; only one is allowed.",
                          body->blocks[i].type);
                break;
            }
        decode_block(s, body, &body->blocks[i], d, rec, seen);
    }
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].kind == REC_MAP && d->fields[i].hcl && !d->fields[i].of->bare)
            rec_map_sort((char *)rec + d->fields[i].offset, d->fields[i].of->size);
}

/* --- free form -------------------------------------------------------------------------------------------------- */

static void append_block(json_t *out, const char *key, json_t *value)
{
    json_t *list = json_object_get(out, key);
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(out, key, list);
    }
    json_array_append_new(list, value);
}

json_t *hcl_body_json(struct hcl_source *s, const struct hcl_body *body)
{
    json_t *out = json_object();
    for (size_t i = 0; i < body->n_attrs; i++) {
        bool deferred;
        json_t *v = hcl_eval(s, body->attrs[i].expr, &deferred);
        if (json_is_object(v)) { /* an object is a list of one, as a block is */
            json_t *list = json_array();
            json_array_append_new(list, v);
            v = list;
        }
        if (v)
            json_object_set_new(out, body->attrs[i].name, v);
    }
    for (size_t i = 0; i < body->n_blocks; i++) {
        const struct hcl_block *b = &body->blocks[i];
        json_t *v = hcl_body_json(s, b->body);
        for (size_t k = b->n_labels; k-- > 0;) { /* b "l1" { } is b: [{l1: [{ }]}] */
            json_t *outer = json_object();
            append_block(outer, b->labels[k], v);
            v = outer;
        }
        append_block(out, b->type, v);
    }
    return out;
}
