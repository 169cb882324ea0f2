/* cli_show.c: `results` and `show`. */
#include "cli_parts.h"

#include <string.h>
#include "pretty.h"

enum cli_exit cli_results(struct cli *c, int argc, char **argv)
{
    const char *word = NULL, *output = NULL, *format;
    bool json = false;
    const struct cli_option options[] = {{"format", &word, NULL},
                                         {"output", &output, NULL},
                                         {"json", NULL, &json},
                                         {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args) ||
        !cli_format(c, word || !json ? word : "ndjson", &format))
        return CLI_USAGE;
    json_t *request = cli_request("results");
    cli_put(request, "job", args[0]);
    cli_put(request, "format", format);
    return cli_stream(c, request, output);
}

enum cli_exit cli_show(struct cli *c, int argc, char **argv)
{
    bool json = false, message = false;
    const char *output = NULL;
    const struct cli_option options[] = {{"json", NULL, &json},
                                         {"message", NULL, &message},
                                         {"output", &output, NULL},
                                         {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 2, args))
        return CLI_USAGE;
    if (message && (json || !args[1]))
        return cli_usage(c, json ? "--message and --json do not go together"
                                 : "--message needs the address of a recipient");
    json_t *request = cli_request("show"), *answer;
    cli_put(request, "job", args[0]);
    cli_put(request, "address", args[1]);
    if (message) {
        json_object_set_new(request, "message", json_true());
        return cli_stream(c, request, output);
    }
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code != CLI_OK)
        return code;
    if (json) {
        cli_print_json(c, answer);
    } else {
        struct buf text;
        buf_init(&text, 8 * 1024 * 1024);
        if (args[1])
            pretty_attempts(answer, &text);
        else
            pretty_job(answer, &text);
        cli_print(c, &text);
        buf_done(&text);
    }
    json_decref(answer);
    return CLI_OK;
}
