/* answers_windows.c: the calendar of all parties, and what contradicts itself in it. */
#include "answers_parts.h"
#include "live_parts.h"
#include "setup.h"
#include "windows_check.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>

enum { DAYS_MAX = 400, SPANS_MAX = 500 };
#define DAY_MS (INT64_C(86400) * 1000)

struct windows_ask {
    struct ask *q;
    const struct settings *settings; /* of now: a reload changes them */
    const char *provider;            /* NULL: all parties */
    struct wall at, until;
    json_t *parties, *contradictions;
};

/* ---- the request ---- */

static bool ask_at(struct windows_ask *w)
{
    const char *text = ask_text(w->q, "at");
    w->at = clock_wall();
    return !text || wall_parse(str_of(text), &w->at) ||
           ask_fail(w->q, "at is a time with a zone, such as 2026-11-22T10:20+09:00, not '%.60s'",
                    text);
}

static bool ask_days(struct windows_ask *w)
{
    const char *text = ask_text(w->q, "days");
    uint64_t days = 7;
    if (text && (!str_to_u64(str_of(text), &days) || days < 1 || days > DAYS_MAX))
        return ask_fail(w->q, "days is a number from 1 to %d, not '%.40s'", DAYS_MAX, text);
    w->until.ms = w->at.ms + (int64_t)days * DAY_MS;
    return true;
}

static bool ask_which(struct windows_ask *w, char name[LIVE_NAME])
{
    const char *text = ask_text(w->q, "provider");
    struct err e = {0};
    w->provider = text ? name : NULL;
    return !text || live_find(w->q->engine, PARTY_PROVIDER, text, name, &e) ||
           ask_fail(w->q, "%s", e.text);
}

/* ---- parties ---- */

static json_t *local_json(const struct windows_ask *w, struct wall at)
{
    char text[80];
    if (at.ms == WHEN_NEVER)
        return json_null();
    calendar_format(at, w->settings->timezone, text, sizeof text);
    return live_text(text);
}

static json_t *span_json(const struct windows_ask *w, const struct spans *closed,
                         const struct span *s)
{
    const struct span_reason *r = &closed->reason[s->reason];
    struct wall from = {s->from_ms}, until = {s->until_ms};
    json_t *o = json_pack("{s:o,s:o,s:o,s:o,s:o}", "from", live_time(from), "until",
                          live_time(until), "from_local", local_json(w, from), "until_local",
                          local_json(w, until), "reason", live_text(r->text));
    live_put_origin(o, (struct origin){r->file ? r->file : r->at.file, r->at.line});
    return o;
}

static void put_party(struct windows_ask *w, const char *kind, const char *name,
                      const struct spans *closed)
{
    json_t *spans = json_array();
    bool is_open = !spans_at(closed, w->at.ms);
    struct wall change = {is_open ? spans_closes_at(closed, w->at.ms)
                                  : spans_opens_at(closed, w->at.ms)};
    for (size_t i = 0; i < closed->count && json_array_size(spans) < SPANS_MAX; i++) {
        const struct span *s = &closed->item[i];
        if (s->until_ms > w->at.ms && s->from_ms < w->until.ms)
            json_array_append_new(spans, span_json(w, closed, s));
    }
    json_array_append_new(w->parties, json_pack("{s:s,s:o,s:b,s:o,s:o}", "kind", kind, "name",
                                                live_text(name), "open", is_open, "changes_at",
                                                live_time(change), "spans", spans));
}

static void put_configured(struct windows_ask *w, struct calendar_maker *m)
{
    struct calendars c;
    calendars_make(m, &c);
    for (size_t i = 0; i < c.count; i++) {
        const struct party_calendar *p = &c.item[i];
        bool is_meant =
            !w->provider || (p->party == PARTY_PROVIDER && strcmp(p->name, w->provider) == 0);
        if (is_meant && (p->closed.count || w->provider))
            put_party(w, plan_party_name(p->party), p->name, &p->closed);
    }
    calendars_done(&c);
}

static void put_job(struct windows_ask *w, struct calendar_maker *m, const struct job_spec *spec)
{
    struct spans closed = {0};
    char *what = mem_printf("send windows of job %s", spec->id);
    calendar_add_sending(m, &spec->send_windows, what, &closed);
    if (spec->send_windows.count)
        put_party(w, "job", spec->id, &closed);
    spans_done(&closed);
    free(what);
}

/* ---- jobs that are open ---- */

struct jobs {
    struct job_spec **spec;
    size_t count;
};

/* One that cannot be read says so in `status`; here it is passed by. */
static void jobs_load(struct ask *q, struct jobs *j)
{
    struct answer_jobs open = answer_jobs(q, answer_job_is_open);
    struct err e;
    j->spec = mem_array(open.count + 1, sizeof *j->spec);
    for (size_t i = 0; i < open.count; i++) {
        struct part_files parts = {0};
        char *columns = NULL;
        if (spool_load(q->spool, open.row[i].key, &j->spec[j->count], &parts, &columns, &e)) {
            j->count++;
            part_files_done(&parts);
            free(columns);
        }
    }
    free(open.row);
}

static void jobs_done(struct jobs *j)
{
    for (size_t i = 0; i < j->count; i++)
        job_spec_free(j->spec[i]);
    free(j->spec);
}

/* ---- contradictions ---- */

static void add_contradiction(void *arg, const char *text, struct origin at)
{
    json_t *o = json_pack("{s:o}", "text", live_text(text));
    live_put_origin(o, at);
    json_array_append_new(arg, o);
}

static void add_trouble(struct windows_ask *w, const struct problems *p)
{
    for (size_t i = 0; i < p->count; i++)
        add_contradiction(w->contradictions, p->item[i].text,
                          (struct origin){p->item[i].file, p->item[i].line});
}

static void check(struct windows_ask *w, const struct jobs *j)
{
    struct calendar_maker m;
    struct window_job *job = mem_array(j->count + 1, sizeof *job);
    for (size_t i = 0; i < j->count; i++)
        job[i] = (struct window_job){.id = j->spec[i]->id,
                                     .client = j->spec[i]->client,
                                     .windows = &j->spec[i]->send_windows,
                                     .start = j->spec[i]->start,
                                     .finish_by = j->spec[i]->finish_by};
    calendar_maker_init(&m, w->settings, (struct calendar_range){w->at, w->until});
    windows_check(&m, job, j->count, clock_wall(), add_contradiction, w->contradictions);
    calendar_maker_done(&m);
    free(job);
}

/* ---- the whole ---- */

/* A little more than is shown on both sides, so that a window that began before is seen, and what
 * changes next is known. */
static void collect(struct windows_ask *w)
{
    struct jobs jobs = {0};
    struct calendar_maker m;
    struct calendar_range r = {{w->at.ms - 8 * DAY_MS}, {w->until.ms + 40 * DAY_MS}};
    jobs_load(w->q, &jobs);
    calendar_maker_init(&m, w->settings, r);
    put_configured(w, &m);
    for (size_t i = 0; !w->provider && i < jobs.count; i++)
        put_job(w, &m, jobs.spec[i]);
    add_trouble(w, &m.problems);
    calendar_maker_done(&m);
    check(w, &jobs);
    jobs_done(&jobs);
}

json_t *answer_windows(struct ask *q)
{
    char name[LIVE_NAME];
    struct windows_ask w = {.q = q};
    if (!ask_at(&w) || !ask_days(&w) || !ask_which(&w, name))
        return q->failed;
    struct setup *s = engine_hold(q->engine);
    w.settings = setup_settings(s);
    w.parties = json_array();
    w.contradictions = json_array();
    collect(&w);
    json_t *answer =
        json_pack("{s:b,s:o,s:I,s:s,s:o,s:o}", "ok", 1, "at", live_time(w.at), "days",
                  (json_int_t)((w.until.ms - w.at.ms) / DAY_MS), "timezone", w.settings->timezone,
                  "parties", w.parties, "contradictions", w.contradictions);
    engine_let_go(q->engine, s);
    return answer;
}
