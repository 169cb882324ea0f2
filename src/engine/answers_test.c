/* answers_test.c: `sluice test` and `sluice approve`: a job's mail to our own people, by the real way, and the word
 * that lets it go to the others. */
#include "answers_parts.h"
#include "approval.h"
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TEST_EXPIRES_MS = 3600 * 1000, TEST_NUMBERS_MAX = 10000 };

struct test {
    struct ask *q;
    struct job_row row; /* the job that is tested */
    struct job_spec *spec;
    struct part_files parts;
    char *columns;
    char *to[TEST_GROUP_MAX];
    size_t count;
    char *vars[TEST_GROUP_MAX]; /* of the job's recipients; used in turn */
    size_t recipients;
};

/* ---- to whom ---- */

static bool add_address(struct test *t, const char *text)
{
    struct address a;
    char why[160];
    if (!address_check(str_of(text), &a, why, sizeof why))
        return ask_fail(t->q, "'%.320s' is no address: %s", text, why);
    MUST(t->count < TEST_GROUP_MAX); /* a request has no more, nor has a group */
    t->to[t->count++] = mem_str(a.text);
    return true;
}

static bool add_group(struct test *t)
{
    struct setup *s = engine_hold(t->q->engine);
    const struct conf_strings *group =
        &settings_message(setup_settings(s), t->row.client)->test_group;
    bool ok = group->count > 0 ||
              ask_fail(t->q,
                       "the client '%s' has no in-house group: set `test_group` in the "
                       "configuration, or name addresses with --to",
                       t->row.client);
    for (size_t i = 0; i < group->count && ok; i++)
        ok = add_address(t, group->item[i]);
    engine_let_go(t->q->engine, s);
    return ok;
}

static bool find_addresses(struct test *t)
{
    size_t named = ask_count(t->q, "to");
    for (size_t i = 0; i < named; i++)
        if (!add_address(t, ask_item(t->q, "to", i)))
            return false;
    return named > 0 || add_group(t);
}

/* ---- as whom ---- */

static bool take_vars(void *arg, uint64_t rid, const char *email, const char *vars)
{
    struct test *t = arg;
    (void)rid, (void)email;
    t->vars[t->recipients++] = mem_str(vars);
    return t->recipients < t->count;
}

static bool find_variables(struct test *t)
{
    const char *as = ask_text(t->q, "as");
    uint64_t rid;
    struct err e = {0};
    if (as && !spool_find_recipient(t->q->spool, t->row.key, as, &rid, &t->vars[0], &e))
        return ask_fail(t->q, "job '%s' has no recipient %.320s", t->row.id, as);
    if (as)
        t->recipients = 1;
    else if (!spool_each_recipient(t->q->spool, t->row.key, take_vars, t, &e))
        return ask_fail(t->q, "%s", e.text);
    if (t->recipients == 0)
        t->vars[t->recipients++] = mem_str(strcmp(t->columns, "[]") == 0 ? "{}" : "[]");
    return true;
}

/* ---- a job of its own ---- */

static void replace(char **text, const char *with)
{
    free(*text);
    *text = mem_str(with);
}

/* It goes at once, whatever the hour and however slow the job itself is to go. */
static void make_spec(struct test *t)
{
    struct job_spec *s = t->spec;
    char token[17];
    replace(&s->test_of, t->row.id);
    snprintf(token, sizeof token, "%016llx", (unsigned long long)clock_entropy());
    replace(&s->token, token);
    replace(&s->recipients, NULL);
    replace(&s->from_list, NULL);
    s->priority = PRIO_URGENT;
    s->in_doubt = DOUBT_HOLD;
    s->is_standing = s->needs_approval = false;
    s->start = s->finish_by = (struct wall){0};
    s->expires_ms = TEST_EXPIRES_MS;
    s->connection_limit = 0;
    s->max_message_rate = (struct rates){0};
    windows_done(&s->send_windows);
}

static bool put_rows(struct test *t, struct spool_import *i, struct err *e)
{
    for (size_t n = 0; n < t->count; n++) {
        const char *vars = t->vars[n % t->recipients];
        if (!spool_import_row(i, t->to[n], vars, strlen(vars), n + 1, e))
            return false;
    }
    return true;
}

/* Two that choose a number at the same time would choose the same, and an import that has not finished counts as
 * none. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* code EEXIST: the id is taken. */
static bool import_as(struct test *t, const char *id, struct job_row *row, struct err *e)
{
    struct spool_import *i;
    replace(&t->spec->id, id);
    if (!spool_import_begin(t->q->spool, t->spec, &t->parts, id, clock_wall(), &i, e))
        return false;
    if (spool_import_columns(i, t->columns, e) && put_rows(t, i, e))
        return spool_import_finish(i, 0, NULL, NULL, row, e);
    spool_import_abort(i);
    e->code = 0;
    return false;
}

static bool import(struct test *t, struct job_row *row)
{
    char id[65];
    struct err e = {.code = EEXIST};
    for (unsigned n = 1; n <= TEST_NUMBERS_MAX && e.code == EEXIST; n++) {
        struct job_row taken;
        test_job_id(t->row.id, n, id);
        if (spool_find(t->q->spool, id, &taken, &e)) {
            e.code = EEXIST;
            continue;
        }
        if (e.text[0])
            break;
        if (import_as(t, id, row, &e))
            return true;
    }
    return ask_fail(t->q, "%s", e.text[0] ? e.text : "this job was tested too often");
}

static json_t *test_answer(const struct test *t, const struct job_row *row)
{
    json_t *answer = answer_ok(), *to = json_array();
    for (size_t i = 0; i < t->count; i++)
        json_array_append_new(to, json_string(t->to[i]));
    answer_put_text(answer, "job", t->row.id);
    answer_put_text(answer, "test", row->id);
    json_object_set_new(answer, "to", to);
    return answer;
}

static bool find_job(struct test *t)
{
    struct err e = {0};
    if (!ask_job(t->q, &t->row))
        return false;
    if (t->row.state == JOB_IMPORTING)
        return ask_fail(t->q, "job '%s' is still being imported; try again when that is through",
                        t->row.id);
    if (!spool_load(t->q->spool, t->row.key, &t->spec, &t->parts, &t->columns, &e))
        return ask_fail(t->q, "%s", e.text);
    return !t->spec->test_of ||
           ask_fail(t->q, "job '%s' is a test itself, of '%s'", t->row.id, t->spec->test_of);
}

json_t *answer_test(struct ask *q)
{
    struct test t = {.q = q};
    struct job_row row;
    json_t *answer = NULL;
    if (find_job(&t) && find_addresses(&t) && find_variables(&t)) {
        make_spec(&t);
        pthread_mutex_lock(&one_at_a_time);
        bool ok = import(&t, &row);
        pthread_mutex_unlock(&one_at_a_time);
        if (ok) {
            live_open_job(q->engine, &row);
            log_line(LOG_AT_INFO, "job", "job=%s is a test of %s, recipients=%zu by=\"%s\"", row.id,
                     t.row.id, t.count, control_peer(q->answer));
            answer = test_answer(&t, &row);
        }
    }
    for (size_t i = 0; i < t.count; i++)
        free(t.to[i]);
    for (size_t i = 0; i < t.recipients; i++)
        free(t.vars[i]);
    job_spec_free(t.spec);
    part_files_done(&t.parts);
    free(t.columns);
    return answer ? answer : q->failed;
}

/* ---- approve ---- */

static bool was_tested(struct ask *q, const struct job_row *row)
{
    unsigned tests;
    bool delivered;
    struct err e = {0};
    if (!tests_of_job(q->spool, row->id, &tests, &delivered, &e))
        return ask_fail(q, "%s", e.text);
    if (delivered)
        return true;
    return ask_fail(q,
                    tests ? "no test of job '%s' has reached anybody yet; look at `sluice status "
                            "%s-test-1`, or approve it with --untested"
                          : "job '%s' was not tested: `sluice test %s` first, or approve it with "
                            "--untested",
                    row->id, row->id);
}

/* Only of one that waits: else the engine says better why there is nothing to approve. */
static bool is_ready(struct ask *q, const struct job_row *row)
{
    struct job_spec *spec = NULL;
    struct part_files parts = {0};
    char *columns = NULL;
    struct err e = {0};
    if (ask_flag(q, "untested") || !answer_job_is_open(row))
        return true;
    bool ok =
        spool_load(q->spool, row->key, &spec, &parts, &columns, &e) || ask_fail(q, "%s", e.text);
    bool waits = ok && approval_is_awaited(q->spool, spec, NULL);
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
    return ok && (!waits || was_tested(q, row));
}

json_t *answer_approve(struct ask *q)
{
    struct job_row row;
    struct err e = {0};
    bool untested = ask_flag(q, "untested"), is_paused = false;
    const char *by = control_peer(q->answer);
    if (!ask_job(q, &row) || !is_ready(q, &row))
        return q->failed;
    if (!live_approve(q->engine, row.id, by, untested, &is_paused, &e))
        return control_error("%s", e.text);
    json_t *answer = answer_ok();
    answer_put_text(answer, "job", row.id);
    json_object_set_new(answer, "paused", json_boolean(is_paused));
    return answer;
}
