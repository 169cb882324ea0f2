/* view.c: what others may see of the plan: one provider, all providers, what waits where. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"

static uint64_t ready_of(const struct provider *v)
{
    uint64_t ready = 0;
    for (int prio = 0; prio < PRIORITIES; prio++)
        ready += v->ready[prio];
    return ready;
}

void plan_each_provider(const struct plan *p,
                        void (*each)(void *arg, const char *name, uint32_t connections,
                                     uint64_t ready),
                        void *arg)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));) {
        const struct provider *v = e->value;
        uint64_t ready = ready_of(v);
        if (v->connections || ready || v->flows)
            each(arg, v->name, v->connections, ready);
    }
}

/* ---- one provider ---- */

static void put_hold(struct plan_provider_view *out, const struct hold *h)
{
    if (out->holds == sizeof out->hold / sizeof *out->hold)
        return;
    struct plan_hold *to = &out->hold[out->holds++];
    char messages[RATES_TEXT];
    struct buf text;
    buf_init(&text, 1000);
    if (h->by_operator)
        buf_printf(&text, "suspended by %s", h->why[0] ? h->why : "an operator");
    else if (h->is_suspension)
        buf_printf(&text, "rests%s%s%s by %s", h->job_key ? " for one job" : "",
                   h->source[0] ? " from " : "", h->source, h->why);
    else
        buf_printf(&text, "limited by %s", h->why);
    if (h->connection_limit)
        buf_printf(&text, ": %" PRId64 " connections", h->connection_limit);
    rates_format(&h->message_rates, messages);
    if (h->message_rates.count)
        buf_printf(&text, ", %s", messages);
    str_copy(to->text, sizeof to->text, str_n(text.data, text.len));
    buf_done(&text);
    to->at = h->at;
    to->until.ms = h->until_ms == WHEN_NEVER ? 0 : h->until_ms;
}

static void add_live(const struct plan *p, const struct provider *v, struct now now,
                     struct plan_provider_view *out)
{
    out->limits = v->limits;
    out->profile = v->profile;
    out->connections += v->connections;
    out->connections_now_at_most =
        provider_opens_but_for_rates(p, v, now) > now.mono.ms ? 0 : provider_connections_at_most(v);
    out->ready += ready_of(v);
    out->message_ms = v->message_ms;
    out->dial_ms = v->dial_ms;
    const struct flow *f = v->flows;
    if (f)
        do
            for (size_t i = 0; i < f->buckets.count; i++)
                out->waiting += container_of(f->buckets.node[i], struct bucket, node)->waiting;
        while ((f = f->of_provider.next) != v->flows);
    struct plan_hold *to = &out->hold[out->holds];
    if (out->holds < sizeof out->hold / sizeof *out->hold && wait_of_provider(p, v, now, to))
        out->holds++;
}

bool plan_provider_view(const struct plan *p, const char *name, struct now now,
                        struct plan_provider_view *out)
{
    const struct standing *s = map_get(&p->standings, str_of(name));
    const struct profile *f = shaping_profile(p->shaping, name);
    const struct map_entry *e;
    *out = (struct plan_provider_view){.name = f ? f->name : s ? s->name : NULL, .profile = f};
    if (!f && !s)
        return false;
    out->limits = f ? &f->limits : &p->shaping->profiles.fallback;
    out->connections_now_at_most = (uint32_t)out->limits->connection_limit;
    for (const struct hold *h = s ? s->holds : NULL; h; h = h->next)
        if (h->until_ms > now.wall.ms)
            put_hold(out, h);
    out->is_outage = s && s->is_outage;
    for (size_t i = 0; s && (e = map_next(&p->providers, &i));) {
        const struct provider *v = e->value;
        if (v->standing == s)
            add_live(p, v, now, out);
    }
    return true;
}

const char *plan_provider_of_domain(const struct plan *p, const char *domain)
{
    const struct domain *d = map_get(&p->domains, str_of(domain));
    return d && d->provider ? d->provider->name : NULL;
}

/* ---- what waits ---- */

static void answer_of(const struct domain *d, struct mx_answer *a)
{
    a->status = d->state == DOMAIN_DEAD ? d->status : d->site ? MX_OK : MX_TEMPORARY;
    a->ttl_sec = 86400;
    a->hosts = 0;
    for (unsigned i = 0; d->site && i < d->site->hosts; i++)
        a->host[a->hosts++] = d->site->host[i].mx;
}

void plan_each_bucket(const struct plan *p,
                      void (*each)(void *arg, uint32_t job_key, const char *domain,
                                   uint64_t waiting, int64_t due_ms,
                                   const struct mx_answer *answer),
                      void *arg)
{
    struct mx_answer *a = mem_array(1, sizeof *a);
    for (const struct job *j = p->jobs; j; j = j->next)
        for (size_t i = 0; i < j->buckets; i++) {
            const struct bucket *b = j->bucket[i];
            if (!b || b->waiting == 0)
                continue;
            bool is_known = b->domain->site || b->domain->state == DOMAIN_DEAD;
            if (is_known)
                answer_of(b->domain, a);
            each(arg, j->info.key, b->domain->name, b->waiting, b->due_ms, is_known ? a : NULL);
        }
    free(a);
}
