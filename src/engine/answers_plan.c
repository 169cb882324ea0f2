/* answers_plan.c: `sluice plan` and `sluice forecast`: when will it be through, and what stands
 * against it? */
#include <stdlib.h>
#include <string.h>
#include "live_parts.h"
#include "preview.h"
#include "setup.h"

enum { PROVIDERS_MAX = 200, SHOWN_MAX = 100 };

static json_t *gone(void)
{
    return control_error("the client went away");
}

/* ---- the forecast ---- */

static int by_recipients(const void *a, const void *b)
{
    const struct forecast_row *x = a, *y = b;
    if (x->recipients != y->recipients)
        return x->recipients > y->recipients ? -1 : 1;
    return strcmp(x->provider, y->provider);
}

static json_t *row_json(const struct forecast_row *r)
{
    return json_pack("{s:o,s:o,s:f,s:o,s:o,s:f,s:f,s:o,s:o}", "provider", live_text(r->provider),
                     "recipients", live_number(r->recipients), "rate_per_s", r->per_s, "first",
                     live_time(r->first), "finish", live_time(r->finish), "window_wait_s",
                     (double)r->window_wait_ms / 1000, "other_wait_s",
                     (double)r->other_wait_ms / 1000, "limit", live_text(r->limit), "undeliverable",
                     live_number(r->undeliverable));
}

static void put_providers(json_t *answer, struct forecast_out *out)
{
    json_t *list = json_array();
    if (out->rows)
        qsort(out->row, out->rows, sizeof *out->row, by_recipients);
    for (size_t i = 0; i < out->rows && i < PROVIDERS_MAX; i++)
        json_array_append_new(list, row_json(&out->row[i]));
    json_object_set_new(answer, "providers", list);
    answer_put_count(answer, "providers_more",
                     out->rows > PROVIDERS_MAX ? out->rows - PROVIDERS_MAX : 0);
}

static uint64_t left_of(const struct forecast_row *r)
{
    return r->recipients - r->delivered - r->undeliverable;
}

/* Whoever is not through comes last, and of those the one with most left. */
static bool is_later(const struct forecast_row *a, const struct forecast_row *b)
{
    if (left_of(a) != left_of(b))
        return left_of(a) > left_of(b);
    return a->finish.ms > b->finish.ms;
}

static json_t *against(const struct outlook *o, const struct forecast_out *out)
{
    const struct forecast_row *last = NULL;
    char when[WALL_TEXT], left[NUMBER_TEXT];
    struct buf text;
    for (size_t i = 0; i < out->rows; i++)
        if (!last || is_later(&out->row[i], last))
            last = &out->row[i];
    if (!last)
        return json_null();
    buf_init(&text, 400);
    if (left_of(last)) {
        wall_format((struct wall){o->now.wall.ms + (int64_t)out->simulated_ms}, when);
        buf_printf(&text, "%s: %s recipients are left at %s", last->provider,
                   str_number(left_of(last), left), when);
    } else {
        wall_format(last->finish, when);
        buf_printf(&text, "%s is through at %s", last->provider, when);
    }
    if (last->limit[0])
        buf_printf(&text, ": %s", last->limit);
    json_t *json = live_text(text.data);
    buf_done(&text);
    return json;
}

/* Most recipients of a provider whose turn would come too late; NULL: all come in time. */
static const struct forecast_row *most_expired(const struct forecast_out *out)
{
    const struct forecast_row *most = NULL;
    for (size_t i = 0; i < out->rows; i++)
        if (out->row[i].undeliverable && out->row[i].provider[0] != '(' &&
            (!most || out->row[i].undeliverable > most->undeliverable))
            most = &out->row[i];
    return most;
}

static json_t *expiry(const struct forecast_row *r)
{
    struct buf text;
    char number[NUMBER_TEXT];
    buf_init(&text, 400);
    buf_printf(&text, "%s: %s recipients expire before their turn comes", r->provider,
               str_number(r->undeliverable, number));
    if (r->limit[0])
        buf_printf(&text, ": %s", r->limit);
    json_t *json = live_text(text.data);
    buf_done(&text);
    return json;
}

static void put_finish(json_t *answer, const struct outlook *o, const struct forecast_out *out,
                       struct wall finish_by)
{
    bool is_through = out->finish.ms != 0;
    int64_t simulated_to = o->now.wall.ms + (int64_t)out->simulated_ms;
    const struct forecast_row *expired = most_expired(out);
    bool is_in_time = is_through && out->finish.ms <= finish_by.ms;
    bool is_known = finish_by.ms && (is_through || simulated_to >= finish_by.ms);
    bool is_nothing = out->recipients == 0;
    json_object_set_new(answer, "finish", live_time(out->finish));
    json_object_set_new(answer, "finish_by", live_time(finish_by));
    json_object_set_new(answer, "meets",
                        is_known && !is_nothing ? json_boolean(is_in_time && !expired)
                                                : json_null());
    json_object_set_new(answer, "against",
                        (is_known && !is_in_time) || !is_through ? against(o, out)
                        : expired                                ? expiry(expired)
                                                                 : json_null());
}

static void assume(json_t *list, const char *text)
{
    json_array_append_new(list, json_string(text));
}

static void assume_number(json_t *list, uint64_t n, const char *text)
{
    char number[NUMBER_TEXT];
    char *whole = mem_printf("%s %s", str_number(n, number), text);
    if (n)
        assume(list, whole);
    free(whole);
}

static json_t *assumptions(const struct outlook *o, const struct outlook_job *j)
{
    json_t *list = json_array();
    char *times = mem_printf("where nothing was measured yet, dialling takes %d ms and a message "
                             "%d ms",
                             FORECAST_DIAL_MS, FORECAST_MESSAGE_MS);
    assume(list, "every receiver accepts everything at the first attempt");
    assume(list, times);
    assume(list, "the other open jobs go on as they are, and no new ones come");
    free(times);
    if (j->waits_approval)
        assume(list, "the job waits for approval: counted as if it were given now");
    else if (j->info.is_paused)
        assume(list, "the job is paused: counted as if it were resumed now");
    assume_number(list, j->leased, "recipients that are under way just now count as waiting");
    if (o->is_cut_short)
        assume(list, "calculating took too long: this is as far as it came");
    return list;
}

/* Takes the forecast's rows. */
static json_t *answer_of(struct outlook *o, int subject, struct forecast_out *out)
{
    const struct outlook_job *j = &o->job[subject];
    json_t *answer = answer_ok();
    if (out->recipients == 0 && j->leased) /* the last ones are under way: seconds */
        out->finish = o->now.wall;
    json_object_set_new(answer, "job", live_text(j->id));
    json_object_set_new(answer, "now", live_time(o->now.wall));
    answer_put_count(answer, "recipients", out->recipients);
    put_finish(answer, o, out, j->finish_by);
    put_providers(answer, out);
    json_object_set_new(answer, "simulated_s", json_real(out->simulated_ms / 1000));
    json_object_set_new(answer, "assumes", assumptions(o, j));
    forecast_out_done(out);
    return answer;
}

static void put_took(json_t *answer, int64_t started_us)
{
    answer_put_count(answer, "took_ms", (uint64_t)(clock_mono_us() - started_us) / 1000);
}

json_t *answer_forecast(struct ask *q)
{
    struct outlook o;
    struct job_row row;
    struct forecast_out out;
    int64_t started_us = clock_mono_us();
    json_t *answer;
    if (!ask_job(q, &row))
        return q->failed;
    outlook_begin(&o, q->engine);
    int subject = outlook_find(&o, row.id);
    if (subject < 0)
        answer = control_error("the job '%s' is %s: there is nothing to forecast", row.id,
                               job_state_name(row.state));
    else if (!outlook_run(&o, subject, q->answer, &out))
        answer = gone();
    else {
        answer = answer_of(&o, subject, &out);
        answer_put_count(answer, "delivered_already", o.job[subject].delivered);
        put_took(answer, started_us);
    }
    outlook_done(&o);
    return answer;
}

/* ---- what a job file has in it ---- */

static void put_dead(json_t *checks, const struct preview *p)
{
    json_t *list = json_array();
    uint64_t recipients = 0;
    for (size_t i = 0; i < p->domains; i++) {
        const struct preview_domain *d = p->domain[i];
        if (!d->why)
            continue;
        recipients += d->recipients;
        if (json_array_size(list) < SHOWN_MAX)
            json_array_append_new(list, json_pack("{s:o,s:o,s:o}", "domain", live_text(d->name),
                                                  "recipients", live_number(d->recipients), "why",
                                                  live_text(d->why)));
    }
    json_object_set_new(checks, "dead_domains", list);
    answer_put_count(checks, "dead_recipients", recipients);
}

static void put_typos(json_t *checks, const struct preview *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->domains && json_array_size(list) < SHOWN_MAX; i++) {
        const struct preview_domain *d = p->domain[i];
        if (d->suggestion)
            json_array_append_new(list, json_pack("{s:o,s:o,s:o}", "domain", live_text(d->name),
                                                  "suggestion", live_text(d->suggestion),
                                                  "recipients", live_number(d->recipients)));
    }
    json_object_set_new(checks, "typos", list);
}

static int by_rows(const void *a, const void *b)
{
    const struct map_entry *x = a, *y = b;
    const struct preview_empty *of_x = x->value, *of_y = y->value;
    if (of_x->rows != of_y->rows)
        return of_x->rows > of_y->rows ? -1 : 1;
    return strcmp(x->key, y->key);
}

static void put_missing(json_t *checks, const struct preview *p)
{
    struct map_entry *sorted = mem_array(p->empties.count + 1, sizeof *sorted);
    const struct map_entry *m;
    size_t n = 0;
    json_t *list = json_array();
    for (size_t i = 0; (m = map_next(&p->empties, &i));)
        sorted[n++] = *m;
    qsort(sorted, n, sizeof *sorted, by_rows);
    for (m = sorted; m < sorted + n; m++) {
        const struct preview_empty *e = m->value;
        json_array_append_new(list,
                              json_pack("{s:o,s:o,s:o}", "variable", live_text(m->key), "rows",
                                        live_number(e->rows), "line", live_number(e->first_line)));
    }
    free(sorted);
    json_object_set_new(checks, "missing_variables", list);
}

static json_t *checks_of(const struct preview *p)
{
    json_t *checks = json_object();
    answer_put_count(checks, "bad_rows", p->bad_rows);
    answer_put_count(checks, "duplicates", p->duplicates);
    answer_put_count(checks, "suppressed", p->suppressed);
    answer_put_count(checks, "capped", p->capped);
    put_dead(checks, p);
    put_typos(checks, p);
    put_missing(checks, p);
    json_object_set_new(checks, "warnings", preview_texts(&p->problems, true));
    return checks;
}

static int add_subject(struct outlook *o, struct preview *p)
{
    int subject = outlook_add_job(o, p->spec);
    for (size_t i = 0; i < p->domains; i++)
        outlook_add_domain(o, subject, p->domain[i]->name, p->domain[i]->recipients,
                           p->domain[i]->answer);
    if (p->further)
        outlook_add_domain(o, subject, "(further domains)", p->further, NULL);
    return subject;
}

static json_t *plan_of(struct ask *q, struct preview *p)
{
    struct outlook o;
    struct forecast_out out;
    json_t *answer;
    outlook_begin(&o, q->engine);
    int subject = add_subject(&o, p);
    if (outlook_run(&o, subject, q->answer, &out)) {
        answer = answer_of(&o, subject, &out);
        answer_put_count(answer, "recipients", p->recipients);
        json_object_set_new(answer, "checks", checks_of(p));
        json_t *assumes = json_object_get(answer, "assumes");
        assume_number(assumes, p->unresolved,
                      "domains were not resolved: each counts as a provider of its own");
        assume(assumes, "the job is dropped now");
    } else {
        answer = gone();
    }
    outlook_done(&o);
    return answer;
}

json_t *answer_plan(struct ask *q)
{
    const char *path = ask_text(q, "file");
    int64_t started_us = clock_mono_us();
    struct preview p;
    if (path[0] != '/')
        return control_error("the job file must be an absolute path, not '%.200s'", path);
    preview_begin(&p, q, path);
    json_t *answer = preview_read(&p) && preview_resolve(&p)
                         ? plan_of(q, &p)
                         : preview_refusal(&p, "the job would be refused");
    if (json_is_true(json_object_get(answer, "ok")))
        put_took(answer, started_us);
    preview_done(&p);
    return answer;
}
