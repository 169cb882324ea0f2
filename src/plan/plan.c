/* plan.c: life of the plan, its action queue, and the round over all providers that have something
 * to do. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

struct plan *plan_new(const struct plan_options *o)
{
    struct plan *p = mem_array(1, sizeof *p);
    p->options = *o;
    p->rng = rng_seed(o->seed);
    p->last = &p->first;
    p->conn = mem_array(o->max_connections, sizeof *p->conn);
    p->free_conn = mem_array(o->max_connections, sizeof *p->free_conn);
    for (uint32_t i = o->max_connections; i-- > 0;)
        p->free_conn[p->free_conns++] = i;
    const struct limits *l = &o->shaping->profiles.fallback;
    p->shaping = o->shaping;
    map_init(&p->standings);
    map_init(&p->clients);
    map_init(&p->gates);
    map_init(&p->remembered);
    map_init(&p->told);
    sources_init(p);
    gates_change(p);
    p->dead = provider_get(p, "dead:", "(no mail host)", PROVIDER_DEAD, l, NULL);
    p->broken = provider_get(p, "broken:", "(dns failure)", PROVIDER_BROKEN, l, NULL);
    return p;
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

static void free_actions(struct plan *p)
{
    while (p->first) {
        struct queued *q = p->first;
        p->first = q->next;
        free_chain(q->action.chain);
        free(q->action.outcome);
        free(q->action.text);
        free(q);
    }
}

static void free_job(struct plan *p, struct job *j)
{
    job_forget(p, j);
    while (j->lanes) {
        struct lane *l = j->lanes;
        RING_REMOVE(j->lanes, l, of_job);
        free_chain(l->first);
        free(l);
    }
    while (j->flows) {
        struct flow *f = j->flows;
        RING_REMOVE(j->flows, f, of_job);
        heap_done(&f->buckets);
        free(f);
    }
    for (size_t i = 0; i < j->buckets; i++)
        free(j->bucket[i]);
    free(j->bucket);
    free(j);
}

static void free_domain(struct domain *d)
{
    free(d->why);
    free(d);
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    free_actions(p);
    while (p->jobs) {
        struct job *j = p->jobs;
        p->jobs = j->next;
        free_job(p, j);
    }
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->sites, &i));)
        site_free(e->value);
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        provider_free(p, e->value);
    for (size_t i = 0; (e = map_next(&p->domains, &i));)
        free_domain(e->value);
    map_done(&p->jobs_by_key);
    map_done(&p->domains);
    map_done(&p->sites);
    map_done(&p->providers);
    for (size_t i = 0; (e = map_next(&p->standings, &i));)
        standing_free(e->value);
    map_done(&p->standings);
    gates_done(p);
    clients_done(p);
    sources_done(p);
    memory_done(p);
    heap_done(&p->jobs_due);
    for (int prio = 0; prio < PRIORITIES; prio++)
        heap_done(&p->unresolved[prio]);
    heap_done(&p->providers_due);
    heap_done(&p->wants_lease);
    heap_done(&p->wants_conn);
    heap_done(&p->retired);
    free(p->conn);
    free(p->free_conn);
    free(p);
}

struct plan_action *plan_say(struct plan *p, enum plan_act act)
{
    struct queued *q = mem_array(1, sizeof *q);
    q->action.act = act;
    *p->last = q;
    p->last = &q->next;
    return &q->action;
}

void plan_look_at(struct plan *p, struct provider *v, int64_t mono_ms)
{
    if (mono_ms != WHEN_NEVER && (v->node.at == 0 || mono_ms < v->node.key))
        heap_put(&p->providers_due, &v->node, mono_ms);
}

void plan_touch(struct plan *p, struct provider *v)
{
    plan_look_at(p, v, INT64_MIN);
}

int64_t plan_mono_of(const struct plan *p, int64_t wall_ms)
{
    return wall_ms == WHEN_NEVER ? WHEN_NEVER : wall_ms - p->offset_ms;
}

/* Due times are wall-clock times, the heap is monotonic: when the clock jumps, everybody looks
 * again. Measured against the last look and not the last call, because a clock that is slewed moves
 * a little at each. */
static void watch_the_clock(struct plan *p, struct now now)
{
    p->offset_ms = now.wall.ms - now.mono.ms;
    int64_t moved = p->offset_ms - p->looked_offset_ms;
    if (p->has_offset && moved > -1000 && moved < 1000)
        return;
    p->has_offset = true;
    p->looked_offset_ms = p->offset_ms;
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        plan_touch(p, e->value);
    for (struct job *j = p->jobs; j; j = j->next)
        job_review(p, j, now);
}

/* Shut: nothing may be there. What waits for longer than a moment is not held under a lease. */
static void provider_wait(struct plan *p, struct provider *v, int64_t opens_ms, struct now now)
{
    provider_close_idle(p, v, WHEN_NEVER);
    provider_return_all(p, v, now.wall.ms, now); /* due now, for when it is resumed early */
    plan_look_at(p, v, opens_ms);
    int64_t held = provider_opens_but_for_rates(p, v, now);
    v->was_shut |= held > now.mono.ms;
}

/* The last minutes before a window: a look at each change. */
static void watch_window(struct plan *p, struct provider *v, struct now now)
{
    int64_t change;
    enum stage stage = provider_stage(p, v, now, &change);
    plan_look_at(p, v, change);
    if (stage == STAGE_LAST || stage == STAGE_SHUT)
        provider_close_idle(p, v, WHEN_NEVER);
}

static void provider_step(struct plan *p, struct provider *v, struct now now)
{
    provider_close_idle(p, v, p->is_stopping ? WHEN_NEVER : now.mono.ms);
    if (p->is_stopping) {
        provider_return_all(p, v, now.wall.ms, now);
        return;
    }
    if (v->kind == PROVIDER_REAL) {
        holds_expire(p, v, now);
        watch_window(p, v, now);
    }
    int64_t opens = provider_opens_ms(p, v, now);
    if (opens > now.mono.ms) {
        provider_wait(p, v, opens, now);
        return;
    }
    if (v->was_shut) {
        v->was_shut = false;
        provider_ramp(p, v, now);
    }
    provider_lease(p, v, now);
    if (v->kind == PROVIDER_REAL)
        provider_send(p, v, now);
    if (v->idle)
        plan_look_at(p, v, v->idle->idle_until_ms);
}

/* Who waited for a lease or a connection comes before who would like one just now: else the
 * provider whose row ended would always be the first to take its place. */
static bool step_one(struct plan *p, struct now now)
{
    struct provider *v = p->is_stopping ? NULL : queue_next(p);
    if (v) {
        v->is_served = true;
        provider_step(p, v, now);
        v->is_served = false;
        return true;
    }
    struct heap_node *n = heap_first(&p->providers_due);
    if (!n || n->key > now.mono.ms)
        return false;
    heap_remove(&p->providers_due, n);
    provider_step(p, container_of(n, struct provider, node), now);
    return true;
}

static bool pop_action(struct plan *p, struct plan_action *out)
{
    struct queued *q = p->first;
    if (!q)
        return false;
    p->first = q->next;
    if (!p->first)
        p->last = &p->first;
    *out = q->action;
    free(q);
    return true;
}

bool plan_next(struct plan *p, struct now now, struct plan_action *out)
{
    if (pop_action(p, out))
        return true;
    p->seen = now;
    memory_is_told(p);
    if (!p->born_wall_ms)
        p->born_wall_ms = now.wall.ms;
    watch_the_clock(p, now);
    jobs_review_due(p, now);
    jobs_finish(p);
    sites_retire(p, now);
    while (!p->first && step_one(p, now))
        ;
    if (!p->is_stopping) /* after the steps: they forget routes that are too old */
        domains_ask(p, now);
    return pop_action(p, out);
}

struct mono plan_wake(const struct plan *p)
{
    if (p->first || !p->has_offset || p->some_may_be_done)
        return (struct mono){0};
    struct heap_node *n = heap_first(&p->providers_due);
    int64_t at = n ? n->key : WHEN_NEVER;
    struct heap_node *j = heap_first(&p->jobs_due);
    if (j && j->key < at)
        at = j->key;
    int64_t ask = p->is_stopping ? WHEN_NEVER : domains_ask_at(p);
    if (ask < at)
        at = ask;
    return (struct mono){at < 0 ? 0 : at};
}

/* Orders to connections are only given inside plan_next(): one that was said earlier could meet a
 * connection that closed meanwhile. So this only makes everybody look. */
void plan_stop(struct plan *p, struct now now)
{
    (void)now;
    p->is_stopping = true;
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        plan_touch(p, e->value);
}

bool plan_is_quiet(const struct plan *p)
{
    return !p->first && p->free_conns == p->options.max_connections && p->leases_out == 0 &&
           p->asking == 0 && p->leased == 0;
}
