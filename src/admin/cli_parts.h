/* cli_parts.h: what the commands of `sluice` share. */
#ifndef SLUICE_ADMIN_CLI_PARTS_H
#define SLUICE_ADMIN_CLI_PARTS_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>
#include <sluice/admin/cli.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>

struct cli {
    FILE *out, *err;
    const struct cli_command *command; /* the one that runs */
    const char *socket;                /* -s */
    const char *conf;                  /* -c */
    char *found_socket;                /* by cli_socket; owned */
    bool is_terminal;                  /* out */
    size_t width;                      /* of text for people */
    bool has_progress;                 /* on err's line, which is not ended */
};

struct cli_command {
    const char *name; /* one word, or two: "list import" */
    enum cli_exit (*run)(struct cli *c, int argc, char **argv); /* argv behind the name */
    const char *usage;                                          /* what stands behind the name */
    const char *summary;                                        /* one line */
    const char *help;                                           /* options and examples */
};
extern const struct cli_command CLI_COMMANDS[]; /* ended by a NULL name */

/* ---- complaints ---- */

/* "sluice: ..." to err, made safe for a terminal; returns `code`. */
enum cli_exit cli_say(struct cli *c, enum cli_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a command line that is wrong, with the command's usage. */
enum cli_exit cli_usage(struct cli *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- options ---- */

enum { CLI_ARGS_MAX = 8, CLI_LIST_MAX = 100 };
struct cli_option {
    const char *
        name; /* without --; "output|o": -o, too; "to+": as often as one likes; NULL ends the table */
    const char *
        *text;  /* --name VALUE; for "to+" an empty array of CLI_LIST_MAX + 1, ended by NULL; or */
    bool *flag; /* --name */
};
/* Sorts argv into options (anywhere, until "--") and arguments, between `least` and `most` of them;
 * -s and -c are known to all commands. False after a complaint: return CLI_USAGE. */
bool cli_options(struct cli *c, int argc, char **argv, const struct cli_option *options,
                 size_t least, size_t most, const char *args[CLI_ARGS_MAX]);
/* A word of `words` (ended by NULL): its place, or -1 after a complaint that names `what`. */
int cli_word(struct cli *c, const char *what, const char *word, const char *const *words);
/* The name of `count` known ones that is near enough to be meant, or NULL. */
const char *cli_nearest(const char *word, const char *(*name)(size_t i), size_t count);
/* "csv" or "ndjson" (NULL: csv); false after a complaint. */
bool cli_format(struct cli *c, const char *word, const char **format);

/* ---- talking to the daemon ---- */

/* The control socket's path: -s, -c, $SLUICE_SOCKET, $SLUICE_CONF, /etc/sluice/sluice.conf, in this
 * order; NULL after a complaint. */
const char *cli_socket(struct cli *c);
/* The configuration's path: -c, $SLUICE_CONF, /etc/sluice/sluice.conf; NULL: none of them. */
const char *cli_conf_path(const struct cli *c);
/* A path that the configuration names, as the daemon understands it: setting `name` of `group` (NULL: of the top
 * level), `fallback` (may be NULL) without it. Nothing else of the configuration is looked at. False after a
 * complaint; *path (owned by the caller) is NULL when there is neither. */
bool cli_conf_setting(struct cli *c, const char *group, const char *name, const char *fallback,
                      char **path);
/* An argument that may be a job or a job file: puts "job" or "file" (absolute). False after a complaint. */
bool cli_put_job(struct cli *c, json_t *request, const char *arg);
/* Sends the request and frees it. CLI_OK: *answer is the daemon's (json_decref); else a complaint
 * was printed, with every problem that the daemon listed. Only when data() stopped it nothing was:
 * then it is the caller's to say why. */
enum cli_exit cli_ask(struct cli *c, json_t *request,
                      bool (*data)(void *arg, const char *text, size_t n), void *arg,
                      json_t **answer);
/* {"do": verb}, and a member unless the value is NULL. A value that is no UTF-8 has its bad bytes
 * replaced: the daemon then says that it knows no such name. */
json_t *cli_request(const char *verb);
void cli_put(json_t *request, const char *key, const char *value);

/* ---- answers ---- */

/* Prints text that pretty.h made. */
void cli_print(struct cli *c, struct buf *text);
/* Prints the answer as indented JSON, without "ok". */
void cli_print_json(struct cli *c, json_t *answer);
/* An answer as text or, with `json`, as JSON. */
void cli_print_answer(struct cli *c, json_t *answer, bool json,
                      void (*text_of)(const json_t *answer, struct wall now, size_t width,
                                      struct buf *out));
/* Asks, frees the request, and prints the answer as text or, with `json`, as JSON. */
enum cli_exit cli_answer(struct cli *c, json_t *request, bool json,
                         void (*text_of)(const json_t *answer, struct wall now, size_t width,
                                         struct buf *out));
/* Who was meant, as the daemon names it ("naver" for "naver.com"), else as it was asked. */
const char *cli_name(const json_t *answer, const char *asked);
/* "warning: ..." to err, one for each text of the list; NULL is fine. */
void cli_say_warnings(struct cli *c, const json_t *warnings);

/* ---- files; cli_file.c ---- */

/* Asks, streams the answer to `output` (NULL and "-": out; a file appears under its name only when it is
 * whole), says the answer's warnings, and frees the request. */
enum cli_exit cli_stream(struct cli *c, json_t *request, const char *output);
/* What there is already, all of it, to a file of that name, in the same way. */
enum cli_exit cli_write_file(struct cli *c, const char *output, const struct buf *text);
/* There, and a device, a pipe or a folder: what is beside such a name is nobody's business. */
bool cli_is_no_file(const char *output);
/* Flushes `out`: a full disk behind a redirection must not look like success. */
enum cli_exit cli_finish(struct cli *c, enum cli_exit code);

/* ---- commands; see CLI_COMMANDS ---- */

enum cli_exit cli_submit(struct cli *c, int argc, char **argv);
enum cli_exit cli_status(struct cli *c, int argc, char **argv);
enum cli_exit cli_results(struct cli *c, int argc, char **argv);
enum cli_exit cli_show(struct cli *c, int argc, char **argv);
enum cli_exit cli_render(struct cli *c, int argc, char **argv);
enum cli_exit cli_lint(struct cli *c, int argc, char **argv);
enum cli_exit cli_test(struct cli *c, int argc, char **argv);
enum cli_exit cli_approve(struct cli *c, int argc, char **argv);
enum cli_exit cli_key_new(struct cli *c, int argc, char **argv);
enum cli_exit cli_key_token(struct cli *c, int argc, char **argv);
enum cli_exit cli_key_check(struct cli *c, int argc, char **argv);
enum cli_exit cli_lever(struct cli *c, int argc, char **argv);
enum cli_exit cli_resume(struct cli *c, int argc, char **argv);
enum cli_exit cli_suspend(struct cli *c, int argc, char **argv);
enum cli_exit cli_reload(struct cli *c, int argc, char **argv);
enum cli_exit cli_provider(struct cli *c, int argc, char **argv);
enum cli_exit cli_why(struct cli *c, int argc, char **argv);
enum cli_exit cli_windows(struct cli *c, int argc, char **argv);
enum cli_exit cli_plan(struct cli *c, int argc, char **argv);
enum cli_exit cli_forecast(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_import(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_export(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_show(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_lists(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_suppress(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_release(struct cli *c, int argc, char **argv);
enum cli_exit cli_list_suppressions(struct cli *c, int argc, char **argv);
enum cli_exit cli_help(struct cli *c, int argc, char **argv);

#endif
