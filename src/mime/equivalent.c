#include <sluice/mime/charset.h>

#include <stddef.h>

/* Sorted. What KS X 1001 has itself is not asked for: quotation marks, the ellipsis, ™, ®, €. */
static const struct {
    uint32_t from, to;
    const char *text;
} equivalents[] = {
    {0x00a0, 0x00a0, " "},                          /* no-break space */
    {0x00a2, 0x00a2, "￠"},                         /* ¢ */
    {0x00a3, 0x00a3, "￡"},                         /* £ */
    {0x00a5, 0x00a5, "￥"},                         /* ¥ */
    {0x00a9, 0x00a9, "(c)"},                        /* © */
    {0x00ab, 0x00ab, "《"},                         /* « */
    {0x00ae, 0x00ae, "(R)"},                        /* ®, in a table without it */
    {0x00b5, 0x00b5, "μ"},                          /* the sign; in KS X 1001 there is the letter */
    {0x00bb, 0x00bb, "》"},                         /* » */
    {0x034f, 0x034f, ""},                           /* combining grapheme joiner */
    {0x061c, 0x061c, ""},                           /* a mark that turns the direction of writing */
    {0x115f, 0x1160, ""},                           /* fillers of conjoining jamo */
    {0x180e, 0x180e, ""},    {0x2000, 0x200a, " "}, /* spaces of all widths */
    {0x200b, 0x200f, ""},                           /* zero width */
    {0x2010, 0x2014, "-"},                          /* hyphens, dashes */
    {0x201a, 0x201a, ","},   {0x201b, 0x201b, "‘"},  {0x201e, 0x201f, "“"},
    {0x2022, 0x2023, "·"}, /* bullets */
    {0x2024, 0x2024, "."},   {0x2027, 0x2027, "·"},  {0x2028, 0x2029, " "},
    {0x202a, 0x202e, ""},    {0x202f, 0x202f, " "},  {0x2039, 0x2039, "〈"},
    {0x203a, 0x203a, "〉"},  {0x2043, 0x2043, "-"},  {0x2044, 0x2044, "/"},
    {0x205f, 0x205f, " "},   {0x2060, 0x206f, ""},   {0x2212, 0x2212, "-"},
    {0x2215, 0x2215, "/"},   {0x2219, 0x2219, "·"},  {0x22c5, 0x22c5, "·"},
    {0x25e6, 0x25e6, "·"},   {0x301c, 0x301c, "～"}, /* wave dash */
    {0x30fb, 0x30fb, "·"},   {0xfe00, 0xfe0f, ""},   /* variation selectors */
    {0xfeff, 0xfeff, ""},
};

const char *charset_equivalent(uint32_t cp)
{
    size_t low = 0, high = sizeof equivalents / sizeof *equivalents;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cp < equivalents[middle].from)
            high = middle;
        else if (cp > equivalents[middle].to)
            low = middle + 1;
        else
            return equivalents[middle].text;
    }
    return NULL;
}
