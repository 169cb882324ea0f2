/* stretch.c: see stretch.h. (P) */
#include "stretch.h"

#include <stdlib.h>
#include <sluice/base/must.h>

#include "civil.h"

void stretches_init(struct stretches *st, struct calendar_range range)
{
    int64_t last_ms = civil_sec(CIVIL_LAST_YEAR, 1, 1, 0) * 1000;

    if (range.until.ms > last_ms)
        range.until.ms = last_ms;
    if (range.from.ms < -last_ms)
        range.from.ms = -last_ms;
    *st = (struct stretches){.range = range};
}

void stretches_done(struct stretches *st)
{
    free(st->item);
    st->item = NULL;
    st->count = 0;
}

bool stretches_add(struct stretches *st, int64_t from_ms, int64_t until_ms, uint32_t reason)
{
    if (from_ms >= until_ms || until_ms <= st->range.from.ms || from_ms >= st->range.until.ms)
        return true;
    if (st->count == CALENDAR_SPANS_MAX) {
        st->is_cut = true;
        return false;
    }
    if ((st->count & (st->count - 1)) == 0)
        st->item = mem_grow(st->item, st->count ? 2 * st->count : 1, sizeof *st->item);
    st->item[st->count++] = (struct stretch){from_ms, until_ms, reason};
    return true;
}

static int by_beginning(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;

    if (x->from_ms != y->from_ms)
        return x->from_ms < y->from_ms ? -1 : 1;
    return (x->reason > y->reason) - (x->reason < y->reason);
}

void stretches_settle(struct stretches *st)
{
    size_t kept = 0;

    if (st->count > 1)
        qsort(st->item, st->count, sizeof *st->item, by_beginning);
    for (size_t i = 0; i < st->count; i++) {
        struct stretch s = st->item[i];
        struct stretch *last = kept > 0 ? &st->item[kept - 1] : NULL;

        if (last && s.from_ms < last->until_ms)
            s.from_ms = last->until_ms;
        if (s.from_ms >= s.until_ms)
            continue;
        if (last && s.from_ms == last->until_ms && s.reason == last->reason)
            last->until_ms = s.until_ms;
        else
            st->item[kept++] = s;
    }
    st->count = kept;
}

void stretches_close(struct stretches *st, struct spans *own, struct spans *out)
{
    struct spans joined = {0};

    stretches_settle(st);
    for (size_t i = 0; i < st->count; i++)
        spans_add(own, st->item[i].from_ms, st->item[i].until_ms, st->item[i].reason);
    spans_join(&joined, out, own);
    spans_done(own);
    spans_done(out);
    *out = joined;
}
