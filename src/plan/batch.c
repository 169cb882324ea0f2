/* batch.c: which ready rows a connection gets now: urgent before the rest, jobs in turn, each message
 * at the time that all rates which bound it grant, and none so late that a window has closed. */
#include <stdlib.h>
#include "parts.h"

#define BACKLOG_US 600000 /* twice RATE_HORIZON_US */

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t provider_message_at(const struct provider *v, int64_t now_us, struct origin *origin)
{
    int64_t at = throttle_when(&v->messages, now_us, NULL);
    if (origin && at > now_us)
        *origin = v->limits->origin[LIMIT_MAX_MESSAGE_RATE];
    at = later_of(at, throttle_when(&v->soft_rate, now_us, NULL));
    for (const struct hold *h = v->standing->holds; h; h = h->next) {
        int64_t us = throttle_when(&h->messages, now_us, NULL);
        if (us > at && origin)
            *origin = h->at;
        at = later_of(at, us);
    }
    for (unsigned i = 0; i < v->gates; i++) {
        int64_t us = throttle_when(&v->gate[i]->messages, now_us, NULL);
        if (us > at && origin)
            *origin = v->gate[i]->at;
        at = later_of(at, us);
    }
    return at;
}

static void set_pace(struct delivery *d, const struct throttle *t)
{
    unsigned i = 0;
    while (i < PACES_MAX && d->pace[i])
        i++;
    if (i < PACES_MAX && t->pace)
        d->pace[i] = pace_hold(t->pace);
}

static void provider_took(struct provider *v, struct delivery *d, int64_t now_us, int64_t at_us)
{
    throttle_take(&v->messages, at_us);
    throttle_take(&v->soft_rate, at_us);
    set_pace(d, &v->messages);
    for (struct hold *h = v->standing->holds; h; h = h->next)
        throttle_take(&h->messages, at_us);
    for (unsigned i = 0; i < v->gates; i++) {
        throttle_take_by(&v->gate[i]->messages, now_us, at_us);
        set_pace(d, &v->gate[i]->messages);
    }
}

/* It may have been handed out before. */
static void drop_paces(struct delivery *d)
{
    for (unsigned i = 0; i < PACES_MAX; i++) {
        pace_release(d->pace[i]);
        d->pace[i] = NULL;
    }
}

/* ---- caps of jobs and clients ---- */

static bool holds_place(const struct conn *c, const struct gate *g)
{
    for (unsigned i = 0; i < GATES_HELD; i++)
        if (c->held[i] == g)
            return true;
    return false;
}

static bool may_hold(const struct plan *p, const struct conn *c, const struct gate *g)
{
    if (g->connection_limit == 0 || holds_place(c, g))
        return true;
    return gate_has_place_for(p, g, c->site->provider) && holds_place(c, NULL);
}

static void hold_place(struct conn *c, struct gate *g)
{
    if (g->connection_limit == 0 || holds_place(c, g))
        return;
    for (unsigned i = 0; i < GATES_HELD; i++)
        if (!c->held[i]) {
            c->held[i] = g;
            gate_enter(g, c->site->provider);
            return;
        }
}

void batch_is_over(struct plan *p, struct conn *c)
{
    for (unsigned i = 0; i < GATES_HELD; i++) {
        if (c->held[i])
            gate_leave(p, c->held[i], c->site->provider);
        c->held[i] = NULL;
    }
}

/* ---- one row ---- */

struct batch {
    struct plan *p;
    struct conn *c;
    struct provider *v;
    struct pair *pair;
    struct now now;
    int64_t now_us;
    int64_t last_ms;  /* mono: the provider's window */
    uint32_t warm;    /* messages that the source's warm-up still allows */
    int64_t again_ms; /* mono: when a row that may not go now may */
    struct lane *far; /* whose rows go back, because that is far away */
};

static void again(struct batch *b, int64_t at_ms)
{
    if (at_ms < b->again_ms)
        b->again_ms = at_ms;
}

/* What holds for every row on this connection; WHEN_NEVER: none may go. */
static int64_t connection_at(struct batch *b)
{
    struct gate *g = &b->c->source->party.gate;
    int64_t own = provider_message_at(b->v, b->now_us, NULL);
    int64_t shared = throttle_when(&g->messages, b->now_us, NULL);
    if (b->pair)
        shared = later_of(shared, throttle_when(&b->pair->messages, b->now_us, NULL));
    if (b->warm == 0)
        return WHEN_NEVER;
    if (shared > b->now_us + RATE_HORIZON_US)
        again(b, gate_retry_ms(g, b->v, (shared - RATE_HORIZON_US) / 1000 + 1, b->now));
    return later_of(own, shared);
}

/* When this lane's next row may go; WHEN_NEVER: not now. */
static int64_t lane_at(struct batch *b, struct lane *l, int64_t at_us)
{
    struct job *j = l->job;
    struct gate *gate[2];
    if (j->opens_ms > b->now.wall.ms) { /* only when the clock was set back a little */
        again(b, plan_mono_of(b->p, j->opens_ms));
        return WHEN_NEVER;
    }
    if (!(job_sources(j) >> b->c->source->index & 1))
        return WHEN_NEVER;
    if (hold_until(b->v, j->info.key, NULL, b->now, NULL)) {
        b->far = l;
        return WHEN_NEVER;
    }
    for (unsigned n = job_gates(j, gate); n > 0; n--) {
        struct gate *g = gate[n - 1];
        int64_t us = throttle_when(&g->messages, b->now_us, NULL);
        if (!may_hold(b->p, b->c, g)) {
            gate_wait(b->p, g, b->v, b->now);
            return WHEN_NEVER;
        }
        if (us > b->now_us + FAR_MS * 1000)
            b->far = l;
        if (us > b->now_us + RATE_HORIZON_US) {
            again(b, gate_retry_ms(g, b->v, (us - RATE_HORIZON_US) / 1000 + 1, b->now));
            return WHEN_NEVER;
        }
        at_us = later_of(at_us, us);
    }
    return at_us;
}

static int64_t last_begin_ms(const struct batch *b, const struct job *j)
{
    /* A clock that was set on a little opens the job before job_review() has looked: when it closes
     * is not known for that moment. */
    bool is_known = j->closes_ms != WHEN_NEVER && j->closes_ms > j->opens_ms;
    int64_t job = is_known ? plan_mono_of(b->p, j->closes_ms) - 1 : WHEN_NEVER;
    return job < b->last_ms ? job : b->last_ms;
}

static struct delivery *take(struct batch *b, struct lane *l, int64_t at_us, int64_t last_ms)
{
    struct gate *gate[2];
    struct job *j = l->job;
    struct delivery *d = lane_pop(b->p, l);
    struct throttle *source = &b->c->source->party.gate.messages;
    drop_paces(d);
    provider_took(b->v, d, b->now_us, at_us);
    throttle_take_by(source, b->now_us, at_us);
    set_pace(d, source);
    if (b->pair) {
        throttle_take_by(&b->pair->messages, b->now_us, at_us);
        set_pace(d, &b->pair->messages);
        b->pair->used += b->warm != UINT32_MAX;
        b->warm -= b->warm != UINT32_MAX;
    }
    for (unsigned n = job_gates(j, gate); n > 0; n--) {
        throttle_take_by(&gate[n - 1]->messages, b->now_us, at_us);
        set_pace(d, &gate[n - 1]->messages);
        hold_place(b->c, gate[n - 1]);
    }
    d->not_before.ms = (at_us + 999) / 1000;
    d->not_after.ms = last_ms == WHEN_NEVER ? 0 : last_ms;
    return d;
}

static unsigned count_lanes(const struct line *line)
{
    unsigned lanes = 0;
    const struct lane *l = line->lanes;
    if (l)
        do
            lanes++;
        while ((l = l->of_line.next) != line->lanes && lanes < 64);
    return lanes;
}

/* The row that may go first, of the lanes in turn: a capped job's message that is granted later than
 * the others' must not take the provider's time in between. */
static struct delivery *take_of_line(struct batch *b, struct line *line, int64_t at_us)
{
    struct lane *best = NULL;
    int64_t best_us = WHEN_NEVER, best_last = 0;
    for (unsigned lanes = count_lanes(line); lanes > 0 && line->lanes; lanes--) {
        struct lane *l = line->lanes;
        b->far = NULL;
        int64_t us = lane_at(b, l, at_us), last = last_begin_ms(b, l->job);
        line->lanes = l->of_line.next;
        if (b->far) {
            lane_return_all(b->p, l, b->now);
        } else if (us < best_us && (us + 999) / 1000 <= last) {
            best = l;
            best_us = us;
            best_last = last;
            if (us <= at_us)
                break;
        }
    }
    return best ? take(b, best, best_us, best_last) : NULL;
}

/* Messages that their connections could not begin in time queue up there (see base/pace.h). No more is
 * granted than the rate lets through in a moment: else what is urgent would wait behind them all. */
static bool has_backlog(const struct provider *v, unsigned taken)
{
    uint64_t most = UINT64_MAX, ahead = v->pending + taken;
    for (unsigned i = 0; i < v->messages.count; i++) {
        const struct rate *r = &v->messages.rate[i];
        uint64_t n = r->interval_us
                         ? (uint64_t)((BACKLOG_US + r->tolerance_us) / r->interval_us) + 1
                         : UINT64_MAX;
        most = !r->quota && n < most ? n : most;
    }
    return most < UINT64_MAX && ahead > most + v->connections;
}

struct delivery *batch_take(struct plan *p, struct conn *c, unsigned n, struct now now,
                            unsigned *taken)
{
    struct site *s = c->site;
    struct batch b = {p,
                      c,
                      s->provider,
                      pair_of(p, s->provider, c->source),
                      now,
                      now.mono.ms * 1000,
                      provider_last_ms(p, s->provider, now),
                      0,
                      WHEN_NEVER,
                      NULL};
    struct delivery *first = NULL, **last = &first, *d;
    int64_t again_wall = WHEN_NEVER;
    b.warm = warmup_left(b.pair, c->source, now, &again_wall);
    *taken = 0;
    for (int prio = 0; prio < PRIORITIES; prio++)
        while (*taken < n && s->line[prio].ready > 0) {
            if (has_backlog(b.v, *taken)) {
                plan_look_at(p, b.v, b.now.mono.ms + BACKLOG_US / 1000);
                return first;
            }
            int64_t at_us = connection_at(&b);
            if (at_us > b.now_us + RATE_HORIZON_US) {
                plan_look_at(p, b.v, b.again_ms);
                return first;
            }
            if (!(d = take_of_line(&b, &s->line[prio], at_us)))
                break;
            *last = d;
            last = &d->next;
            ++*taken;
        }
    plan_look_at(p, b.v, b.again_ms);
    return first;
}
