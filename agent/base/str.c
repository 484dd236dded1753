#include "agent/base/str.h"
#include "agent/base/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <ctype.h>

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

bool str_eq_nocase(const char *a, const char *b)
{
    return a == b || (a && b && !strcasecmp(a, b));
}

bool str_has_prefix(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool str_has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && !memcmp(s + n - m, suffix, m);
}

bool str_is_empty(const char *s)
{
    return !s || !*s;
}

int str_to_i64(const char *s, int64_t *out)
{
    char *end;
    errno = 0;
    if (!isdigit((unsigned char)*s) && *s != '-')
        return ERR_INVALID;
    long long v = strtoll(s, &end, 10);
    if (errno || *end || end == s)
        return ERR_INVALID;
    *out = v;
    return 0;
}

int str_to_u64(const char *s, uint64_t *out)
{
    char *end;
    errno = 0;
    if (!isdigit((unsigned char)*s))
        return ERR_INVALID;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno || *end)
        return ERR_INVALID;
    *out = v;
    return 0;
}

size_t str_utf8_len(const char *str, size_t left)
{
    const unsigned char *s = (const unsigned char *)str;
    static const unsigned low[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80             ? 1
               : (s[0] & 0xe0) == 0xc0 ? 2
               : (s[0] & 0xf0) == 0xe0 ? 3
               : (s[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    if (n <= 1)
        return n;
    if (n > left)
        return 0;
    unsigned cp = s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        cp = cp << 6 | (s[i] & 0x3f);
    }
    return cp < low[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ? 0 : n;
}

bool str_is_utf8(const char *s, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if (!(n = str_utf8_len(s + i, len - i)))
            return false;
    return true;
}
