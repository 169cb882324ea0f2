/* What stands inside a tag: names, filters, comparisons. */
#include "compile.h"

#include <sluice/base/must.h>

#define NAME_MAX_BYTES 128

static bool name_is_good(struct compiler *c, const struct file *f, size_t at, struct str name,
                         const char *what)
{
    if (name.n == 0) {
        compile_wrong(c, f, at, "a tag without a name");
        return false;
    }
    if (name.n > NAME_MAX_BYTES) {
        compile_wrong(c, f, at, "a name of more than %d bytes", NAME_MAX_BYTES);
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];

        if (ch <= ' ' || ch == 0x7f || strchr("{}|<>\"'`", ch)) {
            compile_wrong(c, f, at,
                          "'%.*s' is no name of a %s: no blanks, quotes, braces, '|', '<', '>'",
                          SHOWN(name), what);
            return false;
        }
    }
    return true;
}

static bool path_is_good(struct compiler *c, const struct file *f, size_t at, struct str name)
{
    if (!name_is_good(c, f, at, name, "variable"))
        return false;
    if (str_is(name, ".") ||
        (name.p[0] != '.' && name.p[name.n - 1] != '.' && !memmem(name.p, name.n, "..", 2)))
        return true;
    compile_wrong(c, f, at, "'%.*s' has an empty part", SHOWN(name));
    return false;
}

/* A tag with filters or a comparison keeps its expression; a name alone needs none. */
static bool check_expr(struct compiler *c, const struct file *f, struct tag *t)
{
    char why[EXPR_WHY];
    struct expr x;
    bool is_value = t->kind == 'v' || t->kind == '&';

    if (!(is_value ? expr_parse_value(t->name, &x, why) : expr_parse_section(t->name, &x, why))) {
        compile_wrong(c, f, t->at, "%s", why);
        return false;
    }
    if (!path_is_good(c, f, t->at, x.name) ||
        (x.right_is_name && !path_is_good(c, f, t->at, x.right)))
        return false;
    if (x.filters == 0 && x.compare == COMPARE_NONE)
        return true;
    if (c->exprs == 0)
        c->exprs = 1;
    c->expr = mem_grow(c->expr, c->exprs + 1, sizeof *c->expr);
    c->expr[c->exprs] = (struct written){.x = x};
    t->expr = (uint32_t)c->exprs++;
    return true;
}

static bool check_partial(struct compiler *c, const struct file *f, struct tag *t)
{
    int file;

    if (t->name.n && t->name.p[0] == '*') {
        t->is_dynamic = true;
        t->name = str_trim(str_n(t->name.p + 1, t->name.n - 1));
        return path_is_good(c, f, t->at, t->name) && compile_options(c, f, t->at);
    }
    if (!name_is_good(c, f, t->at, t->name, "partial"))
        return false;
    file = compile_partial(c, f, t->at, t->name);
    t->file = file < 0 ? 0 : (uint32_t)file;
    return file >= 0;
}

bool check_tag(struct compiler *c, struct file *f, struct tag *t)
{
    switch (t->kind) {
    case 'v':
    case '&':
    case '#':
    case '^':
        return check_expr(c, f, t);
    case '>':
    case '<':
        return check_partial(c, f, t);
    case '$':
        return name_is_good(c, f, t->at, t->name, "block");
    default:
        return true;
    }
}

static bool is_same_comparison(const struct expr *a, const struct expr *b)
{
    return str_eq(a->name, b->name) && a->compare == b->compare && str_eq(a->right, b->right) &&
           a->right_is_name == b->right_is_name;
}

bool check_ends(const struct compiler *c, const struct tag *open, struct str name)
{
    char why[EXPR_WHY];
    struct expr x;

    if (open->is_dynamic)
        return name.n && name.p[0] == '*' &&
               str_eq(str_trim(str_n(name.p + 1, name.n - 1)), open->name);
    if (str_eq(open->name, name))
        return true;
    if (!open->expr)
        return false;
    if (str_eq(c->expr[open->expr].x.name, name))
        return true;
    return expr_parse_section(name, &x, why) && is_same_comparison(&x, &c->expr[open->expr].x);
}
