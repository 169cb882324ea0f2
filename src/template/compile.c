/* A template and its partials: first all files are read, then one program after the other is made.
 * Each way to use a partial (its indentation, what replaces its blocks) is a program of its own,
 * found while the ones before it are made. */
#include "compile.h"

#include <sluice/base/must.h>

#include <stdlib.h>

static struct use use_of(uint32_t file, struct str indent, uint32_t blocks)
{
    struct use u = {.file = file, .blocks = blocks, .indent_n = indent.n};

    memcpy(u.indent, indent.p ? indent.p : "", indent.n);
    return u;
}

static bool is_same(const struct use *a, const struct use *b)
{
    return a->file == b->file && a->blocks == b->blocks && a->indent_n == b->indent_n &&
           memcmp(a->indent, b->indent, a->indent_n) == 0;
}

uint32_t compile_program(struct compiler *c, uint32_t file, struct str indent, uint32_t blocks,
                         const struct file *f, size_t at)
{
    struct use u = use_of(file, indent, blocks);

    for (uint32_t i = 0; i < c->t->programs; i++) {
        if (is_same(&c->use[i], &u))
            return i;
    }
    if (c->t->programs == TEMPLATE_MAX_PROGRAMS) {
        compile_limit(
            c, f, at,
            "more than %u partials (each indentation and each replacement of blocks counts)",
            TEMPLATE_MAX_PROGRAMS);
        return 0;
    }
    c->use[c->t->programs] = u;
    return (uint32_t)c->t->programs++;
}

uint32_t compile_choice(struct compiler *c, struct str indent, uint32_t blocks,
                        const struct file *f, size_t at)
{
    struct use u = use_of(0, indent, blocks);
    struct template *t = c->t;
    struct choice *choice;

    for (uint32_t i = 0; i < t->choices; i++) {
        if (is_same(&c->choice_use[i], &u))
            return i;
    }
    if (t->choices == TEMPLATE_MAX_PROGRAMS) {
        compile_limit(c, f, at, "partials that a variable names are used in more than %u ways",
                      TEMPLATE_MAX_PROGRAMS);
        return 0;
    }
    c->choice_use[t->choices] = u;
    t->choice = mem_grow(t->choice, t->choices + 1, sizeof *t->choice);
    choice = &t->choice[t->choices++];
    *choice = (struct choice){.option = mem_array(c->options + 1, sizeof *choice->option)};
    for (size_t i = 0; i < c->options && !c->is_stopped; i++) {
        struct str name = c->file[c->option[i]].name;

        choice->option[choice->options++] = (struct named_program){
            .name = str_n(mem_strn(name.p, name.n), name.n),
            .program = compile_program(c, c->option[i], indent, blocks, f, at)};
    }
    return (uint32_t)t->choices - 1;
}

static void read_files(struct compiler *c)
{
    c->file[0] = (struct file){.path = c->source->file, .given = c->source->text};
    c->files = 1;
    for (uint32_t i = 0; i < c->files && !c->is_stopped; i++)
        compile_file(c, i);
}

static void make_programs(struct compiler *c)
{
    struct template *t = c->t;

    t->programs = 1;
    c->sets = 1;
    for (uint32_t i = 0; i < t->programs && !c->is_stopped && !buf_is_full(&c->text); i++)
        walk_program(c, i);
    if (buf_is_full(&c->text))
        compile_limit(c, c->file, 0, "with its partials larger than %u MiB",
                      2 * TEMPLATE_MAX_BYTES >> 20);
}

static void finish(struct compiler *c)
{
    struct template *t = c->t;

    t->text = buf_take(&c->text);
    for (size_t i = 0; i < t->fixeds; i++)
        t->fixed[i].raw.p = t->text + c->text_at[i];
    free(c->text_at);
    for (size_t i = 0; i < c->files; i++)
        compile_file_done(&c->file[i]);
    for (size_t i = 0; i < c->sets; i++)
        free(c->set[i].block);
    map_done(&c->file_of);
    map_done(&c->path);
    free(c->option);
    free(c->expr);
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
    t->escape_html = s->escape_html;
    buf_init(&c->text, 2 * TEMPLATE_MAX_BYTES);
    map_init(&c->path);
    map_init(&c->file_of);
    t->program = mem_array(TEMPLATE_MAX_PROGRAMS, sizeof *t->program);
    read_files(c);
    if (p->errors == c->errors_before)
        make_programs(c);
    finish(c);
    is_good = p->errors == c->errors_before;
    free(c);
    if (is_good)
        return t;
    template_free(t);
    return NULL;
}
