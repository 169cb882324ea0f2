/* sorter.h: sorts many pairs of numbers in little memory. Private.
 *
 * An import of ten million rows is sorted twice (for duplicates, and by domain) and results once:
 * by numbers of 8 bytes, not by texts. That is some twenty times faster than SQLite's own sorter
 * over addresses, and a third of its temporary space. Runs of SORTER_RUN records are radix-sorted
 * in memory and, if there is more than one, written one behind the other into one unlinked file and
 * merged.
 *
 *     struct sorter *s = sorter_new(dir, false);
 *     while (...) if (!sorter_put(s, key, 0, &e)) ...
 *     if (!sorter_rewind(s, &e)) ...
 *     while (sorter_next(s, &key, NULL, &failed, &e)) ...           // ascending
 *     sorter_free(s);
 */
#ifndef SLUICE_SPOOL_SORTER_H
#define SLUICE_SPOOL_SORTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>

#define SORTER_RUN (1u << 20) /* records: 8 MB, or 16 MB with values; twice that while sorting */

struct sorter;
/* `dir`: where temporary files may be; must outlive the sorter. With values each key carries a
 * second number. */
struct sorter *sorter_new(const char *dir, bool with_values);
void sorter_free(struct sorter *s); /* NULL is fine */
/* Equal keys come out in the order in which they went in. */
bool sorter_put(struct sorter *s, uint64_t key, uint64_t value, struct err *e);
/* Everything is in: from here on sorter_next. */
bool sorter_rewind(struct sorter *s, struct err *e);
/* False at the end, and on a failure: then *failed (which the caller cleared) is set. value may be
 * NULL. */
bool sorter_next(struct sorter *s, uint64_t *key, uint64_t *value, bool *failed, struct err *e);

#endif
