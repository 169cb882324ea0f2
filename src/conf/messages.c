/* messages.c: what each client's messages have in common, and the server of tracked links. */
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/message.h>

#include "message_text.h"
#include "parts.h"
#include "paths.h"

static void strings_copy(struct conf_strings *to, const struct conf_strings *from)
{
    *to = (struct conf_strings){mem_array(from->count, sizeof *to->item), from->count};
    for (size_t i = 0; i < from->count; i++)
        to->item[i] = mem_str(from->item[i]);
}

static void read_test_group(const struct conf_node *group, const char *path,
                            struct client_message *c, struct problems *p)
{
    static const struct conf_field fields[] = {
        {"test_group", CONF_T_STRINGS, offsetof(struct client_message, test_group), .def = NULL},
        {0},
    };
    const struct conf_node *n = conf_find(group, "test_group");
    char own[CONF_PATH], item[CONF_PATH];

    conf_read_part(group, path, fields, c, p);
    if (!n || n->count != c->test_group.count)
        return;
    conf_path(own, path, "test_group");
    if (n->count > TEST_GROUP_MAX)
        conf_say(p, n, own, "too long a list (got %zu, allowed: %d)", n->count, TEST_GROUP_MAX);
    for (size_t i = 0; i < n->count && i < TEST_GROUP_MAX; i++) {
        conf_path_index(item, own, i);
        if (message_text_address(str_of(c->test_group.item[i])))
            conf_say(p, &n->child[i], item, "not an e-mail address (got \"%.80s\")",
                     c->test_group.item[i]);
    }
}

static void drop_slashes(char *url)
{
    size_t n = url ? strlen(url) : 0;

    while (n && url[n - 1] == '/')
        url[--n] = '\0';
}

/* Links in mails that nobody can follow: better now than in everybody's mailbox. */
static void check_tracking(const struct settings *s, const struct client_message *c,
                           const struct conf_node *group, const char *path, struct problems *p)
{
    const struct conf_node *url = conf_find(group, "tracking_url"),
                           *tracking = conf_find(group, "tracking");
    char own[CONF_PATH];

    if (url && !s->token_key_file) {
        conf_path(own, path, "tracking_url");
        conf_say(p, url, own,
                 "without keys there are no tokens for it (allowed: beside key_file in "
                 "tracking_server)");
    }
    if (!tracking || (!c->message.tracks_opens && !c->message.tracks_clicks) ||
        (c->message.tracking_url && s->token_key_file))
        return;
    conf_path(own, path, "tracking");
    conf_say(p, tracking, own,
             "there is no server for it (allowed: with tracking_server = { url = "
             "\"https://...\"; key_file = \"...\"; })");
}

/* The top level's is not moved by what is appended behind it. */
static struct client_message *append(struct settings *s, const char *name)
{
    struct client_message *c;

    s->client_message =
        mem_grow(s->client_message, s->client_messages + 1, sizeof *s->client_message);
    c = &s->client_message[s->client_messages++];
    *c = (struct client_message){.client = mem_str(name)};
    return c;
}

static void read_server(struct settings *s, struct client_message *c, const struct conf_node *root,
                        struct problems *p)
{
    struct server {
        char *url, *key_file;
    } server = {0};
    static const struct conf_field fields[] = {
        {"url", CONF_T_STRING, offsetof(struct server, url), .min = 1, .max = 200},
        {"key_file", CONF_T_STRING, offsetof(struct server, key_file), .required = true, .min = 1,
         .max = 4000},
        {0},
    };
    const struct conf_node *n = conf_find(root, "tracking_server");
    const char *allowed;
    char *dir;

    if (!n || n->kind != CONF_GROUP)
        return;
    conf_read(n, "tracking_server", fields, &server, p);
    allowed = server.url ? message_text_server(str_of(server.url)) : NULL;
    if (allowed)
        conf_say(p, conf_find(n, "url"), "tracking_server.url",
                 "not right (got \"%.80s\", allowed: %s)", server.url, allowed);
    c->message.tracking_url = server.url;
    drop_slashes(c->message.tracking_url);
    if (server.key_file) {
        dir = path_folder(s->tree->root.file);
        s->token_key_file = path_from(dir, server.key_file);
        free(dir);
    }
    free(server.key_file);
}

static void read_client(struct settings *s, const struct conf_node *group, const char *path,
                        struct problems *p)
{
    const struct conf_node *name = conf_find(group, "name");
    struct client_message *c;

    if (!name || name->kind != CONF_STRING)
        return; /* said by clients_read() */
    c = append(s, name->s);
    message_spec_copy(&c->message, &s->client_message[0].message);
    strings_copy(&c->test_group, &s->client_message[0].test_group);
    message_read(group, path, MESSAGE_IN_CLIENT, &c->message, p);
    drop_slashes(c->message.tracking_url);
    read_test_group(group, path, c, p);
    check_tracking(s, c, group, path, p);
}

void messages_read(struct settings *s, const struct conf_node *root, struct problems *p)
{
    const struct conf_node *list = conf_find(root, "clients");
    struct client_message *c = append(s, "");

    message_read(root, "", MESSAGE_IN_ROOT, &c->message, p);
    read_test_group(root, "", c, p);
    read_server(s, c, root, p);
    check_tracking(s, c, root, "", p);
    if (!list || list->kind != CONF_LIST || list->count > ENTRIES_MAX)
        return; /* said by clients_read() */
    for (size_t i = 0; i < list->count; i++) {
        char path[CONF_PATH];

        conf_path_index(path, "clients", i);
        read_client(s, &list->child[i], path, p);
    }
}

void messages_done(struct settings *s)
{
    for (size_t i = 0; i < s->client_messages; i++) {
        free(s->client_message[i].client);
        message_spec_done(&s->client_message[i].message);
        conf_strings_done(&s->client_message[i].test_group);
    }
    free(s->client_message);
    free(s->token_key_file);
}

const struct client_message *settings_message(const struct settings *s, const char *client)
{
    static char nobody[] = "";
    static const struct client_message none = {.client = nobody};

    for (size_t i = 1; i < s->client_messages; i++)
        if (strcmp(s->client_message[i].client, client) == 0)
            return &s->client_message[i];
    return s->client_messages ? &s->client_message[0] : &none;
}
