/* cli_list.c: `sluice list ...`: contacts, suppressions. */
#include "cli_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pretty.h"

static void contact_text(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    (void)now;
    pretty_contact(answer, width, out);
}

static void lists_text(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    (void)now;
    pretty_lists(answer, width, out);
}

static void import_text(const json_t *answer, struct wall now, size_t width, struct buf *out)
{
    (void)now;
    pretty_list_import(answer, width, out);
}

enum cli_exit cli_list_import(struct cli *c, int argc, char **argv)
{
    const char *provenance = NULL, *consent = NULL, *consent_at = NULL, *charset = NULL;
    bool json = false;
    const struct cli_option options[] = {{"provenance", &provenance, NULL},
                                         {"consent", &consent, NULL},
                                         {"consent-at", &consent_at, NULL},
                                         {"charset", &charset, NULL},
                                         {"json", NULL, &json},
                                         {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 2, 2, args))
        return CLI_USAGE;
    char *file = realpath(args[1], NULL); /* the daemon's working directory is another one */
    if (!file)
        return cli_say(c, CLI_REFUSED, "%s: %s", args[1], strerror(errno));
    json_t *request = cli_request("list-import");
    cli_put(request, "list", args[0]);
    cli_put(request, "file", file);
    cli_put(request, "provenance", provenance);
    cli_put(request, "consent", consent);
    cli_put(request, "consent_at", consent_at);
    cli_put(request, "charset", charset);
    free(file);
    return cli_answer(c, request, json, import_text);
}

/* Both exports: of a list, of the suppressions. */
static enum cli_exit export(struct cli *c, int argc, char **argv, const char *verb, size_t names) {
    const char *word = NULL, *output = NULL, *format; bool json = false;
    const struct cli_option options[] = {{"format", &word, NULL},
                                         {"output", &output, NULL},
                                         {"json", NULL, &json},
                                         {NULL, NULL, NULL}};
    const char * args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, names, names, args) ||
        !cli_format(c, word || !json ? word : "ndjson", &format)) return CLI_USAGE;
    json_t *request = cli_request(verb);
    cli_put(request, "list", args[0]);
    cli_put(request, "format", format);
    return cli_stream(c, request, output);
}

enum cli_exit cli_list_export(struct cli *c, int argc, char **argv)
{
    return export(c, argc, argv, "list-export", 1);
}

enum cli_exit cli_list_suppressions(struct cli *c, int argc, char **argv)
{
    return export(c, argc, argv, "suppressions", 0);
}

enum cli_exit cli_list_show(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("list-show");
    cli_put(request, "address", args[0]);
    return cli_answer(c, request, json, contact_text);
}

enum cli_exit cli_list_lists(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 0, 0, args))
        return CLI_USAGE;
    return cli_answer(c, cli_request("lists"), json, lists_text);
}

enum cli_exit cli_list_suppress(struct cli *c, int argc, char **argv)
{
    const char *client = NULL, *class = NULL, *reason = NULL;
    const struct cli_option options[] = {{"client", &client, NULL},
                                         {"class", &class, NULL},
                                         {"reason", &reason, NULL},
                                         {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("suppress"), *answer;
    cli_put(request, "address", args[0]);
    cli_put(request, "client", client);
    cli_put(request, "class", class);
    cli_put(request, "reason", reason);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        fprintf(c->out, "suppressed\n");
    json_decref(answer);
    return code;
}

enum cli_exit cli_list_release(struct cli *c, int argc, char **argv)
{
    const char *client = NULL, *class = NULL;
    const struct cli_option options[] = {
        {"client", &client, NULL}, {"class", &class, NULL}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("release"), *answer;
    cli_put(request, "address", args[0]);
    cli_put(request, "client", client);
    cli_put(request, "class", class);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        fprintf(c->out, "suppressions taken away: %llu\n", pretty_count(answer, "count"));
    json_decref(answer);
    return code;
}
