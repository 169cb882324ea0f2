/* control_server.c: the answering end: one thread accepts, one per client reads and answers.
 *
 * Threads and not one poll loop, because handlers block: they read databases and stream millions of
 * rows. What bounds them: the number of clients, the length of a request, and a time for every
 * read and write. control_stop() shuts the sockets down, which ends every wait at once.
 */
#include <sluice/admin/control.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <sluice/base/json_view.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/log.h>
#include <sluice/os/thread.h>
#include "socket.h"

/* A person types nothing here: `sluice` sends its request at once, so ten seconds are plenty. A
 * minute for 64 KB of answer lets a slow pipe live, but no reader that went to lunch: a results
 * stream holds a snapshot of the job's database. */
static const struct control_limits DEFAULTS = {.request_ms = 10 * 1000,
                                               .answer_ms = 60 * 1000,
                                               .busy_ms = 500,
                                               .clients = CONTROL_CLIENTS_MAX,
                                               .idle_ms = 50};

/* Handlers build JSON trees and run SQLite; neither is deep. */
enum { CLIENT_STACK = 1024 * 1024 };

struct control_answer {
    int fd;
    int64_t answer_ms;
    struct buf line;
    bool gone;
    char peer[40];
};

struct client {
    struct control *control;
    pthread_t thread;
    int fd;                 /* -1: closed */
    bool used;              /* the thread has not been joined yet */
    bool ended;             /* ... and is about to return */
    struct mono idle_since; /* it has asked nothing since; WHEN_NEVER: its request is under way */
    bool gives_way;         /* its place was needed: it shall end */
};

struct control {
    control_handler *handler;
    void *arg;
    struct control_limits limits;
    char *path;
    int listen_fd, lock_fd, wake_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* of the clients' members but control and thread; of stopping */
    pthread_cond_t ended; /* a client did, or the server is to stop */
    bool stopping;
    struct client client[CONTROL_CLIENTS_MAX];
};

/* ---- answering ---- */

static bool send_line(struct control_answer *a)
{
    struct mono until = {clock_mono().ms + a->answer_ms};
    /* Most lines are lines of data, all of one size: the buffer keeps its memory. */
    if (!a->gone && (buf_is_full(&a->line) ||
                     socket_send(a->fd, a->line.data, a->line.len, until) != SOCKET_OK))
        a->gone = true;
    buf_clear(&a->line);
    return !a->gone;
}

/* The longest piece that does not end inside a character or between CR and LF (a terminal's client
 * makes one line end of both). */
static size_t piece_of(const char *text, size_t n)
{
    if (n <= CONTROL_PIECE)
        return n;
    size_t cut = CONTROL_PIECE;
    for (int back = 0; back < 3 && ((unsigned char)text[cut] & 0xC0) == 0x80; back++)
        cut--;
    return text[cut - 1] == '\r' ? cut - 1 : cut;
}

bool control_data(struct control_answer *a, const char *text, size_t n)
{
    do {
        size_t piece = piece_of(text, n);
        buf_puts(&a->line, "{\"data\":");
        json_put_string(&a->line, str_n(text, piece));
        buf_puts(&a->line, "}\n");
        text += piece;
        n -= piece;
    } while (send_line(a) && n > 0);
    return !a->gone;
}

/* Looked up when somebody asks: a slow directory service behind getpwuid_r() must not stand between
 * an admin and `status`. */
const char *control_peer(struct control_answer *a)
{
    if (a->peer[0])
        return a->peer;
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t n = sizeof who;
    getsockopt(a->fd, SOL_SOCKET, SO_PEERCRED, &who, &n);
    char room[2048];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(who.uid, &entry, room, sizeof room, &found) == 0 && found)
        snprintf(a->peer, sizeof a->peer, "%s", entry.pw_name);
    else
        snprintf(a->peer, sizeof a->peer, "uid %lu", (unsigned long)who.uid);
    return a->peer;
}

/* Sends the final object and frees it. */
static bool send_final(struct control_answer *a, json_t *final)
{
    char *text = final ? json_dumps(final, JSON_COMPACT) : NULL;
    if (text)
        buf_puts(&a->line, text);
    if (!text || a->line.len >= CONTROL_ANSWER_MAX) {
        buf_clear(&a->line);
        buf_puts(&a->line, "{\"ok\":false,\"error\":\"the daemon could not put its answer into "
                           "words\"}");
    }
    buf_putc(&a->line, '\n');
    free(text);
    json_decref(final);
    return send_line(a);
}

static bool answer_line(struct control *c, struct control_answer *a, const char *line, size_t n)
{
    struct err e = {0};
    const char *verb;
    json_t *request = control_request_parse(line, n, &verb, &e);
    if (!request)
        return send_final(a, control_error("%s", e.text));
    json_t *final = c->handler(c->arg, verb, request, a);
    json_decref(request);
    return send_final(a, final);
}

/* ---- a client ---- */

/* Returns whether it has to give way. */
static bool set_idle(struct client *me, struct mono since)
{
    pthread_mutex_lock(&me->control->lock);
    me->idle_since = since;
    bool gives_way = me->gives_way;
    pthread_mutex_unlock(&me->control->lock);
    return gives_way;
}

/* Reads up to the newline, or to the end of the stream: `printf '{"do":"status"}' | nc -U` is a
 * request too, and half an object is none. False when there is nothing more to answer. */
static bool read_request(struct client *me, struct control_answer *a, struct buf *in, size_t *n)
{
    const struct control_limits *limits = &me->control->limits;
    struct mono until = {clock_mono().ms + limits->request_ms};
    size_t searched = 0;
    for (;;) {
        const char *end = memchr(in->data + searched, '\n', in->len - searched);
        if (end) {
            *n = (size_t)(end - in->data);
            return true;
        }
        searched = in->len;
        enum socket_end got = socket_receive(a->fd, in, until);
        int why = errno;
        bool gives_way = set_idle(me, (struct mono){WHEN_NEVER});
        if (got == SOCKET_OK)
            continue;
        *n = in->len;
        if (got == SOCKET_LATE && in->len > 0)
            send_final(a, control_error("the request did not end within %lld ms",
                                        (long long)limits->request_ms));
        else if (got == SOCKET_CLOSED && why == EMSGSIZE)
            send_final(a,
                       control_error("the request is longer than %zu bytes", CONTROL_REQUEST_MAX));
        else if (gives_way && in->len == 0)
            send_final(a, control_error("the place was needed for a client that asks something"));
        else
            return got == SOCKET_CLOSED && why == 0 && str_trim(str_n(in->data, in->len)).n > 0;
        return false;
    }
}

static void *client_run(void *arg)
{
    struct client *me = arg;
    struct control *c = me->control;
    struct control_answer a = {.fd = me->fd, .answer_ms = c->limits.answer_ms};
    buf_init(&a.line, CONTROL_ANSWER_MAX);
    struct buf in;
    buf_init(&in, CONTROL_REQUEST_MAX + 1); /* and its newline */
    size_t n;
    while (read_request(me, &a, &in, &n)) {
        bool goes_on = answer_line(c, &a, in.data, n) && n < in.len;
        if (!goes_on)
            break;
        buf_drop(&in, n + 1);
        if (in.len == 0)
            set_idle(me, clock_mono());
    }
    buf_done(&in);
    buf_done(&a.line);
    /* Under the lock: control_stop() must not shut down a number that the system gave away again.
     */
    pthread_mutex_lock(&c->lock);
    close(me->fd);
    me->fd = -1;
    me->ended = true;
    pthread_cond_signal(&c->ended);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- accepting ---- */

/* A place that is free, or whose thread has ended and only needs to be joined; NULL: none. */
static struct client *look_for_place(struct control *c)
{
    struct client *found = NULL;
    for (unsigned i = 0; i < c->limits.clients; i++) {
        struct client *k = &c->client[i];
        if (k->used && k->ended)
            found = k;
        else if (!k->used)
            return k;
    }
    return found;
}

/* Sends the one away that has asked nothing for the longest time, if that is long enough; whoever
 * opens connections and keeps them must not lock an admin out. Returns when it is worth another
 * look. */
static int64_t make_room(struct control *c, struct mono now)
{
    struct client *idlest = NULL;
    for (unsigned i = 0; c->limits.idle_ms > 0 && i < c->limits.clients; i++) {
        struct client *k = &c->client[i];
        if (k->ended || k->idle_since.ms == WHEN_NEVER)
            continue;
        if (k->gives_way)
            return WHEN_NEVER; /* its end is signalled */
        if (!idlest || k->idle_since.ms < idlest->idle_since.ms)
            idlest = k;
    }
    if (!idlest)
        return WHEN_NEVER;
    if (now.ms < idlest->idle_since.ms + c->limits.idle_ms)
        return idlest->idle_since.ms + c->limits.idle_ms;
    idlest->gives_way = true;
    /* Its writing side stays open: it is told why. What it sent already is still read. */
    shutdown(idlest->fd, SHUT_RD);
    return WHEN_NEVER;
}

/* Until a client ends, or for so long. */
static void wait_for_an_end(struct control *c, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&c->ended, &c->lock, &until);
}

/* Waits a little when all places are taken, because most clients stay for milliseconds; those that
 * come meanwhile stand in the socket's backlog. */
static struct client *free_place(struct control *c)
{
    struct client *k;
    struct mono now = clock_mono();
    int64_t until = now.ms + c->limits.busy_ms;
    pthread_mutex_lock(&c->lock);
    while (!(k = look_for_place(c)) && !c->stopping && now.ms < until) {
        int64_t look = make_room(c, now);
        wait_for_an_end(c, (look < until ? look : until) - now.ms);
        now = clock_mono();
    }
    pthread_mutex_unlock(&c->lock);
    if (k && k->used) {
        pthread_join(k->thread, NULL);
        k->used = false;
    }
    return k;
}

static void refuse(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void welcome(struct control *c, int fd)
{
    struct client *k = free_place(c);
    if (!k) {
        refuse(fd, "{\"ok\":false,\"error\":\"the daemon talks to as many clients as it can; try "
                   "again in a moment\"}\n");
        return;
    }
    struct err e;
    pthread_mutex_lock(&c->lock);
    *k = (struct client){.control = c, .fd = fd, .used = true, .idle_since = clock_mono()};
    pthread_mutex_unlock(&c->lock);
    if (thread_start(&k->thread, "control", CLIENT_STACK, client_run, k, &e))
        return;
    log_line(LOG_AT_ERROR, "control", "no thread for a client: %s", e.text);
    k->used = false;
    refuse(fd, "{\"ok\":false,\"error\":\"the daemon cannot start a thread\"}\n");
}

static void *accept_run(void *arg)
{
    struct control *c = arg;
    for (;;) {
        struct pollfd p[2] = {{.fd = c->wake_fd, .events = POLLIN},
                              {.fd = c->listen_fd, .events = POLLIN}};
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            break;
        if (p[0].revents)
            break;
        if (!p[1].revents)
            continue;
        int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(c, fd);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* The client still waits and poll() would return at once, again and again. */
            log_line(LOG_AT_WARNING, "control", "no file descriptor left for a client");
            poll(p, 1, 200);
        }
    }
    return NULL;
}

/* ---- starting and stopping ---- */

static void release(struct control *c)
{
    if (c->listen_fd >= 0)
        close(c->listen_fd);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    if (c->lock_fd >= 0)
        close(c->lock_fd);
    pthread_cond_destroy(&c->ended);
    pthread_mutex_destroy(&c->lock);
    free(c->path);
    free(c);
}

static struct control *make(const char *path, control_handler *handler, void *arg,
                            const struct control_limits *limits)
{
    struct control *c = mem_new(sizeof *c);
    *c = (struct control){.handler = handler,
                          .arg = arg,
                          .limits = *limits,
                          .path = mem_str(path),
                          .listen_fd = -1,
                          .lock_fd = -1,
                          .wake_fd = -1};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&c->lock, NULL);
    json_object_seed(0); /* jansson's only global, set before there are threads to race for it */
    return c;
}

bool control_start_limited(const char *path, control_handler *handler, void *arg,
                           const struct control_limits *limits, struct control **out, struct err *e)
{
    MUST(limits->clients >= 1 && limits->clients <= CONTROL_CLIENTS_MAX);
    *out = NULL;
    struct control *c = make(path, handler, arg, limits);
    if (!socket_listen(path, &c->listen_fd, &c->lock_fd, e)) {
        release(c);
        return false;
    }
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake_fd < 0 || !thread_start(&c->thread, "control", 0, accept_run, c, e)) {
        if (c->wake_fd < 0)
            err_sys(e, "eventfd");
        unlink(path);
        release(c);
        return false;
    }
    *out = c;
    return true;
}

bool control_start(const char *path, control_handler *handler, void *arg, struct control **out,
                   struct err *e)
{
    return control_start_limited(path, handler, arg, &DEFAULTS, out, e);
}

void control_stop(struct control *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stopping = true;
    pthread_cond_signal(&c->ended);
    pthread_mutex_unlock(&c->lock);
    eventfd_write(c->wake_fd, 1);
    pthread_join(c->thread, NULL); /* from here on nobody makes clients */
    pthread_mutex_lock(&c->lock);
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (c->client[i].used && c->client[i].fd >= 0)
            shutdown(c->client[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (c->client[i].used)
            pthread_join(c->client[i].thread, NULL);
    unlink(c->path);
    release(c);
}
