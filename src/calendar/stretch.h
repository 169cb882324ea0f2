/* stretch.h: stretches of time in the making, in any order and overlapping, on their way into a
 * struct spans, which wants them sorted to be fast. (P)
 *
 *     stretches_add(&st, from_ms, until_ms, 0);
 *     stretches_close(&st, reasons, 1, out);
 *     stretches_done(&st);
 */
#ifndef SLUICE_CALENDAR_STRETCH_H
#define SLUICE_CALENDAR_STRETCH_H

#include <sluice/calendar/calendar.h>

struct stretch {
    int64_t from_ms, until_ms;
    uint32_t reason; /* of the set that is being made */
};
struct stretches {
    struct stretch *item;
    size_t count;
    struct calendar_range range; /* what does not touch it is left out */
    bool is_cut;                 /* there were more than CALENDAR_SPANS_MAX */
};
void stretches_init(struct stretches *st, struct calendar_range range);
void stretches_done(struct stretches *st);
/* False: no more fits. */
bool stretches_add(struct stretches *st, int64_t from_ms, int64_t until_ms, uint32_t reason);
/* Sorts, and cuts what overlaps: the earlier one keeps the time. */
void stretches_settle(struct stretches *st);
/* Settles and adds all to `out` as closed time. `own` holds the reasons that the stretches name; it is
 * emptied. */
void stretches_close(struct stretches *st, struct spans *own, struct spans *out);

#endif
