/* cli_io.c: asking the daemon, and where its answer goes. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/admin/control.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/conf/settings.h>
#include <sluice/os/file.h>
#include "pretty.h"

#define DEFAULT_CONF "/etc/sluice/sluice.conf"

/* ---- the socket ---- */

static char *socket_of_conf(struct cli *c, const char *conf)
{
    struct problems p;
    problems_init(&p);
    struct settings *s = settings_load(conf, &p);
    char *path = s ? mem_str(s->control_socket) : NULL;
    if (!s) {
        struct buf text;
        buf_init(&text, 256 * 1024);
        problems_format(&p, &text);
        cli_say(c, CLI_USAGE, "%s has errors (-s SOCKET goes without it):\n%s", conf, text.data);
        buf_done(&text);
    }
    settings_free(s);
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

/* ---- asking ---- */

json_t *cli_request(const char *verb)
{
    json_t *o = json_object();
    cli_put(o, "do", verb);
    return o;
}

void cli_put(json_t *request, const char *key, const char *value)
{
    if (!value)
        return;
    char *copy = mem_str(value);
    size_t n = strlen(copy);
    for (size_t at = 0; (at += utf8_bad_at(copy + at, n - at)) < n;)
        copy[at] = '?';
    json_object_set_new(request, key, json_string(copy));
    free(copy);
}

enum cli_exit cli_ask(struct cli *c, json_t *request,
                      bool (*data)(void *arg, const char *text, size_t n), void *arg,
                      json_t **answer)
{
    struct err e = {0};
    *answer = NULL;
    const char *socket = cli_socket(c);
    json_t *got = socket ? control_ask(socket, request, data, arg, &e) : NULL;
    json_decref(request);
    if (!socket)
        return CLI_USAGE;
    if (!got)
        return cli_say(c, CLI_UNREACHABLE, "%s", e.text);
    if (json_is_true(json_object_get(got, "ok"))) {
        *answer = got;
        return CLI_OK;
    }
    const char *why = pretty_member(got, "error");
    cli_say(c, CLI_REFUSED, "%s", *why ? why : "the daemon refuses and does not say why");
    json_decref(got);
    return CLI_REFUSED;
}

/* ---- printing ---- */

void cli_print(struct cli *c, struct buf *text)
{
    fwrite(text->data, 1, text->len, c->out);
}

void cli_print_json(struct cli *c, json_t *answer)
{
    json_object_del(answer, "ok");
    char *text = json_dumps(answer, JSON_INDENT(2));
    struct buf safe;
    buf_init(&safe, CONTROL_ANSWER_MAX * 2);
    /* JSON escapes C0 by itself; the rest only matters to a terminal. */
    if (text && c->is_terminal)
        pretty_safe(&safe, text, strlen(text), true);
    else if (text)
        buf_puts(&safe, text);
    buf_putc(&safe, '\n');
    cli_print(c, &safe);
    buf_done(&safe);
    free(text);
}

enum cli_exit cli_finish(struct cli *c, enum cli_exit code)
{
    if ((fflush(c->out) != 0 || ferror(c->out)) && code == CLI_OK)
        return cli_say(c, CLI_REFUSED, "writing the output: %s", strerror(errno));
    return code;
}

/* ---- streams ---- */

struct sink {
    FILE *f;
    bool makes_safe;
    bool failed;
};

static bool sink_take(void *arg, const char *text, size_t n)
{
    struct sink *s = arg;
    if (s->makes_safe) {
        struct buf safe;
        buf_init(&safe, n * 3);
        pretty_safe(&safe, text, n, true);
        s->failed = fwrite(safe.data, 1, safe.len, s->f) != safe.len;
        buf_done(&safe);
    } else {
        s->failed = fwrite(text, 1, n, s->f) != n;
    }
    return !s->failed;
}

/* A device or a pipe is written to as it is: renaming a file over it would take its place. */
static bool is_no_file(const char *output)
{
    struct stat st;
    return stat(output, &st) == 0 && !S_ISREG(st.st_mode);
}

static enum cli_exit stream_to_file(struct cli *c, json_t *request, const char *output)
{
    bool in_place = is_no_file(output);
    char *part = in_place ? mem_str(output) : mem_printf("%s.part", output);
    struct sink s = {.f = fopen(part, "we")};
    json_t *answer = NULL;
    enum cli_exit code;
    if (!s.f) {
        code = cli_say(c, CLI_REFUSED, "%s: %s", part, strerror(errno));
        json_decref(request);
        free(part);
        return code;
    }
    code = cli_ask(c, request, sink_take, &s, &answer);
    bool written = fflush(s.f) == 0 && !s.failed;
    written = fclose(s.f) == 0 && written;
    if (!written)
        code = cli_say(c, CLI_REFUSED, "writing %s: %s", part, strerror(errno));
    else if (code == CLI_OK && !in_place && rename(part, output) != 0)
        code = cli_say(c, CLI_REFUSED, "%s: %s", output, strerror(errno));
    if (code != CLI_OK && !in_place)
        unlink(part);
    json_decref(answer);
    free(part);
    return code;
}

enum cli_exit cli_stream(struct cli *c, json_t *request, const char *output)
{
    if (output && strcmp(output, "-") != 0)
        return stream_to_file(c, request, output);
    struct sink s = {.f = c->out, .makes_safe = c->is_terminal};
    json_t *answer;
    enum cli_exit code = cli_ask(c, request, sink_take, &s, &answer);
    json_decref(answer);
    return code;
}
