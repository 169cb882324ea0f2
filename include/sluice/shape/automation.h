/* automation.h: rules over replies: a pattern, a trigger, an action, a duration. (P)
 *
 *     { match = "^421 .*too many connections"; provider = "naver"; trigger = "immediately";
 *       action = "set_limits"; connection_limit = 1; duration = "1 h"; }
 *
 * Patterns are PCRE2 (case-insensitive, UTF-8 where valid), matched against "CODE ENHANCED TEXT"
 * ("421 4.3.2 Your IP is filtered"; without an enhanced code "421 Your IP ..."), with match and
 * depth limits. Rules never see replies that the engine made up itself (code 0).
 */
#ifndef SLUICE_SHAPE_AUTOMATION_H
#define SLUICE_SHAPE_AUTOMATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/origin.h>
#include <sluice/base/rate.h>
#include <sluice/model/outcome.h>

enum automation_action {
    AUTO_SUSPEND,          /* the provider rests */
    AUTO_SUSPEND_CAMPAIGN, /* the job at this provider */
    AUTO_SUSPEND_SOURCE,   /* the source address at this provider */
    AUTO_SET_LIMITS,       /* the limits below hold for a while, then double back step by step */
    AUTO_BACKOFF,          /* back-off mode: the provider's backoff_* limits */
};
/* Names in configuration: suspend, suspend_campaign, suspend_source, set_limits, backoff. */
const char *automation_action_name(enum automation_action a);

/* All strings are owned. */
struct automation_rule {
    char *name;               /* for logs and `why`; "naver too-many-connections" */
    char *provider;           /* profile name; NULL: every provider */
    char *match;              /* the pattern's text */
    void *code;               /* compiled (pcre2_code *) */
    struct rate_spec trigger; /* "10/hr": so many matches within the period; count 0: immediately */
    enum automation_action action;
    int64_t duration_ms; /* BACKOFF: 0 takes the provider's backoff_to_normal_after */
    /* SET_LIMITS: what is absent (0) stays */
    int64_t connection_limit;
    struct rates max_message_rate, max_connection_rate;
    struct origin at;
};
struct automation {
    struct automation_rule *item;
    size_t count;
};
void automation_rule_done(struct automation_rule *r);
void automation_done(struct automation *a);
/* Compiles r->match; false with the place and the reason of a bad pattern. */
bool automation_compile(struct automation_rule *r, struct err *e);
/* Calls each() with the index of every rule that fits the provider and matches the reply, in order.
 * provider: the profile's name or that of a set of hosts. A pattern that exceeds its limits does not
 * match. */
void automation_match(const struct automation *a, const char *provider, const struct reply *r,
                      void (*each)(void *arg, size_t rule), void *arg);

#endif
