#include "clean.h"

#include <sluice/base/utf8.h>

bool clean_is_space(uint32_t cp)
{
    return cp <= ' ' || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

struct str clean_cut(struct str text, size_t most)
{
    if (text.n <= most)
        return text;
    while (most && ((unsigned char)text.p[most] & 0xc0) == 0x80)
        most--;
    return str_n(text.p, most);
}

void clean_line(struct clean *c, struct str text)
{
    char *to = c->room;
    bool is_blank_due = false;
    size_t n;

    text = clean_cut(text, HEADER_TEXT_MAX);
    c->is_ascii = true;
    for (size_t i = 0; i < text.n; i += n) {
        uint32_t cp = (unsigned char)text.p[i];

        n = 1;
        if (cp >= 0x80)
            n = utf8_next(text.p + i, text.n - i, &cp);
        if (clean_is_space(cp)) {
            is_blank_due = to > c->room;
            continue;
        }
        if (is_blank_due)
            *to++ = ' ';
        is_blank_due = false;
        c->is_ascii = c->is_ascii && cp < 0x80;
        if (cp == 0xfffd) {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
        } else {
            memcpy(to, text.p + i, n);
            to += n;
        }
    }
    c->text = str_n(c->room, (size_t)(to - c->room));
}
