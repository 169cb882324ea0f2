/* world_net.c: name servers, receivers, and the workers who talk to them. */
#include "world.h"

static int64_t about(struct world *w, int64_t mean_ms)
{
    return mean_ms / 2 + (int64_t)rng_below(&w->rng, (uint64_t)mean_ms + 1);
}

/* ---- names ---- */

void net_ask(struct world *w, const char *domain)
{
    unsigned i = 0;
    while (i < w->domains && strcmp(w->domain[i].name, domain) != 0)
        i++;
    RULE(w, i < w->domains, "nobody knows the name %s", domain);
    w->questions++;
    RULE(w, w->questions <= w->options.max_asking);
    ev_at(w, w->now.mono.ms + about(w, w->domain[i].dns_ms), EV_DNS)->number = i;
}

void on_dns(struct world *w, struct ev *e)
{
    const struct w_domain *d = &w->domain[e->number];
    const struct w_provider *v = &w->provider[d->provider];
    struct mx_answer a = {.status = d->status, .ttl_sec = d->ttl_sec};
    w->questions--;
    if (w->now.mono.ms >= d->broken_from_ms && w->now.mono.ms < d->broken_until_ms)
        a.status = MX_TEMPORARY;
    snprintf(a.why, sizeof a.why, "MX lookup of %s", d->name);
    if (a.status == MX_OK) {
        unsigned site = v->has_profile ? d->site : 0, first = site == 2;
        a.hosts = site == 1 ? 1 : v->hosts - first;
        memcpy(a.host, v->host + first, a.hosts * sizeof v->host[0]);
    }
    plan_resolved(w->plan, d->name, &a, w->now);
}

/* ---- the rules about connections ---- */

/* GCRA as the receiver would measure it; a millisecond for the clock's grain. */
static void conforms(struct world *w, const struct rate_spec *s, int64_t *tat_us, int64_t at_us)
{
    if (!s->count)
        return;
    int64_t interval = s->period_us / (int64_t)s->count;
    int64_t tolerance = interval * (int64_t)(s->burst ? s->burst - 1 : 0) + 1000;
    RULE(w, at_us >= *tat_us - tolerance, "rate %llu", (unsigned long long)s->count);
    *tat_us = (at_us - 999 > *tat_us ? at_us - 999 : *tat_us) + interval;
}

static unsigned provider_of_host(struct world *w, const char *name, unsigned *host)
{
    for (unsigned i = 0; i < w->providers; i++)
        for (*host = 0; *host < w->provider[i].hosts; ++*host)
            if (strcmp(w->provider[i].host[*host].name, name) == 0)
                return i;
    world_broken(w, __FILE__, __LINE__, name, " is a host that nobody has");
}

static void check_chain(struct world *w, struct w_conn *c, const struct delivery *chain)
{
    struct w_provider *v = &w->provider[c->provider];
    RULE(w, chain, "an empty batch");
    for (const struct delivery *d = chain; d; d = d->next) {
        struct row *r = &w->row[d->rid - 1];
        RULE(w, !w->is_stopping && r->state == ROW_LEASED && r->lease == d->lease && !r->is_said);
        RULE(w, !w->job[r->job].was_cancelled && !w->job[r->job].was_paused);
        RULE(w, w->domain[r->domain].provider == c->provider);
        RULE(w, w->clock_jumped || w->now.mono.ms >= r->retry_from_ms, "too early");
        RULE(w, d->not_before.ms <= w->now.mono.ms + 400);
        conforms(w, &v->limits.max_message_rate, &v->message_tat_us, d->not_before.ms * 1000);
        c->sent++;
    }
    RULE(w, c->sent <= (uint64_t)v->limits.max_deliveries_per_connection);
}

void net_open(struct world *w, const struct plan_action *a)
{
    struct w_conn *c = &w->conn[a->connection];
    uint32_t generation = c->generation + 1;
    unsigned host, i = provider_of_host(w, a->host->name, &host);
    struct w_provider *v = &w->provider[i];
    RULE(w, a->connection < w->options.max_connections && !c->is_up, "number in use");
    *c = (struct w_conn){.is_up = true, .generation = generation, .provider = i, .host = host};
    c->use_tls = a->use_tls;
    w->connections++;
    v->connections++;
    if (v->connections > v->most_seen)
        v->most_seen = v->connections;
    RULE(w, v->connections <= v->limits.connection_limit, "connection_limit");
    conforms(w, &v->limits.max_connection_rate, &v->connection_tat_us, w->now.mono.ms * 1000);
    check_chain(w, c, a->chain);
    c->first = a->chain;
    struct ev *e = ev_at(w, w->now.mono.ms + about(w, v->is.dial_ms), EV_DIALLED);
    e->number = a->connection;
    e->generation = generation;
}

/* ---- workers ---- */

static struct ev *conn_event(struct world *w, uint32_t number, int64_t in_ms, enum ev_kind kind)
{
    struct ev *e = ev_at(w, w->now.mono.ms + in_ms, kind);
    e->number = number;
    e->generation = w->conn[number].generation;
    return e;
}

static void gone(struct world *w, uint32_t number, enum phase phase, int code, const char *text)
{
    struct w_conn *c = &w->conn[number];
    c->is_gone = true;
    c->is_idle = false;
    c->why.phase = phase;
    c->why.reply.code = code;
    w->refused += code == 421 && phase == PHASE_BANNER;
    str_copy(c->why.reply.text, sizeof c->why.reply.text, str_of(text));
    conn_event(w, number, dice(w, 3) ? 0 : dice(w, 20), EV_CLOSED);
}

static void begin(struct world *w, uint32_t number)
{
    struct w_conn *c = &w->conn[number];
    struct w_provider *v = &w->provider[c->provider];
    struct row *r = &w->row[c->first->rid - 1];
    int64_t wait = c->first->not_before.ms - w->now.mono.ms;
    int64_t start = w->now.mono.ms + (wait > 0 ? wait : 0);
    if (r->first_try_ms < 0) {
        r->first_try_ms = start;
        if (w->on_start)
            w->on_start(w, r);
    }
    conn_event(w, number, (wait > 0 ? wait : 0) + about(w, v->is.message_ms), EV_SENT);
}

static bool is_down(const struct world *w, const struct behaviour *b)
{
    return w->now.mono.ms >= b->down_from_ms && w->now.mono.ms < b->down_until_ms;
}

void on_dialled(struct world *w, struct ev *e)
{
    struct w_conn *c = &w->conn[e->number];
    struct w_provider *v = &w->provider[c->provider];
    const struct behaviour *b = &v->is;
    if (is_down(w, b) || mille(w, b->time_out))
        gone(w, e->number, PHASE_CONNECT, 0, "connection timed out");
    else if (mille(w, b->refuse))
        gone(w, e->number, PHASE_CONNECT, 0, "connection refused");
    else if (b->most_connections && v->accepted >= b->most_connections)
        gone(w, e->number, PHASE_BANNER, 421, "4.7.0 Too many connections from your host");
    else if (mille(w, b->banner_4xx))
        gone(w, e->number, PHASE_BANNER, 421, "4.3.2 Service not available");
    else if (mille(w, b->banner_5xx))
        gone(w, e->number, PHASE_BANNER, 554, "5.3.2 No SMTP service here");
    else if (b->tls_broken && c->use_tls) {
        c->tls_failed = true;
        gone(w, e->number, PHASE_STARTTLS, 0, "TLS handshake failed");
    } else {
        v->accepted++;
        begin(w, e->number);
    }
}

static void say(struct outcome *o, enum phase phase, int code, const char *enhanced,
                const char *text)
{
    o->phase = phase;
    o->reply.code = code;
    str_copy(o->reply.enhanced, sizeof o->reply.enhanced, str_of(enhanced));
    str_copy(o->reply.text, sizeof o->reply.text, str_of(text));
}

/* What the receiver makes of one message; true: the connection is lost with it. */
static bool answer(struct world *w, const struct behaviour *b, struct row *r, struct outcome *o)
{
    if (r->grey_since_ms == 0)
        r->grey_since_ms = w->now.mono.ms;
    if (mille(w, b->drop)) {
        say(o, PHASE_MAIL + dice(w, 3), 0, "", "connection lost");
        return true;
    }
    if (mille(w, b->drop_at_dot)) {
        say(o, PHASE_DOT, 0, "", "connection lost");
        o->dot_unanswered = true;
        r->doubted = true;
        r->accepted += dice(w, 2);
        return true;
    }
    if (b->greylists && w->now.mono.ms - r->grey_since_ms < 4 * MINUTE)
        say(o, PHASE_RCPT, 450, "4.7.1", "Greylisted, please try again later");
    else if (mille(w, b->temporary))
        say(o, PHASE_RCPT, 451, "4.3.0", "Temporary local problem");
    else if (mille(w, b->permanent))
        say(o, PHASE_RCPT, 550, "5.1.1", "User unknown");
    else if (mille(w, 2))
        say(o, PHASE_RENDER, 0, "", "variable missing");
    else {
        say(o, PHASE_DOT, 250, "2.0.0", "OK");
        r->accepted++;
    }
    return false;
}

void on_sent(struct world *w, struct ev *e)
{
    struct w_conn *c = &w->conn[e->number];
    struct w_provider *v = &w->provider[c->provider];
    struct delivery *d = c->first;
    struct outcome *o = mem_array(1, sizeof *o);
    outcome_for(o, d);
    bool is_lost = answer(w, &v->is, &w->row[d->rid - 1], o);
    o->at = w->now.wall;
    o->send_ms = (uint32_t)v->is.message_ms;
    c->first = d->next;
    d->next = NULL;
    plan_outcome(w->plan, e->number, o, d, w->now);
    if (is_lost) {
        gone(w, e->number, o->phase, 0, "connection lost");
    } else if (w->is_stopping && c->first) {
        gone(w, e->number, PHASE_QUIT, 0, ""); /* as pool_stop does: the rest is left */
    } else if (c->first) {
        begin(w, e->number);
    } else {
        c->is_idle = true;
        plan_ready(w->plan, e->number, w->now);
        if (mille(w, v->is.drop_idle))
            conn_event(w, e->number, dice(w, 2000), EV_DROP);
    }
}

void net_more(struct world *w, const struct plan_action *a)
{
    struct w_conn *c = &w->conn[a->connection];
    RULE(w, c->is_up, "more for a connection that is not there");
    check_chain(w, c, a->chain);
    if (c->is_gone) { /* they cross: half of them come back with `closed`, half of them late */
        if (dice(w, 2))
            c->first = a->chain;
        else
            c->late = a->chain;
        return;
    }
    RULE(w, c->is_idle);
    c->is_idle = false;
    c->generation++; /* a drop that was planned for the idle one is off */
    c->first = a->chain;
    begin(w, a->connection);
}

void net_close(struct world *w, const struct plan_action *a)
{
    struct w_conn *c = &w->conn[a->connection];
    RULE(w, c->is_up, "close for a connection that is not there");
    if (c->is_gone)
        return;
    RULE(w, c->is_idle);
    c->is_idle = false;
    c->is_gone = true;
    c->generation++;
    c->why.phase = PHASE_QUIT;
    conn_event(w, a->connection, about(w, w->provider[c->provider].is.dial_ms / 2), EV_CLOSED);
}

void on_drop(struct world *w, struct ev *e)
{
    if (w->conn[e->number].is_idle && !w->conn[e->number].is_gone)
        gone(w, e->number, PHASE_MAIL, mille(w, 500) ? 421 : 0, "idle for too long");
}

void on_closed(struct world *w, struct ev *e)
{
    struct w_conn *c = &w->conn[e->number];
    struct w_provider *v = &w->provider[c->provider];
    struct delivery *late = c->late;
    bool came_up = c->why.phase > PHASE_STARTTLS;
    c->is_up = false;
    w->connections--;
    v->connections--;
    if (came_up)
        v->accepted--;
    plan_closed(w->plan, e->number, &c->why, c->tls_failed, c->first, w->now);
    c->first = c->late = NULL;
    if (late)
        plan_late(w->plan, late, w->now);
}
