/* From a file's text to its tags. The rules are those of the Mustache specification
 * (mustache/spec): tags that stand alone on their line take the line with them. */
#include "compile.h"

#include <sluice/base/must.h>

#define DELIMITER_MAX 16

/* One file being read. */
struct scan {
    struct compiler *c;
    struct file *f;
    size_t pos;
    struct str open, close;
    uint32_t opened[OPEN_MAX]; /* tags that wait for their end */
    size_t depth;
    size_t cap;
};

/* ---- one tag */

static bool set_delimiters(struct scan *s, const struct tag *t)
{
    struct str rest, open, close, inner = t->name;

    if (inner.n < 1 || inner.p[inner.n - 1] != '=') {
        compile_wrong(s->c, s->f, t->at, "a change of delimiters ends in '='");
        return false;
    }
    rest = str_trim(str_n(inner.p, inner.n - 1));
    open = rest;
    open.n = 0;
    while (open.n < rest.n && !strchr(" \t\r\n", rest.p[open.n]))
        open.n++;
    close = str_trim(str_n(rest.p + open.n, rest.n - open.n));
    if (open.n == 0 || close.n == 0 || open.n > DELIMITER_MAX || close.n > DELIMITER_MAX ||
        memchr(close.p, ' ', close.n) || memchr(close.p, '\t', close.n) ||
        memchr(close.p, '\n', close.n) || memchr(close.p, '=', close.n) ||
        memchr(open.p, '=', open.n)) {
        compile_wrong(s->c, s->f, t->at,
                      "a change of delimiters needs two of them, such as {{=<%% %%>=}}");
        return false;
    }
    s->open = open;
    s->close = close;
    return true;
}

/* Reads the tag whose opening delimiter stands at `at`; false: it is never closed. */
static bool read_tag(struct scan *s, size_t at, struct tag *tag)
{
    struct str text = s->f->text;
    size_t from = at + s->open.n;
    char closing[DELIMITER_MAX + 2];
    size_t n = 0;
    const char *end;

    *tag = (struct tag){.at = at, .kind = 'v'};
    while (from < text.n && strchr(" \t\r\n", text.p[from]) && text.p[from])
        from++;
    if (from < text.n && text.p[from] && strchr("#^/!>=&{<$", text.p[from]))
        tag->kind = text.p[from++];
    if (tag->kind == '{')
        closing[n++] = '}';
    memcpy(closing + n, s->close.p, s->close.n);
    n += s->close.n;
    end = from < text.n ? memmem(text.p + from, text.n - from, closing, n) : NULL;
    if (!end) {
        compile_wrong(s->c, s->f, at, "the tag that begins here is never closed by '%.*s'", (int)n,
                      closing);
        return false;
    }
    tag->name = str_trim(str_n(text.p + from, (size_t)(end - text.p) - from));
    tag->from = at;
    tag->end = tag->to = (size_t)(end - text.p) + n;
    if (tag->kind == '{')
        tag->kind = '&';
    return true;
}

/* Tags that print something never take their line; a parent and its end do it together. */
static void stand_alone(const struct scan *s, struct tag *t)
{
    size_t from, to;

    if (strchr("v&<", t->kind) || !block_begins_line(s->f, t->at, &from) ||
        !block_ends_line(s->f, t->end, &to))
        return;
    t->is_alone = true;
    t->from = from;
    t->to = to;
}

/* ---- tags that belong together */

static const char *kind_name(const struct tag *t)
{
    return t->kind == '<' ? "parent" : t->kind == '$' ? "block" : "section";
}

static bool open_tag(struct scan *s, struct tag *t)
{
    if (s->depth == OPEN_MAX) {
        compile_limit(s->c, s->f, t->at, "sections are nested more than %d deep", OPEN_MAX);
        return false;
    }
    s->opened[s->depth++] = (uint32_t)s->f->tags;
    return true;
}

static void join(struct scan *s, struct tag *end)
{
    uint32_t at = s->opened[--s->depth];
    struct tag *open = &s->f->tag[at];
    size_t from, to;

    end->match = at;
    open->match = (uint32_t)s->f->tags;
    if (open->kind == '$')
        block_measure(s->f, open, end);
    if (open->kind != '<')
        return;
    end->is_alone = false;
    end->from = end->at;
    end->to = end->end;
    if (block_begins_line(s->f, open->at, &from) && block_ends_line(s->f, end->end, &to)) {
        open->is_alone = true;
        open->from = from;
        end->to = to;
    }
}

static void end_tag(struct scan *s, struct tag *t)
{
    struct compiler *c = s->c;
    const struct tag *top;

    if (s->depth == 0) {
        compile_wrong(c, s->f, t->at, "'/%.*s' ends a section that was not opened", SHOWN(t->name));
        return;
    }
    top = &s->f->tag[s->opened[s->depth - 1]];
    if (!check_ends(c, top, t->name)) {
        compile_wrong(c, s->f, t->at, "'/%.*s' stands where the %s '%.*s' of line %u must end",
                      SHOWN(t->name), kind_name(top), SHOWN(top->name),
                      compile_line_of(c, s->f, top->at));
        /* A name that is open further out ends all up to it: one mistake, one message. */
        for (size_t i = s->depth; i-- > 0;) {
            if (check_ends(c, &s->f->tag[s->opened[i]], t->name)) {
                s->depth = i + 1;
                break;
            }
        }
        if (!check_ends(c, &s->f->tag[s->opened[s->depth - 1]], t->name))
            return;
    }
    join(s, t);
}

/* What stands right inside a parent's tags: blocks replace, all else is for nothing. */
static void check_place(struct scan *s, struct tag *t)
{
    const struct tag *top = s->depth ? &s->f->tag[s->opened[s->depth - 1]] : NULL;
    size_t others = 0;

    if (!top || top->kind != '<')
        return;
    if (t->kind != '$') {
        if (!strchr("!=/", t->kind))
            compile_warn(s->c, s->f, t->at,
                         "this tag stands between '<%.*s' and its end, outside of a "
                         "block: nothing is written there",
                         SHOWN(top->name));
        return;
    }
    t->is_replacement = true;
    for (uint32_t i = s->opened[s->depth - 1] + 1; i < s->f->tags; i++) {
        const struct tag *other = &s->f->tag[i];

        if (other->is_replacement && str_eq(other->name, t->name)) {
            compile_wrong(s->c, s->f, t->at, "the block '%.*s' is replaced twice", SHOWN(t->name));
            return;
        }
        if (other->is_replacement && ++others == BLOCKS_MAX) {
            compile_limit(s->c, s->f, t->at, "more than %d blocks are replaced at once",
                          BLOCKS_MAX);
            return;
        }
        if (other->match > i)
            i = other->match;
    }
}

/* ---- all tags */

static void keep(struct scan *s, const struct tag *t)
{
    struct file *f = s->f;

    if (f->tags == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        f->tag = mem_grow(f->tag, s->cap, sizeof *f->tag);
    }
    f->tag[f->tags++] = *t;
}

/* False when the rest makes no sense any more. */
static bool scan_tag(struct scan *s, size_t at)
{
    struct tag t;
    bool goes_on = true;

    if (!read_tag(s, at, &t))
        return false;
    s->pos = t.end;
    if (++s->c->tags > TEMPLATE_MAX_NODES) {
        compile_limit(s->c, s->f, at, "more than %u tags and texts", TEMPLATE_MAX_NODES);
        return false;
    }
    stand_alone(s, &t);
    check_tag(s->c, s->f, &t);
    check_place(s, &t);
    if (t.kind == '=')
        goes_on = set_delimiters(s, &t);
    else if (t.kind == '/')
        end_tag(s, &t);
    else if (strchr("#^<$", t.kind))
        goes_on = open_tag(s, &t);
    keep(s, &t);
    return goes_on && !s->c->is_stopped;
}

void scan_file(struct compiler *c, struct file *f)
{
    struct scan s = {.c = c, .f = f, .open = str_of("{{"), .close = str_of("}}")};
    const char *found;

    while (s.pos < f->text.n) {
        found = memmem(f->text.p + s.pos, f->text.n - s.pos, s.open.p, s.open.n);
        if (!found)
            break;
        if (!scan_tag(&s, (size_t)(found - f->text.p)))
            return;
    }
    for (size_t i = 0; i < s.depth; i++) {
        const struct tag *t = &f->tag[s.opened[i]];

        compile_wrong(c, f, t->at, "the %s '%.*s' is never ended", kind_name(t), SHOWN(t->name));
    }
}
