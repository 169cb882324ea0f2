/* when.h: points in time. Monotonic and wall-clock time are different types, so that they cannot be
 * mixed up; both count milliseconds.
 *
 * Wall-clock time (Unix epoch, UTC) is for what people write and what survives a restart: due
 * times, windows, expiry. Monotonic time is for rates, idle limits and durations inside one run.
 *
 *     if (now.mono.ms >= connection->idle_until.ms) ...
 */
#ifndef SLUICE_BASE_WHEN_H
#define SLUICE_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>

struct mono {
    int64_t ms;
};
struct wall {
    int64_t ms;
};
struct now {
    struct mono mono;
    struct wall wall;
};

#define WHEN_NEVER INT64_MAX

/* Dates, proleptic Gregorian, and days since 1970-01-01. */
struct civil {
    int year, month, day; /* month and day from 1 */
};
int64_t civil_days(int64_t year, int month, int day); /* the day may overflow */
struct civil civil_of(int64_t days);

/* "2026-11-22T10:20:30.123Z"; out holds at least 25 bytes. Years are cut to 0000..9999, so
 * WHEN_NEVER prints as the end of 9999. */
#define WALL_TEXT 25
void wall_format(struct wall w, char out[WALL_TEXT]);
/* ISO 8601 date-times with a zone: "2026-11-22T10:20:30+09:00", "...Z", fraction and seconds
 * optional, a space instead of T allowed. Fractions below a millisecond are dropped; a leap second
 * (:60) and 24:00 are refused. False for anything else, and *out untouched. */
bool wall_parse(struct str s, struct wall *out);
/* "RFC 5322 date": Sun, 22 Nov 2026 10:20:30 +0900; offset in minutes east of UTC, MUST be
 * within a day; 32 bytes. Years as in wall_format. */
#define WALL_RFC5322 32
void wall_format_rfc5322(struct wall w, int offset_min, char out[WALL_RFC5322]);
/* Durations as people write them: "90s", "20 min", "4h", "4 days", "500ms"; a number alone is
 * refused (no unit, no meaning). Units: ms, s, sec, second(s), m, min, minute(s), h, hr, hour(s),
 * d, day(s), w, week(s). False for anything else, and *ms untouched; at most 10 years. */
#define DURATION_MAX_MS (INT64_C(3653) * 86400 * 1000)
bool duration_parse(struct str s, int64_t *ms);
/* "3d 4h", "12m 5s", "0.4s", "20ms", "never" (WHEN_NEVER): two units at most, at most 15 bytes;
 * rounds down. */
void duration_format(int64_t ms, char out[16]);

#endif
