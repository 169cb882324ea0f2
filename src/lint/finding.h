/* finding.h: how findings are written down.
 *
 *     lint_add(l, LINT_WARNING, "alt-text", "%u images without alt text, the first in line %u: ...", n,
 *              line);
 */
#ifndef SLUICE_LINT_FINDING_H
#define SLUICE_LINT_FINDING_H

#include <sluice/lint/lint.h>

#include <sluice/base/buf.h>

#define SHOWN_SIZE 81
#define HOST_SIZE 254

void lint_add(struct lint *l, enum lint_level level, const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A piece of a message within a finding: one line, cut, without control characters. Returns out. */
char *lint_show(char out[SHOWN_SIZE], struct str piece);
/* Where something was first met, and how often. */
struct spot {
    unsigned count;
    unsigned line;
    struct str example;
};
void spot_hit(struct spot *s, unsigned line, struct str example);
bool spot_has(const struct spot *s); /* met at all */

/* The host of an http or https URL, in lower case; false: it is none, or no ASCII one. */
bool lint_host(struct str url, char out[HOST_SIZE]);
bool lint_same_organisation(const char *a, const char *b);

#endif
