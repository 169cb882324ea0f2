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

/* Saved states are from the past, but for grants that were made a little ahead. What claims to be
 * later than this comes from a clock that was wrong, and must not close a rate for years. */
#define RATE_AHEAD_US INT64_C(3600000000)

#endif
