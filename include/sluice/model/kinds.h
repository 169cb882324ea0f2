/* kinds.h: the small vocabularies that every room shares, with their names as people see them.
 *
 * Each enum has X_name(value) -> "lower-case" and X_from_name(str, &value) -> false when unknown.
 * The names are an interface: they stand in job files, results, logs and databases.
 */
#ifndef SLUICE_MODEL_KINDS_H
#define SLUICE_MODEL_KINDS_H

#include <stdbool.h>
#include <sluice/base/str.h>

/* The Network Act's view of a message: suppression depends on it (an advertisement is never sent to
 * who refused; a legal notice may have to be). Names: ad, notice, transactional. */
enum msg_class { MSG_AD, MSG_NOTICE, MSG_TRANSACTIONAL, MSG_CLASSES };

/* urgent before normal before bulk. */
enum priority { PRIO_URGENT, PRIO_NORMAL, PRIO_BULK, PRIORITIES };

/* What happens to a recipient whose final dot was written and whose reply was never read.
 * Names: hold, retry, delivered. */
enum in_doubt_policy { DOUBT_HOLD, DOUBT_RETRY, DOUBT_DELIVERED, DOUBT_POLICIES };

/* The charset of a message. Names: utf-8, euc-kr, iso-2022-kr. */
enum mail_charset { MAIL_UTF8, MAIL_EUC_KR, MAIL_ISO_2022_KR, MAIL_CHARSETS };
/* A character that the charset lacks: the whole message goes out in UTF-8, or it becomes '?' (in HTML a
 * character reference). Names: utf-8, replace. */
enum charset_fallback { CHARSET_FALLBACK_UTF8, CHARSET_FALLBACK_REPLACE, CHARSET_FALLBACKS };
/* A variable without a value and without a fallback: empty text, or the recipient is skipped
 * (render-error). Names: empty, skip. */
enum missing_policy { MISSING_EMPTY, MISSING_SKIP, MISSING_POLICIES };
/* An advertisement that lacks what the law asks for. Names: refuse, repair, warn. */
enum ad_policy { AD_REFUSE, AD_REPAIR, AD_WARN, AD_POLICIES };

/* How far an attempt got; replies to connect..MAIL never count against a recipient. Names: resolve,
 * connect, banner, ehlo, starttls, mail, rcpt, data, dot, quit, render, policy. PHASE_DOT is "from
 * the first byte of the final dot (or BDAT LAST) until its reply"; PHASE_POLICY: we decided not to
 * try. */
enum phase {
    PHASE_RESOLVE,
    PHASE_CONNECT,
    PHASE_BANNER,
    PHASE_EHLO,
    PHASE_STARTTLS,
    PHASE_MAIL,
    PHASE_RCPT,
    PHASE_DATA,
    PHASE_DOT,
    PHASE_QUIT,
    PHASE_RENDER,
    PHASE_POLICY,
    PHASES
};

/* Where a recipient stands. Names: waiting (not attempted yet), deferred (attempted, will be
 * again), delivered, bounced, expired, suppressed, in-doubt, cancelled, skipped (its message could
 * not be made): these seven are final, but for in-doubt under the policy `retry`. quarantined:
 * refused for good while its provider refused nearly everybody; not final: an operator releases it
 * (it is tried again) or confirms it (bounced), see shape/guard.h. */
enum state {
    STATE_WAITING,
    STATE_DEFERRED,
    STATE_DELIVERED,
    STATE_BOUNCED,
    STATE_EXPIRED,
    STATE_SUPPRESSED,
    STATE_IN_DOUBT,
    STATE_CANCELLED,
    STATE_SKIPPED,
    STATE_QUARANTINED,
    STATES
};
bool state_is_final(enum state s);

/* What a refusal means. Names with hyphens: ok, user-unknown, host-unknown, mailbox-disabled,
 * mailbox-full, recipient-refused, sender-blocked, spam-content, policy-refused, auth-failed,
 * message-too-large, relay-denied, protocol-error, tls-failed, rate-limited, greylisted,
 * system-error, network, expired, unknown, auto-reply, complaint, delivery-notice, suppressed,
 * render-error, address-unsupported (a local part that needs SMTPUTF8), in-doubt, cancelled. */
enum category {
    CAT_OK,
    CAT_USER_UNKNOWN,
    CAT_HOST_UNKNOWN,
    CAT_MAILBOX_DISABLED,
    CAT_MAILBOX_FULL,
    CAT_RECIPIENT_REFUSED,
    CAT_SENDER_BLOCKED,
    CAT_SPAM_CONTENT,
    CAT_POLICY_REFUSED,
    CAT_AUTH_FAILED,
    CAT_MESSAGE_TOO_LARGE,
    CAT_RELAY_DENIED,
    CAT_PROTOCOL_ERROR,
    CAT_TLS_FAILED,
    CAT_RATE_LIMITED,
    CAT_GREYLISTED,
    CAT_SYSTEM_ERROR,
    CAT_NETWORK,
    CAT_EXPIRED,
    CAT_UNKNOWN,
    CAT_AUTO_REPLY,
    CAT_COMPLAINT,
    CAT_DELIVERY_NOTICE,
    CAT_SUPPRESSED,
    CAT_RENDER_ERROR,
    CAT_ADDRESS_UNSUPPORTED,
    CAT_IN_DOUBT,
    CAT_CANCELLED,
    CATEGORIES
};

/* What is written into the list depends on the group. Names: none, bad-address, full, refused,
 * our-side, retry, unknown. */
enum group {
    GROUP_NONE,
    GROUP_BAD_ADDRESS,
    GROUP_FULL,
    GROUP_REFUSED,
    GROUP_OUR_SIDE,
    GROUP_RETRY,
    GROUP_UNKNOWN,
    GROUPS
};
enum group category_group(enum category c);

/* Whom a refusal punishes; apart from what it means. */
enum scope {
    SCOPE_RECIPIENT,
    SCOPE_MESSAGE,
    SCOPE_CONNECTION,
    SCOPE_SOURCE,
    SCOPE_PROVIDER,
    SCOPES
};

const char *msg_class_name(enum msg_class v);
bool msg_class_from_name(struct str s, enum msg_class *out);
const char *priority_name(enum priority v);
bool priority_from_name(struct str s, enum priority *out);
const char *in_doubt_policy_name(enum in_doubt_policy v);
bool in_doubt_policy_from_name(struct str s, enum in_doubt_policy *out);
const char *mail_charset_name(enum mail_charset v);
bool mail_charset_from_name(struct str s, enum mail_charset *out);
const char *charset_fallback_name(enum charset_fallback v);
bool charset_fallback_from_name(struct str s, enum charset_fallback *out);
const char *missing_policy_name(enum missing_policy v);
bool missing_policy_from_name(struct str s, enum missing_policy *out);
const char *ad_policy_name(enum ad_policy v);
bool ad_policy_from_name(struct str s, enum ad_policy *out);
const char *phase_name(enum phase v);
bool phase_from_name(struct str s, enum phase *out);
const char *state_name(enum state v);
bool state_from_name(struct str s, enum state *out);
const char *category_name(enum category v);
bool category_from_name(struct str s, enum category *out);
const char *group_name(enum group v);
bool group_from_name(struct str s, enum group *out);
const char *scope_name(enum scope v);
bool scope_from_name(struct str s, enum scope *out);

#endif
