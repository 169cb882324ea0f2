/* pretty_windows.c: `sluice windows`: the calendar by party, as stretches that are closed. */
#include "pretty.h"

#include <stdio.h>
#include <string.h>
#include <sluice/base/utf8.h>

/* Every time is told with its day. */
static const struct wall SOME_OTHER_DAY = {0};

/* "Wed 2026-11-25 01:00 KST" in its parts. */
struct local {
    char day[16], date[16], time[16], zone[24];
};

static bool local_of(const json_t *span, const char *key, struct local *out)
{
    return sscanf(pretty_member(span, key), "%15s %15s %15s %23s", out->day, out->date, out->time,
                  out->zone) == 4;
}

static void put_safe(struct buf *out, const char *s)
{
    pretty_safe(out, s, strlen(s), false);
}

/* The far end of a window without an end is the end of all time. */
static bool has_end(const json_t *span)
{
    struct wall until;
    return pretty_time(json_object_get(span, "until"), &until) &&
           strncmp(pretty_member(span, "until"), "9999", 4) != 0;
}

static void put_end(struct buf *out, const json_t *span, const char *utc, const char *local)
{
    if (*pretty_member(span, local))
        pretty_put(out, json_object_get(span, local));
    else
        pretty_put_time(out, json_object_get(span, utc), SOME_OTHER_DAY);
}

/* "Wed 2026-11-25 01:00-05:00 KST"; what is the same at both ends is said once. */
static void put_period(struct buf *out, const json_t *span)
{
    struct local a, b;
    if (!has_end(span)) {
        buf_puts(out, "from ");
        put_end(out, span, "from", "from_local");
        buf_puts(out, ", no end");
        return;
    }
    if (!local_of(span, "from_local", &a) || !local_of(span, "until_local", &b) ||
        strcmp(a.zone, b.zone) != 0) {
        put_end(out, span, "from", "from_local");
        buf_puts(out, " - ");
        put_end(out, span, "until", "until_local");
        return;
    }
    put_safe(out, a.day);
    buf_putc(out, ' ');
    put_safe(out, a.date);
    buf_putc(out, ' ');
    put_safe(out, a.time);
    if (strcmp(a.date, b.date) == 0) {
        buf_putc(out, '-');
    } else {
        buf_puts(out, " - ");
        put_safe(out, b.day);
        buf_putc(out, ' ');
        put_safe(out, b.date);
        buf_putc(out, ' ');
    }
    put_safe(out, b.time);
    buf_putc(out, ' ');
    put_safe(out, b.zone);
}

/* ---- what comes back every day ---- */

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
    return json_equal((json_t *)json_object_get(a, key), (json_t *)json_object_get(b, key)) ||
           (!json_object_get(a, key) && !json_object_get(b, key));
}

/* A day later at the same hours for the same reason; 23 and 25 hours are days too. */
static bool is_next_day(const json_t *a, const json_t *b)
{
    const int64_t hour_ms = 3600 * 1000;
    struct local from[2], until[2];
    struct wall at[2];
    if (!has_end(a) || !has_end(b) || !local_of(a, "from_local", &from[0]) ||
        !local_of(b, "from_local", &from[1]) || !local_of(a, "until_local", &until[0]) ||
        !local_of(b, "until_local", &until[1]) ||
        !pretty_time(json_object_get(a, "from"), &at[0]) ||
        !pretty_time(json_object_get(b, "from"), &at[1]))
        return false;
    int64_t apart = at[1].ms - at[0].ms;
    return apart >= 23 * hour_ms && apart <= 25 * hour_ms &&
           strcmp(from[0].time, from[1].time) == 0 && strcmp(until[0].time, until[1].time) == 0 &&
           is_same(a, b, "reason") && is_same(a, b, "file") && is_same(a, b, "line");
}

/* How many spans from the i-th on are one that comes back daily; less than three are no habit. */
static size_t days_in_turn(const json_t *spans, size_t i)
{
    size_t n = 1;
    while (i + n < json_array_size(spans) &&
           is_next_day(json_array_get(spans, i + n - 1), json_array_get(spans, i + n)))
        n++;
    return n >= 3 ? n : 1;
}

/* ---- a party ---- */

enum { INDENT = 2, REASON_COLUMNS = 36 };

/* The reason stands beside its period, or below it where the terminal is too narrow. */
static void put_line(struct buf *out, const char *period, const char *reason, size_t width)
{
    size_t at = INDENT + utf8_columns(period, strlen(period)) + 2;
    buf_printf(out, "  %s", period);
    if (!*reason) {
        buf_putc(out, '\n');
    } else if (width == 0 || at + REASON_COLUMNS <= width) {
        buf_puts(out, "  ");
        pretty_wrap(out, reason, at, at, width);
    } else {
        buf_puts(out, "\n      ");
        pretty_wrap(out, reason, 6, 6, width);
    }
}

static void put_spans(const json_t *spans, size_t width, struct buf *out)
{
    struct buf period, reason;
    buf_init(&period, 4096);
    buf_init(&reason, 64 * 1024);
    for (size_t i = 0; i < json_array_size(spans);) {
        const json_t *span = json_array_get(spans, i);
        size_t n = days_in_turn(spans, i);
        buf_clear(&period);
        buf_clear(&reason);
        put_period(&period, span);
        pretty_put(&reason, json_object_get(span, "reason"));
        pretty_put_place(&reason, span, true);
        put_line(out, period.data, reason.data, width);
        if (n > 1) {
            buf_clear(&reason);
            buf_printf(&reason, "... daily, %zu times, the last: ", n);
            put_period(&reason, json_array_get(spans, i + n - 1));
            buf_puts(out, "  ");
            pretty_wrap(out, reason.data, INDENT, 6, width);
        }
        i += n;
    }
    buf_done(&period);
    buf_done(&reason);
}

/* " until ...": the moment is an end of one of the spans, which knows it in local time. False when it
 * stays as it is. */
static bool put_change(struct buf *out, const json_t *party, bool is_open)
{
    const json_t *at = json_object_get(party, "changes_at"), *span;
    const char *utc = is_open ? "from" : "until", *local = is_open ? "from_local" : "until_local";
    struct wall t;
    size_t i;
    if (!pretty_time(at, &t))
        return false;
    buf_puts(out, " until ");
    json_array_foreach(json_object_get(party, "spans"), i, span)
    {
        if (json_equal((json_t *)at, (json_t *)json_object_get(span, utc))) {
            put_end(out, span, utc, local);
            return true;
        }
    }
    pretty_put_time(out, at, SOME_OTHER_DAY);
    return true;
}

static void put_party(const json_t *party, size_t width, struct buf *out)
{
    bool is_open = json_is_true(json_object_get(party, "open"));
    buf_putc(out, '\n');
    pretty_put(out, json_object_get(party, "kind"));
    buf_putc(out, ' ');
    pretty_put(out, json_object_get(party, "name"));
    buf_puts(out, is_open ? ": open" : ": closed");
    if (!put_change(out, party, is_open) && is_open)
        buf_puts(out, " all the time");
    buf_putc(out, '\n');
    put_spans(json_object_get(party, "spans"), width, out);
}

static void put_head(const json_t *answer, size_t width, struct buf *out)
{
    struct buf text;
    buf_init(&text, 4096);
    buf_printf(&text, "what is closed in %llu days from ", pretty_count(answer, "days"));
    pretty_put_time(&text, json_object_get(answer, "at"), SOME_OTHER_DAY);
    if (*pretty_member(answer, "timezone")) {
        buf_puts(&text, ", in local time of ");
        pretty_put(&text, json_object_get(answer, "timezone"));
    }
    pretty_wrap(out, text.data, 0, 2, width);
    buf_done(&text);
}

void pretty_windows(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    const json_t *parties = json_object_get(answer, "parties"), *p;
    const json_t *bad = json_object_get(answer, "contradictions"), *c;
    size_t i;
    (void)now;
    put_head(answer, width, out);
    json_array_foreach(parties, i, p) put_party(p, width, out);
    if (json_array_size(parties) == 0)
        buf_puts(out, "no windows: everything is open all the time\n");
    if (json_array_size(bad) > 0)
        buf_puts(out, "\ncontradictions:\n");
    json_array_foreach(bad, i, c) pretty_put_placed(out, c, 4, width);
}
