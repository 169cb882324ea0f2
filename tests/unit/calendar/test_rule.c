#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "civil.h"
#include "rule.h"

/* The examples of RFC 5545 3.8.5.3 and what they stumble over; all begin at 09:00. What is wanted
 * stands as days. */
static const struct {
    const char *rrule, *start;
    const char *want; /* the first six */
} rows[] = {
    {"FREQ=DAILY;COUNT=3", "1997-09-02T09:00", "1997-09-02 1997-09-03 1997-09-04"},
    {"FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "1998-01-01T09:00",
     "1998-01-01 1998-01-02 1998-01-03 1998-01-04 1998-01-05 1998-01-06"},
    {"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00",
     "1997-08-05 1997-08-10 1997-08-19 1997-08-24"},
    {"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00",
     "1997-08-05 1997-08-17 1997-08-19 1997-08-31"},
    {"FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "1997-09-05T09:00",
     "1997-09-05 1997-10-03 1997-11-07 1997-12-05"},
    {"FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU", "1997-09-07T09:00",
     "1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04 1998-01-25"},
    {"FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22T09:00", "1997-09-22 1997-10-20 1997-11-17"},
    {"FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=4", "1997-09-28T09:00",
     "1997-09-28 1997-10-29 1997-11-28 1997-12-29"},
    {"FREQ=MONTHLY;COUNT=5;BYMONTHDAY=1,-1", "1997-09-30T09:00",
     "1997-09-30 1997-10-01 1997-10-31 1997-11-01 1997-11-30"},
    {"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5", "1997-09-02T09:00",
     "1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13"},
    {"FREQ=MONTHLY;COUNT=4", "2026-01-31T09:00", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"},
    {"FREQ=YEARLY;COUNT=3;BYMONTH=6,7", "1997-06-10T09:00", "1997-06-10 1997-07-10 1998-06-10"},
    {"FREQ=YEARLY;INTERVAL=3;COUNT=5;BYYEARDAY=1,100,200", "1997-01-01T09:00",
     "1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09"},
    {"FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19T09:00", "1997-05-19 1998-05-18 1999-05-17"},
    {"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "1997-05-12T09:00",
     "1997-05-12 1998-05-11 1999-05-17"},
    {"FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
     "1996-11-05T09:00", "1996-11-05 2000-11-07 2004-11-02"},
    {"FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04T09:00",
     "1997-09-04 1997-10-07 1997-11-06"},
    {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "1997-09-29T09:00",
     "1997-09-29 1997-10-30 1997-11-27"},
    {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3", "1999-01-01T09:00",
     "2000-02-29 2004-02-29 2008-02-29"},
    {"FREQ=YEARLY;BYYEARDAY=366;COUNT=2", "2026-01-01T09:00", "2028-12-31 2032-12-31"},
    {"FREQ=YEARLY;BYWEEKNO=53;COUNT=3", "2026-12-28T09:00", "2026-12-28 2032-12-27 2037-12-28"},
};

struct found {
    char text[200];
    size_t count;
};

static bool note(void *arg, int64_t local_sec)
{
    struct found *f = arg;
    struct civil c = civil_of(civil_day_of(local_sec));
    size_t n = strlen(f->text);

    assert_int_equal(local_sec - civil_day_of(local_sec) * DAY_SEC, 9 * 3600);
    snprintf(f->text + n, sizeof f->text - n, "%s%04d-%02d-%02d", n ? " " : "", c.year, c.month,
             c.day);
    return ++f->count < 6;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rule_budget budget = {.days = RULE_BUDGET_DAYS};
        struct found f = {{0}, 0};
        struct rule rule;
        char why[300];
        int64_t start;

        assert_true(rule_parse(rows[i].rrule, why, sizeof why, &rule));
        assert_true(civil_parse(rows[i].start, &start));
        rule_each(&rule, start, start, INT64_C(7258118400), &budget, note, &f);
        if (strcmp(f.text, rows[i].want) != 0)
            print_error("%s\n", rows[i].rrule);
        assert_string_equal(f.text, rows[i].want);
        assert_false(budget.is_spent);
    }
}

static bool count(void *arg, int64_t local_sec)
{
    (void)local_sec;
    return ++*(size_t *)arg > 0;
}

/* What is asked for in the middle is what the whole has there. */
static bool sum(void *arg, int64_t local_sec)
{
    *(int64_t *)arg += local_sec;
    return true;
}

static void test_ranges_agree(void **state)
{
    static const char *const rules[] = {
        "FREQ=HOURLY;INTERVAL=7",        "FREQ=DAILY;INTERVAL=3;BYHOUR=3,20",
        "FREQ=WEEKLY;INTERVAL=3",        "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31,-1",
        "FREQ=YEARLY;BYDAY=MO;COUNT=99", "FREQ=YEARLY;INTERVAL=2;BYDAY=-1SU,2MO"};
    const int64_t start = 1767225600, until = start + 3000 * DAY_SEC;

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct rule_budget budget = {.days = RULE_BUDGET_DAYS};
        int64_t whole = 0, parts = 0;
        struct rule rule;
        char why[300];

        assert_true(rule_parse(rules[i], why, sizeof why, &rule));
        rule_each(&rule, start, start, until, &budget, sum, &whole);
        for (int64_t from = start; from < until; from += 100 * DAY_SEC)
            rule_each(&rule, start, from, from + 100 * DAY_SEC, &budget, sum, &parts);
        assert_true(whole > 0);
        assert_int_equal(whole, parts);
    }
}

static void test_budget(void **state)
{
    struct rule_budget budget = {.days = 1000};
    size_t found = 0;
    struct rule rule;
    char why[300];

    (void)state;
    assert_true(rule_parse("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", why, sizeof why, &rule));
    rule_each(&rule, 0, 0, INT64_MAX / 2, &budget, count, &found);
    assert_int_equal(found, 0);
    assert_true(budget.is_spent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ranges_agree),
        cmocka_unit_test(test_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
