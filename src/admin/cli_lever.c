/* cli_lever.c: the levers: of a job, of a provider, source or client, of the configuration. */
#include "cli_parts.h"

#include <string.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>
#include "pretty.h"

/* What can be suspended beside a job, as the protocol names it. */
static const char *const KINDS[] = {"provider", "source", "client", NULL};

static enum cli_exit job_lever(struct cli *c, const char *job, const char *done)
{
    json_t *request = cli_request(c->command->name), *answer;
    cli_put(request, "job", job);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        fprintf(c->out, "%s %s\n", job, done);
    json_decref(answer);
    return code;
}

/* pause, cancel */
enum cli_exit cli_lever(struct cli *c, int argc, char **argv)
{
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    return job_lever(c, args[0], strcmp(c->command->name, "pause") == 0 ? "paused" : "cancelled");
}

/* One argument is a job, even if it is called "provider"; two are a kind and a name. */
enum cli_exit cli_resume(struct cli *c, int argc, char **argv)
{
    const struct cli_option options[] = {{NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 2, args))
        return CLI_USAGE;
    if (!args[1])
        return job_lever(c, args[0], "resumed");
    if (cli_word(c, "cannot resume", args[0], KINDS) < 0)
        return CLI_USAGE;
    json_t *request = cli_request("unsuspend"), *answer;
    cli_put(request, "kind", args[0]);
    cli_put(request, "name", args[1]);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        fprintf(c->out, "%s %s resumed\n", args[0], cli_name(answer, args[1]));
    json_decref(answer);
    return code;
}

static void print_suspended(struct cli *c, const json_t *answer, const char *kind, const char *name)
{
    struct buf text;
    struct wall until;
    buf_init(&text, 4096);
    if (pretty_time(json_object_get(answer, "until"), &until)) {
        buf_puts(&text, "until ");
        pretty_put_moment(&text, json_object_get(answer, "until"), clock_wall());
    } else {
        buf_printf(&text, "until `sluice resume %s %s`", kind, name);
    }
    fprintf(c->out, "%s %s suspended %s\n", kind, name, text.data);
    buf_done(&text);
}

enum cli_exit cli_suspend(struct cli *c, int argc, char **argv)
{
    const char *time = NULL, *reason = NULL, *args[CLI_ARGS_MAX];
    const struct cli_option options[] = {
        {"for", &time, NULL}, {"reason", &reason, NULL}, {NULL, NULL, NULL}};
    int64_t ms;
    if (!cli_options(c, argc, argv, options, 2, 2, args) ||
        cli_word(c, "cannot suspend", args[0], KINDS) < 0)
        return CLI_USAGE;
    if (time && (!duration_parse(str_of(time), &ms) || ms <= 0))
        return cli_usage(c, "--for takes a time with its unit, such as 30min or 2h, not '%s'",
                         time);
    json_t *request = cli_request("suspend"), *answer;
    cli_put(request, "kind", args[0]);
    cli_put(request, "name", args[1]);
    cli_put(request, "for", time);
    cli_put(request, "reason", reason);
    enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
    if (code == CLI_OK)
        print_suspended(c, answer, args[0], cli_name(answer, args[1]));
    json_decref(answer);
    return code;
}

enum cli_exit cli_reload(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 0, 0, args))
        return CLI_USAGE;
    return cli_answer(c, cli_request("reload"), json, pretty_reload);
}
