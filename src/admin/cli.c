/* cli.c: finds the command and runs it. */
#include "cli_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <sluice/base/str.h>

enum { WIDTH_WITHOUT_TERMINAL = 100 };

static void look_at_terminal(struct cli *c)
{
    struct winsize size;
    int fd = fileno(c->out);
    c->width = WIDTH_WITHOUT_TERMINAL;
    c->is_terminal = fd >= 0 && isatty(fd);
    if (c->is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        c->width = size.ws_col;
}

static const char *command_name(size_t i)
{
    return CLI_COMMANDS[i].name;
}

static size_t command_count(void)
{
    size_t n = 0;
    while (CLI_COMMANDS[n].name)
        n++;
    return n;
}

/* How many words of argv name this command: 0, 1 or 2. */
static int words_of(const struct cli_command *k, int argc, char **argv)
{
    const char *space = strchr(k->name, ' ');
    if (!space)
        return strcmp(k->name, argv[0]) == 0 ? 1 : 0;
    size_t first = (size_t)(space - k->name);
    return argc > 1 && strlen(argv[0]) == first && strncmp(k->name, argv[0], first) == 0 &&
                   strcmp(space + 1, argv[1]) == 0
               ? 2
               : 0;
}

static enum cli_exit unknown_command(struct cli *c, int argc, char **argv)
{
    struct buf word;
    buf_init(&word, 100);
    buf_puts(&word, argv[0]);
    bool is_group = false; /* "list" alone, or with a word that it does not know */
    for (size_t i = 0; CLI_COMMANDS[i].name; i++)
        is_group |= str_starts(str_of(CLI_COMMANDS[i].name), argv[0]) &&
                    CLI_COMMANDS[i].name[strlen(argv[0])] == ' ';
    if (is_group && argc > 1)
        buf_printf(&word, " %s", argv[1]);
    const char *near = cli_nearest(word.data, command_name, command_count());
    enum cli_exit code;
    if (is_group && argc == 1)
        code = cli_say(c, CLI_USAGE, "'%s' what? `sluice help` lists the commands", word.data);
    else if (near)
        code = cli_say(c, CLI_USAGE, "unknown command '%s'; did you mean '%s'?", word.data, near);
    else
        code = cli_say(c, CLI_USAGE, "unknown command '%s'; `sluice help` lists them", word.data);
    buf_done(&word);
    return code;
}

static enum cli_exit run_command(struct cli *c, int argc, char **argv)
{
    for (const struct cli_command *k = CLI_COMMANDS; k->name; k++) {
        int words = words_of(k, argc, argv);
        if (words == 0)
            continue;
        c->command = k;
        for (int i = words; i < argc && strcmp(argv[i], "--") != 0; i++)
            if (strcmp(argv[i], "--help") == 0)
                return cli_help(c, words, argv);
        return k->run(c, argc - words, argv + words);
    }
    return unknown_command(c, argc, argv);
}

static enum cli_exit run(struct cli *c, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--version") == 0) {
            fprintf(c->out, "sluice %s\n", SLUICE_VERSION);
            return CLI_OK;
        }
        if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0)
            return cli_help(c, 0, NULL);
        bool is_socket = strcmp(a, "-s") == 0;
        if (!is_socket && strcmp(a, "-c") != 0)
            return cli_say(c, CLI_USAGE,
                           "unknown option '%s'; before the command: -s SOCKET, -c CONF, --help, "
                           "--version",
                           a);
        if (i + 1 == argc)
            return cli_say(c, CLI_USAGE, "%s needs a path behind it", a);
        *(is_socket ? &c->socket : &c->conf) = argv[++i];
    }
    if (i == argc) {
        cli_help(c, 0, NULL);
        return CLI_USAGE;
    }
    return run_command(c, argc - i, argv + i);
}

int cli_run(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli c = {.out = out, .err = err};
    look_at_terminal(&c);
    enum cli_exit code = cli_finish(&c, run(&c, argc, argv));
    free(c.found_socket);
    return code;
}
