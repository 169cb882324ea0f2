/* vars.h: one recipient's variables, found once per message instead of once per use.
 *
 * The names that the templates use have slots (template.h). Before a message is rendered each slot
 * gets its value: the recipient's own, else the job's common one, else none. `email` is always
 * there.
 *
 *     vars_fill(&plan, vars, vars_len, email, slot);
 */
#ifndef SLUICE_TEMPLATE_VARS_H
#define SLUICE_TEMPLATE_VARS_H

#include <stdint.h>

#include <sluice/template/template.h>

struct vars_plan {
    const struct names *names;
    int *column_slot;         /* owned: per CSV column its slot, or -1 */
    size_t columns;           /* up to the last one that is used */
    struct json_view *common; /* owned: per slot the job's value */
    int email_slot;
};

/* `columns` and `common`: JSON, an array of names and an object; both live as long as the plan. */
void vars_plan_init(struct vars_plan *p, const struct names *names, const char *columns,
                    const char *common);
void vars_plan_done(struct vars_plan *p);
/* True when nothing can ever fill the slot: the recipients are rows of a CSV without that column.
 */
bool vars_is_unfilled(const struct vars_plan *p, size_t slot);
/* Fills one view per name. email: a JSON string. */
void vars_fill(const struct vars_plan *p, struct json_view vars, struct json_view email,
               struct json_view *slot);

#endif
