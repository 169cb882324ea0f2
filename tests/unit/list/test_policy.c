#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sluice/list/policy.h>

/* What is counted, in letters: s sent, d delivered, H hard, S soft, O our side, k the last class is
 * kept. */
static const char *counts_of(const struct list_change *ch)
{
    static char text[8];
    char *p = text;

    if (ch->counts_sent)
        *p++ = 's';
    if (ch->counts_delivered)
        *p++ = 'd';
    if (ch->counts_hard)
        *p++ = 'H';
    if (ch->counts_soft)
        *p++ = 'S';
    if (ch->counts_our_side)
        *p++ = 'O';
    if (ch->keeps_last_class)
        *p++ = 'k';
    *p = '\0';
    return text;
}

#define B STATE_BOUNCED
#define X STATE_EXPIRED
#define TEXT EVIDENCE_TEXT
#define CODE EVIDENCE_CODE

static const struct {
    enum category category;
    enum state state;
    int code;
    enum list_evidence evidence;
    struct list_counts before; /* user unknown, full, disabled, expired */
    const char *counts, *status, *suppress;
} rows[] = {
    {CAT_OK, STATE_DELIVERED, 250, TEXT, {0}, "sdk", "active", NULL},
    {CAT_OK, STATE_DELIVERED, 250, TEXT, {9, 9, 9, 9}, "sdk", "active", NULL},
    /* bad address */
    {CAT_USER_UNKNOWN, B, 550, TEXT, {0}, "sH", "invalid", "user-unknown"},
    {CAT_USER_UNKNOWN, B, 550, CODE, {0}, "sH", "bouncing", NULL},
    {CAT_USER_UNKNOWN, B, 550, CODE, {1, 0, 0, 0}, "sH", "invalid", "user-unknown"},
    {CAT_HOST_UNKNOWN, B, 0, TEXT, {0}, "sH", "bouncing", NULL},
    {CAT_HOST_UNKNOWN, B, 556, CODE, {0}, "sH", "bouncing", NULL},
    {CAT_MAILBOX_DISABLED, B, 550, TEXT, {0}, "sH", "invalid", "mailbox-disabled"},
    {CAT_MAILBOX_DISABLED, B, 550, EVIDENCE_DORMANT, {0}, "sH", "dormant", NULL},
    {CAT_MAILBOX_DISABLED, X, 450, TEXT, {0, 0, 1, 0}, "sH", "bouncing", NULL},
    {CAT_MAILBOX_DISABLED, X, 450, TEXT, {0, 0, 2, 0}, "sH", "invalid", "mailbox-disabled"},
    /* full */
    {CAT_MAILBOX_FULL, B, 552, TEXT, {0}, "sS", "bouncing", NULL},
    {CAT_MAILBOX_FULL, X, 452, CODE, {0, 1, 0, 0}, "sS", "bouncing", NULL},
    {CAT_MAILBOX_FULL, X, 452, CODE, {0, 2, 0, 0}, "sS", "suppressed", "mailbox-full"},
    /* refused */
    {CAT_RECIPIENT_REFUSED, B, 550, TEXT, {0}, "sH", "suppressed", "recipient-refused"},
    /* our side: never the contact's fault */
    {CAT_SENDER_BLOCKED, B, 554, TEXT, {9, 9, 9, 9}, "sOk", NULL, NULL},
    {CAT_SPAM_CONTENT, B, 554, TEXT, {9, 9, 9, 9}, "sOk", NULL, NULL},
    {CAT_POLICY_REFUSED, B, 550, CODE, {9, 9, 9, 9}, "sOk", NULL, NULL},
    {CAT_AUTH_FAILED, B, 550, TEXT, {0}, "sOk", NULL, NULL},
    {CAT_MESSAGE_TOO_LARGE, B, 552, TEXT, {0}, "sOk", NULL, NULL},
    {CAT_RELAY_DENIED, B, 550, TEXT, {0}, "sOk", NULL, NULL},
    {CAT_PROTOCOL_ERROR, B, 503, CODE, {0}, "sOk", NULL, NULL},
    {CAT_TLS_FAILED, X, 454, TEXT, {0}, "sOk", NULL, NULL},
    {CAT_ADDRESS_UNSUPPORTED, B, 0, TEXT, {0}, "sOk", NULL, NULL},
    /* retried until it was too late */
    {CAT_RATE_LIMITED, X, 450, TEXT, {9, 9, 9, 9}, "sS", NULL, NULL},
    {CAT_GREYLISTED, X, 450, TEXT, {0}, "sS", NULL, NULL},
    {CAT_SYSTEM_ERROR, X, 451, CODE, {0}, "sS", NULL, NULL},
    {CAT_NETWORK, X, 0, TEXT, {0}, "sS", NULL, NULL},
    {CAT_EXPIRED, X, 0, TEXT, {0, 0, 0, 1}, "sS", "bouncing", NULL},
    {CAT_EXPIRED, X, 0, TEXT, {0, 0, 0, 2}, "sS", "suppressed", "expired"},
    {CAT_UNKNOWN, B, 550, CODE, {9, 9, 9, 9}, "sS", NULL, NULL},
    /* not an end, or not an attempt */
    {CAT_USER_UNKNOWN, STATE_DEFERRED, 450, TEXT, {9, 9, 9, 9}, "k", NULL, NULL},
    {CAT_MAILBOX_FULL, STATE_DEFERRED, 452, TEXT, {9, 9, 9, 9}, "k", NULL, NULL},
    {CAT_SUPPRESSED, STATE_SUPPRESSED, 0, TEXT, {0}, "k", NULL, NULL},
    {CAT_CANCELLED, STATE_CANCELLED, 0, TEXT, {0}, "k", NULL, NULL},
    {CAT_RENDER_ERROR, STATE_SKIPPED, 0, TEXT, {0}, "k", NULL, NULL},
    {CAT_IN_DOUBT, STATE_IN_DOUBT, 0, TEXT, {0}, "k", "in-doubt", NULL},
    /* bounce messages that are none */
    {CAT_AUTO_REPLY, B, 0, TEXT, {0}, "k", NULL, NULL},
    {CAT_DELIVERY_NOTICE, B, 0, TEXT, {0}, "k", NULL, NULL},
    {CAT_COMPLAINT, B, 0, TEXT, {0}, "", "suppressed", "complaint"},
    {CAT_COMPLAINT, STATE_DELIVERED, 0, TEXT, {0}, "", "suppressed", "complaint"},
};

static void same(size_t row, const char *what, const char *got, const char *expected)
{
    if (got == expected || (got && expected && strcmp(got, expected) == 0))
        return;
    fail_msg("row %zu (%s): %s is %s, not %s", row, category_name(rows[row].category), what,
             got ? got : "nothing", expected ? expected : "nothing");
}

static void what_happens_to_the_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct list_change ch = list_policy(&rows[i].before, rows[i].category, rows[i].state,
                                            rows[i].code, rows[i].evidence);

        same(i, "counts", counts_of(&ch), rows[i].counts);
        same(i, "status", ch.status, rows[i].status);
        same(i, "suppress", ch.suppress, rows[i].suppress);
    }
}

static void every_combination_has_an_answer(void **state)
{
    const struct list_counts many = {9, 9, 9, 9};

    (void)state;
    for (int c = 0; c < CATEGORIES; c++)
        for (int s = 0; s < STATES; s++)
            for (int ev = EVIDENCE_CODE; ev <= EVIDENCE_DORMANT; ev++) {
                struct list_change ch = list_policy(&many, (enum category)c, (enum state)s, 550,
                                                    (enum list_evidence)ev);

                /* refusals that are our fault, and what is no end, never harm a contact */
                if (category_group((enum category)c) == GROUP_OUR_SIDE)
                    assert_null(ch.suppress);
                if (!state_is_final((enum state)s) && c != CAT_COMPLAINT)
                    assert_null(ch.status);
            }
}

static void evidence_is_read_from_the_rule(void **state)
{
    static const struct {
        const char *rule;
        enum list_evidence evidence;
    } names[] = {
        {"code-user", EVIDENCE_CODE}, {"none", EVIDENCE_CODE},
        {"", EVIDENCE_CODE},          {"kr-hangul-dormant", EVIDENCE_DORMANT},
        {"disabled", EVIDENCE_TEXT},  {"no-such-user", EVIDENCE_TEXT},
        {"codeword", EVIDENCE_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(list_evidence(names[i].rule), names[i].evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happens_to_the_list),
        cmocka_unit_test(every_combination_has_an_answer),
        cmocka_unit_test(evidence_is_read_from_the_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
