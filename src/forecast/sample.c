/* sample.c: what bounds the subject jobs most of the time. The planner is asked now and then, and
 * each answer counts for the time until the next. */
#include <stdlib.h>
#include <string.h>
#include "state.h"

/* Ever more seldom as time goes by, and the more so the more there is to be told: the answers of a
 * whole forecast stay below a few million, also with very many domains. */
#define INTERVAL_MS 1000
#define PER_ELAPSED (1.0 / 256)
#define PER_WAIT (1.0 / 100000)

const struct reason *reasons_heaviest(const struct reasons *r, bool is_closed)
{
    const struct reason *best = NULL;
    for (unsigned i = 0; i < r->count; i++)
        if (r->item[i].is_closed == is_closed && (!best || r->item[i].weight > best->weight))
            best = &r->item[i];
    return best;
}

static struct reason *find(struct reasons *r, uint64_t key)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->item[i].key == key)
            return &r->item[i];
    return NULL;
}

/* When there are too many, the lightest gives way. */
static struct reason *get(struct reasons *r, uint64_t key, const char *text, bool is_closed)
{
    struct reason *found = find(r, key);
    if (found)
        return found;
    if (r->count < REASONS_MAX) {
        r->item = mem_grow(r->item, r->count + 1, sizeof *r->item);
        found = &r->item[r->count++];
    } else {
        found = &r->item[0];
        for (unsigned i = 1; i < r->count; i++)
            if (r->item[i].weight < found->weight)
                found = &r->item[i];
    }
    *found = (struct reason){.key = key, .is_closed = is_closed};
    str_copy(found->text, sizeof found->text, str_of(text));
    return found;
}

/* Counters in a text do not make another reason. */
static uint64_t key_of(const char *text)
{
    char plain[400];
    size_t n = 0;
    for (; *text && n < sizeof plain; text++)
        if (*text < '0' || *text > '9')
            plain[n++] = *text;
    return str_hash(str_n(plain, n));
}

struct asking {
    struct forecast *f;
    uint32_t job;
    double weight_ms;
};

static const char *text_of(struct forecast *f, const struct plan_wait *w)
{
    buf_clear(&f->text);
    buf_puts(&f->text, w->why);
    if (w->at.file && w->at.line)
        buf_printf(&f->text, " (%s:%u)", w->at.file, w->at.line);
    else if (w->at.file)
        buf_printf(&f->text, " (%s)", w->at.file);
    return f->text.data;
}

static struct account *account_of(const struct asking *q, const struct plan_wait *w)
{
    const struct forecast *f = q->f;
    const struct place *p = w->domain && w->domain[0] ? world_place(f, w->domain) : NULL;
    if (p)
        return world_account(f, q->job, p->receiver);
    uintptr_t there = (uintptr_t)map_get(&f->receiver_by_name, str_of(w->provider));
    return there ? world_account(f, q->job, (uint32_t)(there - 1)) : NULL;
}

static void note_for_job(struct asking *q, uint64_t key, const char *text)
{
    struct subject *s = &q->f->subject[q->job];
    if (s->sample == q->f->sample)
        return;
    bool is_closed = spans_at(&s->closed, q->f->now.wall.ms) != NULL;
    get(&s->reasons, key, text, is_closed)->weight += q->weight_ms;
    s->sample = q->f->sample;
}

/* A provider's domains may wait for different things: the one with the most recipients counts. */
static void note(void *arg, const struct plan_wait *w)
{
    struct asking *q = arg;
    const char *text = text_of(q->f, w);
    uint64_t key = key_of(text);
    struct account *a = account_of(q, w);
    q->f->sample_waits++;
    if (!a) {
        note_for_job(q, key, text);
        return;
    }
    bool is_first = a->sample != q->f->sample;
    if (!is_first && w->recipients <= a->sample_recipients)
        return;
    struct reason *before = is_first ? NULL : find(&a->reasons, a->sample_key);
    if (before)
        before->weight -= q->weight_ms;
    bool is_closed = spans_at(account_closed(q->f, a), q->f->now.wall.ms) != NULL;
    get(&a->reasons, key, text, is_closed)->weight += q->weight_ms;
    a->sample = q->f->sample;
    a->sample_recipients = w->recipients;
    a->sample_key = key;
}

static void ask(struct forecast *f, uint32_t job, int64_t to_ms)
{
    const struct forecast_job *j = &f->in->job[job];
    int64_t from_ms = f->sampled_to_ms;
    if (from_ms < f->subject[job].begins_ms)
        from_ms = f->subject[job].begins_ms;
    if (!j->is_subject || to_ms <= from_ms)
        return;
    struct asking q = {f, job, (double)(to_ms - from_ms)};
    struct plan_question question = {.job_key = j->info.key};
    plan_each_wait(f->plan, &question, f->now, note, &q);
}

void sample_before(struct forecast *f, int64_t to_ms)
{
    if (to_ms < f->sample_at_ms || to_ms <= f->sample_from_ms)
        return;
    f->sample++;
    f->sample_waits = 0;
    for (size_t i = 0; i < f->in->jobs; i++)
        ask(f, (uint32_t)i, to_ms);
    f->sampled_to_ms = to_ms;
    double elapsed_ms = (double)(to_ms - f->sample_from_ms);
    double interval = elapsed_ms * (PER_ELAPSED + PER_WAIT * (double)f->sample_waits);
    f->sample_at_ms = to_ms + INTERVAL_MS + (int64_t)interval;
}
