#include <sluice/mime/header.h>

#include <sluice/base/utf8.h>

#include <idn2.h>
#include <stdint.h>

#define LINE_MAX_CHARS                                                                             \
    76 /* RFC 2047, section 2: of a line with encoded words; we fold all there                     \
        */
#define WORD_MAX_CHARS 75
#define WORD_START "=?UTF-8?B?"
#define WORD_END "?="
#define WORD_FRAME (sizeof WORD_START - 1 + sizeof WORD_END - 1)

static const char base64_digit[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- cleaning */

static bool is_space(uint32_t cp)
{
    return cp <= ' ' || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

/* Appends the text as one line: printable, single blanks, none at the ends. True when all of it is
 * ASCII. */
static bool put_clean(struct buf *out, struct str text)
{
    size_t start = out->len;
    bool is_blank_due = false;
    bool is_ascii = true;
    size_t i = 0;

    while (i < text.n) {
        uint32_t cp;
        size_t n = utf8_next(text.p + i, text.n - i, &cp);

        if (is_space(cp)) {
            is_blank_due = out->len > start;
        } else {
            if (is_blank_due)
                buf_putc(out, ' ');
            is_blank_due = false;
            is_ascii = is_ascii && cp < 0x80;
            if (cp == 0xfffd)
                buf_put(out, "\xef\xbf\xbd", 3);
            else
                buf_put(out, text.p + i, n);
        }
        i += n;
    }
    return is_ascii;
}

/* ---- encoded words */

/* What belongs to the character before it: combining marks, the vowels and finals of a syllable in
 * conjoining jamo, joiners and variation selectors. */
static bool is_joined(uint32_t cp)
{
    return (cp >= 0x0300 && cp <= 0x036f) || (cp >= 0x1160 && cp <= 0x11ff) ||
           (cp >= 0xd7b0 && cp <= 0xd7fb) || cp == 0x200d || (cp >= 0xfe00 && cp <= 0xfe0f) ||
           (cp >= 0x1f3fb && cp <= 0x1f3ff);
}

/* How many bytes of well-formed text go into a word of at most `most` bytes: whole characters, and
 * no split before a joined one unless that would leave nothing. */
static size_t cut_word(struct str text, size_t most)
{
    size_t whole = 0; /* up to a place where a split is fine */
    size_t fits = 0;
    size_t i = 0;

    if (text.n <= most)
        return text.n;
    while (i < text.n) {
        uint32_t cp;
        size_t n = utf8_next(text.p + i, text.n - i, &cp);

        if (!is_joined(cp))
            whole = i;
        if (i + n > most)
            break;
        i += n;
        fits = i;
    }
    return whole ? whole : fits;
}

static void put_base64(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i += 3) {
        size_t n = s.n - i < 3 ? s.n - i : 3;
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        char digit[4];

        v |= n > 1 ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
        v |= n > 2 ? (unsigned char)s.p[i + 2] : 0;
        digit[0] = base64_digit[v >> 18];
        digit[1] = base64_digit[v >> 12 & 63];
        digit[2] = n > 1 ? base64_digit[v >> 6 & 63] : '=';
        digit[3] = n > 2 ? base64_digit[v & 63] : '=';
        buf_put(out, digit, sizeof digit);
    }
}

/* Words separated by folds; `column` characters of the line are used already. Returns the column
 * behind them. */
static size_t put_words(struct buf *out, struct str text, size_t column)
{
    while (text.n) {
        size_t room = LINE_MAX_CHARS - column;
        size_t n;

        if (room > WORD_MAX_CHARS)
            room = WORD_MAX_CHARS;
        n = cut_word(text, (room - WORD_FRAME) / 4 * 3);
        buf_puts(out, WORD_START);
        put_base64(out, str_n(text.p, n));
        buf_puts(out, WORD_END);
        column += WORD_FRAME + (n + 2) / 3 * 4;
        text = str_n(text.p + n, text.n - n);
        if (text.n) {
            buf_puts(out, "\r\n ");
            column = 1;
        }
    }
    return column;
}

/* ---- fields */

/* Copies clean ASCII, folded at blanks. False (and nothing is written) when a word is too long for
 * that, or when it would be read as an encoded word. */
static bool put_folded(struct buf *out, struct str text, size_t column)
{
    size_t line = column;
    size_t from = 0;

    if (memmem(text.p, text.n, "=?", 2))
        return false;
    for (size_t i = 0, word = 0; i < text.n; i++) {
        word = text.p[i] == ' ' ? 0 : word + 1;
        if (word > LINE_MAX_CHARS - 1 - (word == i + 1 ? column : 0))
            return false;
    }
    for (struct str rest = text, word; str_cut(&rest, ' ', &word);) {
        if (from && line + 1 + word.n > LINE_MAX_CHARS) {
            buf_puts(out, "\r\n ");
            line = 1;
        } else if (from) {
            buf_putc(out, ' ');
            line++;
        }
        buf_put(out, word.p, word.n);
        line += word.n;
        from = 1;
    }
    return true;
}

/* Removes the bytes from `from` to `to`. */
static void remove_bytes(struct buf *out, size_t from, size_t to)
{
    if (buf_is_full(out))
        return;
    memmove(out->data + from, out->data + to, out->len - to);
    buf_cut(out, out->len - (to - from));
}

/* This is on the way of every message: the raw text is cleaned behind itself, that is written as a
 * header behind itself, and what is no longer needed goes. It saves two allocations. */
void header_text_in_place(struct buf *out, const char *name, size_t start)
{
    size_t raw = out->len - start;
    size_t clean;
    struct str text;
    bool is_ascii;

    if (raw > HEADER_TEXT_MAX)
        raw = HEADER_TEXT_MAX;
    /* Both steps read what they append behind: without room the text would move away under them.
     * (Cleaning makes 3 bytes of 1 at most, encoding less than 3 of 1.) */
    if (!buf_room(out, 12 * raw + 1024))
        return;
    clean = out->len;
    is_ascii = put_clean(out, str_n(out->data + start, raw));
    text = str_n(out->data + clean, out->len - clean);
    buf_puts(out, name);
    buf_puts(out, ": ");
    if (!is_ascii || !put_folded(out, text, strlen(name) + 2))
        put_words(out, text, strlen(name) + 2);
    buf_puts(out, "\r\n");
    remove_bytes(out, start, clean + text.n);
}

void header_text(struct buf *out, const char *name, struct str text)
{
    size_t start = out->len;

    buf_put(out, text.p, text.n);
    header_text_in_place(out, name, start);
}

static bool is_atext(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* ASCII display names: as they are when they are atoms, else quoted. */
static void put_phrase(struct buf *out, struct str text)
{
    bool is_quoted = false;

    for (size_t i = 0; i < text.n; i++)
        is_quoted = is_quoted || (text.p[i] != ' ' && !is_atext(text.p[i]));
    if (is_quoted)
        buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_putc(out, '\\');
        buf_putc(out, text.p[i]);
    }
    if (is_quoted)
        buf_putc(out, '"');
}

void header_mailbox(struct buf *out, const char *name, struct str display, struct str address)
{
    size_t column = strlen(name) + 2;
    struct buf clean;
    struct str text;
    bool is_ascii;

    buf_puts(out, name);
    buf_puts(out, ": ");
    if (display.n > HEADER_TEXT_MAX)
        display.n = HEADER_TEXT_MAX;
    if (display.n == 0) {
        buf_put(out, address.p, address.n);
        buf_puts(out, "\r\n");
        return;
    }
    buf_init(&clean, 4 * HEADER_TEXT_MAX);
    is_ascii = put_clean(&clean, display);
    text = str_n(clean.data, clean.len);
    if (is_ascii && text.n <= 60 && !memmem(text.p, text.n, "=?", 2)) {
        size_t from = out->len;

        put_phrase(out, text);
        column += out->len - from;
    } else {
        column = put_words(out, text, column);
    }
    buf_done(&clean);
    buf_puts(out, column + 3 + address.n > LINE_MAX_CHARS ? "\r\n <" : " <");
    buf_put(out, address.p, address.n);
    buf_puts(out, ">\r\n");
}

/* ---- addresses */

bool header_domain(struct buf *out, struct str domain, struct err *e)
{
    char text[256];
    char *ascii = NULL;
    bool is_ascii = true;
    int rc;

    for (size_t i = 0; i < domain.n; i++) {
        unsigned char c = (unsigned char)domain.p[i];

        is_ascii = is_ascii && c < 0x80;
        if (c < 0x80 && !is_atext((char)c) && c != '.')
            return err_set(e, "the domain holds a character that no domain holds");
    }
    if (domain.n == 0 || domain.n >= sizeof text)
        return err_set(e, "the domain is empty or too long");
    if (is_ascii) {
        buf_put(out, domain.p, domain.n);
        return true;
    }
    str_copy(text, sizeof text, domain);
    rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return err_set(e, "the domain %s has no ASCII form: %s", text, idn2_strerror(rc));
    buf_puts(out, ascii);
    idn2_free(ascii);
    return true;
}

/* Dot-atoms, or a quoted string whose quotes are closed at its end (RFC 5321 4.1.2). */
static bool is_local_part(struct str s)
{
    bool is_quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';

    if (s.n == 0 || s.n > 64)
        return false;
    if (!is_quoted) {
        for (size_t i = 0; i < s.n; i++) {
            if (!is_atext(s.p[i]) && s.p[i] != '.')
                return false;
        }
        return true;
    }
    for (size_t i = 1; i + 1 < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < ' ' || c > 0x7e || c == '"')
            return false;
        if (c == '\\' && ++i + 1 >= s.n)
            return false;
    }
    return true;
}

bool header_address(struct buf *out, struct str address, struct err *e)
{
    size_t at = address.n;

    while (at > 0 && address.p[at - 1] != '@')
        at--;
    if (at == 0)
        return err_set(e, "an address without @");
    for (size_t i = 0; i + 1 < at; i++) {
        if ((unsigned char)address.p[i] >= 0x80)
            return err_set(e, "the local part is not ASCII: it needs SMTPUTF8");
    }
    if (!is_local_part(str_n(address.p, at - 1)))
        return err_set(e, "the local part is not one of RFC 5321");
    buf_put(out, address.p, at);
    return header_domain(out, str_n(address.p + at, address.n - at), e);
}
