/* Nodes of one program, and what they refer to: texts, names, filters, comparisons. */
#include "compile.h"

#include <sluice/base/must.h>

struct node *emit_node(struct emit *e, enum node_kind kind)
{
    struct program *p = e->program;

    if (p->nodes == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 16;
        p->node = mem_grow(p->node, e->cap, sizeof *p->node);
    }
    p->node[p->nodes] = (struct node){.kind = kind};
    e->c->nodes++;
    return &p->node[p->nodes++];
}

void emit_barrier(struct emit *e)
{
    e->barrier = e->program->nodes;
}

void emit_text(struct emit *e, const char *p, size_t n)
{
    struct compiler *c = e->c;
    struct template *t = c->t;
    size_t nodes = e->program->nodes;
    struct node *last = nodes > e->barrier ? &e->program->node[nodes - 1] : NULL;

    if (n == 0)
        return;
    /* A comment or delimiter between two texts leaves one text. */
    if (!last || last->kind != NODE_TEXT) {
        if ((t->fixeds & (t->fixeds - 1)) == 0) {
            size_t cap = t->fixeds ? 2 * t->fixeds : 1;

            t->fixed = mem_grow(t->fixed, cap, sizeof *t->fixed);
            c->text_at = mem_grow(c->text_at, cap, sizeof *c->text_at);
        }
        t->fixed[t->fixeds] = (struct fixed){0};
        c->text_at[t->fixeds] = c->text.len;
        emit_node(e, NODE_TEXT)->index = (uint32_t)t->fixeds;
        t->fixeds++;
    }
    buf_put(&c->text, p, n);
    t->fixed[t->fixeds - 1].raw.n += n;
}

/* ---- names */

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

static uint32_t path_of(struct emit *e, const struct file *f, const struct tag *t, struct str name)
{
    struct compiler *c = e->c;
    void *found = map_get(&c->path, name);
    struct str rest = name, part;
    int slot = -1;

    if (found)
        return (uint32_t)((uintptr_t)found - 1);
    if (!str_is(name, ".")) {
        str_cut(&rest, '.', &part);
        slot = names_slot(c->names, part);
        if (slot < 0) {
            compile_limit(c, f, t->at, "more than %u variables", NAMES_MAX);
            return 0;
        }
    }
    add_path(c, name, slot);
    return (uint32_t)(c->t->paths - 1);
}

/* ---- expressions */

static struct str copy(struct str s)
{
    return str_n(mem_strn(s.p ? s.p : "", s.n), s.n);
}

static uint32_t filtered_of(struct emit *e, const struct file *f, const struct tag *t)
{
    struct written *w = &e->c->expr[t->expr];
    struct template *to = e->c->t;
    struct filtered *v;

    if (w->made)
        return w->made - 1;
    to->filtered = mem_grow(to->filtered, to->filtereds + 1, sizeof *to->filtered);
    v = &to->filtered[to->filtereds++];
    *v = (struct filtered){.path = path_of(e, f, t, w->x.name), .filters = w->x.filters};
    v->filter = mem_array(v->filters, sizeof *v->filter);
    for (size_t i = 0; i < v->filters; i++) {
        v->filter[i] = w->x.filter[i];
        v->filter[i].text = copy(w->x.filter[i].text);
    }
    w->made = (uint32_t)to->filtereds;
    return w->made - 1;
}

static uint32_t test_of(struct emit *e, const struct file *f, const struct tag *t)
{
    struct written *w = &e->c->expr[t->expr];
    struct template *to = e->c->t;
    struct comparison *test;

    if (w->made)
        return w->made - 1;
    to->comparison = mem_grow(to->comparison, to->comparisons + 1, sizeof *to->comparison);
    test = &to->comparison[to->comparisons++];
    *test = (struct comparison){.path = path_of(e, f, t, w->x.name),
                                .right_is_name = w->x.right_is_name,
                                .is_inverted = t->kind == '^',
                                .how = w->x.compare,
                                .right = copy(w->x.right)};
    if (test->right_is_name)
        test->right_path = path_of(e, f, t, w->x.right);
    w->made = (uint32_t)to->comparisons;
    return w->made - 1;
}

static bool has_url_filter(const struct expr *x)
{
    for (size_t i = 0; i < x->filters; i++) {
        if (x->filter[i].kind == FILTER_URL)
            return true;
    }
    return false;
}

void emit_value(struct emit *e, const struct file *f, const struct tag *t, enum value_place place)
{
    enum value_place plain = e->c->source->escape_html ? VALUE_HTML : VALUE_AS_IT_IS;
    uint32_t index = t->expr ? filtered_of(e, f, t) : path_of(e, f, t, t->name);
    struct node *n = emit_node(e, t->expr ? NODE_FILTERED : NODE_VALUE);

    n->index = index;
    n->place = t->kind == '&'                                      ? VALUE_AS_IT_IS
               : t->expr && has_url_filter(&e->c->expr[t->expr].x) ? plain
                                                                   : place;
}

void emit_section(struct emit *e, const struct file *f, const struct tag *t)
{
    uint32_t index = t->expr ? test_of(e, f, t) : path_of(e, f, t, t->name);

    emit_node(e, t->expr          ? NODE_COMPARED
                 : t->kind == '^' ? NODE_INVERTED
                                  : NODE_SECTION)
        ->index = index;
    emit_barrier(e);
}

void emit_dynamic(struct emit *e, const struct file *f, const struct tag *t, uint32_t choice)
{
    uint32_t index = path_of(e, f, t, t->name);
    struct node *n = emit_node(e, NODE_DYNAMIC);

    n->index = index;
    n->end = choice;
}
