/* sim_seeds.c: worlds made from a seed: everything that can go wrong at once, and the planner never
 * breaks a rule.
 *
 *     sim_seeds              the seeds of the ordinary test run
 *     sim_seeds 1000 3000    seeds 1000..2999
 */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"

#define SEEDS 400

static struct rates some_rate(struct world *w, unsigned fast)
{
    struct rates r = {.count = 0};
    unsigned what = dice(w, 6);
    if (what < 2)
        r.item[r.count++] = (struct rate_spec){1 + dice(w, fast), 1000000, 1};
    if (what == 1 || what == 2)
        r.item[r.count++] = (struct rate_spec){60 + dice(w, 60 * fast), 60000000, 1 + dice(w, 5)};
    if (what == 3)
        r.item[r.count++] = (struct rate_spec){300 + dice(w, 60 * fast), 3600000000, 0};
    return r;
}

static struct limits some_limits(struct world *w)
{
    struct limits l = world_limits();
    l.connection_limit = 1 + dice(w, 20);
    l.max_connection_rate = some_rate(w, 5);
    l.max_message_rate = some_rate(w, 50);
    l.max_deliveries_per_connection = 1 + dice(w, 60);
    l.retry_interval_ms = MINUTE + dice(w, 10 * MINUTE);
    l.max_retry_interval_ms = l.retry_interval_ms * (1 + dice(w, 4));
    l.consecutive_connection_failures_before_delay = dice(w, 2) ? 1 + dice(w, 5) : 100;
    l.idle_ms = SECOND + dice(w, 20 * SECOND);
    l.ramp_up_ms = dice(w, 2) ? 0 : 500 + dice(w, 10 * SECOND);
    l.drain_ms = dice(w, 40 * SECOND);
    if (dice(w, 6) == 0)
        l.per_source_connection_limit = 1 + dice(w, 5);
    if (dice(w, 8) == 0)
        l.per_source_max_message_rate = some_rate(w, 30);
    for (unsigned i = 0; i < w->shaping.limits; i++)
        if (dice(w, 3) == 0)
            l.additional[l.additionals++] = i;
    if (dice(w, 3) == 0) {
        l.outage_sample = 5 + dice(w, 40);
        l.outage_refused_percent = 90;
        l.outage_window_ms = 10 * MINUTE;
        l.outage_rest_ms = MINUTE + dice(w, 20 * MINUTE);
    }
    return l;
}

/* One kind of trouble per receiver at most, but for the mild ones: else nothing gets through. */
static struct behaviour some_behaviour(struct world *w)
{
    struct behaviour b = {.dial_ms = 2 + dice(w, 200), .message_ms = 1 + dice(w, 100)};
    b.temporary = dice(w, 3) ? 0 : dice(w, 200);
    b.permanent = dice(w, 100);
    b.drop_idle = dice(w, 200);
    switch (dice(w, 12)) {
    case 0:
        b.most_connections = 1 + dice(w, 6);
        break;
    case 1:
        b.refuse = dice(w, 500);
        break;
    case 2:
        b.time_out = dice(w, 400);
        b.dial_ms = 10 * SECOND;
        break;
    case 3:
        b.banner_4xx = dice(w, 400);
        b.banner_5xx = dice(w, 100);
        break;
    case 4:
        b.drop = dice(w, 200);
        b.drop_at_dot = dice(w, 200);
        break;
    case 5:
        b.greylists = true;
        break;
    case 6:
        b.tls_broken = true;
        break;
    case 7:
        b.down_from_ms = dice(w, 20 * MINUTE);
        b.down_until_ms = b.down_from_ms + dice(w, 60 * MINUTE);
        break;
    case 8:
        b.refuse = 1000;
        break;
    default:
        break;
    }
    return b;
}

static struct cap some_cap(struct world *w, unsigned fast)
{
    struct cap c = {.max_message_rate = some_rate(w, fast)};
    if (dice(w, 3) == 0)
        c.connection_limit = 1 + dice(w, 6);
    return c;
}

/* Closed times in the next hours, any number of them, touching and overlapping. */
static void some_windows(struct world *w, struct spans *s)
{
    for (unsigned n = dice(w, 5); n > 0; n--) {
        int64_t from = w->now.mono.ms + dice(w, 3 * HOUR);
        world_close(w, s, from, from + SECOND + dice(w, n % 2 ? HOUR : 3 * MINUTE));
    }
}

static void some_warmup(struct world *w, struct warmup *out)
{
    out->start.ms = w->now.wall.ms - dice(w, 30 * HOUR);
    for (out->days = 0; out->days < 4; out->days++)
        out->volume[out->days] = 1 + dice(w, 200u << out->days);
}

static void some_shaping(struct world *w)
{
    for (unsigned n = 1 + (dice(w, 2) ? dice(w, 4) : 0); n > 0; n--) {
        struct cap cap = dice(w, 3) ? (struct cap){0} : some_cap(w, 100);
        struct warmup warm = {0};
        if (n > 1 && dice(w, 4) == 0) /* the last one is warm: else nothing may move for days */
            some_warmup(w, &warm);
        world_source(w, &cap, warm.days ? &warm : NULL);
    }
    for (unsigned n = dice(w, 3); n > 0; n--) {
        struct cap cap = dice(w, 2) ? (struct cap){0} : some_cap(w, 60);
        uint64_t last = UINT64_C(1) << (w->shaping.sources - 1);
        unsigned i = world_client(w, &cap, dice(w, 2) ? UINT64_MAX : last | dice(w, 16));
        if (dice(w, 3) == 0)
            some_windows(w, &w->client_closed[i]);
    }
    for (unsigned n = dice(w, 3); n > 0; n--) {
        struct cap cap = some_cap(w, 60);
        world_limit(w, &cap);
    }
}

static void some_domain(struct world *w)
{
    struct w_domain *d = &w->domain[world_domain(w, dice(w, w->providers))];
    d->site = dice(w, 3);
    d->ttl_sec = 1 + dice(w, 900);
    d->dns_ms = dice(w, 8) ? 1 + dice(w, 100) : 5 * SECOND;
    if (dice(w, 20) == 0)
        d->status = (enum mx_status)(1 + dice(w, 5));
    if (dice(w, 10) == 0) {
        d->broken_from_ms = dice(w, 30 * MINUTE);
        d->broken_until_ms = d->broken_from_ms + dice(w, 40 * MINUTE);
    }
}

/* ---- deeds ---- */

static void resume(struct world *w, unsigned job)
{
    w->job[job].was_paused = false;
    plan_job_resume(w->plan, job + 1, w->now);
}

static void pause_some(struct world *w, unsigned job)
{
    if (w->is_stopping || !plan_job_pause(w->plan, job + 1, w->now))
        return;
    w->job[job].was_paused = true;
    world_at(w, w->now.mono.ms + dice(w, 5 * MINUTE), resume, job);
}

static void cancel(struct world *w, unsigned job)
{
    if (!plan_job_cancel(w->plan, job + 1, w->now))
        return;
    w->job[job].was_cancelled = true;
    w->job[job].was_paused = false;
}

static const char *party_name(struct world *w, enum plan_party *party, unsigned number)
{
    if (number % 3 == 1 && w->shaping.clients) {
        *party = PARTY_CLIENT;
        return w->client[number % w->shaping.clients].name;
    }
    if (number % 3 == 2) {
        *party = PARTY_SOURCE;
        return w->source[number % w->shaping.sources].name;
    }
    *party = PARTY_PROVIDER;
    return w->provider[number % w->providers].name;
}

static void let_go(struct world *w, unsigned number)
{
    enum plan_party party;
    const char *name = party_name(w, &party, number);
    plan_unsuspend(w->plan, party, name, w->now);
}

static void suspend_some(struct world *w, unsigned number)
{
    enum plan_party party;
    const char *name = party_name(w, &party, number);
    struct wall until = {dice(w, 2) ? w->now.wall.ms + dice(w, 20 * MINUTE) : 0};
    plan_suspend(w->plan, party, name, until, "for a try", w->now);
    world_at(w, w->now.mono.ms + dice(w, 5 * MINUTE), let_go, number);
}

static void append(struct world *w, unsigned job)
{
    if (!w->is_stopping && w->job[job].is_open && w->job[job].info.is_standing)
        spool_append(w, job, dice(w, w->domains), 1 + dice(w, 3));
}

static void jump(struct world *w, unsigned unused)
{
    (void)unused;
    int64_t by = (int64_t)dice(w, 20 * MINUTE) - 10 * MINUTE;
    w->now.wall.ms += dice(w, 2) ? by : by / 1000;
    w->clock_jumped = true;
}

static void stop(struct world *w, unsigned unused)
{
    (void)unused;
    if (w->is_stopping)
        return;
    w->is_stopping = true;
    plan_stop(w->plan, w->now);
}

/* Everything comes home, the counts are right, and another life goes on. */
static void restart_after_stop(struct world *w)
{
    int64_t until = w->now.mono.ms + 10 * MINUTE;
    while (!(plan_is_quiet(w->plan) && w->keeper_free_ms < w->now.mono.ms) && step(w, until))
        ;
    world_run(w, w->now.mono.ms + SECOND);
    RULE(w, plan_is_quiet(w->plan), "it does not come to rest");
    RULE(w, plan_wake(w->plan).ms > w->now.mono.ms + SECOND || w->now.mono.ms < until);
    world_check_counts(w);
    world_save(w, true);
    plan_free(w->plan);
    world_start(w);
}

static void some_deeds(struct world *w)
{
    int64_t hour = w->now.mono.ms + HOUR;
    for (unsigned n = dice(w, 40); n > 0; n--) {
        unsigned job = dice(w, w->jobs);
        unsigned what = dice(w, 20);
        int64_t at = w->now.mono.ms + dice(w, n % 2 ? HOUR : MINUTE);
        if (what < 5)
            world_at(w, at, pause_some, job);
        else if (what == 5 && dice(w, 3) == 0)
            world_at(w, at, cancel, job);
        else if (what == 6 && dice(w, 2))
            world_at(w, at, jump, 0);
        else if (what == 7)
            world_at(w, at, suspend_some, dice(w, 100));
        else
            world_at(w, at, append, job);
    }
    for (unsigned j = 0; j < w->jobs; j++)
        if (w->job[j].info.is_standing)
            world_at(w, hour + MINUTE, cancel, j);
}

static void some_jobs(struct world *w)
{
    for (unsigned n = 1 + dice(w, 5); n > 0; n--) {
        unsigned job = world_job(w, (enum priority)dice(w, PRIORITIES));
        struct plan_job *j = &w->job[job].info;
        j->in_doubt = (enum in_doubt_policy)dice(w, DOUBT_POLICIES);
        j->is_standing = dice(w, 3) == 0;
        j->expires_ms = HOUR + dice(w, 3 * HOUR);
        if (w->shaping.clients && dice(w, 2))
            snprintf(w->job[job].client, sizeof w->job[job].client, "c%u",
                     dice(w, (unsigned)w->shaping.clients));
        if (dice(w, 4) == 0) {
            struct cap cap = some_cap(w, 60);
            world_cap(w, job, &cap);
        }
        if (dice(w, 4) == 0)
            some_windows(w, &w->job[job].closed);
        if (dice(w, 5) == 0)
            j->start.ms = w->now.wall.ms + dice(w, 20 * MINUTE);
        for (unsigned d = 0; d < w->domains; d++)
            if (dice(w, 2))
                world_rows(w, job, d, dice(w, 8) ? 1 + dice(w, 5) : 1 + dice(w, 300));
    }
}

static struct world w;

static void run_seed(uint64_t seed)
{
    world_init(&w, seed);
    w.options.max_connections = 1 + dice(&w, dice(&w, 2) ? 100 : 8);
    w.options.max_asking = 1 + dice(&w, 60);
    w.options.max_leased = 4 + dice(&w, dice(&w, 2) ? 2000 : 60);
    w.keeper_ms = dice(&w, 60);
    w.lease_fails = dice(&w, 4) ? 0 : dice(&w, 100);
    if (dice(&w, 2))
        some_shaping(&w);
    w.shaping.profiles.fallback = some_limits(&w);
    for (unsigned n = 1 + dice(&w, 8); n > 0; n--) {
        struct limits l = some_limits(&w);
        struct behaviour b = some_behaviour(&w);
        unsigned i = world_provider(&w, dice(&w, 2) ? &l : NULL, &b);
        if (w.provider[i].has_profile && dice(&w, 4) == 0)
            some_windows(&w, &w.provider[i].closed);
    }
    for (unsigned n = 1 + dice(&w, 40); n > 0; n--)
        some_domain(&w);
    some_jobs(&w);
    world_start(&w);
    some_deeds(&w);
    if (dice(&w, 4) == 0) {
        world_at(&w, w.now.mono.ms + dice(&w, dice(&w, 2) ? HOUR : MINUTE), stop, 0);
        while (!w.is_stopping && step(&w, WHEN_NEVER))
            ;
        restart_after_stop(&w);
    }
    while (dice(&w, 5) == 0 && !w.clock_jumped) {
        world_run(&w, w.now.mono.ms + dice(&w, 20 * MINUTE));
        world_crash(&w);
    }
    world_finish(&w, w.now.mono.ms + 240 * HOUR);
    world_done(&w);
}

int main(int argc, char **argv)
{
    uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t to = argc > 2 ? strtoull(argv[2], NULL, 10) : argc > 1 ? from + 1 : from + SEEDS;
    uint64_t events = 0, actions = 0, empty = 0;
    for (; from < to; from++) {
        run_seed(from);
        events += w.event_number;
        actions += w.actions;
        empty += w.vain_wakes;
    }
    printf("%llu events, %llu actions, %llu vain wake-ups\n", (unsigned long long)events,
           (unsigned long long)actions, (unsigned long long)empty);
    return 0;
}
