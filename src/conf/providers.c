#include "providers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#define PROVIDER_FILE_BYTES (1024 * 1024)
#define PROVIDERS_MAX 5000
#define YEAR_MS (366LL * 86400 * 1000)

static const char *const tls_modes[] = {"Disabled", "Opportunistic", NULL};

#define AT(field) offsetof(struct limits, field)

/* The one table of limits; the defaults of `defaults` and the reasons are in docs/configuration.md.
 */
static const struct conf_field limit_fields[] = {
    {"connection_limit", CONF_T_INT, AT(connection_limit), .def = "10", .min = 1, .max = 10000},
    {"max_connection_rate", CONF_T_RATE, AT(max_connection_rate), .def = "100/min"},
    {"max_message_rate", CONF_T_RATE, AT(max_message_rate), .def = "100/s"},
    {"max_deliveries_per_connection", CONF_T_INT, AT(max_deliveries_per_connection), .def = "100",
     .min = 1, .max = 1000000},
    {"retry_interval", CONF_T_DURATION, AT(retry_interval_ms), .def = "20 min", .min = 1,
     .max = YEAR_MS},
    {"max_retry_interval", CONF_T_DURATION, AT(max_retry_interval_ms), .def = "4 h", .min = 1,
     .max = YEAR_MS},
    {"consecutive_connection_failures_before_delay", CONF_T_INT,
     AT(consecutive_connection_failures_before_delay), .def = "100", .min = 1, .max = 1000000},
    {"idle", CONF_T_DURATION, AT(idle_ms), .def = "60 s", .min = 0, .max = 3600 * 1000},
    {"smtp_port", CONF_T_INT, AT(smtp_port), .def = "25", .min = 1, .max = 65535},
    {"enable_tls", CONF_T_CHOICE, AT(enable_tls), .def = "Opportunistic", .choices = tls_modes},
};
#define LIMIT_FIELDS (sizeof limit_fields / sizeof *limit_fields)

static void check_limits(const struct conf_node *group, const struct limits *l, struct problems *p)
{
    if (l->retry_interval_ms > l->max_retry_interval_ms)
        problems_add(p, group->file, group->line,
                     "'retry_interval' is longer than 'max_retry_interval' here");
}

void defaults_read(const struct conf_node *group, struct limits *out, struct problems *p)
{
    static const struct conf_node empty = {.kind = CONF_GROUP};
    struct conf_field fields[LIMIT_FIELDS + 1] = {0};

    memcpy(fields, limit_fields, sizeof limit_fields);
    conf_read(group ? group : &empty, "'defaults'", fields, out, p);
    if (group)
        check_limits(group, out, p);
}

/* What one entry of providers = ( ... ) holds beside the limits. */
struct entry {
    struct limits limits; /* first: limit_fields' offsets fit both */
    char *name;
    struct conf_strings mx_suffix, domains;
};

static void read_entry(const struct conf_node *group, struct entry *out, struct problems *p)
{
    static const struct conf_field own[] = {
        {"name", CONF_T_STRING, offsetof(struct entry, name), .required = true, .min = 1,
         .max = 63},
        {"mx_suffix", CONF_T_STRINGS, offsetof(struct entry, mx_suffix), .def = NULL},
        {"domains", CONF_T_STRINGS, offsetof(struct entry, domains), .def = NULL},
    };
    struct conf_field fields[LIMIT_FIELDS + sizeof own / sizeof *own + 1] = {0};
    const struct conf_node *name = conf_find(group, "name");
    char what[96] = "this provider";

    if (name && name->kind == CONF_STRING)
        str_copy(what, sizeof what, str_of(name->s));
    memcpy(fields, limit_fields, sizeof limit_fields);
    for (size_t i = 0; i < LIMIT_FIELDS; i++)
        fields[i].def = NULL; /* what is not said stays as in `defaults` */
    memcpy(fields + LIMIT_FIELDS, own, sizeof own);
    conf_read(group, what, fields, out, p);
    if (group->kind == CONF_GROUP)
        check_limits(group, &out->limits, p);
}

static bool is_host_name(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || n > 253 || s[0] == '.' || s[n - 1] == '.' || strstr(s, ".."))
        return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

static void check_names(const struct conf_node *group, struct entry *in, struct problems *p)
{
    if (in->name && strspn(in->name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != strlen(in->name))
        problems_add(p, group->file, group->line,
                     "the name of a provider consists of a-z, 0-9, '-', '_' and '.', unlike '%s'",
                     in->name);
    if (in->mx_suffix.count == 0 && in->domains.count == 0)
        problems_add(p, group->file, group->line,
                     "provider '%s' matches nothing: give it 'mx_suffix' or 'domains'",
                     in->name ? in->name : "");
    for (size_t i = 0; i < in->mx_suffix.count; i++) {
        char *s = in->mx_suffix.item[i];

        str_lower(s, strlen(s));
        if (s[0] != '.' || !is_host_name(s + 1))
            problems_add(
                p, group->file, group->line,
                "an 'mx_suffix' looks like \".naver.com\", with the dot in front, unlike \"%s\"",
                s);
    }
    for (size_t i = 0; i < in->domains.count; i++) {
        char *s = in->domains.item[i];

        str_lower(s, strlen(s));
        if (!is_host_name(s))
            problems_add(p, group->file, group->line,
                         "\"%s\" in 'domains' is no domain name (write IDN domains as xn--...)", s);
    }
}

static bool shares(char *const *a, size_t na, char *const *b, size_t nb, const char **which)
{
    for (size_t i = 0; i < na; i++) {
        for (size_t j = 0; j < nb; j++) {
            if (strcmp(a[i], b[j]) == 0) {
                *which = a[i];
                return true;
            }
        }
    }
    return false;
}

/* Two providers that want the same hosts: which one wins would depend on the order of files. */
static void check_overlap(const struct settings *s, const struct profile *new, struct problems *p)
{
    for (size_t i = 0; i < s->providers.count; i++) {
        const struct profile *old = &s->providers.item[i];
        const char *which = NULL;

        if (strcmp(old->name, new->name) == 0)
            problems_add(p, new->file, new->line, "there is a provider '%s' already in %s:%u",
                         new->name, old->file, old->line);
        else if (shares(new->mx_suffix, new->mx_suffixes, old->mx_suffix, old->mx_suffixes,
                        &which) ||
                 shares(new->domain, new->domains, old->domain, old->domains, &which))
            problems_add(p, new->file, new->line,
                         "\"%s\" belongs to the provider '%s' of %s:%u already", which, old->name,
                         old->file, old->line);
    }
}

static void add(struct settings *s, struct entry *in, const struct conf_node *group,
                struct problems *p)
{
    struct profiles *all = &s->providers;
    struct profile f = {.name = in->name ? in->name : mem_str("?"),
                        .mx_suffix = in->mx_suffix.item,
                        .mx_suffixes = in->mx_suffix.count,
                        .domain = in->domains.item,
                        .domains = in->domains.count,
                        .limits = in->limits,
                        .file = group->file,
                        .line = group->line};

    check_overlap(s, &f, p);
    all->item = mem_grow(all->item, all->count + 1, sizeof *all->item);
    all->item[all->count++] = f;
}

void providers_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *list = conf_find(root, "providers");

    if (!list || list->kind != CONF_LIST)
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct entry in = {.limits = s->defaults};

        if (s->providers.count == PROVIDERS_MAX) {
            problems_add(p, list->file, list->line, "more than %d providers", PROVIDERS_MAX);
            return;
        }
        read_entry(&list->child[i], &in, p);
        if (list->child[i].kind != CONF_GROUP)
            continue;
        check_names(&list->child[i], &in, p);
        add(s, &in, &list->child[i], p);
    }
}

static void read_file(struct settings *s, const char *path, struct problems *p)
{
    static const struct conf_field fields[] = {{"providers", CONF_T_LIST, 0, .required = true},
                                               {0}};
    struct conf_tree *t = conf_load(path, PROVIDER_FILE_BYTES, CONF_INCLUDES, p);

    if (!t)
        return;
    conf_read(&t->root, "a file of providers", fields, NULL, p);
    providers_read(s, &t->root, p);
    t->next = s->tree->next;
    s->tree->next = t;
}

static int is_conf_file(const struct dirent *d)
{
    return d->d_name[0] != '.' && str_ends_nocase(str_of(d->d_name), ".conf");
}

void providers_read_dir(struct settings *s, const char *dir, bool is_required, struct problems *p)
{
    struct dirent **entry;
    int n = scandir(dir, &entry, is_conf_file, alphasort);

    if (n < 0 && (is_required || errno != ENOENT)) {
        struct err e;

        err_sys(&e, "cannot read provider_dir %s", dir);
        problems_add(p, s->tree->root.file, 0, "%s", e.text);
    }
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, entry[i]->d_name);

        read_file(s, path, p);
        free(path);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}

static void strings_free(char **item, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(item[i]);
    free(item);
}

void profiles_done(struct profiles *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->item[i].name);
        strings_free(p->item[i].mx_suffix, p->item[i].mx_suffixes);
        strings_free(p->item[i].domain, p->item[i].domains);
    }
    free(p->item);
    *p = (struct profiles){0};
}
