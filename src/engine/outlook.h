/* outlook.h: a forecast of this engine: what its planner knows now, with or without one more job.
 * Private to the room; for the control socket's threads.
 *
 *     outlook_begin(&o, engine);                  // all open jobs, calendars, memory
 *     subject = outlook_add_job(&o, &spec);       // or outlook_find()
 *     outlook_add_domain(&o, subject, "naver.com", 5000, answer);
 *     outlook_run(&o, subject, answer, &out);
 *     outlook_done(&o);
 */
#ifndef SLUICE_ENGINE_OUTLOOK_H
#define SLUICE_ENGINE_OUTLOOK_H

#include <sluice/forecast/forecast.h>
#include "engine.h"

struct outlook_job {
    struct plan_job info; /* id and client are those below */
    char id[65], client[65];
    struct wall finish_by;
    uint64_t delivered; /* before now */
    uint64_t leased;    /* under way now */
    struct spans closed;
    bool has_job_file_only; /* not the engine's yet */
    bool waits_approval;    /* nothing of it is sent before */
};

/* Equal answers are one; as short as they are. */
struct answers {
    struct map by_hosts;
};
const struct mx_answer *answers_keep(struct answers *a, const struct mx_answer *answer);
void answers_done(struct answers *a);

struct outlook_times { /* measured at a provider */
    double dial_ms, message_ms;
};

struct outlook {
    struct engine *e;
    struct setup *setup; /* held: what it shapes by */
    struct now now;
    struct outlook_job *job;
    size_t jobs;
    struct forecast_domain *domain; /* names are owned */
    size_t domains, domain_cap;
    size_t last_job; /* whose bucket came last */
    struct forecast_calendar *calendar;
    size_t calendars;
    struct forecast_memory *memory;
    size_t memories, memory_cap;
    struct answers answers;
    struct map times;  /* provider -> struct outlook_times * */
    bool is_cut_short; /* it took too long: the result is what came out so far */
};

/* Asks the engine's threads: takes some milliseconds of each. */
void outlook_begin(struct outlook *o, struct engine *e);
void outlook_done(struct outlook *o);
/* Index of an open job, -1: none. */
int outlook_find(const struct outlook *o, const char *id);
/* One that is not taken in yet: as if it were now. */
int outlook_add_job(struct outlook *o, struct job_spec *spec);
void outlook_add_domain(struct outlook *o, int job, const char *name, uint64_t recipients,
                        const struct mx_answer *a);
/* False: the client is gone. The rows of *out are the caller's (forecast_out_done). */
bool outlook_run(struct outlook *o, int subject, struct control_answer *a,
                 struct forecast_out *out);
/* {"stage": ..., "done": 0.4} for who waits. False: the client is gone. */
bool outlook_progress(struct control_answer *a, const char *stage, double done);

#endif
