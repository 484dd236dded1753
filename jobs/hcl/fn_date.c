/* Functions on times, in RFC 3339. */
#include "agent/base/clock.h"
#include "agent/base/duration.h"
#include "jobs/hcl/functions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a person sees on the clock of the time's own zone. */
struct moment {
    struct tm tm;
    int offset_min;
    wall_ns utc;
};

static bool read_moment(const char *text, struct moment *m)
{
    size_t n = strlen(text);
    if (n < 20 || clock_parse_rfc3339(text, &m->utc))
        return false;
    m->offset_min = 0;
    if (text[n - 1] != 'Z' && text[n - 1] != 'z') {
        int h = atoi(text + n - 5), min = atoi(text + n - 2);
        m->offset_min = (text[n - 6] == '-' ? -1 : 1) * (h * 60 + min);
    }
    time_t local = (time_t)(m->utc / NS_PER_SEC) + m->offset_min * 60;
    if (m->utc < 0 && m->utc % NS_PER_SEC)
        local--;
    return gmtime_r(&local, &m->tm) != NULL;
}

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

static bool write_zone(const struct moment *m, size_t n, struct buf *out)
{
    int off = m->offset_min, size = abs(off);
    if (n > 5 || n == 2)
        return false;
    if ((n == 1 && !off) || (n == 3 && !off)) {
        buf_str_add(out, n == 1 ? "Z" : "UTC");
        return true;
    }
    buf_printf(out, n == 1 || n == 5 ? "%c%02d:%02d" : "%c%02d%02d", off < 0 ? '-' : '+', size / 60,
               size % 60);
    return true;
}

/* A run of one letter. False: no such run means anything. */
static bool write_run(const struct moment *m, char letter, size_t n, struct buf *out)
{
    const struct tm *t = &m->tm;
    int hour12 = t->tm_hour % 12 ? t->tm_hour % 12 : 12, number = -1;
    switch (letter) {
    case 'Y':
        if (n != 2 && n != 4)
            return false;
        buf_printf(out, n == 2 ? "%02d" : "%04d", n == 2 ? t->tm_year % 100 : t->tm_year + 1900);
        return true;
    case 'M':
        if (n == 3 || n == 4) {
            buf_printf(out, "%.*s", n == 3 ? 3 : 20, months[t->tm_mon]);
            return true;
        }
        number = t->tm_mon + 1;
        break;
    case 'D':
        number = t->tm_mday;
        break;
    case 'E':
        if (n != 3 && n != 4)
            return false;
        buf_printf(out, "%.*s", n == 3 ? 3 : 20, days[t->tm_wday]);
        return true;
    case 'h':
        number = t->tm_hour;
        break;
    case 'H':
        number = hour12;
        break;
    case 'A':
    case 'a':
        if (n != 2)
            return false;
        buf_str_add(out, letter == 'A'     ? t->tm_hour < 12 ? "AM" : "PM"
                         : t->tm_hour < 12 ? "am"
                                           : "pm");
        return true;
    case 'm':
        number = t->tm_min;
        break;
    case 's':
        number = t->tm_sec;
        break;
    case 'Z':
        return write_zone(m, n, out);
    default:
        return false;
    }
    if (n > 2)
        return false;
    buf_printf(out, n == 2 ? "%02d" : "%d", number);
    return true;
}

static const char *allowed_runs(char letter)
{
    switch (letter) {
    case 'Y':
        return "year must either be \"YY\" or \"YYYY\"";
    case 'M':
        return "month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"";
    case 'D':
        return "day of month must either be \"D\" or \"DD\"";
    case 'E':
        return "day of week must either be \"EEE\" or \"EEEE\"";
    case 'h':
        return "24-hour must either be \"h\" or \"hh\"";
    case 'H':
        return "12-hour must either be \"H\" or \"HH\"";
    case 'A':
    case 'a':
        return "must be \"AA\" or \"aa\"";
    case 'm':
        return "minute must either be \"m\" or \"mm\"";
    case 's':
        return "second must either be \"s\" or \"ss\"";
    case 'Z':
        return "timezone must be Z, ZZZ, ZZZZ, or ZZZZZ";
    default:
        return "letters mean parts of a date; literal text goes in single quotes";
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *write_date(struct hcl_call *c, const struct moment *m, const char *f,
                              struct buf *out)
{
    while (*f) {
        if (*f == '\'') {
            const char *start = ++f;
            for (; *f && !(*f == '\'' && f[1] != '\''); f++) {
                f += *f == '\'';
                buf_char(out, *f);
            }
            if (!*f)
                return wrong_arg(c, 0, "unterminated literal '%s", start);
            f++;
        } else if (!is_letter(*f)) {
            buf_char(out, *f++);
        } else {
            size_t n = strspn(f, (char[2]){*f, '\0'});
            if (!write_run(m, *f, n, out))
                return wrong_arg(c, 0, "invalid date format verb \"%.*s\": %s",
                                 n > 20 ? 20 : (int)n, f, allowed_runs(*f));
            f += n;
        }
    }
    return NULL;
}

static const char *fn_formatdate(struct hcl_call *c)
{
    struct moment m;
    struct buf b = BUF_INIT;
    if (!read_moment(c->args[1].string, &m))
        return wrong_arg(c, 1, "not a valid RFC3339 timestamp: \"%.60s\"", c->args[1].string);
    const char *wrong = write_date(c, &m, c->args[0].string, &b);
    if (wrong)
        buf_fini(&b);
    return wrong ? wrong : give_buf(c, &b);
}

static const char *fn_timeadd(struct hcl_call *c)
{
    struct moment m;
    int64_t ns;
    wall_ns sum;
    if (!read_moment(c->args[0].string, &m))
        return wrong_arg(c, 0, "not a valid RFC3339 timestamp: \"%.60s\"", c->args[0].string);
    if (duration_parse(c->args[1].string, &ns))
        return wrong_arg(c, 1, "time: invalid duration \"%.60s\"", c->args[1].string);
    if (__builtin_add_overflow(m.utc, ns, &sum))
        return "the result is out of range";
    time_t local = (time_t)(sum / NS_PER_SEC) + m.offset_min * 60;
    local -= sum < 0 && sum % NS_PER_SEC;
    struct buf b = BUF_INIT;
    struct moment to = {.offset_min = m.offset_min};
    gmtime_r(&local, &to.tm);
    buf_printf(&b, "%04d-%02d-%02dT%02d:%02d:%02d", to.tm.tm_year + 1900, to.tm.tm_mon + 1,
               to.tm.tm_mday, to.tm.tm_hour, to.tm.tm_min, to.tm.tm_sec);
    write_zone(&to, 1, &b);
    return give_buf(c, &b);
}

static const char *fn_timestamp(struct hcl_call *c)
{
    char text[CLOCK_RFC3339_MAX];
    clock_format_rfc3339(clock_wall_ns() / NS_PER_SEC * NS_PER_SEC, text);
    return give_bytes(c, text, strlen(text));
}

const struct hcl_function hcl_fn_date[] = {
    {"formatdate", "s:format s:time", fn_formatdate},
    {"timeadd", "s:timestamp s:duration", fn_timeadd},
    {"timestamp", "", fn_timestamp},
    {NULL, NULL, NULL},
};
