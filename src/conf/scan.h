/* scan.h: a look over a text in libconfig's syntax before libconfig sees it. (P)
 *
 * libconfig 1.5 opens files by itself at @include, recurses as deep as the text nests, stops at the
 * first name that stands twice, compares every new name with all before it, cuts whole numbers to 32
 * bits, and says "syntax error" to everything. The scan knows its lexer's rules; it refuses what is
 * dangerous, says better what is wrong with strings and brackets, renames a repeated setting so that
 * the parser gets past it (conf_read then says so, together with all the rest), and makes every whole
 * number one of 64 bits.
 *
 *     struct scan s = {.file = "a.job", .includes = CONF_NO_INCLUDES, .problems = &p};
 *     if (conf_scan(&s, text, &out)) config_read_string(&c, out.data);
 */
#ifndef SLUICE_CONF_SCAN_H
#define SLUICE_CONF_SCAN_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>
#include <sluice/conf/tree.h>

#include "grammar.h"

#define CONF_DEPTH_MAX 32    /* of nesting; people write 4 */
#define CONF_NAMES_MAX 10000 /* settings in a file: libconfig takes quadratic time over them */
#define CONF_SEPARATORS_MAX 200000 /* commas: elements of arrays */

struct scan {
    const char *file;
    enum conf_includes includes;
    bool is_included; /* libconfig reads the file itself, not the copy */
    struct problems *problems;
    /* Found: the names behind @include, and where. */
    struct scan_include {
        char *name;
        unsigned line;
    } * include;
    size_t include_count;
};

/* Copies `text` to *out in a form that libconfig reads. False when it must not be parsed; the
 * reasons are in the problems then. */
bool conf_scan(struct scan *s, struct str text, struct buf *out);
void conf_scan_done(struct scan *s);
/* The name without the mark that the scan put before a repeated one. */
const char *conf_scan_name(const char *name);

#endif
