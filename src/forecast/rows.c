/* rows.c: the spool as the planner sees it, without a row in it: counts by due time. What is leased
 * is taken out, so the cursor of a lease has nothing to skip. */
#include <stdlib.h>
#include <string.h>
#include "state.h"

/* The place of a due time among the lots. Mostly the last: what comes back is due late. */
static size_t find(const struct bucket *b, int64_t due_ms)
{
    size_t low = 0, high = b->lots;
    if (b->lots && b->lot[b->lots - 1].due_ms < due_ms)
        return b->lots;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (b->lot[mid].due_ms < due_ms)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void rows_put(struct bucket *b, int64_t due_ms, uint64_t count)
{
    size_t at = find(b, due_ms);
    if (count == 0)
        return;
    if (at < b->lots && b->lot[at].due_ms == due_ms) {
        b->lot[at].count += count;
        return;
    }
    if (b->lots == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 1;
        b->lot = mem_grow(b->lot, b->cap, sizeof *b->lot);
    }
    memmove(b->lot + at + 1, b->lot + at, (b->lots - at) * sizeof *b->lot);
    b->lot[at] = (struct lot){due_ms, count};
    b->lots++;
}

static struct delivery *make(struct forecast *f, const struct bucket *b, uint32_t bucket,
                             int64_t due_ms)
{
    struct delivery *d = mem_array(1, sizeof *d);
    d->job_key = f->in->job[b->job].info.key;
    d->domain_id = b->domain_id;
    d->rid = ++f->next_rid;
    d->attempt = 1;
    d->lease = bucket + 1; /* how outcomes find back */
    d->due_ms = due_ms;
    d->added.ms = f->subject[b->job].added_ms;
    d->email = mem_str("a@b.example");
    return d;
}

void rows_lease(struct forecast *f, uint32_t bucket, unsigned limit, int64_t until_ms)
{
    struct bucket *b = &f->bucket[bucket];
    struct delivery *first = NULL, **last = &first;
    unsigned count = 0;
    size_t used_up = 0;
    int64_t last_due_ms = until_ms;
    for (; used_up < b->lots && b->lot[used_up].due_ms <= until_ms; used_up++) {
        struct lot *l = &b->lot[used_up];
        for (; l->count > 0 && count < limit; l->count--, count++) {
            *last = make(f, b, bucket, l->due_ms);
            last = &(*last)->next;
        }
        last_due_ms = l->due_ms;
        if (l->count > 0)
            break;
    }
    b->lots -= used_up;
    memmove(b->lot, b->lot + used_up, b->lots * sizeof *b->lot);
    int64_t next_due_ms = b->lots ? b->lot[0].due_ms : WHEN_NEVER;
    plan_leased(f->plan, f->in->job[b->job].info.key, b->domain_id, first, count, last_due_ms,
                f->next_rid, next_due_ms, f->now);
}
