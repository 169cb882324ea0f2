/* live.c: what the running engine tells about itself. Runs on the control socket's threads; what
 * belongs to the brain or the keeper is read on their threads by engine_call. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/engine/live.h>
#include <sluice/os/file.h>
#include "approval.h"
#include "live_parts.h"
#include "warden.h"

#define WAITS_MAX 50
#define JOBS_MAX 200 /* finished ones listed */

const struct settings *live_settings(struct engine *e)
{
    return e->settings;
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
                            live_number(s != STATE_WAITING   ? r->state[s]
                                        : recipients > known ? recipients - known
                                                             : 0));
    return counts;
}

static json_t *categories_of(const struct tally_row *r)
{
    json_t *out = json_object();
    for (int c = 0; c < CATEGORIES; c++)
        if (r->category[c])
            json_object_set_new(out, category_name((enum category)c), live_number(r->category[c]));
    return out;
}

static json_t *job_head(const struct job_row *r)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:I,s:I,s:I}", "id", r->id, "client",
                     r->client, "class", msg_class_name(r->msg_class), "priority",
                     priority_name(r->priority), "state", job_state_name(r->state), "standing",
                     r->is_standing, "created", live_time(r->created), "finished",
                     live_time(r->finished), "recipients", (json_int_t)r->recipients, "duplicates",
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
                              json_pack("{s:o,s:o,s:o,s:I}", "provider", live_text(r->provider),
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
        json_object_set_new(job, "trouble", live_text(trouble));
}

static void put_held(json_t *o, const struct keeper_job *j)
{
    char hint[APPROVAL_HINT];
    if (!j->waits_approval || j->row.state == JOB_CANCELLED)
        return;
    approval_hint(j->row.id, hint);
    json_object_set_new(o, "held", live_text(hint));
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
    json_object_set_new(o, "in_flight", live_number(j->in_flight));
    json_object_set_new(o, "key", live_number(j->row.key));
    put_trouble(o, j->trouble);
    put_held(o, j);
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
    json_t *jobs; /* "waiting" is set in each */
    struct plan_counts all;
    json_t *providers;
};

static void add_provider(void *arg, const char *name, uint32_t connections, uint64_t ready)
{
    json_array_append_new((json_t *)arg,
                          json_pack("{s:o,s:I,s:I}", "provider", live_text(name), "connections",
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
            uint64_t elsewhere =
                (uint64_t)(json_integer_value(json_object_get(counts, "deferred")) +
                           json_integer_value(json_object_get(counts, "quarantined")));
            uint64_t todo = c.waiting + c.leased;
            json_object_set_new(counts, "waiting",
                                live_number(todo > elsewhere ? todo - elsewhere : 0));
        }
    }
    plan_each_provider(e->plan, add_provider, t->providers);
}

/* ---- waits ---- */

struct waits {
    const struct plan_question *question;
    struct wait_groups *groups;
};

static void ask_waits(struct engine *e, void *arg)
{
    struct waits *w = arg;
    plan_each_wait(e->plan, w->question, clock_now(), wait_groups_add, w->groups);
}

/* The planner knows of a pause only. */
static void name_approval(json_t *wait, const struct keeper_job *j)
{
    char hint[APPROVAL_HINT];
    if (!j || !j->waits_approval)
        return;
    approval_hint(j->row.id, hint);
    char *why =
        mem_printf("the job %s%s", j->row.state == JOB_PAUSED ? "is paused, and " : "", hint);
    json_object_set_new(wait, "why", live_text(why));
    free(why);
}

/* On the keeper's thread: names instead of numbers. A spool that refuses is what everything waits
 * for. */
static void name_waits(struct engine *e, void *arg)
{
    size_t i;
    json_t *o;
    json_array_foreach((json_t *)arg, i, o)
    {
        uint32_t key = (uint32_t)json_integer_value(json_object_get(o, "key"));
        struct keeper_job *j = keeper_find(e, key);
        json_object_set_new(o, "job", j ? live_text(j->row.id) : json_null());
        json_object_del(o, "key");
        bool is_whole_job = strcmp(json_string_value(json_object_get(o, "what")), "job") == 0;
        if (is_whole_job)
            name_approval(o, j);
        if (!e->spool_trouble[0] || is_whole_job)
            continue;
        char *why = mem_printf("the spool: %s", e->spool_trouble);
        json_object_set_new(o, "why", live_text(why));
        json_object_set_new(o, "until", json_null());
        json_object_del(o, "file");
        json_object_del(o, "line");
        free(why);
    }
}

json_t *live_waits(struct engine *e, const struct plan_question *q, size_t most, uint64_t *more)
{
    struct waits w = {q, wait_groups_new()};
    engine_call(e, &e->brain_box, ask_waits, &w);
    json_t *out = wait_groups_take(w.groups, most, more);
    engine_call(e, &e->keeper_box, name_waits, out);
    return out;
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
        json_object_set_new(open, "recipients", live_number(row->recipients));
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

static json_t *intake_json(struct engine *e)
{
    struct intake_status s;
    intake_status(e->intake, &s);
    return json_pack("{s:o,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I}", "importing",
                     s.is_importing ? live_text(s.name) : json_null(), "rows", (json_int_t)s.rows,
                     "read_bytes", (json_int_t)s.read_bytes, "file_bytes", (json_int_t)s.file_bytes,
                     "paused", s.paused_because[0] ? live_text(s.paused_because) : json_null(),
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
    struct thoughts t = {.jobs = s.jobs, .providers = json_array()};
    engine_call(e, &e->brain_box, think, &t);
    list_finished(e, job, s.jobs);
    json_t *out = json_pack(
        "{s:s,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "version", SLUICE_VERSION,
        "pid", (json_int_t)getpid(), "started", live_time(e->started), "uptime_s",
        (json_int_t)((clock_wall().ms - e->started.ms) / 1000), "connections",
        (json_int_t)t.all.connections, "in_flight", (json_int_t)t.all.leased, "messages_per_s",
        (json_int_t)s.delivered_per_s, "disk_free", (json_int_t)disk_free(e), "spool_trouble",
        s.spool_trouble[0] ? live_text(s.spool_trouble) : json_null(), "list_trouble",
        s.list_trouble[0] ? live_text(s.list_trouble) : json_null(), "intake", intake_json(e),
        "dns", dns_json(e), "connections_by_provider", t.providers, "jobs", s.jobs);
    json_object_set_new(out, "suspended", suspensions_json(e->warden));
    json_object_set_new(out, "calendar_trouble", calendar_trouble_json(e->warden));
    if (s.key)
        json_object_set_new(
            json_array_get(s.jobs, 0), "waits",
            live_waits(e, &(struct plan_question){.job_key = s.key}, WAITS_MAX, NULL));
    return out;
}
