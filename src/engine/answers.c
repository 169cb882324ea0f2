/* answers.c: finds the verb, checks the request's fields, opens what the verb needs. */
#include "answers_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

/* ---- verbs ---- */

enum needs { NEEDS_NOTHING, NEEDS_SPOOL = 1, NEEDS_LIST = 2, NEEDS_BOTH = 3 };
enum { FIELDS_MAX = 7, LIST_MAX = TEST_GROUP_MAX };
static const struct verb {
    const char *name;
    json_t *(*answer)(struct ask *q);
    enum needs needs;
    const char *field[FIELDS_MAX]; /* "job!": required, "message?": a boolean, "to*": a list */
} VERBS[] = {
    {"status", answer_status, NEEDS_SPOOL, {"job"}},
    {"results", answer_results, NEEDS_SPOOL, {"job!", "format"}},
    {"show", answer_show, NEEDS_SPOOL, {"job!", "address", "message?"}},
    {"render", answer_render, NEEDS_BOTH, {"job", "file", "address"}},
    {"lint", answer_lint, NEEDS_BOTH, {"job", "file", "address"}},
    {"test", answer_test, NEEDS_SPOOL, {"job!", "to*", "as"}},
    {"approve", answer_approve, NEEDS_SPOOL, {"job!", "untested?"}},
    {"keys", answer_keys, NEEDS_NOTHING, {"domain"}},
    {"pause", answer_lever, NEEDS_SPOOL, {"job!"}},
    {"resume", answer_lever, NEEDS_SPOOL, {"job!"}},
    {"cancel", answer_lever, NEEDS_SPOOL, {"job!"}},
    {"providers", answer_providers, NEEDS_NOTHING, {NULL}},
    {"provider", answer_provider, NEEDS_SPOOL, {"name!"}},
    {"provider-release", answer_quarantine, NEEDS_NOTHING, {"name!"}},
    {"provider-confirm", answer_quarantine, NEEDS_NOTHING, {"name!"}},
    {"suspend", answer_suspend, NEEDS_NOTHING, {"kind!", "name!", "for", "reason"}},
    {"unsuspend", answer_unsuspend, NEEDS_NOTHING, {"kind!", "name!"}},
    {"reload", answer_reload, NEEDS_NOTHING, {NULL}},
    {"why", answer_why, NEEDS_BOTH, {"what!"}},
    {"windows", answer_windows, NEEDS_SPOOL, {"provider", "at", "days"}},
    {"plan", answer_plan, NEEDS_BOTH, {"file!"}},
    {"forecast", answer_forecast, NEEDS_BOTH, {"job!"}},
    {"hello", answer_hello, NEEDS_NOTHING, {"name"}},
    {"submitted", answer_submitted, NEEDS_SPOOL, {"name!", "id"}},
    {"list-import",
     answer_list_import,
     NEEDS_LIST,
     {"list!", "file!", "provenance", "consent", "consent_at", "charset"}},
    {"list-export", answer_list_export, NEEDS_LIST, {"list!", "format"}},
    {"list-show", answer_list_show, NEEDS_LIST, {"address!"}},
    {"lists", answer_lists, NEEDS_LIST, {NULL}},
    {"suppress", answer_suppress, NEEDS_LIST, {"address!", "client", "class", "reason"}},
    {"release", answer_release, NEEDS_LIST, {"address!", "client", "class"}},
    {"suppressions", answer_suppressions, NEEDS_LIST, {"format"}},
};
enum { VERB_COUNT = sizeof VERBS / sizeof *VERBS };

/* ---- fields ---- */

static struct str field_name(const char *field)
{
    return str_n(field, strcspn(field, "!?*"));
}

static bool check_known(struct ask *q, const struct verb *v, const char *key)
{
    struct nearest near;
    char name[40], hint[120];
    nearest_start(&near, key);
    if (strcmp(key, "do") == 0)
        return true;
    for (size_t i = 0; i < FIELDS_MAX && v->field[i]; i++) {
        if (str_is(field_name(v->field[i]), key))
            return true;
        str_copy(name, sizeof name, field_name(v->field[i]));
        nearest_offer(&near, name);
    }
    return ask_fail(q, "%s has no field '%s'%s", v->name, key, nearest_hint(&near, hint));
}

static bool check_list(struct ask *q, const struct verb *v, const char *name, const json_t *value)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value) || json_array_size(value) > LIST_MAX)
        return ask_fail(q, "%s: '%s' must be a list of at most %d strings", v->name, name,
                        LIST_MAX);
    json_array_foreach(value, i, item)
    {
        if (!json_is_string(item) || json_string_length(item) > 4096)
            return ask_fail(q, "%s: '%s' must be a list of strings", v->name, name);
    }
    return true;
}

static bool check_fields(struct ask *q, const struct verb *v)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)q->request, key, value)
    {
        if (!check_known(q, v, key))
            return false;
    }
    for (size_t i = 0; i < FIELDS_MAX && v->field[i]; i++) {
        char name[40];
        str_copy(name, sizeof name, field_name(v->field[i]));
        value = json_object_get(q->request, name);
        bool required = strchr(v->field[i], '!'), flag = strchr(v->field[i], '?');
        if (!value && required)
            return ask_fail(q, "%s needs the field '%s'", v->name, name);
        if (value && strchr(v->field[i], '*')) {
            if (!check_list(q, v, name, value))
                return false;
            continue;
        }
        if (value && (flag ? !json_is_boolean(value) : !json_is_string(value)))
            return ask_fail(q, "%s: '%s' must be %s", v->name, name,
                            flag ? "true or false" : "a string");
        if (value && !flag && json_string_length(value) > 4096)
            return ask_fail(q, "%s: '%s' is too long", v->name, name);
    }
    return true;
}

/* ---- one request ---- */

static bool open_stores(struct ask *q, enum needs needs)
{
    struct err e = {0};
    if ((needs & NEEDS_SPOOL) && !spool_open(q->settings->spool_dir, &q->spool, &e))
        return ask_fail(q, "%s", e.text);
    if ((needs & NEEDS_LIST) && !list_open(q->settings->list_db, &q->list, &e))
        return ask_fail(q, "%s", e.text);
    return true;
}

json_t *answers_handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct engine *engine = arg;
    struct ask q = {.engine = engine,
                    .settings = live_settings(engine),
                    .request = request,
                    .answer = a,
                    .verb = verb};
    struct nearest near;
    char hint[120];
    nearest_start(&near, verb);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        const struct verb *v = &VERBS[i];
        nearest_offer(&near, v->name);
        if (strcmp(v->name, verb) != 0)
            continue;
        json_t *answer =
            check_fields(&q, v) && open_stores(&q, v->needs) ? v->answer(&q) : q.failed;
        spool_close(q.spool);
        list_close(q.list);
        return answer;
    }
    return control_error("the daemon does not know '%s'%s", verb, nearest_hint(&near, hint));
}

/* ---- helpers ---- */

const char *ask_text(const struct ask *q, const char *field)
{
    return json_string_value(json_object_get(q->request, field));
}

bool ask_flag(const struct ask *q, const char *field)
{
    return json_is_true(json_object_get(q->request, field));
}

size_t ask_count(const struct ask *q, const char *field)
{
    return json_array_size(json_object_get(q->request, field));
}

const char *ask_item(const struct ask *q, const char *field, size_t i)
{
    return json_string_value(json_array_get(json_object_get(q->request, field), i));
}

bool ask_fail(struct ask *q, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_decref(q->failed);
    q->failed = control_error("%s", text);
    return false;
}

static bool offer_job(void *arg, const struct job_row *row)
{
    nearest_offer(arg, row->id);
    return true;
}

bool ask_job(struct ask *q, struct job_row *row)
{
    const char *id = ask_text(q, "job");
    struct err e = {0};
    struct nearest near;
    char hint[120];
    if (spool_find(q->spool, id, row, &e))
        return true;
    if (e.text[0])
        return ask_fail(q, "%s", e.text);
    nearest_start(&near, id);
    spool_each_job(q->spool, offer_job, &near, &e);
    return ask_fail(q, "no job '%.100s'%s", id, nearest_hint(&near, hint));
}

struct some_jobs {
    struct answer_jobs jobs;
    bool (*is_meant)(const struct job_row *row);
};

static bool add_row(void *arg, const struct job_row *row)
{
    struct some_jobs *s = arg;
    if (s->is_meant && !s->is_meant(row))
        return true;
    s->jobs.row = mem_grow(s->jobs.row, s->jobs.count + 1, sizeof *s->jobs.row);
    s->jobs.row[s->jobs.count++] = *row;
    return true;
}

struct answer_jobs answer_jobs(struct ask *q, bool (*is_meant)(const struct job_row *row))
{
    struct some_jobs s = {.is_meant = is_meant};
    struct err e;
    spool_each_job(q->spool, add_row, &s, &e);
    return s.jobs;
}

bool answer_job_is_open(const struct job_row *row)
{
    return row->state == JOB_ACTIVE || row->state == JOB_PAUSED;
}

bool ask_address(struct ask *q, struct address *out)
{
    char why[160];
    const char *text = ask_text(q, "address");
    return address_check(str_of(text), out, why, sizeof why) ||
           ask_fail(q, "'%.320s' is no address: %s", text, why);
}

bool ask_format(struct ask *q, bool *csv)
{
    const char *format = ask_text(q, "format");
    *csv = !format || strcmp(format, "csv") == 0;
    return *csv || strcmp(format, "ndjson") == 0 ||
           ask_fail(q, "format is csv or ndjson, not '%.40s'", format);
}

void nearest_start(struct nearest *n, const char *word)
{
    /* Short names differ by little anyway: "a" is not meant by "b". */
    size_t length = strlen(word);
    *n = (struct nearest){.word = word, .least = length <= 2 ? 1 : length <= 5 ? 2 : 3};
}

void nearest_offer(struct nearest *n, const char *name)
{
    unsigned d = str_distance(str_of(n->word), str_of(name));
    if (d > n->least || (d == n->least && n->best[0]))
        return;
    n->least = d;
    str_copy(n->best, sizeof n->best, str_of(name));
}

const char *nearest_hint(struct nearest *n, char out[120])
{
    snprintf(out, 120, n->best[0] ? "; did you mean '%s'?" : "%s", n->best);
    return out;
}

void answer_put_text(json_t *o, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    size_t n = strlen(text);
    if (utf8_bad_at(text, n) == n) {
        json_object_set_new(o, key, json_stringn(text, n));
        return;
    }
    char *copy = mem_strn(text, n);
    for (size_t at = 0; (at += utf8_bad_at(copy + at, n - at)) < n;)
        copy[at] = '?';
    json_object_set_new(o, key, json_stringn(copy, n));
    free(copy);
}

void answer_put_wall(json_t *o, const char *key, struct wall at)
{
    char text[WALL_TEXT];
    if (at.ms == 0)
        return;
    wall_format(at, text);
    json_object_set_new(o, key, json_string(text));
}

void answer_put_count(json_t *o, const char *key, uint64_t n)
{
    json_object_set_new(o, key, json_integer((json_int_t)n));
}

json_t *answer_ok(void)
{
    return json_pack("{s:b}", "ok", 1);
}

/* ---- streams ---- */

void answer_rows_start(struct answer_rows *f, struct ask *q)
{
    *f = (struct answer_rows){.q = q};
    buf_init(&f->text, CONTROL_PIECE + 16 * 1024 * 1024); /* and one row, whatever it holds */
}

static bool rows_send(struct answer_rows *f)
{
    if (!f->gone && f->text.len > 0)
        f->gone = !control_data(f->q->answer, f->text.data, f->text.len);
    buf_clear(&f->text);
    return !f->gone;
}

bool answer_rows_put(struct answer_rows *f)
{
    f->count++;
    return f->text.len < CONTROL_PIECE || rows_send(f);
}

json_t *answer_rows_end(struct answer_rows *f, bool ok, const struct err *e)
{
    rows_send(f);
    buf_done(&f->text);
    if (!ok && !f->gone)
        return control_error("%s", e->text);
    json_t *answer = answer_ok();
    answer_put_count(answer, "rows", f->count);
    return answer;
}
