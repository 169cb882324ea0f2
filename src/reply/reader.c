/* Reads reply lines as they come. Nothing here fails: what cannot be understood becomes text or is
 * dropped, because a reply that we cannot read must still end the command it answers. */
#include <sluice/base/str.h>
#include <sluice/base/utf8.h>
#include <sluice/reply/reply.h>

#include "enhanced.h"

void reply_reader_init(struct reply_reader *r)
{
    *r = (struct reply_reader){0};
}

/* "550", "550 text", "550-text"; a tab is taken for a space. Returns the code, or 0. */
static int line_code(struct str line)
{
    int code = 0;

    if (line.n < 3)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.p[i] < '0' || line.p[i] > '9')
            return 0;
        code = code * 10 + (line.p[i] - '0');
    }
    if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-' && line.p[3] != '\t')
        return 0;
    return code >= 200 && code <= 599 ? code : 0;
}

/* Replies end in logs, terminals and spreadsheets: control characters, line separators and
 * characters that turn the writing direction must not get there. */
static bool is_unprintable(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 || cp == 0x200e ||
           cp == 0x200f || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
           cp == 0xfeff;
}

struct writer {
    char *text;
    size_t n;
    bool space; /* one is due before the next character */
    bool is_full;
};

static void put(struct writer *w, const char *bytes, size_t n)
{
    size_t need = n + (w->space && w->n ? 1 : 0);

    if (w->is_full || need > REPLY_TEXT_MAX - 1 - w->n) {
        w->is_full = true;
        return;
    }
    if (w->space && w->n)
        w->text[w->n++] = ' ';
    w->space = false;
    memcpy(w->text + w->n, bytes, n);
    w->n += n;
    w->text[w->n] = '\0';
}

/* Appends as printable UTF-8: runs of white space and control characters become one space, runs of
 * bytes that are no UTF-8 one U+FFFD. */
static void append_text(struct writer *w, struct str s)
{
    bool was_bad = false;
    size_t i = 0;

    while (i < s.n && !w->is_full) {
        uint32_t cp;
        size_t n = utf8_next(s.p + i, s.n - i, &cp);
        bool is_bad = cp == 0xfffd && n == 1;

        if (is_bad && !was_bad)
            put(w, "\xef\xbf\xbd", 3);
        else if (cp == ' ' || is_unprintable(cp))
            w->space = true;
        else if (!is_bad)
            put(w, s.p + i, n);
        was_bad = is_bad;
        i += n;
    }
}

static void add_line(struct reply_reader *r, struct str text)
{
    struct writer w = {.text = r->reply.text, .n = strlen(r->reply.text), .space = true};
    char code[ENHANCED_MAX];
    size_t n;

    text = str_trim(text);
    n = enhanced_at_start(text, code);
    if (n) {
        /* The first one stands, but "x.0.0" gives way: it says nothing, and servers that put a
         * specific code on a later line exist. */
        if (!r->reply.enhanced[0] || strcmp(r->reply.enhanced + 1, ".0.0") == 0)
            memcpy(r->reply.enhanced, code, sizeof(code));
        text = str_trim(str_n(text.p + n, text.n - n));
    }
    append_text(&w, text);
}

bool reply_reader_line(struct reply_reader *r, const char *line, size_t n)
{
    struct str s = str_n(line, n);
    int code;

    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    code = line_code(s);
    if (!r->is_open) {
        reply_reader_init(r);
        if (!code)
            return false;
        r->reply.code = code;
        r->is_open = true;
    }
    r->lines++;
    if (!code) {
        add_line(r, s);
        return false;
    }
    if (s.n > 4)
        add_line(r, str_n(s.p + 4, s.n - 4));
    r->is_open = s.n > 3 && s.p[3] == '-';
    return !r->is_open;
}
