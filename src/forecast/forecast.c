/* forecast.c: the planner on a virtual clock: its life, the loop around it, the result. */
#include <sluice/forecast/forecast.h>
#include <stdlib.h>
#include <string.h>
#include "state.h"

#define LATE_MS 50
#define LATE_PER_ELAPSED 4096 /* ms: in the first minutes nothing is late */
#define YEAR_MS (INT64_C(366) * 86400000)

/* ---- life ---- */

static void open_job(struct forecast *f, uint32_t index)
{
    const struct forecast_job *j = &f->in->job[index];
    plan_job_open(f->plan, &j->info);
    plan_job_calendar(f->plan, j->info.key, j->closed, f->now);
    for (uint32_t i = 0; i < f->subject[index].buckets; i++) {
        uint32_t bucket = f->subject[index].bucket[i];
        const struct forecast_domain *d = &f->in->domain[bucket];
        plan_job_add(f->plan, j->info.key, i, f->place[f->bucket[bucket].place].name, d->recipients,
                     d->due_ms);
    }
    plan_job_loaded(f->plan, j->info.key);
}

static void prepare_plan(struct forecast *f)
{
    const struct forecast_input *in = f->in;
    struct plan_options o = in->options;
    o.seed = in->seed;
    f->plan = plan_new(&o);
    for (size_t i = 0; i < in->memories; i++)
        plan_remember(f->plan, in->memory[i].key, in->memory[i].value, f->now);
    for (size_t i = 0; i < in->calendars; i++)
        plan_calendar(f->plan, in->calendar[i].party, in->calendar[i].name, in->calendar[i].closed,
                      f->now);
    for (size_t i = 0; i < in->jobs; i++)
        open_job(f, (uint32_t)i);
}

struct forecast *forecast_new(const struct forecast_input *in)
{
    struct forecast *f = mem_array(1, sizeof *f);
    f->in = in;
    f->now = f->start = in->now;
    f->sampled_to_ms = in->now.wall.ms;
    f->until_ms =
        in->until.ms - in->now.wall.ms < YEAR_MS ? in->until.ms : in->now.wall.ms + YEAR_MS;
    buf_init(&f->text, 1024);
    heap_init(&f->due);
    f->conn = mem_array(in->options.max_connections, sizeof *f->conn);
    world_make(f);
    prepare_plan(f);
    f->is_done = f->settled == f->recipients;
    return f;
}

void forecast_free(struct forecast *f)
{
    if (!f)
        return;
    plan_free(f->plan);
    mail_free(f);
    world_free(f);
    free(f->question);
    buf_done(&f->text);
    free(f);
}

/* ---- one round ---- */

static struct question *question_new(struct forecast *f)
{
    if (f->questions == f->question_cap) {
        f->question_cap = f->question_cap ? 2 * f->question_cap : 64;
        f->question = mem_grow(f->question, f->question_cap, sizeof *f->question);
    }
    return &f->question[f->questions++];
}

static void note_resolve(struct forecast *f, const char *domain)
{
    const struct place *p = world_place(f, domain);
    MUST(p);
    *question_new(f) = (struct question){.bucket = UINT32_MAX, .place = (uint32_t)(p - f->place)};
}

static void note_lease(struct forecast *f, const struct plan_action *a)
{
    int job = world_job(f, a->job_key);
    MUST(job >= 0 && a->domain_id < f->subject[job].buckets);
    *question_new(f) = (struct question){
        .bucket = f->subject[job].bucket[a->domain_id], .limit = a->limit, .until_ms = a->until_ms};
}

static void carry_out(struct forecast *f, const struct plan_action *a)
{
    switch (a->act) {
    case ACT_RESOLVE:
        note_resolve(f, a->domain);
        break;
    case ACT_LEASE:
        note_lease(f, a);
        break;
    case ACT_OPEN:
        mail_open(f, a);
        break;
    case ACT_MORE:
        mail_more(f, a);
        break;
    case ACT_CLOSE:
        mail_close(f, a);
        break;
    case ACT_RECORD:
        mail_record(f, a->outcome);
        break;
    case ACT_RETURN:
        mail_return(f, a->chain, a->due_ms);
        break;
    case ACT_NOTICE:
        free(a->text);
        break;
    case ACT_CANCEL_ROWS:
    case ACT_JOB_DONE:
    case ACT_QUARANTINE:
        break;
    }
}

/* The planner wants all its actions carried out before it hears anything. */
static bool answer_all(struct forecast *f)
{
    size_t n = f->questions;
    for (size_t i = 0; i < n; i++) {
        struct question q = f->question[i];
        if (q.bucket != UINT32_MAX) {
            rows_lease(f, q.bucket, q.limit, q.until_ms);
            continue;
        }
        const struct place *p = &f->place[q.place];
        plan_resolved(f->plan, p->name, world_answer(f, p), f->now);
    }
    f->questions = 0;
    f->events += n;
    return n > 0;
}

static void one_round(struct forecast *f)
{
    struct plan_action a;
    struct heap_node *n;
    while ((n = heap_first(&f->due)) && n->key <= f->now.mono.ms) {
        heap_remove(&f->due, n);
        mail_due(f, (struct conn *)(void *)n); /* its first member */
        f->events++;
    }
    do {
        while (plan_next(f->plan, f->now, &a)) {
            carry_out(f, &a);
            f->events++;
        }
    } while (answer_all(f));
    f->is_done = f->settled == f->recipients;
}

/* ---- the clock ---- */

/* When the planner wants to look again. Where many providers share a cap each of them looks by itself,
 * mostly in vain; rates are granted further ahead than it is late here, so nothing is lost by
 * it. */
static int64_t wakes_at(const struct forecast *f)
{
    int64_t late_ms = (f->now.wall.ms - f->start.wall.ms) / LATE_PER_ELAPSED;
    int64_t wake_ms = plan_wake(f->plan).ms;
    int64_t soonest_ms = f->woken_ms + (late_ms < LATE_MS ? late_ms : LATE_MS);
    return wake_ms > soonest_ms ? wake_ms : soonest_ms;
}

static void advance(struct forecast *f)
{
    const struct heap_node *n = heap_first(&f->due);
    int64_t next_ms = wakes_at(f);
    int64_t most_ms = f->now.mono.ms + (f->until_ms - f->now.wall.ms);
    if (n && n->key < next_ms)
        next_ms = n->key;
    else
        f->woken_ms = next_ms;
    if (next_ms <= f->now.mono.ms)
        next_ms = f->now.mono.ms + 1;
    if (next_ms >= most_ms) {
        next_ms = most_ms;
        f->is_done = true;
    }
    int64_t step_ms = next_ms - f->now.mono.ms;
    if (step_ms <= 0)
        return;
    sample_before(f, f->now.wall.ms + step_ms);
    f->now.mono.ms += step_ms;
    f->now.wall.ms += step_ms;
}

bool forecast_step(struct forecast *f, uint64_t events)
{
    uint64_t until = f->events + events;
    while (!f->is_done && f->events < until) {
        one_round(f);
        f->events++;
        if (!f->is_done)
            advance(f);
    }
    return f->is_done;
}

double forecast_progress(const struct forecast *f)
{
    return f->recipients ? (double)f->settled / (double)f->recipients : 1;
}

/* ---- the result ---- */

void forecast_result(struct forecast *f, struct forecast_out *out)
{
    *out = (struct forecast_out){.simulated_ms = (double)(f->now.wall.ms - f->start.wall.ms),
                                 .events = (double)f->events};
    out->row = mem_array(f->accounts + 1, sizeof *out->row);
    for (size_t i = 0; i < f->accounts; i++) {
        struct account *a = &f->account[i];
        if (!f->in->job[a->job].is_subject || a->recipients == 0)
            continue;
        struct forecast_row *r = &out->row[out->rows++];
        account_row(f, a, r);
        out->recipients += r->recipients;
        out->delivered += r->delivered;
        out->undeliverable += r->undeliverable;
        if (r->finish.ms > out->finish.ms)
            out->finish = r->finish;
    }
    out->left = out->recipients - out->delivered - out->undeliverable;
    if (out->left > 0)
        out->finish.ms = 0;
}

void forecast_out_done(struct forecast_out *out)
{
    free(out->row);
    *out = (struct forecast_out){0};
}
