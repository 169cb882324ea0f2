/* ksx1001.h: the characters of KS X 1001 as EUC-KR writes them, two bytes from A1A1 to FEFE. (P) */
#ifndef SLUICE_SRC_MIME_KSX1001_H
#define SLUICE_SRC_MIME_KSX1001_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/model/kinds.h>

#define KSX1001_TABLE 65536
#define KSX1001_DESIGNATOR "\x1b$)C" /* RFC 1557: G1 is KS X 1001 from here on */
#define KSX1001_PUT_MAX 3
#define SHIFT_OUT '\x0e' /* to Korean */
#define SHIFT_IN '\x0f'  /* to ASCII */

/* For each code point of the BMP the two bytes, or 0. Made at the first call; never changes. */
const uint16_t *ksx1001_table(void);

/* Whether a text in this charset, EUC-KR or ISO-2022-KR, can hold the character. */
static inline bool ksx1001_has(const uint16_t *table, enum mail_charset c, uint32_t cp)
{
    if (cp < 0x80)
        return c == MAIL_EUC_KR || (cp != 0x1b && cp != 0x0e && cp != 0x0f);
    return cp < KSX1001_TABLE && table[cp];
}

/* Writes a character that it has, with the shift before it; returns how many bytes, at most
 * KSX1001_PUT_MAX. */
static inline size_t ksx1001_put(const uint16_t *table, enum mail_charset c, uint32_t cp,
                                 bool *is_shifted, char *to)
{
    unsigned mask = c == MAIL_EUC_KR ? 0xff : 0x7f;
    bool is_korean = cp >= 0x80;
    size_t n = 0;

    if (c == MAIL_ISO_2022_KR && is_korean != *is_shifted) {
        to[n++] = is_korean ? SHIFT_OUT : SHIFT_IN;
        *is_shifted = is_korean;
    }
    if (is_korean)
        to[n++] = (char)(table[cp] >> 8 & mask);
    to[n++] = (char)(is_korean ? table[cp] & mask : cp);
    return n;
}

#endif
