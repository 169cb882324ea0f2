/* What passes between libESMTP and the server: pairs replies with commands and draws the
 * conclusions; see the head of session.c. */
#include "conn.h"
#include "tls.h"

#include <sluice/base/str.h>
#include <sluice/os/clock.h>

#include <string.h>
#include <sys/socket.h>

enum phase session_phase(struct conn *c)
{
    static const enum phase phase_of[CONN_STATES] = {
        [CONN_IDLE] = PHASE_CONNECT,      [CONN_DIALLING] = PHASE_CONNECT,
        [CONN_GREETING] = PHASE_BANNER,   [CONN_HELLO] = PHASE_EHLO,
        [CONN_STARTTLS] = PHASE_STARTTLS, [CONN_HANDSHAKE] = PHASE_STARTTLS,
        [CONN_MAIL] = PHASE_MAIL,         [CONN_RCPT] = PHASE_RCPT,
        [CONN_DATA] = PHASE_DATA,         [CONN_BODY] = PHASE_DATA,
        [CONN_DOT] = PHASE_DOT,
    };
    enum command waits = dialogue_awaited(&c->dialogue);

    if (waits != COMMANDS && waits != CMD_QUIT)
        return command_phase(waits);
    switch (conn_state(c)) {
    case CONN_QUITTING: /* libESMTP's answer to a reply that it did not understand */
        return c->phase_before_quit;
    case CONN_CHOOSING:
        return c->is_ending ? PHASE_QUIT : command_phase(c->dialogue.command);
    default:
        return phase_of[conn_state(c)];
    }
}

/* Nothing may be believed or sent any more. */
static void give_up(struct conn *c)
{
    c->is_spent = c->is_deaf = true;
    conn_shut(c, SHUT_RDWR);
}

/* --- from one message to the next */

/* libESMTP is done with a message and looks for the next when we return. */
void session_message_over(struct conn *c)
{
    if (c->msg.d) { /* we have not seen the end of its last reply */
        conn_fail_text(c, session_phase(c),
                       dialogue_is_amid_reply(&c->dialogue)
                           ? "the server closed the connection amid a reply"
                           : "replies and commands are out of step");
        return;
    }
    if (worker_next(c))
        message_add(c);
}

/* After a refused DATA it looks for the next message first and sends SMTP_EV_MESSAGESENT then,
 * when it is too late to add one; so this comes from on_reply(), while it has not parsed the
 * reply yet. */
static void on_data_refused(struct conn *c, const struct reply *r)
{
    message_end(c, PHASE_DATA, r);
    c->has_chosen_early = true;
    session_message_over(c);
}

/* --- what the server says */

static void on_greeting(struct conn *c, const struct reply *r)
{
    if (r->code == 220)
        return;
    if (r->code >= 400)
        conn_fail(c, PHASE_BANNER, r);
    else
        conn_fail_text(c, PHASE_BANNER, "unexpected greeting: %d %.400s", r->code, r->text);
}

static void on_hello(struct conn *c, enum command sent, const struct reply *r)
{
    bool is_old = r->code == 500 || r->code == 501 || r->code == 502 || r->code == 504;

    if (r->code / 100 == 2) {
        c->connect_ms = (uint32_t)(clock_mono().ms - c->dialled_at.ms);
        c->waits_for_rcpt = sent == CMD_HELO || !c->hide.has_pipelining;
        smtp_option_require_all_recipients(c->smtp, c->waits_for_rcpt);
    } else if (r->code < 400) {
        conn_fail_text(c, PHASE_EHLO, "unexpected reply to %s: %d %.400s", command_name(sent),
                       r->code, r->text);
    } else if (sent == CMD_HELO || !is_old) { /* else libESMTP tries HELO */
        conn_fail(c, PHASE_EHLO, r);
    }
}

static void on_starttls(struct conn *c, const struct reply *r, size_t bytes_behind)
{
    if (r->code / 100 != 2) {
        conn_fail(c, PHASE_STARTTLS, r);
        /* Announced and refused: in clear text it may well take our mail. 421 is no word about
         * TLS. */
        c->is_tls_broken = r->code != 421;
        return;
    }
    if (bytes_behind > 0) {
        conn_fail_text(c, PHASE_STARTTLS,
                       "the server sent clear text behind its reply to STARTTLS");
        give_up(c);
        return;
    }
    if (conn_state(c) == CONN_STARTTLS) /* else libESMTP did not like the reply, and quits */
        conn_set_state(c, CONN_HANDSHAKE);
}

static void on_reply(struct conn *c, enum command sent, const struct reply *r, size_t bytes_behind)
{
    if (r->code == 421) /* anywhere: the server will close (RFC 5321 3.8) */
        conn_fail(c, command_phase(sent), r);
    switch (sent) {
    case CMD_BANNER:
        on_greeting(c, r);
        break;
    case CMD_EHLO:
    case CMD_HELO:
        on_hello(c, sent, r);
        break;
    case CMD_STARTTLS:
        on_starttls(c, r, bytes_behind);
        break;
    case CMD_MAIL:
    case CMD_RCPT:
        if (r->code / 100 != 2)
            message_end(c, command_phase(sent), r);
        break;
    case CMD_DATA:
        if (r->code >= 400)
            on_data_refused(c, r);
        else if (r->code / 100 != 3)
            message_end(c, PHASE_DATA, r);
        break;
    case CMD_DOT:
        message_end(c, PHASE_DOT, r);
        break;
    case CMD_QUIT:
        if (r->code >= 400) /* said between messages, before QUIT reached it */
            conn_fail(c, PHASE_QUIT, r);
        break;
    default:
        break; /* RSET, and commands that are none of ours */
    }
}

/* A reply to nothing: the next command would be paired with the wrong answer from here on. */
static void on_unsolicited(struct conn *c, const struct reply *r)
{
    enum phase phase = session_phase(c);

    if (r->code >= 400) {
        conn_fail(c, phase, r);
        if (c->msg.is_begun)
            message_end(c, phase, r);
    } else {
        conn_fail_text(c, phase, "unexpected reply: %d %.400s", r->code, r->text);
    }
    give_up(c);
}

static void on_read(struct conn *c, const char *bytes, size_t n)
{
    struct dialogue *d = &c->dialogue;
    enum dialogue_event event;
    bool is_too_long = false;

    if (c->is_deaf)
        return;
    /* libESMTP's own buffer, which is not const: see hide.h. */
    if (dialogue_awaited(d) == CMD_EHLO)
        hide_in(&c->hide, (char *)bytes, n);
    while (!c->is_deaf && (event = dialogue_read(d, &bytes, &n)) != DIALOGUE_MORE) {
        if (event == DIALOGUE_REPLY) {
            conn_rearm(c);
            on_reply(c, d->command, &d->reader.reply, n);
        } else if (event == DIALOGUE_UNSOLICITED) {
            on_unsolicited(c, &d->reader.reply);
        } else if (event == DIALOGUE_GARBAGE) {
            conn_fail_text(c, session_phase(c), "not an SMTP reply: \"%s\"", d->garbage_text);
            give_up(c);
        } else {
            conn_fail_text(c, session_phase(c), "a reply line of more than %d bytes",
                           DIALOGUE_LINE_MAX);
            is_too_long = true; /* it still counts, but nothing after it */
        }
    }
    if (is_too_long) {
        give_up(c);
    } else if (!c->is_deaf && dialogue_awaited(d) == COMMANDS && dialogue_is_amid_reply(d)) {
        /* libESMTP would not send its next command before it has the rest of this. */
        conn_fail_text(c, session_phase(c), "the server spoke out of turn");
        give_up(c);
    }
}

/* --- losing the connection */

/* Why a connection ends that nobody wanted to end. */
void session_lost(struct conn *c, struct reply *r)
{
    enum command waits = dialogue_awaited(&c->dialogue);
    const char *what = waits == COMMANDS || waits == CMD_QUIT ? NULL : command_name(waits);
    char text[128];

    if (conn_state(c) == CONN_HANDSHAKE)
        what = "the TLS handshake";
    else if (!what || c->msg.is_cut)
        what = c->msg.is_given ? "the message" : "its last reply";
    if (atomic_load(&c->is_timed_out))
        reply_say(r, "timed out at %s", what);
    else if (conn_stop(c) == STOP_AT_ONCE)
        reply_say(r, "stopped at %s", what);
    else if (conn_is_gone(c, false))
        reply_say(r, "the server closed the connection at %s", what);
    else
        reply_say(r, "libESMTP gave up at %s: %s", what,
                  smtp_strerror(smtp_errno(), text, sizeof text) ? text : "?");
}

/* --- what libESMTP says */

static void on_quit_written(struct conn *c)
{
    struct reply why;
    bool is_answered =
        dialogue_awaited(&c->dialogue) == COMMANDS && !dialogue_is_amid_reply(&c->dialogue);

    c->phase_before_quit = session_phase(c);
    /* It quits on its own: the connection is lost, or it could not make sense of the last reply. */
    if (is_answered && !c->is_ending && conn_stop(c) == STOP_NO) {
        session_lost(c, &why);
        conn_fail(c, c->phase_before_quit, &why);
    }
    conn_set_state(c, CONN_QUITTING);
    if (is_answered)
        conn_shut(c, SHUT_RD);
}

static void on_command(struct conn *c, enum command command)
{
    switch (command) {
    case CMD_EHLO:
        hide_begin(&c->hide);
        if (c->is_tls)
            tls_hold_reading(c->fd, false);
        conn_set_state(c, CONN_HELLO);
        break;
    case CMD_HELO:
        conn_set_state(c, CONN_HELLO);
        break;
    case CMD_STARTTLS:
        conn_set_state(c, CONN_STARTTLS);
        break;
    case CMD_MAIL:
        message_begin(c);
        break;
    case CMD_RCPT:
    case CMD_DATA:
    case CMD_DOT: /* the lone dot to a 354 without recipients */
        /* Not begun: libESMTP goes on for a while with what its buffer holds, on a socket that
         * is shut. */
        if (c->msg.is_begun)
            conn_set_state(c, command == CMD_RCPT   ? CONN_RCPT
                              : command == CMD_DATA ? CONN_DATA
                                                    : CONN_DOT);
        break;
    case CMD_QUIT:
        on_quit_written(c);
        break;
    default:
        break;
    }
    if (!c->is_deaf)
        dialogue_sent(&c->dialogue, command);
}

static void on_write(struct conn *c, const char *bytes, size_t n)
{
    struct str rest = str_n(bytes, n), line;

    while (str_cut(&rest, '\n', &line))
        if (line.n)
            on_command(c, dialogue_command(line.p, line.n));
    conn_rearm(c);
}

void session_traffic(const char *bytes, int n, int direction, void *conn)
{
    if (n <= 0)
        return;
    if (direction == SMTP_CB_READING)
        on_read(conn, bytes, (size_t)n);
    else if (direction == SMTP_CB_WRITING)
        on_write(conn, bytes, (size_t)n);
}

/* A reply that broke off counts as far as it got: its first code says all. */
void session_take_broken_reply(struct conn *c)
{
    struct dialogue *d = &c->dialogue;

    if (!c->is_deaf && dialogue_end(d) == DIALOGUE_REPLY)
        on_reply(c, d->command, &d->reader.reply, 0);
}
