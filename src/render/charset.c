/* Messages in EUC-KR and ISO-2022-KR: rendered as UTF-8, converted, and only then encoded. What the
 * charset lacks is a matter of this recipient's values, so it is found out here. */
#include "mailing_private.h"

#include <sluice/base/utf8.h>
#include <sluice/mime/charset.h>

/* All text of one message stays below this. */
#define CONVERTED_MAX MAILING_MAX_BYTES

static bool lacks(struct rendering *r)
{
    r->is_lacking = true;
    return false;
}

/* What a header makes a blank of is not lacking. */
static bool is_blank(uint32_t cp)
{
    return cp <= ' ' || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

/* False: there is something that is lacking. */
static bool put_fitting(struct buf *to, enum mail_charset charset, struct str text)
{
    bool is_whole = true;

    for (size_t i = 0, n; i < text.n; i += n) {
        struct str c;
        uint32_t cp;

        n = utf8_next(text.p + i, text.n - i, &cp);
        c = is_blank(cp) ? str_n(" ", 1) : str_n(text.p + i, n);
        if (!charset_has(charset, c)) {
            const char *equivalent = charset_equivalent(cp);

            c = str_of(equivalent ? equivalent : "?");
            is_whole = false;
        }
        buf_put(to, c.p, c.n);
    }
    return is_whole;
}

bool field_fit(struct rendering *r, struct buf *text, size_t start)
{
    struct str all = str_n(text->data + start, text->len - start);
    struct buf fitting;
    bool is_fine;

    if (charset_has(r->charset, all))
        return true;
    buf_init(&fitting, CONVERTED_MAX);
    is_fine = put_fitting(&fitting, r->charset, all) ||
              r->m->spec->message.charset_fallback == CHARSET_FALLBACK_REPLACE;
    if (is_fine) {
        buf_cut(text, start);
        buf_put(text, fitting.data, fitting.len);
    }
    buf_done(&fitting);
    return is_fine || lacks(r);
}

static bool is_line_pair(struct str s, size_t i)
{
    return s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
}

/* Raw text has the values as they are: the same is done to them here that an encoding sink does.
 * (Bytes that are no UTF-8 are the conversion's business.) */
static void put_clean(struct buf *to, struct str raw)
{
    size_t done = 0;

    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];

        if ((c >= ' ' && c != 0x7f) || c == '\t')
            continue;
        if (is_line_pair(raw, i)) {
            i++;
            continue;
        }
        buf_put(to, raw.p + done, i - done);
        if (c == '\r' || c == '\n')
            buf_puts(to, "\r\n");
        done = i + 1;
    }
    buf_put(to, raw.p + done, raw.n - done);
}

/* A plain body could hold a boundary: a value that looks like one is hidden in base64. */
static enum body_encoding choose(struct str body)
{
    enum body_encoding best = body_encoding_best(body);

    return best == BODY_RAW && body.n && memmem(body.p, body.n, "--=_", 4) ? BODY_BASE64 : best;
}

static bool put_body(struct rendering *r, enum part_kind kind, struct str text)
{
    bool is_strict = r->m->spec->message.charset_fallback == CHARSET_FALLBACK_UTF8;
    enum lacking lacking = is_strict           ? LACKING_FAILS
                           : kind == PART_HTML ? LACKING_REFERENCE
                                               : LACKING_QUESTION;
    struct buf body;
    bool ok;

    buf_init(&body, CONVERTED_MAX);
    ok = charset_convert(r->charset, text, lacking, &body);
    if (ok) {
        enum body_encoding encoding = choose(str_n(body.data, body.len));

        buf_put(r->out, r->m->part[kind].other_head.data, r->m->part[kind].other_head.len);
        buf_puts(r->out, body_encoding_name(encoding));
        buf_puts(r->out, "\r\n\r\n");
        body_encode(r->out, encoding, str_n(body.data, body.len));
        r->out->full = r->out->full || buf_is_full(&body);
    }
    buf_done(&body);
    return ok || lacks(r);
}

bool body_put_converted(struct rendering *r, enum part_kind kind)
{
    struct buf raw, text;
    bool ok;

    buf_init(&raw, CONVERTED_MAX);
    buf_init(&text, 2 * CONVERTED_MAX);
    ok = rendering_run(r, kind, BODY_RAW, &raw);
    if (ok) {
        put_clean(&text, str_n(raw.data, raw.len));
        ok = put_body(r, kind, str_n(text.data, text.len));
        r->out->full = r->out->full || buf_is_full(&raw);
    }
    buf_done(&raw);
    buf_done(&text);
    return ok;
}
