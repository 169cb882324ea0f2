/* sim_windows.c: closed times: nothing is attempted inside, the flow ends before and comes back gently,
 * nobody is charged for the wait; clocks that jump, calendars that change, levers. That no attempt
 * lies inside a window is a rule of the world; the figures here are about the rest. */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"
#include "measure.h"

#define LIMIT 16
#define RATE (LIMIT * 2.0) /* per second: a message takes half a second */

static unsigned job, provider;

static struct limits gentle(void)
{
    struct limits l = world_limits();
    l.connection_limit = LIMIT;
    l.max_deliveries_per_connection = 1000000;
    l.ramp_up_ms = 10 * SECOND;
    return l;
}

/* One provider, one job of one client, an hour of lifetime. */
static void one_of_each(unsigned rows)
{
    struct limits l = gentle();
    world_client(&w, &(struct cap){0}, UINT64_MAX);
    provider = world_provider(&w, &l, &(struct behaviour){.message_ms = 500, .dial_ms = 40});
    job = bulk_job();
    w.job[job].info.expires_ms = HOUR;
    snprintf(w.job[job].client, sizeof w.job[job].client, "c0");
    put_rows(job, provider, rows);
}

static struct spans *calendar_of(enum plan_party party)
{
    return party == PARTY_PROVIDER ? &w.provider[provider].closed
           : party == PARTY_CLIENT ? &w.client_closed[0]
                                   : &w.job[job].closed;
}

static void close_from(enum plan_party party, int64_t from_ms, int64_t until_ms)
{
    world_close(&w, calendar_of(party), 5000 + from_ms,
                until_ms == WHEN_NEVER ? until_ms : 5000 + until_ms);
}

/* Messages begun in the minute from then on, as a share of the most. */
static void in_minute(const char *what, int64_t from_ms, double low, double high)
{
    run_to(from_ms);
    uint64_t before = all_begun();
    run_to(from_ms + MINUTE);
    within(what, (double)(all_begun() - before) / RATE / 60, low, high);
}

static void all_at_first(void)
{
    uint32_t most = 0;
    uint64_t late = 0;
    for (size_t i = 0; i < w.rows; i++) {
        most = w.row[i].attempts > most ? w.row[i].attempts : most;
        late += w.row[i].result == STATE_EXPIRED;
    }
    within("... attempts for one", most, 1, 1);
    within("... expired", (double)late, 0, 0);
}

/* ---- one window ---- */

struct window_case {
    const char *name;
    enum plan_party party; /* PARTY_SOURCE stands for the job */
    int64_t from_ms[3], until_ms[3];
    int64_t crash_ms; /* 0: no crash */
    bool ramps;
};

static void gently(int64_t opened_ms)
{
    static const struct {
        int64_t after_ms;
        unsigned most;
    } steps[] = {{2000, 1}, {9000, 1}, {19000, 2}, {29000, 4}, {39000, 8}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        run_to(opened_ms + steps[i].after_ms);
        within("... connections after it", w.provider[provider].connections, 1, steps[i].most);
    }
}

static void window(const void *of)
{
    const struct window_case *c = of;
    int64_t first = c->from_ms[0], last = 0;
    world_init(&w, 41);
    one_of_each(40000);
    for (int i = 0; i < 3 && c->until_ms[i]; i++) {
        close_from(c->party, c->from_ms[i], c->until_ms[i]);
        first = c->from_ms[i] < first ? c->from_ms[i] : first;
        last = c->until_ms[i] > last ? c->until_ms[i] : last;
    }
    world_start(&w);
    in_minute(c->name, first - 3 * MINUTE, 0.9, 1.01);
    run_to(first + 3 * SECOND);
    if (c->ramps)
        within("... connections inside", w.provider[provider].connections, 0, 0);
    if (c->crash_ms) {
        run_to(c->crash_ms);
        world_crash(&w);
    }
    if (c->ramps)
        gently(last);
    in_minute("... use a minute after it", last + MINUTE, 0.9, 1.01);
    world_finish(&w, DAY);
    if (!c->crash_ms)
        all_at_first();
    world_done(&w);
}

static void window_kinds(void)
{
    static const struct window_case cases[] = {
        {"maintenance for 3 h", PARTY_PROVIDER, {10 * MINUTE}, {190 * MINUTE}, 0, true},
        {"... with a restart inside", PARTY_PROVIDER, {10 * MINUTE}, {190 * MINUTE}, HOUR, true},
        {"... with a restart in the drain",
         PARTY_PROVIDER,
         {10 * MINUTE},
         {190 * MINUTE},
         10 * MINUTE - 20 * SECOND,
         true},
        {"a client's hours", PARTY_CLIENT, {10 * MINUTE}, {190 * MINUTE}, 0, false},
        {"... with a restart inside", PARTY_CLIENT, {10 * MINUTE}, {190 * MINUTE}, HOUR, false},
        {"a job's hours", PARTY_SOURCE, {10 * MINUTE}, {190 * MINUTE}, 0, false},
        {"... with a restart inside", PARTY_SOURCE, {10 * MINUTE}, {190 * MINUTE}, HOUR, false},
        {"windows that touch and overlap",
         PARTY_PROVIDER,
         {10 * MINUTE, 20 * MINUTE, 25 * MINUTE},
         {20 * MINUTE, 30 * MINUTE, 40 * MINUTE},
         0,
         true},
        {"windows a few seconds apart",
         PARTY_PROVIDER,
         {10 * MINUTE, 20 * MINUTE + 5 * SECOND, 30 * MINUTE},
         {20 * MINUTE, 30 * MINUTE - SECOND, 40 * MINUTE},
         0,
         true},
        {"a window of a second", PARTY_PROVIDER, {10 * MINUTE}, {10 * MINUTE + SECOND}, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(window, &cases[i]);
}

/* ---- more about windows ---- */

static unsigned urgent;
static uint64_t bulk_before_last_urgent;

static void on_begin_of(struct world *world, const struct row *r)
{
    static uint64_t bulk;
    if (world->now.mono.ms < 5000 + 30 * MINUTE)
        return;
    bulk += r->job != urgent;
    if (r->job == urgent)
        bulk_before_last_urgent = bulk;
}

static void urgent_first(const void *unused)
{
    (void)unused;
    world_init(&w, 42);
    one_of_each(5000);
    close_from(PARTY_PROVIDER, MINUTE, 30 * MINUTE);
    urgent = world_job(&w, PRIO_URGENT);
    w.job[urgent].info.is_standing = true;
    w.on_start = on_begin_of;
    world_start(&w);
    run_to(10 * MINUTE);
    for (unsigned i = 0; i < 4; i++)
        spool_append(&w, urgent, i, 25);
    run_to(40 * MINUTE);
    within("after a window: bulk before 100 urgent ones", (double)bulk_before_last_urgent, 0, 10);
    world_done(&w);
}

static unsigned told;

static void is_told(void *arg, const struct plan_wait *wait)
{
    (void)arg;
    told += strstr(wait->why, "a window") && wait->at.line == 1 && wait->until.ms == 0;
}

static void no_end(const void *of)
{
    const enum plan_party *party = of;
    world_init(&w, 43);
    one_of_each(40000);
    close_from(*party, 10 * MINUTE, WHEN_NEVER);
    world_start(&w);
    run_to(10 * MINUTE);
    uint64_t before = all_begun();
    run_to(40 * DAY);
    within("a window with no end: begun inside", (double)(all_begun() - before), 0, 0);
    plan_each_wait(w.plan, &(struct plan_question){.job_key = job + 1}, w.now, is_told, NULL);
    within("... domains that say why", told, 4, 4);
    uint64_t expired = 0;
    for (size_t i = 0; i < w.rows; i++)
        expired += w.row[i].result == STATE_EXPIRED;
    within("... expired", (double)expired, 0, 0);
    world_done(&w);
}

/* ---- clocks ---- */

struct jump_case {
    const char *name;
    int64_t from_ms, until_ms; /* the window, as the clock was at first */
    int64_t at_ms, by_ms;
    int64_t closed_from_ms, closed_until_ms; /* what is closed after the jump; 0: nothing */
};

static void jump(const void *of)
{
    const struct jump_case *c = of;
    world_init(&w, 44);
    one_of_each(120000);
    w.job[job].info.expires_ms = 10 * DAY;
    close_from(PARTY_PROVIDER, c->from_ms, c->until_ms);
    world_start(&w);
    run_to(c->at_ms);
    world_jump(&w, c->by_ms);
    if (c->closed_until_ms) {
        run_to(c->closed_from_ms + 3 * SECOND);
        uint64_t before = all_begun();
        run_to(c->closed_until_ms);
        within(c->name, (double)(all_begun() - before), 0, 0);
    } else {
        in_minute(c->name, c->at_ms + MINUTE, 0.9, 1.01);
    }
    in_minute("... and goes on", (c->closed_until_ms ? c->closed_until_ms : c->at_ms) + 3 * MINUTE,
              0.9, 1.01);
    world_done(&w);
}

static void jumps(void)
{
    static const struct jump_case cases[] = {
        {"the clock jumps over a window", 10 * MINUTE, 70 * MINUTE, 5 * MINUTE, 90 * MINUTE, 0, 0},
        {"... into one", 60 * MINUTE, 120 * MINUTE, 5 * MINUTE, HOUR, 5 * MINUTE, HOUR},
        {"... out of one", 10 * MINUTE, 130 * MINUTE, 20 * MINUTE, 2 * HOUR, 0, 0},
        {"... back into one", 10 * MINUTE, 40 * MINUTE, 50 * MINUTE, -20 * MINUTE, 50 * MINUTE,
         60 * MINUTE},
        {"... back by an hour before one", 10 * MINUTE, 40 * MINUTE, 5 * MINUTE, -HOUR, 70 * MINUTE,
         100 * MINUTE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(jump, &cases[i]);
}

/* ---- calendars that change ---- */

static void new_calendar(int64_t from_ms, int64_t until_ms)
{
    struct spans *s = &w.provider[provider].closed;
    spans_done(s);
    if (until_ms)
        close_from(PARTY_PROVIDER, from_ms, until_ms);
    plan_calendar(w.plan, PARTY_PROVIDER, w.provider[provider].name, s, w.now);
}

static void changes(const void *unused)
{
    (void)unused;
    world_init(&w, 45);
    one_of_each(120000);
    w.job[job].info.expires_ms = 10 * DAY;
    close_from(PARTY_PROVIDER, 10 * MINUTE, 70 * MINUTE);
    world_start(&w);
    run_to(20 * MINUTE);
    new_calendar(0, 0);
    in_minute("a window is taken away while it is on", 21 * MINUTE, 0.9, 1.01);
    new_calendar(23 * MINUTE, 40 * MINUTE);
    run_to(23 * MINUTE + 2 * SECOND);
    uint64_t before = all_begun();
    run_to(30 * MINUTE);
    new_calendar(23 * MINUTE, 50 * MINUTE);
    run_to(50 * MINUTE);
    within("... another one, made longer: begun inside", (double)(all_begun() - before), 0, 0);
    in_minute("... after it", 51 * MINUTE, 0.9, 1.01);
    new_calendar(50 * MINUTE, 60 * MINUTE); /* it is on, from now on */
    w.jumped_ms = w.now.mono.ms;
    w.clock_jumped = true; /* what is under way ends */
    run_to(52 * MINUTE + 3 * SECOND);
    before = all_begun();
    run_to(60 * MINUTE);
    within("... one that is on at once", (double)(all_begun() - before), 0, 0);
    world_done(&w);
}

int main(void)
{
    static const enum plan_party parties[] = {PARTY_PROVIDER, PARTY_CLIENT, PARTY_SOURCE};
    window_kinds();
    apart(urgent_first, NULL);
    for (int i = 0; i < 3; i++)
        apart(no_end, &parties[i]);
    jumps();
    apart(changes, NULL);
    return measured();
}
