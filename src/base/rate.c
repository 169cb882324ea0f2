#include "quota.h"
#include "rate_far.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/base/rate.h>

struct rate rate_make(uint64_t count, int64_t period_us, uint64_t burst)
{
    struct rate r = {0, 0, -FAR, NULL};

    MUST(period_us > 0);
    if (count == 0)
        return r;
    /* Rounded up: rather a little slower than ever too fast. */
    r.interval_us = count >= (uint64_t)period_us
                        ? 1
                        : period_us / (int64_t)count + (period_us % (int64_t)count != 0);
    if (r.interval_us > FAR)
        r.interval_us = FAR;
    if (burst > 1) {
        uint64_t most = (uint64_t)(FAR / r.interval_us);

        r.tolerance_us = (int64_t)(burst - 1 < most ? burst - 1 : most) * r.interval_us;
    }
    return r;
}

int64_t rate_when(const struct rate *r, int64_t now_us)
{
    int64_t at;

    if (r->quota)
        return quota_when(r->quota, now_us);
    if (r->interval_us == 0 || __builtin_sub_overflow(r->tat_us, r->tolerance_us, &at))
        return now_us;
    return at > now_us ? at : now_us;
}

void rate_take(struct rate *r, int64_t now_us)
{
    int64_t from = r->tat_us > now_us ? r->tat_us : now_us;

    MUST(now_us >= rate_when(r, now_us));
    if (r->quota)
        quota_take(r->quota, now_us);
    if (r->interval_us == 0)
        return;
    if (__builtin_add_overflow(from, r->interval_us, &r->tat_us))
        r->tat_us = INT64_MAX;
}

void rate_init(struct rate *r, const struct rate_spec *s)
{
    if (s->count > 0 && s->burst == 0) {
        *r = rate_make(0, 1, 0);
        r->quota = quota_new(s->count, s->period_us);
    } else {
        *r = rate_make(s->count, s->count > 0 ? s->period_us : 1, s->burst);
    }
}

void rate_done(struct rate *r)
{
    free(r->quota);
    *r = rate_make(0, 1, 0);
}

uint64_t rate_room(const struct rate *r, int64_t now_us, int64_t until_us)
{
    int64_t tat, until;

    if (until_us < now_us)
        return 0;
    if (r->quota)
        return quota_room(r->quota, now_us, until_us);
    if (r->interval_us == 0)
        return UINT64_MAX;
    tat = near(r->tat_us > now_us ? r->tat_us : now_us);
    until = near(until_us) + r->tolerance_us;
    return until < tat ? 0 : (uint64_t)((until - tat) / r->interval_us) + 1;
}

/* ---- as text: "tat 1790000000000000", a quota as in quota.c, "none" ---- */

/* Where the theoretical arrival time is at most after what may be granted until `until`. */
static int64_t tat_after(const struct rate *r, int64_t until_us, uint64_t most)
{
    int64_t tat = near(r->tat_us), latest, from = tat > until_us ? tat : until_us;

    if (most == 0 || tat - r->tolerance_us > until_us)
        return tat;
    latest = near(near(until_us + r->tolerance_us) + r->interval_us);
    if (most < (uint64_t)(FAR / r->interval_us)) {
        int64_t by_count = near(from + (int64_t)most * r->interval_us);

        latest = by_count < latest ? by_count : latest;
    }
    return latest > tat ? latest : tat;
}

void rate_save_within(const struct rate *r, int64_t now_us, int64_t offset_us, int64_t reserve_us,
                      uint64_t most, char out[RATE_STATE])
{
    int64_t tat = near(r->tat_us);

    MUST(reserve_us >= 0 && reserve_us <= RATE_AHEAD_US);
    now_us = near(now_us);
    offset_us = near(offset_us);
    if (r->quota) {
        quota_save(r->quota, now_us, offset_us, reserve_us, most, out);
    } else if (r->interval_us == 0) {
        snprintf(out, RATE_STATE, "none");
    } else {
        if (reserve_us > 0)
            tat = tat_after(r, now_us + reserve_us, most);
        snprintf(out, RATE_STATE, "tat %" PRId64, tat + offset_us);
    }
}

bool rate_load(struct rate *r, struct str text, int64_t now_us, int64_t offset_us)
{
    int64_t tat, most;

    if (r->quota)
        return quota_load(r->quota, text, now_us, offset_us);
    if (r->interval_us == 0)
        return str_is(text, "none");
    if (!str_starts(text, "tat ") || !str_to_i64(str_n(text.p + 4, text.n - 4), &tat))
        return false;
    tat = near(near(tat) - near(offset_us));
    most = near(near(near(now_us) + RATE_AHEAD_US + r->tolerance_us) + r->interval_us);
    if (tat > most)
        tat = most;
    if (tat > r->tat_us)
        r->tat_us = tat;
    return true;
}
