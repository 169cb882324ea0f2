/* charset.h: from UTF-8 to what some receivers still want: EUC-KR, ISO-2022-KR (RFC 1557). (P; iconv
 * of the C library)
 *
 *     if (!charset_convert(MAIL_EUC_KR, text, LACKING_FAILS, &out)) // a character is not in it
 */
#ifndef SLUICE_MIME_CHARSET_H
#define SLUICE_MIME_CHARSET_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>
#include <sluice/model/kinds.h>

/* What becomes of a character that the charset lacks. */
enum lacking {
    LACKING_FAILS,
    LACKING_QUESTION, /* charset_equivalent(), else '?' */
    LACKING_REFERENCE /* an HTML character reference, "&#128512;" */
};
/* Appends; bytes that are no UTF-8 count as U+FFFD, which only UTF-8 has. MAIL_EUC_KR is KS X 1001 and
 * ASCII only, no CP949 extensions; the won sign becomes its wide form, as everywhere. ISO-2022-KR:
 * the designator first when there is any Korean, ASCII at the end of each line (RFC 1557, "Formal
 * Syntax"). False, with nothing appended, when a character is lacking and that fails. */
bool charset_convert(enum mail_charset to, struct str text, enum lacking lacking, struct buf *out);
/* What says the same in Korean charsets for a character that they lack: "-" for a dash, "" for one
 * without width; all of it is in them. NULL: nothing does. */
const char *charset_equivalent(uint32_t cp);
/* Whether charset_convert would find all characters of the text. */
bool charset_has(enum mail_charset to, struct str text);
/* False when this machine's C library came without its conversions: then only UTF-8 is available. */
bool charset_is_available(enum mail_charset c);
const char *charset_mime_name(enum mail_charset c); /* "utf-8", "euc-kr", "iso-2022-kr" */

#endif
