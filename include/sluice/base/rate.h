/* rate.h: the generic cell rate algorithm (GCRA, ITU-T I.371) for "N per period".
 *
 * One `theoretical arrival time` per limit: exact spacing, a chosen burst, no timer. With burst 1,
 * two grants are never closer than period / count.
 *
 *     struct rate r = rate_make(100, 1000000, 1);      // 100 per second, no burst
 *     int64_t at = rate_when(&r, now_us);              // when the next one may happen
 *     if (at <= now_us) rate_take(&r, now_us);
 */
#ifndef SLUICE_BASE_RATE_H
#define SLUICE_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>

struct rate {
    int64_t interval_us;  /* between grants; 0: unlimited */
    int64_t tolerance_us; /* (burst - 1) * interval_us */
    int64_t tat_us;       /* theoretical arrival time, on the caller's clock */
};

/* count 0: no limit. The interval is rounded up to whole microseconds, so a rate is never exceeded
 * and a million per second is the fastest. period_us MUST be > 0; burst 0 counts as 1. */
struct rate rate_make(uint64_t count, int64_t period_us, uint64_t burst);
/* The earliest time >= now_us at which one more may be granted. */
int64_t rate_when(const struct rate *r, int64_t now_us);
/* Grants one at now_us, which MUST be >= rate_when(r, now_us). */
void rate_take(struct rate *r, int64_t now_us);

/* "100/s", "1,000/min", "50,000/day", optionally ",max_burst=N" (default 1); units s, sec, min, h,
 * hr, hour, d, day, in any case. Count and burst are 1..RATE_COUNT_MAX; commas only between
 * thousands. False for anything else, and *out untouched. */
#define RATE_COUNT_MAX 1000000000u
struct rate_spec {
    uint64_t count;
    int64_t period_us;
    uint64_t burst;
};
bool rate_spec_parse(struct str s, struct rate_spec *out);

#endif
