/* Time zones from the system's database: the compiled files' second block (RFC 8536), and its last
 * line for the times after the table. */
#include "agent/base/buf.h"
#include "agent/base/file.h"
#include "agent/base/str.h"
#include "jobs/cron.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_DIR "/usr/share/zoneinfo/"
#define ZONE_MAX (64 << 10)

struct change { /* "M3.2.0/2": month, week (5 the last), weekday, seconds of the day */
    long month, week, weekday, time_s;
};
struct zone {
    size_t n;
    int64_t *times;   /* when it changes */
    int64_t *offsets; /* to what */
    int64_t first;    /* before the first */
    bool ruled, summer;
    int64_t standard_s, summer_s; /* offsets by the rule */
    struct change begins, ends;   /* summer time */
};

static const struct zone utc;

/* --- the rule -------------------------------------------------------------------------------- */

static const char *skip_name(const char *p)
{
    if (*p == '<')
        return strchr(p, '>') ? strchr(p, '>') + 1 : p + strlen(p);
    while (isalpha((unsigned char)*p))
        p++;
    return p;
}

/* "[+-]hh[:mm[:ss]]" */
static const char *take_time(const char *p, int64_t *out)
{
    char *end;
    int sign = *p == '-' ? -1 : 1;
    p += *p == '-' || *p == '+';
    int64_t s = strtol(p, &end, 10) * 3600;
    for (int unit = 60; *end == ':' && unit; unit /= 60)
        s += strtol(end + 1, &end, 10) * unit;
    *out = sign * s;
    return end;
}

static const char *take_change(const char *p, struct change *c)
{
    char *end;
    int64_t time = 7200;
    if (strncmp(p, ",M", 2))
        return NULL;
    c->month = strtol(p + 2, &end, 10);
    c->week = *end == '.' ? strtol(end + 1, &end, 10) : 0;
    c->weekday = *end == '.' ? strtol(end + 1, &end, 10) : 0;
    if (c->month < 1 || c->month > 12 || c->week < 1 || c->week > 5)
        return NULL;
    p = *end == '/' ? take_time(end + 1, &time) : end;
    c->time_s = (long)time;
    return p;
}

/* "EST5EDT,M3.2.0,M11.1.0": offsets are to the west. */
static void take_rule(struct zone *z, const char *p)
{
    int64_t west;
    p = take_time(skip_name(p), &west);
    z->ruled = true;
    z->standard_s = -west;
    if (!*p)
        return;
    p = skip_name(p);
    z->summer_s = z->standard_s + 3600;
    if (*p && *p != ',') {
        p = take_time(p, &west);
        z->summer_s = -west;
    }
    p = take_change(p, &z->begins);
    z->summer = p && take_change(p, &z->ends);
}

/* Days from the epoch to the first of a month, by counting. */
static int64_t month_start(long year, long month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - 1;
    bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400 - 477) + before[month - 1] +
           (leap && month > 2);
}

/* When the change is, in the clock's time before it. */
static int64_t change_time(const struct change *c, long year)
{
    int64_t first = month_start(year, c->month);
    int64_t next = c->month == 12 ? month_start(year + 1, 1) : month_start(year, c->month + 1);
    int64_t day = first + (c->weekday - (first + 4) % 7 + 7) % 7 + (c->week - 1) * 7;
    while (day >= next)
        day -= 7;
    return day * 86400 + c->time_s;
}

static int64_t ruled_offset(const struct zone *z, int64_t t)
{
    if (!z->summer)
        return z->standard_s;
    long year = 1970 + (long)((t + z->standard_s) / 31556952);
    int64_t from = change_time(&z->begins, year) - z->standard_s;
    int64_t to = change_time(&z->ends, year) - z->summer_s;
    bool in = from < to ? t >= from && t < to : t >= from || t < to;
    return in ? z->summer_s : z->standard_s;
}

int64_t zone_offset(const struct zone *z, int64_t t)
{
    size_t low = 0, high = z->n;
    while (low < high) { /* how many changes have been by then */
        size_t mid = (low + high) / 2;
        if (z->times[mid] <= t)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == z->n && z->ruled)
        return ruled_offset(z, t);
    return low ? z->offsets[low - 1] : z->first;
}

/* --- the file -------------------------------------------------------------------------------- */

static int64_t big_endian(const unsigned char *p, int n)
{
    int64_t v = (signed char)p[0];
    for (int i = 1; i < n; i++)
        v = (int64_t)((uint64_t)v << 8) | p[i];
    return v;
}

struct counts { /* of a block's header */
    size_t ut, std, leap, times, types, chars;
};

static bool read_counts(const unsigned char *p, size_t len, struct counts *c)
{
    size_t *to[] = {&c->ut, &c->std, &c->leap, &c->times, &c->types, &c->chars};
    if (len < 44 || memcmp(p, "TZif", 4))
        return false;
    for (int i = 0; i < 6; i++) {
        int64_t v = big_endian(p + 20 + 4 * i, 4);
        if (v < 0 || v > ZONE_MAX)
            return false;
        *to[i] = (size_t)v;
    }
    return true;
}

static size_t block_size(const struct counts *c, size_t time_size)
{
    return c->times * (time_size + 1) + c->types * 6 + c->chars + c->leap * (time_size + 4) +
           c->std + c->ut;
}

static bool read_zone(struct zone *z, const unsigned char *p, size_t len, struct arena *a)
{
    struct counts c;
    if (!read_counts(p, len, &c) || p[4] < '2' || len < 44 + block_size(&c, 4))
        return false;
    size_t skip = 44 + block_size(&c, 4);
    p += skip;
    len -= skip;
    if (!read_counts(p, len, &c) || len < 44 + block_size(&c, 8) || !c.types)
        return false;
    const unsigned char *times = p + 44, *kinds = times + 8 * c.times, *types = kinds + c.times;
    z->n = c.times;
    z->times = ARENA_ARRAY(a, int64_t, c.times + 1);
    z->offsets = ARENA_ARRAY(a, int64_t, c.times + 1);
    z->first = big_endian(types, 4);
    for (size_t i = 0; i < c.times; i++) {
        if (kinds[i] >= c.types)
            return false;
        z->times[i] = big_endian(times + 8 * i, 8);
        z->offsets[i] = big_endian(types + 6 * kinds[i], 4);
    }
    const char *line = (const char *)p + 44 + block_size(&c, 8);
    size_t left = len - 44 - block_size(&c, 8);
    if (left > 2 && *line == '\n' && line[1] != '\n')
        take_rule(z, arena_strndup(a, line + 1, strcspn(line + 1, "\n")));
    return true;
}

int zone_load(const char *name, struct arena *a, const struct zone **out, struct err *e)
{
    struct buf b = BUF_INIT;
    struct zone *z = ARENA_NEW(a, struct zone);
    *out = &utc;
    if (str_is_empty(name) || str_eq(name, "UTC"))
        return 0;
    if (strstr(name, "..") || *name == '/' || strlen(name) > 100)
        return err_set(e, ERR_INVALID, "unknown time zone %s", name);
    char *path = arena_printf(a, ZONE_DIR "%s", name);
    bool ok = !file_read(path, ZONE_MAX, &b, NULL) &&
              read_zone(z, (const unsigned char *)buf_str(&b), b.len, a);
    buf_fini(&b);
    if (!ok)
        return err_set(e, ERR_INVALID, "unknown time zone %s", name);
    *out = z;
    return 0;
}
