/* element.h: what an element means for a plain text, and which elements are open.
 *
 *     elements_open(&e, &token);
 *     if (elements_top(&e)->is_hidden) ...
 */
#ifndef SLUICE_HTML_ELEMENT_H
#define SLUICE_HTML_ELEMENT_H

#include <sluice/html/html.h>

#include "lines.h"

enum element_kind {
    ELEMENT_INLINE, /* and all that are unknown */
    ELEMENT_BLOCK,  /* a line of its own */
    ELEMENT_SPACED, /* an empty line around it */
    ELEMENT_CELL,
    ELEMENT_LIST,
    ELEMENT_ITEM,
    ELEMENT_PRE,
    ELEMENT_RULE,
    ELEMENT_BREAK,
    ELEMENT_IMAGE,
    ELEMENT_LINK,
    ELEMENT_VOID, /* shows nothing, has no end */
    ELEMENT_HIDDEN
};
/* What decides where an element ends that has no end tag. */
enum element_group {
    GROUP_P = 1,
    GROUP_ITEM = 2,
    GROUP_LIST = 4,
    GROUP_TERM = 8, /* dt, dd */
    GROUP_TERMS = 16,
    GROUP_CELL = 32,
    GROUP_ROW = 64,
    GROUP_ROWS = 128, /* tbody, thead, tfoot */
    GROUP_TABLE = 256,
    GROUP_CAPTION = 512,
    GROUP_HEAD = 1024,
    GROUP_IN_HEAD = 2048, /* may stand in a head */
    GROUP_BODY = 4096,
    GROUP_LINK = 8192
};
struct about {
    const char *name;
    enum element_kind kind;
    unsigned groups;
};
/* Never NULL. */
const struct about *element_about(struct str name);
bool element_is_void(enum element_kind kind);

#define ELEMENTS_MAX 256
struct element {
    struct str name;
    enum element_kind kind;
    unsigned groups;
    bool is_hidden;         /* it or one around it */
    bool is_tiny, is_faint; /* its text cannot be read, see style.h */
    enum lines_blanks blanks;
    unsigned items;   /* list items around it, itself included */
    bool is_numbered; /* a list, see number */
    long number;      /* of its next item */
};
struct elements {
    struct element item[ELEMENTS_MAX]; /* 0: around all */
    size_t count;
    size_t deeper; /* open ones that found no room */
};
void elements_init(struct elements *e);
const struct element *elements_top(const struct elements *e);
/* Ends what this start tag ends without saying so (<li> the item before), then opens it. The kinds
 * of what was ended are told to `ended`, innermost first. */
void elements_open(struct elements *e, const struct html_token *t,
                   void (*ended)(void *arg, enum element_kind kind), void *arg);
/* The same for an end tag; nothing when no such element is open here. */
void elements_close(struct elements *e, struct str name,
                    void (*ended)(void *arg, enum element_kind kind), void *arg);

#endif
