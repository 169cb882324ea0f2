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
    uint64_t state[STATES]; /* where recipients stand now: DEFERRED, QUARANTINED and finals; WAITING
                               is not counted here */
    uint64_t
        category[CATEGORIES]; /* of final outcomes that are not deliveries, and of the others as
                                      they stand */
    uint64_t attempts; /* outcomes of real attempts: everything but suppressed, expired, cancelled,
                          skipped, and what an operator or the guard decided about a bounce */
    uint64_t bytes;
};
struct tally {
    struct tally_row all;
    struct map providers; /* name -> struct tally_row * */
    struct wall first, last;
};
void tally_init(struct tally *t);
void tally_done(struct tally *t);
/* Where a recipient was counted last: state WAITING (zeroed): nowhere. */
struct tally_before {
    enum state state;
    enum category category;
    const char *provider; /* NULL is "" */
};
/* Adds one committed outcome and takes back what was counted before (NULL: nowhere). */
void tally_add(struct tally *t, const struct outcome *o, const struct tally_before *before);
/* A table per provider (rows by size) and one per result class; `recipients`: all of the job (0:
 * unknown). */
void tally_table(const struct tally *t, uint64_t recipients, size_t width, struct buf *out);
void tally_json(const struct tally *t, uint64_t recipients, struct buf *out); /* one object */

#endif
