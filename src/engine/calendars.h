/* calendars.h: closed times of all parties, from the windows of the configuration and the files of
 * the two calendar folders. Private to the room. No engine is needed: tests make them from settings.
 *
 *     struct calendar_maker m;
 *     calendar_maker_init(&m, settings, range);
 *     calendars_make(&m, &calendars);
 *     print(&m.problems);
 *     calendar_maker_done(&m);
 */
#ifndef SLUICE_ENGINE_CALENDARS_H
#define SLUICE_ENGINE_CALENDARS_H

#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/calendar/calendar.h>
#include <sluice/conf/settings.h>
#include <sluice/plan/plan.h>

/* Past enough for the longest expiry, and a year ahead. */
struct calendar_range calendars_range(struct wall now);

struct holidays;
struct calendar_maker {
    const struct settings *settings; /* borrowed */
    struct calendar_range range;
    struct problems problems;  /* of the files; what could be understood counts all the same */
    struct holidays *holidays; /* files that were read already */
    struct folder *maintenance;
};
void calendar_maker_init(struct calendar_maker *m, const struct settings *s,
                         struct calendar_range r);
void calendar_maker_done(struct calendar_maker *m);
/* Adds to `out`. What they hold borrows nothing: it outlives the settings. */
void calendar_add_maintenance(struct calendar_maker *m, const struct profile *f, struct spans *out);
void calendar_add_sending(struct calendar_maker *m, const struct windows *w, const char *what,
                          struct spans *out);

struct party_calendar {
    enum plan_party party;
    char *name;
    struct spans closed;
};
/* One of each provider and each client of the configuration, in its order. */
struct calendars {
    struct party_calendar *item;
    size_t count;
};
void calendars_make(struct calendar_maker *m, struct calendars *out);
void calendars_done(struct calendars *c);
const struct spans *calendars_find(const struct calendars *c, enum plan_party party,
                                   const char *name); /* NULL: no such party */

/* What is wrong with calendar files becomes warnings, each said once: nothing stops for it. */
void calendars_warn(const struct problems *from, struct problems *to);

/* Another number when a file of the two folders appeared, changed or went. */
uint64_t calendars_stamp(const struct settings *s);
void windows_copy(struct windows *out, const struct windows *w);

#endif
