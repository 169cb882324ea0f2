#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spans_text.h"

#define DAILY 0x7f
#define MON 0x01
#define SAT 0x20
#define SUN 0x40
#define WEEKDAYS 0x1f

static const struct {
    const char *what, *zone;
    uint8_t days;
    int from, until; /* hhmm */
    const char *range_from, *range_until, *want;
} weekly[] = {
    {"plain", "Asia/Seoul", SUN, 200, 600, "2026-11-22T00:00Z", "2026-12-01T00:00Z",
     "2026-11-28T17:00/2026-11-28T21:00"},
    {"began before the range", "Asia/Seoul", SUN, 200, 600, "2026-11-21T20:59Z",
     "2026-11-22T00:00Z", "2026-11-21T17:00/2026-11-21T21:00"},
    {"over at the range's beginning", "Asia/Seoul", SUN, 200, 600, "2026-11-21T21:00Z",
     "2026-11-22T00:00Z", ""},
    {"over midnight", "Asia/Seoul", SAT, 2300, 130, "2026-11-27T00:00Z", "2026-11-30T00:00Z",
     "2026-11-28T14:00/2026-11-28T16:30"},
    {"until 24:00", "UTC", MON, 2200, 2400, "2026-11-22T00:00Z", "2026-11-29T00:00Z",
     "2026-11-23T22:00/2026-11-24T00:00"},
    {"whole day", "Pacific/Apia", SAT, 0, 2400, "2026-01-01T00:00Z", "2026-01-06T00:00Z",
     "2026-01-02T11:00/2026-01-03T11:00"},
    {"whole days touch", "UTC", DAILY, 0, 2400, "2026-06-01T00:00Z", "2026-06-03T00:00Z",
     "2026-06-01T00:00/2026-06-03T00:00"},
    {"from and until alike: a day", "UTC", MON, 600, 600, "2026-11-22T00:00Z", "2026-11-26T00:00Z",
     "2026-11-23T06:00/2026-11-24T06:00"},
    {"begins in the gap, at its first minute", "Europe/Berlin", SUN, 200, 400, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:00/2026-03-29T02:00"},
    {"begins in the gap: moved on", "Europe/Berlin", SUN, 230, 500, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:30/2026-03-29T03:00"},
    {"ends in the gap: moved on", "Europe/Berlin", SUN, 100, 230, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T00:00/2026-03-29T01:30"},
    {"begins in the gap and would end before", "Europe/Berlin", SUN, 230, 315, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:00/2026-03-29T01:15"},
    {"all of it in the gap", "Europe/Berlin", SUN, 210, 240, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:10/2026-03-29T01:40"},
    {"exactly the gap: moved on", "Europe/Berlin", SUN, 200, 300, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:00/2026-03-29T02:00"},
    {"to the end of the gap: moved on", "Europe/Berlin", SUN, 230, 300, "2026-03-28T00:00Z",
     "2026-03-30T00:00Z", "2026-03-29T01:30/2026-03-29T02:00"},
    {"half an hour that is left out", "Australia/Lord_Howe", SUN, 200, 230, "2026-10-03T00:00Z",
     "2026-10-05T00:00Z", "2026-10-03T15:30/2026-10-03T16:00"},
    {"around the gap", "Europe/Berlin", SUN, 100, 400, "2026-03-28T00:00Z", "2026-03-30T00:00Z",
     "2026-03-29T00:00/2026-03-29T02:00"},
    {"begins in the doubled hour: the first", "Europe/Berlin", SUN, 230, 500, "2026-10-24T00:00Z",
     "2026-10-26T00:00Z", "2026-10-25T00:30/2026-10-25T04:00"},
    {"ends in the doubled hour: the last", "Europe/Berlin", SUN, 100, 230, "2026-10-24T00:00Z",
     "2026-10-26T00:00Z", "2026-10-24T23:00/2026-10-25T01:30"},
    {"both in the doubled hour", "America/New_York", SUN, 100, 130, "2026-10-31T00:00Z",
     "2026-11-02T00:00Z", "2026-11-01T05:00/2026-11-01T06:30"},
    {"half an hour doubled", "Australia/Lord_Howe", SUN, 130, 200, "2026-04-04T00:00Z",
     "2026-04-06T00:00Z", "2026-04-04T14:30/2026-04-04T15:30"},
    {"half an hour left out", "Australia/Lord_Howe", SUN, 200, 300, "2026-10-03T00:00Z",
     "2026-10-05T00:00Z", "2026-10-03T15:30/2026-10-03T16:00"},
    {"the rule behind the table", "Australia/Lord_Howe", SUN, 200, 300, "2040-10-06T00:00Z",
     "2040-10-08T00:00Z", "2040-10-06T15:30/2040-10-06T16:00"},
    {"summer far ahead", "Europe/Berlin", MON, 900, 1000, "2040-07-02T00:00Z", "2040-07-03T00:00Z",
     "2040-07-02T07:00/2040-07-02T08:00"},
};

static int minutes(int hhmm)
{
    return hhmm / 100 * 60 + hhmm % 100;
}

static void test_weekly(void **state)
{
    char got[2000];

    (void)state;
    for (size_t i = 0; i < sizeof weekly / sizeof *weekly; i++) {
        struct window w = {.kind = WINDOW_WEEKLY,
                           .timezone = (char *)weekly[i].zone,
                           .days = weekly[i].days,
                           .from_min = minutes(weekly[i].from),
                           .until_min = minutes(weekly[i].until)};
        struct spans out = {0};

        calendar_maintenance(&(struct windows){&w, 1, NULL}, "maintenance of x",
                             range_of(weekly[i].range_from, weekly[i].range_until), &out);
        spans_text(&out, got, sizeof got);
        if (strcmp(got, weekly[i].want) != 0)
            print_error("%s\n", weekly[i].what);
        assert_string_equal(got, weekly[i].want);
        spans_done(&out);
    }
}

static const struct {
    const char *what, *zone, *rrule, *start, *duration, *range_from, *range_until, *want;
} rules[] = {
    {"second Sunday", "Asia/Seoul", "FREQ=MONTHLY;BYDAY=2SU", "2026-01-11T02:00", "4h",
     "2026-12-01T00:00Z", "2027-02-01T00:00Z",
     "2026-12-12T17:00/2026-12-12T21:00 2027-01-09T17:00/2027-01-09T21:00"},
    {"leap day", "UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T00:00", "24h",
     "2025-01-01T00:00Z", "2030-01-01T00:00Z", "2028-02-29T00:00/2028-03-01T00:00"},
    {"last day of the month", "UTC", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T23:00", "2h",
     "2026-02-01T02:00Z", "2026-05-01T00:00Z",
     "2026-02-28T23:00/2026-03-01T01:00 2026-03-31T23:00/2026-04-01T01:00 "
     "2026-04-30T23:00/2026-05-01T01:00"},
    {"two hours, or until 02:30, whichever is later", "Europe/Berlin", "FREQ=DAILY",
     "2026-10-20T00:30", "2h", "2026-10-24T12:00Z", "2026-10-25T12:00Z",
     "2026-10-24T22:30/2026-10-25T01:30"},
    {"begins in the gap", "Europe/Berlin", "FREQ=DAILY", "2026-03-20T02:30", "1h",
     "2026-03-28T12:00Z", "2026-03-30T12:00Z",
     "2026-03-29T01:30/2026-03-29T02:30 2026-03-30T00:30/2026-03-30T01:30"},
    {"COUNT is used up", "UTC", "FREQ=DAILY;COUNT=3", "2026-01-01T00:00", "1h", "2026-01-03T00:00Z",
     "2026-02-01T00:00Z", "2026-01-03T00:00/2026-01-03T01:00"},
    {"UNTIL in UTC", "Asia/Seoul", "FREQ=DAILY;UNTIL=20260102T150000Z", "2026-01-01T00:00", "1h",
     "2026-01-01T00:00Z", "2026-02-01T00:00Z",
     "2026-01-01T15:00/2026-01-01T16:00 2026-01-02T15:00/2026-01-02T16:00"},
    {"UNTIL a day: with that day", "UTC", "FREQ=DAILY;UNTIL=20260102", "2026-01-01T20:00", "1h",
     "2026-01-01T00:00Z", "2026-02-01T00:00Z",
     "2026-01-01T20:00/2026-01-01T21:00 2026-01-02T20:00/2026-01-02T21:00"},
    {"the start does not fit: no occurrence", "UTC", "FREQ=WEEKLY;BYDAY=SU", "2026-01-01T20:00",
     "1h", "2026-01-01T00:00Z", "2026-01-08T00:00Z", "2026-01-04T20:00/2026-01-04T21:00"},
    {"longer than the recurrence", "UTC", "FREQ=DAILY", "2026-01-01T00:00", "30h",
     "2026-01-05T00:00Z", "2026-01-06T00:00Z", "2026-01-04T00:00/2026-01-06T06:00"},
    {"every other week", "UTC", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "2026-01-06T10:00", "30min",
     "2026-01-10T00:00Z", "2026-01-23T00:00Z",
     "2026-01-20T10:00/2026-01-20T10:30 2026-01-22T10:00/2026-01-22T10:30"},
    {"last workday of the month", "UTC", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
     "2026-01-01T10:00", "1h", "2026-02-01T00:00Z", "2026-04-01T00:00Z",
     "2026-02-27T10:00/2026-02-27T11:00 2026-03-31T10:00/2026-03-31T11:00"},
    {"every six hours", "UTC", "FREQ=HOURLY;INTERVAL=6", "2026-01-01T01:30", "10min",
     "2026-03-01T00:00Z", "2026-03-01T13:00Z",
     "2026-03-01T01:30/2026-03-01T01:40 2026-03-01T07:30/2026-03-01T07:40"},
    {"a rule that libical's iterator never comes back from", "UTC",
     "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T00:00", "1h", "2026-01-01T00:00Z",
     "2028-01-01T00:00Z", ""},
};

static void test_rules(void **state)
{
    char got[2000];

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct window w = {.kind = WINDOW_RULE,
                           .timezone = (char *)rules[i].zone,
                           .rrule = (char *)rules[i].rrule,
                           .start = (char *)rules[i].start};
        struct spans out = {0};

        assert_true(duration_parse(str_of(rules[i].duration), &w.duration_ms));
        calendar_maintenance(&(struct windows){&w, 1, NULL}, "maintenance of x",
                             range_of(rules[i].range_from, rules[i].range_until), &out);
        spans_text(&out, got, sizeof got);
        if (strcmp(got, rules[i].want) != 0)
            print_error("%s\n", rules[i].what);
        assert_string_equal(got, rules[i].want);
        spans_done(&out);
    }
}

/* Overlapping, one without end; the reason of the one that began first holds. */
static void test_several(void **state)
{
    struct window w[] = {
        {.kind = WINDOW_WEEKLY,
         .timezone = "UTC",
         .days = MON,
         .from_min = 60,
         .until_min = 180,
         .note = "정기점검",
         .at = {"naver.conf", 7}},
        {.kind = WINDOW_ONCE, .from = at("2026-11-23T02:00Z"), .until = at("2026-11-23T05:00Z")},
        {.kind = WINDOW_ONCE, .from = at("2026-11-24T00:00Z"), .until = {WHEN_NEVER}}};
    struct spans out = {0};
    const struct span_reason *r;
    char got[400];

    (void)state;
    calendar_maintenance(&(struct windows){w, 3, NULL}, "maintenance of naver",
                         range_of("2026-11-22T00:00Z", "2026-12-20T00:00Z"), &out);
    spans_text(&out, got, sizeof got);
    assert_string_equal(got, "2026-11-23T01:00/2026-11-23T05:00 2026-11-24T00:00/never");
    r = spans_reason_at(&out, at("2026-11-23T02:30Z").ms);
    assert_string_equal(r->text, "maintenance of naver: Mon 01:00-03:00 UTC (정기점검)");
    assert_string_equal(r->at.file, "naver.conf");
    assert_int_equal(r->at.line, 7);
    assert_int_equal(spans_opens_at(&out, at("2026-11-23T01:30Z").ms), at("2026-11-23T05:00Z").ms);
    assert_true(spans_opens_at(&out, at("2027-01-01T00:00Z").ms) == WHEN_NEVER);
    spans_done(&out);
}

static void test_sending(void **state)
{
    struct window w[] = {
        {.kind = WINDOW_WEEKLY,
         .timezone = "Asia/Seoul",
         .days = WEEKDAYS,
         .from_min = 480,
         .until_min = 1200},
        {.kind = WINDOW_ONCE, .from = at("2026-11-20T10:00Z"), .until = at("2026-11-20T12:00Z")}};
    struct spans out = {0};
    char got[400];

    (void)state;
    calendar_sending(&(struct windows){0}, NULL, "client shop",
                     range_of("2026-11-20T00:00Z", "2026-11-24T00:00Z"), &out);
    assert_int_equal(out.count, 0);
    calendar_sending(&(struct windows){w, 2, NULL}, NULL, "client shop",
                     range_of("2026-11-20T00:00Z", "2026-11-24T00:00Z"), &out);
    spans_text(&out, got, sizeof got);
    assert_string_equal(got, "2026-11-20T12:00/2026-11-22T23:00 2026-11-23T11:00/2026-11-23T23:00");
    spans_done(&out);
}

/* A night's window across a holiday: the holiday's own hours are closed, on both its nights. */
static void test_sending_on_holidays(void **state)
{
    static const char ics[] = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\n"
                              "SUMMARY:Christmas\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    struct calendar_range r = range_of("2026-12-24T00:00Z", "2026-12-26T00:00Z");
    struct window w = {.kind = WINDOW_WEEKLY,
                       .timezone = "Asia/Seoul",
                       .days = DAILY,
                       .from_min = 22 * 60,
                       .until_min = 2 * 60};
    struct spans holidays = {0}, out = {0};
    struct problems p;
    char got[400];

    (void)state;
    problems_init(&p);
    assert_true(calendar_ics_text(ics, sizeof ics - 1, "kr.ics", "holidays kr", "Asia/Seoul", r,
                                  &holidays, &p));
    calendar_sending(&(struct windows){&w, 1, NULL}, &holidays, "client shop", r, &out);
    spans_text(&out, got, sizeof got);
    assert_string_equal(got, "2026-12-24T00:00/2026-12-24T13:00 2026-12-24T15:00/2026-12-25T15:00 "
                             "2026-12-25T17:00/2026-12-26T00:00");
    assert_string_equal(spans_reason_at(&out, at("2026-12-25T03:00Z").ms)->text,
                        "client shop: holidays kr: Christmas");
    assert_int_equal(spans_reason_at(&out, at("2026-12-25T03:00Z").ms)->at.line, 2);
    spans_done(&out);
    spans_done(&holidays);
    problems_done(&p);
}

/* What is there stays, with its reason. */
static void test_adds(void **state)
{
    struct window w = {
        .kind = WINDOW_ONCE, .from = at("2026-11-23T02:00Z"), .until = at("2026-11-23T05:00Z")};
    struct spans out = {0};
    uint32_t reason = spans_reason(&out, "before", (struct origin){0}, false);

    (void)state;
    spans_add(&out, at("2026-11-23T04:00Z").ms, at("2026-11-23T06:00Z").ms, reason);
    calendar_maintenance(&(struct windows){&w, 1, NULL}, "x",
                         range_of("2026-11-22T00:00Z", "2026-12-01T00:00Z"), &out);
    assert_int_equal(out.count, 2);
    assert_string_equal(spans_reason_at(&out, at("2026-11-23T04:30Z").ms)->text, "before");
    spans_done(&out);
}

static void test_format(void **state)
{
    static const struct {
        const char *at, *zone, *want;
    } row[] = {{"2026-11-24T16:00Z", "Asia/Seoul", "Wed 2026-11-25 01:00 KST"},
               {"2026-10-25T00:30Z", "Europe/Berlin", "Sun 2026-10-25 02:30 CEST"},
               {"2026-10-25T01:30Z", "Europe/Berlin", "Sun 2026-10-25 02:30 CET"},
               {"2040-07-01T00:00Z", "America/New_York", "Sat 2040-06-30 20:00 EDT"},
               {"2026-01-01T00:00Z", "Australia/Lord_Howe", "Thu 2026-01-01 11:00 +11"},
               {"1969-12-31T23:59:59.500Z", "UTC", "Wed 1969-12-31 23:59 UTC"},
               {"2026-01-01T00:00Z", "Nowhere/Else", ""}};
    char got[64];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        calendar_format(at(row[i].at), row[i].zone, got, sizeof got);
        assert_string_equal(got, row[i].want);
    }
    calendar_format(at("2026-11-24T16:00Z"), "Asia/Seoul", got, 8);
    assert_string_equal(got, "Wed 202");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weekly),  cmocka_unit_test(test_rules),
        cmocka_unit_test(test_several), cmocka_unit_test(test_sending),
        cmocka_unit_test(test_adds),    cmocka_unit_test(test_sending_on_holidays),
        cmocka_unit_test(test_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
