#include "jobs/hcl/parse_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>

const char *hcl_kind_name(enum hcl_kind k)
{
    static const char *const names[] = {"null", "bool", "number", "string", "list", "object"};
    return names[k];
}

const char *hcl_value_kind(const struct hcl_value *v)
{
    if (v->kind == HCL_LIST)
        return v->form == HCL_LOOSE ? "tuple" : v->form == HCL_SET ? "set" : "list";
    if (v->kind == HCL_OBJECT)
        return v->form == HCL_LOOSE ? "object" : "map";
    return hcl_kind_name(v->kind);
}

/* Whether it surely is in normal form C: all before U+0300 is. */
static bool is_plain_text(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] >= 0xCC)
            return false;
    return true;
}

void value_set_text(struct hcl_value *out, struct arena *a, const char *s, size_t len)
{
    uint8_t *made = NULL;
    if (!is_plain_text(s, len))
        made = u8_normalize(UNINORM_NFC, (const uint8_t *)s, len, NULL, &len);
    *out = (struct hcl_value){.kind = HCL_STRING, .string_len = len};
    out->string = arena_strndup(a, made ? (const char *)made : s, len);
    free(made);
}

/* Digits and point, never an exponent: the shortest digits that read back the same. */
static void write_number(long double n, struct buf *out)
{
    char text[48];
    if (n == floorl(n) && fabsl(n) <= 0x1p64L) {
        buf_printf(out, "%.0Lf", n + 0.0L); /* no minus before a zero */
        return;
    }
    for (int more = 5; more <= 20; more++) {
        snprintf(text, sizeof text, "%.*Le", more, fabsl(n));
        if (strtold(text, NULL) == fabsl(n))
            break;
    }
    char *e = strchr(text, 'e'), *digits = text + 1;
    int point = 1 + atoi(e + 1); /* how many digits stand before it */
    text[1] = text[0];           /* d.ddd becomes dddd */
    while (e > digits + 1 && e[-1] == '0')
        e--;
    int n_digits = (int)(e - digits), whole = point < n_digits ? point : n_digits;
    buf_str_add(out, n < 0 ? "-" : "");
    if (point <= 0)
        buf_char(out, '0');
    else
        buf_add(out, digits, (size_t)whole);
    for (int i = n_digits; i < point; i++)
        buf_char(out, '0');
    if (n_digits <= point)
        return;
    buf_char(out, '.');
    for (int i = point; i < 0; i++)
        buf_char(out, '0');
    buf_add(out, digits + (point > 0 ? point : 0), (size_t)(n_digits - (point > 0 ? point : 0)));
}

bool hcl_to_string(const struct hcl_value *v, struct arena *a, const char **out)
{
    struct buf number = BUF_INIT;
    if (v->kind == HCL_NUMBER)
        write_number(v->number, &number);
    if (v->kind == HCL_STRING)
        *out = v->string;
    else if (v->kind == HCL_NUMBER)
        *out = arena_strdup(a, buf_str(&number));
    else if (v->kind == HCL_BOOL)
        *out = v->boolean ? "true" : "false";
    else
        return false;
    buf_fini(&number);
    return true;
}

bool hcl_to_number(const struct hcl_value *v, long double *out)
{
    if (v->kind == HCL_NUMBER) {
        *out = v->number;
        return true;
    }
    if (v->kind != HCL_STRING || v->string_len == 0 || v->string_len > 60 ||
        strspn(v->string, "0123456789.eE+-") != v->string_len)
        return false;
    char *end;
    *out = strtold(v->string, &end);
    return *end == '\0' && isfinite(*out);
}

bool hcl_to_bool(const struct hcl_value *v, bool *out)
{
    if (v->kind == HCL_BOOL) {
        *out = v->boolean;
        return true;
    }
    if (v->kind != HCL_STRING)
        return false;
    bool yes = !strcmp(v->string, "true") || !strcmp(v->string, "1");
    bool no = !strcmp(v->string, "false") || !strcmp(v->string, "0");
    *out = yes;
    return yes || no;
}

void hcl_value_json(const struct hcl_value *v, struct buf *out)
{
    switch (v->kind) {
    case HCL_NULL:
        buf_str_add(out, "null");
        break;
    case HCL_BOOL:
        buf_str_add(out, v->boolean ? "true" : "false");
        break;
    case HCL_NUMBER:
        write_number(v->number, out);
        break;
    case HCL_STRING:
        buf_json_str(out, v->string, v->string_len);
        break;
    case HCL_LIST:
        buf_char(out, '[');
        for (size_t i = 0; i < v->n; i++) {
            if (i)
                buf_char(out, ',');
            hcl_value_json(&v->items[i], out);
        }
        buf_char(out, ']');
        break;
    case HCL_OBJECT:
        buf_char(out, '{');
        for (size_t i = 0; i < v->n; i++) {
            if (i)
                buf_char(out, ',');
            buf_json_str(out, v->members[i].key, strlen(v->members[i].key));
            buf_char(out, ':');
            hcl_value_json(&v->members[i].value, out);
        }
        buf_char(out, '}');
        break;
    }
}
