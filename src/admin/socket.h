/* socket.h: what both ends of the control socket share. */
#ifndef SLUICE_ADMIN_SOCKET_H
#define SLUICE_ADMIN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>
#include <sluice/base/buf.h>
#include <sluice/base/err.h>
#include <sluice/base/when.h>

/* False when the path does not fit into sun_path (107 bytes). */
bool socket_address(const char *path, struct sockaddr_un *to, struct err *e);
/* The daemon's end: a lock on PATH.lock and a socket that listens at PATH, in place of a dead
 * daemon's; see control.h. After false the caller closes what is not -1. */
bool socket_listen(const char *path, int *listen_fd, int *lock_fd, struct err *e);

enum socket_end {
    SOCKET_OK,
    SOCKET_CLOSED, /* by the other side, or an error of the system (errno) */
    SOCKET_LATE
};
/* Sends all n bytes by `until`. Never raises SIGPIPE. */
enum socket_end socket_send(int fd, const char *data, size_t n, struct mono until);
/* Waits for bytes until `until` and appends what is there, at most 64 KB and never past in->max. */
enum socket_end socket_receive(int fd, struct buf *in, struct mono until);

#endif
