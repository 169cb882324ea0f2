/* clients.c: what each client may use, and how often one address is mailed. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/message.h>
#include <sluice/conf/windows.h>

#include "parts.h"

#define DAY_MS (86400LL * 1000)
#define FREQUENCY_MAX_MS (92 * DAY_MS) /* as long as the list store remembers */

struct frequency {
    int64_t ads, period_ms;
};

void frequency_read(const struct conf_node *group, const char *path, uint32_t *count, int64_t *ms,
                    struct origin *at, struct problems *p)
{
    static const struct conf_field fields[] = {
        {"ads", CONF_T_INT, offsetof(struct frequency, ads), .required = true, .min = 1,
         .max = 1000},
        {"period", CONF_T_DURATION, offsetof(struct frequency, period_ms), .required = true,
         .min = 60 * 1000, .max = FREQUENCY_MAX_MS},
        {0},
    };
    const struct conf_node *n = conf_find(group, "frequency_cap");
    struct frequency f = {0};
    char own[CONF_PATH];

    if (!n || n->kind != CONF_GROUP)
        return;
    conf_path(own, path, "frequency_cap");
    conf_read(n, own, fields, &f, p);
    *count = (uint32_t)f.ads;
    *ms = f.period_ms;
    *at = (struct origin){n->file, n->line};
}

struct client_draft {
    struct client client;
    char *source_pool;
};

static const struct conf_field fields[] = {
    {"name", CONF_T_STRING, offsetof(struct client_draft, client.name), .required = true, .min = 1,
     .max = 64},
    {"source_pool", CONF_T_STRING, offsetof(struct client_draft, source_pool), .min = 1, .max = 63},
    CAP_FIELDS(struct client), /* the client is the draft's first member */
    {"send_windows", CONF_T_LIST, .def = NULL},
    {"holidays", CONF_T_STRING, offsetof(struct client_draft, client.send_windows.holidays),
     .min = 1, .max = 64},
    {"frequency_cap", CONF_T_GROUP, .def = NULL},
    CONF_ELSEWHERE("test_group"),
    MESSAGE_NAMES_OF_CLIENT,
    {0},
};

static uint64_t pool_of(const struct client_draft *d, const struct conf_node *group,
                        const char *path, const struct pools *pools, struct problems *p)
{
    const char **names = mem_array(pools->count + 1, sizeof *names);
    uint64_t bits = UINT64_MAX;
    size_t found = 0;

    while (d->source_pool && found < pools->count &&
           strcmp(pools->item[found].name, d->source_pool) != 0)
        found++;
    if (d->source_pool && found < pools->count) {
        bits = pools->item[found].sources;
    } else if (d->source_pool) {
        char own[CONF_PATH];

        for (size_t i = 0; i < pools->count; i++)
            names[i] = pools->item[i].name;
        conf_path(own, path, "source_pool");
        conf_say_unknown(p, conf_find(group, "source_pool"), own, "pool in source_pools",
                         d->source_pool, names, pools->count);
    }
    free(names);
    return bits;
}

static void check_name(const struct shaping *all, const struct client *c,
                       const struct conf_node *group, const char *path, struct problems *p)
{
    char own[CONF_PATH];

    conf_path(own, path, "name");
    if (strspn(c->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
        strlen(c->name))
        conf_say(p, group, own, "not a client (got \"%.60s\", allowed: letters, digits, '-', '_')",
                 c->name);
    for (size_t i = 0; i < all->clients; i++) {
        if (strcmp(all->client[i].name, c->name) == 0)
            conf_say(p, group, own, "given to two clients (got \"%s\", which stands in %s:%u)",
                     c->name, all->client[i].at.file, all->client[i].at.line);
    }
}

static void read_client(struct settings *s, const struct conf_node *group, const char *path,
                        const struct pools *pools, struct problems *p)
{
    struct client_draft d = {.client.at = {group->file, group->line}};
    struct client *c = &d.client;
    struct shaping *all = &s->shaping;

    c->cap.at = c->at;
    conf_read(group, path, fields, &d, p);
    if (group->kind == CONF_GROUP) {
        send_windows_read(group, path, s, &c->send_windows, p);
        frequency_read(group, path, &c->frequency_count, &c->frequency_ms, &c->frequency_at, p);
        c->sources = pool_of(&d, group, path, pools, p);
    }
    free(d.source_pool);
    if (c->name)
        check_name(all, c, group, path, p);
    else
        c->name = mem_str("");
    all->client = mem_grow(all->client, all->clients + 1, sizeof *all->client);
    all->client[all->clients++] = *c;
}

void clients_read(struct settings *s, const struct conf_node *root, const struct pools *pools,
                  struct problems *p)
{
    const struct conf_node *list = part_list(root, "", "clients", p);

    for (size_t i = 0; list && i < list->count; i++) {
        char path[CONF_PATH];

        conf_path_index(path, "clients", i);
        read_client(s, &list->child[i], path, pools, p);
    }
}
