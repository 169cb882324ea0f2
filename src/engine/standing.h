/* standing.h: how each recipient of a job stands who is deferred, bounced or in quarantine, in four
 * bytes each, so that a later outcome can take the earlier one back out of the counters. Private.
 *
 *     standing_set(&s, &outcome);
 *     struct tally_before before = standing_before(&s, o->rid);
 */
#ifndef SLUICE_ENGINE_STANDING_H
#define SLUICE_ENGINE_STANDING_H

#include <stddef.h>
#include <stdint.h>
#include <sluice/base/map.h>
#include <sluice/report/tally.h>

struct standing {
    uint32_t *of; /* by rid: category in 6 bits, state in 2, number of the provider above; 0: none
                   * of the three states */
    size_t size;
    struct map numbers; /* provider name -> its place in `names`, plus one */
    char (*names)[64];
    size_t providers;
};
void standing_init(struct standing *s);
void standing_done(struct standing *s);
/* Remembers deferred, bounced and quarantined; forgets who is in another state. */
void standing_set(struct standing *s, const struct outcome *o);
struct tally_before standing_before(const struct standing *s, uint64_t rid);

#endif
