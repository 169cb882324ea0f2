/* spans_text.h: closed times as text, so that a table of tests can be read. */
#ifndef SLUICE_TESTS_SPANS_TEXT_H
#define SLUICE_TESTS_SPANS_TEXT_H

#include <sluice/base/must.h>
#include <sluice/calendar/calendar.h>

#include <stdio.h>
#include <string.h>

static inline struct wall at(const char *text)
{
    struct wall w = {0};

    MUST(wall_parse(str_of(text), &w));
    return w;
}

static inline struct calendar_range range_of(const char *from, const char *until)
{
    return (struct calendar_range){at(from), at(until)};
}

/* "2026-03-29T01:00/2026-03-29T02:00 ..." in UTC; what touches is one, whatever the reasons. */
static inline void spans_text(const struct spans *s, char *out, size_t n)
{
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < s->count && used < n; i++) {
        int64_t until = s->item[i].until_ms;
        char a[WALL_TEXT], b[WALL_TEXT];

        wall_format((struct wall){s->item[i].from_ms}, a);
        while (i + 1 < s->count && s->item[i + 1].from_ms == until)
            until = s->item[++i].until_ms;
        wall_format((struct wall){until}, b);
        used += (size_t)snprintf(out + used, n - used, "%s%.16s/%.16s", used ? " " : "", a,
                                 until == WHEN_NEVER ? "never" : b);
    }
}

#endif
