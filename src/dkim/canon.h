/* canon.h: the "relaxed" forms of RFC 6376 3.4.2 and 3.4.4. (P)
 *
 * They are hashed without being written anywhere.
 *
 *     canon_body(&digest, body);
 *     canon_field(&digest, str_of("Subject"), str_of(" a  b"));   // hashes "subject:a b\r\n"
 */
#ifndef DKIM_CANON_H
#define DKIM_CANON_H

#include "digest.h"

#include <sluice/base/str.h>

void canon_body(struct digest *d, struct str body);
/* name: without white space behind it; value: what is behind the colon, without the last CRLF,
 * folds and all. The second one leaves out the final CRLF. */
void canon_field(struct digest *d, struct str name, struct str value);
void canon_last_field(struct digest *d, struct str name, struct str value);

#endif
