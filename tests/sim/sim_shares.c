/* sim_shares.c: who gets how much: fair between jobs, urgent at once, slow receivers in nobody's
 * way, and no more connections than a receiver stands. */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"

static struct world w;

static void within(const char *what, double is, double low, double high)
{
    if (is < low || is > high)
        world_broken(&w, __FILE__, __LINE__, what, ": %.3f, not %.3f to %.3f", is, low, high);
}

/* ---- fairness ---- */

struct fair_case {
    const char *name;
    unsigned a_domains, a_rows, b_domains, b_rows; /* rows per domain */
    uint64_t rate;
    unsigned keeper_ms, max_leased, max_connections;
};

static void fill(unsigned job, unsigned provider, unsigned domains, unsigned rows)
{
    for (unsigned i = 0; i < domains; i++) {
        unsigned d = world_domain(&w, provider);
        w.domain[d].site = i % 3;
        world_rows(&w, job, d, rows);
    }
}

static void fair(const struct fair_case *c)
{
    world_init(&w, 7);
    w.keeper_ms = c->keeper_ms;
    if (c->max_leased)
        w.options.max_leased = c->max_leased;
    if (c->max_connections)
        w.options.max_connections = c->max_connections;
    struct limits l = world_limits();
    struct behaviour b = {.message_ms = 10};
    if (c->rate)
        l.max_message_rate = (struct rates){.item = {{c->rate, 1000000, 1}}, .count = 1};
    unsigned v = world_provider(&w, &l, &b);
    unsigned x = world_job(&w, PRIO_BULK), y = world_job(&w, PRIO_BULK);
    fill(x, v, c->a_domains, c->a_rows);
    fill(y, v, c->b_domains, c->b_rows);
    world_start(&w);
    uint64_t goal = w.rows / 2;
    while (w.done_of_job[x] + w.done_of_job[y] < goal && step(&w, HOUR))
        ;
    within(c->name, (double)w.done_of_job[x] / (double)goal, 0.45, 0.55);
    world_done(&w);
}

static void is_fair(void)
{
    static const struct fair_case cases[] = {
        {"alike", 10, 400, 10, 400, 0, 5, 0, 0},
        {"one domain, many domains", 1, 6000, 1500, 4, 0, 5, 0, 0},
        {"many domains, one domain", 1500, 4, 1, 6000, 0, 50, 0, 0},
        {"under a rate", 1, 2000, 500, 4, 20, 5, 0, 0},
        {"one connection", 1, 2000, 500, 4, 0, 5, 0, 1},
        {"few leases", 1, 3000, 1000, 3, 0, 20, 200, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        fair(&cases[i]);
}

/* A small job at the same receiver does not wait for a huge one. */
static void small_beside_huge(void)
{
    world_init(&w, 8);
    struct limits l = world_limits();
    struct behaviour b = {.message_ms = 20};
    unsigned v = world_provider(&w, &l, &b);
    unsigned huge = world_job(&w, PRIO_BULK), small = world_job(&w, PRIO_BULK);
    unsigned d = world_domain(&w, v);
    world_rows(&w, huge, d, 30000); /* alone: a minute */
    world_rows(&w, small, d, 200);
    world_start(&w);
    while (w.job[small].is_open && step(&w, HOUR))
        ;
    within("a small job", (double)(w.now.mono.ms - 5000) / 1000, 0, 3);
    world_done(&w);
}

/* ---- urgent ---- */

static unsigned urgent_job;
static int64_t worst_ms;

static void on_urgent(struct world *world, const struct row *r)
{
    if (r->job == urgent_job && r->first_try_ms - r->added_mono_ms > worst_ms)
        worst_ms = r->first_try_ms - r->added_mono_ms;
    (void)world;
}

static void trigger(struct world *world, unsigned domain)
{
    spool_append(world, urgent_job, domain, 1);
}

struct urgent_case {
    const char *name;
    unsigned providers, domains, rows; /* of bulk: per provider, per domain */
    unsigned max_connections, max_leased, max_asking;
    int64_t message_ms, dns_ms;
    bool own_provider; /* the urgent mails go where nothing else goes */
};

static void urgent(const struct urgent_case *c)
{
    world_init(&w, 9);
    w.options.max_connections = c->max_connections;
    w.options.max_leased = c->max_leased;
    w.options.max_asking = c->max_asking;
    w.on_start = on_urgent;
    worst_ms = 0;
    unsigned bulk = world_job(&w, PRIO_BULK);
    urgent_job = world_job(&w, PRIO_URGENT);
    w.job[urgent_job].info.is_standing = true;
    struct behaviour b = {.message_ms = c->message_ms, .dial_ms = 50};
    for (unsigned i = 0; i < c->providers; i++)
        fill(bulk, world_provider(&w, &w.shaping.profiles.fallback, &b), c->domains, c->rows);
    for (unsigned i = 0; i < w.domains; i++)
        w.domain[i].dns_ms = c->dns_ms;
    unsigned to = c->own_provider ? world_provider(&w, &w.shaping.profiles.fallback, &b) : 0;
    world_start(&w);
    for (unsigned i = 0; i < 60; i++) {
        unsigned d = world_domain(&w, to);
        w.domain[d].site = i % 3;
        world_at(&w, 6000 + 137 * i, trigger, d);
    }
    world_run(&w, 6000 + 137 * 60 + 3000);
    within(c->name, (double)worst_ms, 1, 1000);
    world_done(&w);
}

static void is_urgent(void)
{
    static const struct urgent_case cases[] = {
        {"at the same receiver", 1, 1, 20000, 100, 2000, 50, 20, 20, false},
        {"slow messages", 1, 1, 20000, 100, 2000, 50, 200, 20, false},
        {"other sites of it", 1, 20, 1000, 100, 2000, 50, 20, 20, false},
        {"all connections in use", 30, 3, 500, 60, 2000, 50, 50, 20, true},
        {"few connections in all", 6, 3, 500, 6, 2000, 50, 50, 20, true},
        {"all leases in use", 30, 3, 300, 400, 100, 50, 300, 20, true},
        {"a queue of names", 40, 45, 1, 100, 2000, 20, 20, 3000, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        urgent(&cases[i]);
}

/* ---- slow receivers ---- */

/* Sixty tar pits hold neither the leases nor the connections that the fast receiver needs. */
static void slow_beside_fast(unsigned max_connections, unsigned max_leased, double least_per_sec)
{
    world_init(&w, 10);
    w.options.max_connections = max_connections;
    w.options.max_leased = max_leased;
    unsigned slow_job = world_job(&w, PRIO_BULK), job = world_job(&w, PRIO_BULK);
    struct behaviour slow = {.message_ms = 20000, .dial_ms = 5000}, fast = {.message_ms = 10};
    for (unsigned i = 0; i < W_PROVIDERS - 4; i++)
        fill(slow_job, world_provider(&w, NULL, &slow), 1, 500);
    fill(job, world_provider(&w, NULL, &fast), 1, 100000);
    world_start(&w);
    world_run(&w, 80 * SECOND);
    uint64_t before = w.done_of_job[job];
    world_run(&w, 100 * SECOND);
    within("fast beside slow", (double)(w.done_of_job[job] - before) / 20, least_per_sec, 1e9);
    world_done(&w);
}

/* ---- convergence ---- */

/* The receiver stands three connections, we may open twenty: three are used, seldom more tried. */
static void converges(void)
{
    world_init(&w, 11);
    struct limits l = world_limits();
    l.connection_limit = 20;
    l.max_deliveries_per_connection = 100000;
    struct behaviour b = {.message_ms = 20, .most_connections = 3};
    unsigned v = world_provider(&w, &l, &b), job = world_job(&w, PRIO_BULK);
    fill(job, v, 1, 60000);
    world_start(&w);
    world_run(&w, 10 * SECOND);
    uint64_t before = w.done_of_job[job];
    uint64_t refused = w.refused;
    world_run(&w, 310 * SECOND);
    within("three connections' worth", (double)(w.done_of_job[job] - before) / 300, 130, 160);
    within("refused connections in 5 minutes", (double)(w.refused - refused), 1, 30);
    world_done(&w);
}

/* A whole provider is down for a while: next to nothing is fetched in vain, and it goes on. */
static void outage(void)
{
    world_init(&w, 12);
    struct limits l = world_limits();
    l.consecutive_connection_failures_before_delay = 5;
    struct behaviour b = {.message_ms = 20, .down_from_ms = 7 * SECOND};
    b.down_until_ms = 30 * MINUTE;
    unsigned job = world_job(&w, PRIO_BULK);
    w.job[job].info.expires_ms = 24 * HOUR;
    fill(job, world_provider(&w, &l, &b), 1, 20000);
    world_start(&w);
    world_run(&w, 10 * SECOND);
    uint64_t before = w.actions;
    world_run(&w, 30 * MINUTE);
    within("actions during an outage", (double)(w.actions - before), 0, 4000);
    world_finish(&w, 3 * HOUR);
    world_done(&w);
}

/* DNS fails for a name that was known: the old answer serves on. */
static void stale_names(void)
{
    world_init(&w, 13);
    struct behaviour b = {.message_ms = 200};
    unsigned job = world_job(&w, PRIO_BULK), v = world_provider(&w, NULL, &b);
    fill(job, v, 1, 10000);
    w.domain[0].ttl_sec = 60;
    w.domain[0].broken_from_ms = 10 * SECOND;
    w.domain[0].broken_until_ms = HOUR;
    world_start(&w);
    world_run(&w, 3 * MINUTE);
    within("sent while DNS fails", (double)w.done_of_job[job], 7000, 10000);
    world_finish(&w, 2 * HOUR);
    for (size_t i = 0; i < w.rows; i++)
        within("attempts", w.row[i].attempts, 1, 1);
    world_done(&w);
}

int main(void)
{
    is_fair();
    small_beside_huge();
    is_urgent();
    slow_beside_fast(1000, 4000, 900);
    slow_beside_fast(500, 4000, 400);
    converges();
    outage();
    stale_names();
    return 0;
}
