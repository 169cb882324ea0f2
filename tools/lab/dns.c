/* dns.c: see dns.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include "dns.h"
#include "zone.h"

#define COUNTS_MAX 4000000
#define DELAYED_MAX 100000
#define TCP_MAX 500
#define TCP_IDLE_MS 15000
#define QUERY_MAX 4096

struct count {
    uint64_t n;
};
struct dns_tcp {
    struct watcher watcher;
    struct timer idle;
    struct lab *lab;
    struct buf in, out;
};
struct delayed { /* an answer that waits */
    struct timer timer;
    struct lab *lab;
    struct sockaddr_storage to;
    socklen_t to_n;
    size_t n;
    uint8_t data[];
};
struct dns_server {
    struct watcher udp, tcp;
    struct lab *lab;
    struct map counts;
    struct answer *answer;
    uint64_t total;
    size_t delayed, tcp_open;
};

static uint64_t count_query(struct dns_server *d, const struct question *q)
{
    char key[PATTERN_NAME + 20];
    char type[16];
    d->total++;
    int n = snprintf(key, sizeof key, "%s\t%s", q->name, type_name(q->type, type));
    struct count *c = map_get(&d->counts, str_n(key, (size_t)n));
    if (!c) {
        if (d->counts.count >= COUNTS_MAX)
            return 1;
        c = mem_array(1, sizeof *c);
        (void)map_set(&d->counts, str_n(key, (size_t)n), c);
    }
    return ++c->n;
}

static void send_to(struct dns_server *d, const uint8_t *data, size_t n,
                    const struct sockaddr_storage *to, socklen_t to_n)
{
    /* A full socket buffer loses the answer, as a network would. */
    (void)!sendto(d->udp.fd, data, n, MSG_DONTWAIT, (const struct sockaddr *)to, to_n);
}

static void delayed_due(struct timer *t)
{
    struct delayed *w = (struct delayed *)((char *)t - offsetof(struct delayed, timer));
    struct dns_server *d = w->lab->dns;
    send_to(d, w->data, w->n, &w->to, w->to_n);
    d->delayed--;
    free(w);
}

static void send_later(struct dns_server *d, const uint8_t *data, size_t n,
                       const struct sockaddr_storage *to, socklen_t to_n, int64_t delay_ms)
{
    if (delay_ms <= 0 || d->delayed >= DELAYED_MAX) {
        send_to(d, data, n, to, to_n);
        return;
    }
    struct delayed *w = mem_new(sizeof *w + n);
    *w = (struct delayed){.lab = d->lab, .to = *to, .to_n = to_n, .n = n};
    w->timer.on = delayed_due;
    memcpy(w->data, data, n);
    d->delayed++;
    loop_timer(&d->lab->loop, &w->timer, d->lab->loop.now_ms + delay_ms);
}

/* Spoils a finished answer; returns its new length. */
static size_t spoil(struct answer *a, const struct question *q, enum quirk quirk)
{
    if (quirk == DNS_WRONG_ID || quirk == DNS_SPOOF)
        a->data[0] ^= 0x55;
    if (quirk == DNS_WRONG_QUESTION && q->raw_n > 6)
        a->data[13] ^= 0x01;
    if (quirk == DNS_LOOP) { /* an answer whose owner is a pointer to itself */
        size_t at = 12 + q->raw_n;
        const uint8_t rr[] = {(uint8_t)(0xc0 | at >> 8),
                              (uint8_t)at,
                              0,
                              TYPE_A,
                              0,
                              1,
                              0,
                              0,
                              0,
                              9,
                              0,
                              4,
                              127,
                              0,
                              0,
                              1};
        memcpy(a->data + at, rr, sizeof rr);
        a->data[7] = 1;
        a->data[9] = a->data[11] = 0;
        return at + sizeof rr;
    }
    if (quirk == DNS_GARBAGE)
        for (size_t i = 2; i < a->n; i++)
            a->data[i] = (uint8_t)(a->data[i] * 31 + 17 * i + 201);
    return a->n;
}

static void serve_udp(struct dns_server *d, const uint8_t *query, size_t n,
                      const struct sockaddr_storage *from, socklen_t from_n)
{
    struct question q;
    struct answer *a = d->answer;
    if (!wire_read(query, n, &q))
        return;
    struct zone_say say = zone_answer(d->lab->scene, &q, count_query(d, &q), a);
    if (say.quirk == DNS_TIMEOUT)
        return;
    bool too_long = a->overflow || a->n + (q.has_edns ? 11 : 0) > q.udp_max;
    answer_end(a, &q, too_long || say.quirk == DNS_TRUNCATE);
    size_t bytes = spoil(a, &q, say.quirk);
    send_later(d, a->data, bytes, from, from_n, say.delay_ms);
    if (say.quirk == DNS_SPOOF) { /* the forged one came first, the true one follows */
        a->data[0] ^= 0x55;
        send_later(d, a->data, bytes, from, from_n, say.delay_ms);
    }
}

static void udp_ready(struct watcher *w, uint32_t events)
{
    struct dns_server *d = (struct dns_server *)((char *)w - offsetof(struct dns_server, udp));
    (void)events;
    for (int i = 0; i < 64; i++) {
        uint8_t query[QUERY_MAX];
        struct sockaddr_storage from;
        socklen_t from_n = sizeof from;
        ssize_t n =
            recvfrom(w->fd, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&from, &from_n);
        if (n < 0)
            return;
        serve_udp(d, query, (size_t)n, &from, from_n);
    }
}

static void tcp_bury(struct watcher *w)
{
    struct dns_tcp *t = (struct dns_tcp *)((char *)w - offsetof(struct dns_tcp, watcher));
    buf_done(&t->in);
    buf_done(&t->out);
    free(t);
}

static void tcp_close(struct dns_tcp *t)
{
    if (!t->watcher.dead)
        t->lab->dns->tcp_open--;
    loop_timer_off(&t->lab->loop, &t->idle);
    loop_bury(&t->lab->loop, &t->watcher);
}

static void tcp_idle(struct timer *timer)
{
    tcp_close((struct dns_tcp *)((char *)timer - offsetof(struct dns_tcp, idle)));
}

static void serve_tcp(struct dns_tcp *t, const uint8_t *query, size_t n)
{
    struct question q;
    struct dns_server *d = t->lab->dns;
    struct answer *a = d->answer;
    if (!wire_read(query, n, &q))
        return;
    struct zone_say say = zone_answer(t->lab->scene, &q, count_query(d, &q), a);
    if (say.quirk == DNS_TIMEOUT)
        return;
    answer_end(a, &q, a->overflow);
    size_t bytes = say.quirk == DNS_TRUNCATE ? a->n : spoil(a, &q, say.quirk);
    buf_putc(&t->out, (char)(bytes >> 8));
    buf_putc(&t->out, (char)bytes);
    buf_put(&t->out, a->data, bytes);
}

static bool tcp_flush(struct dns_tcp *t)
{
    if (buf_is_full(&t->out))
        return false;
    while (t->out.len) {
        ssize_t n = send(t->watcher.fd, t->out.data, t->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN)
                return false;
            break;
        }
        buf_drop(&t->out, (size_t)n);
    }
    loop_want(&t->lab->loop, &t->watcher, t->out.len ? EPOLLOUT : EPOLLIN);
    return true;
}

static bool tcp_read(struct dns_tcp *t)
{
    char *room = buf_room(&t->in, QUERY_MAX);
    if (!room)
        return false;
    ssize_t n = recv(t->watcher.fd, room, QUERY_MAX, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    buf_grew(&t->in, (size_t)n);
    size_t at = 0;
    while (t->in.len - at >= 2) {
        const uint8_t *p = (const uint8_t *)t->in.data + at;
        size_t want = (size_t)p[0] << 8 | p[1];
        if (want > QUERY_MAX)
            return false;
        if (t->in.len - at - 2 < want)
            break;
        serve_tcp(t, p + 2, want);
        at += 2 + want;
    }
    buf_drop(&t->in, at);
    return true;
}

static void tcp_ready(struct watcher *w, uint32_t events)
{
    struct dns_tcp *t = (struct dns_tcp *)((char *)w - offsetof(struct dns_tcp, watcher));
    bool ok = !(events & EPOLLERR);
    if (ok && (events & (EPOLLIN | EPOLLHUP)))
        ok = tcp_read(t);
    if (!ok || !tcp_flush(t))
        tcp_close(t);
}

static void tcp_accept(struct watcher *w, uint32_t events)
{
    struct dns_server *d = (struct dns_server *)((char *)w - offsetof(struct dns_server, tcp));
    (void)events;
    int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (d->tcp_open >= TCP_MAX) {
        close(fd);
        return;
    }
    struct dns_tcp *t = mem_array(1, sizeof *t);
    t->lab = d->lab;
    t->watcher = (struct watcher){.on = tcp_ready, .bury = tcp_bury, .fd = fd};
    t->idle.on = tcp_idle;
    buf_init(&t->in, (size_t)4 * QUERY_MAX);
    buf_init(&t->out, (size_t)4 * WIRE_MAX);
    d->tcp_open++;
    (void)loop_watch(&d->lab->loop, &t->watcher, EPOLLIN);
    loop_timer(&d->lab->loop, &t->idle, d->lab->loop.now_ms + TCP_IDLE_MS);
}

static bool parse_where(const char *where, struct sockaddr_in *sa, struct err *e)
{
    const char *colon = strrchr(where, ':');
    char host[64];
    uint64_t port;
    *sa = (struct sockaddr_in){.sin_family = AF_INET};
    if (!colon || !str_to_u64(str_of(colon + 1), &port) || port > 65535)
        return err_set(e, "'%s' is not ADDRESS:PORT", where);
    str_copy(host, sizeof host, str_n(where, (size_t)(colon - where)));
    if (inet_pton(AF_INET, host, &sa->sin_addr) != 1 || ntohl(sa->sin_addr.s_addr) >> 24 != 127)
        return err_set(e, "the lab's DNS listens on 127.0.0.0/8 only, not on '%s'", host);
    sa->sin_port = htons((uint16_t)port);
    return true;
}

/* UDP first, then TCP on the same port; with port 0 another one is tried when TCP's is taken. */
static bool open_both(struct sockaddr_in sa, int *udp, int *tcp)
{
    bool any = sa.sin_port == 0;
    for (int i = 0; i < (any ? 50 : 1); i++) {
        struct sockaddr_in at = sa;
        socklen_t n = sizeof at;
        int on = 1;
        *udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        *tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)setsockopt(*tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(*udp, (struct sockaddr *)&at, sizeof at) == 0 &&
            getsockname(*udp, (struct sockaddr *)&at, &n) == 0 &&
            bind(*tcp, (struct sockaddr *)&at, sizeof at) == 0 && listen(*tcp, 128) == 0)
            return true;
        int saved = errno;
        close(*udp);
        close(*tcp);
        errno = saved;
    }
    return false;
}

bool dns_start(struct lab *lab, const char *where, struct err *e)
{
    struct sockaddr_in sa;
    int udp, tcp;
    if (!parse_where(where, &sa, e))
        return false;
    if (!open_both(sa, &udp, &tcp))
        return err_sys(e, "cannot listen on %s", where);
    struct dns_server *d = mem_array(1, sizeof *d);
    d->lab = lab;
    d->answer = mem_new(sizeof *d->answer);
    map_init(&d->counts);
    d->udp = (struct watcher){.on = udp_ready, .fd = udp};
    d->tcp = (struct watcher){.on = tcp_accept, .fd = tcp};
    int bytes = 4 << 20; /* bursts of a resolver with thousands of names in flight */
    (void)setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void)setsockopt(udp, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    socklen_t n = sizeof sa;
    (void)getsockname(udp, (struct sockaddr *)&sa, &n);
    lab->dns_port = ntohs(sa.sin_port);
    lab->dns = d;
    return loop_watch(&lab->loop, &d->udp, EPOLLIN) && loop_watch(&lab->loop, &d->tcp, EPOLLIN);
}

void dns_reset(struct lab *lab)
{
    size_t i = 0;
    const struct map_entry *m;
    while ((m = map_next(&lab->dns->counts, &i)))
        free(m->value);
    map_done(&lab->dns->counts);
    map_init(&lab->dns->counts);
    lab->dns->total = 0;
}

void dns_stop(struct lab *lab)
{
    if (!lab->dns)
        return;
    dns_reset(lab);
    close(lab->dns->udp.fd);
    close(lab->dns->tcp.fd);
    free(lab->dns->answer);
    free(lab->dns);
    lab->dns = NULL;
}

void dns_write_counts(const struct lab *lab, FILE *out)
{
    size_t i = 0;
    const struct map_entry *m;
    while ((m = map_next(&lab->dns->counts, &i)))
        (void)fprintf(out, "%s\t%llu\n", m->key,
                      (unsigned long long)((const struct count *)m->value)->n);
}

uint64_t dns_count(const struct lab *lab, const char *name, const char *type)
{
    char key[PATTERN_NAME + 20];
    int n = snprintf(key, sizeof key, "%s\t%s", name, type);
    const struct count *c = map_get(&lab->dns->counts, str_n(key, (size_t)n));
    return n < (int)sizeof key && c ? c->n : 0;
}

uint64_t dns_total(const struct lab *lab)
{
    return lab->dns->total;
}
