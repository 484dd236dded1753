/* Records as JSON: written straight into a buffer; read from jansson's tree. */
#include "agent/base/check.h"
#include "agent/base/clock.h"
#include "agent/base/duration.h"
#include "agent/base/record.h"
#include "agent/base/record_impl.h"
#include "agent/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- writing --------------------------------------------------------------------------------- */

static void write_str(struct buf *out, const char *s)
{
    buf_json_str(out, s ? s : "", s ? strlen(s) : 0);
}

static void write_duration(struct buf *out, int64_t ns)
{
    char text[DURATION_MAX];
    duration_format(ns, text);
    write_str(out, ns ? text : "");
}

static void write_time(struct buf *out, wall_ns t)
{
    char text[CLOCK_RFC3339_MAX];
    clock_format_rfc3339(t, text);
    write_str(out, text);
}

static void write_items(const struct rec_field *f, const struct rec_list *l, struct buf *out)
{
    bool map = f->kind == REC_MAP;
    if (!l->items && !(f->flags & REC_NEVER_NULL)) {
        buf_str_add(out, "null");
        return;
    }
    buf_char(out, map ? '{' : '[');
    for (size_t i = 0; i < l->n; i++) {
        const char *item = (const char *)l->items + i * f->of->size;
        if (i)
            buf_char(out, ',');
        if (map) {
            write_str(out, REC_KEY(item));
            buf_char(out, ':');
        }
        rec_json_write(f->of, item, out);
    }
    buf_char(out, map ? '}' : ']');
}

static void write_bytes(const struct rec_field *f, const struct rec_bytes *b, struct buf *out)
{
    if (!b->n && !(f->flags & REC_NEVER_NULL)) {
        buf_str_add(out, "null");
        return;
    }
    buf_char(out, '"');
    buf_base64(out, b->data, b->n);
    buf_char(out, '"');
}

static void write_optional(bool null, struct buf *out, int64_t v)
{
    if (null)
        buf_str_add(out, "null");
    else
        buf_i64(out, v);
}

void rec_json_field(const struct rec_field *f, const void *rec, struct buf *out)
{
    const void *p = REC_AT_C(rec, f);
    switch (f->kind) {
    case REC_BOOL:
        buf_str_add(out, *(const bool *)p ? "true" : "false");
        break;
    case REC_OBOOL: {
        int8_t v = *(const int8_t *)p;
        buf_str_add(out, v == REC_NULL_BOOL ? "null" : v ? "true" : "false");
        break;
    }
    case REC_INT:
    case REC_DUR:
        buf_i64(out, *(const int64_t *)p);
        break;
    case REC_OINT:
    case REC_ODUR:
        write_optional(*(const int64_t *)p == REC_NULL_INT, out, *(const int64_t *)p);
        break;
    case REC_DURS:
        write_duration(out, *(const int64_t *)p);
        break;
    case REC_UINT:
        buf_u64(out, *(const uint64_t *)p);
        break;
    case REC_FLOAT:
        buf_json_f64(out, *(const double *)p);
        break;
    case REC_OTIME:
        if (!*(const wall_ns *)p) {
            buf_str_add(out, "null");
            break;
        }
        /* fall through */
    case REC_TIME:
        write_time(out, *(const wall_ns *)p);
        break;
    case REC_STR:
        write_str(out, *(char *const *)p);
        break;
    case REC_OSTR:
        if (*(char *const *)p)
            write_str(out, *(char *const *)p);
        else
            buf_str_add(out, "null");
        break;
    case REC_RAW:
        buf_str_add(out, *(char *const *)p ? *(char *const *)p : "null");
        break;
    case REC_BYTES:
        write_bytes(f, p, out);
        break;
    case REC_STRUCT:
        rec_json_write(f->of, p, out);
        break;
    case REC_PTR:
        if (*(void *const *)p)
            rec_json_write(f->of, *(void *const *)p, out);
        else
            buf_str_add(out, f->flags & REC_NEVER_NULL ? "{}" : "null");
        break;
    case REC_LIST:
    case REC_MAP:
        write_items(f, p, out);
        break;
    }
}

void rec_json_write(const struct rec_desc *d, const void *rec, struct buf *out)
{
    if (d->bare) {
        rec_json_field(d->fields, rec, out);
        return;
    }
    buf_char(out, '{');
    bool first = true;
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct rec_field *f = &d->fields[i];
        if (f->flags & (REC_NO_JSON | REC_GONE) ||
            (f->flags & REC_OMIT_EMPTY && rec_field_is_empty(f, REC_AT_C(rec, f))))
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        buf_char(out, '"');
        buf_str_add(out, f->name);
        buf_str_add(out, "\":");
        rec_json_field(f, rec, out);
    }
    buf_char(out, '}');
}

static void newline(struct buf *out, unsigned depth)
{
    buf_char(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        buf_str_add(out, "    ");
}

/* Works on text that is JSON already; copies strings, re-spaces the rest. */
void rec_json_pretty(const char *text, size_t len, struct buf *out)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            buf_char(out, c);
            if (c == '\\' && i + 1 < len)
                buf_char(out, text[++i]);
            else if (c == '"')
                in_string = false;
            continue;
        }
        if (isspace((unsigned char)c))
            continue;
        if (c == '{' || c == '[') {
            bool empty = i + 1 < len && (text[i + 1] == '}' || text[i + 1] == ']');
            buf_char(out, c);
            if (empty)
                buf_char(out, text[++i]);
            else
                newline(out, ++depth);
            continue;
        }
        if (c == '}' || c == ']')
            newline(out, depth ? --depth : 0);
        buf_char(out, c);
        in_string = c == '"';
        if (c == ',')
            newline(out, depth);
        if (c == ':')
            buf_char(out, ' ');
    }
}

char *rec_raw_from_json(const json_t *json, struct arena *a)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!text)
        return NULL;
    char *copy = rec_mem_str(a, text, strlen(text));
    free(text);
    return copy;
}

/* --- reading --------------------------------------------------------------------------------- */

struct json_reader {
    unsigned flags;
    struct arena *arena;
    struct err *err;
};

static int read_rec(struct json_reader *r, const struct rec_desc *d, const json_t *json, void *rec);

static const char *type_name(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

static int wrong_type(struct json_reader *r, const char *want, const json_t *got)
{
    return err_set(r->err, ERR_INVALID, "expected %s, got %s", want, type_name(got));
}

/* Puts ".name" or "[3]" before the path an inner level left, as in "Groups[0].Count: expected
 * ..." */
static int at(struct json_reader *r, const char *name, size_t i)
{
    if (!r->err)
        return ERR_INVALID;
    char old[sizeof(r->err->text)], step[256];
    memcpy(old, r->err->text, sizeof(old));
    if (name)
        snprintf(step, sizeof(step), ".%.200s", name);
    else
        snprintf(step, sizeof(step), "[%zu]", i);
    bool path = old[0] == '.' || old[0] == '[';
    return err_set(r->err, ERR_INVALID, "%s%s%s", step, path ? "" : ": ", old);
}

static int read_int(struct json_reader *r, const json_t *json, int64_t *out)
{
    if (json_is_integer(json)) {
        *out = json_integer_value(json);
        return 0;
    }
    double v = json_real_value(json);
    if (json_is_real(json) && v >= -9.2e18 && v <= 9.2e18 && (double)(int64_t)v == v) {
        *out = (int64_t)v;
        return 0;
    }
    return wrong_type(r, json_is_real(json) ? "a whole number" : "a number", json);
}

static int read_duration(struct json_reader *r, const json_t *json, int64_t *out)
{
    if (!json_is_string(json))
        return read_int(r, json, out);
    const char *text = json_string_value(json);
    if (!*text) {
        *out = 0;
        return 0;
    }
    if (duration_parse(text, out))
        return err_set(r->err, ERR_INVALID, "invalid duration \"%.100s\"", text);
    return 0;
}

static int read_str(struct json_reader *r, const json_t *json, char **out)
{
    if (!json_is_string(json))
        return wrong_type(r, "a string", json);
    *out = rec_mem_str(r->arena, json_string_value(json), json_string_length(json));
    return 0;
}

static int base64_value(unsigned char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

static int read_bytes(struct json_reader *r, const json_t *json, struct rec_bytes *out)
{
    if (!json_is_string(json))
        return wrong_type(r, "a base64 string", json);
    const char *s = json_string_value(json);
    size_t len = json_string_length(json), n = 0;
    uint8_t *data = rec_mem(r->arena, len / 4 * 3 + 3);
    *out = (struct rec_bytes){data, 0};
    unsigned bits = 0, have = 0;
    while (len && s[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        int v = base64_value((unsigned char)s[i]);
        if (v < 0)
            return err_set(r->err, ERR_INVALID, "illegal base64 data at input byte %zu", i);
        bits = bits << 6 | (unsigned)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            data[n++] = (uint8_t)(bits >> have);
        }
    }
    out->n = n;
    return 0;
}

static int read_bool(struct json_reader *r, const json_t *json, bool *out)
{
    if (!json_is_boolean(json))
        return wrong_type(r, "a boolean", json);
    *out = json_is_true(json);
    return 0;
}

static void drop_old(const struct rec_field *f, void *p, struct json_reader *r);

static int read_list(struct json_reader *r, const struct rec_field *f, const json_t *json,
                     struct rec_list *l)
{
    if (!json_is_array(json))
        return wrong_type(r, "a list", json);
    size_t n = json_array_size(json);
    l->items = rec_mem(r->arena, n * f->of->size);
    for (l->n = 0; l->n < n;) {
        void *item = (char *)l->items + l->n * f->of->size;
        rec_init(f->of, item);
        const json_t *v = json_array_get(json, l->n++);
        if (!json_is_null(v) && read_rec(r, f->of, v, item))
            return at(r, NULL, l->n - 1);
    }
    return 0;
}

static int read_map(struct json_reader *r, const struct rec_field *f, json_t *json,
                    struct rec_list *m)
{
    if (!json_is_object(json))
        return wrong_type(r, "an object", json);
    m->items = rec_mem(r->arena, json_object_size(json) * f->of->size);
    m->n = 0;
    const char *key;
    json_t *v;
    json_object_foreach(json, key, v)
    {
        char *item = (char *)m->items + m->n++ * f->of->size;
        rec_init(f->of, item);
        *(char **)(void *)item = rec_mem_str(r->arena, key, strlen(key));
        if (!json_is_null(v) && read_rec(r, f->of, v, item))
            return at(r, key, 0);
    }
    rec_map_sort(m, f->of->size);
    return 0;
}

static int read_ptr(struct json_reader *r, const struct rec_field *f, const json_t *json, void **p)
{
    if (!json_is_object(json) && !f->of->bare)
        return wrong_type(r, "an object", json);
    if (!*p) {
        *p = rec_mem(r->arena, f->of->size);
        rec_init(f->of, *p);
    }
    return read_rec(r, f->of, json, *p);
}

static int read_time(struct json_reader *r, const json_t *json, wall_ns *out)
{
    if (json_is_integer(json))
        return read_int(r, json, out);
    if (!json_is_string(json))
        return wrong_type(r, "a time", json);
    if (clock_parse_rfc3339(json_string_value(json), out))
        return err_set(r->err, ERR_INVALID, "invalid time \"%.100s\"", json_string_value(json));
    return 0;
}

static int read_field(struct json_reader *r, const struct rec_field *f, const json_t *json, void *p)
{
    int64_t i = 0;
    bool b = false;
    int rv;
    drop_old(f, p, r);
    switch (f->kind) {
    case REC_BOOL:
        return read_bool(r, json, p);
    case REC_OBOOL:
        rv = read_bool(r, json, &b);
        *(int8_t *)p = rv ? REC_NULL_BOOL : b;
        return rv;
    case REC_INT:
    case REC_OINT:
        return read_int(r, json, p);
    case REC_UINT:
        rv = read_int(r, json, &i);
        if (!rv && i < 0)
            return err_set(r->err, ERR_INVALID, "expected a number that is not negative");
        *(uint64_t *)p = (uint64_t)i;
        return rv;
    case REC_FLOAT:
        if (!json_is_number(json))
            return wrong_type(r, "a number", json);
        *(double *)p = json_number_value(json);
        return 0;
    case REC_DUR:
    case REC_ODUR:
    case REC_DURS:
        return read_duration(r, json, p);
    case REC_TIME:
    case REC_OTIME:
        return read_time(r, json, p);
    case REC_STR:
    case REC_OSTR:
        return read_str(r, json, p);
    case REC_RAW:
        *(char **)p = rec_raw_from_json(json, r->arena);
        return 0;
    case REC_BYTES:
        return read_bytes(r, json, p);
    case REC_STRUCT:
        return read_rec(r, f->of, json, p);
    case REC_PTR:
        return read_ptr(r, f, json, p);
    case REC_LIST:
        return read_list(r, f, json, p);
    case REC_MAP: {
        json_t *object = json_incref((json_t *)(uintptr_t)json); /* foreach wants it mutable */
        rv = read_map(r, f, object, p);
        json_decref(object);
        return rv;
    }
    }
    INVARIANT(!"a kind of the table");
}

/* On the heap, a key given twice (in two spellings) must not leak what the first one brought. */
static void drop_old(const struct rec_field *f, void *p, struct json_reader *r)
{
    if (r->arena)
        return;
    if (f->kind == REC_STR || f->kind == REC_OSTR || f->kind == REC_RAW) {
        free(*(char **)p);
        *(char **)p = NULL;
    } else if (f->kind == REC_BYTES || f->kind == REC_LIST || f->kind == REC_MAP) {
        const struct rec_field only = {f->name, NULL, f->kind, 0, 0, f->of};
        const struct rec_desc d = {"", sizeof(struct rec_list), &only, 1, true};
        rec_free(&d, p);
    }
}

static bool key_matches(const char *name, const char *key, unsigned flags)
{
    for (;; name++, key++) {
        while (flags & REC_SNAKE && *key == '_')
            key++;
        if (tolower((unsigned char)*name) != tolower((unsigned char)*key))
            return false;
        if (!*name)
            return true;
    }
}

static const struct rec_field *field_find(const struct rec_desc *d, const char *key, unsigned flags)
{
    for (size_t i = 0; i < d->n_fields; i++)
        if (!(d->fields[i].flags & (REC_NO_JSON | REC_GONE)) &&
            key_matches(d->fields[i].name, key, flags))
            return &d->fields[i];
    return NULL;
}

static int read_rec(struct json_reader *r, const struct rec_desc *d, const json_t *json, void *rec)
{
    if (d->bare)
        return read_field(r, d->fields, json, REC_AT(rec, d->fields));
    if (!json_is_object(json))
        return wrong_type(r, "an object", json);
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *v;
    json_object_foreach(object, key, v)
    {
        const struct rec_field *f = field_find(d, key, r->flags);
        if (!f && r->flags & REC_STRICT)
            return err_set(r->err, ERR_INVALID, "unknown field \"%.100s\"", key);
        if (!f || json_is_null(v))
            continue;
        if (read_field(r, f, v, REC_AT(rec, f)))
            return at(r, f->name, 0);
    }
    return 0;
}

int rec_json_read(const struct rec_desc *d, const json_t *json, unsigned flags, struct arena *a,
                  void *rec, struct err *e)
{
    struct err local = ERR_INIT;
    struct json_reader r = {flags, a, e ? e : &local};
    r.err->text[0] = '\0';
    int rv = read_rec(&r, d, json, rec);
    if (rv && r.err->text[0] == '.')
        memmove(r.err->text, r.err->text + 1, strlen(r.err->text));
    return rv;
}

int rec_json_parse(const struct rec_desc *d, const char *text, size_t len, unsigned flags,
                   struct arena *a, void *rec, struct err *e)
{
    json_error_t je;
    json_t *json = json_loadb(text, len, 0, &je);
    if (!json)
        return err_set(e, ERR_INVALID, "invalid JSON at line %d, column %d: %s", je.line, je.column,
                       je.text);
    int rv = rec_json_read(d, json, flags, a, rec, e);
    json_decref(json);
    return rv;
}
