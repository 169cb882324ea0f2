/* places.h: a growing list of places.
 *
 *     struct places p = {NULL, 0, 0};
 *     places_add(&p, HTML_LINK, from, to, false);
 */
#ifndef SLUICE_HTML_PLACES_H
#define SLUICE_HTML_PLACES_H

#include <sluice/html/html.h>

struct places {
    struct html_place *item; /* NULL: none yet; owned by who made the list */
    size_t count, room;
};
void places_add(struct places *p, enum html_place_kind kind, size_t from, size_t to,
                bool is_untracked);

#endif
