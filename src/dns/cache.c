/* cache.c: see cache.h. (P) */
#include "cache.h"

#include <sluice/base/must.h>

#include <stdlib.h>
#include <string.h>

struct dns_cache_entry {
    struct dns_cache_entry *newer, *older;
    struct mono expires;
    size_t key_n, value_n;
    char bytes[]; /* the key, then the value */
};

static struct str key_of(const struct dns_cache_entry *e)
{
    return str_n(e->bytes, e->key_n);
}

void dns_cache_init(struct dns_cache *c, size_t max)
{
    *c = (struct dns_cache){.max = max};
    map_init(&c->map);
}

static void unlink_entry(struct dns_cache *c, struct dns_cache_entry *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void make_newest(struct dns_cache *c, struct dns_cache_entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

static void drop(struct dns_cache *c, struct dns_cache_entry *e)
{
    unlink_entry(c, e);
    map_remove(&c->map, key_of(e));
    free(e);
}

void dns_cache_clear(struct dns_cache *c)
{
    while (c->oldest)
        drop(c, c->oldest);
}

void dns_cache_done(struct dns_cache *c)
{
    dns_cache_clear(c);
    map_done(&c->map);
}

bool dns_cache_get(struct dns_cache *c, struct str key, struct mono now, struct str *value,
                   int64_t *left_ms)
{
    struct dns_cache_entry *e = map_get(&c->map, key);

    if (!e)
        return false;
    if (e->expires.ms <= now.ms) {
        drop(c, e);
        return false;
    }
    unlink_entry(c, e);
    make_newest(c, e);
    *value = str_n(e->bytes + e->key_n, e->value_n);
    if (left_ms)
        *left_ms = e->expires.ms - now.ms;
    return true;
}

void dns_cache_put(struct dns_cache *c, struct str key, struct str value, struct mono now,
                   int64_t ttl_ms)
{
    struct dns_cache_entry *e;

    dns_cache_remove(c, key);
    if (ttl_ms <= 0 || c->max == 0)
        return;
    while (c->map.count >= c->max)
        drop(c, c->oldest);
    e = mem_new(sizeof *e + key.n + value.n);
    e->expires.ms = now.ms + ttl_ms;
    e->key_n = key.n;
    e->value_n = value.n;
    memcpy(e->bytes, key.p, key.n);
    memcpy(e->bytes + key.n, value.p, value.n);
    map_set(&c->map, key, e);
    make_newest(c, e);
}

void dns_cache_remove(struct dns_cache *c, struct str key)
{
    struct dns_cache_entry *e = map_get(&c->map, key);

    if (e)
        drop(c, e);
}
