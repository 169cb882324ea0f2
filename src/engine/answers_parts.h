/* answers_parts.h: what the answers to `sluice`'s verbs share; private to answers*.c. */
#ifndef SLUICE_ENGINE_ANSWERS_PARTS_H
#define SLUICE_ENGINE_ANSWERS_PARTS_H

#include <stdbool.h>
#include <jansson.h>
#include <sluice/conf/settings.h>
#include <sluice/engine/answers.h>
#include <sluice/job/address.h>
#include <sluice/list/store.h>
#include <sluice/spool/spool.h>

/* One request on its way. Helpers that fail leave their refusal in ->failed, for the verb to
 * return; so a verb reads
 *
 *     struct job_row job;
 *     if (!ask_job(q, &job)) return q->failed;
 */
struct ask {
    struct engine *engine;
    const struct settings *settings;
    const json_t *request;
    struct control_answer *answer;
    const char *verb;
    struct spool *spool; /* open when the verb's table says so */
    struct list_store *list;
    json_t *failed;
};

/* The request's string, or NULL. The verb's table has checked its type. */
const char *ask_text(const struct ask *q, const char *field);
bool ask_flag(const struct ask *q, const char *field);
/* The request's list of strings: how many, and the i-th. */
size_t ask_count(const struct ask *q, const char *field);
const char *ask_item(const struct ask *q, const char *field, size_t i);
bool ask_fail(struct ask *q, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The catalog's row of the request's "job"; "no job 'sprng'; did you mean 'spring'?" otherwise. */
bool ask_job(struct ask *q, struct job_row *row);
/* The jobs of the catalog that are meant (NULL: all), the oldest first; free(.row). A catalog that
 * cannot be read says so in `status`; here it has fewer. */
struct answer_jobs {
    struct job_row *row;
    size_t count;
};
struct answer_jobs answer_jobs(struct ask *q, bool (*is_meant)(const struct job_row *row));
bool answer_job_is_open(const struct job_row *row); /* active or paused */
/* The request's "address", as lists have it. */
bool ask_address(struct ask *q, struct address *out);
/* The request's "format": true for csv (the default), false in *csv for ndjson. */
bool ask_format(struct ask *q, bool *csv);

/* The nearest of a number of names, offered one after the other. */
struct nearest {
    const char *word;
    char best[80];
    unsigned least;
};
void nearest_start(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *name);
/* "; did you mean 'spring'?", or "". */
const char *nearest_hint(struct nearest *n, char out[120]);

/* Objects: NULL and "" are left out; bytes that are no UTF-8 become '?'. */
void answer_put_text(json_t *o, const char *key, const char *text);
void answer_put_wall(json_t *o, const char *key, struct wall at); /* ms 0: left out */
void answer_put_count(json_t *o, const char *key, uint64_t n);
json_t *answer_ok(void); /* {"ok": true} */

/* Streams rows that grow in ->text: call answer_rows_put() behind each. False: the client is gone. */
struct answer_rows {
    struct ask *q;
    struct buf text;
    uint64_t count;
    bool gone;
};
void answer_rows_start(struct answer_rows *f, struct ask *q);
bool answer_rows_put(struct answer_rows *f);
/* Sends the rest; the final object, or the refusal when `ok` is false (a database's failure). */
json_t *answer_rows_end(struct answer_rows *f, bool ok, const struct err *e);

/* The verbs. */
json_t *answer_status(struct ask *q);
json_t *answer_results(struct ask *q);
json_t *answer_show(struct ask *q);
json_t *answer_render(struct ask *q);
json_t *answer_lint(struct ask *q);
json_t *answer_test(struct ask *q);
json_t *answer_approve(struct ask *q);
json_t *answer_keys(struct ask *q);
json_t *answer_lever(struct ask *q);
json_t *answer_providers(struct ask *q);
json_t *answer_provider(struct ask *q);
json_t *answer_quarantine(struct ask *q);
json_t *answer_suspend(struct ask *q);
json_t *answer_unsuspend(struct ask *q);
json_t *answer_reload(struct ask *q);
json_t *answer_why(struct ask *q);
json_t *answer_windows(struct ask *q);
json_t *answer_plan(struct ask *q);
json_t *answer_forecast(struct ask *q);
json_t *answer_hello(struct ask *q);
json_t *answer_submitted(struct ask *q);
json_t *answer_list_import(struct ask *q);
json_t *answer_list_export(struct ask *q);
json_t *answer_list_show(struct ask *q);
json_t *answer_lists(struct ask *q);
json_t *answer_suppress(struct ask *q);
json_t *answer_release(struct ask *q);
json_t *answer_suppressions(struct ask *q);

#endif
