/* dns.h: the DNS server: UDP and TCP on one address, delays, broken packets, and a count of the queries
 * per name and type.
 */
#ifndef LAB_DNS_H
#define LAB_DNS_H

#include <stdio.h>
#include "lab.h"

/* Listens on `where` (host:port; port 0: any) and sets lab->dns_port. */
bool dns_start(struct lab *lab, const char *where, struct err *e);
void dns_stop(struct lab *lab);
/* "name<TAB>type<TAB>count" lines, in no particular order. */
void dns_write_counts(const struct lab *lab, FILE *out);
uint64_t dns_count(const struct lab *lab, const char *name, const char *type);
uint64_t dns_total(const struct lab *lab);
void dns_reset(struct lab *lab);

#endif
