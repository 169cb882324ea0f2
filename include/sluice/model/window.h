/* window.h: a window as people write it: hours of weekdays, a recurrence rule, or once. A value;
 * the calendar room makes points in time of it.
 *
 *     { days = "Mon-Fri"; hours = "08:00-20:00"; timezone = "Asia/Seoul"; }
 *     { rrule = "FREQ=MONTHLY;BYDAY=2SU"; start = "2026-01-11T02:00"; duration = "4 h"; timezone = ... }
 *     { from = "2026-11-25T01:00:00+09:00"; until = "2026-11-25T05:00:00+09:00"; }
 */
#ifndef SLUICE_MODEL_WINDOW_H
#define SLUICE_MODEL_WINDOW_H

#include <stddef.h>
#include <stdint.h>
#include <sluice/base/origin.h>
#include <sluice/base/when.h>

enum window_kind { WINDOW_WEEKLY, WINDOW_RULE, WINDOW_ONCE };

/* All strings are owned; NULL where absent. Times without a zone of their own are local to
 * `timezone`. */
struct window {
    enum window_kind kind;
    char *timezone; /* IANA, "Asia/Seoul"; WEEKLY and RULE: MUST be there */
    /* WEEKLY */
    uint8_t days;            /* bit 0 is Monday ... bit 6 Sunday: the day on which it begins */
    int from_min, until_min; /* of the day, 0..1440; until <= from: over midnight. 0 and 1440: the
                              * whole day */
    /* RULE: RFC 5545 3.3.10 */
    char *rrule;         /* "FREQ=MONTHLY;BYDAY=2SU" */
    char *start;         /* local: "2026-01-11T02:00" */
    int64_t duration_ms; /* > 0 */
    /* ONCE */
    struct wall from, until; /* until.ms WHEN_NEVER: no end */
    char *note;              /* for people; optional */
    struct origin at;        /* file NULL: a job's own window */
};
struct windows {
    struct window *item;
    size_t count;
    char *holidays; /* name of a calendar file of days on which the window does not open; send
                     * windows only; NULL: none */
};
void windows_done(struct windows *w); /* frees all, leaves an empty one */
/* One line for people: "Mon-Fri 08:00-20:00 Asia/Seoul", "FREQ=... from ... for 4h ...", "2026-11-25T... to ..."; at
 * most n bytes. */
void window_format(const struct window *w, char *out, size_t n);

#endif
