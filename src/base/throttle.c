#include <sluice/base/must.h>
#include <sluice/base/rate.h>

#include "rate_far.h"

void throttle_init(struct throttle *t, const struct rates *r)
{
    *t = (struct throttle){0};
    if (!r)
        return;
    MUST(r->count <= RATES_MAX);
    t->count = r->count;
    for (unsigned i = 0; i < t->count; i++) {
        t->spec[i] = r->item[i];
        rate_init(&t->rate[i], &t->spec[i]);
        rate_slow_down(&t->rate[i]);
    }
    t->pace = pace_new(r);
}

void throttle_done(struct throttle *t)
{
    for (unsigned i = 0; i < t->count; i++)
        rate_done(&t->rate[i]);
    pace_release(t->pace);
    *t = (struct throttle){0};
}

void throttle_change(struct throttle *t, const struct rates *r)
{
    struct throttle old = *t;
    bool is_used[RATES_MAX] = {false}, is_same = r && old.count == r->count;

    throttle_init(t, r);
    for (unsigned i = 0; i < t->count; i++) {
        is_same &= rate_spec_equal(&t->spec[i], &old.spec[i]);
        for (unsigned j = 0; j < old.count; j++) {
            if (!is_used[j] && rate_spec_equal(&t->spec[i], &old.spec[j])) {
                struct rate fresh = t->rate[i];

                t->rate[i] = old.rate[j];
                old.rate[j] = fresh;
                is_used[j] = true;
                break;
            }
        }
    }
    if (is_same && old.pace) { /* whoever waits for it goes on doing so */
        pace_release(t->pace);
        t->pace = pace_hold(old.pace);
    }
    throttle_done(&old);
}

int64_t throttle_when(const struct throttle *t, int64_t now_us, unsigned *which)
{
    int64_t latest = now_us;

    for (unsigned i = 0; i < t->count; i++) {
        int64_t at = rate_when(&t->rate[i], now_us);

        if (at > latest) {
            latest = at;
            if (which)
                *which = i;
        }
    }
    return latest;
}

void throttle_take(struct throttle *t, int64_t at_us)
{
    for (unsigned i = 0; i < t->count; i++)
        rate_take(&t->rate[i], at_us);
}

void throttle_take_by(struct throttle *t, int64_t now_us, int64_t at_us)
{
    for (unsigned i = 0; i < t->count; i++) {
        rate_take(&t->rate[i], t->rate[i].quota ? at_us : rate_when(&t->rate[i], now_us));
    }
}

uint64_t throttle_room(const struct throttle *t, int64_t now_us, int64_t until_us)
{
    uint64_t least = until_us < now_us ? 0 : UINT64_MAX;

    for (unsigned i = 0; i < t->count; i++) {
        uint64_t room = rate_room(&t->rate[i], now_us, until_us);

        least = room < least ? room : least;
    }
    return least;
}
