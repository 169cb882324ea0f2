/* policy.h: what one outcome does to a contact. Pure; source: the taxonomy of
 * docs/classification.md.
 *
 *     struct list_change ch = list_policy(&before, o->category, o->state, o->reply.code,
 *                                         list_evidence(o->rule));
 */
#ifndef SLUICE_LIST_POLICY_H
#define SLUICE_LIST_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/when.h>
#include <sluice/model/kinds.h>

/* What is known of the contact before, in this list; the outcome's own job is not counted. */
struct list_counts {
    uint32_t user_unknown_in_7d;       /* jobs that ended so */
    uint32_t full_campaigns_in_30d;    /* the same */
    uint32_t disabled_in_30d;          /* the same */
    uint32_t expired_campaigns_in_30d; /* the same */
};

/* How sure the category is: a text said so, a text said that the mailbox sleeps, or only the code.
 */
enum list_evidence { EVIDENCE_CODE, EVIDENCE_TEXT, EVIDENCE_DORMANT };
/* From the name of the rule that classified (outcome.rule): "code-..." , "none" and "" are codes,
 * "...dormant..." is dormant. */
enum list_evidence list_evidence(const char *rule);

struct list_change {
    bool counts_sent, counts_delivered, counts_hard, counts_soft, counts_our_side;
    const char *status;    /* new status, or NULL: unchanged */
    const char *suppress;  /* reason, or NULL: do not suppress; scope: client, all classes */
    bool keeps_last_class; /* our-side refusals say nothing about the recipient */
};
/* Only ends of a recipient count: a deferral changes nothing, the last attempt will say. Our-side
 * refusals never touch the status; in-doubt changes nothing but a status of its own. Total: any
 * category may meet any state. */
struct list_change list_policy(const struct list_counts *before, enum category c, enum state s,
                               int code, enum list_evidence ev);

#endif
