/* Windows as they are written, in providers and clients. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sluice/base/must.h>

#include "helper_load.h"

/* The windows stand in line 2. */
static struct settings *load_windows(const char *text, struct buf *said)
{
    char *whole =
        mem_printf("providers = ( { name = \"a\"; domains = ( \"a.kr\" );\n%s } );", text);
    struct settings *s;

    load_put("a.conf", whole);
    s = load("a.conf", said);
    free(whole);
    return s;
}

static void test_read(void **state)
{
    static const struct {
        const char *text, *shows;
    } row[] = {
        {"days = \"Mon-Fri\"; hours = \"08:00-20:00\";", "Mon-Fri 08:00-20:00 Asia/Seoul"},
        {"days = \"토,일\"; hours = \"22:00-02:00\"; timezone = \"UTC\";",
         "Sat,Sun 22:00-02:00 UTC"},
        {"hours = \"02:00-06:00\";", "02:00-06:00 Asia/Seoul"},
        {"days = \"Sun\";", "Sun"},
        {"rrule = \"FREQ=MONTHLY;BYDAY=2SU\"; start = \"2026-01-11 02:00\"; duration = \"4 h\";",
         "FREQ=MONTHLY;BYDAY=2SU from 2026-01-11T02:00 for 4h"},
        {"from = \"2026-11-25T01:00:00+09:00\"; until = \"2026-11-25T05:00:00+09:00\";",
         "2026-11-24T16:00:00Z to 2026-11-24T20:00:00Z"},
        {"from = \"2026-11-25T01:00\"; until = \"2026-11-25 05:00\";",
         "2026-11-24T16:00:00Z to 2026-11-24T20:00:00Z"},
        {"from = \"2026-07-01T01:00\"; until = \"2026-07-01T05:00\"; timezone = \"Europe/Berlin\";",
         "2026-06-30T23:00:00Z to 2026-07-01T03:00:00Z"},
        {"from = \"2026-11-25T01:00:00Z\";", "2026-11-25T01:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *text = mem_printf("maintenance = ( { %s note = \"x\"; } );", row[i].text), shown[300];
        struct buf said;
        struct settings *s = load_windows(text, &said);
        const struct windows *w;

        if (!s || said.len)
            fail_msg("%s gave\n%s", text, said.data);
        w = &s->shaping.profiles.item[0].maintenance;
        assert_int_equal(w->count, 1);
        assert_int_equal(w->item[0].at.line, 2);
        assert_non_null(strstr(w->item[0].at.file, "/a.conf"));
        assert_string_equal(w->item[0].note, "x");
        window_format(&w->item[0], shown, sizeof shown);
        if (!strstr(shown, row[i].shows))
            fail_msg("%s is \"%s\", not \"%s\"", row[i].text, shown, row[i].shows);
        settings_free(s);
        buf_done(&said);
        free(text);
    }
}

static void test_no_end(void **state)
{
    struct buf said;
    struct settings *s =
        load_windows("maintenance = ( { from = \"2026-11-25T01:00:00Z\"; } );", &said);

    (void)state;
    assert_non_null(s);
    assert_true(s->shaping.profiles.item[0].maintenance.item[0].until.ms == WHEN_NEVER);
    settings_free(s);
    buf_done(&said);
}

#define PATH "a.conf:2: providers[0].maintenance[0]"

static void test_wrong(void **state)
{
    static const struct {
        const char *text, *says;
    } row[] = {
        {"", PATH ": no time is given (allowed: days and hours; rrule, start and duration; "},
        {"days = \"Mo-Fr\";", PATH ".days: not days of the week (got \"Mo-Fr\", allowed: such as "},
        {"hours = \"8-20\";", PATH ".hours: not hours of a day (got \"8-20\", allowed: such as "},
        {"hours = \"08:00-20:00\"; rrule = \"FREQ=DAILY\";",
         PATH ".rrule: does not go together with hours"},
        {"days = \"Sat\"; from = \"2026-11-25T01:00:00Z\";",
         PATH ".from: does not go together with days"},
        {"hours = \"08:00-20:00\"; until = \"2026-11-25T01:00:00Z\";",
         PATH ".until: does not go together with hours"},
        {"hours = \"08:00-20:00\"; timezone = \"Asia/Soul\";", PATH ".timezone: "},
        {"rrule = \"FREQ=DAILY\"; duration = \"1 h\";", PATH ".start: missing: a rule needs "},
        {"rrule = \"FREQ=DAILY\"; start = \"2026-01-11T02:00\";",
         PATH ".duration: missing: a rule"},
        {"start = \"2026-01-11T02:00\"; duration = \"1 h\";", PATH ".rrule: missing: a rule needs"},
        {"rrule = \"FREQ=DAILY\"; start = \"2026-01-11T02:00Z\"; duration = \"1 h\";", PATH
         ".start: not a local time (got \"2026-01-11T02:00Z\", allowed: a time without a zone"},
        {"rrule = \"FREQ=DAYLY\"; start = \"2026-01-11T02:00\"; duration = \"1 h\";",
         PATH ".rrule: "},
        {"rrule = \"FREQ=DAILY\"; start = \"2026-01-11T02:00\"; duration = \"0 s\";",
         PATH ".duration: out of range (got \"0 s\", "},
        {"rrule = \"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\"; start = \"2026-01-11T02:00\"; duration "
         "= "
         "\"1 h\";",
         PATH ".rrule: "},
        {"from = \"2026-11-25T01:00\"; timezone = \"Asia/Soul\";",
         PATH ".timezone: unknown time zone (got \"Asia/Soul\", "},
        {"until = \"2026-11-25T01:00:00Z\";", PATH ".from: missing: until needs a from"},
        {"from = \"tomorrow\";", PATH ".from: not a time (got \"tomorrow\", allowed: such as "},
        {"from = \"2026-11-25T01:00:00Z\"; until = \"2026-11-25T01:00:00Z\";",
         PATH ".until: not later than from (got \"2026-11-25T01:00:00Z\")"},
        {"hour = \"08:00-20:00\";", PATH ".hour: unknown setting (allowed: "},
        {"hours = 8;", PATH ".hours: not a text (got 8, "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *text = mem_printf("maintenance = ( { %s } );", row[i].text);
        struct buf said;

        assert_null(load_windows(text, &said));
        if (!strstr(said.data, row[i].says))
            fail_msg("%s gave\n%s, not \"%s\"", text, said.data, row[i].says);
        buf_done(&said);
        free(text);
    }
}

static void test_too_many(void **state)
{
    struct buf text, said;

    (void)state;
    buf_init(&text, 100000);
    buf_puts(&text, "maintenance = ( ");
    for (int i = 0; i <= 200; i++)
        buf_printf(&text, "%s{ days = \"Sun\"; }", i ? ", " : "");
    buf_puts(&text, " );");
    assert_null(load_windows(text.data, &said));
    assert_non_null(strstr(said.data, "maintenance: too many windows (got 201, allowed: 200)"));
    buf_done(&said);
    buf_done(&text);
}

static void test_holidays(void **state)
{
    char *path = mem_printf("%s/holidays", load_dir);
    struct buf said;
    struct settings *s;

    (void)state;
    assert_null(load_windows("holidays = \"kr\";", &said));
    assert_non_null(strstr(said.data, "a.conf:2: providers[0].holidays: no such calendar (got "
                                      "\"kr\", allowed: NAME of a NAME.ics in "));
    buf_done(&said);
    assert_null(load_windows("holidays = \"../kr\";", &said));
    assert_non_null(strstr(said.data, "providers[0].holidays: not a plain name: "));
    buf_done(&said);
    mkdir(path, 0755);
    load_put("holidays/kr.ics", "");
    s = load_windows("holidays = \"kr\"; send_windows = ( { days = \"Mon-Fri\"; } );", &said);
    assert_string_equal(said.data, "");
    assert_string_equal(s->shaping.profiles.item[0].send_windows.holidays, "kr");
    assert_int_equal(s->shaping.profiles.item[0].send_windows.count, 1);
    settings_free(s);
    buf_done(&said);
    s = load_windows("holidays = \"kr\";", &said); /* alone: open on every other day */
    assert_int_equal(s->shaping.profiles.item[0].send_windows.count, 1);
    assert_int_equal(s->shaping.profiles.item[0].send_windows.item[0].days, 0x7f);
    assert_int_equal(s->shaping.profiles.item[0].send_windows.item[0].until_min, 1440);
    settings_free(s);
    buf_done(&said);
    free(path);
}

static void test_a_send_window_inside_maintenance(void **state)
{
    static const struct {
        const char *text;
        bool warns;
    } row[] = {
        {"maintenance = ( { days = \"Sun\"; hours = \"00:00-08:00\"; } ); send_windows = ( { days "
         "= "
         "\"Sun\"; hours = \"02:00-06:00\"; } );",
         true},
        {"maintenance = ( { days = \"Sun\"; hours = \"00:00-08:00\"; } ); send_windows = ( { days "
         "= "
         "\"Sun\"; hours = \"02:00-08:01\"; } );",
         false},
        {"maintenance = ( { days = \"Sun\"; } ); send_windows = ( { days = \"Sun\"; }, { days = "
         "\"Mon\"; } );",
         true},
        {"maintenance = ( { from = \"2020-01-01T00:00:00Z\"; } ); send_windows = ( { days = "
         "\"Mon\"; } );",
         true},
        {"maintenance = ( { days = \"Sat\"; } ); send_windows = ( { days = \"Sun\"; } );", false},
        {"send_windows = ( { from = \"2020-01-01T00:00:00Z\"; until = \"2020-01-02T00:00:00Z\"; } "
         "); maintenance = ( { days = \"Sat\"; } );",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct buf said;
        struct settings *s = load_windows(row[i].text, &said);

        assert_non_null(s);
        if ((strstr(said.data, ":2: warning: send_windows: \"") != NULL) != row[i].warns)
            fail_msg("%s gave\n%s", row[i].text, said.data);
        settings_free(s);
        buf_done(&said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),     cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_wrong),    cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_holidays), cmocka_unit_test(test_a_send_window_inside_maintenance),
    };

    return cmocka_run_group_tests(tests, load_make_dir, load_remove_dir);
}
