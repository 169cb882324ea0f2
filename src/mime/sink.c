#include <sluice/mime/sink.h>

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <stdint.h>
#include <stdlib.h>

#include "base64.h"
#include "qp.h"

const char *body_encoding_name(enum body_encoding e)
{
    static const char *const name[] = {"7bit", "quoted-printable", "base64"};

    return name[e];
}

/* ---- quoted-printable */

static void qp_put(struct sink *s, struct str escaped)
{
    char *to = escaped.n ? buf_room(s->out, qp_room(escaped.n)) : NULL;

    if (to)
        buf_grew(s->out, (size_t)(qp_copy(to, escaped.p, escaped.n, &s->column) - to));
}

/* Before a line end that nobody foresaw: a value may be empty, or end the line with a blank. */
static void qp_save_blank(struct sink *s)
{
    char last = s->column ? s->out->data[s->out->len - 1] : 'x';

    if (buf_is_full(s->out) || (last != ' ' && last != '\t'))
        return;
    if (s->column + 2 > BODY_LINE) {
        buf_put(s->out, "=\r\n", 3);
        return;
    }
    buf_cut(s->out, s->out->len - 1);
    buf_puts(s->out, last == ' ' ? "=20" : "=09");
}

static void fixed_qp(struct fixed *f)
{
    struct str rest = f->raw;
    char *to = mem_new(3 * rest.n + qp_room(3 * rest.n) + 1);
    char *scratch = mem_new(3 * rest.n + 1);
    const char *end;
    bool is_first = true;

    f->coded = to;
    f->lines.p = to;
    while (rest.n && (end = memmem(rest.p, rest.n, "\r\n", 2))) {
        size_t n = (size_t)(end - rest.p);
        size_t coded = qp_escape(scratch, rest.p, n, true);
        char *from = to;
        unsigned column = 0;

        if (is_first) {
            memcpy(to, scratch, coded);
            to += coded;
            f->head = str_n(from, coded);
            f->lines.p = to;
        } else {
            to = qp_copy(to, scratch, coded, &column);
        }
        /* The first line's end opens `lines`, so that a fixed text without any has no `lines`. */
        memcpy(to, "\r\n", 2);
        to += 2;
        is_first = false;
        rest = str_n(end + 2, rest.n - n - 2);
    }
    f->lines.n = (size_t)(to - f->lines.p);
    f->tail = str_n(to, qp_escape(to, rest.p, rest.n, false));
    free(scratch);
}

/* ---- base64 */

static void fixed_base64(struct fixed *f)
{
    size_t each = f->raw.n / 3 * 4 + 4;
    char *to = mem_new(3 * each);

    f->coded = to;
    for (size_t k = 0; k < 3; k++) {
        const char *from = to;

        for (size_t i = k; i + 3 <= f->raw.n; i += 3, to += 4)
            base64_group(to, (const unsigned char *)f->raw.p + i);
        f->from[k] = str_n(from, (size_t)(to - from));
    }
}

/* Whole groups of digits, with the line breaks; lines are 76 digits, so a group is never torn. */
static void base64_put(struct sink *s, const char *p, size_t n)
{
    char *to = n ? buf_room(s->out, n + 2 * (n / BODY_LINE + 1)) : NULL;
    char *at = to;

    if (!to)
        return;
    while (n) {
        size_t k = BODY_LINE - s->column;

        if (k > n)
            k = n;
        memcpy(at, p, k);
        at += k;
        p += k;
        n -= k;
        s->column += (unsigned)k;
        if (s->column == BODY_LINE) {
            memcpy(at, "\r\n", 2);
            at += 2;
            s->column = 0;
        }
    }
    buf_grew(s->out, (size_t)(at - to));
}

static void base64_bytes(struct sink *s, const char *p, size_t n)
{
    char digits[256];
    size_t used = 0;

    while (n) {
        while (s->carried < 3 && n) {
            s->carry[s->carried++] = (unsigned char)*p++;
            n--;
        }
        if (s->carried < 3)
            break;
        base64_group(digits + used, s->carry);
        s->carried = 0;
        used += 4;
        if (used == sizeof digits) {
            base64_put(s, digits, used);
            used = 0;
        }
    }
    base64_put(s, digits, used);
}

/* ---- the sink */

void fixed_init(struct fixed *f, enum body_encoding encoding, struct str raw)
{
    *f = (struct fixed){.raw = raw};
    if (encoding == BODY_QP)
        fixed_qp(f);
    else if (encoding == BODY_BASE64)
        fixed_base64(f);
}

void fixed_done(struct fixed *f)
{
    free(f->coded);
    *f = (struct fixed){0};
}

void sink_begin(struct sink *s, struct buf *out, enum body_encoding encoding)
{
    *s = (struct sink){.out = out, .encoding = encoding};
}

void sink_fixed(struct sink *s, const struct fixed *f)
{
    size_t skip = (3 - s->carried) % 3;

    switch (s->encoding) {
    case BODY_RAW:
        buf_put(s->out, f->raw.p, f->raw.n);
        break;
    case BODY_QP:
        qp_put(s, f->head);
        if (f->lines.n) {
            qp_save_blank(s);
            buf_put(s->out, f->lines.p, f->lines.n);
            s->column = 0;
        }
        qp_put(s, f->tail);
        break;
    case BODY_BASE64:
        if (f->raw.n < skip + 3) {
            base64_bytes(s, f->raw.p, f->raw.n);
            break;
        }
        base64_bytes(s, f->raw.p, skip);
        base64_put(s, f->from[skip].p, f->from[skip].n);
        skip += f->from[skip].n / 4 * 3;
        base64_bytes(s, f->raw.p + skip, f->raw.n - skip);
        break;
    }
}

static void put_line_end(struct sink *s)
{
    if (s->encoding == BODY_BASE64) {
        base64_bytes(s, "\r\n", 2);
        return;
    }
    if (s->encoding == BODY_QP)
        qp_save_blank(s);
    buf_put(s->out, "\r\n", 2);
    s->column = 0;
}

/* Text without line ends. */
static void put_text(struct sink *s, const char *p, size_t n)
{
    char escaped[3 * 256];

    if (s->encoding == BODY_RAW) {
        buf_put(s->out, p, n);
        return;
    }
    if (s->encoding == BODY_BASE64) {
        base64_bytes(s, p, n);
        return;
    }
    while (n) {
        size_t k = n < 256 ? n : 256;

        qp_put(s, str_n(escaped, qp_escape(escaped, p, k, false)));
        p += k;
        n -= k;
    }
}

enum byte_kind { PLAIN, HTML, LINE, CONTROL, HIGH };

static enum byte_kind kind_of(unsigned char c)
{
    if (c >= 0x80)
        return HIGH;
    if (c < ' ' || c == 0x7f)
        return c == '\r' || c == '\n' ? LINE : c == '\t' ? PLAIN : CONTROL;
    return c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' ? HTML : PLAIN;
}

static void put_entity(struct sink *s, char c)
{
    const char *entity = c == '&'   ? "&amp;"
                         : c == '<' ? "&lt;"
                         : c == '>' ? "&gt;"
                         : c == '"' ? "&quot;"
                                    : "&#39;";

    put_text(s, entity, strlen(entity));
}

/* True when the byte at p[i] (of n) may be copied with its neighbours as it is; *n_bytes: how many
 * belong together. */
static bool is_copied(const char *p, size_t n, size_t i, bool escape_html, size_t *n_bytes)
{
    enum byte_kind kind = kind_of((unsigned char)p[i]);
    uint32_t cp;

    *n_bytes = 1;
    if (kind == HIGH) {
        *n_bytes = utf8_next(p + i, n - i, &cp);
        return *n_bytes > 1;
    }
    return kind == PLAIN || (kind == HTML && !escape_html);
}

/* One byte that is not copied; returns how many were used. */
static size_t put_special(struct sink *s, const char *p, size_t n)
{
    switch (kind_of((unsigned char)*p)) {
    case HTML:
        put_entity(s, *p);
        break;
    case LINE:
        put_line_end(s);
        return *p == '\r' && n > 1 && p[1] == '\n' ? 2 : 1;
    case HIGH:
        put_text(s, "\xef\xbf\xbd", 3);
        break;
    case PLAIN:
    case CONTROL:
        break;
    }
    return 1;
}

static void raw_value(struct sink *s, const char *p, size_t n, bool escape_html)
{
    size_t done = 0;

    for (size_t i = 0; escape_html && i < n; i++) {
        if (kind_of((unsigned char)p[i]) != HTML)
            continue;
        buf_put(s->out, p + done, i - done);
        put_entity(s, p[i]);
        done = i + 1;
    }
    buf_put(s->out, p + done, n - done);
}

void sink_value(struct sink *s, const char *p, size_t n, bool escape_html)
{
    size_t done = 0;
    size_t i = 0;
    size_t k;

    if (s->encoding == BODY_RAW) {
        raw_value(s, p, n, escape_html);
        return;
    }
    while (i < n) {
        if (is_copied(p, n, i, escape_html, &k)) {
            i += k;
            continue;
        }
        put_text(s, p + done, i - done);
        i += put_special(s, p + i, n - i);
        done = i;
    }
    put_text(s, p + done, n - done);
}

void sink_end(struct sink *s)
{
    unsigned char group[3] = {0};
    char digits[4];
    bool is_open;

    if (s->encoding == BODY_BASE64 && s->carried) {
        memcpy(group, s->carry, s->carried);
        base64_group(digits, group);
        memset(digits + 1 + s->carried, '=', 3 - s->carried);
        s->carried = 0;
        base64_put(s, digits, sizeof digits);
    }
    is_open = s->encoding == BODY_BASE64 ? s->column > 0
                                         : s->out->len && s->out->data[s->out->len - 1] != '\n';
    if (s->encoding == BODY_QP)
        qp_save_blank(s);
    if (is_open)
        buf_put(s->out, "\r\n", 2);
    s->column = 0;
}
