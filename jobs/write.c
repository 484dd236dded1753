#include "jobs/write.h"
#include "agent/base/duration.h"
#include "agent/base/str.h"

#include <ctype.h>
#include <string.h>

struct writer {
    struct buf *out;
    struct arena *arena;
    int depth;
};

static void indent(struct writer *w)
{
    buf_printf(w->out, "%*s", w->depth * 2, "");
}

/* --- values ---------------------------------------------------------------------------------- */

/* A template's ${ and %{ stay: they were one when they came in. */
static void add_string(struct writer *w, const char *s)
{
    buf_char(w->out, '"');
    for (; s && *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (ch == '"' || ch == '\\')
            buf_printf(w->out, "\\%c", ch);
        else if (ch == '\n')
            buf_str_add(w->out, "\\n");
        else if (ch == '\t')
            buf_str_add(w->out, "\\t");
        else if (ch == '\r')
            buf_str_add(w->out, "\\r");
        else if (ch < 0x20 || ch == 0x7f)
            buf_printf(w->out, "\\u%04x", ch);
        else
            buf_char(w->out, (char)ch);
    }
    buf_char(w->out, '"');
}

static bool is_identifier(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
            return false;
    return true;
}

static void add_key(struct writer *w, const char *key)
{
    if (is_identifier(key))
        buf_str_add(w->out, key);
    else
        add_string(w, key);
}

static void add_strings(struct writer *w, const struct rec_strs *l)
{
    buf_char(w->out, '[');
    for (size_t i = 0; i < l->n; i++) {
        buf_str_add(w->out, i ? ", " : "");
        add_string(w, l->items[i]);
    }
    buf_char(w->out, ']');
}

static void add_json(struct writer *w, const json_t *j)
{
    const char *key;
    const json_t *v;
    size_t i;
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        buf_str_add(w->out, "{\n");
        w->depth++;
        json_object_foreach((json_t *)(uintptr_t)j, key, v)
        {
            indent(w);
            add_key(w, key);
            buf_str_add(w->out, " = ");
            add_json(w, v);
            buf_char(w->out, '\n');
        }
        w->depth--;
        indent(w);
        buf_char(w->out, '}');
        return;
    case JSON_ARRAY:
        if (json_array_size(j) == 1 && json_is_object(json_array_get(j, 0))) {
            add_json(w, json_array_get(j, 0)); /* parsing puts every object in a list */
            return;
        }
        buf_char(w->out, '[');
        json_array_foreach(j, i, v)
        {
            buf_str_add(w->out, i ? ", " : "");
            add_json(w, v);
        }
        buf_char(w->out, ']');
        return;
    case JSON_STRING:
        add_string(w, json_string_value(j));
        return;
    case JSON_INTEGER:
        buf_i64(w->out, json_integer_value(j));
        return;
    case JSON_REAL:
        buf_json_f64(w->out, json_real_value(j));
        return;
    default:
        buf_str_add(w->out, json_is_true(j) ? "true" : json_is_false(j) ? "false" : "null");
    }
}

/* --- attributes ------------------------------------------------------------------------------ */

static const void *at(const struct rec_field *f, const void *rec)
{
    return (const char *)rec + f->offset;
}

static bool is_plain(const struct rec_field *f)
{
    return f->kind < REC_RAW && f->kind != REC_BYTES;
}

static bool is_left_out(const struct rec_field *f, const void *rec)
{
    const void *p = at(f, rec);
    switch (f->kind) {
    case REC_BOOL:
        return !*(const bool *)p;
    case REC_OBOOL:
        return *(const int8_t *)p == REC_NULL_BOOL;
    case REC_STR:
    case REC_OSTR:
        return str_is_empty(*(char *const *)p);
    case REC_FLOAT:
        return !(*(const double *)p > 0 || *(const double *)p < 0);
    case REC_OINT:
    case REC_ODUR:
        return *(const int64_t *)p == REC_NULL_INT;
    default:
        return !*(const int64_t *)p;
    }
}

static void add_plain(struct writer *w, const struct rec_field *f, const void *rec)
{
    const void *p = at(f, rec);
    char text[DURATION_MAX];
    switch (f->kind) {
    case REC_BOOL:
        buf_str_add(w->out, *(const bool *)p ? "true" : "false");
        return;
    case REC_OBOOL:
        buf_str_add(w->out, *(const int8_t *)p == 1 ? "true" : "false");
        return;
    case REC_STR:
    case REC_OSTR:
        add_string(w, *(char *const *)p);
        return;
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
        duration_format(*(const int64_t *)p, text);
        add_string(w, text);
        return;
    default:
        buf_i64(w->out, *(const int64_t *)p);
    }
}

/* The block's plain fields, their values aligned as `fmt` has them. */
static void write_attributes(struct writer *w, const struct rec_desc *d, const void *rec)
{
    int width = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < d->n_fields; i++) {
            const struct rec_field *f = &d->fields[i];
            bool strings = f->kind == REC_LIST && f->of == &rec_str;
            const struct rec_strs *l = strings ? at(f, rec) : NULL;
            if (!f->hcl || (f->flags & REC_LABEL) || (!is_plain(f) && !strings) ||
                (strings ? !l->n : is_left_out(f, rec)))
                continue;
            if (!pass) {
                width = (int)strlen(f->hcl) > width ? (int)strlen(f->hcl) : width;
                continue;
            }
            indent(w);
            buf_printf(w->out, "%-*s = ", width, f->hcl);
            if (strings)
                add_strings(w, l);
            else
                add_plain(w, f, rec);
            buf_char(w->out, '\n');
        }
}

/* --- blocks ---------------------------------------------------------------------------------- */

static void write_body(struct writer *w, const struct rec_desc *d, const void *rec);

static void open_block(struct writer *w, const char *name, const char *label)
{
    if (w->out->len > 1 && w->out->data[w->out->len - 2] != '{')
        buf_char(w->out, '\n');
    indent(w);
    buf_str_add(w->out, name);
    if (label) {
        buf_char(w->out, ' ');
        add_string(w, label);
    }
    buf_str_add(w->out, " {\n");
    w->depth++;
}

static void close_block(struct writer *w)
{
    w->depth--;
    indent(w);
    buf_str_add(w->out, "}\n");
}

static const char *label_of(const struct rec_desc *d, const void *rec)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (d->fields[i].flags & REC_LABEL)
            return *(char *const *)at(&d->fields[i], rec);
    return NULL;
}

static void write_block(struct writer *w, const char *name, const struct rec_desc *d,
                        const void *rec)
{
    open_block(w, name, label_of(d, rec));
    write_body(w, d, rec);
    close_block(w);
}

/* As a block, or as an attribute when a key could not be an argument's name. */
static void open_map(struct writer *w, const char *name, const struct rec_str_map *m)
{
    bool plain = true;
    for (size_t i = 0; i < m->n; i++)
        plain &= is_identifier(m->items[i].key);
    open_block(w, plain ? name : arena_printf(w->arena, "%s =", name), NULL);
}

static void write_string_map(struct writer *w, const char *name, const struct rec_str_map *m)
{
    if (!m->n)
        return;
    open_map(w, name, m);
    for (size_t i = 0; i < m->n; i++) {
        indent(w);
        add_key(w, m->items[i].key);
        buf_str_add(w->out, " = ");
        add_string(w, m->items[i].value);
        buf_char(w->out, '\n');
    }
    close_block(w);
}

static void write_strings_map(struct writer *w, const char *name, const struct rec_strs_map *m)
{
    if (!m->n)
        return;
    open_block(w, name, NULL);
    for (size_t i = 0; i < m->n; i++) {
        indent(w);
        add_key(w, m->items[i].key);
        buf_str_add(w->out, " = ");
        add_strings(w, &m->items[i].value);
        buf_char(w->out, '\n');
    }
    close_block(w);
}

static bool has_plain_keys(const json_t *j)
{
    const char *key;
    const json_t *v;
    json_object_foreach((json_t *)(uintptr_t)j, key, v)
    {
        if (!is_identifier(key))
            return false;
    }
    return true;
}

static bool is_list_of_objects(const json_t *j)
{
    size_t i;
    json_t *v;
    json_array_foreach(j, i, v)
    {
        if (!json_is_object(v) || !has_plain_keys(v))
            return false;
    }
    return json_array_size(j) > 0;
}

/* Objects in a list are what repeated blocks become. */
static void write_config(struct writer *w, const char *key, const json_t *j)
{
    size_t i;
    const json_t *v, *member;
    const char *name;
    if (!is_list_of_objects(j) || !is_identifier(key)) {
        indent(w);
        add_key(w, key);
        buf_str_add(w->out, " = ");
        add_json(w, j);
        buf_char(w->out, '\n');
        return;
    }
    json_array_foreach(j, i, v)
    {
        open_block(w, key, NULL);
        json_object_foreach((json_t *)(uintptr_t)v, name, member) write_config(w, name, member);
        close_block(w);
    }
}

/* What is a body of the user's own words in a job file; what else is kept as JSON has no form
 * here. */
static bool is_free_form(const struct rec_field *f)
{
    return !strcmp(f->hcl, "config") || !strcmp(f->hcl, "policy");
}

static void write_raw(struct writer *w, const struct rec_field *f, const char *text)
{
    json_t *j = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    const char *key;
    const json_t *v;
    if (!json_is_object(j) || !is_free_form(f)) {
        if (j && !json_is_null(j)) {
            indent(w);
            buf_printf(w->out, "# %s: kept, and not written as a job file has it\n", f->hcl);
        }
        json_decref(j);
        return;
    }
    open_block(w, f->hcl, NULL);
    json_object_foreach(j, key, v) write_config(w, key, v);
    close_block(w);
    json_decref(j);
}

static void write_items(struct writer *w, const struct rec_field *f, const char *name,
                        const struct rec_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *item = (const char *)l->items + i * f->of->size;
        if (f->kind == REC_MAP) { /* the key is the label */
            open_block(w, name, *(char *const *)(const void *)item);
            write_attributes(w, f->of, item);
            close_block(w);
        } else {
            write_block(w, name, f->of, item);
        }
    }
}

static void write_part(struct writer *w, const struct rec_field *f, const void *p)
{
    /* both kinds of ports are written as one block, told apart by `static` */
    const char *name = !strcmp(f->name, "ReservedPorts") ? "port" : f->hcl;
    if (!name)
        return;
    if (f->kind == REC_RAW)
        write_raw(w, f, *(char *const *)p);
    else if (f->kind == REC_STRUCT)
        write_block(w, name, f->of, p);
    else if (f->kind == REC_PTR && *(void *const *)p)
        write_block(w, name, f->of, *(void *const *)p);
    else if (f->kind == REC_MAP && f->of == &rec_str_pair)
        write_string_map(w, name, p);
    else if (f->kind == REC_MAP && f->of == &rec_strs_pair)
        write_strings_map(w, name, p);
    else if (f->kind == REC_LIST || f->kind == REC_MAP)
        write_items(w, f, name, p);
}

static void write_body(struct writer *w, const struct rec_desc *d, const void *rec)
{
    write_attributes(w, d, rec);
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct rec_field *f = &d->fields[i];
        if (!is_plain(f) && f->of != &rec_str && f->kind != REC_BYTES)
            write_part(w, f, at(f, rec));
    }
}

void job_write_hcl(const struct job *job, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct writer w = {out, &a, 0};
    write_block(&w, "job", &job_desc, job);
    arena_fini(&a);
}
