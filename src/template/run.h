/* run.h: what the two halves of running share: the nodes (run.c) and values within URLs (url.c).
 *
 *     url_put_value(&sink, value, VALUE_URL_PATH, true);
 */
#ifndef SLUICE_TEMPLATE_RUN_H
#define SLUICE_TEMPLATE_RUN_H

#include <sluice/template/template.h>

/* A value in a URL, escaped for its place, which MUST be one of a URL. */
void url_put_value(struct sink *s, struct str value, enum value_place place, bool escape_html);
/* A value without its control characters; bytes that are no UTF-8 become U+FFFD. */
void url_put_clean(struct sink *s, struct str value, bool escape_html);

#endif
