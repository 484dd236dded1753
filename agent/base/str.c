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

bool str_is_utf8(const char *str, size_t len)
{
    const unsigned char *s = (const unsigned char *)str;
    for (size_t i = 0; i < len;) {
        size_t n = s[i] < 0x80             ? 1
                   : (s[i] & 0xe0) == 0xc0 ? 2
                   : (s[i] & 0xf0) == 0xe0 ? 3
                   : (s[i] & 0xf8) == 0xf0 ? 4
                                           : 0;
        if (!n || n > len - i || (n == 2 && s[i] < 0xc2))
            return false;
        for (size_t k = 1; k < n; k++)
            if ((s[i + k] & 0xc0) != 0x80)
                return false;
        i += n;
    }
    return true;
}
