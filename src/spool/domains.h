/* domains.h: numbers the domains of an import, 1 2 3 ..., in about 25 bytes each. Private.
 *
 * base/map.h copies every key into an allocation of its own; a list with a million domains would
 * take 100 MB.
 */
#ifndef SLUICE_SPOOL_DOMAINS_H
#define SLUICE_SPOOL_DOMAINS_H

#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>

struct domains {
    char *text; /* the names, NUL-terminated, one behind the other */
    size_t len, cap;
    uint32_t *start; /* by number - 1: offset in text */
    uint32_t *slot;  /* hash table of numbers; 0: empty */
    uint32_t count, slots;
};

void domains_done(struct domains *d);
/* The number of a name, a new one if need be; 0: more than 4 GB of names. A zeroed struct is empty.
 */
uint32_t domains_number(struct domains *d, struct str name);
const char *domains_name(const struct domains *d, uint32_t number);

#endif
