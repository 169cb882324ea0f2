/* ics_zone.c: the times of .ics files and the zones that they bring along. */
#include <stdlib.h>
#include <sluice/base/must.h>

#include "civil.h"
#include "ics.h"

#define CHANGES_MAX 4000
#define TZID_SHOWN 60

/* ---- VTIMEZONE (RFC 5545 3.6.5) ---- */

struct making {
    struct zone_change *change;
    size_t count;
    int32_t from_sec, to_sec; /* of the observance in hand */
    const char *abbr;
};

static bool add_change(void *arg, int64_t local_sec)
{
    struct making *m = arg;
    struct zone_change *c;

    if (m->count == CHANGES_MAX)
        return false;
    m->change = mem_grow(m->change, m->count + 1, sizeof *m->change);
    c = &m->change[m->count++];
    *c = (struct zone_change){.at_sec = local_sec - m->from_sec, .offset_sec = m->to_sec};
    str_copy(c->abbr, sizeof c->abbr, str_of(m->abbr));
    return true;
}

static int64_t local_of(struct icaltimetype t)
{
    return civil_sec(t.year, t.month, t.day, t.hour * 3600 + t.minute * 60 + t.second);
}

static bool offset_of(icalcomponent *c, icalproperty_kind kind, int32_t *out)
{
    icalproperty *p = icalcomponent_get_first_property(c, kind);
    int sec;

    if (!p)
        return false;
    sec = kind == ICAL_TZOFFSETTO_PROPERTY ? icalproperty_get_tzoffsetto(p)
                                           : icalproperty_get_tzoffsetfrom(p);
    if (sec < -DAY_SEC || sec > DAY_SEC)
        return false;
    *out = sec;
    return true;
}

/* One STANDARD or DAYLIGHT. Zones that begin in 1601 are common (Outlook): nothing before 1970 is
 * ever asked for, but the first change of each must be there. */
static bool add_observance(struct ics *in, struct making *m, icalcomponent *c)
{
    icalproperty *start = icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY);
    icalproperty *name = icalcomponent_get_first_property(c, ICAL_TZNAME_PROPERTY);
    icalproperty *p;
    struct icaltimetype t;
    char why[300];
    struct rule rule;

    if (!start || !offset_of(c, ICAL_TZOFFSETTO_PROPERTY, &m->to_sec) ||
        !offset_of(c, ICAL_TZOFFSETFROM_PROPERTY, &m->from_sec))
        return false;
    m->abbr = name && icalproperty_get_tzname(name) ? icalproperty_get_tzname(name) : "";
    t = icalproperty_get_dtstart(start);
    if (icaltime_is_null_time(t))
        return false;
    add_change(m, local_of(t));
    for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY); p;
         p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY))
        add_change(m, local_of(icalproperty_get_rdate(p).time));
    for (p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY); p;
         p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
        struct icalrecurrencetype r = icalproperty_get_rrule(p);

        if (!rule_from_ical(&r, why, sizeof why, &rule) || rule.freq < RULE_MONTHLY)
            return false;
        if (rule.until_is_utc)
            rule.until_sec += m->from_sec;
        rule_each(&rule, local_of(t), civil_sec(1970, 1, 1, 0), civil_sec(CIVIL_LAST_YEAR, 1, 1, 0),
                  &in->budget, add_change, m);
    }
    return true;
}

/* Before the earliest change, what it changed from. */
static void add_first(struct making *m, int32_t from_sec)
{
    m->from_sec = 0;
    m->to_sec = from_sec;
    m->abbr = "";
    if (m->count == CHANGES_MAX)
        m->count--;
    add_change(m, INT64_MIN / 4);
}

void ics_add_zone(struct ics *in, const struct block *block)
{
    icalcomponent *c = ics_parse(in, block), *part;
    icalproperty *id = c ? icalcomponent_get_first_property(c, ICAL_TZID_PROPERTY) : NULL;
    const char *name = id ? icalproperty_get_tzid(id) : NULL;
    struct making m = {0};
    int64_t earliest = INT64_MAX;
    int32_t from_sec = 0;
    bool is_good = name != NULL;

    if (!c)
        return;
    for (part = icalcomponent_get_first_component(c, ICAL_ANY_COMPONENT); is_good && part;
         part = icalcomponent_get_next_component(c, ICAL_ANY_COMPONENT)) {
        size_t first = m.count;

        if (icalcomponent_isa(part) != ICAL_XSTANDARD_COMPONENT &&
            icalcomponent_isa(part) != ICAL_XDAYLIGHT_COMPONENT)
            continue;
        is_good = add_observance(in, &m, part);
        if (is_good && m.count > first && m.change[first].at_sec < earliest) {
            earliest = m.change[first].at_sec;
            from_sec = m.from_sec;
        }
    }
    if (is_good && m.count > 0 && in->zones < ICS_ZONES) {
        add_first(&m, from_sec);
        in->zone[in->zones++] = zone_new(name, m.change, m.count);
    } else {
        free(m.change);
        problems_add(in->p, in->path, block->line, "VTIMEZONE: %s",
                     in->zones == ICS_ZONES ? "too many (allowed: 100)"
                                            : "no TZID, or an offset or a rule that is none");
    }
    icalcomponent_free(c);
}

/* ---- which zone is meant ---- */

/* "/freeassociation.sourceforge.net/Asia/Seoul" and its like: the name is the end. */
static const struct zone *by_end(const char *id)
{
    for (const char *at = strchr(id, '/'); at; at = strchr(at + 1, '/')) {
        const struct zone *z = strchr(at + 1, '/') ? zone_get(at + 1) : NULL;

        if (z)
            return z;
    }
    return NULL;
}

static const struct zone *zone_of(struct ics *in, unsigned line, const char *id)
{
    const struct zone *z = zone_get(id);

    if (!z && id[0] == '/')
        z = by_end(id);
    for (size_t i = 0; !z && i < in->zones; i++)
        if (strcmp(in->zone[i]->name, id) == 0)
            z = in->zone[i];
    if (z)
        return z;
    problems_warn(in->p, in->path, line, "TZID: unknown time zone (got \"%.*s\"): read as %s",
                  TZID_SHOWN, id, in->default_zone->name);
    return in->default_zone;
}

bool ics_time_of(struct ics *in, unsigned line, icalproperty *property, struct icaltimetype t,
                 struct ics_time *out)
{
    icalparameter *id = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *name = id ? icalparameter_get_tzid(id) : NULL;

    if (icaltime_is_null_time(t) || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31)
        return false;
    *out = (struct ics_time){.zone = in->default_zone, .is_date = t.is_date};
    out->local_sec = t.is_date ? civil_sec(t.year, t.month, t.day, 0) : local_of(t);
    if (!t.is_date && icaltime_is_utc(t))
        out->zone = zone_get("UTC");
    else if (!t.is_date && name)
        out->zone = zone_of(in, line, name);
    return true;
}

bool ics_time(struct ics *in, unsigned line, icalproperty *property, struct ics_time *out)
{
    icalvalue *v = property ? icalproperty_get_value(property) : NULL;
    icalvalue_kind kind = v ? icalvalue_isa(v) : ICAL_NO_VALUE;

    if (kind != ICAL_DATE_VALUE && kind != ICAL_DATETIME_VALUE)
        return false;
    return ics_time_of(in, line, property, icalvalue_get_datetime(v), out);
}
