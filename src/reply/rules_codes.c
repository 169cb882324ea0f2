/* What is left when no text was understood: enhanced codes (RFC 3463, 5248 and the IANA registry),
 * then basic codes by phase (RFC 5321 4.2.2). Verdicts from here are marked by_code_only, and count
 * less against an address. */
#include "rules.h"

static const struct rule row[] = {
    /* ---- enhanced codes: addresses */
    {.name = "code-host", .category = CAT_HOST_UNKNOWN, .enhanced = "x.1.2|5.4.4"},
    {.name = "code-null-mx", .category = CAT_HOST_UNKNOWN, .enhanced = "x.1.10"},
    {.name = "code-sender", .category = CAT_POLICY_REFUSED, .enhanced = "x.1.7|x.1.8|x.1.9"},
    {.name = "code-user",
     .category = CAT_USER_UNKNOWN,
     .enhanced = "5.1.*",
     .phases = IN(PHASE_RCPT) | AT_DATA | IN(PHASE_MAIL)},
    {.name = "code-user-later",
     .category = CAT_SYSTEM_ERROR,
     .enhanced = "4.1.0|4.1.1|4.1.3|4.1.4|4.1.5|4.1.6"},
    /* ---- mailboxes */
    {.name = "code-disabled", .category = CAT_MAILBOX_DISABLED, .enhanced = "5.2.1|x.7.13"},
    {.name = "code-full", .category = CAT_MAILBOX_FULL, .enhanced = "x.2.2"},
    {.name = "code-large", .category = CAT_MESSAGE_TOO_LARGE, .enhanced = "x.2.3|x.3.4"},
    {.name = "code-mailbox-later", .category = CAT_SYSTEM_ERROR, .enhanced = "4.2.*"},
    /* ---- systems and ways */
    {.name = "code-recipients", .category = CAT_RATE_LIMITED, .enhanced = "x.5.3"},
    {.name = "code-system", .category = CAT_SYSTEM_ERROR, .enhanced = "x.3.*"},
    {.name = "code-expired", .category = CAT_EXPIRED, .enhanced = "x.4.7"},
    {.name = "code-network", .category = CAT_NETWORK, .enhanced = "x.4.*"},
    {.name = "code-starttls",
     .category = CAT_TLS_FAILED,
     .enhanced = "x.7.10|x.7.11",
     .code = "530|538|454|4"},
    {.name = "code-protocol",
     .category = CAT_PROTOCOL_ERROR,
     .enhanced = "x.5.1|x.5.2|x.5.4|x.5.5|x.5.6|x.6.*"},
    /* ---- security and policy */
    {.name = "code-tls", .category = CAT_TLS_FAILED, .enhanced = "x.7.10"},
    {.name = "code-null-mx-sender", .category = CAT_POLICY_REFUSED, .enhanced = "x.7.27"},
    {.name = "code-rate", .category = CAT_RATE_LIMITED, .enhanced = "x.7.28"},
    {.name = "code-policy-later",
     .category = CAT_GREYLISTED,
     .enhanced = "4.7.*",
     .phases = IN(PHASE_RCPT) | AT_DATA},
    {.name = "code-blocked-later", .category = CAT_SENDER_BLOCKED, .enhanced = "4.7.*"},
    {.name = "code-policy", .category = CAT_POLICY_REFUSED, .enhanced = "5.7.*"},

    /* ---- before there is a recipient */
    {.name = "banner-refused",
     .category = CAT_SENDER_BLOCKED,
     .code = "5",
     .phases = IN(PHASE_CONNECT) | IN(PHASE_BANNER)},
    {.name = "ehlo-refused",
     .category = CAT_SENDER_BLOCKED,
     .code = "550|554|521",
     .phases = IN(PHASE_EHLO)},
    {.name = "ehlo-error", .category = CAT_PROTOCOL_ERROR, .code = "5", .phases = IN(PHASE_EHLO)},
    {.name = "starttls-refused", .category = CAT_TLS_FAILED, .phases = IN(PHASE_STARTTLS)},
    {.name = "mail-full",
     .category = CAT_MESSAGE_TOO_LARGE,
     .code = "552",
     .phases = IN(PHASE_MAIL)},
    {.name = "mail-refused",
     .category = CAT_POLICY_REFUSED,
     .code = "550|551|553|554",
     .phases = IN(PHASE_MAIL)},

    /* ---- basic codes */
    {.name = "code-421", .category = CAT_SYSTEM_ERROR, .code = "421"},
    {.name = "code-452", .category = CAT_MAILBOX_FULL, .code = "452", .phases = IN(PHASE_RCPT)},
    {.name = "code-4xx", .category = CAT_SYSTEM_ERROR, .code = "4"},
    {.name = "code-syntax", .category = CAT_PROTOCOL_ERROR, .code = "500|501|502|503|504|555"},
    {.name = "code-530", .category = CAT_TLS_FAILED, .code = "530"},
    {.name = "code-535", .category = CAT_RELAY_DENIED, .code = "535|538"},
    {.name = "code-521", .category = CAT_HOST_UNKNOWN, .code = "521|556", .phases = IN(PHASE_RCPT)},
    {.name = "code-551", .category = CAT_USER_UNKNOWN, .code = "551|553", .phases = IN(PHASE_RCPT)},
    {.name = "code-552", .category = CAT_MAILBOX_FULL, .code = "552", .phases = IN(PHASE_RCPT)},
    {.name = "code-552-data", .category = CAT_MESSAGE_TOO_LARGE, .code = "552", .phases = AT_DATA},
    {.name = "code-data",
     .category = CAT_POLICY_REFUSED,
     .code = "550|551|553|554|571",
     .phases = AT_DATA},
};

const struct rules rules_codes = {row, sizeof row / sizeof *row};
