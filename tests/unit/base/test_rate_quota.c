#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include <sluice/base/rate.h>
#include <sluice/base/rng.h>

#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)
#define GRANTS 6000

static int64_t at[GRANTS];

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* No stretch of one period, both ends included, has more than `count` grants. */
static void assert_never_more(size_t n, uint64_t count, int64_t period_us)
{
    qsort(at, n, sizeof *at, by_time);
    for (size_t i = 0; i + count < n; i++)
        if (at[i + count] - at[i] <= period_us)
            fail_msg("%d grants within %lld us", (int)count + 1,
                     (long long)(at[i + count] - at[i]));
}

static const struct rate_spec specs[] = {
    {100, HOUR, 0}, {1, HOUR, 0}, {7, DAY, 0},  {500, DAY, 0},
    {5, 10, 0},     {48, 48, 0},  {1000, 1, 0}, {60, 60000000, 0},
};

/* Crowds, the very moment it is allowed, silence, and times ahead that are followed by earlier
 * ones. */
static void never_more_whatever_arrives(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        struct rng rng = rng_seed(seed);
        const struct rate_spec *s = &specs[seed % (sizeof specs / sizeof *specs)];
        uint64_t step = (uint64_t)s->period_us / s->count + 1;
        int64_t now = (int64_t)rng_below(&rng, 1000000);
        struct rate r;
        size_t n = 0;

        rate_init(&r, s);
        while (n < GRANTS) {
            int64_t asked = now, when;

            if (rng_below(&rng, 5) == 0)
                asked += (int64_t)rng_below(&rng, (uint64_t)s->period_us / 8 + 1);
            when = rate_when(&r, asked);
            assert_true(when >= asked);
            if (when == asked) {
                rate_take(&r, asked);
                at[n++] = asked;
            } else if (rng_below(&rng, 3) == 0) {
                rate_take(&r, when);
                at[n++] = when;
            }
            if (rng_below(&rng, 3) == 0)
                now += (int64_t)rng_below(&rng, step * (rng_below(&rng, 40) ? 1 : 60));
            if (rng_below(&rng, 60) == 0 && when < INT64_MAX / 2)
                now = when > now ? when : now;
        }
        assert_never_more(n, s->count, s->period_us);
        rate_done(&r);
    }
}

/* Who wants more than the quota gets all of it in every period and the few slots that rounding to
 * the safe side costs. */
static void it_is_used_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof specs / sizeof *specs; k++) {
        const struct rate_spec *s = &specs[k];
        int64_t slot = (s->period_us - 1) / QUOTA_SLOTS + 1, now = 12345;
        int64_t step = s->period_us / (int64_t)s->count + 1;
        struct rng rng = rng_seed(k);
        struct rate r;

        rate_init(&r, s);
        for (size_t n = 0; n < GRANTS; n++) {
            now = rate_when(&r, now);
            rate_take(&r, now);
            at[n] = now;
            now += (int64_t)rng_below(&rng, (uint64_t)step / 2 + 1);
        }
        assert_never_more(GRANTS, s->count, s->period_us);
        for (size_t n = 0; n + s->count < GRANTS; n++)
            assert_true(at[n + s->count] - at[n] <= s->period_us + 3 * slot + 2 * step);
        rate_done(&r);
    }
}

static void all_at_once_and_then_a_period_later(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, &(struct rate_spec){50000, DAY, 0});
    for (int i = 0; i < 50000; i++) {
        assert_int_equal(rate_when(&r, 1000), 1000);
        rate_take(&r, 1000);
    }
    assert_int_equal(rate_when(&r, 1000), 1000 + DAY + 1);
    assert_int_equal(rate_when(&r, 1000 + DAY), 1000 + DAY + 1);
    assert_int_equal(rate_when(&r, 1000 + 2 * DAY), 1000 + 2 * DAY);
    rate_done(&r);
    assert_int_equal(rate_when(&r, 1000), 1000);
}

/* A grant for later leaves the present to others, and counts for both. */
static void ahead_and_back(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, &(struct rate_spec){3, HOUR, 0});
    rate_take(&r, 0);
    rate_take(&r, 5000000);
    assert_int_equal(rate_when(&r, 1000000), 1000000);
    rate_take(&r, 1000000);
    assert_true(rate_when(&r, 1000000) > HOUR);
    rate_done(&r);
}

/* What was dropped to make room is not forgotten by who asks for an earlier time. */
static void far_ahead_and_back(void **state)
{
    struct rate r;

    (void)state;
    rate_init(&r, &(struct rate_spec){100, HOUR, 0});
    for (int i = 0; i < 100; i++)
        rate_take(&r, 0);
    for (int i = 1; i <= 60; i++)
        rate_take(&r, i * 2 * HOUR);
    assert_true(rate_when(&r, 1) > HOUR);
    rate_done(&r);
}

/* More slots than the ring has, all of which still count: a clock that goes back. */
static void slots_that_do_not_fit(void **state)
{
    struct rate r;
    char text[RATE_STATE];

    (void)state;
    rate_init(&r, &(struct rate_spec){1000, HOUR, 0});
    for (int i = 0; i < 50; i++)
        rate_take(&r, i * (HOUR / 48));
    rate_save_within(&r, HOUR, 0, 0, UINT64_MAX, text);
    for (int shift = 1; shift <= 5; shift++)
        assert_true(rate_load(&r, str_of(text), HOUR, shift * 1000000));
    for (int i = 50; i < 60; i++)
        rate_take(&r, i * (HOUR / 48));
    /* Those that did not fit count as long as the oldest that did. */
    for (int i = 0; i < 1000 - 50 * 6 - 10; i++)
        rate_take(&r, HOUR + HOUR / 4);
    assert_true(rate_when(&r, HOUR + HOUR / 4) > HOUR + HOUR / 4);
    assert_true(rate_when(&r, HOUR + HOUR / 4) < 2 * HOUR);
    rate_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_more_whatever_arrives),
        cmocka_unit_test(it_is_used_up),
        cmocka_unit_test(all_at_once_and_then_a_period_later),
        cmocka_unit_test(ahead_and_back),
        cmocka_unit_test(far_ahead_and_back),
        cmocka_unit_test(slots_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
