/* message_text.h: the encodings of a message, undone. Private to message*.c. (P) */
#ifndef SLUICE_ADMIN_MESSAGE_TEXT_H
#define SLUICE_ADMIN_MESSAGE_TEXT_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

/* What is no base64 is passed over. */
void unmime_base64(struct str in, struct buf *out);
/* Quoted-printable; `is_word`: "_" is a blank (RFC 2047 4.2). */
void unmime_quoted(struct str in, bool is_word, struct buf *out);
/* From a charset to UTF-8; one that nobody knows counts as UTF-8. No NUL comes out, and no bad byte. */
void unmime_utf8(struct str in, struct str charset, struct buf *out);

/* message_preheader.c: the text of the first element that is not displayed; "" for none. html: NULL is fine. */
char *message_preheader(const char *html);

/* The value of a field (RFC 5322 2.2), still folded; {NULL, 0}: there is none. head: all header lines. */
struct str unmime_field(struct str head, const char *name);
/* Unfolded, encoded words (RFC 2047) decoded, one line. */
void unmime_text(struct str value, struct buf *out);
/* A parameter of Content-Type and its like, with RFC 2231's encodings and pieces; false: there is none. */
bool unmime_param(struct str value, const char *name, struct buf *out);

#endif
