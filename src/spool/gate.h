/* gate.h: who may write a job's database next, among the threads of this process. Private.
 *
 * SQLite lets one connection write at a time; a second one polls with growing sleeps, and against a
 * spool thread that begins its next transaction a few microseconds after each commit it would poll
 * for ever. A gate is fair: first come, first served. So a trigger's append waits for one group
 * commit at most. (Other processes still meet SQLite's own lock.)
 *
 * The gate also carries the one thing that two handles must agree on: up to which due time rows
 * were leased, so that new rows are put behind it (see lease.c).
 */
#ifndef SLUICE_SPOOL_GATE_H
#define SLUICE_SPOOL_GATE_H

#include <stdint.h>

struct gate {
    int64_t leased_until_ms; /* read and written inside the gate only */
};

/* The same path gives the same gate; counted. */
struct gate *spool_gate_of(const char *path);
void spool_gate_release(struct gate *g); /* NULL is fine */
void spool_gate_enter(struct gate *g);
void spool_gate_leave(struct gate *g);

#endif
