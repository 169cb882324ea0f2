/* Windows are expanded, checked and read from files by several threads at once: all get the same.
 * For the thread sanitizer above all. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "spans_text.h"

#define THREADS 4
#define ROUNDS 20

static const char ics[] =
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=America/New_York:20260105T020000\nDURATION:PT1H\n"
    "RRULE:FREQ=WEEKLY;COUNT=2\nEND:VEVENT\nEND:VCALENDAR\n";

static void *work(void *arg)
{
    static const char *const zone[] = {"Asia/Seoul", "Europe/Berlin", "Asia/Tokyo", "Asia/Dubai"};
    struct calendar_range r = range_of("2026-01-01T00:00Z", "2026-02-01T00:00Z");
    bool *ok = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct window w = {.kind = WINDOW_RULE,
                           .timezone = (char *)zone[i % 4],
                           .rrule = "FREQ=MONTHLY;BYDAY=2SU",
                           .start = "2026-01-11T12:00",
                           .duration_ms = 3600000};
        struct spans out = {0};
        struct problems p;
        char got[200];

        problems_init(&p);
        *ok &= calendar_check(&w, "maintenance", &p);
        *ok &= calendar_ics_text(ics, sizeof ics - 1, "x.ics", "x", "UTC", r, &out, &p);
        spans_text(&out, got, sizeof got);
        *ok &=
            strcmp(got, "2026-01-05T07:00/2026-01-05T08:00 2026-01-12T07:00/2026-01-12T08:00") == 0;
        calendar_maintenance(&(struct windows){&w, 1, NULL}, "x", r, &out);
        *ok &= out.count == 3;
        spans_done(&out);
        problems_done(&p);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t thread[THREADS];
    bool ok[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        ok[i] = true;
        assert_int_equal(pthread_create(&thread[i], NULL, work, &ok[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_true(ok[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
