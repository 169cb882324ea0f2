#include <sluice/calendar/calendar.h>

#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/os/log.h>

#include "civil.h"
#include "window.h"

#define REASON_BYTES 600
#define WINDOW_TEXT 300

static void warn_when_cut(const struct stretches *st, const char *what)
{
    char quoted[200];

    if (st->is_cut)
        log_line(LOG_AT_WARNING, "calendar", "what=%s problem=\"too many occurrences\" kept=%zu",
                 log_quote(str_of(what), quoted, sizeof quoted), st->count);
}

/* "maintenance of naver: Sun 02:00-06:00 Asia/Seoul (정기점검)" */
static uint32_t add_reason(struct spans *s, const char *what, const char *text, const char *note,
                           struct origin at)
{
    struct buf b;
    uint32_t index;

    buf_init(&b, REASON_BYTES);
    buf_printf(&b, "%s: %s", what, text);
    if (note && *note)
        buf_printf(&b, " (%s)", note);
    index = spans_reason(s, b.data, at, at.file != NULL);
    buf_done(&b);
    return index;
}

void calendar_maintenance(const struct windows *w, const char *what, struct calendar_range r,
                          struct spans *out)
{
    struct spans own = {0};
    struct stretches st;

    if (w->count == 0)
        return;
    stretches_init(&st, r);
    for (size_t i = 0; i < w->count; i++) {
        char text[WINDOW_TEXT];

        window_format(&w->item[i], text, sizeof text);
        window_expand(&w->item[i], add_reason(&own, what, text, w->item[i].note, w->item[i].at),
                      &st);
    }
    warn_when_cut(&st, what);
    stretches_close(&st, &own, out);
    stretches_done(&st);
}

/* ---- send windows ---- */

static uint32_t add_sending_reason(struct spans *s, const struct windows *w, const char *what)
{
    struct buf b;
    uint32_t index;

    buf_init(&b, REASON_BYTES);
    for (size_t i = 0; i < w->count; i++) {
        char text[WINDOW_TEXT];

        window_format(&w->item[i], text, sizeof text);
        buf_printf(&b, "%s%s", i > 0 ? "; " : "outside ", text);
    }
    index = add_reason(s, what, b.data, NULL, w->item[0].at);
    buf_done(&b);
    return index;
}

static void close_around(const struct stretches *open, uint32_t reason, struct stretches *closed)
{
    int64_t at = closed->range.from.ms;

    for (size_t i = 0; i < open->count; i++) {
        stretches_add(closed, at, open->item[i].from_ms, reason);
        at = open->item[i].until_ms;
    }
    stretches_add(closed, at, closed->range.until.ms, reason);
}

static void close_outside(const struct windows *w, const char *what, struct calendar_range r,
                          struct spans *out)
{
    struct stretches open, closed;
    struct spans own = {0};

    stretches_init(&open, r);
    stretches_init(&closed, r);
    for (size_t i = 0; i < w->count; i++)
        window_expand(&w->item[i], 0, &open);
    warn_when_cut(&open, what);
    stretches_settle(&open);
    close_around(&open, add_sending_reason(&own, w, what), &closed);
    stretches_close(&closed, &own, out);
    stretches_done(&open);
    stretches_done(&closed);
}

/* Only those in the range, and with our name in front: "client shop: holidays kr: Seollal". */
static void close_holidays(const struct spans *holidays, const char *what, struct calendar_range r,
                           struct spans *out)
{
    struct spans own = {0};
    struct stretches st;

    stretches_init(&st, r);
    for (size_t i = 0; i < holidays->count; i++) {
        const struct span *h = &holidays->item[i];
        const struct span_reason *reason = &holidays->reason[h->reason];

        if (h->until_ms > r.from.ms && h->from_ms < r.until.ms)
            stretches_add(&st, h->from_ms, h->until_ms,
                          add_reason(&own, what, reason->text, NULL, reason->at));
    }
    stretches_close(&st, &own, out);
    stretches_done(&st);
}

void calendar_sending(const struct windows *w, const struct spans *holidays, const char *what,
                      struct calendar_range r, struct spans *out)
{
    /* First, so that the whole day says which holiday it is. */
    if (holidays)
        close_holidays(holidays, what, r, out);
    if (w->count > 0)
        close_outside(w, what, r, out);
}

/* ---- for people ---- */

void calendar_format(struct wall at, const char *zone_name, char *out, size_t n)
{
    static const char name[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const struct zone *z = zone_get(zone_name);
    int64_t utc = at.ms / 1000 - (at.ms % 1000 < 0), local, day;
    struct civil c;
    int of_day;

    MUST(n > 0);
    out[0] = 0;
    if (!z)
        return;
    if (at.ms == WHEN_NEVER) {
        snprintf(out, n, "never");
        return;
    }
    local = utc + zone_offset(z, utc);
    day = civil_day_of(local);
    c = civil_of(day);
    of_day = (int)(local - day * DAY_SEC);
    snprintf(out, n, "%s %04d-%02d-%02d %02d:%02d %s", name[civil_weekday(day)], c.year, c.month,
             c.day, of_day / 3600, of_day / 60 % 60, zone_abbr(z, utc));
}
