/* limit_fields.h: the limits of providers: one table for `defaults` and for every provider.
 *
 *     struct conf_field fields[LIMIT_FIELDS + 1] = {0};
 *     limits_fields(fields, true);
 *     conf_read(group, "defaults", fields, &draft, p);
 *     limits_finish(group, "defaults", &draft, &s->shaping, p);
 */
#ifndef SLUICE_CONF_LIMIT_FIELDS_H
#define SLUICE_CONF_LIMIT_FIELDS_H

#include <stdbool.h>
#include <sluice/conf/tree.h>
#include <sluice/shape/shaping.h>

struct limits_draft {
    struct limits limits;
    struct conf_strings additional; /* names */
};
/* Fields for a target that begins with a struct limits_draft. Without defaults, what is not written
 * stays as it is in the target. */
void limits_fields(struct conf_field out[LIMIT_FIELDS], bool with_defaults);
/* Looks up the named limits, frees the names, and says what contradicts itself. */
void limits_finish(const struct conf_node *group, const char *path, struct limits_draft *d,
                   const struct shaping *s, struct problems *p);

#endif
