/* compile.h: what the two halves of the compiler share: programs (compile.c) and
 * the tags of one program (scan.c).
 *
 *     scan_program(&compiler, &template->program[i], source, indent_bytes);
 */
#ifndef SLUICE_TEMPLATE_COMPILE_H
#define SLUICE_TEMPLATE_COMPILE_H

#include <sluice/template/template.h>

/* What stays the same for all programs of one template. */
struct compiler {
    const struct template_source *source;
    struct names *names;
    struct problems *problems;
    size_t errors_before;
    struct template *t;
    struct buf text;
    size_t *text_at; /* per fixed: where in `text` it begins */
    struct partial_use {
        struct str name, indent; /* owned */
        struct str text;
        const char *file;
    } use[TEMPLATE_MAX_PROGRAMS]; /* per program; 0 is the main template */
    size_t nodes;
    struct map path; /* text of a dotted name -> index + 1 */
};

/* Reads one program's text into nodes; problems go to the compiler's. `indent`: bytes that were put
 * before each line, which are no columns of the file. */
void scan_program(struct compiler *c, struct program *p, struct str source, size_t indent);

#endif
