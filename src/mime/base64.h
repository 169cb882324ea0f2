/* base64.h: the digits of base64 (RFC 4648, section 4), for bodies and encoded words. (P) */
#ifndef SLUICE_SRC_MIME_BASE64_H
#define SLUICE_SRC_MIME_BASE64_H

#include <stddef.h>

#define BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Three bytes to four digits. */
void base64_group(char to[4], const unsigned char p[3]);
/* All bytes, padded; `to` has room for BASE64_SIZE(n). Returns the end. */
char *base64_all(char *to, const char *p, size_t n);

#endif
