#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <sluice/base/rate.h>
#include <sluice/base/rng.h>

#define GRANTS 2000

/* At most burst + floor(length / interval) grants begin in any closed stretch of time. */
static void never_faster_whatever_arrives(void **state)
{
    static const struct {
        uint64_t count;
        int64_t period_us;
        uint64_t burst;
    } rows[] = {
        {100, 1000000, 1}, {7, 1000000, 1},       {7, 1000000, 5}, {50000, INT64_C(86400000000), 1},
        {1, 60000000, 3},  {1000000, 1000000, 1}, {3, 10, 2}};
    static int64_t at[GRANTS];
    struct rng rng = rng_seed(11);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rate r = rate_make(rows[i].count, rows[i].period_us, rows[i].burst);
        int64_t now = (int64_t)rng_below(&rng, 1000000);
        size_t n = 0;

        while (n < GRANTS) {
            int64_t when = rate_when(&r, now);

            assert_true(when >= now);
            if (when == now) {
                rate_take(&r, now);
                at[n++] = now;
            }
            /* Crowds, the very moment it is allowed, and long silence. */
            if (rng_below(&rng, 4) == 0)
                now = when;
            else
                now += (int64_t)rng_below(
                    &rng, (uint64_t)r.interval_us * (rng_below(&rng, 50) ? 1 : 20) + 2);
        }
        for (size_t a = 0; a < GRANTS; a++) {
            for (size_t b = a; b < GRANTS && b < a + 60; b++) {
                /* interval >= period / count, so this bound is tighter than "N per period". */
                uint64_t most = rows[i].burst + (uint64_t)((at[b] - at[a]) / r.interval_us);

                assert_true(b - a + 1 <= most);
            }
        }
    }
}

static void exact_spacing(void **state)
{
    struct rate r = rate_make(4, 1000000, 1);
    int64_t now = 500;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(rate_when(&r, now), now);
        rate_take(&r, now);
        assert_int_equal(rate_when(&r, now), now + 250000);
        now += 250000;
    }
}

static void a_burst_and_then_the_rate(void **state)
{
    struct rate r = rate_make(10, 1000000, 3);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rate_when(&r, 0), 0);
        rate_take(&r, 0);
    }
    assert_int_equal(rate_when(&r, 0), 100000);
    /* After a long silence the burst is there again, but not more than the burst. */
    for (int i = 0; i < 3; i++)
        rate_take(&r, 10000000);
    assert_int_equal(rate_when(&r, 10000000), 10100000);
}

static void extremes(void **state)
{
    struct rate none = rate_make(0, 1000000, 1), zeroed = {0};
    struct rate fast = rate_make(UINT64_MAX, 1, UINT64_MAX);
    struct rate slow = rate_make(1, INT64_MAX, UINT64_MAX);

    (void)state;
    for (int i = 0; i < 5; i++) {
        rate_take(&none, 1);
        rate_take(&zeroed, 1);
    }
    assert_int_equal(rate_when(&none, 1), 1);
    assert_int_equal(rate_when(&zeroed, 1), 1);
    assert_int_equal(fast.interval_us, 1);
    rate_take(&fast, INT64_MAX);
    rate_take(&slow, INT64_MAX - 1);
    assert_true(rate_when(&slow, 0) >= 0);
    assert_int_equal(rate_make(3, 10, 0).interval_us, 4); /* rounded up */
    assert_int_equal(rate_make(3, 10, 0).tolerance_us, 0);
}

static void specs(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t count;
        int64_t sec;
        uint64_t burst;
    } rows[] = {
        {"100/s", true, 100, 1, 1},
        {"100/SEC", true, 100, 1, 1},
        {" 1,000/min ", true, 1000, 60, 1},
        {"50,000/day", true, 50000, 86400, 0}, /* a quota */
        {"50,000/day,max_burst=1", true, 50000, 86400, 1},
        {"60/min", true, 60, 60, 1},
        {"1,000,000/h", true, 1000000, 3600, 0},
        {"5/hr,max_burst=10", true, 5, 3600, 10},
        {"5/hour, max_burst=10", true, 5, 3600, 10},
        {"5 / d", true, 5, 86400, 0},
        {"1,000,000,000/s", true, 1000000000, 1, 1},
        {"1,000,000,001/s", false, 0, 0, 0},
        {"0/s", false, 0, 0, 0},
        {"5/s,max_burst=0", false, 0, 0, 0},
        {"5/s,max_burst=", false, 0, 0, 0},
        {"5/s,max_burst=1,", false, 0, 0, 0},
        {"5/s,burst=1", false, 0, 0, 0},
        {"5/s,", false, 0, 0, 0},
        {"5/s x", false, 0, 0, 0},
        {"1,5/s", false, 0, 0, 0},
        {"1,00/s", false, 0, 0, 0},
        {",100/s", false, 0, 0, 0},
        {"1000,000/s", false, 0, 0, 0},
        {"1,,000/s", false, 0, 0, 0},
        {"-5/s", false, 0, 0, 0},
        {"5", false, 0, 0, 0},
        {"/s", false, 0, 0, 0},
        {"5/", false, 0, 0, 0},
        {"5/week", false, 0, 0, 0},
        {"", false, 0, 0, 0},
        {"18446744073709551616/s", false, 0, 0, 0},
        {"99999999999999999999999999999/s", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rate_spec s = {77, 77, 77};

        if (rate_spec_parse(str_of(rows[i].text), &s) != rows[i].ok)
            fail_msg("%s", rows[i].text);
        assert_int_equal(s.count, rows[i].ok ? rows[i].count : 77);
        assert_int_equal(s.period_us, rows[i].ok ? rows[i].sec * 1000000 : 77);
        assert_int_equal(s.burst, rows[i].ok ? rows[i].burst : 77);
    }
    assert_false(rate_spec_parse(str_n(NULL, 0), &(struct rate_spec){0}));
}

static void texts(void **state)
{
    static const struct {
        struct rate_spec spec;
        const char *text;
    } rows[] = {
        {{0, 0, 0}, "none"},
        {{100, 1000000, 1}, "100/s"},
        {{999, 60000000, 1}, "999/min"},
        {{10, 60000000, 5}, "10/min,max_burst=5"},
        {{1000, 3600000000, 0}, "1,000/hour"},
        {{50000, 86400000000, 0}, "50,000/day"},
        {{50000, 86400000000, 1}, "50,000/day,max_burst=1"},
        {{1000000000, 86400000000, 1000000000}, "1,000,000,000/day,max_burst=1000000000"},
        {{7, 90000000, 1}, "7/1m 30s"}, /* cannot be written, but can be said */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[RATE_TEXT];
        struct rate_spec again;

        rate_spec_format(&rows[i].spec, text);
        assert_string_equal(text, rows[i].text);
        if (rows[i].spec.count > 0 && !strchr(text, ' ')) {
            assert_true(rate_spec_parse(str_of(text), &again));
            assert_true(rate_spec_equal(&again, &rows[i].spec));
        }
    }
}

static void several_as_text(void **state)
{
    struct rates r = {.item = {{100, 1000000, 1}, {50000, 86400000000, 0}}, .count = 2};
    char text[RATES_TEXT];

    (void)state;
    rates_format(&r, text);
    assert_string_equal(text, "100/s and 50,000/day");
    r.count = 0;
    rates_format(&r, text);
    assert_string_equal(text, "none");
    for (r.count = 0; r.count < RATES_MAX; r.count++)
        r.item[r.count] = (struct rate_spec){1000000000, 86400000000, 1000000000};
    rates_format(&r, text);
    assert_int_equal(strlen(text), RATES_MAX * strlen("1,000,000,000/day,max_burst=1000000000") +
                                       (RATES_MAX - 1) * strlen(" and "));
}

static void equal_specs(void **state)
{
    struct rate_spec a = {100, 1000000, 1};

    (void)state;
    assert_true(rate_spec_equal(&a, &(struct rate_spec){100, 1000000, 1}));
    assert_false(rate_spec_equal(&a, &(struct rate_spec){101, 1000000, 1}));
    assert_false(rate_spec_equal(&a, &(struct rate_spec){100, 1000001, 1}));
    assert_false(rate_spec_equal(&a, &(struct rate_spec){100, 1000000, 0}));
    assert_true(rate_spec_equal(&(struct rate_spec){0, 5, 1}, &(struct rate_spec){0, 6, 2}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_faster_whatever_arrives),
        cmocka_unit_test(exact_spacing),
        cmocka_unit_test(a_burst_and_then_the_rate),
        cmocka_unit_test(extremes),
        cmocka_unit_test(specs),
        cmocka_unit_test(texts),
        cmocka_unit_test(several_as_text),
        cmocka_unit_test(equal_specs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
