/* site.c: sets of MX hosts and the providers that they belong to: found by their keys, and given up
 * some time after the last user went, so that a daemon that meets a million domains a day does not
 * grow for ever. What is remembered of a host (it rests, its TLS is broken) or of a provider (its
 * rates) lives on until it means nothing any more. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

#define RETIRE_MS (HOST_REST_MAX_MS + 60000) /* a host's failures count that long */
#define KEY_MAX (MX_HOSTS_MAX * 260 + 100)

struct provider *provider_get(struct plan *p, const char *key, const char *name,
                              enum provider_kind kind, const struct limits *l,
                              const struct profile *f)
{
    struct provider *v = map_get(&p->providers, str_of(key));
    if (v)
        return v;
    v = mem_array(1, sizeof *v);
    v->key = mem_str(key);
    v->kind = kind;
    v->limits = l;
    v->profile = f;
    v->is_configured = f;
    str_copy(v->name, sizeof v->name, str_of(name));
    map_set(&p->providers, str_of(key), v);
    if (kind != PROVIDER_REAL)
        return v;
    throttle_init(&v->dials, &l->max_connection_rate);
    throttle_init(&v->messages, &l->max_message_rate);
    memory_load_throttle(p, &v->messages, mem_printf("rate:provider %s:messages", v->name));
    memory_load_throttle(p, &v->dials, mem_printf("rate:provider %s:dials", v->name));
    v->standing = standing_get(p, v->name);
    v->standing->users++;
    provider_gates(p, v);
    pairs_init(p, v);
    v->was_shut = true; /* a slow start for who was not there just now */
    return v;
}

void provider_free(struct plan *p, struct provider *v)
{
    throttle_done(&v->dials);
    throttle_done(&v->messages);
    throttle_done(&v->soft_rate);
    guard_done(&v->guard);
    for (struct hits *h = v->hits, *next; h; h = next) {
        next = h->next;
        free(h);
    }
    pairs_done(p, v);
    free(v->gate);
    for (int prio = 0; prio < PRIORITIES; prio++) {
        heap_done(&v->turns[prio]);
        heap_done(&v->away[prio]);
    }
    heap_done(&v->later);
    free(v->key);
    free(v);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All domains with the same set of hosts are one provider, whatever their preferences. */
static struct provider *provider_of_hosts(struct plan *p, const char **hosts, unsigned n)
{
    char display[64];
    provider_name(hosts, n, display);
    const char *sorted[MX_HOSTS_MAX];
    memcpy(sorted, hosts, n * sizeof *hosts);
    qsort(sorted, n, sizeof *sorted, by_name);
    struct buf key;
    buf_init(&key, KEY_MAX);
    buf_puts(&key, "hosts:");
    for (unsigned i = 0; i < n; i++) {
        buf_puts(&key, sorted[i]);
        buf_putc(&key, ' ');
    }
    struct provider *v =
        provider_get(p, key.data, display, PROVIDER_REAL, &p->shaping->profiles.fallback, NULL);
    buf_done(&key);
    return v;
}

static struct provider *provider_of_profile(struct plan *p, const struct profile *f)
{
    struct buf key;
    buf_init(&key, KEY_MAX);
    buf_puts(&key, "profile:");
    buf_puts(&key, f->name);
    struct provider *v = provider_get(p, key.data, f->name, PROVIDER_REAL, &f->limits, f);
    buf_done(&key);
    return v;
}

static struct provider *provider_of(struct plan *p, const char *domain, const struct mx_answer *a)
{
    const char *hosts[MX_HOSTS_MAX];
    for (unsigned i = 0; i < a->hosts; i++)
        hosts[i] = a->host[i].name;
    const struct profile *f = profiles_match(&p->shaping->profiles, domain, hosts, a->hosts);
    return f ? provider_of_profile(p, f) : provider_of_hosts(p, hosts, a->hosts);
}

/* A profile may take one domain by its name and another with the same hosts not: so the provider is
 * part of the key. */
static char *site_key(const struct provider *v, const struct mx_answer *a)
{
    struct buf key;
    buf_init(&key, 2 * KEY_MAX);
    if (v->is_configured)
        buf_puts(&key, v->key);
    for (unsigned i = 0; i < a->hosts; i++) {
        bool is_equal = i > 0 && a->host[i].preference == a->host[i - 1].preference;
        buf_putc(&key, is_equal ? ',' : ';');
        buf_puts(&key, a->host[i].name);
    }
    return buf_take(&key);
}

static struct site *site_new(struct plan *p, struct provider *v, char *key, unsigned hosts)
{
    struct site *s = mem_new(sizeof *s + hosts * sizeof s->host[0]);
    memset(s, 0, sizeof *s + hosts * sizeof s->host[0]);
    s->key = key;
    s->provider = v;
    s->hosts = hosts;
    for (int prio = 0; prio < PRIORITIES; prio++) {
        s->line[prio].site = s;
        s->line[prio].prio = (enum priority)prio;
    }
    v->sites++;
    map_set(&p->sites, str_of(key), s);
    return s;
}

struct site *site_get(struct plan *p, const char *domain, const struct mx_answer *a)
{
    struct provider *v = provider_of(p, domain, a);
    char *key = site_key(v, a);
    struct site *s = map_get(&p->sites, str_of(key));
    if (s)
        free(key);
    else
        s = site_new(p, v, key, a->hosts);
    MUST(s->hosts == a->hosts);
    for (unsigned i = 0; i < s->hosts; i++)
        s->host[i].mx = a->host[i]; /* the addresses may be new */
    return s;
}

void site_free(struct site *s)
{
    free(s->key);
    free(s);
}

int64_t site_opens_at(const struct site *s, struct now now)
{
    int64_t at = WHEN_NEVER;
    for (unsigned i = 0; i < s->hosts; i++) {
        const struct host *h = &s->host[i];
        if (h->mx.addresses == 0)
            continue;
        if (h->rest_until_ms <= now.mono.ms)
            return now.mono.ms;
        if (h->rest_until_ms < at)
            at = h->rest_until_ms;
    }
    return at;
}

/* ---- the end ---- */

void site_join(struct plan *p, struct site *s)
{
    s->domains++;
    heap_remove(&p->retired, &s->node);
}

void site_part(struct plan *p, struct site *s)
{
    s->domains--;
    site_unused(p, s, 0);
}

void site_unused(struct plan *p, struct site *s, int64_t mono_ms)
{
    if (s->domains == 0 && s->connections == 0 && s->ready == 0)
        heap_put(&p->retired, &s->node, mono_ms);
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t remembers_until(const struct throttle *t, struct now now)
{
    int64_t at = 0, now_us = now.mono.ms * 1000;
    for (unsigned i = 0; i < t->count; i++) {
        const struct rate *r = &t->rate[i];
        bool is_used = r->quota && rate_room(r, now_us, now_us) < t->spec[i].count;
        at = later_of(at, r->quota ? (is_used ? now.mono.ms + 60000 : 0) : r->tat_us / 1000 + 1);
    }
    return at;
}

/* Until when something is remembered of the site or, with its last site, of the provider. */
static int64_t means_something_until(const struct site *s, struct now now)
{
    const struct provider *v = s->provider;
    int64_t at = 0;
    for (unsigned i = 0; i < s->hosts; i++) {
        const struct host *h = &s->host[i];
        at = later_of(at, later_of(h->rest_until_ms, h->tls_broken_until_ms));
        if (h->failures)
            at = later_of(at, h->rest_until_ms + RETIRE_MS);
    }
    if (v->is_configured || v->sites > 1)
        return at;
    at =
        later_of(at, later_of(remembers_until(&v->messages, now), remembers_until(&v->dials, now)));
    if (v->standing->holds || v->standing->is_outage)
        at = later_of(at, now.mono.ms + 60000);
    at = later_of(at, later_of(v->rest_until_ms, v->soft_limit ? v->soft_next_ms : 0));
    bool in_use = v->flows || v->connections || v->wants_conn.at || v->wants_lease.at;
    return in_use ? later_of(at, now.mono.ms + 60000) : at;
}

static void retire(struct plan *p, struct site *s)
{
    struct provider *v = s->provider;
    map_remove(&p->sites, str_of(s->key));
    site_free(s);
    if (--v->sites > 0 || v->is_configured)
        return;
    heap_remove(&p->providers_due, &v->node);
    map_remove(&p->providers, str_of(v->key));
    standing_unused(p, v->standing);
    gates_forget(p, v);
    provider_free(p, v);
}

/* A few per round: a job with a million domains may have ended. */
void sites_retire(struct plan *p, struct now now)
{
    struct heap_node *n;
    for (int few = 64; few > 0 && (n = heap_first(&p->retired)) && n->key <= now.mono.ms; few--) {
        struct site *s = container_of(n, struct site, node);
        heap_remove(&p->retired, n);
        if (s->domains || s->connections || s->ready)
            continue;
        int64_t until = means_something_until(s, now);
        if (until > now.mono.ms)
            heap_put(&p->retired, n, until);
        else
            retire(p, s);
    }
}
