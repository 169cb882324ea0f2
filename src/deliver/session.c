/* A connection's dialogue, with libESMTP as the client. How its hazards are met:
 *
 * It loses replies. Everything that it reads and every command that it writes passes
 * session_traffic(), where dialogue.c pairs them again. A message ends by what was said there,
 * the moment it was read; libESMTP's events only tell when it is about to look for the next
 * message. If the two ever disagree, the connection is not used any further.
 *
 * It drops connections over odd replies. hide.c prevents the usual case. For the others the
 * outcome is known all the same, and only the connection is lost: finish() finds what is still
 * open then.
 *
 * It has a fixed list of messages. on_event() adds the next one while the callback for the
 * previous one runs; added is only what can be sent at once, so that libESMTP never holds
 * anything back. It frees messages with the session only: the planner bounds them by
 * max_deliveries_per_connection.
 *
 * RCPT and DATA go out together where PIPELINING is announced (RFC 2920), as Postfix does it: 3
 * round trips for each message instead of 4. No text is sent in vain: to the 354 of a server
 * that refused the recipient libESMTP answers with a lone dot. Without PIPELINING,
 * require_all_recipients keeps DATA back after a refusal.
 *
 * Its time limits restart with every byte. Ours (watch.c) hold for a whole reply; libESMTP's are
 * a little longer.
 *
 * It goes on after bytes that came in clear text behind the reply to STARTTLS: on_starttls()
 * takes them for an attack.
 *
 * It waits for the answer to QUIT, up to 10 minutes and one round trip at least. The answer
 * means nothing, so reading is shut down before QUIT is written (Postfix:
 * smtp_skip_quit_response). */
#include "conn.h"
#include "tls.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>

#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* libesmtp.h shows it only to an OpenSSL of long ago, whose ssl.h had the macro that it asks
 * for. */
int smtp_starttls_set_ctx(smtp_session_t session, SSL_CTX *ctx);

static void on_event(smtp_session_t session, int event, void *conn, ...)
{
    struct conn *c = conn;
    va_list args;

    (void)session;
    va_start(args, conn);
    switch (event) {
    case SMTP_EV_MESSAGEDATA: /* for each line: nothing expensive here */
        atomic_store_explicit(&c->progress, ++c->lines_sent, memory_order_relaxed);
        break;
    case SMTP_EV_CONNECT:
        conn_set_state(c, CONN_GREETING);
        break;
    case SMTP_EV_MAILSTATUS: {
        (void)va_arg(args, const char *);
        smtp_message_t m = va_arg(args, smtp_message_t);
        if (smtp_reverse_path_status(m)->code / 100 != 2)
            session_message_over(c);
        break;
    }
    case SMTP_EV_RCPTSTATUS: {
        (void)va_arg(args, const char *);
        smtp_recipient_t r = va_arg(args, smtp_recipient_t);
        if (c->waits_for_rcpt && smtp_recipient_status(r)->code / 100 != 2)
            session_message_over(c);
        break;
    }
    case SMTP_EV_MESSAGESENT:
        if (!c->has_chosen_early)
            session_message_over(c);
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

static void finish_message(struct conn *c, const struct reply *lost)
{
    const struct reply *r = c->failure.is_set ? &c->failure.reply : lost;

    if (c->msg.is_dot_out)
        report_outcome(c, PHASE_DOT, r->code ? lost : r, true);
    else
        message_end(c, c->failure.is_set ? c->failure.phase : session_phase(c), r);
}

static void finish_handshake(struct conn *c, struct reply *lost)
{
    char reason[128];

    tls_reason(reason, sizeof reason);
    if (conn_stop(c) != STOP_NO || message_came_too_late(c))
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

    session_lost(c, &lost);
    session_take_broken_reply(c);
    if (is_in_handshake)
        finish_handshake(c, &lost);
    if (c->msg.d && c->msg.is_begun)
        finish_message(c, &lost);
    if (c->has_server_left)
        conn_fail_text(c, PHASE_QUIT, "the server closed the connection between messages");
    else if (!c->is_ending && conn_stop(c) == STOP_NO && !message_came_too_late(c))
        conn_fail(c, session_phase(c), &lost);
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
    atomic_store(&c->is_timed_out, false);
    may_go = conn_stop(c) == STOP_NO && !message_came_too_late(c);
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
    else if (conn_stop(c) == STOP_NO && !message_came_too_late(c))
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
    dialogue_init(&c->dialogue);
    c->smtp = smtp_create_session();
    MUST(c->smtp);
    MUST(smtp_set_hostname(c->smtp,
                           c->target->ehlo_name[0] ? c->target->ehlo_name : c->pool->ehlo_name));
    MUST(smtp_set_server(c->smtp, DIAL_PLACEHOLDER));
    smtp_set_eventcb(c->smtp, on_event, c);
    smtp_set_monitorcb(c->smtp, session_traffic, c, 0);
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
