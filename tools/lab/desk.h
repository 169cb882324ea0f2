/* desk.h: the control channel: one command line in, "ok" or "error WHY" and a text out.
 *
 * Long answers (dump, dns) are written by a forked child from its copy of the memory, so that the lab
 * goes on receiving meanwhile.
 */
#ifndef LAB_DESK_H
#define LAB_DESK_H

#include "lab.h"

/* `where` is a path (it has a '/') of a Unix socket, or 127.0.0.1:PORT. */
bool desk_open(struct lab *lab, const char *where, struct err *e);
void desk_close(struct lab *lab);

#endif
