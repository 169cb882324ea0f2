/* meter.c: see meter.h. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include "meter.h"

static int64_t *event(const struct meter *m, uint64_t n)
{
    return &m->at_us[n & (m->cap - 1)];
}

static void grow(struct meter *m)
{
    size_t cap = m->cap ? m->cap * 2 : 64;
    int64_t *all = mem_array(cap, sizeof *all);
    for (uint64_t n = m->last; n < m->next; n++)
        all[n & (cap - 1)] = *event(m, n);
    free(m->at_us);
    m->at_us = all;
    m->cap = cap;
}

static void forget_the_oldest(struct meter *m, const struct periods *p)
{
    m->last++;
    for (size_t i = 0; i < p->count; i++)
        if (m->span[i].first < m->last)
            m->span[i].first = m->last;
}

void meter_note(struct meter *m, const struct periods *p, int64_t now_us)
{
    uint64_t oldest = m->next;
    if (m->next - m->last == m->cap && m->cap < METER_EVENTS_MAX)
        grow(m);
    else if (m->next - m->last == m->cap)
        forget_the_oldest(m, p);
    *event(m, m->next++) = now_us;
    for (size_t i = 0; i < p->count; i++) {
        while (*event(m, m->span[i].first) <= now_us - p->ms[i] * 1000)
            m->span[i].first++;
        if (m->next - m->span[i].first > m->span[i].peak)
            m->span[i].peak = m->next - m->span[i].first;
        if (m->span[i].first < oldest)
            oldest = m->span[i].first;
    }
    m->last = oldest;
}

void meter_clear(struct meter *m)
{
    free(m->at_us);
    *m = (struct meter){.cap = 0};
}
