/* control_client.c: the asking end: one connection per request. */
#include <sluice/admin/control.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/os/clock.h>
#include "socket.h"

/* Long work in the daemon (an import) gives signs of life every few thousand rows, so this long a
 * silence means that it hangs. */
enum { SILENCE_MS = 120 * 1000, SEND_MS = 30 * 1000 };

struct ask {
    bool (*data)(void *arg, const char *text, size_t n);
    void *arg;
    json_t *final;
    struct err *e;
};

static int dial(const char *path, struct err *e)
{
    struct sockaddr_un to;
    if (!socket_address(path, &to, e))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        err_sys(e, "socket");
        return -1;
    }
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    switch (errno) {
    case ENOENT:
        err_set(e, "the daemon does not run: no socket at %s", path);
        break;
    case ECONNREFUSED:
        err_set(e, "the daemon does not run: nobody listens at %s", path);
        break;
    case EACCES:
        err_set(e, "no permission to open %s: it takes the rights of the daemon's user or group",
                path);
        break;
    default:
        err_sys(e, "connecting to %s", path);
    }
    close(fd);
    return -1;
}

/* One line of the answer. False ends the conversation: ->final is set, or *e. */
static bool take_line(struct ask *a, const char *line, size_t n)
{
    json_error_t why;
    json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, &why);
    if (!json_is_object(o)) {
        json_decref(o);
        return err_set(a->e, "the daemon's answer is no JSON object: is that a sluiced?");
    }
    const json_t *text = json_object_get(o, "data");
    bool goes_on = true;
    if (json_is_boolean(json_object_get(o, "ok"))) {
        a->final = json_incref(o);
        goes_on = false;
    } else if (!json_is_string(text)) {
        goes_on = err_set(a->e, "the daemon's answer has neither \"ok\" nor \"data\"");
    } else if (a->data && json_string_length(text) > 0 &&
               !a->data(a->arg, json_string_value(text), json_string_length(text))) {
        goes_on = err_set(a->e, "the answer was not taken to its end");
        if (a->e)
            a->e->code = ECANCELED;
    }
    json_decref(o);
    return goes_on;
}

static bool take_lines(struct ask *a, struct buf *in, size_t *searched)
{
    char *end;
    while ((end = memchr(in->data + *searched, '\n', in->len - *searched))) {
        size_t n = (size_t)(end - in->data);
        if (!take_line(a, in->data, n))
            return false;
        buf_drop(in, n + 1);
        *searched = 0;
    }
    *searched = in->len;
    return true;
}

static void read_answer(int fd, struct ask *a)
{
    struct buf in;
    buf_init(&in, CONTROL_ANSWER_MAX);
    size_t searched = 0; /* so that a long line is not searched again from its start */
    do {
        struct mono until = {clock_mono().ms + SILENCE_MS};
        enum socket_end end = socket_receive(fd, &in, until);
        if (end == SOCKET_LATE)
            err_set(a->e, "the daemon does not answer (waited %d s)", SILENCE_MS / 1000);
        else if (end == SOCKET_CLOSED && errno == EMSGSIZE)
            err_set(a->e, "a line of the answer is longer than %zu bytes", CONTROL_ANSWER_MAX);
        else if (end == SOCKET_CLOSED)
            err_set(a->e, "the daemon closed the connection in the middle of its answer");
        if (end != SOCKET_OK)
            break;
    } while (take_lines(a, &in, &searched));
    buf_done(&in);
}

json_t *control_ask(const char *path, const json_t *request,
                    bool (*data)(void *arg, const char *text, size_t n), void *arg, struct err *e)
{
    char *line = json_dumps(request, JSON_COMPACT);
    if (!line || strlen(line) >= CONTROL_REQUEST_MAX) {
        err_set(e, line ? "the request is too long" : "the request is not UTF-8");
        free(line);
        return NULL;
    }
    int fd = dial(path, e);
    if (fd < 0) {
        free(line);
        return NULL;
    }
    struct ask a = {.data = data, .arg = arg, .e = e};
    struct buf out;
    buf_init(&out, CONTROL_REQUEST_MAX);
    buf_puts(&out, line);
    buf_putc(&out, '\n');
    /* A daemon that is full says so and closes before it reads: its answer counts, not our EPIPE.
     */
    struct mono until = {clock_mono().ms + SEND_MS};
    if (socket_send(fd, out.data, out.len, until) == SOCKET_LATE)
        err_set(e, "the daemon does not take the request (waited %d s)", SEND_MS / 1000);
    else
        read_answer(fd, &a);
    buf_done(&out);
    free(line);
    close(fd);
    return a.final;
}
