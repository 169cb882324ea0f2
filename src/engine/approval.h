/* approval.h: jobs with `approval = true` send nothing before somebody says so. Private to the room.
 *
 *     if (approval_find(q->spool, "spring", &a, &e)) ... a.by
 */
#ifndef SLUICE_ENGINE_APPROVAL_H
#define SLUICE_ENGINE_APPROVAL_H

#include <sluice/spool/spool.h>

#define APPROVAL_NOTE "approval/" /* and the job's id: a note of the catalog */
#define APPROVAL_HINT 320

struct approval {
    struct wall at;
    char by[65];
    bool is_untested; /* nobody had got a test of it */
};
/* False with an empty error text: there is none. */
bool approval_find(struct spool *s, const char *job, struct approval *out, struct err *e);
/* "waits for approval; test it: ...": for people; a job's id is short. */
void approval_hint(const char *job, char out[APPROVAL_HINT]);

/* The tests of a job: JOB-test-1, ... A long id is cut. */
void test_job_id(const char *job, unsigned number, char out[65]);
/* How many of its tests there were; *delivered: one of them reached somebody. Reads those of the catalog. */
bool tests_of_job(struct spool *s, const char *job, unsigned *tests, bool *delivered,
                  struct err *e);

#endif
