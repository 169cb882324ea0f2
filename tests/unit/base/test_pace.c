/* Paces: nobody begins too soon, whoever asks when; several are queued for one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sluice/base/pace.h>
#include <sluice/base/rate.h>
#include <sluice/base/rng.h>

static struct rates one_rate(uint64_t count, int64_t period_us, uint64_t burst)
{
    return (struct rates){.item = {{count, period_us, burst}}, .count = 1};
}

/* Who is late does not bring the next one closer; and in no second there are more than written. */
static void test_spacing(void **unused)
{
    static const uint64_t per_s[] = {1, 7, 20, 100, 1500};
    (void)unused;
    for (size_t i = 0; i < sizeof per_s / sizeof *per_s; i++) {
        struct rates r = one_rate(per_s[i], 1000000, 1);
        struct pace *p = pace_new(&r);
        struct rng rng = rng_seed(i + 1);
        int64_t interval = 1000000 / (int64_t)per_s[i], last = -interval, now = 0;
        for (int n = 0; n < 1000; n++) {
            int64_t at = pace_book(p, now);
            assert_true(at >= now && at - last >= interval);
            assert_true(at - last <= interval + interval / 40 || at == now);
            last = at;
            if (rng_below(&rng, 10) == 0)
                now = at + (int64_t)rng_below(&rng, (uint64_t)interval * 5);
        }
        pace_release(p);
    }
}

static void test_burst(void **unused)
{
    (void)unused;
    struct rates r = one_rate(10, 1000000, 3);
    struct pace *p = pace_new(&r);
    for (int n = 0; n < 3; n++)
        assert_int_equal(pace_book(p, 500), 500);
    assert_true(pace_book(p, 500) >= 500 + 100000);
    pace_release(p);
}

/* Quotas and "no limit" keep no pace. */
static void test_none(void **unused)
{
    (void)unused;
    struct rates quota = one_rate(1000, INT64_C(86400000000), 0), none = {.count = 0};
    assert_null(pace_new(&quota));
    assert_null(pace_new(&none));
    pace_release(pace_hold(NULL));
}

/* Ours first, the receiver's last: the time that is said in the end is free at the receiver. */
static void test_queue(void **unused)
{
    (void)unused;
    struct rates fast = one_rate(100, 1000000, 1), slow = one_rate(10, 1000000, 1);
    struct pace *p[3] = {pace_new(&fast), pace_new(&slow), NULL};
    int64_t last = -1000000;
    for (int n = 0; n < 20; n++) {
        struct pace_queue q = {0};
        int64_t now = 0, at;
        while ((at = pace_queue_step(&q, p, 3, now)) > now) {
            now = at;
            pace_book(p[0], now); /* somebody else is as fast */
        }
        assert_true(now - last >= 10000);
        assert_true(n == 0 || now >= n * 100000);
        last = now;
    }
    struct pace_queue q = {0};
    assert_int_equal(pace_queue_step(&q, p + 2, 1, 42), 42);
    pace_release(p[0]);
    pace_release(pace_hold(p[1]));
    pace_release(p[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spacing),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
