/* cli_socket.c: where the daemon is. */
#include "cli_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/conf/tree.h>
#include <sluice/os/file.h>

#define DEFAULT_CONF "/etc/sluice/sluice.conf"
#define DEFAULT_SOCKET "../var/control.sock" /* as in conf/settings.c */
#define CONF_BYTES ((size_t)4 << 20)

/* Relative to the folder of the configuration. */
static char *resolve(const char *conf, const char *socket)
{
    const char *slash = strrchr(conf, '/');
    char *whole = *socket == '/' || !slash
                      ? mem_str(socket)
                      : mem_printf("%.*s/%s", (int)(slash - conf), conf, socket);
    char *real = realpath(whole, NULL); /* shorter: a socket's path has at most 107 bytes */
    if (!real)
        return whole;
    free(whole);
    return real;
}

/* Nothing else of the configuration is looked at: somebody who has just broken it must still be able
 * to stop a job, and to be told by `reload` what is wrong with it. */
static char *socket_of_conf(struct cli *c, const char *conf)
{
    struct problems p;
    problems_init(&p);
    struct conf_tree *t = conf_load(conf, CONF_BYTES, CONF_INCLUDES, &p);
    const struct conf_node *node = t ? conf_find(&t->root, "control_socket") : NULL;
    bool is_text = node && node->kind == CONF_STRING;
    char *path = t ? resolve(conf, is_text ? node->s : DEFAULT_SOCKET) : NULL;
    if (!t) {
        struct buf text;
        buf_init(&text, 256 * 1024);
        problems_format(&p, &text);
        cli_say(c, CLI_USAGE, "%s has errors (-s SOCKET goes without it):\n%s", conf, text.data);
        buf_done(&text);
    }
    conf_tree_free(t);
    problems_done(&p);
    return path;
}

const char *cli_socket(struct cli *c)
{
    const char *env = getenv("SLUICE_SOCKET"), *conf = getenv("SLUICE_CONF");
    if (c->socket)
        return c->socket;
    if (c->found_socket)
        return c->found_socket;
    if (c->conf)
        c->found_socket = socket_of_conf(c, c->conf);
    else if (env && *env)
        c->found_socket = mem_str(env);
    else if (conf && *conf)
        c->found_socket = socket_of_conf(c, conf);
    else if (file_exists(DEFAULT_CONF))
        c->found_socket = socket_of_conf(c, DEFAULT_CONF);
    else
        cli_say(c, CLI_USAGE,
                "where is the daemon? Say -s SOCKET or -c CONF, or set SLUICE_SOCKET or "
                "SLUICE_CONF (there is no " DEFAULT_CONF ")");
    return c->found_socket;
}
