/* The state of a connection, its time limits and its socket. */
#include "conn.h"

#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#define TO(state) (1u << CONN_##state)

/* libESMTP's writes drive this, never what a server says: so an odd server breaks no rule here.
 * Every state can end in IDLE, because the connection can be lost in it. */
static const struct {
    const char *name;
    unsigned next;
} states[CONN_STATES] = {
    [CONN_IDLE] = {"idle", TO(CHOOSING)},
    [CONN_CHOOSING] = {"choosing", TO(DIALLING) | TO(MAIL) | TO(QUITTING)},
    [CONN_DIALLING] = {"dialling", TO(GREETING)},
    [CONN_GREETING] = {"greeting", TO(HELLO) | TO(QUITTING)},
    [CONN_HELLO] = {"hello", TO(HELLO) | TO(STARTTLS) | TO(MAIL) | TO(QUITTING)},
    [CONN_STARTTLS] = {"starttls", TO(HANDSHAKE) | TO(QUITTING)},
    [CONN_HANDSHAKE] = {"handshake", TO(HELLO) | TO(QUITTING)},
    [CONN_MAIL] = {"mail", TO(RCPT) | TO(CHOOSING) | TO(QUITTING)},
    [CONN_RCPT] = {"rcpt", TO(DATA) | TO(CHOOSING) | TO(QUITTING)},
    /* A refused recipient whose DATA was sent along: DOT is the lone dot then. */
    [CONN_DATA] = {"data", TO(BODY) | TO(DOT) | TO(CHOOSING) | TO(QUITTING)},
    [CONN_BODY] = {"body", TO(DOT) | TO(CHOOSING) | TO(QUITTING)},
    [CONN_DOT] = {"dot", TO(CHOOSING) | TO(QUITTING)},
    [CONN_QUITTING] = {"quitting", 0},
};

const char *conn_state_name(enum conn_state s)
{
    return states[s].name;
}

static void arm(struct conn *c, enum conn_state s, int64_t limit_ms)
{
    int64_t at = limit_ms ? clock_mono().ms + limit_ms : WHEN_NEVER;
    int64_t not_after = c->msg.d ? c->msg.d->not_after.ms : 0;

    /* Whoever has not come to MAIL by then dials in vain, and would be there when nobody may. */
    if (s >= CONN_DIALLING && s <= CONN_HANDSHAKE && not_after && not_after < at)
        at = not_after + 1;
    atomic_store_explicit(&c->deadline_ms, at, memory_order_relaxed);
}

void conn_set_state(struct conn *c, enum conn_state s)
{
    enum conn_state before = conn_state(c);

    MUST(s == CONN_IDLE || states[before].next & (1u << s));
    if (log_wants(LOG_AT_DEBUG))
        log_line(LOG_AT_DEBUG, "connection", "n=%u mx=%s from=%s to=%s", c->number,
                 c->target ? c->target->mx_host : "", states[before].name, states[s].name);
    atomic_store(&c->state, (int)s);
    arm(c, s, c->pool->limit_ms[s]);
}

void conn_rearm(struct conn *c)
{
    static const enum conn_state limit_of[COMMANDS] = {
        [CMD_BANNER] = CONN_GREETING,   [CMD_EHLO] = CONN_HELLO, [CMD_HELO] = CONN_HELLO,
        [CMD_STARTTLS] = CONN_STARTTLS, [CMD_RSET] = CONN_MAIL,  [CMD_MAIL] = CONN_MAIL,
        [CMD_RCPT] = CONN_RCPT,         [CMD_DATA] = CONN_DATA,  [CMD_DOT] = CONN_DOT,
        [CMD_QUIT] = CONN_QUITTING,     [CMD_OTHER] = CONN_MAIL,
    };
    enum command waits = dialogue_awaited(&c->dialogue);

    arm(c, conn_state(c), c->pool->limit_ms[waits == COMMANDS ? conn_state(c) : limit_of[waits]]);
}

void conn_shut(struct conn *c, int how)
{
    pthread_mutex_lock(&c->lock);
    if (c->fd >= 0)
        shutdown(c->fd, how);
    pthread_mutex_unlock(&c->lock);
}

bool conn_is_gone(struct conn *c, bool or_speaks)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN | POLLRDHUP};
    short bad = POLLRDHUP | POLLHUP | POLLERR | POLLNVAL;

    if (poll(&p, 1, 0) <= 0)
        return false;
    return p.revents & (or_speaks ? bad | POLLIN : bad);
}

void conn_fail(struct conn *c, enum phase phase, const struct reply *r)
{
    c->is_spent = true;
    if (c->failure.is_set)
        return;
    c->failure.is_set = true;
    c->failure.phase = phase;
    c->failure.reply = *r;
}

void conn_fail_text(struct conn *c, enum phase phase, const char *format, ...)
{
    struct reply r = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(r.text, sizeof r.text, format, args);
    va_end(args);
    conn_fail(c, phase, &r);
}
