/* mailbox.h: how threads hand values to one another: many senders, one receiver, no lock per
 * message.
 *
 * A letter is embedded in the value sent; sending moves the ownership of the value to the receiver.
 * The receiver takes everything at once, oldest first. Sending wakes the receiver only if it
 * sleeps. A mailbox MUST outlive its senders: they still look at it after the receiver may have got
 * the letter.
 *
 *     mailbox_send(&planner->box, &result->letter);
 *     ...
 *     for (struct letter *l = mailbox_take(&box, until); l; l = next) { next = l->next; ... }
 */
#ifndef SLUICE_OS_MAILBOX_H
#define SLUICE_OS_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/when.h>

struct letter {
    struct letter *next;
    int kind; /* the receiver's own enum */
};

struct mailbox {
    _Atomic(struct letter *) head; /* newest first */
    _Atomic uint32_t sleeping;     /* futex word: 1 while the receiver sleeps */
    int fd;                        /* eventfd for receivers that sit in poll(); -1: none */
};

/* With wants_fd the mailbox has an eventfd that polls readable when letters wait (the resolver's
 * and the control socket's loops); mailbox_take drains it. */
bool mailbox_init(struct mailbox *m, bool wants_fd);
void mailbox_done(struct mailbox *m); /* MUST be empty */
void mailbox_send(struct mailbox *m, struct letter *l);
/* Everything that waits, oldest first, as a chain; sleeps until `until` (monotonic; WHEN_NEVER: for
 * ever; a time in the past: does not sleep) while there is nothing. NULL at the time-out or a
 * spurious wake. */
struct letter *mailbox_take(struct mailbox *m, struct mono until);

#endif
