#include <sluice/base/must.h>
#include <sluice/model/kinds.h>

#include <stddef.h>

static const char *const msg_class_names[] = {
    [MSG_AD] = "ad", [MSG_NOTICE] = "notice", [MSG_TRANSACTIONAL] = "transactional"};

static const char *const priority_names[] = {
    [PRIO_URGENT] = "urgent", [PRIO_NORMAL] = "normal", [PRIO_BULK] = "bulk"};

static const char *const in_doubt_policy_names[] = {
    [DOUBT_HOLD] = "hold", [DOUBT_RETRY] = "retry", [DOUBT_DELIVERED] = "delivered"};

static const char *const mail_charset_names[] = {
    [MAIL_UTF8] = "utf-8", [MAIL_EUC_KR] = "euc-kr", [MAIL_ISO_2022_KR] = "iso-2022-kr"};

static const char *const charset_fallback_names[] = {
    [CHARSET_FALLBACK_UTF8] = "utf-8", [CHARSET_FALLBACK_REPLACE] = "replace"};

static const char *const missing_policy_names[] = {
    [MISSING_EMPTY] = "empty", [MISSING_SKIP] = "skip"};

static const char *const ad_policy_names[] = {
    [AD_REFUSE] = "refuse", [AD_REPAIR] = "repair", [AD_WARN] = "warn"};

static const char *const phase_names[] = {
    [PHASE_RESOLVE] = "resolve", [PHASE_CONNECT] = "connect",   [PHASE_BANNER] = "banner",
    [PHASE_EHLO] = "ehlo",       [PHASE_STARTTLS] = "starttls", [PHASE_MAIL] = "mail",
    [PHASE_RCPT] = "rcpt",       [PHASE_DATA] = "data",         [PHASE_DOT] = "dot",
    [PHASE_QUIT] = "quit",       [PHASE_RENDER] = "render",     [PHASE_POLICY] = "policy"};

static const char *const state_names[] = {
    [STATE_WAITING] = "waiting",     [STATE_DEFERRED] = "deferred",
    [STATE_DELIVERED] = "delivered", [STATE_BOUNCED] = "bounced",
    [STATE_EXPIRED] = "expired",     [STATE_SUPPRESSED] = "suppressed",
    [STATE_IN_DOUBT] = "in-doubt",   [STATE_CANCELLED] = "cancelled",
    [STATE_SKIPPED] = "skipped",     [STATE_QUARANTINED] = "quarantined"};

static const char *const group_names[] = {
    [GROUP_NONE] = "none",       [GROUP_BAD_ADDRESS] = "bad-address", [GROUP_FULL] = "full",
    [GROUP_REFUSED] = "refused", [GROUP_OUR_SIDE] = "our-side",       [GROUP_RETRY] = "retry",
    [GROUP_UNKNOWN] = "unknown"};

static const char *const scope_names[] = {[SCOPE_RECIPIENT] = "recipient",
                                          [SCOPE_MESSAGE] = "message",
                                          [SCOPE_CONNECTION] = "connection",
                                          [SCOPE_SOURCE] = "source",
                                          [SCOPE_PROVIDER] = "provider"};

static const char *const category_names[] = {[CAT_OK] = "ok",
                                             [CAT_USER_UNKNOWN] = "user-unknown",
                                             [CAT_HOST_UNKNOWN] = "host-unknown",
                                             [CAT_MAILBOX_DISABLED] = "mailbox-disabled",
                                             [CAT_MAILBOX_FULL] = "mailbox-full",
                                             [CAT_RECIPIENT_REFUSED] = "recipient-refused",
                                             [CAT_SENDER_BLOCKED] = "sender-blocked",
                                             [CAT_SPAM_CONTENT] = "spam-content",
                                             [CAT_POLICY_REFUSED] = "policy-refused",
                                             [CAT_AUTH_FAILED] = "auth-failed",
                                             [CAT_MESSAGE_TOO_LARGE] = "message-too-large",
                                             [CAT_RELAY_DENIED] = "relay-denied",
                                             [CAT_PROTOCOL_ERROR] = "protocol-error",
                                             [CAT_TLS_FAILED] = "tls-failed",
                                             [CAT_RATE_LIMITED] = "rate-limited",
                                             [CAT_GREYLISTED] = "greylisted",
                                             [CAT_SYSTEM_ERROR] = "system-error",
                                             [CAT_NETWORK] = "network",
                                             [CAT_EXPIRED] = "expired",
                                             [CAT_UNKNOWN] = "unknown",
                                             [CAT_AUTO_REPLY] = "auto-reply",
                                             [CAT_COMPLAINT] = "complaint",
                                             [CAT_DELIVERY_NOTICE] = "delivery-notice",
                                             [CAT_SUPPRESSED] = "suppressed",
                                             [CAT_RENDER_ERROR] = "render-error",
                                             [CAT_ADDRESS_UNSUPPORTED] = "address-unsupported",
                                             [CAT_IN_DOUBT] = "in-doubt",
                                             [CAT_CANCELLED] = "cancelled"};

/* A forgotten name at the end of a table fails here; one in the middle fails in the tests. */
#define LENGTH(a) (sizeof(a) / sizeof *(a))
_Static_assert(LENGTH(msg_class_names) == MSG_CLASSES, "a name for each class");
_Static_assert(LENGTH(priority_names) == PRIORITIES, "a name for each priority");
_Static_assert(LENGTH(in_doubt_policy_names) == DOUBT_POLICIES, "a name for each policy");
_Static_assert(LENGTH(mail_charset_names) == MAIL_CHARSETS, "a name for each charset");
_Static_assert(LENGTH(charset_fallback_names) == CHARSET_FALLBACKS, "a name for each fallback");
_Static_assert(LENGTH(missing_policy_names) == MISSING_POLICIES, "a name for each policy");
_Static_assert(LENGTH(ad_policy_names) == AD_POLICIES, "a name for each policy");
_Static_assert(LENGTH(phase_names) == PHASES, "a name for each phase");
_Static_assert(LENGTH(state_names) == STATES, "a name for each state");
_Static_assert(LENGTH(category_names) == CATEGORIES, "a name for each category");
_Static_assert(LENGTH(group_names) == GROUPS, "a name for each group");
_Static_assert(LENGTH(scope_names) == SCOPES, "a name for each scope");

static const char *name_of(const char *const *names, size_t count, size_t value)
{
    MUST(value < count);
    return names[value];
}

static bool find(const char *const *names, size_t count, struct str s, size_t *value)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(s, names[i])) {
            *value = i;
            return true;
        }
    }
    return false;
}

#define NAMED(kind)                                                                                \
    const char *kind##_name(enum kind v)                                                           \
    {                                                                                              \
        return name_of(kind##_names, LENGTH(kind##_names), (size_t)v);                             \
    }                                                                                              \
    bool kind##_from_name(struct str s, enum kind *out)                                            \
    {                                                                                              \
        size_t value;                                                                              \
                                                                                                   \
        if (!find(kind##_names, LENGTH(kind##_names), s, &value))                                  \
            return false;                                                                          \
        *out = (enum kind)value;                                                                   \
        return true;                                                                               \
    }

NAMED(msg_class)
NAMED(priority)
NAMED(in_doubt_policy)
NAMED(mail_charset)
NAMED(charset_fallback)
NAMED(missing_policy)
NAMED(ad_policy)
NAMED(phase)
NAMED(state)
NAMED(category)
NAMED(group)
NAMED(scope)

bool state_is_final(enum state s)
{
    MUST(s >= 0 && s < STATES);
    return s != STATE_WAITING && s != STATE_DEFERRED && s != STATE_QUARANTINED;
}

enum group category_group(enum category c)
{
    switch (c) {
    case CAT_OK:
    case CAT_AUTO_REPLY:
    case CAT_COMPLAINT:
    case CAT_DELIVERY_NOTICE:
    case CAT_SUPPRESSED:
    case CAT_CANCELLED:
        return GROUP_NONE;
    case CAT_USER_UNKNOWN:
    case CAT_HOST_UNKNOWN:
    case CAT_MAILBOX_DISABLED:
        return GROUP_BAD_ADDRESS;
    case CAT_MAILBOX_FULL:
        return GROUP_FULL;
    case CAT_RECIPIENT_REFUSED:
        return GROUP_REFUSED;
    case CAT_SENDER_BLOCKED:
    case CAT_SPAM_CONTENT:
    case CAT_POLICY_REFUSED:
    case CAT_AUTH_FAILED:
    case CAT_MESSAGE_TOO_LARGE:
    case CAT_RELAY_DENIED:
    case CAT_PROTOCOL_ERROR:
    case CAT_TLS_FAILED:
    case CAT_RENDER_ERROR:
    /* The address may be good; it is we who do not speak SMTPUTF8. */
    case CAT_ADDRESS_UNSUPPORTED:
        return GROUP_OUR_SIDE;
    case CAT_RATE_LIMITED:
    case CAT_GREYLISTED:
    case CAT_SYSTEM_ERROR:
    case CAT_NETWORK:
    case CAT_EXPIRED:
        return GROUP_RETRY;
    /* Nothing is known of the address after a lost reply. */
    case CAT_IN_DOUBT:
    case CAT_UNKNOWN:
        return GROUP_UNKNOWN;
    case CATEGORIES:
        break;
    }
    must_fail(__FILE__, __LINE__, "c is a category");
}
