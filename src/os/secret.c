#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_quietly(int fd)
{
    int before = errno;

    if (fd >= 0)
        close(fd);
    errno = before;
}

/* What is opened is what is checked: between stat and open a name may change hands. */
static bool is_private(const char *path, const struct stat *st, struct err *e)
{
    if (!S_ISREG(st->st_mode))
        return err_set(e, "%s is not a regular file", path);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return err_set(
            e,
            "%s belongs to user %u, who could change it; it must belong to root or to the "
            "user that sluiced runs as: chown root %s",
            path, (unsigned)st->st_uid, path);
    if (st->st_mode & S_IRWXO)
        return err_set(e, "%s is open to all users (mode %04o): chmod 600 %s", path,
                       (unsigned)st->st_mode & 07777, path);
    if (st->st_mode & S_IWGRP)
        return err_set(e, "%s can be changed by its group (mode %04o): chmod 600 %s", path,
                       (unsigned)st->st_mode & 07777, path);
    return true;
}

/* O_NONBLOCK: a FIFO without a writer would hang. */
static int open_private(const char *path, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool ok;

    if (fd < 0 && errno == EACCES)
        err_sys(e,
                "cannot open %s as user %u; it must be readable for the user that sluiced runs as",
                path, (unsigned)geteuid());
    else if (fd < 0)
        err_sys(e, "cannot open %s", path);
    if (fd < 0)
        return -1;
    ok = fstat(fd, st) == 0 ? is_private(path, st, e) : err_sys(e, "cannot look at %s", path);
    if (!ok) {
        close_quietly(fd);
        return -1;
    }
    return fd;
}

/* All room is made at once: growing would leave copies behind that nobody wipes. */
static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
    char *to = buf_room(out, max + 1);
    size_t n = 0;

    while (n <= max) {
        ssize_t got = read(fd, to + n, max + 1 - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, "cannot read %s", path);
        if (got == 0)
            break;
        n += (size_t)got;
    }
    buf_grew(out, n);
    if (n > max)
        return err_set(e, "%s is longer than %zu bytes, so it is no key file", path, max);
    return true;
}

bool secret_read(const char *path, size_t max, struct buf *out, struct err *e)
{
    struct stat st;
    int fd;
    bool ok;

    buf_init(out, max + 1);
    fd = open_private(path, &st, e);
    if (fd < 0)
        return false;
    ok = read_all(fd, path, max, out, e);
    close_quietly(fd);
    return ok;
}

void secret_done(struct buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->cap);
    buf_done(b);
}

/* Who could read what is replaced goes on doing so: a daemon that runs as another user, a group. */
static bool keep_owner(int fd, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    return fchown(fd, st.st_uid, st.st_gid) != 0 || fchmod(fd, st.st_mode & 0640) == 0;
}

/* link(2) is the rename that never overwrites. */
static bool give_name(const char *temp, const char *path, bool replaces)
{
    if (replaces)
        return rename(temp, path) == 0;
    return link(temp, path) == 0 && unlink(temp) == 0;
}

bool secret_write(const char *path, const void *data, size_t n, bool replaces, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char *dir = file_parent(path);
    char *temp = mem_printf("%s/.%.200s.XXXXXX", dir, slash ? slash + 1 : path);
    int fd = mkostemp(temp, O_CLOEXEC); /* 0600 from its first moment */
    bool ok = fd >= 0 && file_write_all(fd, data, n) && (!replaces || keep_owner(fd, path)) &&
              fsync(fd) == 0;

    close_quietly(fd);
    ok = ok && give_name(temp, path, replaces);
    if (!ok) {
        err_sys(e, "cannot write %s", path);
        if (fd >= 0)
            unlink(temp);
    } else {
        ok = file_sync_dir(dir, e);
    }
    free(temp);
    free(dir);
    return ok;
}

int secret_lock(const char *path, struct err *e)
{
    char *dir = file_parent(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        close_quietly(fd);
        fd = -1;
    }
    if (fd < 0)
        err_sys(e, "cannot lock the directory %s", dir);
    free(dir);
    return fd;
}
