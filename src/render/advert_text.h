/* advert_text.h: the text of an advertisement as it is compared: what looks alike becomes alike. (P)
 *
 *     advert_fold(visible_text, &plain);                   // "ＴＥＬ：" -> "TEL:"
 *     advert_squeeze(str_n(plain.data, plain.len), &s);    // "TEL: 02" -> "tel:02"
 */
#ifndef SLUICE_RENDER_ADVERT_TEXT_H
#define SLUICE_RENDER_ADVERT_TEXT_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>

#define ADVERT_TEXT_MAX (16u * 1024 * 1024)

/* Whether a character shows nothing and changes how others show: controls, marks of direction,
 * zero-width ones. */
bool advert_is_invisible(uint32_t cp);
/* Full-width forms become ASCII, blanks and dashes of any kind ' ' and '-', Hangul that is written
 * in its letters (as file systems of macOS do) syllables; what is invisible goes. */
void advert_fold(struct str text, struct buf *out);
/* Of folded text: lower case, and without blanks: lines are wrapped anywhere, and people write one
 * name in two ways. A company's form is always "(주)". */
void advert_squeeze(struct str folded, struct buf *out);
/* Of squeezed text: the short names of cities and provinces, no commas. */
void advert_shorten_address(struct str squeezed, struct buf *out);
/* The digits of a telephone number as dialled at home: "+82 2-555-0100" -> "025550100". */
#define ADVERT_DIGITS 24
size_t advert_digits(struct str number, char out[ADVERT_DIGITS]);
/* Where it begins; NULL: nowhere. */
const char *advert_find(struct str in, const char *what);

#endif
