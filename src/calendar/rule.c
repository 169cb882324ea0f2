/* rule.c: from text to struct rule. One libical call at a time: its error number and its buffers are
 * the process's. */
#include "rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>

#include "civil.h"
#include "lock.h"

static const char *const part_names[] = {
    "FREQ",  "UNTIL",      "COUNT",     "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR",
    "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH",  "BYSETPOS", "WKST"};
static const char *const freq_names[] = {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"};

static const char *nearest(struct str wrong, const char *const *names, size_t count)
{
    const char *best = NULL;
    unsigned best_distance = 3;

    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(wrong, str_of(names[i]));

        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}

static bool is_one_of(struct str s, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(s, str_of(names[i])))
            return true;
    return false;
}

static void suggest(char *why, size_t n, const char *name)
{
    size_t used = strlen(why);

    if (name && used < n)
        snprintf(why + used, n - used, "; did you mean \"%s\"?", name);
}

static bool check_freq(struct str value, char *why, size_t n)
{
    if (is_one_of(value, freq_names, 5))
        return true;
    snprintf(
        why, n,
        "unknown or too small FREQ (got \"%.*s\", allowed: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY)",
        (int)(value.n > 40 ? 40 : value.n), value.p);
    suggest(why, n, nearest(value, freq_names, 5));
    return false;
}

/* Alone behind a FREQ, does libical take it? It says only that a whole rule is wrong. */
static bool part_is_legal(struct str part)
{
    char *text = mem_printf("FREQ=YEARLY;%.*s", (int)part.n, part.p);
    struct icalrecurrencetype r;

    ical_lock();
    r = icalrecurrencetype_from_string(text);
    ical_unlock();
    free(text);
    return r.freq != ICAL_NO_RECURRENCE;
}

static bool check_part(struct str part, bool *has_freq, char *why, size_t n)
{
    struct str value = part, name;

    str_cut(&value, '=', &name);
    if (!is_one_of(name, part_names, sizeof part_names / sizeof *part_names)) {
        snprintf(why, n, "unknown part (got \"%.*s\", allowed: the parts of RFC 5545 3.3.10)",
                 (int)(name.n > 40 ? 40 : name.n), name.p);
        suggest(why, n, nearest(name, part_names, sizeof part_names / sizeof *part_names));
        return false;
    }
    if (str_eq_nocase(name, str_of("FREQ"))) {
        *has_freq = true;
        return check_freq(value, why, n);
    }
    if (part_is_legal(part))
        return true;
    snprintf(why, n, "illegal value (got \"%.*s\", allowed: see RFC 5545 3.3.10)",
             (int)(part.n > 80 ? 80 : part.n), part.p);
    return false;
}

bool rule_parse(const char *text, char *why, size_t n, struct rule *out)
{
    struct str rest = str_trim(str_of(text)), part;
    struct icalrecurrencetype r;
    bool has_freq = false;

    if (rest.n > RULE_TEXT_MAX) {
        snprintf(why, n, "too long (got %zu bytes, allowed: %d)", rest.n, RULE_TEXT_MAX);
        return false;
    }
    while (str_cut(&rest, ';', &part))
        if (part.n > 0 && !check_part(part, &has_freq, why, n))
            return false;
    if (!has_freq) {
        snprintf(why, n, "no FREQ (got \"%.40s\", allowed: such as \"FREQ=WEEKLY;BYDAY=SU\")",
                 text);
        return false;
    }
    ical_lock();
    r = icalrecurrencetype_from_string(text);
    ical_unlock();
    if (r.freq == ICAL_NO_RECURRENCE) {
        snprintf(why, n,
                 "not a recurrence rule (got \"%.80s\", allowed: see RFC 5545 3.3.10; "
                 "not both COUNT and UNTIL, no part twice)",
                 text);
        return false;
    }
    return rule_from_ical(&r, why, n, out);
}

/* ---- from libical's arrays to bits ---- */

static uint64_t bits(const short *list, size_t size, int max, bool is_back)
{
    uint64_t all = 0;

    for (size_t i = 0; i < size && list[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
        int v = is_back ? -list[i] : list[i];

        if (v >= 0 && v <= max)
            all |= UINT64_C(1) << v;
    }
    return all;
}

static size_t numbers(const short *list, size_t size, int16_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < size && i < RULE_LIST_MAX && list[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        out[n++] = list[i];
    return n;
}

/* ICAL_SUNDAY_WEEKDAY is 1. */
static int weekday_of(enum icalrecurrencetype_weekday day)
{
    return ((int)day + 5) % 7;
}

static void take_days(const struct icalrecurrencetype *r, struct rule *out)
{
    for (size_t i = 0; i < RULE_LIST_MAX && r->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
        int nth = icalrecurrencetype_day_position(r->by_day[i]);
        int weekday = weekday_of(icalrecurrencetype_day_day_of_week(r->by_day[i]));

        if (nth == 0 || out->freq < RULE_MONTHLY || out->weeks || out->weeks_back) {
            out->weekdays |= (uint8_t)(1u << weekday);
            continue;
        }
        if (nth < -53 || nth > 53)
            nth = INT8_MAX; /* fits no day, but must not turn into "any" */
        out->nth_day[out->nth_days].weekday = (int8_t)weekday;
        out->nth_day[out->nth_days++].nth = (int8_t)nth;
    }
}

static void take_until(const struct icalrecurrencetype *r, struct rule *out)
{
    const struct icaltimetype *u = &r->until;

    out->until_sec = INT64_MAX;
    if (icaltime_is_null_time(*u))
        return;
    out->until_sec =
        civil_sec(u->year, u->month, u->day, u->hour * 3600 + u->minute * 60 + u->second);
    out->until_is_utc = icaltime_is_utc(*u);
    if (u->is_date)
        out->until_sec += DAY_SEC - 1;
}

static bool has_sane_lists(const struct rule *out, const struct icalrecurrencetype *r)
{
    unsigned per_hour = (unsigned)((out->minutes ? __builtin_popcountll(out->minutes) : 1) *
                                   (out->seconds ? __builtin_popcountll(out->seconds) : 1));
    unsigned hours = out->freq == RULE_HOURLY ? 24
                     : out->hours             ? (unsigned)__builtin_popcount(out->hours)
                                              : 1;

    for (size_t i = 0; i < ICAL_BY_MONTH_SIZE && r->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        if (r->by_month[i] < 1 || r->by_month[i] > 12)
            return false;
    return per_hour * hours <= RULE_TIMES_MAX;
}

bool rule_from_ical(const struct icalrecurrencetype *r, char *why, size_t n, struct rule *out)
{
    if (r->rscale) {
        snprintf(why, n, "unknown part (got \"RSCALE\", allowed: the parts of RFC 5545 3.3.10)");
        return false;
    }
    *out = (struct rule){.interval = r->interval > 0 ? r->interval : 1, .count = r->count};
    if (r->freq < ICAL_HOURLY_RECURRENCE || r->freq > ICAL_YEARLY_RECURRENCE) {
        snprintf(why, n,
                 "too small FREQ (got \"%s\", allowed: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY)",
                 r->freq == ICAL_SECONDLY_RECURRENCE   ? "SECONDLY"
                 : r->freq == ICAL_MINUTELY_RECURRENCE ? "MINUTELY"
                                                       : "");
        return false;
    }
    out->freq = (enum rule_freq)(r->freq - ICAL_HOURLY_RECURRENCE);
    out->week_start = r->week_start == ICAL_NO_WEEKDAY ? 0 : weekday_of(r->week_start);
    out->months = (uint32_t)bits(r->by_month, ICAL_BY_MONTH_SIZE, 12, false);
    out->hours = (uint32_t)bits(r->by_hour, ICAL_BY_HOUR_SIZE, 23, false);
    out->minutes = bits(r->by_minute, ICAL_BY_MINUTE_SIZE, 59, false);
    out->seconds = bits(r->by_second, ICAL_BY_SECOND_SIZE, 59, false);
    out->month_days = (uint32_t)bits(r->by_month_day, ICAL_BY_MONTHDAY_SIZE, 31, false);
    out->month_days_back = (uint32_t)bits(r->by_month_day, ICAL_BY_MONTHDAY_SIZE, 31, true);
    out->weeks = bits(r->by_week_no, ICAL_BY_WEEKNO_SIZE, 53, false);
    out->weeks_back = bits(r->by_week_no, ICAL_BY_WEEKNO_SIZE, 53, true);
    out->year_days = numbers(r->by_year_day, ICAL_BY_YEARDAY_SIZE, out->year_day);
    out->set_poses = numbers(r->by_set_pos, ICAL_BY_SETPOS_SIZE, out->set_pos);
    take_days(r, out);
    take_until(r, out);
    if (!has_sane_lists(out, r)) {
        snprintf(why, n,
                 "too often, or months that are none (got more than %d times a day, or BYMONTH "
                 "outside 1 to 12)",
                 RULE_TIMES_MAX);
        return false;
    }
    return true;
}
