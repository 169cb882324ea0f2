/* nameserver.h: a scripted name server inside the test process: one thread, UDP and TCP on one
 * loopback port.
 *
 * Zones are rows of (name, type, script in the language of packet.h). A script may begin with one
 * word of behaviour:
 *
 *     "DROP"          no answer
 *     "FIRSTDROP ..." none to the first question, the script afterwards
 *     "BIG ..."       UDP: truncated and empty; TCP: the script
 *     "CLOSE ..."     the same, and the connection is closed after one answer
 *     "WRONGID ..."   an answer with another id and 198.51.100.66 in it, then the script
 *     "WRONGNAME ..." the same for another name
 *     "NOISE ..."     an empty datagram, a short one and random bytes, then the script
 *     "JUNK"          the right header and question, then bytes that are no records
 *
 * Names below "bulk.test" all exist: dN.bulk.test has MX 10 mx.dN.bulk.test, which has 192.0.2.1. A
 * name without row is NXDOMAIN; one with rows of other types only is NODATA.
 */
#ifndef SLUICE_TEST_DNS_NAMESERVER_H
#define SLUICE_TEST_DNS_NAMESERVER_H

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet.h"

struct zone_row {
    const char *name, *type, *script;
};
#define ZONE_ROWS 128
#define BULK_NAMES 100000
#define BULK_BIG 90000
#define BULK_CLOSE 95000
#define TCP_CLIENTS 64
struct tcp_client {
    int fd; /* 0: free */
    size_t n;
    unsigned char in[2048];
};
struct nameserver {
    const struct zone_row *row;
    size_t rows;
    int udp, tcp, stop;
    unsigned port;
    pthread_t thread;
    _Atomic unsigned asked[ZONE_ROWS]; /* per row */
    _Atomic unsigned asked_udp, asked_tcp, unknown;
    _Atomic unsigned bulk_asked[BULK_NAMES];
    struct tcp_client client[TCP_CLIENTS];
    struct packet packet;
};
struct question {
    unsigned id;
    char name[256];
    int type;
};

static inline bool ns_read_question(const unsigned char *p, size_t n, struct question *q)
{
    ns_msg msg;
    ns_rr rr;

    if (ns_initparse(p, (int)n, &msg) < 0 || ns_parserr(&msg, ns_s_qd, 0, &rr) < 0)
        return false;
    q->id = ns_msg_id(msg);
    q->type = (int)ns_rr_type(rr);
    str_copy(q->name, sizeof q->name, str_of(ns_rr_name(rr)));
    return true;
}

static inline const char *ns_bulk(struct nameserver *s, const struct question *q, char out[300])
{
    unsigned number;
    const char *d = strncmp(q->name, "mx.", 3) == 0 ? q->name + 3 : q->name;

    if (sscanf(d, "d%u.bulk.test", &number) != 1 || number >= BULK_NAMES)
        return NULL;
    if (q->type == ns_t_mx)
        atomic_fetch_add(&s->bulk_asked[number], 1);
    snprintf(out, 300, "SOA 60 60");
    if (q->type == ns_t_mx && d == q->name)
        snprintf(out, 300, "%sMX 10 mx.%.250s",
                 number >= BULK_CLOSE ? "CLOSE "
                 : number >= BULK_BIG ? "BIG "
                                      : "",
                 q->name);
    else if (q->type == ns_t_a && d != q->name)
        snprintf(out, 300, "A 192.0.2.1");
    return out;
}

static inline const char *ns_find(struct nameserver *s, const struct question *q, unsigned *count,
                                  char scratch[300])
{
    const char *type = q->type == ns_t_mx    ? "MX"
                       : q->type == ns_t_a   ? "A"
                       : q->type == ns_t_txt ? "TXT"
                                             : "AAAA";
    const char *found = ns_bulk(s, q, scratch);

    *count = 0;
    if (found)
        return found;
    for (size_t i = 0; i < s->rows; i++) {
        if (strcasecmp(s->row[i].name, q->name) != 0)
            continue;
        if (strcmp(s->row[i].type, type) == 0 || strcmp(s->row[i].type, "*") == 0) {
            *count = atomic_fetch_add(&s->asked[i], 1) + 1;
            return s->row[i].script;
        }
        found = "SOA 600 600";
    }
    if (found)
        return found;
    atomic_fetch_add(&s->unknown, 1);
    return "RCODE 3; SOA 600 600";
}

static inline bool ns_word(const char **script, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*script, word, n) != 0 || ((*script)[n] != ' ' && (*script)[n] != 0))
        return false;
    *script += n;
    return true;
}

struct ns_peer {
    int fd;
    bool is_tcp;
    struct sockaddr_storage address;
    socklen_t n;
};

static inline void ns_send(struct nameserver *s, const struct ns_peer *to)
{
    struct packet *p = &s->packet;

    if (to->is_tcp) {
        unsigned char head[2] = {(unsigned char)(p->n >> 8), (unsigned char)p->n};

        if (send(to->fd, head, 2, MSG_NOSIGNAL) == 2)
            send(to->fd, p->b, p->n, MSG_NOSIGNAL);
        return;
    }
    while (sendto(to->fd, p->b, p->n, 0, (const struct sockaddr *)&to->address, to->n) < 0 &&
           (errno == EINTR || errno == EAGAIN || errno == ENOBUFS))
        ;
}

static inline void ns_noise(struct nameserver *s, const struct ns_peer *to)
{
    s->packet.n = 0;
    ns_send(s, to);
    packet_put(&s->packet, "\x01\x02\x03", 3);
    ns_send(s, to);
    for (unsigned i = 0; i < 200; i++)
        packet_put(&s->packet, &(unsigned char){(unsigned char)(i * 37)}, 1);
    ns_send(s, to);
}

static inline void ns_forge(struct nameserver *s, const struct ns_peer *to, unsigned id,
                            const char *name, int type)
{
    packet_script(&s->packet, id, name, type,
                  type == ns_t_mx ? "MX 1 forged.test" : "A 198.51.100.66");
    ns_send(s, to);
}

/* False: the connection is to be closed. */
static inline bool ns_reply(struct nameserver *s, const struct ns_peer *to,
                            const struct question *q)
{
    char scratch[300];
    unsigned count;
    const char *script = ns_find(s, q, &count, scratch);
    bool keep = true;

    if (ns_word(&script, "DROP"))
        return true;
    if (ns_word(&script, "FIRSTDROP") && count == 1)
        return true;
    if (ns_word(&script, "CLOSE"))
        keep = false;
    if ((!keep || ns_word(&script, "BIG")) && !to->is_tcp)
        script = "TC";
    if (ns_word(&script, "WRONGID"))
        ns_forge(s, to, q->id ^ 0x5555, q->name, q->type);
    if (ns_word(&script, "WRONGNAME"))
        ns_forge(s, to, q->id, "other.test", q->type);
    if (ns_word(&script, "NOISE"))
        ns_noise(s, to);
    if (ns_word(&script, "JUNK")) {
        packet_script(&s->packet, q->id, q->name, q->type, "");
        s->packet.b[7] = 9;
        packet_put(&s->packet, "\xc0\xff\xff\xff\xff", 5);
    } else {
        packet_script(&s->packet, q->id, q->name, q->type, script);
    }
    ns_send(s, to);
    return keep;
}

static inline void ns_on_udp(struct nameserver *s)
{
    unsigned char in[2048];
    struct question q;

    for (;;) {
        struct ns_peer from = {.fd = s->udp, .n = sizeof from.address};
        ssize_t n = recvfrom(s->udp, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&from.address,
                             &from.n);

        if (n < 0)
            return;
        atomic_fetch_add(&s->asked_udp, 1);
        if (ns_read_question(in, (size_t)n, &q))
            ns_reply(s, &from, &q);
    }
}

static inline void ns_close(struct tcp_client *c)
{
    close(c->fd);
    *c = (struct tcp_client){0};
}

static inline void ns_on_tcp(struct nameserver *s, struct tcp_client *c)
{
    struct ns_peer to = {.fd = c->fd, .is_tcp = true};
    ssize_t got = recv(c->fd, c->in + c->n, sizeof c->in - c->n, MSG_DONTWAIT);
    struct question q;

    if (got <= 0) {
        ns_close(c);
        return;
    }
    c->n += (size_t)got;
    while (c->n >= 2) {
        size_t n = (size_t)c->in[0] << 8 | c->in[1];

        if (c->n < n + 2)
            return;
        atomic_fetch_add(&s->asked_tcp, 1);
        if (!ns_read_question(c->in + 2, n, &q) || !ns_reply(s, &to, &q)) {
            ns_close(c);
            return;
        }
        c->n -= n + 2;
        memmove(c->in, c->in + n + 2, c->n);
    }
}

static inline void ns_accept(struct nameserver *s)
{
    int fd = accept(s->tcp, NULL, NULL);

    if (fd < 0)
        return;
    for (unsigned i = 0; i < TCP_CLIENTS; i++)
        if (s->client[i].fd == 0) {
            s->client[i].fd = fd;
            return;
        }
    close(fd);
}

static inline void *ns_run(void *arg)
{
    struct nameserver *s = arg;

    for (;;) {
        struct pollfd fd[3 + TCP_CLIENTS] = {{.fd = s->stop, .events = POLLIN},
                                             {.fd = s->udp, .events = POLLIN},
                                             {.fd = s->tcp, .events = POLLIN}};

        for (unsigned i = 0; i < TCP_CLIENTS; i++)
            fd[3 + i] =
                (struct pollfd){.fd = s->client[i].fd ? s->client[i].fd : -1, .events = POLLIN};
        if (poll(fd, 3 + TCP_CLIENTS, -1) < 0)
            continue;
        if (fd[0].revents)
            return NULL;
        if (fd[1].revents)
            ns_on_udp(s);
        for (unsigned i = 0; i < TCP_CLIENTS; i++)
            if (fd[3 + i].revents)
                ns_on_tcp(s, &s->client[i]);
        if (fd[2].revents)
            ns_accept(s);
    }
}

/* One port for both: the kernel picks it for TCP; UDP has it free but for bad luck. */
static inline bool ns_bind(struct nameserver *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int big = 4 << 20;

    s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    MUST(s->tcp >= 0 && s->udp >= 0);
    setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
    MUST(bind(s->tcp, (struct sockaddr *)&a, sizeof a) == 0);
    MUST(getsockname(s->tcp, (struct sockaddr *)&a, &n) == 0);
    s->port = ntohs(a.sin_port);
    if (bind(s->udp, (struct sockaddr *)&a, sizeof a) == 0 && listen(s->tcp, 64) == 0)
        return true;
    close(s->tcp);
    close(s->udp);
    return false;
}

static inline struct nameserver *nameserver_start(const struct zone_row *row, size_t rows)
{
    struct nameserver *s = mem_array(1, sizeof *s);

    MUST(rows <= ZONE_ROWS);
    s->row = row;
    s->rows = rows;
    while (!ns_bind(s))
        ;
    s->stop = eventfd(0, EFD_CLOEXEC);
    MUST(s->stop >= 0 && pthread_create(&s->thread, NULL, ns_run, s) == 0);
    return s;
}

static inline void nameserver_stop(struct nameserver *s)
{
    uint64_t one = 1;

    MUST(write(s->stop, &one, sizeof one) == sizeof one);
    pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < TCP_CLIENTS; i++)
        if (s->client[i].fd)
            close(s->client[i].fd);
    close(s->udp);
    close(s->tcp);
    close(s->stop);
    free(s);
}

static inline unsigned nameserver_asked(struct nameserver *s, const char *name, const char *type)
{
    for (size_t i = 0; i < s->rows; i++)
        if (strcmp(s->row[i].name, name) == 0 && strcmp(s->row[i].type, type) == 0)
            return atomic_load(&s->asked[i]);
    return 0;
}

#endif
