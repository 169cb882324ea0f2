/* mustache.h: Mustache's tags as the HTML room sees them: opaque, but for what they open and close.
 *
 *     if (mustache_at(s, at, &tag))
 *         at += tag.all.n;
 */
#ifndef SLUICE_HTML_MUSTACHE_H
#define SLUICE_HTML_MUSTACHE_H

#include <sluice/html/html.h>

struct mustache {
    char kind; /* # ^ / ! > = & { < $, or 'v' for a plain value */
    struct str all;
    struct str open, close; /* of '=': the new delimiters, empty when they are none */
};
/* Whether an opening delimiter stands at `at`. */
bool mustache_may_begin(const struct html_scan *s, size_t at);
/* The tag at `at`; false: none begins there. A change of delimiters takes effect, so each tag is
 * read once, from left to right. A tag that is never closed is text, as is all Mustache behind it:
 * such a template does not compile, and looking for more ends would cost its length squared. */
bool mustache_at(struct html_scan *s, size_t at, struct mustache *tag);
/* The character or tag at `at`: where it ends. */
size_t mustache_step(struct html_scan *s, size_t at);

bool mustache_is_value(char kind);
/* Opens or ends something, or changes the delimiters: dropping it changes what the rest means. */
bool mustache_is_structure(char kind);
/* Whether the text ends all sections that it opens, and no others. */
bool mustache_is_balanced(struct str text, struct str open, struct str close);

#endif
