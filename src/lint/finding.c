#include "finding.h"

#include <stdarg.h>
#include <stdlib.h>

#include <sluice/base/must.h>

#define FINDING_MAX 4096

const char *lint_level_name(enum lint_level l)
{
    static const char *const names[] = {"error", "warning", "note"};

    MUST((size_t)l < sizeof names / sizeof *names);
    return names[l];
}

void lint_done(struct lint *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->item[i].text);
    free(l->item);
    *l = (struct lint){0};
}

void lint_add(struct lint *l, enum lint_level level, const char *check, const char *format, ...)
{
    struct buf text;
    va_list args;

    buf_init(&text, FINDING_MAX);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    l->item = mem_grow(l->item, l->count + 1, sizeof *l->item);
    l->item[l->count++] = (struct lint_finding){level, check, buf_take(&text)};
}

char *lint_show(char out[SHOWN_SIZE], struct str piece)
{
    piece = str_trim(piece);
    str_copy(out, SHOWN_SIZE, piece);
    for (char *p = out; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    }
    return out;
}

void spot_hit(struct spot *s, unsigned line, struct str example)
{
    if (s->count++ == 0) {
        s->line = line;
        s->example = example;
    }
}

bool spot_has(const struct spot *s)
{
    return s->count > 0;
}
