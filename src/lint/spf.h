/* spf.h: an SPF record (RFC 7208), as far as it can be read without asking the DNS again.
 *
 *     spf_parse(str_of("v=spf1 ip4:192.0.2.0/24 -all"), &spf);
 *     how = spf_match(&spf, "192.0.2.9");
 */
#ifndef SLUICE_LINT_SPF_H
#define SLUICE_LINT_SPF_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>

#define SPF_TERMS_MAX 64 /* more do not fit into a record that DNS carries well */
#define SPF_LOOKUPS_MAX 10

enum spf_kind {
    SPF_ALL,
    SPF_INCLUDE,
    SPF_A,
    SPF_MX,
    SPF_PTR,
    SPF_IP4,
    SPF_IP6,
    SPF_EXISTS,
    SPF_REDIRECT, /* modifiers: */
    SPF_EXP,
    SPF_UNKNOWN
};
struct spf_term {
    enum spf_kind kind;
    char qualifier;      /* + - ~ ? */
    struct str text;     /* the term as written */
    struct str argument; /* a domain, or the address with its prefix */
    uint8_t address[16];
    unsigned prefix;
};
struct spf {
    struct spf_term term[SPF_TERMS_MAX];
    size_t terms;
    unsigned lookups; /* of this record alone */
    struct str bad;   /* the first term that is none: the whole record is void; n 0: all are good */
    const char *why;
};
/* Whether a TXT record is one of SPF. */
bool spf_is(struct str txt);
void spf_parse(struct str txt, struct spf *out);

enum spf_result { SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL, SPF_CANNOT_TELL };
/* What the record says of a sending address; CANNOT_TELL when that depends on other names. */
enum spf_result spf_match(const struct spf *s, const char *address);

#endif
