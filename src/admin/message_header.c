/* message_header.c: fields of a header, and what stands in them. */
#include "message_text.h"

#include <stdint.h>
#include <stdio.h>

enum { PIECES_MAX = 50, VALUE_MAX = 64 * 1024 };

/* ---- fields ---- */

/* Cuts one field with its folded lines off *rest. */
static bool next_field(struct str *rest, struct str *field)
{
    size_t n = 0;
    if (rest->n == 0)
        return false;
    do {
        const char *end = memchr(rest->p + n, '\n', rest->n - n);
        n = end ? (size_t)(end - rest->p) + 1 : rest->n;
    } while (n < rest->n && (rest->p[n] == ' ' || rest->p[n] == '\t'));
    *field = str_n(rest->p, n);
    *rest = str_n(rest->p + n, rest->n - n);
    return true;
}

struct str unmime_field(struct str head, const char *name)
{
    struct str field, value = {NULL, 0};
    while (next_field(&head, &field)) {
        struct str left = {NULL, 0};
        value = field;
        if (str_cut(&value, ':', &left) && str_eq_nocase(str_trim(left), str_of(name)))
            return str_trim(value);
    }
    return (struct str){NULL, 0};
}

/* ---- encoded words ---- */

struct word {
    struct str charset, text;
    char encoding; /* 'b' or 'q' */
    size_t n;      /* of all of it */
};

/* "=?utf-8?B?7ZWc?=" at the beginning of s? */
static bool word_at(struct str s, struct word *w)
{
    struct str rest, encoding;
    if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?')
        return false;
    rest = str_n(s.p + 2, s.n - 2);
    if (!str_cut(&rest, '?', &w->charset) || !str_cut(&rest, '?', &encoding) || encoding.n != 1)
        return false;
    w->encoding = (char)(encoding.p[0] | 0x20);
    for (size_t i = 0; i + 1 < rest.n && rest.p[i] > ' '; i++) {
        if (rest.p[i] != '?' || rest.p[i + 1] != '=')
            continue;
        w->text = str_n(rest.p, i);
        w->n = (size_t)(rest.p - s.p) + i + 2;
        struct str language = w->charset; /* RFC 2231 5: "utf-8*ko" */
        str_cut(&language, '*', &w->charset);
        return w->encoding == 'b' || w->encoding == 'q';
    }
    return false;
}

static void put_word(const struct word *w, struct buf *out)
{
    struct buf bytes;
    buf_init(&bytes, w->text.n);
    if (w->encoding == 'b')
        unmime_base64(w->text, &bytes);
    else
        unmime_quoted(w->text, true, &bytes);
    unmime_utf8(str_n(bytes.data, bytes.len), w->charset, out);
    buf_done(&bytes);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks between two encoded words are none (RFC 2047 6.2). */
static void decode(struct str s, struct buf *out)
{
    bool was_word = false;
    for (size_t i = 0; i < s.n;) {
        struct word w;
        size_t blanks = 0, plain = 0;
        while (i + blanks < s.n && is_blank(s.p[i + blanks]))
            blanks++;
        bool is_word = word_at(str_n(s.p + i + blanks, s.n - i - blanks), &w);
        if (blanks > 0 && !(was_word && is_word))
            buf_putc(out, ' ');
        i += blanks;
        if (is_word) {
            put_word(&w, out);
            i += w.n;
        }
        while (!is_word && i + plain < s.n && !is_blank(s.p[i + plain]))
            plain++;
        unmime_utf8(str_n(s.p + i, plain), str_of("utf-8"), out);
        i += plain;
        was_word = is_word;
    }
}

void unmime_text(struct str value, struct buf *out)
{
    struct buf text;
    buf_init(&text, VALUE_MAX);
    decode(str_n(value.p, value.n < VALUE_MAX / 4 ? value.n : VALUE_MAX / 4), &text);
    for (size_t i = 0; i < text.len; i++) /* an encoded word may hold a line end */
        buf_putc(out, is_blank(text.data[i]) ? ' ' : text.data[i]);
    buf_done(&text);
}

/* ---- parameters ---- */

/* Cuts "name=value" off *rest, over quoted strings; the value without its quotes. */
static bool next_param(struct str *rest, struct str *name, struct buf *value)
{
    size_t i = 0;
    buf_clear(value);
    while (i < rest->n && (is_blank(rest->p[i]) || rest->p[i] == ';'))
        i++;
    *rest = str_n(rest->p + i, rest->n - i);
    const char *equals = rest->n ? memchr(rest->p, '=', rest->n) : NULL;
    if (!equals)
        return false;
    *name = str_trim(str_n(rest->p, (size_t)(equals - rest->p)));
    i = name->n ? (size_t)(equals - rest->p) + 1 : rest->n;
    while (i < rest->n && is_blank(rest->p[i]))
        i++;
    if (i < rest->n && rest->p[i] == '"') {
        for (i++; i < rest->n && rest->p[i] != '"'; i++) {
            i += rest->p[i] == '\\' && i + 1 < rest->n;
            buf_putc(value, rest->p[i]);
        }
        i += i < rest->n;
    }
    for (; i < rest->n && rest->p[i] != ';'; i++)
        if (!is_blank(rest->p[i]))
            buf_putc(value, rest->p[i]);
    *rest = str_n(rest->p + i, rest->n - i);
    return true;
}

static void put_percent(struct str s, struct buf *out)
{
    struct buf quoted; /* "%EC" is quoted-printable's "=EC" */
    buf_init(&quoted, s.n);
    for (size_t i = 0; i < s.n; i++)
        buf_putc(&quoted, s.p[i] == '%' ? '=' : s.p[i] == '=' ? '-' : s.p[i]);
    unmime_quoted(str_n(quoted.data, quoted.len), false, out);
    buf_done(&quoted);
}

struct param {
    struct buf bytes;
    char charset[40];
    unsigned pieces; /* name*0, name*1, ... so far */
    bool is_found;
};

/* "utf-8'ko'%EC%84..." : the first piece says the charset. */
static void take_extended(struct param *p, struct str value)
{
    struct str charset = {NULL, 0}, language;
    if (p->pieces == 0 && str_cut(&value, '\'', &charset))
        str_cut(&value, '\'', &language);
    if (p->pieces == 0)
        str_copy(p->charset, sizeof p->charset, charset);
    put_percent(value, &p->bytes);
}

/* Is it `name`, "name*", or the piece that comes next? */
static void take_param(struct param *p, struct str full, const char *name, struct str value)
{
    struct str piece = full, base;
    if (!str_cut(&piece, '*', &base) || !str_eq_nocase(base, str_of(name)))
        return;
    bool is_extended = full.n > 0 && full.p[full.n - 1] == '*';
    uint64_t number = 0;
    if (is_extended && piece.n > 0)
        piece.n--;
    if (piece.n > 0 && (!str_to_u64(piece, &number) || number != p->pieces || number > PIECES_MAX))
        return;
    if (p->is_found && piece.n == 0)
        return;
    if (is_extended)
        take_extended(p, value);
    else
        buf_put(&p->bytes, value.p, value.n);
    p->pieces++;
    p->is_found = true;
}

bool unmime_param(struct str value, const char *name, struct buf *out)
{
    struct param p = {.charset = "utf-8"};
    struct buf one;
    struct str type, full;
    buf_init(&p.bytes, VALUE_MAX);
    buf_init(&one, VALUE_MAX);
    if (str_cut(&value, ';', &type))
        while (next_param(&value, &full, &one))
            take_param(&p, full, name, str_n(one.data, one.len));
    unmime_utf8(str_n(p.bytes.data, p.bytes.len), str_of(p.charset), out);
    buf_done(&one);
    buf_done(&p.bytes);
    return p.is_found;
}
