#include "jobs/cron.h"
#include "agent/base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_YEAR 1970
#define LAST_YEAR  2099

/* --- parsing --------------------------------------------------------------------------------- */

struct field {
    const char *name;
    long low, high;
    const char *const *words; /* from low on */
};
static const char *const months[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                     "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekdays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};
enum field_id { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR, N_FIELDS };
static const struct field fields[N_FIELDS] = {
    {"second", 0, 59, NULL},
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, months},
    {"day of week", 0, 7, weekdays},
    {"year", FIRST_YEAR, LAST_YEAR, NULL},
};

static void set(struct cron *c, enum field_id f, long v)
{
    switch (f) {
    case SECOND:
        c->seconds |= UINT64_C(1) << v;
        break;
    case MINUTE:
        c->minutes |= UINT64_C(1) << v;
        break;
    case HOUR:
        c->hours |= UINT32_C(1) << v;
        break;
    case DAY:
        c->days |= UINT32_C(1) << v;
        break;
    case MONTH:
        c->months |= UINT32_C(1) << v;
        break;
    case WEEKDAY:
        c->weekdays |= (uint8_t)(1 << (v % 7));
        break;
    default:
        c->years[(v - FIRST_YEAR) / 8] |= (uint8_t)(1 << ((v - FIRST_YEAR) % 8));
    }
}

/* A number or a word; moves on past it. */
static bool take_value(const char **p, const struct field *f, long *out)
{
    char *end;
    for (size_t i = 0; f->words && f->words[i]; i++)
        if (!strncasecmp(*p, f->words[i], 3)) {
            *out = f->low + (long)i;
            *p += 3;
            return true;
        }
    if (!isdigit((unsigned char)**p))
        return false;
    *out = strtol(*p, &end, 10);
    *p = end;
    return *out >= f->low && *out <= f->high;
}

/* L, LW, 15W; 5L, 5#3. Returns whether the item was one of them. */
static bool take_special(struct cron *c, enum field_id f, const char *item)
{
    const char *p = item;
    long v, k;
    if (f == DAY && !strcasecmp(item, "L"))
        return c->last_day = true;
    if (f == DAY && !strcasecmp(item, "LW"))
        return c->last_workday = true;
    if ((f != DAY && f != WEEKDAY) || !take_value(&p, &fields[f], &v))
        return false;
    if (f == DAY && !strcasecmp(p, "W")) {
        c->nearest_workday |= UINT32_C(1) << v;
        return true;
    }
    if (f == WEEKDAY && !strcasecmp(p, "L")) {
        c->last_weekday |= (uint8_t)(1 << (v % 7));
        return true;
    }
    if (f != WEEKDAY || *p != '#')
        return false;
    k = strtol(p + 1, NULL, 10);
    if (k < 1 || k > 5 || p[2])
        return false;
    c->nth_weekday[v % 7] |= (uint8_t)(1 << k);
    return true;
}

/* "*", "5", "1-5", "* / 10", "3/10", "1-20/3" */
static bool take_item(struct cron *c, enum field_id id, const char *item)
{
    const struct field *f = &fields[id];
    const char *p = item;
    long low = f->low, high = id == WEEKDAY ? 6 : f->high, step = 1;
    if (take_special(c, id, item))
        return true;
    if (*p == '*' || *p == '?') {
        p++;
    } else {
        if (!take_value(&p, f, &low))
            return false;
        high = *p == '/' ? high : low;
        if (*p == '-') {
            p++;
            if (!take_value(&p, f, &high) || high < low)
                return false;
        }
    }
    if (*p == '/') {
        char *end;
        step = strtol(p + 1, &end, 10);
        if (end == p + 1 || step < 1)
            return false;
        p = end;
    }
    for (long v = low; !*p && v <= high; v += step)
        set(c, id, v);
    return !*p;
}

static int take_field(struct cron *c, enum field_id id, char *text, struct err *e)
{
    if (!strcmp(text, "*") || !strcmp(text, "?")) {
        c->any_day |= id == DAY;
        c->any_weekday |= id == WEEKDAY;
        c->any_year |= id == YEAR;
    }
    for (char *save = NULL, *item = strtok_r(text, ",", &save); item;
         item = strtok_r(NULL, ",", &save))
        if (!take_item(c, id, item))
            return err_set(e, ERR_INVALID, "cron: \"%s\" is no %s", item, fields[id].name);
    return 0;
}

static const char *named(const char *spec)
{
    static const char *const names[][2] = {
        {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 1 *"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcasecmp(spec, names[i][0]))
            return names[i][1];
    return spec;
}

int cron_parse(const char *spec, struct cron *out, struct err *e)
{
    char text[256], *words[8], *save = NULL;
    int n = 0, rv = 0;
    memset(out, 0, sizeof(*out));
    spec = named(spec ? spec : "");
    if (strlen(spec) >= sizeof(text))
        return err_set(e, ERR_INVALID, "cron: an expression of %zu characters", strlen(spec));
    strcpy(text, spec);
    for (char *w = strtok_r(text, " \t", &save); w && n < 8; w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    if (n < 5 || n > 7)
        return err_set(e, ERR_INVALID, "cron: %d fields, wanted 5 to 7", n);
    int first = n == 7 ? SECOND : MINUTE;
    if (n < 7)
        out->seconds = 1;
    out->any_year = n == 5;
    for (int i = 0; i < n && !rv; i++)
        rv = take_field(out, (enum field_id)(first + i), words[i], e);
    return rv;
}

/* --- days ------------------------------------------------------------------------------------ */

struct date {
    long year, month, day;
};

/* Days since 1970-01-01 (H. Hinnant's civil calendar arithmetic). */
static int64_t days_of(struct date d)
{
    long y = d.year - (d.month <= 2);
    long era = y / 400, of_era = y - era * 400;
    long of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * INT64_C(146097) + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date date_of(int64_t days)
{
    int64_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), mp = (5 * of_year + 2) / 153;
    long month = (long)(mp < 10 ? mp + 3 : mp - 9);
    return (struct date){(long)(year + era * 400) + (month <= 2), month,
                         (long)(of_year - (153 * mp + 2) / 5 + 1)};
}

static long month_length(struct date d)
{
    struct date next = {d.month == 12 ? d.year + 1 : d.year, d.month == 12 ? 1 : d.month + 1, 1};
    return (long)(days_of(next) - days_of((struct date){d.year, d.month, 1}));
}

static int weekday_of(struct date d)
{
    return (int)((days_of(d) + 4) % 7); /* the epoch was a Thursday */
}

/* The working day nearest to a day, within its month. */
static long nearest_workday(struct date d, long length)
{
    int w = weekday_of(d);
    if (w == 6)
        return d.day > 1 ? d.day - 1 : 3;
    if (w == 0)
        return d.day < length ? d.day + 1 : d.day - 2;
    return d.day;
}

static bool day_special(const struct cron *c, struct date d, long length)
{
    if (c->last_day && d.day == length)
        return true;
    if (c->last_workday) {
        struct date last = {d.year, d.month, length};
        if (d.day == nearest_workday(last, length))
            return true;
    }
    for (long v = 1; c->nearest_workday && v <= length; v++)
        if (c->nearest_workday >> v & 1 &&
            d.day == nearest_workday((struct date){d.year, d.month, v}, length))
            return true;
    return false;
}

static bool day_matches(const struct cron *c, struct date d)
{
    long length = month_length(d), y = d.year - FIRST_YEAR;
    int w = weekday_of(d);
    if (!(c->months >> d.month & 1) || (!c->any_year && !(c->years[y / 8] >> (y % 8) & 1)))
        return false;
    bool by_day = c->days >> d.day & 1 || day_special(c, d, length);
    bool by_weekday = c->weekdays >> w & 1 || c->nth_weekday[w] >> ((d.day - 1) / 7 + 1) & 1 ||
                      (c->last_weekday >> w & 1 && d.day + 7 > length);
    if (c->any_day)
        return by_weekday;
    return c->any_weekday ? by_day : by_day || by_weekday;
}

/* --- the next time --------------------------------------------------------------------------- */

/* A clock's time there as universal time; one that a change leaves out comes as it would have. */
static int64_t universal(const struct zone *z, int64_t local_s)
{
    int64_t guess = local_s - zone_offset(z, local_s);
    return local_s - zone_offset(z, guess);
}

static int64_t next_of_day(const struct cron *c, const struct zone *z, int64_t day, int64_t after_s)
{
    for (int h = 0; h < 24; h++) {
        if (!(c->hours >> h & 1) || universal(z, day * 86400 + h * 3600 + 3599) <= after_s)
            continue;
        for (int m = 0; m < 60; m++)
            for (int s = 0; c->minutes >> m & 1 && s < 60; s++) {
                int64_t t =
                    c->seconds >> s & 1 ? universal(z, day * 86400 + h * 3600 + m * 60 + s) : 0;
                if (t > after_s)
                    return t;
            }
    }
    return 0;
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_s)
{
    int64_t day = (after_s + zone_offset(z, after_s)) / 86400;
    if (after_s < 0)
        return 0;
    for (;; day++) {
        struct date d = date_of(day);
        if (d.year > LAST_YEAR)
            return 0;
        int64_t t = day_matches(c, d) ? next_of_day(c, z, day, after_s) : 0;
        if (t)
            return t;
    }
}
