/* pace.h: spacing that several threads share: the last word on when a message begins. (P)
 *
 * The planner grants messages ahead of time; a connection that is late (it had to be dialled, the
 * machine was busy) must not send what it was granted in one gush, nor beside what others send at
 * their own time, and what arrives a little closer together than it left us must not exceed a limit
 * either: a pace is a fiftieth slower than its rates. So whoever is about to begin queues here for the next free time of each rate. Nothing is
 * lost by it: somebody always waits when the rate is what holds things up.
 *
 *     struct pace_queue q = {0};
 *     while ((at_us = pace_queue_step(&q, d->pace, PACES_MAX, now_us = clock_mono_us())) > now_us)
 *         sleep until at_us
 */
#ifndef SLUICE_BASE_PACE_H
#define SLUICE_BASE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct rates;
struct pace;
/* Of those rates that are spacing; NULL: none is. Held once. */
struct pace *pace_new(const struct rates *r);
struct pace *pace_hold(struct pace *p); /* NULL is fine; returns p */
void pace_release(struct pace *p);      /* frees with the last one; NULL is fine */
/* The earliest time >= now_us that is free; it is taken. Any thread. */
int64_t pace_book(struct pace *p, int64_t now_us);

/* Several paces, one after the other, the first of the list last: that one (the receiver's own rate) is
 * exact; the others (our caps) may be off by the queue before it. (Waiting until all are free at once
 * was the alternative: who needs two of them hardly ever gets both beside many who need one.) */
struct pace_queue {
    bool is_in; /* false: begins anew */
    unsigned left;
    int64_t until_us;
};
/* now_us: it may begin. Later: call again then. NULL ends the list early. */
int64_t pace_queue_step(struct pace_queue *q, struct pace *const pace[], unsigned n,
                        int64_t now_us);

#endif
