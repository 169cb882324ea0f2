#include <sluice/base/must.h>
#include <sluice/shape/guard.h>

#include <stdlib.h>
#include <string.h>

void guard_done(struct guard *g)
{
    free(g->at_ms);
    *g = (struct guard){0};
}

void guard_clear(struct guard *g)
{
    memset(g->refused_bits, 0, sizeof g->refused_bits);
    g->count = g->next = g->refused = 0;
}

static void resize(struct guard *g, uint32_t size)
{
    if (g->at_ms && g->size == size)
        return;
    guard_clear(g);
    free(g->at_ms);
    g->at_ms = size > 0 ? mem_array(size, sizeof *g->at_ms) : NULL;
    g->size = size;
}

static uint32_t oldest(const struct guard *g)
{
    return (g->next + g->size - g->count) % g->size;
}

static void push(struct guard *g, bool is_refused, int64_t now_wall_ms)
{
    uint64_t *bits = &g->refused_bits[g->next / 64];
    uint64_t bit = UINT64_C(1) << (g->next % 64);

    if (g->count == g->size)
        g->refused -= (*bits & bit) != 0;
    else
        g->count++;
    *bits = is_refused ? *bits | bit : *bits & ~bit;
    g->refused += is_refused;
    g->at_ms[g->next] = now_wall_ms;
    g->next = (g->next + 1) % g->size;
}

bool guard_note(struct guard *g, const struct limits *l, bool is_refused, bool has_profile,
                int64_t now_wall_ms)
{
    int64_t size = l->outage_sample < GUARD_SAMPLE_MAX ? l->outage_sample : GUARD_SAMPLE_MAX;

    g->accepted += !is_refused;
    resize(g, size > 0 ? (uint32_t)size : 0);
    if (g->size == 0)
        return false;
    push(g, is_refused, now_wall_ms);
    if (g->count < g->size || !is_refused)
        return false;
    if ((int64_t)g->refused * 100 < l->outage_refused_percent * g->size)
        return false;
    if (now_wall_ms - g->at_ms[oldest(g)] > l->outage_window_ms)
        return false;
    if (!has_profile && g->accepted < g->size / 2)
        return false;
    g->since_ms = g->at_ms[oldest(g)];
    guard_clear(g);
    return true;
}

int64_t guard_since_ms(const struct guard *g)
{
    return g->count > 0 ? g->at_ms[oldest(g)] : g->since_ms;
}

/* What says nothing about whether the provider takes mail: it wants to be asked again, one mailbox
 * is full, it does not like this message, or it was our own decision. */
static bool is_beside_the_point(enum category c)
{
    switch (c) {
    case CAT_GREYLISTED:
    case CAT_MAILBOX_FULL:
    case CAT_MESSAGE_TOO_LARGE:
    case CAT_SPAM_CONTENT:
    case CAT_RENDER_ERROR:
    case CAT_ADDRESS_UNSUPPORTED:
    case CAT_IN_DOUBT:
    case CAT_SUPPRESSED:
    case CAT_CANCELLED:
    case CAT_EXPIRED:
        return true;
    default:
        return false;
    }
}

bool guard_counts(const struct outcome *o, bool *is_refused)
{
    bool is_answer = o->phase == PHASE_MAIL || o->phase == PHASE_RCPT || o->phase == PHASE_DATA ||
                     o->phase == PHASE_DOT;

    if (o->reply.code == 0 || !is_answer || is_beside_the_point(o->category))
        return false;
    *is_refused = o->reply.code / 100 != 2;
    return true;
}
