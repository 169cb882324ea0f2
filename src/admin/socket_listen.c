/* socket_listen.c: the daemon's socket in the file system: whose it is, and how it is replaced. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>

/* Holds the lock for the daemon's life; the kernel drops it with the process. */
static bool take_lock(const char *path, int *lock_fd, struct err *e)
{
    char *name = mem_printf("%s.lock", path);
    *lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool ok = *lock_fd >= 0;
    if (!ok)
        err_sys(e, "%s", name);
    else if (flock(*lock_fd, LOCK_EX | LOCK_NB) != 0) {
        ok = errno == EWOULDBLOCK ? err_set(e, "another sluiced runs on %s", path)
                                  : err_sys(e, "locking %s", name);
    }
    free(name);
    return ok;
}

/* The lock is ours. What lies at the path is nothing, a dead daemon's socket, or somebody's who
 * knows nothing of the lock (its file was deleted): ask before replacing. */
static bool clear_path(const struct sockaddr_un *at, struct err *e)
{
    struct stat st;
    if (lstat(at->sun_path, &st) != 0)
        return errno == ENOENT || err_sys(e, "%s", at->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, "%s is no socket: it stays, choose another control_socket", at->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys(e, "socket");
    bool refused =
        connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    close(fd);
    if (!refused)
        return err_set(e, "another sluiced runs on %s", at->sun_path);
    return unlink(at->sun_path) == 0 || err_sys(e, "removing %s", at->sun_path);
}

static bool listen_at(const struct sockaddr_un *at, int *listen_fd, struct err *e)
{
    *listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*listen_fd < 0)
        return err_sys(e, "socket");
    /* Before bind, so that there is no moment with wider rights; after it, because the umask may
     * have taken the group's away. */
    fchmod(*listen_fd, 0660);
    if (bind(*listen_fd, (const struct sockaddr *)at, sizeof *at) != 0)
        return err_sys(e, "binding %s", at->sun_path);
    if (chmod(at->sun_path, 0660) != 0 || listen(*listen_fd, 64) != 0) {
        err_sys(e, "listening at %s", at->sun_path);
        unlink(at->sun_path);
        return false;
    }
    return true;
}

bool socket_listen(const char *path, int *listen_fd, int *lock_fd, struct err *e)
{
    struct sockaddr_un at;
    return socket_address(path, &at, e) && take_lock(path, lock_fd, e) && clear_path(&at, e) &&
           listen_at(&at, listen_fd, e);
}
