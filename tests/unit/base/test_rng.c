#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/rng.h>

static void the_same_seed_gives_the_same_row(void **state)
{
    struct rng a = rng_seed(42), b = rng_seed(42), c = rng_seed(43), zero = rng_seed(0);

    (void)state;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);

        assert_true(x == rng_next(&b));
        assert_true(x != rng_next(&c));
    }
    assert_true(rng_next(&zero) != 0 || rng_next(&zero) != 0);
}

/* The reference values of xoshiro256** with the state 1, 2, 3, 4. */
static void is_xoshiro(void **state)
{
    static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rng r = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(rng_next(&r) == want[i]);
}

static void stays_below(void **state)
{
    struct rng r = rng_seed(7);
    unsigned hits[6] = {0};

    (void)state;
    for (int i = 0; i < 60000; i++)
        hits[rng_below(&r, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_in_range(hits[i], 9500, 10500);
    for (int i = 0; i < 1000; i++) {
        double unit = rng_unit(&r);

        assert_true(rng_below(&r, 1) == 0);
        assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
        assert_true(unit >= 0 && unit < 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_row),
        cmocka_unit_test(is_xoshiro),
        cmocka_unit_test(stays_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
