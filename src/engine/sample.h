/* sample.h: one message of a job, for people: of a job that was accepted, or of a job file that is not
 * dropped yet. Private to the room; for the control socket's threads.
 *
 *     if (!sample_take(&s, q)) return q->failed;
 *     sample_render(&s, false, &text, &e);
 *     sample_done(&s);
 */
#ifndef SLUICE_ENGINE_SAMPLE_H
#define SLUICE_ENGINE_SAMPLE_H

#include <sluice/render/mailing.h>
#include "answers_parts.h"

struct preview;
struct setup;
struct sample {
    struct ask *q;
    struct setup *setup; /* held */
    const struct job_spec *spec;
    struct mailing *mailing;
    char *email, *vars;
    uint64_t rid;
    /* its own */
    struct job_spec *snapshot;
    struct preview *preview;
};
/* What the request's "job" or "file" names, for its "address" (absent: the first recipient). False: nothing is
 * left of it, and q->failed says why. */
bool sample_take(struct sample *s, struct ask *q);
/* The exact bytes, signed and with tokens; at most MAILING_MAX_BYTES; keeps_links as in mailing.h. False: no message can be made for this
 * recipient. */
bool sample_render(const struct sample *s, bool keeps_links, struct buf *out, struct err *e);
/* What is odd about the job file that it is made of, as "job_warnings"; nothing when nothing is. */
void sample_put_warnings(const struct sample *s, json_t *answer);
void sample_done(struct sample *s);

#endif
