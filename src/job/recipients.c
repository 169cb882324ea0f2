#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/buf.h>
#include <sluice/base/map.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/job/recipients.h>

#include "ndjson.h"
#include "recipients_private.h"

#define RAW_SHOWN 1024
/* That many empty lines in a row are no list; without a limit an unpacked gigabyte of line ends
 * could not be interrupted. */
#define EMPTY_MAX 1000000

struct recipients {
    struct recipients_options o;
    struct text *text;
    bool is_csv;
    struct csv csv;
    unsigned email_at; /* column */
    char *columns;
    struct buf vars, email;
    uint64_t line;    /* NDJSON: of the next row */
    bool is_skipping; /* NDJSON: inside a line that was too long */
    char raw[RAW_SHOWN * 3 + 1];
};

static bool format_of(const char *path, bool *is_csv)
{
    struct str name = str_of(path);

    if (str_ends_nocase(name, ".gz"))
        name.n -= 3;
    else if (str_ends_nocase(name, ".zst"))
        name.n -= 4;
    *is_csv = str_ends_nocase(name, ".csv");
    return *is_csv || str_ends_nocase(name, ".ndjson") || str_ends_nocase(name, ".jsonl");
}

bool recipients_name_is_known(const char *name)
{
    bool is_csv;

    return format_of(name, &is_csv);
}

/* ---- the header of a CSV ---- */

static bool no_email_column(const struct csv *c, struct err *e)
{
    if (c->fields == 1 && (memchr(c->raw.p, ';', c->raw.n) || memchr(c->raw.p, '\t', c->raw.n)))
        return err_set(
            e, "the columns seem to be separated by semicolons or tabs; only commas are read");
    if (memchr(c->raw.p, '@', c->raw.n))
        return err_set(e,
                       "the first line must name the columns, one of them 'email'; it looks like a "
                       "recipient already");
    return err_set(e, "there is no column 'email' in the header \"%.*s\"",
                   (int)(c->raw.n < 200 ? c->raw.n : 200), c->raw.p);
}

static bool check_column(struct map *seen, struct str name, unsigned number, struct err *e)
{
    if (name.n == 0)
        return err_set(e, "column %u has no name", number);
    if (name.n > 128)
        return err_set(e, "the name of column %u is longer than 128 bytes", number);
    if (map_set(seen, name, seen))
        return err_set(e, "the column '%.*s' stands there twice", (int)name.n, name.p);
    return true;
}

static bool take_columns(struct recipients *r, struct err *e)
{
    struct csv *c = &r->csv;
    struct buf names;
    struct map seen;
    bool ok = true, has_email = false;

    buf_init(&names, c->raw.n * 6 + c->fields * 8 + 16);
    map_init(&seen);
    for (unsigned i = 0; ok && i < c->fields; i++) {
        struct str name = str_trim(c->field[i]);
        bool is_email = str_eq_nocase(name, str_of("email"));

        ok = check_column(&seen, is_email ? str_of("email") : name, i + 1, e);
        if (is_email) {
            r->email_at = i;
            has_email = true;
            continue;
        }
        buf_putc(&names, names.len ? ',' : '[');
        json_put_string(&names, name);
    }
    if (ok && !has_email)
        ok = no_email_column(c, e);
    buf_puts(&names, names.len ? "]" : "[]");
    map_done(&seen);
    c->expected = c->fields;
    r->columns = buf_take(&names);
    return ok;
}

static bool header_is_text(const struct recipients *r, struct err *e)
{
    if (utf8_bad_at(r->csv.raw.p, r->csv.raw.n) == r->csv.raw.n)
        return true;
    return err_set(e, "the header is not readable as %s", text_charset_name(r->text));
}

static bool read_header(struct recipients *r, unsigned *line, struct err *e)
{
    enum csv_step step;
    size_t used;

    for (;;) {
        step = csv_next(&r->csv, text_window(r->text).p, text_window(r->text).n,
                        text_is_last(r->text), &used);
        *line = (unsigned)(step == CSV_BAD ? r->csv.line : r->csv.next_line);
        if (step == CSV_ROW)
            break;
        text_use(r->text, used);
        if (step == CSV_BAD)
            return err_set(e, "the header is broken: %s", r->csv.why);
        if (step == CSV_EMPTY)
            continue;
        if (text_is_last(r->text))
            return err_set(e, "it is empty: there is no header");
        *line = 0; /* what goes wrong now is no matter of a line */
        if (!text_fill(r->text, e))
            return false;
    }
    *line = (unsigned)r->csv.line;
    /* The fields point into the window: use it up only afterwards. */
    if (!header_is_text(r, e) || !take_columns(r, e))
        return false;
    text_use(r->text, used);
    return true;
}

struct recipients *recipients_open(const char *path, const struct recipients_options *o,
                                   unsigned *line, struct err *e)
{
    struct recipients *r = mem_new(sizeof *r);
    unsigned where = 0;
    bool ok = false;

    r->o = *o;
    r->o.charset = NULL; /* the caller's; only needed here */
    r->line = 1;
    csv_init(&r->csv, o->max_row_bytes, o->max_columns);
    /* A control character becomes six bytes of JSON. */
    buf_init(&r->vars, o->max_row_bytes * 6 + o->max_columns * 3 + 64);
    buf_init(&r->email, o->max_row_bytes);
    if (!format_of(path, &r->is_csv))
        err_set(e, "the name must end in .csv, .ndjson or .jsonl (and then .gz or .zst)");
    else if ((r->text = text_open(path, o, e)) != NULL)
        ok = r->is_csv ? read_header(r, &where, e) : text_fill(r->text, e);
    if (line)
        *line = where;
    if (ok)
        return r;
    recipients_close(r);
    return NULL;
}

const char *recipients_columns(const struct recipients *r)
{
    return r->columns ? r->columns : "[]";
}

void recipients_progress(const struct recipients *r, uint64_t *read_bytes, uint64_t *file_bytes)
{
    text_progress(r->text, read_bytes, file_bytes);
}

void recipients_close(struct recipients *r)
{
    if (!r)
        return;
    text_close(r->text);
    csv_done(&r->csv);
    buf_done(&r->vars);
    buf_done(&r->email);
    free(r->columns);
    free(r);
}

/* ---- rows ---- */

/* Something to show: cut, and readable whatever it was. */
static void show_raw(struct recipients *r, struct str raw, struct recipient_row *row)
{
    size_t to = 0;

    for (size_t i = 0; i < raw.n && i < RAW_SHOWN;) {
        uint32_t cp;
        size_t n = utf8_next(raw.p + i, raw.n - i, &cp);

        if (cp == 0xfffd && n == 1) {
            memcpy(r->raw + to, "\xef\xbf\xbd", 3);
            to += 3;
        } else if (i + n <= RAW_SHOWN) {
            memcpy(r->raw + to, raw.p + i, n);
            to += n;
        }
        i += n;
    }
    r->raw[to] = '\0';
    row->raw = r->raw;
}

static enum row_kind bad_row(struct recipients *r, struct str raw, uint64_t line,
                             struct recipient_row *row)
{
    row->line = line;
    row->vars = "";
    row->vars_len = 0;
    show_raw(r, raw, row);
    return ROW_BAD;
}

static bool is_ascii(struct str s)
{
    uint64_t word = 0, all = 0;
    size_t i = 0;

    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        all |= word;
    }
    for (; i < s.n; i++)
        all |= (uint64_t)(unsigned char)s.p[i];
    return !(all & 0x8080808080808080u);
}

static bool is_text(const struct recipients *r, struct str raw, struct recipient_row *row)
{
    size_t bad;
    struct buf why;

    if (is_ascii(raw))
        return true;
    bad = utf8_bad_at(raw.p, raw.n);
    if (bad == raw.n)
        return true;
    buf_init(&why, sizeof row->why - 1);
    buf_printf(&why, "not readable as %s (at byte %zu of the row)", text_charset_name(r->text),
               bad + 1);
    str_copy(row->why, sizeof row->why, str_n(why.data, why.len));
    buf_done(&why);
    return false;
}

static enum row_kind take_csv(struct recipients *r, struct recipient_row *row)
{
    const struct csv *c = &r->csv;

    if (!is_text(r, c->raw, row) ||
        !address_check(c->field[r->email_at], &row->address, row->why, sizeof row->why))
        return bad_row(r, c->raw, c->line, row);
    csv_put_vars(c, r->email_at, &r->vars);
    row->vars = r->vars.data;
    row->vars_len = r->vars.len;
    row->line = c->line;
    return ROW_OK;
}

static enum row_kind next_csv(struct recipients *r, struct recipient_row *row, struct err *e)
{
    unsigned empty = 0;

    for (;;) {
        struct str window = text_window(r->text);
        size_t used;
        enum csv_step step = csv_next(&r->csv, window.p, window.n, text_is_last(r->text), &used);

        text_use(r->text, used); /* the bytes stay where they are until the next text_fill */
        if (step == CSV_ROW)
            return take_csv(r, row);
        if (step == CSV_BAD) {
            str_copy(row->why, sizeof row->why, str_of(r->csv.why));
            return bad_row(r, r->csv.raw, r->csv.line, row);
        }
        if (step == CSV_EMPTY) {
            if (++empty <= EMPTY_MAX)
                continue;
            err_set(e, "a million empty lines in a row: this is not a list");
            return ROW_ERROR;
        }
        if (text_is_last(r->text))
            return ROW_END;
        if (!text_fill(r->text, e))
            return ROW_ERROR;
    }
}

static enum row_kind take_ndjson(struct recipients *r, struct str line, uint64_t number,
                                 struct recipient_row *row)
{
    if (!is_text(r, line, row) ||
        !ndjson_take(line, r->o.max_depth, &r->vars, &r->email, row->why, sizeof row->why) ||
        !address_check(str_n(r->email.data, r->email.len), &row->address, row->why,
                       sizeof row->why))
        return bad_row(r, line, number, row);
    row->vars = r->vars.data;
    row->vars_len = r->vars.len;
    row->line = number;
    return ROW_OK;
}

/* Cuts the next line off the window. False: the window must be longer first. */
static bool cut_line(struct recipients *r, struct str *line, bool *is_whole)
{
    struct str window = text_window(r->text);
    const char *lf = memchr(window.p, '\n', window.n);

    *is_whole = lf != NULL || text_is_last(r->text);
    *line = str_n(window.p, lf ? (size_t)(lf - window.p) : window.n);
    if (!*is_whole && window.n <= r->o.max_row_bytes && !r->is_skipping)
        return false;
    text_use(r->text, line->n + (lf != NULL));
    return true;
}

static enum row_kind too_long(struct recipients *r, struct str line, uint64_t number,
                              struct recipient_row *row)
{
    struct buf why;

    buf_init(&why, sizeof row->why - 1);
    buf_printf(&why, "longer than %zu bytes", r->o.max_row_bytes);
    str_copy(row->why, sizeof row->why, str_n(why.data, why.len));
    buf_done(&why);
    return bad_row(r, line, number, row);
}

static enum row_kind next_ndjson(struct recipients *r, struct recipient_row *row, struct err *e)
{
    for (unsigned empty = 0; empty <= EMPTY_MAX;) {
        struct str line;
        uint64_t number;
        bool is_whole, was_skipping = r->is_skipping;

        if (text_window(r->text).n == 0 && text_is_last(r->text))
            return ROW_END;
        if (text_window(r->text).n == 0 || !cut_line(r, &line, &is_whole)) {
            if (!text_fill(r->text, e))
                return ROW_ERROR;
            continue;
        }
        number = r->line;
        r->is_skipping = !is_whole;
        r->line += is_whole;
        if (was_skipping)
            continue;
        if (line.n > r->o.max_row_bytes)
            return too_long(r, line, number, row);
        line = str_trim(line);
        if (line.n)
            return take_ndjson(r, line, number, row);
        empty++;
    }
    err_set(e, "a million empty lines in a row: this is not a list");
    return ROW_ERROR;
}

enum row_kind recipients_next(struct recipients *r, struct recipient_row *row, struct err *e)
{
    row->raw = "";
    return r->is_csv ? next_csv(r, row, e) : next_ndjson(r, row, e);
}
