#include "advert_text.h"

#include <sluice/base/utf8.h>

#include <string.h>

struct span {
    uint32_t from, to;
};

static bool is_among(uint32_t cp, const struct span *span, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (cp >= span[i].from && cp <= span[i].to)
            return true;
    }
    return false;
}

bool advert_is_invisible(uint32_t cp)
{
    static const struct span spans[] = {
        {0x00, 0x08},     {0x0b, 0x0c},      {0x0e, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},
        {0x34f, 0x34f},   {0x61c, 0x61c},    {0x115f, 0x1160}, {0x180b, 0x180e}, {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f},  {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xe0000, 0xe0fff}};

    return is_among(cp, spans, sizeof spans / sizeof *spans);
}

static uint32_t look_alike(uint32_t cp)
{
    static const struct span blanks[] = {{0xa0, 0xa0},     {0x2000, 0x200a}, {0x2028, 0x2029},
                                         {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
    static const struct span dashes[] = {
        {0x2010, 0x2015}, {0x2212, 0x2212}, {0xfe58, 0xfe58}, {0xfe63, 0xfe63}};

    if (cp < 0x80)
        return cp;
    if (cp >= 0xff01 && cp <= 0xff5e)
        return cp - 0xfee0;
    if (is_among(cp, blanks, sizeof blanks / sizeof *blanks))
        return ' ';
    if (is_among(cp, dashes, sizeof dashes / sizeof *dashes))
        return '-';
    return cp == 0x2018 || cp == 0x2019 ? '\'' : cp;
}

/* Unicode, section 3.12. 0: the two are not one syllable. */
static uint32_t compose(uint32_t first, uint32_t second)
{
    const uint32_t syllable = 0xac00, lead = 0x1100, vowel = 0x1161, tail = 0x11a7;

    if (first >= lead && first < lead + 19 && second >= vowel && second < vowel + 21)
        return syllable + ((first - lead) * 21 + (second - vowel)) * 28;
    if (first >= syllable && first <= 0xd7a3 && (first - syllable) % 28 == 0 && second > tail &&
        second < tail + 28)
        return first + (second - tail);
    return 0;
}

static void put_cp(struct buf *out, uint32_t cp)
{
    if (cp < 0x80) {
        buf_putc(out, (char)cp);
        return;
    }
    if (cp < 0x800) {
        buf_putc(out, (char)(0xc0 | cp >> 6));
    } else {
        if (cp < 0x10000) {
            buf_putc(out, (char)(0xe0 | cp >> 12));
        } else {
            buf_putc(out, (char)(0xf0 | cp >> 18));
            buf_putc(out, (char)(0x80 | (cp >> 12 & 0x3f)));
        }
        buf_putc(out, (char)(0x80 | (cp >> 6 & 0x3f)));
    }
    buf_putc(out, (char)(0x80 | (cp & 0x3f)));
}

void advert_fold(struct str text, struct buf *out)
{
    uint32_t cp, last = 0, both;

    for (size_t at = 0; at < text.n;) {
        at += utf8_next(text.p + at, text.n - at, &cp);
        cp = look_alike(cp);
        if (advert_is_invisible(cp))
            continue;
        both = compose(last, cp);
        if (!both && last)
            put_cp(out, last);
        last = both ? both : cp;
    }
    if (last)
        put_cp(out, last);
}

const char *advert_find(struct str in, const char *what)
{
    return in.n ? memmem(in.p, in.n, what, strlen(what)) : NULL;
}

/* ---- other names of the same */

struct other_name {
    const char *name, *same;
};

/* Appends `text` with the first name that fits at each place replaced. */
static void replace(struct str text, const struct other_name *names, size_t n, struct buf *out)
{
    for (size_t at = 0; at < text.n;) {
        struct str rest = str_n(text.p + at, text.n - at);
        size_t i = 0;

        while (i < n && !str_starts(rest, names[i].name))
            i++;
        if (i < n) {
            buf_puts(out, names[i].same);
            at += strlen(names[i].name);
        } else {
            buf_putc(out, text.p[at++]);
        }
    }
}

void advert_squeeze(struct str folded, struct buf *out)
{
    static const struct other_name forms[] = {{"주식회사", "(주)"}, {"㈜", "(주)"}};
    struct buf tight;

    buf_init(&tight, ADVERT_TEXT_MAX);
    for (size_t i = 0; i < folded.n; i++) {
        unsigned char c = (unsigned char)folded.p[i];

        if (c > ' ')
            buf_putc(&tight, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
    replace(str_n(tight.data, tight.len), forms, sizeof forms / sizeof *forms, out);
    buf_done(&tight);
}

void advert_shorten_address(struct str squeezed, struct buf *out)
{
    static const struct other_name names[] = {{"서울특별시", "서울"},
                                              {"서울시", "서울"},
                                              {"부산광역시", "부산"},
                                              {"부산시", "부산"},
                                              {"대구광역시", "대구"},
                                              {"대구시", "대구"},
                                              {"인천광역시", "인천"},
                                              {"인천시", "인천"},
                                              {"광주광역시", "광주"},
                                              {"광주시", "광주"},
                                              {"대전광역시", "대전"},
                                              {"대전시", "대전"},
                                              {"울산광역시", "울산"},
                                              {"울산시", "울산"},
                                              {"세종특별자치시", "세종"},
                                              {"세종시", "세종"},
                                              {"경기도", "경기"},
                                              {"강원특별자치도", "강원"},
                                              {"강원도", "강원"},
                                              {"충청북도", "충북"},
                                              {"충청남도", "충남"},
                                              {"전라북도", "전북"},
                                              {"전북특별자치도", "전북"},
                                              {"전라남도", "전남"},
                                              {"경상북도", "경북"},
                                              {"경상남도", "경남"},
                                              {"제주특별자치도", "제주"},
                                              {"제주도", "제주"},
                                              {",", ""}};

    replace(squeezed, names, sizeof names / sizeof *names, out);
}

size_t advert_digits(struct str number, char out[ADVERT_DIGITS])
{
    size_t n = 0, from = 0;

    for (size_t i = 0; i < number.n && n < ADVERT_DIGITS; i++) {
        if (number.p[i] >= '0' && number.p[i] <= '9')
            out[n++] = number.p[i];
    }
    if (number.n && memchr(number.p, '+', number.n) && n > 2 && memcmp(out, "82", 2) == 0) {
        from = out[2] == '0' ? 2 : 1; /* +82 (0)2 is written too */
        n -= from;
        memmove(out, out + from, n);
        out[0] = '0';
    }
    return n;
}
