/* adapt.c: what the planner learns of a provider by itself: how many connections and how many messages
 * it stands when that is less than what is configured, and the slow start after a pause. */
#include <string.h>
#include "parts.h"

#define SOFT_LEAST_PER_MIN 1
#define MEASURE_MS 10000 /* of accepted and refused messages, each time */
#define QUICK_MS 1500
#define BEARABLE 0.05 /* of its answers may be complaints: that is how the limit is felt for */

/* ---- messages ---- */

static void set_soft_rate(struct provider *v, double per_min)
{
    struct rates r = {.count = 1};
    uint64_t n = per_min < SOFT_LEAST_PER_MIN ? SOFT_LEAST_PER_MIN : (uint64_t)per_min;
    r.item[0] = (struct rate_spec){n < RATE_COUNT_MAX ? n : RATE_COUNT_MAX, 60000000, 1};
    throttle_change(&v->soft_rate, &r);
}

static void end_soft_rate(struct provider *v)
{
    throttle_change(&v->soft_rate, &(struct rates){.count = 0});
}

static bool is_as_configured(const struct provider *v, uint64_t per_min)
{
    for (unsigned i = 0; i < v->limits->max_message_rate.count; i++) {
        const struct rate_spec *s = &v->limits->max_message_rate.item[i];
        if ((double)per_min >= (double)s->count * 6e7 / (double)s->period_us)
            return true;
    }
    return per_min >= 600000;
}

static void grow(struct provider *v)
{
    double more = (double)v->soft_rate.spec[0].count * 1.08 + 1;
    if (is_as_configured(v, (uint64_t)more))
        end_soft_rate(v);
    else
        set_soft_rate(v, more);
}

/* What it accepts is what it stands, so that is what we give. But a receiver may refuse the same share
 * at any rate (so many messages per connection, say): when giving less did not help, that share is
 * its nature, and only what is more than that counts. */
static void judge(struct provider *v, int64_t ms)
{
    double total = v->accepted + v->complaints;
    double share = v->complaints / total, took_per_min = v->accepted * 60000.0 / (double)ms;
    bool did_not_help = v->has_reduced && v->soft_rate.count && share > 0.7 * v->last_share;
    bool is_too_much = v->complaints > 1 && share - v->usual_share > BEARABLE;
    v->has_reduced = is_too_much && !did_not_help;
    v->last_share = share;
    if (did_not_help && is_too_much)
        v->usual_share = share;
    else if (share < v->usual_share)
        v->usual_share *= 0.9;
    if (v->has_reduced)
        set_soft_rate(v, took_per_min);
    else if (v->soft_rate.count && (v->complaints == 0 || did_not_help))
        grow(v);
}

static void measure(struct provider *v, struct now now)
{
    int64_t ms = now.mono.ms - v->measured_since_ms;
    if (v->accepted + v->complaints > 0 && ms < 10 * MEASURE_MS)
        judge(v, ms);
    v->accepted = v->complaints = 0;
    v->measured_since_ms = now.mono.ms;
}

/* It takes messages only so fast, whatever is configured. When most of them are refused nobody waits
 * for the end of the stretch. */
static void soften_rate(struct provider *v, struct now now)
{
    v->complaints++;
    if (v->complaints >= 5 && v->complaints > v->accepted / 4 &&
        now.mono.ms - v->measured_since_ms >= QUICK_MS)
        measure(v, now);
}

static void soft_rate_step(struct provider *v, struct now now)
{
    if (now.mono.ms - v->measured_since_ms >= MEASURE_MS)
        measure(v, now);
}

/* ---- connections ---- */

/* "Too many": never more than this many for a while, then a few more step by step. */
void soften(struct provider *v, unsigned to, struct now now)
{
    if (to < 1)
        to = 1;
    if (v->soft_limit == 0 || to < v->soft_limit)
        v->soft_limit = to;
    v->soft_next_ms = now.mono.ms + SOFT_MS;
}

static bool speaks_of_connections(const char *text)
{
    static const char word[] = "connection";
    for (; *text; text++)
        if (str_eq_nocase(str_n(text, strnlen(text, sizeof word - 1)), str_of(word)))
            return true;
    return false;
}

/* A refused message says less than a refused connection: the rate is too high, or, if it says so,
 * half of the connections are left; one such message is enough for a while, because a batch of them
 * comes at once. */
void soften_by_message(struct provider *v, const struct reply *r, struct now now)
{
    if (!speaks_of_connections(r->text)) {
        soften_rate(v, now);
        return;
    }
    if (!v->soft_limit || v->soft_next_ms - now.mono.ms < SOFT_MS - 5000)
        soften(v, v->connections / 2, now);
}

/* While a provider says "too many connections", what stood then is the limit; a quarter more is
 * tried per period. (Twice as many was the alternative: every probe costs a refused connection, and
 * receivers count those.) */
static void soft_step(struct provider *v, struct now now)
{
    while (v->soft_limit && now.mono.ms >= v->soft_next_ms) {
        v->soft_limit += v->soft_limit / 4 + 1;
        v->soft_next_ms += SOFT_MS;
        if (v->soft_limit >= v->limits->connection_limit)
            v->soft_limit = 0;
    }
}

/* The slow start: twice as many after each period in which something was delivered. */
static void ramp_step(struct provider *v, struct now now)
{
    while (v->ramp_limit && now.mono.ms >= v->ramp_next_ms) {
        v->ramp_next_ms = now.mono.ms + (v->limits->ramp_up_ms > 0 ? v->limits->ramp_up_ms : 1);
        if (v->ramp_done == 0)
            return;
        v->ramp_done = 0;
        v->ramp_limit *= 2;
        if (v->ramp_limit >= v->limits->connection_limit)
            v->ramp_limit = 0;
    }
}

void provider_adapt(struct provider *v, struct now now)
{
    soft_step(v, now);
    ramp_step(v, now);
    soft_rate_step(v, now);
}

unsigned provider_connections_at_most(const struct provider *v)
{
    int64_t most = v->limits->connection_limit;
    if (v->soft_limit && v->soft_limit < most)
        most = v->soft_limit;
    if (v->ramp_limit && v->ramp_limit < most)
        most = v->ramp_limit;
    for (const struct hold *h = v->standing->holds; h; h = h->next)
        if (!h->is_suspension && h->connection_limit && h->connection_limit < most)
            most = h->connection_limit;
    return (unsigned)most;
}

void provider_ramp(struct plan *p, struct provider *v, struct now now)
{
    if (v->limits->ramp_up_ms <= 0 || v->kind != PROVIDER_REAL || v->limits->connection_limit <= 1)
        return;
    v->ramp_limit = 1;
    v->ramp_done = 0;
    v->ramp_next_ms = now.mono.ms + v->limits->ramp_up_ms;
    plan_look_at(p, v, v->ramp_next_ms);
}
