/* sim_week.c: a week of a Korean mailer, Monday 00:00 to Sunday 24:00 in Seoul: twenty providers of all
 * kinds, five clients, twelve jobs, an urgent one among them that gets triggers all week; maintenance,
 * hours, outages, warm-up, quotas, three deaths of the planner and two reloads. All rules of the world
 * hold, everybody ends, and what waits is sent as fast as the tightest limit allows. */
#include <time.h>
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"
#include "measure.h"

#define MONDAY INT64_C(1795359600000) /* 2026-11-23 00:00 in Seoul */
#define PARTS 6                       /* domains of each provider */
#define LOOK (5 * MINUTE)

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

/* On the world's monotonic clock. */
static int64_t at(int day, int hour)
{
    return 5000 + day * DAY + hour * HOUR;
}

struct kind {
    const char *name;
    unsigned rows;
    bool has_profile;
    int64_t connections, per_connection;
    const char *rate, *second_rate;
    struct behaviour is;
    double full; /* messages per second when it is used in full; 0: nothing of its own bounds it */
    double low;  /* the share of that that must be used while mail waits */
    bool shares; /* the named limit */
};
static const struct kind kinds[] = {
    {"naver", 150000, true, 20, 100, "1/s", NULL, {.message_ms = 80}, 1, 0.95, false},
    {"daum", 80000, true, 10, 50, "1/s", NULL, {.message_ms = 90}, 1, 0.95, false},
    {"nate", 12000, true, 5, 20, "1/s", "3,000/day", {.message_ms = 150}, 0, 0, false},
    {"korea.com", 30000, true, 2, 10, "20/min", NULL, {.message_ms = 300}, 1 / 3.0, 0.95, false},
    {"kt", 20000, true, 8, 50, NULL, NULL, {.message_ms = 200}, 0, 0, true},
    {"hanmir", 20000, true, 8, 50, NULL, NULL, {.message_ms = 200}, 0, 0, true},
    {"gmail", 180000, true, 20, 100, "2/s", NULL, {.message_ms = 120}, 2, 0.95, false},
    {"yahoo",
     30000,
     true,
     2,
     5,
     NULL,
     NULL,
     {.message_ms = 2000, .dial_ms = 500},
     2 * 5 / 10.75,
     0.9,
     false},
    {"outlook",
     60000,
     true,
     20,
     1000,
     NULL,
     NULL,
     {.message_ms = 5000, .most_connections = 4},
     0.8,
     0.8,
     false},
    {"m365",
     60000,
     true,
     20,
     100,
     "3/s",
     NULL,
     {.message_ms = 200, .most_per_sec = 1},
     1,
     0.7,
     false},
    {"icloud", 8000, true, 5, 20, "2/s", NULL, {.message_ms = 200, .greylists = true}, 0, 0, false},
    {"qq", 8000, true, 5, 20, "1/s", NULL, {.message_ms = 400, .temporary = 100}, 1, 0.95, false},
    {"163", 8000, true, 5, 20, "100/hr", NULL, {.message_ms = 400}, 100 / 3600.0, 0.95, false},
    {"gmx", 40000, true, 5, 20, "1/s", NULL, {.message_ms = 200}, 1, 0.95, false},
    {"yahoo.co.jp", 60000, true, 5, 20, "30/min", NULL, {.message_ms = 200}, 0.5, 0.95, false},
    {"mx1.a", 4000, false, 0, 0, NULL, NULL, {.message_ms = 200, .temporary = 100}, 0, 0, false},
    {"mx1.b",
     2000,
     false,
     0,
     0,
     NULL,
     NULL,
     {.message_ms = 200, .deny_until_ms = 30 * DAY, .deny_code = 550},
     0,
     0,
     false},
    {"mx1.c",
     4000,
     false,
     0,
     0,
     NULL,
     NULL,
     {.message_ms = 200, .drop_at_dot = 50, .drop_idle = 300},
     0,
     0,
     false},
    {"mx1.d", 3000, false, 0, 0, NULL, NULL, {.message_ms = 20000, .dial_ms = 5000}, 0, 0, false},
    {"mx1.e",
     4000,
     false,
     0,
     0,
     NULL,
     NULL,
     {.message_ms = 200, .tls_broken = true, .refuse = 100},
     0,
     0,
     false},
};
#define KINDS (sizeof kinds / sizeof *kinds)
enum { NAVER, DAUM, NATE, KOREA, KT, HANMIR, GMAIL, YAHOO, QQ = 11, GMX = 13 };

static struct {
    double full; /* now */
    uint64_t begun;
    bool waits; /* at the last look */
    double had, could;
    bool is_shut; /* at the last look */
    uint64_t inside;
} use[KINDS];
static int64_t loud_until[KINDS]; /* mono: something happened to it; it need not be used in full */

/* ---- the world ---- */

static void put_provider(const struct kind *k)
{
    struct limits l = world_limits();
    l.ramp_up_ms = 20 * SECOND;
    l.consecutive_connection_failures_before_delay = 20;
    l.outage_sample = 50;
    l.outage_refused_percent = 90;
    l.outage_window_ms = 10 * MINUTE;
    l.outage_rest_ms = 15 * MINUTE;
    l.retry_interval_ms = 10 * MINUTE;
    l.max_retry_interval_ms = 4 * HOUR;
    w.shaping.profiles.fallback = l;
    if (k->connections)
        l.connection_limit = k->connections;
    if (k->per_connection)
        l.max_deliveries_per_connection = k->per_connection;
    if (k->rate)
        l.max_message_rate = rate_of(k->rate);
    if (k->second_rate)
        l.max_message_rate = both(l.max_message_rate, rate_of(k->second_rate));
    l.additionals = k->shares;
    unsigned v = world_provider(&w, k->has_profile ? &l : NULL, &k->is);
    use[v].full = k->full;
    for (unsigned i = 0; i < PARTS; i++) {
        unsigned d = world_domain(&w, v);
        w.domain[d].site = i % 3;
        w.domain[d].ttl_sec = 3600;
    }
}

static void close_hours(struct spans *s, int day, double from, double until)
{
    world_close(&w, s, at(day, 0) + (int64_t)(from * HOUR), at(day, 0) + (int64_t)(until * HOUR));
}

static void put_windows(void)
{
    struct spans *naver = &w.provider[NAVER].closed, *korea = &w.provider[KOREA].closed;
    close_hours(naver, TUE, 2, 6);
    close_hours(naver, SUN, 1, 5);
    for (int day = MON; day <= SUN; day++) {
        close_hours(korea, day, 23.5, 24.25);            /* each night, over midnight */
        close_hours(&w.provider[QQ].closed, day, -4, 8); /* open from 8 to 20 */
    }
    w.provider[DAUM].is.deny_from_ms = at(WED, 10);
    w.provider[DAUM].is.deny_until_ms = at(WED, 12);
    w.provider[DAUM].is.deny_code = 550;
    w.provider[GMX].is.down_from_ms = at(THU, 3);
    w.provider[GMX].is.down_until_ms = at(THU, 9);
    loud_until[DAUM] = at(WED, 14);
    loud_until[GMX] = at(THU, 11);
}

/* Monday to Friday from 8 to 20. */
static void office_hours(struct spans *s)
{
    for (int day = MON; day <= FRI; day++)
        close_hours(s, day, day == MON ? 0 : -4, 8);
    close_hours(s, FRI, 20, 24 + 24 + 24 + 8);
}

static void put_parties(void)
{
    struct warmup warm = {.start = {MONDAY}, .days = 7};
    for (unsigned day = 0; day < 7; day++)
        warm.volume[day] = 200u << day;
    world_source(&w, &(struct cap){.max_message_rate = per_sec(20)}, NULL);
    world_source(&w, &(struct cap){.connection_limit = 40}, NULL);
    world_source(&w, &(struct cap){0}, &warm);
    world_limit(&w, &(struct cap){.connection_limit = 6, .max_message_rate = rate_of("30/min")});
    world_client(&w, &(struct cap){0}, UINT64_MAX);
    world_client(&w, &(struct cap){.max_message_rate = rate_of("5/s")}, UINT64_MAX);
    world_client(&w, &(struct cap){.connection_limit = 10}, UINT64_MAX);
    world_client(&w, &(struct cap){.max_message_rate = rate_of("20,000/day")}, 3);
    world_client(&w, &(struct cap){0}, 3);
    office_hours(&w.client_closed[4]);
}

/* The share of each provider's rows that a job has, and what bounds it. */
struct mailing_of {
    enum priority prio;
    int client; /* -1: none */
    int day, hour;
    unsigned share; /* per mille */
    const char *cap;
    bool office;
};
static const struct mailing_of mailings[] = {
    {PRIO_BULK, 0, MON, 0, 250, NULL, false},  {PRIO_BULK, 1, MON, 9, 100, NULL, false},
    {PRIO_BULK, 2, MON, 14, 80, NULL, false},  {PRIO_NORMAL, 3, TUE, 1, 60, NULL, false},
    {PRIO_BULK, 4, TUE, 9, 60, NULL, false},   {PRIO_BULK, -1, TUE, 18, 150, NULL, false},
    {PRIO_BULK, -1, WED, 8, 60, "2/s", false}, {PRIO_NORMAL, 0, WED, 9, 100, NULL, false},
    {PRIO_BULK, -1, THU, 8, 50, NULL, true},   {PRIO_BULK, 1, THU, 12, 40, "30/min", false},
    {PRIO_BULK, 0, FRI, 10, 50, NULL, false},
};
#define MAILINGS (sizeof mailings / sizeof *mailings)
static unsigned urgent;

static bool is_free(unsigned job)
{
    const struct mailing_of *m = &mailings[job];
    return job < MAILINGS && !m->cap && !m->office && (m->client == -1 || m->client == 0);
}

static void put_job(const struct mailing_of *m)
{
    unsigned job = world_job(&w, m->prio);
    struct w_job *j = &w.job[job];
    j->info.expires_ms = 30 * DAY;
    j->info.start.ms = MONDAY + at(m->day, m->hour) - 5000;
    j->info.in_doubt = job % 2 ? DOUBT_RETRY : DOUBT_HOLD;
    if (m->client >= 0)
        snprintf(j->client, sizeof j->client, "c%d", m->client);
    if (m->cap)
        world_cap(&w, job, &(struct cap){.max_message_rate = rate_of(m->cap)});
    if (m->office)
        office_hours(&j->closed);
    for (unsigned d = 0; d < w.domains; d++)
        world_rows(&w, job, d, kinds[w.domain[d].provider].rows * m->share / 1000 / PARTS);
}

/* ---- what happens ---- */

static int64_t worst_ms;

static void on_urgent(struct world *world, const struct row *r)
{
    int64_t waited = r->first_try_ms - r->added_mono_ms;
    unsigned v = world->domain[r->domain].provider;
    /* Where a receiver is open and takes mail at once: until the second reload its quota is large. */
    if (r->job == urgent && v == GMAIL && world->now.mono.ms < at(FRI, 12) && waited > worst_ms)
        worst_ms = waited;
}

static void trigger(struct world *world, unsigned unused)
{
    spool_append(world, urgent, dice(world, world->domains), 1);
    world_at(world, world->now.mono.ms + 1 + dice(world, 4 * MINUTE), trigger, unused);
}

static void end_urgent(struct world *world, unsigned unused)
{
    (void)unused;
    world->job[urgent].was_cancelled = plan_job_cancel(world->plan, urgent + 1, world->now);
}

static void first_reload(struct world *world, unsigned unused)
{
    (void)unused;
    struct limits naver = world->provider[NAVER].limits, korea = world->provider[KOREA].limits;
    naver.max_message_rate = rate_of("90/min");
    korea.connection_limit = 1;
    korea.max_deliveries_per_connection = 3;
    use[NAVER].full = 1.5;
    world_change(world, NAVER, &naver);
    world_change(world, KOREA, &korea);
    world_reload(world);
}

static void second_reload(struct world *world, unsigned unused)
{
    (void)unused;
    struct limits gmail = world->provider[GMAIL].limits, yahoo = world->provider[YAHOO].limits;
    gmail.max_message_rate = both(per_sec(1), rate_of("2,000/hr"));
    gmail.connection_limit = 3;
    yahoo.max_deliveries_per_connection = 3;
    use[GMAIL].full = 2000 / 3600.0;
    use[YAHOO].full = 2 * 3 / 6.75;
    world_change(world, GMAIL, &gmail);
    world_change(world, YAHOO, &yahoo);
    world_reload(world);
}

/* ---- what is seen ---- */

/* More than it can take until the next look is due, of jobs that nothing else bounds. */
static bool has_enough_waiting(unsigned v)
{
    double rows = 0;
    for (unsigned d = v * PARTS; d < (v + 1) * PARTS; d++)
        for (unsigned j = 0; j < MAILINGS; j++)
            if (is_free(j) && w.job[j].is_open)
                rows += (double)todo_find(&w, &w.todo[j][d], w.now.wall.ms, UINT64_MAX);
    return rows > use[v].full * LOOK / SECOND * 1.2 + 100;
}

static bool is_quiet(unsigned v)
{
    int64_t now = w.now.wall.ms;
    return w.now.mono.ms > loud_until[v] &&
           spans_closed_ms(&w.provider[v].closed, now - 4 * LOOK, now + LOOK) == 0;
}

static void look(struct world *world, unsigned unused)
{
    for (unsigned v = 0; v < KINDS; v++) {
        uint64_t begun = w.provider[v].begun;
        if (use[v].waits && use[v].full > 0) {
            use[v].had += (double)(begun - use[v].begun);
            use[v].could += use[v].full * LOOK / SECOND;
        }
        bool is_shut = spans_at(&w.provider[v].closed, w.now.wall.ms);
        use[v].inside += is_shut && use[v].is_shut ? begun - use[v].begun : 0;
        use[v].is_shut = is_shut;
        use[v].begun = begun;
        use[v].waits = has_enough_waiting(v) && is_quiet(v);
    }
    world_at(world, world->now.mono.ms + LOOK, look, unused);
}

static void print_table(void)
{
    printf("%-12s %9s %9s %9s %9s %8s %7s\n", "provider", "begun", "delivered", "per s", "waited h",
           "used", "inside");
    for (unsigned v = 0; v < KINDS; v++) {
        double hours = use[v].full > 0 ? use[v].could / use[v].full / 3600 : 0;
        printf("%-12s %9llu %9llu %9.3f %9.1f %7.1f%% %7llu\n", kinds[v].name,
               (unsigned long long)w.provider[v].begun, (unsigned long long)w.provider[v].delivered,
               use[v].full, hours, use[v].could > 0 ? 100 * use[v].had / use[v].could : 0,
               (unsigned long long)use[v].inside);
    }
}

static void check_use(void)
{
    for (unsigned v = 0; v < KINDS; v++)
        if (kinds[v].full > 0 && use[v].could > use[v].full * HOUR / SECOND)
            within(kinds[v].name, use[v].had / use[v].could, kinds[v].low, 1.1);
}

static void build(void)
{
    world_init(&w, 2026);
    w.now.wall.ms = MONDAY;
    w.save_ms = 30 * SECOND;
    w.reserve_ms = 40 * SECOND;
    w.options.max_connections = 200;
    w.options.max_leased = 4000;
    put_parties();
    for (size_t i = 0; i < KINDS; i++)
        put_provider(&kinds[i]);
    put_windows();
    for (size_t i = 0; i < MAILINGS; i++)
        put_job(&mailings[i]);
    urgent = world_job(&w, PRIO_URGENT);
    w.job[urgent].info.is_standing = true;
    w.job[urgent].info.expires_ms = DAY;
    w.on_start = on_urgent;
}

int main(void)
{
    clock_t began = clock();
    build();
    size_t rows = w.rows;
    world_start(&w);
    world_at(&w, 6000, trigger, 0);
    world_at(&w, 6000, look, 0);
    world_at(&w, at(WED, 12), first_reload, 0);
    world_at(&w, at(FRI, 12), second_reload, 0);
    static const int64_t deaths[] = {TUE * DAY + 4 * HOUR, WED * DAY + 11 * HOUR,
                                     SAT * DAY + 13 * HOUR + 17 * MINUTE};
    for (size_t i = 0; i < 3; i++) {
        run_to(deaths[i]);
        world_crash(&w);
    }
    run_to(7 * DAY);
    unsigned open = 0;
    for (unsigned j = 0; j < w.jobs; j++)
        open += w.job[j].is_open;
    plan_guard_settled(w.plan, w.provider[DAUM].name, false, w.now);
    spool_release(&w);
    end_urgent(&w, 0);
    print_table();
    check_use();
    within("jobs open on Sunday night", open, 1, 4);
    within("an urgent mail's longest way to gmail, s", (double)worst_ms / 1000, 0, 5);
    within("outages seen", w.quarantines, 1, 1);
    world_finish(&w, at(SUN, 24) + 21 * DAY);
    printf("%zu recipients and %zu triggers, %llu events in %.1f s\n", rows, w.rows - rows,
           (unsigned long long)w.event_number, (double)(clock() - began) / CLOCKS_PER_SEC);
    world_done(&w);
    return measured();
}
