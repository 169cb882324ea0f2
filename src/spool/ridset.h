/* ridset.h: a set of recipient numbers (from 1). Private. */
#ifndef SLUICE_SPOOL_RIDSET_H
#define SLUICE_SPOOL_RIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ridset {
    uint64_t *slot; /* 0: empty */
    size_t size, count;
};
void ridset_done(struct ridset *s); /* a zeroed struct is the empty set */
bool ridset_has(const struct ridset *s, uint64_t rid);
void ridset_put(struct ridset *s, uint64_t rid);
bool ridset_remove(struct ridset *s, uint64_t rid); /* false: was not in */

#endif
