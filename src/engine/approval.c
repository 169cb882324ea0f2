/* approval.c: who approved a job, and when, is a note in the catalog: durable before the planner hears of it.
 * Until then the job is paused for the planner, whatever pause and resume say: nothing of it is
 * leased. */
#include "approval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "engine.h"

/* ---- the note ---- */

struct find {
    char key[sizeof APPROVAL_NOTE + 64];
    struct approval *out;
    bool is_found;
};

static bool read_note(void *arg, const char *key, const char *value)
{
    struct find *f = arg;
    json_int_t at = 0;
    const char *by = "";
    int untested = 0;
    if (strcmp(key, f->key) != 0)
        return true;
    json_t *o = json_loads(value, 0, NULL);
    f->is_found = json_unpack(o, "{s:I,s:s,s:b}", "at", &at, "by", &by, "untested", &untested) == 0;
    *f->out = (struct approval){.at = {at}, .is_untested = untested};
    str_copy(f->out->by, sizeof f->out->by, str_of(by));
    json_decref(o);
    return false;
}

bool approval_find(struct spool *s, const char *job, struct approval *out, struct err *e)
{
    struct find f = {.out = out};
    snprintf(f.key, sizeof f.key, APPROVAL_NOTE "%.64s", job);
    *e = (struct err){0};
    return spool_each_note(s, read_note, &f, e) && f.is_found;
}

/* What cannot be read counts as not given: it can be given again. */
bool approval_is_awaited(struct spool *s, const struct job_spec *spec, struct wall *approved)
{
    struct approval a = {0};
    struct err err;
    bool is_given = spec->needs_approval && approval_find(s, spec->id, &a, &err);
    if (approved)
        *approved = a.at;
    if (!spec->needs_approval || is_given)
        return false;
    if (err.text[0])
        log_line(LOG_AT_ERROR, "job", "job=%s its approval cannot be read, it waits for one: %s",
                 spec->id, err.text);
    return true;
}

void approval_hint(const char *job, char out[APPROVAL_HINT])
{
    snprintf(out, APPROVAL_HINT,
             "waits for approval; test it: `sluice test %.64s`; release it: `sluice approve %.64s`",
             job, job);
}

/* ---- tests ---- */

#define TEST_MARK "-test-"
enum { TEST_BASE_MAX = 64 - (int)sizeof TEST_MARK + 1 - 6 };

void test_job_id(const char *job, unsigned number, char out[65])
{
    snprintf(out, 65, "%.*s" TEST_MARK "%u", TEST_BASE_MAX, job, number % 1000000);
}

struct tests {
    struct spool *spool;
    const char *job;
    char prefix[65];
    struct job_row *row;
    size_t rows;
    bool delivered;
};

static bool take_row(void *arg, const struct job_row *row)
{
    struct tests *t = arg;
    if (strncmp(row->id, t->prefix, strlen(t->prefix)) == 0) {
        t->row = mem_grow(t->row, t->rows + 1, sizeof *t->row);
        t->row[t->rows++] = *row;
    }
    return true;
}

static bool take_result(void *arg, const struct result_row *r)
{
    struct tests *t = arg;
    t->delivered = t->delivered || r->state == STATE_DELIVERED;
    return !t->delivered;
}

/* Whoever named a job of his own like that has made no test. */
static bool is_test_of(struct tests *t, const struct job_row *row)
{
    struct job_spec *spec = NULL;
    struct part_files parts = {0};
    char *columns = NULL;
    struct err e;
    bool is_one = spool_load(t->spool, row->key, &spec, &parts, &columns, &e) && spec->test_of &&
                  strcmp(spec->test_of, t->job) == 0;
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    return is_one;
}

bool tests_of_job(struct spool *s, const char *job, unsigned *tests, bool *delivered, struct err *e)
{
    struct tests t = {.spool = s, .job = job};
    snprintf(t.prefix, sizeof t.prefix, "%.*s" TEST_MARK, TEST_BASE_MAX, job);
    *tests = 0;
    bool ok = spool_each_job(s, take_row, &t, e);
    for (size_t i = t.rows; ok && i-- > 0 && !t.delivered;) {
        if (!is_test_of(&t, &t.row[i]))
            continue;
        ++*tests;
        ok = spool_each_result(s, t.row[i].key, take_result, &t, e);
    }
    *delivered = t.delivered;
    free(t.row);
    return ok;
}
