#include <sluice/base/buf.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/model/window.h>

#include <stdlib.h>

void windows_done(struct windows *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free(w->item[i].timezone);
        free(w->item[i].rrule);
        free(w->item[i].start);
        free(w->item[i].note);
    }
    free(w->item);
    free(w->holidays);
    *w = (struct windows){0};
}

/* "Mon-Fri", "Sat,Sun", "Mon-Wed,Fri": from three days on a run is written as one. */
static void put_days(struct buf *out, unsigned days)
{
    static const char name[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    bool is_first = true;

    for (unsigned day = 0; day < 7; day++) {
        unsigned last = day;

        if (!(days >> day & 1))
            continue;
        while (last < 6 && days >> (last + 1) & 1)
            last++;
        if (last - day < 2)
            last = day;
        if (!is_first)
            buf_putc(out, ',');
        is_first = false;
        buf_puts(out, name[day]);
        if (last > day)
            buf_printf(out, "-%s", name[last]);
        day = last;
    }
}

/* Without ".000": nobody writes milliseconds. */
static void put_wall(struct buf *out, struct wall at)
{
    char text[WALL_TEXT];
    size_t n = sizeof "2026-11-22T10:20:30" - 1;

    wall_format(at, text);
    buf_put(out, text, at.ms % 1000 == 0 ? n : WALL_TEXT - 2);
    buf_putc(out, 'Z');
}

static const char *or_nothing(const char *s)
{
    return s ? s : "";
}

void window_format(const struct window *w, char *out, size_t n)
{
    char duration[16];
    struct buf b;

    MUST(n > 0);
    buf_init(&b, 1024);
    switch (w->kind) {
    case WINDOW_WEEKLY:
        put_days(&b, w->days);
        buf_printf(&b, " %02d:%02d-%02d:%02d %s", w->from_min / 60, w->from_min % 60,
                   w->until_min / 60, w->until_min % 60, or_nothing(w->timezone));
        break;
    case WINDOW_RULE:
        duration_format(w->duration_ms, duration);
        buf_printf(&b, "%s from %s for %s %s", or_nothing(w->rrule), or_nothing(w->start), duration,
                   or_nothing(w->timezone));
        break;
    case WINDOW_ONCE:
        put_wall(&b, w->from);
        if (w->until.ms == WHEN_NEVER) {
            buf_puts(&b, " without end");
        } else {
            buf_puts(&b, " to ");
            put_wall(&b, w->until);
        }
        break;
    }
    str_copy(out, n, str_n(b.data, b.len));
    buf_done(&b);
}
