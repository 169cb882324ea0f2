/* rejected.c: rows that were not taken, with line and reason, for the upstream system to mend. */
#include "intake_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/file.h>
#include <sluice/os/log.h>

#define BUFFERED ((size_t)64 * 1024)
#define HEADER "line,reason,row,file\n"

void rejected_init(struct rejected *r, const char *out_dir, const char *job_id, const char *lane)
{
    *r = (struct rejected){.fd = -1};
    r->dir = mem_printf("%s/%s", out_dir, job_id);
    r->path = mem_printf("%s/rejected.csv", r->dir);
    r->temp = mem_printf("%s/.rejected.csv.%s", r->dir, lane);
    buf_init(&r->buf, BUFFERED + 64 * 1024);
}

void rejected_done(struct rejected *r)
{
    if (r->fd >= 0)
        close(r->fd);
    free(r->dir);
    free(r->path);
    free(r->temp);
    buf_done(&r->buf);
    *r = (struct rejected){.fd = -1};
}

static void put_cell(struct buf *out, const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '"');
    for (; *s; s++) {
        if (*s == '"')
            buf_putc(out, '"');
        buf_putc(out, *s);
    }
    buf_putc(out, '"');
}

static bool open_temp(struct rejected *r, struct err *e)
{
    if (r->fd >= 0)
        return true;
    if (!file_make_dirs(r->dir, e))
        return false;
    r->fd = open(r->temp, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);
    if (r->fd < 0)
        return err_sys(e, "cannot write %s", r->temp);
    return true;
}

static bool write_buffer(int fd, struct buf *b, const char *path, struct err *e)
{
    while (b->len) {
        ssize_t n = write(fd, b->data, b->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "cannot write %s", path);
        buf_drop(b, (size_t)n);
    }
    return true;
}

bool rejected_flush(struct rejected *r, struct err *e)
{
    if (r->buf.len == 0)
        return true;
    return open_temp(r, e) && write_buffer(r->fd, &r->buf, r->temp, e);
}

bool rejected_add(struct rejected *r, uint64_t line, const char *why, const char *raw,
                  const char *file, struct err *e)
{
    if (r->rows++ == 0)
        buf_puts(&r->buf, HEADER);
    buf_printf(&r->buf, "%" PRIu64 ",", line);
    put_cell(&r->buf, why);
    buf_putc(&r->buf, ',');
    put_cell(&r->buf, raw);
    buf_putc(&r->buf, ',');
    put_cell(&r->buf, file);
    buf_putc(&r->buf, '\n');
    MUST(!buf_is_full(&r->buf)); /* a row is a few kilobytes at most */
    return r->buf.len < BUFFERED || rejected_flush(r, e);
}

/* Copies the temporary file behind what is in the report, without its header line when there is one; a copy
 * that fails in the middle is taken back. */
static bool copy_behind(int from, int to, off_t before, const char *path, struct err *e)
{
    off_t at = before > 0 ? (off_t)strlen(HEADER) : 0;
    struct buf chunk;
    ssize_t n;
    bool ok = true;

    buf_init(&chunk, BUFFERED);
    while (ok && (n = pread(from, buf_room(&chunk, BUFFERED), BUFFERED, at)) > 0) {
        at += n;
        buf_grew(&chunk, (size_t)n);
        ok = write_buffer(to, &chunk, path, e);
    }
    if (ok && n < 0)
        ok = err_sys(e, "cannot read the rows for %s", path);
    if (ok && fsync(to) != 0)
        ok = err_sys(e, "cannot write %s", path);
    if (!ok && ftruncate(to, before) != 0)
        log_line(LOG_AT_ERROR, "intake", "file=%s half a row is left in it", path);
    buf_done(&chunk);
    return ok;
}

static bool append_temp(struct rejected *r, struct err *e)
{
    int from = open(r->temp, O_RDONLY | O_CLOEXEC);
    int to = open(r->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    struct stat st;
    bool ok;

    if (from < 0 || to < 0 || fstat(to, &st) != 0)
        ok = err_sys(e, "cannot write %s", r->path);
    else
        ok = copy_behind(from, to, st.st_size, r->path, e);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (ok)
        unlink(r->temp);
    return ok && file_sync_dir(r->dir, e);
}

static bool sync_temp(const struct rejected *r, struct err *e)
{
    int fd = open(r->temp, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        err_sys(e, "cannot write %s", r->temp);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The first rows for a report become it by a rename: a crash leaves all or nothing. Later ones are copied
 * behind; a crash in the middle of that makes some of them appear twice, and none get lost. */
bool rejected_publish(struct rejected *r, struct err *e)
{
    struct err why = {0};

    if (!rejected_flush(r, e))
        return false;
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    if (!file_exists(r->temp))
        return true;
    if (!sync_temp(r, e))
        return false;
    if (file_move(r->temp, r->path, &why))
        return true;
    if (why.code == EEXIST)
        return append_temp(r, e);
    *e = why;
    return false;
}

void rejected_reset(struct rejected *r)
{
    unlink(r->temp);
}

void rejected_discard(struct rejected *r)
{
    unlink(r->temp);
    rmdir(r->dir); /* only if nothing else is in it */
}
