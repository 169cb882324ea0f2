#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/must.h>
#include <sluice/shape/shaping.h>

#define DAY INT64_C(86400000)
#define START INT64_C(1790000000000)

static void warming_up(void **state)
{
    static const struct warmup w = {.start = {START}, .volume = {50, 100, 0, 400}, .days = 4};
    static const struct {
        int64_t now, start, end;
        uint32_t want;
    } rows[] = {
        {0, 0, START, 0},
        {START - 1, 0, START, 0},
        {START, START, START + DAY, 50},
        {START + DAY - 1, START, START + DAY, 50},
        {START + DAY, START + DAY, START + 2 * DAY, 100},
        {START + 2 * DAY + 7, START + 2 * DAY, START + 3 * DAY, 0},
        {START + 4 * DAY - 1, START + 3 * DAY, START + 4 * DAY, 400},
        {START + 4 * DAY, START + 4 * DAY, WHEN_NEVER, UINT32_MAX},
        {START + 4000 * DAY, START + 4 * DAY, WHEN_NEVER, UINT32_MAX},
    };
    struct wall start, end;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(warmup_volume(&w, (struct wall){rows[i].now}, &start, &end), rows[i].want);
        assert_int_equal(start.ms, rows[i].start);
        assert_true(end.ms == rows[i].end);
    }
    assert_int_equal(warmup_volume(&(struct warmup){0}, (struct wall){START}, &start, &end),
                     UINT32_MAX);
    assert_true(end.ms == WHEN_NEVER);
}

static char **one_string(const char *s)
{
    char **a = mem_array(1, sizeof *a);

    a[0] = mem_str(s);
    return a;
}

/* All that can be owned, for the leak checker. */
static void full(struct shaping *s)
{
    *s = (struct shaping){0};
    s->profiles.item = mem_array(2, sizeof *s->profiles.item);
    s->profiles.count = 2;
    s->profiles.item[0].name = mem_str("naver");
    s->profiles.item[1].name = mem_str("daum");
    s->profiles.item[1].mx_suffix = one_string(".daum.net");
    s->profiles.item[1].mx_suffixes = 1;
    s->profiles.item[1].domain = one_string("daum.net");
    s->profiles.item[1].domains = 1;
    s->profiles.item[1].maintenance =
        (struct windows){mem_array(1, sizeof(struct window)), 1, NULL};
    s->profiles.item[1].maintenance.item[0] = (struct window){.timezone = mem_str("Asia/Seoul"),
                                                              .rrule = mem_str("FREQ=DAILY"),
                                                              .start = mem_str("2026-01-11T02:00"),
                                                              .note = mem_str("note")};
    s->profiles.item[1].send_windows.holidays = mem_str("korea");
    s->source = mem_array(2, sizeof *s->source);
    s->sources = 2;
    s->source[0] = (struct source){.name = mem_str("default"), .address = mem_str("192.0.2.1")};
    s->source[1] = (struct source){.name = mem_str("new"), .ehlo_name = mem_str("mail.example")};
    s->client = mem_array(2, sizeof *s->client);
    s->clients = 2;
    s->client[0].name = mem_str("hanbit-travel");
    s->client[1].name = mem_str("hanbit-trade");
    s->client[1].send_windows.holidays = mem_str("korea");
    s->limit = mem_array(1, sizeof *s->limit);
    s->limits = 1;
    s->limit[0].name = mem_str("kakao");
    s->rules.item = mem_array(1, sizeof *s->rules.item);
    s->rules.count = 1;
    s->rules.item[0].match = mem_str("x");
    assert_true(automation_compile(&s->rules.item[0], NULL));
}

static void finding(void **state)
{
    struct shaping s;

    (void)state;
    full(&s);
    assert_ptr_equal(shaping_client(&s, "hanbit-trade"), &s.client[1]);
    assert_null(shaping_client(&s, "Hanbit-trade"));
    assert_null(shaping_client(&s, NULL));
    assert_ptr_equal(shaping_profile(&s, "daum"), &s.profiles.item[1]);
    assert_null(shaping_profile(&s, "gmail"));
    assert_null(shaping_profile(&s, NULL));
    assert_int_equal(shaping_source(&s, "default"), 0);
    assert_int_equal(shaping_source(&s, "new"), 1);
    assert_int_equal(shaping_source(&s, "old"), -1);
    assert_int_equal(shaping_source(&s, NULL), -1);
    shaping_done(&s);
    assert_null(shaping_client(&s, "hanbit-trade"));
    assert_int_equal(shaping_source(&s, "default"), -1);
    shaping_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warming_up),
        cmocka_unit_test(finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
