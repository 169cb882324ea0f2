#include <stdlib.h>
#include <sluice/base/must.h>
#include "ridset.h"

void ridset_done(struct ridset *s)
{
    free(s->slot);
    *s = (struct ridset){0};
}

static size_t home(const struct ridset *s, uint64_t rid)
{
    /* Fibonacci hashing: numbers that lie close together would fill one stretch of the table */
    return (size_t)(rid * 0x9e3779b97f4a7c15u >> 20) & (s->size - 1);
}

static size_t find(const struct ridset *s, uint64_t rid)
{
    size_t at = home(s, rid);

    while (s->slot[at] != 0 && s->slot[at] != rid)
        at = (at + 1) & (s->size - 1);
    return at;
}

bool ridset_has(const struct ridset *s, uint64_t rid)
{
    return s->count > 0 && s->slot[find(s, rid)] == rid;
}

static void grow(struct ridset *s)
{
    struct ridset bigger = {.size = s->size ? s->size * 2 : 64};

    bigger.slot = mem_array(bigger.size, sizeof *bigger.slot);
    for (size_t i = 0; i < s->size; i++)
        if (s->slot[i] != 0)
            ridset_put(&bigger, s->slot[i]);
    free(s->slot);
    *s = bigger;
}

void ridset_put(struct ridset *s, uint64_t rid)
{
    size_t at;

    MUST(rid != 0);
    if (s->count >= s->size / 2)
        grow(s);
    at = find(s, rid);
    s->count += s->slot[at] == 0;
    s->slot[at] = rid;
}

bool ridset_remove(struct ridset *s, uint64_t rid)
{
    size_t hole;

    if (!ridset_has(s, rid))
        return false;
    hole = find(s, rid);
    s->slot[hole] = 0;
    s->count--;
    /* Move back what stands behind the hole only because the hole was taken (no tombstones). */
    for (size_t i = (hole + 1) & (s->size - 1); s->slot[i] != 0; i = (i + 1) & (s->size - 1)) {
        size_t from_home = (i - home(s, s->slot[i])) & (s->size - 1);

        if (from_home >= ((i - hole) & (s->size - 1))) {
            s->slot[hole] = s->slot[i];
            s->slot[i] = 0;
            hole = i;
        }
    }
    return true;
}
