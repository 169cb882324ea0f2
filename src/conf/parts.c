/* parts.c: what the parts share, and the smallest of them. (P) */
#include "parts.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

bool part_name_is_plain(const char *name)
{
    size_t n = strlen(name);

    return n >= 1 && n <= 63 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

const struct conf_node *part_list(const struct conf_node *group, const char *path, const char *name,
                                  struct problems *p)
{
    const struct conf_node *list = conf_find(group, name);
    char own[CONF_PATH];

    if (!list || list->kind != CONF_LIST)
        return NULL;
    if (list->count <= ENTRIES_MAX)
        return list;
    conf_path(own, path, name);
    conf_say(p, list, own, "too long a list (got %zu, allowed: %d)", list->count, ENTRIES_MAX);
    return NULL;
}

static void add_limit(struct shaping *s, struct named_limit *l, const struct conf_node *group,
                      const char *path, struct problems *p)
{
    char own[CONF_PATH];

    conf_path(own, path, "name");
    if (!part_name_is_plain(l->name))
        conf_say(p, group, own, "not a name (got \"%.60s\", allowed: a-z, 0-9, '-', '_', '.')",
                 l->name);
    for (size_t i = 0; i < s->limits; i++) {
        if (strcmp(s->limit[i].name, l->name) == 0)
            conf_say(p, group, own, "given to two limits (got \"%s\", which stands in %s:%u)",
                     l->name, s->limit[i].cap.at.file, s->limit[i].cap.at.line);
    }
    s->limit = mem_grow(s->limit, s->limits + 1, sizeof *s->limit);
    s->limit[s->limits++] = *l;
}

void named_limits_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    static const struct conf_field fields[] = {
        {"name", CONF_T_STRING, offsetof(struct named_limit, name), .required = true, .min = 1,
         .max = 63},
        CAP_FIELDS(struct named_limit),
        {0},
    };
    const struct conf_node *list = part_list(root, "", "limits", p);

    for (size_t i = 0; list && i < list->count; i++) {
        const struct conf_node *group = &list->child[i];
        struct named_limit l = {.cap.at = {group->file, group->line}};
        char path[CONF_PATH];

        conf_path_index(path, "limits", i);
        conf_read(group, path, fields, &l, p);
        if (!l.name)
            continue;
        if (!l.cap.connection_limit && !l.cap.max_message_rate.count &&
            !l.cap.max_connection_rate.count)
            conf_say(p, group, path,
                     "limits nothing (allowed: connection_limit, max_message_rate, "
                     "max_connection_rate)");
        add_limit(&s->shaping, &l, group, path, p);
    }
}
