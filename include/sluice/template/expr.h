/* expr.h: what may stand inside a tag beside a name: a fallback and filters behind '|', a comparison
 * in a section. (P)
 *
 *     {{name|고객}}                    the fallback, when there is no value (absent, null, "")
 *     {{name|upper|default:"고객"}}    filters, from left to right
 *     {{#points >= 1000}} ... {{/points}}
 *     {{#grade == "VIP"}} ... {{/grade}}
 *
 * A word behind '|' that is the name of a filter is one, perhaps with an argument behind ':'; anything
 * else is the fallback text, as is whatever stands in double quotes. A word that is nearly a filter's
 * name is a mistake, not a fallback.
 *
 *     if (!expr_parse_value(inner, &x, why)) ...
 *     filters_apply(x.filter, x.filters, value, &out);
 */
#ifndef SLUICE_TEMPLATE_EXPR_H
#define SLUICE_TEMPLATE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

#define FILTERS_MAX 8
#define EXPR_WHY 200
#define FILTER_VALUE_MAX (1024u * 1024) /* bytes of a value that filters make */

/* What a filter can do nothing with stays as it is. Broken UTF-8 stays what it is, or is U+FFFD.
 *
 * default:"x"  x, when there is no value. An empty text there counts as a value: nothing is wanted.
 * upper, lower  the simple case mapping of Unicode for the Latin, Greek, Cyrillic and Armenian scripts
 * truncate:N   at most N characters as readers count them, the last one '…' when it was longer
 * number, number:D  "1,234,568", "1,234,567.50": D decimals (0), rounded half up (away from 0) as
 *              decimal text. A number has a sign or none, all thousands separators or none, and
 *              perhaps a point
 * won          a number without decimals, and "원" behind it
 * date:"F"     reads 2026-11-22, 2026/11/22, 2026.11.22, 20261122, each of the first three perhaps
 *              with T or a blank and 08:30[:00[.5]] and Z or +09:00; 202611220830[00]; seconds (9 or
 *              10 digits) or milliseconds (13) since 1970. Shown as written, whatever the zone;
 *              since 1970: in UTC+9. F: %Y %y %m %-m %d %-d %H %-H %I %-I %M %S %p (오전, 오후)
 *              %a (월) %A (월요일) %%; without one: "%Y년 %-m월 %-d일"
 * url          each byte but the unreserved ones of RFC 3986 as %XX */
enum filter_kind {
    FILTER_DEFAULT,
    FILTER_UPPER,
    FILTER_LOWER,
    FILTER_TRUNCATE,
    FILTER_DATE,
    FILTER_NUMBER,
    FILTER_WON,
    FILTER_URL
};
struct filter {
    enum filter_kind kind;
    struct str text; /* DEFAULT: the fallback; DATE: the format, or empty; points into the tag */
    uint32_t number; /* TRUNCATE: characters; NUMBER: decimals */
};
enum compare {
    COMPARE_NONE,
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_GT,
    COMPARE_GE
};
struct expr {
    struct str name; /* as written, trimmed; not checked */
    struct filter filter[FILTERS_MAX];
    size_t filters;
    enum compare compare;
    struct str right;   /* of a comparison */
    bool right_is_name; /* another variable; else the literal itself, without quotes */
};
/* The inside of a value tag (filters allowed) or of a section tag (a comparison allowed). Strings of
 * *out point into `inner`; texts in double quotes have no escapes. False: *why is for people. */
bool expr_parse_value(struct str inner, struct expr *out, char why[EXPR_WHY]);
bool expr_parse_section(struct str inner, struct expr *out, char why[EXPR_WHY]);

/* The value (UTF-8, perhaps broken) through the filters into *out, behind what it holds. has_value
 * false: there is none, and `value` is empty; an empty value counts as none for a fallback. Returns
 * whether there is a value afterwards. Nothing that a value holds can fail; *out says `full`. */
bool filters_apply(const struct filter *f, size_t n, struct str value, bool has_value,
                   struct buf *out);
/* Numbers (an optional sign, digits with or without thousands separators, decimals) are compared as
 * numbers when both sides are; else as texts, byte by byte. Nothing equals the empty text and is
 * neither less nor greater than anything. */
bool compare_holds(enum compare how, struct str left, bool has_left, struct str right);

#endif
