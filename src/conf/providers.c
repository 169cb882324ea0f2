#include "providers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/windows.h>

#include "limit_fields.h"
#include "parts.h"

#define PROVIDER_FILE_BYTES (1024 * 1024)

void defaults_read(const struct conf_node *group, struct settings *s, struct problems *p)
{
    static const struct conf_node empty = {.kind = CONF_GROUP};
    struct conf_field fields[LIMIT_FIELDS + 1] = {0};
    struct limits_draft d = {0};

    if (!group || group->kind != CONF_GROUP)
        group = &empty;
    limits_fields(fields, true);
    conf_read(group, "defaults", fields, &d, p);
    limits_finish(group, "defaults", &d, &s->shaping, p);
    s->shaping.profiles.fallback = d.limits;
}

/* One entry of providers = ( ... ). */
struct entry {
    struct limits_draft draft; /* first: the offsets of the limits' table fit both */
    char *name;
    struct conf_strings mx_suffix, domains;
    struct windows maintenance, send_windows;
};

static void read_entry(const struct conf_node *group, const char *path, const struct settings *s,
                       struct entry *out, struct problems *p)
{
    static const struct conf_field own[] = {
        {"name", CONF_T_STRING, offsetof(struct entry, name), .required = true, .min = 1,
         .max = 63},
        {"mx_suffix", CONF_T_STRINGS, offsetof(struct entry, mx_suffix), .def = NULL},
        {"domains", CONF_T_STRINGS, offsetof(struct entry, domains), .def = NULL},
        {"maintenance", CONF_T_LIST, .def = NULL},
        {"send_windows", CONF_T_LIST, .def = NULL},
        {"holidays", CONF_T_STRING, offsetof(struct entry, send_windows.holidays), .min = 1,
         .max = 64},
        {"automation", CONF_T_LIST, .def = NULL}, /* rules.c */
    };
    struct conf_field fields[LIMIT_FIELDS + sizeof own / sizeof *own + 1] = {0};

    limits_fields(fields, false);
    memcpy(fields + LIMIT_FIELDS, own, sizeof own);
    conf_read(group, path, fields, out, p);
    limits_finish(group, path, &out->draft, &s->shaping, p);
    windows_read(group, "maintenance", path, s, &out->maintenance, p);
    send_windows_read(group, path, s, &out->send_windows, p);
}

static bool is_host_name(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || n > 253 || s[0] == '.' || s[n - 1] == '.' || strstr(s, ".."))
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

/* Says something of one element of a list of texts. */
static void say_element(const struct conf_node *group, const char *path, const char *list, size_t i,
                        const char *format, const char *got, struct problems *p)
{
    const struct conf_node *n = conf_find(group, list);
    char own[CONF_PATH];
    struct buf text;

    conf_path(own, path, list);
    conf_path_index(own, own, i);
    buf_init(&text, 1000);
    buf_printf(&text, "%s (got \"%.60s\", allowed: ", format, got);
    buf_puts(&text, strcmp(list, "domains") == 0
                        ? "such as \"naver.com\"; IDN domains as xn--...)"
                        : "such as \".naver.com\", with the dot in front)");
    conf_say(p, &n->child[i], own, "%s", text.data);
    buf_done(&text);
}

static void check_names(const struct conf_node *group, const char *path, struct entry *in,
                        struct problems *p)
{
    char own[CONF_PATH];

    conf_path(own, path, "name");
    if (in->name && !part_name_is_plain(in->name))
        conf_say(p, conf_find(group, "name"), own,
                 "not a name (got \"%.60s\", allowed: a-z, 0-9, '-', '_', '.')", in->name);
    if (in->mx_suffix.count == 0 && in->domains.count == 0)
        conf_say(p, group, path, "matches nothing (allowed: mx_suffix, domains or both)");
    for (size_t i = 0; i < in->mx_suffix.count; i++) {
        char *s = in->mx_suffix.item[i];

        str_lower(s, strlen(s));
        if (s[0] != '.' || !is_host_name(s + 1))
            say_element(group, path, "mx_suffix", i, "not an ending of host names", s, p);
    }
    for (size_t i = 0; i < in->domains.count; i++) {
        char *s = in->domains.item[i];

        str_lower(s, strlen(s));
        if (!is_host_name(s))
            say_element(group, path, "domains", i, "not a domain name", s, p);
    }
}

static void check_shared(const struct profile *old, const struct conf_node *group, const char *path,
                         const char *list, char *const *ours, size_t count, char *const *theirs,
                         size_t their_count, struct problems *p)
{
    char own[CONF_PATH];

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < their_count; j++) {
            if (strcmp(ours[i], theirs[j]) != 0)
                continue;
            conf_path(own, path, list);
            conf_path_index(own, own, i);
            conf_say(p, &conf_find(group, list)->child[i], own,
                     "belongs to two providers (got \"%s\", which provider \"%s\" in %s:%u has)",
                     ours[i], old->name, old->file, old->line);
        }
    }
}

/* Two providers that want the same hosts: which one wins would depend on the order of files. (Of two
 * endings that differ the longer one wins.) */
static void check_overlap(const struct settings *s, const struct profile *new,
                          const struct conf_node *group, const char *path, struct problems *p)
{
    for (size_t i = 0; i < s->shaping.profiles.count; i++) {
        const struct profile *old = &s->shaping.profiles.item[i];
        char own[CONF_PATH];

        if (strcmp(old->name, new->name) == 0) {
            conf_path(own, path, "name");
            conf_say(p, group, own, "given to two providers (got \"%s\", which stands in %s:%u)",
                     new->name, old->file, old->line);
        } else {
            check_shared(old, group, path, "mx_suffix", new->mx_suffix, new->mx_suffixes,
                         old->mx_suffix, old->mx_suffixes, p);
            check_shared(old, group, path, "domains", new->domain, new->domains, old->domain,
                         old->domains, p);
        }
    }
}

static void add(struct settings *s, const struct entry *in, const struct conf_node *group,
                const char *path, struct problems *p)
{
    struct profiles *all = &s->shaping.profiles;
    struct profile f = {.name = in->name ? in->name : mem_str("?"),
                        .mx_suffix = in->mx_suffix.item,
                        .mx_suffixes = in->mx_suffix.count,
                        .domain = in->domains.item,
                        .domains = in->domains.count,
                        .limits = in->draft.limits,
                        .maintenance = in->maintenance,
                        .send_windows = in->send_windows,
                        .file = group->file,
                        .line = group->line};

    check_overlap(s, &f, group, path, p);
    all->item = mem_grow(all->item, all->count + 1, sizeof *all->item);
    all->item[all->count++] = f;
}

void providers_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *list = part_list(root, "", "providers", p);

    for (size_t i = 0; list && i < list->count; i++) {
        const struct conf_node *group = &list->child[i];
        struct entry in = {.draft.limits = s->shaping.profiles.fallback};
        char path[CONF_PATH];

        conf_path_index(path, "providers", i);
        if (s->shaping.profiles.count == ENTRIES_MAX) {
            conf_say(p, list, "providers", "too many in all (allowed: %d)", ENTRIES_MAX);
            return;
        }
        read_entry(group, path, s, &in, p);
        if (group->kind != CONF_GROUP)
            continue;
        check_names(group, path, &in, p);
        add(s, &in, group, path, p);
    }
}

static void load_file(struct settings *s, const char *path, struct problems *p)
{
    static const struct conf_field fields[] = {
        {"providers", CONF_T_LIST, .def = NULL}, {"automation", CONF_T_LIST, .def = NULL}, {0}};
    struct conf_tree *t = conf_load(path, PROVIDER_FILE_BYTES, CONF_INCLUDES, p), **last;

    if (!t)
        return;
    conf_read(&t->root, "", fields, NULL, p);
    if (!conf_find(&t->root, "providers") && !conf_find(&t->root, "automation"))
        conf_say(p, &t->root, "", "neither providers nor automation is given");
    for (last = &s->tree->next; *last; last = &(*last)->next)
        ;
    *last = t;
}

static int is_conf_file(const struct dirent *d)
{
    return d->d_name[0] != '.' && str_ends_nocase(str_of(d->d_name), ".conf");
}

void providers_load_dir(struct settings *s, const char *dir, bool is_required, struct problems *p)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, is_conf_file, alphasort);

    if (n < 0 && (is_required || errno != ENOENT)) {
        struct err e;

        err_sys(&e, "cannot read %s", dir);
        conf_say(p, conf_find(&s->tree->root, "provider_dir"), "provider_dir", "%s", e.text);
    }
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, entry[i]->d_name);

        load_file(s, path, p);
        free(path);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}
