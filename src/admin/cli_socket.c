/* cli_socket.c: where the daemon is, and what its configuration says without it. */
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
static char *resolve(const char *conf, const char *path)
{
    const char *slash = strrchr(conf, '/');
    char *whole = *path == '/' || !slash ? mem_str(path)
                                         : mem_printf("%.*s/%s", (int)(slash - conf), conf, path);
    char *real = realpath(whole, NULL); /* shorter: a socket's path has at most 107 bytes */
    if (!real)
        return whole;
    free(whole);
    return real;
}

/* Nothing else of the configuration is looked at: somebody who has just broken it must still be able
 * to stop a job, and to be told by `reload` what is wrong with it; and a key that it names already can be made. */
static bool setting_of(struct cli *c, const char *conf, const char *group, const char *name,
                       const char *fallback, char **path)
{
    struct problems p;
    problems_init(&p);
    *path = NULL;
    struct conf_tree *t = conf_load(conf, CONF_BYTES, CONF_INCLUDES, &p);
    const struct conf_node *in = t && group ? conf_find(&t->root, group) : t ? &t->root : NULL;
    const struct conf_node *node = in && in->kind == CONF_GROUP ? conf_find(in, name) : NULL;
    const char *text = node && node->kind == CONF_STRING ? node->s : fallback;
    if (t && text)
        *path = resolve(conf, text);
    if (!t) {
        struct buf said;
        buf_init(&said, 256 * 1024);
        problems_format(&p, &said);
        cli_say(c, CLI_USAGE, "%s has errors%s:\n%s", conf,
                group || strcmp(name, "control_socket") != 0 ? "" : " (-s SOCKET goes without it)",
                said.data);
        buf_done(&said);
    }
    conf_tree_free(t);
    problems_done(&p);
    return t != NULL;
}

static char *socket_of_conf(struct cli *c, const char *conf)
{
    char *path;
    setting_of(c, conf, NULL, "control_socket", DEFAULT_SOCKET, &path);
    return path;
}

const char *cli_conf_path(const struct cli *c)
{
    const char *conf = getenv("SLUICE_CONF");
    return c->conf                     ? c->conf
           : conf && *conf             ? conf
           : file_exists(DEFAULT_CONF) ? DEFAULT_CONF
                                       : NULL;
}

bool cli_conf_setting(struct cli *c, const char *group, const char *name, const char *fallback,
                      char **path)
{
    const char *conf = cli_conf_path(c);
    *path = NULL;
    if (conf)
        return setting_of(c, conf, group, name, fallback, path);
    cli_say(c, CLI_USAGE,
            "which configuration? Say -c CONF or set SLUICE_CONF (there is no " DEFAULT_CONF ")");
    return false;
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
