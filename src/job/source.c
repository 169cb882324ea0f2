#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/base/str.h>

#define PACKED_CHUNK (256 * 1024)

struct source {
    char *path;
    int fd;
    struct stat st; /* when it was opened */
    uint64_t max_bytes, read_bytes, unpacked_bytes;
    const struct unpacker *unpacker; /* NULL: plain */
    void *unpacking;
    unsigned char *packed;
};

static bool open_file(struct source *s, struct err *e)
{
    /* O_NONBLOCK: a FIFO must not hang us before we can see what it is. */
    s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (s->fd < 0 && errno == ELOOP)
        return err_set(e, "a symbolic link is not taken");
    if (s->fd < 0 || fstat(s->fd, &s->st) != 0)
        return err_sys(e, "cannot open it");
    if (!S_ISREG(s->st.st_mode))
        return err_set(e, "not a regular file");
    posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return true;
}

static const struct unpacker *unpacker_of(const char *path)
{
    if (str_ends_nocase(str_of(path), ".gz"))
        return &unpack_gzip;
    if (str_ends_nocase(str_of(path), ".zst"))
        return &unpack_zstd;
    return NULL;
}

struct source *source_open(const char *path, uint64_t max_bytes, struct err *e)
{
    struct source *s = mem_new(sizeof *s);

    s->path = mem_str(path);
    s->max_bytes = max_bytes;
    s->unpacker = unpacker_of(path);
    if (open_file(s, e) && s->unpacker) {
        s->packed = mem_new(PACKED_CHUNK);
        s->unpacking = s->unpacker->open(e);
        if (s->unpacking)
            return s;
    } else if (s->fd >= 0 && S_ISREG(s->st.st_mode)) {
        return s;
    }
    source_close(s);
    return NULL;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* At the end of the file: what was read must be the whole of what still lies under the name. */
static bool is_unchanged(const struct source *s, struct err *e)
{
    struct stat now, named;

    if (fstat(s->fd, &now) != 0)
        return err_sys(e, "cannot look at it again");
    if (now.st_size != s->st.st_size || (uint64_t)now.st_size != s->read_bytes ||
        !same_time(now.st_mtim, s->st.st_mtim))
        return err_set(
            e, "it changed while it was being read; write it under another name and rename it");
    if (lstat(s->path, &named) != 0)
        return err_sys(e, "it vanished while it was being read");
    if (named.st_ino != now.st_ino || named.st_dev != now.st_dev)
        return err_set(e, "it was replaced while it was being read");
    return true;
}

static bool read_file(struct source *s, void *to, size_t room, size_t *n, struct err *e)
{
    ssize_t got;

    do
        got = read(s->fd, to, room);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_sys(e, "cannot read it");
    *n = (size_t)got;
    s->read_bytes += *n;
    return *n > 0 || is_unchanged(s, e);
}

bool source_packed(struct source *s, const unsigned char **p, size_t *n, struct err *e)
{
    *p = s->packed;
    return read_file(s, s->packed, PACKED_CHUNK, n, e);
}

bool source_read(struct source *s, char *to, size_t room, size_t *n, struct err *e)
{
    bool ok = s->unpacker ? s->unpacker->read(s->unpacking, s, to, room, n, e)
                          : read_file(s, to, room, n, e);

    if (!ok)
        return false;
    s->unpacked_bytes += *n;
    if (s->unpacked_bytes > s->max_bytes)
        return err_set(e, "longer than the limit of %" PRIu64 " bytes%s", s->max_bytes,
                       s->unpacker ? " when unpacked" : "");
    return true;
}

void source_progress(const struct source *s, uint64_t *read_bytes, uint64_t *file_bytes)
{
    *read_bytes = s->read_bytes;
    *file_bytes = (uint64_t)s->st.st_size;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->unpacking)
        s->unpacker->close(s->unpacking);
    if (s->fd >= 0)
        close(s->fd);
    free(s->packed);
    free(s->path);
    free(s);
}
