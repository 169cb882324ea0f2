#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/buf.h>

#include <stdlib.h>

#include "spans_text.h"

#define EVENT(lines) "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n"
#define BERLIN_OF_ITS_OWN                                                                          \
    "BEGIN:VTIMEZONE\r\nTZID:W. Europe\r\n"                                                        \
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"      \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"                                  \
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"      \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
/* Claims that Seoul is at UTC-5. */
#define FALSE_SEOUL                                                                                \
    "BEGIN:VTIMEZONE\r\nTZID:Asia/Seoul\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"          \
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

/* All in 2026; default zone Asia/Seoul. */
static const struct {
    const char *body, *want;
    const char *problem; /* NULL: none; the first one contains it */
} rows[] = {
    {EVENT("DTSTART:20261125T010000Z\r\nDTEND:20261125T050000Z\r\nSUMMARY:utc\r\n"),
     "2026-11-25T01:00/2026-11-25T05:00", NULL},
    {EVENT("DTSTART:20261125T010000\r\nDURATION:PT4H\r\nSUMMARY:floating\r\n"),
     "2026-11-24T16:00/2026-11-24T20:00", NULL},
    {EVENT("DTSTART;TZID=Europe/Berlin:20260701T010000\r\nDTEND;TZID=Europe/Berlin:20260701T030000"
           "\r\n"),
     "2026-06-30T23:00/2026-07-01T01:00", NULL},
    {EVENT("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20260701T010000\r\n"
           "DURATION:PT1H\r\n"),
     "2026-06-30T23:00/2026-07-01T00:00", NULL},
    {BERLIN_OF_ITS_OWN EVENT("DTSTART;TZID=W. Europe:20260701T010000\r\nDURATION:PT1H\r\n")
         EVENT("DTSTART;TZID=W. Europe:20261201T010000\r\nDURATION:PT1H\r\n"),
     "2026-06-30T23:00/2026-07-01T00:00 2026-12-01T00:00/2026-12-01T01:00", NULL},
    {FALSE_SEOUL EVENT("DTSTART;TZID=Asia/Seoul:20261125T010000\r\nDURATION:PT1H\r\n"),
     "2026-11-24T16:00/2026-11-24T17:00", NULL},
    {EVENT("DTSTART;TZID=Mars/Olympus:20261125T010000\r\nDURATION:PT1H\r\n"),
     "2026-11-24T16:00/2026-11-24T17:00", "unknown time zone (got \"Mars/Olympus\"): read as Asia"},
    {EVENT("DTSTART;VALUE=DATE:20260216\r\nDTEND;VALUE=DATE:20260219\r\nSUMMARY:Seollal\r\n"),
     "2026-02-15T15:00/2026-02-18T15:00", NULL},
    {EVENT("DTSTART;VALUE=DATE:20261225\r\n"), "2026-12-24T15:00/2026-12-25T15:00", NULL},
    {EVENT("DTSTART:20261104T020000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n"
           "EXDATE:20261111T020000,20261118T020000\r\n"),
     "2026-11-03T17:00/2026-11-03T18:00 2026-11-24T17:00/2026-11-24T18:00", NULL},
    {EVENT("DTSTART:20261104T020000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n"
           "EXDATE;VALUE=DATE:20261111\r\n"),
     "2026-11-03T17:00/2026-11-03T18:00", NULL},
    {EVENT("DTSTART:20261104T000000Z\r\nDURATION:PT1H\r\nRDATE:20261105T000000Z\r\n"
           "RDATE;VALUE=PERIOD:20261106T000000Z/20261106T030000Z,20261107T000000Z/PT2H\r\n"),
     "2026-11-04T00:00/2026-11-04T01:00 2026-11-05T00:00/2026-11-05T01:00 "
     "2026-11-06T00:00/2026-11-06T03:00 2026-11-07T00:00/2026-11-07T02:00",
     NULL},
    {EVENT("UID:a\r\nDTSTART:20261104T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
         EVENT("UID:a\r\nRECURRENCE-ID:20261105T000000Z\r\nDTSTART:20261105T120000Z\r\n"
               "DURATION:PT2H\r\n"),
     "2026-11-04T00:00/2026-11-04T01:00 2026-11-05T12:00/2026-11-05T14:00 "
     "2026-11-06T00:00/2026-11-06T01:00",
     NULL},
    {EVENT("UID:a\r\nRECURRENCE-ID:20261105T000000Z\r\nDTSTART:20261105T000000Z\r\n"
           "STATUS:CANCELLED\r\n") EVENT("UID:b\r\nDTSTART:20261105T000000Z\r\nDURATION:PT1H\r\n")
         EVENT("UID:a\r\nDTSTART:20261104T000000Z\r\nDURATION:PT1H\r\n"
               "RRULE:FREQ=DAILY;COUNT=3\r\n"),
     "2026-11-04T00:00/2026-11-04T01:00 2026-11-05T00:00/2026-11-05T01:00 "
     "2026-11-06T00:00/2026-11-06T01:00",
     NULL},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\n")
         EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\nTRANSP:TRANSPARENT\r\n"),
     "", NULL},
    {EVENT("DTSTART;TZID=Europe/Berlin:20261025T023000\r\nDTEND;TZID=Europe/Berlin:20261025T024500"
           "\r\n"),
     "2026-10-25T00:30/2026-10-25T01:45", NULL},
    {EVENT("DTSTART;TZID=Europe/Berlin:20260329T220000\r\nDURATION:PT1H\r\n"
           "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"),
     "2026-03-29T20:00/2026-03-29T21:00", NULL},
    {EVENT("DTSTART:20251231T000000Z\r\nDTEND:20260102T000000Z\r\n"),
     "2025-12-31T00:00/2026-01-02T00:00", NULL},
    {EVENT("DTSTART:20261101T000000Z\r\nDURATION:P4000000000W\r\n"),
     "2026-11-01T00:00/2127-01-16T00:00", NULL},

    {EVENT("DTSTART:20261125T010000Z\r\nDTEND:20261124T050000Z\r\nSUMMARY:back\r\n"), "",
     "event \"back\": DTEND lies before DTSTART"},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:-PT1H\r\n"), "", "DURATION is negative"},
    {EVENT("SUMMARY:when?\r\n"), "", "event \"when?\": no DTSTART"},
    {EVENT("DTSTART:yesterday\r\nDURATION:PT1H\r\n"), "", "event \"\":"},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=SOMETIMES\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "event \"\":"},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=SECONDLY\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "too small FREQ (got \"SECONDLY\""},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\nEXRULE:FREQ=DAILY\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "EXRULE"},
    {"BEGIN:VEVENT\r\nDTSTART:20261120T010000Z\r\nDURATION:PT1H\r\n" EVENT(
         "DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "VEVENT: another component begins before its END"},
    {"BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n", "", "VTIMEZONE: no TZID"},
    {EVENT("BEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nEND:A\r\nEND:A\r\nEND:A\r\nEND:A\r\n"
           "DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"),
     "", "nested too deep"},

    {EVENT("DTSTART:20261125T010000Z\r\nSUMMARY:notice\r\n"), "",
     "event \"notice\": neither DTEND nor DURATION: it closes nothing"},
    {EVENT("DTSTART:20261125T010000Z\r\nDTEND:20261125T010000Z\r\n"), "",
     "event \"\": ends when it begins: it closes nothing"},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT0S\r\n"), "", "ends when it begins"},
    {EVENT("DTSTART:20261125T010000Z\r\n"
           "RDATE;VALUE=PERIOD:20261106T000000Z/20261106T030000Z\r\n"),
     "2026-11-06T00:00/2026-11-06T03:00", NULL},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"
           "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "event \"\": RRULE never occurs: only DTSTART counts"},
    {EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"
           "RRULE:FREQ=DAILY;UNTIL=20261101T000000Z\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "RRULE never occurs"},
    {EVENT("DTSTART:20200101T010000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
         EVENT("DTSTART:20300101T010000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"),
     "", NULL},
    {"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n" EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", NULL},
    {"BEGIN:VCALENDAR\r\n" EVENT("DTSTART:20261125T010000Z\r\nDURATION:PT1H\r\n"),
     "2026-11-25T01:00/2026-11-25T02:00", "VCALENDAR: no END"},
};

static bool read_text(const char *text, size_t n, struct spans *out, struct problems *p)
{
    return calendar_ics_text(text, n, "x.ics", "x", "Asia/Seoul",
                             range_of("2026-01-01T00:00Z", "2027-01-01T00:00Z"), out, p);
}

static void test_rows(void **state)
{
    char got[2000];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spans out = {0};
        struct problems p;
        struct buf b;
        bool ok;

        problems_init(&p);
        buf_init(&b, 1 << 20);
        buf_printf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n%sEND:VCALENDAR\r\n", rows[i].body);
        ok = read_text(b.data, b.len, &out, &p);
        spans_text(&out, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0 || (p.count > 0) != (rows[i].problem != NULL))
            print_error("row %zu: %s%s\n", i, rows[i].body, p.count ? p.item[0].text : "");
        assert_string_equal(got, rows[i].want);
        assert_int_equal(ok, p.errors == 0);
        assert_int_equal(p.count > 0, rows[i].problem != NULL);
        if (rows[i].problem)
            assert_non_null(strstr(p.item[0].text, rows[i].problem));
        spans_done(&out);
        problems_done(&p);
        buf_done(&b);
    }
}

/* ---- hostile files ---- */

static void refused(const char *text, size_t n, const char *problem)
{
    struct spans out = {0};
    struct problems p;
    bool is_said = false;

    problems_init(&p);
    assert_false(read_text(text, n, &out, &p));
    for (size_t i = 0; i < p.count; i++)
        is_said |= !p.item[i].is_warning && strstr(p.item[i].text, problem);
    if (!is_said)
        fail_msg("\"%s\", not \"%s\"", p.item[0].text, problem);
    spans_done(&out);
    problems_done(&p);
}

static void test_refused_files(void **state)
{
    char *large = mem_array(1, CALENDAR_ICS_BYTES + 1);

    (void)state;
    refused("", 0, "no calendar");
    refused("hello", 5, "no calendar");
    refused("BEGIN:VCALENDAR\r\n\0END:VCALENDAR", 32, "no calendar");
    refused("\x89PNG\r\n\x1a\n", 8, "no calendar");
    memset(large, ' ', CALENDAR_ICS_BYTES + 1);
    refused(large, CALENDAR_ICS_BYTES + 1, "too large");
    refused("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:2026", 43, "VEVENT: no END");
    free(large);
}

static void repeat(struct buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_puts(b, text);
}

/* Many events, many rules that cost much, and one line without end: all end soon, with a problem. */
static void test_many(void **state)
{
    static const struct {
        const char *text, *problem;
        size_t times;
    } row[] = {
        {EVENT("DTSTART;VALUE=DATE:20261125\r\n"), "too many events (got 10001, allowed: 10000)",
         10001},
        {EVENT("DTSTART:19000101T010000Z\r\nDURATION:PT1S\r\n"
               "RRULE:FREQ=HOURLY;COUNT=2000000000;BYMONTH=2;BYMONTHDAY=30\r\n"),
         "take too long", 7000},
        {EVENT("DTSTART:20260101T010000Z\r\nDURATION:PT1S\r\n"
               "RRULE:FREQ=HOURLY;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55\r\n"),
         "too many occurrences (allowed: 200000)", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf b;

        buf_init(&b, 1 << 22);
        buf_puts(&b, "BEGIN:VCALENDAR\r\n");
        repeat(&b, row[i].text, row[i].times);
        buf_puts(&b, "END:VCALENDAR\r\n");
        refused(b.data, b.len, row[i].problem);
        buf_done(&b);
    }
}

static void test_long_property(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 22);
    buf_puts(&b, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:");
    repeat(&b, "x", 70000);
    buf_puts(&b, "\r\nDTSTART:20261125T010000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    refused(b.data, b.len, "larger than 64 KiB");
    buf_done(&b);
}

/* Line, reason and summary of what closes; control characters and broken UTF-8 stay out. */
static void test_reason(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261125T010000Z\n"
                               "DURATION:PT1H\nSUMMARY:점검\\n\x1b[31m red \xff rest\nEND:VEVENT\n"
                               "END:VCALENDAR\n";
    const struct span_reason *r;
    struct spans out = {0};
    struct problems p;

    (void)state;
    problems_init(&p);
    assert_true(read_text(text, sizeof text - 1, &out, &p));
    r = spans_reason_at(&out, at("2026-11-25T01:30Z").ms);
    assert_string_equal(r->text, "x: 점검  [31m red ");
    assert_string_equal(r->at.file, "x.ics");
    assert_int_equal(r->at.line, 2);
    spans_done(&out);
    problems_done(&p);
}

static void test_unknown_default_zone(void **state)
{
    struct spans out = {0};
    struct problems p;

    (void)state;
    problems_init(&p);
    assert_false(calendar_ics_text("BEGIN:VCALENDAR\n", 16, "x.ics", "x", "Nowhere",
                                   range_of("2026-01-01T00:00Z", "2027-01-01T00:00Z"), &out, &p));
    assert_false(calendar_ics("/nonexistent/x.ics", "x", "UTC",
                              range_of("2026-01-01T00:00Z", "2027-01-01T00:00Z"), &out, &p));
    assert_int_equal(p.errors, 2);
    problems_done(&p);
}

/* A file full of events without length must not hide what else there is to say. */
static void test_many_warnings(void **state)
{
    struct spans out = {0};
    struct problems p;
    struct buf b;

    (void)state;
    problems_init(&p);
    buf_init(&b, 1 << 20);
    buf_puts(&b, "BEGIN:VCALENDAR\r\n");
    repeat(&b, EVENT("DTSTART:20261125T010000Z\r\n"), 500);
    buf_puts(&b, "END:VCALENDAR\r\n");
    assert_true(read_text(b.data, b.len, &out, &p));
    assert_int_equal(p.count, 21);
    assert_int_equal(p.left_out, 0);
    assert_string_equal(p.item[20].text, "480 more events that close less than they say");
    spans_done(&out);
    problems_done(&p);
    buf_done(&b);
}

/* Cut off between two events: what is there counts, and one word says so, however often it begins. */
static void test_cut_off(void **state)
{
    static const struct {
        const char *text;
        size_t times;
        unsigned line;
    } row[] = {{"BEGIN:VCALENDAR\r\n", 1, 1},
               {"\xef\xbb\xbf"
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
                1, 1},
               {"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n\r\nBEGIN:VCALENDAR\r\n", 1, 4},
               {"BEGIN:VCALENDAR\r\n", 20000, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct spans out = {0};
        struct problems p;
        struct buf b;

        problems_init(&p);
        buf_init(&b, 1 << 20);
        repeat(&b, row[i].text, row[i].times);
        assert_true(read_text(b.data, b.len, &out, &p));
        assert_int_equal(p.count, 1);
        assert_true(p.item[0].is_warning);
        assert_int_equal(p.item[0].line, row[i].line);
        assert_string_equal(p.item[0].text, "VCALENDAR: no END: is the file whole?");
        spans_done(&out);
        problems_done(&p);
        buf_done(&b);
    }
}

/* ---- the shipped holidays ---- */

static void test_korean_holidays(void **state)
{
    static const struct {
        const char *year_from, *year_until, *want;
    } row[] = {{"2025-12-31T15:00Z", "2026-12-31T15:00Z",
                "2025-12-31T15:00/2026-01-01T15:00 2026-02-15T15:00/2026-02-18T15:00 "
                "2026-02-28T15:00/2026-03-02T15:00 2026-05-04T15:00/2026-05-05T15:00 "
                "2026-05-23T15:00/2026-05-25T15:00 2026-06-02T15:00/2026-06-03T15:00 "
                "2026-06-05T15:00/2026-06-06T15:00 2026-08-14T15:00/2026-08-15T15:00 "
                "2026-08-16T15:00/2026-08-17T15:00 2026-09-23T15:00/2026-09-26T15:00 "
                "2026-10-02T15:00/2026-10-03T15:00 2026-10-04T15:00/2026-10-05T15:00 "
                "2026-10-08T15:00/2026-10-09T15:00 2026-12-24T15:00/2026-12-25T15:00"},
               {"2026-12-31T15:00Z", "2027-12-31T15:00Z",
                "2026-12-31T15:00/2027-01-01T15:00 2027-02-05T15:00/2027-02-09T15:00 "
                "2027-02-28T15:00/2027-03-01T15:00 2027-05-04T15:00/2027-05-05T15:00 "
                "2027-05-12T15:00/2027-05-13T15:00 2027-06-05T15:00/2027-06-06T15:00 "
                "2027-08-14T15:00/2027-08-16T15:00 2027-09-13T15:00/2027-09-16T15:00 "
                "2027-10-02T15:00/2027-10-04T15:00 2027-10-08T15:00/2027-10-09T15:00 "
                "2027-10-10T15:00/2027-10-11T15:00 2027-12-24T15:00/2027-12-25T15:00 "
                "2027-12-26T15:00/2027-12-27T15:00"}};
    char got[4000];

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct spans out = {0};
        struct problems p;

        problems_init(&p);
        assert_true(calendar_ics(SLUICE_SRC "/conf/holidays/kr.ics", "holidays kr", "Asia/Seoul",
                                 range_of(row[i].year_from, row[i].year_until), &out, &p));
        assert_int_equal(p.count, 0);
        spans_text(&out, got, sizeof got);
        assert_string_equal(got, row[i].want);
        spans_done(&out);
        problems_done(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_long_property),
        cmocka_unit_test(test_many_warnings),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_reason),
        cmocka_unit_test(test_unknown_default_zone),
        cmocka_unit_test(test_korean_holidays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
