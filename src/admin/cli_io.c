/* cli_io.c: asking the daemon, and where its answer goes. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/admin/control.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/os/clock.h>
#include "pretty.h"

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

/* "file:line: ..." each, as a reload or a plan lists them. */
static void say_problems(struct cli *c, const char *before, const json_t *problems)
{
    const json_t *problem;
    size_t i;
    json_array_foreach(problems, i, problem)
    {
        struct buf line;
        buf_init(&line, 64 * 1024);
        pretty_put(&line, problem);
        fprintf(c->err, "%s%s\n", before, line.data);
        buf_done(&line);
    }
}

void cli_say_warnings(struct cli *c, const json_t *warnings)
{
    say_problems(c, "warning: ", warnings);
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
    if (!got && e.code == ECANCELED)
        return CLI_REFUSED;
    if (!got)
        return cli_say(c, CLI_UNREACHABLE, "%s", e.text);
    if (json_is_true(json_object_get(got, "ok"))) {
        *answer = got;
        return CLI_OK;
    }
    const char *why = pretty_member(got, "error");
    cli_say(c, CLI_REFUSED, "%s", *why ? why : "the daemon refuses and does not say why");
    say_problems(c, "", json_object_get(got, "problems"));
    cli_say_warnings(c, json_object_get(got, "warnings"));
    json_decref(got);
    return CLI_REFUSED;
}

const char *cli_name(const json_t *answer, const char *asked)
{
    const char *name = pretty_member(answer, "name");
    return *name ? name : asked;
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

enum cli_exit cli_answer(struct cli *c, json_t *request, bool json,
                         void (*text_of)(const json_t *answer, struct wall now, size_t width,
                                         struct buf *out))
{
    json_t *answer;
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        cli_print_answer(c, answer, json, text_of);
    json_decref(answer);
    return code;
}

void cli_print_answer(struct cli *c, json_t *answer, bool json,
                      void (*text_of)(const json_t *answer, struct wall now, size_t width,
                                      struct buf *out))
{
    struct buf text;
    if (json) {
        cli_print_json(c, answer);
        return;
    }
    buf_init(&text, 8 * 1024 * 1024);
    text_of(answer, clock_wall(), c->width, &text);
    cli_print(c, &text);
    buf_done(&text);
}

enum cli_exit cli_finish(struct cli *c, enum cli_exit code)
{
    if ((fflush(c->out) != 0 || ferror(c->out)) && code == CLI_OK)
        return cli_say(c, CLI_REFUSED, "writing the output: %s", strerror(errno));
    return code;
}
