/* spans.h: closed times as a value: sorted, disjoint stretches of wall-clock time, each with its
 * reason. (P)
 *
 * The calendar room expands windows of any kind into them (a send window becomes the closed time
 * around it), so that the planner and the forecast only ever ask: is it closed, when does that
 * change, how long was it closed between two points. Several sets are joined by spans_join().
 *
 *     if (spans_at(s, now.wall.ms)) at = spans_opens_at(s, now.wall.ms);
 */
#ifndef SLUICE_SHAPE_SPANS_H
#define SLUICE_SHAPE_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/origin.h>
#include <sluice/base/when.h>

struct span {
    int64_t from_ms, until_ms; /* wall; [from, until); until WHEN_NEVER: no end */
    uint32_t reason;           /* index */
    int64_t
        closed_before_ms; /* sum of all spans in front of this one: kept by the functions here */
};
struct span_reason {
    char *text;       /* "maintenance of naver: Sun 02:00-06:00 Asia/Seoul (정기점검)", owned */
    struct origin at; /* borrowed from the configuration, or, with `file`, from this */
    char *file; /* owned; NULL: at.file is the configuration's. (A job's or an .ics file's name
                       * lives here.) */
};
struct spans {
    struct span *item;
    size_t count;
    struct span_reason *reason;
    size_t reasons;
};
/* A zeroed struct is an empty set: always open. */
void spans_done(struct spans *s);
/* Adds a reason and returns its index; texts are copied. `owns_file`: the file name is copied, too. */
uint32_t spans_reason(struct spans *s, const char *text, struct origin at, bool owns_file);
/* Adds closed time in any order; from >= until adds nothing. Overlaps with another reason keep the
 * one that was there; what is left over gets the new reason. */
void spans_add(struct spans *s, int64_t from_ms, int64_t until_ms, uint32_t reason);
/* What is closed in a or b (either may be NULL); out MUST be empty. Reasons are copied. */
void spans_join(struct spans *out, const struct spans *a, const struct spans *b);
void spans_copy(struct spans *out, const struct spans *s);

/* The span that t lies in; NULL: open. NULL is fine for s everywhere below: always open. */
const struct span *spans_at(const struct spans *s, int64_t t_ms);
const struct span_reason *spans_reason_at(const struct spans *s, int64_t t_ms); /* NULL: open */
/* The earliest open time >= t; WHEN_NEVER: it stays closed. */
int64_t spans_opens_at(const struct spans *s, int64_t t_ms);
/* The next time >= t at which it closes (t itself when it is closed); WHEN_NEVER: none known. */
int64_t spans_closes_at(const struct spans *s, int64_t t_ms);
/* How much of [from, until) is closed; O(log n). */
int64_t spans_closed_ms(const struct spans *s, int64_t from_ms, int64_t until_ms);
/* The earliest t with (t - from) - closed(from, t) >= open_ms: when that much open time has passed.
 * WHEN_NEVER: never. */
int64_t spans_after_open_ms(const struct spans *s, int64_t from_ms, int64_t open_ms);

#endif
