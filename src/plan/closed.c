/* closed.c: calendars: when jobs and providers are open, how a window is prepared, and what time does
 * not count towards expiry because it passed behind a closed gate. */
#include <stdlib.h>
#include <string.h>
#include "parts.h"

/* ---- jobs ---- */

static void place_all(struct plan *p, struct job *j)
{
    struct flow *f = j->flows;
    if (f)
        do
            flow_place(p, f);
        while ((f = f->of_job.next) != j->flows);
    for (size_t i = 0; i < j->buckets; i++)
        if (j->bucket[i] && j->bucket[i]->waiting && !j->bucket[i]->domain->provider)
            domain_wants(p, j->bucket[i]->domain);
}

static int64_t opens_at(const struct job *j, struct now now)
{
    if (j->info.is_paused)
        return WHEN_NEVER;
    int64_t at = now.wall.ms;
    if (j->client && j->client->party.until.ms > at)
        at = j->client->party.until.ms;
    return at == WHEN_NEVER ? at : spans_opens_at(&j->closed, at);
}

/* Something about it changed: it may have to stop, or may go on, and when that changes again. */
void job_review(struct plan *p, struct job *j, struct now now)
{
    bool was_open = j->opens_ms <= now.wall.ms && j->closes_ms > now.wall.ms;
    j->opens_ms = opens_at(j, now);
    bool is_open = j->opens_ms <= now.wall.ms;
    j->closes_ms = is_open ? spans_closes_at(&j->closed, now.wall.ms) : now.wall.ms;
    int64_t change = is_open ? j->closes_ms : j->opens_ms;
    if (change == WHEN_NEVER)
        heap_remove(&p->jobs_due, &j->node);
    else
        heap_put(&p->jobs_due, &j->node, plan_mono_of(p, change));
    if (j->is_cancelled)
        return;
    if (is_open)
        place_all(p, j);
    else if (was_open || j->lanes)
        job_return_all(p, j, now);
}

void jobs_review_due(struct plan *p, struct now now)
{
    struct heap_node *n;
    while ((n = heap_first(&p->jobs_due)) && n->key <= now.mono.ms) {
        struct job *j = container_of(n, struct job, node);
        heap_remove(&p->jobs_due, n);
        job_review(p, j, now);
    }
}

void job_forget_joined(struct job *j)
{
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&j->joined, &i));) {
        spans_done(e->value);
        free(e->value);
    }
    map_done(&j->joined);
    map_init(&j->joined);
}

const struct spans *closed_for(struct plan *p, struct job *j, const struct provider *v)
{
    (void)p;
    if (!v || !v->standing || v->standing->closed.count == 0)
        return &j->closed;
    if (j->closed.count == 0)
        return &v->standing->closed;
    struct spans *s = map_get(&j->joined, str_of(v->name));
    if (!s) {
        s = mem_array(1, sizeof *s);
        spans_join(s, &j->closed, &v->standing->closed);
        map_set(&j->joined, str_of(v->name), s);
    }
    return s;
}

/* ---- providers ---- */

static int64_t last_begin_ms(const struct provider *v, int64_t closes_wall_ms)
{
    /* A message that takes longer than a third of the drain begins earlier still. */
    double typical = v->message_ms * 3;
    int64_t third = v->limits->drain_ms / 3;
    int64_t needed = typical > (double)third ? (int64_t)typical : third;
    if (needed > v->limits->drain_ms)
        needed = v->limits->drain_ms;
    return closes_wall_ms - needed;
}

enum stage provider_stage(const struct plan *p, const struct provider *v, struct now now,
                          int64_t *change_ms)
{
    const struct spans *closed = v->standing ? &v->standing->closed : NULL;
    *change_ms = WHEN_NEVER;
    if (!closed || closed->count == 0)
        return STAGE_OPEN;
    int64_t closes = spans_closes_at(closed, now.wall.ms);
    if (closes == WHEN_NEVER)
        return STAGE_OPEN;
    int64_t drain = closes - v->limits->drain_ms, last = last_begin_ms(v, closes);
    enum stage stage = closes <= now.wall.ms  ? STAGE_SHUT
                       : last <= now.wall.ms  ? STAGE_LAST
                       : drain <= now.wall.ms ? STAGE_DRAINING
                                              : STAGE_OPEN;
    int64_t change = stage == STAGE_SHUT       ? spans_opens_at(closed, now.wall.ms)
                     : stage == STAGE_LAST     ? closes
                     : stage == STAGE_DRAINING ? last
                                               : drain;
    *change_ms = plan_mono_of(p, change);
    return stage;
}

int64_t provider_last_ms(const struct plan *p, const struct provider *v, struct now now)
{
    const struct spans *closed = v->standing ? &v->standing->closed : NULL;
    int64_t closes = spans_closes_at(closed, now.wall.ms);
    return closes == WHEN_NEVER ? WHEN_NEVER : plan_mono_of(p, last_begin_ms(v, closes));
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

int64_t provider_opens_but_for_rates(const struct plan *p, const struct provider *v, struct now now)
{
    int64_t at = later_of(v->rest_until_ms, now.mono.ms), change;
    if (v->kind != PROVIDER_REAL)
        return at;
    int64_t held = later_of(hold_until(v, 0, NULL, now, NULL), v->standing->outage_rest_ms);
    if (held > now.wall.ms)
        at = later_of(at, plan_mono_of(p, held));
    enum stage stage = provider_stage(p, v, now, &change);
    if (stage == STAGE_SHUT)
        at = later_of(at, change);
    else if (stage != STAGE_OPEN && v->connections == 0) /* too late to begin */
        at = later_of(at, plan_mono_of(p, spans_opens_at(
                                              &v->standing->closed,
                                              spans_closes_at(&v->standing->closed, now.wall.ms))));
    return at;
}

/* When its rates, and without a connection those of dialling, grant something. */
static int64_t rates_grant_us(const struct provider *v, int64_t now_us)
{
    int64_t at = provider_message_at(v, now_us, NULL) - RATE_HORIZON_US;
    if (v->connections > 0)
        return at;
    at = later_of(at, throttle_when(&v->dials, now_us, NULL));
    for (const struct hold *h = v->standing->holds; h; h = h->next)
        at = later_of(at, throttle_when(&h->dials, now_us, NULL));
    for (unsigned i = 0; i < v->gates; i++)
        at = later_of(at, throttle_when(&v->gate[i]->dials, now_us, NULL));
    return at;
}

int64_t provider_opens_ms(const struct plan *p, const struct provider *v, struct now now)
{
    int64_t at = provider_opens_but_for_rates(p, v, now);
    if (v->kind != PROVIDER_REAL)
        return at;
    int64_t rate_ms = rates_grant_us(v, now.mono.ms * 1000) / 1000 + 1;
    return rate_ms > now.mono.ms + FAR_MS ? later_of(at, rate_ms) : at;
}

/* ---- calendars come ---- */

static const struct spans *client_closed(const struct job *j)
{
    return j->client && !j->info.ignores_client_hours ? &j->client->closed : NULL;
}

/* Its time is the last that the plan saw: the first look at the job corrects it. */
void job_read_client(struct plan *p, struct job *j)
{
    const struct spans *closed = client_closed(j);
    if (!closed)
        return;
    spans_copy(&j->closed, closed);
    job_review(p, j, p->seen);
}

static void rejoin(struct plan *p, struct job *j, struct now now)
{
    spans_done(&j->closed);
    spans_join(&j->closed, &j->own, client_closed(j));
    job_forget_joined(j);
    job_review(p, j, now);
}

static void set_spans(struct spans *to, const struct spans *from)
{
    spans_done(to);
    if (!from)
        return;
    spans_copy(to, from);
    /* The configuration that the names of files belong to may go before the calendar does. */
    for (size_t i = 0; i < to->reasons; i++) {
        struct span_reason *r = &to->reason[i];
        if (!r->file && r->at.file)
            r->at.file = r->file = mem_str(r->at.file);
    }
}

void plan_job_calendar(struct plan *p, uint32_t job_key, const struct spans *closed, struct now now)
{
    struct job *j = plan_job_find(p, job_key);
    if (!j)
        return;
    set_spans(&j->own, closed);
    rejoin(p, j, now);
}

void plan_calendar(struct plan *p, enum plan_party party, const char *name,
                   const struct spans *closed, struct now now)
{
    if (party == PARTY_CLIENT) {
        struct client_state *c = client_get(p, name);
        set_spans(&c->closed, closed);
        for (struct job *j = p->jobs; j; j = j->next)
            if (j->client == c)
                rejoin(p, j, now);
        return;
    }
    if (party != PARTY_PROVIDER)
        return;
    set_spans(&standing_get(p, name)->closed, closed);
    for (struct job *j = p->jobs; j; j = j->next)
        job_forget_joined(j);
    const struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->providers, &i));)
        plan_touch(p, e->value);
}
