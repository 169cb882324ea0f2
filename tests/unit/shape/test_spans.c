#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <sluice/base/rng.h>
#include <sluice/shape/spans.h>

static const struct origin nowhere = {NULL, 0};

static uint32_t reason(struct spans *s, const char *text)
{
    return spans_reason(s, text, nowhere, false);
}

static void assert_spans(const struct spans *s, const char *want)
{
    char got[400] = "";
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct span *x = &s->item[i];

        if (x->until_ms == WHEN_NEVER)
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%lld-never", n ? " " : "",
                                  (long long)x->from_ms);
        else
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%lld-%lld", n ? " " : "",
                                  (long long)x->from_ms, (long long)x->until_ms);
        n += (size_t)snprintf(got + n, sizeof got - n, "%s", s->reason[x->reason].text);
    }
    assert_string_equal(got, want);
}

static void always_open(void **state)
{
    struct spans empty = {0}, copy = {0};
    const struct spans *both[] = {NULL, &empty};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_null(spans_at(both[i], 5));
        assert_null(spans_reason_at(both[i], 5));
        assert_int_equal(spans_opens_at(both[i], 5), 5);
        assert_true(spans_closes_at(both[i], 5) == WHEN_NEVER);
        assert_int_equal(spans_closed_ms(both[i], INT64_MIN, INT64_MAX), 0);
        assert_int_equal(spans_after_open_ms(both[i], 5, 6), 11);
        assert_true(spans_after_open_ms(both[i], 5, INT64_MAX) == WHEN_NEVER);
        assert_true(spans_after_open_ms(both[i], WHEN_NEVER, 1) == WHEN_NEVER);
        assert_true(spans_after_open_ms(both[i], INT64_MAX / 4, 1) == WHEN_NEVER);
        spans_copy(&copy, both[i]);
        assert_int_equal(copy.count, 0);
    }
    spans_done(&empty);
}

static void adding(void **state)
{
    struct spans s = {0};
    uint32_t a = reason(&s, "a"), b = reason(&s, "b");

    (void)state;
    spans_add(&s, 10, 20, a);
    spans_add(&s, 30, 40, a);
    spans_add(&s, 30, 30, a);
    spans_add(&s, 40, 30, a);
    assert_spans(&s, "10-20a 30-40a");
    spans_add(&s, 40, 50, a); /* goes on */
    spans_add(&s, 50, 60, b);
    assert_spans(&s, "10-20a 30-50a 50-60b");
    spans_add(&s, 0, 70, b);
    assert_spans(&s, "0-10b 10-20a 20-30b 30-50a 50-70b");
    spans_add(&s, -10, -5, a);
    spans_add(&s, 5, 15, a);
    assert_spans(&s, "-10--5a 0-10b 10-20a 20-30b 30-50a 50-70b");
    spans_add(&s, 100, WHEN_NEVER, a);
    spans_add(&s, 200, 300, b);
    spans_add(&s, 90, WHEN_NEVER, b);
    assert_spans(&s, "-10--5a 0-10b 10-20a 20-30b 30-50a 50-70b 90-100b 100-nevera");
    spans_done(&s);
    assert_int_equal(s.count + s.reasons, 0);
}

static void extremes(void **state)
{
    struct spans s = {0};
    uint32_t a = reason(&s, "a");

    (void)state;
    spans_add(&s, INT64_MAX - 5, INT64_MAX, a);
    assert_int_equal(s.count, 0);
    spans_add(&s, INT64_MIN, INT64_MAX - 1, a);
    assert_int_equal(s.count, 1);
    assert_true(spans_opens_at(&s, 0) == WHEN_NEVER);
    assert_non_null(spans_at(&s, WHEN_NEVER));
    assert_true(spans_after_open_ms(&s, 0, 1) == WHEN_NEVER);
    assert_int_equal(spans_after_open_ms(&s, 7, 0), 7);
    assert_int_equal(spans_closed_ms(&s, 0, 1000), 1000);
    assert_true(spans_closed_ms(&s, 0, WHEN_NEVER) > INT64_MAX / 8);
    spans_done(&s);
}

static void no_end(void **state)
{
    struct spans s = {0};
    uint32_t a = reason(&s, "a"), b = reason(&s, "b");

    (void)state;
    spans_add(&s, 100, 200, b);
    spans_add(&s, 200, WHEN_NEVER, a);
    assert_null(spans_at(&s, 99));
    assert_int_equal(spans_closes_at(&s, 7), 100);
    assert_true(spans_opens_at(&s, 100) == WHEN_NEVER);
    assert_true(spans_opens_at(&s, 5000) == WHEN_NEVER);
    assert_string_equal(spans_reason_at(&s, 150)->text, "b");
    assert_string_equal(spans_reason_at(&s, WHEN_NEVER)->text, "a");
    assert_int_equal(spans_closed_ms(&s, 50, 1000), 900);
    assert_int_equal(spans_after_open_ms(&s, 50, 50), 100);
    assert_true(spans_after_open_ms(&s, 50, 51) == WHEN_NEVER);
    spans_done(&s);
}

static void reasons_are_copied(void **state)
{
    char file[] = "job.ics";
    struct spans a = {0}, b = {0}, both = {0};
    const struct span_reason *r;

    (void)state;
    spans_reason(&a, "one", (struct origin){"x.conf", 3}, false);
    spans_add(&a, 0, 10, spans_reason(&a, "two", (struct origin){file, 4}, true));
    file[0] = '?';
    spans_add(&b, 5, 15, spans_reason(&b, "three", nowhere, true));
    spans_join(&both, &a, &b);
    spans_done(&a);
    spans_done(&b);
    assert_spans(&both, "0-10two 10-15three");
    r = spans_reason_at(&both, 3);
    assert_string_equal(r->at.file, "job.ics");
    assert_int_equal(r->at.line, 4);
    assert_ptr_equal(r->at.file, r->file);
    assert_string_equal(both.reason[0].at.file, "x.conf");
    assert_null(both.reason[0].file);
    assert_null(spans_reason_at(&both, 12)->at.file);
    /* A copy goes on growing by itself. */
    spans_copy(&a, &both);
    spans_done(&both);
    for (int i = 0; i < 9; i++)
        spans_add(&a, 20 + 10 * i, 25 + 10 * i, reason(&a, "four"));
    assert_int_equal(a.count, 11);
    assert_string_equal(spans_reason_at(&a, 104)->text, "four");
    spans_done(&a);
}

/* ---- against a map of minutes ---- */

#define MINUTES 400

/* 0: open; else the reason and one. */
static void assert_like(const struct spans *s, const unsigned char *map)
{
    for (int t = 0; t < MINUTES; t++) {
        const struct span *at = spans_at(s, t);
        int opens = t, closes = t;

        while (opens < MINUTES && map[opens])
            opens++;
        while (closes < MINUTES && !map[closes])
            closes++;
        assert_int_equal(at ? at->reason + 1 : 0, map[t]);
        assert_int_equal(spans_opens_at(s, t), opens);
        assert_true(spans_closes_at(s, t) == (closes < MINUTES ? closes : WHEN_NEVER));
    }
    for (size_t i = 1; i < s->count; i++) {
        const struct span *x = &s->item[i], *before = x - 1;

        assert_true(before->until_ms <= x->from_ms);
        assert_true(before->until_ms < x->from_ms || before->reason != x->reason);
    }
}

static void assert_sums(const struct spans *s, const unsigned char *map, struct rng *rng)
{
    for (int i = 0; i < 100; i++) {
        int from = (int)rng_below(rng, MINUTES), until = (int)rng_below(rng, MINUTES);
        int closed = 0, open_ms = (int)rng_below(rng, MINUTES / 2), left = open_ms, t = from;

        for (int m = from; m < until; m++)
            closed += map[m] != 0;
        assert_int_equal(spans_closed_ms(s, from, until), closed);
        for (; left > 0; t++)
            left -= t >= MINUTES || !map[t];
        assert_int_equal(spans_after_open_ms(s, from, open_ms), t);
    }
}

static void fill(struct spans *s, unsigned char *map, struct rng *rng, bool is_sorted)
{
    int t = 0;

    memset(map, 0, MINUTES);
    for (int i = 0; i < 3; i++)
        reason(s, "x");
    for (int i = 0; i < 25; i++) {
        int from = is_sorted ? t + (int)rng_below(rng, 12) : (int)rng_below(rng, MINUTES);
        int until = from + (int)rng_below(rng, 25);
        uint32_t why = (uint32_t)rng_below(rng, 3);

        if (until > MINUTES)
            until = MINUTES;
        for (int m = from; m < until; m++)
            if (!map[m])
                map[m] = (unsigned char)(why + 1);
        spans_add(s, from, until, why);
        t = until;
    }
}

static void like_a_map(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        struct rng rng = rng_seed(seed);
        unsigned char a_map[MINUTES], b_map[MINUTES];
        struct spans a = {0}, b = {0}, both = {0};

        fill(&a, a_map, &rng, seed % 2);
        fill(&b, b_map, &rng, seed % 3);
        assert_like(&a, a_map);
        assert_sums(&a, a_map, &rng);
        spans_join(&both, &a, &b);
        for (int t = 0; t < MINUTES; t++)
            if (!a_map[t] && b_map[t])
                a_map[t] = (unsigned char)(b_map[t] + 3);
        assert_like(&both, a_map);
        assert_sums(&both, a_map, &rng);
        spans_done(&a);
        spans_done(&b);
        spans_done(&both);
    }
}

/* A year of minutes: what is sorted goes in and comes out without walking. */
static void many(void **state)
{
    struct spans a = {0}, b = {0}, both = {0};
    uint32_t x = reason(&a, "x"), y = reason(&b, "y");

    (void)state;
    for (int i = 0; i < 200000; i++) {
        spans_add(&a, i * 10, i * 10 + 5, x);
        spans_add(&b, i * 10 + 5, i * 10 + 10, y);
    }
    spans_join(&both, &a, &b);
    assert_int_equal(both.count, 400000);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(spans_opens_at(&both, i), 2000000);
        assert_int_equal(spans_closed_ms(&a, 0, 20 * i), 10 * i);
        assert_int_equal(spans_after_open_ms(&a, 0, 5 * i), 10 * i);
    }
    spans_done(&a);
    spans_done(&b);
    spans_done(&both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_open), cmocka_unit_test(adding),
        cmocka_unit_test(extremes),    cmocka_unit_test(no_end),
        cmocka_unit_test(like_a_map),  cmocka_unit_test(reasons_are_copied),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
