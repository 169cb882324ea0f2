/* reconfigure.c: another configuration while everything goes on. What was granted, what rests, and
 * the connections stay; only limits and belongings change. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

/* A source's index may be another one now. */
static void change_pairs(struct plan *p, struct provider *v, struct source_state **old,
                         unsigned olds)
{
    struct pair *before = v->pair;
    v->pair = NULL;
    pairs_init(p, v);
    for (unsigned i = 0; before && i < SOURCES_MAX; i++) {
        struct source_state *s = i < olds ? old[i] : NULL;
        if (v->pair && s && !s->party.is_gone) {
            struct pair *now = &v->pair[s->index];
            now->connections = before[i].connections;
            now->day_start_ms = before[i].day_start_ms;
            now->used = before[i].used;
            throttle_done(&now->messages);
            now->messages = before[i].messages;
            before[i].messages = (struct throttle){0};
            throttle_change(&now->messages, &v->limits->per_source_max_message_rate);
        }
        throttle_done(&before[i].messages);
    }
    free(before);
}

static void change_provider(struct plan *p, struct provider *v)
{
    v->profile = v->is_configured ? shaping_profile(p->shaping, v->name) : NULL;
    v->limits = v->profile ? &v->profile->limits : &p->shaping->profiles.fallback;
    if (v->kind != PROVIDER_REAL)
        return;
    v->is_configured = v->profile != NULL;
    throttle_change(&v->messages, &v->limits->max_message_rate);
    throttle_change(&v->dials, &v->limits->max_connection_rate);
    provider_gates(p, v);
    guard_clear(&v->guard);
    for (struct hits *h = v->hits, *next; h; h = next) { /* the rules' numbers are others now */
        next = h->next;
        free(h);
    }
    v->hits = NULL;
}

/* Counted anew: which jobs have caps may have changed. */
static void count_capped(struct provider *v)
{
    for (int prio = 0; prio < PRIORITIES; prio++) {
        unsigned capped = 0;
        struct line *l = v->lines[prio];
        if (l)
            do {
                const struct lane *a = l->lanes;
                if (a)
                    do
                        capped += job_is_capped(a->job) ? a->ready : 0;
                    while ((a = a->of_line.next) != l->lanes);
            } while ((l = l->of_provider.next) != v->lines[prio]);
        const struct flow *f = v->flows;
        if (f)
            do
                if (f->job->info.priority == (enum priority)prio)
                    capped += f->capped;
            while ((f = f->of_provider.next) != v->flows);
        v->capped[prio] = capped;
    }
}

/* Connections count at their sources' new places. */
static void count_pairs(struct plan *p)
{
    for (uint32_t i = 0; i < p->options.max_connections; i++) {
        struct conn *c = &p->conn[i];
        if (c->state == CONN_FREE)
            continue;
        bool counts = c->site->provider->pair && !c->source->party.is_gone;
        c->pair_index = counts ? c->source->index : UINT32_MAX;
    }
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));) {
        struct provider *v = e->value;
        for (unsigned s = 0; v->pair && s < SOURCES_MAX; s++)
            v->pair[s].connections = 0;
    }
    for (uint32_t i = 0; i < p->options.max_connections; i++) {
        struct conn *c = &p->conn[i];
        if (c->state != CONN_FREE && c->pair_index != UINT32_MAX)
            c->site->provider->pair[c->pair_index].connections++;
    }
}

/* Another profile may match: routes are asked for again (the resolver remembers the answers). */
static void forget_routes(struct plan *p)
{
    struct domain **routed = mem_array(p->domains.count + 1, sizeof(struct domain *));
    size_t n = 0;
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->domains, &i));) {
        struct domain *d = e->value;
        if (d->state == DOMAIN_ROUTED)
            routed[n++] = d;
    }
    for (size_t i = 0; i < n; i++)
        domain_forget_route(p, routed[i]);
    free(routed);
}

void plan_reconfigure(struct plan *p, const struct shaping *s, struct now now)
{
    struct source_state **old = mem_array(p->sources + 1, sizeof(struct source_state *));
    unsigned olds = p->sources;
    const struct map_entry *e;
    memcpy(old, p->source, olds * sizeof *old);
    p->shaping = s;
    p->options.shaping = s;
    p->seen = now;
    gates_change(p);
    sources_change(p);
    clients_change(p);
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        change_provider(p, e->value);
    for (size_t i = 0; (e = map_next(&p->providers, &i));) {
        struct provider *v = e->value;
        if (v->kind == PROVIDER_REAL)
            change_pairs(p, v, old, olds);
        count_capped(v);
        plan_touch(p, v);
    }
    free(old);
    count_pairs(p);
    holds_find_rules(p);
    forget_routes(p);
    flows_bring_back(p);
    for (struct job *j = p->jobs; j; j = j->next)
        job_review(p, j, now);
}
