/* base64url.h: RFC 4648 5 without padding; one sequence of bytes has one text. (P)
 *
 *     n = base64url_decode(str_of("AQI"), bytes, sizeof bytes);   // 2
 */
#ifndef TOKEN_BASE64URL_H
#define TOKEN_BASE64URL_H

#include <stddef.h>
#include <sluice/base/str.h>

#define BASE64URL_BAD ((size_t)-1)

/* Returns the length; out holds 4 characters for every 3 bytes, rounded up, and no NUL. */
size_t base64url_encode(const unsigned char *p, size_t n, char *out);
/* Returns the length, BASE64URL_BAD for anything that base64url_encode does not write, and for
 * more than size bytes. */
size_t base64url_decode(struct str text, unsigned char *out, size_t size);

#endif
