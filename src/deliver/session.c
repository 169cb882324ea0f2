/* A connection's dialogue, with libESMTP as the client. How its hazards are met:
 *
 * It loses replies. Everything that it reads and every command that it writes passes on_traffic(), where dialogue.c pairs
 * them again. A message ends by what was said there, the moment it was read; libESMTP's events only tell when
 * it is about to look for the next message. If the two ever disagree, the connection is not used any further.
 *
 * It drops connections over odd replies. hide.c prevents the usual case. For the others the outcome is known all the
 * same, and only the connection is lost: finish() finds what is still open then.
 *
 * It has a fixed list of messages. on_event() adds the next one while the callback for the previous one runs; added is
 * only what can be sent at once, so that libESMTP never holds anything back. It frees messages with the session only: the
 * planner bounds them by max_deliveries_per_connection.
 *
 * RCPT and DATA go out together where PIPELINING is announced (RFC 2920), as Postfix does it: 3 round trips for each message
 * instead of 4. No text is sent in vain: to the 354 of a server that refused the recipient libESMTP answers with a lone
 * dot. Without PIPELINING, require_all_recipients keeps DATA back after a refusal.
 *
 * Its time limits restart with every byte. Ours (watch.c) hold for a whole reply; libESMTP's are a little longer.
 *
 * It goes on after bytes that came in clear text behind the reply to STARTTLS: on_starttls() takes them for an attack.
 *
 * It waits for the answer to QUIT, up to 10 minutes and one round trip at least. The answer means nothing, so reading is shut
 * down before QUIT is written (Postfix: smtp_skip_quit_response). */
#include "conn.h"
#include "tls.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>

#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* libesmtp.h shows it only to an OpenSSL of long ago, whose ssl.h had the macro that it asks for. */
int smtp_starttls_set_ctx(smtp_session_t session, SSL_CTX *ctx);

static enum phase phase_now(struct conn *c)
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
    case CONN_QUITTING: /* not wanted, and libESMTP's answer to a reply that it did not understand */
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
static void message_over(struct conn *c)
{
    if (c->msg.d) { /* we have not seen the end of its last reply */
        conn_fail_text(c, phase_now(c),
                       dialogue_is_amid_reply(&c->dialogue)
                           ? "the server closed the connection amid a reply"
                           : "replies and commands are out of step");
        return;
    }
    if (worker_next(c))
        message_add(c);
}

/* After a refused DATA it looks for the next message first and sends SMTP_EV_MESSAGESENT then, when it is too late to add
 * one; so this comes from on_reply(), while it has not parsed the reply yet. */
static void on_data_refused(struct conn *c, const struct reply *r)
{
    message_end(c, PHASE_DATA, r);
    c->has_chosen_early = true;
    message_over(c);
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
        /* Announced and refused: in clear text it may well take our mail. 421 is no word about TLS. */
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
    enum phase phase = phase_now(c);

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
            conn_fail_text(c, phase_now(c), "not an SMTP reply: \"%s\"", d->garbage_text);
            give_up(c);
        } else {
            conn_fail_text(c, phase_now(c), "a reply line of more than %d bytes",
                           DIALOGUE_LINE_MAX);
            is_too_long = true; /* it still counts, but nothing after it */
        }
    }
    if (is_too_long) {
        give_up(c);
    } else if (!c->is_deaf && dialogue_awaited(d) == COMMANDS && dialogue_is_amid_reply(d)) {
        /* libESMTP would not send its next command before it has the rest of this. */
        conn_fail_text(c, phase_now(c), "the server spoke out of turn");
        give_up(c);
    }
}

/* --- losing the connection */

/* Why a connection ends that nobody wanted to end. */
static void lost_text(struct conn *c, struct reply *r)
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

    c->phase_before_quit = phase_now(c);
    /* It quits on its own: the connection is lost, or it could not make sense of the last reply. */
    if (is_answered && !c->is_ending && conn_stop(c) == STOP_NO) {
        lost_text(c, &why);
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
        /* Not begun: libESMTP goes on for a while with what its buffer holds, on a socket that is shut. */
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

static void on_traffic(const char *bytes, int n, int direction, void *conn)
{
    if (n <= 0)
        return;
    if (direction == SMTP_CB_READING)
        on_read(conn, bytes, (size_t)n);
    else if (direction == SMTP_CB_WRITING)
        on_write(conn, bytes, (size_t)n);
}

static void on_event(smtp_session_t session, int event, void *conn, ...)
{
    struct conn *c = conn;
    va_list args;

    (void)session;
    va_start(args, conn);
    switch (event) {
    case SMTP_EV_MESSAGEDATA: /* for each line: nothing expensive here */
        atomic_store_explicit(&c->progress, c->lines_sent++, memory_order_relaxed);
        break;
    case SMTP_EV_CONNECT:
        conn_set_state(c, CONN_GREETING);
        break;
    case SMTP_EV_MAILSTATUS: {
        (void)va_arg(args, const char *);
        smtp_message_t m = va_arg(args, smtp_message_t);
        if (smtp_reverse_path_status(m)->code / 100 != 2)
            message_over(c);
        break;
    }
    case SMTP_EV_RCPTSTATUS: {
        (void)va_arg(args, const char *);
        smtp_recipient_t r = va_arg(args, smtp_recipient_t);
        if (c->waits_for_rcpt && smtp_recipient_status(r)->code / 100 != 2)
            message_over(c);
        break;
    }
    case SMTP_EV_MESSAGESENT:
        if (!c->has_chosen_early)
            message_over(c);
        c->has_chosen_early = false;
        break;
    case SMTP_EV_STARTTLS_OK:
        c->is_tls = true;
        tls_hold_reading(c->fd, true);
        break;
    default:
        tls_answer(event, args);
        break;
    }
    va_end(args);
}

/* --- the end */

/* A reply that broke off counts as far as it got: its first code says all. */
static void take_broken_reply(struct conn *c)
{
    struct dialogue *d = &c->dialogue;

    if (!c->is_deaf && dialogue_end(d) == DIALOGUE_REPLY)
        on_reply(c, d->command, &d->reader.reply, 0);
}

static void finish_message(struct conn *c, const struct reply *lost)
{
    const struct reply *r = c->failure.is_set ? &c->failure.reply : lost;

    if (c->msg.is_dot_out)
        report_outcome(c, PHASE_DOT, r->code ? lost : r, true);
    else
        message_end(c, c->failure.is_set ? c->failure.phase : phase_now(c), r);
}

static void finish_handshake(struct conn *c, struct reply *lost)
{
    char reason[128];

    tls_reason(reason, sizeof reason);
    if (conn_stop(c) != STOP_NO)
        return;
    if (reason[0] && !atomic_load(&c->is_timed_out))
        reply_say(lost, "the TLS handshake failed: %s", reason);
    c->is_tls_broken = !c->failure.is_set; /* set: we broke it */
}

/* libESMTP is through with the connection: what is still open ends here. */
static void finish(struct conn *c)
{
    bool is_in_handshake = conn_state(c) == CONN_HANDSHAKE;
    struct reply lost;

    lost_text(c, &lost);
    take_broken_reply(c);
    if (is_in_handshake)
        finish_handshake(c, &lost);
    if (c->msg.d && c->msg.is_begun)
        finish_message(c, &lost);
    if (c->has_server_left)
        conn_fail_text(c, PHASE_QUIT, "the server closed the connection between messages");
    else if (!c->is_ending && conn_stop(c) == STOP_NO)
        conn_fail(c, phase_now(c), &lost);
}

static void set_limits(struct conn *c)
{
    const int64_t *ms = c->pool->limit_ms;
    const struct {
        int which;
        enum conn_state of[3];
    } limits[] = {
        {Timeout_GREETING, {CONN_GREETING, CONN_HELLO, CONN_STARTTLS}},
        {Timeout_ENVELOPE, {CONN_MAIL, CONN_RCPT, CONN_RCPT}},
        {Timeout_DATA, {CONN_DATA, CONN_DATA, CONN_DATA}},
        {Timeout_TRANSFER, {CONN_BODY, CONN_BODY, CONN_BODY}},
        {Timeout_DATA2, {CONN_DOT, CONN_DOT, CONN_DOT}},
    };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int64_t longest = 0;

        for (size_t k = 0; k < 3; k++)
            if (ms[limits[i].of[k]] > longest)
                longest = ms[limits[i].of[k]];
        smtp_set_timeout(c->smtp, limits[i].which | Timeout_OVERRIDE_RFC2822_MINIMUM,
                         (long)(longest + 2 * c->pool->watch_tick_ms + 1000));
    }
}

static bool on_socket(void *conn, int fd)
{
    struct conn *c = conn;
    bool may_go;

    pthread_mutex_lock(&c->lock);
    c->fd = fd;
    may_go = conn_stop(c) == STOP_NO;
    pthread_mutex_unlock(&c->lock);
    return may_go;
}

static void dial_and_talk(struct conn *c)
{
    c->dial = (struct dial){
        .target = c->target, .limit_ms = c->pool->connect_ms, .opened = on_socket, .arg = c};
    c->dialled_at = clock_mono();
    conn_set_state(c, CONN_DIALLING);
    dial_use(&c->dial);
    tls_use(c->target->mx_host);
    smtp_start_session(c->smtp); /* its result says less than what we have seen */
    dial_use(NULL);
    if (c->dial.fd >= 0)
        finish(c);
    else if (conn_stop(c) == STOP_NO)
        conn_fail_text(c, PHASE_CONNECT, "%s",
                       c->dial.why[0] ? c->dial.why : "no address to connect to");
    tls_use(NULL);
}

static void hang_up(struct conn *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    pthread_mutex_unlock(&c->lock);
}

void session_run(struct conn *c)
{
    c->is_deaf = c->has_chosen_early = false;
    atomic_store(&c->is_timed_out, false);
    dialogue_init(&c->dialogue);
    c->smtp = smtp_create_session();
    MUST(c->smtp);
    MUST(smtp_set_hostname(c->smtp, c->pool->ehlo_name));
    MUST(smtp_set_server(c->smtp, DIAL_PLACEHOLDER));
    smtp_set_eventcb(c->smtp, on_event, c);
    smtp_set_monitorcb(c->smtp, on_traffic, c, 0);
    smtp_option_require_all_recipients(c->smtp, 1);
    if (c->target->use_starttls) {
        smtp_starttls_set_ctx(c->smtp, c->pool->tls);
        smtp_starttls_enable(c->smtp, Starttls_ENABLED);
    }
    set_limits(c);
    message_add(c);
    dial_and_talk(c);
    smtp_destroy_session(c->smtp);
    c->smtp = NULL;
    hang_up(c);
}
