/* window.c: see window.h. */
#include "window.h"

#include <stdlib.h>

#include "civil.h"

static void expand_weekly(const struct window *w, const struct zone *z, uint32_t reason,
                          struct stretches *st)
{
    /* Two days more on both sides: zones are up to a day off, and windows cross midnight. */
    int64_t first = civil_day_of(st->range.from.ms / 1000) - 2;
    int64_t last = civil_day_of(st->range.until.ms / 1000) + 2;
    int64_t until_min = w->until_min <= w->from_min ? w->until_min + 1440 : w->until_min;

    for (int64_t day = first; day <= last; day++) {
        int64_t from, until;

        if (!(w->days >> civil_weekday(day) & 1))
            continue;
        zone_stretch(z, day * DAY_SEC + w->from_min * 60, day * DAY_SEC + until_min * 60, &from,
                     &until);
        if (!stretches_add(st, from * 1000, until * 1000, reason))
            return;
    }
}

/* ---- rules ---- */

void rule_settle_until(struct rule *r, const struct zone *z)
{
    if (r->until_is_utc && r->until_sec != INT64_MAX)
        r->until_sec += zone_offset(z, r->until_sec);
    r->until_is_utc = false;
}

static int compare_instants(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

bool recurrence_add(const struct recurrence *r, int64_t local_sec, struct stretches *st)
{
    int64_t first = zone_first(r->zone, local_sec), from, until;

    if (r->except && bsearch(&first, r->except, r->excepts, sizeof first, compare_instants))
        return true;
    zone_stretch(r->zone, local_sec, local_sec + r->wall_sec, &from, &until);
    if (r->exact_sec > 0) {
        from = first;
        until = until > from + r->exact_sec ? until : from + r->exact_sec;
    }
    return stretches_add(st, from * 1000, until * 1000, r->reason);
}

struct expansion {
    const struct recurrence *r;
    struct stretches *st;
};

static bool add_occurrence(void *arg, int64_t local_sec)
{
    const struct expansion *e = arg;

    return recurrence_add(e->r, local_sec, e->st);
}

void recurrence_expand(const struct recurrence *r, struct stretches *st)
{
    struct expansion e = {r, st};
    int64_t length = r->exact_sec > r->wall_sec ? r->exact_sec : r->wall_sec;

    rule_each(r->rule, r->start_local,
              civil_day_of(st->range.from.ms / 1000 - length - DAY_SEC) * DAY_SEC,
              st->range.until.ms / 1000 + 2 * DAY_SEC, r->budget, add_occurrence, &e);
}

static void expand_rule(const struct window *w, const struct zone *z, uint32_t reason,
                        struct stretches *st)
{
    struct rule_budget budget = {.days = RULE_BUDGET_DAYS};
    struct recurrence r = {.zone = z, .reason = reason, .budget = &budget};
    struct rule rule;
    char why[8];

    if (!w->rrule || !w->start || !civil_parse(w->start, &r.start_local) ||
        !rule_parse(w->rrule, why, sizeof why, &rule))
        return;
    rule_settle_until(&rule, z);
    r.rule = &rule;
    /* Four hours from 00:30 are four hours, and until 04:30: on the day when the clocks go back
     * nothing is attempted on either reading. */
    r.exact_sec = r.wall_sec = (w->duration_ms + 999) / 1000;
    recurrence_expand(&r, st);
    if (budget.is_spent)
        st->is_cut = true;
}

void window_expand(const struct window *w, uint32_t reason, struct stretches *st)
{
    const struct zone *z;

    if (w->kind == WINDOW_ONCE) {
        stretches_add(st, w->from.ms, w->until.ms, reason);
        return;
    }
    z = zone_get(w->timezone);
    if (!z)
        return;
    if (w->kind == WINDOW_WEEKLY)
        expand_weekly(w, z, reason, st);
    else
        expand_rule(w, z, reason, st);
}
