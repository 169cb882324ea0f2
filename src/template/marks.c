/* Marks come from somebody who does not know Mustache: those that tags cross are dropped. */
#include "compile.h"

#include <sluice/base/must.h>

static bool is_crossed(const struct file *f, const struct mark *m, const struct tag *t)
{
    const struct tag *other = t->match || strchr("#^<$/", t->kind) ? &f->tag[t->match] : t;

    if (m->from == m->to)
        return t->at < m->from && m->from < t->end;
    if (t->at < m->from || t->end > m->to)
        return true;
    return m->kind == MARK_REPLACE || other->at < m->from || other->end > m->to;
}

/* `first`: the first tag that does not end before the mark. */
static bool is_possible(struct compiler *c, const struct file *f, const struct mark *m,
                        size_t first)
{
    bool is_url = m->kind == MARK_URL || m->kind == MARK_TOLD;

    for (size_t i = first; i < f->tags && f->tag[i].at < m->to; i++) {
        if (!is_crossed(f, m, &f->tag[i]))
            continue;
        if (is_url)
            compile_warn(
                c, f, m->from,
                "the URL that begins here is taken for none: '%.*s' begins or ends within it",
                SHOWN(f->tag[i].name));
        else
            compile_warn(c, f, m->from, "a tag stands where something must be written or replaced");
        return false;
    }
    return true;
}

void compile_marks(struct compiler *c, struct file *f)
{
    size_t kept = 0, first = 0, end = 0;

    if (!c->source->marks)
        return;
    c->source->marks(c->source->context, f->text, f == c->file, &f->mark, &f->marks);
    for (size_t i = 0; i < f->marks; i++) {
        const struct mark *m = &f->mark[i];

        MUST(end <= m->from && m->from <= m->to && m->to <= f->text.n);
        end = m->to;
        while (first < f->tags && f->tag[first].end <= m->from)
            first++;
        if (is_possible(c, f, m, first))
            f->mark[kept++] = *m;
    }
    f->marks = kept;
}
