/* send.c: from lanes to connections: who may open one, to which host, and how much it gets at once.
 */
#include <string.h>
#include "parts.h"

static uint32_t conn_number(const struct plan *p, const struct conn *c)
{
    return (uint32_t)(c - p->conn);
}

static void leave_idle(struct plan *p, struct conn *c)
{
    struct provider *v = c->site->provider;
    c->site->idle--;
    RING_REMOVE(v->idle, c, of_provider);
    RING_REMOVE(p->idle, c, of_plan);
}

void conn_close(struct plan *p, struct conn *c)
{
    MUST(c->state == CONN_IDLE);
    leave_idle(p, c);
    c->state = CONN_CLOSING;
    c->site->working--;
    c->site->provider->closing++;
    p->closing++;
    plan_say(p, ACT_CLOSE)->connection = conn_number(p, c);
}

void provider_close_idle(struct plan *p, struct provider *v, int64_t idle_before_ms)
{
    while (v->idle && v->idle->idle_until_ms <= idle_before_ms)
        conn_close(p, v->idle);
}

static struct conn *idle_of_site(const struct provider *v, const struct site *s)
{
    if (s->idle == 0)
        return NULL;
    struct conn *c = v->idle;
    while (c->site != s)
        c = c->of_provider.next;
    return c;
}

/* So many fewer than there are: the idle ones go. */
static unsigned connection_limit(struct plan *p, struct provider *v, struct now now)
{
    provider_adapt(v, now);
    unsigned most = provider_connections_at_most(v);
    while (v->idle && v->connections - v->closing > most)
        conn_close(p, v->idle);
    return most;
}

/* RFC 5321 5.1: the lowest preference first, equal ones at random; hosts that rest or have no
 * address are passed over. -1: none. */
static int pick_host(struct plan *p, const struct site *s, struct now now)
{
    int found = -1;
    uint64_t equals = 0;
    for (unsigned i = 0; i < s->hosts; i++) {
        const struct host *h = &s->host[i];
        if (h->mx.addresses == 0 || h->rest_until_ms > now.mono.ms)
            continue;
        if (found >= 0 && h->mx.preference > s->host[found].mx.preference)
            break;
        if (rng_below(&p->rng, ++equals) == 0)
            found = (int)i;
    }
    return found;
}

static uint32_t most_per_connection(const struct provider *v)
{
    int64_t most = v->limits->max_deliveries_per_connection;
    return most < 1 ? 1 : most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

static unsigned batch_size(const struct provider *v, const struct site *s, const struct conn *c,
                           unsigned limit)
{
    unsigned busy = v->connections, spread = limit > busy ? limit - busy + 1 : 1;
    unsigned n = (s->ready + spread - 1) / spread;
    if (n < 4)
        n = 4;
    if (n > BATCH_MAX)
        n = BATCH_MAX;
    if (c->message_ms <= 0) /* nobody knows how long one takes */
        n = 2;
    if (n * c->message_ms > BATCH_MS)
        n = (unsigned)(BATCH_MS / c->message_ms);
    uint32_t most = most_per_connection(v), left = most > c->sent ? most - c->sent : 0;
    if (n > left)
        n = left;
    return n < 1 ? 1 : n;
}

/* How fast the provider takes mail decides how much is fetched ahead for it. */
static void count_taken(struct provider *v, unsigned taken, struct now now)
{
    int64_t ms = now.mono.ms - v->taken_since_ms;
    if (ms >= 250) {
        double rate = v->taken * 1000.0 / (double)ms;
        v->taken_per_sec = ms > 5000 ? rate : (v->taken_per_sec + rate) / 2;
        v->taken = 0;
        v->taken_since_ms = now.mono.ms;
    }
    v->taken += taken;
}

static void hand_over(struct conn *c, unsigned taken, struct now now)
{
    c->sent += taken;
    c->pending += taken;
    c->site->provider->pending += taken;
    count_taken(c->site->provider, taken, now);
}

static bool use_idle(struct plan *p, struct site *s, struct conn *c, unsigned limit, struct now now)
{
    unsigned taken;
    struct delivery *chain = batch_take(p, c, batch_size(s->provider, s, c, limit), now, &taken);
    if (!chain)
        return false;
    leave_idle(p, c);
    c->state = CONN_BUSY;
    hand_over(c, taken, now);
    struct plan_action *a = plan_say(p, ACT_MORE);
    a->connection = conn_number(p, c);
    a->chain = chain;
    return true;
}

static void count_connection(struct plan *p, struct conn *c, struct now now)
{
    struct provider *v = c->site->provider;
    struct pair *pair = pair_of(p, v, c->source);
    int64_t now_us = now.mono.ms * 1000;
    p->free_conns--;
    v->connections++;
    c->site->connections++;
    throttle_take(&v->dials, now_us);
    for (struct hold *h = v->standing->holds; h; h = h->next)
        throttle_take(&h->dials, now_us);
    throttle_take(&c->source->party.gate.dials, now_us);
    gate_enter(&c->source->party.gate, v);
    if (pair)
        pair->connections++;
    for (unsigned i = 0; i < v->gates; i++) {
        throttle_take(&v->gate[i]->dials, now_us);
        gate_enter(v->gate[i], v);
        c->shared[i] = v->gate[i];
    }
    c->shares = v->gates;
    c->pair_index = pair ? c->source->index : UINT32_MAX;
}

/* Its places at shared limits. */
void conn_leave_gates(struct plan *p, struct conn *c)
{
    struct provider *v = c->site->provider;
    gate_leave(p, &c->source->party.gate, v);
    if (c->pair_index != UINT32_MAX && v->pair)
        v->pair[c->pair_index].connections--;
    for (unsigned i = 0; i < c->shares; i++)
        gate_leave(p, c->shared[i], v);
    batch_is_over(p, c);
}

static bool open_new(struct plan *p, struct site *s, unsigned host, struct source_state *source,
                     unsigned limit, struct now now)
{
    struct provider *v = s->provider;
    struct host *h = &s->host[host];
    struct conn *c = &p->conn[p->free_conn[p->free_conns - 1]];
    *c = (struct conn){.state = CONN_OPENING,
                       .site = s,
                       .host = host,
                       .source = source,
                       .opened_ms = now.mono.ms,
                       .message_ms = v->message_ms};
    c->use_tls = v->limits->enable_tls != TLS_DISABLED && h->tls_broken_until_ms <= now.mono.ms;
    unsigned taken;
    struct delivery *chain = batch_take(p, c, batch_size(v, s, c, limit), now, &taken);
    if (!chain) {
        c->state = CONN_FREE;
        return false;
    }
    count_connection(p, c, now);
    hand_over(c, taken, now);
    struct plan_action *a = plan_say(p, ACT_OPEN);
    a->connection = conn_number(p, c);
    a->host = &h->mx;
    a->use_tls = c->use_tls;
    a->smtp_port = (uint16_t)v->limits->smtp_port;
    a->source = source->index;
    a->ip_lookup = (enum ip_lookup)v->limits->ip_lookup_strategy;
    a->chain = chain;
    return true;
}

/* Somebody needs a place at a shared limit: an idle connection without work gives its own. */
static void want_place(struct plan *p, struct gate *g, struct provider *v, struct now now)
{
    struct conn *c = p->idle;
    gate_wait(p, g, v, now);
    for (int few = 32; c && few > 0; few--, c = c->of_plan.next)
        for (unsigned i = 0; i < c->shares; i++)
            if (c->shared[i] == g && c->site->ready == 0) {
                conn_close(p, c);
                return;
            }
}

/* When the provider's rates grant the next message soon enough to be handed out. */
static bool waits_for_rate(struct plan *p, struct provider *v, struct now now)
{
    int64_t now_us = now.mono.ms * 1000;
    int64_t from_us = provider_message_at(v, now_us, NULL) - RATE_HORIZON_US;
    if (from_us <= now_us)
        return false;
    plan_look_at(p, v, from_us / 1000 + 1);
    return true;
}

/* Limits on new connections that are the provider's alone or shared with others. */
static bool may_dial(struct plan *p, struct provider *v, struct now now)
{
    int64_t now_us = now.mono.ms * 1000, change;
    int64_t may_us = throttle_when(&v->dials, now_us, NULL);
    for (const struct hold *h = v->standing->holds; h; h = h->next) {
        int64_t us = throttle_when(&h->dials, now_us, NULL);
        may_us = us > may_us ? us : may_us;
    }
    if (may_us > now_us) {
        plan_look_at(p, v, may_us / 1000 + 1);
        return false;
    }
    if (provider_stage(p, v, now, &change) !=
        STAGE_OPEN) /* it could not finish before the window */
        return false;
    for (unsigned i = 0; i < v->gates; i++) {
        struct gate *g = v->gate[i];
        int64_t us = throttle_when(&g->dials, now_us, NULL);
        bool has_place = gate_has_place_for(p, g, v);
        if (us <= now_us && has_place)
            continue;
        if (!has_place)
            want_place(p, g, v, now);
        else
            plan_look_at(p, v, gate_retry_ms(g, v, us / 1000 + 1, now));
        return false;
    }
    return true;
}

/* For who queues. One with work is only idle because its provider's turn comes later in this round.
 */
static void close_an_idle_one(struct plan *p)
{
    struct conn *c = p->idle;
    if (!c || p->closing >= p->wants_conn.count)
        return;
    for (int few = 32; few > 0; few--, c = c->of_plan.next)
        if (c->site->ready == 0) {
            conn_close(p, c);
            return;
        }
}

/* Nothing is held under a lease for so long: the rows go back, and their jobs' turns at this provider
 * come then, or when somebody resumes a source. */
static void put_aside(struct plan *p, struct line *l, int64_t until_ms, struct now now)
{
    int64_t most = now.mono.ms + ASIDE_MAX_MS;
    int64_t until = (until_ms < most ? until_ms : most) + p->offset_ms;
    while (l->lanes) {
        struct job *j = l->lanes->job;
        lane_return_all(p, l->lanes, now);
        flow_aside(p, l->site->provider, j, until);
    }
}

/* A new connection; false: not now (and when has been noted, or an event will tell). */
static bool try_new(struct plan *p, struct line *l, unsigned limit, struct now now)
{
    struct site *s = l->site;
    struct provider *v = s->provider;
    int host = pick_host(p, s, now);
    if (host < 0 && s->working > 0) /* those go on */
        return false;
    if (host < 0) {
        int64_t until = site_opens_at(s, now);
        int64_t wait = until == WHEN_NEVER ? HOST_REST_MS : until - now.mono.ms;
        site_return_all(p, s, now.wall.ms + wait, now);
        return false;
    }
    if (v->connections >= limit)
        return false;
    if (!may_dial(p, v, now))
        return false;
    if (conn_must_queue(p, v, l->prio)) {
        queue_for_conn(p, v, l->prio);
        close_an_idle_one(p);
        return false;
    }
    int64_t again_ms;
    struct source_state *source = pick_source(p, s, (unsigned)host, l->prio, now, &again_ms);
    if (!source) {
        plan_look_at(p, v, again_ms);
        if (again_ms > now.mono.ms + FAR_MS)
            put_aside(p, l, again_ms, now);
        return false;
    }
    return open_new(p, s, (unsigned)host, source, limit, now);
}

/* It has a place at a shared limit that somebody else waits for, and has had its slice of time; or its
 * source must not be used any more. */
static bool conn_is_wanted(const struct conn *c, struct now now)
{
    if (party_is_suspended(&c->source->party, now) ||
        hold_until(c->site->provider, 0, c->source->party.name, now, NULL))
        return true;
    if (now.mono.ms - c->opened_ms < SLICE_MS)
        return false;
    for (unsigned i = 0; i < c->shares; i++)
        if (gate_is_wanted(c->shared[i], c->site->provider, now))
            return true;
    return gate_is_wanted(&c->source->party.gate, c->site->provider, now);
}

/* One step for one site; false: it cannot go on now. */
static bool line_send(struct plan *p, struct line *l, unsigned limit, struct now now)
{
    struct site *s = l->site;
    struct conn *c;
    bool has_idle = s->idle > 0;
    for (unsigned tries = s->idle; tries > 0 && (c = idle_of_site(s->provider, s)); tries--) {
        if (c->sent >= most_per_connection(s->provider) || conn_should_yield(p, c, l->prio, now) ||
            conn_is_wanted(c, now)) {
            conn_close(p, c);
            continue;
        }
        if (use_idle(p, s, c, limit, now))
            return true;
        RING_REMOVE(s->provider->idle, c, of_provider); /* to the end: of another source, perhaps */
        RING_PUT(s->provider->idle, c, of_provider);
    }
    if (has_idle && s->idle > 0 && p->sources == 1)
        return false; /* what keeps those back keeps back a new one, too */
    return try_new(p, l, limit, now);
}

static bool has_work(const struct site *s, enum priority prio)
{
    for (int i = 0; i <= (int)prio; i++)
        if (s->line[i].ready)
            return true;
    return false;
}

/* An idle connection of another site that this one may have the place of: one without work as
 * urgent; for a site without any connection also one that has had its slice of time. */
static struct conn *spare_for(const struct provider *v, const struct line *l, struct now now)
{
    struct conn *c = v->idle;
    do {
        if (c->site != l->site &&
            (!has_work(c->site, l->prio) ||
             (l->site->connections == 0 && now.mono.ms - c->opened_ms >= SLICE_MS)))
            return c;
    } while ((c = c->of_provider.next) != v->idle);
    return NULL;
}

/* The limit is reached: idle connections of other sites make room, one for each site that waits;
 * those that are closing already count. */
static void make_room(struct plan *p, struct provider *v, enum priority prio, struct now now)
{
    struct line *l = v->lines[prio];
    unsigned coming = v->closing;
    for (unsigned n = v->lines_ready[prio]; n > 0 && v->idle; n--, l = l->of_provider.next) {
        if (l->site->idle > 0)
            continue;
        if (coming > 0) {
            coming--;
            continue;
        }
        struct conn *c = spare_for(v, l, now);
        if (c)
            conn_close(p, c);
        else if (l->site->connections == 0)
            return; /* then there is none for anybody */
    }
}

/* One turn around the sites that have work of this priority; true when any of them went on. */
static bool send_turn(struct plan *p, struct provider *v, enum priority prio, unsigned limit,
                      struct now now)
{
    bool progress = false;
    if (v->connections >= limit && v->idle)
        make_room(p, v, prio, now);
    for (unsigned turns = v->lines_ready[prio]; turns > 0 && v->lines[prio]; turns--) {
        struct line *l = v->lines[prio];
        if (waits_for_rate(p, v, now) || (v->connections >= limit && !v->idle))
            return false; /* nobody can */
        v->lines[prio] = l->of_provider.next;
        progress |= line_send(p, l, limit, now);
    }
    return progress;
}

/* The most urgent work first, sites in turn, until none can go on. */
void provider_send(struct plan *p, struct provider *v, struct now now)
{
    unsigned limit = connection_limit(p, v, now);
    if (v->soft_limit)
        plan_look_at(p, v, v->soft_next_ms);
    if (v->soft_rate.count)
        plan_look_at(p, v, v->measured_since_ms + 10000);
    if (v->ramp_limit && v->ramp_done)
        plan_look_at(p, v, v->ramp_next_ms);
    for (int prio = 0; prio < PRIORITIES; prio++)
        while (v->ready[prio] && send_turn(p, v, (enum priority)prio, limit, now))
            ;
}

void plan_ready(struct plan *p, uint32_t number, struct now now)
{
    struct conn *c = &p->conn[number];
    struct provider *v = c->site->provider;
    MUST(c->state == CONN_OPENING || c->state == CONN_BUSY);
    v->failures = 0;
    c->site->host[c->host].failures = 0;
    if (!c->was_ready)
        c->site->working++;
    c->was_ready = true;
    c->site->idle++;
    c->state = CONN_IDLE;
    batch_is_over(p, c);
    bool is_spent = c->sent >= most_per_connection(v);
    c->idle_until_ms = is_spent ? now.mono.ms : now.mono.ms + v->limits->idle_ms;
    RING_PUT(v->idle, c, of_provider);
    RING_PUT(p->idle, c, of_plan);
    if (is_spent && v->idle != c) /* first, where the step looks for what is to be closed */
        v->idle = c;
    plan_touch(p, v);
}
