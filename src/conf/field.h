/* field.h: one written value against one field of a table. (P)
 *
 *     struct reader r = {.path = "dns", .field = &fields[0], .target = settings, .problems = p};
 *     if (field_store(&r, node) != FIELD_STORED) ...
 */
#ifndef SLUICE_CONF_FIELD_H
#define SLUICE_CONF_FIELD_H

#include <sluice/conf/tree.h>

struct reader {
    const char *path;               /* of the group */
    const struct conf_field *field; /* the one that is being stored */
    char *target;
    struct problems *problems;
};
enum field_fit { FIELD_STORED, FIELD_WRONG_TYPE, FIELD_OUT_OF_RANGE, FIELD_CONTROL };

enum field_fit field_store(const struct reader *r, const struct conf_node *n);
/* The field's `def`; MUST be right. */
void field_store_default(const struct reader *r);

/* ---- words ---- */

void say_misfit(const struct reader *r, const struct conf_node *n, enum field_fit fit);
void say_missing(const struct reader *r, const struct conf_node *group);
void say_unknown_setting(const struct reader *r, const struct conf_field *fields,
                         const struct conf_node *n);

#endif
