/* What a compiled template is asked outside of compiling and running. */
#include <sluice/template/template.h>

#include <sluice/base/must.h>

#include <stdlib.h>

#define PLAIN_LINE_MAX 998 /* RFC 5322 2.1.1 */

void names_init(struct names *n)
{
    map_init(&n->slot);
    n->count = 0;
}

void names_done(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free((char *)(uintptr_t)n->name[i].p);
    map_done(&n->slot);
    n->count = 0;
}

int names_slot(struct names *n, struct str name)
{
    void *found = map_get(&n->slot, name);

    if (found)
        return (int)((uintptr_t)found - 1);
    if (n->count == NAMES_MAX)
        return -1;
    n->name[n->count] = str_n(mem_strn(name.p, name.n), name.n);
    n->count++;
    map_set(&n->slot, name, (void *)(uintptr_t)n->count);
    return (int)n->count - 1;
}

static void free_expressions(struct template *t)
{
    for (size_t i = 0; i < t->filtereds; i++) {
        for (size_t k = 0; k < t->filtered[i].filters; k++)
            free((char *)(uintptr_t)t->filtered[i].filter[k].text.p);
        free(t->filtered[i].filter);
    }
    for (size_t i = 0; i < t->comparisons; i++)
        free((char *)(uintptr_t)t->comparison[i].right.p);
    for (size_t i = 0; i < t->choices; i++) {
        for (size_t k = 0; k < t->choice[i].options; k++)
            free((char *)(uintptr_t)t->choice[i].option[k].name.p);
        free(t->choice[i].option);
    }
    free(t->filtered);
    free(t->comparison);
    free(t->choice);
}

void template_free(struct template *t)
{
    if (!t)
        return;
    free_expressions(t);
    for (size_t i = 0; i < t->programs; i++)
        free(t->program[i].node);
    for (size_t i = 0; i < t->paths; i++) {
        free(t->path[i].part);
        free(t->path[i].text);
    }
    for (size_t i = 0; i < t->fixeds; i++)
        fixed_done(&t->fixed[i]);
    free(t->program);
    free(t->path);
    free(t->fixed);
    free(t->text);
    free(t);
}

/* ASCII without control characters, in lines that every server takes. */
static bool is_plain_text(struct str s)
{
    size_t line = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        line = c == '\n' ? 0 : line + 1;
        /* The line's CR counts, so this is stricter by one byte than it needs to be. */
        if (line > PLAIN_LINE_MAX || c > 0x7e || (c < ' ' && c != '\t' && c != '\r' && c != '\n'))
            return false;
    }
    return true;
}

void template_measure(const struct template *t, size_t *qp, size_t *base64, bool *is_plain)
{
    size_t raw = 0;

    *qp = 0;
    for (size_t i = 0; i < t->fixeds; i++) {
        raw += t->fixed[i].raw.n;
        *qp += qp_size(t->fixed[i].raw);
    }
    *base64 = (raw + 2) / 3 * 4 + 2 * (raw / 57 + 1);
    /* Sections repeat text within a line, so only a template without any tag can be judged. */
    *is_plain = t->program[0].nodes == 0 ||
                (t->program[0].nodes == 1 && t->program[0].node[0].kind == NODE_TEXT &&
                 is_plain_text(t->fixed[t->program[0].node[0].index].raw));
}

void template_encode(struct template *t, enum body_encoding encoding)
{
    for (size_t i = 0; i < t->fixeds; i++)
        fixed_init(&t->fixed[i], encoding, t->fixed[i].raw);
}

uint32_t template_links(const struct template *t)
{
    return t->links;
}
