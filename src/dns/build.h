/* build.h: from DNS answers to an mx_answer, in three steps. (P)
 *
 *     mx_begin(&a, "naver.com", &answer_to_mx);        // hosts, or already the end: NXDOMAIN, null
 * MX if (a.hosts) for each host without `addresses`:  // look its A and AAAA up
 *         mx_host_set(&a.host[i], &joined);            // mx_one_family, mx_join
 *     mx_finish(&a, "naver.com", &prohibited);         // status and why
 *
 * Time to live is the resolver's business: it knows what came out of the cache how long ago.
 */
#ifndef SLUICE_SRC_DNS_BUILD_H
#define SLUICE_SRC_DNS_BUILD_H

#include <sluice/base/buf.h>
#include <sluice/base/str.h>
#include <sluice/dns/mx.h>

#include "answer.h"

/* What is known about one host's addresses; also the value in the cache. */
struct host_addresses {
    bool is_temporary;   /* none, and at least one question failed for a while */
    const char *failure; /* why then; static text */
    uint8_t count;
    struct mx_address address[MX_ADDRESSES_MAX];
};

/* Fills *a from the answer to the MX question (RECORDS, NODATA, NXDOMAIN or FAILED). With hosts,
 * status stays MX_OK for now; address literals have their address already. */
void mx_begin(struct mx_answer *a, const char *domain, const struct dns_answer *mx);
/* MX_BAD_NAME and its reason. */
void mx_refuse(struct mx_answer *a, enum mx_status status, const char *why);
/* The answer to an A or AAAA question. */
void mx_one_family(struct host_addresses *out, const struct dns_answer *a);
/* Both families in turn, IPv4 first, until MX_ADDRESSES_MAX. A family that was not asked for is all
 * zero. */
void mx_join(struct host_addresses *out, const struct host_addresses *v4,
             const struct host_addresses *v6);
void mx_host_set(struct mx_host *h, const struct host_addresses *from);
/* Whether the host needs no question: it has an address or is a name that is never asked for. */
bool mx_host_is_settled(const struct mx_host *h);
/* Takes out prohibited addresses (NULL: none are) and decides the status. Leaves a status other
 * than MX_OK alone. */
void mx_finish(struct mx_answer *a, const char *domain, const struct prohibited *p);

/* What mx_begin made, as a short blob for the cache: an mx_answer is 6 KiB, most of it empty. */
void mx_pack(const struct mx_answer *a, struct buf *out);
void mx_unpack(struct mx_answer *a, struct str from); /* MUST be from mx_pack */

#endif
