/* Small decisions of the planner, event by event: hosts, TLS, soft limits, cursors, reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"

static struct shaping shaping = {
    .profiles.fallback = {.connection_limit = 8,
                          .max_deliveries_per_connection = 10,
                          .retry_interval_ms = 1200000,
                          .max_retry_interval_ms = 14400000,
                          .consecutive_connection_failures_before_delay = 100,
                          .idle_ms = 5000,
                          .smtp_port = 25,
                          .remember_broken_tls_ms = 259200000,
                          .enable_tls = TLS_OPPORTUNISTIC}};
static struct now now;
static struct plan *p;
static struct plan_action a;

static int set_up(void **unused)
{
    struct plan_options o = {
        .max_connections = 20, .max_asking = 5, .max_leased = 500, .shaping = &shaping, .seed = 1};
    (void)unused;
    now = (struct now){{1000000}, {INT64_C(1800000000000)}};
    p = plan_new(&o);
    plan_job_open(p, &(struct plan_job){.key = 1, .expires_ms = 14400000, .is_standing = true});
    plan_job_loaded(p, 1);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    plan_free(p);
    return 0;
}

static void wait_ms(int64_t ms)
{
    now.mono.ms += ms;
    now.wall.ms += ms;
}

static void free_chain(struct delivery *d)
{
    while (d) {
        struct delivery *next = d->next;
        delivery_free(d);
        d = next;
    }
}

/* The next action of this kind; others are thrown away. */
static bool next(enum plan_act act)
{
    while (plan_next(p, now, &a)) {
        if (a.act == act)
            return true;
        free_chain(a.chain);
        free(a.outcome);
    }
    return false;
}

static void resolve(unsigned hosts)
{
    static const uint16_t preference[] = {10, 10, 20};
    static const char *const names[] = {"a.mx.example", "b.mx.example", "c.mx.example"};
    struct mx_answer answer = {.status = MX_OK, .ttl_sec = 3600, .hosts = hosts};
    for (unsigned i = 0; i < hosts; i++) {
        str_copy(answer.host[i].name, sizeof answer.host[i].name, str_of(names[i]));
        answer.host[i].preference = preference[i];
        answer.host[i].addresses = 1;
    }
    assert_true(next(ACT_RESOLVE));
    plan_resolved(p, "d.example", &answer, now);
}

static void add(unsigned count)
{
    plan_job_add(p, 1, 0, "d.example", count, now.wall.ms);
}

static uint64_t next_rid;

static void lease(unsigned count, int64_t last_due_ms, int64_t next_due_ms)
{
    struct delivery *chain = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct delivery *d = mem_array(1, sizeof *d);
        d->job_key = 1;
        d->rid = ++next_rid;
        d->attempt = 1;
        d->added = now.wall;
        d->email = mem_str("u@d.example");
        d->next = chain;
        chain = d;
    }
    plan_leased(p, 1, 0, chain, count, last_due_ms, next_rid, next_due_ms, now);
}

/* `count` rows on their way; the first connection is opened: `a` is its action, its chain kept. */
static struct delivery *start(unsigned hosts, unsigned count)
{
    add(count);
    resolve(hosts);
    assert_true(next(ACT_LEASE));
    lease(count, now.wall.ms, WHEN_NEVER);
    assert_true(next(ACT_OPEN));
    return a.chain;
}

static void fails(uint32_t number, int code, bool tls_failed, struct delivery *left)
{
    struct outcome why = {.phase = code ? PHASE_BANNER : PHASE_CONNECT};
    why.reply.code = code;
    plan_closed(p, number, &why, tls_failed, left, now);
}

static void test_preference(void **unused)
{
    unsigned seen[3] = {0};
    (void)unused;
    for (int i = 0; i < 60; i++) {
        struct delivery *d = start(3, 1);
        seen[a.host->name[0] - 'a']++;
        free_chain(d);
        tear_down(NULL);
        set_up(NULL);
        for (int j = 0; j <= i; j++) /* another seed would do the same */
            rng_next(&p->rng);
    }
    assert_true(seen[0] > 10 && seen[1] > 10);
    assert_int_equal(seen[2], 0);
}

/* Hosts that failed rest: the others of the same preference, then the backup, then nobody. */
static void test_hosts_rest(void **unused)
{
    (void)unused;
    struct delivery *d = start(3, 1);
    char first = a.host->name[0];
    fails(a.connection, 0, false, d);
    assert_true(next(ACT_OPEN));
    assert_int_equal(a.host->name[0], first == 'a' ? 'b' : 'a');
    fails(a.connection, 0, false, a.chain);
    assert_true(next(ACT_OPEN));
    assert_int_equal(a.host->name[0], 'c');
    fails(a.connection, 0, false, a.chain);
    assert_true(next(ACT_RECORD)); /* nobody is left: it failed with the connection */
    assert_int_equal(a.outcome->state, STATE_DEFERRED);
    assert_int_equal(a.outcome->category, CAT_NETWORK);
    free(a.outcome);
}

static void test_tls_broken(void **unused)
{
    (void)unused;
    struct delivery *d = start(1, 1);
    assert_true(a.use_tls);
    fails(a.connection, 0, true, d);
    assert_true(next(ACT_OPEN)); /* at once, in clear text */
    assert_false(a.use_tls);
    fails(a.connection, 0, true, a.chain); /* it cannot be TLS again: a failure */
    assert_true(next(ACT_RECORD));
    free(a.outcome);
    wait_ms(shaping.profiles.fallback.remember_broken_tls_ms + 1);
    add(1);
    resolve(1);
    assert_true(next(ACT_LEASE));
    lease(1, now.wall.ms, WHEN_NEVER);
    assert_true(next(ACT_OPEN));
    assert_true(a.use_tls);
    free_chain(a.chain);
}

/* 421 at the banner: what stands is the limit; a quarter more per half minute. */
static void test_soft_limit(void **unused)
{
    static const unsigned grows[] = {3, 4, 6, 0};
    uint32_t number[8];
    unsigned n = 1;
    (void)unused;
    start(1, 60);
    number[0] = a.connection;
    struct delivery *chain[8] = {a.chain};
    for (; n < 8 && next(ACT_OPEN); n++) {
        number[n] = a.connection;
        chain[n] = a.chain;
    }
    assert_int_equal(n, 8);
    struct provider *v = p->conn[number[0]].site->provider;
    for (unsigned i = 2; i < 8; i++) {
        fails(number[i], 421, false, chain[i]);
        assert_false(next(ACT_OPEN));
    }
    assert_int_equal(v->soft_limit, 2);
    for (size_t i = 0; i < sizeof grows / sizeof *grows; i++) {
        wait_ms(SOFT_MS);
        while (next(ACT_OPEN))
            free_chain(a.chain);
        assert_int_equal(v->soft_limit, grows[i]);
    }
    free_chain(chain[0]);
    free_chain(chain[1]);
}

/* Rows that come in front of what a lease is about to answer are not passed by. */
static void test_cursor(void **unused)
{
    (void)unused;
    add(2);
    resolve(1);
    assert_true(next(ACT_LEASE));
    int64_t due = now.wall.ms;
    wait_ms(10);
    plan_job_add(p, 1, 0, "d.example", 1, due - 500);
    lease(2, due, WHEN_NEVER);
    assert_true(next(ACT_LEASE));
    assert_int_equal(a.after_due_ms, due - 501);
    assert_int_equal(a.limit, 1);
    lease(0, due, WHEN_NEVER); /* it was there already: the count is corrected */
    struct plan_counts c;
    plan_counts(p, 1, &c);
    assert_int_equal(c.waiting, 0);
    assert_int_equal(c.leased, 2);
}

/* A batch that crossed its connection's end goes back; of a cancelled job it ends. */
static void test_late(void **unused)
{
    (void)unused;
    struct delivery *d = start(1, 1);
    plan_late(p, d, now);
    assert_true(next(ACT_RETURN));
    free_chain(a.chain);
    tear_down(NULL);
    set_up(NULL);
    d = start(1, 1);
    plan_job_cancel(p, 1, now);
    plan_late(p, d, now);
    assert_true(next(ACT_RECORD));
    assert_int_equal(a.outcome->state, STATE_CANCELLED);
    free(a.outcome);
    assert_true(next(ACT_JOB_DONE));
}

/* A question outlives the job that asked: the next job neither asks twice nor is lost. */
static void test_asked_for_a_dropped_job(void **unused)
{
    (void)unused;
    add(1);
    assert_true(next(ACT_RESOLVE));
    plan_job_cancel(p, 1, now);
    assert_true(next(ACT_JOB_DONE));
    plan_job_open(p, &(struct plan_job){.key = 2, .expires_ms = 14400000});
    plan_job_add(p, 2, 0, "d.example", 1, now.wall.ms);
    plan_job_loaded(p, 2);
    assert_false(next(ACT_RESOLVE));
    struct mx_answer answer = {.status = MX_NULL, .ttl_sec = 60, .why = "null MX"};
    plan_resolved(p, "d.example", &answer, now);
    assert_true(next(ACT_LEASE));
    assert_int_equal(a.job_key, 2);
    plan_leased(p, 2, 0, NULL, 0, now.wall.ms, 1, WHEN_NEVER, now);
    assert_true(next(ACT_JOB_DONE));
}

static char said[300];
static int64_t said_until;

static void note(void *arg, const struct plan_wait *w)
{
    (void)arg;
    str_copy(said, sizeof said, str_of(w->why));
    said_until = w->until.ms;
}

static void says(const char *why, int64_t until_ms)
{
    said[0] = 0;
    plan_each_wait(p, &(struct plan_question){.job_key = 1}, now, note, NULL);
    if (!strstr(said, why) || said_until != until_ms)
        fail_msg("'%s' until %lld, not '%s'", said, (long long)said_until, why);
}

static void test_reasons(void **unused)
{
    (void)unused;
    add(100);
    says("to be looked up", 0);
    assert_true(next(ACT_RESOLVE));
    says("are being looked up", 0);
    plan_job_pause(p, 1, now);
    says("paused", 0);
    plan_job_resume(p, 1, now);
    struct mx_answer answer = {.status = MX_OK, .ttl_sec = 3600, .hosts = 1};
    str_copy(answer.host[0].name, sizeof answer.host[0].name, str_of("a.mx.example"));
    answer.host[0].addresses = 1;
    plan_resolved(p, "d.example", &answer, now);
    says("its turn comes", 0);
    struct provider *v = p->jobs->bucket[0]->domain->provider;
    v->rest_until_ms = now.mono.ms + 5000;
    says("provider rests", now.wall.ms + 5000);
    v->rest_until_ms = 0;
    v->connections = 8;
    says("connection_limit 8", 0);
    v->soft_limit = 3;
    v->soft_next_ms = now.mono.ms + 700;
    says("3 for now", now.wall.ms + 700);
    v->connections = 0;
    v->soft_limit = 0;
    struct site *s = p->jobs->bucket[0]->domain->site;
    s->host[0].rest_until_ms = now.mono.ms + 9000;
    says("mail hosts rest", now.wall.ms + 9000);
    s->host[0].rest_until_ms = 0;
    p->jobs->bucket[0]->due_ms = now.wall.ms + 60;
    says("not due", now.wall.ms + 60);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_preference), TEST(test_hosts_rest),
        TEST(test_tls_broken), TEST(test_soft_limit),
        TEST(test_cursor),     TEST(test_late),
        TEST(test_reasons),    TEST(test_asked_for_a_dropped_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
