/* ndjson.h: one line of NDJSON: a JSON object with an `email`. (P)
 *
 *     if (!ndjson_take(line, 32, &vars, &email, why, sizeof why)) bad row
 */
#ifndef SLUICE_JOB_NDJSON_H
#define SLUICE_JOB_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>
#include <sluice/base/str.h>

/* Checks the line and leaves it without white space between its tokens in *vars (cleared first;
 * numbers stay as they were written: 19900.00 is a price). *email gets the address as given. False
 * with the reason for people. */
bool ndjson_take(struct str line, unsigned max_depth, struct buf *vars, struct buf *email,
                 char *why, size_t why_size);

#endif
