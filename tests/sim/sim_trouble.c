/* sim_trouble.c: what people and rules hold back, and a provider that suddenly refuses everybody. */
#include "world_run.c"
#include "world_net.c"
#include "world_spool.c"
#include "world_meter.c"
#include "measure.h"

#define BATCH (2 * SECOND) /* what is under way ends in that time */
#define RATE 20.0          /* of each provider, per second */

static unsigned job, other_job, provider, other;

static struct limits usual(void)
{
    struct limits l = world_limits();
    l.connection_limit = 16;
    l.max_deliveries_per_connection = 1000000;
    l.ramp_up_ms = 5 * SECOND;
    l.backoff_to_normal_after_ms = 10 * MINUTE;
    return l;
}

/* Two providers of 20/s each, two jobs at both, the first of a client; two sources. */
static void two_of_all(void)
{
    struct limits l = usual();
    struct behaviour b = {.message_ms = 50, .dial_ms = 40};
    world_source(&w, &(struct cap){0}, NULL);
    world_source(&w, &(struct cap){0}, NULL);
    world_client(&w, &(struct cap){0}, UINT64_MAX);
    l.max_message_rate = per_sec(RATE);
    provider = world_provider(&w, &l, &b);
    other = world_provider(&w, &l, &b);
    job = bulk_job();
    other_job = bulk_job();
    snprintf(w.job[job].client, sizeof w.job[job].client, "c0");
    for (unsigned i = 0; i < 2; i++) {
        put_rows(job, i, 40000);
        put_rows(other_job, i, 40000);
    }
}

static uint64_t begun_of(enum plan_party party)
{
    return party == PARTY_PROVIDER ? w.provider[provider].begun
           : party == PARTY_SOURCE ? w.of_source[0].begun
                                   : w.job[job].begun;
}

/* ---- levers ---- */

struct lever_case {
    const char *name;
    enum plan_party party;
    const char *who;
    int64_t until_ms; /* 0: until resumed */
    bool crashes;
};

static void lever(const void *of)
{
    const struct lever_case *c = of;
    int64_t until = c->until_ms ? c->until_ms : 30 * MINUTE;
    world_init(&w, 51);
    two_of_all();
    world_start(&w);
    run_to(MINUTE);
    struct wall end = {c->until_ms ? w.now.wall.ms + c->until_ms - MINUTE : 0};
    plan_suspend(w.plan, c->party, c->who, end, "for a try", w.now);
    run_to(MINUTE + BATCH);
    uint64_t before = begun_of(c->party), all = all_begun();
    if (c->crashes) {
        run_to(MINUTE + 10 * SECOND);
        world_crash(&w);
    }
    run_to(until);
    within(c->name, (double)(begun_of(c->party) - before), 0, 0);
    double most = c->party == PARTY_PROVIDER ? RATE : 2 * RATE;
    within("... the others' use",
           (double)(all_begun() - all) * SECOND / (double)(until - MINUTE - BATCH) / most, 0.9,
           1.01);
    if (!c->until_ms)
        within("... resumed", plan_unsuspend(w.plan, c->party, c->who, w.now), 1, 1);
    run_to(until + MINUTE);
    before = all_begun();
    run_to(until + 2 * MINUTE);
    within("... all use a minute later", (double)(all_begun() - before) / 60 / (2 * RATE), 0.95,
           1.01);
    world_done(&w);
}

static void levers(void)
{
    static const struct lever_case cases[] = {
        {"a suspended provider", PARTY_PROVIDER, "p0", 0, false},
        {"... for 10 minutes", PARTY_PROVIDER, "p0", 11 * MINUTE, false},
        {"... and a crash", PARTY_PROVIDER, "p0", 0, true},
        {"... for 10 minutes, and a crash", PARTY_PROVIDER, "p0", 11 * MINUTE, true},
        {"a suspended source", PARTY_SOURCE, "s0", 0, false},
        {"... for 10 minutes", PARTY_SOURCE, "s0", 11 * MINUTE, false},
        {"... and a crash", PARTY_SOURCE, "s0", 0, true},
        {"a suspended client", PARTY_CLIENT, "c0", 0, false},
        {"... for 10 minutes", PARTY_CLIENT, "c0", 11 * MINUTE, false},
        {"... and a crash", PARTY_CLIENT, "c0", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(lever, &cases[i]);
}

/* ---- rules over replies ---- */

/* The first provider answers 451 to everybody for so long, from the first minute on. */
static void deny_for(int64_t ms, int code)
{
    struct behaviour *b = &w.provider[provider].is;
    b->deny_from_ms = 5000 + MINUTE;
    b->deny_until_ms = b->deny_from_ms + ms;
    b->deny_code = code;
}

struct rule_case {
    const char *name;
    enum automation_action action;
    unsigned trigger; /* per minute; 0: at once */
    int64_t deny_ms;
    bool crashes;
    double low, high; /* per second of the first provider, while it holds */
    unsigned connections;
};

static void rule(const void *of)
{
    const struct rule_case *c = of;
    world_init(&w, 52);
    two_of_all();
    deny_for(c->deny_ms, 451);
    struct automation_rule *r =
        world_rule(&w, "temporary local problem", c->action, c->trigger, 10 * MINUTE);
    if (c->action == AUTO_SET_LIMITS) {
        r->connection_limit = 2;
        r->max_message_rate = per_sec(5);
    }
    world_start(&w);
    run_to(MINUTE + 10 * SECOND);
    if (c->crashes)
        world_crash(&w);
    uint64_t before = w.provider[provider].begun, elsewhere = w.provider[other].begun;
    run_to(10 * MINUTE);
    within(c->name, (double)(w.provider[provider].begun - before) / 530, c->low, c->high);
    within("... connections", w.provider[provider].connections, 0, c->connections);
    within("... elsewhere", (double)(w.provider[other].begun - elsewhere) / 530 / RATE, 0.95, 1.01);
    run_to(30 * MINUTE);
    before = w.provider[provider].begun;
    run_to(31 * MINUTE);
    within("... full use later", (double)(w.provider[provider].begun - before) / 60 / RATE, 0.95,
           1.01);
    world_done(&w);
}

static void rules(void)
{
    static const struct rule_case cases[] = {
        {"a rule that suspends", AUTO_SUSPEND, 0, SECOND, false, 0, 0, 0},
        {"... and a crash", AUTO_SUSPEND, 0, SECOND, true, 0, 0, 0},
        {"... beyond 30 a minute: 20 come", AUTO_SUSPEND, 30, SECOND, false, 19, 20.1, 16},
        {"... beyond 30 a minute: 40 come", AUTO_SUSPEND, 30, 2 * SECOND, false, 0, 0, 0},
        {"a rule that sets limits", AUTO_SET_LIMITS, 0, SECOND, false, 4.75, 5.05, 2},
        {"... and a crash", AUTO_SET_LIMITS, 0, SECOND, true, 4.65, 5.05, 2},
        {"a rule that backs off", AUTO_BACKOFF, 0, SECOND, false, 9.5, 10.1, 8},
        {"... and a crash", AUTO_BACKOFF, 0, SECOND, true, 9.3, 10.1, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        apart(rule, &cases[i]);
}

/* One job, or one source, at this provider; everybody else goes on. */
static void rule_for_one(const void *of)
{
    const enum automation_action *action = of;
    bool is_job = *action == AUTO_SUSPEND_CAMPAIGN;
    world_init(&w, 53);
    two_of_all();
    deny_for(60, 451);
    world_rule(&w, "temporary local problem", *action, 0, 10 * MINUTE);
    world_start(&w);
    run_to(MINUTE + BATCH);
    struct plan_provider_view view;
    RULE(&w, plan_provider_view(w.plan, "p0", w.now, &view));
    unsigned rests = 0;
    for (unsigned i = 0; i < view.holds; i++)
        rests += strstr(view.hold[i].text, "rests") && view.hold[i].at.line == 1;
    within(is_job ? "a rule that suspends jobs here: rests" : "a rule that suspends sources: rests",
           rests, 1, 2);
    uint64_t before = w.provider[provider].begun, elsewhere = w.provider[other].begun;
    run_to(10 * MINUTE);
    double share = (double)(w.provider[provider].begun - before) / 538 / RATE;
    within("... of the provider", share, rests == 2 ? 0 : 0.95, rests == 2 ? 0 : 1.01);
    within("... elsewhere", (double)(w.provider[other].begun - elsewhere) / 538 / RATE, 0.95, 1.01);
    world_done(&w);
}

/* While limits double back, no step is exceeded. */
static void returns_by_doubling(const void *unused)
{
    (void)unused;
    static const double most[] = {5, 10, 20};
    world_init(&w, 54);
    two_of_all();
    deny_for(SECOND, 451);
    struct automation_rule *r =
        world_rule(&w, "temporary local problem", AUTO_SET_LIMITS, 0, 10 * MINUTE);
    r->max_message_rate = per_sec(5);
    r->connection_limit = 2;
    world_start(&w);
    run_to(11 * MINUTE - 75 * SECOND - SECOND);
    uint64_t before = w.provider[provider].begun;
    for (int i = 0; i < 3; i++) {
        run_to(11 * MINUTE + (i * 75 - 1) * SECOND);
        within("limits double back: per second", (double)(w.provider[provider].begun - before) / 75,
               most[i] * 0.6, most[i] * 1.02);
        before = w.provider[provider].begun;
    }
    world_done(&w);
}

/* What no server said starts no rule. */
static void never_by_ourselves(const void *unused)
{
    (void)unused;
    world_init(&w, 55);
    two_of_all();
    w.provider[provider].is.down_from_ms = 5000 + MINUTE;
    w.provider[provider].is.down_until_ms = 5000 + 5 * MINUTE;
    w.provider[provider].is.drop = 20;
    world_rule(&w, "timed out|refused|lost|.*", AUTO_SUSPEND, 0, 10 * HOUR);
    world_start(&w);
    run_to(20 * MINUTE);
    struct plan_provider_view view;
    RULE(&w, plan_provider_view(w.plan, "p0", w.now, &view));
    unsigned rules = 0;
    for (unsigned i = 0; i < view.holds; i++)
        rules += strstr(view.hold[i].text, "rule") != NULL;
    within("rules started by what no server said", rules, 0, 0);
    world_done(&w);
}

/* ---- the outage guard ---- */

#define SAMPLE 50
#define REST (15 * MINUTE)
/* Fifteen connections may each have a batch under way, and it was granted up to 300 ms ahead. */
#define UNDER_WAY 100

struct outage_case {
    const char *name;
    int code;
    bool crashes;
};

static void outage(const void *of)
{
    const struct outage_case *c = of;
    uint64_t bounced = 0, delivered = 0;
    world_init(&w, 56);
    two_of_all();
    struct limits l = w.provider[provider].limits;
    l.outage_sample = SAMPLE;
    l.outage_refused_percent = 90;
    l.outage_window_ms = 10 * MINUTE;
    l.outage_rest_ms = REST;
    w.provider[provider].limits = l;
    deny_for(HOUR, c->code);
    world_start(&w);
    run_to(MINUTE + 30 * SECOND);
    within(c->name, (double)w.provider[provider].denied, SAMPLE * 0.9, SAMPLE + UNDER_WAY);
    if (c->crashes)
        world_crash(&w);
    for (unsigned rest = 1; rest <= 3; rest++) {
        uint64_t before = w.provider[provider].denied;
        run_to(MINUTE + rest * (REST + 20 * SECOND) + 2 * MINUTE);
        within("... refused after a rest", (double)(w.provider[provider].denied - before), SAMPLE,
               SAMPLE + UNDER_WAY);
    }
    within("... quarantines", w.quarantines, 1, 1);
    run_to(80 * MINUTE);
    uint64_t before = w.provider[provider].delivered;
    run_to(85 * MINUTE);
    within("... full use later", (double)(w.provider[provider].delivered - before) / 300 / RATE,
           0.95, 1.01);
    plan_guard_settled(w.plan, "p0", false, w.now);
    spool_release(&w);
    world_finish(&w, 3 * DAY);
    for (size_t i = 0; i < w.rows; i++)
        if (w.domain[w.row[i].domain].provider == provider) {
            bounced += w.row[i].result == STATE_BOUNCED;
            delivered += w.row[i].result == STATE_DELIVERED;
        }
    within("... bounced for good", (double)bounced, c->code == 550 ? 1 : 0,
           c->code == 550 ? SAMPLE : 0);
    within("... quarantined", w.quarantined, c->code == 550 ? 3 * SAMPLE : 0,
           c->code == 550 ? 5 * (SAMPLE + UNDER_WAY) : 0);
    within("... delivered in the end", (double)delivered / 80000, 0.985, 1);
    world_done(&w);
}

/* A small host without a profile that refuses everybody from its first day. */
static void never_trips(const void *unused)
{
    (void)unused;
    world_init(&w, 57);
    struct limits l = usual();
    l.outage_sample = SAMPLE;
    l.outage_refused_percent = 90;
    l.outage_window_ms = 10 * MINUTE;
    l.outage_rest_ms = REST;
    w.shaping.profiles.fallback = l;
    struct behaviour b = {.message_ms = 20, .deny_until_ms = DAY, .deny_code = 550};
    unsigned v = world_provider(&w, NULL, &b);
    job = bulk_job();
    put_rows(job, v, 4000);
    world_start(&w);
    world_finish(&w, HOUR);
    within("a dead small host: quarantines", w.quarantines, 0, 0);
    within("... quarantined", w.quarantined, 0, 0);
    world_done(&w);
}

int main(void)
{
    static const enum automation_action one[] = {AUTO_SUSPEND_CAMPAIGN, AUTO_SUSPEND_SOURCE};
    static const struct outage_case outages[] = {
        {"550 to everybody for an hour: refused", 550, false},
        {"... and a crash", 550, true},
        {"451 to everybody for an hour: refused", 451, false},
    };
    levers();
    rules();
    for (int i = 0; i < 2; i++)
        apart(rule_for_one, &one[i]);
    apart(returns_by_doubling, NULL);
    apart(never_by_ourselves, NULL);
    for (int i = 0; i < 3; i++)
        apart(outage, &outages[i]);
    apart(never_trips, NULL);
    return measured();
}
