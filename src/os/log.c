#include <sluice/base/must.h>
#include <sluice/base/utf8.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Fits on the stack of any thread; what is longer is cut and marked. */
#define LINE_MAX_BYTES 4096

static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_level = LOG_AT_INFO;
static pthread_mutex_t path_lock = PTHREAD_MUTEX_INITIALIZER;
static char *log_path; /* NULL: stderr */

static int open_log(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

    if (fd < 0)
        err_sys(e, "cannot open the log %s", path);
    return fd;
}

/* A file takes the place of the one before under the same descriptor: a thread that has just read
 * log_fd can never write into something else that was given the number. */
static bool change_fd(int fd, struct err *e)
{
    int now = atomic_load(&log_fd);

    if (now == STDERR_FILENO) {
        atomic_store(&log_fd, fd);
        return true;
    }
    if (dup3(fd, now, O_CLOEXEC) < 0) {
        err_sys(e, "cannot replace the log");
        close(fd);
        return false;
    }
    close(fd);
    return true;
}

bool log_open(const char *path, enum log_level level, struct err *e)
{
    char *copy = mem_str(path);
    bool ok = true;

    pthread_mutex_lock(&path_lock);
    if (path) {
        int fd = open_log(path, e);

        ok = fd >= 0 && change_fd(fd, e);
    } else {
        /* A file that was open stays open: somebody may be writing to it this moment. */
        atomic_store(&log_fd, STDERR_FILENO);
    }
    if (ok) {
        free(log_path);
        log_path = copy;
        atomic_store(&log_level, (int)level);
    } else {
        free(copy);
    }
    pthread_mutex_unlock(&path_lock);
    return ok;
}

bool log_reopen(struct err *e)
{
    bool ok = true;

    pthread_mutex_lock(&path_lock);
    if (log_path) {
        int fd = open_log(log_path, e);

        ok = fd >= 0 && change_fd(fd, e);
    }
    pthread_mutex_unlock(&path_lock);
    return ok;
}

bool log_wants(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

static void write_line(const char *line, size_t n)
{
    int fd = atomic_load(&log_fd);

    /* A full disk must not stop the mail: what cannot be written is lost. */
    while (write(fd, line, n) < 0 && errno == EINTR)
        ;
}

/* log_quote is for the values; this catches the one that somebody forgot. */
static void tame(char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            s[i] = '?';
    }
}

void log_line(enum log_level level, const char *topic, const char *format, ...)
{
    static const char *const name[] = {"error", "warning", "info", "debug"};
    static const char cut[] = "...";
    char line[LINE_MAX_BYTES + 1], time[WALL_TEXT];
    size_t most = LINE_MAX_BYTES - 1; /* the newline is the last */
    int before = errno, head, n;
    size_t length;
    va_list args;

    if (!log_wants(level))
        return;
    wall_format(clock_wall(), time);
    head = snprintf(line, 256, "%s %s %.64s ", time, name[level], topic);
    va_start(args, format);
    errno = before; /* for %m */
    n = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    length = (size_t)head + (n > 0 ? (size_t)n : 0);
    if (length > most) {
        length = most;
        memcpy(line + length - (sizeof cut - 1), cut, sizeof cut - 1);
    }
    tame(line, length);
    line[length] = '\n';
    write_line(line, length + 1);
    errno = before;
}

/* What ends a line or moves the cursor somewhere: C0, DEL, C1, the Unicode line and paragraph
 * separators and the marks that turn the direction of text. */
static bool is_special(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0xfeff ||
           (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
           (cp >= 0x2066 && cp <= 0x2069);
}

static bool is_ill_formed(size_t length, const char *s)
{
    return length == 1 && (unsigned char)*s >= 0x80;
}

static bool needs_quotes(struct str v)
{
    for (size_t i = 0; i < v.n;) {
        uint32_t cp;
        size_t length = utf8_next(v.p + i, v.n - i, &cp);

        if (is_ill_formed(length, v.p + i) || is_special(cp) || cp == ' ' || cp == '"' ||
            cp == '\\' || cp == '=')
            return true;
        i += length;
    }
    return v.n == 0;
}

/* One character as it stands in a quoted value; returns its length in *used and the bytes in out.
 */
static size_t quote_one(const char *s, size_t n, char out[16], size_t *used)
{
    uint32_t cp;
    size_t length = utf8_next(s, n, &cp);

    *used = length;
    if (is_ill_formed(length, s))
        return (size_t)snprintf(out, 16, "\\x%02x", (unsigned)(unsigned char)*s);
    if (cp == '"' || cp == '\\')
        return (size_t)snprintf(out, 16, "\\%c", (char)cp);
    if (cp == '\n' || cp == '\r' || cp == '\t')
        return (size_t)snprintf(out, 16, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
    if (is_special(cp))
        return (size_t)snprintf(out, 16, cp < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)cp);
    memcpy(out, s, length);
    return length;
}

const char *log_quote(struct str value, char *out, size_t size)
{
    size_t at = 1, safe = 1, limit, i = 0;

    MUST(size >= 8);
    limit = size - 2; /* the closing quote and the NUL */
    if (!needs_quotes(value) && value.n < size) {
        str_copy(out, size, value);
        return out;
    }
    out[0] = '"';
    while (i < value.n) {
        char unit[16];
        size_t used, length = quote_one(value.p + i, value.n - i, unit, &used);

        if (at + length > limit) {
            memcpy(out + safe, "...", 3);
            at = safe + 3;
            break;
        }
        memcpy(out + at, unit, length);
        at += length;
        i += used;
        if (at + 3 <= limit)
            safe = at;
    }
    out[at] = '"';
    out[at + 1] = '\0';
    return out;
}
