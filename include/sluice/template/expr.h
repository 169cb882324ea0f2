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
 *     if (!expr_parse(inner, &x, why)) ...
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

/* Names: default, upper, lower, truncate, date, number, won, url. docs/templates.md says what each
 * does with what it cannot use (a date that is none stays as it is). */
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
    struct str text; /* DEFAULT: the fallback; DATE: the format; points into the tag */
    unsigned number; /* TRUNCATE: characters; NUMBER: decimals */
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
