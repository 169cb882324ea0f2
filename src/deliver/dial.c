/* The connect shim: the only file that knows about it. See dial.h.
 *
 * The definition of connect() below is what every library in the process calls, as the dynamic
 * linker looks into the executable first; rooms.cmake exports the symbol (-Wl,--export-dynamic-
 * symbol=connect). The sanitizers bring a connect() of their own: a weak one in the executable
 * (clang), which ours replaces, or one in a shared library (gcc), which RTLD_NEXT finds. Either
 * way it is reached by passing through.
 *
 * Rejected: handing over sockets through a local proxy (two more copies of each byte); a patched
 * libESMTP (Debian's package is the point of using it). */
#include "dial.h"

#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/os/clock.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

typedef int connect_function(int, const struct sockaddr *, socklen_t);

static _Thread_local struct dial *dial_now;
static connect_function *next_connect;
static pthread_once_t next_connect_once = PTHREAD_ONCE_INIT;

static void find_next_connect(void)
{
    /* POSIX wants the detour: ISO C has no cast from void * to a function. */
    *(void **)&next_connect = dlsym(RTLD_NEXT, "connect");
    MUST(next_connect);
}

static int real_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    pthread_once(&next_connect_once, find_next_connect);
    return next_connect(fd, to, length);
}

void dial_use(struct dial *d)
{
    dial_now = d;
    if (d) {
        d->fd = -1;
        d->ip[0] = '\0';
        d->why[0] = '\0';
    }
}

bool dial_is_possible(struct err *e)
{
    connect_function *ours = connect;
    void *called = dlsym(RTLD_DEFAULT, "connect");

    if (called != *(void **)&ours)
        return err_set(e, "the executable does not export `connect`: link it with "
                          "-Wl,--export-dynamic-symbol=connect");
    pthread_once(&next_connect_once, find_next_connect);
    return true;
}

static bool is_placeholder(const struct sockaddr *to, socklen_t length)
{
    const struct sockaddr_in *in = (const void *)to;

    return length >= (socklen_t)sizeof *in && in->sin_family == AF_INET &&
           in->sin_addr.s_addr == htonl(0xc0000201) && in->sin_port == htons(9);
}

static void address_text(const struct sockaddr_storage *a, char out[IP_MAX])
{
    if (a->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, IP_MAX);
    else if (a->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, out, IP_MAX);
    else
        str_copy(out, IP_MAX, str_of("unknown"));
}

static void blame(struct dial *d, const char *why)
{
    size_t n = strlen(d->why);

    snprintf(d->why + n, sizeof d->why - n, "%s%s: %s", n ? "; " : "", d->ip, why);
}

static void blame_errno(struct dial *d, int code)
{
    char text[128];

    blame(d, strerror_r(code, text, sizeof text));
}

static socklen_t address_length(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* A non-blocking socket with everything set that must be set before connecting, or -1 and errno. */
static int make_socket(const struct dial_target *t, int family)
{
    static const int on = 1;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    /* With Nagle's algorithm each message waits some 40 ms for a delayed ACK: 1,100 instead of
     * 18,500 messages/s were measured. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (t->source.ss_family == AF_UNSPEC)
        return fd;
    /* The port is chosen when connecting: otherwise a source address has only as many
     * connections as ports, over all destinations. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (const void *)&t->source, address_length(&t->source)) == 0)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

/* 0 when the connection is up, else the error. */
static int wait_until_up(int fd, int64_t limit_ms)
{
    int64_t until = clock_mono().ms + limit_ms;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    socklen_t length = sizeof(int);
    int code = 0;

    for (;;) {
        int64_t left = until - clock_mono().ms;
        int n = poll(&p, 1, left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

        if (n > 0)
            break;
        if (n == 0 && left <= 0)
            return ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return errno;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) < 0)
        return errno;
    /* A stop shuts the socket down while it connects: then there is no error, and no connection. */
    return code == 0 && p.revents & POLLHUP ? ECANCELED : code;
}

enum attempt { ATTEMPT_UP, ATTEMPT_FAILED, ATTEMPT_STOPPED };

static enum attempt try_address(struct dial *d, const struct sockaddr_storage *to, socklen_t length)
{
    int fd, code = 0;

    address_text(to, d->ip);
    if (d->target->source.ss_family && d->target->source.ss_family != to->ss_family) {
        blame(d, "the source address is of another family");
        return ATTEMPT_FAILED;
    }
    fd = make_socket(d->target, to->ss_family);
    if (fd < 0) {
        blame_errno(d, errno);
        return ATTEMPT_FAILED;
    }
    if (!d->opened(d->arg, fd)) {
        d->opened(d->arg, -1);
        close(fd);
        return ATTEMPT_STOPPED;
    }
    if (real_connect(fd, (const void *)to, length) < 0)
        code = errno == EINPROGRESS ? wait_until_up(fd, d->limit_ms) : errno;
    if (code == 0) {
        d->fd = fd;
        return ATTEMPT_UP;
    }
    d->opened(d->arg, -1);
    close(fd);
    blame_errno(d, code);
    return code == ECANCELED ? ATTEMPT_STOPPED : ATTEMPT_FAILED;
}

static int dial_all(struct dial *d, int onto)
{
    enum attempt a = ATTEMPT_FAILED;

    for (unsigned i = 0; i < d->target->addresses && a == ATTEMPT_FAILED; i++)
        a = try_address(d, &d->target->address[i].to, d->target->address[i].length);
    if (a == ATTEMPT_UP && dup3(d->fd, onto, O_CLOEXEC) < 0) {
        blame_errno(d, errno);
        d->opened(d->arg, -1);
        close(d->fd);
        d->fd = -1;
        a = ATTEMPT_FAILED;
    }
    if (a == ATTEMPT_UP)
        return 0;
    errno = a == ATTEMPT_STOPPED ? ECANCELED : ECONNREFUSED;
    return -1;
}

int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    struct dial *d = dial_now;

    if (!d || !is_placeholder(to, length))
        return real_connect(fd, to, length);
    dial_now = NULL; /* one dial, one connection: libESMTP must not come back for another */
    return dial_all(d, fd);
}
