/* sink.h: where a message body goes: bytes in, transfer-encoded lines out (RFC 2045, sections 6.7
 * and 6.8).
 *
 * A body is fixed text with a few values in between. Fixed text is encoded once, when the template
 * is compiled; at delivery it is copied. What cannot be known beforehand is only where a line must
 * be broken (quoted-printable) and in which of three positions a group of three bytes begins
 * (base64): a `fixed` keeps what is needed to continue from anywhere.
 *
 *     struct sink s;
 *     sink_begin(&s, &out, BODY_QP);
 *     sink_fixed(&s, &f);
 *     sink_value(&s, "홍길동", 9, true);
 *     sink_end(&s);
 */
#ifndef SLUICE_MIME_SINK_H
#define SLUICE_MIME_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

enum body_encoding {
    BODY_RAW, /* as it is: subjects, and bodies that are ASCII with short lines ("7bit") */
    BODY_QP,
    BODY_BASE64
};
const char *body_encoding_name(enum body_encoding e); /* the Content-Transfer-Encoding */

struct sink {
    struct buf *out;
    enum body_encoding encoding;
    unsigned column;        /* of the output line */
    unsigned char carry[3]; /* base64: bytes of the group that is not full yet */
    unsigned carried;
};

/* Text that is the same in every message. */
struct fixed {
    struct str raw;     /* not owned */
    char *coded;        /* owned */
    struct str head;    /* QP: to the end of the first line */
    struct str lines;   /* QP: whole lines, broken already; they end in CRLF or are empty */
    struct str tail;    /* QP: behind the last CRLF */
    struct str from[3]; /* base64: of raw from byte 0, 1 and 2 on, whole groups only */
};

/* raw: with CRLF line ends unless the encoding is BODY_RAW; it must live as long as *f. */
void fixed_init(struct fixed *f, enum body_encoding encoding, struct str raw);
void fixed_done(struct fixed *f);
/* How long the text becomes in quoted-printable, soft line breaks included, nearly. */
size_t qp_size(struct str raw);

void sink_begin(struct sink *s, struct buf *out, enum body_encoding encoding);
void sink_fixed(struct sink *s, const struct fixed *f);
/* A recipient's value: HTML-escaped if asked; CR, LF and CRLF become CRLF, other control characters
 * but the tab vanish, bytes that are no UTF-8 become U+FFFD. (BODY_RAW: escaped if asked, else
 * untouched.) */
void sink_value(struct sink *s, const char *p, size_t n, bool escape_html);
/* Ends the body with a complete line. An empty body stays empty. */
void sink_end(struct sink *s);

/* A whole body at once: what is in another charset, attachments. Any bytes; BODY_QP keeps CRLF as
 * line ends and escapes a CR or LF that stands alone. Ends with a complete line. */
void body_encode(struct buf *out, enum body_encoding e, struct str raw);
/* BODY_RAW: ASCII in lines of at most 998 bytes that end in CRLF, the escapes of ISO-2022-KR among
 * them. Else what is shorter; base64 when it is no text. */
enum body_encoding body_encoding_best(struct str raw);

#endif
