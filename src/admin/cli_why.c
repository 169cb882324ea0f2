/* cli_why.c: `sluice why` and `sluice windows`: what holds mail now, and what will. */
#include "cli_parts.h"

#include <sluice/base/str.h>
#include "pretty.h"

enum { DAYS_MAX = 400 };

enum cli_exit cli_why(struct cli *c, int argc, char **argv)
{
    bool json = false;
    const struct cli_option options[] = {{"json", NULL, &json}, {NULL, NULL, NULL}};
    const char *args[CLI_ARGS_MAX];
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    json_t *request = cli_request("why");
    cli_put(request, "what", args[0]);
    return cli_answer(c, request, json, pretty_why);
}

enum cli_exit cli_windows(struct cli *c, int argc, char **argv)
{
    const char *at = NULL, *days = NULL, *args[CLI_ARGS_MAX];
    bool json = false;
    const struct cli_option options[] = {
        {"at", &at, NULL}, {"days", &days, NULL}, {"json", NULL, &json}, {NULL, NULL, NULL}};
    struct wall time;
    uint64_t n;
    if (!cli_options(c, argc, argv, options, 0, 1, args))
        return CLI_USAGE;
    if (at && !wall_parse(str_of(at), &time))
        return cli_usage(
            c, "--at takes a time with its zone, such as 2026-11-25T01:00:00+09:00, not '%s'", at);
    if (days && (!str_to_u64(str_of(days), &n) || n < 1 || n > DAYS_MAX))
        return cli_usage(c, "--days takes a number from 1 to %d, not '%s'", DAYS_MAX, days);
    json_t *request = cli_request("windows");
    cli_put(request, "provider", args[0]);
    cli_put(request, "at", at);
    cli_put(request, "days", days);
    return cli_answer(c, request, json, pretty_windows);
}
