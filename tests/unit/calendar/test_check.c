#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spans_text.h"

#define H INT64_C(3600000)
#define RULE(text, when, length)                                                                   \
    {                                                                                              \
        .kind = WINDOW_RULE, .timezone = "Asia/Seoul", .rrule = text, .start = when,               \
        .duration_ms = (length)                                                                    \
    }
#define WEEKLY(zone, bits, a, b)                                                                   \
    {                                                                                              \
        .kind = WINDOW_WEEKLY, .timezone = zone, .days = bits, .from_min = a, .until_min = b       \
    }

static const struct {
    struct window w;
    const char *want; /* "": nothing; else the one problem contains it */
    bool is_warning;
} rows[] = {
    {WEEKLY("Asia/Seoul", 0x1f, 480, 1200), "", false},
    {WEEKLY("UTC", 0x7f, 0, 1440), "", false},
    {WEEKLY("Asia/Seol", 0x1f, 480, 1200),
     "maintenance.timezone: unknown time zone (got \"Asia/Seol\", allowed: IANA names such as "
     "\"Asia/Seoul\"); did you mean \"Asia/Seoul\"?",
     false},
    {WEEKLY("asia/seoul", 0x1f, 480, 1200), "did you mean \"Asia/Seoul\"?", false},
    {WEEKLY("Berlin", 0x1f, 480, 1200), "did you mean \"Europe/Berlin\"?", false},
    {WEEKLY("../../etc/passwd", 0x1f, 480, 1200), "maintenance.timezone: unknown", false},
    {WEEKLY("right/Asia/Seoul", 0x1f, 480, 1200), "maintenance.timezone: unknown", false},
    {WEEKLY("", 0x1f, 480, 1200), "unknown time zone (got \"\"", false},
    {WEEKLY(NULL, 0x1f, 480, 1200), "unknown time zone (got \"\"", false},
    {WEEKLY("UTC", 0, 480, 1200), "maintenance.days: no day", false},
    {WEEKLY("UTC", 1, 480, 1500), "maintenance.hours: no hours of a day (got 08:00-25:00", false},
    {{.kind = WINDOW_ONCE, .from = {1000}, .until = {2000}}, "", false},
    {{.kind = WINDOW_ONCE, .from = {1000}, .until = {WHEN_NEVER}}, "", false},
    {{.kind = WINDOW_ONCE, .from = {2000}, .until = {2000}},
     "maintenance.until: ends before it begins (got 1970-01-01T00:00:02.000Z",
     false},
    {RULE("FREQ=MONTHLY;BYDAY=2SU", "2026-01-11T02:00", 4 * H), "", false},
    {RULE("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-01-11T02:00", 4 * H), "", false},
    {RULE("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-11T02:00", 4 * H),
     "maintenance.rrule: never occurs (got \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\" from "
     "2026-01-11T02:00",
     false},
    {RULE("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-11T02:00", H / 2), "never occurs", false},
    {RULE("FREQ=MONTHLY;BYDAY=6MO", "2026-01-11T02:00", H), "never occurs", false},
    {RULE("FREQ=DAILY;UNTIL=20251231T000000Z", "2026-01-11T02:00", H), "never occurs", false},
    {RULE("FREQ=DAILY;COUNT=3", "2020-01-01T02:00", 4 * H),
     "maintenance.rrule: ended at Fri 2020-01-03 06:00 KST", true},
    {RULE("FREQ=DAILY;UNTIL=20200103", "2020-01-01T02:00", 4 * H), "ended at", true},
    {RULE("FREQ=DAILY", "2026-01-01T02:00", 24 * H), "maintenance.duration: as long as", true},
    {RULE("FREQ=DAILY", "2026-01-01T02:00", 24 * H - 1), "", false},
    {RULE("FREQ=WEEKLY;BYDAY=MO,TU", "2026-01-01T02:00", 25 * H), "", false},
    {RULE("FREQ=DAILY", "2026-01-01T02:00", 0), "maintenance.duration: no length", false},
    {RULE("FREQ=DAILY", "2026-01-01T02:00", -H), "maintenance.duration: no length", false},
    {RULE("FREQ=YEARLY", "2026-01-01T02:00", 367 * 24 * H), "maintenance.duration", false},
    {RULE("FREQ=DAILY", "2026-01-01T02:00Z", H), "maintenance.start: no local date", false},
    {RULE("FREQ=DAILY", "2026-02-29T02:00", H), "maintenance.start", false},
    {RULE("FREQ=DAILY", "2026-01-01", H), "maintenance.start", false},
    {RULE("FREQ=DAILY", NULL, H), "maintenance.start", false},
    {RULE("FREQ=MONTLY", "2026-01-01T02:00", H), "did you mean \"MONTHLY\"?", false},
    {RULE("FREQ=SECONDLY", "2026-01-01T02:00", H), "unknown or too small FREQ", false},
    {RULE("FREQ=MINUTELY;INTERVAL=90", "2026-01-01T02:00", H), "too small FREQ", false},
    {RULE("FREQ=DAILY;BYDAYS=MO", "2026-01-01T02:00", H),
     "unknown part (got \"BYDAYS\", allowed: the parts of RFC 5545 3.3.10); did you mean "
     "\"BYDAY\"?",
     false},
    {RULE("FREQ=DAILY;BYHOUR=25", "2026-01-01T02:00", H), "illegal value (got \"BYHOUR=25\"",
     false},
    {RULE("FREQ=DAILY;INTERVAL=0", "2026-01-01T02:00", H), "got \"INTERVAL=0\"", false},
    {RULE("FREQ=DAILY;COUNT=3;UNTIL=20270101", "2026-01-01T02:00", H), "not both COUNT", false},
    {RULE("BYDAY=MO", "2026-01-01T02:00", H), "no FREQ", false},
    {RULE("", "2026-01-01T02:00", H), "no FREQ", false},
    {RULE(NULL, "2026-01-01T02:00", H), "no FREQ", false},
    {RULE("every sunday", "2026-01-01T02:00", H), "unknown part (got \"every sunday\"", false},
    {RULE("RSCALE=CHINESE;FREQ=YEARLY", "2026-01-01T02:00", H), "unknown part (got \"RSCALE\"",
     false},
    {RULE("FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12", "2026-01-01T02:00", H), "too often",
     false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window w = rows[i].w;
        struct problems p;
        bool ok;

        w.at = (struct origin){"conf/providers/naver.conf", 12};
        problems_init(&p);
        ok = calendar_check(&w, "maintenance", &p);
        if (p.count > 0 && !strstr(p.item[0].text, rows[i].want))
            print_error("row %zu: %s\n", i, p.item[0].text);
        assert_int_equal(p.count, rows[i].want[0] ? 1 : 0);
        assert_int_equal(ok, !rows[i].want[0] || rows[i].is_warning);
        if (p.count > 0) {
            assert_non_null(strstr(p.item[0].text, rows[i].want));
            assert_int_equal(p.item[0].is_warning, rows[i].is_warning);
            assert_string_equal(p.item[0].file, "conf/providers/naver.conf");
            assert_int_equal(p.item[0].line, 12);
        }
        problems_done(&p);
    }
}

static void test_all_at_once(void **state)
{
    struct window w = RULE("FREQ=DALY", "yesterday", 0);
    struct problems p;

    (void)state;
    w.timezone = "Mars/Olympus";
    problems_init(&p);
    assert_false(calendar_check(&w, "client.shop.send_windows", &p));
    assert_int_equal(p.errors, 4);
    problems_done(&p);
}

/* A window that was refused, and is used all the same, closes nothing. */
static void test_refused_is_harmless(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window w = rows[i].w;
        struct spans out = {0};

        calendar_maintenance(&(struct windows){&w, 1, NULL}, "x",
                             range_of("2026-01-01T00:00Z", "2026-03-01T00:00Z"), &out);
        spans_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_refused_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
