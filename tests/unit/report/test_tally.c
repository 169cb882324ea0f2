#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/json_view.h>
#include <sluice/report/tally.h>

static void add(struct tally *t, const char *provider, enum state state, enum category category,
                enum category before, const char *before_provider)
{
    struct outcome o = {.state = state, .category = category, .bytes = 100, .at = {1000}};

    const struct tally_before b = {STATE_DEFERRED, before, before_provider};

    str_copy(o.provider, sizeof o.provider, str_of(provider));
    tally_add(t, &o, before == CAT_OK ? NULL : &b);
}

/* What the guard and the operator do with a bounce: it moves, and nobody is asked again. */
static void a_quarantine_moves_counts(void **state)
{
    static const struct {
        enum state from, to;
        enum phase phase;
        uint64_t attempts;
    } rows[] = {{STATE_WAITING, STATE_BOUNCED, PHASE_RCPT, 1},
                {STATE_BOUNCED, STATE_QUARANTINED, PHASE_POLICY, 1},
                {STATE_QUARANTINED, STATE_DEFERRED, PHASE_POLICY, 1},
                {STATE_DEFERRED, STATE_QUARANTINED, PHASE_RCPT, 2},
                {STATE_QUARANTINED, STATE_BOUNCED, PHASE_POLICY, 2}};
    struct tally t;

    (void)state;
    tally_init(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct tally_before before = {rows[i].from, CAT_USER_UNKNOWN, "daum"};
        struct outcome o = {.state = rows[i].to,
                            .category = CAT_USER_UNKNOWN,
                            .phase = rows[i].phase,
                            .reply.code = 550,
                            .provider = "daum",
                            .bytes = 100};
        const struct tally_row *daum;

        tally_add(&t, &o, &before);
        daum = map_get(&t.providers, str_of("daum"));
        for (enum state s = 0; s < STATES; s++) {
            assert_int_equal(t.all.state[s], s == rows[i].to);
            assert_int_equal(daum->state[s], s == rows[i].to);
        }
        assert_int_equal(t.all.category[CAT_USER_UNKNOWN], 1);
        assert_int_equal(daum->attempts, rows[i].attempts);
        assert_int_equal(daum->bytes, 100 * rows[i].attempts);
    }
    tally_done(&t);
}

static void deferrals_are_taken_back(void **state)
{
    struct tally t;
    const struct tally_row *naver, *other;

    (void)state;
    tally_init(&t);
    add(&t, "naver", STATE_DEFERRED, CAT_GREYLISTED, CAT_OK, "");
    assert_int_equal(t.all.state[STATE_DEFERRED], 1);
    assert_int_equal(t.all.category[CAT_GREYLISTED], 1);
    add(&t, "naver", STATE_DEFERRED, CAT_RATE_LIMITED, CAT_GREYLISTED, "naver");
    assert_int_equal(t.all.state[STATE_DEFERRED], 1);
    assert_int_equal(t.all.category[CAT_GREYLISTED], 0);
    assert_int_equal(t.all.category[CAT_RATE_LIMITED], 1);
    /* its domain moved to another provider meanwhile */
    add(&t, "other", STATE_DELIVERED, CAT_OK, CAT_RATE_LIMITED, "naver");
    naver = map_get(&t.providers, str_of("naver"));
    other = map_get(&t.providers, str_of("other"));
    assert_int_equal(naver->state[STATE_DEFERRED], 0);
    assert_int_equal(naver->category[CAT_RATE_LIMITED], 0);
    assert_int_equal(naver->attempts, 2);
    assert_int_equal(other->state[STATE_DELIVERED], 1);
    assert_int_equal(other->category[CAT_OK], 0);
    assert_int_equal(t.all.attempts, 3);
    assert_int_equal(t.all.bytes, 300);
    /* taken back once too often: nothing wraps around */
    add(&t, "other", STATE_BOUNCED, CAT_USER_UNKNOWN, CAT_GREYLISTED, "other");
    assert_int_equal(t.all.state[STATE_DEFERRED], 0);
    assert_int_equal(t.all.category[CAT_GREYLISTED], 0);
    tally_done(&t);
}

static void attempts_are_what_reached_somebody(void **state)
{
    static const struct {
        enum state state;
        bool is_attempt;
    } rows[] = {{STATE_DELIVERED, true},  {STATE_BOUNCED, true},     {STATE_DEFERRED, true},
                {STATE_IN_DOUBT, true},   {STATE_SUPPRESSED, false}, {STATE_EXPIRED, false},
                {STATE_CANCELLED, false}, {STATE_SKIPPED, false},    {STATE_QUARANTINED, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tally t;

        tally_init(&t);
        add(&t, "p", rows[i].state, CAT_UNKNOWN, CAT_OK, NULL);
        assert_int_equal(t.all.attempts, rows[i].is_attempt);
        assert_int_equal(t.all.state[rows[i].state], 1);
        tally_done(&t);
    }
}

static void example(struct tally *t)
{
    tally_init(t);
    for (int i = 0; i < 3; i++)
        add(t, "naver", STATE_DELIVERED, CAT_OK, CAT_OK, NULL);
    add(t, "daum", STATE_DELIVERED, CAT_OK, CAT_OK, NULL);
    add(t, "daum", STATE_BOUNCED, CAT_USER_UNKNOWN, CAT_OK, NULL);
    add(t, "", STATE_SUPPRESSED, CAT_SUPPRESSED, CAT_OK, NULL);
}

static void tables(void **state)
{
    struct tally t;
    struct buf out;

    (void)state;
    example(&t);
    buf_init(&out, 10000);
    tally_table(&t, 10, 0, &out);
    assert_string_equal(out.data, "provider  delivered  bounced  suppressed  recipients  attempts\n"
                                  "naver             3        -           -           3         3\n"
                                  "daum              1        1           -           2         2\n"
                                  "(none)            -        -           1           1         -\n"
                                  "all               4        1           1           6         5\n"
                                  "\n"
                                  "class         group        recipients   of all\n"
                                  "delivered                           4  40.00 %\n"
                                  "user-unknown  bad-address           1  10.00 %\n"
                                  "suppressed    none                  1  10.00 %\n"
                                  "waiting                             4  40.00 %\n");
    buf_clear(&out);
    tally_table(&t, 0, 0, &out);
    assert_non_null(strstr(out.data, "of tried"));
    assert_null(strstr(out.data, "waiting"));
    tally_done(&t);
    tally_init(&t);
    buf_clear(&out);
    tally_table(&t, 0, 0, &out);
    assert_non_null(strstr(out.data, "n/a")); /* of nothing there is no share */
    buf_done(&out);
    tally_done(&t);
}

static void json(void **state)
{
    static const struct {
        const char *key, *want;
    } rows[] = {{"recipients", "10"},
                {"counts", "{\"waiting\":4,\"deferred\":0,\"delivered\":4,\"bounced\":1,"
                           "\"expired\":0,\"suppressed\":1,"
                           "\"in-doubt\":0,\"cancelled\":0,\"skipped\":0,\"quarantined\":0}"},
                {"attempts", "5"},
                {"bytes", "500"},
                {"first", "\"1970-01-01T00:00:01.000Z\""},
                {"categories", "{\"user-unknown\":1,\"suppressed\":1}"}};
    struct tally t;
    struct buf out;
    struct json_view root, v, first;
    size_t at = 0;

    (void)state;
    example(&t);
    buf_init(&out, 100000);
    tally_json(&t, 10, &out);
    root = json_view_of(out.data, out.len);
    assert_int_equal(root.n, out.len);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(json_view_key(root, str_of(rows[i].key), &v));
        assert_int_equal(v.n, strlen(rows[i].want));
        assert_memory_equal(v.p, rows[i].want, v.n);
    }
    assert_true(json_view_key(root, str_of("providers"), &v));
    assert_true(json_view_each(v, &at, NULL, &first));
    assert_true(json_view_key(first, str_of("provider"), &v));
    assert_memory_equal(v.p, "\"naver\"", 7);
    buf_done(&out);
    tally_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferrals_are_taken_back),
        cmocka_unit_test(a_quarantine_moves_counts),
        cmocka_unit_test(attempts_are_what_reached_somebody),
        cmocka_unit_test(tables),
        cmocka_unit_test(json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
