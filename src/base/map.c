#include <sluice/base/map.h>
#include <sluice/base/must.h>

#include <stdlib.h>
#include <string.h>

/* Linear probing, at most 3/4 full; removal shifts what follows back, so there are no tombstones
 * and a map that lives for weeks does not slow down. */
#define FIRST_SIZE 16

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_done(struct map *m)
{
    for (size_t i = 0; i < m->size; i++)
        free(m->entry[i].key);
    free(m->entry);
    map_init(m);
}

/* The entry of the key, or the empty one where it would go. The map MUST have a size. */
static struct map_entry *find(const struct map *m, struct str key, uint64_t hash)
{
    size_t i = (size_t)hash & (m->size - 1);

    for (;; i = (i + 1) & (m->size - 1)) {
        struct map_entry *e = &m->entry[i];

        if (!e->key)
            return e;
        if (e->hash == hash && str_eq(str_n(e->key, e->key_len), key))
            return e;
    }
}

static void grow(struct map *m)
{
    struct map old = *m;

    m->size = old.size ? old.size * 2 : FIRST_SIZE;
    m->entry = mem_array(m->size, sizeof *m->entry);
    for (size_t i = 0; i < old.size; i++) {
        const struct map_entry *e = &old.entry[i];

        if (e->key)
            *find(m, str_n(e->key, e->key_len), e->hash) = *e;
    }
    free(old.entry);
}

void *map_get(const struct map *m, struct str key)
{
    return m->size ? find(m, key, str_hash(key))->value : NULL;
}

void *map_set(struct map *m, struct str key, void *value)
{
    uint64_t hash = str_hash(key);
    struct map_entry *e;
    void *former;

    MUST(value != NULL);
    if (m->count + 1 > m->size - m->size / 4)
        grow(m);
    e = find(m, key, hash);
    former = e->value;
    if (!e->key) {
        *e = (struct map_entry){mem_strn(key.p, key.n), key.n, hash, NULL};
        m->count++;
    }
    e->value = value;
    return former;
}

/* Entry `hole` was emptied: each entry behind it up to the next empty one moves into the hole
 * unless that lies before the place where its search starts. */
static void close_gap(struct map *m, size_t hole)
{
    size_t mask = m->size - 1;

    for (size_t i = (hole + 1) & mask; m->entry[i].key; i = (i + 1) & mask) {
        size_t home = (size_t)m->entry[i].hash & mask;

        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        m->entry[hole] = m->entry[i];
        m->entry[i] = (struct map_entry){0};
        hole = i;
    }
}

void *map_remove(struct map *m, struct str key)
{
    struct map_entry *e;
    void *former;

    if (m->size == 0)
        return NULL;
    e = find(m, key, str_hash(key));
    if (!e->key)
        return NULL;
    former = e->value;
    free(e->key);
    *e = (struct map_entry){0};
    m->count--;
    close_gap(m, (size_t)(e - m->entry));
    return former;
}

const struct map_entry *map_next(const struct map *m, size_t *i)
{
    while (*i < m->size) {
        const struct map_entry *e = &m->entry[(*i)++];

        if (e->key)
            return e;
    }
    return NULL;
}
