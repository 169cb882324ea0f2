/* desk.c: see desk.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include "desk.h"
#include "dns.h"
#include "orders.h"
#include "sess.h"
#include "stats.h"

#define LINE_BYTES 4096
#define VISITORS_MAX 50
#define CHILD_MAX_SEC 120 /* a reader that does not read */

struct desk {
    struct watcher watcher;
    struct lab *lab;
    char *path; /* of the Unix socket; NULL: TCP */
    size_t visitors;
};
struct visitor {
    struct watcher watcher;
    struct lab *lab;
    struct buf in;
};

static void visitor_bury(struct watcher *w)
{
    struct visitor *v = (struct visitor *)((char *)w - offsetof(struct visitor, watcher));
    buf_done(&v->in);
    free(v);
}

static void leave(struct visitor *v)
{
    if (!v->watcher.dead)
        v->lab->desk->visitors--;
    loop_bury(&v->lab->loop, &v->watcher);
}

/* Short answers fit into the socket's buffer; a reader that takes nothing gets nothing more. */
static void answer(struct visitor *v, const char *text, size_t n)
{
    struct timeval tv = {.tv_sec = 1};
    (void)setsockopt(v->watcher.fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    while (n) {
        ssize_t sent = send(v->watcher.fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

static void answer_from_child(struct visitor *v, const struct order *o)
{
    /* What is buffered must not be written twice. */
    log_flush(v->lab);
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) {
        if (pid < 0)
            answer(v, "error cannot fork\n", 18);
        return;
    }
    /* A copy of a connection that the parent closes would keep it open. */
    (void)dup2(v->watcher.fd, 3);
    (void)close_range(4, ~0U, 0);
    (void)alarm(CHILD_MAX_SEC);
    FILE *out = fdopen(3, "w");
    bool ok = out != NULL;
    if (ok) {
        (void)fputs("ok\n", out);
        o->stream(v->lab, out);
        ok = fflush(out) == 0;
    }
    _exit(ok ? 0 : 1);
}

static void obey(struct visitor *v, struct str line)
{
    struct order o;
    char *text = NULL;
    size_t n = 0;
    char copy[LINE_BYTES];
    str_copy(copy, sizeof copy, line);
    struct err e;
    if (!orders_find(copy, &o, &e)) {
        char bad[600];
        int len = snprintf(bad, sizeof bad, "error %s\n", e.text);
        answer(v, bad, (size_t)len);
        return;
    }
    if (o.stream) {
        answer_from_child(v, &o);
        return;
    }
    FILE *out = open_memstream(&text, &n);
    MUST(out != NULL);
    bool ok = o.run(v->lab, &o, out, &e);
    (void)fclose(out);
    char head[600];
    int len = snprintf(head, sizeof head, ok ? "ok\n" : "error %s\n", e.text);
    answer(v, head, (size_t)len);
    answer(v, text, n);
    free(text);
}

static void visitor_ready(struct watcher *w, uint32_t events)
{
    struct visitor *v = (struct visitor *)((char *)w - offsetof(struct visitor, watcher));
    char *room = buf_room(&v->in, 1024);
    ssize_t n = room ? recv(w->fd, room, 1024, MSG_DONTWAIT) : 0;
    (void)events;
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        leave(v);
        return;
    }
    buf_grew(&v->in, (size_t)n);
    const char *lf = memchr(v->in.data, '\n', v->in.len);
    if (!lf)
        return;
    obey(v, str_trim(str_n(v->in.data, (size_t)(lf - v->in.data))));
    leave(v);
}

static void desk_knock(struct watcher *w, uint32_t events)
{
    struct desk *d = (struct desk *)((char *)w - offsetof(struct desk, watcher));
    (void)events;
    int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (d->visitors >= VISITORS_MAX) {
        close(fd);
        return;
    }
    struct visitor *v = mem_array(1, sizeof *v);
    v->lab = d->lab;
    v->watcher = (struct watcher){.on = visitor_ready, .bury = visitor_bury, .fd = fd};
    buf_init(&v->in, LINE_BYTES);
    d->visitors++;
    (void)loop_watch(&d->lab->loop, &v->watcher, EPOLLIN);
}

static int listen_unix(const char *path, struct err *e)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof un.sun_path) {
        (void)err_set(e, "%s: too long for a socket", path);
        return -1;
    }
    memcpy(un.sun_path, path, strlen(path) + 1);
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) /* left by a lab that was killed */
        (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t old = umask(0177);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&un, sizeof un) == 0 && listen(fd, 16) == 0;
    (void)umask(old);
    if (ok)
        return fd;
    (void)err_sys(e, "%s", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int listen_tcp(const char *where, struct err *e)
{
    const char *colon = strrchr(where, ':');
    uint64_t port;
    int on = 1;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!colon || strncmp(where, "127.0.0.1:", 10) != 0 || !str_to_u64(str_of(colon + 1), &port) ||
        port > 65535) {
        (void)err_set(e, "control '%s' is neither a path nor 127.0.0.1:PORT", where);
        return -1;
    }
    in.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof in) == 0 && listen(fd, 16) == 0)
        return fd;
    (void)err_sys(e, "%s", where);
    if (fd >= 0)
        close(fd);
    return -1;
}

bool desk_open(struct lab *lab, const char *where, struct err *e)
{
    bool is_path = strchr(where, '/') != NULL;
    int fd = is_path ? listen_unix(where, e) : listen_tcp(where, e);
    if (fd < 0)
        return false;
    lab->desk = mem_array(1, sizeof *lab->desk);
    lab->desk->lab = lab;
    lab->desk->path = is_path ? mem_str(where) : NULL;
    lab->desk->watcher = (struct watcher){.on = desk_knock, .fd = fd};
    return loop_watch(&lab->loop, &lab->desk->watcher, EPOLLIN);
}

void desk_close(struct lab *lab)
{
    if (!lab->desk)
        return;
    close(lab->desk->watcher.fd);
    if (lab->desk->path)
        (void)unlink(lab->desk->path);
    free(lab->desk->path);
    free(lab->desk);
    lab->desk = NULL;
}
