/* dialogue.h: which reply answers which command. (P)
 *
 * libESMTP shows the bytes that it reads and the commands that it writes; its own parser loses
 * replies (see session.c). Here they are paired again: commands wait in a queue, replies
 * answer the oldest one (RFC 5321 4.2, RFC 2920 for several at once).
 *
 *     dialogue_sent(&d, CMD_MAIL);
 *     while ((event = dialogue_read(&d, &bytes, &n)) != DIALOGUE_MORE)
 *         ...                                        // d.command, d.reader.reply
 */
#ifndef SLUICE_DELIVER_DIALOGUE_H
#define SLUICE_DELIVER_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sluice/model/kinds.h>
#include <sluice/reply/reply.h>

/* CMD_BANNER: the greeting, which answers the connection itself. CMD_DOT: the end of the
 * message. */
enum command {
    CMD_BANNER,
    CMD_EHLO,
    CMD_HELO,
    CMD_STARTTLS,
    CMD_RSET,
    CMD_MAIL,
    CMD_RCPT,
    CMD_DATA,
    CMD_DOT,
    CMD_QUIT,
    CMD_OTHER,
    COMMANDS
};

/* RSET, MAIL, RCPT and DATA are the most that libESMTP pipelines. */
#define DIALOGUE_WAITING_MAX 8
/* RFC 5321 4.5.3.1.5 allows 512 octets. libESMTP reads lines in pieces of 1,023 and takes each
 * piece for a reply: past this the two sides no longer mean the same. */
#define DIALOGUE_LINE_MAX 1000

enum dialogue_event {
    DIALOGUE_MORE,        /* everything is consumed */
    DIALOGUE_REPLY,       /* reader.reply answers `command` */
    DIALOGUE_UNSOLICITED, /* reader.reply answers nothing */
    DIALOGUE_GARBAGE,     /* a line that is no reply: garbage_text */
    DIALOGUE_TOO_LONG     /* the line is cut; its reply follows as an event of its own */
};

struct dialogue {
    enum command waiting[DIALOGUE_WAITING_MAX];
    unsigned first, count;
    enum command command; /* of the last DIALOGUE_REPLY */
    struct reply_reader reader;
    char garbage_text[128]; /* printable */
    char line[DIALOGUE_LINE_MAX];
    size_t line_len;
    bool is_cut; /* the rest of this line is dropped */
};

void dialogue_init(struct dialogue *d); /* waits for the banner */
void dialogue_sent(struct dialogue *d, enum command c);
/* The command in a line that libESMTP writes. */
enum command dialogue_command(const char *line, size_t n);
/* Consumes bytes up to the end of the next event, advancing *bytes and *n. */
enum dialogue_event dialogue_read(struct dialogue *d, const char **bytes, size_t *n);
/* No more bytes will come: a reply that broke off is taken for whole. DIALOGUE_REPLY or
 * DIALOGUE_MORE. */
enum dialogue_event dialogue_end(struct dialogue *d);
/* The oldest command without an answer; COMMANDS: none. */
enum command dialogue_awaited(const struct dialogue *d);
/* True in the middle of a line or of a multi-line reply. */
bool dialogue_is_amid_reply(const struct dialogue *d);
enum phase command_phase(enum command c);
const char *command_name(enum command c); /* "MAIL", "the final dot" */

#endif
