/* results.h: one line per recipient, for upstream: CSV (RFC 4180, UTF-8, CRLF) or NDJSON. (P)
 *
 * Columns, in this order: email, state, class, code, enhanced, text, provider, mx_host, attempts,
 * time, next_attempt, message_id, rule, line. `class` is the category's name. A cell that begins
 * with = + - @ is prefixed with ' in CSV, because replies come from strangers and spreadsheets run
 * formulas; but e-mail addresses, numbers and times are left alone.
 */
#ifndef SLUICE_REPORT_RESULTS_H
#define SLUICE_REPORT_RESULTS_H

#include <sluice/base/buf.h>
#include <sluice/base/when.h>
#include <sluice/model/kinds.h>

struct result_line {
    const char *email, *enhanced, *text, *provider, *mx_host, *message_id, *rule;
    enum state state;
    enum category category;
    int code;
    uint32_t attempts;
    struct wall at, due; /* ms 0: none */
    uint64_t line;
};
void results_csv_head(struct buf *out);
void results_csv(const struct result_line *r, struct buf *out);
void results_ndjson(const struct result_line *r, struct buf *out);
/* A CSV cell by itself, quoted when it must be. */
void csv_cell(struct buf *out, const char *text, size_t n);

#endif
