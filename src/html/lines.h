/* lines.h: text in lines, written piece by piece. Separators (blanks, line ends, list marks) are
 * remembered and written only before something that follows, so that none stands too much.
 *
 *     lines_put(&l, str_of("first  word"), LINES_COLLAPSE);
 *     lines_break(&l, 1);
 *     lines_tag(&l, &tag, true);
 */
#ifndef SLUICE_HTML_LINES_H
#define SLUICE_HTML_LINES_H

#include "mustache.h"

enum lines_blanks {
    LINES_COLLAPSE,  /* blanks and line ends are one blank */
    LINES_KEEP_ENDS, /* line ends stay: white-space: pre-line */
    LINES_KEEP       /* all stay: <pre> */
};
enum lines_gap { GAP_NONE, GAP_BLANK, GAP_CELL };

struct lines {
    struct buf *out;
    struct str open, close; /* the delimiters where we are */
    unsigned breaks;        /* line ends to come: 2 make an empty line */
    unsigned fresh;      /* line ends written since the last content, at most 2; at the start 2 */
    enum lines_gap gap;  /* to come */
    bool gap_is_written; /* a blank stands before the section that was just opened */
    bool has_item;       /* "- " is to come, or a number */
    bool is_numbered;
    long number;
    unsigned depth;  /* of list items */
    bool is_guarded; /* the last byte is text, and could begin a delimiter */
    bool is_marked;
    size_t mark; /* where the first content since lines_mark() begins */
};
void lines_init(struct lines *l, struct buf *out);
void lines_put(struct lines *l, struct str text, enum lines_blanks blanks);
/* At least n line ends before what follows; add: n more. */
void lines_break(struct lines *l, unsigned n);
void lines_add_break(struct lines *l);
void lines_gap(struct lines *l, enum lines_gap gap);
/* A tag of Mustache; is_alone: on its line of the source, and so it shall be here. */
void lines_tag(struct lines *l, const struct mustache *tag, bool is_alone);
/* A text that is a template, such as an attribute's value: its tags stay where they are. `scratch`:
 * character references between them are replaced, with its help; NULL: they are not. */
void lines_put_template(struct lines *l, struct str text, struct buf *scratch);
void lines_mark(struct lines *l);
void lines_end(struct lines *l);

#endif
