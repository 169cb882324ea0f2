/* Runs a compiled template over one recipient's variables. Nothing is allocated but for strings
 * with JSON escapes. */
#include "run.h"

#include <sluice/base/must.h>

#define SCRATCH_MAX (1024u * 1024)
#define FILTER_STEP_BYTES 64 /* of a value that is looked at whole count as a step */
#define NESTED_RUN_MAX 160   /* of our own stack: about 500 bytes each, of a worker's 256 KiB */

static const char too_much[] = "too much work for one message";
static const char too_large[] = "the message gets too large";

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

    /* Nearly all names of nearly all templates. */
    if (i == 0 && path->parts == 1 && r->slot && r->root.kind == JSON_VIEW_NONE)
        return r->slot[path->slot];
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

/* The value as a text, which may lie in *space (empty; the caller's to free). False: there is none,
 * or it has none. */
static bool text_of(struct run *r, struct json_view v, struct buf *space, struct str *text)
{
    r->steps += (uint32_t)(v.n / FILTER_STEP_BYTES);
    *text = str_n(NULL, 0);
    if (v.kind == JSON_VIEW_STRING && !memchr(v.p, '\\', v.n)) {
        *text = str_n(v.p + 1, v.n - 2);
    } else if (v.kind == JSON_VIEW_STRING) {
        buf_init(space, SCRATCH_MAX);
        json_view_text(v, space);
        *text = str_n(space->data, space->len);
    } else if (v.kind == JSON_VIEW_NUMBER || v.kind == JSON_VIEW_TRUE ||
               v.kind == JSON_VIEW_FALSE) {
        *text = str_n(v.p, v.n);
    }
    return text->p != NULL;
}

static bool run_compared(const struct template *t, const struct program *p, uint32_t at,
                         struct run *r)
{
    const struct comparison *test = &t->comparison[p->node[at].index];
    struct str left, right = test->right;
    struct buf space[2] = {{0}};
    bool has_left, holds;

    has_left = text_of(r, lookup(r, &t->path[test->path]), &space[0], &left);
    if (test->right_is_name)
        text_of(r, lookup(r, &t->path[test->right_path]), &space[1], &right);
    holds = compare_holds(test->how, left, has_left, right);
    buf_done(&space[0]);
    buf_done(&space[1]);
    return holds == test->is_inverted || run_nodes(t, p, at + 1, p->node[at].end, r);
}

static bool run_program(const struct template *t, uint32_t program, struct run *r)
{
    const struct program *called = &t->program[program];
    bool went_on;

    if (r->levels == TEMPLATE_MAX_DEPTH)
        return fail(r, "partials call one another too deep");
    r->levels++;
    went_on = run_nodes(t, called, 0, (uint32_t)called->nodes, r);
    r->levels--;
    return went_on;
}

/* ---- values */

static bool is_empty(struct json_view v)
{
    return v.kind == JSON_VIEW_NONE || v.kind == JSON_VIEW_NULL ||
           (v.kind == JSON_VIEW_STRING && v.n == 2);
}

static void stays_empty(struct run *r, const struct path *path)
{
    if (!r->missing)
        r->missing = path->text;
    if (r->empty)
        r->empty(r->arg, path->text);
}

static void put_text(const struct template *t, const struct node *n, const char *p, size_t length,
                     struct run *r)
{
    if (n->place > VALUE_HTML)
        url_put_value(r->sink, str_n(p, length), n->place, t->escape_html);
    else if (r->is_captured)
        url_put_clean(r->sink, str_n(p, length), n->place == VALUE_HTML);
    else
        sink_value(r->sink, p, length, n->place == VALUE_HTML);
}

static void put_value(const struct template *t, const struct node *n, struct json_view v,
                      struct run *r)
{
    struct buf space;

    if (v.kind == JSON_VIEW_STRING && !memchr(v.p, '\\', v.n)) {
        put_text(t, n, v.p + 1, v.n - 2, r);
        return;
    }
    if (v.kind == JSON_VIEW_NUMBER || v.kind == JSON_VIEW_TRUE || v.kind == JSON_VIEW_FALSE) {
        put_text(t, n, v.p, v.n, r);
        return;
    }
    if (v.kind != JSON_VIEW_STRING)
        return; /* null is empty; lists and objects have no text */
    buf_init(&space, SCRATCH_MAX);
    json_view_text(v, &space);
    r->sink->out->full = r->sink->out->full || buf_is_full(&space);
    put_text(t, n, space.data, space.len, r);
    buf_done(&space);
}

static void run_value(const struct template *t, const struct node *n, struct run *r)
{
    const struct path *path = &t->path[n->index];
    struct json_view v = lookup(r, path);

    if (is_empty(v))
        stays_empty(r, path);
    if (r->sink)
        put_value(t, n, v, r);
}

static void run_filtered(const struct template *t, const struct node *n, struct run *r)
{
    const struct filtered *f = &t->filtered[n->index];
    struct buf *out = &r->scratch[0];
    struct buf space = {0};
    struct str text;
    bool has_text;

    buf_clear(out);
    has_text = text_of(r, lookup(r, &t->path[f->path]), &space, &text);
    has_text = filters_apply(f->filter, f->filters, text, has_text, out);
    r->steps += (uint32_t)(out->len / FILTER_STEP_BYTES);
    if (!has_text)
        stays_empty(r, &t->path[f->path]);
    if (r->sink) {
        r->sink->out->full = r->sink->out->full || buf_is_full(&space) || buf_is_full(out);
        put_text(t, n, out->data, out->len, r);
    }
    buf_done(&space);
}

/* A name that is no partial's writes nothing. */
static bool run_dynamic(const struct template *t, const struct node *n, struct run *r)
{
    const struct choice *choice = &t->choice[n->end];
    uint32_t program = UINT32_MAX;
    struct buf space = {0};
    struct str name;

    text_of(r, lookup(r, &t->path[n->index]), &space, &name);
    for (size_t i = 0; i < choice->options && program == UINT32_MAX; i++) {
        if (str_eq(choice->option[i].name, name))
            program = choice->option[i].program;
    }
    buf_done(&space);
    r->steps += (uint32_t)(choice->options / 16);
    if (program != UINT32_MAX)
        return run_program(t, program, r);
    stays_empty(r, &t->path[n->index]);
    return true;
}

/* ---- URLs */

/* Tells of the URL and writes what is to stand there; `f`: it is this fixed text. */
static bool tell(struct run *r, uint32_t link, struct str url, const struct fixed *f)
{
    struct buf *out = &r->scratch[0];

    buf_clear(out);
    if (r->url(r->arg, link, r->turn[link]++, url, out)) {
        if (buf_is_full(out))
            return fail(r, too_large);
        url = str_n(out->data, out->len);
        f = NULL;
    }
    if (r->sink && f)
        sink_fixed(r->sink, f);
    else if (r->sink)
        sink_value(r->sink, url.p, url.n, false);
    return true;
}

/* What stands in it is written apart first. */
static bool run_url(const struct template *t, const struct program *p, uint32_t at, struct run *r)
{
    const struct node *n = &p->node[at];
    struct buf *url = &r->scratch[1];
    struct sink *outer = r->sink;
    struct sink sink;
    bool went_on;

    if (!r->url)
        return run_nodes(t, p, at + 1, n->end, r);
    buf_clear(url);
    sink_begin(&sink, url, BODY_RAW);
    r->sink = &sink;
    r->is_captured = true;
    went_on = run_nodes(t, p, at + 1, n->end, r);
    r->is_captured = false;
    r->sink = outer;
    if (!went_on)
        return false;
    if (buf_is_full(url))
        return fail(r, too_large);
    return tell(r, n->index, str_n(url->data, url->len), NULL);
}

/* ---- nodes */

/* Those that have something inside, or lead elsewhere. */
static bool run_group(const struct template *t, const struct program *p, uint32_t at, struct run *r)
{
    const struct node *n = &p->node[at];
    bool went_on;

    if (r->nested == NESTED_RUN_MAX)
        return fail(r, "sections are nested too deep");
    r->nested++;
    switch (n->kind) {
    case NODE_SECTION:
    case NODE_INVERTED:
        went_on = run_section(t, p, at, r);
        break;
    case NODE_COMPARED:
        went_on = run_compared(t, p, at, r);
        break;
    case NODE_URL:
        went_on = run_url(t, p, at, r);
        break;
    case NODE_PARTIAL:
        went_on = run_program(t, n->index, r);
        break;
    default:
        went_on = run_dynamic(t, n, r);
    }
    r->nested--;
    return went_on;
}

static bool run_link(const struct template *t, const struct node *n, struct run *r)
{
    const struct fixed *f = &t->fixed[n->index];

    if (r->url)
        return tell(r, n->end, f->raw, f);
    if (r->sink)
        sink_fixed(r->sink, f);
    return true;
}

static bool run_nodes(const struct template *t, const struct program *p, uint32_t from, uint32_t to,
                      struct run *r)
{
    for (uint32_t i = from; i < to; i++) {
        const struct node *n = &p->node[i];

        if (++r->steps > TEMPLATE_MAX_STEPS)
            return fail(r, too_much);
        if (r->sink && buf_is_full(r->sink->out))
            return fail(r, too_large);
        switch (n->kind) {
        case NODE_TEXT:
            if (r->sink)
                sink_fixed(r->sink, &t->fixed[n->index]);
            break;
        case NODE_VALUE:
            run_value(t, n, r);
            break;
        case NODE_FILTERED:
            run_filtered(t, n, r);
            break;
        case NODE_LINK:
            if (!run_link(t, n, r))
                return false;
            break;
        case NODE_HOOK:
            if (r->hook && r->sink)
                r->hook(r->arg, n->index, r->sink);
            break;
        case NODE_PARTIAL:
        case NODE_DYNAMIC:
            if (!run_group(t, p, i, r))
                return false;
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
        case NODE_COMPARED:
        case NODE_URL:
            if (!run_group(t, p, i, r))
                return false;
            i = n->end - 1;
            break;
        }
    }
    return true;
}

static bool run_all(const struct template *t, struct run *r)
{
    r->failed = NULL;
    r->depth = 0;
    r->levels = 0;
    r->nested = 0;
    r->steps = 0;
    r->is_captured = false;
    return run_nodes(t, &t->program[0], 0, (uint32_t)t->program[0].nodes, r);
}

bool template_run(const struct template *t, struct run *r)
{
    struct buf own[2];
    bool went_on;

    MUST(!r->url || r->turn || t->links == 0);
    if (r->scratch || (t->filtereds == 0 && t->links == 0))
        return run_all(t, r);
    buf_init(&own[0], SCRATCH_MAX);
    buf_init(&own[1], SCRATCH_MAX);
    r->scratch = own;
    went_on = run_all(t, r);
    r->scratch = NULL;
    buf_done(&own[0]);
    buf_done(&own[1]);
    return went_on;
}
