/* rule.h: recurrence rules of RFC 5545 3.3.10, in local time. (P)
 *
 * libical parses them; it does not find their occurrences: its iterator never comes back from
 * FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30, needs 0.7 s for FREQ=MONTHLY;BYDAY=6MO, and drops BYSETPOS of
 * weekly rules (measured with 3.0.16). Here each period of the rule is looked at once, within a
 * range and a budget, and nothing is shared between threads.
 *
 *     if (rule_parse("FREQ=MONTHLY;BYDAY=2SU", why, sizeof why, &r))
 *         rule_each(&r, start, from, until, &budget, note, arg);
 */
#ifndef SLUICE_CALENDAR_RULE_H
#define SLUICE_CALENDAR_RULE_H

#include <libical/ical.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rule_freq { RULE_HOURLY, RULE_DAILY, RULE_WEEKLY, RULE_MONTHLY, RULE_YEARLY };

#define RULE_TEXT_MAX 1000
#define RULE_TIMES_MAX 288 /* of a day: every five minutes */
#define RULE_LIST_MAX 386

struct rule {
    enum rule_freq freq;
    int interval;
    int week_start;    /* 0 is Monday */
    int64_t count;     /* 0: no end by count */
    int64_t until_sec; /* INT64_MAX: none; else the last moment, local or, with until_is_utc, UTC */
    bool until_is_utc;
    /* BY* as bits of their numbers; 0: not given. Negative numbers in `_back`. */
    uint32_t months, hours;
    uint64_t minutes, seconds;
    uint32_t month_days, month_days_back;
    uint64_t weeks, weeks_back;
    uint8_t weekdays; /* bit 0 is Monday; those without a number in front */
    struct {
        int8_t weekday, nth;
    } nth_day[RULE_LIST_MAX];
    size_t nth_days;
    int16_t year_day[RULE_LIST_MAX], set_pos[RULE_LIST_MAX];
    size_t year_days, set_poses;
};
/* Days that may still be looked at; what is left is for the next rule. */
struct rule_budget {
    int64_t days;
    bool is_spent; /* something was left out for it */
};
#define RULE_BUDGET_DAYS INT64_C(5000000) /* a second or so */

/* False: `why` says what is wrong, in the form "problem (got X, allowed Y)". */
bool rule_parse(const char *text, char *why, size_t n, struct rule *out);
/* From one that libical has parsed already (of an .ics file). */
bool rule_from_ical(const struct icalrecurrencetype *r, char *why, size_t n, struct rule *out);
/* Calls `each` for the occurrences in [from, until), in order, until it returns false. `start` gives
 * the rule its phase and what it does not say; it counts only if it fits the rule. until_sec MUST be
 * local already (see until_is_utc). */
void rule_each(const struct rule *r, int64_t start, int64_t from, int64_t until,
               struct rule_budget *budget, bool (*each)(void *arg, int64_t local_sec), void *arg);

#endif
