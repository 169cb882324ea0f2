/* text.h: a file as UTF-8 text in a window that moves over it.
 *
 * Unpacked, without a BOM, CP949 converted. What cannot be converted, or is no UTF-8, stays in as
 * ill-formed bytes: rows are judged one by one. The window's bytes do not move until text_fill().
 *
 *     struct text *t = text_open(path, &options, &e);
 *     while (!text_is_last(t)) { text_fill(t, &e); n = work(text_window(t)); text_use(t, n); }
 */
#ifndef SLUICE_JOB_TEXT_H
#define SLUICE_JOB_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/base/str.h>
#include <sluice/job/recipients.h>

struct text;
struct text *text_open(const char *path, const struct recipients_options *o, struct err *e);
struct str text_window(const struct text *t);
bool text_is_last(const struct text *t); /* nothing comes behind the window */
void text_use(struct text *t, size_t n); /* the first n bytes are done with */
/* Makes the window longer. False on error, also for binary data. */
bool text_fill(struct text *t, struct err *e);
const char *text_charset_name(const struct text *t);
void text_progress(const struct text *t, uint64_t *read_bytes, uint64_t *file_bytes);
void text_close(struct text *t); /* NULL is fine */

#endif
