/* hold.c: what holds a provider back for a while: suspensions and lowered limits, by people and by
 * automation, and how it comes back: not at once, but doubling. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

#define STEPS_MAX 64 /* doubling so often reaches any limit */

struct standing *standing_get(struct plan *p, const char *name)
{
    struct standing *s = map_get(&p->standings, str_of(name));
    if (s)
        return s;
    s = mem_array(1, sizeof *s);
    s->name = mem_str(name);
    map_set(&p->standings, str_of(name), s);
    return s;
}

static void hold_free(struct hold *h)
{
    throttle_done(&h->messages);
    throttle_done(&h->dials);
    free(h);
}

void standing_free(struct standing *s)
{
    for (struct hold *h = s->holds, *next; h; h = next) {
        next = h->next;
        hold_free(h);
    }
    spans_done(&s->closed);
    free(s->name);
    free(s);
}

/* Other sets of hosts may show the same name: then they share it, and it stays. */
void standing_unused(struct plan *p, struct standing *s)
{
    if (!s || --s->users > 0 || s->holds || s->is_outage || s->closed.count)
        return;
    map_remove(&p->standings, str_of(s->name));
    standing_free(s);
}

static void remove_at(struct standing *s, struct hold **at)
{
    struct hold *h = *at;
    *at = h->next;
    s->count--;
    hold_free(h);
}

static bool is_same(const struct hold *a, const struct hold *b)
{
    return a->by_operator == b->by_operator && a->is_suspension == b->is_suspension &&
           a->job_key == b->job_key && strcmp(a->source, b->source) == 0 &&
           strcmp(a->rule, b->rule) == 0;
}

/* Beyond the most that is kept, the one that ends first goes; never what a person said. */
static void make_room(struct standing *s)
{
    struct hold **first = NULL;
    for (struct hold **at = &s->holds; *at; at = &(*at)->next)
        if (!(*at)->by_operator && (!first || (*at)->until_ms < (*first)->until_ms))
            first = at;
    if (first)
        remove_at(s, first);
}

/* The same rule again lengthens what it made, and takes back a return that had begun. */
void hold_put(struct plan *p, struct standing *s, const struct hold *from)
{
    (void)p;
    for (struct hold **at = &s->holds; *at; at = &(*at)->next)
        if (is_same(*at, from)) {
            remove_at(s, at);
            break;
        }
    if (s->count >= HOLDS_MAX)
        make_room(s);
    struct hold *h = mem_array(1, sizeof *h);
    *h = *from;
    throttle_init(&h->messages, &h->message_rates);
    throttle_init(&h->dials, &h->dial_rates);
    h->next = s->holds;
    s->holds = h;
    s->count++;
}

/* ---- the way back ---- */

static bool means_nothing(const struct rates *ours, const struct rates *normal)
{
    for (unsigned i = 0; i < ours->count; i++) {
        const struct rate_spec *a = &ours->item[i];
        double per_s = (double)a->count / (double)a->period_us;
        bool is_above = false;
        for (unsigned k = 0; k < normal->count; k++)
            is_above |= per_s >= (double)normal->item[k].count / (double)normal->item[k].period_us;
        /* Without a normal rate a hundred a second is as good as none. */
        if (!is_above && per_s < 100e-6)
            return false;
    }
    return true;
}

static void double_rates(struct rates *r, struct throttle *t, const struct rates *normal)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->item[i].count < RATE_COUNT_MAX / 2)
            r->item[i].count *= 2;
    if (means_nothing(r, normal))
        r->count = 0;
    throttle_change(t, r);
}

/* False: it is back at the normal limits. */
static bool step_back(struct hold *h, const struct provider *v, struct now now)
{
    /* What is long over has taken all its steps. */
    int64_t oldest_ms = now.wall.ms - STEPS_MAX * h->step_ms;
    h->until_ms = (h->until_ms > oldest_ms ? h->until_ms : oldest_ms) + h->step_ms;
    h->connection_limit *= 2;
    if (h->connection_limit >= v->limits->connection_limit)
        h->connection_limit = 0;
    double_rates(&h->message_rates, &h->messages, &v->limits->max_message_rate);
    double_rates(&h->dial_rates, &h->dials, &v->limits->max_connection_rate);
    return h->connection_limit || h->message_rates.count || h->dial_rates.count;
}

static bool is_over(struct hold *h, const struct provider *v, struct now now)
{
    while (h->until_ms <= now.wall.ms)
        if (h->is_suspension || h->step_ms <= 0 || !step_back(h, v, now))
            return true;
    return false;
}

void holds_expire(struct plan *p, struct provider *v, struct now now)
{
    struct standing *s = v->standing;
    int64_t first = WHEN_NEVER;
    for (struct hold **at = &s->holds; *at;) {
        if (is_over(*at, v, now)) {
            remove_at(s, at);
            continue;
        }
        if ((*at)->until_ms < first)
            first = (*at)->until_ms;
        at = &(*at)->next;
    }
    plan_look_at(p, v, plan_mono_of(p, first));
}

void holds_find_rules(struct plan *p)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->standings, &i));)
        for (struct hold *h = ((struct standing *)e->value)->holds; h; h = h->next)
            h->at = memory_rule_origin(p, h->rule);
}

int64_t hold_until(const struct provider *v, uint32_t job_key, const char *source, struct now now,
                   const struct hold **which)
{
    int64_t until = 0;
    for (const struct hold *h = v->standing ? v->standing->holds : NULL; h; h = h->next) {
        bool is_meant = h->job_key == job_key && strcmp(h->source, source ? source : "") == 0;
        if (!h->is_suspension || !is_meant || h->until_ms <= now.wall.ms || h->until_ms <= until)
            continue;
        until = h->until_ms;
        if (which)
            *which = h;
    }
    return until;
}

/* ---- levers ---- */

static struct provider *provider_named(const struct plan *p, const char *name)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));) {
        struct provider *v = e->value;
        if (v->kind == PROVIDER_REAL && strcmp(v->name, name) == 0)
            return v;
    }
    return NULL;
}

static void touch_named(struct plan *p, const char *name)
{
    struct provider *v = provider_named(p, name);
    if (v)
        plan_touch(p, v);
}

/* What was put aside because no source was left, too. */
static void touch_all(struct plan *p)
{
    const struct map_entry *e;
    flows_bring_back(p);
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        plan_touch(p, e->value);
}

static struct party *find_party(struct plan *p, enum plan_party party, const char *name)
{
    if (party == PARTY_CLIENT)
        return &client_get(p, name)->party;
    for (unsigned i = 0; i < p->sources; i++)
        if (strcmp(p->source[i]->party.name, name) == 0)
            return &p->source[i]->party;
    return NULL;
}

static void party_changed(struct plan *p, enum plan_party party, struct now now)
{
    if (party == PARTY_CLIENT)
        for (struct job *j = p->jobs; j; j = j->next)
            job_review(p, j, now);
    touch_all(p);
}

void plan_suspend(struct plan *p, enum plan_party party, const char *name, struct wall until,
                  const char *reason, struct now now)
{
    struct wall end = until.ms ? until : (struct wall){WHEN_NEVER};
    if (party == PARTY_PROVIDER) {
        struct hold h = {.is_suspension = true, .by_operator = true, .until_ms = end.ms};
        str_copy(h.rule, sizeof h.rule, str_of("operator"));
        str_copy(h.why, sizeof h.why, str_of(reason ? reason : ""));
        hold_put(p, standing_get(p, name), &h);
        touch_named(p, name);
        return;
    }
    struct party *which = find_party(p, party, name);
    if (!which)
        return;
    which->until = end;
    free(which->reason);
    which->reason = mem_str(reason ? reason : "");
    party_changed(p, party, now);
}

/* The operator knows better than what failed last. */
static void hosts_forgive(struct plan *p, const struct provider *v)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->sites, &i));) {
        struct site *s = e->value;
        for (unsigned h = 0; s->provider == v && h < s->hosts; h++)
            s->host[h].rest_until_ms = 0;
    }
}

static bool unsuspend_provider(struct plan *p, const char *name, struct now now)
{
    struct standing *s = map_get(&p->standings, str_of(name));
    struct provider *v = provider_named(p, name);
    bool did = s && s->holds;
    while (s && s->holds)
        remove_at(s, &s->holds);
    if (s && s->outage_rest_ms > now.wall.ms) {
        s->outage_rest_ms = 0;
        did = true;
    }
    if (v) {
        did |= v->rest_until_ms > now.mono.ms;
        v->rest_until_ms = 0;
        hosts_forgive(p, v);
        flows_bring_back(p);
        plan_touch(p, v);
    }
    return did;
}

bool plan_unsuspend(struct plan *p, enum plan_party party, const char *name, struct now now)
{
    if (party == PARTY_PROVIDER)
        return unsuspend_provider(p, name, now);
    struct party *which = find_party(p, party, name);
    if (!which || which->until.ms <= now.wall.ms)
        return false;
    which->until.ms = 0;
    party_changed(p, party, now);
    return true;
}

void plan_guard_settled(struct plan *p, const char *provider, bool is_confirmed, struct now now)
{
    struct standing *s = map_get(&p->standings, str_of(provider));
    struct provider *v = provider_named(p, provider);
    if (s) {
        s->is_outage = false;
        if (is_confirmed && v)
            s->believed_until_ms = now.wall.ms + v->limits->outage_rest_ms;
        if (s->outage_rest_ms > now.wall.ms)
            s->outage_rest_ms = now.wall.ms;
    }
    if (v) {
        guard_clear(&v->guard);
        plan_touch(p, v);
    }
}

const char *plan_party_name(enum plan_party party)
{
    static const char *const name[] = {"provider", "source", "client"};
    return name[party];
}
