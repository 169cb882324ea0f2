/* check.c: is a window what somebody can have meant? */
#include <sluice/calendar/calendar.h>

#include <stdio.h>
#include <sluice/os/clock.h>

#include "civil.h"
#include "window.h"

/* Longer is no window; write two that are switched by hand, or one without end. */
#define LENGTH_MAX_MS (INT64_C(366) * 86400 * 1000)
/* That many beginnings are looked at to see whether there is ever time between two. */
#define GAPS_LOOKED_AT 200

struct checking {
    const struct window *w;
    const char *path;
    struct problems *p;
};

static void bad(const struct checking *c, const char *setting, const char *text)
{
    problems_add(c->p, c->w->at.file, c->w->at.line, "%s%s%s: %s", c->path, *setting ? "." : "",
                 setting, text);
}

static void warn(const struct checking *c, const char *setting, const char *text)
{
    problems_warn(c->p, c->w->at.file, c->w->at.line, "%s%s%s: %s", c->path, *setting ? "." : "",
                  setting, text);
}

static const struct zone *check_zone(const struct checking *c)
{
    const char *name = c->w->timezone ? c->w->timezone : "";
    const struct zone *z = zone_get(name);
    char near[80], text[320];
    int used;

    if (z)
        return z;
    used = snprintf(text, sizeof text,
                    "unknown time zone (got \"%.80s\", allowed: IANA names such as \"Asia/Seoul\")",
                    name);
    if (zone_suggest(name, near, sizeof near))
        snprintf(text + used, sizeof text - (size_t)used, "; did you mean \"%s\"?", near);
    bad(c, "timezone", text);
    return NULL;
}

static void check_weekly(const struct checking *c)
{
    const struct window *w = c->w;
    char text[160];

    check_zone(c);
    if (w->days == 0 || w->days > 0x7f)
        bad(c, "days", "no day (got none, allowed: such as \"Mon-Fri\" or \"Sat,Sun\")");
    if (w->from_min < 0 || w->from_min >= 1440 || w->until_min < 0 || w->until_min > 1440) {
        snprintf(text, sizeof text,
                 "no hours of a day (got %02d:%02d-%02d:%02d, allowed: 00:00 to 24:00)",
                 w->from_min / 60, w->from_min % 60, w->until_min / 60, w->until_min % 60);
        bad(c, "hours", text);
    }
}

static void check_once(const struct checking *c)
{
    char from[WALL_TEXT], until[WALL_TEXT], text[160];

    if (c->w->from.ms < c->w->until.ms)
        return;
    wall_format(c->w->from, from);
    wall_format(c->w->until, until);
    snprintf(text, sizeof text, "ends before it begins (got %s, allowed: after %s)", until, from);
    bad(c, "until", text);
}

/* ---- rules ---- */

struct survey {
    int64_t count, last;
    int64_t widest_sec; /* between two beginnings, of the first GAPS_LOOKED_AT */
    bool whole;         /* to the end, or only until the gaps are known */
};

static bool note(void *arg, int64_t local_sec)
{
    struct survey *s = arg;

    if (s->count > 0 && s->count <= GAPS_LOOKED_AT && local_sec - s->last > s->widest_sec)
        s->widest_sec = local_sec - s->last;
    s->last = local_sec;
    s->count++;
    return s->whole || s->count <= GAPS_LOOKED_AT;
}

static void check_occurrences(const struct checking *c, const struct rule *r, int64_t start,
                              const struct zone *z)
{
    struct rule_budget budget = {.days = RULE_BUDGET_DAYS};
    struct survey s = {.whole = r->count > 0 || r->until_sec != INT64_MAX};
    char text[320], when[64];
    struct wall over;

    rule_each(r, start, start, civil_sec(CIVIL_LAST_YEAR, 1, 1, 0), &budget, note, &s);
    if (s.count == 0) {
        snprintf(text, sizeof text,
                 "never occurs (got \"%.100s\" from %.40s, allowed: a rule that fits "
                 "at least one day before %d)",
                 c->w->rrule, c->w->start, CIVIL_LAST_YEAR);
        bad(c, "rrule", text);
        return;
    }
    if (s.count > GAPS_LOOKED_AT / 2 && s.widest_sec * 1000 <= c->w->duration_ms) {
        duration_format(c->w->duration_ms, when);
        snprintf(text, sizeof text,
                 "as long as the time between two occurrences: the window never "
                 "ends (got %s",
                 when);
        duration_format(s.widest_sec * 1000, when);
        snprintf(text + strlen(text), sizeof text - strlen(text), ", allowed: below %s)", when);
        warn(c, "duration", text);
    }
    over.ms = zone_last(z, s.last) * 1000 + c->w->duration_ms;
    if (s.whole && !budget.is_spent && over.ms < clock_wall().ms) {
        calendar_format(over, c->w->timezone, when, sizeof when);
        snprintf(text, sizeof text, "ended at %s and does not occur any more", when);
        warn(c, "rrule", text);
    }
}

static bool check_duration(const struct checking *c)
{
    char got[16], text[160];

    if (c->w->duration_ms > 0 && c->w->duration_ms <= LENGTH_MAX_MS)
        return true;
    duration_format(c->w->duration_ms, got);
    snprintf(text, sizeof text, "no length of a window (got %s, allowed: 1ms to 366 days)",
             c->w->duration_ms > 0 ? got : "nothing or less");
    bad(c, "duration", text);
    return false;
}

static void check_rule(const struct checking *c)
{
    const char *written = c->w->start ? c->w->start : "";
    const struct zone *z = check_zone(c);
    bool has_length = check_duration(c);
    char why[300], text[160];
    struct rule rule;
    int64_t start;
    bool has_start = civil_parse(written, &start);
    bool has_rule = rule_parse(c->w->rrule ? c->w->rrule : "", why, sizeof why, &rule);

    if (!has_start) {
        snprintf(text, sizeof text,
                 "no local date and time (got \"%.60s\", allowed: such as \"2026-01-11T02:00\", no "
                 "zone)",
                 written);
        bad(c, "start", text);
    }
    if (!has_rule)
        bad(c, "rrule", why);
    if (!z || !has_length || !has_start || !has_rule)
        return;
    rule_settle_until(&rule, z);
    check_occurrences(c, &rule, start, z);
}

bool calendar_check(const struct window *w, const char *path, struct problems *p)
{
    struct checking c = {w, path, p};
    size_t before = p->errors;

    if (w->kind == WINDOW_WEEKLY)
        check_weekly(&c);
    else if (w->kind == WINDOW_RULE)
        check_rule(&c);
    else
        check_once(&c);
    return p->errors == before;
}
