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
#include <sluice/base/rate.h>
#include <sluice/base/buf.h>

enum tls_mode { TLS_DISABLED, TLS_OPPORTUNISTIC };

struct limits {
    int64_t connection_limit;             /* concurrent connections */
    struct rate_spec max_connection_rate; /* new connections */
    struct rate_spec max_message_rate;
    int64_t max_deliveries_per_connection;                /* then QUIT */
    int64_t retry_interval_ms, max_retry_interval_ms;     /* exponential, with jitter */
    int64_t consecutive_connection_failures_before_delay; /* then the provider rests */
    int64_t idle_ms; /* an open connection without work is kept this long */
    int64_t smtp_port;
    int enable_tls; /* enum tls_mode */
};
struct profile {
    char *name;
    char **mx_suffix; /* ".naver.com": with the leading dot; matches mx1.naver.com and naver.com
                         itself */
    size_t mx_suffixes;
    char **domain;
    size_t domains;
    struct limits limits;
    const char *file; /* where it stands; owned by the configuration */
    unsigned line;
};
struct profiles {
    struct profile *item;
    size_t count;
    struct limits fallback; /* the default profile */
};
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
