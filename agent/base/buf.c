#include "agent/base/buf.h"
#include "agent/base/arena.h"
#include "agent/base/check.h"
#include "agent/base/str.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf)BUF_INIT;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
    char *p = b->data ? b->data : mem_strdup("");
    *b = (struct buf)BUF_INIT;
    return p;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_reserve(struct buf *b, size_t more)
{
    PRE(more < SIZE_MAX / 4);
    size_t need = b->len + more + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap *= 2;
        b->data = mem_realloc(b->data, cap);
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    char *p = buf_reserve(b, len);
    if (len)
        memcpy(p, data, len);
    p[len] = '\0';
    b->len += len;
}

void buf_str_add(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    char *p = buf_reserve(b, 1);
    p[0] = c;
    p[1] = '\0';
    b->len++;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    INVARIANT(n >= 0);
    char *p = buf_reserve(b, (size_t)n);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char tmp[20];
    size_t n = sizeof(tmp);
    do
        tmp[--n] = (char)('0' + v % 10);
    while (v /= 10);
    buf_add(b, tmp + n, sizeof(tmp) - n);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Writes the escape for one special byte or sequence of n bytes. */
static void json_escape(struct buf *b, const unsigned char *s, size_t n)
{
    static const char short_form[] = {
        ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (n == 0) {
        buf_str_add(b, "\\ufffd");
    } else if (n == 3) { /* U+2028 or U+2029 */
        buf_printf(b, "\\u202%x", s[2] & 15);
    } else if (s[0] < sizeof(short_form) && short_form[s[0]]) {
        buf_char(b, '\\');
        buf_char(b, short_form[s[0]]);
    } else {
        buf_printf(b, "\\u%04x", s[0]);
    }
}

void buf_json_str(struct buf *b, const char *str, size_t len)
{
    const unsigned char *s = (const unsigned char *)str;
    buf_reserve(b, len + 2);
    buf_char(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < len;) {
        unsigned char c = s[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&') {
            i++;
            continue;
        }
        size_t n = str_utf8_len((const char *)s + i, len - i);
        bool line_separator = n == 3 && c == 0xe2 && s[i + 1] == 0x80 && (s[i + 2] & 0xfe) == 0xa8;
        if (n > 1 && !line_separator) {
            i += n;
            continue;
        }
        buf_add(b, s + from, i - from);
        json_escape(b, s + i, n);
        i += n ? n : 1;
        from = i;
    }
    buf_add(b, s + from, len - from);
    buf_char(b, '"');
}

/* The shortest decimal that reads back as v; exponents from 1e21 up and below 1e-6, as in Go. */
void buf_json_f64(struct buf *b, double v)
{
    if (!isfinite(v)) { /* JSON has none; Go refuses them, we never store them */
        buf_char(b, '0');
        return;
    }
    char tmp[40];
    int precision = 1;
    do
        snprintf(tmp, sizeof(tmp), "%.*e", precision - 1, v);
    while (strtod(tmp, NULL) != v && ++precision <= 17);
    double a = fabs(v);
    if (a != 0 && (a < 1e-6 || a >= 1e21)) {
        char *e = strchr(tmp, 'e');
        int exponent = atoi(e + 1);
        buf_add(b, tmp, (size_t)(e - tmp));
        buf_printf(b, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        return;
    }
    int exponent = a == 0 ? 0 : atoi(strchr(tmp, 'e') + 1);
    int decimals = precision - 1 - exponent;
    buf_printf(b, "%.*f", decimals > 0 ? decimals : 0, v);
}

void buf_base64(struct buf *b, const void *data, size_t len)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = data;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned v = (unsigned)s[i] << 16 | (left > 1 ? (unsigned)s[i + 1] << 8 : 0) |
                     (left > 2 ? s[i + 2] : 0);
        char q[4] = {set[v >> 18], set[v >> 12 & 63], left > 1 ? set[v >> 6 & 63] : '=',
                     left > 2 ? set[v & 63] : '='};
        buf_add(b, q, 4);
    }
}
