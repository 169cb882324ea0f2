/* cli_provider.c: `sluice provider`: all, one with its limits, and the end of an outage. */
#include "cli_parts.h"

#include "pretty.h"

static enum cli_exit settle(struct cli *c, const char *name, bool release)
{
    json_t *request = cli_request(release ? "provider-release" : "provider-confirm"), *answer;
    cli_put(request, "name", name);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK) {
        struct buf text;
        buf_init(&text, 4096);
        pretty_put_number(&text, pretty_count(answer, "recipients"));
        buf_puts(&text, pretty_count(answer, "recipients") == 1 ? " recipient" : " recipients");
        buf_puts(&text, release ? " released: tried again" : " confirmed: bounced");
        fprintf(c->out, "%s: %s\n", cli_name(answer, name), text.data);
        buf_done(&text);
    }
    json_decref(answer);
    return code;
}

enum cli_exit cli_provider(struct cli *c, int argc, char **argv)
{
    static const char *const actions[] = {"release", "confirm", NULL};
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 0, 2, args))
        return CLI_USAGE;
    if (args[1]) {
        int action = cli_word(c, "unknown action", args[1], actions);
        return action < 0 ? CLI_USAGE : settle(c, args[0], action == 0);
    }
    json_t *request = cli_request(args[0] ? "provider" : "providers");
    cli_put(request, "name", args[0]);
    return cli_answer(c, request, json, args[0] ? pretty_provider : pretty_providers);
}
