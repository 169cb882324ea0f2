/* check.c: a group of settings against a table of fields. (P) */
#include <string.h>
#include <sluice/base/must.h>

#include "field.h"

#define FIELDS_MAX 64

static void read_one(struct reader *r, const struct conf_field *fields, const struct conf_node *n,
                     const struct conf_node **seen, bool is_part)
{
    enum field_fit fit;
    size_t i = 0;

    while (fields[i].name && strcmp(fields[i].name, n->name) != 0)
        i++;
    MUST(i < FIELDS_MAX);
    if (!fields[i].name) {
        if (!is_part)
            say_unknown_setting(r, fields, n);
        return;
    }
    if (seen[i]) {
        char path[CONF_PATH];

        if (is_part)
            return; /* the table that knows it as ELSEWHERE says so */
        conf_path(path, r->path, n->name);
        conf_say(r->problems, n, path, "given twice; it stands in line %u already", seen[i]->line);
        return;
    }
    seen[i] = n;
    r->field = &fields[i];
    fit = field_store(r, n);
    if (fit != FIELD_STORED)
        say_misfit(r, n, fit);
}

static void read_fields(const struct conf_node *group, const char *path,
                        const struct conf_field *fields, void *target, bool is_part,
                        struct problems *p)
{
    const struct conf_node *seen[FIELDS_MAX] = {0};
    struct reader r = {.path = path, .target = target, .problems = p};

    if (group->kind != CONF_GROUP) {
        conf_say(p, group, path, "not a group (allowed: a group in { })");
        return;
    }
    for (size_t i = 0; i < group->count; i++)
        read_one(&r, fields, &group->child[i], seen, is_part);
    for (size_t i = 0; fields[i].name; i++) {
        if (seen[i])
            continue;
        r.field = &fields[i];
        if (fields[i].required)
            say_missing(&r, group);
        else if (fields[i].def)
            field_store_default(&r);
    }
}

void conf_read(const struct conf_node *group, const char *path, const struct conf_field *fields,
               void *target, struct problems *p)
{
    read_fields(group, path, fields, target, false, p);
}

void conf_read_part(const struct conf_node *group, const char *path,
                    const struct conf_field *fields, void *target, struct problems *p)
{
    if (group->kind == CONF_GROUP) /* else conf_read() says so */
        read_fields(group, path, fields, target, true, p);
}
