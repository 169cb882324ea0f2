/* advertising_sample.h: what a body shows to recipients made up for the purpose: one without any
 * variables, and one who has them all. What the rows may bring is not counted on, in either way.
 *
 *     unsigned lacks = sample_lacks(m, PART_HTML, SAMPLE_BARE, NULL);
 */
#ifndef SLUICE_RENDER_ADVERTISING_SAMPLE_H
#define SLUICE_RENDER_ADVERTISING_SAMPLE_H

#include "making.h"

/* Which variables of the rows are filled; a slot: that one alone. */
#define SAMPLE_BARE (-2)
#define SAMPLE_FULL (-1)

/* Whether a row may fill it: a column does, or no column names and no job's variable are there. */
bool sample_is_of_rows(const struct mailing *m, int slot);
/* Sets of enum advert_item. where: what hides the footer that was added, for people; NULL: nobody
 * asks. */
unsigned sample_lacks(const struct mailing *m, enum part_kind kind, int filled, struct buf *where);
/* The variable that alone makes these be lacking; -1: none found. */
int sample_culprit(const struct mailing *m, enum part_kind kind, unsigned items);

#endif
