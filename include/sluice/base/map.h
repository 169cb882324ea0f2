/* map.h: a hash map from byte strings to pointers. Keys are copied; values belong to the caller.
 *
 *     struct map m;
 *     map_init(&m);
 *     map_set(&m, str_of("naver.com"), domain);
 *     struct domain *d = map_get(&m, str_of("naver.com"));
 *
 * The hash has no secret: whoever chooses the keys can make them collide, so a map that is filled
 * from outside needs a cap on its count.
 */
#ifndef SLUICE_BASE_MAP_H
#define SLUICE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>

struct map_entry {
    char *key; /* NULL: empty; owned by the map */
    size_t key_len;
    uint64_t hash;
    void *value;
};
struct map {
    struct map_entry *entry;
    size_t size; /* a power of two, or 0 */
    size_t count;
};

void map_init(struct map *m);
void map_done(struct map *m);                       /* frees keys, not values */
void *map_get(const struct map *m, struct str key); /* NULL when absent */
/* Sets and returns the former value or NULL. value MUST NOT be NULL. */
void *map_set(struct map *m, struct str key, void *value);
void *map_remove(struct map *m, struct str key); /* the former value or NULL */
/* Walks in no particular order: for (i = 0; (e = map_next(m, &i)); ). No changes while walking. */
const struct map_entry *map_next(const struct map *m, size_t *i);

#endif
