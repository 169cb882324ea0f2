/* Character references: HTML, sections 13.2.5.72 to 80. */
#include <sluice/html/html.h>

#include <stdint.h>

#define NAME_BYTES 8 /* of the longest name in the table */

/* The names that mails use, sorted by bytes; `is_old` ones need no semicolon. */
static const struct name {
    const char *name;
    uint16_t cp;
    bool is_old;
} names[] = {{"AElig", 0xc6, true},     {"AMP", 0x26, true},       {"Aacute", 0xc1, true},
             {"Acirc", 0xc2, true},     {"Agrave", 0xc0, true},    {"Alpha", 0x391, false},
             {"Aring", 0xc5, true},     {"Atilde", 0xc3, true},    {"Auml", 0xc4, true},
             {"Beta", 0x392, false},    {"COPY", 0xa9, true},      {"Ccedil", 0xc7, true},
             {"Dagger", 0x2021, false}, {"Delta", 0x394, false},   {"ETH", 0xd0, true},
             {"Eacute", 0xc9, true},    {"Ecirc", 0xca, true},     {"Egrave", 0xc8, true},
             {"Euml", 0xcb, true},      {"GT", 0x3e, true},        {"Gamma", 0x393, false},
             {"Iacute", 0xcd, true},    {"Icirc", 0xce, true},     {"Igrave", 0xcc, true},
             {"Iuml", 0xcf, true},      {"LT", 0x3c, true},        {"NewLine", 0xa, false},
             {"Ntilde", 0xd1, true},    {"OElig", 0x152, false},   {"Oacute", 0xd3, true},
             {"Ocirc", 0xd4, true},     {"Ograve", 0xd2, true},    {"Omega", 0x3a9, false},
             {"Oslash", 0xd8, true},    {"Otilde", 0xd5, true},    {"Ouml", 0xd6, true},
             {"Prime", 0x2033, false},  {"QUOT", 0x22, true},      {"REG", 0xae, true},
             {"Scaron", 0x160, false},  {"THORN", 0xde, true},     {"Tab", 0x9, false},
             {"Uacute", 0xda, true},    {"Ucirc", 0xdb, true},     {"Ugrave", 0xd9, true},
             {"Uuml", 0xdc, true},      {"Yacute", 0xdd, true},    {"Yuml", 0x178, false},
             {"aacute", 0xe1, true},    {"acirc", 0xe2, true},     {"acute", 0xb4, true},
             {"aelig", 0xe6, true},     {"agrave", 0xe0, true},    {"alpha", 0x3b1, false},
             {"amp", 0x26, true},       {"apos", 0x27, false},     {"aring", 0xe5, true},
             {"ast", 0x2a, false},      {"asymp", 0x2248, false},  {"atilde", 0xe3, true},
             {"auml", 0xe4, true},      {"bdquo", 0x201e, false},  {"beta", 0x3b2, false},
             {"brvbar", 0xa6, true},    {"bsol", 0x5c, false},     {"bull", 0x2022, false},
             {"cap", 0x2229, false},    {"ccedil", 0xe7, true},    {"cedil", 0xb8, true},
             {"cent", 0xa2, true},      {"check", 0x2713, false},  {"circ", 0x2c6, false},
             {"clubs", 0x2663, false},  {"colon", 0x3a, false},    {"comma", 0x2c, false},
             {"commat", 0x40, false},   {"copy", 0xa9, true},      {"cross", 0x2717, false},
             {"cup", 0x222a, false},    {"curren", 0xa4, true},    {"dagger", 0x2020, false},
             {"darr", 0x2193, false},   {"deg", 0xb0, true},       {"delta", 0x3b4, false},
             {"diams", 0x2666, false},  {"divide", 0xf7, true},    {"dollar", 0x24, false},
             {"eacute", 0xe9, true},    {"ecirc", 0xea, true},     {"egrave", 0xe8, true},
             {"empty", 0x2205, false},  {"emsp", 0x2003, false},   {"ensp", 0x2002, false},
             {"epsilon", 0x3b5, false}, {"equals", 0x3d, false},   {"equiv", 0x2261, false},
             {"eth", 0xf0, true},       {"euml", 0xeb, true},      {"euro", 0x20ac, false},
             {"excl", 0x21, false},     {"exist", 0x2203, false},  {"fnof", 0x192, false},
             {"forall", 0x2200, false}, {"frac12", 0xbd, true},    {"frac14", 0xbc, true},
             {"frac34", 0xbe, true},    {"frasl", 0x2044, false},  {"gamma", 0x3b3, false},
             {"ge", 0x2265, false},     {"grave", 0x60, false},    {"gt", 0x3e, true},
             {"hArr", 0x21d4, false},   {"harr", 0x2194, false},   {"hearts", 0x2665, false},
             {"hellip", 0x2026, false}, {"hyphen", 0x2010, false}, {"iacute", 0xed, true},
             {"icirc", 0xee, true},     {"iexcl", 0xa1, true},     {"igrave", 0xec, true},
             {"infin", 0x221e, false},  {"int", 0x222b, false},    {"iquest", 0xbf, true},
             {"isin", 0x2208, false},   {"iuml", 0xef, true},      {"lArr", 0x21d0, false},
             {"lambda", 0x3bb, false},  {"laquo", 0xab, true},     {"larr", 0x2190, false},
             {"lbrace", 0x7b, false},   {"lbrack", 0x5b, false},   {"lcub", 0x7b, false},
             {"ldquo", 0x201c, false},  {"le", 0x2264, false},     {"lowbar", 0x5f, false},
             {"loz", 0x25ca, false},    {"lpar", 0x28, false},     {"lrm", 0x200e, false},
             {"lsaquo", 0x2039, false}, {"lsqb", 0x5b, false},     {"lsquo", 0x2018, false},
             {"lt", 0x3c, true},        {"macr", 0xaf, true},      {"mdash", 0x2014, false},
             {"micro", 0xb5, true},     {"middot", 0xb7, true},    {"minus", 0x2212, false},
             {"mu", 0x3bc, false},      {"nabla", 0x2207, false},  {"nbsp", 0xa0, true},
             {"ndash", 0x2013, false},  {"ne", 0x2260, false},     {"ni", 0x220b, false},
             {"not", 0xac, true},       {"ntilde", 0xf1, true},    {"num", 0x23, false},
             {"oacute", 0xf3, true},    {"ocirc", 0xf4, true},     {"oelig", 0x153, false},
             {"ograve", 0xf2, true},    {"oline", 0x203e, false},  {"omega", 0x3c9, false},
             {"oplus", 0x2295, false},  {"ordf", 0xaa, true},      {"ordm", 0xba, true},
             {"oslash", 0xf8, true},    {"otilde", 0xf5, true},    {"otimes", 0x2297, false},
             {"ouml", 0xf6, true},      {"para", 0xb6, true},      {"part", 0x2202, false},
             {"percnt", 0x25, false},   {"period", 0x2e, false},   {"permil", 0x2030, false},
             {"phone", 0x260e, false},  {"pi", 0x3c0, false},      {"plus", 0x2b, false},
             {"plusmn", 0xb1, true},    {"pound", 0xa3, true},     {"prime", 0x2032, false},
             {"prod", 0x220f, false},   {"quest", 0x3f, false},    {"quot", 0x22, true},
             {"rArr", 0x21d2, false},   {"radic", 0x221a, false},  {"raquo", 0xbb, true},
             {"rarr", 0x2192, false},   {"rbrace", 0x7d, false},   {"rbrack", 0x5d, false},
             {"rcub", 0x7d, false},     {"rdquo", 0x201d, false},  {"reg", 0xae, true},
             {"rlm", 0x200f, false},    {"rpar", 0x29, false},     {"rsaquo", 0x203a, false},
             {"rsqb", 0x5d, false},     {"rsquo", 0x2019, false},  {"sbquo", 0x201a, false},
             {"scaron", 0x161, false},  {"sect", 0xa7, true},      {"semi", 0x3b, false},
             {"shy", 0xad, true},       {"sigma", 0x3c3, false},   {"sim", 0x223c, false},
             {"sol", 0x2f, false},      {"spades", 0x2660, false}, {"star", 0x2606, false},
             {"starf", 0x2605, false},  {"sub", 0x2282, false},    {"sum", 0x2211, false},
             {"sup", 0x2283, false},    {"sup1", 0xb9, true},      {"sup2", 0xb2, true},
             {"sup3", 0xb3, true},      {"szlig", 0xdf, true},     {"there4", 0x2234, false},
             {"thinsp", 0x2009, false}, {"thorn", 0xfe, true},     {"tilde", 0x2dc, false},
             {"times", 0xd7, true},     {"trade", 0x2122, false},  {"uacute", 0xfa, true},
             {"uarr", 0x2191, false},   {"ucirc", 0xfb, true},     {"ugrave", 0xf9, true},
             {"uml", 0xa8, true},       {"uuml", 0xfc, true},      {"verbar", 0x7c, false},
             {"vert", 0x7c, false},     {"yacute", 0xfd, true},    {"yen", 0xa5, true},
             {"yuml", 0xff, true},      {"zwj", 0x200d, false},    {"zwnj", 0x200c, false}};

/* WHATWG's table for numbers that mean Windows-1252. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static void put_utf8(struct buf *out, uint32_t cp)
{
    char b[4];
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n; i-- > 1; cp >>= 6)
        b[i] = (char)(0x80 | (cp & 0x3f));
    b[0] = (char)(lead[n] | cp);
    buf_put(out, b, n);
}

static int digit_of(char c, unsigned base)
{
    int d = -1;

    if (c >= '0' && c <= '9')
        d = c - '0';
    else if (base == 16 && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        d = (c | 0x20) - 'a' + 10;
    return d;
}

/* "&#..." at the beginning of s: its length, or 0. */
static size_t number(struct str s, uint32_t *cp)
{
    size_t at = 2, from;
    unsigned base = 10;
    uint32_t v = 0;
    int d;

    if (at < s.n && (s.p[at] | 0x20) == 'x') {
        base = 16;
        at++;
    }
    for (from = at; at < s.n && (d = digit_of(s.p[at], base)) >= 0; at++)
        v = v > 0x10ffff ? v : v * base + (unsigned)d;
    if (at == from)
        return 0;
    if (v == 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        v = 0xfffd;
    else if (v >= 0x80 && v < 0xa0)
        v = windows_1252[v - 0x80];
    *cp = v;
    return at < s.n && s.p[at] == ';' ? at + 1 : at;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static const struct name *find_name(struct str s)
{
    size_t low = 0, high = sizeof names / sizeof *names;

    while (low < high) {
        size_t middle = (low + high) / 2;
        struct str name = str_of(names[middle].name);
        size_t least = name.n < s.n ? name.n : s.n;
        int order = memcmp(s.p, name.p, least);

        if (order == 0 && s.n == name.n)
            return &names[middle];
        if (order < 0 || (order == 0 && s.n < name.n))
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* "&name" at the beginning of s. Without its semicolon it counts only before what no name could go
 * on with: "?a=1&copy=2" is a URL, in texts as in attributes. */
static size_t named(struct str s, uint32_t *cp)
{
    size_t end = 1;
    const struct name *found;
    bool is_ended;

    while (end < s.n && is_alnum(s.p[end]) && end <= NAME_BYTES + 1)
        end++;
    if (end == 1 || end > NAME_BYTES + 1)
        return 0;
    found = find_name(str_n(s.p + 1, end - 1));
    is_ended = end < s.n && s.p[end] == ';';
    if (!found || (!is_ended && (!found->is_old || (end < s.n && s.p[end] == '='))))
        return 0;
    *cp = found->cp;
    return is_ended ? end + 1 : end;
}

void html_unescape(struct str text, struct buf *out)
{
    size_t at = 0;

    while (at < text.n) {
        const char *found = memchr(text.p + at, '&', text.n - at);
        size_t next = found ? (size_t)(found - text.p) : text.n;
        struct str rest = str_n(text.p + next, text.n - next);
        uint32_t cp = 0;
        size_t n;

        buf_put(out, text.p + at, next - at);
        if (!found)
            return;
        n = rest.n > 1 && rest.p[1] == '#' ? number(rest, &cp) : named(rest, &cp);
        if (n)
            put_utf8(out, cp);
        else
            buf_putc(out, '&');
        at = next + (n ? n : 1);
    }
}
