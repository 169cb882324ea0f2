/* waits.c: why something waits, and until when: what `sluice status` and `sluice why` print. The
 * order of the questions is that of the planner's own: what is said is what stops it first. */
#include <inttypes.h>
#include <string.h>
#include "parts.h"

struct reason {
    struct buf what, why;
    struct origin at;
    struct wall until;
};

static void until_mono(struct reason *r, int64_t mono_ms, struct now now)
{
    r->until.ms = mono_ms == WHEN_NEVER ? 0 : now.wall.ms + (mono_ms - now.mono.ms);
}

static void until_wall(struct reason *r, int64_t wall_ms)
{
    r->until.ms = wall_ms == WHEN_NEVER ? 0 : wall_ms;
}

/* ---- the job ---- */

static bool by_spans(struct reason *r, const struct spans *s, struct now now)
{
    const struct span_reason *why = spans_reason_at(s, now.wall.ms);
    if (!why)
        return false;
    buf_puts(&r->why, why->text);
    r->at = why->at;
    until_wall(r, spans_opens_at(s, now.wall.ms));
    return true;
}

static bool by_party(struct reason *r, const struct party *party, const char *kind, struct now now)
{
    if (party->until.ms <= now.wall.ms)
        return false;
    bool is_said = party->reason && party->reason[0];
    buf_printf(&r->why, "the %s %s is suspended by %s", kind, party->name,
               is_said ? party->reason : "an operator");
    until_wall(r, party->until.ms);
    return true;
}

/* Something that stops the whole job; false: nothing does. */
static bool by_job(struct reason *r, const struct job *j, struct now now)
{
    if (j->info.is_paused) {
        buf_puts(&r->why, "the job is paused");
    } else if (j->info.start.ms > now.wall.ms) {
        buf_puts(&r->why, "the job's start has not come");
        r->until = j->info.start;
    } else if (!(j->client && by_party(r, &j->client->party, "client", now)) &&
               !by_spans(r, &j->closed, now)) {
        return false;
    }
    buf_puts(&r->what, "job");
    return true;
}

/* ---- the provider ---- */

static bool by_hold(struct reason *r, const struct provider *v, const struct job *j, struct now now)
{
    const struct hold *h = NULL;
    if (!hold_until(v, 0, NULL, now, &h) && (!j || !hold_until(v, j->info.key, NULL, now, &h)))
        return false;
    if (h->by_operator)
        buf_printf(&r->why, "%s is suspended by %s", v->name, h->why[0] ? h->why : "an operator");
    else
        buf_printf(&r->why, "%s rests%s by %s", v->name, h->job_key ? " for this job" : "", h->why);
    r->at = h->at;
    until_wall(r, h->until_ms);
    return true;
}

static bool by_calendar(struct reason *r, const struct plan *p, const struct provider *v,
                        struct now now)
{
    int64_t change;
    enum stage stage = provider_stage(p, v, now, &change);
    const struct spans *closed = &v->standing->closed;
    if (by_spans(r, closed, now))
        return true;
    if (stage == STAGE_OPEN || (stage == STAGE_DRAINING && v->connections > 0))
        return false;
    int64_t closes = spans_closes_at(closed, now.wall.ms);
    const struct span_reason *why = spans_reason_at(closed, closes);
    buf_printf(&r->why, "drain: no time is left before %s", why ? why->text : "a window");
    if (why)
        r->at = why->at;
    until_wall(r, spans_opens_at(closed, closes));
    return true;
}

static bool by_rest(struct reason *r, const struct provider *v, struct now now)
{
    if (v->standing->outage_rest_ms > now.wall.ms) {
        buf_printf(&r->why, "outage: %s refused nearly everything, it rests", v->name);
        r->at = v->limits->origin[LIMIT_OUTAGE_REST];
        until_wall(r, v->standing->outage_rest_ms);
    } else if (v->rest_until_ms > now.mono.ms) {
        buf_printf(&r->why,
                   "the provider rests after %" PRId64
                   " failed connections (consecutive_connection_failures_before_delay)",
                   v->limits->consecutive_connection_failures_before_delay);
        r->at = v->limits->origin[LIMIT_CONSECUTIVE_CONNECTION_FAILURES_BEFORE_DELAY];
        until_mono(r, v->rest_until_ms, now);
    } else {
        return false;
    }
    return true;
}

static void used_up(struct reason *r, const char *what, const struct throttle *t, unsigned which,
                    const char *of, struct origin at)
{
    char spec[RATE_TEXT];
    rate_spec_format(&t->spec[which < t->count ? which : 0], spec);
    buf_printf(&r->why, "%s %s of %s is used up for the moment", what, spec, of);
    r->at = at;
}

/* One rate that does not grant now; the latest of them is said. */
struct latest {
    int64_t us;
    struct reason *r;
};

static void look_at(struct latest *l, const struct throttle *t, int64_t now_us, const char *what,
                    const char *of, struct origin at)
{
    unsigned which = 0;
    int64_t us = throttle_when(t, now_us, &which);
    if (us <= l->us)
        return;
    l->us = us;
    buf_clear(&l->r->why);
    used_up(l->r, what, t, which, of, at);
}

static bool by_rate(struct reason *r, const struct plan *p, const struct provider *v,
                    const struct job *j, struct now now)
{
    int64_t now_us = now.mono.ms * 1000;
    struct latest l = {now_us + RATE_HORIZON_US, r}; /* what is granted sooner stops nothing */
    const struct origin *at = v->limits->origin;
    struct gate *gate[2];
    look_at(&l, &v->messages, now_us, "max_message_rate", v->name, at[LIMIT_MAX_MESSAGE_RATE]);
    look_at(&l, &v->soft_rate, now_us, "it says \"too fast\": the learnt rate", v->name,
            (struct origin){0});
    for (const struct hold *h = v->standing->holds; h; h = h->next)
        look_at(&l, &h->messages, now_us, "the rate", h->why, h->at);
    for (unsigned i = 0; i < v->gates; i++)
        look_at(&l, &v->gate[i]->messages, now_us, "max_message_rate", v->gate[i]->name,
                v->gate[i]->at);
    for (unsigned n = j ? job_gates(j, gate) : 0; n > 0; n--)
        look_at(&l, &gate[n - 1]->messages, now_us, "max_message_rate", gate[n - 1]->name,
                gate[n - 1]->at);
    if (p->sources == 1)
        look_at(&l, &p->source[0]->party.gate.messages, now_us, "max_message_rate",
                p->source[0]->party.gate.name, p->source[0]->party.gate.at);
    if (l.us <= now_us + RATE_HORIZON_US)
        return false;
    until_mono(r, l.us / 1000, now);
    return true;
}

static const struct hold *strictest(const struct provider *v)
{
    const struct hold *least = NULL;
    for (const struct hold *h = v->standing->holds; h; h = h->next)
        if (!h->is_suspension && h->connection_limit &&
            (!least || h->connection_limit < least->connection_limit))
            least = h;
    return least;
}

static bool by_connections(struct reason *r, const struct provider *v, struct now now)
{
    unsigned most = provider_connections_at_most(v);
    const struct hold *h = strictest(v);
    if (v->connections < most)
        return false;
    if (h && h->connection_limit == (int64_t)most) {
        buf_printf(&r->why, "%u connections for now by %s", most, h->why);
        r->at = h->at;
        until_wall(r, h->until_ms);
    } else if (v->ramp_limit == most) {
        buf_printf(&r->why, "slow start (ramp_up): %u connections for now", most);
        r->at = v->limits->origin[LIMIT_RAMP_UP];
        until_mono(r, v->ramp_next_ms, now);
    } else if (v->soft_limit == most) {
        buf_printf(&r->why, "it said \"too many connections\": %u for now", most);
        until_mono(r, v->soft_next_ms, now);
    } else {
        buf_printf(&r->why, "connection_limit %u of %s is reached", most, v->name);
        r->at = v->limits->origin[LIMIT_CONNECTION_LIMIT];
    }
    return true;
}

static bool by_place(struct reason *r, const struct gate *g)
{
    if (gate_has_place(g))
        return false;
    buf_printf(&r->why, "connection_limit %" PRId64 " of %s is reached", g->connection_limit,
               g->name);
    r->at = g->at;
    return true;
}

static bool by_gates(struct reason *r, const struct provider *v, const struct job *j)
{
    struct gate *gate[2];
    for (unsigned i = 0; i < v->gates; i++)
        if (by_place(r, v->gate[i]))
            return true;
    for (unsigned n = j ? job_gates(j, gate) : 0; n > 0; n--)
        if (by_place(r, gate[n - 1]))
            return true;
    return false;
}

/* Every source that could be used is held up: the one that comes first is said. */
static bool by_sources(struct reason *r, const struct plan *p, const struct provider *v,
                       const struct job *j, struct now now)
{
    struct origin at = {0};
    int64_t first = WHEN_NEVER;
    const char *name = NULL, *why = NULL;
    for (unsigned i = 0; i < p->sources; i++) {
        struct source_state *s = p->source[i];
        int64_t again = WHEN_NEVER;
        if (!((j ? job_sources(j) : UINT64_MAX) >> i & 1))
            continue;
        bool is_put_aside = s->party.until.ms > now.wall.ms;
        bool is_held = hold_until(v, 0, s->party.name, now, NULL) > 0;
        bool is_cold = warmup_left(pair_of(p, v, s), s, now, &again) == 0;
        if (!is_put_aside && !is_held && !is_cold)
            return false;
        const struct hold *h = NULL;
        if (is_put_aside)
            again = s->party.until.ms;
        else if (is_held)
            again = hold_until(v, 0, s->party.name, now, &h);
        if (name && again >= first)
            continue;
        first = again;
        name = s->party.name;
        at = h ? h->at : is_cold && s->conf ? s->conf->warmup.at : s->party.gate.at;
        why = is_put_aside ? "is suspended"
              : is_held    ? "rests here"
                           : "has its day's warm-up volume";
    }
    if (!name)
        return false;
    buf_printf(&r->why, "no source may send to %s: %s %s", v->name, name, why);
    r->at = at;
    until_wall(r, first);
    return true;
}

static bool by_dials(struct reason *r, const struct provider *v, struct now now)
{
    unsigned which = 0;
    int64_t now_us = now.mono.ms * 1000, us = throttle_when(&v->dials, now_us, &which);
    if (us <= now_us)
        return false;
    used_up(r, "max_connection_rate", &v->dials, which, v->name,
            v->limits->origin[LIMIT_MAX_CONNECTION_RATE]);
    until_mono(r, us / 1000, now);
    return true;
}

static bool by_shared(struct reason *r, const struct plan *p, const struct provider *v)
{
    if (v->wants_conn.at)
        buf_printf(&r->why, "max_connections %" PRIu32 " is reached over all providers",
                   p->options.max_connections);
    else if (v->wants_lease.at)
        buf_printf(&r->why, "%u recipients are under way over all providers, no more at once",
                   p->leased);
    else
        return false;
    return true;
}

/* What stops everything, or this job, at the provider; false: nothing does. */
static bool by_provider(struct reason *r, const struct plan *p, const struct provider *v,
                        const struct job *j, struct now now)
{
    if (v->kind != PROVIDER_REAL)
        return false;
    return by_hold(r, v, j, now) || by_calendar(r, p, v, now) || by_rest(r, v, now) ||
           by_sources(r, p, v, j, now) || by_rate(r, p, v, j, now) || by_connections(r, v, now) ||
           by_gates(r, v, j) || by_shared(r, p, v) || (v->connections == 0 && by_dials(r, v, now));
}

/* ---- one bucket ---- */

static bool by_hosts(struct reason *r, const struct domain *d, struct now now)
{
    int64_t opens = d->state == DOMAIN_ROUTED && d->site->working == 0 ? site_opens_at(d->site, now)
                                                                       : now.mono.ms;
    if (opens <= now.mono.ms)
        return false;
    buf_puts(&r->why, "all its mail hosts rest after failed connections");
    until_mono(r, opens, now);
    return true;
}

static void not_due(struct reason *r, const struct bucket *b)
{
    const struct provider *v = b->domain->provider;
    buf_printf(&r->what, "domain %s", b->domain->name);
    buf_puts(&r->why, "the next attempt is not due");
    if (b->domain->why)
        buf_printf(&r->why, ": %s", b->domain->why);
    if (v && v->standing && v->standing->is_outage)
        buf_printf(&r->why,
                   "; whom %s refused in its outage is quarantined until `sluice provider %s "
                   "release` or `confirm`",
                   v->name, v->name);
    r->until.ms = b->due_ms;
}

static void reason_of(struct reason *r, const struct plan *p, const struct bucket *b,
                      struct now now)
{
    const struct domain *d = b->domain;
    if (by_job(r, b->job, now))
        return;
    if (b->due_ms > now.wall.ms) {
        not_due(r, b);
    } else if (!d->provider) {
        buf_printf(&r->what, "domain %s", d->name);
        buf_puts(&r->why, d->state == DOMAIN_ASKING ? "its mail hosts are being looked up"
                                                    : "its mail hosts are to be looked up");
    } else if (d->provider->kind != PROVIDER_REAL) {
        buf_printf(&r->what, "domain %s", d->name);
        buf_puts(&r->why, d->why ? d->why : "its mail hosts cannot be looked up");
    } else {
        buf_printf(&r->what, "domain %s at %s", d->name, d->provider->name);
        if (!by_hosts(r, d, now) && !by_provider(r, p, d->provider, b->job, now))
            buf_puts(&r->why, "its turn comes");
    }
}

static bool is_asked_for(const struct plan_question *q, const struct bucket *b)
{
    const struct provider *v = b->domain->provider;
    return (!q->domain || strcmp(q->domain, b->domain->name) == 0) &&
           (!q->provider || (v && strcmp(q->provider, v->name) == 0));
}

void plan_each_wait(const struct plan *p, const struct plan_question *q, struct now now,
                    void (*each)(void *arg, const struct plan_wait *w), void *arg)
{
    struct reason r;
    buf_init(&r.what, 1000);
    buf_init(&r.why, 2000);
    for (const struct job *j = p->jobs; j; j = j->next)
        for (size_t i = 0; (!q->job_key || q->job_key == j->info.key) && i < j->buckets; i++) {
            const struct bucket *b = j->bucket[i];
            if (!b || b->waiting == 0 || !is_asked_for(q, b))
                continue;
            buf_clear(&r.what);
            buf_clear(&r.why);
            r.until.ms = 0;
            r.at = (struct origin){0};
            reason_of(&r, p, b, now);
            each(arg, &(struct plan_wait){.job_key = j->info.key,
                                          .what = r.what.data,
                                          .domain = b->domain->name,
                                          .provider =
                                              b->domain->provider ? b->domain->provider->name : "",
                                          .recipients = b->waiting,
                                          .why = r.why.data,
                                          .at = r.at,
                                          .until = r.until});
        }
    buf_done(&r.what);
    buf_done(&r.why);
}

/* What holds the provider as a whole, for plan_provider_view(): the first reason, in words. */
bool wait_of_provider(const struct plan *p, const struct provider *v, struct now now,
                      struct plan_hold *out)
{
    struct reason r = {0};
    buf_init(&r.what, 1000);
    buf_init(&r.why, 2000);
    bool is_held = by_calendar(&r, p, v, now) || by_rest(&r, v, now) ||
                   by_sources(&r, p, v, NULL, now) || by_rate(&r, p, v, NULL, now) ||
                   by_connections(&r, v, now) || by_gates(&r, v, NULL);
    str_copy(out->text, sizeof out->text, str_n(r.why.data, r.why.len));
    out->at = r.at;
    out->until = r.until;
    buf_done(&r.what);
    buf_done(&r.why);
    return is_held;
}
