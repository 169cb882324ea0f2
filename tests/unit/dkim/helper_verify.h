/* helper_verify.h: DKIM's verifying side, written again and as plainly as can be, for
 * relaxed/relaxed. */
#ifndef TEST_DKIM_VERIFY_H
#define TEST_DKIM_VERIFY_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>

#include <stdbool.h>
#include <stddef.h>

/* Verifies the number-th DKIM-Signature of the message. p: what p= of the record holds, in
 * base64. False: *why. */
bool verify(struct str message, size_t number, const char *p, const char **why);
/* The value of a tag of that signature without white space; "" when it is not there. To be
 * freed. */
char *signature_tag(struct str message, size_t number, const char *tag);
/* The canonical forms, byte by byte. field: "Name: value" with its folds, without the last CRLF. */
void relaxed_body(struct str body, struct buf *out);
void relaxed_field(struct str field, struct buf *out);

#endif
