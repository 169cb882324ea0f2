#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/rate.h>
#include <sluice/base/rng.h>

#define SEC INT64_C(1000000)
#define HOUR (3600 * SEC)
#define DAY (24 * HOUR)

static const struct rates both = {.item = {{100, SEC, 1}, {250, HOUR, 0}}, .count = 2};

static void the_latest_decides(void **state)
{
    struct throttle t;
    unsigned which = 77;

    (void)state;
    throttle_init(&t, &both);
    assert_int_equal(throttle_when(&t, 0, &which), 0);
    assert_int_equal(which, 77);
    throttle_take(&t, 0);
    assert_int_equal(throttle_when(&t, 0, &which), 10200); /* a fiftieth slower */
    assert_int_equal(which, 0);
    assert_int_equal(throttle_when(&t, 0, NULL), 10200);
    for (int i = 1; i < 250; i++)
        throttle_take(&t, i * 10200);
    assert_true(throttle_when(&t, 3 * SEC, &which) > HOUR);
    assert_int_equal(which, 1);
    throttle_done(&t);
    assert_int_equal(throttle_when(&t, 5, NULL), 5);
}

static void no_limit(void **state)
{
    struct throttle t;

    (void)state;
    throttle_init(&t, NULL);
    throttle_take(&t, 9);
    assert_int_equal(throttle_when(&t, 9, NULL), 9);
    assert_true(throttle_room(&t, 0, 1) == UINT64_MAX);
    assert_int_equal(throttle_room(&t, 1, 0), 0);
    throttle_change(&t, &both);
    assert_int_equal(t.count, 2);
    throttle_change(&t, NULL);
    assert_int_equal(t.count, 0);
    throttle_init(&t, &(struct rates){.item = {{0, 0, 0}}, .count = 1});
    throttle_take(&t, 9);
    assert_int_equal(throttle_when(&t, 9, NULL), 9);
    assert_true(throttle_room(&t, 0, 1) == UINT64_MAX);
    throttle_done(&t);
}

/* What is as before stays known, in whatever order it is written now. */
static void a_change(void **state)
{
    struct rates swapped = {.item = {{250, HOUR, 0}, {50, SEC, 1}}, .count = 2};
    struct rates twice = {.item = {{50, SEC, 1}, {50, SEC, 1}}, .count = 2};
    struct throttle t;
    unsigned which;

    (void)state;
    throttle_init(&t, &both);
    for (int i = 0; i < 250; i++)
        throttle_take(&t, i * 10200);
    throttle_change(&t, &swapped);
    assert_true(throttle_when(&t, 3 * SEC, &which) > HOUR);
    assert_int_equal(which, 0);
    assert_int_equal(rate_when(&t.rate[1], 0), 0);
    /* One that was there once is known to one of two that are the same. */
    rate_take(&t.rate[1], SEC);
    throttle_change(&t, &twice);
    assert_int_equal(rate_when(&t.rate[0], SEC), SEC + 20400);
    assert_int_equal(rate_when(&t.rate[1], SEC), SEC);
    /* Two of the same keep what each of them knows. */
    rate_take(&t.rate[1], 2 * SEC);
    throttle_change(&t, &twice);
    assert_int_equal(rate_when(&t.rate[0], SEC), SEC + 20400);
    assert_int_equal(rate_when(&t.rate[1], SEC), 2 * SEC + 20400);
    throttle_done(&t);
}

/* throttle_room() against taking as long as it goes. */
static void room(void **state)
{
    static const struct {
        struct rates r;
        bool is_exact;
    } rows[] = {
        {{.item = {{100, SEC, 1}}, .count = 1}, true},
        {{.item = {{7, SEC, 1}}, .count = 1}, true},
        {{.item = {{7, SEC, 5}}, .count = 1}, true},
        {{.item = {{20, HOUR, 0}}, .count = 1}, false},
        {{.item = {{1, 3 * SEC, 1}, {4, 10 * SEC, 0}}, .count = 2}, false},
    };

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct rng rng = rng_seed(k);
        struct throttle t;
        int64_t now = 0;

        throttle_init(&t, &rows[k].r);
        for (int round = 0; round < 300; round++) {
            int64_t until, at;
            uint64_t most, got = 0;

            now += (int64_t)rng_below(&rng, 4 * SEC);
            until = now + (int64_t)rng_below(&rng, 20 * SEC);
            most = throttle_room(&t, now, until);
            while ((at = throttle_when(&t, now, NULL)) <= until) {
                throttle_take(&t, at);
                now = at;
                got++;
            }
            assert_true(got <= most);
            if (rows[k].is_exact)
                assert_int_equal(got, most);
        }
        throttle_done(&t);
    }
}

static void room_of_ages(void **state)
{
    struct throttle t;

    (void)state;
    throttle_init(&t, &(struct rates){.item = {{50, DAY, 0}}, .count = 1});
    assert_int_equal(throttle_room(&t, 0, 0), 50);
    assert_int_equal(throttle_room(&t, 0, 10 * DAY), 550);
    assert_true(throttle_room(&t, INT64_MIN, INT64_MAX) > 50);
    for (int i = 0; i < 50; i++)
        throttle_take(&t, 0);
    assert_int_equal(throttle_room(&t, 0, HOUR), 0);
    throttle_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_decides), cmocka_unit_test(no_limit),
        cmocka_unit_test(a_change),           cmocka_unit_test(room),
        cmocka_unit_test(room_of_ages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
