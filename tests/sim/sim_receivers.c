/* sim_receivers.c: receivers that take less than is configured, or more, or want to be asked twice; who
 * shares them, and how fast; sources that are warmed up; quotas of a planner that dies often. */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"
#include "measure.h"

static const struct behaviour quick = {.message_ms = 10, .dial_ms = 40};

static struct limits wide(void)
{
    struct limits l = world_limits();
    l.connection_limit = 20;
    l.max_deliveries_per_connection = 1000000;
    return l;
}

/* ---- what a receiver stands ---- */

struct stand_case {
    const char *name;
    unsigned most_connections, most_per_sec; /* of the receiver; 0: any */
    unsigned rate;                           /* configured; 0: none */
    int64_t message_ms;
    double per_sec; /* what it can take */
    double low, most_refused;
};

static void stand(const void *of)
{
    const struct stand_case *c = of;
    char name[100];
    world_init(&w, 31);
    struct limits l = wide();
    if (c->rate)
        l.max_message_rate = per_sec(c->rate);
    struct behaviour b = {.message_ms = c->message_ms, .dial_ms = 40};
    b.most_connections = c->most_connections;
    b.most_per_sec = c->most_per_sec;
    unsigned v = world_provider(&w, &l, &b);
    put_rows(bulk_job(), v, (unsigned)(c->per_sec * 1500) + 1000);
    world_start(&w);
    run_to(5 * MINUTE);
    uint64_t delivered = w.provider[v].delivered, begun = w.provider[v].begun;
    uint64_t too_fast = w.provider[v].too_fast;
    run_to(20 * MINUTE);
    within(c->name, (double)(w.provider[v].delivered - delivered) / 900 / c->per_sec, c->low, 1.02);
    snprintf(name, sizeof name, "... refused share");
    within(name,
           (double)(w.provider[v].too_fast - too_fast) / (double)(w.provider[v].begun - begun), 0,
           c->most_refused);
    world_done(&w);
}

static void stands(void)
{
    static const struct stand_case cases[] = {
        {"it stands 1 connection of 20", 1, 0, 0, 20, 50, 0.8, 0.1},
        {"it stands 3 connections of 20", 3, 0, 0, 20, 150, 0.8, 0.1},
        {"it stands 10 connections of 20", 10, 0, 0, 50, 200, 0.8, 0.1},
        {"it stands 1/s", 0, 1, 0, 10, 1, 0.8, 0.1},
        {"it stands 5/s", 0, 5, 0, 10, 5, 0.8, 0.1},
        {"it stands 50/s", 0, 50, 0, 10, 50, 0.8, 0.1},
        {"it stands 200/s", 0, 200, 0, 10, 200, 0.8, 0.1},
        {"it stands 30/s of the configured 100/s", 0, 30, 100, 10, 30, 0.8, 0.1},
        {"it stands 3 connections and 40/s", 3, 40, 0, 20, 40, 0.8, 0.1},
        {"it stands 1000/s, 100/s are configured", 0, 1000, 100, 10, 100, 0.95, 0},
        {"it stands 30 connections and 500/s, 100/s", 30, 500, 100, 10, 100, 0.95, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(stand, &cases[i]);
}

/* It was slow for ten minutes, and is not any more. */
static void recovers(const void *unused)
{
    (void)unused;
    world_init(&w, 32);
    struct limits l = wide();
    l.max_message_rate = per_sec(100);
    struct behaviour b = {.message_ms = 10, .dial_ms = 40, .most_per_sec = 10};
    unsigned v = world_provider(&w, &l, &b);
    put_rows(bulk_job(), v, 200000);
    world_start(&w);
    run_to(10 * MINUTE);
    w.provider[v].is.most_per_sec = 0;
    run_to(25 * MINUTE);
    uint64_t before = w.provider[v].delivered;
    run_to(30 * MINUTE);
    within("full use a quarter of an hour after it was slow",
           (double)(w.provider[v].delivered - before) / 30000, 0.95, 1.01);
    world_done(&w);
}

/* ---- shares ---- */

static void capped_beside_uncapped(const void *unused)
{
    (void)unused;
    world_init(&w, 33);
    struct limits l = wide();
    l.max_message_rate = per_sec(100);
    unsigned v = world_provider(&w, &l, &quick), capped = bulk_job(), other = bulk_job();
    put_rows(capped, v, 20000);
    put_rows(other, v, 40000);
    world_cap(&w, capped, &(struct cap){.max_message_rate = per_sec(10)});
    world_start(&w);
    run_to(MINUTE);
    uint64_t first = w.job[capped].begun, second = w.job[other].begun;
    run_to(6 * MINUTE);
    within("a job capped to 10/s", (double)(w.job[capped].begun - first) / 300, 9.5, 10.1);
    within("... the other one gets the rest of 100/s", (double)(w.job[other].begun - second) / 300,
           82, 91); /* the capped one may hold a connection while it waits for its own time */
    world_done(&w);
}

/* Two jobs of a capped client: the small one ends as if it had half of it. */
static void small_beside_huge_of_client(const void *unused)
{
    (void)unused;
    world_init(&w, 34);
    struct limits l = wide();
    world_client(&w, &(struct cap){.max_message_rate = per_sec(20)}, UINT64_MAX);
    unsigned v = world_provider(&w, &l, &quick), huge = bulk_job(), small = bulk_job();
    snprintf(w.job[huge].client, sizeof w.job[huge].client, "c0");
    snprintf(w.job[small].client, sizeof w.job[small].client, "c0");
    put_rows(huge, v, 30000);
    put_rows(small, v, 200);
    world_start(&w);
    while (w.job[small].is_open && step(&w, HOUR))
        ;
    within("200 rows at half of 20/s, seconds", (double)(w.now.mono.ms - 5000) / 1000, 15, 30);
    world_done(&w);
}

/* A slow receiver neither keeps its client's rate from the other providers, nor its places. */
static void slow_of_client(const void *unused)
{
    (void)unused;
    static const struct {
        const char *name;
        struct cap cap;
        double most, low;
    } cases[] = {
        {"a client's 50/s beside a slow provider",
         {.max_message_rate = {{{50, 1000000, 1}}, 1}},
         50,
         0.9},
        {"a client's 4 connections beside a slow provider", {.connection_limit = 4}, 400, 0.33},
    };
    for (size_t i = 0; i < 2; i++) {
        world_init(&w, 35);
        struct limits l = wide();
        world_client(&w, &cases[i].cap, UINT64_MAX);
        unsigned tar_pit =
            world_provider(&w, &l, &(struct behaviour){.message_ms = 5000, .dial_ms = 2000});
        unsigned fast = world_provider(&w, &l, &quick);
        for (unsigned j = 0; j < 2; j++) {
            unsigned job = bulk_job();
            snprintf(w.job[job].client, sizeof w.job[job].client, "c0");
            put_rows(job, j ? fast : tar_pit, 100000);
        }
        world_start(&w);
        run_to(MINUTE);
        uint64_t before = w.provider[fast].begun;
        run_to(6 * MINUTE);
        within(cases[i].name, (double)(w.provider[fast].begun - before) / 300 / cases[i].most,
               cases[i].low, 1.01);
        world_done(&w);
    }
}

/* ---- greylisting ---- */

static void greylisting(const void *unused)
{
    (void)unused;
    world_init(&w, 36);
    struct limits l = wide();
    struct behaviour b = {.message_ms = 10, .greylists = true};
    unsigned job = bulk_job();
    put_rows(job, world_provider(&w, &l, &b), 4000);
    world_start(&w);
    world_finish(&w, 2 * HOUR);
    uint32_t most = 0;
    uint64_t delivered = 0;
    for (size_t i = 0; i < w.rows; i++) {
        most = w.row[i].attempts > most ? w.row[i].attempts : most;
        delivered += w.row[i].result == STATE_DELIVERED;
    }
    within("greylisting: most attempts for one", most, 2, 3);
    within("... delivered", (double)delivered / (double)w.rows, 0.98, 1);
    world_done(&w);
}

/* ---- warm-up ---- */

static const uint32_t volumes[] = {50, 100, 200};

static struct warmup schedule(void)
{
    struct warmup s = {.start = w.now.wall, .days = 3};
    memcpy(s.volume, volumes, sizeof volumes);
    return s;
}

static void check_volumes(unsigned provider, unsigned source)
{
    for (unsigned day = 0; day < 3; day++) {
        char name[60];
        snprintf(name, sizeof name, "warm-up: provider %u, day %u", provider, day);
        within(name, w.provider[provider].warm[source][day], volumes[day] * 0.98, volumes[day]);
    }
}

static void warmup_alone(const void *unused)
{
    (void)unused;
    world_init(&w, 37);
    struct limits l = wide();
    struct warmup s = schedule();
    world_source(&w, &(struct cap){0}, &s);
    unsigned job = bulk_job();
    for (unsigned i = 0; i < 2; i++)
        put_rows(job, world_provider(&w, &l, &quick), 800);
    world_start(&w);
    run_to(3 * DAY - 1);
    check_volumes(0, 0);
    check_volumes(1, 0);
    within("... in all", (double)all_begun(), 690, 700);
    world_finish(&w, 4 * DAY);
    world_done(&w);
}

/* New rows each day, more than the cold source may carry: it gets all that it may. */
static void more_rows(struct world *world, unsigned job)
{
    for (unsigned d = 0; d < world->domains; d++)
        spool_append(world, job, d, 200);
}

static void warmup_beside(const void *unused)
{
    (void)unused;
    world_init(&w, 38);
    struct limits l = wide();
    l.max_message_rate = per_sec(2);
    struct warmup s = schedule();
    world_source(&w, &(struct cap){0}, &s);
    world_source(&w, &(struct cap){0}, NULL);
    unsigned job = bulk_job();
    w.job[job].info.is_standing = true;
    for (unsigned i = 0; i < 2; i++)
        put_rows(job, world_provider(&w, &l, &quick), 800);
    for (unsigned day = 1; day < 3; day++)
        world_at(&w, 5000 + day * DAY + HOUR, more_rows, job);
    world_start(&w);
    run_to(HOUR);
    within("... the rest went over the warm one", (double)all_begun(), 1570, 1600);
    run_to(3 * DAY - 1);
    check_volumes(0, 0);
    check_volumes(1, 0);
    world_done(&w);
}

/* ---- quotas of a planner that dies ---- */

struct quota_case {
    const char *name;
    const char *rate;
    unsigned per_sec; /* beside it; 0: none */
    bool is_shared;
    int64_t crash_ms;
    double most, low;
};

static void quota(const void *of)
{
    const struct quota_case *c = of;
    world_init(&w, 39);
    struct limits l = wide();
    struct rates r = rate_of(c->rate);
    if (c->is_shared) {
        world_limit(&w, &(struct cap){.max_message_rate = r});
        l.additionals = 1;
    } else {
        l.max_message_rate = c->per_sec ? both(per_sec(c->per_sec), r) : r;
    }
    unsigned job = bulk_job();
    put_rows(job, world_provider(&w, &l, &quick), (unsigned)c->most * 3);
    if (c->is_shared)
        put_rows(job, world_provider(&w, &l, &quick), (unsigned)c->most * 3);
    world_start(&w);
    for (int64_t at = 5000 + c->crash_ms; at < DAY;
         at += c->crash_ms / 2 + (int64_t)rng_below(&w.rng, (uint64_t)c->crash_ms)) {
        world_run(&w, at);
        world_crash(&w);
    }
    run_to(DAY);
    within(c->name, (double)all_begun() / c->most, c->low, 1);
    world_done(&w);
}

static void quotas(void)
{
    static const struct quota_case cases[] = {
        {"2,000/day, dies every 5 minutes", "2,000/day", 0, false, 5 * MINUTE, 2000, 0.8},
        {"2,000/day and 1/s, dies every 5 minutes", "2,000/day", 1, false, 5 * MINUTE, 2000, 0.8},
        {"2,000/day shared, dies every 5 minutes", "2,000/day", 0, true, 5 * MINUTE, 2000, 0.8},
        {"2,000/day, dies every hour", "2,000/day", 0, false, HOUR, 2000, 0.8},
        {"200/hr, dies every 20 minutes", "200/hr", 0, false, 20 * MINUTE, 4800, 0.8},
        {"20/min, dies every 3 minutes", "20/min", 0, false, 3 * MINUTE, 28800, 0.8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(quota, &cases[i]);
}

int main(void)
{
    stands();
    apart(recovers, NULL);
    apart(capped_beside_uncapped, NULL);
    apart(small_beside_huge_of_client, NULL);
    apart(slow_of_client, NULL);
    apart(greylisting, NULL);
    apart(warmup_alone, NULL);
    apart(warmup_beside, NULL);
    quotas();
    return measured();
}
