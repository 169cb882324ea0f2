/* world_meter.c: rates as a receiver measures them: every grant is noted, and no stretch of time may
 * hold more than what was written. */
#include "world.h"

/* A millisecond for the clock's grain. */
#define GRAIN_US 1000
#define QUEUE_US 1000000

void meter_init(struct meter *m, const struct rates *r)
{
    *m = (struct meter){.rates = *r};
}

void meter_change(struct meter *m, const struct rates *r)
{
    struct meter was = *m;
    m->rates = *r;
    m->is_changed = true;
    m->changed_us = 0;
    for (unsigned i = 0; i < r->count; i++) {
        m->tat_us[i] = 0;
        m->from[i] = m->count;
        for (unsigned k = 0; k < was.rates.count; k++)
            if (rate_spec_equal(&r->item[i], &was.rates.item[k])) {
                m->tat_us[i] = was.tat_us[k];
                m->from[i] = was.from[k];
            }
    }
}

void meter_done(struct meter *m)
{
    free(m->at_us);
    *m = (struct meter){0};
}

static bool is_lenient(struct meter *m, int64_t at_us)
{
    if (!m->is_changed)
        return false;
    if (!m->changed_us)
        m->changed_us = at_us;
    return at_us < m->changed_us + SECOND * 1000;
}

static void check_spacing(struct world *w, struct meter *m, unsigned i, int64_t at_us,
                          const char *what)
{
    const struct rate_spec *s = &m->rates.item[i];
    int64_t interval = s->period_us / (int64_t)s->count;
    int64_t tolerance = interval * (int64_t)(s->burst - 1) + GRAIN_US;
    if (m->is_shared) /* behind it, the provider's own queue */
        tolerance += interval + QUEUE_US;
    bool may_be_early = is_lenient(m, at_us), is_early = at_us < m->tat_us[i] - tolerance;
    RULE(w, may_be_early || !is_early, "%s: rate %llu", what, (unsigned long long)s->count);
    int64_t from = at_us - 999 > m->tat_us[i] ? at_us - 999 : m->tat_us[i];
    if (!is_early) /* else of what was granted before the reload */
        m->tat_us[i] = from + interval;
}

/* The grant `count` before this one lies a whole period back. */
static void check_quota(struct world *w, struct meter *m, unsigned i, int64_t at_us,
                        const char *what)
{
    const struct rate_spec *s = &m->rates.item[i];
    if (m->count - m->from[i] >= s->count)
        RULE(w, at_us - m->at_us[m->count - s->count] >= s->period_us - GRAIN_US, "%s: quota %llu",
             what, (unsigned long long)s->count);
}

/* Grants may be noted a little out of order: several connections have their next messages ahead. */
void meter_note(struct world *w, struct meter *m, enum meter_part part, int64_t at_us,
                const char *what)
{
    bool has_quota = false;
    for (unsigned i = 0; i < m->rates.count; i++) {
        bool is_quota = m->rates.item[i].burst == 0;
        has_quota |= is_quota;
        if (is_quota && part & METER_QUOTAS)
            check_quota(w, m, i, at_us, what);
        else if (!is_quota && part & METER_SPACING)
            check_spacing(w, m, i, at_us, what);
    }
    if (!has_quota || !(part & METER_QUOTAS))
        return;
    if (m->count == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 256;
        m->at_us = mem_grow(m->at_us, m->cap, sizeof *m->at_us);
    }
    m->at_us[m->count++] = at_us;
}
