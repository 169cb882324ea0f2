#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "domains.h"

void domains_done(struct domains *d)
{
    free(d->text);
    free(d->start);
    free(d->slot);
    *d = (struct domains){0};
}

const char *domains_name(const struct domains *d, uint32_t number)
{
    MUST(number >= 1 && number <= d->count);
    return d->text + d->start[number - 1];
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint32_t *find(const struct domains *d, struct str name)
{
    uint32_t at = (uint32_t)str_hash(name) & (d->slots - 1);

    while (d->slot[at] != 0) {
        const char *there = domains_name(d, d->slot[at]);

        if (strncmp(there, name.p, name.n) == 0 && there[name.n] == '\0')
            break;
        at = (at + 1) & (d->slots - 1);
    }
    return &d->slot[at];
}

static void grow_slots(struct domains *d)
{
    free(d->slot);
    d->slots = d->slots ? d->slots * 2 : 1024;
    d->slot = mem_array(d->slots, sizeof *d->slot);
    for (uint32_t number = 1; number <= d->count; number++)
        *find(d, str_of(domains_name(d, number))) = number;
}

static uint32_t add(struct domains *d, struct str name)
{
    size_t need = d->len + name.n + 1;

    if (need > UINT32_MAX)
        return 0;
    if (need > d->cap) {
        d->cap = need < 4096 ? 8192 : need + need / 2;
        d->text = mem_grow(d->text, d->cap, 1);
    }
    if ((d->count & (d->count - 1)) == 0) /* full at every power of two */
        d->start = mem_grow(d->start, d->count ? d->count * 2 : 1, sizeof *d->start);
    memcpy(d->text + d->len, name.p, name.n);
    d->text[d->len + name.n] = '\0';
    d->start[d->count++] = (uint32_t)d->len;
    d->len = need;
    return d->count;
}

uint32_t domains_number(struct domains *d, struct str name)
{
    uint32_t *slot, number;

    if (d->count >= d->slots / 4 * 3)
        grow_slots(d);
    slot = find(d, name);
    if (*slot == 0) {
        number = add(d, name);
        *slot = number;
        return number;
    }
    return *slot;
}
