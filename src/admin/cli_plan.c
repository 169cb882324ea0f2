/* cli_plan.c: `sluice plan` and `sluice forecast`, which take seconds: a terminal sees how far they
 * are. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/str.h>
#include "pretty.h"

enum { LINE_MAX_BYTES = 4096 };

struct progress {
    struct cli *c;
    bool is_shown;   /* err is a terminal */
    struct buf line; /* what came of a line so far; pieces end anywhere */
};

static void show_line(struct progress *p)
{
    struct buf text;
    buf_init(&text, LINE_MAX_BYTES);
    pretty_plan_progress(p->line.data, p->line.len, &text);
    if (text.len > 0) {
        pretty_cut(&text, 0, p->c->width - 1);
        fprintf(p->c->err, "\r\033[K%s", text.data);
        fflush(p->c->err);
        p->c->has_progress = true;
    }
    buf_done(&text);
    buf_clear(&p->line);
}

static bool take_progress(void *arg, const char *text, size_t n)
{
    struct progress *p = arg;
    for (size_t i = 0; p->is_shown && i < n; i++) {
        if (text[i] == '\n')
            show_line(p);
        else
            buf_putc(&p->line, text[i]);
    }
    return true;
}

static enum cli_exit ask_with_progress(struct cli *c, json_t *request, bool json)
{
    int fd = fileno(c->err);
    struct progress p = {.c = c, .is_shown = fd >= 0 && isatty(fd)};
    json_t *answer;
    buf_init(&p.line, LINE_MAX_BYTES);
    enum cli_exit code = cli_ask(c, request, take_progress, &p, &answer);
    if (c->has_progress)
        fputs("\r\033[K", c->err);
    c->has_progress = false;
    buf_done(&p.line);
    if (code == CLI_OK)
        cli_print_answer(c, answer, json, pretty_plan);
    json_decref(answer);
    return code;
}

enum cli_exit cli_plan(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    char *file = realpath(args[0], NULL); /* the daemon's working directory is another one */
    if (!file)
        return cli_say(c, CLI_REFUSED, "%s: %s", args[0], strerror(errno));
    json_t *request = cli_request("plan");
    cli_put(request, "file", file);
    free(file);
    return ask_with_progress(c, request, json);
}

enum cli_exit cli_forecast(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("forecast");
    cli_put(request, "job", args[0]);
    return ask_with_progress(c, request, json);
}
