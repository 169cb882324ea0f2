/* Runs a compiled template over one recipient's variables. Nothing is allocated but for strings
 * with JSON escapes. */
#include <sluice/template/template.h>

#define SCRATCH_MAX (1024u * 1024)

static const char too_much[] = "too much work for one message";

static bool fail(struct run *r, const char *why)
{
    r->failed = why;
    return false;
}

/* Looking for a name reads the JSON text it looks into: work is counted by what it reads, or a
 * large row in nested sections would keep a connection busy for minutes. */
static bool look_into(struct run *r, struct json_view v, struct str key, struct json_view *out)
{
    r->steps += (uint32_t)(v.n / TEMPLATE_STEP_BYTES);
    return json_view_key(v, key, out);
}

/* The first part of a name goes up through the open sections, then to the recipient's variables;
 * the others are looked for in what it found, and nowhere else. */
static struct json_view lookup(struct run *r, const struct path *path)
{
    static const struct json_view none = {NULL, 0, JSON_VIEW_NONE};
    struct json_view v = none;
    unsigned i = r->depth;

    if (path->parts == 0)
        return r->depth ? r->stack[r->depth - 1] : r->root;
    while (i > 0 && !look_into(r, r->stack[i - 1], path->part[0], &v))
        i--;
    if (i == 0 && !look_into(r, r->root, path->part[0], &v))
        v = r->slot ? r->slot[path->slot] : none;
    for (size_t k = 1; k < path->parts && v.kind != JSON_VIEW_NONE; k++) {
        struct json_view inner;

        v = look_into(r, v, path->part[k], &inner) ? inner : none;
    }
    return v;
}

static void put_value(struct sink *s, struct json_view v, bool escape)
{
    struct buf scratch;

    if (v.kind == JSON_VIEW_STRING && !memchr(v.p, '\\', v.n)) {
        sink_value(s, v.p + 1, v.n - 2, escape);
        return;
    }
    if (v.kind == JSON_VIEW_NUMBER || v.kind == JSON_VIEW_TRUE || v.kind == JSON_VIEW_FALSE) {
        sink_value(s, v.p, v.n, escape);
        return;
    }
    if (v.kind != JSON_VIEW_STRING)
        return; /* null is empty; lists and objects have no text */
    buf_init(&scratch, SCRATCH_MAX);
    json_view_text(v, &scratch);
    s->out->full = s->out->full || buf_is_full(&scratch);
    sink_value(s, scratch.data, scratch.len, escape);
    buf_done(&scratch);
}

/* Absent, null, false, an empty list; and the empty string, because a CSV cell has no other way to
 * say no. */
static bool is_false(struct json_view v)
{
    struct json_view first;
    size_t at = 0;

    switch (v.kind) {
    case JSON_VIEW_NONE:
    case JSON_VIEW_NULL:
    case JSON_VIEW_FALSE:
        return true;
    case JSON_VIEW_STRING:
        return v.n == 2;
    case JSON_VIEW_ARRAY:
        return !json_view_each(v, &at, NULL, &first);
    default:
        return false;
    }
}

static bool run_nodes(const struct template *t, const struct program *p, uint32_t from, uint32_t to,
                      struct run *r);

static bool run_inside(const struct template *t, const struct program *p, uint32_t at,
                       struct json_view v, struct run *r)
{
    bool went_on;

    if (r->depth == TEMPLATE_MAX_DEPTH)
        return fail(r, "sections are nested too deep");
    r->steps += 1 + (uint32_t)(v.n / TEMPLATE_STEP_BYTES);
    if (r->steps > TEMPLATE_MAX_STEPS)
        return fail(r, too_much);
    r->stack[r->depth++] = v;
    went_on = run_nodes(t, p, at + 1, p->node[at].end, r);
    r->depth--;
    return went_on;
}

static bool run_section(const struct template *t, const struct program *p, uint32_t at,
                        struct run *r)
{
    struct json_view v = lookup(r, &t->path[p->node[at].index]);
    struct json_view item;
    size_t i = 0;

    if (is_false(v) != (p->node[at].kind == NODE_INVERTED))
        return true;
    if (p->node[at].kind == NODE_INVERTED)
        return run_nodes(t, p, at + 1, p->node[at].end, r);
    if (v.kind != JSON_VIEW_ARRAY)
        return run_inside(t, p, at, v, r);
    while (json_view_each(v, &i, NULL, &item)) {
        if (!run_inside(t, p, at, item, r))
            return false;
    }
    return true;
}

static bool run_partial(const struct template *t, const struct node *n, struct run *r)
{
    const struct program *called = &t->program[n->index];
    bool went_on;

    if (r->levels == TEMPLATE_MAX_DEPTH)
        return fail(r, "partials call one another too deep");
    r->levels++;
    went_on = run_nodes(t, called, 0, (uint32_t)called->nodes, r);
    r->levels--;
    return went_on;
}

static bool is_empty(struct json_view v)
{
    return v.kind == JSON_VIEW_NONE || v.kind == JSON_VIEW_NULL ||
           (v.kind == JSON_VIEW_STRING && v.n == 2);
}

static void run_value(const struct template *t, const struct node *n, struct run *r)
{
    const struct path *path = &t->path[n->index];
    struct json_view v = lookup(r, path);

    if (v.kind == JSON_VIEW_NONE && !r->missing)
        r->missing = path->text;
    if (r->empty && is_empty(v))
        r->empty(r->arg, path->text);
    if (r->sink)
        put_value(r->sink, v, n->escape);
}

static bool run_nodes(const struct template *t, const struct program *p, uint32_t from, uint32_t to,
                      struct run *r)
{
    for (uint32_t i = from; i < to;) {
        const struct node *n = &p->node[i];

        if (++r->steps > TEMPLATE_MAX_STEPS)
            return fail(r, too_much);
        if (r->sink && buf_is_full(r->sink->out))
            return fail(r, "the message gets too large");
        switch (n->kind) {
        case NODE_TEXT:
            if (r->sink)
                sink_fixed(r->sink, &t->fixed[n->index]);
            break;
        case NODE_VALUE:
            run_value(t, n, r);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            if (!run_section(t, p, i, r))
                return false;
            i = n->end;
            continue;
        case NODE_PARTIAL:
            if (!run_partial(t, n, r))
                return false;
            break;
        }
        i++;
    }
    return true;
}

bool template_run(const struct template *t, struct run *r)
{
    r->failed = NULL;
    r->depth = 0;
    r->levels = 0;
    r->steps = 0;
    return run_nodes(t, &t->program[0], 0, (uint32_t)t->program[0].nodes, r);
}
