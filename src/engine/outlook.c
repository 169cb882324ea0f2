/* outlook.c: what a forecast needs of the running engine, copied; and the forecast itself. */
#include "outlook.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define AHEAD_DAYS 120
#define STEP_EVENTS 50000
#define PROGRESS_MS 250
#define TAKES_MS 60000 /* of calculating, at most */

/* ---- answers of the DNS ---- */

/* What a planner tells hosts apart by. */
static void put_hosts(struct buf *out, const struct mx_answer *a)
{
    buf_printf(out, "%d", (int)a->status);
    if (a->status != MX_OK)
        return;
    for (unsigned i = 0; i < a->hosts; i++)
        buf_printf(out, " %u %u %s", a->host[i].preference, a->host[i].addresses > 0,
                   a->host[i].name);
}

const struct mx_answer *answers_keep(struct answers *a, const struct mx_answer *answer)
{
    struct buf key;
    buf_init(&key, MX_HOSTS_MAX * 300);
    put_hosts(&key, answer);
    struct mx_answer *kept = map_get(&a->by_hosts, str_n(key.data, key.len));
    if (!kept) {
        size_t n = offsetof(struct mx_answer, host) + answer->hosts * sizeof answer->host[0];
        kept = mem_new(n);
        memcpy(kept, answer, n);
        map_set(&a->by_hosts, str_n(key.data, key.len), kept);
    }
    buf_done(&key);
    return kept;
}

void answers_done(struct answers *a)
{
    const struct map_entry *m;
    for (size_t i = 0; (m = map_next(&a->by_hosts, &i));)
        free(m->value);
    map_done(&a->by_hosts);
}

/* ---- jobs: on the keeper's thread ---- */

static struct outlook_job *job_new(struct outlook *o, const struct plan_job *info, const char *id,
                                   const char *client)
{
    o->job = mem_grow(o->job, o->jobs + 1, sizeof *o->job);
    struct outlook_job *j = &o->job[o->jobs++];
    *j = (struct outlook_job){.info = *info};
    str_copy(j->id, sizeof j->id, str_of(id));
    str_copy(j->client, sizeof j->client, str_of(client));
    j->info.cap.at = (struct origin){0}; /* borrowed from who may go first */
    return j;
}

static void list_jobs(struct engine *e, void *arg)
{
    struct outlook *o = arg;
    for (const struct keeper_job *k = e->jobs; k; k = k->next) {
        struct plan_job info = plan_job_of(k);
        if (k->is_cancelling)
            continue;
        if (info.start.ms < k->row.created.ms) /* expiry counts from there */
            info.start = k->row.created;
        struct outlook_job *j = job_new(o, &info, k->row.id, k->spec->client);
        j->finish_by = k->spec->finish_by;
        j->delivered = k->tally.all.state[STATE_DELIVERED];
        j->waits_approval = k->waits_approval;
    }
}

int outlook_find(const struct outlook *o, const char *id)
{
    for (size_t i = 0; i < o->jobs; i++)
        if (strcmp(o->job[i].id, id) == 0)
            return (int)i;
    return -1;
}

int outlook_add_job(struct outlook *o, struct job_spec *spec)
{
    /* A number that no job has or had: what the planner remembers of jobs is not meant. */
    struct keeper_job as_if = {.row = {.key = UINT32_MAX, .state = JOB_ACTIVE}, .spec = spec};
    struct plan_job info = plan_job_of(&as_if);
    struct outlook_job *j = job_new(o, &info, spec->id, spec->client);
    j->info.is_paused = false; /* only because it has no message yet */
    if (j->info.start.ms < o->now.wall.ms)
        j->info.start.ms = 0; /* its rows are as old as their import */
    j->finish_by = spec->finish_by;
    j->has_job_file_only = true;
    j->waits_approval = spec->needs_approval;
    engine_spec_calendar(o->e, spec, &j->closed);
    return (int)o->jobs - 1;
}

/* ---- what waits, and how fast it goes: on the brain's thread ---- */

static void add_domain(struct outlook *o, size_t job, const char *name, uint64_t recipients,
                       int64_t due_ms, const struct mx_answer *a)
{
    if (o->domains == o->domain_cap) {
        o->domain_cap = o->domain_cap ? 2 * o->domain_cap : 256;
        o->domain = mem_grow(o->domain, o->domain_cap, sizeof *o->domain);
    }
    o->domain[o->domains++] = (struct forecast_domain){.name = mem_str(name),
                                                       .job = (uint32_t)job,
                                                       .recipients = recipients,
                                                       .due_ms = due_ms,
                                                       .answer = a};
}

void outlook_add_domain(struct outlook *o, int job, const char *name, uint64_t recipients,
                        const struct mx_answer *a)
{
    add_domain(o, (size_t)job, name, recipients, o->now.wall.ms, a);
}

/* They come job by job. */
static bool find_key(struct outlook *o, uint32_t job_key)
{
    if (o->last_job < o->jobs && o->job[o->last_job].info.key == job_key)
        return true;
    for (o->last_job = 0; o->last_job < o->jobs; o->last_job++)
        if (o->job[o->last_job].info.key == job_key)
            return true;
    return false;
}

static void add_bucket(void *arg, uint32_t job_key, const char *domain, uint64_t waiting,
                       int64_t due_ms, const struct mx_answer *answer)
{
    struct outlook *o = arg;
    if (find_key(o, job_key))
        add_domain(o, o->last_job, domain, waiting, due_ms,
                   answer ? answers_keep(&o->answers, answer) : NULL);
}

static void add_times(struct outlook *o, const char *provider)
{
    struct plan_provider_view *v = mem_array(1, sizeof *v);
    if (!map_get(&o->times, str_of(provider)) &&
        plan_provider_view(o->e->plan, provider, o->now, v)) {
        struct outlook_times *t = mem_new(sizeof *t);
        *t = (struct outlook_times){v->dial_ms, v->message_ms};
        map_set(&o->times, str_of(provider), t);
    }
    free(v);
}

static void add_provider(void *arg, const char *name, uint32_t connections, uint64_t ready)
{
    (void)connections, (void)ready;
    add_times(arg, name);
}

/* The planner does not tell whose rows are under way: they count with those that wait. */
static void spread_leased(struct outlook *o)
{
    uint64_t *waiting = mem_array(o->jobs + 1, sizeof *waiting);
    for (size_t i = 0; i < o->domains; i++)
        waiting[o->domain[i].job] += o->domain[i].recipients;
    for (size_t i = 0; i < o->domains; i++) {
        struct forecast_domain *d = &o->domain[i];
        double share = (double)d->recipients / (double)waiting[d->job];
        d->recipients += (uint64_t)(share * (double)o->job[d->job].leased + 0.5);
    }
    free(waiting);
}

static void ask_plan(struct engine *e, void *arg)
{
    struct outlook *o = arg;
    const struct shaping *s = engine_shaping(e);
    struct plan_counts c;
    o->now = clock_now();
    plan_each_bucket(e->plan, add_bucket, o);
    for (size_t i = 0; i < o->jobs; i++) {
        plan_counts(e->plan, o->job[i].info.key, &c);
        o->job[i].leased = c.leased;
    }
    spread_leased(o);
    for (size_t i = 0; i < s->profiles.count; i++)
        add_times(o, s->profiles.item[i].name);
    plan_each_provider(e->plan, add_provider, o);
}

/* ---- the rest ---- */

static void add_calendar(void *arg, enum plan_party party, const char *name,
                         const struct spans *closed)
{
    struct outlook *o = arg;
    struct spans *copy = mem_array(1, sizeof *copy);
    spans_copy(copy, closed);
    o->calendar = mem_grow(o->calendar, o->calendars + 1, sizeof *o->calendar);
    o->calendar[o->calendars++] = (struct forecast_calendar){party, mem_str(name), copy};
}

static void add_memory(void *arg, const char *key, const char *value)
{
    struct outlook *o = arg;
    if (!value)
        return;
    if (o->memories == o->memory_cap) {
        o->memory_cap = o->memory_cap ? 2 * o->memory_cap : 64;
        o->memory = mem_grow(o->memory, o->memory_cap, sizeof *o->memory);
    }
    o->memory[o->memories++] = (struct forecast_memory){mem_str(key), mem_str(value)};
}

void outlook_begin(struct outlook *o, struct engine *e)
{
    *o = (struct outlook){.e = e};
    o->setup = engine_hold(e);
    engine_call(e, &e->keeper_box, list_jobs, o);
    engine_call(e, &e->brain_box, ask_plan, o);
    for (size_t i = 0; i < o->jobs; i++)
        engine_job_calendar(e, o->job[i].info.key, &o->job[i].closed);
    engine_each_calendar(e, add_calendar, o);
    engine_each_memory(e, add_memory, o);
}

void outlook_done(struct outlook *o)
{
    const struct map_entry *m;
    for (size_t i = 0; i < o->jobs; i++)
        spans_done(&o->job[i].closed);
    for (size_t i = 0; i < o->domains; i++)
        free((char *)o->domain[i].name);
    for (size_t i = 0; i < o->calendars; i++) {
        struct spans *closed = (struct spans *)o->calendar[i].closed;
        spans_done(closed);
        free(closed);
        free((char *)o->calendar[i].name);
    }
    for (size_t i = 0; i < o->memories; i++) {
        free((char *)o->memory[i].key);
        free((char *)o->memory[i].value);
    }
    for (size_t i = 0; (m = map_next(&o->times, &i));)
        free(m->value);
    map_done(&o->times);
    answers_done(&o->answers);
    free(o->job);
    free(o->domain);
    free(o->calendar);
    free(o->memory);
    engine_let_go(o->e, o->setup);
}

/* ---- the forecast ---- */

static void measured(void *arg, const char *provider, double *dial_ms, double *message_ms)
{
    const struct outlook *o = arg;
    const struct outlook_times *t = map_get(&o->times, str_of(provider));
    if (t) {
        *dial_ms = t->dial_ms;
        *message_ms = t->message_ms;
    }
}

/* The subject is told of as if nobody had paused it. */
static struct forecast_job *make_jobs(const struct outlook *o, int subject)
{
    struct forecast_job *job = mem_array(o->jobs + 1, sizeof *job);
    for (size_t i = 0; i < o->jobs; i++) {
        const struct outlook_job *from = &o->job[i];
        job[i] = (struct forecast_job){.info = from->info,
                                       .closed = &from->closed,
                                       .finish_by = from->finish_by,
                                       .is_subject = (int)i == subject};
        job[i].info.id = from->id;
        job[i].info.client = from->client;
        if ((int)i == subject)
            job[i].info.is_paused = false;
    }
    return job;
}

bool outlook_progress(struct control_answer *a, const char *stage, double done)
{
    struct buf line;
    buf_init(&line, 200);
    buf_printf(&line, "{\"stage\":\"%s\",\"done\":%.3f}\n", stage, done);
    bool is_there = control_data(a, line.data, line.len);
    buf_done(&line);
    return is_there;
}

static bool run(struct outlook *o, struct forecast *f, struct control_answer *a)
{
    int64_t started_ms = clock_mono().ms, said_ms = 0;
    while (!forecast_step(f, STEP_EVENTS)) {
        int64_t now_ms = clock_mono().ms;
        if (now_ms - started_ms > TAKES_MS) {
            o->is_cut_short = true;
            return true;
        }
        if (now_ms - said_ms < PROGRESS_MS)
            continue;
        said_ms = now_ms;
        if (!outlook_progress(a, "forecast", forecast_progress(f)))
            return false;
    }
    return true;
}

bool outlook_run(struct outlook *o, int subject, struct control_answer *a, struct forecast_out *out)
{
    const struct settings *s = o->e->settings; /* those that the planner was made with */
    struct forecast_job *job = make_jobs(o, subject);
    struct forecast_input in = {
        .options = {.max_connections = (uint32_t)s->max_connections,
                    .max_asking = (unsigned)(s->dns.in_flight_max / 2 + 1),
                    .max_leased = ENGINE_MAX_LEASED,
                    .shaping = &setup_settings(o->setup)->shaping},
        .now = o->now,
        .until = {o->now.wall.ms + AHEAD_DAYS * DAY_MS},
        .job = job,
        .jobs = o->jobs,
        .domain = o->domain,
        .domains = o->domains,
        .calendar = o->calendar,
        .calendars = o->calendars,
        .memory = o->memory,
        .memories = o->memories,
        .measured = measured,
        .arg = o,
        .seed = 1, /* asked twice, the same */
    };
    struct forecast *f = forecast_new(&in);
    bool is_there = run(o, f, a);
    if (is_there)
        forecast_result(f, out);
    forecast_free(f);
    free(job);
    return is_there;
}
