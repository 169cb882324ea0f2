/* load.c: the only place that knows libconfig: text in, a tree of our own out. */
#include "scan.h"

#include <libconfig.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <sluice/base/must.h>
#include <sluice/conf/tree.h>
#include <sluice/os/file.h>

/* libconfig itself stops at ten. */
#define INCLUDE_DEPTH_MAX 8

struct loading {
    const char *path, *dir;
    size_t max_bytes;
    enum conf_includes includes;
    struct problems *problems;
    struct conf_tree *tree;
};

/* The tree's own copy of a file name. Few files, so a linear search. */
static const char *intern(struct conf_tree *t, const char *file)
{
    for (size_t i = 0; i < t->files; i++) {
        if (strcmp(t->file[i], file) == 0)
            return t->file[i];
    }
    t->file = mem_grow(t->file, t->files + 1, sizeof *t->file);
    t->file[t->files] = mem_str(file);
    return t->file[t->files++];
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_str(".");
    return slash == path ? mem_str("/") : mem_strn(path, (size_t)(slash - path));
}

static bool read_text(struct loading *l, const char *path, const char *from_file,
                      unsigned from_line, struct buf *text)
{
    struct err e;

    buf_init(text, l->max_bytes);
    if (file_read(path, text, &e))
        return true;
    problems_add(l->problems, from_file, from_line, "%s", e.text);
    return false;
}

/* Included files go to libconfig by name; before that each gets the same looking over. */
static bool look_over_includes(struct loading *l, const struct scan *s, int depth)
{
    bool ok = true;

    for (size_t i = 0; i < s->include_count; i++) {
        const char *name = s->include[i].name;
        char *path = *name == '/' ? mem_str(name) : mem_printf("%s/%s", l->dir, name);
        struct scan inner = {
            .file = path, .includes = l->includes, .is_included = true, .problems = l->problems};
        struct buf text, copy;

        if (depth == INCLUDE_DEPTH_MAX) {
            problems_add(l->problems, s->file, s->include[i].line,
                         "files include one another too deeply");
            ok = false;
        } else if (!read_text(l, path, s->file, s->include[i].line, &text)) {
            ok = false;
            buf_done(&text);
        } else {
            buf_init(&copy, text.len * 4 + 1024);
            ok = conf_scan(&inner, str_n(text.data, text.len), &copy) && ok;
            ok = look_over_includes(l, &inner, depth + 1) && ok;
            buf_done(&copy);
            buf_done(&text);
            conf_scan_done(&inner);
        }
        free(path);
    }
    return ok;
}

static void take_value(struct conf_node *n, const config_setting_t *from)
{
    switch (config_setting_type(from)) {
    case CONFIG_TYPE_INT:
        n->kind = CONF_INT;
        n->i = from->value.ival;
        break;
    case CONFIG_TYPE_INT64:
        n->kind = CONF_INT;
        n->i = from->value.llval;
        break;
    case CONFIG_TYPE_FLOAT:
        n->kind = CONF_FLOAT;
        n->f = from->value.fval;
        break;
    case CONFIG_TYPE_BOOL:
        n->kind = CONF_BOOL;
        n->i = from->value.ival != 0;
        break;
    case CONFIG_TYPE_STRING:
        n->kind = CONF_STRING;
        n->s = mem_str(from->value.sval ? from->value.sval : "");
        break;
    case CONFIG_TYPE_ARRAY:
        n->kind = CONF_ARRAY;
        break;
    case CONFIG_TYPE_LIST:
        n->kind = CONF_LIST;
        break;
    default:
        n->kind = CONF_GROUP;
        break;
    }
}

/* libconfig names an included file as the @include did, relative to the folder. */
static const char *file_of(struct loading *l, const char *said)
{
    char *path;
    const char *file;

    if (!said)
        return intern(l->tree, l->path);
    path = *said == '/' ? mem_str(said) : mem_printf("%s/%s", l->dir, said);
    file = intern(l->tree, path);
    free(path);
    return file;
}

/* Recursion is bounded by CONF_DEPTH_MAX times the depth of includes. */
static void take(struct loading *l, struct conf_node *n, const config_setting_t *from)
{
    n->name = mem_str(conf_scan_name(from->name));
    n->file = file_of(l, from->file);
    n->line = from->line; /* config_setting_source_line() cuts it to 16 bits */
    take_value(n, from);
    if (n->kind == CONF_FLOAT && !isfinite(n->f))
        problems_add(l->problems, n->file, n->line, "this number is too large");
    if (!config_setting_is_aggregate(from))
        return;
    n->count = (size_t)config_setting_length(from);
    n->child = mem_array(n->count, sizeof *n->child);
    for (size_t i = 0; i < n->count; i++)
        take(l, &n->child[i], config_setting_get_elem(from, (unsigned)i));
}

/* The parser notices the end of the file a line too late. */
static unsigned last_line(const char *text)
{
    unsigned lines = 0;

    for (; *text; text++)
        lines += *text == '\n' && text[1];
    return lines + 1;
}

static void say_parse_error(struct loading *l, const config_t *c, const char *source)
{
    const char *text = config_error_text(c), *file = config_error_file(c);
    unsigned line = config_error_line(c) > 0 ? (unsigned)config_error_line(c) : 0;

    if (!file && line > last_line(source))
        line = last_line(source);
    if (text && strcmp(text, "syntax error") == 0)
        text =
            "syntax error here or just before: name = value; is expected (text in quotes, lists in "
            "( ), groups in { })";
    problems_add(l->problems, file_of(l, file), line, "%s", text ? text : "cannot be parsed");
}

static bool parse(struct loading *l, const char *text)
{
    config_t c;
    bool ok;

    config_init(&c);
    config_set_include_dir(&c, l->dir);
    ok = config_read_string(&c, text) == CONFIG_TRUE;
    if (ok)
        take(l, &l->tree->root, config_root_setting(&c));
    else
        say_parse_error(l, &c, text);
    config_destroy(&c);
    return ok;
}

static bool load(struct loading *l)
{
    struct scan s = {.file = l->path, .includes = l->includes, .problems = l->problems};
    size_t errors = l->problems->errors;
    struct buf text, copy;

    if (read_text(l, l->path, l->path, 0, &text)) {
        /* Room for the marks of repeated names and for L behind numbers: a setting takes at least "a=1 ". */
        buf_init(&copy, text.len * 4 + 1024);
        if (conf_scan(&s, str_n(text.data, text.len), &copy) && look_over_includes(l, &s, 0))
            parse(l, copy.data);
        buf_done(&copy);
        conf_scan_done(&s);
    }
    buf_done(&text);
    return l->problems->errors == errors;
}

struct conf_tree *conf_load(const char *path, size_t max_bytes, enum conf_includes includes,
                            struct problems *p)
{
    char *dir = folder_of(path);
    struct conf_tree *t = mem_new(sizeof *t);
    struct loading l = {.path = path,
                        .dir = dir,
                        .max_bytes = max_bytes,
                        .includes = includes,
                        .problems = p,
                        .tree = t};

    if (!load(&l)) {
        conf_tree_free(t);
        t = NULL;
    }
    free(dir);
    return t;
}
