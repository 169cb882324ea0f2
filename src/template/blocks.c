/* Inheritance: which blocks are replaced by what. A replacement is found where it is used, while
 * programs are made: nothing is left of it at run time. */
#include "compile.h"

#include <sluice/base/must.h>

#include <stdlib.h>

/* ---- lines */

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

bool block_begins_line(const struct file *f, size_t at, size_t *from)
{
    *from = at;
    while (*from > 0 && is_blank(f->text.p[*from - 1]))
        --*from;
    return *from == 0 || f->text.p[*from - 1] == '\n';
}

bool block_ends_line(const struct file *f, size_t at, size_t *to)
{
    struct str text = f->text;

    *to = at;
    while (*to < text.n && is_blank(text.p[*to]))
        ++*to;
    if (*to + 1 < text.n && text.p[*to] == '\r' && text.p[*to + 1] == '\n')
        ++*to;
    if (*to < text.n && text.p[*to] != '\n')
        return false;
    *to += *to < text.n;
    return true;
}

/* The blanks before the first line of from..to that is not empty: *at and how many. */
static size_t first_blanks(const struct file *f, size_t from, size_t to, size_t *at)
{
    size_t n = 0;

    while (from < to && (f->text.p[from] == '\n' || f->text.p[from] == '\r'))
        from++;
    while (from + n < to && is_blank(f->text.p[from + n]))
        n++;
    *at = from;
    return n;
}

static struct body body_of(const struct file *f, const struct tag *open, const struct tag *end)
{
    struct body b = {.from = open->end, .to = end->at};
    size_t at;

    if (block_ends_line(f, open->end, &at) && at <= end->at && f->text.p[at - 1] == '\n') {
        b.from = at;
        b.is_line_begin = true;
    }
    if (block_begins_line(f, end->at, &at) && at >= b.from)
        b.to = at;
    if (b.is_line_begin)
        b.strip = first_blanks(f, b.from, b.to, &at);
    return b;
}

void block_measure(const struct file *f, struct tag *open, const struct tag *end)
{
    size_t at = 0;

    open->body = body_of(f, open, end);
    if (!open->is_alone) {
        open->begins_line = block_begins_line(f, open->at, &at);
        open->indent_n = open->begins_line ? open->at - at : 0;
        open->indent_from = at;
    } else if (open->to < end->from) {
        open->indent_n = first_blanks(f, open->to, end->from, &open->indent_from);
    } else {
        open->indent_n = open->at - open->from;
        open->indent_from = open->from;
    }
}

/* ---- sets */

const struct block *blocks_find(const struct compiler *c, uint32_t set, struct str name)
{
    const struct block_set *s = &c->set[set];

    for (size_t i = 0; i < s->blocks; i++) {
        if (str_eq(s->block[i].name, name))
            return &s->block[i];
    }
    return NULL;
}

static bool goes_before(struct str a, struct str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order < 0 || (order == 0 && a.n < b.n);
}

static void insert(struct block_set *s, struct block b)
{
    size_t i = s->blocks++;

    for (; i > 0 && goes_before(b.name, s->block[i - 1].name); i--)
        s->block[i] = s->block[i - 1];
    s->block[i] = b;
}

static bool is_same(const struct block_set *a, const struct block_set *b)
{
    if (a->blocks != b->blocks)
        return false;
    for (size_t i = 0; i < a->blocks; i++) {
        if (a->block[i].file != b->block[i].file || a->block[i].tag != b->block[i].tag)
            return false;
    }
    return true;
}

/* Takes the set, or forgets it for one that is there already. */
static uint32_t keep_set(struct compiler *c, struct block_set *s, const struct file *f, size_t at)
{
    for (uint32_t i = 0; i < c->sets; i++) {
        if (is_same(&c->set[i], s)) {
            free(s->block);
            return i;
        }
    }
    if (c->sets == BLOCK_SETS_MAX) {
        compile_limit(c, f, at, "blocks are replaced in more than %d ways", BLOCK_SETS_MAX);
        free(s->block);
        return 0;
    }
    c->set[c->sets] = *s;
    return (uint32_t)c->sets++;
}

uint32_t blocks_with(struct compiler *c, uint32_t outer, uint32_t file, uint32_t tag)
{
    const struct file *f = &c->file[file];
    struct block_set s = {.block = mem_array(BLOCKS_MAX, sizeof *s.block)};
    const struct tag *t;

    for (size_t i = 0; i < c->set[outer].blocks; i++)
        insert(&s, c->set[outer].block[i]);
    for (uint32_t i = tag + 1; i < f->tag[tag].match; i++, c->work++) {
        t = &f->tag[i];
        if (t->is_replacement && !blocks_find(c, outer, t->name)) {
            if (s.blocks == BLOCKS_MAX) {
                compile_limit(c, f, t->at, "more than %d blocks are replaced at once", BLOCKS_MAX);
                break;
            }
            insert(&s, (struct block){.name = t->name, .file = file, .tag = i});
        }
        if (t->match > i)
            i = t->match;
    }
    return keep_set(c, &s, f, f->tag[tag].at);
}
