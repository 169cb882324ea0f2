/* mx.h: from MX records to the order of hosts to try. (P)
 *
 * RFC 5321 5.1: by preference, equal ones shuffled, A/AAAA of the domain itself only where there is
 * no MX; RFC 7505: a single MX "." of preference 0 means that the domain takes no mail.
 */
#ifndef SLUICE_DNS_MX_H
#define SLUICE_DNS_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h> /* AF_INET, AF_INET6 */
#include <sluice/base/rng.h>

#define MX_HOSTS_MAX 16    /* hosts kept per domain */
#define MX_ADDRESSES_MAX 8 /* addresses kept per host */

enum mx_status {
    MX_OK,
    MX_NO_DOMAIN, /* NXDOMAIN: permanent, 5.1.2 */
    MX_NO_HOSTS,  /* the domain exists and has neither MX nor address, or all MX lead nowhere:
                     permanent, 5.4.4 */
    MX_NULL,      /* RFC 7505: permanent, 5.1.10 */
    MX_BAD_NAME,  /* not a domain name, or no A-label form: permanent, 5.1.2 */
    MX_TEMPORARY  /* SERVFAIL, REFUSED, time-out, no answer for any host: 4.4.3 */
};
const char *mx_status_name(enum mx_status s);

struct mx_address {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t bytes[16];
};
void mx_address_format(const struct mx_address *a, char out[46]);
struct mx_host {
    char name[256]; /* lower case, A-labels, no final dot */
    uint16_t preference;
    struct mx_address address[MX_ADDRESSES_MAX];
    uint8_t addresses; /* 0: unresolved or none: never dialled */
    bool is_temporary; /* its address look-up failed for a while */
};
struct mx_answer {
    enum mx_status status;
    bool is_implicit; /* no MX: the domain's own address */
    char why[160];    /* for people: "MX lookup of naver.com: SERVFAIL" */
    uint32_t ttl_sec; /* bounded; how long the answer may be used */
    unsigned hosts;
    struct mx_host host[MX_HOSTS_MAX]; /* by preference, then name: a stable identity; use
                                          mx_shuffle to dial */
};
/* Orders by preference, equal ones at random; and each host's addresses of one family at random
 * among themselves, as a name server would do for a client without a cache. */
void mx_shuffle(struct mx_answer *a, struct rng *r);

/* Addresses that are never dialled: "127.0.0.0/8" and the like. */
struct prohibited {
    struct {
        struct mx_address address;
        uint8_t bits;
    } net[32];
    size_t count;
};
bool prohibited_add(struct prohibited *p, const char *cidr); /* false: not a network, or full */
bool prohibited_has(const struct prohibited *p, const struct mx_address *a);

#endif
