/* utf8.h: UTF-8 checks (RFC 3629) and the width of text on a terminal.
 *
 *     size_t bad = utf8_bad_at(line, length);     // length when all is well
 */
#ifndef SLUICE_BASE_UTF8_H
#define SLUICE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Offset of the first byte that is not well-formed UTF-8 (overlong forms, surrogates and code
 * points above U+10FFFF are not), or n. */
size_t utf8_bad_at(const char *s, size_t n);
/* Decodes one code point of well-formed UTF-8 into *cp; returns its length in bytes (0 when n is 0;
 * an ill-formed byte gives U+FFFD and 1). */
size_t utf8_next(const char *s, size_t n, uint32_t *cp);
/* Columns on a terminal: Hangul, CJK and fullwidth forms count 2, combining marks 0. */
size_t utf8_columns(const char *s, size_t n);

#endif
