/* decode.h: from what mail programs write to UTF-8. (P) */
#ifndef SLUICE_SRC_EML_DECODE_H
#define SLUICE_SRC_EML_DECODE_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

enum decoded { DECODED, CHARSET_UNKNOWN, TEXT_BROKEN };

/* Appends text as UTF-8. charset is a label of MIME, of any case; empty or "us-ascii" with other bytes
 * in the text: UTF-8 if it is that, else CP949. Nothing is appended on failure. */
enum decoded decode_text(struct str charset, struct str text, struct buf *out);
/* A header's value, whose encoded words (RFC 2047) are decoded, its folds removed. Characters that
 * two words share, and text that is no ASCII, are taken as they were meant. False: there was text
 * that could not be read; U+FFFD stands for it. */
bool decode_words(struct str value, struct buf *out);
/* The parameter of a header's value, such as filename of a Content-Disposition, decoded: plain, as
 * encoded words, or by RFC 2231, which goes first. False: there is none. */
bool decode_param(struct str value, const char *name, struct buf *out);
/* "%41" becomes "A"; what is no percent-encoding stays. */
void decode_percent(struct str s, struct buf *out);

#endif
