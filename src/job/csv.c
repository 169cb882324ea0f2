/* csv.c (P) */
#include "csv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/base/must.h>

struct csv_span {
    size_t from, to;  /* in the window */
    bool has_doubled; /* quotes to be undone */
};

/* How far a look at the row got. */
enum look {
    LOOK_ROW,
    LOOK_SHORT,      /* the window ends inside an unquoted field */
    LOOK_OPEN_QUOTE, /* ... inside a quoted one */
    LOOK_BAD_QUOTE,
    LOOK_MANY_FIELDS,
};

struct cursor {
    const char *p;
    size_t n, at;
    bool is_last;
};

void csv_init(struct csv *c, size_t max_row_bytes, unsigned max_fields)
{
    *c = (struct csv){.max_row_bytes = max_row_bytes, .max_fields = max_fields, .next_line = 1};
}

void csv_done(struct csv *c)
{
    free(c->field);
    free(c->span);
    free(c->scratch);
    *c = (struct csv){0};
}

static struct csv_span *add_span(struct csv *c)
{
    if (c->spans == c->max_fields)
        return NULL;
    if (c->spans == c->span_room) {
        c->span_room = c->span_room ? c->span_room * 2 : 16;
        c->span = mem_grow(c->span, c->span_room, sizeof *c->span);
        c->field = mem_grow(c->field, c->span_room, sizeof *c->field);
    }
    return &c->span[c->spans++];
}

/* Behind the opening quote; ends behind the closing one. */
static enum look look_at_quoted(struct cursor *k, struct csv_span *s)
{
    s->from = k->at;
    s->has_doubled = false;
    for (;;) {
        const char *quote = memchr(k->p + k->at, '"', k->n - k->at);

        if (!quote)
            return LOOK_OPEN_QUOTE;
        k->at = (size_t)(quote - k->p) + 1;
        if (k->at < k->n && k->p[k->at] == '"') {
            s->has_doubled = true;
            k->at++;
            continue;
        }
        s->to = k->at - 1;
        if (k->at == k->n)
            return k->is_last ? LOOK_ROW : LOOK_SHORT;
        if (k->p[k->at] == ',' || k->p[k->at] == '\n' || k->p[k->at] == '\r')
            return LOOK_ROW;
        return LOOK_BAD_QUOTE;
    }
}

static enum look look_at_plain(struct cursor *k, struct csv_span *s)
{
    size_t i = k->at;

    s->from = i;
    s->has_doubled = false;
    while (i < k->n && k->p[i] != ',' && k->p[i] != '\n' && k->p[i] != '\r')
        i++;
    s->to = k->at = i;
    return i < k->n || k->is_last ? LOOK_ROW : LOOK_SHORT;
}

/* Fields up to the end of the row; the cursor ends on the line end (or the end of the file). */
static enum look look_at_row(struct csv *c, struct cursor *k)
{
    c->spans = 0;
    for (;;) {
        struct csv_span *s = add_span(c);
        enum look look;

        if (!s)
            return LOOK_MANY_FIELDS;
        if (k->at < k->n && k->p[k->at] == '"') {
            k->at++;
            look = look_at_quoted(k, s);
        } else {
            look = look_at_plain(k, s);
        }
        if (look != LOOK_ROW)
            return look;
        if (k->at == k->n || k->p[k->at] != ',')
            return LOOK_ROW;
        k->at++;
    }
}

/* Length of the line end at `at`; 0 when the window must tell more: a CR at its end may be half a
 * CRLF. */
static size_t line_end(const struct cursor *k, size_t at)
{
    if (at == k->n)
        return 0;
    if (k->p[at] == '\n')
        return 1;
    if (at + 1 < k->n)
        return k->p[at + 1] == '\n' ? 2 : 1;
    return k->is_last ? 1 : 0;
}

static size_t first_line(const char *p, size_t n)
{
    const char *lf = memchr(p, '\n', n);
    size_t end = lf ? (size_t)(lf - p) : n;
    const char *cr = memchr(p, '\r', end);

    return cr ? (size_t)(cr - p) : end;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n' || (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n'));
    return lines;
}

__attribute__((format(printf, 2, 3))) static void why(struct csv *c, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, sizeof c->why - 1);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    str_copy(c->why, sizeof c->why, str_n(text.data, text.len));
    buf_done(&text);
}

/* Gives the first physical line as a bad row; the rest of the row is read again as rows of its own.
 */
static enum csv_step bad_first_line(struct csv *c, const struct cursor *k, size_t *used)
{
    size_t end = first_line(k->p, k->n), eol = line_end(k, end);

    if (eol == 0 && !k->is_last) {
        if (k->n <= c->max_row_bytes) {
            *used = 0;
            return CSV_MORE;
        }
        c->is_skipping = true; /* even its first line does not end within the maximum */
    }
    c->raw = str_n(k->p, end);
    c->line = c->next_line;
    c->next_line += eol > 0;
    c->fields = 0;
    *used = end + eol;
    return CSV_BAD;
}

/* The rest of a line that was given as bad already. */
static bool skip_line(struct csv *c, const struct cursor *k, size_t *used)
{
    size_t end = first_line(k->p, k->n), eol = line_end(k, end);

    *used = end + eol;
    if (eol == 0 && !k->is_last)
        return false;
    c->is_skipping = false;
    c->next_line++;
    return true;
}

/* The views; doubled quotes are undone into the scratch buffer. */
static void take_fields(struct csv *c, const char *p, size_t row_bytes)
{
    size_t at = 0;

    for (unsigned i = 0; i < c->spans; i++) {
        const struct csv_span *s = &c->span[i];

        c->field[i] = str_n(p + s->from, s->to - s->from);
        if (!s->has_doubled)
            continue;
        if (c->scratch_size < row_bytes) {
            MUST(at == 0); /* nothing points into it yet: row_bytes is the same for all fields */
            c->scratch = mem_grow(c->scratch, row_bytes, 1);
            c->scratch_size = row_bytes;
        }
        c->field[i].p = c->scratch + at;
        for (size_t j = s->from; j < s->to; j++) {
            c->scratch[at++] = p[j];
            j += p[j] == '"';
        }
        c->field[i].n = (size_t)(c->scratch + at - c->field[i].p);
    }
    c->fields = c->spans;
}

/* Spreadsheets end a list with rows of nothing but separators. */
static bool is_empty_row(const struct csv *c)
{
    for (unsigned i = 0; i < c->spans; i++) {
        if (c->span[i].to > c->span[i].from)
            return false;
    }
    return true;
}

static enum csv_step whole_row(struct csv *c, const struct cursor *k, size_t *used)
{
    size_t end = k->at, eol = line_end(k, end);
    uint64_t inner;

    if (eol == 0 && !k->is_last) {
        *used = 0;
        return CSV_MORE;
    }
    if (is_empty_row(c)) {
        *used = end + eol;
        c->next_line++;
        return CSV_EMPTY;
    }
    if (c->expected && c->spans != c->expected) {
        why(c, "%u fields, but the header has %u", c->spans, c->expected);
        return bad_first_line(c, k, used);
    }
    /* Only quotes can hold line ends: most rows need no counting. */
    inner = memchr(k->p, '"', end) ? count_lines(k->p, end) : 0;
    take_fields(c, k->p, end);
    c->raw = str_n(k->p, end);
    c->line = c->next_line;
    c->next_line += inner + (eol > 0);
    *used = end + eol;
    return CSV_ROW;
}

static enum csv_step no_row_yet(struct csv *c, const struct cursor *k, enum look look, size_t *used)
{
    if (look == LOOK_BAD_QUOTE) {
        why(c, "a closing quote is followed by more text");
        return bad_first_line(c, k, used);
    }
    if (look == LOOK_MANY_FIELDS) {
        why(c, "more than %u fields", c->max_fields);
        return bad_first_line(c, k, used);
    }
    if (!k->is_last && k->n <= c->max_row_bytes) {
        *used = 0;
        return CSV_MORE;
    }
    if (look == LOOK_OPEN_QUOTE)
        why(c, "a quote is opened and never closed");
    else
        why(c, "longer than %zu bytes", c->max_row_bytes);
    return bad_first_line(c, k, used);
}

enum csv_step csv_next(struct csv *c, const char *p, size_t n, bool is_last, size_t *used)
{
    struct cursor k = {.p = p, .n = n, .is_last = is_last};
    enum look look;

    *used = 0;
    if (c->is_skipping)
        return skip_line(c, &k, used) ? CSV_EMPTY : CSV_MORE;
    if (n == 0)
        return CSV_MORE;
    look = look_at_row(c, &k);
    if (look == LOOK_ROW && k.at > c->max_row_bytes) {
        why(c, "longer than %zu bytes", c->max_row_bytes);
        return bad_first_line(c, &k, used);
    }
    return look == LOOK_ROW ? whole_row(c, &k, used) : no_row_yet(c, &k, look, used);
}
