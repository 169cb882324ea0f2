/* engine.h: the running engine: its threads and how they are joined up. (S)
 *
 *   brain    the planner's thread: feeds events to plan/, carries out its actions
 *   keeper   the spool's thread: leases, records, one group commit for all that waits
 *   scribe   folds committed outcomes into the lists, writes result files
 *   resolver, pool workers, intake lanes, control clients: see their rooms
 *
 *     engine_start(settings, &e, &err);
 *     engine_wait_idle(e, deadline)  /  engine_stop(e, false);  engine_free(e);
 */
#ifndef SLUICE_ENGINE_ENGINE_H
#define SLUICE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/conf/settings.h>

struct engine;
/* Recovers what the last life left, then starts all threads. The settings are borrowed. */
bool engine_start(const struct settings *s, struct engine **out, struct err *e);
/* True when no job has work left and nothing lies in the drop directory (standing jobs count only while mails of them
 * wait): what --drain asks. */
bool engine_is_drained(struct engine *e);
/* First call: no new work, running transactions end. With at_once (also as a second call): connections are cut; what was
 * between the final dot and its reply is in doubt. Returns when everything is down and committed. */
void engine_stop(struct engine *e, const volatile bool *at_once);
void engine_free(struct engine *e); /* NULL is fine */

#endif
