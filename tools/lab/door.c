/* door.c: see door.h.
 *
 * Every address has its own listening socket, so that a receiver that is down refuses connections as a
 * real one would, and one that times out really loses SYNs (its backlog is filled by ourselves).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include "door.h"
#include "maintenance.h"
#include "sess.h"

#define SESSIONS_MAX 20000
#define ACCEPTS_PER_ROUND 64
#define CLOSED_LOOK_MAX 2048

/* Open connections, less those that the client has closed and we have not read to the end: of its QUIT
 * and of its next connection, epoll may bring the latter first, and a delayed answer keeps us at it. */
static uint64_t held_open(const struct lab *lab, const struct receiver *r)
{
    static struct pollfd fds[CLOSED_LOOK_MAX];
    nfds_t n = 0;
    uint64_t gone = 0;
    if (r->open > CLOSED_LOOK_MAX)
        return r->open;
    for (const struct session *s = lab->first; s; s = s->next)
        if (s->receiver == r)
            fds[n++] = (struct pollfd){.fd = s->watcher.fd, .events = POLLRDHUP};
    if (poll(fds, n, 0) > 0)
        for (nfds_t i = 0; i < n; i++)
            gone += (fds[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    return r->open - gone;
}

static void count_connection(struct lab *lab, struct receiver *r)
{
    struct tally *t = &r->tally;
    t->connections++;
    if (r->open > t->peak_connections) {
        uint64_t held = held_open(lab, r);
        if (held > t->peak_connections)
            t->peak_connections = held;
    }
    meter_note(&t->meter[METER_CONNECTIONS], &lab->scene->measure, lab->loop.now_us);
    maintenance_connection(lab, r);
}

static void knock(struct watcher *w, uint32_t events)
{
    struct door *d = (struct door *)((char *)w - offsetof(struct door, watcher));
    struct lab *lab = d->lab;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_ROUND && !w->dead; i++) {
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        char ip[64];
        int on = 1;
        int fd = accept4(w->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (lab->open_sessions >= SESSIONS_MAX) {
            close(fd);
            continue;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct session *s = sess_new(lab, fd, d, address_text(&from, ip));
        count_connection(lab, s->receiver);
        sess_begin(s);
    }
}

static void nothing(struct watcher *w)
{
    (void)w;
}

static int listen_at(const struct sockaddr_storage *sa, int *port, int backlog)
{
    struct sockaddr_storage at = *sa;
    socklen_t n =
        at.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    /* sin_port and sin6_port lie at the same place. */
    ((struct sockaddr_in *)&at)->sin_port = htons((uint16_t)*port);
    int on = 1;
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, backlog) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    if (*port == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0)
        *port = ntohs(((struct sockaddr_in *)&at)->sin_port);
    return fd;
}

/* Fills a backlog of 0 that nobody accepts from: the next SYN gets no answer. */
static void fill_backlog(struct door *d, int port)
{
    struct sockaddr_storage at = d->address->sa;
    socklen_t n =
        at.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    ((struct sockaddr_in *)&at)->sin_port = htons((uint16_t)port);
    for (int i = 0; i < 4; i++) {
        d->fillers[i] = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(d->fillers[i], (struct sockaddr *)&at, n);
    }
}

static void close_door(struct door *d)
{
    for (int i = 0; i < 4; i++) {
        if (d->fillers[i] >= 0)
            close(d->fillers[i]);
        d->fillers[i] = -1;
    }
    if (d->watcher.fd >= 0)
        close(d->watcher.fd);
    d->watcher.fd = -1;
}

static bool open_door(struct door *d, int *port)
{
    enum reach reach = d->address->receiver->reach;
    if (reach == REACH_REFUSE && *port)
        return true;
    int fd = listen_at(&d->address->sa, port, reach == REACH_TIMEOUT ? 0 : 1024);
    if (fd < 0 && errno == EADDRNOTAVAIL && d->address->sa.ss_family == AF_INET6)
        return true; /* no IPv6 here: connections are refused, which is what the tests want */
    if (fd < 0)
        return false;
    d->watcher.fd = fd;
    if (reach == REACH_TIMEOUT)
        fill_backlog(d, *port);
    if (reach == REACH_REFUSE)
        close_door(d);
    return reach != REACH_UP || loop_watch(&d->lab->loop, &d->watcher, EPOLLIN);
}

static bool try_port(struct lab *lab, int *port)
{
    for (size_t i = 0; i < lab->door_count; i++)
        if (!open_door(&lab->doors[i], port)) {
            int saved = errno;
            for (size_t k = 0; k <= i; k++)
                close_door(&lab->doors[k]);
            errno = saved;
            return false;
        }
    return true;
}

bool door_open_all(struct lab *lab, int port, struct err *e)
{
    struct scene *s = lab->scene;
    lab->door_count = s->addresses;
    lab->doors = mem_array(s->addresses ? s->addresses : 1, sizeof *lab->doors);
    for (size_t i = 0; i < s->addresses; i++) {
        lab->doors[i] =
            (struct door){.lab = lab, .address = &s->address[i], .fillers = {-1, -1, -1, -1}};
        lab->doors[i].watcher = (struct watcher){.on = knock, .bury = nothing, .fd = -1};
    }
    for (int tries = 0; tries < (port ? 1 : 50); tries++) {
        lab->smtp_port = port;
        if (try_port(lab, &lab->smtp_port))
            return true;
    }
    return err_sys(e, "cannot listen for SMTP on port %d", lab->smtp_port);
}

bool door_follow(struct lab *lab, const struct receiver *r, struct err *e)
{
    for (size_t i = 0; i < lab->door_count; i++) {
        struct door *d = &lab->doors[i];
        if (d->address->receiver != r)
            continue;
        close_door(d);
        if (!open_door(d, &lab->smtp_port))
            return err_sys(e, "cannot listen again");
    }
    if (r->reach != REACH_UP)
        sess_close_all(lab, r);
    return true;
}

void door_close_all(struct lab *lab)
{
    for (size_t i = 0; i < lab->door_count; i++)
        close_door(&lab->doors[i]);
    free(lab->doors);
}
