#include "dialogue.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>

#include <string.h>

static const struct {
    const char *name;
    const char *verb; /* as libESMTP writes it; NULL: not a line of its own */
    enum phase phase;
} commands[COMMANDS] = {
    [CMD_BANNER] = {"the greeting", NULL, PHASE_BANNER},
    [CMD_EHLO] = {"EHLO", "EHLO ", PHASE_EHLO},
    [CMD_HELO] = {"HELO", "HELO ", PHASE_EHLO},
    [CMD_STARTTLS] = {"STARTTLS", "STARTTLS", PHASE_STARTTLS},
    [CMD_RSET] = {"RSET", "RSET", PHASE_MAIL},
    [CMD_MAIL] = {"MAIL", "MAIL FROM:", PHASE_MAIL},
    [CMD_RCPT] = {"RCPT", "RCPT TO:", PHASE_RCPT},
    [CMD_DATA] = {"DATA", "DATA", PHASE_DATA},
    [CMD_DOT] = {"the final dot", ".", PHASE_DOT},
    [CMD_QUIT] = {"QUIT", "QUIT", PHASE_QUIT},
    [CMD_OTHER] = {"a command", NULL, PHASE_MAIL},
};

enum phase command_phase(enum command c)
{
    return commands[c].phase;
}

const char *command_name(enum command c)
{
    return commands[c].name;
}

void dialogue_init(struct dialogue *d)
{
    d->first = d->count = 0;
    d->line_len = 0;
    d->is_cut = false;
    d->garbage_text[0] = '\0';
    d->command = CMD_BANNER;
    reply_reader_init(&d->reader);
    dialogue_sent(d, CMD_BANNER);
}

void dialogue_sent(struct dialogue *d, enum command c)
{
    MUST(d->count < DIALOGUE_WAITING_MAX);
    d->waiting[(d->first + d->count) % DIALOGUE_WAITING_MAX] = c;
    d->count++;
}

enum command dialogue_command(const char *line, size_t n)
{
    struct str s = str_n(line, n);

    for (unsigned c = 0; c < COMMANDS; c++)
        if (commands[c].verb && str_starts(s, commands[c].verb))
            return (enum command)c;
    return CMD_OTHER;
}

enum command dialogue_awaited(const struct dialogue *d)
{
    return d->count ? d->waiting[d->first] : COMMANDS;
}

bool dialogue_is_amid_reply(const struct dialogue *d)
{
    return d->line_len > 0 || d->is_cut || d->reader.is_open;
}

static void keep_garbage(struct dialogue *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->line_len && n < sizeof d->garbage_text - 1; i++)
        if (d->line[i] >= ' ' && d->line[i] < 0x7f)
            d->garbage_text[n++] = d->line[i];
    d->garbage_text[n] = '\0';
}

/* The reply in the reader is complete: for whom was it? */
static enum dialogue_event pair(struct dialogue *d)
{
    if (d->count == 0)
        return DIALOGUE_UNSOLICITED;
    d->command = d->waiting[d->first];
    d->first = (d->first + 1) % DIALOGUE_WAITING_MAX;
    d->count--;
    return DIALOGUE_REPLY;
}

static enum dialogue_event end_line(struct dialogue *d)
{
    bool is_complete = reply_reader_line(&d->reader, d->line, d->line_len);
    bool is_garbage = !is_complete && !d->reader.is_open;

    if (is_garbage)
        keep_garbage(d);
    d->line_len = 0;
    if (is_garbage)
        return DIALOGUE_GARBAGE;
    return is_complete ? pair(d) : DIALOGUE_MORE;
}

enum dialogue_event dialogue_end(struct dialogue *d)
{
    enum dialogue_event e = d->line_len > 0 ? end_line(d) : DIALOGUE_MORE;

    if (e == DIALOGUE_MORE && d->reader.is_open) {
        d->reader.is_open = false;
        e = pair(d);
    }
    return e == DIALOGUE_REPLY ? e : DIALOGUE_MORE;
}

/* Takes the bytes of one line, at most as many as fit. True at its end. */
static bool take_line(struct dialogue *d, const char **bytes, size_t *n)
{
    const char *lf = memchr(*bytes, '\n', *n);
    size_t have = lf ? (size_t)(lf - *bytes) + 1 : *n;
    size_t fits = DIALOGUE_LINE_MAX - d->line_len;

    if (d->is_cut) {
        d->is_cut = !lf;
        *bytes += have;
        *n -= have;
        return false;
    }
    if (have > fits) {
        have = fits;
        lf = NULL;
    }
    memcpy(d->line + d->line_len, *bytes, have);
    d->line_len += have;
    *bytes += have;
    *n -= have;
    return lf != NULL;
}

enum dialogue_event dialogue_read(struct dialogue *d, const char **bytes, size_t *n)
{
    /* A full line buffer: DIALOGUE_TOO_LONG was said, now what we have of it counts as the line. */
    if (d->line_len == DIALOGUE_LINE_MAX) {
        enum dialogue_event e = end_line(d);

        d->is_cut = true;
        if (e != DIALOGUE_MORE)
            return e;
    }
    while (*n > 0) {
        bool is_end = take_line(d, bytes, n);
        enum dialogue_event e;

        if (!is_end && d->line_len == DIALOGUE_LINE_MAX)
            return DIALOGUE_TOO_LONG;
        e = is_end ? end_line(d) : DIALOGUE_MORE;
        if (e != DIALOGUE_MORE)
            return e;
    }
    return DIALOGUE_MORE;
}
