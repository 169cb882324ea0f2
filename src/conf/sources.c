/* sources.c: the addresses that mail goes out from, and their pools. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "parts.h"

struct warmup_draft {
    struct wall start;
    struct conf_numbers volumes;
};

static void take_volumes(const struct conf_node *group, const char *path,
                         const struct warmup_draft *d, struct warmup *w, struct problems *p)
{
    const struct conf_node *list = conf_find(group, "volumes");
    char own[CONF_PATH];

    conf_path(own, path, "volumes");
    if (d->volumes.count > WARMUP_DAYS_MAX) {
        conf_say(p, list, own, "too many days (got %zu, allowed: %d)", d->volumes.count,
                 WARMUP_DAYS_MAX);
        return;
    }
    for (size_t i = 0; i < d->volumes.count; i++) {
        w->volume[i] = (uint32_t)d->volumes.item[i];
        if (i && w->volume[i] < w->volume[i - 1])
            problems_warn(p, list->file, list->line,
                          "%s[%zu]: smaller than the day before (got %u after %u)", own, i,
                          w->volume[i], w->volume[i - 1]);
    }
    w->days = (unsigned)d->volumes.count;
}

static void read_warmup(const struct conf_node *group, const char *path, struct warmup *w,
                        struct problems *p)
{
    static const struct conf_field fields[] = {
        {"start", CONF_T_TIME, offsetof(struct warmup_draft, start), .required = true},
        {"volumes", CONF_T_NUMBERS, offsetof(struct warmup_draft, volumes), .required = true,
         .min = 1, .max = 1000000000},
        {0},
    };
    struct warmup_draft d = {0};
    char own[CONF_PATH];

    if (!group || group->kind != CONF_GROUP)
        return;
    conf_path(own, path, "warmup");
    conf_read(group, own, fields, &d, p);
    w->start = d.start;
    w->at = (struct origin){group->file, group->line};
    take_volumes(group, own, &d, w, p);
    free(d.volumes.item);
}

static bool is_address(const char *text)
{
    unsigned char any[16];

    return inet_pton(AF_INET, text, any) == 1 || inet_pton(AF_INET6, text, any) == 1;
}

static void check_source(const struct shaping *all, const struct source *new,
                         const struct conf_node *n, const char *path, struct problems *p)
{
    char own[CONF_PATH];

    for (size_t i = 0; i < all->sources; i++) {
        const struct source *old = &all->source[i];
        bool same_name = strcmp(old->name, new->name) == 0;

        if (!same_name &&
            (!old->address || !new->address || strcmp(old->address, new->address) != 0))
            continue;
        conf_path(own, path, same_name ? "name" : "address");
        conf_say(p, n, own, "given to two sources (got \"%s\", which stands in %s:%u)",
                 same_name ? new->name : new->address, old->at.file, old->at.line);
        return;
    }
}

/* Takes what *new owns. */
static void add_source(struct settings *s, struct source *new, const struct conf_node *n,
                       const char *path, struct problems *p)
{
    struct shaping *all = &s->shaping;
    char own[CONF_PATH];

    conf_path(own, path, "address");
    if (new->address && !is_address(new->address))
        conf_say(p, n, own,
                 "not an IP address (got \"%.60s\", allowed: one such as "
                 "\"203.0.113.10\")",
                 new->address);
    check_source(all, new, n, path, p);
    if (all->sources == SOURCES_MAX)
        conf_say(p, n, path, "too many sources (allowed: %d)", SOURCES_MAX);
    all->source = mem_grow(all->source, all->sources + 1, sizeof *all->source);
    all->source[all->sources++] = *new;
}

static void read_source(struct settings *s, const struct conf_node *group, const char *path,
                        struct problems *p)
{
    static const struct conf_field fields[] = {
        {"name", CONF_T_STRING, offsetof(struct source, name), .min = 1, .max = 63},
        {"address", CONF_T_STRING, offsetof(struct source, address), .min = 1, .max = 45},
        {"ehlo_name", CONF_T_STRING, offsetof(struct source, ehlo_name), .min = 1, .max = 253},
        CAP_FIELDS(struct source),
        {"warmup", CONF_T_GROUP, .def = NULL},
        {0},
    };
    struct source new = {.at = {group->file, group->line}};
    size_t errors = p->errors;
    char own[CONF_PATH];

    new.cap.at = new.at;
    conf_read(group, path, fields, &new, p);
    conf_path(own, path, "name");
    if (new.name && !part_name_is_plain(new.name))
        conf_say(p, group, own, "not a name (got \"%.60s\", allowed: a-z, 0-9, '-', '_', '.')",
                 new.name);
    else if (!new.name && !new.address && p->errors == errors)
        conf_say(p, group, path, "neither name nor address is given");
    if (!new.name)
        new.name = mem_str(new.address ? new.address : "");
    part_check_ehlo_name(group, path, new.ehlo_name, p);
    if (group->kind == CONF_GROUP)
        read_warmup(conf_find(group, "warmup"), path, &new.warmup, p);
    add_source(s, &new, group, path, p);
}

static void read_short_form(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *list = conf_find(root, "source_addresses");

    if (list && conf_find(root, "sources"))
        conf_say(p, list, "source_addresses", "does not go together with sources");
    for (size_t i = 0; i < s->source_addresses.count; i++) {
        const struct conf_node *n = &list->child[i];
        struct source new = {.name = mem_str(s->source_addresses.item[i]),
                             .address = mem_str(s->source_addresses.item[i]),
                             .cap.at = {n->file, n->line},
                             .at = {n->file, n->line}};
        char path[CONF_PATH];

        conf_path_index(path, "source_addresses", i);
        add_source(s, &new, n, path, p);
    }
}

/* ---- pools ---- */

void pools_done(struct pools *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->item[i].name);
    free(p->item);
    *p = (struct pools){0};
}

struct pool_draft {
    char *name;
    struct conf_strings sources;
};

static uint64_t source_bits(const struct shaping *all, const struct pool_draft *d,
                            const struct conf_node *list, const char *path, struct problems *p)
{
    const char **names = mem_array(all->sources + 1, sizeof *names);
    char own[CONF_PATH];
    uint64_t bits = 0;

    for (size_t i = 0; i < all->sources; i++)
        names[i] = all->source[i].name;
    conf_path(own, path, "sources");
    for (size_t i = 0; i < d->sources.count; i++) {
        size_t found = 0;
        char item[CONF_PATH];

        while (found < all->sources && strcmp(names[found], d->sources.item[i]) != 0)
            found++;
        conf_path_index(item, own, i);
        if (found == all->sources)
            conf_say_unknown(p, &list->child[i], item, "source", d->sources.item[i], names,
                             all->sources);
        else if (found < SOURCES_MAX)
            bits |= UINT64_C(1) << found;
    }
    if (d->sources.count == 0 && list)
        conf_say(p, list, own, "empty (allowed: names of sources)");
    free(names);
    return bits;
}

static void read_pool(const struct shaping *all, const struct conf_node *group, const char *path,
                      struct pools *pools, struct problems *p)
{
    static const struct conf_field fields[] = {
        {"name", CONF_T_STRING, offsetof(struct pool_draft, name), .required = true, .min = 1,
         .max = 63},
        {"sources", CONF_T_STRINGS, offsetof(struct pool_draft, sources), .required = true},
        {0},
    };
    struct pool_draft d = {0};
    struct pool pool;

    conf_read(group, path, fields, &d, p);
    pool = (struct pool){d.name, source_bits(all, &d, conf_find(group, "sources"), path, p)};
    conf_strings_done(&d.sources);
    if (!pool.name)
        return;
    for (size_t i = 0; i < pools->count; i++) {
        if (strcmp(pools->item[i].name, pool.name) == 0)
            conf_say(p, group, path, "there are two pools of this name (got \"%s\")", pool.name);
    }
    pools->item = mem_grow(pools->item, pools->count + 1, sizeof *pools->item);
    pools->item[pools->count++] = pool;
}

void sources_read(struct settings *s, const struct conf_node *root, struct pools *pools,
                  struct problems *p)
{
    const struct conf_node *list = part_list(root, "", "sources", p);
    char path[CONF_PATH];

    for (size_t i = 0; list && i < list->count; i++) {
        conf_path_index(path, "sources", i);
        read_source(s, &list->child[i], path, p);
    }
    read_short_form(s, root, p);
    if (s->shaping.sources == 0) {
        s->shaping.source = mem_array(1, sizeof *s->shaping.source);
        s->shaping.sources = 1;
        s->shaping.source[0].name = mem_str("default");
    }
    list = part_list(root, "", "source_pools", p);
    for (size_t i = 0; list && i < list->count; i++) {
        conf_path_index(path, "source_pools", i);
        read_pool(&s->shaping, &list->child[i], path, pools, p);
    }
}
