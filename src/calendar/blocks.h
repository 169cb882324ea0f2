/* blocks.h: cuts the text of an .ics file into its components, before libical sees any of it. (P)
 *
 * One at a time is what libical gets: a broken one then spoils no other, its line is known, and
 * nesting and size have limits.
 *
 *     while (block_next(&b, &block)) ...
 */
#ifndef SLUICE_CALENDAR_BLOCKS_H
#define SLUICE_CALENDAR_BLOCKS_H

#include <stdbool.h>
#include <sluice/base/str.h>

#define BLOCK_BYTES (64u * 1024)
#define BLOCK_DEPTH 4

struct block {
    struct str text;     /* from its BEGIN line to its END line */
    struct str name;     /* "VEVENT" */
    unsigned line;       /* of BEGIN, from 1 */
    const char *problem; /* NULL: none; else what is wrong with it, and it is not to be used */
};
struct blocks {
    struct str rest;
    unsigned line;
};
/* The next VEVENT or VTIMEZONE; others are passed over. False: no more. */
bool block_next(struct blocks *b, struct block *out);
/* Is there a line of that property in it? */
bool block_has(struct str text, const char *property);

#endif
