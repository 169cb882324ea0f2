/* decode.h: what a receiver makes of a header field, written from the RFCs and not from the code
 * under test; asserts that the field is well-formed on the way. */
#ifndef SLUICE_TESTS_MIME_DECODE_H
#define SLUICE_TESTS_MIME_DECODE_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>

void decode_base64(struct str digits, struct buf *out);
void decode_qp(struct str s, struct buf *out);
/* Lines of at most 76 characters, all of them ASCII, each ended by CRLF and nothing else. */
void check_lines(struct str s);
/* One field with its CRLF, `name: value`: the value without its folds, still encoded. No line is
 * longer than `line`. */
void unfold(struct str field, const char *name, size_t line, struct buf *out);
/* RFC 2047, section 6.2: encoded words among other text, as UTF-8. Each word must be whole text in
 * its charset by itself. */
void decode_words(struct str value, struct buf *out);
/* RFC 5322, section 3.4: the two halves of `display <address>`, display decoded or unquoted. */
void decode_mailbox(struct str value, struct buf *display, struct buf *address);

#endif
