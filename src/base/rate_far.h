/* rate_far.h: what rate.c and quota.c share. */
#ifndef SLUICE_BASE_RATE_FAR_H
#define SLUICE_BASE_RATE_FAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/rate.h>

/* A quarter of the range, so that sums of two such values cannot overflow. */
#define FAR (INT64_MAX / 4)

static inline int64_t near(int64_t us)
{
    return us > FAR ? FAR : us < -FAR ? -FAR : us;
}

/* A fiftieth slower: what leaves us evenly spaced arrives some milliseconds closer or farther apart, and
 * no stretch of time shall hold more than is written. For spacing that somebody else measures. */
static inline void rate_slow_down(struct rate *r)
{
    if (r->quota || r->interval_us > FAR / 2)
        return;
    r->interval_us += r->interval_us / 50;
    r->tolerance_us += r->tolerance_us / 50;
}

/* Saved states are from the past, but for grants that were made a little ahead. What claims to be
 * later than this comes from a clock that was wrong, and must not close a rate for years. */
#define RATE_AHEAD_US INT64_C(3600000000)

#endif
