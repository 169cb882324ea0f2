/* What is wrong with a template, as people look for it: file, line and column. */
#include "compile.h"

#include <sluice/base/utf8.h>

static unsigned place_of(const struct file *f, size_t at, unsigned *column)
{
    size_t start = 0;
    unsigned line = 1;
    uint32_t cp;

    *column = 1;
    for (size_t i = 0; i < at; i++) {
        if (f->text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    for (size_t i = start; i < at; i += utf8_next(f->text.p + i, at - i, &cp))
        ++*column;
    return line;
}

/* What is counted only needs no place: looking for it reads the file each time. */
static bool is_shown(const struct compiler *c)
{
    return c->problems->count < PROBLEMS_MAX;
}

unsigned compile_line_of(const struct compiler *c, const struct file *f, size_t at)
{
    unsigned column;

    return is_shown(c) ? place_of(f, at, &column) : 0;
}

static void say(struct compiler *c, const struct file *f, size_t at, bool is_warning,
                const char *format, va_list args)
{
    struct buf text;
    unsigned line = 0, column = 0;

    if (is_shown(c))
        line = place_of(f, at, &column);
    buf_init(&text, 1024);
    buf_printf(&text, "column %u: ", column);
    buf_vprintf(&text, format, args);
    if (is_warning)
        problems_warn(c->problems, f->path, line, "%s", text.data);
    else
        problems_add(c->problems, f->path, line, "%s", text.data);
    buf_done(&text);
}

void compile_wrong(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(c, f, at, false, format, args);
    va_end(args);
}

void compile_warn(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(c, f, at, true, format, args);
    va_end(args);
}

void compile_limit(struct compiler *c, const struct file *f, size_t at, const char *format, ...)
{
    va_list args;

    if (c->is_stopped)
        return;
    c->is_stopped = true;
    va_start(args, format);
    say(c, f, at, false, format, args);
    va_end(args);
}
