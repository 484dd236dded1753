#include "agent/base/clock.h"
#include "agent/base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

wall_ns clock_wall_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (wall_ns)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

mono_ms clock_mono_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (mono_ms)ts.tv_sec * 1000 + (mono_ms)ts.tv_nsec / 1000000;
}

size_t clock_format_rfc3339(wall_ns t, char out[CLOCK_RFC3339_MAX])
{
    if (t == 0)
        return (size_t)snprintf(out, CLOCK_RFC3339_MAX, "0001-01-01T00:00:00Z");
    time_t sec = (time_t)(t / NS_PER_SEC);
    long ns = (long)(t % NS_PER_SEC);
    if (ns < 0) {
        ns += NS_PER_SEC;
        sec--;
    }
    struct tm tm;
    gmtime_r(&sec, &tm);
    size_t n = strftime(out, CLOCK_RFC3339_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    if (ns) {
        n += (size_t)snprintf(out + n, CLOCK_RFC3339_MAX - n, ".%09ld", ns);
        while (out[n - 1] == '0')
            n--;
    }
    out[n++] = 'Z';
    out[n] = '\0';
    return n;
}

/* ".123456789" to nanoseconds; moves *p past it. */
static int parse_fraction(const char **p, int64_t *ns)
{
    *ns = 0;
    if (**p != '.')
        return 0;
    int64_t unit = NS_PER_SEC / 10;
    const char *start = ++*p;
    for (; isdigit((unsigned char)**p); ++*p, unit /= 10)
        *ns += (**p - '0') * unit;
    return *p == start ? ERR_INVALID : 0;
}

/* "Z" or "+hh:mm" to seconds east of Greenwich, at the text's end. */
static int parse_offset(const char *p, int *seconds)
{
    *seconds = 0;
    if ((p[0] == 'Z' || p[0] == 'z') && !p[1])
        return 0;
    if (strlen(p) != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
        return ERR_INVALID;
    for (int i = 1; i < 6; i++)
        if (i != 3 && !isdigit((unsigned char)p[i]))
            return ERR_INVALID;
    int h = (p[1] - '0') * 10 + p[2] - '0', m = (p[4] - '0') * 10 + p[5] - '0';
    if (h > 23 || m > 59)
        return ERR_INVALID;
    *seconds = (p[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return 0;
}

/* "2018-01-02T23:12:01", all digits in their places, a date the calendar knows; behind it. */
static const char *parse_date_time(const char *text, struct tm *tm)
{
    static const char shape[] = "0000-00-00T00:00:00";
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return NULL;
    int year = atoi(text), month = atoi(text + 5), day = atoi(text + 8);
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    *tm = (struct tm){.tm_year = year - 1900,
                      .tm_mon = month - 1,
                      .tm_mday = day,
                      .tm_hour = atoi(text + 11),
                      .tm_min = atoi(text + 14),
                      .tm_sec = atoi(text + 17)};
    bool ok = month >= 1 && month <= 12 && day >= 1 &&
              day <= days[month - 1] + (month == 2 && leap) && tm->tm_hour < 24 &&
              tm->tm_min < 60 && tm->tm_sec < 60;
    return ok ? text + sizeof shape - 1 : NULL;
}

int clock_parse_rfc3339(const char *text, wall_ns *out)
{
    struct tm tm;
    const char *p = parse_date_time(text, &tm);
    int64_t ns;
    int offset;
    if (!p || parse_fraction(&p, &ns) || parse_offset(p, &offset))
        return ERR_INVALID;
    if (tm.tm_year == 1 - 1900) { /* Go's zero time */
        *out = 0;
        return 0;
    }
    if (tm.tm_year < 1678 - 1900 || tm.tm_year > 2261 - 1900)
        return ERR_INVALID; /* outside int64 nanoseconds */
    *out = ((int64_t)timegm(&tm) - offset) * NS_PER_SEC + ns;
    return 0;
}
