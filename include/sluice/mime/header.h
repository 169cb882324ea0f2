/* header.h: header fields that are safe whatever is put into them (RFC 5322, 2047, 2183, 2231, 2369,
 * 2919).
 *
 *     header_text(&out, "Subject", str_of("(광고) 홍길동님, 봄 세일"), MAIL_UTF8);
 *     header_mailbox(&out, "From", str_of("봄날상회"), str_of("news@shop.example"), MAIL_UTF8);
 *     header_content_type(&out, "application/pdf", NULL, 0, str_of("안내.pdf"), MAIL_UTF8);
 *     header_disposition(&out, "attachment", str_of("안내.pdf"));
 *
 * Every function appends whole fields, `name: value` CRLF, whose lines are never longer than 998
 * bytes (RFC 5322, section 2.1.1). Those that return false append nothing then. A charset that text
 * shall have is a wish: text that it cannot carry becomes UTF-8. Field names are the caller's own: at
 * most 40 characters that are not looked at.
 */
#ifndef SLUICE_MIME_HEADER_H
#define SLUICE_MIME_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>
#include <sluice/model/kinds.h>

#define HEADER_TEXT_MAX 2000     /* bytes of a subject or name; what is longer is cut */
#define HEADER_FILE_NAME_MAX 180 /* bytes of a file name; its ending survives the cut */
#define HEADER_URI_MAX 900

/* Unstructured text (RFC 5322, section 3.6.5): as it is when it is printable ASCII (folded at
 * blanks), else as encoded words (RFC 2047) of at most 75 characters on lines of at most 76, which
 * never split a character nor a syllable. Line ends, control characters and runs of blanks become
 * one blank, bytes that are no UTF-8 become U+FFFD. With ISO-2022-KR the words are in EUC-KR, as RFC
 * 1557 wants headers to be. No word of base64 but the last of a text is padded: some programs lose
 * what stands behind padding. */
void header_text(struct buf *out, const char *name, struct str text, enum mail_charset charset);
/* The same for text that stands in `out` from `start` to its end: it is replaced by the header. */
void header_text_in_place(struct buf *out, const char *name, size_t start,
                          enum mail_charset charset);
/* `name: display <address>` (RFC 5322, section 3.4); display may be empty and may be anything: it is
 * cleaned as above, quoted or encoded. The address is one of header_address(). */
void header_mailbox(struct buf *out, const char *name, struct str display, struct str address,
                    enum mail_charset charset);
/* `List-Id: phrase <id>` (RFC 2919, section 3); phrase may be empty. False: the id is no dotted
 * name. */
bool header_list_id(struct buf *out, struct str phrase, struct str id, enum mail_charset charset);
/* `name: <uri>, <uri>`, folded between them (RFC 2369, section 2; RFC 8058). False: there is none,
 * or one is longer than HEADER_URI_MAX or holds what no URI holds (RFC 3986, section 2). */
bool header_uri_list(struct buf *out, const char *name, const struct str *uri, size_t n);
/* A structured value that is ASCII already, folded at its blanks: Feedback-ID, Auto-Submitted. False:
 * it is empty, not printable ASCII, or a word of it does not go into a line. */
bool header_raw(struct buf *out, const char *name, struct str text);

struct header_param {
    const char *name;
    struct str value; /* printable ASCII */
};
/* `Content-Type: type; name=value...` (RFC 2045, section 5.1). Values are quoted where they must be.
 * A file name (may be empty) becomes name=, not ASCII as encoded words within the quotes: against
 * RFC 2047, section 5 (3), but it is what old Outlooks and webmails read that know no RFC 2231. */
void header_content_type(struct buf *out, const char *type, const struct header_param *param,
                         size_t n, struct str file_name, enum mail_charset charset);
/* `Content-Disposition: kind; filename=...` (RFC 2183): kind is "attachment" or "inline"; a name that
 * is not short ASCII as filename*0*=UTF-8''... on lines of at most 76 (RFC 2231, sections 3 and 4).
 * Only this form: beside a second one in the same header strict parsers see a parameter twice; who
 * reads encoded words finds them in Content-Type. */
void header_disposition(struct buf *out, const char *kind, struct str file_name);
/* A file name as both write it: the last part of a path, no control characters nor such as turn the
 * direction of writing, no leading dots, never empty ("file"), well-formed UTF-8. */
void header_file_name(struct buf *out, struct str file_name);

/* An address as a header and SMTP can carry it: the domain in A-labels, nothing in the local part
 * that could end it. False, with the reason: no such form (a local part that is not ASCII needs
 * SMTPUTF8). */
bool header_address(struct buf *out, struct str address, struct err *e);
/* The same for a domain alone. */
bool header_domain(struct buf *out, struct str domain, struct err *e);

#endif
