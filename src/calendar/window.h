/* window.h: when one window holds.
 *
 *     window_expand(&w->item[i], reason, &st);
 */
#ifndef SLUICE_CALENDAR_WINDOW_H
#define SLUICE_CALENDAR_WINDOW_H

#include "rule.h"
#include "stretch.h"
#include "zone.h"

/* A window that calendar_check() refuses adds nothing. */
void window_expand(const struct window *w, uint32_t reason, struct stretches *st);

/* Occurrences of a rule as stretches. A length is elapsed time (exact_sec) or what the clock on the
 * wall says (wall_sec), whichever ends later. */
struct recurrence {
    const struct rule *rule;
    const struct zone *zone;
    int64_t start_local;
    int64_t exact_sec, wall_sec;
    uint32_t reason;
    struct rule_budget *budget;
    /* Left out: sorted instants, UTC seconds. May be NULL. */
    const int64_t *except;
    size_t excepts;
};
/* r with until_sec made local to the zone. */
void rule_settle_until(struct rule *r, const struct zone *z);
void recurrence_expand(const struct recurrence *r, struct stretches *st);
/* One occurrence of it. */
bool recurrence_add(const struct recurrence *r, int64_t local_sec, struct stretches *st);

#endif
