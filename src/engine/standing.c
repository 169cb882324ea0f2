/* standing.c: see standing.h. */
#include "standing.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

void standing_init(struct standing *s)
{
    memset(s, 0, sizeof *s);
    map_init(&s->numbers);
}

void standing_done(struct standing *s)
{
    free(s->of);
    free(s->names);
    map_done(&s->numbers);
}

static uint32_t number_of(struct standing *s, const char *provider)
{
    uintptr_t known = (uintptr_t)map_get(&s->numbers, str_of(provider));

    if (known)
        return (uint32_t)(known - 1);
    if ((s->providers & (s->providers + 1)) == 0) /* full at 0, 1, 3, 7, ... */
        s->names = mem_grow(s->names, 2 * s->providers + 1, sizeof *s->names);
    str_copy(s->names[s->providers], sizeof s->names[0], str_of(provider));
    map_set(&s->numbers, str_of(provider), (void *)(uintptr_t)(s->providers + 1));
    return (uint32_t)s->providers++;
}

_Static_assert(CATEGORIES <= 64, "a category fits into 6 bits");
static const enum state states[] = {STATE_WAITING, STATE_DEFERRED, STATE_BOUNCED,
                                    STATE_QUARANTINED};

static uint32_t code_of(enum state state)
{
    for (uint32_t i = 1; i < sizeof states / sizeof *states; i++)
        if (states[i] == state)
            return i;
    return 0;
}

static void make_room(struct standing *s, uint64_t rid)
{
    size_t size = s->size ? s->size : 1024;

    if (rid < s->size)
        return;
    while (size <= rid)
        size *= 2;
    s->of = mem_grow(s->of, size, sizeof *s->of);
    memset(s->of + s->size, 0, (size - s->size) * sizeof *s->of);
    s->size = size;
}

void standing_set(struct standing *s, const struct outcome *o)
{
    uint32_t code = code_of(o->state);

    if (code == 0 && o->rid >= s->size)
        return;
    make_room(s, o->rid);
    s->of[o->rid] = code ? (uint32_t)o->category | code << 6 | number_of(s, o->provider) << 8 : 0;
}

struct tally_before standing_before(const struct standing *s, uint64_t rid)
{
    uint32_t v = rid < s->size ? s->of[rid] : 0;

    if (v == 0)
        return (struct tally_before){0};
    return (struct tally_before){states[v >> 6 & 3], (enum category)(v & 63), s->names[v >> 8]};
}
