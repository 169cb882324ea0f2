/* cache.h: what the DNS said, until it expires or is the least recently used. (P)
 *
 * Keys are names, values are copied blobs. Time is an argument.
 *
 *     dns_cache_put(&c, str_of("naver.com"), value, now, 300000);
 *     if (dns_cache_get(&c, str_of("naver.com"), now, &value, &left_ms)) ...
 */
#ifndef SLUICE_SRC_DNS_CACHE_H
#define SLUICE_SRC_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/map.h>
#include <sluice/base/str.h>
#include <sluice/base/when.h>

struct dns_cache_entry;
struct dns_cache {
    struct map map;
    struct dns_cache_entry *newest, *oldest; /* by use */
    size_t max;
};

void dns_cache_init(struct dns_cache *c, size_t max); /* 0: keeps nothing */
void dns_cache_done(struct dns_cache *c);
/* *value points into the cache until it is changed. left_ms (> 0) may be NULL. Expired entries go.
 */
bool dns_cache_get(struct dns_cache *c, struct str key, struct mono now, struct str *value,
                   int64_t *left_ms);
/* Replaces; a ttl_ms of 0 or less only removes. */
void dns_cache_put(struct dns_cache *c, struct str key, struct str value, struct mono now,
                   int64_t ttl_ms);
void dns_cache_remove(struct dns_cache *c, struct str key);
void dns_cache_clear(struct dns_cache *c);
static inline size_t dns_cache_count(const struct dns_cache *c)
{
    return c->map.count;
}

#endif
