/* meter.h: the most events that any stretch of time saw. The stretches slide: what a limit of "100/s"
 * allows must hold between any two instants a second apart, not only within seconds of the calendar.
 *
 *     struct meter m = {0};
 *     meter_note(&m, scene->measure, now_us);
 *     m.span[0].peak                          // in any stretch of measure->ms[0]
 */
#ifndef LAB_METER_H
#define LAB_METER_H

#include <stddef.h>
#include <stdint.h>

#define METER_PERIODS 8
#define METER_PERIOD_MAX_MS 86400000
/* Events of one stretch that are remembered; a stretch with more of them shows as this many. */
#define METER_EVENTS_MAX (1U << 22)

struct periods {
    int64_t ms[METER_PERIODS]; /* the first is one second */
    size_t count;
};
struct meter {
    int64_t *at_us;      /* ring of `cap` (a power of two): event n is at n % cap */
    uint64_t next, last; /* numbers: of the next event, of the oldest that is remembered */
    size_t cap;
    struct {
        uint64_t first; /* the oldest event in the stretch that ends now */
        uint64_t peak;
    } span[METER_PERIODS];
};

/* One event; times never go back. The stretch is half open: events exactly a second apart never lie in
 * the same second. */
void meter_note(struct meter *m, const struct periods *p, int64_t now_us);
void meter_clear(struct meter *m);

#endif
