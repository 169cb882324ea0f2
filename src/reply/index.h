/* index.h: finds the first row of the rules that fits, without trying all rows at all words.
 *
 * The alternatives of all patterns are sorted by the byte that they begin with; a text is then
 * walked once, and at each word only those are tried that could begin there and that come before
 * the best row so far.
 *
 *     const struct rule *r = index_find(words.text, fits, &question);
 */
#ifndef SLUICE_REPLY_INDEX_H
#define SLUICE_REPLY_INDEX_H

#include "rules.h"

/* fits: a row's conditions other than its text. NULL: no row fits. Thread-safe. */
const struct rule *index_find(const char *words,
                              bool (*fits)(const struct rule *r, const void *context),
                              const void *context);

#endif
