/* socket.c: bounded sends and receives; every wait has an end. */
#include "socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sluice/os/clock.h>

bool socket_address(const char *path, struct sockaddr_un *to, struct err *e)
{
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n == 0)
        return err_set(e, "the path of the control socket is empty");
    if (n >= sizeof to->sun_path)
        return err_set(e, "the path of the control socket has %zu bytes, at most %zu fit: %s", n,
                       sizeof to->sun_path - 1, path);
    memcpy(to->sun_path, path, n + 1);
    return true;
}

/* Polls for `events` until the time is up. A hang-up counts as ready: the call that follows says
 * what it is, and takes what was sent before it. */
static enum socket_end wait_for(int fd, short events, struct mono until)
{
    for (;;) {
        int64_t left = until.ms - clock_mono().ms;
        if (left < 0)
            return SOCKET_LATE;
        struct pollfd p = {.fd = fd, .events = events};
        int n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (n > 0)
            return SOCKET_OK;
        if (n == 0)
            return SOCKET_LATE;
        if (errno != EINTR)
            return SOCKET_CLOSED;
    }
}

enum socket_end socket_send(int fd, const char *data, size_t n, struct mono until)
{
    while (n > 0) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            data += sent;
            n -= (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return SOCKET_CLOSED;
        enum socket_end w = wait_for(fd, POLLOUT, until);
        if (w != SOCKET_OK)
            return w;
    }
    return SOCKET_OK;
}

enum socket_end socket_receive(int fd, struct buf *in, struct mono until)
{
    size_t room = in->max - in->len;
    if (room > 64 * 1024)
        room = 64 * 1024;
    char *to = room > 0 ? buf_room(in, room) : NULL;
    if (!to) {
        errno = EMSGSIZE;
        return SOCKET_CLOSED;
    }
    for (;;) {
        enum socket_end w = wait_for(fd, POLLIN, until);
        if (w != SOCKET_OK)
            return w;
        ssize_t got = recv(fd, to, room, MSG_DONTWAIT);
        if (got > 0) {
            buf_grew(in, (size_t)got);
            return SOCKET_OK;
        }
        if (got == 0)
            errno = 0;
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            return SOCKET_CLOSED;
    }
}
