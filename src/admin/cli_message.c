/* cli_message.c: `sluice render` and `sluice lint`: one message of a job, to look at. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/admin/message.h>
#include <sluice/base/must.h>
#include "pretty.h"

enum { MESSAGE_MAX = 32 * 1024 * 1024 };

/* ---- which job ---- */

/* Jobs' ids have neither: what has one is a path. */
static bool is_path(const char *arg)
{
    return strpbrk(arg, "/.") != NULL;
}

bool cli_put_job(struct cli *c, json_t *request, const char *arg)
{
    if (!is_path(arg)) {
        cli_put(request, "job", arg);
        return true;
    }
    char *file = realpath(arg, NULL); /* the daemon's working directory is another one */
    if (!file) {
        cli_say(c, CLI_REFUSED, "%s: %s", arg, strerror(errno));
        return false;
    }
    cli_put(request, "file", file);
    free(file);
    return true;
}

/* ---- render ---- */

/* Where the page goes: --output when that is a page, else beside it; without one a name that no source of a
 * template has. */
static char *page_path(const char *job, const char *output)
{
    const char *slash = strrchr(job, '/');
    const char *name = slash ? slash + 1 : job;
    struct str base = str_of(name);
    if (output && str_ends_nocase(str_of(output), ".html"))
        return mem_str(output);
    if (output)
        return mem_printf("%s.html", output);
    if (str_ends_nocase(base, ".job"))
        base.n -= 4;
    return mem_printf("%.*s.preview.html", (int)base.n, base.p);
}

static bool collect(void *arg, const char *text, size_t n)
{
    buf_put(arg, text, n);
    return !buf_is_full(arg);
}

static enum cli_exit write_page(struct cli *c, const struct buf *bytes, const char *path)
{
    struct message m;
    struct buf page;
    struct err e;
    if (!message_parse(str_n(bytes->data, bytes->len), &m, &e))
        return cli_say(c, CLI_REFUSED, "%s", e.text);
    buf_init(&page, MESSAGE_PAGE_MAX);
    message_page(&m, &page);
    enum cli_exit code =
        buf_is_full(&page)
            ? cli_say(c, CLI_REFUSED, "the page would be larger than %u bytes", MESSAGE_PAGE_MAX)
            : cli_write_file(c, path, &page);
    buf_done(&page);
    message_done(&m);
    return code;
}

static enum cli_exit open_page(struct cli *c, json_t *request, const char *job, const char *output)
{
    struct buf bytes;
    json_t *answer;
    char *path = page_path(job, output);
    buf_init(&bytes, MESSAGE_MAX);
    enum cli_exit code = cli_ask(c, request, collect, &bytes, &answer);
    if (code == CLI_REFUSED && buf_is_full(&bytes))
        cli_say(c, code, "the message is larger than %d bytes", MESSAGE_MAX);
    if (code == CLI_OK && output && strcmp(output, path) != 0)
        code = cli_write_file(c, output, &bytes);
    if (code == CLI_OK)
        cli_say_warnings(c, json_object_get(answer, "job_warnings"));
    if (code == CLI_OK)
        code = write_page(c, &bytes, path);
    char *whole = code == CLI_OK ? realpath(path, NULL) : NULL;
    if (code == CLI_OK)
        fprintf(c->out, "%s\n", whole ? whole : path);
    free(whole);
    free(path);
    buf_done(&bytes);
    json_decref(answer);
    return code;
}

/* Beside a device, a pipe or standard output there is no place for a page. */
static bool has_page_place(const char *output)
{
    return !output || str_ends_nocase(str_of(output), ".html") ||
           (strcmp(output, "-") != 0 && !cli_is_no_file(output));
}

enum cli_exit cli_render(struct cli *c, int argc, char **argv)
{
    const char *to = NULL, *output = NULL, *args[CLI_ARGS_MAX];
    bool opens = false;
    const struct cli_option options[] = {
        {"to", &to, NULL}, {"output|o", &output, NULL}, {"open", NULL, &opens}, {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    if (opens && !has_page_place(output))
        return cli_say(c, CLI_REFUSED,
                       "%s is no file that a page could lie beside: leave --open away, or name a "
                       "file",
                       output);
    json_t *request = cli_request("render");
    cli_put(request, "address", to);
    if (!cli_put_job(c, request, args[0])) {
        json_decref(request);
        return CLI_REFUSED;
    }
    return opens ? open_page(c, request, args[0], output) : cli_stream(c, request, output);
}

/* ---- lint ---- */

enum cli_exit cli_lint(struct cli *c, int argc, char **argv)
{
    const char *to = NULL, *args[CLI_ARGS_MAX];
    bool json = false;
    const struct cli_option options[] = {
        {"to", &to, NULL}, {"json", NULL, &json}, {NULL, NULL, NULL}};
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("lint"), *answer;
    cli_put(request, "address", to);
    if (!cli_put_job(c, request, args[0])) {
        json_decref(request);
        return CLI_REFUSED;
    }
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    bool has_errors = pretty_count(answer, "errors") > 0;
    if (code == CLI_OK && !json)
        cli_say_warnings(c, json_object_get(answer, "job_warnings"));
    if (code == CLI_OK)
        cli_print_answer(c, answer, json, pretty_lint);
    json_decref(answer);
    return code == CLI_OK && has_errors ? CLI_REFUSED : code;
}
