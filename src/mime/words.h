/* words.h: RFC 2047's encoded words. (P) */
#ifndef SLUICE_SRC_MIME_WORDS_H
#define SLUICE_SRC_MIME_WORDS_H

#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>
#include <sluice/model/kinds.h>

#define HEADER_LINE 76 /* RFC 2047, section 2: of a line with encoded words; we fold all there */
#define HEADER_COLUMN_MAX 42 /* where a first word may begin, and still hold a syllable */

/* Appends text as words separated by folds. text: well-formed UTF-8 without control characters, in
 * which the words are when the charset lacks one of its characters. `column` characters of the line
 * are used already (MUST be at most HEADER_COLUMN_MAX); `reserve` are kept free at its end. Returns
 * the column behind the last word. */
size_t words_put(struct buf *out, struct str text, size_t column, size_t reserve,
                 enum mail_charset charset);

#endif
