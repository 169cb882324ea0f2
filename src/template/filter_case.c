/* Upper and lower case by the simple mappings of Unicode (UnicodeData.txt, fields 12 and 13) for
 * the scripts that names of people and brands are written in. Most letters come in pairs, whose
 * tables serve both directions. Korean has no case. */
#include "filter.h"

#include <sluice/base/utf8.h>

/* Every `step`-th character from..to is an upper-case letter; its lower-case one is `far` on. */
static const struct pairs {
    uint32_t from, to;
    uint32_t step;
    int32_t far;
} pairs[] = {
    {0x0041, 0x005a, 1, 32},   {0x00c0, 0x00d6, 1, 32},   {0x00d8, 0x00de, 1, 32},
    {0x0100, 0x012e, 2, 1},    {0x0132, 0x0136, 2, 1},    {0x0139, 0x0147, 2, 1},
    {0x014a, 0x0176, 2, 1},    {0x0178, 0x0178, 1, -121}, {0x0179, 0x017d, 2, 1},
    {0x0181, 0x0181, 1, 210},  {0x0182, 0x0184, 2, 1},    {0x0186, 0x0186, 1, 206},
    {0x0187, 0x0187, 1, 1},    {0x0189, 0x018a, 1, 205},  {0x018b, 0x018b, 1, 1},
    {0x018e, 0x018e, 1, 79},   {0x018f, 0x018f, 1, 202},  {0x0190, 0x0190, 1, 203},
    {0x0191, 0x0191, 1, 1},    {0x0193, 0x0193, 1, 205},  {0x0198, 0x0198, 1, 1},
    {0x019d, 0x019d, 1, 213},  {0x01a0, 0x01a4, 2, 1},    {0x01a7, 0x01a7, 1, 1},
    {0x01ac, 0x01ac, 1, 1},    {0x01af, 0x01af, 1, 1},    {0x01b3, 0x01b5, 2, 1},
    {0x01c4, 0x01c4, 1, 2},    {0x01c7, 0x01c7, 1, 2},    {0x01ca, 0x01ca, 1, 2},
    {0x01cd, 0x01db, 2, 1},    {0x01de, 0x01ee, 2, 1},    {0x01f1, 0x01f1, 1, 2},
    {0x01f4, 0x01f4, 1, 1},    {0x01f8, 0x021e, 2, 1},    {0x0222, 0x0232, 2, 1},
    {0x0246, 0x024e, 2, 1},    {0x0370, 0x0372, 2, 1},    {0x0376, 0x0376, 1, 1},
    {0x0386, 0x0386, 1, 38},   {0x0388, 0x038a, 1, 37},   {0x038c, 0x038c, 1, 64},
    {0x038e, 0x038f, 1, 63},   {0x0391, 0x03a1, 1, 32},   {0x03a3, 0x03ab, 1, 32},
    {0x03d8, 0x03ee, 2, 1},    {0x0400, 0x040f, 1, 80},   {0x0410, 0x042f, 1, 32},
    {0x0460, 0x0480, 2, 1},    {0x048a, 0x04be, 2, 1},    {0x04c0, 0x04c0, 1, 15},
    {0x04c1, 0x04cd, 2, 1},    {0x04d0, 0x052e, 2, 1},    {0x0531, 0x0556, 1, 48},
    {0x1e00, 0x1e94, 2, 1},    {0x1ea0, 0x1efe, 2, 1},    {0x1f08, 0x1f0f, 1, -8},
    {0x1f18, 0x1f1d, 1, -8},   {0x1f28, 0x1f2f, 1, -8},   {0x1f38, 0x1f3f, 1, -8},
    {0x1f48, 0x1f4d, 1, -8},   {0x1f59, 0x1f5f, 2, -8},   {0x1f68, 0x1f6f, 1, -8},
    {0x1fb8, 0x1fb9, 1, -8},   {0x1fba, 0x1fbb, 1, -74},  {0x1fc8, 0x1fcb, 1, -86},
    {0x1fd8, 0x1fd9, 1, -8},   {0x1fda, 0x1fdb, 1, -100}, {0x1fe8, 0x1fe9, 1, -8},
    {0x1fea, 0x1feb, 1, -112}, {0x1fec, 0x1fec, 1, -7},   {0x1ff8, 0x1ff9, 1, -128},
    {0x1ffa, 0x1ffb, 1, -126}, {0x2160, 0x216f, 1, 16},   {0x24b6, 0x24cf, 1, 26},
    {0xff21, 0xff3a, 1, 32},
};

/* Letters whose way back leads elsewhere. */
static const struct single {
    uint32_t from, to;
} only_up[] = {{0x00b5, 0x039c}, {0x0131, 0x0049}, {0x017f, 0x0053}, {0x03c2, 0x03a3}},
  only_down[] = {
      {0x0130, 0x0069}, {0x1e9e, 0x00df}, {0x2126, 0x03c9}, {0x212a, 0x006b}, {0x212b, 0x00e5}};

static uint32_t upper_of(uint32_t cp)
{
    if (cp < 0x80)
        return cp - 'a' < 26 ? cp - 32 : cp;
    for (size_t i = 0; i < sizeof only_up / sizeof *only_up; i++) {
        if (only_up[i].from == cp)
            return only_up[i].to;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        uint32_t up = cp - (uint32_t)pairs[i].far;

        if (up >= pairs[i].from && up <= pairs[i].to && (up - pairs[i].from) % pairs[i].step == 0)
            return up;
    }
    return cp;
}

static uint32_t lower_of(uint32_t cp)
{
    if (cp < 0x80)
        return cp - 'A' < 26 ? cp + 32 : cp;
    for (size_t i = 0; i < sizeof only_down / sizeof *only_down; i++) {
        if (only_down[i].from == cp)
            return only_down[i].to;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (cp >= pairs[i].from && cp <= pairs[i].to && (cp - pairs[i].from) % pairs[i].step == 0)
            return cp + (uint32_t)pairs[i].far;
    }
    return cp;
}

static void put_utf8(struct buf *out, uint32_t cp)
{
    char c[3];
    size_t n = 0;

    /* No letter of the tables lies beyond the basic plane. */
    if (cp < 0x80) {
        c[n++] = (char)cp;
    } else if (cp < 0x800) {
        c[n++] = (char)(0xc0 | cp >> 6);
        c[n++] = (char)(0x80 | (cp & 0x3f));
    } else {
        c[n++] = (char)(0xe0 | cp >> 12);
        c[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
        c[n++] = (char)(0x80 | (cp & 0x3f));
    }
    buf_put(out, c, n);
}

/* Hangul and Chinese, most of what we see, have no case: not worth a search. */
static bool may_have_case(uint32_t cp)
{
    return cp < 0x2500 || (cp >= 0xff21 && cp <= 0xff5a);
}

static void map(struct str value, uint32_t (*other)(uint32_t), struct buf *out)
{
    for (size_t i = 0; i < value.n && !buf_is_full(out);) {
        uint32_t cp, to;
        size_t n = utf8_next(value.p + i, value.n - i, &cp);

        to = may_have_case(cp) ? other(cp) : cp;
        if (to == cp)
            buf_put(out, value.p + i, n);
        else
            put_utf8(out, to);
        i += n;
    }
}

void filter_upper(struct str value, struct buf *out)
{
    map(value, upper_of, out);
}

void filter_lower(struct str value, struct buf *out)
{
    map(value, lower_of, out);
}
