/* wire.h: single DNS questions through c-ares, many at a time. (S, the only user of c-ares)
 *
 * One thread. The owner polls `fd`, hands the time in, and gets each query back through its `done`
 * exactly once, never from inside dns_wire_ask. At most in_flight_max are out, the rest waits here:
 * urgent ones (they finish what was begun) before others.
 *
 *     q->done = on_answer;
 *     dns_wire_ask(w, q);
 *     ...
 *     dns_wire_run(w, clock_mono());          // sends, receives, gives up
 *     epoll_wait(..., dns_wire_deadline(w))   // and again
 */
#ifndef SLUICE_SRC_DNS_WIRE_H
#define SLUICE_SRC_DNS_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>
#include <sluice/dns/resolver.h>

#include "answer.h"

struct dns_query;
struct dns_wire;
struct dns_channel;

/* The answer, and what it owns, is valid during the call. */
typedef void dns_query_done(struct dns_query *q, const struct dns_answer *answer);
struct dns_query {
    /* the asker's: untouched while it is out; name changes when a CNAME leads elsewhere */
    dns_query_done *done;
    void *owner;
    int type; /* ns_t_mx, ns_t_a, ns_t_aaaa, ns_t_txt */
    bool is_urgent;
    char name[DNS_NAME_SIZE];
    /* the wire's: zero at first */
    struct dns_query *next;
    struct dns_channel *channel;
    int64_t tick;        /* when it was sent */
    const char *failure; /* of the first try, when there is a second */
    uint32_t ttl_sec;    /* of the CNAMEs that led to other questions */
    unsigned hops;
    bool is_second;
};

/* Reads servers, timeout_ms, tries, in_flight_max and seed; these MUST be set. */
bool dns_wire_open(const struct resolver_options *o, struct dns_wire **out, struct err *e);
/* Queries that are out or waiting are forgotten: their `done` is never called. NULL is fine. */
void dns_wire_close(struct dns_wire *w);
int dns_wire_fd(
    const struct dns_wire *w); /* an epoll descriptor, readable when dns_wire_run is due */
void dns_wire_ask(struct dns_wire *w, struct dns_query *q);
void dns_wire_run(struct dns_wire *w, struct mono now);
/* When dns_wire_run is due although nothing arrives; WHEN_NEVER: not. */
struct mono dns_wire_deadline(const struct dns_wire *w);
unsigned dns_wire_in_flight(const struct dns_wire *w);
uint64_t dns_wire_sent(const struct dns_wire *w); /* questions given to c-ares so far */

#endif
