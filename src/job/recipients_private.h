/* recipients_private.h: what the parts of the recipients reader share. */
#ifndef SLUICE_JOB_RECIPIENTS_PRIVATE_H
#define SLUICE_JOB_RECIPIENTS_PRIVATE_H

#include <stdbool.h>
#include <sluice/base/buf.h>
#include <sluice/base/json_view.h>

#include "csv.h"
#include "text.h"

/* Does the name say a format that recipients_open() reads? */
bool recipients_name_is_known(const char *name);
/* The row's fields without the one at `except`, as a JSON array of strings, in *out (cleared
 * first). The text is UTF-8. */
void csv_put_vars(const struct csv *c, unsigned except, struct buf *out);

#endif
