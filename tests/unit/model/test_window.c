#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/must.h>
#include <sluice/model/window.h>

#define SEOUL .timezone = "Asia/Seoul"
#define AT INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */

static void formats(void **state)
{
    static const struct {
        struct window w;
        const char *want;
    } rows[] = {
        {{.days = 0x1f, .from_min = 480, .until_min = 1200, SEOUL},
         "Mon-Fri 08:00-20:00 Asia/Seoul"},
        {{.days = 0x7f, .from_min = 0, .until_min = 1440, SEOUL}, "Mon-Sun 00:00-24:00 Asia/Seoul"},
        {{.days = 0x40, .from_min = 1350, .until_min = 61, SEOUL}, "Sun 22:30-01:01 Asia/Seoul"},
        {{.days = 0x60, SEOUL}, "Sat,Sun 00:00-00:00 Asia/Seoul"},
        {{.days = 0x57, SEOUL}, "Mon-Wed,Fri,Sun 00:00-00:00 Asia/Seoul"},
        {{.days = 0x1b, SEOUL}, "Mon,Tue,Thu,Fri 00:00-00:00 Asia/Seoul"},
        {{.kind = WINDOW_RULE,
          .rrule = "FREQ=MONTHLY;BYDAY=2SU",
          .start = "2026-01-11T02:00",
          .duration_ms = 4 * 3600 * 1000,
          SEOUL},
         "FREQ=MONTHLY;BYDAY=2SU from 2026-01-11T02:00 for 4h Asia/Seoul"},
        {{.kind = WINDOW_RULE}, " from  for 0ms "},
        {{.kind = WINDOW_ONCE, .from = {AT}, .until = {AT + 1500}},
         "2025-11-24T16:00:00Z to 2025-11-24T16:00:01.500Z"},
        {{.kind = WINDOW_ONCE, .from = {AT}, .until = {WHEN_NEVER}},
         "2025-11-24T16:00:00Z without end"},
    };
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        window_format(&rows[i].w, text, sizeof text);
        assert_string_equal(text, rows[i].want);
    }
    window_format(&rows[0].w, text, 8);
    assert_string_equal(text, "Mon-Fri");
}

static void freeing(void **state)
{
    struct windows w = {.item = mem_array(2, sizeof *w.item), .count = 2};

    (void)state;
    w.item[0].timezone = mem_str("Asia/Seoul");
    w.item[0].note = mem_str("note");
    w.item[1].rrule = mem_str("FREQ=DAILY");
    w.item[1].start = mem_str("2026-01-11T02:00");
    w.holidays = mem_str("korea");
    windows_done(&w);
    assert_null(w.item);
    assert_null(w.holidays);
    assert_int_equal(w.count, 0);
    windows_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(freeing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
