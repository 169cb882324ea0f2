/* str.h: views of bytes that belong to somebody else, and small string helpers.
 *
 * A struct str is a value; it is not NUL-terminated. {NULL, 0} is the empty view.
 *
 *     struct str line;
 *     while (str_cut(&rest, '\n', &line)) ...
 */
#ifndef SLUICE_BASE_STR_H
#define SLUICE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

static inline struct str str_of(const char *s)
{
    return (struct str){s, s ? strlen(s) : 0};
}
static inline struct str str_n(const char *p, size_t n)
{
    return (struct str){p, n};
}
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_is(struct str a, const char *b);       /* the same bytes as b */
bool str_starts(struct str a, const char *prefix);
bool str_ends_nocase(struct str a, const char *suffix);
struct str str_trim(struct str a); /* without spaces, tabs, CR, LF at both ends */
/* Cuts the part before `at` off *rest into *part. False when *rest was empty; the last part needs
 * no separator behind it. */
bool str_cut(struct str *rest, char at, struct str *part);
/* Copies into a fixed array, cut to size - 1 bytes (never inside a UTF-8 sequence) and terminated.
 */
void str_copy(char *to, size_t size, struct str from);
void str_lower(char *s, size_t n); /* ASCII, in place */
/* A decimal number that fits, nothing before or behind it; false otherwise and *out untouched. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);
/* For people: "1,234,567". Returns out, so that it may stand among the arguments of a printf. */
#define NUMBER_TEXT 28
char *str_number(uint64_t n, char out[NUMBER_TEXT]);
/* FNV-1a style 64-bit hash with a final mix: for maps, not for secrets. */
uint64_t str_hash(struct str s);
/* Edit distance with transposition (optimal string alignment), for "did you mean"; both sides are
 * cut at 64 bytes. */
unsigned str_distance(struct str a, struct str b);

#endif
