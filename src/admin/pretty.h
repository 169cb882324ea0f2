/* pretty.h: the daemon's answers as text for people. Pure: JSON in, text out.
 *
 * Whatever an answer holds (replies of strangers, file names), what comes out has no control
 * characters but newlines; missing or odd members print as nothing or "-".
 *
 *     pretty_status(answer, 100, &out);
 */
#ifndef SLUICE_ADMIN_PRETTY_H
#define SLUICE_ADMIN_PRETTY_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include <sluice/base/buf.h>
#include <sluice/base/when.h>
#include <sluice/report/table.h>

/* ---- safety ---- */

/* Appends text that a terminal can show: control characters (C0, DEL, C1), the marks that turn
 * around the direction of text, and bytes that are no UTF-8 become U+FFFD. With `lines`, newlines
 * and tabs stay and CRLF becomes LF. */
void pretty_safe(struct buf *out, const char *s, size_t n, bool lines);

/* ---- members of an answer; all take a missing or other value as nothing ---- */

const char *pretty_member(const json_t *o, const char *key); /* a string, or "" */
unsigned long long pretty_count(const json_t *o, const char *key);
/* The string made safe, a number with its digits, a boolean as yes or no; else nothing. */
void pretty_put(struct buf *out, const json_t *value);
/* 1,234,567 */
void pretty_put_number(struct buf *out, unsigned long long n);
/* A cell with the member made safe. */
void pretty_cell(struct table *t, const json_t *o, const char *key);
/* A time (text as wall_format makes it, or milliseconds): when it is from now, "in 5m" or "2h ago";
 * "" when there is none. */
void pretty_put_relative(struct buf *out, const json_t *time, struct wall now);
/* "  name        value\n", nothing when the value is missing, null or "". */
void pretty_field(struct buf *out, const char *name, const json_t *value);
/* Cuts what was appended behind `from` to `width` columns. */
void pretty_cut(struct buf *out, size_t from, size_t width);

/* ---- answers ---- */

/* status: the daemon and its jobs; of one job also its states, refusals, providers and waits. */
void pretty_status(const json_t *answer, size_t width, struct buf *out);
void pretty_status_job(const json_t *answer, struct wall now, size_t width, struct buf *out);
/* One line without a newline, of one job or summed over all; width 0: not cut. */
void pretty_live_line(const json_t *answer, size_t width, struct buf *out);
/* True when a status of one job says that nothing will happen to it any more. */
bool pretty_is_over(const json_t *answer);

void pretty_job(const json_t *answer, struct buf *out);                       /* show JOB */
void pretty_attempts(const json_t *answer, struct buf *out);                  /* show JOB ADDRESS */
void pretty_contact(const json_t *answer, size_t width, struct buf *out);     /* list show */
void pretty_lists(const json_t *answer, size_t width, struct buf *out);       /* list lists */
void pretty_list_import(const json_t *answer, size_t width, struct buf *out); /* list import */

#endif
