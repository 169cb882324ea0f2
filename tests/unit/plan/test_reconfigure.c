/* Another configuration while mail is on its way: what changes at once, and what stays. */
#include "small.h"

static struct profile other_profile;
static struct shaping other;
static struct source other_source[2];

/* The same again, to be changed; nothing of the former one may be looked at afterwards. */
static void copy_configuration(void)
{
    other = t.shaping;
    other_profile = t.profile;
    memcpy(other_source, t.source, sizeof other_source);
    other.profiles.item = &other_profile;
    other.source = other_source;
}

static void reconfigure(void)
{
    plan_reconfigure(t.p, &other, t.now);
    memset(&t.profile.limits, 0x5a, sizeof t.profile.limits);
    memset(&t.shaping, 0x5a, sizeof t.shaping);
}

static struct provider *provider(void)
{
    return t.p->conn[0].site->provider;
}

/* Opens connections until the planner wants no more; returns how many, their chains by number. */
static unsigned open_all(struct delivery *chain[20], bool is_first)
{
    unsigned n = 0;
    while (is_first || next(ACT_OPEN)) {
        is_first = false;
        chain[t.a.connection] = t.a.chain;
        n++;
    }
    return n;
}

/* Rows to every lease that is asked for; returns the connections that were opened with them. */
static unsigned feed(struct delivery *chain[20])
{
    unsigned n = 0;
    while (plan_next(t.p, t.now, &t.a)) {
        if (t.a.act == ACT_LEASE) {
            lease(t.a.limit, t.now.wall.ms);
        } else if (t.a.act == ACT_OPEN || t.a.act == ACT_MORE) {
            n += t.a.act == ACT_OPEN;
            chain[t.a.connection] = t.a.chain;
        } else if (t.a.act == ACT_CLOSE) {
            struct outcome quit = {.phase = PHASE_QUIT};
            plan_closed(t.p, t.a.connection, &quit, false, NULL, t.now);
        } else if (t.a.act == ACT_RESOLVE) {
            struct mx_answer answer = answer_of("a.mx.example");
            plan_resolved(t.p, "d.example", &answer, t.now);
        } else {
            free_chain(t.a.chain);
            free(t.a.outcome);
            free(t.a.text);
        }
    }
    return n;
}

static void test_more_connections(void **unused)
{
    struct delivery *chain[20] = {0};
    (void)unused;
    small_init();
    small_open();
    chain[0] = start(300);
    assert_int_equal(open_all(chain, true), 4);
    copy_configuration();
    other_profile.limits.connection_limit = 7;
    reconfigure();
    assert_int_equal(feed(chain), 3);
    assert_int_equal(provider()->connections, 7);
    for (int i = 0; i < 20; i++)
        free_chain(chain[i]);
    small_done();
}

/* Fewer: those that become idle close, the others finish what they have. */
static void test_fewer_connections(void **unused)
{
    struct delivery *chain[20] = {0};
    unsigned closed = 0;
    (void)unused;
    small_init();
    small_open();
    chain[0] = start(300);
    assert_int_equal(open_all(chain, true), 4);
    copy_configuration();
    other_profile.limits.connection_limit = 1;
    reconfigure();
    assert_int_equal(feed(chain), 0);
    for (uint32_t i = 0; i < 4; i++) {
        sends(i, chain[i]);
        chain[i] = NULL;
    }
    while (next(ACT_CLOSE))
        closed++;
    assert_int_equal(closed, 3);
    small_done();
}

/* max_deliveries_per_connection becomes less than what a connection has sent already. */
static void test_fewer_deliveries(void **unused)
{
    (void)unused;
    small_init();
    t.profile.limits.connection_limit = 1;
    small_open();
    struct delivery *chain = start(2);
    unsigned sent = chain_length(chain);
    assert_int_equal(sent, 2);
    sends(t.a.connection, chain);
    copy_configuration();
    other_profile.limits.max_deliveries_per_connection = 1;
    reconfigure();
    plan_job_add(t.p, 1, 0, "d.example", 5, t.now.wall.ms);
    resolve("a.mx.example");
    assert_true(next(ACT_LEASE));
    lease(5, WHEN_NEVER);
    while (plan_next(t.p, t.now, &t.a)) {
        assert_int_not_equal(t.a.act, ACT_MORE);
        if (t.a.act == ACT_CLOSE)
            break;
        assert_null(t.a.chain);
    }
    assert_int_equal(t.a.act, ACT_CLOSE);
    small_done();
}

/* A rate that stays as it is remembers what it granted; a new one begins. */
static void test_rates(void **unused)
{
    (void)unused;
    small_init();
    t.profile.limits.max_message_rate = rates_of("1/min");
    t.profile.limits.max_connection_rate = rates_of("2/min");
    small_open();
    free_chain(start(10));
    int64_t now_us = t.now.mono.ms * 1000;
    copy_configuration();
    other_profile.limits.max_message_rate.item[1] = (struct rate_spec){5, 1000000, 1};
    other_profile.limits.max_message_rate.count = 2;
    other_profile.limits.max_connection_rate = rates_of("1/s");
    reconfigure();
    struct provider *v = provider();
    assert_in_range(throttle_when(&v->messages, now_us, NULL) - now_us, 60000000, 61200000);
    assert_int_equal(throttle_when(&v->dials, now_us, NULL), now_us);
    small_done();
}

/* The profile is gone: its hosts are a provider by themselves, with the defaults, and its connection
 * ends in peace. */
static void test_vanished_profile(void **unused)
{
    struct plan_provider_view view;
    (void)unused;
    small_init();
    small_open();
    struct delivery *chain = start(1);
    uint32_t number = t.a.connection;
    copy_configuration();
    other.profiles.count = 0;
    other.profiles.fallback.connection_limit = 2;
    reconfigure();
    assert_ptr_equal(t.p->conn[number].site->provider->limits, &other.profiles.fallback);
    plan_job_add(t.p, 1, 0, "d.example", 1, t.now.wall.ms);
    resolve("a.mx.example");
    assert_string_equal(plan_provider_of_domain(t.p, "d.example"), "a.mx.example");
    assert_true(plan_provider_view(t.p, "a.mx.example", t.now, &view));
    assert_null(view.profile);
    sends(number, chain);
    assert_true(next(ACT_LEASE));
    lease(1, WHEN_NEVER);
    assert_true(next(ACT_OPEN)); /* at its new provider */
    free_chain(t.a.chain);
    wait_ms(other.profiles.fallback.idle_ms + 1);
    assert_true(next(ACT_CLOSE)); /* the old one, for lack of work */
    assert_int_equal(t.a.connection, number);
    plan_closed(t.p, number, &(struct outcome){.phase = PHASE_QUIT}, false, NULL, t.now);
    small_done();
}

/* A new profile takes hosts that were a provider by themselves: with its limits, and a hold that was
 * put on its name beforehand. */
static void test_new_profile(void **unused)
{
    (void)unused;
    small_init();
    t.shaping.profiles.count = 0;
    small_open();
    free_chain(start(1));
    copy_configuration();
    other.profiles.count = 1;
    reconfigure();
    plan_suspend(t.p, PARTY_PROVIDER, "p", (struct wall){0}, "", t.now);
    plan_job_add(t.p, 1, 0, "d.example", 1, t.now.wall.ms);
    resolve("a.mx.example");
    assert_string_equal(plan_provider_of_domain(t.p, "d.example"), "p");
    assert_false(next(ACT_OPEN));
    small_done();
}

/* A source goes while its connections are open: they end, its place is free again, new ones come from
 * the other one; and it may come back. */
static void test_vanished_source(void **unused)
{
    struct delivery *chain[20] = {0};
    (void)unused;
    small_init();
    t.profile.limits.per_source_connection_limit = 2;
    small_open();
    chain[0] = start(300);
    unsigned first[2] = {0}, opened = 0;
    do {
        first[t.a.source]++;
        chain[t.a.connection] = t.a.chain;
        opened++;
    } while (next(ACT_OPEN));
    assert_int_equal(first[0], 2);
    assert_int_equal(first[1], 2);
    copy_configuration();
    other_source[0] = other_source[1]; /* s0 is gone, s1 has its index */
    other.sources = 1;
    reconfigure();
    assert_int_equal(provider()->pair[0].connections, 2);
    for (uint32_t i = 0; i < opened; i++) {
        bool is_gone = strcmp(t.p->conn[i].source->party.name, "s0") == 0;
        if (!is_gone)
            continue;
        sends(i, chain[i]);
        chain[i] = NULL;
    }
    feed(chain);
    assert_int_equal(provider()->pair[0].connections, 2);
    assert_int_equal(provider()->connections, 2);
    struct shaping both = other;
    struct source again[2] = {other_source[0], {.name = (char *)"s0"}};
    both.source = again;
    both.sources = 2;
    plan_reconfigure(t.p, &both, t.now);
    feed(chain);
    assert_int_equal(provider()->pair[0].connections, 2);
    assert_int_equal(provider()->pair[1].connections, 2);
    assert_string_equal(t.p->source[1]->party.name, "s0");
    for (int i = 0; i < 20; i++)
        free_chain(chain[i]);
    small_done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_connections), cmocka_unit_test(test_fewer_connections),
        cmocka_unit_test(test_fewer_deliveries), cmocka_unit_test(test_rates),
        cmocka_unit_test(test_vanished_profile), cmocka_unit_test(test_new_profile),
        cmocka_unit_test(test_vanished_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
