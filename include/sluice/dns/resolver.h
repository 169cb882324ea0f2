/* resolver.h: asynchronous MX resolution, and TXT records: one thread, one event loop, c-ares. (S)
 *
 * Ask by domain; the answer arrives as a letter in the asker's mailbox. Answers are cached by TTL
 * (bounded below and above, negative ones by the SOA, temporary failures for `servfail_ms`), at
 * most `cache_max` domains, least recently used first out; a name that is being asked for is never
 * asked twice at once; at most `in_flight_max` queries are out.
 *
 *     resolver_ask(r, "naver.com", &planner->box, LETTER_RESOLVED);
 *     ... struct resolved *a = (struct resolved *)letter;  free(a)
 */
#ifndef SLUICE_DNS_RESOLVER_H
#define SLUICE_DNS_RESOLVER_H

#include <sluice/base/err.h>
#include <sluice/dns/mx.h>
#include <sluice/dns/txt.h>
#include <sluice/os/mailbox.h>

/* 0 (NULL, false) is the default everywhere; neither use_ipv4 nor use_ipv6 means both. */
struct resolver_options {
    const char *servers;               /* "127.0.0.1:5353,[::1]:53"; NULL or "": /etc/resolv.conf */
    int64_t timeout_ms;                /* per try; default 5000 */
    int tries;                         /* default 3 */
    size_t cache_max;                  /* domains; default 100000 */
    unsigned in_flight_max;            /* queries; default 2000 */
    uint32_t ttl_min_sec, ttl_max_sec; /* 60 and 86400 */
    int64_t servfail_ms;               /* 30000 */
    bool use_ipv4, use_ipv6;
    struct prohibited prohibited;
    uint64_t seed; /* spreads questions over source ports; 0: from the kernel */
};
struct resolver;
struct resolved {
    struct letter letter; /* first */
    char domain[256];     /* as asked */
    struct mx_answer answer;
};
/* One block of malloc(). */
struct resolved_txt {
    struct letter letter;   /* first */
    char name[256];         /* as asked */
    enum txt_status status; /* of the end of a CNAME chain, if there is one */
    const char *why;        /* FAILED: static text; NOTHING: whether the name exists; else NULL */
    struct txt_records records; /* FOUND: one at least */
};
struct resolver_stats {
    uint64_t asked, cache_hits, queries, temporary_failures, negative;
    size_t cached, in_flight;
};
/* False: a server list that cannot be read, no servers, or no descriptors. */
bool resolver_start(const struct resolver_options *o, struct resolver **out, struct err *e);
/* Thread-safe, never blocks. domain: U-labels or A-labels, any case; at most 255 bytes come back in
 * the answer. The answer's struct resolved is the asker's to free(). Every question gets exactly
 * one answer, also at stop (MX_TEMPORARY). `to` MUST live until resolver_stop. */
void resolver_ask(struct resolver *r, const char *domain, struct mailbox *to, int kind);
/* The same for TXT records, of names with underscores, too. Asked afresh every time: people who ask have
 * just changed their zone. */
void resolver_txt(struct resolver *r, const char *name, struct mailbox *to, int kind);
void resolver_stats(struct resolver *r, struct resolver_stats *out);
/* Forgets a domain and its hosts; NULL: everything. Questions asked afterwards by this thread are
 * answered afresh, but for those whose look-up is under way already. */
void resolver_flush(struct resolver *r, const char *domain);
/* Joins the thread; NULL is fine. No thread may ask from here on. Takes milliseconds, whatever is
 * outstanding. */
void resolver_stop(struct resolver *r);

#endif
