/* charset.h: what the bytes of a recipients file are, and CP949 into UTF-8.
 *
 * CP949 (Microsoft's extension of EUC-KR, which it contains) is what Korean Excel writes. Its
 * characters are one byte below 0x80 or two bytes; the second may look like an ASCII letter, but
 * never like a quote, a comma or a line end. The table comes from iconv(3), once; converting then
 * is a look-up per character that needs no state but half a character at the end of a block.
 *
 *     struct cp949 c = {0};
 *     n = cp949_to_utf8(&c, in, in_n, is_last, out);
 */
#ifndef SLUICE_JOB_CHARSET_H
#define SLUICE_JOB_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/err.h>

enum charset { CHARSET_UNKNOWN, CHARSET_UTF8, CHARSET_CP949 };

/* "utf-8", "utf8", "cp949", "uhc", "euc-kr", "ks_c_5601-1987", "ms949"; without case. False: not
 * known. */
bool charset_from_name(const char *name, enum charset *out);

/* UTF-8 when nearly all that is not ASCII is well-formed UTF-8 (Korean text in CP949 never is),
 * else CP949; UNKNOWN while everything is ASCII. A character cut off by the end of the block does
 * not count. */
enum charset charset_guess(const char *p, size_t n);

struct cp949 {
    unsigned char lead; /* the first half of a character, from the block before; 0: none */
};
/* False with the reason if this system's iconv does not know CP949. */
bool cp949_ready(struct err *e);
/* What n bytes can become at most. */
#define CP949_ROOM(n) ((n) / 2 * 3 + 8)
/* Writes to `out` (CP949_ROOM(n)) and returns how much. A byte that is no CP949 becomes 0xff, which
 * is no UTF-8 either: so the row that it stands in is found out when its text is checked. */
size_t cp949_to_utf8(struct cp949 *c, const char *in, size_t n, bool is_last, char *out);

#endif
