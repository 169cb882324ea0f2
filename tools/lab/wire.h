/* wire.h: DNS messages (RFC 1035) on the wire: reads questions, writes answers. Pure.
 *
 * The question section is echoed byte for byte, so that a resolver that varies the case of its queries
 * sees its own spelling.
 */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>
#include "pattern.h"

enum {
    TYPE_A = 1,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_OPT = 41,
    TYPE_TLSA = 52,
    TYPE_ANY = 255
};
enum { RCODE_OK, RCODE_FORMERR, RCODE_SERVFAIL, RCODE_NXDOMAIN, RCODE_NOTIMP, RCODE_REFUSED };

#define WIRE_MAX 65535

struct question {
    uint16_t id, type, klass;
    bool wants_recursion;
    bool is_query; /* opcode 0, one question */
    bool has_edns;
    size_t udp_max;
    const uint8_t *raw; /* the question section, inside the query */
    size_t raw_n;
    char name[PATTERN_NAME]; /* lower case, no trailing dot; "." for the root */
};
/* False: not even a header and a question, nothing can be answered. */
bool wire_read(const uint8_t *query, size_t n, struct question *q);

struct answer {
    uint8_t data[WIRE_MAX];
    size_t n;
    unsigned answers, authorities;
    bool overflow;
    bool authentic; /* AD */
    int rcode;
};
void answer_begin(struct answer *a, const struct question *q);
void answer_address(struct answer *a, const char *owner, uint32_t ttl, const void *ip, size_t n);
void answer_mx(struct answer *a, const char *owner, uint32_t ttl, unsigned preference,
               const char *host);
void answer_txt(struct answer *a, const char *owner, uint32_t ttl, struct str text);
void answer_cname(struct answer *a, const char *owner, uint32_t ttl, const char *target);
void answer_bytes(struct answer *a, const char *owner, uint32_t ttl, unsigned type,
                  const uint8_t *data, size_t n);
void answer_soa(struct answer *a, const char *owner, uint32_t negative_ttl);
/* Writes the header's counts and flags, and the OPT record where the query had one. With `truncated`
 * only the question remains and TC is set. */
void answer_end(struct answer *a, const struct question *q, bool truncated);

const char *type_name(unsigned type, char out[16]);

#endif
