/* clean.h: text from outside as one line of printable characters. (P) */
#ifndef SLUICE_SRC_MIME_CLEAN_H
#define SLUICE_SRC_MIME_CLEAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>
#include <sluice/mime/header.h>

#define CLEAN_ROOM (3 * HEADER_TEXT_MAX) /* an ill-formed byte becomes the three of U+FFFD */

struct clean {
    struct str text; /* in `room` */
    bool is_ascii;
    char room[CLEAN_ROOM];
};
/* Single blanks, none at the ends; cut at HEADER_TEXT_MAX bytes, not within a character. */
void clean_line(struct clean *c, struct str text);
bool clean_is_space(uint32_t cp); /* blanks, control characters, line separators */
/* At most `most` bytes of it, whole characters. */
struct str clean_cut(struct str text, size_t most);

#endif
