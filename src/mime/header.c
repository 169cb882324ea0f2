#include <sluice/mime/header.h>

#include "chars.h"
#include "clean.h"
#include "words.h"

#define LINE_MAX_BYTES 998 /* RFC 5322, section 2.1.1 */
#define PHRASE_ROOM (2 * HEADER_TEXT_MAX + 2)

/* ---- text */

/* Copies clean ASCII, folded at blanks; `column` characters of the line are used already. A word
 * stands on a line of its own when it does not fit behind another, but the first never does: a line
 * with nothing but the field's name confuses old programs. Returns the column behind the last. */
static size_t put_folded(struct buf *out, struct str text, size_t column)
{
    bool is_first = true;

    for (struct str word; str_cut(&text, ' ', &word);) {
        if (word.n == 0)
            continue;
        if (!is_first && column + 1 + word.n > HEADER_LINE) {
            buf_puts(out, "\r\n ");
            column = 1;
        } else if (!is_first) {
            buf_putc(out, ' ');
            column++;
        }
        buf_put(out, word.p, word.n);
        column += word.n;
        is_first = false;
    }
    return column;
}

/* Whether ASCII can stay as it is: no word is too long for a line, and nothing would be read as an
 * encoded word. */
static bool is_foldable(struct str text, size_t column, size_t line)
{
    size_t word = column;

    if (column + text.n <= line)
        return true;
    for (size_t i = 0; i < text.n; i++) {
        word = text.p[i] == ' ' ? 1 : word + 1;
        if (word > line)
            return false;
    }
    return true;
}

static bool has_word_look(struct str text)
{
    return text.n && memmem(text.p, text.n, "=?", 2);
}

static void put_text(struct buf *out, const char *name, const struct clean *c,
                     enum mail_charset charset)
{
    size_t column = strlen(name) + 2;

    buf_puts(out, name);
    buf_puts(out, ": ");
    if (c->is_ascii && !has_word_look(c->text) && is_foldable(c->text, column, HEADER_LINE))
        put_folded(out, c->text, column);
    else
        words_put(out, c->text, column, 0, charset);
    buf_puts(out, "\r\n");
}

void header_text(struct buf *out, const char *name, struct str text, enum mail_charset charset)
{
    struct clean c;

    clean_line(&c, text);
    put_text(out, name, &c, charset);
}

/* This is on the way of every message: the cleaned text stands on the stack meanwhile, which saves
 * an allocation. */
void header_text_in_place(struct buf *out, const char *name, size_t start,
                          enum mail_charset charset)
{
    struct clean c;

    if (buf_is_full(out))
        return;
    clean_line(&c, str_n(out->data + start, out->len - start));
    buf_cut(out, start);
    put_text(out, name, &c, charset);
}

bool header_raw(struct buf *out, const char *name, struct str text)
{
    size_t column = strlen(name) + 2;
    bool is_empty = true;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < ' ' || text.p[i] > 0x7e)
            return false;
        is_empty = is_empty && text.p[i] == ' ';
    }
    if (is_empty || !is_foldable(text, column, LINE_MAX_BYTES))
        return false;
    buf_puts(out, name);
    buf_puts(out, ": ");
    put_folded(out, text, column);
    buf_puts(out, "\r\n");
    return true;
}

/* ---- mailboxes */

/* An ASCII display name: as it is when it is atoms, else quoted; a quoted string may be folded at its
 * blanks (RFC 5322, section 3.2.4). */
static struct str make_phrase(char to[PHRASE_ROOM], struct str text)
{
    bool is_quoted = false;
    size_t n = 0;

    for (size_t i = 0; i < text.n && !is_quoted; i++)
        is_quoted = text.p[i] != ' ' && !is_atext(text.p[i]);
    if (!is_quoted)
        return text;
    to[n++] = '"';
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            to[n++] = '\\';
        to[n++] = text.p[i];
    }
    to[n++] = '"';
    return str_n(to, n);
}

/* Returns the column behind it. */
static size_t put_phrase(struct buf *out, const struct clean *c, size_t column,
                         enum mail_charset charset)
{
    char room[PHRASE_ROOM];
    struct str phrase;

    if (!c->is_ascii || has_word_look(c->text))
        return words_put(out, c->text, column, 0, charset);
    phrase = make_phrase(room, c->text);
    if (!is_foldable(phrase, column, HEADER_LINE))
        return words_put(out, c->text, column, 0, charset);
    return put_folded(out, phrase, column);
}

/* `name: phrase <inner>`; an empty phrase leaves the brackets to the caller's wish. */
static void put_bracketed(struct buf *out, const char *name, struct str phrase, struct str inner,
                          bool always_brackets, enum mail_charset charset)
{
    size_t column = strlen(name) + 2;
    struct clean c;
    bool has_brackets;

    clean_line(&c, phrase);
    has_brackets = always_brackets || c.text.n;
    buf_puts(out, name);
    buf_puts(out, ": ");
    column = put_phrase(out, &c, column, charset);
    if (c.text.n)
        buf_puts(out, column + 3 + inner.n > HEADER_LINE ? "\r\n " : " ");
    buf_puts(out, has_brackets ? "<" : "");
    buf_put(out, inner.p, inner.n);
    buf_puts(out, has_brackets ? ">\r\n" : "\r\n");
}

void header_mailbox(struct buf *out, const char *name, struct str display, struct str address,
                    enum mail_charset charset)
{
    put_bracketed(out, name, display, address, false, charset);
}

/* ---- lists */

static bool is_dot_atom(struct str s)
{
    char last = '.';

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' ? last == '.' : !is_atext(s.p[i]))
            return false;
        last = s.p[i];
    }
    return last != '.';
}

bool header_list_id(struct buf *out, struct str phrase, struct str id, enum mail_charset charset)
{
    if (id.n > 255 || !is_dot_atom(id) || !memchr(id.p, '.', id.n))
        return false;
    put_bracketed(out, "List-Id", phrase, id, true, charset);
    return true;
}

static bool is_whole_uri(struct str uri)
{
    for (size_t i = 0; i < uri.n; i++) {
        if (!is_uri(uri.p[i]))
            return false;
    }
    return uri.n && uri.n <= HEADER_URI_MAX;
}

bool header_uri_list(struct buf *out, const char *name, const struct str *uri, size_t n)
{
    size_t column = strlen(name) + 2;

    for (size_t i = 0; i < n; i++) {
        if (!is_whole_uri(uri[i]))
            return false;
    }
    if (n == 0)
        return false;
    buf_puts(out, name);
    buf_puts(out, ": ");
    for (size_t i = 0; i < n; i++) {
        bool is_folded = i && column + 4 + uri[i].n > HEADER_LINE;

        buf_puts(out, i == 0 ? "<" : is_folded ? ",\r\n <" : ", <");
        buf_put(out, uri[i].p, uri[i].n);
        buf_putc(out, '>');
        column = (is_folded ? 1 : column + (i ? 2 : 0)) + 2 + uri[i].n;
    }
    buf_puts(out, "\r\n");
    return true;
}
