/* adapt.c: what the planner learns of a provider by itself: how many connections and how many messages
 * it stands when that is less than what is configured, and the slow start after a pause. */
#include <string.h>
#include "state.h"

#define SOFT_LEAST_PER_MIN 1
#define SOFT_RATE_MS 10000 /* how long a rate that it complained of is believed */
#define MEASURE_MS 10000
#define COMPLAINT_MS 5000 /* refusals of one batch come together: they are one complaint */

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

/* What it took lately, in a minute: in this stretch, or in the one before when this one is young. */
static double accepted_per_min(const struct provider *v, struct now now)
{
    int64_t ms = now.mono.ms - v->accepted_since_ms;
    double before = v->accepted_before_per_min;
    if (ms < MEASURE_MS / 4 && before > 0)
        return before;
    double is = v->accepted * 60000.0 / (double)(ms < 1000 ? 1000 : ms);
    return is > before ? is : before;
}

static void measure_anew(struct provider *v, struct now now)
{
    v->accepted_before_per_min = v->accepted * 60000.0 / MEASURE_MS;
    if (now.mono.ms - v->accepted_since_ms > 2 * MEASURE_MS)
        v->accepted_before_per_min = 0;
    v->accepted = 0;
    v->accepted_since_ms = now.mono.ms;
}

/* It takes messages only so fast, whatever is configured: what it took is what we give from now on,
 * and a little more is tried again and again. */
void soften_rate(struct provider *v, struct now now)
{
    if (v->complained_ms && now.mono.ms - v->complained_ms < COMPLAINT_MS)
        return;
    v->complained_ms = now.mono.ms;
    double now_per_min = v->soft_rate.count ? (double)v->soft_rate.spec[0].count : 1e9;
    double took = accepted_per_min(v, now);
    set_soft_rate(v, took < now_per_min * 0.93 ? took : now_per_min * 0.93);
    v->soft_rate_next_ms = now.mono.ms + SOFT_RATE_MS;
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

void soft_rate_step(struct provider *v, struct now now)
{
    if (now.mono.ms - v->accepted_since_ms >= MEASURE_MS)
        measure_anew(v, now);
    while (v->soft_rate.count && now.mono.ms >= v->soft_rate_next_ms) {
        double more = (double)v->soft_rate.spec[0].count * 1.06 + 1;
        v->soft_rate_next_ms += SOFT_RATE_MS;
        if (is_as_configured(v, (uint64_t)more))
            end_soft_rate(v);
        else
            set_soft_rate(v, more);
    }
}
