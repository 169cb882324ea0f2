#include <sluice/base/must.h>
#include <sluice/base/str.h>
#include <sluice/base/utf8.h>
#include <sluice/os/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHUNK 65536

/* Closes without disturbing the errno that is about to be reported. */
static void close_quietly(int fd)
{
    int before = errno;

    if (fd >= 0)
        close(fd);
    errno = before;
}

static bool is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_make_dirs(const char *path, struct err *e)
{
    char *copy = mem_str(path);
    bool ok = *path != '\0';
    char *slash = copy;

    if (!ok)
        err_set(e, "cannot make a directory without a name");
    while (ok && slash) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        /* EEXIST is not the only answer for what is there: / on a read-only system says EROFS. */
        if (mkdir(copy, 0750) != 0 && !is_dir(copy))
            ok = err_sys(e, "cannot make the directory %s", copy);
        if (slash)
            *slash = '/';
    }
    free(copy);
    return ok;
}

bool file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static ssize_t read_some(int fd, void *to, size_t n)
{
    ssize_t got;

    do
        got = read(fd, to, n);
    while (got < 0 && errno == EINTR);
    return got;
}

bool file_write_all(int fd, const void *data, size_t n)
{
    const char *from = data;

    while (n) {
        ssize_t wrote = write(fd, from, n);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        from += wrote;
        n -= (size_t)wrote;
    }
    return true;
}

/* O_NONBLOCK: opening a FIFO without a writer would hang before we could see that it is one. */
static int open_regular(const char *path, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, st) != 0) {
        err_sys(e, "cannot open %s", path);
        close_quietly(fd);
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        err_set(e, "%s is not a regular file", path);
        close_quietly(fd);
        return -1;
    }
    return fd;
}

static bool too_long(const char *path, const struct buf *out, struct err *e)
{
    return err_set(e, "%s is longer than the limit of %zu bytes", path, out->max);
}

/* Reads to the end, whatever fstat said: the file may grow meanwhile, and /proc says 0. */
static bool read_to_end(int fd, const char *path, struct buf *out, struct err *e)
{
    for (;;) {
        size_t left = out->max - out->len;
        size_t want = left < CHUNK ? left : CHUNK;
        char probe;
        ssize_t got = want ? read_some(fd, buf_room(out, want), want) : read_some(fd, &probe, 1);

        if (got < 0)
            return err_sys(e, "cannot read %s", path);
        if (got == 0)
            return true;
        if (want == 0)
            return too_long(path, out, e);
        buf_grew(out, (size_t)got);
    }
}

bool file_read(const char *path, struct buf *out, struct err *e)
{
    struct stat st;
    int fd = open_regular(path, &st, e);
    bool ok;

    buf_clear(out);
    if (fd < 0)
        return false;
    if (st.st_size > 0 && (uint64_t)st.st_size > out->max)
        ok = too_long(path, out, e);
    else
        ok = read_to_end(fd, path, out, e);
    close_quietly(fd);
    if (!ok)
        buf_clear(out);
    return ok;
}

char *file_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_str(".");
    return slash == path ? mem_str("/") : mem_strn(path, (size_t)(slash - path));
}

bool file_sync_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        err_sys(e, "cannot sync the directory %s", path);
    close_quietly(fd);
    return ok;
}

static bool sync_parent(const char *path, struct err *e)
{
    char *dir = file_parent(path);
    bool ok = file_sync_dir(dir, e);

    free(dir);
    return ok;
}

/* A new file beside `path` whose name begins with a dot, so that whoever scans the directory passes
 * over what a crash leaves behind. *temp is to be freed, NULL on failure. */
static int open_temp(const char *path, char **temp, struct err *e)
{
    char *dir = file_parent(path);
    const char *slash = strrchr(path, '/');
    int fd;

    *temp = mem_printf("%s/.%.200s.XXXXXX", dir, slash ? slash + 1 : path);
    free(dir);
    fd = mkostemp(*temp, O_CLOEXEC);
    if (fd < 0) {
        err_sys(e, "cannot make a temporary file for %s", path);
        free(*temp);
        *temp = NULL;
    }
    return fd;
}

/* Everything on disk and the descriptor closed, which is where NFS reports a full disk. */
static bool settle(int fd)
{
    bool ok = fchmod(fd, 0640) == 0 && fsync(fd) == 0;

    if (!ok) {
        close_quietly(fd);
        return false;
    }
    return close(fd) == 0;
}

static void drop_temp(char *temp)
{
    if (temp)
        unlink(temp);
    free(temp);
}

bool file_write_atomic(const char *path, const void *data, size_t n, struct err *e)
{
    char *temp;
    int fd = open_temp(path, &temp, e);
    bool ok;

    if (fd < 0)
        return false;
    if (!file_write_all(fd, data, n)) {
        close_quietly(fd);
        ok = false;
    } else {
        ok = settle(fd) && rename(temp, path) == 0;
    }
    if (!ok) {
        err_sys(e, "cannot write %s", path);
        drop_temp(temp);
        return false;
    }
    free(temp);
    return sync_parent(path, e);
}

/* rename that never overwrites. Some file systems do not know the flag; there a look before is all
 * that can be done, and only this program writes to its directories. */
static bool rename_new(const char *from, const char *to)
{
    struct stat st;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (lstat(to, &st) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

static bool copy_bytes(int in, int out)
{
    char *chunk = mem_new(CHUNK);
    ssize_t got;
    bool ok = true;

    while (ok && (got = read_some(in, chunk, CHUNK)) != 0)
        ok = got > 0 && file_write_all(out, chunk, (size_t)got);
    free(chunk);
    return ok;
}

/* Across file systems: the target appears whole or not at all; a crash in between leaves both. */
static bool copy_over(const char *from, const char *to, struct err *e)
{
    struct stat st;
    char *temp = NULL;
    int in = open_regular(from, &st, e);
    int out = in < 0 ? -1 : open_temp(to, &temp, e);
    bool ok;

    if (out < 0) {
        close_quietly(in);
        return false;
    }
    if (copy_bytes(in, out)) {
        ok = settle(out) && rename_new(temp, to);
    } else {
        close_quietly(out);
        ok = false;
    }
    close_quietly(in);
    if (!ok) {
        err_sys(e, "cannot copy %s to %s", from, to);
        drop_temp(temp);
        return false;
    }
    free(temp);
    /* The new name must be on disk before the old one goes. */
    if (!sync_parent(to, e))
        return false;
    if (unlink(from) != 0)
        return err_sys(e, "cannot remove %s after copying it to %s", from, to);
    return sync_parent(from, e);
}

bool file_move(const char *from, const char *to, struct err *e)
{
    if (rename_new(from, to))
        return sync_parent(to, e);
    if (errno == EXDEV)
        return copy_over(from, to, e);
    return err_sys(e, "cannot move %s to %s", from, to);
}

/* Deeper than anything we make; a tree that is deeper is not ours. */
#define TREE_DEPTH_MAX 32

static bool remove_at(int dir, const char *name, int depth);

static bool remove_entries(int fd, int depth)
{
    DIR *d = fdopendir(fd); /* owns fd from here on */
    struct dirent *entry;
    bool ok = true;
    int code;

    if (!d) {
        close_quietly(fd);
        return false;
    }
    while (ok && (errno = 0, entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = remove_at(fd, entry->d_name, depth + 1);
    }
    code = errno;
    closedir(d);
    errno = code;
    return ok && code == 0;
}

/* unlinkat first: it never follows a link, and says EISDIR (or EPERM) for a directory. */
static bool remove_at(int dir, const char *name, int depth)
{
    int fd;

    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    if (depth > TREE_DEPTH_MAX) {
        errno = ELOOP;
        return false;
    }
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    return remove_entries(fd, depth) && unlinkat(dir, name, AT_REMOVEDIR) == 0;
}

bool file_remove_tree(const char *path, struct err *e)
{
    if (!remove_at(AT_FDCWD, path, 0))
        return err_sys(e, "cannot remove %s", path);
    return true;
}

static const char *what_is_unsafe(const char *name, size_t n)
{
    if (n == 0)
        return "it is empty";
    if (n > 200)
        return "it is longer than 200 bytes";
    if (name[0] == '.')
        return "it begins with a dot";
    for (size_t i = 0; i < n;) {
        uint32_t cp;

        i += utf8_next(name + i, n - i, &cp);
        if (cp == '/')
            return "it contains a slash";
        if (cp < ' ' || (cp >= 0x7f && cp <= 0x9f))
            return "it contains a control character";
    }
    return NULL;
}

bool file_name_is_safe(const char *name, const char **why)
{
    const char *unsafe = what_is_unsafe(name, strlen(name));

    if (unsafe && why)
        *why = unsafe;
    return !unsafe;
}

bool file_space_is_at_least(const char *path, uint64_t bytes, uint64_t *free_bytes, struct err *e)
{
    struct statvfs s;
    uint64_t available;
    int failed;

    do
        failed = statvfs(path, &s);
    while (failed && errno == EINTR);
    if (failed)
        return err_sys(e, "cannot read the free space of %s", path);
    if (__builtin_mul_overflow((uint64_t)s.f_bavail, (uint64_t)s.f_frsize, &available))
        available = UINT64_MAX;
    if (free_bytes)
        *free_bytes = available;
    if (available < bytes)
        return err_set(e, "%s has %llu bytes free, and %llu are needed", path,
                       (unsigned long long)available, (unsigned long long)bytes);
    return true;
}

bool file_boot_id(char out[37], struct err *e)
{
    static const char path[] = "/proc/sys/kernel/random/boot_id";
    struct buf b;
    bool ok;

    buf_init(&b, 64);
    ok = file_read(path, &b, e);
    if (ok && b.len < 36)
        ok = err_set(e, "%s holds no boot id", path);
    if (ok) {
        memcpy(out, b.data, 36);
        out[36] = '\0';
    }
    buf_done(&b);
    return ok;
}
