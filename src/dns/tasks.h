/* tasks.h: what the resolver works on: domains being resolved, hosts being looked up, what is
 * known. (S)
 *
 * Lives in the resolver's thread alone; asks its questions through the wire, which calls back from
 * dns_wire_run.
 *
 *     dns_tasks_ask(&t, ask);        // answered now out of the cache, or later
 */
#ifndef SLUICE_SRC_DNS_TASKS_H
#define SLUICE_SRC_DNS_TASKS_H

#include <sluice/base/buf.h>
#include <sluice/base/map.h>
#include <sluice/dns/resolver.h>

#include "build.h"
#include "cache.h"
#include "wire.h"

struct dns_ask {
    struct letter letter; /* first; later links the askers of one task */
    struct mailbox *to;
    int kind;
    bool is_for_all; /* a flush without a domain */
    char domain[];
};
struct txt_task;
struct dns_tasks {
    const struct resolver_options *o; /* complete */
    struct dns_wire *wire;
    struct map domain_tasks, host_tasks;
    struct txt_task *txt_tasks; /* see txt_tasks.c */
    struct dns_cache domains, hosts;
    struct buf scratch;
    struct mono now; /* the owner keeps it up to date */
    uint64_t asked, cache_hits, temporary_failures, negative;
};

void dns_tasks_init(struct dns_tasks *all, const struct resolver_options *o, struct dns_wire *wire);
/* Whoever still waits is told that the resolver stops. The wire MUST be closed: it knows our
 * queries. */
void dns_tasks_done(struct dns_tasks *all);
void dns_tasks_ask(struct dns_tasks *all, struct dns_ask *a);    /* takes a */
void dns_tasks_flush(struct dns_tasks *all, const char *domain); /* NULL: everything */

/* txt_tasks.c: questions about TXT: each for itself, nothing is remembered. */
void dns_tasks_txt(struct dns_tasks *all, struct dns_ask *a); /* takes a */
void dns_txt_stopping(struct dns_ask *a); /* the same, when the resolver stops */
void dns_tasks_txt_done(struct dns_tasks *all);

/* Sends the answer to one asker and frees the question. */
void dns_reply(struct dns_ask *a, const struct mx_answer *answer);
/* The answer of a resolver that stops. */
void dns_stopping(struct mx_answer *a);

#endif
