/* answer.h: DNS answer packets into records. (P)
 *
 * Packets come from anybody: whatever is in them, the result is one of five kinds and bounded.
 * CNAME chains inside the packet are followed; a chain that leads out of it is DNS_ELSEWHERE, and
 * the asker asks on.
 *
 *     struct dns_answer a;
 *     dns_answer_parse(packet, n, "naver.com", ns_t_mx, &a);
 *     if (a.kind == DNS_RECORDS) ... a.mx[0].exchange
 *     dns_answer_done(&a, ns_t_mx);
 */
#ifndef SLUICE_SRC_DNS_ANSWER_H
#define SLUICE_SRC_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/dns/mx.h>
#include <sluice/dns/txt.h>

#include "name.h"

/* Records kept of one answer: the most preferred MX, the first addresses. More than MX_HOSTS_MAX,
 * because null, bad and double ones are sorted out later. */
#define DNS_MX_MAX 32
#define DNS_CHAIN_MAX                                                                              \
    8 /* CNAMEs followed inside a packet; BIND stops at 16, nobody needs more than 3 */

enum dns_kind {
    DNS_RECORDS,
    DNS_NODATA,    /* the name exists and has none of this type */
    DNS_NXDOMAIN,  /* RFC 6604: with a CNAME, the name at its end does not exist */
    DNS_ELSEWHERE, /* `target` is to be asked */
    DNS_FAILED     /* temporary, for the reason in `failure` */
};
struct dns_mx {
    uint16_t preference;
    /* Lower case, no final dot. "." is the root (RFC 7505); "" is something that cannot be a host.
     */
    char exchange[DNS_NAME_SIZE];
};
struct dns_answer {
    enum dns_kind kind;
    bool is_rcode;       /* FAILED: a server said so, in the header */
    const char *failure; /* FAILED: static text, "SERVFAIL", "malformed answer"; else NULL */
    uint32_t
        ttl_sec; /* as in the packet: the smallest on the way; negative: RFC 2308 5; 0: not given */
    char target[DNS_NAME_SIZE]; /* the name at the end of the chain; "" without CNAME */
    unsigned count;
    union {
        struct dns_mx mx[DNS_MX_MAX];                /* type MX: by preference */
        struct mx_address address[MX_ADDRESSES_MAX]; /* type A, AAAA: in the packet's order */
        struct txt_records *txt;                     /* type TXT, when count > 0: owned */
    };
};

/* name: what was asked, as from dns_name_to_ascii; NULL takes what the packet says. type: ns_t_mx,
 * ns_t_a, ns_t_aaaa or ns_t_txt. */
void dns_answer_parse(const unsigned char *packet, size_t n, const char *name, int type,
                      struct dns_answer *out);
/* An answer that never came. failure: static text. */
void dns_answer_failed(struct dns_answer *out, const char *failure);
/* type: what was asked. Only TXT owns anything. */
void dns_answer_done(struct dns_answer *a, int type);

#endif
