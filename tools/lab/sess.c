/* sess.c: the bytes of a connection. See sess.h. */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sluice/base/must.h>
#include "sess.h"

#define IN_MAX ((size_t)CARRY_BYTES + SCRATCH_BYTES)
#define STALL_MAX_MS 3600000
/* Beyond this much unread output a client is not read from any more. */
#define OUT_ENOUGH (256U << 10)

static void ready(struct watcher *w, uint32_t events);
static void wake(struct timer *t);
static void bury(struct watcher *w);

struct session *sess_new(struct lab *lab, int fd, struct door *door, const char *ip)
{
    struct session *s = lab->spare;
    struct buf in, out, keep;
    if (s) {
        lab->spare = s->next;
        in = s->in;
        out = s->out;
        keep = s->keep;
        struct session kept = {
            .record = s->record, .to = s->to, .attempts = s->attempts, .tos_cap = s->tos_cap};
        *s = kept;
        s->in = in;
        s->out = out;
        s->keep = keep;
        buf_clear(&s->in);
        buf_clear(&s->out);
        buf_clear(&s->keep);
    } else {
        s = mem_array(1, sizeof *s);
        buf_init(&s->in, IN_MAX);
        buf_init(&s->out, OUT_MAX);
        buf_init(&s->keep, 0);
    }
    int on = 1;
    s->watcher = (struct watcher){.on = ready, .bury = bury, .fd = fd};
    if (lab->log_fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    s->wake.on = wake;
    s->lab = lab;
    s->receiver = door->address->receiver;
    s->serial = ++s->receiver->serial;
    s->last_ms = lab->loop.now_ms;
    str_copy(s->host, sizeof s->host, str_of(door->address->host));
    str_copy(s->ip, sizeof s->ip, str_of(ip));
    s->next = lab->first;
    if (lab->first)
        lab->first->prev = s;
    lab->first = s;
    lab->open_sessions++;
    s->receiver->open++;
    return s;
}

static void bury(struct watcher *w)
{
    struct session *s = (struct session *)((char *)w - offsetof(struct session, watcher));
    s->next = s->lab->spare;
    s->lab->spare = s;
}

void sess_close(struct session *s)
{
    struct lab *lab = s->lab;
    if (s->watcher.dead)
        return;
    if (s->resetting) {
        struct linger l = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(s->watcher.fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    } else { /* unread input would turn the close into a reset, which can swallow the last reply */
        (void)recv(s->watcher.fd, NULL, 1 << 20, MSG_DONTWAIT | MSG_TRUNC);
    }
    SSL_free(s->tls);
    s->tls = NULL;
    if (s->prev)
        s->prev->next = s->next;
    else
        lab->first = s->next;
    if (s->next)
        s->next->prev = s->prev;
    lab->open_sessions--;
    s->receiver->open--;
    if (s->messages > s->receiver->tally.peak_per_connection)
        s->receiver->tally.peak_per_connection = s->messages;
    loop_timer_off(&lab->loop, &s->wake);
    loop_bury(&lab->loop, &s->watcher);
}

void sess_close_all(struct lab *lab, const struct receiver *only)
{
    struct session *next;
    for (struct session *s = lab->first; s; s = next) {
        next = s->next;
        if (!only || s->receiver == only)
            sess_close(s);
    }
}

void sess_free_spares(struct lab *lab)
{
    while (lab->spare) {
        struct session *s = lab->spare;
        lab->spare = s->next;
        buf_done(&s->in);
        buf_done(&s->out);
        buf_done(&s->keep);
        free(s->record);
        free(s->to);
        free(s->attempts);
        free(s);
    }
}

/* Begins the delay that is due: what is in the output goes out now, what comes waits. */
static void hold(struct session *s)
{
    int64_t ms = s->delay_ms + s->receiver->delay_ms;
    if (ms <= 0 || s->holding)
        return;
    s->holding = true;
    s->hold_from = s->out.len;
    loop_timer(&s->lab->loop, &s->wake, s->lab->loop.now_ms + ms);
    s->delay_ms = 0;
}

void sess_put(struct session *s, const void *bytes, size_t n)
{
    hold(s);
    buf_put(&s->out, bytes, n);
}

void sess_puts(struct session *s, const char *line)
{
    hold(s);
    buf_puts(&s->out, line);
    buf_put(&s->out, "\r\n", 2);
}

static ssize_t tls_result(struct session *s, int n)
{
    int why = SSL_get_error(s->tls, n);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    errno = ECONNRESET;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t write_some(struct session *s, const char *p, size_t n)
{
    if (!s->tls)
        return send(s->watcher.fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    int sent = SSL_write(s->tls, p, n > 1 << 20 ? 1 << 20 : (int)n);
    return sent > 0 ? sent : tls_result(s, sent);
}

/* recv(2), and when it came: we may be late, and the log is to show how the client sends. */
static ssize_t read_and_date(struct session *s, char *p, size_t n)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec iov = {p, n};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t got = recvmsg(s->watcher.fd, &m, MSG_DONTWAIT);
    for (struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL; c; c = CMSG_NXTHDR(&m, c)) {
        struct timespec at;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&at, CMSG_DATA(c), sizeof at);
        s->arrived_us = (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
    }
    return got;
}

static ssize_t read_some(struct session *s, char *p, size_t n)
{
    s->arrived_us = s->lab->loop.wall_ms * 1000;
    if (!s->tls && s->lab->log_fd >= 0)
        return read_and_date(s, p, n);
    if (!s->tls)
        return recv(s->watcher.fd, p, n, MSG_DONTWAIT);
    int got = SSL_read(s->tls, p, (int)n);
    return got > 0 ? got : tls_result(s, got);
}

/* Writes what may be written; false when the connection is over. */
static bool flush(struct session *s)
{
    size_t until = s->holding ? s->hold_from : s->out.len;
    size_t at = 0;
    if (buf_is_full(&s->out))
        return false;
    while (at < until) {
        ssize_t n = write_some(s, s->out.data + at, until - at);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    if (at) {
        buf_drop(&s->out, at);
        s->hold_from -= s->holding ? at : 0;
    }
    return !(s->closing && !s->holding && s->out.len == 0);
}

static bool may_feed(const struct session *s)
{
    return !s->holding && !s->stalled && !s->closing && !s->handshaking && s->out.len < OUT_ENOUGH;
}

/* A command line, or nothing while it is unfinished; returns the bytes consumed. */
static size_t feed_line(struct session *s, const char *p, size_t n)
{
    const char *lf = memchr(p, '\n', n);
    size_t limit = s->receiver->max_command_bytes;
    if (!lf || (size_t)(lf - p) > limit) {
        size_t take = lf ? (size_t)(lf - p) + 1 : n;
        if (!lf && n <= limit && !s->overlong)
            return 0;
        s->overlong = !lf;
        if (lf)
            talk_mistake(s, "500 5.5.6 Line too long");
        return take;
    }
    size_t take = (size_t)(lf - p) + 1;
    if (s->overlong) {
        s->overlong = false;
        talk_mistake(s, "500 5.5.6 Line too long");
        return take;
    }
    struct str line = str_n(p, take - 1);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    else
        s->receiver->tally.bare_lf++;
    talk_line(s, line, n > take);
    return take;
}

/* Consumes input until it is used up or something has to wait; returns how much. */
static size_t feed(struct session *s, const char *p, size_t n)
{
    size_t at = 0;
    while (at < n && may_feed(s)) {
        size_t took =
            s->state == SESS_COMMAND ? feed_line(s, p + at, n - at) : deal_body(s, p + at, n - at);
        if (took == 0)
            break;
        at += took;
    }
    if (!s->handshaking && !s->tls_broken)
        return at;
    /* Clear text behind STARTTLS is never read as commands (CVE-2011-0411). */
    if (at < n)
        s->receiver->tally.early_talk++;
    return n;
}

static void settle(struct session *s)
{
    if (!flush(s)) {
        sess_close(s);
        return;
    }
    bool unsent = s->holding ? s->hold_from > 0 : s->out.len > 0;
    uint32_t want = unsent ? EPOLLOUT : 0;
    if (may_feed(s) || s->handshaking || s->tls_broken)
        want |= EPOLLIN;
    else if (!s->is_gone)
        want |= EPOLLRDHUP;
    loop_want(&s->lab->loop, &s->watcher, want);
}

/* Everything that waits in `in`, after a delay or a long write. */
static void feed_waiting(struct session *s)
{
    if (s->in.len == 0 || !may_feed(s))
        return;
    size_t used = feed(s, s->in.data, s->in.len);
    if (used == 0 && s->in.len >= CARRY_BYTES &&
        may_feed(s)) { /* cannot happen: lines are shorter */
        s->closing = true;
        return;
    }
    buf_drop(&s->in, used);
}

static bool handshake(struct session *s)
{
    int n = SSL_accept(s->tls);
    if (n == 1) {
        s->handshaking = false;
        s->receiver->tally.tls++;
        s->helo[0] = '\0';
        deal_reset(s);
        return true;
    }
    return tls_result(s, n) < 0 && errno == EAGAIN;
}

static bool read_and_feed(struct session *s)
{
    char *p = s->lab->scratch;
    size_t have = s->in.len;
    if (have > CARRY_BYTES) { /* left by a delay: used up before more is read */
        feed_waiting(s);
        return true;
    }
    if (have)
        memcpy(p, s->in.data, have);
    ssize_t n = read_some(s, p + have, SCRATCH_BYTES);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0)
        return false;
    s->last_ms = s->lab->loop.now_ms;
    size_t total = have + (size_t)n;
    size_t used = feed(s, p, total);
    if (s->in.len)
        buf_clear(&s->in);
    if (used < total)
        buf_put(&s->in, p + used, total - used);
    return true;
}

static void ready(struct watcher *w, uint32_t events)
{
    struct session *s = (struct session *)((char *)w - offsetof(struct session, watcher));
    if ((events & (EPOLLERR | EPOLLHUP)) || (s->tls_broken && (events & EPOLLIN)) ||
        (s->stalled && (events & EPOLLRDHUP))) {
        sess_close(s);
        return;
    }
    if (events & EPOLLRDHUP)
        s->is_gone = true; /* not asked for again; the delay ends first */
    bool ok = true;
    if (s->handshaking && (events & (EPOLLIN | EPOLLOUT)))
        ok = handshake(s);
    else if ((events & EPOLLIN) && may_feed(s))
        ok = read_and_feed(s);
    else if (events & EPOLLOUT)
        ok = flush(s);
    if (!ok) {
        sess_close(s);
        return;
    }
    /* TLS may hold decrypted bytes that epoll knows nothing of. */
    while (s->tls && !s->handshaking && may_feed(s) && SSL_pending(s->tls) > 0 && ok)
        ok = read_and_feed(s);
    if (ok && (events & EPOLLOUT))
        feed_waiting(s);
    if (ok)
        settle(s);
    else
        sess_close(s);
}

static void wake(struct timer *t)
{
    struct session *s = (struct session *)((char *)t - offsetof(struct session, wake));
    char one;
    s->holding = false;
    s->last_ms = s->lab->loop.now_ms;
    if (s->holding_banner && recv(s->watcher.fd, &one, 1, MSG_DONTWAIT | MSG_PEEK) == 1)
        s->receiver->tally.early_talk++;
    s->holding_banner = false;
    feed_waiting(s);
    settle(s);
}

void sess_start_tls(struct session *s)
{
    if (s->receiver->tls == TLS_INJECT)
        sess_puts(s, "250 this line was injected");
    if (s->receiver->tls == TLS_BROKEN) {
        s->tls_broken = true;
        s->stalled = true;
        return;
    }
    if (!flush(s)) {
        s->closing = true;
        return;
    }
    s->tls = SSL_new(s->receiver->ssl_ctx);
    if (!s->tls || SSL_set_fd(s->tls, s->watcher.fd) != 1) {
        s->closing = true;
        return;
    }
    s->handshaking = true;
}

void sess_begin(struct session *s)
{
    talk_banner(s);
    s->holding_banner = s->holding;
    if (!loop_watch(&s->lab->loop, &s->watcher, EPOLLIN)) {
        sess_close(s);
        return;
    }
    settle(s);
}

void sess_sweep(struct lab *lab)
{
    struct session *next;
    for (struct session *s = lab->first; s; s = next) {
        int64_t idle = lab->loop.now_ms - s->last_ms;
        next = s->next;
        if (s->holding)
            continue;
        if (idle > (s->stalled ? STALL_MAX_MS : lab->scene->idle_ms)) {
            if (!s->stalled && !s->handshaking)
                sess_puts(s, "421 4.4.2 Idle for too long");
            s->closing = true;
            (void)flush(s);
            sess_close(s);
        }
    }
}
