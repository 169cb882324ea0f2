/* address.h: e-mail addresses as lists contain them. (P, but for libidn2, which is pure too)
 *
 *     struct address a;
 *     if (!address_check(str_of(" Kim@NAVER.com "), &a, why, sizeof why)) reject(why);
 */
#ifndef SLUICE_JOB_ADDRESS_H
#define SLUICE_JOB_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/str.h>

struct address {
    char text[321]; /* local@domain: trimmed, local part as given, domain lower case (U-labels stay)
                     */
    size_t at;      /* position of the @ */
    bool local_is_ascii;
};
/* RFC 5321 4.1.2 (dot-string and quoted local parts, at most 64 octets; domain at most 255, labels
 * at most 63, at least two labels, no address literals, IDNA2008-convertible). False with the
 * reason, for people, in `why`. */
bool address_check(struct str s, struct address *out, char *why, size_t why_size);

#endif
