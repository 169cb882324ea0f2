/* dkim.c: which keys sign whose mail. The keys themselves are read by whoever signs. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include <sluice/conf/domain.h>
#include "parts.h"
#include "paths.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
#define OF_AN_ENTRY_MAX 1000

struct dkim_draft {
    char *domain, *selector, *key_file;
    struct conf_strings from, client;
};

static const struct conf_field fields[] = {
    {"domain", CONF_T_STRING, offsetof(struct dkim_draft, domain), .required = true, .min = 1,
     .max = 253},
    {"selector", CONF_T_STRING, offsetof(struct dkim_draft, selector), .required = true, .min = 1,
     .max = 100},
    {"key_file", CONF_T_STRING, offsetof(struct dkim_draft, key_file), .min = 1, .max = 4000},
    {"from", CONF_T_STRINGS, offsetof(struct dkim_draft, from), .def = NULL},
    {"client", CONF_T_STRINGS, offsetof(struct dkim_draft, client), .def = NULL},
    {0},
};

/* In place; false: said. */
static bool take_domain(char **domain, const struct conf_node *n, const char *path,
                        struct problems *p)
{
    char ascii[DOMAIN_TEXT];

    if (!domain_to_ascii(*domain, ascii) || !strchr(ascii, '.')) {
        conf_say(p, n, path, "not a domain (got \"%.80s\", allowed: one such as \"example.com\")",
                 *domain);
        return false;
    }
    free(*domain);
    *domain = mem_str(ascii);
    return true;
}

static void check_selector(struct dkim_draft *d, const struct conf_node *group, const char *path,
                           struct problems *p)
{
    char own[CONF_PATH], ascii[DOMAIN_TEXT];

    if (domain_to_ascii(d->selector, ascii) && strlen(ascii) == strlen(d->selector)) {
        str_copy(d->selector, strlen(d->selector) + 1, str_of(ascii));
        return;
    }
    conf_path(own, path, "selector");
    conf_say(
        p, conf_find(group, "selector"), own,
        "not a selector (got \"%.80s\", allowed: letters, digits and hyphens, such as \"s2026\")",
        d->selector);
}

static void check_list(struct conf_strings *list, const struct conf_node *group, const char *path,
                       const char *name, struct problems *p)
{
    const struct conf_node *n = conf_find(group, name);
    bool is_clients = strcmp(name, "client") == 0;
    char own[CONF_PATH], item[CONF_PATH];

    conf_path(own, path, name);
    if (list->count > OF_AN_ENTRY_MAX)
        conf_say(p, n, own, "too long a list (got %zu, allowed: %d)", list->count, OF_AN_ENTRY_MAX);
    for (size_t i = 0; i < list->count && i < OF_AN_ENTRY_MAX; i++) {
        const char *text = list->item[i];

        conf_path_index(item, own, i);
        if (!is_clients && strcmp(text, "*") != 0)
            take_domain(&list->item[i], &n->child[i], item, p);
        else if (is_clients && (!*text || text[strspn(text, NAME_CHARS)]))
            conf_say(p, &n->child[i], item,
                     "not a client (got \"%.60s\", allowed: letters, digits, '-', '_')", text);
    }
}

static void check_twice(const struct settings *s, const struct dkim_draft *d,
                        const struct conf_node *group, const char *path, struct problems *p)
{
    for (size_t i = 0; i < s->dkims; i++)
        if (strcmp(s->dkim[i].domain, d->domain) == 0 &&
            strcmp(s->dkim[i].selector, d->selector) == 0)
            conf_say(p, group, path, "the selector \"%.60s\" of %.100s stands in line %u already",
                     d->selector, d->domain, s->dkim[i].at.line);
}

/* Beside those that `sluice key new` made, unless it is said. */
static char *key_path(const struct settings *s, const struct dkim_draft *d)
{
    char *dir, *path;

    if (!d->key_file)
        return mem_printf("%s/%s.%s.pem", s->dkim_dir, d->domain, d->selector);
    dir = path_folder(s->tree->root.file);
    path = path_from(dir, d->key_file);
    free(dir);
    return path;
}

static void add(struct settings *s, struct dkim_draft *d, const struct conf_node *group)
{
    s->dkim = mem_grow(s->dkim, s->dkims + 1, sizeof *s->dkim);
    s->dkim[s->dkims++] = (struct dkim_entry){.domain = d->domain,
                                              .selector = d->selector,
                                              .key_file = key_path(s, d),
                                              .from = d->from.item,
                                              .froms = d->from.count,
                                              .client = d->client.item,
                                              .clients = d->client.count,
                                              .at = {group->file, group->line}};
    *d = (struct dkim_draft){.key_file = d->key_file};
}

void dkim_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *list = part_list(root, "", "dkim", p);

    for (size_t i = 0; list && i < list->count; i++) {
        const struct conf_node *group = &list->child[i];
        struct dkim_draft d = {0};
        char path[CONF_PATH], own[CONF_PATH];

        conf_path_index(path, "dkim", i);
        conf_path(own, path, "domain");
        conf_read(group, path, fields, &d, p);
        check_list(&d.from, group, path, "from", p);
        check_list(&d.client, group, path, "client", p);
        if (d.selector)
            check_selector(&d, group, path, p);
        if (d.domain && take_domain(&d.domain, conf_find(group, "domain"), own, p) && d.selector &&
            s->dkim_dir) {
            check_twice(s, &d, group, path, p);
            add(s, &d, group);
        }
        free(d.domain);
        free(d.selector);
        free(d.key_file);
        conf_strings_done(&d.from);
        conf_strings_done(&d.client);
    }
}

void dkim_done(struct settings *s)
{
    for (size_t i = 0; i < s->dkims; i++) {
        struct dkim_entry *e = &s->dkim[i];

        conf_strings_done(&(struct conf_strings){e->from, e->froms});
        conf_strings_done(&(struct conf_strings){e->client, e->clients});
        free(e->domain);
        free(e->selector);
        free(e->key_file);
    }
    free(s->dkim);
}
