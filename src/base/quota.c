#include "quota.h"
#include "rate_far.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>

struct quota *quota_new(uint64_t count, int64_t period_us)
{
    struct quota *q = mem_array(1, sizeof *q);

    MUST(count > 0 && period_us > 0 && period_us <= QUOTA_PERIOD_MAX_US);
    q->count = count;
    q->period_us = period_us;
    q->forgotten_us = -FAR;
    return q;
}

static int64_t width_us(const struct quota *q)
{
    return (q->period_us - 1) / QUOTA_SLOTS + 1;
}

static unsigned place(const struct quota *q, unsigned i)
{
    return (q->head + i) % QUOTA_RING;
}

static int64_t falls_out_us(const struct quota *q, unsigned i)
{
    return q->slot[place(q, i)].last_us + q->period_us + 1;
}

/* What still counts at `at`. */
static uint64_t counting(const struct quota *q, int64_t at_us)
{
    uint64_t n = q->total;

    for (unsigned i = 0; i < q->slots && falls_out_us(q, i) <= at_us; i++)
        n -= q->slot[place(q, i)].grants;
    return n;
}

int64_t quota_when(const struct quota *q, int64_t now_us)
{
    int64_t at = now_us > q->forgotten_us ? now_us : q->forgotten_us;
    uint64_t n = q->total;

    /* Slots are ordered by last_us: those that must go, and those that went, come first. */
    for (unsigned i = 0; i < q->slots && n >= q->count; i++) {
        n -= q->slot[place(q, i)].grants;
        if (falls_out_us(q, i) > at)
            at = falls_out_us(q, i);
    }
    return at;
}

/* Makes room in a full ring. What no longer counts at `at` is dropped, and who asks for an earlier
 * time has to wait until it did not; else it counts as long as the slot behind it. */
static void drop_oldest(struct quota *q, int64_t at_us)
{
    struct quota_slot *oldest = &q->slot[q->head];

    if (falls_out_us(q, 0) <= at_us) {
        q->forgotten_us = falls_out_us(q, 0);
        q->total -= oldest->grants;
    } else {
        q->slot[place(q, 1)].grants += oldest->grants;
    }
    q->head = place(q, 1);
    q->slots--;
}

/* at_us may be anything: what comes before the newest slot counts into it, which is later. */
static void add(struct quota *q, int64_t at_us, uint64_t grants)
{
    struct quota_slot *newest = NULL;

    if (q->slots > 0)
        newest = &q->slot[place(q, q->slots - 1)];
    if (!newest || at_us - q->newest_first_us >= width_us(q)) {
        if (q->slots == QUOTA_RING)
            drop_oldest(q, at_us);
        newest = &q->slot[place(q, q->slots++)];
        *newest = (struct quota_slot){at_us, 0};
        q->newest_first_us = at_us;
    }
    if (at_us > newest->last_us)
        newest->last_us = at_us;
    newest->grants += grants;
    q->total += grants;
}

void quota_take(struct quota *q, int64_t at_us)
{
    add(q, near(at_us), 1);
}

uint64_t quota_room(const struct quota *q, int64_t now_us, int64_t until_us)
{
    uint64_t n, periods;

    now_us = near(now_us);
    until_us = near(until_us);
    if (until_us < now_us || until_us < q->forgotten_us)
        return 0;
    n = counting(q, until_us);
    periods = (uint64_t)(until_us - now_us) / (uint64_t)q->period_us;
    n = q->count > n ? q->count - n : 0;
    return periods > UINT32_MAX ? UINT64_MAX : n + periods * q->count;
}

/* ---- as text: "quota NEWEST_FIRST;LAST GRANTS;LAST GRANTS...", the newest first, and each LAST as
 * the distance to the one before ---- */

/* As if it were `reserve_us` later and all that may be granted until then had been, as late as it
 * can be. */
static void use_up(struct quota *q, int64_t now_us, int64_t reserve_us, uint64_t most)
{
    uint64_t more = quota_room(q, now_us, now_us + reserve_us);

    more = more < most ? more : most;
    /* No more than that holds in the last period. */
    if (more > q->count)
        more = q->count;
    if (more > 0)
        add(q, now_us + reserve_us, more);
}

void quota_save(const struct quota *q, int64_t now_us, int64_t offset_us, int64_t reserve_us,
                uint64_t most, char out[RATE_STATE])
{
    struct quota copy = *q;
    bool is_empty;
    size_t n;

    if (reserve_us > 0)
        use_up(&copy, now_us, reserve_us, most);
    is_empty = copy.slots == 0 || falls_out_us(&copy, copy.slots - 1) <= now_us;
    n = (size_t)snprintf(out, RATE_STATE, "quota %" PRId64,
                         is_empty ? 0 : copy.newest_first_us + offset_us);
    for (unsigned i = copy.slots; i-- > 0;) {
        const struct quota_slot *s = &copy.slot[place(&copy, i)];
        int64_t later_us = copy.slot[place(&copy, i + 1)].last_us;

        if (falls_out_us(&copy, i) <= now_us)
            break;
        n += (size_t)snprintf(out + n, RATE_STATE - n, ";%" PRId64 " %" PRIu64,
                              i + 1 == copy.slots ? s->last_us + offset_us : later_us - s->last_us,
                              s->grants);
        MUST(n < RATE_STATE);
    }
}

/* Cuts one number off; `end` is what must stand behind it, unless the text ends there. */
static bool cut_number(struct str *rest, char end, int64_t *out)
{
    struct str part;

    return str_cut(rest, end, &part) && str_to_i64(part, out);
}

struct saved {
    struct quota_slot slot[2 * QUOTA_RING]; /* the latest first */
    unsigned slots;
    int64_t newest_first_us;
};

static bool read_slot(struct str text, bool is_first, struct saved *in)
{
    int64_t last, grants;
    struct quota_slot *s = &in->slot[in->slots];

    if (in->slots == QUOTA_RING || !cut_number(&text, ' ', &last) ||
        !cut_number(&text, ' ', &grants) || text.n > 0)
        return false;
    if (last < -FAR || last > FAR || grants < 1 || grants > FAR / QUOTA_RING)
        return false;
    if (!is_first) {
        if (last < 0)
            return false;
        last = near(s[-1].last_us - last);
    }
    *s = (struct quota_slot){last, (uint64_t)grants};
    in->slots++;
    return true;
}

static bool read_saved(struct str text, struct saved *in)
{
    static const char kind[] = "quota ";
    struct str part;

    in->slots = 0;
    if (text.n >= RATE_STATE || !str_starts(text, kind))
        return false;
    text = str_n(text.p + sizeof kind - 1, text.n - (sizeof kind - 1));
    if (!cut_number(&text, ';', &in->newest_first_us))
        return false;
    while (str_cut(&text, ';', &part)) {
        if (!read_slot(part, in->slots == 0, in))
            return false;
    }
    return in->slots == 0 || in->newest_first_us <= in->slot[0].last_us;
}

static int64_t moved(int64_t at_us, int64_t now_us, int64_t offset_us)
{
    int64_t most = near(now_us) + RATE_AHEAD_US;

    at_us = near(near(at_us) - near(offset_us));
    return at_us < most ? at_us : most;
}

static int later_first(const void *a, const void *b)
{
    int64_t at = ((const struct quota_slot *)a)->last_us;
    int64_t bt = ((const struct quota_slot *)b)->last_us;

    return at > bt ? -1 : at < bt;
}

/* Instead of what is there: the slots of `in`, the latest first, at least one. */
static void put_slots(struct quota *q, struct saved *in)
{
    /* What does not fit counts as long as the oldest one that does. */
    for (; in->slots > QUOTA_RING; in->slots--)
        in->slot[in->slots - 2].grants += in->slot[in->slots - 1].grants;
    q->head = 0;
    q->slots = in->slots;
    q->total = 0;
    for (unsigned i = 0; i < q->slots; i++) {
        q->slot[i] = in->slot[q->slots - 1 - i];
        q->total += q->slot[i].grants;
    }
    /* A slot is no wider than that, or a later one could end before it. */
    if (q->newest_first_us <= in->slot[0].last_us - width_us(q))
        q->newest_first_us = in->slot[0].last_us - width_us(q) + 1;
}

bool quota_load(struct quota *q, struct str text, int64_t now_us, int64_t offset_us)
{
    struct saved in;

    if (!read_saved(text, &in))
        return false;
    if (in.slots == 0)
        return true;
    for (unsigned i = 0; i < in.slots; i++)
        in.slot[i].last_us = moved(in.slot[i].last_us, now_us, offset_us);
    in.newest_first_us = moved(in.newest_first_us, now_us, offset_us);
    if (q->slots == 0 || q->newest_first_us < in.newest_first_us)
        q->newest_first_us = in.newest_first_us;
    for (unsigned i = 0; i < q->slots; i++)
        in.slot[in.slots++] = q->slot[place(q, i)];
    qsort(in.slot, in.slots, sizeof *in.slot, later_first);
    put_slots(q, &in);
    return true;
}
