#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <sluice/base/rate.h>
#include <sluice/base/rng.h>

#define SEC INT64_C(1000000)
#define HOUR (3600 * SEC)
#define DAY (24 * HOUR)
#define WALL INT64_C(1790000000000000)

static const struct rate_spec specs[] = {
    {100, SEC, 1}, {7, SEC, 5}, {3, HOUR, 1}, {100, HOUR, 0}, {5000, DAY, 0}, {1, DAY, 0},
};
#define SPECS (sizeof specs / sizeof *specs)

static int64_t demand(struct rng *rng, const struct rate_spec *s)
{
    return (int64_t)rng_below(rng, 3 * (uint64_t)s->period_us / s->count + 1);
}

/* A clock that ticks the same gives the same answers in the other life. */
static void round_trip(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 60; seed++) {
        const struct rate_spec *s = &specs[seed % SPECS];
        struct rng rng = rng_seed(seed);
        int64_t now = 0, shift = (int64_t)rng_below(&rng, 100 * DAY);
        unsigned before = (unsigned)rng_below(&rng, 9000);
        char text[RATE_STATE];
        struct rate r, other;

        rate_init(&r, s);
        rate_init(&other, s);
        for (unsigned i = 0; i < before; i++) {
            now = rate_when(&r, now);
            rate_take(&r, now);
            now += demand(&rng, s);
        }
        rate_save_within(&r, now, WALL, 0, UINT64_MAX, text);
        assert_true(strlen(text) < RATE_STATE);
        assert_true(rate_load(&other, str_of(text), now - shift, WALL + shift));
        for (unsigned i = 0; i < 9000; i++) {
            int64_t when = rate_when(&r, now);

            assert_int_equal(rate_when(&other, now - shift), when - shift);
            rate_take(&r, when);
            rate_take(&other, when - shift);
            now = when + demand(&rng, s);
        }
        rate_done(&r);
        rate_done(&other);
    }
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Of spacing no more than burst + length / interval, of a quota no more than its count: in all
 * stretches, also those that begin in one life and end in another. */
static void assert_kept(int64_t *at, size_t n, const struct rate_spec *s)
{
    qsort(at, n, sizeof *at, by_time);
    for (size_t a = 0; a < n; a++) {
        if (s->burst == 0) {
            if (a + s->count < n)
                assert_true(at[a + s->count] - at[a] > s->period_us);
        } else {
            int64_t interval = rate_make(s->count, s->period_us, s->burst).interval_us;

            for (size_t b = a; b < n && b < a + 30; b++)
                assert_true(b - a + 1 <= s->burst + (uint64_t)((at[b] - at[a]) / interval));
        }
    }
}

/* A life: grants, a save that reserves, grants within the reserve, and it is dead. The next one
 * knows only the text. */
static void crashes(void **state)
{
    static int64_t at[20000];

    (void)state;
    for (unsigned seed = 0; seed < 120; seed++) {
        const struct rate_spec *s = &specs[seed % SPECS];
        struct rng rng = rng_seed(seed + 1000);
        int64_t wall = WALL;
        char text[RATE_STATE] = "";
        size_t n = 0;

        for (int life = 0; life < 8; life++) {
            int64_t boot = wall - (int64_t)rng_below(&rng, DAY); /* wall - mono */
            int64_t reserve = (int64_t)rng_below(&rng, HOUR) + 1, end;
            size_t grants = n + rng_below(&rng, 1000);
            struct rate r;

            rate_init(&r, s);
            if (life > 0)
                assert_true(rate_load(&r, str_of(text), wall - boot, boot));
            while (n < grants) {
                wall = rate_when(&r, wall - boot) + boot;
                rate_take(&r, wall - boot);
                at[n++] = wall;
                wall += demand(&rng, s);
            }
            rate_save_within(&r, wall - boot, boot, reserve, UINT64_MAX, text);
            end = wall + reserve;
            while (n < grants + 500) {
                int64_t next = rate_when(&r, wall - boot) + boot;

                if (next > end)
                    break;
                rate_take(&r, next - boot);
                at[n++] = next;
                wall = next + demand(&rng, s) / 4;
            }
            wall += (int64_t)rng_below(&rng, 3 * (uint64_t)s->period_us / s->count);
            rate_done(&r);
        }
        assert_kept(at, n, s);
    }
}

/* What else bounds the grants bounds what a quota reserves: of "100/s and 50,000/day" ten seconds
 * cost 1,001 of the day, not all of it. */
static void a_modest_reserve(void **state)
{
    static const struct rates r = {.item = {{100, SEC, 1}, {50000, DAY, 0}}, .count = 2};
    struct throttle t, later;
    char text[RATE_STATE];

    (void)state;
    throttle_init(&t, &r);
    throttle_init(&later, &r);
    for (int i = 0; i < 100; i++)
        throttle_take(&t, i * 10200);
    int64_t reserved = (int64_t)throttle_room(&t, SEC, 11 * SEC);
    assert_true(reserved > 950 && reserved < 1001);
    rate_save_within(&t.rate[1], SEC, WALL, 10 * SEC, (uint64_t)reserved, text);
    assert_true(rate_load(&later.rate[1], str_of(text), SEC, WALL));
    assert_int_equal(throttle_room(&later, 20 * SEC, 20 * SEC), 1);
    assert_int_equal(later.rate[1].quota != NULL, 1);
    for (int i = 0; i < 50000 - 100 - reserved; i++) {
        assert_int_equal(rate_when(&later.rate[1], 20 * SEC), 20 * SEC);
        rate_take(&later.rate[1], 20 * SEC);
    }
    assert_true(rate_when(&later.rate[1], 20 * SEC) > DAY / 2);
    /* ... and of a burst. */
    throttle_change(&t, &(struct rates){.item = {{10, SEC, 100}, {1, SEC, 1}}, .count = 2});
    rate_save_within(&t.rate[0], 0, WALL, 2 * SEC, throttle_room(&t, 0, 2 * SEC), text);
    assert_string_equal(text, "tat 1790000002204000");
    rate_save_within(&t.rate[0], 0, WALL, 2 * SEC, 0, text);
    assert_true(str_starts(str_of(text), "tat -"));
    throttle_done(&t);
    throttle_done(&later);
}

static void loading_adds(void **state)
{
    struct rate spacing = rate_make(1, SEC, 1), none = rate_make(0, 1, 1), quota;
    char text[RATE_STATE];

    (void)state;
    rate_take(&spacing, 100 * SEC);
    rate_save_within(&spacing, 100 * SEC, 0, 0, UINT64_MAX, text);
    assert_string_equal(text, "tat 101000000");
    assert_true(rate_load(&spacing, str_of("tat 5"), 100 * SEC, 0));
    assert_int_equal(rate_when(&spacing, 0), 101 * SEC);
    assert_true(rate_load(&spacing, str_of("tat 102000000"), 100 * SEC, 0));
    assert_int_equal(rate_when(&spacing, 0), 102 * SEC);

    rate_save_within(&none, 0, 0, SEC, UINT64_MAX, text);
    assert_string_equal(text, "none");
    assert_true(rate_load(&none, str_of(text), 0, 0));

    rate_init(&quota, &(struct rate_spec){10, HOUR, 0});
    rate_save_within(&quota, 0, 0, 0, UINT64_MAX, text);
    assert_true(rate_load(&quota, str_of(text), 0, 0));
    for (int i = 0; i < 3; i++)
        rate_take(&quota, i * 10 * 60 * SEC);
    rate_save_within(&quota, HOUR / 2, 0, 0, UINT64_MAX, text);
    assert_string_equal(text, "quota 1200000000;1200000000 1;600000000 1;600000000 1");
    for (int i = 0; i < 2; i++)
        assert_true(rate_load(&quota, str_of(text), HOUR / 2, 0));
    rate_take(&quota, HOUR / 2);
    assert_int_equal(rate_when(&quota, HOUR / 2), HOUR + 1);
    /* What no longer counts is not written. */
    rate_save_within(&quota, HOUR + 1, 0, 0, UINT64_MAX, text);
    assert_true(strlen(text) < 110);
    rate_done(&quota);
    /* A last slot that claims to have begun long before it ended. */
    rate_init(&quota, &(struct rate_spec){10, HOUR, 0});
    assert_true(rate_load(&quota, str_of("quota -9000000000;1000000 4"), 0, 0));
    rate_take(&quota, 0);
    rate_save_within(&quota, 0, 0, 0, UINT64_MAX, text);
    assert_string_equal(text, "quota -73999999;1000000 5");
    rate_done(&quota);
    /* Times around zero are times like others. */
    rate_init(&quota, &(struct rate_spec){10, HOUR, 0});
    rate_take(&quota, -HOUR / 2);
    rate_take(&quota, 0);
    rate_save_within(&quota, 0, 0, 0, UINT64_MAX, text);
    assert_string_equal(text, "quota 0;0 1;1800000000 1");
    assert_true(rate_load(&quota, str_of(text), 0, 0));
    rate_save_within(&quota, 3 * HOUR, 0, 0, UINT64_MAX, text);
    assert_string_equal(text, "quota 0");
    rate_done(&quota);
}

/* A clock that was wrong by years closes nothing for years. */
static void a_clock_that_was_ahead(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPECS; i++) {
        struct rate r, later;
        char text[RATE_STATE];

        rate_init(&r, &specs[i]);
        rate_init(&later, &specs[i]);
        for (uint64_t n = 0; n < specs[i].count; n++)
            rate_take(&r, rate_when(&r, 0));
        rate_save_within(&r, 0, WALL + 3650 * DAY, 0, UINT64_MAX, text);
        assert_true(rate_load(&later, str_of(text), 0, WALL));
        assert_true(rate_when(&later, 0) <= HOUR + 2 * specs[i].period_us);
        rate_done(&r);
        rate_done(&later);
    }
}

static void the_longest_text(void **state)
{
    struct rate r;
    char text[RATE_STATE];

    (void)state;
    rate_init(&r, &(struct rate_spec){UINT64_C(2000000000), INT64_C(92) * DAY, 0});
    for (int64_t i = 0; i < 70; i++) {
        char one[80];

        snprintf(one, sizeof one, "quota %lld;%lld 20000000", (long long)(WALL + i * 46 * HOUR),
                 (long long)(WALL + i * 46 * HOUR + i % 7));
        assert_true(rate_load(&r, str_of(one), 134 * DAY, WALL));
    }
    rate_save_within(&r, 132 * DAY, INT64_MAX / 4, 0, UINT64_MAX, text);
    assert_true(strlen(text) > RATE_STATE - 200 && strlen(text) < RATE_STATE);
    rate_done(&r);
}

static void no_states(void **state)
{
    static const char *const quotas[] = {
        "",
        "quota",
        "quota ",
        "quota x",
        "quota 1;",
        "quota 1;2",
        "quota 1;2 0",
        "quota 1;2 -1",
        "quota 1;2 3 4",
        "quota 1;2 3;-1 1",
        "quota 1;2 3;",
        "quota 1;2 99999999999999999999",
        "quota 1;9000000000000000000 1",
        "quota 1;2 9000000000000000000",
        "quota 3;2 1",
        "tat 1",
        "none",
    };
    static const char *const spacings[] = {"",      "tat",         "tat ",
                                           "tat x", "tat 1 ",      "tat 1x",
                                           "none",  "quota 1;2 3", "tat 99999999999999999999"};
    struct rate spacing = rate_make(1, SEC, 1), none = rate_make(0, 1, 1), quota;
    char many[RATE_STATE + 1] = "quota 1";

    (void)state;
    rate_init(&quota, &(struct rate_spec){1, HOUR, 0});
    for (size_t i = 0; i < sizeof quotas / sizeof *quotas; i++)
        if (strcmp(quotas[i], "quota 1;2 3;") != 0 && strcmp(quotas[i], "quota 1;") != 0 &&
            rate_load(&quota, str_of(quotas[i]), 0, 0))
            fail_msg("%s", quotas[i]);
    for (int i = 0; i < 100; i++)
        strcat(many, ";1 1");
    assert_false(rate_load(&quota, str_of(many), 0, 0));
    memset(many + 7, ' ', sizeof many - 8);
    assert_false(rate_load(&quota, str_of(many), 0, 0));
    assert_int_equal(rate_when(&quota, 0), 0);
    for (size_t i = 0; i < sizeof spacings / sizeof *spacings; i++)
        if (rate_load(&spacing, str_of(spacings[i]), 0, 0))
            fail_msg("%s", spacings[i]);
    assert_int_equal(rate_when(&spacing, 0), 0);
    assert_false(rate_load(&none, str_of("tat 1"), 0, 0));
    rate_done(&quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(crashes),
        cmocka_unit_test(a_modest_reserve),
        cmocka_unit_test(loading_adds),
        cmocka_unit_test(a_clock_that_was_ahead),
        cmocka_unit_test(the_longest_text),
        cmocka_unit_test(no_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
