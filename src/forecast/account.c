/* account.c: what became of each job at each receiver: counts, times, and what was waiting. */
#include "state.h"

/* Shorter than that is how mail flows, not a wait. */
#define GAP_MS 1000
#define STANDSTILL_MS 10000

/* The job's calendar and the provider's in one. */
const struct spans *account_closed(struct forecast *f, struct account *a)
{
    const struct spans *job = &f->subject[a->job].closed;
    const struct spans *there = f->receiver[a->receiver].closed;
    if (!there || there->count == 0)
        return job;
    if (job->count == 0)
        return there;
    if (!a->has_closed)
        spans_join(&a->closed, job, there);
    a->has_closed = true;
    return &a->closed;
}

static void account_waited(struct forecast *f, struct account *a, int64_t until_ms)
{
    int64_t closed = spans_closed_ms(account_closed(f, a), a->last_ms, until_ms);
    int64_t other = until_ms - a->last_ms - closed;
    if (other < STANDSTILL_MS)
        other = 0;
    a->window_ms += closed;
    a->other_ms += other;
    if (a->first_ms)
        a->inside_ms += closed + other;
}

void account_active(struct forecast *f, struct account *a, int64_t from_ms, int64_t until_ms)
{
    if (from_ms - a->last_ms >= GAP_MS)
        account_waited(f, a, from_ms);
    if (!a->first_ms)
        a->first_ms = from_ms;
    if (until_ms > a->last_ms)
        a->last_ms = until_ms;
}

static const struct reason *heaviest(const struct forecast *f, const struct account *a,
                                     bool is_closed)
{
    const struct reason *own = reasons_heaviest(&a->reasons, is_closed);
    const struct reason *job = reasons_heaviest(&f->subject[a->job].reasons, is_closed);
    return !own || (job && job->weight > own->weight) ? job : own;
}

/* Quotas and rates run on while a window is closed, so what holds up the open hours is what bounds
 * it, even where most hours are closed; but for nearly all of them. */
static void put_limit(const struct forecast *f, const struct account *a, char out[160])
{
    const struct reason *open = heaviest(f, a, false), *closed = heaviest(f, a, true);
    int64_t all_ms = a->last_ms - f->subject[a->job].begins_ms;
    bool is_mostly_closed = a->window_ms > all_ms / 5 * 4;
    const struct reason *r = !open || (closed && is_mostly_closed) ? closed : open;
    str_copy(out, 160, str_of(r ? r->text : ""));
}

static double per_s(const struct account *a)
{
    double ms = (double)(a->last_ms - a->first_ms - a->inside_ms);
    if (!a->first_ms || a->delivered == 0)
        return 0;
    return (double)a->delivered * 1000 / (ms < 1 ? 1 : ms);
}

void account_row(struct forecast *f, struct account *a, struct forecast_row *out)
{
    bool is_through = a->delivered + a->undeliverable == a->recipients;
    if (!is_through && f->now.wall.ms - a->last_ms >= GAP_MS) { /* waits to the end */
        account_waited(f, a, f->now.wall.ms);
        a->last_ms = f->now.wall.ms;
    }
    int64_t finish_ms = a->settled_ms > a->last_ms || !a->first_ms ? a->settled_ms : a->last_ms;
    *out = (struct forecast_row){.job = a->job,
                                 .recipients = a->recipients,
                                 .delivered = a->delivered,
                                 .undeliverable = a->undeliverable,
                                 .first.ms = a->first_ms,
                                 .finish.ms = is_through ? finish_ms : 0,
                                 .per_s = per_s(a),
                                 .window_wait_ms = a->window_ms,
                                 .other_wait_ms = a->other_ms};
    str_copy(out->provider, sizeof out->provider, str_of(f->receiver[a->receiver].name));
    put_limit(f, a, out->limit);
}
