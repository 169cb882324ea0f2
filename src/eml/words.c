#include "decode.h"

#include <sluice/base/utf8.h>

#include <gmime/gmime-encodings.h>
#include <string.h>

#define VALUE_MAX (1u << 20) /* of a header, decoded */
#define WORD_MAX 8192        /* of one word; some programs make a whole subject one */

struct word {
    struct str charset;
    char encoding; /* 'b', 'q' */
    struct str text;
    size_t n; /* of the whole word */
};

/* `=?charset*language?B?text?=`. */
static bool find_word(struct str s, struct word *w)
{
    struct str rest, charset, encoding;
    const char *end;

    if (!str_starts(s, "=?"))
        return false;
    s.n = s.n < WORD_MAX ? s.n : WORD_MAX;
    rest = s;
    rest = str_n(s.p + 2, s.n - 2);
    if (!str_cut(&rest, '?', &charset) || !str_cut(&rest, '?', &encoding) || encoding.n != 1 ||
        charset.n == 0 || memchr(charset.p, ' ', charset.n))
        return false;
    w->encoding = (char)(encoding.p[0] | 0x20);
    end = rest.n ? memmem(rest.p, rest.n, "?=", 2) : NULL;
    if ((w->encoding != 'b' && w->encoding != 'q') || !end)
        return false;
    w->text = str_n(rest.p, (size_t)(end - rest.p));
    if (memchr(w->text.p, '\n', w->text.n) || memchr(w->text.p, '\r', w->text.n))
        return false;
    str_cut(&charset, '*', &w->charset);
    w->n = (size_t)(end - s.p) + 2;
    return true;
}

/* GMime decodes adjacent words of base64 as one, and stops at the first one's padding; so each is
 * decoded alone here. */
static void word_bytes(const struct word *w, struct buf *out)
{
    GMimeEncoding state;
    struct buf text;
    char *to;

    buf_init(&text, VALUE_MAX);
    buf_put(&text, w->text.p, w->text.n);
    for (size_t i = 0; w->encoding == 'q' && i < text.len; i++)
        text.data[i] = text.data[i] == '_' ? ' ' : text.data[i];
    g_mime_encoding_init_decode(&state, w->encoding == 'b'
                                            ? GMIME_CONTENT_ENCODING_BASE64
                                            : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    to = buf_room(out, g_mime_encoding_outlen(&state, text.len));
    if (to)
        buf_grew(out, g_mime_encoding_flush(&state, text.data, text.len, to));
    buf_done(&text);
}

/* Words in the making: neighbours in one charset are read together, because some programs split
 * characters between them. */
struct decoding {
    struct buf *out;
    struct str charset;
    struct buf bytes;
    bool has_word;
    bool is_whole; /* all of it could be read */
};

static void put_readable(struct decoding *d, enum decoded rc)
{
    if (rc == DECODED)
        return;
    d->is_whole = false;
    buf_puts(d->out, "\xef\xbf\xbd");
}

static void finish_word(struct decoding *d)
{
    if (!d->has_word)
        return;
    put_readable(d, decode_text(d->charset, str_n(d->bytes.data, d->bytes.len), d->out));
    buf_clear(&d->bytes);
    d->has_word = false;
}

static void put_word(struct decoding *d, const struct word *w)
{
    if (d->has_word && !str_eq_nocase(d->charset, w->charset))
        finish_word(d);
    d->charset = w->charset;
    d->has_word = true;
    word_bytes(w, &d->bytes);
}

static void put_plain(struct decoding *d, struct str text)
{
    struct buf line;

    finish_word(d);
    buf_init(&line, VALUE_MAX);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r' && text.p[i] != '\n')
            buf_putc(&line, text.p[i]);
    }
    put_readable(d, decode_text(str_of(""), str_n(line.data, line.len), d->out));
    buf_done(&line);
}

static size_t count_blanks(struct str s)
{
    size_t n = 0;

    while (n < s.n && strchr(" \t\r\n", s.p[n]) && s.p[n])
        n++;
    return n;
}

bool decode_words(struct str value, struct buf *out)
{
    struct decoding d = {.out = out, .is_whole = true};
    size_t plain = 0; /* where text begins that is in no word */
    size_t i = 0;

    buf_init(&d.bytes, VALUE_MAX);
    while (i < value.n) {
        struct word w;
        size_t blanks;

        if (!find_word(str_n(value.p + i, value.n - i), &w)) {
            i++;
            continue;
        }
        blanks = d.has_word ? count_blanks(str_n(value.p + plain, i - plain)) : 0;
        /* Blanks between words are no text: RFC 2047, section 6.2. */
        if (i > plain && !(d.has_word && blanks == i - plain))
            put_plain(&d, str_n(value.p + plain, i - plain));
        put_word(&d, &w);
        i += w.n;
        plain = i;
    }
    if (value.n > plain)
        put_plain(&d, str_n(value.p + plain, value.n - plain));
    finish_word(&d);
    buf_done(&d.bytes);
    return d.is_whole;
}
