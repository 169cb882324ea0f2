/* One message: from a delivery to the bytes that libESMTP sends, up to the final dot. */
#include "conn.h"
#include "tls.h"

#include <sluice/base/must.h>
#include <sluice/base/pace.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>
#include <sluice/render/mailing.h>

#include <errno.h>
#include <idn2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A message's buffer above this is given back, so that one long message does not stay with
 * thousands of threads. */
#define KEEP_BYTES (256u * 1024)
#define LIBESMTP_BUFFER 2048 /* SIO_BUFSIZE in its siobuf.h */

static bool is_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s >= 0x80)
            return false;
    return true;
}

/* Intake has checked addresses; this is the last place where one could still become an SMTP
 * command. */
static bool is_safe(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f || *s == '<' || *s == '>')
            return false;
    return true;
}

static bool put_alabels(const char *email, const char *at, char out[ADDRESS_MAX + 1],
                        struct reply *why)
{
    size_t local = (size_t)(at - email) + 1;
    char *domain = NULL;
    int code = idn2_to_ascii_8z(at + 1, &domain, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

    if (code == IDN2_OK && local + strlen(domain) <= ADDRESS_MAX) {
        memcpy(out, email, local);
        str_copy(out + local, ADDRESS_MAX + 1 - local, str_of(domain));
        idn2_free(domain);
        return true;
    }
    reply_say(why, "the domain is no valid internationalised name: %s",
              code == IDN2_OK ? "too long" : idn2_strerror(code));
    memcpy(why->enhanced, "5.1.2", 6);
    if (code == IDN2_OK)
        idn2_free(domain);
    return false;
}

/* The address as RCPT takes it. libESMTP has no SMTPUTF8 (RFC 6531). */
static bool put_rcpt(const char *email, char out[ADDRESS_MAX + 1], struct reply *why)
{
    const char *at = strrchr(email, '@');

    if (!at || !is_safe(email) || strlen(email) > ADDRESS_MAX) {
        reply_say(why, "not an address");
        memcpy(why->enhanced, "5.1.3", 6);
        return false;
    }
    if (is_ascii(email)) {
        str_copy(out, ADDRESS_MAX + 1, str_of(email));
        return true;
    }
    for (const char *p = email; p < at; p++) {
        if ((unsigned char)*p < 0x80)
            continue;
        reply_say(why, "the address needs SMTPUTF8");
        memcpy(why->enhanced, "5.6.7", 6);
        return false;
    }
    return put_alabels(email, at, out, why);
}

/* libESMTP looks for CR LF only: behind a bare LF it would not double a dot, and a message could
 * end the transaction and forge commands. The renderer writes CR LF; this is the lock behind
 * that door. */
static bool has_clean_lines(const struct buf *text)
{
    const char *p = text->data, *end = p + text->len;
    const char *lf;
    size_t lines = 0;

    for (const char *at = p; (lf = memchr(at, '\n', (size_t)(end - at))); at = lf + 1) {
        if (lf == p || lf[-1] != '\r')
            return false;
        lines++;
    }
    for (const char *at = p; (at = memchr(at, '\r', (size_t)(end - at))); at++)
        if (lines-- == 0)
            return false; /* more CRs than CR LFs: one stands alone */
    return true;
}

static bool render(struct conn *c, struct err *e)
{
    struct message *m = &c->msg;
    const struct mailing *mailing = m->d->mailing;
    struct render_input in = {
        .email = m->d->email,
        .vars = m->d->vars,
        .vars_len = m->d->vars_len,
        .rid = m->d->rid,
        .now = clock_wall(),
        .utc_offset_min = c->pool->o.utc_offset_min,
        .message_id = m->id,
        .keys = conn_keys(c),
    };

    if (m->text.cap > KEEP_BYTES) {
        buf_done(&m->text);
        buf_init(&m->text, MAILING_MAX_BYTES);
    }
    buf_clear(&m->text);
    mailing_message_id(mailing, m->d->rid, m->id, sizeof m->id);
    if (!mailing_render(mailing, &in, &m->text, e))
        return false;
    if (c->is_tls)
        tls_forget_errors();
    if (buf_is_full(&m->text))
        return err_set(e, "the message is larger than %u bytes", MAILING_MAX_BYTES);
    if (!has_clean_lines(&m->text))
        return err_set(e, "the message has a line that does not end in CR LF");
    return true;
}

enum prepared message_prepare(struct conn *c, struct delivery *d)
{
    struct message *m = &c->msg;
    struct reply why;
    struct err e;

    m->d = d;
    m->is_begun = m->is_given = m->is_dot_out = m->is_cut = false;
    m->id[0] = '\0';
    if (!put_rcpt(d->email, m->rcpt, &why)) {
        report_outcome(c, PHASE_POLICY, &why, false);
        return PREPARED_NOT;
    }
    if (!render(c, &e)) {
        reply_say(&why, "%s", e.text);
        report_outcome(c, PHASE_RENDER, &why, false);
        return PREPARED_NOT;
    }
    return PREPARED;
}

bool message_is_too_late(const struct delivery *d)
{
    int64_t begin = clock_mono().ms;

    if (begin < d->not_before.ms)
        begin = d->not_before.ms;
    return d->not_after.ms && d->not_after.ms < begin;
}

/* Only the first message is chosen long before its MAIL; for the others worker_next() has just
 * looked. */
bool message_came_too_late(const struct conn *c)
{
    return c->msg.d && !c->has_begun_one && message_is_too_late(c->msg.d);
}

/* The rates' last word. What was granted ahead of time, and was late since (the dialling took long,
 * the machine was busy), must not come in one gush. Here only for a connection's first message: for
 * the others worker_next() has waited. */
static void keep_pace(struct conn *c)
{
    int64_t at_us, now_us = clock_mono_us();

    while ((at_us = pace_queue_step(&c->pace, c->msg.d->pace, PACES_MAX, now_us)) > now_us) {
        clock_sleep_until((struct mono){(at_us + 999) / 1000});
        now_us = clock_mono_us();
    }
}

bool message_begin(struct conn *c)
{
    struct message *m = &c->msg;

    /* Against pool_stop(): either it finds us before this line and shuts the socket down, or we
     * find its mark. */
    if (m->d)
        keep_pace(c);
    c->pace.is_in = false;
    pthread_mutex_lock(&c->lock);
    if (c->is_spent || (!c->has_begun_one && conn_stop(c) != STOP_NO) || message_came_too_late(c)) {
        if (c->fd >= 0)
            shutdown(c->fd, SHUT_RDWR);
        pthread_mutex_unlock(&c->lock);
        return false;
    }
    conn_set_state(c, CONN_MAIL);
    pthread_mutex_unlock(&c->lock);
    c->has_begun_one = true;
    m->is_begun = true;
    m->begun_at = clock_mono();
    m->begun_wall = clock_wall();
    atomic_store_explicit(&c->pool->is_slot_busy[m->slot], true, memory_order_relaxed);
    handover_begin(handover_slot(c->pool->o.handover, m->slot), m->d, c->target->mx_host,
                   c->dial.ip);
    return true;
}

void message_end(struct conn *c, enum phase phase, const struct reply *r)
{
    struct reply odd;
    bool is_accepted = phase == PHASE_DOT && r->code / 100 == 2;

    if (!c->msg.d)
        return;
    if (r->code >= 400 || r->code == 0 || is_accepted) {
        report_outcome(c, phase, r, c->msg.is_dot_out && r->code == 0);
        return;
    }
    /* 354 to MAIL, 250 to DATA, 354 to the dot: says neither yes nor no, and nobody may take its
     * code for a yes. */
    reply_say(&odd, "unexpected reply: %d %.400s", r->code, r->text);
    conn_fail(c, phase, &odd);
    report_outcome(c, phase, &odd, c->msg.is_dot_out);
}

/* libESMTP writes its text in pieces of 2 KB, each of which TCP_NODELAY would send as a packet
 * of its own. Held together they fill packets: 9 % less CPU time for messages of 4 KB, 25 % for
 * 30 KB. */
static void cork(struct conn *c, int on)
{
    if (c->msg.text.len > LIBESMTP_BUFFER)
        setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

/* libESMTP has read the whole text; when we return, it writes what its buffer holds and the dot.
 * This is the last moment before the server can have the whole message: the record says "dot
 * out" from here on, so a crash between here and the write makes the message in doubt in vain,
 * never the other way round.
 *
 * libESMTP swallows write errors, so without a look at the socket a server that hung up amid the
 * text would leave a message in doubt that cannot have been accepted. The look is one poll(2);
 * if the peer is gone, shutting our side down makes sure that the dot does not go out, and the
 * message is known as not sent. */
static void before_dot(struct conn *c)
{
    struct message *m = &c->msg;

    if (m->is_dot_out || m->is_cut)
        return; /* libESMTP asks again after the end */
    if (conn_is_gone(c, false) || conn_stop(c) == STOP_AT_ONCE) {
        conn_shut(c, SHUT_WR);
        m->is_cut = c->is_spent = true;
        if (!c->is_deaf)
            dialogue_sent(&c->dialogue, CMD_DATA); /* a refusal may have been its last word */
        return;
    }
    cork(c, 0);
    m->is_dot_out = true;
    handover_dot(handover_slot(c->pool->o.handover, m->slot), m->id);
    dialogue_sent(&c->dialogue, CMD_DOT);
    conn_set_state(c, CONN_DOT);
}

/* libESMTP's message callback: the whole text at the first call, nothing at the next. A NULL
 * length rewinds. */
static const char *give_text(void **context, int *length, void *arg)
{
    struct conn *c = arg;
    struct message *m = &c->msg;
    const char *text = NULL;

    (void)context;
    if (!length) {
        m->is_given = false;
        return NULL;
    }
    *length = 0;
    if (!m->is_given && conn_state(c) != CONN_DATA) {
        conn_fail_text(c, PHASE_DATA,
                       "libESMTP sends a message without DATA"); /* BDAT: see hide.h */
        conn_shut(c, SHUT_RDWR);
        m->is_given = m->is_cut = true;
    } else if (!m->is_given) {
        m->is_given = true;
        *length = (int)m->text.len;
        text = m->text.data;
        cork(c, 1);
        conn_set_state(c, CONN_BODY);
    } else {
        before_dot(c);
    }
    /* It takes any errno that is left at the end of the text for a failure of ours, and drops
     * the connection. */
    errno = 0;
    return text;
}

void message_add(struct conn *c)
{
    struct message *m = &c->msg;
    smtp_message_t message = smtp_add_message(c->smtp);

    MUST(message);
    MUST(smtp_set_reverse_path(message, mailing_envelope_sender(m->d->mailing)));
    MUST(smtp_add_recipient(message, m->rcpt));
    MUST(smtp_set_messagecb(message, give_text, c));
    smtp_size_set_estimate(message, m->text.len); /* said only where SIZE is announced */
}
