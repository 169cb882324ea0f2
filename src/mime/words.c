#include "words.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/mime/charset.h>

#include "base64.h"
#include "ksx1001.h"

#define WORD_MAX 75   /* RFC 2047, section 2 */
#define WORD_BYTES 64 /* more than any word of WORD_MAX characters holds */
#define WORD_END "?="

static const char *const word_start[] = {
    [MAIL_UTF8] = "=?UTF-8?B?",
    [MAIL_EUC_KR] = "=?EUC-KR?B?",
    [MAIL_ISO_2022_KR] = "=?ISO-2022-KR?B?",
};

/* What belongs to the character before it: combining marks, the vowels and finals of a syllable in
 * conjoining jamo, joiners and variation selectors. */
static bool is_joined(uint32_t cp)
{
    return (cp >= 0x0300 && cp <= 0x036f) || (cp >= 0x1160 && cp <= 0x11ff) ||
           (cp >= 0xd7b0 && cp <= 0xd7fb) || cp == 0x200d || (cp >= 0xfe00 && cp <= 0xfe0f) ||
           (cp >= 0x1f3fb && cp <= 0x1f3ff);
}

/* A word in the making: how far the text goes into it, and its bytes in the other charset.
 *
 * All words but the last hold a multiple of three bytes where a character ends at one, so that no
 * padding stands between them: GMime 3.2 (and whoever else reads neighbours in one charset as one)
 * stops at it and loses the rest. */
struct word {
    size_t used; /* of the text */
    size_t n;
    char bytes[WORD_BYTES];
};

/* As much UTF-8 as goes into `most` bytes: whole characters, and no split before a joined one unless
 * that would leave nothing. The bytes stay where they are. */
static void cut_utf8(struct word *w, struct str text, size_t most)
{
    size_t whole = 0; /* up to a place where a split is fine */
    size_t unpadded = 0;
    size_t fits = 0;
    size_t i = 0;

    w->used = text.n;
    if (text.n <= most)
        return;
    while (i < text.n) {
        uint32_t cp;
        size_t n = utf8_next(text.p + i, text.n - i, &cp);

        whole = is_joined(cp) ? whole : i;
        unpadded = whole % 3 ? unpadded : whole;
        if (i + n > most)
            break;
        i += n;
        fits = i;
    }
    w->used = 2 * unpadded >= most ? unpadded : whole ? whole : fits;
}

/* Appends the character at the beginning of text if the word has room for it, and for the shift back
 * to ASCII. */
static bool add_korean(struct word *w, struct str text, size_t most, enum mail_charset c,
                       bool *is_shifted)
{
    char bytes[KSX1001_PUT_MAX];
    bool is_shifted_then = *is_shifted;
    uint32_t cp;
    size_t used = utf8_next(text.p, text.n, &cp);
    size_t n = ksx1001_put(ksx1001_table(), c, cp, &is_shifted_then, bytes);

    if (w->n + n + is_shifted_then > most)
        return false;
    memcpy(w->bytes + w->n, bytes, n);
    w->n += n;
    w->used += used;
    *is_shifted = is_shifted_then;
    return true;
}

/* KS X 1001 has no joined characters. A word of ISO-2022-KR is text by itself: designator, shifts,
 * ASCII at its end. */
static void cut_korean(struct word *w, struct str text, size_t most, enum mail_charset c)
{
    size_t unpadded = 0, unpadded_used = 0;
    bool is_shifted = false, is_shifted_there = false;

    w->used = 0;
    w->n = c == MAIL_ISO_2022_KR ? sizeof KSX1001_DESIGNATOR - 1 : 0;
    memcpy(w->bytes, KSX1001_DESIGNATOR, w->n);
    while (w->used < text.n &&
           add_korean(w, str_n(text.p + w->used, text.n - w->used), most, c, &is_shifted)) {
        if ((w->n + is_shifted) % 3)
            continue;
        unpadded = w->n;
        unpadded_used = w->used;
        is_shifted_there = is_shifted;
    }
    if (w->used < text.n && 2 * unpadded >= most) {
        w->n = unpadded;
        w->used = unpadded_used;
        is_shifted = is_shifted_there;
    }
    if (is_shifted)
        w->bytes[w->n++] = SHIFT_IN;
}

size_t words_put(struct buf *out, struct str text, size_t column, size_t reserve,
                 enum mail_charset charset)
{
    enum mail_charset c = charset_has(charset, text) ? charset : MAIL_UTF8;
    size_t start = strlen(word_start[c]);
    size_t frame = start + sizeof WORD_END - 1;

    MUST(column <= HEADER_COLUMN_MAX);
    while (text.n) {
        size_t line = HEADER_LINE - reserve - column;
        size_t room = line < WORD_MAX ? line : WORD_MAX;
        struct word w;
        char *to;

        if (c == MAIL_UTF8)
            cut_utf8(&w, text, (room - frame) / 4 * 3);
        else
            cut_korean(&w, text, (room - frame) / 4 * 3, c);
        to = buf_room(out, WORD_MAX + 3);
        if (!to)
            break;
        memcpy(to, word_start[c], start);
        to = c == MAIL_UTF8 ? base64_all(to + start, text.p, w.used)
                            : base64_all(to + start, w.bytes, w.n);
        memcpy(to, WORD_END "\r\n ", 5);
        column += frame + BASE64_SIZE(c == MAIL_UTF8 ? w.used : w.n);
        text = str_n(text.p + w.used, text.n - w.used);
        buf_grew(out, (size_t)(to - (out->data + out->len)) + (text.n ? 5 : 2));
        column = text.n ? 1 : column;
    }
    return column;
}
