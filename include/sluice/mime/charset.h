/* charset.h: from UTF-8 to what some receivers still want: EUC-KR, ISO-2022-KR (RFC 1557). (P; iconv
 * of the C library)
 *
 *     if (!charset_convert(MAIL_EUC_KR, text, LACKING_FAILS, &out)) // a character is not in it
 */
#ifndef SLUICE_MIME_CHARSET_H
#define SLUICE_MIME_CHARSET_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>
#include <sluice/model/kinds.h>

/* What becomes of a character that the charset lacks. */
enum lacking {
    LACKING_FAILS,
    LACKING_QUESTION, /* '?' */
    LACKING_REFERENCE /* an HTML character reference, "&#128512;" */
};
/* Appends; text is well-formed UTF-8. MAIL_EUC_KR is KS X 1001 and ASCII only, no CP949 extensions.
 * False, with nothing appended, when a character is lacking and that fails. */
bool charset_convert(enum mail_charset to, struct str text, enum lacking lacking, struct buf *out);
const char *charset_mime_name(enum mail_charset c); /* "utf-8", "euc-kr", "iso-2022-kr" */

#endif
