#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include <sluice/os/clock.h>

static void clocks_agree_with_the_system(void **state)
{
    int64_t before_us = clock_mono_us();
    struct now now = clock_now();
    int64_t after_us = clock_mono_us();
    int64_t sec = (int64_t)time(NULL);

    (void)state;
    assert_true(before_us / 1000 <= now.mono.ms && now.mono.ms <= after_us / 1000);
    assert_true(now.wall.ms / 1000 >= sec - 5 && now.wall.ms / 1000 <= sec + 5);
    assert_true(clock_mono().ms >= now.mono.ms);
    assert_true(clock_wall().ms / 1000 <= sec + 5);
}

static void the_past_is_not_waited_for(void **state)
{
    (void)state;
    clock_sleep_until((struct mono){INT64_MIN});
    clock_sleep_until((struct mono){0});
    clock_sleep_until(clock_mono());
}

static void waits_at_least_until_then(void **state)
{
    struct mono until = {clock_mono().ms + 2};

    (void)state;
    clock_sleep_until(until);
    assert_true(clock_mono().ms >= until.ms);
}

static void entropy_differs(void **state)
{
    (void)state;
    assert_true(clock_entropy() != clock_entropy());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_agree_with_the_system),
        cmocka_unit_test(the_past_is_not_waited_for),
        cmocka_unit_test(waits_at_least_until_then),
        cmocka_unit_test(entropy_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
