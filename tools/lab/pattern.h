/* pattern.h: names with number ranges, so that one line declares a million domains.
 *
 * "mx{0..4}.d{000..499}.example" stands for 2,500 names. A range whose ends are written with leading
 * zeros keeps that width. Nothing is expanded in memory: a query is matched, an index is formatted.
 *
 * Values that belong to a pattern ("10 mx{0..1}.d*.example") are templates: `*` or `{*}` is the text
 * of the name's first range, `{2}` that of its second, `{1%20}` the number modulo 20, `{1/10}` the
 * number divided by 10; `:3` behind it gives it three digits
 * ("{1%20:2}"). A range inside a template makes several values of it.
 */
#ifndef LAB_PATTERN_H
#define LAB_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>

#define PATTERN_RANGES 3
#define PATTERN_NAME 256 /* bytes of a name with its NUL; DNS allows 253 */

struct pattern_range {
    uint64_t low, high;
    int width; /* digits with leading zeros; 0: as many as the number has */
};
struct pattern {
    char *lit[PATTERN_RANGES + 1]; /* text before, between and behind the ranges; owned */
    struct pattern_range range[PATTERN_RANGES];
    int ranges;
    uint64_t count; /* names that it stands for */
};

bool pattern_parse(struct str text, struct pattern *out, struct err *e);
void pattern_done(struct pattern *p);
/* True when `name` (any case) is one of the names; *index is then its number, 0 to count - 1. */
bool pattern_match(const struct pattern *p, struct str name, uint64_t *index);
void pattern_nth(const struct pattern *p, uint64_t index, char out[PATTERN_NAME]);

/* The values that a template has for one name of a pattern: calls `each` for every one, at most `limit`
 * times. False when the template is malformed (checked when a scenario is read, with index 0). */
bool template_each(struct str text, const struct pattern *p, uint64_t index, size_t limit,
                   void (*each)(void *arg, const char *value), void *arg, struct err *e);

/* Puts the references in and leaves ranges alone. */
bool template_fill(struct str text, const struct pattern *p, uint64_t index, char out[PATTERN_NAME],
                   struct err *e);

/* `*` any run of characters, `?` one; ASCII case does not matter. NULL matches everything. */
bool glob_match(const char *glob, struct str text);

#endif
