/* ics.h: what the files of this room that read .ics files share.
 *
 *     if (ics_time(in, block->line, property, &t)) ...
 */
#ifndef SLUICE_CALENDAR_ICS_H
#define SLUICE_CALENDAR_ICS_H

#include <libical/ical.h>

#include "blocks.h"
#include "window.h"

#define ICS_EVENTS 10000
#define ICS_ZONES 100
#define ICS_WARNINGS 20  /* of one file, about events; then they are only counted */
#define ICS_EXCEPTS 2000 /* of one event: EXDATE, and occurrences that another event replaces */

/* An occurrence that an event with RECURRENCE-ID replaces. */
struct ics_override {
    uint64_t uid_hash;
    int64_t utc_sec;
};
struct ics {
    const char *path, *what;
    const struct zone *default_zone;
    struct zone *zone[ICS_ZONES]; /* the file's own */
    size_t zones;
    struct ics_override *override; /* sorted by uid_hash */
    size_t overrides;
    struct rule_budget budget;
    struct rule_budget doubt; /* for looking whether a rule occurs at all */
    struct stretches st;
    struct spans own;
    struct problems *p;
    size_t warnings;
};
struct ics_time {
    const struct zone *zone; /* all that are not UTC follow it */
    int64_t local_sec;
    bool is_date;
};

/* A DATE or DATE-TIME value of a property with its TZID. False: it has none. `line`: of its event, for
 * the warning about an unknown zone. */
bool ics_time(struct ics *in, unsigned line, icalproperty *property, struct ics_time *out);
bool ics_time_of(struct ics *in, unsigned line, icalproperty *property, struct icaltimetype t,
                 struct ics_time *out);
/* The file's own VTIMEZONE; unless the system knows a zone of that name. */
void ics_add_zone(struct ics *in, const struct block *block);
void ics_add_event(struct ics *in, const struct block *block);
/* Notes the occurrence that it replaces, if it does. */
void ics_note_override(struct ics *in, const struct block *block);
/* NULL: libical makes nothing of it; a problem says so. Free with icalcomponent_free(). The lock is
 * held. */
icalcomponent *ics_parse(struct ics *in, const struct block *block);
uint64_t ics_uid(icalcomponent *c);

#endif
