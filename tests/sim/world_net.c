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

static struct w_cap *client_of(struct world *w, const struct w_job *j)
{
    for (size_t i = 0; i < w->shaping.clients; i++)
        if (strcmp(w->client[i].name, j->client) == 0)
            return &w->of_client[i];
    return NULL;
}

static void cap_connection(struct world *w, struct w_cap *c, const char *what)
{
    if (++c->connections > c->most_seen)
        c->most_seen = c->connections;
    RULE(w, !c->cap.connection_limit || c->connections <= (uint64_t)c->cap.connection_limit,
         "%s: %u connections", what, c->connections);
}

/* A job's connection limit counts the connections that carry its messages now. */
static void job_on(struct world *w, struct w_job *j, uint32_t number)
{
    struct w_cap *client = client_of(w, j);
    if (j->on[number]++ > 0)
        return;
    if (j->cap.cap.connection_limit)
        cap_connection(w, &j->cap, "job");
    if (client && client->cap.connection_limit && client->on[number]++ == 0)
        cap_connection(w, client, "client");
}

static void job_off(struct world *w, struct w_job *j, uint32_t number)
{
    struct w_cap *client = client_of(w, j);
    if (--j->on[number] > 0)
        return;
    if (j->cap.cap.connection_limit)
        j->cap.connections--;
    if (client && client->cap.connection_limit && --client->on[number] == 0)
        client->connections--;
}

/* Everything that one message counts for. */
static void count_message(struct world *w, const struct w_conn *c, const struct delivery *d,
                          enum meter_part part, int64_t at_us)
{
    struct w_provider *v = &w->provider[c->provider];
    struct w_job *j = &w->job[w->row[d->rid - 1].job];
    struct w_cap *client = client_of(w, j);
    meter_note(w, &v->messages, part, at_us, "max_message_rate");
    for (unsigned i = 0; i < v->limits.additionals; i++)
        meter_note(w, &w->of_limit[v->limits.additional[i]].messages, part, at_us,
                   "additional limit");
    meter_note(w, &w->of_source[c->source].messages, part, at_us, "source");
    meter_note(w, &v->pair[c->source], part, at_us, "per_source_max_message_rate");
    meter_note(w, &j->cap.messages, part, at_us, "job");
    if (client)
        meter_note(w, &client->messages, part, at_us, "client");
}

static unsigned provider_of_host(struct world *w, const char *name, unsigned *host)
{
    for (unsigned i = 0; i < w->providers; i++)
        for (*host = 0; *host < w->provider[i].hosts; ++*host)
            if (strcmp(w->provider[i].host[*host].name, name) == 0)
                return i;
    world_broken(w, __FILE__, __LINE__, name, " is a host that nobody has");
}

/* An attempt begins: the provider and the job are open, and the source may. */
static void check_open(struct world *w, const struct w_conn *c, const struct delivery *d)
{
    const struct w_job *j = &w->job[w->row[d->rid - 1].job];
    int64_t wall = w->now.wall.ms;
    const struct warmup *warm = &w->source[c->source].warmup;
    if (w->clock_jumped && (!w->jumped_ms || w->now.mono.ms < w->jumped_ms + 2 * SECOND))
        return;
    RULE(w, !spans_at(&w->provider[c->provider].closed, wall), "an attempt inside a window");
    RULE(w, !spans_at(&j->closed, wall), "an attempt outside the job's hours");
    for (size_t i = 0; i < w->shaping.clients; i++)
        if (strcmp(w->client[i].name, j->client) == 0) {
            RULE(w, !spans_at(&w->client_closed[i], wall), "outside the client's hours");
            RULE(w, w->client[i].sources >> c->source & 1, "a source that is not the client's");
        }
    if (warm->days && wall >= warm->start.ms) {
        int64_t day = (wall - warm->start.ms) / (24 * HOUR);
        if (day < (int64_t)warm->days)
            RULE(w, ++w->provider[c->provider].warm[c->source][day] <= warm->volume[day],
                 "warm-up");
    } else {
        RULE(w, !warm->days, "before the warm-up");
    }
}

static void check_chain(struct world *w, uint32_t number, const struct delivery *chain)
{
    struct w_conn *c = &w->conn[number];
    struct w_provider *v = &w->provider[c->provider];
    RULE(w, chain, "an empty batch");
    for (const struct delivery *d = chain; d; d = d->next) {
        struct row *r = &w->row[d->rid - 1];
        RULE(w, !w->is_stopping && r->state == ROW_LEASED && r->lease == d->lease && !r->is_said);
        RULE(w, !w->job[r->job].was_cancelled && !w->job[r->job].was_paused);
        RULE(w, w->domain[r->domain].provider == c->provider);
        RULE(w, w->clock_jumped || w->now.mono.ms >= r->retry_from_ms, "too early");
        RULE(w, d->not_before.ms <= w->now.mono.ms + 400);
        count_message(w, c, d, METER_QUOTAS, d->not_before.ms * 1000);
        job_on(w, &w->job[r->job], number);
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
    c->source = a->source;
    RULE(w, v->connections <= v->limits.connection_limit, "connection_limit");
    RULE(w,
         w->clock_jumped ||
             spans_closes_at(&v->closed, w->now.wall.ms) - v->limits.drain_ms > w->now.wall.ms,
         "dialled inside a window, or just before it");
    meter_note(w, &v->dials, METER_ALL, w->now.mono.ms * 1000, "max_connection_rate");
    meter_note(w, &w->of_source[c->source].dials, METER_ALL, w->now.mono.ms * 1000, "source");
    cap_connection(w, &w->of_source[c->source], "source");
    v->of_source[c->source]++;
    RULE(w, !v->limits.per_source_connection_limit ||
                v->of_source[c->source] <= v->limits.per_source_connection_limit);
    for (unsigned n = 0; n < v->limits.additionals; n++) {
        struct w_cap *l = &w->of_limit[v->limits.additional[n]];
        meter_note(w, &l->dials, METER_ALL, w->now.mono.ms * 1000, "additional limit");
        cap_connection(w, l, "additional limit");
    }
    check_chain(w, a->connection, a->chain);
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

static void give_back_untried(struct world *w, uint32_t number)
{
    struct w_conn *c = &w->conn[number];
    struct delivery *d = c->first;
    c->first = d->next;
    d->next = NULL;
    c->sent--;
    job_off(w, &w->job[w->row[d->rid - 1].job], number);
    plan_untried(w->plan, number, d, w->now);
}

static void become_idle(struct world *w, uint32_t number)
{
    struct w_conn *c = &w->conn[number];
    c->is_idle = true;
    plan_ready(w->plan, number, w->now);
    if (mille(w, w->provider[c->provider].is.drop_idle))
        conn_event(w, number, dice(w, 2000), EV_DROP);
}

/* The next message: at its time, unless that is too late by then. */
static void begin(struct world *w, uint32_t number)
{
    struct w_conn *c = &w->conn[number];
    int64_t now = w->now.mono.ms;
    while (c->first && c->first->not_after.ms &&
           (c->first->not_before.ms > now ? c->first->not_before.ms : now) > c->first->not_after.ms)
        give_back_untried(w, number);
    if (!c->first) {
        become_idle(w, number);
        return;
    }
    int64_t wait = c->first->not_before.ms - now;
    conn_event(w, number, wait > 0 ? wait : 0, EV_PACE);
}

/* The rates' last word, as in deliver/message.c: nobody waits for it into a window. */
void on_pace(struct world *w, struct ev *e)
{
    struct w_conn *c = &w->conn[e->number];
    const struct delivery *d = c->first;
    int64_t now_us = w->now.mono.ms * 1000;
    int64_t at_us = pace_queue_step(&c->pace, d->pace, PACES_MAX, now_us);
    if (d->not_after.ms && (at_us + 999) / 1000 > d->not_after.ms) {
        c->pace.is_in = false;
        give_back_untried(w, e->number);
        begin(w, e->number);
        return;
    }
    if (at_us > now_us) {
        conn_event(w, e->number, (at_us + 999 - now_us) / 1000, EV_PACE);
        return;
    }
    c->pace.is_in = false;
    conn_event(w, e->number, 0, EV_BEGIN);
}

void on_begin(struct world *w, struct ev *e)
{
    struct w_conn *c = &w->conn[e->number];
    struct row *r = &w->row[c->first->rid - 1];
    check_open(w, c, c->first);
    count_message(w, c, c->first, METER_SPACING, w->now.mono.ms * 1000);
    w->provider[c->provider].begun++;
    w->of_source[c->source].begun++;
    w->job[r->job].begun++;
    if (r->first_try_ms < 0) {
        r->first_try_ms = w->now.mono.ms;
        if (w->on_start)
            w->on_start(w, r);
    }
    conn_event(w, e->number, about(w, w->provider[c->provider].is.message_ms), EV_SENT);
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
        c->came_up = true;
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

/* More than so many in one second of its clock. */
static bool is_too_fast(struct world *w, struct w_provider *v)
{
    int64_t second = w->now.mono.ms / SECOND;
    if (second != v->second)
        v->in_second = 0;
    v->second = second;
    bool is = v->is.most_per_sec && v->in_second >= v->is.most_per_sec;
    v->in_second += !is;
    v->too_fast += is;
    return is;
}

/* Refused for being one too many, or with everybody; true: nothing else is said. Some of the busy
 * ones hang up. */
static bool turns_away(struct world *w, struct w_provider *v, struct outcome *o, bool *is_lost)
{
    const struct behaviour *b = &v->is;
    if (w->now.mono.ms >= b->deny_from_ms && w->now.mono.ms < b->deny_until_ms) {
        v->denied++;
        if (b->deny_code == 550)
            say(o, PHASE_RCPT, 550, "5.1.1", "User unknown");
        else
            say(o, PHASE_RCPT, 451, "4.3.0", "Temporary local problem");
        return true;
    }
    if (!is_too_fast(w, v))
        return false;
    *is_lost = dice(w, 4) == 0;
    say(o, PHASE_RCPT, *is_lost ? 421 : 450, "4.7.1", "Rate limited, slow down");
    return true;
}

/* What the receiver makes of one message; true: the connection is lost with it. */
static bool answer(struct world *w, struct w_provider *v, struct row *r, struct outcome *o)
{
    const struct behaviour *b = &v->is;
    bool is_lost = false;
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
    if (turns_away(w, v, o, &is_lost))
        return is_lost;
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
        v->delivered++;
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
    bool is_lost = answer(w, v, &w->row[d->rid - 1], o);
    o->at = w->now.wall;
    o->send_ms = (uint32_t)v->is.message_ms;
    c->first = d->next;
    d->next = NULL;
    job_off(w, &w->job[w->row[d->rid - 1].job], e->number);
    plan_outcome(w->plan, e->number, o, d, w->now);
    if (is_lost) {
        gone(w, e->number, o->phase, 0, "connection lost");
    } else if (w->is_stopping && c->first) {
        gone(w, e->number, PHASE_QUIT, 0, ""); /* as pool_stop does: the rest is left */
    } else if (c->first) {
        begin(w, e->number);
    } else {
        become_idle(w, e->number);
    }
}

void net_more(struct world *w, const struct plan_action *a)
{
    struct w_conn *c = &w->conn[a->connection];
    RULE(w, c->is_up, "more for a connection that is not there");
    check_chain(w, a->connection, a->chain);
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
    c->is_up = false;
    w->connections--;
    v->connections--;
    v->accepted -= c->came_up;
    w->of_source[c->source].connections--;
    v->of_source[c->source]--;
    for (unsigned i = 0; i < v->limits.additionals; i++)
        w->of_limit[v->limits.additional[i]].connections--;
    for (const struct delivery *d = c->first; d; d = d->next)
        job_off(w, &w->job[w->row[d->rid - 1].job], e->number);
    for (const struct delivery *d = late; d; d = d->next)
        job_off(w, &w->job[w->row[d->rid - 1].job], e->number);
    plan_closed(w->plan, e->number, &c->why, c->tls_failed, c->first, w->now);
    c->first = c->late = NULL;
    if (late)
        plan_late(w->plan, late, w->now);
}
