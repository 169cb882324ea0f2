/* pretty_lines.c: text that is longer than a line, and tables whose rows carry such text. */
#include "pretty.h"

#include <string.h>
#include <sluice/base/utf8.h>

static void put_blanks(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_putc(out, ' ');
}

void pretty_wrap(struct buf *out, const char *text, size_t at, size_t hang, size_t width)
{
    bool begins = true; /* a line, which then takes any word */
    text += strspn(text, " ");
    while (*text) {
        size_t n = strcspn(text, " "), columns = utf8_columns(text, n);
        if (!begins && width > 0 && at + 1 + columns > width) {
            buf_putc(out, '\n');
            put_blanks(out, hang);
            at = hang;
        } else if (!begins) {
            buf_putc(out, ' ');
            at++;
        }
        buf_put(out, text, n);
        at += columns;
        begins = false;
        text += n;
        text += strspn(text, " ");
    }
    buf_putc(out, '\n');
}

void pretty_put_placed(struct buf *out, const json_t *o, size_t hang, size_t width)
{
    struct buf text;
    buf_init(&text, 64 * 1024);
    pretty_put(&text, json_object_get(o, "text"));
    pretty_put_place(&text, o, true);
    buf_puts(out, "  ");
    pretty_wrap(out, text.data, 2, hang, width);
    buf_done(&text);
}

enum { NOTE_INDENT = 4 };

static void put_note(struct buf *out, const char *note, size_t n, size_t width)
{
    struct buf one;
    if (n == 0)
        return;
    buf_init(&one, n);
    buf_put(&one, note, n);
    put_blanks(out, NOTE_INDENT);
    pretty_wrap(out, one.data, NOTE_INDENT, NOTE_INDENT, width);
    buf_done(&one);
}

void pretty_noted_table(const struct table *t, const char *notes, size_t width, struct buf *out)
{
    struct buf rows;
    buf_init(&rows, out->max);
    table_format(t, width, &rows);
    bool is_head = true;
    for (const char *row = rows.data; *row; is_head = false) {
        size_t n = strcspn(row, "\n"), note = strcspn(notes, "\n");
        buf_put(out, row, n);
        buf_putc(out, '\n');
        row += n + (row[n] == '\n');
        if (is_head)
            continue;
        put_note(out, notes, note, width);
        notes += note + (notes[note] == '\n');
    }
    buf_done(&rows);
}

bool pretty_table_fits(const struct table *t, size_t width)
{
    struct buf rows;
    size_t widest = 0;
    buf_init(&rows, 4 * 1024 * 1024);
    table_format(t, 0, &rows);
    for (const char *row = rows.data; *row;) {
        size_t n = strcspn(row, "\n"), columns = utf8_columns(row, n);
        widest = columns > widest ? columns : widest;
        row += n + (row[n] == '\n');
    }
    buf_done(&rows);
    return width == 0 || widest <= width;
}

void pretty_heads(struct table *t, const char *const *names, size_t count, size_t numbers)
{
    for (size_t i = 0; i < count; i++) {
        table_cell(t, "%s", names[i]);
        if (i >= numbers)
            table_right(t, i);
    }
}
