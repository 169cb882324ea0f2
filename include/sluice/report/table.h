/* table.h: text tables that align Korean text and fit the terminal. (P)
 *
 *     struct table t; table_init(&t, 3);
 *     table_head(&t, "provider", "delivered", "bounced"); table_right(&t, 1); ...
 *     table_cell(&t, "%s", name); ...
 *     table_format(&t, columns, &out);
 */
#ifndef SLUICE_REPORT_TABLE_H
#define SLUICE_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/base/buf.h>

#define TABLE_COLUMNS_MAX 24
struct table {
    size_t columns;
    bool right[TABLE_COLUMNS_MAX];
    char **cell; /* row after row, the first row is the head */
    size_t cells, cap;
};
void table_init(struct table *t, size_t columns);
void table_done(struct table *t);
void table_right(struct table *t, size_t column); /* numbers stand right-aligned */
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_number(struct table *t, unsigned long long n); /* 1,234,567; zero prints as "-" */
/* `width` columns of terminal; too wide: the widest left-aligned column is cut with an ellipsis. 0:
 * no limit. */
void table_format(const struct table *t, size_t width, struct buf *out);

#endif
