#include <sluice/report/table.h>

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/base/utf8.h>

#include <stdarg.h>
#include <stdlib.h>

#define GAP 2
#define CELL_MAX 4096
#define NARROWEST 8 /* a column is not cut below this */
#define ELLIPSIS "\xe2\x80\xa6"

void table_init(struct table *t, size_t columns)
{
    MUST(columns > 0 && columns <= TABLE_COLUMNS_MAX);
    *t = (struct table){.columns = columns};
}

void table_done(struct table *t)
{
    for (size_t i = 0; i < t->cells; i++)
        free(t->cell[i]);
    free(t->cell);
    *t = (struct table){0};
}

void table_right(struct table *t, size_t column)
{
    MUST(column < t->columns);
    t->right[column] = true;
}

static void add_cell(struct table *t, char *text)
{
    if (t->cells == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cell = mem_grow(t->cell, t->cap, sizeof *t->cell);
    }
    t->cell[t->cells++] = text;
}

void table_cell(struct table *t, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, CELL_MAX);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    add_cell(t, buf_take(&text));
}

void table_number(struct table *t, unsigned long long n)
{
    char text[NUMBER_TEXT];

    add_cell(t, mem_str(n ? str_number(n, text) : "-"));
}

static size_t columns_of(const char *s)
{
    return utf8_columns(s, strlen(s));
}

static void measure(const struct table *t, size_t width[TABLE_COLUMNS_MAX])
{
    memset(width, 0, TABLE_COLUMNS_MAX * sizeof *width);
    for (size_t i = 0; i < t->cells; i++) {
        size_t n = columns_of(t->cell[i]);

        if (n > width[i % t->columns])
            width[i % t->columns] = n;
    }
}

/* Numbers stay whole: only text gives way. */
static void fit(const struct table *t, size_t total, size_t width[TABLE_COLUMNS_MAX])
{
    size_t sum = GAP * (t->columns - 1);
    size_t widest = t->columns;
    size_t over;

    for (size_t c = 0; c < t->columns; c++) {
        sum += width[c];
        if (!t->right[c] && (widest == t->columns || width[c] > width[widest]))
            widest = c;
    }
    if (total == 0 || sum <= total || widest == t->columns)
        return;
    over = sum - total;
    width[widest] = width[widest] > over + NARROWEST ? width[widest] - over : NARROWEST;
}

/* The text in at most `width` columns; returns how many it took. */
static size_t put_cut(struct buf *out, const char *text, size_t width)
{
    size_t n = strlen(text);
    size_t used = columns_of(text);
    size_t at = 0;

    if (used <= width) {
        buf_put(out, text, n);
        return used;
    }
    used = 0;
    while (at < n) {
        uint32_t cp;
        size_t bytes = utf8_next(text + at, n - at, &cp);
        size_t columns = utf8_columns(text + at, bytes);

        if (used + columns + 1 > width)
            break;
        buf_put(out, text + at, bytes);
        used += columns;
        at += bytes;
    }
    buf_puts(out, ELLIPSIS);
    return used + 1;
}

static void put_blanks(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_putc(out, ' ');
}

static void put_row(const struct table *t, size_t first, const size_t *width, struct buf *out)
{
    size_t owed = 0; /* blanks, written only before something */

    for (size_t c = 0; c < t->columns && first + c < t->cells; c++) {
        const char *text = t->cell[first + c];
        size_t used = columns_of(text);

        if (t->right[c] && used < width[c])
            owed += width[c] - used;
        if (*text) {
            put_blanks(out, owed);
            owed = 0;
        }
        used = put_cut(out, text, width[c]);
        if (!t->right[c] && used < width[c])
            owed += width[c] - used;
        owed += GAP;
    }
    buf_putc(out, '\n');
}

void table_format(const struct table *t, size_t width, struct buf *out)
{
    size_t column[TABLE_COLUMNS_MAX];

    measure(t, column);
    fit(t, width, column);
    for (size_t i = 0; i < t->cells; i += t->columns)
        put_row(t, i, column, out);
}
