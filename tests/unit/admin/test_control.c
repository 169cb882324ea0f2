/* The control socket with well-behaved and with hostile clients. No sleeps: a time-out of the
 * server is seen as the end of the stream, a handler's end through a semaphore. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <sluice/admin/control.h>
#include <sluice/base/must.h>
#include <sluice/base/utf8.h>

struct world {
    char dir[64], path[100];
    struct control *control;
    sem_t ended; /* an endless stream ended */
};

static json_t *handle(void *arg, const char *verb, const json_t *request, struct control_answer *a)
{
    struct world *w = arg;
    if (strcmp(verb, "echo") == 0)
        return json_pack("{s:b, s:O}", "ok", 1, "said", json_object_get(request, "say"));
    if (strcmp(verb, "peer") == 0)
        return json_pack("{s:b, s:s}", "ok", 1, "peer", control_peer(a));
    if (strcmp(verb, "nothing") == 0)
        return NULL;
    if (strcmp(verb, "stream") == 0) {
        const json_t *text = json_object_get(request, "text");
        json_int_t times = json_integer_value(json_object_get(request, "times"));
        for (json_int_t i = 0; i < times; i++)
            if (!control_data(a, json_string_value(text), json_string_length(text)))
                break;
        return json_pack("{s:b}", "ok", 1);
    }
    if (strcmp(verb, "endless") == 0) {
        char text[1000];
        memset(text, 'x', sizeof text);
        while (control_data(a, text, sizeof text))
            ;
        sem_post(&w->ended);
        return json_pack("{s:b}", "ok", 1);
    }
    return control_error("no '%s' here", verb);
}

static int make_world(void **state)
{
    struct world *w = mem_new(sizeof *w);
    snprintf(w->dir, sizeof w->dir, "/tmp/sluice-control-XXXXXX");
    MUST(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/control.sock", w->dir);
    sem_init(&w->ended, 0, 0);
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    control_stop(w->control);
    char name[128];
    unlink(w->path);
    snprintf(name, sizeof name, "%s.lock", w->path);
    unlink(name);
    rmdir(w->dir);
    sem_destroy(&w->ended);
    free(w);
    return 0;
}

static void start(struct world *w, int64_t request_ms, int64_t answer_ms, unsigned clients)
{
    struct control_limits limits = {request_ms, answer_ms, 20, clients, 0};
    struct err e;
    if (clients > 2)
        limits.busy_ms = 60000;
    if (!control_start_limited(w->path, handle, w, &limits, &w->control, &e))
        fail_msg("%s", e.text);
}

static void start_patient(struct world *w)
{
    start(w, 60000, 60000, CONTROL_CLIENTS_MAX);
}

/* ---- a raw client ---- */

static int dial(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(fd >= 0);
    MUST(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* the server has heard enough */
        text += sent;
        n -= (size_t)sent;
    }
}

/* One line, or what came before the end of the stream. */
static char *hear_line(int fd)
{
    static char line[1024];
    size_t n = 0;
    while (n + 1 < sizeof line && recv(fd, line + n, 1, 0) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    return line;
}

static void hears(int fd, const char *part)
{
    char *line = hear_line(fd);
    if (!strstr(line, part))
        fail_msg("expected ...%s..., got: %s", part, line);
}

static void hears_the_end(int fd)
{
    char c;
    assert_true(recv(fd, &c, 1, 0) <= 0);
    close(fd);
}

/* ---- the protocol ---- */

static void test_one_connection_carries_several_requests(void **state)
{
    struct world *w = *state;
    start_patient(w);
    int fd = dial(w->path);
    say(fd, "{\"do\":\"echo\",\"say\":\"안녕\"}\n{\"do\":\"echo\",\"say\":2}\n");
    hears(fd, "\"said\":\"안녕\"");
    hears(fd, "\"said\":2");
    say(fd, "{\"do\":\"echo\",\"say\":3}\n");
    hears(fd, "\"said\":3");
    close(fd);
}

static void test_malformed_requests_are_answered(void **state)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"", "no JSON object"},
        {"hello", "no JSON object"},
        {"[]", "no JSON object"},
        {"\"status\"", "no JSON object"},
        {"{\"do\":\"status\"", "no JSON object"},
        {"{\"do\":\"status\"} x", "no JSON object"},
        {"{\"do\":\"a\",\"do\":\"b\"}", "no JSON object"},
        {"{\"do\":\"echo\",\"say\":\"\\u0000\"}", "no JSON object"},
        {"{\"do\":\"echo\",\"say\":\"\xff\"}", "no JSON object"},
        {"{}", "does not say what to do"},
        {"{\"do\":1}", "does not say what to do"},
        {"{\"do\":\"\"}", "1 to 32"},
        {"{\"do\":\"Status\"}", "1 to 32"},
        {"{\"do\":\"a b\"}", "1 to 32"},
        {"{\"do\":\"abcdefghijklmnopqrstuvwxyzabcdefg\"}", "1 to 32"},
        {"{\"do\":\"fly\"}", "no 'fly' here"},
        {"{\"do\":\"nothing\"}", "could not put its answer into words"},
    };
    struct world *w = *state;
    start_patient(w);
    int fd = dial(w->path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        say(fd, rows[i].request);
        say(fd, "\n");
        char *line = hear_line(fd);
        if (strncmp(line, "{\"ok\":false,\"error\":\"", 20) != 0 || !strstr(line, rows[i].answer))
            fail_msg("%s: expected ...%s..., got: %s", rows[i].request, rows[i].answer, line);
    }
    close(fd);
}

static void test_the_longest_request_passes_and_a_longer_one_does_not(void **state)
{
    struct world *w = *state;
    start_patient(w);
    char *line = mem_new(CONTROL_REQUEST_MAX + 3);
    snprintf(line, CONTROL_REQUEST_MAX, "{\"do\":\"stream\",\"times\":0}");
    size_t n = strlen(line);
    memset(line + n, ' ', CONTROL_REQUEST_MAX + 1 - n);
    line[CONTROL_REQUEST_MAX] = '\n';
    int fd = dial(w->path);
    say(fd, line);
    hears(fd, "{\"ok\":true}");
    line[CONTROL_REQUEST_MAX] = ' ';
    line[CONTROL_REQUEST_MAX + 1] = '\n';
    say(fd, line);
    hears(fd, "longer than 65536");
    hears_the_end(fd);
    free(line);
}

static void test_slow_and_silent_clients_time_out(void **state)
{
    struct world *w = *state;
    start(w, 30, 60000, 4);
    int silent = dial(w->path), slow = dial(w->path);
    say(slow, "{\"do\":");
    hears(slow, "did not end within 30 ms");
    hears_the_end(slow);
    hears_the_end(silent);
}

static void test_half_closed_clients_get_their_answer(void **state)
{
    struct world *w = *state;
    start_patient(w);
    int whole = dial(w->path), half = dial(w->path), empty = dial(w->path);
    say(whole, "{\"do\":\"echo\",\"say\":1}");
    shutdown(whole, SHUT_WR);
    hears(whole, "\"said\":1");
    hears_the_end(whole);
    say(half, "{\"do\":\"ech");
    shutdown(half, SHUT_WR);
    hears(half, "no JSON object");
    hears_the_end(half);
    shutdown(empty, SHUT_WR);
    hears_the_end(empty);
}

static void test_too_many_clients_are_told(void **state)
{
    struct world *w = *state;
    start(w, 60000, 60000, 2);
    int a = dial(w->path), b = dial(w->path), c = dial(w->path);
    hears(c, "try again");
    hears_the_end(c);
    say(b, "{\"do\":\"echo\",\"say\":1}\n");
    hears(b, "\"said\":1");
    /* control_ask against a full daemon: the refusal, not a broken pipe. */
    json_t *request = json_pack("{s:s}", "do", "echo");
    struct err e;
    json_t *answer = control_ask(w->path, request, NULL, NULL, &e);
    assert_non_null(answer);
    assert_non_null(strstr(json_string_value(json_object_get(answer, "error")), "try again"));
    json_decref(answer);
    json_decref(request);
    close(a);
    close(b);
}

/* Idle clients cannot lock anybody out; who has a request under way keeps its place. */
static void test_idle_clients_give_way(void **state)
{
    struct world *w = *state;
    struct control_limits limits = {60000, 60000, 60000, 3, 1};
    struct err e;
    assert_true(control_start_limited(w->path, handle, w, &limits, &w->control, &e));
    int busy = dial(w->path), first = dial(w->path), second = dial(w->path);
    say(busy, "{\"do\":\"endless\"}\n");
    hears(busy, "{\"data\":\"xxx");
    for (int i = 0; i < 100; i++) {
        int next = dial(w->path);
        say(next, "{\"do\":\"echo\",\"say\":1}\n");
        hears(next, "\"said\":1");
        if (i > 0) {
            close(next);
            continue;
        }
        hears(first, "the place was needed");
        hears_the_end(first);
        first = next; /* idle after its answer, as the second is from its start */
    }
    close(first);
    close(second);
    close(busy);
    sem_wait(&w->ended);
}

static void test_a_reader_that_stops_reading_is_dropped(void **state)
{
    struct world *w = *state;
    start(w, 60000, 30, 2);
    int fd = dial(w->path);
    say(fd, "{\"do\":\"endless\"}\n");
    sem_wait(&w->ended);
    close(fd);
}

static void test_a_client_that_leaves_ends_its_stream(void **state)
{
    struct world *w = *state;
    start_patient(w);
    int fd = dial(w->path);
    say(fd, "{\"do\":\"endless\"}\n");
    hears(fd, "{\"data\":\"xxx");
    close(fd);
    sem_wait(&w->ended);
}

static void test_stop_ends_everybody(void **state)
{
    struct world *w = *state;
    start_patient(w);
    int busy = dial(w->path), idle = dial(w->path);
    say(busy, "{\"do\":\"endless\"}\n");
    hears(busy, "{\"data\":\"xxx");
    control_stop(w->control);
    w->control = NULL;
    sem_wait(&w->ended);
    hears_the_end(idle);
    close(busy);
    assert_int_not_equal(access(w->path, F_OK), 0);
    control_stop(NULL);
}

/* ---- the socket's file ---- */

static void refused(const char *path, const char *why)
{
    struct control *c;
    struct err e;
    assert_false(control_start(path, handle, NULL, &c, &e));
    assert_null(c);
    if (!strstr(e.text, why))
        fail_msg("expected ...%s..., got: %s", why, e.text);
}

/* A socket with a listener, or (listening false) what a dead daemon leaves behind. */
static int plain_socket(const char *path, bool listening)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
    if (listening) {
        MUST(listen(fd, 5) == 0);
        return fd;
    }
    close(fd);
    return -1;
}

static void test_a_stale_socket_is_replaced(void **state)
{
    struct world *w = *state;
    plain_socket(w->path, false);
    start_patient(w);
    int fd = dial(w->path);
    say(fd, "{\"do\":\"echo\",\"say\":1}\n");
    hears(fd, "\"said\":1");
    close(fd);
}

static void test_a_live_socket_is_refused(void **state)
{
    struct world *w = *state;
    start_patient(w);
    refused(w->path, "another sluiced runs on ");
    int fd = dial(w->path); /* and the first one still answers */
    say(fd, "{\"do\":\"echo\",\"say\":1}\n");
    hears(fd, "\"said\":1");
    close(fd);
}

static void test_a_listener_without_our_lock_is_refused(void **state)
{
    struct world *w = *state;
    int fd = plain_socket(w->path, true);
    refused(w->path, "another sluiced runs on ");
    assert_int_equal(access(w->path, F_OK), 0);
    close(fd);
}

static void test_what_is_no_socket_stays(void **state)
{
    struct world *w = *state;
    close(open(w->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    refused(w->path, "is no socket");
    assert_int_equal(access(w->path, F_OK), 0);
}

static void test_paths_that_cannot_be(void **state)
{
    struct world *w = *state;
    char path[200];
    snprintf(path, sizeof path, "%s/%0120d", w->dir, 1);
    refused(path, "at most 107 fit");
    refused("", "is empty");
    snprintf(path, sizeof path, "%s/none/control.sock", w->dir);
    refused(path, "No such file");
    /* 107 bytes are fine. */
    snprintf(path, sizeof path, "%s/%0*d", w->dir, (int)(107 - strlen(w->dir) - 1), 1);
    assert_int_equal(strlen(path), 107);
    struct control *c;
    struct err e;
    assert_true(control_start(path, handle, w, &c, &e));
    control_stop(c);
    strcat(path, ".lock");
    unlink(path);
}

static void test_owner_and_group_may_open_it(void **state)
{
    struct world *w = *state;
    mode_t before = umask(0077);
    start_patient(w);
    umask(before);
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}

/* ---- control_ask ---- */

static bool collect(void *arg, const char *text, size_t n)
{
    buf_put(arg, text, n);
    assert_int_equal(utf8_bad_at(text, n), n);
    return true;
}

static bool stop_at_once(void *arg, const char *text, size_t n)
{
    (void)text, (void)n;
    ++*(int *)arg;
    return false;
}

/* Longer than a request may be, in one call: it is cut into lines between characters. */
static json_t *long_handle(void *arg, const char *verb, const json_t *request,
                           struct control_answer *a)
{
    (void)verb, (void)request;
    struct buf *text = arg;
    return control_data(a, text->data, text->len) ? json_pack("{s:b}", "ok", 1) : NULL;
}

static void test_long_text_is_cut_between_characters(void **state)
{
    struct world *w = *state;
    struct buf text, got;
    buf_init(&text, 1 << 20);
    buf_init(&got, 1 << 20);
    buf_putc(&text, 'x');
    while (text.len < 300000)
        buf_puts(&text, "가나\r\n\x01\"\\");
    buf_put(&text, "\0!", 2);
    struct err e;
    assert_true(control_start(w->path, long_handle, &text, &w->control, &e));
    json_t *request = json_pack("{s:s}", "do", "any");
    json_t *answer = control_ask(w->path, request, collect, &got, &e);
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_int_equal(got.len, text.len);
    assert_memory_equal(got.data, text.data, text.len);
    json_decref(answer);
    int calls = 0;
    assert_null(control_ask(w->path, request, stop_at_once, &calls, &e));
    assert_int_equal(calls, 1);
    assert_non_null(strstr(e.text, "not taken to its end"));
    json_decref(request);
    control_stop(w->control); /* its handler may still read the text */
    w->control = NULL;
    buf_done(&text);
    buf_done(&got);
}

static void test_ask_says_who_asks(void **state)
{
    struct world *w = *state;
    start_patient(w);
    json_t *request = json_pack("{s:s}", "do", "peer");
    struct err e;
    json_t *answer = control_ask(w->path, request, NULL, NULL, &e);
    assert_true(strlen(json_string_value(json_object_get(answer, "peer"))) > 0);
    json_decref(answer);
    json_decref(request);
}

static void ask_fails(const char *path, const json_t *request, const char *why)
{
    struct err e = {0};
    assert_null(control_ask(path, request, NULL, NULL, &e));
    if (!strstr(e.text, why))
        fail_msg("expected ...%s..., got: %s", why, e.text);
}

static void test_ask_says_why_nobody_answers(void **state)
{
    struct world *w = *state;
    json_t *request = json_pack("{s:s}", "do", "status");
    ask_fails(w->path, request, "does not run: no socket at ");
    plain_socket(w->path, false);
    ask_fails(w->path, request, "does not run: nobody listens at ");
    ask_fails("", request, "is empty");
    char *text = mem_new(CONTROL_REQUEST_MAX + 1);
    memset(text, 'x', CONTROL_REQUEST_MAX);
    json_object_set_new(request, "text", json_string(text));
    ask_fails(w->path, request, "too long");
    free(text);
    json_decref(request);
}

struct stranger {
    int fd;
    const char *answer;
};

static void *stranger_run(void *arg)
{
    struct stranger *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    say(fd, s->answer);
    close(fd);
    return NULL;
}

static void test_ask_survives_strangers(void **state)
{
    static const struct {
        const char *answer, *why;
    } rows[] = {
        {"", "closed the connection"},
        {"220 mail.example ESMTP\r\n", "is that a sluiced?"},
        {"{\"data\":1}\n", "neither"},
        {"{}\n", "neither"},
        {"{\"ok\":\"yes\"}\n", "neither"},
        {"{\"data\":\"half\"}\n{\"ok\":tr", "closed the connection"},
    };
    struct world *w = *state;
    json_t *request = json_pack("{s:s}", "do", "status");
    struct stranger s = {.fd = plain_socket(w->path, true)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pthread_t t;
        s.answer = rows[i].answer;
        MUST(pthread_create(&t, NULL, stranger_run, &s) == 0);
        ask_fails(w->path, request, rows[i].why);
        pthread_join(t, NULL);
    }
    close(s.fd);
    json_decref(request);
}

/* ---- many at once ---- */

enum { ASKERS = 8, QUESTIONS = 40 };

static void *ask_many(void *arg)
{
    struct world *w = arg;
    uintptr_t wrong = 0;
    for (int i = 0; i < QUESTIONS; i++) {
        struct buf got;
        buf_init(&got, 1 << 20);
        json_t *request =
            json_pack("{s:s, s:s, s:i}", "do", "stream", "text", "0123456789", "times", i);
        struct err e;
        json_t *answer = control_ask(w->path, request, collect, &got, &e);
        if (!json_is_true(json_object_get(answer, "ok")) || got.len != (size_t)i * 10)
            wrong++;
        json_decref(answer);
        json_decref(request);
        buf_done(&got);
    }
    return (void *)wrong;
}

static void test_parallel_clients(void **state)
{
    struct world *w = *state;
    start_patient(w);
    pthread_t t[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        MUST(pthread_create(&t[i], NULL, ask_many, w) == 0);
    for (int i = 0; i < ASKERS; i++) {
        void *wrong;
        pthread_join(t[i], &wrong);
        assert_null(wrong);
    }
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, make_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_one_connection_carries_several_requests),
        IN_WORLD(test_malformed_requests_are_answered),
        IN_WORLD(test_the_longest_request_passes_and_a_longer_one_does_not),
        IN_WORLD(test_slow_and_silent_clients_time_out),
        IN_WORLD(test_half_closed_clients_get_their_answer),
        IN_WORLD(test_too_many_clients_are_told),
        IN_WORLD(test_idle_clients_give_way),
        IN_WORLD(test_a_reader_that_stops_reading_is_dropped),
        IN_WORLD(test_a_client_that_leaves_ends_its_stream),
        IN_WORLD(test_stop_ends_everybody),
        IN_WORLD(test_a_stale_socket_is_replaced),
        IN_WORLD(test_a_live_socket_is_refused),
        IN_WORLD(test_a_listener_without_our_lock_is_refused),
        IN_WORLD(test_what_is_no_socket_stays),
        IN_WORLD(test_paths_that_cannot_be),
        IN_WORLD(test_owner_and_group_may_open_it),
        IN_WORLD(test_long_text_is_cut_between_characters),
        IN_WORLD(test_ask_says_who_asks),
        IN_WORLD(test_ask_says_why_nobody_answers),
        IN_WORLD(test_ask_survives_strangers),
        IN_WORLD(test_parallel_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
