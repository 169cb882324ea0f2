/* maintenance.h: the times in which a receiver is not to be disturbed. What is attempted all the same
 * is refused and counted; so is what is still connected when such a time begins.
 */
#ifndef LAB_MAINTENANCE_H
#define LAB_MAINTENANCE_H

#include "lab.h"

/* Watches the windows of all receivers; after loop_init(). */
void maintenance_start(struct lab *lab);
void maintenance_stop(struct lab *lab);
bool maintenance_is_on(const struct lab *lab, const struct receiver *r);
/* "on" (from now), "off" (over, and none to come), or "FROM UNTIL" as Unix milliseconds: one window
 * more. */
bool maintenance_set(struct lab *lab, struct receiver *r, const char *value, struct err *e);
/* A connection was made: counts it inside, or as one of the first ones after. */
void maintenance_connection(struct lab *lab, struct receiver *r);

#endif
