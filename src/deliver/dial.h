/* dial.h: how a connection of libESMTP gets a socket of our choice. (S)
 *
 * libESMTP resolves one host name and connects to it with blocking connect(2), without
 * TCP_NODELAY, without a source address, for IPv4 literals only. dial.c therefore defines
 * connect() in the executable. When a thread has called dial_use(), its next connect() to
 * DIAL_PLACEHOLDER tries the addresses of the dial one after the other on sockets of its own and
 * puts the one that came up onto libESMTP's descriptor; any other connect() passes through to
 * the C library.
 *
 *     struct dial dial = {.target = target, .limit_ms = 60000, .opened = remember, .arg = c};
 *     dial_use(&dial);
 *     smtp_start_session(session);        // calls connect()
 *     dial_use(NULL);
 *     if (dial.fd < 0) puts(dial.why);
 */
#ifndef SLUICE_DELIVER_DIAL_H
#define SLUICE_DELIVER_DIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sluice/base/err.h>
#include <sluice/deliver/pool.h>

/* A literal of TEST-NET-1 (RFC 5737) and the discard port: getaddrinfo() has nothing to resolve,
 * and if ever the shim were not called, nobody would get our mail. (0.0.0.0 would reach the
 * machine itself.) */
#define DIAL_PLACEHOLDER "192.0.2.1:9"

struct dial {
    const struct dial_target *target;
    int64_t limit_ms; /* per address */
    /* Tells the fd that is being connected, -1 when it is given up. False: stop dialling. May be
     * called from within connect() only, in the dialling thread. Who knows the fd may
     * shutdown(2) it to end the waiting. */
    bool (*opened)(void *arg, int fd);
    void *arg;
    /* results */
    int fd; /* ours, beside libESMTP's duplicate of it: the caller closes it; -1: none came up */
    char ip[IP_MAX];          /* the address that came up, or was tried last */
    char why[REPLY_TEXT_MAX]; /* one clause per address that failed */
};

/* The next connect() of this thread is this dial's; NULL: none any more. *d must live until
 * then. */
void dial_use(struct dial *d);
/* Whether libraries call the shim at all: not, if the executable does not export `connect`. */
bool dial_is_possible(struct err *e);

#endif
