/* base64, JSON, CSV and URL encodings. */
#include "agent/base/str.h"
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

const char *hcl_give_utf8(struct hcl_call *c, const char *data, size_t len)
{
    if (!str_is_utf8(data, len) || memchr(data, '\0', len))
        return "the result of decoding the provided string is not valid UTF-8 text";
    return give_bytes(c, data, len);
}

unsigned char *hcl_base64_read(struct hcl_call *c, const char *s, size_t len, size_t *out_len)
{
    char *packed = arena_alloc(c->arena, len + 4);
    size_t n = 0, pad = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\n' || s[i] == '\r')
            continue;
        if (pad && s[i] != '=')
            return NULL;
        pad += s[i] == '=';
        packed[n++] = s[i];
    }
    unsigned char *out = arena_alloc(c->arena, n + 3);
    if (n % 4 || pad > 2)
        return NULL;
    int got = EVP_DecodeBlock(out, (unsigned char *)packed, (int)n);
    if (got < 0 || (size_t)got < pad)
        return NULL;
    *out_len = (size_t)got - pad;
    return out;
}

static const char *fn_base64decode(struct hcl_call *c)
{
    size_t n = 0;
    unsigned char *data = hcl_base64_read(c, c->args[0].string, c->args[0].string_len, &n);
    if (!data)
        return "failed to decode base64 data: illegal base64 data";
    return hcl_give_utf8(c, (char *)data, n);
}

static const char *fn_base64encode(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    buf_base64(&b, c->args[0].string, c->args[0].string_len);
    return give_buf(c, &b);
}

static const char *fn_jsonencode(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    hcl_value_json(&c->args[0], &b);
    return give_buf(c, &b);
}

bool hcl_value_from_json(struct hcl_call *c, const json_t *json, struct hcl_value *out)
{
    *out = (struct hcl_value){.kind = HCL_NULL};
    if (!hcl_pay(c->ev, 16))
        return false;
    if (json_is_string(json)) {
        size_t n = json_string_length(json);
        value_set_string(out, arena_strndup(c->arena, json_string_value(json), n), n);
    } else if (json_is_boolean(json)) {
        *out = (struct hcl_value){.kind = HCL_BOOL, .boolean = json_is_true(json)};
    } else if (json_is_number(json)) {
        *out = (struct hcl_value){.kind = HCL_NUMBER};
        out->number = json_is_integer(json) ? (long double)json_integer_value(json)
                                            : (long double)json_real_value(json);
    } else if (json_is_array(json)) {
        size_t n = json_array_size(json);
        *out = (struct hcl_value){.kind = HCL_LIST, .n = n};
        out->items = ARENA_ARRAY(c->arena, struct hcl_value, n + 1);
        for (size_t i = 0; i < n; i++)
            if (!hcl_value_from_json(c, json_array_get(json, i), &out->items[i]))
                return false;
    } else if (json_is_object(json)) {
        struct members m = {NULL, 0, 0};
        const char *key;
        json_t *v;
        json_object_foreach((json_t *)(uintptr_t)json, key, v)
        {
            struct hcl_value item;
            if (!hcl_value_from_json(c, v, &item))
                return false;
            members_add(c->arena, &m, arena_strdup(c->arena, key), item);
        }
        members_finish(c->arena, &m, false, out);
    }
    return true;
}

static const char *fn_jsondecode(struct hcl_call *c)
{
    json_error_t e;
    const char *s = c->args[0].string;
    json_t *json = json_loadb(s, c->args[0].string_len, JSON_DECODE_ANY, &e);
    if (!json && json_error_code(&e) == json_error_numeric_overflow) /* more than 64 bits */
        json = json_loadb(s, c->args[0].string_len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
    if (!json)
        return wrong_arg(c, 0, "%s at line %d", e.text, e.line);
    bool ok = hcl_value_from_json(c, json, c->out);
    json_decref(json);
    return ok ? NULL : MAX_WORK_TEXT;
}

/* --- URL ------------------------------------------------------------------------------------- */

static const char *fn_urlencode(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    for (const char *s = c->args[0].string; *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (ch < 0x80 && (isalnum(ch) || strchr("-_.~", ch)))
            buf_char(&b, *s);
        else if (ch == ' ')
            buf_char(&b, '+');
        else
            buf_printf(&b, "%%%02X", ch);
    }
    return give_buf(c, &b);
}

/* --- CSV (RFC 4180) -------------------------------------------------------------------------- */

struct csv {
    const char *s;
    struct buf field;
    bool ended; /* the line */
};

/* One field, its quotes undone. */
static const char *csv_field(struct csv *v)
{
    buf_clear(&v->field);
    if (*v->s == '"') {
        for (v->s++; *v->s && !(*v->s == '"' && v->s[1] != '"'); v->s++) {
            v->s += *v->s == '"';
            buf_char(&v->field, *v->s);
        }
        if (*v->s != '"')
            return "extraneous or missing \" in quoted-field";
        v->s++;
    } else {
        for (; *v->s && *v->s != ',' && *v->s != '\n'; v->s++) {
            if (*v->s == '"')
                return "bare \" in non-quoted-field";
            if (*v->s != '\r' || v->s[1] != '\n')
                buf_char(&v->field, *v->s);
        }
    }
    if (*v->s == '\r' && v->s[1] == '\n')
        v->s++;
    if (*v->s && *v->s != ',' && *v->s != '\n')
        return "extraneous or missing \" in quoted-field";
    v->ended = *v->s != ',';
    v->s += *v->s != '\0';
    return NULL;
}

static const char *csv_line(struct csv *v, struct hcl_call *c, struct rec_strs *out)
{
    *out = (struct rec_strs){NULL, 0};
    do {
        const char *wrong = csv_field(v);
        if (wrong)
            return wrong;
        rec_strs_add(out, c->arena, buf_str(&v->field));
    } while (!v->ended);
    return NULL;
}

static void csv_row(struct hcl_call *c, const struct rec_strs *names, const struct rec_strs *row,
                    struct values *l)
{
    struct members m = {NULL, 0, 0};
    for (size_t i = 0; i < names->n; i++) {
        struct hcl_value v;
        value_set_string(&v, row->items[i], strlen(row->items[i]));
        members_add(c->arena, &m, names->items[i], v);
    }
    members_finish(c->arena, &m, false, values_add(c->arena, l));
}

static const char *csv_repeated(struct hcl_call *c, const struct rec_strs *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!hcl_pay(c->ev, i))
            return MAX_WORK_TEXT;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(names->items[i], names->items[k]))
                return arena_printf(c->arena, "duplicate column name \"%.60s\"", names->items[i]);
    }
    return NULL;
}

static const char *fn_csvdecode(struct hcl_call *c)
{
    struct csv v = {.s = c->args[0].string, .field = BUF_INIT};
    struct rec_strs names, row;
    struct values l = {NULL, 0, 0};
    const char *wrong = *v.s ? csv_line(&v, c, &names) : "missing header line";
    if (!wrong)
        wrong = csv_repeated(c, &names);
    int line = 1;
    while (!wrong && *v.s) {
        line++;
        if (*v.s == '\n') {
            v.s++;
            continue;
        }
        wrong = csv_line(&v, c, &row);
        if (!wrong && row.n != names.n)
            wrong = "wrong number of fields";
        if (wrong)
            wrong = arena_printf(c->arena, "CSV parse error on line %d: %s", line, wrong);
        if (!wrong && !hcl_pay(c->ev, names.n * 16))
            wrong = MAX_WORK_TEXT;
        if (!wrong)
            csv_row(c, &names, &row, &l);
    }
    buf_fini(&v.field);
    return wrong ? wrong : give_list(c, &l, HCL_UNIFORM);
}

const struct hcl_function hcl_fn_coding[] = {
    {"base64decode", "s:str", fn_base64decode},
    {"base64encode", "s:str", fn_base64encode},
    {"jsonencode", "a?:val", fn_jsonencode},
    {"jsondecode", "s:str", fn_jsondecode},
    {"urlencode", "s:str", fn_urlencode},
    {"csvdecode", "s:str", fn_csvdecode},
    {"yamlencode", "a?:value", hcl_yamlencode},
    {"yamldecode", "s:src", hcl_yamldecode},
    {NULL, NULL, NULL},
};
