/* header.h: header fields that are safe whatever is put into them (RFC 5322, 2047).
 *
 *     header_text(&out, "Subject", str_of("(광고) 홍길동님, 봄 세일"));
 *     header_mailbox(&out, "From", str_of("봄날상회"), str_of("news@shop.example"));
 */
#ifndef SLUICE_MIME_HEADER_H
#define SLUICE_MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

#define HEADER_TEXT_MAX 2000 /* bytes of a subject or name; more is no subject */

/* Appends `name: text` CRLF: as it is when it is printable ASCII (folded at blanks), else as
 * encoded words of at most 75 characters on lines of at most 76, which never split a character nor
 * a syllable. Line ends, control characters and runs of blanks become one blank, bytes that are no
 * UTF-8 become U+FFFD. */
void header_text(struct buf *out, const char *name, struct str text);
/* The same for text that stands in `out` from `start` to its end: it is replaced by the header. */
void header_text_in_place(struct buf *out, const char *name, size_t start);
/* Appends `name: "display" <address>` CRLF; display may be empty. */
void header_mailbox(struct buf *out, const char *name, struct str display, struct str address);
/* An address as a header and SMTP can carry it: the domain in A-labels, nothing in the local part
 * that could end it. False, with the reason: no such form (a local part that is not ASCII needs
 * SMTPUTF8). */
bool header_address(struct buf *out, struct str address, struct err *e);
/* The same for a domain alone. */
bool header_domain(struct buf *out, struct str domain, struct err *e);

#endif
