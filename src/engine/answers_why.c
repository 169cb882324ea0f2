/* answers_why.c: why something has not gone out: a job, an address, a provider, a domain. */
#include "answers_parts.h"
#include "live_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

/* Jobs whose lists are read for an address, the newest first. */
enum { WAITS_SHOWN = 20, FINISHED_READ = 20, OPEN_READ = 50 };

struct why {
    struct ask *q;
    const char *what;
    json_t *answer, *facts;
};

static void fact(struct why *w, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fact(struct why *w, const char *name, const char *format, ...)
{
    char value[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(value, sizeof value, format, args);
    va_end(args);
    json_t *o = json_object();
    answer_put_text(o, "name", name);
    answer_put_text(o, "value", value);
    json_array_append_new(w->facts, o);
}

static void number_fact(struct why *w, const char *name, int64_t n)
{
    char text[NUMBER_TEXT];
    fact(w, name, "%s", str_number((uint64_t)n, text));
}

static void subject(struct why *w, const char *kind, const char *name)
{
    answer_put_text(w->answer, "kind", kind);
    answer_put_text(w->answer, "subject", name);
}

static void state(struct why *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void state(struct why *w, const char *format, ...)
{
    char text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer_put_text(w->answer, "state", text);
}

static const char *text_in(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static long long number_in(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* Returns how many recipients wait. */
static long long put_waits(struct why *w, const struct plan_question *question)
{
    uint64_t more = 0;
    long long sum = 0;
    json_t *waits = live_waits(w->q->engine, question, WAITS_SHOWN, &more);
    size_t i;
    json_t *o;
    json_array_foreach(waits, i, o)
    {
        sum += number_in(o, "recipients");
    }
    json_object_set_new(w->answer, "waits", waits);
    answer_put_count(w->answer, "more", more);
    return sum;
}

/* ---- a job ---- */

static void put_counts(struct why *w, const json_t *counts)
{
    const char *name;
    json_t *n;
    json_object_foreach((json_t *)counts, name, n)
    {
        if (json_integer_value(n) > 0)
            number_fact(w, name, json_integer_value(n));
    }
}

static void put_spec(struct why *w, const struct job_row *row)
{
    struct job_spec *spec = NULL;
    struct part_files parts = {0};
    char *columns = NULL, text[400], at[WALL_TEXT];
    struct err e;
    if (!spool_load(w->q->spool, row->key, &spec, &parts, &columns, &e))
        return;
    wall_format(spec->finish_by, at);
    if (spec->finish_by.ms)
        fact(w, "finish_by", "%s", at);
    if (spec->connection_limit)
        number_fact(w, "connection_limit", spec->connection_limit);
    if (spec->max_message_rate.count) {
        char rates[RATES_TEXT];
        rates_format(&spec->max_message_rate, rates);
        fact(w, "max_message_rate", "%s", rates);
    }
    for (size_t i = 0; i < spec->send_windows.count; i++) {
        window_format(&spec->send_windows.item[i], text, sizeof text);
        fact(w, "send window", "%s", text);
    }
    job_spec_free(spec);
    part_files_done(&parts);
    free(columns);
}

static void why_job(struct why *w, const struct job_row *row)
{
    char text[3][NUMBER_TEXT];
    json_t *status = live_status(w->q->engine, row->id);
    const json_t *job = json_array_get(json_object_get(status, "jobs"), 0);
    const json_t *counts = json_object_get(job, "counts");
    subject(w, "job", row->id);
    fact(w, "client", "%s", row->client);
    fact(w, "priority", "%s", priority_name(row->priority));
    number_fact(w, "recipients", (int64_t)row->recipients);
    put_counts(w, counts);
    put_spec(w, row);
    if (*text_in(job, "trouble"))
        fact(w, "trouble", "%s", text_in(job, "trouble"));
    if (*text_in(job, "held"))
        fact(w, "held", "%s", text_in(job, "held"));
    if (*text_in(status, "spool_trouble"))
        fact(w, "spool", "%s", text_in(status, "spool_trouble"));
    long long waiting = put_waits(w, &(struct plan_question){.job_key = row->key});
    const char *name = job_state_name(row->state);
    if (row->state == JOB_ACTIVE && *text_in(job, "held"))
        name = "held";
    if (answer_job_is_open(row))
        state(w, "%s: %s delivered, %s on the way, %s wait", name,
              str_number((uint64_t)number_in(counts, "delivered"), text[0]),
              str_number((uint64_t)number_in(job, "in_flight"), text[1]),
              str_number((uint64_t)waiting, text[2]));
    else
        state(w, "%s", name);
    json_decref(status);
}

/* ---- a provider, a domain ---- */

static void put_holds(struct why *w, const json_t *holds)
{
    size_t i;
    json_t *o;
    json_array_foreach(holds, i, o)
    {
        const char *until = text_in(o, "until"), *file = text_in(o, "file");
        char at[300] = "";
        if (*file)
            snprintf(at, sizeof at, " (%s:%lld)", file, number_in(o, "line"));
        fact(w, "held", "%s%s%s%s", text_in(o, "text"), at, *until ? ", until " : "", until);
    }
}

static void put_values(struct why *w, const json_t *values)
{
    static const char *const shown[] = {"connection_limit", "max_connection_rate",
                                        "max_message_rate"};
    size_t i;
    json_t *o;
    json_array_foreach(values, i, o)
    {
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
            if (strcmp(text_in(o, "name"), shown[k]) != 0)
                continue;
            if (*text_in(o, "file"))
                fact(w, shown[k], "%s (%s:%lld)", text_in(o, "value"), text_in(o, "file"),
                     number_in(o, "line"));
            else
                fact(w, shown[k], "%s (built in)", text_in(o, "value"));
        }
    }
}

/* The first thing that holds it is left in `held`. */
static void put_provider(struct why *w, const char *name, char held[300])
{
    json_t *p = live_provider(w->q->engine, name);
    const json_t *now = json_object_get(p, "state");
    fact(w, "connections", "%lld, at most %lld now", number_in(now, "connections"),
         number_in(now, "connections_now_at_most"));
    number_fact(w, "ready", number_in(now, "ready"));
    number_fact(w, "waiting", number_in(now, "waiting"));
    if (json_is_true(json_object_get(now, "outage")))
        fact(w, "outage",
             "it refused nearly everything; `sluice provider %s release` or `confirm` "
             "settles what is in quarantine",
             name);
    put_holds(w, json_object_get(now, "holds"));
    snprintf(held, 300, "%s", text_in(json_array_get(json_object_get(now, "holds"), 0), "text"));
    put_values(w, json_object_get(p, "values"));
    json_decref(p);
}

/* `held`: what holds the provider, "" for nothing. */
static void state_of_waits(struct why *w, long long waiting, const char *held)
{
    const json_t *first = json_array_get(json_object_get(w->answer, "waits"), 0);
    char text[NUMBER_TEXT];
    if (waiting > 0)
        state(w, "%s wait%s: %s", str_number((uint64_t)waiting, text), waiting == 1 ? "s" : "",
              text_in(first, "why"));
    else
        state(w, "nothing waits%s%s", *held ? "; " : "", held);
}

static void why_provider(struct why *w, const char *name)
{
    char held[300];
    subject(w, "provider", name);
    put_provider(w, name, held);
    state_of_waits(w, put_waits(w, &(struct plan_question){.provider = name}), held);
}

static void why_domain(struct why *w, const char *domain, const char *provider)
{
    char held[300] = "";
    subject(w, "domain", domain);
    fact(w, "provider", "%s", *provider ? provider : "not known: nothing was sent there yet");
    long long waiting = put_waits(w, &(struct plan_question){.domain = domain});
    if (*provider)
        put_provider(w, provider, held);
    state_of_waits(w, waiting, held);
}

/* ---- an address ---- */

struct attempts {
    char last[900];
    unsigned count;
    bool is_open; /* the last word is not spoken */
};

static bool take_attempt(void *arg, const struct result_row *r)
{
    struct attempts *a = arg;
    char at[WALL_TEXT] = "", due[WALL_TEXT] = "", code[40] = "";
    a->count++;
    if (r->at.ms)
        wall_format(r->at, at);
    if (r->due.ms)
        wall_format(r->due, due);
    a->is_open = !state_is_final(r->state);
    if (r->code)
        snprintf(code, sizeof code, "%d%s%s ", r->code, *r->enhanced ? " " : "", r->enhanced);
    snprintf(a->last, sizeof a->last, "%s %s: %s%.500s%s%s", state_name(r->state), at, code,
             r->text, *due ? "; next attempt " : "", due);
    return true;
}

static bool suppressed_fact(void *arg, const struct suppression *s)
{
    char since[WALL_TEXT];
    wall_format(s->since, since);
    fact(arg, "suppressed", "%s, client %s, class %s: %s, since %s by %s", s->address, s->client,
         s->msg_class, s->reason, since, s->by);
    return true;
}

static bool contact_fact(void *arg, const struct contact *c)
{
    char name[100];
    snprintf(name, sizeof name, "list %.64s", c->list);
    fact(arg, name, "%s%s%s%s%.400s", c->status, *c->last_class ? ", last failure " : "",
         c->last_class, *c->last_reply ? ": " : "", c->last_reply);
    return true;
}

/* True when the job has the address. */
static bool address_in_job(struct why *w, const struct job_row *row, const char *address,
                           struct attempts *a)
{
    char *vars = NULL, name[100];
    uint64_t rid;
    struct err e;
    *a = (struct attempts){0};
    if (!spool_find_recipient(w->q->spool, row->key, address, &rid, &vars, &e))
        return false;
    free(vars);
    spool_each_attempt(w->q->spool, row->key, address, take_attempt, a, &e);
    if (a->count == 0) {
        a->is_open = answer_job_is_open(row);
        str_copy(a->last, sizeof a->last,
                 str_of(a->is_open ? "waiting, not attempted yet" : job_state_name(row->state)));
    }
    snprintf(name, sizeof name, "job %s", row->id);
    fact(w, name, "%s (%u attempt%s)", a->last, a->count, a->count == 1 ? "" : "s");
    return true;
}

/* The newest first; each is read to its end, so not all that there ever were. True when one of them
 * has not said the last word about the address. */
static bool put_jobs(struct why *w, const char *address)
{
    struct answer_jobs jobs = answer_jobs(w->q, NULL);
    struct attempts a, newest = {0};
    unsigned open_left = OPEN_READ, finished_left = FINISHED_READ, found = 0;
    for (size_t i = jobs.count; i-- > 0;) {
        const struct job_row *row = &jobs.row[i];
        unsigned *left = answer_job_is_open(row) ? &open_left : &finished_left;
        if (*left == 0)
            continue;
        --*left;
        if (!address_in_job(w, row, address, &a))
            continue;
        if (found++ == 0 || (a.is_open && !newest.is_open))
            newest = a;
    }
    if (found)
        state(w, "%s", newest.last);
    else
        state(w, "in none of the newest %d open and %d finished jobs", OPEN_READ, FINISHED_READ);
    free(jobs.row);
    return newest.is_open;
}

static void why_address(struct why *w, const struct address *address)
{
    const char *domain = strrchr(address->text, '@');
    char provider[LIVE_NAME];
    struct err e;
    subject(w, "address", address->text);
    bool is_open = put_jobs(w, address->text);
    list_each_suppression(w->q->list, address->text, suppressed_fact, w, &e);
    list_each_suppression(w->q->list, domain, suppressed_fact, w, &e);
    list_find_contact(w->q->list, NULL, address->text, contact_fact, w, &e);
    if (live_find(w->q->engine, PARTY_PROVIDER, domain + 1, provider, &e))
        fact(w, "provider", "%s", provider);
    if (is_open)
        put_waits(w, &(struct plan_question){.domain = domain + 1});
}

/* ---- what is meant ---- */

static bool offer_job(void *arg, const struct job_row *row)
{
    nearest_offer(arg, row->id);
    return true;
}

static bool nobody(struct why *w, const char *other)
{
    struct nearest near;
    char hint[120];
    struct err e;
    nearest_start(&near, w->what);
    spool_each_job(w->q->spool, offer_job, &near, &e);
    const char *said = nearest_hint(&near, hint);
    const char *or_that = strstr(other, "; did you mean");
    return ask_fail(w->q, "no job, address, domain or provider '%.100s'%s", w->what,
                    *said     ? said
                    : or_that ? or_that
                              : "");
}

static bool why_address_text(struct why *w)
{
    struct address address;
    char reason[160];
    if (!address_check(str_of(w->what), &address, reason, sizeof reason))
        return ask_fail(w->q, "'%.320s' is no address: %s", w->what, reason);
    why_address(w, &address);
    return true;
}

static bool answer(struct why *w)
{
    struct job_row row;
    struct err e = {0};
    char provider[LIVE_NAME], domain[LIVE_NAME];
    if (spool_find(w->q->spool, w->what, &row, &e)) {
        why_job(w, &row);
        return true;
    }
    if (strchr(w->what, '@'))
        return why_address_text(w);
    str_copy(domain, sizeof domain, str_of(w->what));
    str_lower(domain, strlen(domain));
    bool is_known = live_find(w->q->engine, PARTY_PROVIDER, domain, provider, &e);
    if (is_known && strcmp(domain, provider) == 0)
        why_provider(w, provider);
    else if (is_known || strchr(domain, '.'))
        why_domain(w, domain, is_known ? provider : "");
    else
        return nobody(w, e.text);
    return true;
}

json_t *answer_why(struct ask *q)
{
    struct why w = {
        .q = q, .what = ask_text(q, "what"), .answer = answer_ok(), .facts = json_array()};
    json_object_set_new(w.answer, "waits", json_array());
    answer_put_count(w.answer, "more", 0);
    bool ok = answer(&w);
    json_object_set_new(w.answer, "facts", w.facts);
    if (ok)
        return w.answer;
    json_decref(w.answer);
    return q->failed;
}
