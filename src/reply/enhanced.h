/* enhanced.h: enhanced status codes (RFC 3463) inside reply texts.
 *
 *     char code[ENHANCED_MAX];
 *     size_t n = enhanced_at_start(str_of("5.1.1 no such user"), code);   // 5, "5.1.1"
 */
#ifndef SLUICE_REPLY_ENHANCED_H
#define SLUICE_REPLY_ENHANCED_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/str.h>

#define ENHANCED_MAX 12 /* "5.123.123" and a NUL fit */

struct enhanced {
    int class, subject, detail; /* class 0: none */
};

/* The code at the very beginning, also as "#5.1.1", "[5.1.1]" or "(5.1.1)": its canonical text in
 * `out` and the bytes to skip, punctuation behind it included; 0 when there is none. */
size_t enhanced_at_start(struct str text, char out[ENHANCED_MAX]);
/* The first code anywhere in the text that stands by itself (qmail's "(#5.1.1)"); an address such
 * as 5.1.1.7 is none. False when there is none. */
bool enhanced_find(struct str text, struct enhanced *out);
void enhanced_format(struct enhanced e, char out[ENHANCED_MAX]);
/* "5.1.1"; class 0 for anything else. */
struct enhanced enhanced_parse(struct str code);

#endif
