/* calendar.h: from windows as people write them to stretches of time. (S: reads time zones and .ics
 * files; the only user of libical)
 *
 * Local times follow their IANA zone (the system's tzdata) through daylight saving: an hour that does
 * not exist is moved on by the gap, one that exists twice counts from its first occurrence to its
 * last. Windows may cross midnight, overlap, recur (RFC 5545 3.3.10, with RDATE and EXDATE in files),
 * or have no end. A rule's duration is elapsed time, or what the clock on the wall makes of it,
 * whichever ends later.
 *
 * Any thread may call anything here: zones never change once they are read (a newer tzdata is seen
 * after a restart), and libical, which has state of its own, is called under one lock of this room.
 *
 *     struct calendar_range r = {now - 35 days, now + 400 days};
 *     calendar_maintenance(&profile->maintenance, "naver", r, &spans);
 *     calendar_sending(&client->send_windows, holidays, "client shop", r, &spans);
 */
#ifndef SLUICE_CALENDAR_CALENDAR_H
#define SLUICE_CALENDAR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/model/window.h>
#include <sluice/shape/spans.h>

struct calendar_range {
    struct wall from, until;
};
#define CALENDAR_SPANS_MAX 200000 /* of one set; more is cut, with a warning in the log */

/* Is the zone known, the rule legal (nothing more often than HOURLY, at most 288 times a day), does
 * it ever occur, is the duration sane (at most 366 days)? `path` names the setting in messages
 * ("maintenance"); problems carry w->at. Warnings, with which it is still true: a rule that has ended
 * by now, one whose duration leaves no time between two occurrences. */
bool calendar_check(const struct window *w, const char *path, struct problems *p);
/* Adds closed time to `out`: every window that touches the range, whole, so it may begin before and
 * end behind it; without end: until WHEN_NEVER. `what` begins the reasons ("maintenance of naver").
 * Windows that calendar_check() refuses add nothing. */
void calendar_maintenance(const struct windows *w, const char *what, struct calendar_range r,
                          struct spans *out);
/* Adds as closed everything in the range that no window opens (windows->count 0: nothing), and
 * `holidays` (may be NULL): closed days from calendar_ics(), whatever the windows say. Behind the
 * range nothing is closed: make it anew before `until` is reached. */
void calendar_sending(const struct windows *w, const struct spans *holidays, const char *what,
                      struct calendar_range r, struct spans *out);

#define CALENDAR_ICS_BYTES (1u << 20)
/* All VEVENTs of an .ics file as closed time (RRULE, RDATE, EXDATE, RECURRENCE-ID, DURATION, DTEND;
 * floating times and all-day days in `default_zone`). Cancelled and transparent events close nothing.
 * A TZID that is an IANA name means that zone, whatever VTIMEZONE the file brings along; then the
 * file's, then default_zone with a warning. Hostile input: at most CALENDAR_ICS_BYTES, 10,000 events,
 * and so much work on rules. What cannot be understood is a problem with the file and the event's
 * line, and false; what can be understood is added all the same. Reasons are `what`: SUMMARY.
 * Warnings, with which it is still true: no END:VCALENDAR, an event without length, a rule that never
 * occurs (but at its start, which always counts). */
bool calendar_ics(const char *path, const char *what, const char *default_zone,
                  struct calendar_range r, struct spans *out, struct problems *p);
/* The same from memory, for tests and fuzzing; `path` only names it. */
bool calendar_ics_text(const char *text, size_t n, const char *path, const char *what,
                       const char *default_zone, struct calendar_range r, struct spans *out,
                       struct problems *p);
/* Local wall clock of that zone for people: "Wed 2026-11-25 01:00 KST"; "" for an unknown zone,
 * "never" for WHEN_NEVER. */
void calendar_format(struct wall at, const char *zone_name, char *out, size_t n);

#endif
