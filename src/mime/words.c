#include "words.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/mime/charset.h>

#include "base64.h"
#include "ksx1001.h"

#define WORD_MAX 75   /* RFC 2047, section 2 */
#define WORD_BYTES 64 /* more than any word of WORD_MAX characters holds */
#define WORD_END "?="
#define ZERO_WIDTH_JOINER 0x200d

/* RFC 1557: the headers of a message in ISO-2022-KR are in EUC-KR. */
static const char *const charset_name[] = {[MAIL_UTF8] = "=?UTF-8?", [MAIL_EUC_KR] = "=?EUC-KR?"};

/* What belongs to the character before it: combining marks, the vowels and finals of a syllable in
 * conjoining jamo, joiners and variation selectors. */
static bool is_joined(uint32_t cp)
{
    return (cp >= 0x0300 && cp <= 0x036f) || (cp >= 0x1160 && cp <= 0x11ff) ||
           (cp >= 0xd7b0 && cp <= 0xd7fb) || cp == ZERO_WIDTH_JOINER ||
           (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0x1f3fb && cp <= 0x1f3ff);
}

/* ---- where a word ends
 *
 * No word of base64 but the last is padded: GMime 3.2 (and whoever else reads neighbours in one
 * charset as one) stops at the padding and loses the rest. Where no character ends at a multiple of
 * three bytes, the few that stand in the way become a word in the Q encoding. */

struct place {
    size_t used; /* of the text */
    size_t n;    /* bytes in the charset */
};
struct walk {
    struct str text;
    enum mail_charset charset;
    struct place at;
    bool is_glued;  /* behind a joiner */
    bool is_joined; /* the character looked at belongs to the one before */
};

/* The next character: where it ends. True: a word may end before it. The text is well-formed, so that
 * ASCII and nearly all of Hangul (U+A000 to U+CFFF) can do without a look at each byte. */
static inline bool look_ahead(struct walk *w, struct place *end)
{
    unsigned char lead = (unsigned char)w->text.p[w->at.used];
    bool was_glued = w->is_glued;
    uint32_t cp = 0;
    size_t n = lead < 0x80 ? 1 : 3;

    if (lead >= 0x80 && (lead < 0xea || lead > 0xec))
        n = utf8_next(w->text.p + w->at.used, w->text.n - w->at.used, &cp);
    end->used = w->at.used + n;
    end->n = w->at.n + (w->charset == MAIL_UTF8 ? n : lead < 0x80 ? 1 : 2);
    w->is_glued = cp == ZERO_WIDTH_JOINER;
    w->is_joined = cp >= 0x300 && is_joined(cp);
    return !was_glued && !w->is_joined;
}

struct cut {
    struct place end;
    bool is_q;
};

/* As much as goes into `most` bytes: *whole, and *aligned is the last place that needs no padding.
 * False: all of the text goes in. */
static bool find_ends(struct walk w, size_t most, struct place *whole, struct place *aligned)
{
    *whole = *aligned = w.at;
    while (w.at.used < w.text.n) {
        struct place end;

        if (look_ahead(&w, &end)) {
            *whole = w.at;
            *aligned = w.at.n % 3 ? *aligned : w.at;
        }
        if (end.n > most)
            return true;
        w.at = end;
    }
    *whole = w.at;
    return false;
}

static bool is_plain_in_q(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/* The shortest beginning behind which *whole needs no padding. False: `room` is too small for that;
 * *end is as much as goes in, split behind a joiner or before a mark only if there is no other way. */
static bool find_q_end(struct walk w, size_t room, struct place whole, struct place *end)
{
    size_t column = 0;
    struct place next, behind_joiner = w.at;

    *end = w.at;
    while (w.at.used < w.text.n) {
        if (look_ahead(&w, &next) && w.at.n) {
            *end = w.at;
            if (w.at.n % 3 == whole.n % 3)
                return true;
        }
        if (!w.is_joined)
            behind_joiner = w.at;
        column += is_plain_in_q((unsigned char)w.text.p[w.at.used]) ? 1 : 3 * (next.n - w.at.n);
        if (column > room)
            break;
        w.at = next;
    }
    if (end->n == 0)
        *end = behind_joiner.n ? behind_joiner : w.at;
    return false;
}

static struct cut find_cut(struct str text, size_t room, enum mail_charset c)
{
    struct walk w = {.text = text, .charset = c};
    size_t most = room / 4 * 3;
    struct place whole, aligned, q;
    bool is_aligned;

    if (c == MAIL_UTF8 && text.n <= most)
        return (struct cut){{text.n, text.n}, false};
    if (!find_ends(w, most, &whole, &aligned))
        return (struct cut){whole, false};
    if (2 * aligned.n >= most)
        return (struct cut){aligned, false};
    is_aligned = find_q_end(w, room, whole, &q);
    return is_aligned || aligned.n == 0 ? (struct cut){q, true} : (struct cut){aligned, false};
}

/* ---- writing it */

static char *put_b(char *to, struct str bytes)
{
    memcpy(to, "B?", 2);
    return base64_all(to + 2, bytes.p, bytes.n);
}

/* Only what may stand in a display name too, RFC 2047, section 5 (3). */
static char *put_q(char *to, struct str bytes)
{
    static const char hex[] = "0123456789ABCDEF";

    memcpy(to, "Q?", 2);
    to += 2;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];

        if (is_plain_in_q(c)) {
            *to++ = (char)(c == ' ' ? '_' : c);
            continue;
        }
        *to++ = '=';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    return to;
}

static struct str to_euc_kr(char room[WORD_BYTES], struct str text)
{
    const uint16_t *table = ksx1001_table();
    bool is_shifted = false;
    size_t n = 0;

    for (size_t i = 0; i < text.n;) {
        uint32_t cp;

        i += utf8_next(text.p + i, text.n - i, &cp);
        n += ksx1001_put(table, MAIL_EUC_KR, cp, &is_shifted, room + n);
    }
    return str_n(room, n);
}

size_t words_put(struct buf *out, struct str text, size_t column, size_t reserve,
                 enum mail_charset charset)
{
    enum mail_charset c =
        charset != MAIL_UTF8 && charset_has(MAIL_EUC_KR, text) ? MAIL_EUC_KR : MAIL_UTF8;
    size_t start = strlen(charset_name[c]);
    size_t frame = start + strlen("B?" WORD_END);

    MUST(column <= HEADER_COLUMN_MAX);
    while (text.n) {
        size_t line = HEADER_LINE - reserve - column;
        size_t room = line < WORD_MAX ? line : WORD_MAX;
        struct cut cut = find_cut(text, room - frame, c);
        struct str bytes = {text.p, cut.end.used};
        char korean[WORD_BYTES];
        char *from = buf_room(out, WORD_MAX + 3);
        char *to = from;

        if (!to)
            break;
        if (c != MAIL_UTF8)
            bytes = to_euc_kr(korean, bytes);
        memcpy(to, charset_name[c], start);
        to = cut.is_q ? put_q(to + start, bytes) : put_b(to + start, bytes);
        memcpy(to, WORD_END "\r\n ", 5);
        column += (size_t)(to - from) + strlen(WORD_END);
        text = str_n(text.p + cut.end.used, text.n - cut.end.used);
        buf_grew(out, (size_t)(to - from) + (text.n ? 5 : 2));
        column = text.n ? 1 : column;
    }
    return column;
}
