/* answers.h: the handler behind the control socket: every verb of `sluice`. (S)
 *
 * Opens the spool and the list for itself per request thread; asks live.h for what only the running
 * planner knows.
 */
#ifndef SLUICE_ENGINE_ANSWERS_H
#define SLUICE_ENGINE_ANSWERS_H

#include <sluice/admin/control.h>
#include <sluice/engine/live.h>

/* A control_handler; arg is the struct engine. */
json_t *answers_handle(void *arg, const char *verb, const json_t *request,
                       struct control_answer *a);

#endif
