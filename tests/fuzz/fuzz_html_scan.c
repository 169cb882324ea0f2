/* Any text: its tokens cover it without gaps or overlap, places are sorted and inside, its text is
 * bounded, and sections that were well nested still are. */
#include <sluice/base/must.h>
#include <sluice/html/html.h>

#include <stdint.h>
#include <stdlib.h>

#include "mustache.h"

static void scan_all(struct str text)
{
    struct html_scan s;
    struct html_token t;
    const char *expected = text.p;

    html_begin(&s, text);
    while (html_next(&s, &t)) {
        MUST(t.all.p == expected && t.all.n > 0);
        expected += t.all.n;
        MUST(t.attrs <= HTML_ATTRS_MAX);
        for (size_t i = 0; i < t.attrs; i++) {
            MUST(t.attr[i].name.n > 0);
            MUST(t.attr[i].name.p >= t.all.p && t.attr[i].name.p + t.attr[i].name.n <= expected);
            MUST(!t.attr[i].value.p || t.attr[i].value.p + t.attr[i].value.n <= expected);
        }
        html_is_hidden(&t);
    }
    MUST(expected == text.p + text.n);
}

static void check_places(struct str text, struct html_place *place, size_t count)
{
    size_t last = 0;

    for (size_t i = 0; i < count; i++) {
        MUST(place[i].from >= last && place[i].from <= place[i].to && place[i].to <= text.n);
        last = place[i].to;
    }
    free(place);
}

/* Without changes of delimiters, which the text may need where the HTML needed none. */
static bool is_nested(struct str text)
{
    return mustache_is_balanced(text, str_of("{{"), str_of("}}"));
}

static void to_text(struct str html)
{
    struct buf out;
    struct str text;
    bool has_change = html.n && memmem(html.p, html.n, "{{=", 3);

    buf_init(&out, 32 * html.n + 64);
    html_to_text(html, &out);
    MUST(!buf_is_full(&out));
    MUST(out.len == 0 || out.data[out.len - 1] == '\n');
    text = str_n(out.data, out.len);
    if (!has_change && is_nested(html) && !memmem(text.p, text.n, "{{=", 3))
        MUST(is_nested(text));
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n((const char *)data, size);
    struct html_place *place;
    struct buf out;
    size_t count;

    if (size > 65536)
        return 0;
    scan_all(text);
    place = html_places(text, &count);
    check_places(text, place, count);
    place = html_text_links(text, &count);
    check_places(text, place, count);
    to_text(text);
    buf_init(&out, size);
    html_unescape(text, &out);
    MUST(!buf_is_full(&out)); /* no reference is shorter than what it stands for */
    buf_done(&out);
    return 0;
}
