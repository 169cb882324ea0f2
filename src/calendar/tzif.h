/* tzif.h: reads the compiled zone files of tzdata (RFC 8536). (P)
 *
 *     if (tzif_parse(data, n, &change, &count)) ...   // change is the caller's
 */
#ifndef SLUICE_CALENDAR_TZIF_H
#define SLUICE_CALENDAR_TZIF_H

#include <stdbool.h>
#include <stddef.h>

#include "zone.h"

/* All changes of the clock until CIVIL_LAST_YEAR, those of the rule at the file's end written out.
 * False: not such a file. */
bool tzif_parse(const char *data, size_t n, struct zone_change **change, size_t *count);

#endif
