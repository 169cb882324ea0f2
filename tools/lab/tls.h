/* tls.h: certificates made at start, one key per receiver, and a lab authority that signs some.
 */
#ifndef LAB_TLS_H
#define LAB_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include "scene.h"

/* Makes the contexts of all receivers that offer STARTTLS; writes the lab CA to scene->ca_file. */
bool tls_prepare(struct scene *s, struct err *e);
void tls_free(struct scene *s);
/* SHA-256 of the receiver's public key (TLSA 3 1 1), 32 bytes; false without TLS. */
bool tls_key_digest(const struct receiver *r, uint8_t out[32]);

#endif
