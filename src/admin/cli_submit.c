/* cli_submit.c: `sluice submit`: drops a job, and with --wait sees what becomes of it. */
#include "cli_parts.h"

#include <errno.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/when.h>
#include <sluice/os/clock.h>
#include "submit.h"
#include "pretty.h"

enum { POLL_MS = 200, NAMES_TRIED = 20 };

static enum cli_exit say_problems(struct cli *c, const struct problems *p)
{
    struct buf text, safe;
    buf_init(&text, 256 * 1024);
    buf_init(&safe, 1024 * 1024);
    problems_format(p, &text);
    pretty_safe(&safe, text.data, text.len, true);
    fputs(safe.data, c->err);
    buf_done(&text);
    buf_done(&safe);
    return CLI_REFUSED;
}

/* The daemon knows which names are free in the drop directory and behind it, so that what is later
 * found under this name is this job and no former one. */
static enum cli_exit drop(struct cli *c, const struct submission *s, char **name)
{
    for (int i = 0; i < NAMES_TRIED; i++) {
        json_t *request = cli_request("hello"), *answer;
        struct err e = {0};
        cli_put(request, "name", s->base);
        enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
        if (code != CLI_OK)
            return code;
        const char *free_name = pretty_member(answer, "name");
        bool ok = submission_drop(s, pretty_member(answer, "drop_dir"), free_name, &e);
        if (ok)
            *name = mem_str(free_name);
        json_decref(answer);
        if (ok)
            return CLI_OK;
        if (e.code != EEXIST)
            return cli_say(c, CLI_REFUSED, "%s", e.text);
    }
    return cli_say(c, CLI_REFUSED, "the drop directory is full of jobs named %s: try again",
                   s->base);
}

static void print_warnings(struct cli *c, const json_t *answer)
{
    struct buf safe;
    const char *text = pretty_member(answer, "warnings");
    buf_init(&safe, 4 * 1024 * 1024);
    pretty_safe(&safe, text, strlen(text), true);
    fputs(safe.data, c->err);
    buf_done(&safe);
}

static void print_accepted(struct cli *c, const json_t *answer)
{
    struct buf b;
    buf_init(&b, 4096);
    buf_puts(&b, "accepted as job ");
    pretty_put(&b, json_object_get(answer, "id"));
    buf_puts(&b, "\n");
    pretty_field(&b, "recipients", json_object_get(answer, "recipients"));
    pretty_field(&b, "duplicates", json_object_get(answer, "duplicates"));
    pretty_field(&b, "bad rows", json_object_get(answer, "bad_rows"));
    pretty_field(&b, "rejected", json_object_get(answer, "rejected"));
    pretty_field(&b, "held", json_object_get(answer, "held"));
    cli_print(c, &b);
    buf_done(&b);
    print_warnings(c, answer);
}

static void print_progress(struct cli *c, const json_t *answer)
{
    struct buf b;
    if (!c->is_terminal)
        return;
    buf_init(&b, 256);
    pretty_put(&b, json_object_get(answer, "state"));
    if (pretty_count(answer, "rows") > 0) {
        buf_puts(&b, ": ");
        pretty_put_number(&b, pretty_count(answer, "rows"));
        buf_puts(&b, " rows");
    }
    fprintf(c->out, "\r\033[K%s", b.data);
    fflush(c->out);
    buf_done(&b);
}

/* True when the answer settles it: prints it. */
static bool is_settled(struct cli *c, json_t *answer, bool json, enum cli_exit *code)
{
    const char *state = pretty_member(answer, "state");
    bool accepted = strcmp(state, "accepted") == 0;
    if (!accepted && strcmp(state, "refused") != 0) {
        if (!json)
            print_progress(c, answer);
        return false;
    }
    *code = accepted ? CLI_OK : CLI_REFUSED;
    if (!json && c->is_terminal)
        fputs("\r\033[K", c->out);
    if (json) {
        cli_print_json(c, answer);
    } else if (accepted) {
        print_accepted(c, answer);
    } else {
        struct buf safe;
        const char *why = pretty_member(answer, "problems");
        buf_init(&safe, 4 * 1024 * 1024);
        pretty_safe(&safe, why, strlen(why), true);
        cli_say(c, CLI_REFUSED, "the job was refused; its files are in %s",
                pretty_member(answer, "dir"));
        fputs(safe.data, c->err);
        buf_done(&safe);
    }
    return true;
}

static enum cli_exit wait_for(struct cli *c, const struct submission *s, const char *name,
                              int64_t timeout_ms, bool json)
{
    struct mono start = clock_mono();
    for (;;) {
        json_t *request = cli_request("submitted"), *answer;
        cli_put(request, "name", name);
        cli_put(request, "id", s->id);
        enum cli_exit code = cli_ask(c, request, NULL, NULL, &answer);
        if (code != CLI_OK)
            return code;
        bool settled = is_settled(c, answer, json, &code);
        json_decref(answer);
        if (settled)
            return code;
        int64_t now = clock_mono().ms;
        if (timeout_ms > 0 && now - start.ms >= timeout_ms)
            return cli_say(c, CLI_REFUSED, "%s.job was dropped, but not taken in yet", name);
        int64_t next = now + POLL_MS, end = start.ms + timeout_ms;
        clock_sleep_until((struct mono){timeout_ms > 0 && end < next ? end : next});
    }
}

static void print_name(struct cli *c, const char *name)
{
    json_t *o = json_pack("{s:s?}", "name", name);
    cli_print_json(c, o);
    json_decref(o);
}

enum cli_exit cli_submit(struct cli *c, int argc, char **argv)
{
    bool waits = false, json = false;
    const char *timeout = NULL, *args[CLI_ARGS_MAX];
    const struct cli_option options[] = {{"wait", NULL, &waits},
                                         {"timeout", &timeout, NULL},
                                         {"json", NULL, &json},
                                         {NULL, NULL, NULL}};
    int64_t timeout_ms = 0;
    if (!cli_options(c, argc, argv, options, 1, 1, args))
        return CLI_USAGE;
    if (timeout && !duration_parse(str_of(timeout), &timeout_ms))
        return cli_usage(c, "--timeout takes a time with its unit, such as 30s or 5min, not '%s'",
                         timeout);
    struct problems p;
    struct submission s;
    char *name = NULL;
    enum cli_exit code;
    problems_init(&p);
    if (!submission_read(args[0], &s, &p))
        code = say_problems(c, &p);
    else
        code = drop(c, &s, &name);
    if (code == CLI_OK && waits)
        code = wait_for(c, &s, name, timeout_ms, json);
    else if (code == CLI_OK && json)
        print_name(c, name);
    else if (code == CLI_OK)
        fprintf(c->out, "dropped as %s.job\n", name);
    free(name);
    submission_done(&s);
    problems_done(&p);
    return code;
}
