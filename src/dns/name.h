/* name.h: domain names as lists contain them, made fit for a query. (P)
 *
 * A list holds anything: U-labels, capitals, final dots, addresses, control characters. What comes
 * out is lower case, A-labels, no final dot, letters, digits, '-' and '_' only: safe in a query, a
 * log line and a cache key.
 *
 *     char ascii[DNS_NAME_SIZE];
 *     if (!dns_name_to_ascii(str_of("한국.kr."), ascii, &why)) ...      // "xn--3e0b707e.kr"
 */
#ifndef SLUICE_SRC_DNS_NAME_H
#define SLUICE_SRC_DNS_NAME_H

#include <stdbool.h>
#include <sluice/base/str.h>

#define DNS_NAME_MAX 253 /* RFC 1035 3.1: 255 octets on the wire */
#define DNS_NAME_SIZE 256

/* False with a static reason in *why (never NULL). IDNA2008 with the TR46 mapping,
 * non-transitional. Underscores and hyphens at the ends of labels pass: they exist in the DNS, and
 * asking costs less than a wrong bounce. */
bool dns_name_to_ascii(struct str domain, char out[DNS_NAME_SIZE], const char **why);
/* Whether a name found in an answer (lower case) can be a host that we look up: dns_name_to_ascii
 * would pass it unchanged. */
bool dns_name_is_host(const char *name);
/* localhost and everything below (RFC 6761 6.3): never asked for, never dialled by name. */
bool dns_name_is_local(const char *name);

#endif
