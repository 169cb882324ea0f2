/* What others see and say between rounds: one provider's view, counts that the spool corrects, and
 * deliveries that come back unattempted. */
#include <stdio.h>
#include "small.h"

static uint64_t waiting(void)
{
    struct plan_counts c;
    plan_counts(t.p, 1, &c);
    return c.waiting;
}

static uint64_t leased(void)
{
    struct plan_counts c;
    plan_counts(t.p, 1, &c);
    return c.leased;
}

/* ---- plan_provider_view() ---- */

static void test_view(void **unused)
{
    struct plan_provider_view view;
    (void)unused;
    small_init();
    small_open();
    assert_false(plan_provider_view(t.p, "nobody", t.now, &view));
    assert_true(plan_provider_view(t.p, "p", t.now, &view)); /* not in use */
    assert_ptr_equal(view.profile, &t.profile);
    assert_ptr_equal(view.limits, &t.profile.limits);
    assert_string_equal(view.name, "p");
    assert_int_equal(view.connections_now_at_most, 4);
    assert_true(view.connections == 0 && view.holds == 0 && !view.is_outage);
    plan_suspend(t.p, PARTY_PROVIDER, "unknown.example", (struct wall){0}, "why not", t.now);
    assert_true(plan_provider_view(t.p, "unknown.example", t.now, &view));
    assert_null(view.profile);
    assert_ptr_equal(view.limits, &t.shaping.profiles.fallback);
    assert_int_equal(view.holds, 1);
    assert_string_equal(view.hold[0].text, "suspended by why not");
    assert_int_equal(view.hold[0].until.ms, 0);
    small_done();
}

static void test_view_in_use(void **unused)
{
    struct plan_provider_view view;
    (void)unused;
    small_init();
    t.profile.limits.connection_limit = 1;
    small_open();
    struct delivery *chain = start(30);
    plan_job_add(t.p, 1, 0, "d.example", 7, t.now.wall.ms);
    assert_true(plan_provider_view(t.p, "p", t.now, &view));
    assert_int_equal(view.connections, 1);
    assert_int_equal(view.ready, 30 - chain_length(chain));
    assert_int_equal(view.waiting, 7);
    t.profile.limits.connection_limit = 4;
    struct hold h = {
        .connection_limit = 2, .until_ms = WALL_START + 5000, .at = at_line(LINE_RULE)};
    str_copy(h.rule, sizeof h.rule, str_of("r"));
    str_copy(h.why, sizeof h.why, str_of("rule \"r\": 421 slow"));
    h.message_rates = rates_of("10/min");
    hold_put(t.p, standing_get(t.p, "p"), &h);
    standing_get(t.p, "p")->is_outage = true;
    assert_true(plan_provider_view(t.p, "p", t.now, &view));
    assert_int_equal(view.connections_now_at_most, 2);
    assert_true(view.is_outage && view.holds >= 1);
    assert_string_equal(view.hold[0].text,
                        "limited by rule \"r\": 421 slow: 2 connections, 10/min");
    assert_int_equal(view.hold[0].at.line, LINE_RULE);
    assert_int_equal(view.hold[0].until.ms, WALL_START + 5000);
    free_chain(chain);
    small_done();
}

/* More holds than there is room for: the view is full, nothing is written behind it. */
static void test_view_full(void **unused)
{
    static struct plan_provider_view view;
    (void)unused;
    small_init();
    small_open();
    route(5);
    for (int i = 0; i < 40; i++) {
        struct hold h = {.is_suspension = true, .until_ms = WALL_START + 5000 + i};
        snprintf(h.rule, sizeof h.rule, "rule %d", i);
        hold_put(t.p, standing_get(t.p, "p"), &h);
    }
    assert_true(plan_provider_view(t.p, "p", t.now, &view));
    assert_int_equal(view.holds, 16);
    small_done();
}

/* ---- plan_job_recount() ---- */

static void test_recount(void **unused)
{
    (void)unused;
    small_init();
    small_open();
    route(10);
    plan_job_recount(t.p, 1, 0, "d.example", 4, t.now.wall.ms, t.now);
    assert_int_equal(waiting(), 4);
    plan_job_recount(t.p, 1, 0, "d.example", 6, t.now.wall.ms, t.now);
    assert_int_equal(waiting(), 6);
    plan_job_recount(t.p, 1, 0, "d.example", 0, WHEN_NEVER, t.now);
    assert_int_equal(waiting(), 0);
    assert_false(next(ACT_LEASE));
    plan_job_recount(t.p, 1, 0, "d.example", 2, t.now.wall.ms, t.now);
    assert_true(next(ACT_LEASE));
    assert_int_equal(t.a.limit, 2);
    plan_job_recount(t.p, 1, 7, "new.example", 3, t.now.wall.ms, t.now); /* never heard of */
    assert_int_equal(waiting(), 5);
    plan_job_recount(t.p, 9, 0, "d.example", 3, t.now.wall.ms, t.now); /* nor this job */
    small_done();
}

/* Rows that are due earlier than where the leases have come to are found. */
static void test_recount_earlier(void **unused)
{
    (void)unused;
    small_init();
    small_open();
    free_chain(start(3));
    plan_job_recount(t.p, 1, 0, "d.example", 3 + 1, t.now.wall.ms - 5000, t.now);
    assert_true(next(ACT_LEASE));
    assert_true(t.a.after_due_ms < t.now.wall.ms - 5000);
    small_done();
}

/* While a lease is out its answer has the last word: rows that went and rows that came. */
static void test_recount_while_leasing(void **unused)
{
    (void)unused;
    small_init();
    small_open();
    route(10);
    assert_true(next(ACT_LEASE));
    plan_job_recount(t.p, 1, 0, "d.example", 0, WHEN_NEVER, t.now);
    lease(0, WHEN_NEVER);
    while (next(ACT_LEASE)) /* it may look once more */
        lease(0, WHEN_NEVER);
    assert_int_equal(waiting(), 0);
    small_done();
}

/* A job whose last waiting rows the spool took away is done. */
static void test_recount_to_the_end(void **unused)
{
    (void)unused;
    small_init();
    t.job.is_standing = false;
    t.p = small_plan();
    plan_job_open(t.p, &t.job);
    plan_job_add(t.p, 1, 0, "d.example", 2, t.now.wall.ms);
    plan_job_loaded(t.p, 1);
    plan_job_recount(t.p, 1, 0, "d.example", 0, WHEN_NEVER, t.now);
    assert_true(next(ACT_JOB_DONE));
    small_done();
}

/* ---- plan_untried() ---- */

static void test_untried(void **unused)
{
    (void)unused;
    small_init();
    t.profile.limits.connection_limit = 1;
    small_open();
    struct delivery *chain = start(2);
    uint32_t number = t.a.connection;
    assert_int_equal(chain_length(chain), 2);
    plan_untried(t.p, number, chain, t.now);
    unsigned back = 0;
    assert_true(waiting() == 2 && leased() == 0);
    assert_int_equal(t.p->conn[number].sent, 0); /* they do not count for the connection */
    plan_ready(t.p, number, t.now);
    while (plan_next(t.p, t.now, &t.a) && t.a.act != ACT_MORE) {
        if (t.a.act == ACT_LEASE)
            lease(2, WHEN_NEVER);
        assert_true(t.a.act != ACT_RETURN || t.a.due_ms <= t.now.wall.ms);
        back += t.a.act == ACT_RETURN;
        free_chain(t.a.chain);
    }
    assert_int_equal(back, 2);
    assert_int_equal(t.a.act, ACT_MORE);
    free_chain(t.a.chain);
    small_done();
}

/* A connection that only gave everything back and ends has not failed: no host rests. */
static void test_untried_then_closed(void **unused)
{
    (void)unused;
    small_init();
    small_open();
    struct delivery *chain = start(1);
    uint32_t number = t.a.connection;
    struct site *s = t.p->conn[number].site;
    plan_untried(t.p, number, chain, t.now);
    plan_closed(t.p, number, &(struct outcome){.phase = PHASE_QUIT}, false, NULL, t.now);
    assert_true(site_opens_at(s, t.now) <= t.now.mono.ms);
    assert_int_equal(s->provider->failures, 0);
    while (next(ACT_RETURN))
        free_chain(t.a.chain);
    small_done();
}

/* Untried rows of a cancelled job end as cancelled. */
static void test_untried_of_a_cancelled_job(void **unused)
{
    (void)unused;
    small_init();
    small_open();
    struct delivery *chain = start(1);
    uint32_t number = t.a.connection;
    plan_job_cancel(t.p, 1, t.now);
    plan_untried(t.p, number, chain, t.now);
    assert_true(next(ACT_RECORD));
    assert_int_equal(t.a.outcome->state, STATE_CANCELLED);
    free(t.a.outcome);
    assert_true(next(ACT_JOB_DONE));
    small_done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_view_in_use),
        cmocka_unit_test(test_view_full),
        cmocka_unit_test(test_recount),
        cmocka_unit_test(test_recount_earlier),
        cmocka_unit_test(test_recount_while_leasing),
        cmocka_unit_test(test_recount_to_the_end),
        cmocka_unit_test(test_untried),
        cmocka_unit_test(test_untried_then_closed),
        cmocka_unit_test(test_untried_of_a_cancelled_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
