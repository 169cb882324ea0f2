/* page.h: what a look through a message's HTML finds, before anything is judged.
 *
 *     struct page page;
 *     page_read(&page, html, on_link, NULL);
 *     if (spot_has(&page.no_alt)) ...
 */
#ifndef SLUICE_LINT_PAGE_H
#define SLUICE_LINT_PAGE_H

#include "finding.h"

#include <sluice/html/html.h>

#define LINK_TEXT_MAX 300

/* Characters of text by how they are shown. */
struct page_text {
    size_t visible, hidden;
    struct str first; /* the first visible piece */
};
struct page {
    struct spot no_alt, images, script, embedded, form, style_in_body, style_sheet, handler,
        empty_link, plain_link, invisible;
    struct spot mismatch; /* a link whose text shows another address; the example is the text */
    char shown_host[HOST_SIZE], real_host[HOST_SIZE]; /* of the first mismatch */
    size_t classes, styles;                           /* elements with either */
    bool has_preheader;                               /* a hidden block before all visible text */
    struct page_text text;
    /* private */
    void (*link)(void *arg, struct str url, unsigned line);
    void *arg;
    unsigned line;
    bool is_in_body, was_hidden_first;
    bool is_unreadable; /* what comes next stands in an element that nobody can read */
    struct str hidden_name;
    unsigned hidden_depth;
    size_t hidden_from; /* text.hidden when the block began */
    bool is_link;
    char href_host[HOST_SIZE];
    struct buf link_text, scratch;
};
/* `page` is zeroed. Each link's URL is told to `link`. */
void page_read(struct page *page, struct str html,
               void (*link)(void *arg, struct str url, unsigned line), void *arg);

#endif
