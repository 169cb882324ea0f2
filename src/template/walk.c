/* From a file's tags to a program: one walk over the file, which goes into the replacements of
 * blocks where they are used. */
#include "walk.h"

static void walk_piece(struct walk *w, struct piece *p);

/* ---- what stands in the place of a tag */

/* The indentation of what is put at n blanks from `from` of a piece's line. It is cut: a partial
 * that calls itself on a line of its own would be indented further without end. */
static struct str indent_at(const struct piece *p, size_t from, size_t n, char out[INDENT_MAX])
{
    size_t strip = p->strip < n ? p->strip : n;
    size_t length = p->indent.n;

    memcpy(out, p->indent.p ? p->indent.p : "", length);
    from += strip;
    n -= strip;
    if (n > INDENT_MAX - length)
        n = INDENT_MAX - length;
    memcpy(out + length, p->file->text.p + from, n);
    return str_n(out, length + n);
}

static void walk_inner(struct walk *w, const struct piece *outer, struct piece *inner,
                       const struct tag *t)
{
    inner->file = &w->c->file[inner->file_index];
    inner->outer = outer;
    inner->depth = outer->depth + 1;
    inner->has_marks = !w->is_url;
    inner->mark = inner->has_marks ? line_first_mark(inner->file, inner->pos) : 0;
    w->c->work += (inner->end - inner->pos) / 1024;
    if (!inner->is_begin)
        line_skip_blanks(inner, inner->end);
    if (inner->depth == NESTED_MAX)
        compile_limit(w->c, outer->file, t->at, "partials and blocks are nested more than %d deep",
                      NESTED_MAX);
    else
        walk_piece(w, inner);
}

/* The block of this name is replaced, unless this already is a part of the replacement: there the
 * tag shows what stands in it. */
static const struct block *replacement(struct walk *w, const struct piece *p, struct str name)
{
    const struct block *b = blocks_find(w->c, p->blocks, name);

    for (; b && p; p = p->outer) {
        if (p->file_index == b->file && p->replaces == b->tag + 1)
            return NULL;
    }
    return b;
}

/* Whether lines are put in the place of the tag, which then begin with its own: blanks before it
 * are not written. */
static bool takes_lines(struct walk *w, const struct piece *p, const struct tag *t)
{
    const struct block *b = t->kind == '$' ? replacement(w, p, t->name) : NULL;

    return b &&
           (t->is_alone || (t->begins_line && w->c->file[b->file].tag[b->tag].body.is_line_begin));
}

/* False: the block is not replaced. */
static bool walk_block(struct walk *w, struct piece *p, const struct tag *t)
{
    const struct block *b = replacement(w, p, t->name);
    char indent[INDENT_MAX];
    const struct tag *from;
    struct piece inner;

    if (!b)
        return false;
    from = &w->c->file[b->file].tag[b->tag];
    inner = (struct piece){.file_index = b->file,
                           .pos = from->body.from,
                           .end = from->body.to,
                           .tag = b->tag + 1,
                           .last = from->match,
                           .blocks = p->blocks,
                           .replaces = b->tag + 1,
                           .indent = indent_at(p, t->indent_from, t->indent_n, indent),
                           .strip = from->body.strip,
                           .is_begin = takes_lines(w, p, t)};
    walk_inner(w, p, &inner, t);
    line_jump(p, t->match + 1, p->file->tag[t->match].to);
    return true;
}

/* Within a URL a partial is a part of it, so it cannot be a program of its own. */
static void walk_into(struct walk *w, struct piece *p, const struct tag *t, uint32_t blocks)
{
    struct piece inner = {.file_index = t->file,
                          .end = w->c->file[t->file].text.n,
                          .is_begin = true,
                          .last = (uint32_t)w->c->file[t->file].tags,
                          .blocks = blocks};

    if (t->is_dynamic)
        compile_limit(w->c, p->file, t->at, "a URL cannot hold a partial that a variable names");
    else
        walk_inner(w, p, &inner, t);
}

static void walk_partial(struct walk *w, struct piece *p, const struct tag *t)
{
    struct compiler *c = w->c;
    uint32_t blocks = p->blocks, tag = p->tag;
    char space[INDENT_MAX];
    struct str indent = {space, 0};
    const struct tag *end = t;

    if (t->kind == '<') {
        blocks = blocks_with(c, blocks, p->file_index, tag);
        tag = t->match;
        end = &p->file->tag[tag];
    }
    if (t->is_alone)
        indent = indent_at(p, t->from, t->at - t->from, space);
    if (w->is_url)
        walk_into(w, p, t, blocks);
    else if (t->is_dynamic)
        emit_dynamic(&w->e, p->file, t, compile_choice(c, indent, blocks, p->file, t->at));
    else
        emit_node(&w->e, NODE_PARTIAL)->index =
            compile_program(c, t->file, indent, blocks, p->file, t->at);
    line_jump(p, tag + 1, end->to);
}

/* ---- tags */

static enum value_place place_now(const struct walk *w)
{
    if (!w->is_url)
        return w->c->source->escape_html ? VALUE_HTML : VALUE_AS_IT_IS;
    if (!w->has_literal)
        return VALUE_URL;
    if (w->is_host)
        return w->has_host ? VALUE_URL_HOST_END : VALUE_URL_HOST;
    return w->is_behind ? VALUE_URL_BEHIND : w->is_address ? VALUE_URL_ADDRESS : VALUE_URL_PATH;
}

static void walk_section(struct walk *w, struct piece *p, const struct tag *t)
{
    if (t->kind == '/') {
        w->e.program->node[w->section[--w->sections]].end = (uint32_t)w->e.program->nodes;
        emit_barrier(&w->e);
        return;
    }
    if (w->sections == NESTED_MAX) {
        compile_limit(w->c, p->file, t->at, "sections are nested more than %d deep", NESTED_MAX);
        return;
    }
    w->section[w->sections++] = (uint32_t)w->e.program->nodes;
    emit_section(&w->e, p->file, t);
}

static bool is_section(const struct piece *p, const struct tag *t)
{
    if (t->kind == '/')
        t = &p->file->tag[t->match];
    return t->kind == '#' || t->kind == '^';
}

static void walk_tag(struct walk *w, struct piece *p, const struct tag *t)
{
    if (t->kind == '>' || t->kind == '<') {
        walk_partial(w, p, t);
        return;
    }
    if (t->kind == '$' && walk_block(w, p, t))
        return;
    if (is_section(p, t))
        walk_section(w, p, t);
    else if (t->kind == 'v' || t->kind == '&')
        emit_value(&w->e, p->file, t, place_now(w));
    p->tag++;
    if (!t->is_alone) {
        p->pos = t->to;
        return;
    }
    p->pos = t->end;
    line_go_to(w, p, t->to, false);
    p->is_begin = line_is_start(p);
}

static bool has_room(struct walk *w, const struct piece *p, const struct tag *t)
{
    struct compiler *c = w->c;

    if (c->nodes > TEMPLATE_MAX_NODES)
        compile_limit(c, p->file, t->at, "more than %u tags and texts", TEMPLATE_MAX_NODES);
    else if (++c->work > WORK_MAX)
        compile_limit(c, p->file, t->at, "partials and blocks that use one another too often");
    else if (buf_is_full(&c->text))
        compile_limit(c, c->file, 0, "with its partials larger than %u MiB",
                      2 * TEMPLATE_MAX_BYTES >> 20);
    return !c->is_stopped;
}

static void walk_piece(struct walk *w, struct piece *p)
{
    while (p->tag < p->last) {
        const struct tag *t = &p->file->tag[p->tag];

        if (!has_room(w, p, t))
            return;
        if (t->is_alone || takes_lines(w, p, t)) {
            line_go_to(w, p, t->is_alone ? t->from : t->indent_from, true);
            line_go_to(w, p, t->at, false);
        } else {
            line_go_to(w, p, t->at, true);
            line_begin(w, p, t->at);
        }
        walk_tag(w, p, t);
        if (w->c->is_stopped)
            return;
    }
    line_go_to(w, p, p->end, true);
}

void walk_program(struct compiler *c, uint32_t program)
{
    const struct use *u = &c->use[program];
    struct walk w = {.e = {.c = c, .program = &c->t->program[program]}, .c = c};
    struct piece p = {.file = &c->file[u->file],
                      .end = c->file[u->file].text.n,
                      .file_index = u->file,
                      .last = (uint32_t)c->file[u->file].tags,
                      .blocks = u->blocks,
                      .indent = str_n(u->indent, u->indent_n),
                      .is_begin = true,
                      .has_marks = true};

    walk_piece(&w, &p);
}
