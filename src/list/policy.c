/* policy.c: the table "what happens to the list" of docs/classification.md, row by row. */
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/list/policy.h>

/* A bounce that only a code told is believed the second time within a week: receivers use 5.1.1 for
 * much that is no unknown user, and a wrong verdict empties a list. */
#define CODE_ONLY_BOUNCES 2
#define DISABLED_BOUNCES 3
#define FULL_CAMPAIGNS 3
#define EXPIRED_CAMPAIGNS 3

enum list_evidence list_evidence(const char *rule)
{
    if (strncmp(rule, "code-", 5) == 0 || strcmp(rule, "none") == 0 || rule[0] == '\0')
        return EVIDENCE_CODE;
    return strstr(rule, "dormant") ? EVIDENCE_DORMANT : EVIDENCE_TEXT;
}

static struct list_change hard(const char *status, const char *suppress)
{
    return (struct list_change){
        .counts_sent = true, .counts_hard = true, .status = status, .suppress = suppress};
}

static struct list_change soft(const char *status, const char *suppress)
{
    return (struct list_change){
        .counts_sent = true, .counts_soft = true, .status = status, .suppress = suppress};
}

static struct list_change user_unknown(const struct list_counts *before, enum list_evidence ev)
{
    if (ev != EVIDENCE_CODE || before->user_unknown_in_7d + 1 >= CODE_ONLY_BOUNCES)
        return hard("invalid", category_name(CAT_USER_UNKNOWN));
    return hard("bouncing", NULL);
}

static struct list_change disabled(const struct list_counts *before, int code,
                                   enum list_evidence ev)
{
    if (ev == EVIDENCE_DORMANT)
        return hard("dormant", NULL); /* it may wake up: paused, not suppressed */
    if (code >= 500 || before->disabled_in_30d + 1 >= DISABLED_BOUNCES)
        return hard("invalid", category_name(CAT_MAILBOX_DISABLED));
    return hard("bouncing", NULL);
}

static struct list_change expired(const struct list_counts *before)
{
    if (before->expired_campaigns_in_30d + 1 >= EXPIRED_CAMPAIGNS)
        return soft("suppressed", category_name(CAT_EXPIRED));
    return soft("bouncing", NULL);
}

static struct list_change full(const struct list_counts *before)
{
    if (before->full_campaigns_in_30d + 1 >= FULL_CAMPAIGNS)
        return soft("suppressed", category_name(CAT_MAILBOX_FULL));
    return soft("bouncing", NULL);
}

/* A recipient that ended without its mail. */
static struct list_change failed(const struct list_counts *before, enum category c, int code,
                                 enum list_evidence ev)
{
    switch (category_group(c)) {
    case GROUP_BAD_ADDRESS:
        if (c == CAT_USER_UNKNOWN)
            return user_unknown(before, ev);
        if (c == CAT_MAILBOX_DISABLED)
            return disabled(before, code, ev);
        return hard("bouncing", NULL); /* the host: the domain is looked at again before anything */
    case GROUP_FULL:
        return full(before);
    case GROUP_REFUSED: /* like an opt-out from this sender */
        return hard("suppressed", category_name(c));
    case GROUP_OUR_SIDE:
        return (struct list_change){
            .counts_sent = true, .counts_our_side = true, .keeps_last_class = true};
    case GROUP_RETRY: /* only what nobody ever took says something about the address */
        return c == CAT_EXPIRED ? expired(before) : soft(NULL, NULL);
    case GROUP_UNKNOWN: /* counted; for the review queue */
        return soft(NULL, NULL);
    case GROUP_NONE:
    case GROUPS:
        break;
    }
    return (struct list_change){.keeps_last_class = true};
}

struct list_change list_policy(const struct list_counts *before, enum category c, enum state s,
                               int code, enum list_evidence ev)
{
    const struct list_change nothing = {.keeps_last_class = true};

    if (c == CAT_COMPLAINT) /* whenever it comes, also long after the delivery */
        return (struct list_change){.status = "suppressed", .suppress = category_name(c)};
    switch (s) {
    case STATE_DELIVERED:
        return (struct list_change){.counts_sent = true,
                                    .counts_delivered = true,
                                    .status = "active",
                                    .keeps_last_class = true};
    case STATE_BOUNCED:
    case STATE_EXPIRED:
        return failed(before, c, code, ev);
    case STATE_IN_DOUBT:
        return (struct list_change){.status = "in-doubt", .keeps_last_class = true};
    case STATE_WAITING:
    case STATE_DEFERRED: /* not the end: the last attempt will say */
    case STATE_QUARANTINED:
    case STATE_SUPPRESSED:
    case STATE_CANCELLED:
    case STATE_SKIPPED:
    case STATES:
        break;
    }
    return nothing;
}
