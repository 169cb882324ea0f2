/* filter.h: the filters by themselves; expr.h says what they are for. (P)
 *
 * Each appends what it makes of `value` (not empty, UTF-8 that may be broken) to *out. A value that
 * a filter can do nothing with is appended as it is.
 */
#ifndef SLUICE_TEMPLATE_FILTER_H
#define SLUICE_TEMPLATE_FILTER_H

#include <stdbool.h>
#include <sluice/template/expr.h>

void filter_upper(struct str value, struct buf *out);
void filter_lower(struct str value, struct buf *out);
void filter_truncate(struct str value, uint32_t characters, struct buf *out);
void filter_number(struct str value, uint32_t decimals, struct buf *out);
void filter_won(struct str value, struct buf *out);
void filter_date(struct str value, struct str format, struct buf *out);
void filter_url(struct str value, struct buf *out);

/* Whether the format of a date holds nothing but what filter_date() knows; else *bad is what it does
 * not, such as "%B". */
bool date_format_is_good(struct str format, struct str *bad);

/* A number as text: "-1,234.50". Thousands separators are all there or none is. */
struct decimal {
    bool is_negative;
    struct str whole;    /* without leading zeros, perhaps with separators; empty: 0 */
    struct str fraction; /* digits as written; empty: none */
};
/* False: that is no such number (a sign, digits, a point, digits; blanks around it). */
bool decimal_parse(struct str s, struct decimal *out);
/* -1, 0, 1 */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Behind the user-perceived character (UAX 29, nearly) that begins at s (n > 0). */
size_t grapheme_next(const char *s, size_t n);

#endif
