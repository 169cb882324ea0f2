/* checks.h: the checks of a message, by file.
 *
 *     check_subject(message, &findings);
 */
#ifndef SLUICE_LINT_CHECKS_H
#define SLUICE_LINT_CHECKS_H

#include "page.h"

/* subject */
void check_subject(const struct lint_message *m, struct lint *l);
/* link-domain, link-http, link-shortener, empty-link; reads the HTML into *page (zeroed) for all */
void check_links(const struct lint_message *m, struct page *page, struct lint *l);
/* placeholder */
/* Appends the subject: what the caller has decoded, else out of the message. False: it has none, or
 * in a charset that is not known here. */
bool subject_of(const struct lint_message *m, struct buf *out);
void check_placeholders(const struct lint_message *m, struct lint *l);

#endif
