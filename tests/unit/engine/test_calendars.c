/* From windows and calendar files in folders to the closed times of all parties, and what contradicts
 * itself in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/engine/engine.h>
#include <sluice/os/file.h>
#include "windows_check.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

/* Sunday 2026-11-22 00:00 UTC; 09:00 in Seoul. */
#define NOW_MS INT64_C(1795305600000)

struct world {
    char dir[64];
    struct settings settings;
    struct profile profile[2];
    struct client client[1];
    struct window night, sunday, past;
};

static int make_world(void **state)
{
    struct world *w = mem_array(1, sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-calendars-XXXXXX");
    MUST(mkdtemp(w->dir));
    w->settings.maintenance_dir = w->settings.holiday_dir = w->dir;
    w->settings.timezone = "Asia/Seoul";
    w->profile[0].name = "naver";
    w->profile[1].name = "naver.works";
    w->client[0].name = "shop";
    w->settings.shaping.profiles.item = w->profile;
    w->settings.shaping.profiles.count = 2;
    w->settings.shaping.client = w->client;
    w->settings.shaping.clients = 1;
    /* Every day 02:00-05:00 in Seoul, which is 17:00-20:00 UTC. */
    w->night = (struct window){.kind = WINDOW_WEEKLY,
                               .timezone = "Asia/Seoul",
                               .days = 127,
                               .from_min = 120,
                               .until_min = 300,
                               .at = {"naver.conf", 9}};
    w->sunday = w->night;
    w->sunday.days = 64;
    w->past = (struct window){.kind = WINDOW_ONCE,
                              .from = {NOW_MS - 2 * DAY_MS},
                              .until = {NOW_MS - DAY_MS},
                              .at = {"naver.conf", 12}};
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    struct err e;
    MUST(file_remove_tree(w->dir, &e));
    free(w);
    return 0;
}

static void write_ics(struct world *w, const char *name, const char *event)
{
    struct err e;
    char *path = mem_printf("%s/%s", w->dir, name);
    char *text = mem_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\n%s"
                            "END:VCALENDAR\r\n",
                            event);
    MUST(file_write_atomic(path, text, strlen(text), &e));
    free(text);
    free(path);
}

static const char NOON[] = "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\n"
                           "DTSTART:20261123T120000Z\r\nDTEND:20261123T130000Z\r\n"
                           "SUMMARY:notice\r\nEND:VEVENT\r\n";
static const char HOLIDAY[] = "BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20261101T000000Z\r\n"
                              "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\n"
                              "SUMMARY:holiday\r\nEND:VEVENT\r\n";

static void make(struct world *w, struct calendar_maker *m, struct calendars *c)
{
    struct calendar_range r = {{NOW_MS - DAY_MS}, {NOW_MS + 7 * DAY_MS}};
    calendar_maker_init(m, &w->settings, r);
    calendars_make(m, c);
}

static bool is_closed(const struct calendars *c, enum plan_party party, const char *name,
                      int64_t after_ms)
{
    return spans_at(calendars_find(c, party, name), NOW_MS + after_ms) != NULL;
}

/* ---- composition ---- */

static void test_windows_and_files(void **state)
{
    struct world *w = *state;
    struct calendar_maker m;
    struct calendars c;
    w->profile[0].maintenance = (struct windows){&w->night, 1, NULL};
    write_ics(w, "naver.notice.ics", NOON);
    write_ics(w, "naver.works.ics", HOLIDAY);
    make(w, &m, &c);
    assert_int_equal(m.problems.count, 0);
    assert_int_equal(c.count, 3);
    assert_true(is_closed(&c, PARTY_PROVIDER, "naver", 18 * HOUR_MS));
    assert_false(is_closed(&c, PARTY_PROVIDER, "naver", 21 * HOUR_MS));
    assert_true(is_closed(&c, PARTY_PROVIDER, "naver", 36 * HOUR_MS + 1));
    assert_false(is_closed(&c, PARTY_PROVIDER, "naver.works", 36 * HOUR_MS + 1));
    assert_true(is_closed(&c, PARTY_PROVIDER, "naver.works", 3 * DAY_MS));
    assert_false(is_closed(&c, PARTY_CLIENT, "shop", 18 * HOUR_MS));
    assert_null(calendars_find(&c, PARTY_CLIENT, "naver"));
    calendars_done(&c);
    calendar_maker_done(&m);
}

/* What the planner holds must not point into a configuration that a reload frees. */
static void test_origins_are_owned(void **state)
{
    struct world *w = *state;
    struct calendar_maker m;
    struct calendars c;
    char *file = mem_str("naver.conf");
    w->night.at.file = file;
    w->profile[0].maintenance = (struct windows){&w->night, 1, NULL};
    make(w, &m, &c);
    calendar_maker_done(&m);
    free(file);
    const struct span_reason *r =
        spans_reason_at(calendars_find(&c, PARTY_PROVIDER, "naver"), NOW_MS + 18 * HOUR_MS);
    assert_string_equal(r->at.file, "naver.conf");
    assert_int_equal(r->at.line, 9);
    calendars_done(&c);
}

static void test_send_windows_with_holidays(void **state)
{
    struct world *w = *state;
    struct calendar_maker m;
    struct calendars c;
    write_ics(w, "korea.ics", HOLIDAY);
    w->client[0].send_windows = (struct windows){&w->night, 1, (char *)"korea"};
    make(w, &m, &c);
    assert_false(is_closed(&c, PARTY_CLIENT, "shop", 18 * HOUR_MS));
    assert_true(is_closed(&c, PARTY_CLIENT, "shop", 12 * HOUR_MS));
    /* 02:00 of the 25th in Seoul is 17:00 of the 24th. */
    assert_true(is_closed(&c, PARTY_CLIENT, "shop", 2 * DAY_MS + 18 * HOUR_MS));
    assert_false(is_closed(&c, PARTY_CLIENT, "shop", 3 * DAY_MS + 18 * HOUR_MS));
    calendars_done(&c);
    calendar_maker_done(&m);
}

static void test_trouble_of_files(void **state)
{
    struct world *w = *state;
    struct calendar_maker m;
    struct calendars c;
    write_ics(w, "nobody.ics", NOON);
    write_ics(w, "naver.broken.ics", "BEGIN:VEVENT\r\nDTSTART:nonsense\r\nEND:VEVENT\r\n");
    w->client[0].send_windows = (struct windows){&w->night, 1, (char *)"missing"};
    make(w, &m, &c);
    bool said[3] = {false};
    static const char *const file[] = {"nobody.ics", "naver.broken.ics", "missing.ics"};
    for (size_t i = 0; i < m.problems.count; i++)
        for (int k = 0; k < 3; k++)
            said[k] |= m.problems.item[i].file && strstr(m.problems.item[i].file, file[k]);
    assert_true(said[0] && said[1] && said[2]);
    calendars_done(&c);
    calendar_maker_done(&m);
}

/* What a check of the configuration and a reload say: all of it, each once, and no error. */
static void test_trouble_is_warned_of(void **state)
{
    static const char *const want[] = {
        "/nobody.ics: warning: no provider has this name",
        "/naver.cut.ics:1: warning: VCALENDAR: no END",
        "/naver.never.ics:4: warning: event \"notice\": RRULE never occurs",
        "/naver.notice.ics:4: warning: event \"\": neither DTEND nor DURATION",
        "/missing.ics: warning: cannot open",
    };
    struct world *w = *state;
    struct window utc = w->night;
    struct problems p;
    struct buf said;
    struct err e;
    utc.timezone = "UTC";
    write_ics(w, "nobody.ics", NOON);
    write_ics(w, "naver.notice.ics", "BEGIN:VEVENT\r\nDTSTART:20261123T120000Z\r\nEND:VEVENT\r\n");
    write_ics(w, "naver.never.ics",
              "BEGIN:VEVENT\r\nDTSTART:20261123T120000Z\r\nDURATION:PT1H\r\nSUMMARY:notice\r\n"
              "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\r\nEND:VEVENT\r\n");
    char *path = mem_printf("%s/naver.cut.ics", w->dir);
    MUST(file_write_atomic(path, "BEGIN:VCALENDAR\r\n", 17, &e));
    free(path);
    w->client[0].send_windows = (struct windows){&w->night, 1, (char *)"missing"};
    w->profile[1].send_windows = (struct windows){&utc, 1, (char *)"missing"};
    problems_init(&p);
    buf_init(&said, 10000);
    engine_check_calendars(&w->settings, &p);
    problems_format(&p, &said);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (!strstr(said.data, want[i]))
            fail_msg("no \"%s\" in\n%s", want[i], said.data);
    assert_int_equal(p.count, 5);
    assert_int_equal(p.errors, 0);
    buf_done(&said);
    problems_done(&p);
}

static void test_healthy_files_are_no_trouble(void **state)
{
    struct world *w = *state;
    struct problems p;
    write_ics(w, "naver.notice.ics", NOON);
    write_ics(w, "korea.ics", HOLIDAY);
    w->settings.maintenance_dir = "/nonexistent";
    w->client[0].send_windows = (struct windows){&w->night, 1, (char *)"korea"};
    problems_init(&p);
    engine_check_calendars(&w->settings, &p);
    assert_int_equal(p.count, 0);
    problems_done(&p);
}

static void test_folder_that_is_none(void **state)
{
    struct world *w = *state;
    struct problems p;
    write_ics(w, "naver.ics", NOON);
    char *path = mem_printf("%s/naver.ics", w->dir);
    w->settings.maintenance_dir = path;
    problems_init(&p);
    engine_check_calendars(&w->settings, &p);
    assert_int_equal(p.count, 1);
    assert_string_equal(p.item[0].text, "cannot be read: Not a directory");
    problems_done(&p);
    free(path);
}

static void test_too_many_files(void **state)
{
    struct world *w = *state;
    struct problems p;
    for (int i = 0; i <= 1000; i++) {
        char *path = mem_printf("%s/naver.%d.ics", w->dir, i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        MUST(fd >= 0 && write(fd, "BEGIN:VCALENDAR\nEND:VCALENDAR\n", 30) == 30);
        close(fd);
        free(path);
    }
    problems_init(&p);
    engine_check_calendars(&w->settings, &p);
    assert_int_equal(p.count, 1);
    assert_non_null(strstr(p.item[0].text, "too many calendar files (allowed: 1000)"));
    problems_done(&p);
}

static void test_stamp(void **state)
{
    struct world *w = *state;
    uint64_t empty = calendars_stamp(&w->settings);
    write_ics(w, "naver.ics", NOON);
    uint64_t one = calendars_stamp(&w->settings);
    assert_true(one != empty);
    assert_true(one == calendars_stamp(&w->settings));
    write_ics(w, "naver.ics", HOLIDAY);
    assert_true(one != calendars_stamp(&w->settings));
    char *path = mem_printf("%s/naver.ics", w->dir);
    assert_int_equal(unlink(path), 0);
    free(path);
    assert_true(empty == calendars_stamp(&w->settings));
}

static void test_windows_copy(void **state)
{
    struct world *w = *state;
    struct windows from = {&w->night, 1, (char *)"korea"}, to;
    windows_copy(&to, &from);
    assert_string_equal(to.holidays, "korea");
    assert_string_equal(to.item[0].timezone, "Asia/Seoul");
    assert_ptr_not_equal(to.item[0].timezone, w->night.timezone);
    assert_int_equal(to.item[0].until_min, 300);
    windows_done(&to);
}

/* ---- contradictions ---- */

struct said {
    char text[8][600];
    struct origin at[8];
    size_t count;
};

static void take(void *arg, const char *text, struct origin at)
{
    struct said *s = arg;
    MUST(s->count < 8);
    snprintf(s->text[s->count], sizeof s->text[0], "%s", text);
    s->at[s->count++] = at;
}

static void check(struct world *w, const struct window_job *job, size_t jobs, struct said *s)
{
    struct calendar_maker m;
    *s = (struct said){0};
    calendar_maker_init(&m, &w->settings, (struct calendar_range){{NOW_MS}, {NOW_MS + 7 * DAY_MS}});
    windows_check(&m, job, jobs, (struct wall){NOW_MS}, take, s);
    calendar_maker_done(&m);
}

static void test_no_contradiction(void **state)
{
    struct world *w = *state;
    struct said s;
    w->profile[0].maintenance = (struct windows){&w->sunday, 1, NULL};
    w->client[0].send_windows = (struct windows){&w->night, 1, NULL};
    check(w, NULL, 0, &s);
    assert_int_equal(s.count, 0);
}

static void test_inside_maintenance(void **state)
{
    struct world *w = *state;
    struct said s;
    w->profile[0].maintenance = (struct windows){&w->night, 1, NULL};
    w->client[0].send_windows = (struct windows){&w->sunday, 1, NULL};
    check(w, NULL, 0, &s);
    assert_int_equal(s.count, 1);
    assert_non_null(strstr(s.text[0], "client shop lies wholly inside the maintenance of naver"));
    assert_int_equal(s.at[0].line, 9);
}

/* A provider's own send windows do not mind another provider's maintenance. */
static void test_of_another_provider(void **state)
{
    struct world *w = *state;
    struct said s;
    w->profile[0].maintenance = (struct windows){&w->night, 1, NULL};
    w->profile[1].send_windows = (struct windows){&w->sunday, 1, NULL};
    check(w, NULL, 0, &s);
    assert_int_equal(s.count, 0);
}

static void test_over(void **state)
{
    struct world *w = *state;
    struct said s;
    w->profile[0].maintenance = (struct windows){&w->past, 1, NULL};
    check(w, NULL, 0, &s);
    assert_int_equal(s.count, 1);
    assert_non_null(strstr(s.text[0], "lies in the past"));
    assert_int_equal(s.at[0].line, 12);
}

static void test_finish_by(void **state)
{
    static const struct {
        int64_t start_ms, finish_ms;
        bool is_late;
    } rows[] = {
        {0, 18 * HOUR_MS, false}, /* it opens at 17:00 UTC */
        {0, 17 * HOUR_MS, true},
        {0, 10 * HOUR_MS, true},
        {21 * HOUR_MS, 30 * HOUR_MS,
         true}, /* starts behind the window, which comes again at 41:00 */
        {21 * HOUR_MS, 42 * HOUR_MS, false},
    };
    struct world *w = *state;
    struct windows windows = {&w->night, 1, NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct said s;
        struct window_job job = {.id = "spring",
                                 .client = "shop",
                                 .windows = &windows,
                                 .finish_by = {NOW_MS + rows[i].finish_ms}};
        if (rows[i].start_ms)
            job.start.ms = NOW_MS + rows[i].start_ms;
        check(w, &job, 1, &s);
        assert_int_equal(s.count, rows[i].is_late ? 1 : 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_windows_and_files),
        TEST(test_origins_are_owned),
        TEST(test_send_windows_with_holidays),
        TEST(test_trouble_of_files),
        TEST(test_trouble_is_warned_of),
        TEST(test_healthy_files_are_no_trouble),
        TEST(test_folder_that_is_none),
        TEST(test_too_many_files),
        TEST(test_stamp),
        TEST(test_windows_copy),
        TEST(test_no_contradiction),
        TEST(test_inside_maintenance),
        TEST(test_of_another_provider),
        TEST(test_over),
        TEST(test_finish_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
