/* list.h: the numbers of <ol>.
 *
 *     is_numbered = html_is(&t, "ol") && !list_has_loose_tag(&scan, &ahead);
 *     number = item_number(&t, "start", 1);
 */
#ifndef SLUICE_HTML_LIST_H
#define SLUICE_HTML_LIST_H

#include <sluice/html/html.h>

#define LIST_NUMBER_MAX 1000000

/* Whether a tag of Mustache stands in the list that begins here, outside of its items: a loop makes
 * them, or they are there for some only, and what numbers they have is not known here. *ahead: bytes
 * that may still be read for this; without any, yes. */
bool list_has_loose_tag(const struct html_scan *scan, size_t *ahead);
/* An attribute that is a number within reason. */
long item_number(const struct html_token *t, const char *attr, long otherwise);

#endif
