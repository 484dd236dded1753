#include "jobs/hcl/hcl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define NUMBER_TEXT_MAX 64
static const char *number_text(long double n, char out[NUMBER_TEXT_MAX])
{
    if (n == floorl(n) && fabsl(n) <= 0x1p64L) {
        snprintf(out, NUMBER_TEXT_MAX, "%.0Lf", n + 0.0L); /* no minus before a zero */
        return out;
    }
    for (int digits = 6; digits <= 21; digits++) { /* the shortest that reads back the same */
        snprintf(out, NUMBER_TEXT_MAX, "%.*Lg", digits, n);
        if (strtold(out, NULL) == n)
            break;
    }
    return out;
}

bool hcl_to_string(const struct hcl_value *v, struct arena *a, const char **out)
{
    char number[NUMBER_TEXT_MAX];
    if (v->kind == HCL_STRING)
        *out = v->string;
    else if (v->kind == HCL_NUMBER)
        *out = arena_strdup(a, number_text(v->number, number));
    else if (v->kind == HCL_BOOL)
        *out = v->boolean ? "true" : "false";
    else
        return false;
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

static void write_number(long double n, struct buf *out)
{
    char text[NUMBER_TEXT_MAX];
    if (n == floorl(n) && fabsl(n) <= 0x1p64L)
        buf_str_add(out, number_text(n, text));
    else
        buf_json_f64(out, (double)n);
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
