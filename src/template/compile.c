/* A template and its partials, one program after the other: each partial at each indentation that
 * it is used with is a program of its own, found while the ones before it are read. */
#include "compile.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <stdlib.h>

/* The text as it is compiled: line ends made CRLF, and `indent` before each line. */
static void prepare(struct buf *out, struct str text, struct str indent, bool keep_line_ends)
{
    bool at_start = true;

    for (size_t i = 0; i < text.n; i++) {
        char ch = text.p[i];
        bool pair = ch == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';

        if (at_start)
            buf_put(out, indent.p, indent.n);
        at_start = ch == '\n' || (ch == '\r' && !keep_line_ends && !pair);
        if (keep_line_ends || (ch != '\r' && ch != '\n'))
            buf_putc(out, ch);
        else if (!pair)
            buf_put(out, "\r\n", 2);
    }
}

static bool check_text(struct compiler *c, struct str text, const char *file)
{
    size_t bad = utf8_bad_at(text.p, text.n);
    unsigned line = 1;

    if (text.n > TEMPLATE_MAX_BYTES) {
        problems_add(c->problems, file, 0, "larger than %u MiB", TEMPLATE_MAX_BYTES >> 20);
        return false;
    }
    if (bad == text.n && (text.n == 0 || !memchr(text.p, 0, text.n)))
        return true;
    if (bad == text.n)
        bad = (size_t)((const char *)memchr(text.p, 0, text.n) - text.p);
    for (size_t i = 0; i < bad; i++)
        line += text.p[i] == '\n';
    problems_add(c->problems, file, line,
                 text.p[bad] ? "not UTF-8 (save the file as UTF-8)" : "a NUL byte");
    return false;
}

static void compile_program(struct compiler *c, size_t i)
{
    struct program *p = &c->t->program[i];
    const struct partial_use *u = &c->use[i];
    struct buf source;

    p->file = u->file;
    if (!check_text(c, u->text, u->file))
        return;
    buf_init(&source, 2 * TEMPLATE_MAX_BYTES);
    prepare(&source, u->text, u->indent, c->source->keep_line_ends);
    if (buf_is_full(&source))
        problems_add(c->problems, u->file, 0, "larger than %u MiB", TEMPLATE_MAX_BYTES >> 20);
    else
        scan_program(c, p, str_n(source.data, source.len), u->indent.n);
    buf_done(&source);
}

static void finish(struct compiler *c)
{
    struct template *t = c->t;

    for (size_t i = 1; i < t->programs; i++) {
        free((char *)(uintptr_t)c->use[i].name.p);
        free((char *)(uintptr_t)c->use[i].indent.p);
    }
    if (buf_is_full(&c->text))
        problems_add(c->problems, c->source->file, 0, "with its partials larger than %u MiB",
                     TEMPLATE_MAX_BYTES >> 20);
    t->text = buf_take(&c->text);
    for (size_t i = 0; i < t->fixeds; i++)
        t->fixed[i].raw.p = t->text + c->text_at[i];
    free(c->text_at);
    map_done(&c->path);
}

struct template *template_new(const struct template_source *s, struct names *names,
                              struct problems *p)
{
    struct compiler *c = mem_array(1, sizeof *c);
    struct template *t = mem_array(1, sizeof *t);
    bool is_good;

    c->source = s;
    c->names = names;
    c->problems = p;
    c->errors_before = p->errors;
    c->t = t;
    c->use[0] = (struct partial_use){.text = s->text, .file = s->file};
    buf_init(&c->text, 2 * TEMPLATE_MAX_BYTES);
    map_init(&c->path);
    t->program = mem_array(TEMPLATE_MAX_PROGRAMS, sizeof *t->program);
    t->programs = 1;
    for (size_t i = 0; i < t->programs; i++)
        compile_program(c, i);
    finish(c);
    is_good = p->errors == c->errors_before;
    free(c);
    if (is_good)
        return t;
    template_free(t);
    return NULL;
}
