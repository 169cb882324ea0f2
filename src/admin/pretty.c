/* pretty.c: the small parts that all answers are laid out with. */
#include "pretty.h"

#include <stdio.h>
#include <string.h>
#include <sluice/base/utf8.h>

#define REPLACEMENT "\xEF\xBF\xBD"

static bool is_dangerous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) /* escape sequences have C1 forms too */
           || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xFEFF;
}

void pretty_safe(struct buf *out, const char *s, size_t n, bool lines)
{
    while (n > 0) {
        uint32_t c;
        size_t step = utf8_next(s, n, &c);
        bool is_bad = c == 0xFFFD && step == 1;
        if (lines && c == '\r' && n > 1 && s[1] == '\n')
            ; /* dropped */
        else if (is_bad || (is_dangerous(c) && !(lines && (c == '\n' || c == '\t'))))
            buf_puts(out, REPLACEMENT);
        else
            buf_put(out, s, step);
        s += step;
        n -= step;
    }
}

const char *pretty_member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

unsigned long long pretty_count(const json_t *o, const char *key)
{
    double n = json_number_value(json_object_get(o, key));
    return n > 0 && n < 1e18 ? (unsigned long long)(n + 0.5) : 0;
}

void pretty_put_number(struct buf *out, unsigned long long n)
{
    char text[NUMBER_TEXT];
    buf_puts(out, str_number(n, text));
}

void pretty_put(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        pretty_safe(out, json_string_value(value), json_string_length(value), false);
    else if (json_is_integer(value) && json_integer_value(value) < 0)
        buf_printf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_integer(value))
        pretty_put_number(out, (unsigned long long)json_integer_value(value));
    else if (json_is_real(value))
        buf_printf(out, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        buf_puts(out, json_is_true(value) ? "yes" : "no");
}

void pretty_cell(struct table *t, const json_t *o, const char *key)
{
    struct buf b;
    buf_init(&b, 16 * 1024);
    pretty_put(&b, json_object_get(o, key));
    table_cell(t, "%s", b.data);
    buf_done(&b);
}

bool pretty_time(const json_t *value, struct wall *at)
{
    if (json_is_integer(value)) {
        at->ms = json_integer_value(value);
        return at->ms > 0;
    }
    return json_is_string(value) && wall_parse(str_of(json_string_value(value)), at);
}

void pretty_put_relative(struct buf *out, const json_t *time, struct wall now)
{
    struct wall at;
    char span[16];
    if (!pretty_time(time, &at))
        return;
    if (at.ms - now.ms >= 10000) { /* what began a moment ago as "for 2h" is not 1h 59m */
        duration_format((at.ms - now.ms + 500) / 1000 * 1000, span);
        buf_printf(out, "in %s", span);
    } else if (at.ms > now.ms) {
        duration_format(at.ms - now.ms, span);
        buf_printf(out, "in %s", span);
    } else if (now.ms - at.ms < 1000) {
        buf_puts(out, "now");
    } else {
        duration_format(now.ms - at.ms, span);
        buf_printf(out, "%s ago", span);
    }
}

void pretty_put_time(struct buf *out, const json_t *time, struct wall now)
{
    struct wall at;
    char text[WALL_TEXT], today[WALL_TEXT];
    if (!pretty_time(time, &at))
        return;
    wall_format(at, text); /* "2026-11-22T10:20:30.123Z" */
    wall_format(now, today);
    if (strncmp(text, today, 10) == 0)
        buf_printf(out, "%.8s UTC", text + 11);
    else
        buf_printf(out, "%.10s %.5s UTC", text, text + 11);
}

void pretty_put_moment(struct buf *out, const json_t *time, struct wall now)
{
    struct wall at;
    if (!pretty_time(time, &at))
        return;
    pretty_put_time(out, time, now);
    buf_puts(out, " (");
    pretty_put_relative(out, time, now);
    buf_putc(out, ')');
}

void pretty_put_place(struct buf *out, const json_t *o, bool in_brackets)
{
    if (!*pretty_member(o, "file"))
        return;
    buf_puts(out, in_brackets ? " (" : "");
    pretty_put(out, json_object_get(o, "file"));
    if (pretty_count(o, "line") > 0)
        buf_printf(out, ":%llu", pretty_count(o, "line"));
    buf_puts(out, in_brackets ? ")" : "");
}

static const char *indent(size_t columns)
{
    static const char spaces[] = "                "; /* 16 */
    return spaces + (columns < sizeof spaces - 1 ? sizeof spaces - 1 - columns : 0);
}

void pretty_field(struct buf *out, const char *name, const json_t *value)
{
    size_t before = out->len, columns = strlen(name);
    buf_printf(out, "  %s%s  ", name, indent(columns < 14 ? 14 - columns : 0));
    size_t start = out->len;
    pretty_put(out, value);
    if (out->len == start && !buf_is_full(out))
        buf_cut(out, before);
    else
        buf_putc(out, '\n');
}

void pretty_cut(struct buf *out, size_t from, size_t width)
{
    size_t at = from, columns = 0;
    if (utf8_columns(out->data + from, out->len - from) <= width)
        return;
    while (at < out->len) {
        uint32_t c;
        size_t step = utf8_next(out->data + at, out->len - at, &c);
        columns += utf8_columns(out->data + at, step);
        if (columns > width)
            break;
        at += step;
    }
    buf_cut(out, at);
}
