#include <sluice/base/utf8.h>

#include <stdbool.h>

/* Length of the well-formed sequence at s (n > 0), or 0; RFC 3629, section 4. The second byte's
 * range depends on the first: that is what keeps out overlong forms, surrogates and > U+10FFFF. */
static size_t sequence(const unsigned char *s, size_t n)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (n < length || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

size_t utf8_bad_at(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t i = 0;

    while (i < n) {
        size_t length = sequence(u + i, n - i);

        if (length == 0)
            return i;
        i += length;
    }
    return n;
}

size_t utf8_next(const char *s, size_t n, uint32_t *cp)
{
    static const uint32_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const unsigned char *u = (const unsigned char *)s;
    size_t length;

    *cp = 0xfffd;
    if (n == 0)
        return 0;
    length = sequence(u, n);
    if (length == 0)
        return 1;
    *cp = u[0] & first_mask[length];
    for (size_t i = 1; i < length; i++)
        *cp = *cp << 6 | (u[i] & 0x3fu);
    return length;
}

struct range {
    uint32_t from, to;
};

/* Control, combining and invisible characters. Medial and final jamo join the initial before them.
 */
static const struct range none[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x0300, 0x036f},  {0x0483, 0x0489}, {0x0591, 0x05bd},
    {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0e34, 0x0e3a},  {0x0e47, 0x0e4e}, {0x1160, 0x11ff},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},  {0x202a, 0x202e}, {0x2060, 0x2064},
    {0x20d0, 0x20ff}, {0x302a, 0x302f}, {0x3099, 0x309a},  {0xd7b0, 0xd7ff}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};

/* East Asian Width W and F (UAX 11), by blocks. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x2fffd}, {0x30000, 0x3fffd}};

static bool is_in(uint32_t cp, const struct range *r, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (cp >= r[i].from && cp <= r[i].to)
            return true;
    }
    return false;
}

size_t utf8_columns(const char *s, size_t n)
{
    size_t columns = 0;

    for (size_t i = 0; i < n;) {
        uint32_t cp;

        i += utf8_next(s + i, n - i, &cp);
        if (is_in(cp, none, sizeof none / sizeof *none))
            continue;
        columns += is_in(cp, wide, sizeof wide / sizeof *wide) ? 2 : 1;
    }
    return columns;
}
