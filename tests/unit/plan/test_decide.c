/* What an outcome means for its recipient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"

#define HOUR INT64_C(3600000)

static struct shaping shaping = {.profiles.fallback = {.connection_limit = 5,
                                                       .max_deliveries_per_connection = 10,
                                                       .retry_interval_ms = 1200000,
                                                       .max_retry_interval_ms = 14400000,
                                                       .idle_ms = 5000,
                                                       .smtp_port = 25}};
static const struct now now = {{1000000}, {INT64_C(1800000000000)}};

static struct plan *plan_with(enum in_doubt_policy policy, int64_t start_in_ms)
{
    struct plan_options o = {
        .max_connections = 5, .max_asking = 5, .max_leased = 100, .shaping = &shaping, .seed = 1};
    struct plan *p = plan_new(&o);
    struct plan_job j = {.key = 1, .in_doubt = policy, .expires_ms = 4 * HOUR};
    if (start_in_ms)
        j.start.ms = now.wall.ms + start_in_ms;
    plan_job_open(p, &j);
    return p;
}

struct decide_case {
    const char *name;
    enum category category;
    bool is_permanent, dot_unanswered, is_cancelled;
    enum in_doubt_policy policy;
    int64_t age_ms;
    enum state state;
};

static void test_decide(void **unused)
{
    static const struct decide_case cases[] = {
        {"accepted", CAT_OK, 0, 0, 0, DOUBT_HOLD, 0, STATE_DELIVERED},
        {"accepted, cancelled", CAT_OK, 0, 0, 1, DOUBT_HOLD, 0, STATE_DELIVERED},
        {"user unknown", CAT_USER_UNKNOWN, 1, 0, 0, DOUBT_HOLD, 0, STATE_BOUNCED},
        {"bounced, cancelled", CAT_USER_UNKNOWN, 1, 0, 1, DOUBT_HOLD, 0, STATE_BOUNCED},
        {"not rendered", CAT_RENDER_ERROR, 1, 0, 0, DOUBT_HOLD, 0, STATE_SKIPPED},
        {"suppressed", CAT_SUPPRESSED, 1, 0, 0, DOUBT_HOLD, 0, STATE_SUPPRESSED},
        {"expired", CAT_EXPIRED, 1, 0, 0, DOUBT_HOLD, 0, STATE_EXPIRED},
        {"greylisted", CAT_GREYLISTED, 0, 0, 0, DOUBT_HOLD, 0, STATE_DEFERRED},
        {"network", CAT_NETWORK, 0, 0, 0, DOUBT_HOLD, 0, STATE_DEFERRED},
        {"network, cancelled", CAT_NETWORK, 0, 0, 1, DOUBT_HOLD, 0, STATE_CANCELLED},
        {"network, too late", CAT_NETWORK, 0, 0, 0, DOUBT_HOLD, 4 * HOUR - 60000, STATE_EXPIRED},
        {"in doubt, hold", CAT_NETWORK, 0, 1, 0, DOUBT_HOLD, 0, STATE_IN_DOUBT},
        {"in doubt, delivered", CAT_NETWORK, 0, 1, 0, DOUBT_DELIVERED, 0, STATE_DELIVERED},
        {"in doubt, retry", CAT_NETWORK, 0, 1, 0, DOUBT_RETRY, 0, STATE_DEFERRED},
        {"in doubt, retry, late", CAT_NETWORK, 0, 1, 0, DOUBT_RETRY, 4 * HOUR, STATE_IN_DOUBT},
        {"in doubt, cancelled", CAT_NETWORK, 0, 1, 1, DOUBT_RETRY, 0, STATE_IN_DOUBT},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct decide_case *c = &cases[i];
        struct plan *p = plan_with(c->policy, 0);
        struct job *j = plan_job_find(p, 1);
        struct outcome o = {.category = c->category,
                            .attempt = 1,
                            .added = {now.wall.ms - c->age_ms},
                            .dot_unanswered = c->dot_unanswered};
        j->is_cancelled = c->is_cancelled;
        outcome_decide(p, j, NULL, &o, c->is_permanent, now);
        if (o.state != c->state)
            fail_msg("%s: %s", c->name, state_name(o.state));
        assert_int_equal(o.next_due_ms != 0, o.state == STATE_DEFERRED);
        assert_true(!c->dot_unanswered || o.category == CAT_IN_DOUBT);
        plan_free(p);
    }
}

/* A scheduled job's recipients expire after its start, not after its import, nor while it waits for an
 * approval. */
static void test_expiry(void **unused)
{
    (void)unused;
    struct plan *p = plan_with(DOUBT_HOLD, -HOUR);
    struct job *j = plan_job_find(p, 1);
    assert_int_equal(delivery_expires(p, j, NULL, (struct wall){now.wall.ms - 9 * HOUR}).ms,
                     now.wall.ms + 3 * HOUR);
    assert_int_equal(delivery_expires(p, j, NULL, now.wall).ms, now.wall.ms + 4 * HOUR);
    assert_true(plan_job_approved(p, 1, (struct wall){now.wall.ms + 30 * HOUR}));
    assert_int_equal(delivery_expires(p, j, NULL, now.wall).ms, now.wall.ms + 34 * HOUR);
    plan_free(p);
}

static void test_retry_times(void **unused)
{
    static const struct {
        enum category category;
        uint32_t attempt;
        int64_t minutes;
    } cases[] = {{CAT_NETWORK, 1, 20},    {CAT_NETWORK, 2, 40},     {CAT_NETWORK, 3, 80},
                 {CAT_NETWORK, 9, 240},   {CAT_GREYLISTED, 1, 5},   {CAT_GREYLISTED, 2, 10},
                 {CAT_GREYLISTED, 5, 15}, {CAT_MAILBOX_FULL, 1, 20}};
    (void)unused;
    struct plan *p = plan_with(DOUBT_HOLD, 0);
    struct job *j = plan_job_find(p, 1);
    j->info.expires_ms = 100 * HOUR;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int times = 0; times < 50; times++) {
            struct outcome o = {.category = cases[i].category, .attempt = cases[i].attempt};
            o.added = now.wall;
            outcome_decide(p, j, NULL, &o, false, now);
            int64_t in = o.next_due_ms - now.wall.ms, ms = cases[i].minutes * 60000;
            assert_in_range(in, ms * 9 / 10, ms * 11 / 10);
        }
    plan_free(p);
}

/* What no server said is not classified by its (missing) reply. */
static void test_own_phases(void **unused)
{
    bool is_permanent = false;
    struct outcome o = {.phase = PHASE_RENDER};
    (void)unused;
    outcome_classify(&o, "p", &is_permanent);
    assert_true(is_permanent && o.category == CAT_RENDER_ERROR && o.scope == SCOPE_RECIPIENT);
    o = (struct outcome){.phase = PHASE_POLICY};
    outcome_classify(&o, "p", &is_permanent);
    assert_true(is_permanent && o.category == CAT_ADDRESS_UNSUPPORTED);
    assert_string_equal(o.provider, "p");
}

static void test_recovered(void **unused)
{
    (void)unused;
    struct plan *p = plan_with(DOUBT_HOLD, 0);
    struct outcome o = {.job_key = 1, .attempt = 1, .phase = PHASE_DOT, .added = now.wall};
    o.dot_unanswered = true;
    plan_judge_recovered(p, &o, now);
    assert_int_equal(o.state, STATE_IN_DOUBT);
    o = (struct outcome){.job_key = 1, .attempt = 1, .phase = PHASE_DOT, .added = now.wall};
    o.reply.code = 250;
    plan_judge_recovered(p, &o, now);
    assert_int_equal(o.state, STATE_DELIVERED);
    plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),      cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_retry_times), cmocka_unit_test(test_own_phases),
        cmocka_unit_test(test_recovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
