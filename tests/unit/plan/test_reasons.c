/* Why something waits: each kind of hold, with where it is written and until when. */
#include "small.h"

static struct {
    char what[100], why[300];
    struct origin at;
    int64_t until_ms;
    unsigned count;
} said;

static void note(void *arg, const struct plan_wait *w)
{
    (void)arg;
    str_copy(said.what, sizeof said.what, str_of(w->what));
    str_copy(said.why, sizeof said.why, str_of(w->why));
    said.at = w->at;
    said.until_ms = w->until.ms;
    said.count++;
}

static void spans_one(struct spans *s, int64_t from_ms, int64_t until_ms)
{
    uint32_t why = spans_reason(s, "closed for a try", at_line(LINE_WINDOW), false);
    spans_add(s, WALL_START + from_ms, until_ms == WHEN_NEVER ? until_ms : WALL_START + until_ms,
              why);
}

static struct provider *provider(void)
{
    return t.p->jobs->bucket[0]->domain->provider;
}

/* ---- what holds it: before the planner, and after the route is known ---- */

static void start_later(void)
{
    t.job.start.ms = WALL_START + 5000;
}

static void close_provider(void)
{
    struct spans s = {0};
    spans_one(&s, -1000, 7000);
    plan_calendar(t.p, PARTY_PROVIDER, "p", &s, t.now);
    spans_done(&s);
}

static void close_provider_for_ever(void)
{
    struct spans s = {0};
    spans_one(&s, -1000, WHEN_NEVER);
    plan_calendar(t.p, PARTY_PROVIDER, "p", &s, t.now);
    spans_done(&s);
}

static void drain(void)
{
    struct spans s = {0};
    t.profile.limits.drain_ms = 30000;
    spans_one(&s, 20000, 90000);
    plan_calendar(t.p, PARTY_PROVIDER, "p", &s, t.now);
    spans_done(&s);
}

static void close_job(void)
{
    struct spans s = {0};
    spans_one(&s, -1000, 7000);
    plan_job_calendar(t.p, 1, &s, t.now);
    spans_done(&s);
}

static void close_client(void)
{
    struct spans s = {0};
    spans_one(&s, -1000, 7000);
    plan_calendar(t.p, PARTY_CLIENT, "c", &s, t.now);
    spans_done(&s);
}

static void suspend_client(void)
{
    plan_suspend(t.p, PARTY_CLIENT, "c", (struct wall){0}, "no money", t.now);
}

static void suspend_provider(void)
{
    plan_suspend(t.p, PARTY_PROVIDER, "p", (struct wall){WALL_START + 9000}, "by hand", t.now);
}

static void suspend_sources(void)
{
    plan_suspend(t.p, PARTY_SOURCE, "s0", (struct wall){WALL_START + 9000}, "x", t.now);
    plan_suspend(t.p, PARTY_SOURCE, "s1", (struct wall){WALL_START + 4000}, "x", t.now);
}

static void put_rest(uint32_t job_key, const char *source, int64_t connections)
{
    struct hold h = {.is_suspension = !connections,
                     .connection_limit = connections,
                     .job_key = job_key,
                     .until_ms = WALL_START + 8000,
                     .at = at_line(LINE_RULE)};
    str_copy(h.source, sizeof h.source, str_of(source));
    str_copy(h.rule, sizeof h.rule, str_of(source));
    str_copy(h.why, sizeof h.why, str_of("rule \"stop\": 421 go away"));
    hold_put(t.p, standing_get(t.p, "p"), &h);
}

static void rule_rests(void)
{
    put_rest(0, "", 0);
}

static void rule_rests_job(void)
{
    put_rest(1, "", 0);
}

static void rule_rests_sources(void)
{
    put_rest(0, "s0", 0);
    put_rest(0, "s1", 0);
}

static void rule_limits(void)
{
    put_rest(0, "", 1);
    provider()->connections = 1;
}

static void outage(void)
{
    standing_get(t.p, "p")->outage_rest_ms = WALL_START + 6000;
}

static void failures(void)
{
    provider()->rest_until_ms = t.now.mono.ms + 3000;
}

static void all_connections(void)
{
    provider()->connections = 4;
}

static void slow_start(void)
{
    provider()->connections = 1;
    provider()->ramp_limit = 1;
    provider()->ramp_next_ms = t.now.mono.ms + 2000;
}

static void shared_places(void)
{
    provider()->gate[0]->connections = 1;
}

static void with_shared_places(void)
{
    t.profile.limits.additionals = 1;
    t.limit.cap.connection_limit = 1;
}

static void with_shared_rate(void)
{
    t.profile.limits.additionals = 1;
    t.limit.cap.max_message_rate = rates_of("1/hr,max_burst=1");
}

static void shared_rate(void)
{
    throttle_take(&provider()->gate[0]->messages, t.now.mono.ms * 1000);
}

static void with_rate(void)
{
    t.profile.limits.max_message_rate = rates_of("1/min");
}

static void rate(void)
{
    throttle_take(&provider()->messages, t.now.mono.ms * 1000);
}

static void with_dial_rate(void)
{
    t.profile.limits.max_connection_rate = rates_of("1/min");
}

static void dial_rate(void)
{
    throttle_take(&provider()->dials, t.now.mono.ms * 1000);
}

static void with_job_rate(void)
{
    t.job.cap.max_message_rate = rates_of("1/min");
}

static void job_rate(void)
{
    throttle_take(&t.p->jobs->gate->messages, t.now.mono.ms * 1000);
}

static void with_client_rate(void)
{
    t.client.cap.max_message_rate = rates_of("1/min");
}

static void client_rate(void)
{
    throttle_take(&t.p->jobs->client->party.gate.messages, t.now.mono.ms * 1000);
}

static void with_one_source(void)
{
    t.shaping.sources = 1;
    t.source[0].cap.max_message_rate = rates_of("1/min");
}

static void source_rate(void)
{
    throttle_take(&t.p->source[0]->party.gate.messages, t.now.mono.ms * 1000);
}

static void with_warmup(void)
{
    t.shaping.sources = 1;
    t.source[0].warmup = (struct warmup){
        .start = {WALL_START - HOUR_MS}, .volume = {1, 2}, .days = 2, .at = at_line(LINE_WARMUP)};
}

static void warmup(void)
{
    struct pair *pair = pair_of(t.p, provider(), t.p->source[0]);
    pair->day_start_ms = WALL_START - HOUR_MS;
    pair->used = 1;
}

struct reason_case {
    const char *name;
    void (*configure)(void);
    void (*hold)(void);
    const char *why; /* a part of it */
    unsigned line;   /* 0: by a person, or by itself */
    int64_t in_ms;   /* until then; 0: unknown */
};

static void test_reasons(void **unused)
{
    static const struct reason_case cases[] = {
        {"start", start_later, NULL, "start has not come", 0, 5000},
        {"provider's window", NULL, close_provider, "closed for a try", LINE_WINDOW, 7000},
        {"no end", NULL, close_provider_for_ever, "closed for a try", LINE_WINDOW, 0},
        {"drain", NULL, drain, "drain: no time is left before closed", LINE_WINDOW, 90000},
        {"job's window", NULL, close_job, "closed for a try", LINE_WINDOW, 7000},
        {"client's window", NULL, close_client, "closed for a try", LINE_WINDOW, 7000},
        {"client", NULL, suspend_client, "client c is suspended by no money", 0, 0},
        {"provider", NULL, suspend_provider, "p is suspended by by hand", 0, 9000},
        {"sources", NULL, suspend_sources, "no source may send to p: s1 is suspended",
         LINE_SOURCE + 1, 4000},
        {"rule", NULL, rule_rests, "p rests by rule \"stop\": 421 go away", LINE_RULE, 8000},
        {"rule, job", NULL, rule_rests_job, "p rests for this job by rule", LINE_RULE, 8000},
        {"rule, sources", NULL, rule_rests_sources, "no source may send to p: s0 rests here",
         LINE_RULE, 8000},
        {"rule, limits", NULL, rule_limits, "1 connections for now by rule \"stop\"", LINE_RULE,
         8000},
        {"outage", NULL, outage, "outage: p refused nearly everything",
         LINE_FIELD + LIMIT_OUTAGE_REST, 6000},
        {"failures", NULL, failures, "rests after 3 failed connections",
         LINE_FIELD + LIMIT_CONSECUTIVE_CONNECTION_FAILURES_BEFORE_DELAY, 3000},
        {"connections", NULL, all_connections, "connection_limit 4 of p is reached",
         LINE_FIELD + LIMIT_CONNECTION_LIMIT, 0},
        {"ramp", NULL, slow_start, "slow start (ramp_up): 1 connections",
         LINE_FIELD + LIMIT_RAMP_UP, 2000},
        {"shared places", with_shared_places, shared_places,
         "connection_limit 1 of limit l is reached", LINE_LIMIT, 0},
        {"shared rate", with_shared_rate, shared_rate,
         "max_message_rate 1/hour,max_burst=1 of limit l is used up", LINE_LIMIT,
         HOUR_MS + HOUR_MS / 50},
        {"rate", with_rate, rate, "max_message_rate 1/min of p is used up",
         LINE_FIELD + LIMIT_MAX_MESSAGE_RATE, 61200},
        {"dials", with_dial_rate, dial_rate, "max_connection_rate 1/min of p is used up",
         LINE_FIELD + LIMIT_MAX_CONNECTION_RATE, 61200},
        {"job's rate", with_job_rate, job_rate, "max_message_rate 1/min of job j is used up",
         LINE_JOB, 61200},
        {"client's rate", with_client_rate, client_rate,
         "max_message_rate 1/min of client c is used up", LINE_CLIENT, 61200},
        {"source's rate", with_one_source, source_rate,
         "max_message_rate 1/min of source s0 is used up", LINE_SOURCE, 61200},
        {"warm-up", with_warmup, warmup, "s0 has its day's warm-up volume", LINE_WARMUP,
         23 * HOUR_MS},
    };
    unsigned wrong = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct reason_case *c = &cases[i];
        small_init();
        if (c->configure)
            c->configure();
        small_open();
        plan_job_add(t.p, 1, 0, "d.example", 100, WALL_START);
        if (c->configure != start_later)
            resolve("a.mx.example");
        if (c->hold)
            c->hold();
        said.count = 0;
        plan_each_wait(t.p, &(struct plan_question){.job_key = 1}, t.now, note, NULL);
        int64_t in = said.until_ms ? said.until_ms - WALL_START : 0;
        bool is_right = said.count == 1 && strstr(said.why, c->why) && said.at.line == c->line &&
                        in >= c->in_ms - 1 && in <= c->in_ms + 1;
        if (!is_right)
            print_error("%s: %u '%s: %s' line %u in %lld ms\n", c->name, said.count, said.what,
                        said.why, said.at.line, (long long)in);
        wrong += !is_right;
        if (t.p->jobs->bucket[0]->domain->provider) {
            provider()->connections = 0;
            if (provider()->gates)
                provider()->gate[0]->connections = 0;
        }
        small_done();
    }
    assert_int_equal(wrong, 0);
}

/* Questions: by job, domain, provider. */
static void test_questions(void **unused)
{
    static const struct {
        struct plan_question q;
        unsigned answers;
    } cases[] = {
        {{0}, 2},
        {{.job_key = 1}, 2},
        {{.job_key = 9}, 0},
        {{.domain = "d.example"}, 1},
        {{.domain = "e.example"}, 1},
        {{.domain = "f.example"}, 0},
        {{.provider = "p"}, 1},
        {{.job_key = 1, .domain = "d.example", .provider = "p"}, 1},
        {{.domain = "e.example", .provider = "p"}, 0},
    };
    (void)unused;
    small_init();
    small_open();
    route(5);
    plan_job_add(t.p, 1, 1, "e.example", 1, WALL_START);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        said.count = 0;
        plan_each_wait(t.p, &cases[i].q, t.now, note, NULL);
        if (said.count != cases[i].answers)
            fail_msg("question %zu: %u answers", i, said.count);
    }
    small_done();
}

static unsigned reasons_now(void)
{
    said.count = 0;
    plan_each_wait(t.p, &(struct plan_question){.job_key = 1}, t.now, note, NULL);
    return said.count;
}

static bool is_held(const char *why)
{
    return reasons_now() > 0 && strstr(said.why, why);
}

/* Whether the calendar or the job is there first; what a person says of the client holds all the same. */
static void test_clients_hours_do_not_hold_all(void **unused)
{
    (void)unused;
    for (int later = 0; later < 2; later++) {
        small_init();
        t.job.ignores_client_hours = true;
        t.p = small_plan();
        if (!later)
            close_client();
        plan_job_open(t.p, &t.job);
        plan_job_loaded(t.p, 1);
        if (later)
            close_client();
        plan_job_add(t.p, 1, 0, "d.example", 100, WALL_START);
        resolve("a.mx.example");
        assert_false(is_held("closed for a try"));
        assert_true(next(ACT_LEASE));
        plan_lease_failed(t.p, 1, 0, 1000, t.now);
        close_job();
        assert_true(is_held("closed for a try"));
        suspend_client();
        assert_true(is_held("client c is suspended"));
        small_done();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_clients_hours_do_not_hold_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
