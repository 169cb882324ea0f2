/* cli_test.c: `sluice test`, which waits until our own people have their mail, and `sluice approve`. */
#include "cli_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/os/clock.h>
#include "pretty.h"

enum { POLL_MS = 200, WAIT_MS = 60000, RESULTS_MAX = 4 * 1024 * 1024 };

/* ---- the wait ---- */

static void show_progress(struct cli *c, const json_t *status)
{
    struct buf line;
    int fd = fileno(c->err);
    if (fd < 0 || !isatty(fd))
        return;
    buf_init(&line, 4096);
    pretty_live_line(status, c->width - 1, &line);
    fprintf(c->err, "\r\033[K%s", line.data);
    fflush(c->err);
    c->has_progress = true;
    buf_done(&line);
}

static void end_progress(struct cli *c)
{
    if (c->has_progress)
        fputs("\r\033[K", c->err);
    c->has_progress = false;
}

/* *is_over false: the time was. */
static enum cli_exit wait_for(struct cli *c, const char *test, bool *is_over)
{
    int64_t until_ms = clock_mono().ms + WAIT_MS;
    *is_over = false;
    while (!*is_over && clock_mono().ms < until_ms) {
        json_t *request = cli_request("status"), *status;
        cli_put(request, "job", test);
        enum cli_exit code = cli_ask(c, request, NULL, NULL, &status);
        if (code != CLI_OK)
            return code;
        *is_over = pretty_is_over(status);
        show_progress(c, status);
        json_decref(status);
        if (!*is_over)
            clock_sleep_until((struct mono){clock_mono().ms + POLL_MS});
    }
    end_progress(c);
    return CLI_OK;
}

/* ---- what became of it ---- */

static bool collect(void *arg, const char *text, size_t n)
{
    buf_put(arg, text, n);
    return !buf_is_full(arg);
}

/* {"test": ID, "results": [...]}, as NDJSON has them; NULL: not got. */
static enum cli_exit fetch(struct cli *c, const char *test, json_t **out)
{
    struct buf lines;
    json_t *request = cli_request("results"), *answer, *results = json_array();
    buf_init(&lines, RESULTS_MAX);
    cli_put(request, "job", test);
    cli_put(request, "format", "ndjson");
    enum cli_exit code = cli_ask(c, request, collect, &lines, &answer);
    json_decref(answer);
    struct str rest = str_n(lines.data, lines.len), line;
    while (str_cut(&rest, '\n', &line)) {
        json_t *o = json_loadb(line.p, line.n, 0, NULL);
        if (o)
            json_array_append_new(results, o);
    }
    *out = json_pack("{s:s, s:o}", "test", test, "results", results);
    buf_done(&lines);
    return code;
}

static bool all_delivered(const json_t *results)
{
    const json_t *r;
    size_t i;
    json_array_foreach(results, i, r)
    {
        if (strcmp(pretty_member(r, "state"), "delivered") != 0)
            return false;
    }
    return json_array_size(results) > 0;
}

static enum cli_exit see_through(struct cli *c, const char *test, bool json)
{
    bool is_over;
    json_t *got = NULL;
    enum cli_exit code = wait_for(c, test, &is_over);
    if (code == CLI_OK)
        code = fetch(c, test, &got);
    if (code == CLI_OK)
        cli_print_answer(c, got, json, pretty_test);
    if (code == CLI_OK && !is_over)
        code = cli_say(c, CLI_REFUSED, "not through after %d s; look again with `sluice status %s`",
                       WAIT_MS / 1000, test);
    else if (code == CLI_OK && !all_delivered(json_object_get(got, "results")))
        code = CLI_REFUSED;
    json_decref(got);
    return code;
}

/* ---- the commands ---- */

static json_t *list_of(const char *const *item)
{
    json_t *list = json_array();
    for (size_t i = 0; item[i]; i++) {
        json_t *text = json_string(item[i]);
        json_array_append_new(list, text ? text : json_string("?"));
    }
    return list;
}

enum cli_exit cli_test(struct cli *c, int argc, char **argv)
{
    const char *to[CLI_LIST_MAX + 1] = {NULL}, *as = NULL, *args[CLI_ARGS_MAX];
    bool json = false, no_wait = false;
    const struct cli_option options[] = {{"to+", to, NULL},
                                         {"as", &as, NULL},
                                         {"no-wait", NULL, &no_wait},
                                         {"json", NULL, &json},
                                         {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("test"), *answer;
    cli_put(request, "job", args[0]);
    cli_put(request, "as", as);
    if (to[0])
        json_object_set_new(request, "to", list_of(to));
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK && !no_wait)
        code = see_through(c, pretty_member(answer, "test"), json);
    else if (code == CLI_OK && json)
        cli_print_json(c, answer);
    else if (code == CLI_OK)
        fprintf(c->out, "%s: to %zu address%s\n", pretty_member(answer, "test"),
                json_array_size(json_object_get(answer, "to")),
                json_array_size(json_object_get(answer, "to")) == 1 ? "" : "es");
    json_decref(answer);
    return code;
}

enum cli_exit cli_approve(struct cli *c, int argc, char **argv)
{
    const char *args[CLI_ARGS_MAX];
    bool untested = false;
    const struct cli_option options[] = {{"untested", NULL, &untested}, {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("approve"), *answer;
    cli_put(request, "job", args[0]);
    if (untested)
        json_object_set_new(request, "untested", json_true());
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK && json_is_true(json_object_get(answer, "paused")))
        fprintf(c->out, "%s approved; it is paused: `sluice resume %s`\n", args[0], args[0]);
    else if (code == CLI_OK)
        fprintf(c->out, "%s approved\n", args[0]);
    json_decref(answer);
    return code;
}
