/* occur.c: the occurrences of a rule, period by period. (P)
 *
 * In each period (hour, day, week, month or year) every day is asked whether it fits; the times of
 * day are the same for all of them. RFC 5545 3.3.10's table of what expands and what limits comes
 * down to that. */
#include <stdlib.h>
#include <sluice/base/must.h>

#include "civil.h"
#include "rule.h"

struct walk {
    const struct rule *r;
    struct civil start;
    int start_weekday;
    uint32_t hours; /* of the day, what the rule and the start say */
    uint64_t minutes, seconds;
    int64_t *found; /* of the period, sorted */
    size_t count, cap;
};

/* ---- does a day fit? ---- */

static bool fits_month_day(const struct rule *r, struct civil c)
{
    int back = civil_month_days(c.year, c.month) + 1 - c.day;

    return (r->month_days >> c.day & 1) || (r->month_days_back >> back & 1);
}

static bool fits_year_day(const struct rule *r, int64_t day, struct civil c)
{
    int64_t nth = day - civil_days(c.year, 1, 1) + 1;
    int64_t back = nth - (civil_days(c.year + 1, 1, 1) - civil_days(c.year, 1, 1)) - 1;

    for (size_t i = 0; i < r->year_days; i++)
        if (r->year_day[i] == nth || r->year_day[i] == back)
            return true;
    return false;
}

/* The first day of week 1: the one that holds 4 January. */
static int64_t first_week(int year, int week_start)
{
    int64_t day = civil_days(year, 1, 4);

    return day - (civil_weekday(day) - week_start + 7) % 7;
}

static bool fits_week(const struct rule *r, int64_t day, struct civil c)
{
    int year = c.year;
    int64_t nth, weeks;

    if (day < first_week(year, r->week_start))
        year--;
    else if (day >= first_week(year + 1, r->week_start))
        year++;
    nth = (day - first_week(year, r->week_start)) / 7 + 1;
    weeks = (first_week(year + 1, r->week_start) - first_week(year, r->week_start)) / 7;
    return (r->weeks >> nth & 1) || (r->weeks_back >> (weeks + 1 - nth) & 1);
}

/* "2SU" counts in the month, or, in a yearly rule without BYMONTH, in the year. */
static bool fits_nth_day(const struct rule *r, int64_t day, struct civil c)
{
    bool is_of_year = r->freq == RULE_YEARLY && !r->months;
    int64_t first = civil_days(c.year, is_of_year ? 1 : c.month, 1);
    int64_t days =
        is_of_year ? civil_days(c.year + 1, 1, 1) - first : civil_month_days(c.year, c.month);
    int64_t nth = (day - first) / 7 + 1, back = -((first + days - 1 - day) / 7 + 1);
    int weekday = civil_weekday(day);

    for (size_t i = 0; i < r->nth_days; i++)
        if (r->nth_day[i].weekday == weekday &&
            (r->nth_day[i].nth == nth || r->nth_day[i].nth == back))
            return true;
    return false;
}

/* What the rule leaves open the start says. */
static bool fits_start(const struct walk *w, int64_t day, struct civil c)
{
    const struct rule *r = w->r;

    if (r->year_days || r->month_days || r->month_days_back || r->weekdays || r->nth_days)
        return true;
    if (r->freq == RULE_WEEKLY || (r->freq == RULE_YEARLY && (r->weeks || r->weeks_back)))
        return civil_weekday(day) == w->start_weekday;
    if (r->freq == RULE_MONTHLY)
        return c.day == w->start.day;
    if (r->freq == RULE_YEARLY)
        return c.day == w->start.day && (r->months || c.month == w->start.month);
    return true;
}

static bool fits(const struct walk *w, int64_t day)
{
    const struct rule *r = w->r;
    struct civil c = civil_of(day);

    if (r->months && !(r->months >> c.month & 1))
        return false;
    if ((r->weeks || r->weeks_back) && !fits_week(r, day, c))
        return false;
    if (r->year_days && !fits_year_day(r, day, c))
        return false;
    if ((r->month_days || r->month_days_back) && !fits_month_day(r, c))
        return false;
    if ((r->weekdays || r->nth_days) && !(r->weekdays >> civil_weekday(day) & 1) &&
        !fits_nth_day(r, day, c))
        return false;
    return fits_start(w, day, c);
}

/* ---- one period ---- */

static void put(struct walk *w, int64_t sec)
{
    if (w->count == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 32;
        w->found = mem_grow(w->found, w->cap, sizeof *w->found);
    }
    w->found[w->count++] = sec;
}

static void put_times(struct walk *w, int64_t day, uint32_t hours)
{
    for (int h = 0; h < 24; h++)
        for (int m = 0; hours >> h & 1 && m < 60; m++)
            for (int s = 0; w->minutes >> m & 1 && s < 60; s++)
                if (w->seconds >> s & 1)
                    put(w, day * DAY_SEC + h * 3600 + m * 60 + s);
}

/* The days [*first, *end) of the n-th period from the start's; for HOURLY the one day. */
static void period(const struct walk *w, int64_t start, int64_t n, int64_t *first, int64_t *end)
{
    int64_t day = civil_day_of(start), step = n * w->r->interval, month;

    switch (w->r->freq) {
    case RULE_HOURLY:
        *first = civil_day_of(start + step * 3600);
        *end = *first + 1;
        break;
    case RULE_DAILY:
        *first = day + step;
        *end = *first + 1;
        break;
    case RULE_WEEKLY:
        *first = day - (w->start_weekday - w->r->week_start + 7) % 7 + 7 * step;
        *end = *first + 7;
        break;
    case RULE_MONTHLY:
        month = w->start.year * INT64_C(12) + w->start.month - 1 + step;
        *first = civil_days(month / 12, (int)(month % 12) + 1, 1);
        *end = *first + civil_month_days(month / 12, (int)(month % 12) + 1);
        break;
    case RULE_YEARLY:
        *first = civil_days(w->start.year + step, 1, 1);
        *end = civil_days(w->start.year + step + 1, 1, 1);
        break;
    }
}

/* BYSETPOS: of the period's occurrences only the n-th ones. */
static void keep_positions(struct walk *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->count; i++)
        for (size_t j = 0; j < w->r->set_poses; j++) {
            int64_t pos = w->r->set_pos[j];

            if (pos == (int64_t)i + 1 || pos == (int64_t)i - (int64_t)w->count) {
                w->found[kept++] = w->found[i];
                break;
            }
        }
    w->count = kept;
}

static void fill(struct walk *w, int64_t start, int64_t n, int64_t first, int64_t end)
{
    uint32_t hours = w->hours;

    w->count = 0;
    if (w->r->freq == RULE_HOURLY) {
        int64_t at = start + n * w->r->interval * 3600;

        hours &= 1u << (at - civil_day_of(at) * DAY_SEC) / 3600;
    }
    for (int64_t day = first; hours && day < end; day++)
        if (fits(w, day))
            put_times(w, day, hours);
    if (w->r->set_poses > 0)
        keep_positions(w);
}

/* A period that begins before `from`, so that nothing is left out; with COUNT, all count. */
static int64_t first_period(const struct rule *r, int64_t start, int64_t from)
{
    static const int64_t longest_sec[] = {3600, DAY_SEC, 7 * DAY_SEC, 31 * DAY_SEC, 366 * DAY_SEC};
    int64_t n;

    if (r->count > 0 || from <= start)
        return 0;
    n = (from - start) / (longest_sec[r->freq] * r->interval) - 1;
    return n > 0 ? n : 0;
}

static void begin(struct walk *w, const struct rule *r, int64_t start)
{
    int64_t day = civil_day_of(start), of_day = start - day * DAY_SEC;

    *w = (struct walk){.r = r, .start = civil_of(day), .start_weekday = civil_weekday(day)};
    w->hours = r->hours ? r->hours : r->freq == RULE_HOURLY ? 0xffffff : 1u << of_day / 3600;
    w->minutes = r->minutes ? r->minutes : UINT64_C(1) << of_day / 60 % 60;
    w->seconds = r->seconds ? r->seconds : UINT64_C(1) << of_day % 60;
}

void rule_each(const struct rule *r, int64_t start, int64_t from, int64_t until,
               struct rule_budget *budget, bool (*each)(void *arg, int64_t local_sec), void *arg)
{
    int64_t first = 0, end = 0, counted = 0;
    struct walk w;
    bool goes_on = true;

    begin(&w, r, start);
    for (int64_t n = first_period(r, start, from); goes_on; n++) {
        period(&w, start, n, &first, &end);
        if (first * DAY_SEC >= until || first * DAY_SEC > r->until_sec)
            break;
        if (budget->days < end - first) {
            budget->is_spent = true;
            break;
        }
        fill(&w, start, n, first, end);
        budget->days -= end - first + (int64_t)w.count;
        for (size_t i = 0; goes_on && i < w.count; i++) {
            int64_t at = w.found[i];

            if (at < start)
                continue;
            goes_on = at < until && at <= r->until_sec && (r->count == 0 || counted++ < r->count);
            if (goes_on && at >= from)
                goes_on = each(arg, at);
        }
    }
    free(w.found);
}
