/* rate.h: "N per period", as spacing and as quota. (P)
 *
 * Spacing is the generic cell rate algorithm (GCRA, ITU-T I.371): one `theoretical arrival time`
 * per limit, exact, a chosen burst, no timer. With burst 1, two grants are never closer than
 * period / count. A quota ("50,000/day") holds that any stretch of one period sees at most N, as
 * fast as they come: GCRA with a burst of N would grant nearly 2 N. It counts in QUOTA_SLOTS slots
 * of a period, rounded to the safe side.
 *
 *     struct rate r = rate_make(100, 1000000, 1);      // 100 per second, no burst
 *     int64_t at = rate_when(&r, now_us);              // when the next one may happen
 *     if (at <= now_us) rate_take(&r, now_us);
 *
 *     struct throttle t;                               // several at once: "100/s" and "50,000/day"
 *     throttle_init(&t, &limits->max_message_rate);
 */
#ifndef SLUICE_BASE_RATE_H
#define SLUICE_BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/pace.h>
#include <sluice/base/str.h>

struct rate {
    int64_t interval_us;  /* between grants; 0: unlimited */
    int64_t tolerance_us; /* (burst - 1) * interval_us */
    int64_t tat_us;       /* theoretical arrival time, on the caller's clock */
    struct quota *quota;  /* NULL: spacing */
};
#define QUOTA_SLOTS 48

/* count 0: no limit. The interval is rounded up to whole microseconds, so a rate is never exceeded
 * and a million per second is the fastest. period_us MUST be > 0; burst 0 counts as 1. */
struct rate rate_make(uint64_t count, int64_t period_us, uint64_t burst);
/* The earliest time >= now_us at which one more may be granted. */
int64_t rate_when(const struct rate *r, int64_t now_us);
/* Grants one at now_us, which MUST be >= rate_when(r, now_us). */
void rate_take(struct rate *r, int64_t now_us);

/* "100/s", "1,000/min", "50,000/day", optionally ",max_burst=N"; units s, sec, min, h, hr, hour, d,
 * day, in any case. Count and burst are 1..RATE_COUNT_MAX; commas only between thousands. Without
 * max_burst: spacing with burst 1 below an hour, a quota (burst 0) from an hour on. False for
 * anything else, and *out untouched. */
#define RATE_COUNT_MAX 1000000000u
struct rate_spec {
    uint64_t count; /* 0: no limit */
    int64_t period_us;
    uint64_t burst; /* 0: a quota */
};
bool rate_spec_parse(struct str s, struct rate_spec *out);
/* "100/s", "50,000/day", "10/min,max_burst=5": parsing gives the same again. "none" for count 0. */
#define RATE_TEXT 64
void rate_spec_format(const struct rate_spec *s, char out[RATE_TEXT]);
bool rate_spec_equal(const struct rate_spec *a, const struct rate_spec *b);

/* From a spec, spacing or quota; rate_done frees a quota's slots. rate_make() needs no rate_done. */
void rate_init(struct rate *r, const struct rate_spec *s);
void rate_done(struct rate *r);
/* What was granted, as text for another life: times become those of another clock by adding
 * `offset_us` (wall - mono). `reserve_us`: as if everything that may be granted in that time had
 * been, for a state that may be read after a crash (MUST be 0 to an hour); 0: exactly. No more than
 * `most` are reserved (UINT64_MAX: no bound): who knows how fast they can come at all
 * (throttle_room() of all the rates they pass, for one) saves a quota from being reserved as a
 * whole. Loading adds to what is there: of spacing the later holds, of quotas both. What claims to
 * be more than an hour ahead of now is taken for an hour ahead: that clock was wrong. False for text
 * that is none, and *r untouched. The text is shorter than RATE_STATE bytes. */
#define RATE_STATE 1200
void rate_save_within(const struct rate *r, int64_t now_us, int64_t offset_us, int64_t reserve_us,
                      uint64_t most, char out[RATE_STATE]);
bool rate_load(struct rate *r, struct str text, int64_t now_us, int64_t offset_us);

/* How many more the rate grants in [now, until] at most; UINT64_MAX: no bound. */
uint64_t rate_room(const struct rate *r, int64_t now_us, int64_t until_us);

/* ---- several at once ---- */

#define RATES_MAX 4
struct rates {
    struct rate_spec item[RATES_MAX];
    unsigned count;
};
/* Items joined by " and ": "100/s and 50,000/day"; "none". */
#define RATES_TEXT (RATES_MAX * (RATE_TEXT + 5))
void rates_format(const struct rates *r, char out[RATES_TEXT]);

struct throttle {
    struct rate rate[RATES_MAX];
    struct rate_spec spec[RATES_MAX];
    unsigned count;
    struct pace *pace; /* for who carries the grants out, see pace.h; NULL: no spacing */
};
/* r NULL: no limit. Spacing is a fiftieth slower than written: see pace.h. */
void throttle_init(struct throttle *t, const struct rates *r);
void throttle_done(struct throttle *t);
/* Other specs from now on; what was granted stays known for those that are the same as before. */
void throttle_change(struct throttle *t, const struct rates *r);
/* The earliest time at which all of them grant one more; *which (may be NULL): the one that is
 * latest, unset when it is now. */
int64_t throttle_when(const struct throttle *t, int64_t now_us, unsigned *which);
void throttle_take(struct throttle *t, int64_t at_us); /* at_us MUST be >= throttle_when() */
/* The same for something that happens at at_us because of other limits: each spacing gives its first
 * free slot, so that two rates that do not fit each other cost neither of them anything. What carries
 * the grants out keeps the pace. */
void throttle_take_by(struct throttle *t, int64_t now_us, int64_t at_us);
/* How many may be granted from now until then at most (a bound for fetching ahead). */
uint64_t throttle_room(const struct throttle *t, int64_t now_us, int64_t until_us);

#endif
