#include "agent/base/duration.h"
#include "agent/base/clock.h"
#include "agent/base/err.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t ns;
};

/* Longest spellings first, so that "ms" is not read as "m". */
static const struct unit units[] = {
    {"ns", 1},         {"us", 1000},      {"\xc2\xb5s", 1000},    {"\xce\xbcs", 1000},
    {"ms", NS_PER_MS}, {"s", NS_PER_SEC}, {"m", 60 * NS_PER_SEC}, {"h", 3600 * NS_PER_SEC},
};

static const struct unit *unit_at(const char *p)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (!strncmp(p, units[i].name, strlen(units[i].name)))
            return &units[i];
    return NULL;
}

/* One "1.5h" at *p, added to *sum (kept as a negative, whose range is larger). */
static int component_parse(const char **p, int64_t *sum)
{
    uint64_t whole = 0;
    int64_t scale = 1;
    double fraction = 0;
    bool digits = false;
    for (; **p >= '0' && **p <= '9'; ++*p, digits = true)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, **p - '0', &whole))
            return ERR_INVALID;
    if (**p == '.') {
        int64_t f = 0;
        for (++*p; **p >= '0' && **p <= '9'; ++*p, digits = true)
            if (scale <= INT64_MAX / 100) {
                f = f * 10 + (**p - '0');
                scale *= 10;
            }
        fraction = (double)f / (double)scale;
    }
    const struct unit *u = digits ? unit_at(*p) : NULL;
    if (!u)
        return ERR_INVALID;
    *p += strlen(u->name);
    uint64_t ns;
    if (__builtin_mul_overflow(whole, (uint64_t)u->ns, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)(fraction * (double)u->ns + 1e-6), &ns) ||
        __builtin_sub_overflow(*sum, ns, sum))
        return ERR_INVALID;
    return 0;
}

int duration_parse(const char *text, int64_t *out_ns)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (!strcmp(text, "0")) {
        *out_ns = 0;
        return 0;
    }
    if (!*text)
        return ERR_INVALID;
    int64_t sum = 0;
    while (*text)
        if (component_parse(&text, &sum))
            return ERR_INVALID;
    if (!negative && sum == INT64_MIN)
        return ERR_INVALID;
    *out_ns = negative ? sum : -sum;
    return 0;
}

/* "1.5" from 1500000000 / 1000000000: the fraction without trailing zeros. */
static int scaled_format(char *out, size_t cap, uint64_t ns, uint64_t unit, int digits,
                         const char *name)
{
    int n = snprintf(out, cap, "%" PRIu64, ns / unit);
    uint64_t rest = ns % unit;
    if (rest) {
        n += snprintf(out + n, cap - (size_t)n, ".%0*" PRIu64, digits, rest);
        while (out[n - 1] == '0')
            n--;
    }
    return n + snprintf(out + n, cap - (size_t)n, "%s", name);
}

size_t duration_format(int64_t ns, char out[DURATION_MAX])
{
    if (ns == 0)
        return (size_t)snprintf(out, DURATION_MAX, "0s");
    uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    int n = ns < 0 ? snprintf(out, DURATION_MAX, "-") : 0;
    size_t cap = DURATION_MAX - (size_t)n;
    if (u < 1000)
        return (size_t)(n + scaled_format(out + n, cap, u, 1, 0, "ns"));
    if (u < 1000000)
        return (size_t)(n + scaled_format(out + n, cap, u, 1000, 3, "\xc2\xb5s"));
    if (u < 1000000000)
        return (size_t)(n + scaled_format(out + n, cap, u, 1000000, 6, "ms"));
    uint64_t minutes = u / (60 * (uint64_t)NS_PER_SEC);
    if (minutes >= 60)
        n += snprintf(out + n, DURATION_MAX - (size_t)n, "%" PRIu64 "h", minutes / 60);
    if (minutes)
        n += snprintf(out + n, DURATION_MAX - (size_t)n, "%" PRIu64 "m", minutes % 60);
    return (size_t)(n + scaled_format(out + n, DURATION_MAX - (size_t)n,
                                      u % (60 * (uint64_t)NS_PER_SEC), (uint64_t)NS_PER_SEC, 9,
                                      "s"));
}
