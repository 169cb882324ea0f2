/* headers.h: a rendered message's header fields.
 *
 *     if (header_find(message, "Subject", &value)) ...
 */
#ifndef SLUICE_LINT_HEADERS_H
#define SLUICE_LINT_HEADERS_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>

/* The first field of that name, unfolded and trimmed, into *out (cleared before). False: there is
 * none. */
bool header_find(struct str message, const char *name, struct buf *out);
/* RFC 2047 words in UTF-8 or ASCII -> UTF-8. False: there is a word in another charset, or a broken
 * one. */
bool header_decode(struct str value, struct buf *out);

#endif
