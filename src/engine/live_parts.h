/* live_parts.h: what the files behind live.h share; private to live*.c and their like. */
#ifndef SLUICE_ENGINE_LIVE_PARTS_H
#define SLUICE_ENGINE_LIVE_PARTS_H

#include <jansson.h>
#include <sluice/base/origin.h>
#include <sluice/base/when.h>
#include <sluice/engine/live.h>
#include <sluice/plan/plan.h>

/* Text of ours may hold what a list or a server said: what is no UTF-8 says so. */
json_t *live_text(const char *s);
json_t *live_time(struct wall w); /* null for 0 and for never */
json_t *live_number(uint64_t n);
void live_put_origin(json_t *o, struct origin at); /* "file", "line"; nothing when built in */

/* Waits in groups: equal reasons of many domains of one provider are one. See waits.c. */
struct wait_groups;
struct wait_groups *wait_groups_new(void);
void wait_groups_add(void *groups, const struct plan_wait *w); /* fits plan_each_wait() */
/* The largest `most` of them as "what", "recipients", "why", "until", "file", "line" and the
 * number of the job, "key"; *more (may be NULL): groups that were left out. Frees the groups. */
json_t *wait_groups_take(struct wait_groups *g, size_t most, uint64_t *more);

#endif
