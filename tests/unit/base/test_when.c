#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include <sluice/base/rng.h>
#include <sluice/base/when.h>

static void wall_texts(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } rows[] = {
        {"2026-11-22T10:20:30.123Z", "2026-11-22T10:20:30.123Z"},
        {"2026-11-22T10:20:30+09:00", "2026-11-22T01:20:30.000Z"},
        {"2026-11-22 10:20:30+0900", "2026-11-22T01:20:30.000Z"},
        {"2026-11-22t10:20z", "2026-11-22T10:20:00.000Z"},
        {"2026-01-01T00:00-05:30", "2026-01-01T05:30:00.000Z"},
        {"2026-01-01T00:00:00+09:00", "2025-12-31T15:00:00.000Z"},
        {"2024-02-29T00:00Z", "2024-02-29T00:00:00.000Z"},
        {"2000-02-29T00:00Z", "2000-02-29T00:00:00.000Z"},
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0000-01-01T00:00Z", "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"0000-01-01T00:00+09:00", "0000-01-01T00:00:00.000Z"}, /* before what can be written */
        {"2026-11-22T10:20:30.1Z", "2026-11-22T10:20:30.100Z"},
        {"2026-11-22T10:20:30.123999999Z", "2026-11-22T10:20:30.123Z"},
        {"2026-11-22T10:20:30.1239999999Z", NULL},
        {"2026-11-22T10:20:30.Z", NULL},
        {"2026-11-22T10:20.5Z", NULL},
        {"2026-11-22T10:20:30", NULL},
        {"2026-11-22T10:20:30+9", NULL},
        {"2026-11-22T10:20:30+09", NULL},
        {"2026-11-22T10:20:30+24:00", NULL},
        {"2026-11-22T10:20:30+09:60", NULL},
        {"2026-11-22T10:20:30ZZ", NULL},
        {"2026-11-22T10:20:30 Z", NULL},
        {" 2026-11-22T10:20:30Z", NULL},
        {"2023-02-29T00:00Z", NULL},
        {"1900-02-29T00:00Z", NULL},
        {"2026-04-31T00:00Z", NULL},
        {"2026-13-01T00:00Z", NULL},
        {"2026-00-01T00:00Z", NULL},
        {"2026-01-00T00:00Z", NULL},
        {"2026-01-01T24:00Z", NULL},
        {"2026-01-01T23:60Z", NULL},
        {"2026-01-01T23:59:60Z", NULL},
        {"26-01-01T00:00Z", NULL},
        {"+2026-01-01T00:00Z", NULL},
        {"2026-1-1T00:00Z", NULL},
        {"20260101T000000Z", NULL},
        {"2026-11-22", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wall w = {77};
        char out[WALL_TEXT];
        bool ok = wall_parse(str_of(rows[i].text), &w);

        if (ok != (rows[i].want != NULL))
            fail_msg("%s", rows[i].text);
        if (ok) {
            wall_format(w, out);
            assert_string_equal(out, rows[i].want);
        } else {
            assert_int_equal(w.ms, 77);
        }
    }
    assert_false(wall_parse(str_n("2026-11-22T10:20\0Z", 18), &(struct wall){0}));
    assert_false(wall_parse(str_n(NULL, 0), &(struct wall){0}));
}

static void there_and_back(void **state)
{
    const uint64_t range = UINT64_C(2932897 + 719528) * 86400000;
    struct rng r = rng_seed(5);

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct wall w = {(int64_t)rng_below(&r, range) - INT64_C(719528) * 86400000}, again;
        char out[WALL_TEXT], want[WALL_TEXT];
        time_t sec = (w.ms - ((w.ms % 1000 + 1000) % 1000)) / 1000;
        struct tm tm;

        wall_format(w, out);
        assert_true(wall_parse(str_of(out), &again));
        assert_int_equal(again.ms, w.ms);
        gmtime_r(&sec, &tm); /* the C library's opinion */
        if (tm.tm_year + 1900 >= 1000) {
            strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S", &tm);
            out[19] = '\0';
            assert_string_equal(out, want);
        }
    }
}

static void extremes_are_cut(void **state)
{
    char out[WALL_TEXT], mail[WALL_RFC5322];

    (void)state;
    wall_format((struct wall){WHEN_NEVER}, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
    wall_format((struct wall){INT64_MIN}, out);
    assert_string_equal(out, "0000-01-01T00:00:00.000Z");
    wall_format_rfc5322((struct wall){INT64_MAX}, 1439, mail);
    assert_string_equal(mail, "Fri, 31 Dec 9999 23:59:59 +2359");
    wall_format_rfc5322((struct wall){INT64_MIN}, -1439, mail);
    assert_string_equal(mail, "Sat, 01 Jan 0000 00:00:00 -2359");
}

static void mail_dates(void **state)
{
    static const struct {
        const char *at;
        int offset_min;
        const char *want;
    } rows[] = {
        {"2026-11-22T01:20:30Z", 540, "Sun, 22 Nov 2026 10:20:30 +0900"},
        {"2026-11-22T01:20:30Z", 0, "Sun, 22 Nov 2026 01:20:30 +0000"},
        {"2026-01-01T01:00:00Z", -330, "Wed, 31 Dec 2025 19:30:00 -0530"},
        {"1970-01-01T00:00:00Z", 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {"1969-12-31T23:59:59Z", 0, "Wed, 31 Dec 1969 23:59:59 +0000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[WALL_RFC5322];
        struct wall w;

        assert_true(wall_parse(str_of(rows[i].at), &w));
        wall_format_rfc5322(w, rows[i].offset_min, out);
        assert_string_equal(out, rows[i].want);
    }
}

static void durations_in(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"90s", 90000},
        {"20 min", 1200000},
        {"4h", 14400000},
        {"4 days", INT64_C(345600000)},
        {"500ms", 500},
        {"0s", 0},
        {" 1 HOUR ", 3600000},
        {"5m", 300000},
        {"2 weeks", INT64_C(1209600000)},
        {"3653 days", DURATION_MAX_MS},
        {"3654 days", -1},
        {"9223372036854775807ms", -1},
        {"18446744073709551615 days", -1},
        {"18446744073709551616 s", -1},
        {"90", -1},
        {"", -1},
        {"s", -1},
        {"-5s", -1},
        {"1.5h", -1},
        {"3d 4h", -1},
        {"5 years", -1},
        {"5s5", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;

        duration_parse(str_of(rows[i].text), &ms);
        if (ms != rows[i].ms)
            fail_msg("%s gives %lld", rows[i].text, (long long)ms);
    }
}

static void durations_out(void **state)
{
    static const struct {
        int64_t ms;
        const char *want;
    } rows[] = {
        {0, "0ms"},
        {20, "20ms"},
        {99, "99ms"},
        {100, "0.1s"},
        {400, "0.4s"},
        {1000, "1s"},
        {9999, "9.9s"},
        {10500, "10s"},
        {59999, "59s"},
        {60000, "1m"},
        {725000, "12m 5s"},
        {3599999, "59m 59s"},
        {3600000, "1h"},
        {INT64_C(86400000) * 3 + 4 * 3600000, "3d 4h"},
        {INT64_C(86400000) * 9999 + 23 * 3600000, "9999d 23h"},
        {INT64_C(86400000) * 10000 + 23 * 3600000, "10000d"},
        {-725000, "-12m 5s"},
        {INT64_MAX - 1, "106751991167d"},
        {INT64_MIN, "-106751991167d"},
        {WHEN_NEVER, "never"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[16];

        duration_format(rows[i].ms, out);
        assert_string_equal(out, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_texts),       cmocka_unit_test(there_and_back),
        cmocka_unit_test(extremes_are_cut), cmocka_unit_test(mail_dates),
        cmocka_unit_test(durations_in),     cmocka_unit_test(durations_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
