/* ics.c: .ics files (RFC 5545) as closed time. */
#include "ics.h"

#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>

#include "lock.h"

icalcomponent *ics_parse(struct ics *in, const struct block *block)
{
    char *text;
    icalcomponent *c;

    if (block->problem) {
        problems_add(in->p, in->path, block->line, "%.*s: %s",
                     (int)(block->name.n < 20 ? block->name.n : 20), block->name.p, block->problem);
        return NULL;
    }
    text = mem_strn(block->text.p, block->text.n);
    c = icalparser_parse_string(text);
    free(text);
    if (c && icalcomponent_isa(c) != ICAL_VEVENT_COMPONENT &&
        icalcomponent_isa(c) != ICAL_VTIMEZONE_COMPONENT) {
        icalcomponent_free(c);
        c = NULL;
    }
    if (!c)
        problems_add(in->p, in->path, block->line, "%.*s: not readable (allowed: RFC 5545)",
                     (int)block->name.n, block->name.p);
    return c;
}

/* ---- the three passes ---- */

enum pass { PASS_ZONES, PASS_OVERRIDES, PASS_EVENTS };

static int by_uid(const void *a, const void *b)
{
    const struct ics_override *x = a, *y = b;

    return (x->uid_hash > y->uid_hash) - (x->uid_hash < y->uid_hash);
}

/* Zones may stand behind the events that need them, and overrides anywhere. */
static void run_pass(struct ics *in, enum pass pass, struct str text)
{
    struct blocks blocks = {.rest = text};
    struct block block;
    size_t events = 0;

    while (block_next(&blocks, &block)) {
        bool is_zone = str_eq_nocase(block.name, str_of("VTIMEZONE"));

        if (is_zone && pass == PASS_ZONES)
            ics_add_zone(in, &block);
        if (is_zone || ++events > ICS_EVENTS)
            continue;
        if (pass == PASS_OVERRIDES && !block.problem && block_has(block.text, "RECURRENCE-ID"))
            ics_note_override(in, &block);
        if (pass == PASS_EVENTS)
            ics_add_event(in, &block);
    }
    if (pass == PASS_EVENTS && events > ICS_EVENTS)
        problems_add(in->p, in->path, 0, "too many events (got %zu, allowed: %d)", events,
                     ICS_EVENTS);
}

static bool looks_like_calendar(const char *text, size_t n)
{
    struct str s = str_n(text, n), line;

    if (memchr(text, 0, n))
        return false;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        s = str_n(text + 3, n - 3);
    while (str_cut(&s, '\n', &line)) {
        line = str_trim(line);
        if (line.n > 0)
            return str_eq_nocase(line, str_of("BEGIN:VCALENDAR"));
    }
    return false;
}

/* A file that was cut off between two events looks whole but for its last line. */
static void check_end(struct ics *in, struct str text)
{
    unsigned number = 0, open = 0, unclosed = 0;
    struct str line;

    if (str_starts(text, "\xef\xbb\xbf"))
        text = str_n(text.p + 3, text.n - 3);
    while (str_cut(&text, '\n', &line)) {
        number++;
        line = str_trim(line);
        if (str_eq_nocase(line, str_of("BEGIN:VCALENDAR"))) {
            unclosed = unclosed ? unclosed : open;
            open = number;
        } else if (str_eq_nocase(line, str_of("END:VCALENDAR"))) {
            open = 0;
        }
    }
    unclosed = unclosed ? unclosed : open;
    if (unclosed)
        problems_warn(in->p, in->path, unclosed, "VCALENDAR: no END: is the file whole?");
}

static void settle(struct ics *in, struct spans *out)
{
    if (in->budget.is_spent)
        problems_add(in->p, in->path, 0,
                     "recurrence rules take too long to work out: some occurrences "
                     "are left out");
    if (in->warnings > ICS_WARNINGS)
        problems_warn(in->p, in->path, 0, "%zu more events that close less than they say",
                      in->warnings - ICS_WARNINGS);
    if (in->st.is_cut)
        problems_add(in->p, in->path, 0, "too many occurrences (allowed: %d)", CALENDAR_SPANS_MAX);
    stretches_close(&in->st, &in->own, out);
    stretches_done(&in->st);
    for (size_t i = 0; i < in->zones; i++)
        zone_free(in->zone[i]);
    free(in->override);
}

bool calendar_ics_text(const char *text, size_t n, const char *path, const char *what,
                       const char *default_zone, struct calendar_range r, struct spans *out,
                       struct problems *p)
{
    struct ics in = {.path = path,
                     .what = what,
                     .p = p,
                     .budget = {.days = RULE_BUDGET_DAYS},
                     .doubt = {.days = RULE_BUDGET_DAYS / 3}};
    size_t before = p->errors;

    in.default_zone = zone_get(default_zone);
    if (!in.default_zone) {
        problems_add(p, path, 0,
                     "unknown time zone for local times (got \"%.80s\", allowed: IANA names)",
                     default_zone ? default_zone : "");
        return false;
    }
    if (n > CALENDAR_ICS_BYTES) {
        problems_add(p, path, 0, "too large (got %zu bytes, allowed: %u)", n, CALENDAR_ICS_BYTES);
        return false;
    }
    if (n == 0 || !looks_like_calendar(text, n)) {
        problems_add(p, path, 1, "no calendar (allowed: text that begins with BEGIN:VCALENDAR)");
        return false;
    }
    stretches_init(&in.st, r);
    ical_lock();
    run_pass(&in, PASS_ZONES, str_n(text, n));
    run_pass(&in, PASS_OVERRIDES, str_n(text, n));
    if (in.overrides > 1)
        qsort(in.override, in.overrides, sizeof *in.override, by_uid);
    run_pass(&in, PASS_EVENTS, str_n(text, n));
    ical_unlock();
    check_end(&in, str_n(text, n));
    settle(&in, out);
    return p->errors == before;
}

bool calendar_ics(const char *path, const char *what, const char *default_zone,
                  struct calendar_range r, struct spans *out, struct problems *p)
{
    struct buf text;
    struct err e;
    bool is_fine;

    buf_init(&text, CALENDAR_ICS_BYTES);
    is_fine = file_read(path, &text, &e);
    if (is_fine)
        is_fine = calendar_ics_text(text.data, text.len, path, what, default_zone, r, out, p);
    else
        problems_add(p, path, 0, "%s", e.text);
    buf_done(&text);
    return is_fine;
}
