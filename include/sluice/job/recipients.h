/* recipients.h: reads a recipients file as a stream: plain, gzip or zstd; UTF-8 (with or without
 * BOM), CP949/EUC-KR declared or detected; CSV (RFC 4180) or NDJSON. Memory does not grow with the
 * file. (S; the formats below it are pure)
 *
 *     struct recipients *r = recipients_open(path, &options, &e);
 *     while ((k = recipients_next(r, &row, &e)) != ROW_END) ...
 *
 * Variables become compact JSON: for CSV an array of strings in the order of recipients_columns()
 * (without `email`), for NDJSON the object as given (with `email` kept inside).
 */
#ifndef SLUICE_JOB_RECIPIENTS_H
#define SLUICE_JOB_RECIPIENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/job/address.h>

struct recipients_options {
    /* "utf-8", "cp949"; NULL: told from up to 1 MB, beginning with the block that holds the first
     * character that is not ASCII. A BOM goes before both. */
    const char *charset;
    uint64_t max_bytes; /* unpacked */
    size_t max_row_bytes;
    unsigned max_columns;
    unsigned max_depth; /* of NDJSON nesting */
};
enum row_kind {
    ROW_OK,
    ROW_BAD, /* `why` says what is wrong; `raw` is the row as far as it could be read; reading goes
                on behind it */
    ROW_END,
    ROW_ERROR /* the file cannot be read on: *e; also for a file that changed while it was read, a
               * damaged archive, too many bytes, binary data */
};
struct recipient_row {
    struct address address;
    const char *vars; /* valid until the next call */
    size_t vars_len;
    uint64_t line;   /* first physical line of the row, from 1 */
    const char *raw; /* for BAD: the row's bytes (UTF-8 made safe), cut at 1 KB */
    char why[160];
};
struct recipients;
/* Opens and reads the header. The format goes by the name: .csv or .ndjson/.jsonl, then optionally
 * .gz or .zst. NULL on error (no such file, not a regular file, no header, no `email` column, a
 * column twice, ...); *line (may be NULL) is where. */
struct recipients *recipients_open(const char *path, const struct recipients_options *o,
                                   unsigned *line, struct err *e);
const char *recipients_columns(const struct recipients *r); /* JSON array text; "[]" for NDJSON */
enum row_kind recipients_next(struct recipients *r, struct recipient_row *row, struct err *e);
void recipients_progress(const struct recipients *r, uint64_t *read_bytes,
                         uint64_t *file_bytes); /* packed bytes */
void recipients_close(struct recipients *r);    /* NULL is fine */

#endif
