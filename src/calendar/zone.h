/* zone.h: the clocks of time zones, past and future. (S: reads the system's tzdata)
 *
 * Not libical's own: its builtin zones go wrong in 2038 (measured with 3.0.16: Australia/Lord_Howe
 * and America/Nuuk), because it does not read the rule at the end of a TZif file (RFC 8536 3.3), and
 * they may not be used by two threads at once. A zone here never changes once it is made, so any
 * thread may read it.
 *
 *     const struct zone *z = zone_get("Europe/Berlin");
 *     int64_t begins = zone_first(z, local_sec), ends = zone_last(z, local_end_sec);
 */
#ifndef SLUICE_CALENDAR_ZONE_H
#define SLUICE_CALENDAR_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>

#define ZONE_ABBR 12
struct zone_change {
    int64_t at_sec; /* UTC */
    int32_t offset_sec;
    char abbr[ZONE_ABBR];
};
struct zone {
    char *name;                 /* owned */
    struct zone_change *change; /* sorted by at_sec; the first one holds since ever */
    size_t count;               /* at least 1 */
    struct zone *next;
};
/* NULL: not known. Lives until the program ends; a newer tzdata is seen after a restart. */
const struct zone *zone_get(const char *name);
int32_t zone_offset(const struct zone *z, int64_t utc_sec);
const char *zone_abbr(const struct zone *z, int64_t utc_sec);
/* The first and the last instant at which the zone's clocks show this time; one that they leave out
 * is moved on by the gap. */
int64_t zone_first(const struct zone *z, int64_t local_sec);
int64_t zone_last(const struct zone *z, int64_t local_sec);
/* [first, last) of a stretch of local time. Never empty when from < until: what begins inside a gap
 * and ends behind it begins at the gap's end at the latest, and what is left out as a whole moves on
 * by the gap. */
void zone_stretch(const struct zone *z, int64_t from_local, int64_t until_local, int64_t *from_utc,
                  int64_t *until_utc);
/* "Asia/Seoul" for "Asia/Seol"; false: nothing is near. */
bool zone_suggest(const char *wrong, char *out, size_t n);

/* Sorts and takes `change` (mem_*, at least one); for a file's own VTIMEZONE. */
struct zone *zone_new(const char *name, struct zone_change *change, size_t count);
void zone_free(struct zone *z); /* of zone_new() only; NULL is fine */

#endif
