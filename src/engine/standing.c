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

void standing_set(struct standing *s, uint64_t rid, enum category c, const char *provider)
{
    if (rid >= s->size) {
        size_t size = s->size ? s->size : 1024;
        while (size <= rid)
            size *= 2;
        s->of = mem_grow(s->of, size, sizeof *s->of);
        memset(s->of + s->size, 0, (size - s->size) * sizeof *s->of);
        s->size = size;
    }
    s->of[rid] = (uint32_t)c | number_of(s, provider) << 8;
}

void standing_get(const struct standing *s, uint64_t rid, enum category *c, const char **provider)
{
    uint32_t v = rid < s->size ? s->of[rid] : 0;

    *c = (enum category)(v & 0xff);
    *provider = *c == CAT_OK ? "" : s->names[v >> 8];
}
