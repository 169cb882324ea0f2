/* windows_check.h: windows that contradict one another. Private to the room; needs no engine. */
#ifndef SLUICE_ENGINE_WINDOWS_CHECK_H
#define SLUICE_ENGINE_WINDOWS_CHECK_H

#include "calendars.h"

/* A job as far as its windows go. */
struct window_job {
    const char *id, *client;
    const struct windows *windows;
    struct wall start, finish_by; /* ms 0: none */
};
/* Calls each() for
 *   a send window that maintenance of a provider leaves less than a minute of, in m->range;
 *   a job whose finish_by comes before it may send at all;
 *   a window that was meant once, and is over at `now`.
 * The text is valid during the call. */
void windows_check(struct calendar_maker *m, const struct window_job *job, size_t jobs,
                   struct wall now, void (*each)(void *arg, const char *text, struct origin at),
                   void *arg);

#endif
