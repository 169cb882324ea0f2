#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/model/kinds.h>

/* Each value has a name, no two the same, and each name leads back. */
#define THERE_AND_BACK(kind, count)                                                                \
    static void kind##_names_lead_back(void **state)                                               \
    {                                                                                              \
        (void)state;                                                                               \
        for (int i = 0; i < (int)(count); i++) {                                                   \
            enum kind back = (enum kind)((count)-1 - i);                                           \
                                                                                                   \
            assert_non_null(kind##_name((enum kind)i));                                            \
            assert_true(kind##_from_name(str_of(kind##_name((enum kind)i)), &back));               \
            assert_int_equal(back, i);                                                             \
        }                                                                                          \
        {                                                                                          \
            enum kind untouched = (enum kind)1;                                                    \
                                                                                                   \
            assert_false(kind##_from_name(str_of("nonsense"), &untouched));                        \
            assert_false(kind##_from_name(str_n(NULL, 0), &untouched));                            \
            assert_int_equal(untouched, 1);                                                        \
        }                                                                                          \
    }

THERE_AND_BACK(msg_class, MSG_CLASSES)
THERE_AND_BACK(priority, PRIORITIES)
THERE_AND_BACK(in_doubt_policy, DOUBT_POLICIES)
THERE_AND_BACK(mail_charset, MAIL_CHARSETS)
THERE_AND_BACK(charset_fallback, CHARSET_FALLBACKS)
THERE_AND_BACK(missing_policy, MISSING_POLICIES)
THERE_AND_BACK(ad_policy, AD_POLICIES)
THERE_AND_BACK(phase, PHASES)
THERE_AND_BACK(state, STATES)
THERE_AND_BACK(category, CATEGORIES)
THERE_AND_BACK(group, GROUPS)
THERE_AND_BACK(scope, SCOPES)

/* The names are an interface: these stand in databases already. */
static void names_stay(void **state)
{
    (void)state;
    assert_string_equal(msg_class_name(MSG_TRANSACTIONAL), "transactional");
    assert_string_equal(priority_name(PRIO_BULK), "bulk");
    assert_string_equal(in_doubt_policy_name(DOUBT_HOLD), "hold");
    assert_string_equal(mail_charset_name(MAIL_ISO_2022_KR), "iso-2022-kr");
    assert_string_equal(charset_fallback_name(CHARSET_FALLBACK_REPLACE), "replace");
    assert_string_equal(missing_policy_name(MISSING_SKIP), "skip");
    assert_string_equal(ad_policy_name(AD_WARN), "warn");
    assert_string_equal(phase_name(PHASE_DOT), "dot");
    assert_string_equal(state_name(STATE_IN_DOUBT), "in-doubt");
    assert_string_equal(state_name(STATE_QUARANTINED), "quarantined");
    assert_string_equal(category_name(CAT_ADDRESS_UNSUPPORTED), "address-unsupported");
    assert_string_equal(group_name(GROUP_OUR_SIDE), "our-side");
    assert_string_equal(scope_name(SCOPE_PROVIDER), "provider");
}

static void final_states(void **state)
{
    (void)state;
    for (int i = 0; i < STATES; i++)
        assert_int_equal(state_is_final((enum state)i),
                         i != STATE_WAITING && i != STATE_DEFERRED && i != STATE_QUARANTINED);
}

static void groups(void **state)
{
    static const struct {
        enum category category;
        enum group group;
    } rows[] = {
        {CAT_OK, GROUP_NONE},
        {CAT_USER_UNKNOWN, GROUP_BAD_ADDRESS},
        {CAT_HOST_UNKNOWN, GROUP_BAD_ADDRESS},
        {CAT_MAILBOX_DISABLED, GROUP_BAD_ADDRESS},
        {CAT_MAILBOX_FULL, GROUP_FULL},
        {CAT_RECIPIENT_REFUSED, GROUP_REFUSED},
        {CAT_SENDER_BLOCKED, GROUP_OUR_SIDE},
        {CAT_SPAM_CONTENT, GROUP_OUR_SIDE},
        {CAT_POLICY_REFUSED, GROUP_OUR_SIDE},
        {CAT_AUTH_FAILED, GROUP_OUR_SIDE},
        {CAT_MESSAGE_TOO_LARGE, GROUP_OUR_SIDE},
        {CAT_RELAY_DENIED, GROUP_OUR_SIDE},
        {CAT_PROTOCOL_ERROR, GROUP_OUR_SIDE},
        {CAT_TLS_FAILED, GROUP_OUR_SIDE},
        {CAT_RATE_LIMITED, GROUP_RETRY},
        {CAT_GREYLISTED, GROUP_RETRY},
        {CAT_SYSTEM_ERROR, GROUP_RETRY},
        {CAT_NETWORK, GROUP_RETRY},
        {CAT_EXPIRED, GROUP_RETRY},
        {CAT_UNKNOWN, GROUP_UNKNOWN},
        {CAT_AUTO_REPLY, GROUP_NONE},
        {CAT_COMPLAINT, GROUP_NONE},
        {CAT_DELIVERY_NOTICE, GROUP_NONE},
        {CAT_SUPPRESSED, GROUP_NONE},
        {CAT_RENDER_ERROR, GROUP_OUR_SIDE},
        {CAT_ADDRESS_UNSUPPORTED, GROUP_OUR_SIDE},
        {CAT_IN_DOUBT, GROUP_UNKNOWN},
        {CAT_CANCELLED, GROUP_NONE},
    };

    (void)state;
    assert_int_equal(sizeof rows / sizeof *rows, CATEGORIES);
    for (size_t i = 0; i < CATEGORIES; i++)
        assert_int_equal(category_group(rows[i].category), rows[i].group);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msg_class_names_lead_back),
        cmocka_unit_test(priority_names_lead_back),
        cmocka_unit_test(in_doubt_policy_names_lead_back),
        cmocka_unit_test(mail_charset_names_lead_back),
        cmocka_unit_test(charset_fallback_names_lead_back),
        cmocka_unit_test(missing_policy_names_lead_back),
        cmocka_unit_test(ad_policy_names_lead_back),
        cmocka_unit_test(phase_names_lead_back),
        cmocka_unit_test(state_names_lead_back),
        cmocka_unit_test(category_names_lead_back),
        cmocka_unit_test(group_names_lead_back),
        cmocka_unit_test(scope_names_lead_back),
        cmocka_unit_test(names_stay),
        cmocka_unit_test(final_states),
        cmocka_unit_test(groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
