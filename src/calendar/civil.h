/* civil.h: dates and local times as numbers, proleptic Gregorian. (P)
 *
 * A local time is the count of seconds that a clock on the wall shows since its own 1970-01-01: what
 * Unix time would be if that zone were UTC. Which instant it is, zone.h says.
 *
 *     int64_t local = civil_sec(2026, 3, 29, 2 * 3600);
 */
#ifndef SLUICE_CALENDAR_CIVIL_H
#define SLUICE_CALENDAR_CIVIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/when.h>

#define DAY_SEC INT64_C(86400)
/* No occurrence is looked for, and no change of a zone's clock known, from this year on. */
#define CIVIL_LAST_YEAR 2200

int civil_month_days(int64_t year, int month);
int civil_weekday(int64_t days);   /* 0 is Monday */
int64_t civil_day_of(int64_t sec); /* rounds down */
static inline int64_t civil_sec(int64_t year, int month, int day, int64_t sec_of_day)
{
    return civil_days(year, month, day) * DAY_SEC + sec_of_day;
}
/* "2026-01-11T02:00", seconds optional, a space instead of T allowed; years 1900 to 2199. */
bool civil_parse(const char *text, int64_t *local_sec);

#endif
