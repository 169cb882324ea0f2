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
void check_placeholders(const struct lint_message *m, struct lint *l);

#endif
