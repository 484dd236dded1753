/* format and formatlist: verbs as in C's printf, with %v for whatever the value is and %[n] for
 * another argument. */
#include "jobs/hcl/functions.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct verb {
    const char *start; /* the % */
    bool plus, minus, zero, space, sharp;
    int width, precision; /* -1: not given */
    size_t arg;
    char letter;
};

#define WIDTH_MAX 10000

static int read_digits(const char **s)
{
    int n = 0;
    for (; isdigit((unsigned char)**s); (*s)++)
        n = n > WIDTH_MAX ? n : n * 10 + (**s - '0');
    return n;
}

/* From the % on; behind the verb's letter, or NULL with *wrong set. */
static const char *read_verb(struct hcl_call *c, const char *s, struct verb *v, const char **wrong)
{
    v->start = s++;
    v->plus = v->minus = v->zero = v->space = v->sharp = false;
    v->width = v->precision = -1;
    for (; *s && strchr("+-0 #", *s); s++) {
        v->plus |= *s == '+';
        v->minus |= *s == '-';
        v->zero |= *s == '0';
        v->space |= *s == ' ';
        v->sharp |= *s == '#';
    }
    if (isdigit((unsigned char)*s))
        v->width = read_digits(&s);
    if (*s == '.') {
        s++;
        v->precision = read_digits(&s);
    }
    if (*s == '[') {
        s++;
        int n = read_digits(&s);
        if (*s != ']' || n < 1) {
            *wrong = "an argument index like %[1] is expected";
            return NULL;
        }
        s++;
        v->arg = (size_t)n - 1;
    }
    v->letter = *s;
    if (!*s)
        *wrong = "unrecognized format character: the string ends behind \"%\"";
    if (v->width > WIDTH_MAX || v->precision > WIDTH_MAX)
        *wrong = "a width or precision may be 10000 at most";
    return *wrong ? NULL : s + 1;
}

static void pad(struct hcl_call *c, const struct verb *v, const char *s, size_t len,
                struct buf *out)
{
    int room = 0;
    if (v->width > 0) {
        struct hcl_chars all = hcl_chars(c->arena, s, len);
        size_t chars = hcl_chars_count(&all);
        room = (size_t)v->width > chars ? v->width - (int)chars : 0;
    }
    for (int i = 0; i < room && !v->minus; i++)
        buf_char(out, v->zero ? '0' : ' ');
    buf_add(out, s, len);
    if (v->minus)
        buf_printf(out, "%*s", room, "");
}

/* The C conversion of the same flags. */
static void make_spec(const struct verb *v, const char *type, char out[40])
{
    char width[12] = "", precision[14] = "";
    if (v->width >= 0)
        snprintf(width, sizeof width, "%d", v->width);
    if (v->precision >= 0)
        snprintf(precision, sizeof precision, ".%d", v->precision);
    snprintf(out, 40, "%%%s%s%s%s%s%s%s%s", v->plus ? "+" : "", v->minus ? "-" : "",
             v->zero ? "0" : "", v->space ? " " : "", v->sharp ? "#" : "", width, precision, type);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void write_number(const struct verb *v, long double n, struct buf *out)
{
    char spec[40], type[3] = {'L', v->letter, '\0'};
    make_spec(v, type, spec);
    buf_printf(out, spec, n);
}
static void write_whole(const struct verb *v, int64_t n, struct buf *out)
{
    char spec[40], type[4] = {'l', 'l', v->letter == 'd' ? 'd' : v->letter, '\0'};
    bool negative = v->letter != 'd' && n < 0;
    struct verb w = *v;
    make_spec(&w, type, spec);
    if (negative)
        buf_char(out, '-');
    buf_printf(out, spec, negative ? -(long long)n : (long long)n);
}
#pragma GCC diagnostic pop

static void write_binary(struct hcl_call *c, const struct verb *v, int64_t n, struct buf *out)
{
    char digits[70];
    size_t at = sizeof digits;
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        digits[--at] = (char)('0' + (left & 1));
    while (left >>= 1);
    if (n < 0)
        digits[--at] = '-';
    pad(c, v, digits + at, sizeof digits - at, out);
}

static const char *write_integer(struct hcl_call *c, const struct verb *v, int arg,
                                 const struct hcl_value *x, struct buf *out)
{
    long double n;
    if (!hcl_to_number(x, &n))
        return wrong_arg(c, arg, "unsupported value for \"%%%c\" at %td: a number is required",
                         v->letter, v->start - c->args[0].string);
    if (n != floorl(n))
        return wrong_arg(c, arg, "unsupported value for \"%%%c\" at %td: an integer is required",
                         v->letter, v->start - c->args[0].string);
    if (fabsl(n) >= 0x1p63L)
        return wrong_arg(c, arg, "the number is too large for \"%%%c\"", v->letter);
    if (v->letter == 'b')
        write_binary(c, v, (int64_t)n, out);
    else
        write_whole(v, (int64_t)n, out);
    return NULL;
}

static const char *write_text(struct hcl_call *c, const struct verb *v, int arg,
                              const struct hcl_value *x, struct buf *out)
{
    const char *s;
    if (!hcl_to_string(x, c->arena, &s))
        return wrong_arg(c, arg, "unsupported value for \"%%%c\" at %td: string required",
                         v->letter, v->start - c->args[0].string);
    struct buf b = BUF_INIT;
    if (v->letter == 'q')
        buf_json_str(&b, s, strlen(s));
    else
        buf_str_add(&b, s);
    size_t len = b.len;
    if (v->precision >= 0 && v->letter == 's') { /* precision counts characters */
        struct hcl_chars chars = hcl_chars(c->arena, buf_str(&b), b.len);
        len = hcl_chars_skip(&chars, 0, v->precision);
    }
    pad(c, v, buf_str(&b), len, out);
    buf_fini(&b);
    return NULL;
}

/* %v: text, number, true, or JSON; %#v is always JSON. */
static void write_any(struct hcl_call *c, const struct verb *v, const struct hcl_value *x,
                      struct buf *out)
{
    struct buf b = BUF_INIT;
    const char *s;
    if (!v->sharp && hcl_to_string(x, c->arena, &s))
        buf_str_add(&b, s);
    else
        hcl_value_json(x, &b);
    pad(c, v, buf_str(&b), b.len, out);
    buf_fini(&b);
}

static const char *write_verb(struct hcl_call *c, const struct verb *v, const struct hcl_value *x,
                              int arg, struct buf *out)
{
    long double n;
    if (x->kind == HCL_NULL && v->letter != 'v')
        return wrong_arg(c, arg,
                         "unsupported value for \"%%%c\" at %td: null value cannot be "
                         "formatted",
                         v->letter, v->start - c->args[0].string);
    switch (v->letter) {
    case 'v':
        write_any(c, v, x, out);
        return NULL;
    case 's':
    case 'q':
        return write_text(c, v, arg, x, out);
    case 'd':
    case 'b':
    case 'o':
    case 'x':
    case 'X':
        return write_integer(c, v, arg, x, out);
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
        if (!hcl_to_number(x, &n))
            return wrong_arg(c, arg, "unsupported value for \"%%%c\" at %td: a number is required",
                             v->letter, v->start - c->args[0].string);
        write_number(v, n, out);
        return NULL;
    case 't': {
        struct hcl_value yes = {.kind = HCL_BOOL};
        if (!hcl_to_bool(x, &yes.boolean))
            return wrong_arg(c, arg, "unsupported value for \"%%t\" at %td: a bool is required",
                             v->start - c->args[0].string);
        write_any(c, v, &yes, out);
        return NULL;
    }
    default:
        return arena_printf(c->arena, "unrecognized format character \"%c\" at offset %td",
                            v->letter, v->start - c->args[0].string);
    }
}

/* args: the values for the verbs. */
static const char *write_format(struct hcl_call *c, const struct hcl_value *args, size_t n,
                                struct buf *out)
{
    struct verb v = {.arg = 0};
    size_t used = 0;
    const char *wrong = NULL;
    for (const char *s = c->args[0].string; *s && !wrong;) {
        if (*s != '%' || s[1] == '%') {
            buf_char(out, *s);
            s += *s == '%' ? 2 : 1;
            continue;
        }
        if (!(s = read_verb(c, s, &v, &wrong)))
            return wrong;
        if (v.arg >= n)
            return arena_printf(c->arena,
                                "not enough arguments for \"%.*s\" at %td: need index %zu but have "
                                "%zu total",
                                (int)(s - v.start), v.start, v.start - c->args[0].string, v.arg + 1,
                                n);
        wrong = write_verb(c, &v, &args[v.arg], (int)v.arg + 1, out);
        used = ++v.arg > used ? v.arg : used;
        if (!hcl_pay(c->ev, out->len / 16 + 1))
            return MAX_WORK_TEXT;
    }
    if (!wrong && used < n && n > 0)
        return arena_printf(c->arena, "too many arguments; only %zu used by format string", used);
    return wrong;
}

const char *hcl_format(struct hcl_call *c)
{
    struct buf b = BUF_INIT;
    const char *wrong = write_format(c, c->args + 1, c->n - 1, &b);
    if (wrong)
        buf_fini(&b);
    return wrong ? wrong : give_buf(c, &b);
}

const char *hcl_formatlist(struct hcl_call *c)
{
    size_t rounds = 1;
    bool lists = false;
    for (size_t i = 1; i < c->n; i++) {
        if (c->args[i].kind != HCL_LIST)
            continue;
        if (lists && c->args[i].n != rounds)
            return wrong_arg(c, (int)i,
                             "argument %zu has length %zu, which is inconsistent with "
                             "the length %zu of the lists before",
                             i, c->args[i].n, rounds);
        rounds = c->args[i].n;
        lists = true;
    }
    struct values l = {NULL, 0, 0};
    struct hcl_value *row = ARENA_ARRAY(c->arena, struct hcl_value, c->n);
    for (size_t r = 0; r < rounds; r++) {
        struct buf b = BUF_INIT;
        for (size_t i = 1; i < c->n; i++)
            row[i - 1] = c->args[i].kind == HCL_LIST ? c->args[i].items[r] : c->args[i];
        const char *wrong = write_format(c, row, c->n - 1, &b);
        if (!wrong)
            value_set_text(values_add(c->arena, &l), c->arena, buf_str(&b), b.len);
        buf_fini(&b);
        if (wrong)
            return wrong;
    }
    return give_list(c, &l, HCL_UNIFORM);
}
