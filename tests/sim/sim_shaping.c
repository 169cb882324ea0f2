/* sim_shaping.c: every limit is kept (the world's own rules see to that), and used in full while mail
 * waits: alone, together with others, shared by several. */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"
#include "measure.h"

static const struct behaviour quick = {.message_ms = 10, .dial_ms = 40};
static const struct behaviour slow = {.message_ms = 50, .dial_ms = 40};

static struct limits wide(void)
{
    struct limits l = world_limits();
    l.connection_limit = 20;
    l.max_deliveries_per_connection = 1000000;
    return l;
}

/* One provider with these limits, one job with plenty of rows. */
static void one(const struct limits *l, const struct behaviour *b, unsigned rows)
{
    put_rows(bulk_job(), world_provider(&w, l, b), rows);
}

/* ---- one provider ---- */

static void one_rate(void)
{
    struct limits l = wide();
    l.max_message_rate = per_sec(100);
    one(&l, &quick, 40000);
}

static void one_fast_rate(void)
{
    struct limits l = wide();
    l.max_message_rate = per_sec(1000);
    one(&l, &quick, 340000);
}

static void one_slow_rate(void)
{
    struct limits l = wide();
    l.max_message_rate = rate_of("10/min");
    one(&l, &quick, 1000);
}

static void two_rates(void)
{
    struct limits l = wide();
    l.max_message_rate = both(per_sec(10), rate_of("300/min"));
    one(&l, &quick, 4000);
}

static void rate_and_day(void)
{
    struct limits l = wide();
    l.max_message_rate = both(per_sec(100), rate_of("20,000/day"));
    one(&l, &quick, 70000);
}

static void hour_quota(void)
{
    struct limits l = wide();
    l.max_message_rate = rate_of("600/hr");
    one(&l, &quick, 20000);
}

static void connections(void)
{
    struct limits l = wide();
    l.connection_limit = 5;
    one(&l, &slow, 40000);
}

static void one_connection(void)
{
    struct limits l = wide();
    l.connection_limit = 1;
    one(&l, &slow, 10000);
}

static void dial_rate(void)
{
    struct limits l = wide();
    l.max_connection_rate = per_sec(10);
    l.max_deliveries_per_connection = 1;
    one(&l, &quick, 4000);
}

static void dial_rate_of_ten(void)
{
    struct limits l = wide();
    l.max_connection_rate = per_sec(5);
    l.max_deliveries_per_connection = 10;
    one(&l, &quick, 20000);
}

static void twenty_each(void)
{
    struct limits l = wide();
    l.connection_limit = 5;
    l.max_deliveries_per_connection = 20;
    one(&l, &(struct behaviour){.message_ms = 50, .dial_ms = 100}, 40000);
}

/* ---- shared by several ---- */

/* The first has few rows, the second is slow, the others have plenty. */
static void several(const struct limits *l, unsigned providers, unsigned job, unsigned rows)
{
    for (unsigned i = 0; i < providers; i++) {
        struct behaviour b = i == 1 ? (struct behaviour){.message_ms = 2000, .dial_ms = 500} : slow;
        put_rows(job, world_provider(&w, l, &b), i == 0 ? 100 : rows);
    }
}

static void shared_rate(unsigned providers)
{
    struct limits l = wide();
    world_limit(&w, &(struct cap){.max_message_rate = per_sec(50)});
    l.additionals = 1;
    several(&l, providers, bulk_job(), 20000);
}

static void shared_rate_of_2(void)
{
    struct limits l = wide();
    world_limit(&w, &(struct cap){.max_message_rate = per_sec(50)});
    l.additionals = 1;
    unsigned job = bulk_job();
    put_rows(job, world_provider(&w, &l, &slow), 20000);
    put_rows(job, world_provider(&w, &l, &quick), 20000);
}

static void shared_rate_of_5(void)
{
    shared_rate(5);
}

static void shared_places(unsigned providers)
{
    struct limits l = wide();
    world_limit(&w, &(struct cap){.connection_limit = 6});
    l.additionals = 1;
    unsigned job = bulk_job();
    for (unsigned i = 0; i < providers; i++)
        put_rows(job, world_provider(&w, &l, &slow), i == 0 ? 100 : 40000);
}

static void shared_places_of_2(void)
{
    shared_places(2);
}

static void shared_places_of_5(void)
{
    shared_places(5);
}

static void sources(unsigned count, struct cap cap)
{
    struct limits l = wide();
    for (unsigned i = 0; i < count; i++)
        world_source(&w, &cap, NULL);
    several(&l, 4, bulk_job(), 20000);
}

static void one_source(void)
{
    sources(1, (struct cap){.max_message_rate = per_sec(30)});
}

static void three_sources(void)
{
    sources(3, (struct cap){.max_message_rate = per_sec(30)});
}

static void source_places(void)
{
    struct limits l = wide();
    for (unsigned i = 0; i < 3; i++)
        world_source(&w, &(struct cap){.connection_limit = 2}, NULL);
    unsigned job = bulk_job();
    for (unsigned i = 0; i < 3; i++)
        put_rows(job, world_provider(&w, &l, &slow), 40000);
}

static void rate_per_source(void)
{
    struct limits l = wide();
    l.per_source_max_message_rate = per_sec(20);
    for (unsigned i = 0; i < 3; i++)
        world_source(&w, &(struct cap){0}, NULL);
    one(&l, &quick, 30000);
}

static void places_per_source(void)
{
    struct limits l = wide();
    l.per_source_connection_limit = 2;
    for (unsigned i = 0; i < 3; i++)
        world_source(&w, &(struct cap){0}, NULL);
    one(&l, &slow, 50000);
}

static void client_jobs(struct cap cap)
{
    struct limits l = wide();
    world_client(&w, &cap, UINT64_MAX);
    for (unsigned i = 0; i < 4; i++)
        world_provider(&w, &l, &slow);
    for (unsigned j = 0; j < 3; j++) {
        unsigned job = bulk_job();
        snprintf(w.job[job].client, sizeof w.job[job].client, "c0");
        for (unsigned i = 0; i < 4; i++)
            put_rows(job, i, i == j ? 100 : 10000);
    }
}

static void client_rate(void)
{
    client_jobs((struct cap){.max_message_rate = per_sec(40)});
}

static void client_places(void)
{
    client_jobs((struct cap){.connection_limit = 4});
}

static void job_cap(struct cap cap, unsigned providers, unsigned rows)
{
    struct limits l = wide();
    unsigned job = bulk_job();
    for (unsigned i = 0; i < providers; i++)
        put_rows(job, world_provider(&w, &l, &slow), rows);
    world_cap(&w, job, &cap);
}

static void job_ten_a_minute(void)
{
    job_cap((struct cap){.max_message_rate = rate_of("10/min")}, 2, 1000);
}

static void job_fifty(void)
{
    job_cap((struct cap){.max_message_rate = per_sec(50)}, 2, 20000);
}

static void job_day(void)
{
    job_cap((struct cap){.max_message_rate = rate_of("5,000/day")}, 3, 5000);
}

static void job_two_places(void)
{
    job_cap((struct cap){.connection_limit = 2}, 2, 20000);
}

static void many_small(void)
{
    struct limits l = world_limits();
    l.connection_limit = 1;
    unsigned job = bulk_job();
    for (unsigned i = 0; i < W_PROVIDERS - 4; i++) {
        unsigned d = world_domain(&w, world_provider(&w, i % 2 ? &l : NULL, &slow));
        world_rows(&w, job, d, 500);
    }
    world_cap(&w, job, &(struct cap){.max_message_rate = per_sec(50)});
}

/* Messages begun from one time to another, as a share of the most that is allowed. */
struct use_case {
    const char *name;
    void (*build)(void);
    int64_t from_ms, until_ms;
    double most, low;
};

static void use(const void *of)
{
    const struct use_case *c = of;
    world_init(&w, 21);
    c->build();
    world_start(&w);
    run_to(c->from_ms);
    uint64_t before = all_begun();
    run_to(c->until_ms);
    within(c->name, (double)(all_begun() - before) / c->most, c->low, 1.02);
    world_done(&w);
}

static void is_used(void)
{
    static const struct use_case cases[] = {
        {"100/s", one_rate, MINUTE, 6 * MINUTE, 30000, 0.95},
        {"1000/s", one_fast_rate, MINUTE, 6 * MINUTE, 300000, 0.9},
        {"10/min", one_slow_rate, MINUTE, HOUR, 590, 0.95},
        {"10/s and 300/min", two_rates, MINUTE, 11 * MINUTE, 3000, 0.95},
        {"100/s and 20,000/day: the first day", rate_and_day, 0, DAY, 20000, 1},
        {"... the second day", rate_and_day, DAY, 2 * DAY, 20000, 1},
        {"600/hr over a day", hour_quota, 0, DAY, 24 * 600, 0.95},
        {"connection_limit 5", connections, MINUTE, 6 * MINUTE, 30000, 0.95},
        {"connection_limit 1", one_connection, MINUTE, 6 * MINUTE, 6000, 0.95},
        {"max_connection_rate, one message each", dial_rate, MINUTE, 6 * MINUTE, 3000, 0.95},
        {"max_connection_rate, ten each", dial_rate_of_ten, MINUTE, 6 * MINUTE, 15000, 0.95},
        {"max_deliveries_per_connection 20", twenty_each, MINUTE, 6 * MINUTE, 300 * 5 * 20 / 1.15,
         0.9},
        {"shared rate, 2 providers", shared_rate_of_2, MINUTE, 6 * MINUTE, 15000, 0.95},
        {"shared rate, 5 unequal providers", shared_rate_of_5, MINUTE, 6 * MINUTE, 15000, 0.95},
        {"shared connections, 2 providers", shared_places_of_2, MINUTE, 6 * MINUTE, 36000, 0.9},
        {"shared connections, 5 providers", shared_places_of_5, MINUTE, 6 * MINUTE, 36000, 0.9},
        {"one source with a rate", one_source, MINUTE, 6 * MINUTE, 9000, 0.95},
        {"three sources with a rate each", three_sources, MINUTE, 6 * MINUTE, 27000, 0.95},
        {"three sources, two connections each", source_places, MINUTE, 6 * MINUTE, 36000, 0.9},
        {"per_source_max_message_rate", rate_per_source, MINUTE, 6 * MINUTE, 18000, 0.95},
        {"per_source_connection_limit", places_per_source, MINUTE, 6 * MINUTE, 36000, 0.95},
        {"a client's rate, 3 jobs, 4 providers", client_rate, MINUTE, 6 * MINUTE, 12000, 0.95},
        {"a client's connections", client_places, MINUTE, 6 * MINUTE, 24000, 0.9},
        {"a job's 10/min", job_ten_a_minute, MINUTE, HOUR, 590, 0.95},
        {"a job's 50/s", job_fifty, MINUTE, 6 * MINUTE, 15000, 0.95},
        {"a job's 5,000/day", job_day, 0, DAY, 5000, 1},
        {"a job's two connections", job_two_places, MINUTE, 6 * MINUTE, 12000, 0.9},
        {"56 small providers under a job's 50/s", many_small, MINUTE, 6 * MINUTE, 15000, 0.95},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(use, &cases[i]);
}

int main(void)
{
    is_used();
    return measured();
}
