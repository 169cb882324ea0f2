/* cli_status.c: `sluice status`, once or until a job is over. */
#include "cli_parts.h"

#include <string.h>
#include <sluice/os/clock.h>
#include "pretty.h"

enum { WATCH_MS = 1000, LOOKS_FOR_COUNTS = 3 };

static void print_text(struct cli *c, const json_t *answer, bool of_job)
{
    struct buf text;
    buf_init(&text, 4 * 1024 * 1024);
    if (of_job)
        pretty_status_job(answer, clock_wall(), c->width, &text);
    else
        pretty_status(answer, c->width, &text);
    cli_print(c, &text);
    buf_done(&text);
}

/* A terminal gets one line that changes, anything else a line per change. */
static void print_live(struct cli *c, const json_t *answer, struct buf *last)
{
    struct buf line;
    buf_init(&line, 4096);
    pretty_live_line(answer, c->is_terminal ? c->width - 1 : 0, &line);
    if (c->is_terminal)
        fprintf(c->out, "\r\033[K%s", line.data);
    else if (strcmp(line.data, last->data) != 0)
        fprintf(c->out, "%s\n", line.data);
    fflush(c->out);
    buf_clear(last);
    buf_puts(last, line.data);
    buf_done(&line);
}

static json_t *request_of(const char *job)
{
    json_t *request = cli_request("status");
    cli_put(request, "job", job);
    return request;
}

/* Just after its end a job has left the daemon's memory and its summary is still being written:
 * worth a few more looks, so that the last table is not empty. */
static bool is_through(const json_t *answer, int *looks)
{
    const json_t *job = json_array_get(json_object_get(answer, "jobs"), 0);
    return pretty_is_over(answer) &&
           (json_object_get(job, "counts") || ++*looks > LOOKS_FOR_COUNTS);
}

/* Ends with the job, or when the daemon goes; without a job only with the daemon or Ctrl-C. */
static enum cli_exit watch(struct cli *c, const char *job)
{
    struct buf last;
    json_t *answer = NULL;
    enum cli_exit code;
    int looks = 0;
    buf_init(&last, 4096);
    while ((code = cli_ask(c, request_of(job), NULL, NULL, &answer)) == CLI_OK) {
        print_live(c, answer, &last);
        if (ferror(c->out) || (job && is_through(answer, &looks)))
            break;
        json_decref(answer);
        clock_sleep_until((struct mono){clock_mono().ms + WATCH_MS});
    }
    if (code == CLI_OK) {
        fputs(c->is_terminal ? "\n\n" : "\n", c->out);
        print_text(c, answer, true);
        json_decref(answer);
    }
    buf_done(&last);
    return code;
}

enum cli_exit cli_status(struct cli *c, int argc, char **argv)
{
    bool json = false, watches = false;
    const struct cli_option options[] = {
        {"json", NULL, &json}, {"watch", NULL, &watches}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 0, 1, args))
        return CLI_USAGE;
    if (json && watches)
        return cli_usage(c, "--json and --watch do not go together");
    if (watches)
        return watch(c, args[0]);
    json_t *answer;
    enum cli_exit code = cli_ask(c, request_of(args[0]), NULL, NULL, &answer);
    if (code != CLI_OK)
        return code;
    if (json)
        cli_print_json(c, answer);
    else
        print_text(c, answer, args[0] != NULL);
    json_decref(answer);
    return CLI_OK;
}
