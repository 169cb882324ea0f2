/* pace.h: spacing that several threads share: the last word on when a message begins. (P)
 *
 * The planner grants messages ahead of time; a connection that is late (it had to be dialled, the
 * machine was busy) must not send what it was granted in one gush, nor beside what others send at
 * their own time. So whoever is about to begin books the next free time here. Nothing is lost by it:
 * somebody always waits when the rate is what holds things up.
 *
 *     int64_t at_us = pace_book(p, clock_mono_us());
 *     sleep until at_us
 */
#ifndef SLUICE_BASE_PACE_H
#define SLUICE_BASE_PACE_H

#include <stdint.h>

struct rates;
struct pace;
/* Of those rates that are spacing; NULL: none is. Held once. */
struct pace *pace_new(const struct rates *r);
struct pace *pace_hold(struct pace *p); /* NULL is fine; returns p */
void pace_release(struct pace *p);      /* frees with the last one; NULL is fine */
/* The earliest time >= now_us that is free; it is taken. Any thread. */
int64_t pace_book(struct pace *p, int64_t now_us);

#endif
