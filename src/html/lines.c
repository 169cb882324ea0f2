#include "lines.h"

#define INDENT_MAX 8

void lines_init(struct lines *l, struct buf *out)
{
    *l = (struct lines){
        .out = out, .open = str_of("{{"), .close = str_of("}}"), .fresh = 2, .is_marked = true};
}

void lines_break(struct lines *l, unsigned n)
{
    if (l->breaks < n)
        l->breaks = n;
    l->gap = GAP_NONE;
}

void lines_add_break(struct lines *l)
{
    lines_break(l, l->breaks < 2 ? l->breaks + 1 : 2);
}

void lines_gap(struct lines *l, enum lines_gap gap)
{
    if (l->gap < gap && !(gap == GAP_BLANK && l->gap_is_written))
        l->gap = gap;
}

static bool is_at_line_start(const struct lines *l)
{
    return l->out->len == 0 || l->out->data[l->out->len - 1] == '\n';
}

static void write_breaks(struct lines *l)
{
    if (l->breaks && !l->fresh) {
        buf_putc(l->out, '\n');
        l->fresh = 1;
        l->is_guarded = false;
    }
    if (l->breaks == 2 && l->fresh == 1) {
        if (!is_at_line_start(l))
            buf_putc(l->out, '\n');
        buf_putc(l->out, '\n');
        l->fresh = 2;
        l->is_guarded = false;
    }
    l->breaks = 0;
}

static void write_gap(struct lines *l)
{
    if (l->gap != GAP_NONE) {
        buf_puts(l->out, l->gap == GAP_CELL ? "  " : " ");
        l->is_guarded = false;
    }
    l->gap = GAP_NONE;
}

/* Everything that is to come before content. */
static void begin_content(struct lines *l)
{
    write_breaks(l);
    if (l->fresh) {
        for (unsigned i = 1; i < l->depth && i < INDENT_MAX; i++)
            buf_puts(l->out, "  ");
        if (l->has_item && l->is_numbered)
            buf_printf(l->out, "%ld. ", l->number);
        else if (l->depth)
            buf_puts(l->out, l->has_item ? "- " : "  ");
        l->has_item = false;
        l->gap = GAP_NONE;
    }
    write_gap(l);
    l->fresh = 0;
    l->gap_is_written = false;
    if (!l->is_marked) {
        l->is_marked = true;
        l->mark = l->out->len;
    }
}

/* ---- text that must not become a tag */

/* The last byte, between a change of delimiters and the way back. */
static void guard_last(struct lines *l)
{
    const char *other = str_starts(l->open, "<%") ? "[[ ]]" : "<% %>";
    char last = l->out->data[l->out->len - 1];

    buf_cut(l->out, l->out->len - 1);
    buf_put(l->out, l->open.p, l->open.n);
    buf_printf(l->out, "=%s=", other);
    buf_put(l->out, l->close.p, l->close.n);
    buf_putc(l->out, last);
    buf_printf(l->out, "%.2s=", other);
    buf_put(l->out, l->open.p, l->open.n);
    buf_putc(l->out, ' ');
    buf_put(l->out, l->close.p, l->close.n);
    buf_printf(l->out, "=%s", other + 3);
    l->is_guarded = false;
}

static void put_byte(struct lines *l, char c)
{
    if (l->is_guarded && l->open.n > 1 && c == l->open.p[1])
        guard_last(l);
    buf_putc(l->out, c);
    l->is_guarded = c == l->open.p[0] && !l->out->full;
    if (l->is_guarded && l->open.n == 1)
        guard_last(l);
}

static void put_raw_tag(struct lines *l, struct str tag)
{
    if (l->is_guarded)
        guard_last(l);
    for (size_t i = 0; i < tag.n; i++) {
        if (tag.p[i] != '\r')
            buf_putc(l->out, tag.p[i]);
    }
    l->is_guarded = false;
}

/* ---- text */

enum class { CLASS_CONTENT, CLASS_BLANK, CLASS_LINE_END, CLASS_NOTHING };

/* The class of the n bytes at p. Nothing: control characters, and what is there for line breaking
 * only. */
static enum class class_of(struct str s, size_t *n) {
    static const struct {const char * bytes; enum class class;}
rows[] = {{"\xc2\xa0", CLASS_BLANK},       {"\xc2\xad", CLASS_NOTHING},
          {"\xcd\x8f", CLASS_NOTHING},     {"\xe2\x80\x8b", CLASS_NOTHING},
          {"\xef\xbb\xbf", CLASS_NOTHING}, {"\xe2\x80\xa8", CLASS_BLANK}};
unsigned char c = (unsigned char)s.p[0];

*n = 1;
if (c == '\n')
    return CLASS_LINE_END;
if (c == ' ' || c == '\t' || c == '\f')
    return CLASS_BLANK;
if (c < ' ' || c == 0x7f)
    return CLASS_NOTHING;
for (size_t i = 0; c >= 0xc2 && i < sizeof rows / sizeof *rows; i++) {
    if (str_starts(s, rows[i].bytes)) {
        *n = strlen(rows[i].bytes);
        return rows[i].class;
    }
}
return CLASS_CONTENT;
}

void lines_put(struct lines *l, struct str text, enum lines_blanks blanks)
{
    size_t n;

    for (size_t at = 0; at < text.n; at += n) {
        switch (class_of(str_n(text.p + at, text.n - at), &n)) {
        case CLASS_LINE_END:
            if (blanks == LINES_COLLAPSE)
                lines_gap(l, GAP_BLANK);
            else
                lines_add_break(l);
            break;
        case CLASS_BLANK:
            if (blanks == LINES_KEEP) {
                begin_content(l);
                put_byte(l, ' ');
            } else {
                lines_gap(l, GAP_BLANK);
            }
            break;
        case CLASS_NOTHING:
            break;
        case CLASS_CONTENT:
            if (l->fresh || l->breaks || l->gap != GAP_NONE || !l->is_marked)
                begin_content(l);
            l->gap_is_written = false;
            put_byte(l, text.p[at]);
        }
    }
}

/* ---- tags */

static void take_delimiters(struct lines *l, const struct mustache *tag)
{
    if (tag->kind == '=' && tag->open.n) {
        l->open = tag->open;
        l->close = tag->close;
    }
}

/* It takes no room in the text: what stands before it is what stands before the next content. */
static void put_line_tag(struct lines *l, const struct mustache *tag)
{
    if (!l->breaks && !l->fresh)
        l->breaks = 1;
    write_breaks(l);
    if (!is_at_line_start(l))
        buf_putc(l->out, '\n');
    l->is_guarded = false;
    l->gap = GAP_NONE;
    put_raw_tag(l, tag->all);
    buf_putc(l->out, '\n');
}

/* A blank before the end of a section goes behind it: there the next one joins it. */
static void put_inline_tag(struct lines *l, const struct mustache *tag)
{
    bool has_gap = l->gap != GAP_NONE;

    if (tag->kind != '/')
        write_gap(l);
    put_raw_tag(l, tag->all);
    if (tag->kind == '#' || tag->kind == '^')
        l->gap_is_written = has_gap || l->gap_is_written;
    else
        l->gap_is_written = false;
}

void lines_tag(struct lines *l, const struct mustache *tag, bool is_alone)
{
    bool is_quiet = mustache_is_structure(tag->kind) || tag->kind == '!';

    if (mustache_is_value(tag->kind) || (!is_quiet && !is_alone)) {
        begin_content(l);
        put_raw_tag(l, tag->all);
    } else if (l->has_item) {
        /* "- {{#a}}one{{/a}}{{^a}}other{{/a}}": the item's mark stands before both */
        begin_content(l);
        put_inline_tag(l, tag);
    } else if (is_alone || l->fresh || l->breaks) {
        put_line_tag(l, tag);
        if (!is_quiet)
            l->fresh = 1;
    } else {
        put_inline_tag(l, tag);
    }
    take_delimiters(l, tag);
}

static void put_piece(struct lines *l, struct str piece, struct buf *scratch)
{
    if (scratch) {
        buf_clear(scratch);
        html_unescape(piece, scratch);
        piece = str_n(scratch->data, scratch->len);
    }
    lines_put(l, piece, LINES_COLLAPSE);
}

void lines_put_template(struct lines *l, struct str text, struct buf *scratch)
{
    struct html_scan s = {.text = text, .open = l->open, .close = l->close};
    struct mustache tag;
    size_t from = 0;

    for (size_t at = 0; at < text.n;) {
        if (!mustache_at(&s, at, &tag)) {
            at++;
            continue;
        }
        put_piece(l, str_n(text.p + from, at - from), scratch);
        if (mustache_is_value(tag.kind) || l->fresh || l->breaks)
            begin_content(l);
        put_inline_tag(l, &tag);
        at += tag.all.n;
        from = at;
    }
    put_piece(l, str_n(text.p + from, text.n - from), scratch);
}

void lines_mark(struct lines *l)
{
    l->is_marked = false;
}

void lines_end(struct lines *l)
{
    if (!is_at_line_start(l))
        buf_putc(l->out, '\n');
}
