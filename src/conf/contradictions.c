/* contradictions.c: send windows that maintenance never lets open. */
#include <sluice/calendar/calendar.h>

#include "providers.h"

#define DAYS_SEEN 60
#define DAY_MS (86400LL * 1000)

static void check_one(const struct profile *f, const struct spans *maintenance,
                      struct calendar_range r, struct window *w, struct problems *p)
{
    const struct windows one = {w, 1, NULL};
    int64_t whole = r.until.ms - r.from.ms;
    struct spans sending = {0}, both = {0};
    char text[200];

    calendar_sending(&one, NULL, "", r, &sending);
    spans_join(&both, maintenance, &sending);
    if (spans_closed_ms(&sending, r.from.ms, r.until.ms) < whole &&
        spans_closed_ms(&both, r.from.ms, r.until.ms) >= whole) {
        window_format(w, text, sizeof text);
        problems_warn(p, w->at.file, w->at.line,
                      "send_windows: \"%s\" of provider \"%s\" lies wholly inside its maintenance "
                      "for the next %d days: nothing can be sent in it",
                      text, f->name, DAYS_SEEN);
    }
    spans_done(&sending);
    spans_done(&both);
}

void providers_check_windows(const struct settings *s, struct wall now, struct problems *p)
{
    const struct calendar_range r = {now, {now.ms + DAYS_SEEN * DAY_MS}};

    for (size_t i = 0; i < s->shaping.profiles.count; i++) {
        const struct profile *f = &s->shaping.profiles.item[i];
        struct spans maintenance = {0};

        if (f->maintenance.count == 0 || f->send_windows.count == 0)
            continue;
        calendar_maintenance(&f->maintenance, "", r, &maintenance);
        for (size_t j = 0; j < f->send_windows.count; j++)
            check_one(f, &maintenance, r, &f->send_windows.item[j], p);
        spans_done(&maintenance);
    }
}
