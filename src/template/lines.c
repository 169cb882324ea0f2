/* What stands between the tags: lines, which are indented, and marks, which are split off. */
#include "walk.h"

/* ---- lines */

static bool is_address(struct str url)
{
    static const char *const schemes[] = {"mailto:", "tel:", "sms:"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct str scheme = str_of(schemes[i]);

        if (url.n >= scheme.n && str_eq_nocase(str_n(url.p, scheme.n), scheme))
            return true;
    }
    return false;
}

/* Behind "https://" or "//", up to what ends the host (RFC 3986, section 3.2). */
static void note_host(struct walk *w, struct str s)
{
    struct str rest = str_trim(s), scheme;

    if (!w->has_literal && rest.n) {
        const char *slashes = memmem(rest.p, rest.n, "//", 2);

        scheme = str_n(rest.p, slashes ? (size_t)(slashes - rest.p) : 0);
        w->is_host = slashes &&
                     (scheme.n == 0 || memchr(scheme.p, ':', scheme.n) == scheme.p + scheme.n - 1);
        if (w->is_host)
            rest = str_n(slashes + 2, rest.n - scheme.n - 2);
    }
    for (size_t i = 0; w->is_host && i < rest.n; i++)
        w->is_host = !strchr("/?#\\", rest.p[i]);
    w->has_host = w->is_host && rest.n;
}

static void put_literal(struct walk *w, struct str s)
{
    note_host(w, s);
    w->is_address = w->is_address || (!w->has_literal && is_address(str_trim(s)));
    w->has_literal = w->has_literal || str_trim(s).n;
    w->is_behind =
        w->is_behind || memchr(s.p ? s.p : "", '?', s.n) || memchr(s.p ? s.p : "", '#', s.n);
    emit_text(&w->e, s.p, s.n);
}

bool line_is_start(const struct piece *p)
{
    return p->pos == 0 || p->file->text.p[p->pos - 1] == '\n';
}

void line_skip_blanks(struct piece *p, size_t to)
{
    struct str text = p->file->text;

    if (!line_is_start(p))
        return;
    for (size_t k = 0; k < p->strip && p->pos < to; k++) {
        if (text.p[p->pos] != ' ' && text.p[p->pos] != '\t')
            return;
        p->pos++;
    }
}

void line_begin(struct walk *w, struct piece *p, size_t to)
{
    if (!p->is_begin)
        return;
    p->is_begin = false;
    line_skip_blanks(p, to);
    emit_text(&w->e, p->indent.p, p->indent.n);
}

static void put_lines(struct walk *w, struct piece *p, size_t to)
{
    while (p->pos < to) {
        const char *end;
        size_t n;

        line_begin(w, p, to);
        end = memchr(p->file->text.p + p->pos, '\n', to - p->pos);
        n = end ? (size_t)(end - p->file->text.p) + 1 - p->pos : to - p->pos;
        put_literal(w, str_n(p->file->text.p + p->pos, n));
        p->pos += n;
        p->is_begin = end != NULL;
    }
}

/* ---- marks */

static void begin_url(struct walk *w, struct piece *p, const struct mark *m)
{
    if (m->from == m->to)
        return;
    line_begin(w, p, m->to);
    p->open = m;
    w->is_url = true;
    w->is_told = m->kind == MARK_TOLD;
    w->has_literal = w->is_address = w->is_behind = w->is_host = w->has_host = false;
    if (!w->is_told)
        return;
    w->url = (uint32_t)w->e.program->nodes;
    emit_node(&w->e, NODE_URL);
    emit_barrier(&w->e);
}

/* A told URL of nothing but text is known already. */
static void end_url(struct walk *w, struct piece *p)
{
    struct program *to = w->e.program;
    struct node *n;

    p->open = NULL;
    w->is_url = false;
    if (!w->is_told)
        return;
    n = &to->node[w->url];
    if (to->nodes == w->url + 1) {
        to->nodes--;
    } else if (to->nodes == w->url + 2 && n[1].kind == NODE_TEXT) {
        *n = (struct node){.kind = NODE_LINK, .index = n[1].index, .end = w->c->t->links++};
        to->nodes--;
    } else {
        n->index = w->c->t->links++;
        n->end = (uint32_t)to->nodes;
    }
    emit_barrier(&w->e);
}

static void begin_mark(struct walk *w, struct piece *p, bool is_shown)
{
    const struct mark *m = &p->file->mark[p->mark++];

    w->c->work++;
    if (m->kind == MARK_HOOK) {
        if (is_shown)
            line_begin(w, p, p->end);
        emit_node(&w->e, NODE_HOOK)->index = m->id;
    } else if (m->kind != MARK_REPLACE) {
        begin_url(w, p, m);
    } else if (is_shown && p->pos <= m->from) {
        line_begin(w, p, m->to);
        emit_text(&w->e, m->text.p, m->text.n);
        p->pos = m->to;
    }
}

/* Where the next mark begins or the open one ends. */
static size_t next_mark(const struct piece *p)
{
    if (p->open)
        return p->open->to;
    if (!p->has_marks || p->mark == p->file->marks || p->file->mark[p->mark].to > p->end)
        return SIZE_MAX;
    return p->file->mark[p->mark].from;
}

void line_go_to(struct walk *w, struct piece *p, size_t to, bool is_shown)
{
    for (;;) {
        size_t at = next_mark(p);
        size_t stop = at < to ? at : to;

        if (is_shown)
            put_lines(w, p, stop);
        if (p->pos < stop) {
            p->pos = stop;
            p->is_begin = line_is_start(p);
        }
        if (at > to)
            return;
        if (p->open)
            end_url(w, p);
        else
            begin_mark(w, p, is_shown);
    }
}

void line_jump(struct piece *p, uint32_t tag, size_t to)
{
    p->tag = tag;
    p->pos = to;
    p->is_begin = line_is_start(p);
    while (p->has_marks && p->mark < p->file->marks && p->file->mark[p->mark].from < to)
        p->mark++;
}

size_t line_first_mark(const struct file *f, size_t from)
{
    size_t low = 0, high = f->marks;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (f->mark[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
