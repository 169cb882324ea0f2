/* csv.h: rows of a CSV (RFC 4180) out of a window of bytes. (P)
 *
 * The caller keeps a window of the file and asks for the row at its beginning; CSV_MORE asks for a
 * longer window. Fields are views into the window (or, where a doubled quote had to be undone, into
 * a scratch buffer), valid until the next call. Line ends may be LF, CRLF or CR; empty rows are
 * passed over.
 *
 * When a row is broken, reading goes on behind its first physical line, whatever its quotes said:
 * an opening quote that nobody closes costs that one line and not the rest of the file.
 *
 *     struct csv c;
 *     csv_init(&c, 1 << 20, 256);
 *     switch (csv_next(&c, p, n, is_last, &used)) ...
 */
#ifndef SLUICE_JOB_CSV_H
#define SLUICE_JOB_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sluice/base/str.h>

struct csv_span; /* a field while it is being found */

struct csv {
    size_t max_row_bytes;
    unsigned max_fields;
    unsigned expected; /* fields; 0: any number (the header) */
    uint64_t next_line;
    bool is_skipping; /* inside a line that was too long */
    /* The row, after CSV_ROW and CSV_BAD: */
    struct str *field;
    unsigned fields;
    uint64_t line;  /* its first physical line, from 1 */
    struct str raw; /* its bytes without the line end; for CSV_BAD the first line */
    char why[128];  /* CSV_BAD */
    /* own */
    struct csv_span *span;
    unsigned spans, span_room;
    char *scratch;
    size_t scratch_size;
};

enum csv_step { CSV_ROW, CSV_BAD, CSV_MORE, CSV_EMPTY };

void csv_init(struct csv *c, size_t max_row_bytes, unsigned max_fields);
void csv_done(struct csv *c);
/* *used: bytes of the window that are done with, also for MORE and EMPTY (an empty line was passed
 * over). With is_last the window holds all that is left of the file: MORE then means the end. */
enum csv_step csv_next(struct csv *c, const char *p, size_t n, bool is_last, size_t *used);

#endif
