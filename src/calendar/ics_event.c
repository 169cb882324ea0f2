/* ics_event.c: one VEVENT (RFC 5545 3.6.1). */
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include "civil.h"
#include "ics.h"

#define LENGTH_MAX_SEC (INT64_C(100) * 366 * 86400) /* what is longer never ends */
#define SUMMARY_SHOWN 100

struct event {
    struct ics *in;
    icalcomponent *c;
    unsigned line;
    struct ics_time start;
    struct recurrence r;
    int64_t *except;
    char summary[SUMMARY_SHOWN + 1];
};

uint64_t ics_uid(icalcomponent *c)
{
    icalproperty *p = icalcomponent_get_first_property(c, ICAL_UID_PROPERTY);
    const char *uid = p ? icalproperty_get_uid(p) : NULL;

    return str_hash(str_of(uid));
}

/* Line ends and bytes that are no UTF-8 would reach logs and terminals. */
static void take_summary(struct event *e)
{
    icalproperty *p = icalcomponent_get_first_property(e->c, ICAL_SUMMARY_PROPERTY);
    const char *text = p ? icalproperty_get_summary(p) : NULL;
    size_t n = text ? strlen(text) : 0;

    str_copy(e->summary, sizeof e->summary, str_n(text, text ? utf8_bad_at(text, n) : 0));
    for (char *s = e->summary; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            *s = ' ';
}

static void bad(const struct event *e, const char *text)
{
    problems_add(e->in->p, e->in->path, e->line, "event \"%s\": %s", e->summary, text);
}

static void warn(const struct event *e, const char *text)
{
    if (++e->in->warnings <= ICS_WARNINGS)
        problems_warn(e->in->p, e->in->path, e->line, "event \"%s\": %s", e->summary, text);
}

static icalproperty *first(const struct event *e, icalproperty_kind kind)
{
    return icalcomponent_get_first_property(e->c, kind);
}

/* Free time and what was called off close nothing. */
static bool is_void(const struct event *e)
{
    icalproperty *status = first(e, ICAL_STATUS_PROPERTY), *transp = first(e, ICAL_TRANSP_PROPERTY);

    return (status && icalproperty_get_status(status) == ICAL_STATUS_CANCELLED) ||
           (transp && icalproperty_get_transp(transp) == ICAL_TRANSP_TRANSPARENT);
}

/* ---- how long ---- */

static int64_t duration_sec(struct icaldurationtype d)
{
    int64_t sec = (d.weeks * INT64_C(7) + d.days) * DAY_SEC + d.hours * INT64_C(3600) +
                  d.minutes * INT64_C(60) + d.seconds;

    return d.is_neg ? -sec : sec;
}

static int64_t capped(int64_t sec)
{
    return sec > LENGTH_MAX_SEC ? LENGTH_MAX_SEC : sec;
}

static bool take_end(struct event *e, icalproperty *end)
{
    struct ics_time t;
    int64_t sec;

    if (!ics_time(e->in, e->line, end, &t)) {
        bad(e, "DTEND is no date and time");
        return false;
    }
    /* In another zone than it begins: only the elapsed time means anything. */
    if (t.zone == e->start.zone)
        sec = t.local_sec - e->start.local_sec;
    else
        sec = zone_last(t.zone, t.local_sec) - zone_first(e->start.zone, e->start.local_sec);
    if (sec < 0) {
        bad(e, "DTEND lies before DTSTART");
        return false;
    }
    if (t.zone == e->start.zone)
        e->r.wall_sec = capped(sec);
    else
        e->r.exact_sec = capped(sec);
    return true;
}

static bool take_length(struct event *e)
{
    icalproperty *end = first(e, ICAL_DTEND_PROPERTY), *length = first(e, ICAL_DURATION_PROPERTY);
    int64_t sec;

    if (end)
        return take_end(e, end);
    if (!length) {
        e->r.wall_sec = e->start.is_date ? DAY_SEC : 0;
        return true;
    }
    sec = duration_sec(icalproperty_get_duration(length));
    if (sec < 0) {
        bad(e, "DURATION is negative");
        return false;
    }
    e->r.wall_sec = e->r.exact_sec = capped(sec);
    return true;
}

/* ---- what is left out ---- */

static int compare_instants(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static bool except(struct event *e, int64_t utc_sec)
{
    if (e->r.excepts == ICS_EXCEPTS)
        return false;
    if (!e->except)
        e->except = mem_array(ICS_EXCEPTS, sizeof *e->except);
    e->except[e->r.excepts++] = utc_sec;
    return true;
}

static bool except_overrides(struct event *e)
{
    const struct ics *in = e->in;
    uint64_t uid = ics_uid(e->c);
    size_t low = 0, high = in->overrides;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (in->override[mid].uid_hash < uid)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < in->overrides && in->override[low].uid_hash == uid; low++)
        if (!except(e, in->override[low].utc_sec))
            return false;
    return true;
}

static void take_excepts(struct event *e)
{
    bool fits = except_overrides(e);
    struct ics_time t;

    for (icalproperty *p = first(e, ICAL_EXDATE_PROPERTY); p && fits;
         p = icalcomponent_get_next_property(e->c, ICAL_EXDATE_PROPERTY)) {
        if (!ics_time(e->in, e->line, p, &t)) {
            bad(e, "EXDATE is no date and time");
            continue;
        }
        /* "Not on that day", as some programs write it of events with hours. */
        if (t.is_date && !e->start.is_date) {
            t.zone = e->start.zone;
            t.local_sec += e->start.local_sec - civil_day_of(e->start.local_sec) * DAY_SEC;
        }
        fits = except(e, zone_first(t.zone, t.local_sec));
    }
    if (!fits)
        bad(e, "too many exceptions (allowed: 2000)");
    if (e->r.excepts > 1)
        qsort(e->except, e->r.excepts, sizeof *e->except, compare_instants);
    e->r.except = e->except;
}

/* ---- when ---- */

static void add_rdate(struct event *e, icalproperty *p)
{
    struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
    bool is_period = icaltime_is_null_time(d.time);
    struct recurrence r = e->r;
    struct ics_time t, end;

    if (!ics_time_of(e->in, e->line, p, is_period ? d.period.start : d.time, &t)) {
        bad(e, "RDATE is no date, time or period");
        return;
    }
    r.zone = t.zone;
    if (is_period && ics_time_of(e->in, e->line, p, d.period.end, &end)) {
        r.exact_sec = 0;
        r.wall_sec = capped(end.local_sec - t.local_sec);
    } else if (is_period) {
        r.exact_sec = r.wall_sec = capped(duration_sec(d.period.duration));
    }
    if (r.wall_sec < 0) {
        bad(e, "an RDATE period ends before it begins");
        return;
    }
    recurrence_add(&r, t.local_sec, &e->in->st);
}

static bool stop(void *arg, int64_t local_sec)
{
    (void)local_sec;
    *(bool *)arg = true;
    return false;
}

/* Until when a rule is given the chance to occur; those by the hour repeat themselves, and cost most. */
static int64_t patience(const struct event *e)
{
    int64_t last = civil_sec(CIVIL_LAST_YEAR, 1, 1, 0);
    int64_t hourly = e->start.local_sec + INT64_C(40) * 366 * DAY_SEC;

    return e->r.rule->freq == RULE_HOURLY && hourly < last ? hourly : last;
}

/* What closed something in the range needs no look. */
static void check_rule(struct event *e, bool has_closed)
{
    struct rule_budget *budget = &e->in->doubt;
    bool occurs = has_closed || e->r.wall_sec + e->r.exact_sec == 0;

    if (occurs || budget->is_spent)
        return;
    rule_each(e->r.rule, e->start.local_sec, e->start.local_sec, patience(e), budget, stop,
              &occurs);
    if (!occurs && !budget->is_spent)
        warn(e, "RRULE never occurs: only DTSTART counts");
}

static void check_length(const struct event *e)
{
    if (e->r.wall_sec + e->r.exact_sec > 0 || first(e, ICAL_RDATE_PROPERTY))
        return;
    if (first(e, ICAL_DTEND_PROPERTY) || first(e, ICAL_DURATION_PROPERTY))
        warn(e, "ends when it begins: it closes nothing");
    else
        warn(e, "neither DTEND nor DURATION: it closes nothing");
}

/* The start is an occurrence even if no rule yields it (RFC 5545 3.8.5.3), unless it is left out. */
static void add_times(struct event *e)
{
    struct rule rule;
    char why[300];

    recurrence_add(&e->r, e->start.local_sec, &e->in->st);
    for (icalproperty *p = first(e, ICAL_RRULE_PROPERTY); p;
         p = icalcomponent_get_next_property(e->c, ICAL_RRULE_PROPERTY)) {
        struct icalrecurrencetype r = icalproperty_get_rrule(p);
        size_t closed = e->in->st.count;

        if (!rule_from_ical(&r, why, sizeof why, &rule)) {
            bad(e, why);
            continue;
        }
        rule_settle_until(&rule, e->r.zone);
        e->r.rule = &rule;
        recurrence_expand(&e->r, &e->in->st);
        check_rule(e, e->in->st.count > closed || e->in->st.is_cut);
    }
    for (icalproperty *p = first(e, ICAL_RDATE_PROPERTY); p;
         p = icalcomponent_get_next_property(e->c, ICAL_RDATE_PROPERTY))
        add_rdate(e, p);
}

static void add_reason(struct event *e)
{
    struct origin at = {e->in->path, e->line};
    char *text = mem_printf("%s%s%s", e->in->what, e->summary[0] ? ": " : "", e->summary);

    e->r.reason = spans_reason(&e->in->own, text, at, true);
    free(text);
}

static void warn_of_leftovers(const struct event *e)
{
    icalproperty *broken = first(e, ICAL_XLICERROR_PROPERTY);
    icalproperty *id = first(e, ICAL_RECURRENCEID_PROPERTY);

    if (broken) {
        const char *text = icalproperty_get_xlicerror(broken);

        problems_add(e->in->p, e->in->path, e->line, "event \"%s\": %.*s", e->summary,
                     text ? (int)utf8_bad_at(text, strnlen(text, 200)) : 0, text ? text : "");
    }
    if (first(e, ICAL_EXRULE_PROPERTY))
        bad(e, "EXRULE is not understood (RFC 5545 has done away with it; use EXDATE)");
    if (id && icalproperty_get_first_parameter(id, ICAL_RANGE_PARAMETER))
        bad(e, "RANGE=THISANDFUTURE is not understood: only the one occurrence is replaced");
}

void ics_add_event(struct ics *in, const struct block *block)
{
    struct event e = {.in = in, .c = ics_parse(in, block), .line = block->line};

    if (!e.c)
        return;
    take_summary(&e);
    warn_of_leftovers(&e);
    if (is_void(&e)) {
        icalcomponent_free(e.c);
        return;
    }
    if (!ics_time(in, e.line, first(&e, ICAL_DTSTART_PROPERTY), &e.start)) {
        bad(&e, "no DTSTART (allowed: a date, or a date and time)");
    } else if (take_length(&e)) {
        check_length(&e);
        e.r.zone = e.start.zone;
        e.r.start_local = e.start.local_sec;
        e.r.budget = &in->budget;
        add_reason(&e);
        /* An override replaces one occurrence and is none of its own series. */
        if (!first(&e, ICAL_RECURRENCEID_PROPERTY))
            take_excepts(&e);
        add_times(&e);
    }
    free(e.except);
    icalcomponent_free(e.c);
}

void ics_note_override(struct ics *in, const struct block *block)
{
    icalcomponent *c = ics_parse(in, block);
    struct ics_time t;

    if (!c)
        return;
    if (ics_time(in, block->line, icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY),
                 &t)) {
        if ((in->overrides & (in->overrides - 1)) == 0)
            in->override =
                mem_grow(in->override, in->overrides ? 2 * in->overrides : 1, sizeof *in->override);
        in->override[in->overrides++] =
            (struct ics_override){ics_uid(c), zone_first(t.zone, t.local_sec)};
    }
    icalcomponent_free(c);
}
