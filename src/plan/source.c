/* source.c: the addresses that we dial from, the clients that may use them, and what each source may
 * do at each provider. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

static struct source_state *source_new(const struct source *conf)
{
    struct source_state *s = mem_array(1, sizeof *s);
    s->party.name = mem_str(conf->name);
    gate_init(&s->party.gate, "source", conf->name, &conf->cap);
    return s;
}

static void set_source(struct source_state *s, const struct source *conf, unsigned index)
{
    s->conf = conf;
    s->index = index;
    s->party.is_gone = false;
    s->is_v6 = conf->address && strchr(conf->address, ':');
    s->is_v4 = conf->address && !s->is_v6;
    gate_change(&s->party.gate, &conf->cap);
}

static struct source_state *take_known(struct plan *p, struct source_state **old, unsigned olds,
                                       const char *name)
{
    for (unsigned i = 0; i < olds; i++)
        if (old[i] && strcmp(old[i]->party.name, name) == 0) {
            struct source_state *s = old[i];
            old[i] = NULL;
            return s;
        }
    for (unsigned i = 0; i < p->gones; i++)
        if (strcmp(p->gone[i]->party.name, name) == 0) {
            struct source_state *s = p->gone[i];
            p->gone[i] = p->gone[--p->gones];
            return s;
        }
    return NULL;
}

/* Connections still point at a source that is gone: it stays, and takes nothing new. */
static void put_gone(struct plan *p, struct source_state *s)
{
    s->party.is_gone = true;
    s->conf = NULL;
    p->gone = mem_grow(p->gone, p->gones + 1, sizeof *p->gone);
    p->gone[p->gones++] = s;
}

void sources_change(struct plan *p)
{
    struct source_state **old = p->source;
    unsigned olds = p->sources;
    const struct shaping *conf = p->shaping;
    p->source = mem_array(conf->sources + 1, sizeof *p->source);
    p->sources = (unsigned)conf->sources;
    for (unsigned i = 0; i < p->sources; i++) {
        struct source_state *s = take_known(p, old, olds, conf->source[i].name);
        bool is_new = !s;
        if (is_new)
            s = source_new(&conf->source[i]);
        set_source(s, &conf->source[i], i);
        if (is_new)
            memory_load_gate(p, &s->party.gate);
        p->source[i] = s;
    }
    for (unsigned i = 0; i < olds; i++)
        if (old[i])
            put_gone(p, old[i]);
    free(old);
}

void sources_init(struct plan *p)
{
    static const struct source any = {.name = (char *)"default"};
    sources_change(p);
    if (p->sources > 0)
        return;
    p->source[0] = source_new(&any); /* a shaping made by hand */
    set_source(p->source[0], &any, 0);
    p->sources = 1;
}

static void source_free(struct source_state *s)
{
    gate_done(&s->party.gate);
    free(s->party.name);
    free(s->party.reason);
    free(s);
}

void sources_done(struct plan *p)
{
    for (unsigned i = 0; i < p->sources; i++)
        source_free(p->source[i]);
    for (unsigned i = 0; i < p->gones; i++)
        source_free(p->gone[i]);
    free(p->source);
    free(p->gone);
}

/* ---- clients ---- */

static void set_client(struct plan *p, struct client_state *c)
{
    static const struct cap none = {0};
    const struct client *conf = shaping_client(p->shaping, c->party.name);
    c->sources = conf ? conf->sources : UINT64_MAX;
    gate_change(&c->party.gate, conf ? &conf->cap : &none);
}

struct client_state *client_get(struct plan *p, const char *name)
{
    static const struct cap none = {0};
    struct client_state *c = map_get(&p->clients, str_of(name));
    if (c)
        return c;
    c = mem_array(1, sizeof *c);
    c->party.name = mem_str(name);
    gate_init(&c->party.gate, "client", name, &none);
    map_set(&p->clients, str_of(name), c);
    set_client(p, c);
    memory_load_gate(p, &c->party.gate);
    return c;
}

void clients_change(struct plan *p)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->clients, &i));)
        set_client(p, e->value);
}

void clients_done(struct plan *p)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->clients, &i));) {
        struct client_state *c = e->value;
        gate_done(&c->party.gate);
        spans_done(&c->closed);
        free(c->party.name);
        free(c->party.reason);
        free(c);
    }
    map_done(&p->clients);
}

uint64_t job_sources(const struct job *j)
{
    return j->client ? j->client->sources : UINT64_MAX;
}

bool party_is_suspended(const struct party *party, struct now now)
{
    return party->is_gone || party->until.ms > now.wall.ms;
}

/* ---- one source at one provider ---- */

static bool is_bounded(const struct plan *p, const struct provider *v)
{
    if (v->limits->per_source_connection_limit || v->limits->per_source_max_message_rate.count)
        return true;
    for (unsigned i = 0; i < p->sources; i++)
        if (p->source[i]->conf && p->source[i]->conf->warmup.days)
            return true;
    return false;
}

static void recall_pair(struct plan *p, const struct provider *v, unsigned i)
{
    const char *source = p->source[i]->party.name;
    const char *text = memory_of(p, mem_printf("warmup:%s:%s", source, v->name));
    struct str rest = str_of(text), word;
    int64_t day, used;
    if (text && str_cut(&rest, ' ', &word) && str_to_i64(word, &day) && str_to_i64(rest, &used) &&
        used >= 0 && used < UINT32_MAX) {
        v->pair[i].day_start_ms = day;
        v->pair[i].used = (uint32_t)used;
    }
    memory_load_throttle(p, &v->pair[i].messages, mem_printf("rate:pair %s:%s", source, v->name));
}

void pairs_init(struct plan *p, struct provider *v)
{
    if (!is_bounded(p, v))
        return;
    v->pair = mem_array(SOURCES_MAX, sizeof *v->pair);
    for (unsigned i = 0; i < p->sources; i++) {
        throttle_init(&v->pair[i].messages, &v->limits->per_source_max_message_rate);
        recall_pair(p, v, i);
    }
}

void pairs_done(struct plan *p, struct provider *v)
{
    (void)p;
    for (unsigned i = 0; v->pair && i < SOURCES_MAX; i++)
        throttle_done(&v->pair[i].messages);
    free(v->pair);
    v->pair = NULL;
}

struct pair *pair_of(const struct plan *p, const struct provider *v, const struct source_state *s)
{
    return v->pair && !s->party.is_gone && s->index < p->sources ? &v->pair[s->index] : NULL;
}

uint32_t warmup_left(struct pair *pair, const struct source_state *s, struct now now,
                     int64_t *again_wall_ms)
{
    struct wall start, end;
    if (!pair || !s->conf || s->conf->warmup.days == 0)
        return UINT32_MAX;
    uint32_t volume = warmup_volume(&s->conf->warmup, now.wall, &start, &end);
    if (volume == UINT32_MAX)
        return UINT32_MAX;
    if (pair->day_start_ms != start.ms) {
        pair->day_start_ms = start.ms;
        pair->used = 0;
    }
    if (pair->used < volume)
        return volume - pair->used;
    if (end.ms < *again_wall_ms)
        *again_wall_ms = end.ms;
    return 0;
}

static bool can_reach(const struct source_state *s, const struct mx_host *h,
                      enum ip_lookup strategy)
{
    for (unsigned i = 0; i < h->addresses; i++) {
        bool is_v4 = h->address[i].family == AF_INET;
        if ((is_v4 && strategy == IP_V6_ONLY) || (!is_v4 && strategy == IP_V4_ONLY))
            continue;
        if ((is_v4 && !s->is_v6) || (!is_v4 && !s->is_v4))
            return true;
    }
    return false;
}

static void soonest(int64_t *again_ms, int64_t at_ms)
{
    if (at_ms < *again_ms)
        *again_ms = at_ms;
}

/* A place is wanted: an idle connection from this source that has no work gives its own. */
static void close_an_idle_one(struct plan *p, const struct source_state *s,
                              const struct provider *only)
{
    struct conn *c = p->idle;
    for (int few = 64; c && few > 0; few--, c = c->of_plan.next)
        if (c->source == s && c->site->ready == 0 && (!only || c->site->provider == only)) {
            conn_close(p, c);
            return;
        }
}

/* Its caps let one more connection begin, with at least one message. */
static bool may_dial(struct plan *p, struct provider *v, struct source_state *s, struct now now,
                     int64_t *again_ms)
{
    struct gate *g = &s->party.gate;
    struct pair *pair = pair_of(p, v, s);
    int64_t now_us = now.mono.ms * 1000, again_wall = WHEN_NEVER;
    int64_t dial_us = throttle_when(&g->dials, now_us, NULL);
    int64_t message_us = throttle_when(&g->messages, now_us, NULL);
    if (pair && throttle_when(&pair->messages, now_us, NULL) > message_us)
        message_us = throttle_when(&pair->messages, now_us, NULL);
    int64_t most = v->limits->per_source_connection_limit;
    bool has_place =
        gate_has_place_for(p, g, v) && (!pair || !most || pair->connections < (uint64_t)most);
    if (!has_place) { /* one of its own that ends tells the provider anyway */
        if (!gate_has_place_for(p, g, v))
            gate_wait(p, g, v, now);
        close_an_idle_one(p, s, gate_has_place(g) ? v : NULL);
        soonest(again_ms, now.mono.ms + GATE_WAIT_MS);
        return false;
    }
    if (dial_us > now_us || message_us > now_us + RATE_HORIZON_US) {
        int64_t at_us =
            dial_us > message_us - RATE_HORIZON_US ? dial_us : message_us - RATE_HORIZON_US;
        soonest(again_ms, gate_retry_ms(g, v, at_us / 1000 + 1, now));
        return false;
    }
    if (warmup_left(pair, s, now, &again_wall) == 0) {
        soonest(again_ms, plan_mono_of(p, again_wall));
        return false;
    }
    return true;
}

static uint64_t sources_of_line(const struct line *l)
{
    uint64_t mask = 0;
    const struct lane *a = l->lanes;
    if (a)
        do
            mask |= job_sources(a->job);
        while ((a = a->of_line.next) != l->lanes);
    return mask;
}

struct source_state *pick_source(struct plan *p, struct site *s, unsigned host, enum priority prio,
                                 struct now now, int64_t *again_ms)
{
    struct provider *v = s->provider;
    uint64_t mask = sources_of_line(&s->line[prio]);
    *again_ms = WHEN_NEVER;
    for (unsigned n = 0; n < p->sources; n++) {
        struct source_state *c = p->source[(p->next_source + n) % p->sources];
        if (!(mask >> c->index & 1) ||
            !can_reach(c, &s->host[host].mx, (enum ip_lookup)v->limits->ip_lookup_strategy))
            continue;
        int64_t until = party_is_suspended(&c->party, now) ? c->party.until.ms : 0;
        int64_t held = hold_until(v, 0, c->party.name, now, NULL);
        if (held > until)
            until = held;
        if (until > now.wall.ms) {
            soonest(again_ms, plan_mono_of(p, until));
            continue;
        }
        if (may_dial(p, v, c, now, again_ms)) {
            p->next_source = (c->index + 1) % p->sources;
            return c;
        }
    }
    return NULL;
}
