/* tally.h: counts as a fold over outcomes: the same ones in status, the final table, JSON and the
 * log. (P)
 *
 *     tally_add(&t, &outcome);
 *     tally_table(&t, recipients, 100, &out);
 */
#ifndef SLUICE_REPORT_TALLY_H
#define SLUICE_REPORT_TALLY_H

#include <stdint.h>
#include <sluice/base/buf.h>
#include <sluice/base/map.h>
#include <sluice/model/outcome.h>

struct tally_row { /* one provider, or all */
    char provider[64];
    uint64_t state[STATES]; /* where recipients stand now: DEFERRED and finals; WAITING is not
                               counted here */
    uint64_t category[CATEGORIES]; /* of final outcomes that are not deliveries, and of the deferred
                                      as they stand */
    uint64_t attempts; /* outcomes of real attempts: everything but suppressed, expired, cancelled,
                          skipped */
    uint64_t bytes;
};
struct tally {
    struct tally_row all;
    struct map providers; /* name -> struct tally_row * */
    struct wall first, last;
};
void tally_init(struct tally *t);
void tally_done(struct tally *t);
/* Adds one committed outcome. `before`: the category of this recipient's former outcome while
 * deferred, CAT_OK when this is its first (the former deferral is then taken back). */
void tally_add(struct tally *t, const struct outcome *o, enum category before,
               const char *before_provider);
/* A table per provider (rows by size) and one per result class; `recipients`: all of the job (0:
 * unknown). */
void tally_table(const struct tally *t, uint64_t recipients, size_t width, struct buf *out);
void tally_json(const struct tally *t, uint64_t recipients, struct buf *out); /* one object */

#endif
