#include <sluice/base/must.h>
#include <sluice/shape/spans.h>

#include <stdlib.h>

/* Times beyond are no times; within, sums of closed time cannot overflow. */
#define FAR_MS (INT64_MAX / 4)

void spans_done(struct spans *s)
{
    for (size_t i = 0; i < s->reasons; i++) {
        free(s->reason[i].text);
        free(s->reason[i].file);
    }
    free(s->reason);
    free(s->item);
    *s = (struct spans){0};
}

/* Room for one more of an array that grows to the next power of two whenever it holds one. */
static void *room(void *array, size_t count, size_t bytes)
{
    bool is_full = (count & (count - 1)) == 0;

    return is_full ? mem_grow(array, count ? 2 * count : 1, bytes) : array;
}

uint32_t spans_reason(struct spans *s, const char *text, struct origin at, bool owns_file)
{
    struct span_reason *r;

    MUST(s->reasons < UINT32_MAX);
    s->reason = room(s->reason, s->reasons, sizeof *s->reason);
    r = &s->reason[s->reasons];
    *r = (struct span_reason){.text = mem_str(text), .at = at};
    if (owns_file)
        r->at.file = r->file = mem_str(at.file);
    return (uint32_t)s->reasons++;
}

/* At the end: from_ms MUST NOT lie before the end of the last one. */
static void push(struct spans *s, int64_t from_ms, int64_t until_ms, uint32_t reason)
{
    struct span *last = s->count > 0 ? &s->item[s->count - 1] : NULL;
    int64_t closed_ms = 0;

    if (from_ms >= until_ms)
        return;
    if (last && last->until_ms == from_ms && last->reason == reason) {
        last->until_ms = until_ms;
        return;
    }
    if (last)
        closed_ms = last->closed_before_ms + (last->until_ms - last->from_ms);
    s->item = room(s->item, s->count, sizeof *s->item);
    s->item[s->count++] = (struct span){from_ms, until_ms, reason, closed_ms};
}

/* Walks both in order of time; where they overlap, a's reason holds. */
static void join_items(struct spans *out, const struct spans *a, const struct spans *b,
                       uint32_t reason_offset)
{
    size_t i = 0, j = 0;
    int64_t from = b->count > 0 ? b->item[0].from_ms : 0;

    while (i < a->count || j < b->count) {
        if (j == b->count || (i < a->count && a->item[i].from_ms <= from)) {
            const struct span *x = &a->item[i++];

            push(out, x->from_ms, x->until_ms, x->reason);
            while (j < b->count && b->item[j].until_ms <= x->until_ms) {
                j++;
                from = j < b->count ? b->item[j].from_ms : 0;
            }
            if (j < b->count && from < x->until_ms)
                from = x->until_ms;
        } else {
            const struct span *y = &b->item[j];
            int64_t until = y->until_ms;

            if (i < a->count && a->item[i].from_ms < until)
                until = a->item[i].from_ms;
            push(out, from, until, y->reason + reason_offset);
            from = until;
            if (until == y->until_ms && ++j < b->count)
                from = b->item[j].from_ms;
        }
    }
}

void spans_add(struct spans *s, int64_t from_ms, int64_t until_ms, uint32_t reason)
{
    struct spans one = {0}, joined = {0};

    MUST(reason < s->reasons);
    if (from_ms < -FAR_MS)
        from_ms = -FAR_MS;
    if (until_ms > FAR_MS)
        until_ms = WHEN_NEVER;
    if (from_ms >= until_ms || from_ms > FAR_MS)
        return;
    if (s->count == 0 || from_ms >= s->item[s->count - 1].until_ms) {
        push(s, from_ms, until_ms, reason);
        return;
    }
    push(&one, from_ms, until_ms, reason);
    join_items(&joined, s, &one, 0);
    free(one.item);
    free(s->item);
    s->item = joined.item;
    s->count = joined.count;
}

static void add_reasons(struct spans *out, const struct spans *s)
{
    for (size_t i = 0; i < s->reasons; i++)
        spans_reason(out, s->reason[i].text, s->reason[i].at, s->reason[i].file != NULL);
}

void spans_join(struct spans *out, const struct spans *a, const struct spans *b)
{
    static const struct spans empty = {0};

    MUST(out->count == 0 && out->reasons == 0);
    a = a ? a : &empty;
    b = b ? b : &empty;
    add_reasons(out, a);
    add_reasons(out, b);
    join_items(out, a, b, (uint32_t)a->reasons);
}

void spans_copy(struct spans *out, const struct spans *s)
{
    spans_join(out, s, NULL);
}

/* ---- questions ---- */

/* The number of spans that begin at or before t. */
static size_t begun(const struct spans *s, int64_t t_ms)
{
    size_t low = 0, high = s ? s->count : 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->item[mid].from_ms <= t_ms)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct span *spans_at(const struct spans *s, int64_t t_ms)
{
    size_t n = begun(s, t_ms);

    if (n == 0)
        return NULL;
    if (t_ms >= s->item[n - 1].until_ms && s->item[n - 1].until_ms != WHEN_NEVER)
        return NULL;
    return &s->item[n - 1];
}

const struct span_reason *spans_reason_at(const struct spans *s, int64_t t_ms)
{
    const struct span *at = spans_at(s, t_ms);

    return at ? &s->reason[at->reason] : NULL;
}

int64_t spans_opens_at(const struct spans *s, int64_t t_ms)
{
    const struct span *at = spans_at(s, t_ms);
    size_t low, high;

    if (!at)
        return t_ms;
    /* Nothing is open between two spans if the time between their beginnings is all closed: find
     * the last one for which this is so. */
    low = (size_t)(at - s->item);
    high = s->count;
    while (low + 1 < high) {
        size_t mid = low + (high - low) / 2;
        const struct span *m = &s->item[mid];

        if (m->from_ms - at->from_ms == m->closed_before_ms - at->closed_before_ms)
            low = mid;
        else
            high = mid;
    }
    return s->item[low].until_ms;
}

int64_t spans_closes_at(const struct spans *s, int64_t t_ms)
{
    size_t n = begun(s, t_ms);

    if (spans_at(s, t_ms))
        return t_ms;
    return s && n < s->count ? s->item[n].from_ms : WHEN_NEVER;
}

/* How much is closed before t. */
static int64_t closed_until(const struct spans *s, int64_t t_ms)
{
    size_t n = begun(s, t_ms);
    const struct span *last;
    int64_t end;

    if (n == 0)
        return 0;
    last = &s->item[n - 1];
    end = t_ms < last->until_ms ? t_ms : last->until_ms;
    return last->closed_before_ms + (end - last->from_ms);
}

static int64_t near(int64_t t_ms)
{
    return t_ms > FAR_MS ? FAR_MS : t_ms < -FAR_MS ? -FAR_MS : t_ms;
}

int64_t spans_closed_ms(const struct spans *s, int64_t from_ms, int64_t until_ms)
{
    if (from_ms >= until_ms)
        return 0;
    return closed_until(s, near(until_ms)) - closed_until(s, near(from_ms));
}

int64_t spans_after_open_ms(const struct spans *s, int64_t from_ms, int64_t open_ms)
{
    int64_t target, opened;
    size_t low = 0, high = s ? s->count : 0;

    if (open_ms <= 0 || from_ms == WHEN_NEVER)
        return from_ms;
    if (open_ms > FAR_MS)
        return WHEN_NEVER;
    /* On a clock that stands still while it is closed. */
    from_ms = near(from_ms);
    opened = from_ms - closed_until(s, from_ms);
    target = opened + open_ms;
    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->item[mid].from_ms - s->item[mid].closed_before_ms < target)
            low = mid + 1;
        else
            high = mid;
    }
    if (low > 0) {
        const struct span *before = &s->item[low - 1];

        if (before->until_ms == WHEN_NEVER)
            return WHEN_NEVER;
        target += before->closed_before_ms + (before->until_ms - before->from_ms);
    }
    return target > FAR_MS ? WHEN_NEVER : target;
}
