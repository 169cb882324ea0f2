/* body.h: finds the end of a message in DATA (RFC 5321 section 4.5.2) without copying it.
 *
 * Only CRLF "." CRLF ends a message: a bare LF never does, so that smuggled messages show up as content.
 * Leftovers of at most two bytes (a "." or ".\r" at the start of a line) stay with the caller.
 */
#ifndef LAB_BODY_H
#define LAB_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/buf.h>

struct body {
    uint64_t bytes; /* of the message, dots unstuffed */
    size_t line;    /* bytes of the unfinished line */
    bool in_line, last_cr;
    bool has_bare_lf, has_long_line;
};
/* Consumes what it can of p[0..n); *end when the final dot was seen. keep (may be NULL) gets the content.
 * Call with chunked = true for BDAT, where dots mean nothing. */
size_t body_feed(struct body *b, const char *p, size_t n, bool chunked, struct buf *keep,
                 bool *end);

#endif
