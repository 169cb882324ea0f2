/* domains.c: from a domain to its site and provider, and back when the answer is too old. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

#define ROUTE_TTL_MIN_SEC 30
/* Answers kept for domains that nothing waits for now (deferred rows come back, triggers go to the
 * same few domains). More would only be memory: a site takes a kilobyte, and the resolver has a
 * cache too. */
#define IDLE_DOMAINS_MAX 20000u

struct domain *domain_get(struct plan *p, const char *name)
{
    struct domain *d = map_get(&p->domains, str_of(name));
    if (d)
        return d;
    size_t n = strlen(name) + 1;
    d = mem_new(sizeof *d + n);
    memset(d, 0, sizeof *d);
    memcpy(d->name, name, n);
    map_set(&p->domains, str_of(name), d);
    return d;
}

static void leave_unresolved(struct plan *p, struct domain *d)
{
    if (d->node.at)
        heap_remove(&p->unresolved[d->ask_as], &d->node);
}

static void leave_idle(struct plan *p, struct domain *d)
{
    if (!d->of_plan.next)
        return;
    RING_REMOVE(p->idle_domains, d, of_plan);
    p->idle_domains_count--;
}

static void forget_all(struct plan *p, struct domain *d)
{
    leave_idle(p, d);
    if (d->site)
        site_part(p, d->site);
    d->site = NULL;
    d->provider = NULL;
    d->state = DOMAIN_UNKNOWN;
}

static void become_idle(struct plan *p, struct domain *d)
{
    leave_idle(p, d);
    RING_PUT(p->idle_domains, d, of_plan);
    if (++p->idle_domains_count > IDLE_DOMAINS_MAX)
        forget_all(p, p->idle_domains);
}

void domain_drop(struct plan *p, struct domain *d)
{
    if (d->state == DOMAIN_ASKING) /* plan_resolved() drops it */
        return;
    leave_unresolved(p, d);
    forget_all(p, d);
    map_remove(&p->domains, str_of(d->name));
    free(d->why);
    free(d);
}

static void put_unresolved(struct plan *p, struct domain *d, enum priority ask_as, int64_t due_ms)
{
    if (d->node.at && d->ask_as != ask_as)
        heap_remove(&p->unresolved[d->ask_as], &d->node);
    d->ask_as = ask_as;
    heap_put(&p->unresolved[ask_as], &d->node, due_ms);
}

void domain_wants(struct plan *p, struct domain *d)
{
    int64_t due = WHEN_NEVER;
    enum priority ask_as = PRIO_BULK;
    bool is_busy = false;
    for (struct bucket *b = d->buckets; b; b = b->next_of_domain) {
        const struct plan_job *j = &b->job->info;
        is_busy |= b->is_leasing || b->waiting > 0;
        if (b->waiting == 0)
            continue;
        if (d->provider) {
            bucket_stand(p, b);
            continue;
        }
        if (b->job->opens_ms == WHEN_NEVER) /* job_review() comes back to it */
            continue;
        int64_t at = b->due_ms > j->start.ms ? b->due_ms : j->start.ms;
        if (b->job->opens_ms > at)
            at = b->job->opens_ms;
        if (at < due)
            due = at;
        if (j->priority < ask_as)
            ask_as = j->priority;
    }
    if (is_busy)
        leave_idle(p, d);
    else if (d->provider)
        become_idle(p, d);
    if (d->provider || d->state == DOMAIN_ASKING)
        return;
    if (due == WHEN_NEVER)
        leave_unresolved(p, d);
    else
        put_unresolved(p, d, ask_as, due);
}

/* The site stays known: rows that are under way go there, and it serves on if DNS fails now. */
void domain_forget_route(struct plan *p, struct domain *d)
{
    for (struct bucket *b = d->buckets; b; b = b->next_of_domain)
        bucket_leave(b);
    d->provider = NULL;
    d->state = DOMAIN_UNKNOWN;
    domain_wants(p, d);
}

/* The last tenth of the questions is for what is urgent: bulk that waits for dead name servers must
 * not stand in its way. */
static unsigned most_asked(const struct plan *p, int prio)
{
    unsigned most = p->options.max_asking;
    if (prio == PRIO_URGENT)
        return most;
    return queue_is_long(p, (enum priority)prio) ? 0 : most - most / 10;
}

void domains_ask(struct plan *p, struct now now)
{
    struct heap_node *n;
    for (int prio = 0; prio < PRIORITIES; prio++)
        while (p->asking < most_asked(p, prio) && (n = heap_first(&p->unresolved[prio])) &&
               n->key <= now.wall.ms) {
            struct domain *d = container_of(n, struct domain, node);
            heap_remove(&p->unresolved[prio], n);
            d->state = DOMAIN_ASKING;
            p->asking++;
            plan_say(p, ACT_RESOLVE)->domain = d->name;
        }
}

int64_t domains_ask_at(const struct plan *p)
{
    int64_t at = WHEN_NEVER;
    for (int prio = 0; prio < PRIORITIES; prio++) {
        struct heap_node *n = heap_first(&p->unresolved[prio]);
        if (n && p->asking < most_asked(p, prio) && plan_mono_of(p, n->key) < at)
            at = plan_mono_of(p, n->key);
    }
    return at;
}

static void set_site(struct plan *p, struct domain *d, struct site *s)
{
    if (s)
        site_join(p, s);
    if (d->site)
        site_part(p, d->site);
    d->site = s;
}

static void is_routed(struct domain *d)
{
    d->provider = d->site->provider;
    d->state = DOMAIN_ROUTED;
    free(d->why);
    d->why = NULL;
}

static void fails(struct plan *p, struct domain *d, const struct mx_answer *a,
                  enum domain_state state)
{
    set_site(p, d, NULL);
    d->state = state;
    d->provider = state == DOMAIN_DEAD ? p->dead : p->broken;
    d->status = a->status;
    free(d->why);
    d->why = mem_str(a->why);
}

/* "OK" without one address to dial would wait for ever. */
static bool can_dial(const struct mx_answer *a)
{
    for (unsigned i = 0; i < a->hosts; i++)
        if (a->host[i].addresses)
            return true;
    return false;
}

void plan_resolved(struct plan *p, const char *name, const struct mx_answer *a, struct now now)
{
    struct domain *d = map_get(&p->domains, str_of(name));
    MUST(p->asking > 0 && d && d->state == DOMAIN_ASKING);
    p->asking--;
    d->state = DOMAIN_UNKNOWN;
    if (!d->buckets) { /* its last job ended meanwhile */
        domain_drop(p, d);
        return;
    }
    uint32_t ttl = a->ttl_sec < ROUTE_TTL_MIN_SEC ? ROUTE_TTL_MIN_SEC : a->ttl_sec;
    d->valid_until_ms = now.mono.ms + (int64_t)ttl * 1000;
    bool is_good = a->status == MX_OK && can_dial(a);
    if (is_good) {
        set_site(p, d, site_get(p, name, a));
        d->confirmed_ms = now.mono.ms;
    }
    bool is_temporary = a->status == MX_TEMPORARY || a->status == MX_OK;
    if (is_good || (is_temporary && d->site && now.mono.ms - d->confirmed_ms < STALE_MS))
        is_routed(d);
    else
        fails(p, d, a, is_temporary ? DOMAIN_BROKEN : DOMAIN_DEAD);
    domain_wants(p, d);
}
