/* engine.h: the running engine: its threads and how they are joined up. (S)
 *
 *   brain    the planner's thread: feeds events to plan/, carries out its actions
 *   keeper   the spool's thread: leases, records, one group commit for all that waits
 *   scribe   folds committed outcomes into the lists, writes result files
 *   resolver, pool workers, intake lanes, control clients: see their rooms
 *
 *     engine_start(settings, &e, &err);
 *     engine_stop(e, &at_once);
 *     engine_free(e);
 */
#ifndef SLUICE_ENGINE_ENGINE_H
#define SLUICE_ENGINE_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/conf/settings.h>

/* Reads the calendar files that these settings use. An engine starts with broken ones, too: what is wrong with them
 * becomes warnings. No engine is needed. */
void engine_check_calendars(const struct settings *s, struct problems *p);

/* Reads the key files that these settings name, and lets go of them again. Problems of theirs are errors: an engine
 * starts with all keys or not at all. */
void engine_check_keys(const struct settings *s, struct problems *p);

struct engine;
/* Recovers what the last life left, then starts all threads. The settings are borrowed. False: all is stopped
 * again, nothing of *out is left. */
bool engine_start(const struct settings *s, struct engine **out, struct err *e);
/* True when no job has work left, all results are written, and nothing lies in the drop directory (standing jobs
 * count only while mails of them wait): what --drain asks. Waits for a round of the planner. */
bool engine_is_drained(struct engine *e);
/* No new work, running transactions end. When *at_once is or becomes true: connections are cut (what was between the
 * final dot and its reply is in doubt), and results are left to be written by the next start. Returns when everything
 * is down; false when the disk refused to the end: what could not be recorded is then in the hand-over file. */
bool engine_stop(struct engine *e, const atomic_bool *at_once);
/* Reads the configuration file and the key files again. What of it counts at once does, nothing is dropped; an
 * invalid one, or a key that cannot be used, changes nothing. The log tells. */
void engine_reload(struct engine *e);
void engine_free(struct engine *e); /* NULL is fine */

#endif
