/* txt.h: TXT records, as they come from a resolver. (P)
 *
 * A record is a list of strings of at most 255 bytes; here they stand put together, which is how SPF (RFC 7208
 * 3.3), DKIM (RFC 6376 3.6.2.2) and DMARC read them. The bytes are a stranger's: anything may be among them.
 *
 *     for (unsigned i = 0; i < t->count; i++)
 *         look_at(txt_record(t, i));
 */
#ifndef SLUICE_DNS_TXT_H
#define SLUICE_DNS_TXT_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/str.h>

#define TXT_RECORDS_MAX 64
#define TXT_BYTES_MAX 16384 /* of all records of a name */

struct txt_records {
    unsigned count;
    bool is_cut; /* there were more than fit here: whole records are left out */
    uint16_t at[TXT_RECORDS_MAX], length[TXT_RECORDS_MAX];
    uint32_t used;
    char text[TXT_BYTES_MAX];
};
static inline struct str txt_record(const struct txt_records *t, unsigned i)
{
    return str_n(t->text + t->at[i], t->length[i]);
}
/* One more, of the RDATA of a record. False: malformed (a string that goes beyond its end, or none at all). */
bool txt_add(struct txt_records *t, const unsigned char *rdata, size_t n);

enum txt_status { TXT_FOUND, TXT_NOTHING, TXT_FAILED };

#endif
