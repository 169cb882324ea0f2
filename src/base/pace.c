#include <sluice/base/must.h>
#include <sluice/base/pace.h>
#include <sluice/base/rate.h>

#include "rate_far.h"

#include <stdatomic.h>
#include <stdlib.h>

struct pace {
    atomic_uint holders;
    unsigned count;
    struct {
        int64_t interval_us, tolerance_us;
        _Atomic int64_t tat_us; /* as in rate.h */
    } of[RATES_MAX];
};

struct pace *pace_new(const struct rates *r)
{
    struct pace *p = NULL;

    for (unsigned i = 0; i < r->count; i++) {
        struct rate one;

        if (r->item[i].count == 0 || r->item[i].burst == 0)
            continue;
        if (!p) {
            p = mem_array(1, sizeof *p);
            atomic_init(&p->holders, 1);
        }
        rate_init(&one, &r->item[i]);
        rate_slow_down(&one);
        p->of[p->count].interval_us = one.interval_us;
        p->of[p->count].tolerance_us = one.tolerance_us;
        atomic_init(&p->of[p->count++].tat_us, INT64_MIN / 4);
        rate_done(&one);
    }
    return p;
}

struct pace *pace_hold(struct pace *p)
{
    if (p)
        atomic_fetch_add_explicit(&p->holders, 1, memory_order_relaxed);
    return p;
}

void pace_release(struct pace *p)
{
    if (p && atomic_fetch_sub_explicit(&p->holders, 1, memory_order_acq_rel) == 1)
        free(p);
}

static int64_t book(struct pace *p, unsigned i, int64_t now_us)
{
    int64_t tat = atomic_load_explicit(&p->of[i].tat_us, memory_order_relaxed), at, next;

    do {
        at = tat - p->of[i].tolerance_us > now_us ? tat - p->of[i].tolerance_us : now_us;
        next = (tat > at ? tat : at) + p->of[i].interval_us;
    } while (!atomic_compare_exchange_weak_explicit(&p->of[i].tat_us, &tat, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return at;
}

int64_t pace_book(struct pace *p, int64_t now_us)
{
    for (unsigned i = 0; i < p->count; i++)
        now_us = book(p, i, now_us);
    return now_us;
}

int64_t pace_queue_step(struct pace_queue *q, struct pace *const pace[], unsigned n, int64_t now_us)
{
    if (!q->is_in) {
        *q = (struct pace_queue){.is_in = true};
        while (q->left < n && pace[q->left])
            q->left++;
    }
    while (q->until_us <= now_us) {
        if (q->left == 0)
            return now_us;
        q->until_us = pace_book(pace[--q->left], now_us);
    }
    return q->until_us;
}
