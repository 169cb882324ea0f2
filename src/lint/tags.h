/* tags.h: "tag=value; tag=value", as DKIM and DMARC records are written (RFC 6376, section 3.2).
 *
 *     if (tags_find(record, "p", &policy)) ...
 */
#ifndef SLUICE_LINT_TAGS_H
#define SLUICE_LINT_TAGS_H

#include <stdbool.h>
#include <sluice/base/str.h>

/* The first tag of that name (case counts not), its value trimmed; false: there
 * is none, and *value is untouched. */
bool tags_find(struct str record, const char *name, struct str *value);
/* What is no tag at all; n 0: nothing. */
struct str tags_broken(struct str record);

#endif
