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
/* False for what is no time. */
bool pretty_time(const json_t *value, struct wall *at);
/* "10:20:31 UTC" today, "2026-11-25 10:20 UTC" on another day, nothing when there is no time. */
void pretty_put_time(struct buf *out, const json_t *time, struct wall now);
/* The same with how far off it is: "10:20:31 UTC (in 2s)". */
void pretty_put_moment(struct buf *out, const json_t *time, struct wall now);
/* "file:line", where a setting is written; nothing for what is built in. With `in_brackets`
 * " (file:line)". */
void pretty_put_place(struct buf *out, const json_t *o, bool in_brackets);
/* "  name        value\n", nothing when the value is missing, null or "". */
void pretty_field(struct buf *out, const char *name, const json_t *value);
/* Cuts what was appended behind `from` to `width` columns. */
void pretty_cut(struct buf *out, size_t from, size_t width);

/* Appends safe text in lines of `width` columns (0: one line), broken at blanks, and a newline. Its
 * first line begins at column `at`, the next ones are indented by `hang`. A longer word stays whole:
 * half a file name helps nobody. */
void pretty_wrap(struct buf *out, const char *text, size_t at, size_t hang, size_t width);
/* The member "text" of an object with its place, behind two blanks, wrapped. */
void pretty_put_placed(struct buf *out, const json_t *o, size_t hang, size_t width);
/* A table with a note below each row but the head: `notes` holds a line of safe text for each row,
 * empty for none. */
void pretty_noted_table(const struct table *t, const char *notes, size_t width, struct buf *out);
/* Is nothing of it cut? */
bool pretty_table_fits(const struct table *t, size_t width);
/* The head of a table: `count` names, those from `numbers` on right-aligned (count: none is). */
void pretty_heads(struct table *t, const char *const *names, size_t count, size_t numbers);

/* ---- answers ---- */

/* status: the daemon and its jobs; of one job also its states, refusals, providers and waits. */
void pretty_status(const json_t *answer, size_t width, struct buf *out);
void pretty_status_job(const json_t *answer, struct wall now, size_t width, struct buf *out);
/* One line without a newline, of one job or summed over all; width 0: not cut. */
void pretty_live_line(const json_t *answer, size_t width, struct buf *out);
/* The table of what waits, each with its reason below; nothing when nothing does. */
void pretty_waits(const json_t *waits, struct wall now, size_t width, struct buf *out);
/* True when a status of one job says that nothing will happen to it any more. */
bool pretty_is_over(const json_t *answer);

void pretty_job(const json_t *answer, struct buf *out);                       /* show JOB */
void pretty_attempts(const json_t *answer, struct buf *out);                  /* show JOB ADDRESS */
void pretty_contact(const json_t *answer, size_t width, struct buf *out);     /* list show */
void pretty_lists(const json_t *answer, size_t width, struct buf *out);       /* list lists */
void pretty_list_import(const json_t *answer, size_t width, struct buf *out); /* list import */

/* provider, provider NAME, why, windows, plan and forecast, reload */
void pretty_providers(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_provider(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_why(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_windows(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_plan(const json_t *answer, struct wall now, size_t width, struct buf *out);
/* lint; test with its results; key check */
void pretty_lint(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_test(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_keys(const json_t *answer, struct wall now, size_t width, struct buf *out);
void pretty_reload(const json_t *answer, struct wall now, size_t width, struct buf *out);
/* A line of progress as `plan` streams it: "reading recipients 40 %", nothing for anything else. */
void pretty_plan_progress(const char *line, size_t n, struct buf *out);

#endif
