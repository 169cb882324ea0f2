/* From a template's text to nodes. The rules are those of the Mustache specification
 * (mustache/spec): tags that stand alone on their line take the line with them, and a partial that
 * stands alone is indented as its tag was. */
#include "compile.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#define DELIMITER_MAX 16
#define OPEN_SECTIONS_MAX 32
#define INDENT_MAX 64
#define NAME_MAX_BYTES 128

struct open_section {
    struct str name;
    size_t at; /* of its tag */
    uint32_t node;
};

/* One program being read. */
struct scan {
    struct compiler *c;
    struct program *program;
    struct str src;
    size_t indent; /* bytes put before each line: no columns of the file */
    size_t pos;
    struct str open, close;
    struct open_section section[OPEN_SECTIONS_MAX];
    size_t sections;
    size_t barrier; /* nodes below this number take no more text: something jumps behind them */
    size_t cap;
    size_t counted; /* line ends before this are in `line` */
    uint32_t line;
};

/* ---- problems */

static void place_of(const struct scan *s, size_t at, unsigned *line, unsigned *column)
{
    size_t start = 0;
    uint32_t cp;

    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (s->src.p[i] == '\n') {
            ++*line;
            start = i + 1;
        }
    }
    start += s->indent < at - start ? s->indent : at - start;
    for (size_t i = start; i < at; i += utf8_next(s->src.p + i, at - i, &cp))
        ++*column;
}

/* The same partial is read once per place and part that uses it; what is wrong with it is said
 * once. */
static bool is_said(const struct problems *p, const char *file, unsigned line, const char *text)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->item[i].line == line && p->item[i].file && strcmp(p->item[i].file, file) == 0 &&
            strcmp(p->item[i].text, text) == 0)
            return true;
    }
    return false;
}

static void wrong(struct scan *s, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void wrong(struct scan *s, size_t at, const char *format, ...)
{
    struct buf text;
    unsigned line, column;
    va_list args;

    place_of(s, at, &line, &column);
    buf_init(&text, 1024);
    buf_printf(&text, "column %u: ", column);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (!is_said(s->c->problems, s->program->file, line, text.data))
        problems_add(s->c->problems, s->program->file, line, "%s", text.data);
    buf_done(&text);
}

/* Names in messages are cut: they come from a file of any content. */
#define SHOWN(name) (int)((name).n < 60 ? (name).n : 60), (name).p

/* ---- nodes */

static struct node *add_node(struct scan *s, enum node_kind kind, size_t at)
{
    struct program *p = s->program;

    if (p->nodes == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        p->node = mem_grow(p->node, s->cap, sizeof *p->node);
    }
    for (; s->counted < at; s->counted++)
        s->line += s->src.p[s->counted] == '\n';
    p->node[p->nodes] = (struct node){.kind = kind, .line = s->line};
    s->c->nodes++;
    return &p->node[p->nodes++];
}

static void add_text(struct scan *s, size_t from, size_t to)
{
    struct compiler *c = s->c;
    struct program *p = s->program;
    struct node *last = p->nodes > s->barrier ? &p->node[p->nodes - 1] : NULL;
    struct template *t = c->t;

    if (from >= to)
        return;
    /* A comment or delimiter between two texts leaves one text. */
    if (!last || last->kind != NODE_TEXT) {
        t->fixed = mem_grow(t->fixed, t->fixeds + 1, sizeof *t->fixed);
        c->text_at = mem_grow(c->text_at, t->fixeds + 1, sizeof *c->text_at);
        t->fixed[t->fixeds] = (struct fixed){0};
        c->text_at[t->fixeds] = c->text.len;
        add_node(s, NODE_TEXT, from)->index = (uint32_t)t->fixeds;
        t->fixeds++;
    }
    buf_put(&c->text, s->src.p + from, to - from);
    t->fixed[t->fixeds - 1].raw.n += to - from;
}

/* ---- names */

static bool name_is_good(struct scan *s, struct str name, size_t at)
{
    if (name.n == 0) {
        wrong(s, at, "a tag without a name");
        return false;
    }
    if (name.n > NAME_MAX_BYTES) {
        wrong(s, at, "a name of more than %d bytes", NAME_MAX_BYTES);
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];

        if (ch <= ' ' || ch == 0x7f || strchr("{}|<>\"'`", ch)) {
            wrong(s, at,
                  "'%.*s' is no name of a variable: no blanks, quotes, braces, '|', '<', '>'",
                  SHOWN(name));
            return false;
        }
    }
    return true;
}

static size_t count_parts(struct str name)
{
    size_t n = 1;

    for (size_t i = 0; i < name.n; i++)
        n += name.p[i] == '.';
    return n;
}

static void add_path(struct compiler *c, struct str name, int slot)
{
    struct template *t = c->t;
    struct path *path;
    struct str rest, part;

    t->path = mem_grow(t->path, t->paths + 1, sizeof *t->path);
    path = &t->path[t->paths++];
    *path = (struct path){.text = mem_strn(name.p, name.n), .slot = slot};
    map_set(&c->path, name, (void *)(uintptr_t)t->paths);
    if (str_is(name, "."))
        return;
    rest = str_n(path->text, name.n);
    path->part = mem_array(count_parts(name), sizeof *path->part);
    while (str_cut(&rest, '.', &part))
        path->part[path->parts++] = part;
}

/* Sets *index to the name's path; false (and a problem) when it is none. */
static bool path_of(struct scan *s, struct str name, size_t at, uint32_t *index)
{
    void *found = map_get(&s->c->path, name);
    struct str rest = name, part;
    int slot = -1;

    if (!found) {
        if (!name_is_good(s, name, at))
            return false;
        if (!str_is(name, ".")) {
            if (name.p[0] == '.' || name.p[name.n - 1] == '.' || memmem(name.p, name.n, "..", 2)) {
                wrong(s, at, "'%.*s' has an empty part", SHOWN(name));
                return false;
            }
            str_cut(&rest, '.', &part);
            slot = names_slot(s->c->names, part);
            if (slot < 0) {
                wrong(s, at, "more than %u variables", NAMES_MAX);
                return false;
            }
        }
        add_path(s->c, name, slot);
        found = (void *)(uintptr_t)s->c->t->paths;
    }
    *index = (uint32_t)((uintptr_t)found - 1);
    return true;
}

/* ---- tags */

static void add_section(struct scan *s, enum node_kind kind, struct str name, size_t at)
{
    uint32_t path;

    if (s->sections == OPEN_SECTIONS_MAX) {
        wrong(s, at, "sections are nested more than %d deep", OPEN_SECTIONS_MAX);
        return;
    }
    if (!path_of(s, name, at, &path))
        path = 0; /* it is compiled on, so that its end finds it */
    s->section[s->sections++] =
        (struct open_section){.name = name, .at = at, .node = (uint32_t)s->program->nodes};
    add_node(s, kind, at)->index = path;
    s->barrier = s->program->nodes;
}

static void end_section(struct scan *s, struct str name, size_t at)
{
    struct open_section *top;
    unsigned line, column;

    if (s->sections == 0) {
        wrong(s, at, "'/%.*s' ends a section that was not opened", SHOWN(name));
        return;
    }
    top = &s->section[s->sections - 1];
    if (!str_eq(top->name, name)) {
        place_of(s, top->at, &line, &column);
        wrong(s, at, "'/%.*s' stands where the section '%.*s' of line %u must end", SHOWN(name),
              SHOWN(top->name), line);
        /* A name that is open further out ends all up to it: one mistake, one message. */
        for (size_t i = s->sections; i-- > 0;) {
            if (str_eq(s->section[i].name, name)) {
                s->sections = i + 1;
                break;
            }
        }
        top = &s->section[s->sections - 1];
        if (!str_eq(top->name, name))
            return;
    }
    s->program->node[top->node].end = (uint32_t)s->program->nodes;
    s->sections--;
    s->barrier = s->program->nodes;
}

static bool set_delimiters(struct scan *s, struct str inner, size_t at)
{
    struct str rest, open, close;

    if (inner.n < 1 || inner.p[inner.n - 1] != '=') {
        wrong(s, at, "a change of delimiters ends in '='");
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
        wrong(s, at, "a change of delimiters needs two of them, such as {{=<%% %%>=}}");
        return false;
    }
    s->open = open;
    s->close = close;
    return true;
}

/* The program of a partial at an indentation; -1: there is no such partial. */
static int partial_use(struct scan *s, struct str name, struct str indent, size_t at)
{
    struct compiler *c = s->c;
    struct partial_use *u;
    struct str text;
    const char *file;

    if (!c->source->partial || !c->source->partial(c->source->context, name, &text, &file)) {
        wrong(s, at, "there is no partial '%.*s' (a file %.*s.mustache)", SHOWN(name), SHOWN(name));
        return -1;
    }
    /* A partial that calls itself on a line of its own is indented further each time: from here on
     * it no longer is, so that the number of programs is finite. */
    if (indent.n > INDENT_MAX)
        indent.n = INDENT_MAX;
    for (size_t i = 1; i < c->t->programs; i++) {
        if (str_eq(c->use[i].name, name) && str_eq(c->use[i].indent, indent))
            return (int)i;
    }
    if (c->t->programs == TEMPLATE_MAX_PROGRAMS) {
        wrong(s, at, "more than %u partials", TEMPLATE_MAX_PROGRAMS);
        return -1;
    }
    u = &c->use[c->t->programs];
    u->name = str_n(mem_strn(name.p, name.n), name.n);
    u->indent = str_n(mem_strn(indent.p, indent.n), indent.n);
    u->text = text;
    u->file = file;
    return (int)c->t->programs++;
}

static void add_partial(struct scan *s, struct str name, struct str indent, size_t at)
{
    int program;

    if (!name_is_good(s, name, at))
        return;
    program = partial_use(s, name, indent, at);
    if (program < 0)
        return;
    add_node(s, NODE_PARTIAL, at)->index = (uint32_t)program;
}

struct tag {
    size_t at, end;   /* in the source, delimiters included */
    char kind;        /* one of # ^ / ! > = & { or 'v' */
    struct str inner; /* trimmed, without the kind's character */
};

/* Reads the tag whose opening delimiter stands at `at`; false: it is never closed. */
static bool read_tag(struct scan *s, size_t at, struct tag *tag)
{
    size_t from = at + s->open.n;
    char closing[DELIMITER_MAX + 2];
    size_t n = 0;
    const char *end;

    tag->at = at;
    while (from < s->src.n && strchr(" \t\r\n", s->src.p[from]) && s->src.p[from])
        from++;
    tag->kind = 'v';
    if (from < s->src.n && s->src.p[from] && strchr("#^/!>=&{<$", s->src.p[from]))
        tag->kind = s->src.p[from++];
    if (tag->kind == '{')
        closing[n++] = '}';
    memcpy(closing + n, s->close.p, s->close.n);
    n += s->close.n;
    end = from < s->src.n ? memmem(s->src.p + from, s->src.n - from, closing, n) : NULL;
    if (!end) {
        wrong(s, at, "the tag that begins here is never closed by '%.*s'", (int)n, closing);
        return false;
    }
    tag->inner = str_trim(str_n(s->src.p + from, (size_t)(end - s->src.p) - from));
    tag->end = (size_t)(end - s->src.p) + n;
    return true;
}

/* Whether the tag stands alone on its line. Then *from is where the blanks before it begin, and *to
 * is behind the line's end. Tags that print something never do. */
static bool is_alone(const struct scan *s, const struct tag *tag, size_t *from, size_t *to)
{
    if (tag->kind == 'v' || tag->kind == '&' || tag->kind == '{')
        return false;
    *from = tag->at;
    while (*from > 0 && (s->src.p[*from - 1] == ' ' || s->src.p[*from - 1] == '\t'))
        --*from;
    if (*from > 0 && s->src.p[*from - 1] != '\n')
        return false;
    *to = tag->end;
    while (*to < s->src.n && (s->src.p[*to] == ' ' || s->src.p[*to] == '\t'))
        ++*to;
    if (*to + 1 < s->src.n && s->src.p[*to] == '\r' && s->src.p[*to + 1] == '\n')
        ++*to;
    if (*to < s->src.n && s->src.p[*to] != '\n')
        return false;
    *to += *to < s->src.n;
    return true;
}

static bool add_tag(struct scan *s, const struct tag *tag, struct str indent)
{
    uint32_t path;

    switch (tag->kind) {
    case '!':
        return true;
    case '=':
        return set_delimiters(s, tag->inner, tag->at);
    case '#':
        add_section(s, NODE_SECTION, tag->inner, tag->at);
        return true;
    case '^':
        add_section(s, NODE_INVERTED, tag->inner, tag->at);
        return true;
    case '/':
        end_section(s, tag->inner, tag->at);
        return true;
    case '>':
        add_partial(s, tag->inner, indent, tag->at);
        return true;
    case '<':
    case '$':
        wrong(s, tag->at, "templates that inherit ('%c') are not supported", tag->kind);
        return true;
    default:
        if (path_of(s, tag->inner, tag->at, &path)) {
            struct node *n = add_node(s, NODE_VALUE, tag->at);

            n->index = path;
            n->escape = tag->kind == 'v' && s->c->source->escape_html;
        }
        return true;
    }
}

/* False when the rest makes no sense any more. */
static bool scan_tag(struct scan *s, size_t at)
{
    struct tag tag;
    struct str indent = {NULL, 0};
    size_t from, to;

    if (!read_tag(s, at, &tag))
        return false;
    if (is_alone(s, &tag, &from, &to)) {
        add_text(s, s->pos, from);
        indent = str_n(s->src.p + from, at - from);
        s->pos = to;
    } else {
        add_text(s, s->pos, at);
        s->pos = tag.end;
    }
    if (s->c->nodes > TEMPLATE_MAX_NODES) {
        wrong(s, at, "more than %u tags and texts", TEMPLATE_MAX_NODES);
        return false;
    }
    return add_tag(s, &tag, indent);
}

static void scan_tags(struct scan *s)
{
    const char *found;

    s->open = str_of("{{");
    s->close = str_of("}}");
    while (s->pos < s->src.n) {
        found = memmem(s->src.p + s->pos, s->src.n - s->pos, s->open.p, s->open.n);
        if (!found)
            break;
        if (!scan_tag(s, (size_t)(found - s->src.p)))
            return;
    }
    add_text(s, s->pos, s->src.n);
    for (size_t i = 0; i < s->sections; i++)
        wrong(s, s->section[i].at, "the section '%.*s' is never ended", SHOWN(s->section[i].name));
}

void scan_program(struct compiler *c, struct program *p, struct str source, size_t indent)
{
    struct scan s = {.c = c, .program = p, .src = source, .indent = indent, .line = 1};

    scan_tags(&s);
}
