/* memory.c: what survives a restart, as keys and texts: rates, restrictions, suspensions, warm-up,
 * outages. What another life said is kept until the provider, source or client that it is about
 * turns up. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"

/* What is closer together is not worth remembering: a start takes longer than that. */
#define WORTH_US INT64_C(200000)
#define USED_UP_MAX_US INT64_C(3600000000) /* nobody waits longer than an hour for a doubt */
#define REMEMBERED_MS (25LL * 3600 * 1000) /* no period is longer than a day */

struct told {
    uint64_t hash;
    bool is_current;
};

/* ---- in ---- */

const char *memory_of(const struct plan *p, char *key)
{
    const char *text = map_get(&p->remembered, str_of(key));
    free(key);
    return text;
}

/* The last life ended without a word: what it granted at the very end nobody knows. */
static void use_up(struct rate *r, int64_t now_us)
{
    if (r->interval_us && r->interval_us + r->tolerance_us < USED_UP_MAX_US)
        r->tat_us = now_us + r->tolerance_us + r->interval_us;
}

void memory_load_throttle(struct plan *p, struct throttle *t, char *key)
{
    for (unsigned i = 0; i < t->count; i++) {
        char spec[RATE_TEXT];
        rate_spec_format(&t->spec[i], spec);
        const char *text = memory_of(p, mem_printf("%s:%s", key, spec));
        if (text)
            rate_load(&t->rate[i], str_of(text), p->seen.mono.ms * 1000, p->offset_ms * 1000);
        else if (p->was_cut_off && !t->rate[i].quota)
            use_up(&t->rate[i], p->seen.mono.ms * 1000);
    }
    free(key);
}

void memory_load_gate(struct plan *p, struct gate *g)
{
    memory_load_throttle(p, &g->messages, mem_printf("rate:%s:messages", g->name));
    memory_load_throttle(p, &g->dials, mem_printf("rate:%s:dials", g->name));
}

/* "1:connections:rates:rates:until:step:job:source:rule:why", fields without tabs between tabs. */
static char *hold_text(const struct hold *h)
{
    char messages[RATES_TEXT], dials[RATES_TEXT];
    rates_format(&h->message_rates, messages);
    rates_format(&h->dial_rates, dials);
    return mem_printf(
        "%c%c\t%" PRId64 "\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRIu32 "\t%s\t%s\t%s",
        h->is_suspension ? 's' : 'l', h->by_operator ? 'o' : 'r', h->connection_limit, messages,
        dials, h->until_ms, h->step_ms, h->job_key, h->source, h->rule, h->why);
}

static bool rates_read(struct str s, struct rates *out)
{
    struct str word;
    out->count = 0;
    if (str_is(s, "none"))
        return true;
    while (s.n) {
        size_t n = 0;
        while (n < s.n && !str_starts(str_n(s.p + n, s.n - n), " and "))
            n++;
        word = str_n(s.p, n);
        if (out->count == RATES_MAX || !rate_spec_parse(word, &out->item[out->count]))
            return false;
        out->count++;
        if (s.n - n == 5) /* " and " with nothing behind it */
            return false;
        s = n < s.n ? str_n(s.p + n + 5, s.n - n - 5) : str_n(s.p + n, 0);
    }
    return true;
}

static bool hold_read(struct str text, struct hold *h)
{
    struct str f[10];
    uint64_t job;
    *h = (struct hold){0};
    for (int i = 0; i < 10; i++) {
        f[i] = str_n(text.p, 0);
        if (!str_cut(&text, '\t', &f[i]) && i < 9)
            return false;
    }
    h->is_suspension = f[0].n == 2 && f[0].p[0] == 's';
    h->by_operator = f[0].n == 2 && f[0].p[1] == 'o';
    str_copy(h->source, sizeof h->source, f[7]);
    str_copy(h->rule, sizeof h->rule, f[8]);
    str_copy(h->why, sizeof h->why, f[9]);
    if (f[0].n != 2 || !str_to_i64(f[1], &h->connection_limit) ||
        !rates_read(f[2], &h->message_rates) || !rates_read(f[3], &h->dial_rates) ||
        !str_to_i64(f[4], &h->until_ms) || !str_to_i64(f[5], &h->step_ms) ||
        !str_to_u64(f[6], &job) || job > UINT32_MAX || h->connection_limit < 0 || h->step_ms < 0)
        return false;
    h->job_key = (uint32_t)job;
    bool is_known =
        (f[0].p[0] == 's' || f[0].p[0] == 'l') && (f[0].p[1] == 'o' || f[0].p[1] == 'r');
    return is_known && h->connection_limit <= INT32_MAX && h->step_ms <= DURATION_MAX_MS;
}

/* What made it may have moved in the configuration, or be gone: then it is of another life. */
struct origin memory_rule_origin(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->shaping->rules.count; i++) {
        const struct automation_rule *r = &p->shaping->rules.item[i];
        if (strcmp(r->name ? r->name : r->match, name) == 0)
            return r->at;
    }
    return (struct origin){0};
}

static bool hold_recall(struct plan *p, struct str name, struct str value)
{
    struct hold h;
    size_t n = name.n; /* "NAME:NUMBER" */
    while (n > 0 && name.p[n - 1] != ':')
        n--;
    if (n < 2 || !hold_read(value, &h))
        return false;
    char *provider = mem_strn(name.p, n - 1);
    h.at = memory_rule_origin(p, h.rule);
    hold_put(p, standing_get(p, provider), &h);
    free(provider);
    return true;
}

static bool outage_recall(struct plan *p, struct str name, struct str value)
{
    struct str is_on, since;
    int64_t since_ms, until_ms;
    if (name.n == 0 || !str_cut(&value, ' ', &is_on) || !str_cut(&value, ' ', &since) ||
        !str_to_i64(since, &since_ms) || !str_to_i64(value, &until_ms))
        return false;
    char *provider = mem_strn(name.p, name.n);
    struct standing *s = standing_get(p, provider);
    free(provider);
    s->is_outage = str_is(is_on, "1");
    s->outage_ms = since_ms;
    s->outage_rest_ms = until_ms;
    return true;
}

/* "UNTIL REASON" */
static bool suspension_recall(struct plan *p, struct str name, struct str value)
{
    struct str kind, until;
    int64_t until_ms;
    if (!str_cut(&name, ':', &kind) || name.n == 0 || !str_cut(&value, ' ', &until) ||
        !str_to_i64(until, &until_ms) || until_ms <= 0 ||
        !(str_is(kind, "client") || str_is(kind, "source")))
        return false;
    char *party = mem_strn(name.p, name.n), *reason = mem_strn(value.p, value.n);
    plan_suspend(p, str_is(kind, "client") ? PARTY_CLIENT : PARTY_SOURCE, party,
                 (struct wall){until_ms}, reason, p->seen);
    free(party);
    free(reason);
    return true;
}

static bool rate_recall(struct plan *p, struct str key, struct str value)
{
    char *text = mem_strn(value.p, value.n);
    free(map_set(&p->remembered, key, text));
    return true;
}

/* Sources and named limits are there from the beginning, before anything is told of them. */
void memory_is_told(struct plan *p)
{
    const struct map_entry *e;
    if (!p->is_being_told)
        return;
    p->is_being_told = false;
    for (unsigned i = 0; i < p->sources; i++)
        memory_load_gate(p, &p->source[i]->party.gate);
    for (size_t i = 0; (e = map_next(&p->gates, &i));)
        memory_load_gate(p, e->value);
}

bool plan_remember(struct plan *p, const char *key, const char *value, struct now now)
{
    struct str k = str_of(key), v = str_of(value), kind, name = k;
    if (k.n > 1000 || v.n > 2000 || !str_cut(&name, ':', &kind))
        return false;
    p->seen = now;
    if (!p->born_wall_ms)
        p->born_wall_ms = now.wall.ms;
    p->is_being_told = true;
    p->offset_ms = now.wall.ms - now.mono.ms;
    if (str_is(kind, "state")) {
        p->was_cut_off = !str_is(v, "exact");
        return true;
    }
    if (str_is(kind, "rate") || str_is(kind, "warmup"))
        return rate_recall(p, k, v);
    if (str_is(kind, "hold"))
        return hold_recall(p, name, v);
    if (str_is(kind, "outage"))
        return outage_recall(p, name, v);
    return str_is(kind, "suspended") && suspension_recall(p, name, v);
}

void memory_done(struct plan *p)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->remembered, &i));)
        free(e->value);
    for (size_t i = 0; (e = map_next(&p->told, &i));)
        free(e->value);
    map_done(&p->remembered);
    map_done(&p->told);
}

/* ---- out ---- */

struct teller {
    struct plan *p;
    bool all, exactly;
    int64_t reserve_us;
    uint64_t soon; /* what all providers may be given within the reserve */
    struct now now;
    void (*each)(void *arg, const char *key, const char *value);
    void *arg;
};

/* Takes both. */
static void tell(struct teller *t, char *key, char *value)
{
    struct told *told = map_get(&t->p->told, str_of(key));
    uint64_t hash = str_hash(str_of(value));
    bool is_new = !told || told->hash != hash;
    if (!told) {
        told = mem_array(1, sizeof *told);
        map_set(&t->p->told, str_of(key), told);
    }
    told->hash = hash;
    told->is_current = true;
    if (is_new || t->all)
        t->each(t->arg, key, value);
    free(key);
    free(value);
}

static bool is_worth_it(const struct rate *r, int64_t now_us)
{
    return r->quota || (r->tat_us > now_us && r->tolerance_us + r->interval_us >= WORTH_US);
}

/* What the others of the same throttle let through meanwhile. */
static uint64_t others_room(const struct throttle *h, unsigned but, int64_t now_us,
                            int64_t until_us)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < h->count; i++) {
        uint64_t room = i == but ? UINT64_MAX : rate_room(&h->rate[i], now_us, until_us);
        least = room < least ? room : least;
    }
    return least;
}

/* `key` is taken. A quota alone would allow everything at once within the reserve: `soon` is what the
 * provider (or all of them) may take in that time at most. */
static void tell_throttle(struct teller *t, const struct throttle *h, char *key, uint64_t soon)
{
    int64_t now_us = t->now.mono.ms * 1000;
    int64_t offset_us = (t->now.wall.ms - t->now.mono.ms) * 1000;
    for (unsigned i = 0; i < h->count; i++) {
        char spec[RATE_TEXT], text[RATE_STATE];
        const struct rate *r = &h->rate[i];
        if (!is_worth_it(r, now_us))
            continue;
        rate_spec_format(&h->spec[i], spec);
        uint64_t most = others_room(h, i, now_us, now_us + t->reserve_us);
        if (!r->quota)
            most = UINT64_MAX; /* costs no more than the reserve itself */
        else if (soon < most)
            most = soon;
        rate_save_within(r, now_us, offset_us, t->exactly ? 0 : t->reserve_us, most, text);
        tell(t, mem_printf("%s:%s", key, spec), mem_str(text));
    }
    free(key);
}

/* What one provider may be given within the reserve, whatever it takes now. */
static uint64_t soon_of(const struct teller *t, const struct provider *v)
{
    double fastest_ms = v->message_ms > 0 ? v->message_ms / 2 : 10;
    double n = (double)v->limits->connection_limit * (double)t->reserve_us / 1000 /
               (fastest_ms < 2 ? 2 : fastest_ms);
    return n < 20000 ? (uint64_t)n + BATCH_MAX : 20000;
}

static void tell_gate(struct teller *t, const struct gate *g)
{
    tell_throttle(t, &g->messages, mem_printf("rate:%s:messages", g->name), t->soon);
    tell_throttle(t, &g->dials, mem_printf("rate:%s:dials", g->name), t->soon);
}

static void tell_party(struct teller *t, const struct party *party, const char *kind)
{
    tell_gate(t, &party->gate);
    if (party->until.ms > t->now.wall.ms)
        tell(t, mem_printf("suspended:%s:%s", kind, party->name),
             mem_printf("%" PRId64 " %s", party->until.ms, party->reason ? party->reason : ""));
}

static void tell_pairs(struct teller *t, const struct provider *v)
{
    for (unsigned i = 0; v->pair && i < t->p->sources; i++) {
        const struct pair *pair = &v->pair[i];
        const char *source = t->p->source[i]->party.name;
        uint64_t soon = soon_of(t, v);
        tell_throttle(t, &pair->messages, mem_printf("rate:pair %s:%s", source, v->name), soon);
        if (pair->used)
            tell(t, mem_printf("warmup:%s:%s", source, v->name),
                 mem_printf("%" PRId64 " %" PRIu64, pair->day_start_ms,
                            pair->used + (t->exactly ? 0 : soon)));
    }
}

static void tell_provider(struct teller *t, const struct provider *v)
{
    if (v->kind != PROVIDER_REAL)
        return;
    uint64_t soon = soon_of(t, v);
    t->soon += soon;
    tell_throttle(t, &v->messages, mem_printf("rate:provider %s:messages", v->name), soon);
    tell_throttle(t, &v->dials, mem_printf("rate:provider %s:dials", v->name), soon);
    tell_pairs(t, v);
}

static void tell_standing(struct teller *t, const struct standing *s)
{
    unsigned i = 0;
    for (const struct hold *h = s->holds; h; h = h->next, i++)
        tell(t, mem_printf("hold:%s:%u", s->name, i), hold_text(h));
    if (s->is_outage || s->outage_rest_ms > t->now.wall.ms)
        tell(t, mem_printf("outage:%s", s->name),
             mem_printf("%d %" PRId64 " %" PRId64, s->is_outage, s->outage_ms, s->outage_rest_ms));
}

/* What nobody has asked for yet stays as it was told, for as long as it can mean something. */
static void tell_remembered(struct teller *t)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&t->p->remembered, &i));) {
        struct told *told = map_get(&t->p->told, str_n(e->key, e->key_len));
        if (!(told && told->is_current) && t->now.wall.ms - t->p->born_wall_ms < REMEMBERED_MS)
            tell(t, mem_strn(e->key, e->key_len), mem_str(e->value));
    }
}

static void tell_gone(struct teller *t)
{
    struct map *told = &t->p->told;
    char **gone = NULL;
    size_t n = 0;
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(told, &i));) {
        struct told *was = e->value;
        if (!was->is_current) {
            gone = mem_grow(gone, n + 1, sizeof *gone);
            gone[n++] = mem_strn(e->key, e->key_len);
        }
        was->is_current = false;
    }
    for (size_t i = 0; i < n; i++) {
        free(map_remove(told, str_of(gone[i])));
        t->each(t->arg, gone[i], NULL);
        free(gone[i]);
    }
    free(gone);
}

void plan_each_memory(struct plan *p, bool all, bool exactly, int64_t reserve_ms, struct now now,
                      void (*each)(void *arg, const char *key, const char *value), void *arg)
{
    struct teller t = {.p = p,
                       .all = all,
                       .exactly = exactly,
                       .reserve_us = reserve_ms * 1000,
                       .now = now,
                       .each = each,
                       .arg = arg};
    const struct map_entry *e;
    memory_is_told(p);
    tell(&t, mem_str("state:memory"), mem_str(exactly ? "exact" : "reserved"));
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        tell_provider(&t, e->value);
    for (size_t i = 0; (e = map_next(&p->standings, &i));)
        tell_standing(&t, e->value);
    for (size_t i = 0; (e = map_next(&p->clients, &i));)
        tell_party(&t, &((struct client_state *)e->value)->party, "client");
    for (size_t i = 0; (e = map_next(&p->gates, &i));)
        tell_gate(&t, e->value);
    for (unsigned i = 0; i < p->sources; i++)
        tell_party(&t, &p->source[i]->party, "source");
    for (const struct job *j = p->jobs; j; j = j->next)
        if (j->gate)
            tell_gate(&t, j->gate);
    tell_remembered(&t);
    tell_gone(&t);
}
