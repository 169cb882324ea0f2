/* Texts cut where a reader sees no cut: between user-perceived characters (UAX 29, extended grapheme
 * clusters, without its rules for prepended marks and Indic conjuncts). */
#include "filter.h"

#include <sluice/base/utf8.h>

/* So that a letter with a thousand accents is no text without end (UAX 15 finds 30 marks enough). */
#define GRAPHEME_POINTS_MAX 32

struct range {
    uint32_t from, to;
};

/* General categories Mn, Mc and Me up to U+30FF and of what is in use beyond, the zero width
 * non-joiner, halfwidth voicing marks, skin tones, tags and variation selectors. Sorted. */
static const struct range mark[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd},   {0x05bf, 0x05bf}, {0x05c1, 0x05c2},
    {0x05c4, 0x05c5},   {0x05c7, 0x05c7},   {0x0610, 0x061a},   {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x06d6, 0x06dc},   {0x06df, 0x06e4},   {0x06e7, 0x06e8},   {0x06ea, 0x06ed}, {0x0711, 0x0711},
    {0x0730, 0x074a},   {0x07a6, 0x07b0},   {0x07eb, 0x07f3},   {0x07fd, 0x07fd}, {0x0816, 0x0819},
    {0x081b, 0x0823},   {0x0825, 0x0827},   {0x0829, 0x082d},   {0x0859, 0x085b}, {0x0898, 0x089f},
    {0x08ca, 0x08e1},   {0x08e3, 0x0903},   {0x093a, 0x093c},   {0x093e, 0x094f}, {0x0951, 0x0957},
    {0x0962, 0x0963},   {0x0981, 0x0983},   {0x09bc, 0x09bc},   {0x09be, 0x09cd}, {0x09d7, 0x09d7},
    {0x09e2, 0x09e3},   {0x09fe, 0x0a03},   {0x0a3c, 0x0a51},   {0x0a70, 0x0a71}, {0x0a75, 0x0a75},
    {0x0a81, 0x0a83},   {0x0abc, 0x0abc},   {0x0abe, 0x0acd},   {0x0ae2, 0x0ae3}, {0x0afa, 0x0b03},
    {0x0b3c, 0x0b3c},   {0x0b3e, 0x0b57},   {0x0b62, 0x0b63},   {0x0b82, 0x0b82}, {0x0bbe, 0x0bcd},
    {0x0bd7, 0x0bd7},   {0x0c00, 0x0c04},   {0x0c3c, 0x0c3c},   {0x0c3e, 0x0c56}, {0x0c62, 0x0c63},
    {0x0c81, 0x0c83},   {0x0cbc, 0x0cbc},   {0x0cbe, 0x0cd6},   {0x0ce2, 0x0ce3}, {0x0d00, 0x0d03},
    {0x0d3b, 0x0d3c},   {0x0d3e, 0x0d4d},   {0x0d57, 0x0d57},   {0x0d62, 0x0d63}, {0x0d81, 0x0d83},
    {0x0dca, 0x0ddf},   {0x0df2, 0x0df3},   {0x0e31, 0x0e31},   {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x0eb1, 0x0eb1},   {0x0eb4, 0x0ebc},   {0x0ec8, 0x0ecd},   {0x0f18, 0x0f19}, {0x0f35, 0x0f35},
    {0x0f37, 0x0f37},   {0x0f39, 0x0f39},   {0x0f3e, 0x0f3f},   {0x0f71, 0x0f84}, {0x0f86, 0x0f87},
    {0x0f8d, 0x0fbc},   {0x0fc6, 0x0fc6},   {0x102b, 0x103e},   {0x1056, 0x1059}, {0x105e, 0x1060},
    {0x1062, 0x1064},   {0x1067, 0x106d},   {0x1071, 0x1074},   {0x1082, 0x108d}, {0x108f, 0x108f},
    {0x109a, 0x109d},   {0x135d, 0x135f},   {0x1712, 0x1715},   {0x1732, 0x1734}, {0x1752, 0x1753},
    {0x1772, 0x1773},   {0x17b4, 0x17d3},   {0x17dd, 0x17dd},   {0x180b, 0x180d}, {0x180f, 0x180f},
    {0x1885, 0x1886},   {0x18a9, 0x18a9},   {0x1920, 0x193b},   {0x1a17, 0x1a1b}, {0x1a55, 0x1a7f},
    {0x1ab0, 0x1b04},   {0x1b34, 0x1b44},   {0x1b6b, 0x1b73},   {0x1b80, 0x1b82}, {0x1ba1, 0x1bad},
    {0x1be6, 0x1bf3},   {0x1c24, 0x1c37},   {0x1cd0, 0x1cd2},   {0x1cd4, 0x1ce8}, {0x1ced, 0x1ced},
    {0x1cf4, 0x1cf4},   {0x1cf7, 0x1cf9},   {0x1dc0, 0x1dff},   {0x200c, 0x200c}, {0x20d0, 0x20f0},
    {0x2cef, 0x2cf1},   {0x2d7f, 0x2d7f},   {0x2de0, 0x2dff},   {0x302a, 0x302f}, {0x3099, 0x309a},
    {0xa66f, 0xa672},   {0xa674, 0xa67d},   {0xfe00, 0xfe0f},   {0xfe20, 0xfe2f}, {0xff9e, 0xff9f},
    {0x1f3fb, 0x1f3ff}, {0xe0020, 0xe007f}, {0xe0100, 0xe01ef},
};

/* Where emoji live that a zero width joiner may join. */
static const struct range pictograph[] = {
    {0x00a9, 0x00a9},   {0x00ae, 0x00ae},   {0x203c, 0x203c},   {0x2049, 0x2049}, {0x2122, 0x2122},
    {0x2139, 0x2139},   {0x2190, 0x21ff},   {0x2300, 0x23ff},   {0x24c2, 0x24c2}, {0x25a0, 0x27bf},
    {0x2900, 0x297f},   {0x2b00, 0x2bff},   {0x3030, 0x3030},   {0x303d, 0x303d}, {0x3297, 0x3299},
    {0x1f000, 0x1f1e5}, {0x1f200, 0x1f3fa}, {0x1f400, 0x1faff},
};

static bool is_in(uint32_t cp, const struct range *r, size_t count)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cp < r[middle].from)
            high = middle;
        else if (cp > r[middle].to)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

enum kind { OTHER, CONTROL, MARK, JOINER, PICTOGRAPH, REGIONAL, JAMO_L, JAMO_V, JAMO_T, LV, LVT };

static enum kind hangul_kind(uint32_t cp)
{
    if ((cp >= 0x1100 && cp <= 0x115f) || (cp >= 0xa960 && cp <= 0xa97c))
        return JAMO_L;
    if ((cp >= 0x1160 && cp <= 0x11a7) || (cp >= 0xd7b0 && cp <= 0xd7c6))
        return JAMO_V;
    if ((cp >= 0x11a8 && cp <= 0x11ff) || (cp >= 0xd7cb && cp <= 0xd7fb))
        return JAMO_T;
    if (cp >= 0xac00 && cp <= 0xd7a3)
        return (cp - 0xac00) % 28 == 0 ? LV : LVT;
    return OTHER;
}

static enum kind kind_of(uint32_t cp)
{
    enum kind k;

    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
        return CONTROL;
    if (cp < 0x300)
        return cp == 0xa9 || cp == 0xae ? PICTOGRAPH : OTHER;
    k = hangul_kind(cp);
    if (k != OTHER)
        return k;
    if (cp == 0x200d)
        return JOINER;
    if (cp >= 0x1f1e6 && cp <= 0x1f1ff)
        return REGIONAL;
    if (is_in(cp, mark, sizeof mark / sizeof *mark))
        return MARK;
    return is_in(cp, pictograph, sizeof pictograph / sizeof *pictograph) ? PICTOGRAPH : OTHER;
}

static bool joins_hangul(enum kind before, enum kind k)
{
    if (before == JAMO_L)
        return k == JAMO_L || k == JAMO_V || k == LV || k == LVT;
    if (before == LV || before == JAMO_V)
        return k == JAMO_V || k == JAMO_T;
    return (before == LVT || before == JAMO_T) && k == JAMO_T;
}

size_t grapheme_next(const char *s, size_t n)
{
    bool is_picture, is_half_flag;
    enum kind before;
    uint32_t cp;
    size_t at = utf8_next(s, n, &cp);

    before = kind_of(cp);
    if (before == CONTROL)
        return cp == '\r' && at < n && s[at] == '\n' ? at + 1 : at;
    is_picture = before == PICTOGRAPH;
    is_half_flag = before == REGIONAL;
    for (int points = 1; at < n && points < GRAPHEME_POINTS_MAX; points++) {
        size_t length = utf8_next(s + at, n - at, &cp);
        enum kind k = kind_of(cp);

        if (k == REGIONAL && before == REGIONAL && is_half_flag)
            is_half_flag = false;
        else if (k != MARK && k != JOINER && !joins_hangul(before, k) &&
                 !(is_picture && before == JOINER && k == PICTOGRAPH))
            break;
        before = k;
        at += length;
    }
    return at;
}

void filter_truncate(struct str value, uint32_t characters, struct buf *out)
{
    size_t at = 0, cut = 0;

    for (uint32_t i = 0; i < characters && at < value.n; i++) {
        cut = at; /* before the last one */
        at += grapheme_next(value.p + at, value.n - at);
    }
    if (at == value.n) {
        buf_put(out, value.p, value.n);
        return;
    }
    while (cut > 0 && (value.p[cut - 1] == ' ' || value.p[cut - 1] == '\t'))
        cut--;
    buf_put(out, value.p, cut);
    buf_puts(out, "…");
}
