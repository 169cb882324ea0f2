/* provider.h: receiving providers: which domains form one, and what each tolerates. (P)
 *
 * A domain belongs to a profile by the suffix of its MX hosts first, then by its own name;
 * otherwise all domains with the same set of MX hosts are one provider, named after that set.
 *
 *     const struct profile *f = profiles_match(p, "naver.com", hosts, n);
 */
#ifndef SLUICE_SHAPE_PROVIDER_H
#define SLUICE_SHAPE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/origin.h>
#include <sluice/base/rate.h>
#include <sluice/model/window.h>

enum tls_mode { TLS_DISABLED, TLS_OPPORTUNISTIC };
enum ip_lookup { IP_BOTH, IP_V4_ONLY, IP_V6_ONLY };

/* The settings of one provider, by the names of the field (KumoMTA, PowerMTA, Postfix); in
 * configuration each has the name that limit_name() gives. */
enum limit_field {
    LIMIT_CONNECTION_LIMIT,
    LIMIT_MAX_CONNECTION_RATE,
    LIMIT_MAX_MESSAGE_RATE,
    LIMIT_MAX_DELIVERIES_PER_CONNECTION,
    LIMIT_PER_SOURCE_CONNECTION_LIMIT,
    LIMIT_PER_SOURCE_MAX_MESSAGE_RATE,
    LIMIT_ADDITIONAL_LIMITS,
    LIMIT_RETRY_INTERVAL,
    LIMIT_MAX_RETRY_INTERVAL,
    LIMIT_CONSECUTIVE_CONNECTION_FAILURES_BEFORE_DELAY,
    LIMIT_IDLE,
    LIMIT_SMTP_PORT,
    LIMIT_ENABLE_TLS,
    LIMIT_REMEMBER_BROKEN_TLS,
    LIMIT_IP_LOOKUP_STRATEGY,
    LIMIT_RAMP_UP,
    LIMIT_DRAIN,
    LIMIT_BACKOFF_CONNECTION_LIMIT,
    LIMIT_BACKOFF_MAX_MESSAGE_RATE,
    LIMIT_BACKOFF_MAX_CONNECTION_RATE,
    LIMIT_BACKOFF_RETRY_INTERVAL,
    LIMIT_BACKOFF_TO_NORMAL_AFTER,
    LIMIT_OUTAGE_SAMPLE,
    LIMIT_OUTAGE_REFUSED_PERCENT,
    LIMIT_OUTAGE_WINDOW,
    LIMIT_OUTAGE_REST,
    LIMIT_FIELDS
};
const char *limit_name(enum limit_field f); /* "connection_limit" */

#define ADDITIONAL_MAX 8
struct limits {
    int64_t connection_limit;         /* concurrent connections */
    struct rates max_connection_rate; /* new connections */
    struct rates max_message_rate;
    int64_t max_deliveries_per_connection; /* then QUIT */
    int64_t per_source_connection_limit;   /* from one source address to this provider; 0: none */
    struct rates per_source_max_message_rate;
    uint32_t additional[ADDITIONAL_MAX]; /* indexes into shaping.limit: shared with others */
    unsigned additionals;
    int64_t retry_interval_ms, max_retry_interval_ms;     /* exponential, with jitter */
    int64_t consecutive_connection_failures_before_delay; /* then the provider rests */
    int64_t idle_ms; /* an open connection without work is kept this long */
    int64_t smtp_port;
    int enable_tls; /* enum tls_mode */
    int64_t
        remember_broken_tls_ms; /* a host whose handshake broke is dialled in clear text so long */
    int ip_lookup_strategy;     /* enum ip_lookup */
    /* Slow start after a window, a suspension, a rest or a restart: one connection, twice as many
     * after each such period with a success. 0: at once. */
    int64_t ramp_up_ms;
    /* Before a maintenance window: no new connection so long before it, no new message in its last
     * third; then QUIT. */
    int64_t drain_ms;
    /* In back-off mode: what is 0 is half of the normal value. */
    int64_t backoff_connection_limit;
    struct rates backoff_max_message_rate, backoff_max_connection_rate;
    int64_t backoff_retry_interval_ms; /* 0: retry_interval */
    int64_t backoff_to_normal_after_ms;
    /* The outage guard, see guard.h; sample 0: off */
    int64_t outage_sample, outage_refused_percent, outage_window_ms, outage_rest_ms;
    struct origin origin[LIMIT_FIELDS];
};
/* What holds where nothing is configured; without origins. */
void limits_default(struct limits *l);
/* The value as people write it ("100/s and 50,000/day", "20m", "none"); at most n bytes. Names of
 * additional limits are put by the caller: this gives their number. */
void limit_format(const struct limits *l, enum limit_field f, char *out, size_t n);

struct profile {
    char *name;
    char **mx_suffix; /* ".naver.com": with the leading dot; matches mx1.naver.com and naver.com
                         itself */
    size_t mx_suffixes;
    char **domain;
    size_t domains;
    struct limits limits;
    struct windows maintenance, send_windows;
    const char *file; /* where it stands; owned by the configuration */
    unsigned line;
};
struct profiles {
    struct profile *item;
    size_t count;
    struct limits fallback; /* the default profile */
};
void profiles_done(struct profiles *p);
/* NULL: none matches, use the fallback. hosts: MX names, lower case, without a final dot; the first
 * (most preferred) host decides, by the longest suffix that any profile has for it; else the
 * domain, equal in any case. hosts may be NULL when count is 0 (nothing is resolved yet). */
const struct profile *profiles_match(const struct profiles *p, const char *domain,
                                     const char *const *hosts, size_t count);
/* The name of a provider without a profile, at most 63 bytes; count MUST NOT be 0. What all hosts
 * have in common at the end and one label more of the first host: mx1.a.co.kr alone is
 * "mx1.a.co.kr", and with mx2.a.co.kr too; mx.in.hanbit.example and mx.out.hanbit.example are
 * "in.hanbit.example". Hosts that share less than two labels go by the first host's whole name.
 * Longer names keep their end, behind a hash. */
void provider_name(const char *const *hosts, size_t count, char out[64]);

/* When a recipient is tried again after its `attempt`-th attempt failed for a while: retry *
 * 2^(attempt-1), at most max, then +-10 % jitter by `unit` in [0, 1). Greylisting uses the shorter
 * schedule of 5, 10, 15, 15... minutes unless the other one is shorter still. At least 1. */
int64_t retry_delay_ms(const struct limits *l, uint32_t attempt, bool is_greylisting, double unit);

#endif
