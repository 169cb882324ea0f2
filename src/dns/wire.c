/* wire.c: see wire.h. (S) */
#include "wire.h"

#include <sluice/base/must.h>
#include <sluice/base/rng.h>
#include <sluice/os/clock.h>

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A c-ares 1.18 channel keeps one UDP socket per server for as long as any question is out. One
 * channel would therefore (a) send a whole campaign from one source port, which leaves a forger
 * only the 16 bits of the id to guess, and (b) lose answers: a default receive buffer holds about
 * 280 small packets, and 2,000 questions are answered in one burst. So questions are spread over
 * several channels at random, and one that has asked ROUND questions rests until all are answered:
 * c-ares then closes its socket, and the next one gets another port. */
#define CHANNELS 16
#define ROUND 1024
#define HOPS_MAX 8 /* questions that one CNAME chain may cost */

/* A name server on this machine has one receive buffer, too: 2,000 questions in one burst overflow it,
 * and what is lost costs a whole time-out. So at most BURST questions of one TICK are unanswered. A
 * server that answers at once is not slowed down by that; one that asks the world has emptied its
 * buffer by the next tick. (Rejected: a window that grows with every answer. It ends at in_flight_max
 * all the same, and domains that never answer fill it for half a minute.) */
#define BURST 128
#define TICK_MS 20

/* EDNS stays off: on SERVFAIL, 1.18 asks again without it and turns it off for the channel, so
 * failing domains would cost double. Answers over 512 bytes come by TCP, which is rare for MX. */

struct dns_channel {
    struct dns_wire *wire;
    ares_channel ares;
    unsigned out;         /* questions */
    unsigned asked;       /* in this round */
    struct mono deadline; /* never later than c-ares' own next time-out */
};
struct queue {
    struct dns_query *first, **end;
};
/* Channels by their number: the many, then two kinds for second tries.
 *
 * The patient one tries the next server on SERVFAIL and REFUSED, and cannot say afterwards what was
 * wrong. The many report at once what a server said (ARES_FLAG_NOCHECKRESP).
 *
 * A lane has one question at a time and gives up after one time-out. It is for what broke on the way:
 * 1.18 sends all truncated questions of a channel over one TCP connection, and when a server closes
 * that after its first answer, the others fail. With one question there are no others. */
#define PATIENT CHANNELS
#define LANE_FIRST (PATIENT + 1)
#define LANES 8
#define ALL_CHANNELS (LANE_FIRST + LANES)
#define LANE_QUEUE_MAX 256 /* x 5 s / LANES: nobody waits for many minutes when servers are gone */

struct dns_wire {
    struct dns_channel channel[ALL_CHANNELS];
    struct queue urgent, other, lane;
    unsigned lane_waiting;
    struct rng rng;
    int epoll;
    int servers;
    int64_t timeout_ms;
    unsigned in_flight, in_flight_max;
    unsigned burst; /* of them sent in this tick */
    int64_t tick;
    uint64_t sent;
    struct mono now;
    bool is_closing;
};

/* --- queues */

static void queue_init(struct queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_put(struct queue *to, struct dns_query *q)
{
    q->next = NULL;
    *to->end = q;
    to->end = &q->next;
}

static struct dns_query *queue_take(struct queue *from)
{
    struct dns_query *q = from->first;

    if (!q)
        return NULL;
    from->first = q->next;
    if (!from->first)
        from->end = &from->first;
    return q;
}

void dns_wire_ask(struct dns_wire *w, struct dns_query *q)
{
    queue_put(q->is_urgent ? &w->urgent : &w->other, q);
}

/* --- answers */

static void read_answer(const struct dns_query *q, int status, const unsigned char *packet, int n,
                        struct dns_answer *out)
{
    if (packet && n > 0)
        dns_answer_parse(packet, (size_t)n, q->name, q->type, out);
    else if (status == ARES_ENOTFOUND) /* c-ares itself refuses .onion (RFC 7686) */
        *out = (struct dns_answer){.kind = DNS_NXDOMAIN};
    else if (status == ARES_ETIMEOUT)
        dns_answer_failed(out, "time-out");
    else if (status == ARES_ECONNREFUSED || status == ARES_EOF)
        dns_answer_failed(out, "no name server answers");
    else
        dns_answer_failed(out, ares_strerror(status));
}

/* A failure that another server, or just another try, may mend. Not after a time-out: c-ares has then
 * tried all servers `tries` times already. */
static bool try_again(struct dns_wire *w, struct dns_query *q, int status,
                      const struct dns_answer *a)
{
    bool to_lane = !a->is_rcode;

    if (a->kind != DNS_FAILED || q->is_second || status == ARES_ETIMEOUT)
        return false;
    if (to_lane ? w->lane_waiting == LANE_QUEUE_MAX : w->servers < 2)
        return false;
    q->is_second = true;
    q->failure = a->failure;
    if (to_lane) {
        w->lane_waiting++;
        queue_put(&w->lane, q);
    } else {
        dns_wire_ask(w, q);
    }
    return true;
}

static bool ask_elsewhere(struct dns_wire *w, struct dns_query *q, struct dns_answer *a)
{
    if (a->kind != DNS_ELSEWHERE)
        return false;
    if (++q->hops > HOPS_MAX || dns_name_is_local(a->target)) {
        dns_answer_failed(a, "CNAME chain that leads nowhere");
        return false;
    }
    if (a->ttl_sec < q->ttl_sec)
        q->ttl_sec = a->ttl_sec;
    str_copy(q->name, sizeof q->name, str_of(a->target));
    q->is_second = false;
    q->failure = NULL;
    dns_wire_ask(w, q);
    return true;
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *packet, int n)
{
    struct dns_query *q = arg;
    struct dns_wire *w = q->channel->wire;
    struct dns_answer a;

    (void)timeouts;
    q->channel->out--;
    w->in_flight--;
    if (w->is_closing)
        return;
    if (q->tick == w->tick)
        w->burst--;
    read_answer(q, status, packet, n, &a);
    if (try_again(w, q, status, &a) || ask_elsewhere(w, q, &a))
        return;
    /* The patient channel swallows what the servers said, and a lane may only time out: the first try
     * knew more. */
    if (a.kind == DNS_FAILED && q->failure)
        a.failure = q->failure;
    if (a.ttl_sec > q->ttl_sec)
        a.ttl_sec = q->ttl_sec;
    int type = q->type; /* q is its owner's again, who may free it */
    q->done(q, &a);
    dns_answer_done(&a, type);
}

/* --- questions */

static struct dns_channel *choose_channel(struct dns_wire *w)
{
    unsigned start = (unsigned)rng_below(&w->rng, CHANNELS);
    struct dns_channel *least = &w->channel[start];

    for (unsigned i = 0; i < CHANNELS; i++) {
        struct dns_channel *c = &w->channel[(start + i) % CHANNELS];

        if (c->out == 0)
            c->asked = 0;
        if (c->asked < ROUND)
            return c;
        if (c->out < least->out)
            least = c;
    }
    /* All are resting: long time-outs hold a question in each. Better an old port than a stop. */
    return least;
}

static void send_query(struct dns_wire *w, struct dns_query *q, struct dns_channel *c)
{
    if (q->hops == 0 && !q->is_second)
        q->ttl_sec = UINT32_MAX;
    q->channel = c;
    c->out++;
    c->asked++;
    q->tick = w->tick;
    w->in_flight++;
    w->burst++;
    w->sent++;
    if (c->deadline.ms > w->now.ms + w->timeout_ms)
        c->deadline.ms = w->now.ms + w->timeout_ms;
    /* May call on_answer before it returns; q may be gone then. */
    ares_query(c->ares, q->name, ns_c_in, q->type, on_answer, q);
}

/* The number of a lane without a question, or ALL_CHANNELS. */
static unsigned free_lane(const struct dns_wire *w)
{
    unsigned i = LANE_FIRST;

    while (i < ALL_CHANNELS && w->channel[i].out > 0)
        i++;
    return i;
}

/* Their number is small: neither in_flight_max nor the burst holds them up. */
static void send_in_lanes(struct dns_wire *w)
{
    unsigned i;

    while (w->lane.first && (i = free_lane(w)) < ALL_CHANNELS) {
        w->lane_waiting--;
        send_query(w, queue_take(&w->lane), &w->channel[i]);
    }
}

static void send_waiting(struct dns_wire *w)
{
    int64_t tick = w->now.ms / TICK_MS;

    if (tick != w->tick)
        w->burst = 0;
    w->tick = tick;
    send_in_lanes(w);
    while (w->in_flight < w->in_flight_max && w->burst < BURST) {
        struct dns_query *q = queue_take(&w->urgent);

        if (!q)
            q = queue_take(&w->other);
        if (!q)
            break;
        send_query(w, q, q->is_second ? &w->channel[PATIENT] : choose_channel(w));
    }
}

/* --- events */

static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
    struct dns_channel *c = data;
    struct dns_wire *w = c->wire;
    uint64_t number = (uint64_t)(c - w->channel);
    struct epoll_event ev = {.data.u64 = number << 32 | (uint32_t)fd};

    if (readable)
        ev.events |= EPOLLIN;
    if (writable)
        ev.events |= EPOLLOUT;
    /* c-ares tells this before it closes the socket. */
    if (!ev.events)
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 && errno == EEXIST)
        epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &ev);
}

static void on_events(struct dns_wire *w)
{
    struct epoll_event ev[2 * ALL_CHANNELS];
    int n = epoll_wait(w->epoll, ev, sizeof ev / sizeof *ev, 0);

    for (int i = 0; i < n; i++) {
        struct dns_channel *c = &w->channel[ev[i].data.u64 >> 32];
        ares_socket_t fd = (ares_socket_t)(ev[i].data.u64 & 0xffffffff);
        bool is_broken = ev[i].events & (EPOLLERR | EPOLLHUP);

        /* An earlier event may have closed fd; c-ares compares it with the sockets it has. */
        ares_process_fd(c->ares, ev[i].events & EPOLLIN || is_broken ? fd : ARES_SOCKET_BAD,
                        ev[i].events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
    }
}

/* ares_timeout walks over all questions, so it is asked only when the last answer has run out: new
 * questions and answers in between only move the next time-out later, or to where send_query saw
 * it. */
static void give_up_late(struct dns_channel *c, struct mono now)
{
    struct timeval room, *left;

    if (c->deadline.ms > now.ms)
        return;
    ares_process_fd(c->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    left = ares_timeout(c->ares, NULL, &room);
    c->deadline.ms = left ? now.ms + left->tv_sec * 1000 + left->tv_usec / 1000 + 1 : WHEN_NEVER;
}

void dns_wire_run(struct dns_wire *w, struct mono now)
{
    w->now = now;
    on_events(w);
    for (unsigned i = 0; i < ALL_CHANNELS; i++)
        give_up_late(&w->channel[i], now);
    send_waiting(w);
}

struct mono dns_wire_deadline(const struct dns_wire *w)
{
    struct mono first = {WHEN_NEVER};

    /* What broke at once, in the sending itself, is in the queue and on no socket. */
    if (w->lane.first && free_lane(w) < ALL_CHANNELS)
        return w->now;
    if (w->in_flight < w->in_flight_max && (w->urgent.first || w->other.first)) {
        if (w->burst < BURST)
            return w->now;
        first.ms = (w->tick + 1) * TICK_MS;
    }
    for (unsigned i = 0; i < ALL_CHANNELS; i++)
        if (w->channel[i].deadline.ms < first.ms)
            first = w->channel[i].deadline;
    return first;
}

/* --- life */

static bool open_channel(struct dns_wire *w, struct dns_channel *c,
                         const struct resolver_options *o, struct err *e)
{
    unsigned number = (unsigned)(c - w->channel);
    struct ares_options a = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = (int)o->timeout_ms,
        .tries = number < LANE_FIRST ? o->tries : 1,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = c,
    };
    int status;

    if (number != PATIENT)
        a.flags |= ARES_FLAG_NOCHECKRESP;
    c->wire = w;
    c->deadline.ms = WHEN_NEVER;
    status = ares_init_options(&c->ares, &a,
                               ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                   ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        c->ares = NULL;
        return err_set(e, "c-ares: %s", ares_strerror(status));
    }
    if (!o->servers)
        return true;
    status = ares_set_servers_ports_csv(c->ares, o->servers);
    if (status != ARES_SUCCESS)
        return err_set(e, "name servers \"%s\": %s", o->servers, ares_strerror(status));
    return true;
}

static int count_servers(struct dns_channel *c)
{
    struct ares_addr_port_node *list = NULL;
    int n = 0;

    if (ares_get_servers_ports(c->ares, &list) != ARES_SUCCESS)
        return 0;
    for (const struct ares_addr_port_node *s = list; s; s = s->next)
        n++;
    ares_free_data(list);
    return n;
}

bool dns_wire_open(const struct resolver_options *o, struct dns_wire **out, struct err *e)
{
    struct dns_wire *w;

    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
        return err_set(e, "c-ares cannot be initialized");
    w = mem_array(1, sizeof *w);
    MUST(o->timeout_ms > 0 && o->timeout_ms <= INT32_MAX && o->tries > 0 && o->in_flight_max > 0);
    queue_init(&w->urgent);
    queue_init(&w->other);
    queue_init(&w->lane);
    w->rng = rng_seed(o->seed);
    w->timeout_ms = o->timeout_ms;
    w->in_flight_max = o->in_flight_max;
    w->now = clock_mono();
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0) {
        err_sys(e, "epoll_create1");
        goto failed;
    }
    for (unsigned i = 0; i < ALL_CHANNELS; i++)
        if (!open_channel(w, &w->channel[i], o, e))
            goto failed;
    w->servers = count_servers(&w->channel[0]);
    if (w->servers == 0) {
        err_set(e, "no name servers in \"%s\"", o->servers ? o->servers : "/etc/resolv.conf");
        goto failed;
    }
    *out = w;
    return true;
failed:
    dns_wire_close(w);
    return false;
}

void dns_wire_close(struct dns_wire *w)
{
    if (!w)
        return;
    w->is_closing = true;
    for (unsigned i = 0; i < ALL_CHANNELS; i++)
        if (w->channel[i].ares)
            ares_destroy(w->channel[i].ares);
    if (w->epoll >= 0)
        close(w->epoll);
    ares_library_cleanup();
    free(w);
}

int dns_wire_fd(const struct dns_wire *w)
{
    return w->epoll;
}

unsigned dns_wire_in_flight(const struct dns_wire *w)
{
    return w->in_flight;
}

uint64_t dns_wire_sent(const struct dns_wire *w)
{
    return w->sent;
}
