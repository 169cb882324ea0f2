/* template_parts.h: a template's files on their way into memory, with the caps on them.
 *
 *     struct gathering g = {.settings = s, .name = "spring", .folder = path, .out = &parts, .problems = p};
 *     gather_text(&g, "html.html");
 *     gather_bytes(&g, "images/logo.png");
 */
#ifndef SLUICE_JOB_TEMPLATE_PARTS_H
#define SLUICE_JOB_TEMPLATE_PARTS_H

#include "jobfile_private.h"

struct gathering {
    const struct settings *settings;
    const char *name;   /* of the template: problems name its files "spring/html.html" */
    const char *folder; /* where it lies */
    struct part_files *out;
    struct problems *problems;
    uint64_t bytes; /* in *out */
    bool is_over;   /* a cap on all files was exceeded, which has been said */
};

/* A file of the folder into a part of its name. UTF-8 throughout: whatever is wrong in the folder would be wrong
 * in every single mail. */
void gather_text(struct gathering *g, const char *name);
void gather_bytes(struct gathering *g, const char *name);
/* A saved message, of which several parts are made; name NULL: it is all of the template. */
void gather_message(struct gathering *g, const char *name, const char *path);

#endif
