/* Links in plain text: where a word that people read as a URL begins and ends, when no syntax says
 * so. */
#include <sluice/html/html.h>

#include <sluice/base/utf8.h>

#include "mustache.h"
#include "places.h"

/* What follows a Korean noun without a blank, and is no part of an address. */
static const char *const particles[] = {
    "에서", "에서는", "에서도", "에서의", "에",   "에는",     "에도", "에게", "로",     "으로",
    "로는", "로도",   "로의",   "을",     "를",   "은",       "는",   "이",   "가",     "와",
    "과",   "의",     "도",     "만",     "나",   "까지",     "부터", "보다", "입니다", "이며",
    "이고", "라는",   "이라는", "이에요", "예요", "바로가기", "참조", "클릭"};

/* A link being read. */
struct link {
    struct html_scan *s;
    size_t at, end; /* what is read; where the link ends as far as is known */
    size_t section; /* of the first section that is open, where its tag begins */
    size_t open;    /* sections */
    size_t parentheses;
};

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

static size_t scheme_at(struct str text, size_t at)
{
    struct str rest = str_n(text.p + at, text.n - at);

    if ((text.p[at] | 0x20) != 'h')
        return 0;
    if (rest.n > 8 && str_eq_nocase(str_n(rest.p, 8), str_of("https://")))
        return 8;
    return rest.n > 7 && str_eq_nocase(str_n(rest.p, 7), str_of("http://")) ? 7 : 0;
}

static bool ends_url(char c)
{
    return (unsigned char)c <= ' ' || strchr("<>\"`\\^|", c) || (unsigned char)c == 0x7f;
}

/* Never the end of a link, though it may stand within one. */
static bool is_trailing(char c)
{
    return strchr(".,;:!?)]}>'\"", c) && c;
}

static bool is_particle(struct str word)
{
    for (size_t i = 0; i < sizeof particles / sizeof *particles; i++) {
        if (str_is(word, particles[i]))
            return true;
    }
    return false;
}

static size_t foreign_end(struct str text, size_t at)
{
    while (at < text.n && !is_ascii(text.p[at]))
        at++;
    return at;
}

/* Letters beyond ASCII belong to a link when a part of it begins with them ("/상품", "?q=봄") and they
 * are no particle; behind anything else they are the sentence that goes on ("/cart에서"). Punctuation
 * and signs from U+2000 to U+303F and fullwidth forms end it. Returns where they end, or 0. */
static size_t foreign_part(struct str text, size_t at)
{
    static const char marks[] = "/=-_+&";
    size_t end = foreign_end(text, at), i = at;
    uint32_t cp = 0;

    if (!strchr(marks, text.p[at - 1]) || !text.p[at - 1] ||
        is_particle(str_n(text.p + at, end - at)))
        return 0;
    while (i < end) {
        size_t n = utf8_next(text.p + i, end - i, &cp);

        if ((cp >= 0x2000 && cp < 0x3040) || cp >= 0xff00 || cp == 0xa0 || cp == 0xb7)
            break;
        i += n;
    }
    return i > at ? i : 0;
}

/* A tag within a link. False: the link ends before it. */
static bool read_tag(struct link *l, const struct mustache *tag)
{
    if (tag->kind == '/') {
        if (l->open == 0)
            return false;
        l->open--;
    } else if (tag->kind == '#' || tag->kind == '^') {
        if (l->open++ == 0)
            l->section = l->at;
    } else if (tag->kind != '!' && !mustache_is_value(tag->kind)) {
        return false;
    }
    l->at += tag->all.n;
    l->end = l->at;
    return true;
}

/* One character or more of a link at l->at. False: it is none. */
static bool read_char(struct link *l)
{
    struct str text = l->s->text;
    char c = text.p[l->at];

    if (ends_url(c))
        return false;
    if (!is_ascii(c)) {
        size_t end = foreign_part(text, l->at);

        if (end == 0)
            return false;
        l->at = l->end = end;
        return true;
    }
    l->at++;
    l->parentheses += c == '(';
    /* "(see https://a.example/x)": only a ')' whose '(' is in the link belongs to it */
    if (c == ')' && l->parentheses) {
        l->parentheses--;
        l->end = l->at;
    } else if (!is_trailing(c)) {
        l->end = l->at;
    }
    return true;
}

/* Reads on from l->at; a section that is not ended within the link ends it. */
static void read_link(struct link *l)
{
    struct html_scan *s = l->s;
    struct mustache tag;

    while (l->at < s->text.n) {
        struct str open = s->open, close = s->close;

        if (mustache_at(s, l->at, &tag)) {
            if (read_tag(l, &tag))
                continue;
            s->open = open; /* it is read again, as text's own */
            s->close = close;
            break;
        }
        if (!read_char(l))
            break;
    }
    if (l->open)
        l->end = l->section;
}

/* "{{url}}", "{{url}}?a=1", "{{name}}": a word that begins with a value. One that goes on in
 * letters beyond ASCII is a word of a sentence: "{{name}}님". */
static bool is_word_of_value(const struct link *l)
{
    struct str text = l->s->text;

    return l->end == text.n || is_ascii(text.p[l->end]) ||
           is_particle(str_n(text.p + l->end, foreign_end(text, l->end) - l->end));
}

/* A domain in other letters, "봄날.한국"; its end, or `at`: a dot is what tells it from a sentence. */
static size_t foreign_host(struct str text, size_t at)
{
    size_t end = at, from = at;
    bool has_dot = false;

    if (at == text.n || is_ascii(text.p[at]))
        return at;
    while (at < text.n && (!is_ascii(text.p[at]) || is_alnum(text.p[at]) || text.p[at] == '-' ||
                           text.p[at] == '.')) {
        has_dot |= text.p[at] == '.' && at + 1 < text.n && !is_trailing(text.p[at + 1]) &&
                   !ends_url(text.p[at + 1]);
        at++;
        if (text.p[at - 1] != '.')
            end = at;
    }
    return has_dot ? end : from;
}

/* A link at `at`, or nothing: where reading goes on. */
static size_t link_at(struct html_scan *s, size_t at, struct places *p)
{
    bool is_within = at > 0 && is_alnum(s->text.p[at - 1]);
    size_t scheme = is_within ? 0 : scheme_at(s->text, at);
    struct link l = {.s = s, .at = at + scheme, .end = at + scheme};
    struct mustache tag;

    if (scheme) {
        l.at = l.end = foreign_host(s->text, l.at);
        read_link(&l);
        if (l.end > at + scheme)
            places_add(p, HTML_LINK, at, l.end, false);
        return l.at > at ? l.at : at + 1;
    }
    if (!mustache_at(s, at, &tag))
        return at + 1;
    l.at = l.end = at + tag.all.n;
    if (!mustache_is_value(tag.kind) || is_within || (at > 0 && !is_ascii(s->text.p[at - 1])))
        return l.at;
    read_link(&l);
    if (is_word_of_value(&l))
        places_add(p, HTML_LINK, at, l.end, false);
    return l.at;
}

struct html_place *html_text_links(struct str text, size_t *count)
{
    struct places p = {NULL, 0, 0};
    struct html_scan s;

    html_begin(&s, text);
    for (size_t at = 0; at < text.n;)
        at = link_at(&s, at, &p);
    *count = p.count;
    return p.item;
}
