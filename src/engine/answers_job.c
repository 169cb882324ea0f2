/* answers_job.c: status, results, show and the levers. */
#include "answers_parts.h"
#include "approval.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/report/results.h>

/* ---- status ---- */

json_t *answer_status(struct ask *q)
{
    const char *job = ask_text(q, "job");
    struct job_row row;
    if (job && !ask_job(q, &row))
        return q->failed;
    json_t *answer = live_status(q->engine, job);
    if (!answer)
        return control_error("the daemon has no status: it is starting or stopping");
    json_object_set_new(answer, "ok", json_true());
    return answer;
}

/* ---- levers ---- */

/* live_lever() knows which states it moves; here the job is only found, for the sake of "did you
 * mean". */
json_t *answer_lever(struct ask *q)
{
    struct job_row row;
    struct err e = {0};
    if (!ask_job(q, &row))
        return q->failed;
    if (!live_lever(q->engine, q->verb, row.id, &e))
        return control_error("%s", e.text);
    json_t *answer = answer_ok();
    answer_put_text(answer, "job", row.id);
    return answer;
}

/* ---- results ---- */

struct results {
    struct answer_rows rows;
    bool csv;
};

static bool put_result(void *arg, const struct result_row *row)
{
    struct results *r = arg;
    struct result_line line;
    result_line_of(&line, row);
    if (r->csv)
        results_csv(&line, &r->rows.text);
    else
        results_ndjson(&line, &r->rows.text);
    return answer_rows_put(&r->rows);
}

json_t *answer_results(struct ask *q)
{
    struct job_row row;
    struct results r;
    struct err e = {0};
    if (!ask_job(q, &row) || !ask_format(q, &r.csv))
        return q->failed;
    answer_rows_start(&r.rows, q);
    if (r.csv)
        results_csv_head(&r.rows.text);
    bool ok = spool_each_result(q->spool, row.key, put_result, &r, &e);
    return answer_rows_end(&r.rows, ok, &e);
}

/* ---- show ---- */

/* A job as it was accepted. */
struct snapshot {
    struct job_spec *spec;
    struct part_files parts;
    char *columns;
};

static bool snapshot_load(struct ask *q, const struct job_row *row, struct snapshot *s)
{
    struct err e = {0};
    *s = (struct snapshot){0};
    return spool_load(q->spool, row->key, &s->spec, &s->parts, &s->columns, &e) ||
           ask_fail(q, "%s", e.text);
}

static void snapshot_done(struct snapshot *s)
{
    job_spec_free(s->spec);
    part_files_done(&s->parts);
    free(s->columns);
}

static void put_row(json_t *o, const struct job_row *row)
{
    answer_put_text(o, "id", row->id);
    answer_put_text(o, "client", row->client);
    answer_put_text(o, "state", job_state_name(row->state));
    answer_put_wall(o, "created", row->created);
    answer_put_wall(o, "finished", row->finished);
    answer_put_count(o, "recipients", row->recipients);
    answer_put_count(o, "duplicates", row->duplicates);
    answer_put_count(o, "bad_rows", row->bad_rows);
}

/* Whether it needs somebody's word, and who gave it. */
static void put_approval(struct ask *q, json_t *answer, const struct job_row *row)
{
    struct approval a;
    struct err e;
    char hint[APPROVAL_HINT];
    if (approval_find(q->spool, row->id, &a, &e)) {
        json_t *o = json_object();
        answer_put_wall(o, "at", a.at);
        answer_put_text(o, "by", a.by);
        json_object_set_new(o, "untested", json_boolean(a.is_untested));
        json_object_set_new(answer, "approved", o);
    } else if (answer_job_is_open(row)) {
        approval_hint(row->id, hint);
        answer_put_text(answer, "held", hint);
    }
}

static json_t *show_job(struct ask *q, const struct job_row *row)
{
    struct snapshot s;
    struct buf text;
    if (!snapshot_load(q, row, &s))
        return q->failed;
    json_t *answer = answer_ok(), *parts = json_array();
    put_row(answer, row);
    buf_init(&text, 8 * 1024 * 1024);
    job_spec_format(s.spec, &text);
    json_object_set_new(answer, "job", json_loadb(text.data, text.len, 0, NULL));
    buf_done(&text);
    answer_put_text(answer, "columns", s.columns);
    for (size_t i = 0; i < s.parts.count; i++) {
        json_t *part = json_object();
        answer_put_text(part, "name", s.parts.item[i].name);
        answer_put_count(part, "bytes", s.parts.item[i].n);
        json_array_append_new(parts, part);
    }
    json_object_set_new(answer, "parts", parts);
    if (s.spec->needs_approval)
        put_approval(q, answer, row);
    snapshot_done(&s);
    return answer;
}

/* The members are named as the columns of results are. */
static bool put_attempt(void *arg, const struct result_row *r)
{
    json_t *o = json_object();
    answer_put_wall(o, "time", r->at);
    answer_put_text(o, "state", state_name(r->state));
    if (r->category != CAT_OK)
        answer_put_text(o, "class", category_name(r->category));
    if (r->code)
        json_object_set_new(o, "code", json_integer(r->code));
    answer_put_text(o, "enhanced", r->enhanced);
    answer_put_text(o, "text", r->text);
    answer_put_text(o, "provider", r->provider);
    answer_put_text(o, "mx_host", r->mx_host);
    answer_put_text(o, "rule", r->rule);
    answer_put_text(o, "message_id", r->message_id);
    answer_put_wall(o, "next_attempt", r->due);
    answer_put_count(o, "attempts", r->attempts);
    json_array_append_new(arg, o);
    return true;
}

static json_t *show_attempts(struct ask *q, const struct job_row *row, const char *email,
                             const char *vars)
{
    struct err e = {0};
    json_t *attempts = json_array();
    if (!spool_each_attempt(q->spool, row->key, email, put_attempt, attempts, &e)) {
        json_decref(attempts);
        return control_error("%s", e.text);
    }
    json_t *answer = answer_ok();
    answer_put_text(answer, "id", row->id);
    answer_put_text(answer, "address", email);
    answer_put_text(answer, "variables", vars);
    json_object_set_new(answer, "attempts", attempts);
    return answer;
}

static json_t *show_recipient(struct ask *q, const struct job_row *row)
{
    struct address address;
    struct err e = {0};
    uint64_t rid;
    char *vars = NULL;
    if (!ask_address(q, &address))
        return q->failed;
    if (!spool_find_recipient(q->spool, row->key, address.text, &rid, &vars, &e))
        return e.text[0] ? control_error("%s", e.text)
                         : control_error("job '%s' has no recipient %s", row->id, address.text);
    json_t *answer = show_attempts(q, row, address.text, vars);
    free(vars);
    return answer;
}

json_t *answer_show(struct ask *q)
{
    struct job_row row;
    if (!ask_job(q, &row))
        return q->failed;
    if (ask_text(q, "address"))
        return ask_flag(q, "message") ? answer_render(q) : show_recipient(q, &row);
    return ask_flag(q, "message") ? control_error("a message is shown for an 'address'")
                                  : show_job(q, &row);
}
