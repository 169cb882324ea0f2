#include "helper_findings.h"

#include <stdio.h>
#include <string.h>

void findings_of(const struct lint *l, const char *check, struct buf *out)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct lint_finding *f = &l->item[i];

        if (check && strcmp(f->check, check) != 0)
            continue;
        buf_printf(out, "%s%s", out->len ? " " : "", lint_level_name(f->level));
        if (!check)
            buf_printf(out, ":%s", f->check);
    }
}

void findings_print(const struct lint *l)
{
    for (size_t i = 0; i < l->count; i++)
        fprintf(stderr, "  %s: %s: %s\n", lint_level_name(l->item[i].level), l->item[i].check,
                l->item[i].text);
}
