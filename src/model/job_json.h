/* job_json.h: the parts of a job's snapshot that are lists or groups. (P)
 *
 *     job_windows_put(o, &s->send_windows);
 *     if (!job_windows_read(o, &s->send_windows, e)) return false;
 */
#ifndef SLUICE_MODEL_JOB_JSON_H
#define SLUICE_MODEL_JOB_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <sluice/base/err.h>
#include <sluice/base/rate.h>
#include <sluice/model/job.h>
#include <sluice/model/window.h>

/* MUST succeed: NULL is out of memory, or a string that is no UTF-8, which the job room never lets
 * in. */
void job_json_put(json_t *object, const char *key, json_t *value);
/* Nothing is put when there are none, and what is absent is none. What is read is checked: the
 * snapshot may be damaged. */
void job_rates_put(json_t *o, const char *key, const struct rates *r);
bool job_rates_read(const json_t *o, const char *key, struct rates *r, struct err *e);
void job_windows_put(json_t *o, const struct windows *w);
bool job_windows_read(const json_t *o, struct windows *w, struct err *e);
/* The group `message`. A job from before there was one was taken in without a look at what the law asks of
 * an advertisement, and goes on without. */
void job_message_put(json_t *o, const struct message_spec *m);
bool job_message_read(const json_t *o, struct message_spec *m, struct err *e);

#endif
