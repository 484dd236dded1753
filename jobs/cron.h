/* Cron expressions and time zones: when a periodic job is launched next.
 *
 * Fields: minute hour day month weekday; with a sixth, the year last; with a seventh, the second
 * first. `*`, `?`, lists, ranges, steps, names of months and weekdays; days also L, LW, 15W, and
 * weekdays 5L, 5#3. @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. When both
 * day and weekday are given, either will do. owns: nothing, memory is the arena's. thread: any.
 * called by: scheduler, agent/cli. units: seconds of the epoch. */
#ifndef JOBS_CRON_H
#define JOBS_CRON_H

#include "agent/base/arena.h"
#include "agent/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct cron {
    uint64_t seconds, minutes; /* bit n: n is one */
    uint32_t hours, days, months;
    uint8_t weekdays; /* 0 Sunday */
    bool any_day, any_weekday, any_year;
    bool last_day, last_workday;
    uint32_t nearest_workday; /* 15W: bit 15 */
    uint8_t nth_weekday[7];   /* 5#3: bit 3 of the fifth */
    uint8_t last_weekday;     /* 5L: bit 5 */
    uint8_t years[17];        /* bit n: 1970 + n */
};
/* 0, or ERR_INVALID with the field that is wrong. */
int cron_parse(const char *spec, struct cron *out, struct err *e);

struct zone;
/* By its name in the zone database; "" and "UTC" always are. 0 or ERR_INVALID. */
int zone_load(const char *name, struct arena *a, const struct zone **out, struct err *e);
/* What is added to universal time there at that time. */
int64_t zone_offset(const struct zone *z, int64_t time_s);

/* The first time after `after_s`, or 0 when there is none before 2100. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_s);

#endif
