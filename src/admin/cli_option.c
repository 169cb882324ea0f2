/* cli_option.c: options and complaints.
 *
 * Not getopt_long: it keeps its place in globals, prints by itself (and raw), takes abbreviations
 * that break when a longer option comes along, and knows no "did you mean".
 */
#include "cli_parts.h"

#include <stdarg.h>
#include <string.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include "pretty.h"

static void say(struct cli *c, const char *format, va_list args)
{
    struct buf raw, safe;
    buf_init(&raw, 8 * 1024);
    buf_init(&safe, 32 * 1024);
    buf_vprintf(&raw, format, args);
    pretty_safe(&safe, raw.data, raw.len, true);
    fflush(c->out);
    fprintf(c->err, "%ssluice: %s\n", c->has_progress ? "\r\033[K" : "", safe.data);
    c->has_progress = false;
    buf_done(&raw);
    buf_done(&safe);
}

enum cli_exit cli_say(struct cli *c, enum cli_exit code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(c, format, args);
    va_end(args);
    return code;
}

enum cli_exit cli_usage(struct cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(c, format, args);
    va_end(args);
    fprintf(c->err, "usage: sluice %s %s\n", c->command->name, c->command->usage);
    return CLI_USAGE;
}

const char *cli_nearest(const char *word, const char *(*name)(size_t i), size_t count)
{
    const char *best = NULL;
    unsigned least = strlen(word) <= 3 ? 2 : 3; /* nearer than this */
    for (size_t i = 0; i < count; i++) {
        unsigned d = str_distance(str_of(word), str_of(name(i)));
        if (d < least) {
            least = d;
            best = name(i);
        }
    }
    return best;
}

static size_t name_length(const struct cli_option *o)
{
    return strcspn(o->name, "|+");
}

static bool complain_unknown(struct cli *c, const char *arg, const struct cli_option *options)
{
    struct str best = {NULL, 0};
    unsigned least = 3;
    struct str rest = str_of(arg), word = rest;
    str_cut(&rest, '=', &word);
    for (const struct cli_option *o = options; str_starts(word, "--") && o->name; o++) {
        struct str name = str_n(o->name, name_length(o));
        unsigned d = str_distance(str_n(word.p + 2, word.n - 2), name);
        if (d < least) {
            least = d;
            best = name;
        }
    }
    if (best.p)
        cli_usage(c, "unknown option '%s'; did you mean '--%.*s'?", arg, (int)best.n, best.p);
    else
        cli_usage(c, "unknown option '%s'", arg);
    return false;
}

static bool is_letter_of(const struct cli_option *o, const char *arg)
{
    size_t n = name_length(o);
    return o->name[n] == '|' && arg[1] == o->name[n + 1] && arg[2] == '\0';
}

/* "--name", "--name=..." or "-n"? *value: what stands behind '='. */
static bool is_option(const struct cli_option *o, const char *arg, const char **value)
{
    size_t n = name_length(o);
    *value = NULL;
    if (is_letter_of(o, arg))
        return true;
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, o->name, n) != 0)
        return false;
    if (arg[2 + n] == '=')
        *value = arg + 2 + n + 1;
    return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

/* Where the value goes; NULL after a complaint. */
static const char **place_of(struct cli *c, const struct cli_option *o)
{
    size_t n = 0;
    if (o->name[name_length(o)] != '+')
        return o->text;
    while (n < CLI_LIST_MAX && o->text[n])
        n++;
    if (n < CLI_LIST_MAX)
        return &o->text[n];
    cli_usage(c, "--%.*s stands there too often: at most %d times", (int)name_length(o), o->name,
              CLI_LIST_MAX);
    return NULL;
}

/* One option at argv[*i]; moves *i past its value. */
static bool take_option(struct cli *c, int argc, char **argv, int *i,
                        const struct cli_option *options)
{
    const char *arg = argv[*i], *value = NULL;
    const char **target = strcmp(arg, "-s") == 0   ? &c->socket
                          : strcmp(arg, "-c") == 0 ? &c->conf
                                                   : NULL;
    const struct cli_option *o = options;
    while (!target && o->name && !is_option(o, arg, &value))
        o++;
    if (!target && !o->name)
        return complain_unknown(c, arg, options);
    if (!target && o->flag) {
        *o->flag = true;
        if (value)
            cli_usage(c, "--%s takes no value", o->name);
        return !value;
    }
    if (!target && !(target = place_of(c, o)))
        return false;
    if (!value && *i + 1 == argc) {
        cli_usage(c, "%s needs a value behind it", arg);
        return false;
    }
    *target = value ? value : argv[++*i];
    return true;
}

bool cli_options(struct cli *c, int argc, char **argv, const struct cli_option *options,
                 size_t least, size_t most, const char *args[CLI_ARGS_MAX])
{
    size_t count = 0;
    bool only_args = false;
    MUST(most <= CLI_ARGS_MAX);
    memset(args, 0, sizeof *args * CLI_ARGS_MAX);
    for (int i = 0; i < argc; i++) {
        bool is_option = !only_args && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (is_option) {
            if (!take_option(c, argc, argv, &i, options))
                return false;
        } else if (count == most) {
            cli_usage(c, "too much on the command line: '%s'", argv[i]);
            return false;
        } else {
            args[count++] = argv[i];
        }
    }
    if (count < least)
        cli_usage(c, "something is missing on the command line");
    return count >= least;
}

bool cli_format(struct cli *c, const char *word, const char **format)
{
    *format = word ? word : "csv";
    if (strcmp(*format, "csv") == 0 || strcmp(*format, "ndjson") == 0)
        return true;
    cli_usage(c, "--format takes csv or ndjson, not '%s'", word);
    return false;
}

int cli_word(struct cli *c, const char *what, const char *word, const char *const *words)
{
    struct buf all;
    const char *near = NULL;
    unsigned least = 3;
    int i = 0;
    buf_init(&all, 1000);
    for (; words[i] && strcmp(word, words[i]) != 0; i++) {
        unsigned d = str_distance(str_of(word), str_of(words[i]));
        if (d < least)
            near = words[i];
        least = d < least ? d : least;
        buf_printf(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    if (!words[i] && near)
        cli_usage(c, "%s '%s'; did you mean '%s'?", what, word, near);
    else if (!words[i])
        cli_usage(c, "%s '%s': it takes %s", what, word, all.data);
    buf_done(&all);
    return words[i] ? i : -1;
}
