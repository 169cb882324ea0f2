/* walk.h: what both halves of a walk share: tags (walk.c), what stands between them (lines.c).
 *
 *     line_go_to(w, p, tag->at, true);
 */
#ifndef SLUICE_TEMPLATE_WALK_H
#define SLUICE_TEMPLATE_WALK_H

#include "compile.h"

/* A part of a file that is being walked over. */
struct piece {
    const struct file *file;
    size_t pos, end;
    uint32_t file_index;
    uint32_t tag, last; /* the next one; the first that does not belong to it */
    uint32_t blocks;
    uint32_t replaces; /* tag of the replacement that this is, + 1; 0: a whole file */
    struct str indent; /* before each line */
    size_t strip;      /* blanks that each line loses before */
    bool is_begin;     /* of a line, of which nothing was written yet */
    bool has_marks;
    size_t mark;               /* the next one */
    const struct mark *open;   /* the URL that this piece is in */
    const struct piece *outer; /* what it stands in */
    unsigned depth;
};
struct walk {
    struct emit e;
    struct compiler *c;
    uint32_t section[NESTED_MAX]; /* nodes */
    size_t sections;
    bool is_url, is_told;
    /* the URL so far */
    bool has_literal, is_address, is_behind;
    bool is_host, has_host; /* the host is written now; some of it stands there already */
    uint32_t url;           /* its node, when told */
};

bool line_is_start(const struct piece *p);
/* Takes away what each line of the piece loses, if a line starts here; not further than `to`. */
void line_skip_blanks(struct piece *p, size_t to);
/* Before anything is written: at the begin of a line, its indentation. */
void line_begin(struct walk *w, struct piece *p, size_t to);
/* To a place further on, over text that is written or that vanishes, and the marks in it. */
void line_go_to(struct walk *w, struct piece *p, size_t to, bool is_shown);
/* Behind something that was written in place of what stands here. */
void line_jump(struct piece *p, uint32_t tag, size_t to);
/* The first mark that does not begin before `from`. */
size_t line_first_mark(const struct file *f, size_t from);

#endif
