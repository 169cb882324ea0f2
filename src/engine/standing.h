/* standing.h: how each deferred recipient of a job stands, in four bytes each, so that a later outcome can take the
 * earlier deferral back out of the counters. Private.
 *
 *     standing_set(&s, o->rid, o->category, o->provider);
 *     standing_get(&s, o->rid, &category, provider);
 */
#ifndef SLUICE_ENGINE_STANDING_H
#define SLUICE_ENGINE_STANDING_H

#include <stddef.h>
#include <stdint.h>
#include <sluice/base/map.h>
#include <sluice/model/kinds.h>

struct standing {
    uint32_t
        *of; /* by rid: category in the low byte, number of the provider above; 0: not deferred */
    size_t size;
    struct map numbers; /* provider name -> its place in `names`, plus one */
    char (*names)[64];
    size_t providers;
};
void standing_init(struct standing *s);
void standing_done(struct standing *s);
void standing_set(struct standing *s, uint64_t rid, enum category c, const char *provider);
/* CAT_OK and "" when the recipient is not known to be deferred. */
void standing_get(const struct standing *s, uint64_t rid, enum category *c, const char **provider);

#endif
