/* domain.h: domains and addresses in settings. (P, but for libidn2, which is pure too)
 *
 *     char ascii[DOMAIN_TEXT];
 *     if (!domain_to_ascii("한빛.kr", ascii)) ...
 */
#ifndef SLUICE_CONF_DOMAIN_H
#define SLUICE_CONF_DOMAIN_H

#include <stdbool.h>
#include <sluice/base/str.h>

#define DOMAIN_TEXT 254 /* with the NUL */

/* 1 to 63 letters, digits and hyphens, none of these at an end. */
bool domain_label_is_good(struct str label);
/* Lower-case A-labels. False: no domain. */
bool domain_to_ascii(const char *domain, char out[DOMAIN_TEXT]);
/* local@domain, the local part without quotes, in ASCII; the domain has a dot. */
bool domain_address_is_good(struct str address);

#endif
