/* The files of a template: the main one and the partials, each read once. */
#include "compile.h"

#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

#include <stdlib.h>

/* Every line end made CRLF. */
static void normalize(struct buf *out, struct str text)
{
    size_t done = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r' && text.p[i] != '\n')
            continue;
        buf_put(out, text.p + done, i - done);
        buf_put(out, "\r\n", 2);
        if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
            i++;
        done = i + 1;
    }
    buf_put(out, text.p + done, text.n - done);
}

static bool check_text(struct compiler *c, struct str text, const char *path)
{
    size_t bad = utf8_bad_at(text.p, text.n);
    unsigned line = 1;

    if (text.n > TEMPLATE_MAX_BYTES) {
        problems_add(c->problems, path, 0, "larger than %u MiB", TEMPLATE_MAX_BYTES >> 20);
        return false;
    }
    if (bad == text.n && (text.n == 0 || !memchr(text.p, 0, text.n)))
        return true;
    if (bad == text.n)
        bad = (size_t)((const char *)memchr(text.p, 0, text.n) - text.p);
    for (size_t i = 0; i < bad; i++)
        line += text.p[i] == '\n';
    problems_add(c->problems, path, line,
                 text.p[bad] ? "not UTF-8 (save the file as UTF-8)" : "a NUL byte");
    return false;
}

static int add_file(struct compiler *c, struct str name, struct str text, const char *path)
{
    struct file *f = &c->file[c->files];

    *f =
        (struct file){.name = str_n(mem_strn(name.p, name.n), name.n), .given = text, .path = path};
    c->files++;
    map_set(&c->file_of, name, (void *)(uintptr_t)c->files);
    return (int)c->files - 1;
}

int compile_partial(struct compiler *c, const struct file *f, size_t at, struct str name)
{
    void *found = map_get(&c->file_of, name);
    struct str text;
    const char *path;

    if (found)
        return (int)((uintptr_t)found - 1);
    if (!c->source->partial || !c->source->partial(c->source->context, name, &text, &path)) {
        compile_wrong(c, f, at, "there is no partial '%.*s' (a file %.*s.mustache)", SHOWN(name),
                      SHOWN(name));
        return -1;
    }
    if (c->files == FILES_MAX) {
        compile_limit(c, f, at, "more than %d partials", FILES_MAX - 1);
        return -1;
    }
    return add_file(c, name, text, path);
}

bool compile_options(struct compiler *c, const struct file *f, size_t at)
{
    struct str name;

    if (!c->source->partial_name) {
        compile_wrong(c, f, at, "a variable cannot name a partial here");
        return false;
    }
    if (c->has_options)
        return true;
    c->has_options = true;
    for (size_t i = 0; c->source->partial_name(c->source->context, i, &name); i++) {
        int file = compile_partial(c, f, at, name);

        if (file < 0)
            return false;
        c->option = mem_grow(c->option, c->options + 1, sizeof *c->option);
        c->option[c->options++] = (uint32_t)file;
    }
    return true;
}

void compile_file(struct compiler *c, uint32_t i)
{
    struct file *f = &c->file[i];
    struct buf text;
    size_t n;

    if (!f->given.p)
        f->given = str_of("");
    if (!check_text(c, f->given, f->path))
        return;
    buf_init(&text, 2 * TEMPLATE_MAX_BYTES);
    if (c->source->keep_line_ends)
        buf_put(&text, f->given.p, f->given.n);
    else
        normalize(&text, f->given);
    n = text.len;
    f->text = str_n(buf_take(&text), n);
    c->file_bytes += n;
    if (c->file_bytes > 2 * TEMPLATE_MAX_BYTES) {
        if (!c->is_stopped)
            problems_add(c->problems, c->source->file, 0, "with its partials larger than %u MiB",
                         2 * TEMPLATE_MAX_BYTES >> 20);
        c->is_stopped = true;
        return;
    }
    scan_file(c, f);
    if (c->problems->errors == c->errors_before)
        compile_marks(c, f);
}

void compile_file_done(struct file *f)
{
    free((char *)(uintptr_t)f->name.p);
    free((char *)(uintptr_t)f->text.p);
    free(f->tag);
    free(f->mark);
}
