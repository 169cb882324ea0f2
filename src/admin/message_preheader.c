/* message_preheader.c: what an inbox shows behind the subject. It stands in the HTML part, hidden. */
#include "message_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <sluice/base/must.h>

enum { LOOKED_AT = 64 * 1024, PREHEADER_MAX = 1000, TAG_MAX = 2000 };

static bool has_display_none(struct str tag)
{
    char text[TAG_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < tag.n && n < TAG_MAX; i++)
        if (tag.p[i] != ' ')
            text[n++] = tag.p[i];
    text[n] = 0;
    str_lower(text, n);
    return strstr(text, "display:none") != NULL;
}

static void put_point(uint32_t c, struct buf *out)
{
    if (c == 0x34F || c == 0x200C || c == 0x200D || c < ' ' || c > 0x10FFFF) /* made to be unseen */
        return;
    if (c == 0xA0)
        c = ' ';
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xC0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_putc(out, (char)(0xE0 | c >> 12));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_putc(out, (char)(0xF0 | c >> 18));
        buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_putc(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* One character reference at s ("&amp;"); its length, 0: it is none that is known here. */
static size_t put_reference(struct str s, struct buf *out)
{
    static const struct {
        const char *name;
        uint32_t point;
    } NAMES[] = {{"amp", '&'},   {"lt", '<'},    {"gt", '>'},      {"quot", '"'},
                 {"apos", '\''}, {"nbsp", 0xA0}, {"zwnj", 0x200C}, {"zwj", 0x200D}};
    struct str rest = str_n(s.p + 1, s.n < 12 ? s.n - 1 : 11), name;
    const char *end = memchr(rest.p, ';', rest.n);
    uint64_t number;
    if (!end)
        return 0;
    name = str_n(rest.p, (size_t)(end - rest.p));
    if (name.n > 1 && name.p[0] == '#' && (name.p[1] | 0x20) == 'x') {
        char hex[12];
        str_copy(hex, sizeof hex, str_n(name.p + 2, name.n - 2));
        put_point((uint32_t)strtoul(hex, NULL, 16), out);
        return name.n + 2;
    }
    if (name.n > 1 && name.p[0] == '#' && str_to_u64(str_n(name.p + 1, name.n - 1), &number)) {
        put_point(number > 0x10FFFF ? 0 : (uint32_t)number, out);
        return name.n + 2;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (str_is(name, NAMES[i].name)) {
            put_point(NAMES[i].point, out);
            return name.n + 2;
        }
    return 0;
}

/* The text until `end`, without tags, blanks in a row as one. */
static void put_text(struct str s, struct buf *out)
{
    struct buf raw;
    buf_init(&raw, PREHEADER_MAX);
    for (size_t i = 0, step; i < s.n; i += step) {
        step = s.p[i] == '&' ? put_reference(str_n(s.p + i, s.n - i), &raw) : 0;
        if (step > 0)
            continue;
        step = 1;
        if (s.p[i] == '<') {
            const char *end = memchr(s.p + i, '>', s.n - i);
            step = end ? (size_t)(end - s.p) - i + 1 : s.n - i;
        } else {
            buf_putc(&raw, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
        }
    }
    for (size_t i = 0; i < raw.len; i++)
        if (raw.data[i] != ' ' || (out->len > 0 && out->data[out->len - 1] != ' '))
            buf_putc(out, raw.data[i]);
    if (out->len > 0 && out->data[out->len - 1] == ' ')
        buf_cut(out, out->len - 1);
    buf_done(&raw);
}

/* The end of the element whose inside begins at s: the next closing tag of its name. */
static size_t find_close(struct str s, struct str name)
{
    for (size_t i = 0; i + 2 + name.n <= s.n; i++)
        if (s.p[i] == '<' && s.p[i + 1] == '/' && str_eq_nocase(str_n(s.p + i + 2, name.n), name))
            return i;
    return s.n;
}

char *message_preheader(const char *html)
{
    struct str s = str_n(html, html ? strnlen(html, LOOKED_AT) : 0);
    struct buf out;
    buf_init(&out, PREHEADER_MAX);
    for (size_t i = 0; i < s.n && out.len == 0; i++) {
        const char *end = s.p[i] == '<' ? memchr(s.p + i, '>', s.n - i) : NULL;
        if (!end)
            continue;
        struct str tag = str_n(s.p + i + 1, (size_t)(end - s.p) - i - 1);
        size_t inside = (size_t)(end - s.p) + 1, n = 0;
        while (n < tag.n && ((tag.p[n] | 0x20) >= 'a' && (tag.p[n] | 0x20) <= 'z'))
            n++;
        i = inside - 1;
        if (n == 0 || !has_display_none(tag))
            continue;
        struct str rest = str_n(s.p + inside, s.n - inside);
        put_text(str_n(rest.p, find_close(rest, str_n(tag.p, n))), &out);
    }
    return buf_take(&out);
}
