/* live.c: what the running engine tells about itself, and the levers. Runs on the control socket's
 * threads; what belongs to the brain or the keeper is read on their threads by engine_call. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/engine/live.h>
#include <sluice/os/file.h>
#include "engine.h"

#define WAITS_MAX 50
#define JOBS_MAX 200 /* finished ones listed */

const struct settings *live_settings(struct engine *e)
{
    return e->settings;
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* Text of ours may hold what a list or a server said. */
static json_t *text_of(const char *s)
{
    json_t *t = json_string(s);
    return t ? t : json_string("(not UTF-8)");
}

static json_t *time_of(struct wall w)
{
    char out[WALL_TEXT];
    if (w.ms <= 0 || w.ms == WHEN_NEVER)
        return json_null();
    wall_format(w, out);
    return json_string(out);
}

/* ---- counters ---- */

static json_t *counts_of(const struct tally_row *r, uint64_t recipients)
{
    json_t *counts = json_object();
    uint64_t known = 0;
    for (int s = 0; s < STATES; s++)
        if (s != STATE_WAITING)
            known += r->state[s];
    for (int s = 0; s < STATES; s++)
        json_object_set_new(counts, state_name((enum state)s),
                            number(s != STATE_WAITING   ? r->state[s]
                                   : recipients > known ? recipients - known
                                                        : 0));
    return counts;
}

static json_t *categories_of(const struct tally_row *r)
{
    json_t *out = json_object();
    for (int c = 0; c < CATEGORIES; c++)
        if (r->category[c])
            json_object_set_new(out, category_name((enum category)c), number(r->category[c]));
    return out;
}

static json_t *job_head(const struct job_row *r)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:I,s:I,s:I}", "id", r->id, "client",
                     r->client, "class", msg_class_name(r->msg_class), "priority",
                     priority_name(r->priority), "state", job_state_name(r->state), "standing",
                     r->is_standing, "created", time_of(r->created), "finished",
                     time_of(r->finished), "recipients", (json_int_t)r->recipients, "duplicates",
                     (json_int_t)r->duplicates, "bad_rows", (json_int_t)r->bad_rows);
}

/* ---- on the keeper's thread ---- */

struct snapshot {
    const char *job; /* NULL: all */
    json_t *jobs;
    uint64_t delivered_per_s;
    char spool_trouble[200], list_trouble[200];
    uint32_t key; /* of `job`, when it is open */
};

static json_t *providers_of(const struct tally *t)
{
    json_t *list = json_array();
    const struct map_entry *m;
    for (size_t i = 0; (m = map_next(&t->providers, &i));) {
        const struct tally_row *r = m->value;
        json_array_append_new(list,
                              json_pack("{s:o,s:o,s:o,s:I}", "provider", text_of(r->provider),
                                        "counts", counts_of(r, 0), "categories", categories_of(r),
                                        "attempts", (json_int_t)r->attempts));
    }
    return list;
}

static uint64_t rate_now(const struct engine *e)
{
    uint64_t sum = 0;
    int64_t second = clock_mono().ms / 1000;
    if (second - e->second > 1) /* nothing was recorded lately */
        return 0;
    for (int i = 0; i < RATE_SECONDS; i++)
        if (i != second % RATE_SECONDS)
            sum += e->delivered_in[i];
    return sum / (RATE_SECONDS - 1);
}

static void put_trouble(json_t *job, const char *trouble)
{
    if (trouble[0])
        json_object_set_new(job, "trouble", text_of(trouble));
}

static bool is_asked_for(const struct snapshot *s, const struct job_row *row)
{
    return !s->job || strcmp(s->job, row->id) == 0;
}

static void add_job(struct snapshot *s, const struct keeper_job *j)
{
    json_t *o = job_head(&j->row);
    json_object_set_new(o, "counts",
                        counts_of(&j->tally.all, j->row.is_standing ? 0 : j->row.recipients));
    json_object_set_new(o, "categories", categories_of(&j->tally.all));
    json_object_set_new(o, "in_flight", number(j->in_flight));
    json_object_set_new(o, "key", number(j->row.key));
    put_trouble(o, j->trouble);
    if (s->job) {
        s->key = j->row.key;
        json_object_set_new(o, "providers", providers_of(&j->tally));
    }
    json_array_insert_new(s->jobs, 0, o);
}

static void add_unopened(struct snapshot *s, const struct unopened *u)
{
    json_t *o = job_head(&u->row);
    put_trouble(o, u->trouble);
    json_array_insert_new(s->jobs, 0, o);
}

static void take_snapshot(struct engine *e, void *arg)
{
    struct snapshot *s = arg;
    str_copy(s->spool_trouble, sizeof s->spool_trouble, str_of(e->spool_trouble));
    s->delivered_per_s = rate_now(e);
    for (const struct unopened *u = e->unopened; u; u = u->next)
        if (is_asked_for(s, &u->row))
            add_unopened(s, u);
    pthread_mutex_lock(&e->lock);
    str_copy(s->list_trouble, sizeof s->list_trouble,
             str_of(e->look_up_trouble[0] ? e->look_up_trouble : e->list_trouble));
    for (const struct keeper_job *j = e->endings; j; j = j->next)
        if (is_asked_for(s, &j->row))
            add_job(s, j);
    pthread_mutex_unlock(&e->lock);
    for (const struct keeper_job *j = e->jobs; j; j = j->next)
        if (is_asked_for(s, &j->row))
            add_job(s, j);
}

/* ---- on the brain's thread ---- */

struct thoughts {
    uint32_t key; /* 0: none in particular */
    json_t *jobs; /* "waiting" is set in each */
    struct plan_counts all;
    json_t *waits, *providers;
    struct now now;
};

static void add_wait(void *arg, const char *what, uint64_t recipients, const char *why,
                     struct wall until)
{
    json_array_append_new((json_t *)arg, json_pack("{s:o,s:I,s:o,s:o}", "what", text_of(what),
                                                   "recipients", (json_int_t)recipients, "why",
                                                   text_of(why), "until", time_of(until)));
}

static void add_provider(void *arg, const char *name, uint32_t connections, uint64_t ready)
{
    json_array_append_new((json_t *)arg,
                          json_pack("{s:o,s:I,s:I}", "provider", text_of(name), "connections",
                                    (json_int_t)connections, "ready", (json_int_t)ready));
}

static void think(struct engine *e, void *arg)
{
    struct thoughts *t = arg;
    struct plan_counts c;
    size_t i;
    json_t *job;
    plan_counts(e->plan, 0, &t->all);
    json_array_foreach(t->jobs, i, job)
    {
        plan_counts(e->plan, (uint32_t)json_integer_value(json_object_get(job, "key")), &c);
        if (json_is_true(json_object_get(job, "standing"))) {
            json_t *counts = json_object_get(job, "counts");
            uint64_t deferred = (uint64_t)json_integer_value(json_object_get(counts, "deferred"));
            uint64_t todo = c.waiting + c.leased;
            json_object_set_new(counts, "waiting", number(todo > deferred ? todo - deferred : 0));
        }
    }
    plan_each_provider(e->plan, add_provider, t->providers);
    if (t->key)
        plan_each_wait(e->plan, t->key, t->now, add_wait, t->waits);
}

/* ---- finished jobs: from the catalog and what the scribe wrote ---- */

struct finished {
    struct engine *e;
    const char *job;
    json_t *open, *out;
};

static json_t *listed(const json_t *jobs, const char *id)
{
    size_t i;
    json_t *j;
    json_array_foreach(jobs, i, j)
    {
        if (strcmp(json_string_value(json_object_get(j, "id")), id) == 0)
            return j;
    }
    return NULL;
}

static void add_summary(struct engine *e, const char *id, json_t *job, bool with_providers)
{
    char path[4096];
    struct err err;
    struct buf text;
    snprintf(path, sizeof path, "%s/%s/summary.json", e->settings->out_dir, id);
    buf_init(&text, 64u * 1024 * 1024);
    json_t *summary =
        file_read(path, &text, &err) ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    const char *key[] = {"counts", "categories", "providers"};
    for (int i = 0; i < (with_providers ? 3 : 2); i++) {
        json_t *v = json_object_get(summary, key[i]);
        if (v)
            json_object_set(job, key[i], v);
    }
    json_decref(summary);
    buf_done(&text);
}

static bool add_finished(void *arg, const struct job_row *row)
{
    struct finished *f = arg;
    if (f->job && strcmp(f->job, row->id) != 0)
        return true;
    json_t *open = listed(f->open, row->id);
    if (open) { /* only the catalog counts what a standing job gets */
        json_object_set_new(open, "recipients", number(row->recipients));
        return true;
    }
    json_t *o = job_head(row);
    json_array_append_new(f->out, o);
    if (json_array_size(f->out) > JOBS_MAX)
        json_array_remove(f->out, 0);
    return true;
}

static void list_finished(struct engine *e, const char *job, json_t *jobs)
{
    struct spool *s;
    struct err err;
    struct finished f = {e, job, jobs, json_array()};
    if (spool_open(e->settings->spool_dir, &s, &err)) {
        spool_each_job(s, add_finished, &f, &err);
        spool_close(s);
    }
    size_t i;
    json_t *o;
    json_array_foreach(f.out, i, o)
    {
        add_summary(e, json_string_value(json_object_get(o, "id")), o, job != NULL);
        json_array_insert(jobs, i, o);
    }
    json_decref(f.out);
}

/* ---- the whole ---- */

static int by_recipients(const void *a, const void *b)
{
    json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "recipients"));
    json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "recipients"));
    return (x < y) - (x > y);
}

/* The largest ones. */
static json_t *cut_waits(json_t *waits)
{
    size_t n = json_array_size(waits);
    json_t **item = mem_array(n + 1, sizeof *item), *out = json_array();
    for (size_t i = 0; i < n; i++)
        item[i] = json_array_get(waits, i);
    qsort(item, n, sizeof *item, by_recipients);
    for (size_t i = 0; i < n && i < WAITS_MAX; i++)
        json_array_append(out, item[i]);
    free(item);
    json_decref(waits);
    return out;
}

static json_t *intake_json(struct engine *e)
{
    struct intake_status s;
    intake_status(e->intake, &s);
    return json_pack("{s:o,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I}", "importing",
                     s.is_importing ? text_of(s.name) : json_null(), "rows", (json_int_t)s.rows,
                     "read_bytes", (json_int_t)s.read_bytes, "file_bytes", (json_int_t)s.file_bytes,
                     "paused", s.paused_because[0] ? text_of(s.paused_because) : json_null(),
                     "waiting_files", (json_int_t)s.waiting_files, "jobs_accepted",
                     (json_int_t)s.jobs_accepted, "jobs_failed", (json_int_t)s.jobs_failed,
                     "trigger_rows", (json_int_t)s.trigger_rows);
}

static json_t *dns_json(struct engine *e)
{
    struct resolver_stats s;
    resolver_stats(e->resolver, &s);
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "asked", (json_int_t)s.asked, "cache_hits",
                     (json_int_t)s.cache_hits, "queries", (json_int_t)s.queries,
                     "temporary_failures", (json_int_t)s.temporary_failures, "cached",
                     (json_int_t)s.cached, "in_flight", (json_int_t)s.in_flight);
}

static uint64_t disk_free(struct engine *e)
{
    uint64_t bytes = 0;
    struct err err;
    file_space_is_at_least(e->settings->spool_dir, 0, &bytes, &err);
    return bytes;
}

json_t *live_status(struct engine *e, const char *job)
{
    struct snapshot s = {.job = job, .jobs = json_array()};
    engine_call(e, &e->keeper_box, take_snapshot, &s);
    struct thoughts t = {.key = s.key,
                         .jobs = s.jobs,
                         .waits = json_array(),
                         .providers = json_array(),
                         .now = clock_now()};
    engine_call(e, &e->brain_box, think, &t);
    list_finished(e, job, s.jobs);
    json_t *out = json_pack(
        "{s:s,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "version", SLUICE_VERSION,
        "pid", (json_int_t)getpid(), "started", time_of(e->started), "uptime_s",
        (json_int_t)((clock_wall().ms - e->started.ms) / 1000), "connections",
        (json_int_t)t.all.connections, "in_flight", (json_int_t)t.all.leased, "messages_per_s",
        (json_int_t)s.delivered_per_s, "disk_free", (json_int_t)disk_free(e), "spool_trouble",
        s.spool_trouble[0] ? text_of(s.spool_trouble) : json_null(), "list_trouble",
        s.list_trouble[0] ? text_of(s.list_trouble) : json_null(), "intake", intake_json(e), "dns",
        dns_json(e), "connections_by_provider", t.providers, "jobs", s.jobs);
    t.waits = cut_waits(t.waits);
    if (s.key)
        json_object_set(json_array_get(s.jobs, 0), "waits", t.waits);
    json_decref(t.waits);
    return out;
}

/* ---- levers ---- */

/* The keeper decides and makes it durable, because it knows in which state a job is; then the
 * planner hears of it. A crash between both leaves the job in the state that was asked for. */
struct lever {
    const char *name, *job;
    enum job_state state;
    uint32_t key; /* of the open job; 0: none, or it could not be pulled */
    bool is_done; /* without the planner */
    struct err *err;
};

static bool may_pull(const struct lever *l, const struct job_row *row)
{
    if (row->state == JOB_ACTIVE || row->state == JOB_PAUSED)
        return true;
    if (row->state == JOB_IMPORTING)
        return err_set(l->err, "job '%s' is still being imported; try again when that is through",
                       row->id);
    return err_set(l->err, "job '%s' is %s: there is nothing to %s", row->id,
                   job_state_name(row->state), l->name);
}

static void pull_open(struct engine *e, struct lever *l, struct keeper_job *j)
{
    if (!may_pull(l, &j->row))
        return;
    if (l->state == JOB_ACTIVE && j->trouble[0]) {
        err_set(l->err, "job '%s' cannot go on: %s", j->row.id, j->trouble);
        return;
    }
    /* A cancelled job without an end is one whose rows are still to be cancelled: see recover.c. */
    if (!spool_set_state(e->spool, j->row.key, l->state, (struct wall){0}, l->err))
        return;
    j->row.state = l->state;
    l->key = j->row.key;
}

/* All that can be done for a job that cannot be opened: never to open it again. */
static bool pull_unopened(struct engine *e, struct lever *l)
{
    for (struct unopened **at = &e->unopened, *u; (u = *at); at = &u->next) {
        if (strcmp(u->row.id, l->job) != 0)
            continue;
        if (l->state != JOB_CANCELLED) {
            err_set(l->err, "job '%s' cannot be opened: %s", l->job, u->trouble);
        } else if (spool_set_state(e->spool, u->row.key, JOB_CANCELLED, clock_wall(), l->err)) {
            l->is_done = true;
            *at = u->next;
            free(u);
        }
        return true;
    }
    return false;
}

static bool is_ending(struct engine *e, const struct lever *l)
{
    pthread_mutex_lock(&e->lock);
    const struct keeper_job *j = e->endings;
    while (j && strcmp(j->row.id, l->job) != 0)
        j = j->next;
    if (j && j->trouble[0])
        err_set(l->err, "job '%s' is through, but its results cannot be written: %s", l->job,
                j->trouble);
    else if (j)
        err_set(l->err, "job '%s' is through, its results are being written", l->job);
    pthread_mutex_unlock(&e->lock);
    return j != NULL;
}

static void pull_closed(struct engine *e, struct lever *l)
{
    struct job_row row;
    l->err->text[0] = 0;
    if (is_ending(e, l))
        return;
    if (!spool_find(e->spool, l->job, &row, l->err)) {
        if (!l->err->text[0])
            err_set(l->err, "no job '%s'", l->job);
    } else if (may_pull(l, &row))
        err_set(l->err, "job '%s' is just being opened; try again in a moment", l->job);
}

static void pull(struct engine *e, void *arg)
{
    struct lever *l = arg;
    struct keeper_job *j = e->jobs;
    while (j && strcmp(j->row.id, l->job) != 0)
        j = j->next;
    if (j)
        pull_open(e, l, j);
    else if (!pull_unopened(e, l))
        pull_closed(e, l);
}

static void tell_plan(struct engine *e, void *arg)
{
    struct lever *l = arg;
    struct now now = clock_now();
    if (l->state == JOB_PAUSED)
        l->is_done = plan_job_pause(e->plan, l->key, now);
    else if (l->state == JOB_ACTIVE)
        l->is_done = plan_job_resume(e->plan, l->key);
    else
        l->is_done = plan_job_cancel(e->plan, l->key, now);
}

bool live_lever(struct engine *e, const char *lever, const char *job, struct err *err)
{
    static const struct {
        const char *name;
        enum job_state state;
    } LEVERS[] = {{"pause", JOB_PAUSED}, {"resume", JOB_ACTIVE}, {"cancel", JOB_CANCELLED}};
    struct lever l = {.name = lever, .job = job, .state = JOB_STATES, .err = err};
    for (size_t i = 0; i < sizeof LEVERS / sizeof *LEVERS; i++)
        if (strcmp(lever, LEVERS[i].name) == 0)
            l.state = LEVERS[i].state;
    if (l.state == JOB_STATES)
        return err_set(err, "no lever '%s': pause, resume, cancel", lever);
    engine_call(e, &e->keeper_box, pull, &l);
    if (!l.key)
        return l.is_done;
    engine_call(e, &e->brain_box, tell_plan, &l);
    return l.is_done || err_set(err, "job '%s' is just ending", job);
}
