/* What survives a restart, as texts: another planner that is told them says the same again; what is
 * damaged is refused and changes nothing. */
#include "small.h"

struct notes {
    struct note {
        char key[300], value[2100];
    } item[64];
    unsigned count;
};

static void keep(void *arg, const char *key, const char *value)
{
    struct notes *n = arg;
    assert_true(n->count < 64 && value);
    assert_null(strchr(key, '\n'));
    assert_null(strchr(value, '\n'));
    str_copy(n->item[n->count].key, sizeof n->item[0].key, str_of(key));
    str_copy(n->item[n->count].value, sizeof n->item[0].value, str_of(value));
    n->count++;
}

static const char *note_of(const struct notes *n, const char *key)
{
    for (unsigned i = 0; i < n->count; i++)
        if (strcmp(n->item[i].key, key) == 0)
            return n->item[i].value;
    return NULL;
}

/* Values that start like this; a hold may have got another number. */
static unsigned count_of(const struct notes *n, const char *kind, const char *part)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n->count; i++)
        count += strncmp(n->item[i].key, kind, strlen(kind)) == 0 &&
                 strstr(n->item[i].value, part) != NULL;
    return count;
}

static void recall(struct plan *p, const struct notes *n)
{
    for (unsigned i = 0; i < n->count; i++)
        if (!plan_remember(p, n->item[i].key, n->item[i].value, t.now))
            fail_msg("refused: %s = %s", n->item[i].key, n->item[i].value);
}

static void limit(const char *rule, int64_t connections, const char *rate)
{
    struct hold h = {.connection_limit = connections,
                     .until_ms = WALL_START + HOUR_MS,
                     .step_ms = 75000,
                     .at = at_line(LINE_RULE)};
    str_copy(h.rule, sizeof h.rule, str_of(rule));
    str_copy(h.why, sizeof h.why, str_of("rule \"slow\": 421 too many"));
    h.message_rates = rates_of(rate);
    h.message_rates.item[1] = (struct rate_spec){300, 60000000, 5};
    h.message_rates.count = 2;
    h.dial_rates = rates_of("5/min");
    hold_put(t.p, standing_get(t.p, "p"), &h);
}

static void rest(uint32_t job_key, const char *source)
{
    struct hold h = {
        .is_suspension = true, .job_key = job_key, .until_ms = WALL_START + 2 * HOUR_MS};
    str_copy(h.source, sizeof h.source, str_of(source));
    str_copy(h.rule, sizeof h.rule, str_of("stop"));
    hold_put(t.p, standing_get(t.p, "p"), &h);
}

/* Something of every kind. */
static void fill(void)
{
    small_init();
    t.profile.limits.max_message_rate = rates_of("10/s");
    t.profile.limits.max_message_rate.item[1] = (struct rate_spec){2000, INT64_C(86400000000), 0};
    t.profile.limits.max_message_rate.count = 2;
    t.profile.limits.max_connection_rate = rates_of("2/min");
    t.profile.limits.additional[0] = 0;
    t.profile.limits.additionals = 1;
    t.limit.cap.max_message_rate = rates_of("100/hr");
    t.client.cap.max_message_rate = rates_of("3/s");
    t.source[0].cap.max_message_rate = rates_of("500/day");
    t.source[1].cap.max_message_rate = rates_of("500/day");
    t.job.cap.max_message_rate = rates_of("1/s");
    for (unsigned i = 0; i < 2; i++)
        t.source[i].warmup =
            (struct warmup){.start = {WALL_START - HOUR_MS}, .volume = {50}, .days = 1};
    small_open();
    free_chain(start(10));
    struct wall until = {WALL_START + 3 * HOUR_MS}, never = {0};
    plan_suspend(t.p, PARTY_SOURCE, "s1", until, "moves house", t.now);
    plan_suspend(t.p, PARTY_CLIENT, "c", never, "has not paid: 3,000", t.now);
    plan_suspend(t.p, PARTY_PROVIDER, "p", never, "by \"hand\"", t.now);
    plan_suspend(t.p, PARTY_PROVIDER, "elsewhere.example", until, "", t.now);
    limit("slow", 2, "10/s");
    limit("slower", 1, "1/s");
    rest(1, "");
    rest(0, "s0");
    standing_get(t.p, "p")->is_outage = true;
    standing_get(t.p, "p")->outage_ms = WALL_START - 5000;
    standing_get(t.p, "p")->outage_rest_ms = WALL_START + 900000;
}

static void test_round_trip(void **unused)
{
    static struct notes first, second;
    (void)unused;
    fill();
    first.count = second.count = 0;
    plan_each_memory(t.p, true, true, 0, t.now, keep, &first);
    struct plan *other = small_plan();
    recall(other, &first);
    plan_each_memory(other, true, true, 0, t.now, keep, &second);
    assert_int_equal(first.count, second.count);
    for (unsigned i = 0; i < first.count; i++) {
        if (strncmp(first.item[i].key, "hold:", 5) == 0)
            assert_int_equal(count_of(&second, "hold:", first.item[i].value), 1);
        else if (!note_of(&second, first.item[i].key))
            fail_msg("%s is forgotten", first.item[i].key);
        else
            assert_string_equal(note_of(&second, first.item[i].key), first.item[i].value);
    }
    plan_free(other);
    small_done();
}

/* What it means: the same rests, limits and used-up rates. */
static void test_meaning(void **unused)
{
    static struct notes n;
    (void)unused;
    fill();
    n.count = 0;
    plan_each_memory(t.p, true, true, 0, t.now, keep, &n);
    int64_t used =
        throttle_when(&((struct provider *)t.p->conn[t.a.connection].site->provider)->dials,
                      t.now.mono.ms * 1000, NULL);
    small_done();
    int64_t gone_ms = 5000; /* another boot: the monotonic clock is another one */
    t.now.mono.ms = 50;
    t.now.wall.ms += gone_ms;
    t.p = small_plan();
    recall(t.p, &n);
    plan_job_open(t.p, &t.job);
    plan_job_loaded(t.p, 1);
    struct standing *s = standing_get(t.p, "p");
    assert_int_equal(s->count, 5);
    assert_true(s->is_outage && s->outage_rest_ms == WALL_START + 900000);
    assert_true(t.p->source[1]->party.until.ms == WALL_START + 3 * HOUR_MS);
    assert_string_equal(t.p->source[1]->party.reason, "moves house");
    assert_true(client_get(t.p, "c")->party.until.ms == WHEN_NEVER);
    assert_string_equal(client_get(t.p, "c")->party.reason, "has not paid: 3,000");
    plan_unsuspend(t.p, PARTY_CLIENT, "c", t.now);
    route(1);
    struct provider *v = t.p->jobs->bucket[0]->domain->provider;
    assert_int_equal(provider_connections_at_most(v), 1);
    int64_t again = throttle_when(&v->dials, t.now.mono.ms * 1000, NULL);
    int64_t left_us = used - INT64_C(1000000) * 1000 - gone_ms * 1000;
    assert_in_range(again - t.now.mono.ms * 1000, left_us - 2000, left_us + 2000);
    unsigned warm = 0;
    for (unsigned i = 0; i < 2; i++)
        warm += v->pair[i].used;
    assert_true(warm > 0 && warm <= 10);
    small_done();
}

/* Only what changed, and what is to be forgotten. */
static unsigned told, forgotten;

static void count_told(void *arg, const char *key, const char *value)
{
    (void)arg;
    if (value)
        told++;
    else
        forgotten += strncmp(key, "hold:p:", 7) == 0;
}

static void test_changes_only(void **unused)
{
    (void)unused;
    fill();
    told = forgotten = 0;
    plan_each_memory(t.p, false, true, 0, t.now, count_told, NULL);
    assert_true(told > 10 && forgotten == 0);
    told = 0;
    plan_each_memory(t.p, false, true, 0, t.now, count_told, NULL);
    assert_int_equal(told, 0);
    assert_true(plan_unsuspend(t.p, PARTY_PROVIDER, "p", t.now));
    plan_each_memory(t.p, false, true, 0, t.now, count_told, NULL);
    assert_int_equal(forgotten, 5);
    small_done();
}

static void test_damaged(void **unused)
{
    static const char *const bad[][2] = {
        {"", ""},
        {"hold", "x"},
        {"nonsense:p", "1"},
        {"hold:p:0", ""},
        {"hold:p:0", "sr"},
        {"hold:p:0", "sr\t0\tnone\tnone\t1\t0\t0\t"},
        {"hold:p:0", "srx\t0\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\tx\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t-1\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\tfast\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\t0/s\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\t1/s and 2/s and 3/s and 4/s and 5/s\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\tnone\t1/s and \t1\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\tnone\tnone\tsoon\t0\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\tnone\tnone\t1\t-5\t0\t\tr\twhy"},
        {"hold:p:0", "sr\t0\tnone\tnone\t1\t0\t4294967296\t\tr\twhy"},
        {"hold:p:0", "zz\t0\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold:0", "sr\t0\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"hold::0", "sr\t0\tnone\tnone\t1\t0\t0\t\tr\twhy"},
        {"outage:p", ""},
        {"outage:p", "1"},
        {"outage:p", "1 2"},
        {"outage:p", "1 x 3"},
        {"outage:", "1 2 3"},
        {"suspended:client", "1 x"},
        {"suspended:client:c", ""},
        {"suspended:client:c", "x y"},
        {"suspended:provider:p", "1800000100000 x"},
        {"suspended:client:c", "0 x"},
    };
    (void)unused;
    small_init();
    small_open();
    unsigned understood = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (plan_remember(t.p, bad[i][0], bad[i][1], t.now)) {
            print_error("understood: '%s' = '%s'\n", bad[i][0], bad[i][1]);
            understood++;
        }
    assert_int_equal(understood, 0);
    assert_int_equal(standing_get(t.p, "p")->count, 0);
    char *long_key = mem_new(1200), *long_value = mem_new(3000);
    memset(long_key, 'k', 1199);
    memset(long_value, '1', 2999);
    long_key[1199] = long_value[2999] = 0;
    memcpy(long_key, "rate:", 5);
    assert_false(plan_remember(t.p, long_key, "1", t.now));
    assert_false(plan_remember(t.p, "rate:provider p:messages:1/s", long_value, t.now));
    free(long_key);
    free(long_value);
    free_chain(start(1)); /* it works on */
    small_done();
}

/* Understood, but of another world: it must not do harm for longer than it may. */
static void test_absurd(void **unused)
{
    static const char *const absurd[][2] = {
        {"rate:provider p:messages:10/s", "tat 9223372036854775807"},
        {"rate:provider p:messages:10/s", "nonsense"},
        {"warmup:s0:p", "1 4294967295"},
        {"warmup:s0:p", "x"},
        {"hold:p:0", "lr\t9223372036854775807\t1000000000/s\tnone\t1799999999999\t"
                     "9223372036854775807\t0\t\tr0\twhy"},
        {"hold:p:1", "lr\t5\tnone\tnone\t-9223372036854775808\t1\t0\t\tr1\twhy"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        small_init();
        t.profile.limits.max_message_rate = rates_of("10/s");
        small_open();
        plan_remember(t.p, absurd[i][0], absurd[i][1], t.now);
        route(1);
        for (int minutes = 0; minutes < 90 && !next(ACT_LEASE); minutes++)
            wait_ms(60000);
        if (t.a.act != ACT_LEASE)
            fail_msg("'%s' stops everything", absurd[i][1]);
        small_done();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_changes_only), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_absurd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
