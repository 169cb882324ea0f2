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

static bool complain_unknown(struct cli *c, const char *arg, const struct cli_option *options)
{
    const char *best = NULL;
    unsigned least = 3;
    struct str rest = str_of(arg), word = rest;
    str_cut(&rest, '=', &word);
    for (const struct cli_option *o = options; str_starts(word, "--") && o->name; o++) {
        unsigned d = str_distance(str_n(word.p + 2, word.n - 2), str_of(o->name));
        if (d < least) {
            least = d;
            best = o->name;
        }
    }
    if (best)
        cli_usage(c, "unknown option '%s'; did you mean '--%s'?", arg, best);
    else
        cli_usage(c, "unknown option '%s'", arg);
    return false;
}

/* One option at argv[*i]; moves *i past its value. */
static bool take_option(struct cli *c, int argc, char **argv, int *i,
                        const struct cli_option *options)
{
    const char *arg = argv[*i];
    const char **target = NULL, *value = NULL;
    if (strcmp(arg, "-s") == 0)
        target = &c->socket;
    else if (strcmp(arg, "-c") == 0)
        target = &c->conf;
    for (const struct cli_option *o = options; !target && o->name; o++) {
        size_t n = strlen(o->name);
        if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, o->name, n) != 0)
            continue;
        char end = arg[2 + n];
        if (end == '\0' && o->flag) {
            *o->flag = true;
            return true;
        }
        if (end == '=' && o->flag) {
            cli_usage(c, "--%s takes no value", o->name);
            return false;
        }
        if (end != '\0' && end != '=')
            continue;
        target = o->text;
        value = end == '=' ? arg + 2 + n + 1 : NULL;
    }
    if (!target)
        return complain_unknown(c, arg, options);
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
