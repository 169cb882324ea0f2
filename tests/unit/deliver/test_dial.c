/* The connect shim: addresses in turn, families, source address, limits, and everybody else's
 * connect(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sluice/base/must.h>
#include <sluice/os/clock.h>

#include "dial.h"
#include "helper_rig.h"

static const struct step serving[] = {S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 PIPELINING\r\n"),
                                      SERVE, END};
static const struct step *const serving_only[] = {serving, NULL};

static void finish(struct rig *rig, struct server *s)
{
    server_stop(s);
    rig_stop(rig);
    server_free(s);
}

static struct sockaddr_storage ipv4(const char *ip, unsigned port)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *in = (void *)&a;

    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    MUST(inet_pton(AF_INET, ip, &in->sin_addr) == 1);
    return a;
}

static void test_ipv6(void **state)
{
    struct server *s = server_start("::1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    assert_string_equal(rig.outcome[0]->outcome.mx_ip, "::1");
    finish(&rig, s);
}

static void test_refused_then_next(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct dial_target *t = rig_target(NULL);
    struct sockaddr_storage live, dead;
    socklen_t live_length, dead_length;
    struct rig rig;
    int fd;

    (void)state;
    dead = rig_dead_address(&fd, &dead_length);
    live = server_address(s, &live_length);
    rig_add_address(t, dead, dead_length);
    rig_add_address(t, live, live_length);
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    finish(&rig, s);
    close(fd);
}

static void test_all_refused(void **state)
{
    struct dial_target *t = rig_target(NULL);
    struct sockaddr_storage dead;
    socklen_t length;
    struct rig rig;
    int fd;

    (void)state;
    dead = rig_dead_address(&fd, &length);
    rig_add_address(t, dead, length);
    rig_add_address(t, dead, length);
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 2));
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 0);
    assert_int_equal(rig_left(&rig, 0), 2);
    assert_int_equal(rig.closed[0]->outcome.phase, PHASE_CONNECT);
    assert_int_equal(rig.closed[0]->outcome.reply.code, 0);
    assert_string_equal(rig.closed[0]->outcome.reply.text,
                        "127.0.0.1: Connection refused; 127.0.0.1: Connection refused");
    assert_string_equal(rig.closed[0]->outcome.mx_host, "mx1.example.com.");
    rig_stop(&rig);
    close(fd);
}

static void test_no_address(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(NULL), rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.closed[0]->outcome.phase, PHASE_CONNECT);
    assert_string_equal(rig.closed[0]->outcome.reply.text, "no address to connect to");
    rig_stop(&rig);
}

/* A listener whose queue is full drops further SYNs. */
struct deaf {
    int fd[8];
    struct sockaddr_storage address;
    socklen_t length;
};

static struct deaf deaf_make(void)
{
    struct deaf d;

    d.address = ipv4("127.0.0.1", 0);
    d.length = sizeof(struct sockaddr_in);
    d.fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    MUST(bind(d.fd[0], (void *)&d.address, d.length) == 0);
    MUST(listen(d.fd[0], 0) == 0);
    MUST(getsockname(d.fd[0], (void *)&d.address, &d.length) == 0);
    for (int i = 1; i < 8; i++) {
        d.fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        MUST(connect(d.fd[i], (void *)&d.address, d.length) == 0 || errno == EINPROGRESS);
    }
    return d;
}

static void deaf_done(struct deaf *d)
{
    for (int i = 0; i < 8; i++)
        close(d->fd[i]);
}

static void test_time_out_then_next(void **state)
{
    struct pool_options o = {.connect_ms = 120};
    struct server *s = server_start("127.0.0.1", serving_only);
    struct dial_target *t = rig_target(NULL);
    struct deaf deaf = deaf_make();
    int64_t began = clock_mono().ms;
    struct sockaddr_storage live;
    socklen_t length;
    struct rig rig;

    (void)state;
    live = server_address(s, &length);
    rig_add_address(t, deaf.address, deaf.length);
    rig_add_address(t, live, length);
    rig_start(&rig, &o);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_true(clock_mono().ms - began >= 120);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    assert_true(rig.outcome[0]->outcome.connect_ms >= 120);
    finish(&rig, s);
    deaf_done(&deaf);
}

static void test_time_out(void **state)
{
    struct pool_options o = {.connect_ms = 60};
    struct dial_target *t = rig_target(NULL);
    struct deaf deaf = deaf_make();
    struct rig rig;

    (void)state;
    rig_add_address(t, deaf.address, deaf.length);
    rig_start(&rig, &o);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_string_equal(rig.closed[0]->outcome.reply.text, "127.0.0.1: Connection timed out");
    rig_stop(&rig);
    deaf_done(&deaf);
}

static void test_stop_while_dialling(void **state)
{
    struct dial_target *t = rig_target(NULL);
    struct deaf deaf = deaf_make();
    struct rig rig;

    (void)state;
    rig_add_address(t, deaf.address, deaf.length);
    rig_add_address(t, deaf.address, deaf.length);
    rig_start(&rig, NULL); /* a minute for each address: only the stop can end this */
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 2));
    pool_stop(rig.pool, false);
    rig_run(&rig);
    assert_int_equal(rig_left(&rig, 0), 2);
    assert_string_equal(rig.closed[0]->outcome.reply.text, "");
    rig_stop(&rig);
    deaf_done(&deaf);
}

static void test_source_address(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct dial_target *t = rig_target(s);
    struct rig rig;

    (void)state;
    t->source = ipv4("127.0.0.2", 0);
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    server_stop(s);
    assert_string_equal(server_peer(s), "127.0.0.2");
    rig_stop(&rig);
    server_free(s);
}

static void test_source_that_is_not_ours(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct dial_target *t = rig_target(s);
    struct rig rig;

    (void)state;
    t->source = ipv4("192.0.2.77", 0);
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_string_equal(rig.closed[0]->outcome.reply.text,
                        "127.0.0.1: Cannot assign requested address");
    finish(&rig, s);
}

static void test_source_of_another_family(void **state)
{
    struct server *s = server_start("::1", serving_only);
    struct dial_target *t = rig_target(s);
    struct rig rig;

    (void)state;
    t->source = ipv4("127.0.0.2", 0);
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_string_equal(rig.closed[0]->outcome.reply.text,
                        "::1: the source address is of another family");
    finish(&rig, s);
}

static bool never(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    fail_msg("dialled");
    return false;
}

/* Other users of connect() in the same thread, with and without a dial. */
static void test_pass_through(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct dial_target *t = rig_target(s);
    struct dial d = {.target = t, .limit_ms = 1000, .opened = never};
    struct sockaddr_storage a, dead;
    socklen_t length, dead_length;
    int fd, dead_fd;

    (void)state;
    a = server_address(s, &length);
    dead = rig_dead_address(&dead_fd, &dead_length);
    for (int i = 0; i < 2; i++) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (void *)&a, length), 0);
        close(fd);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(fd, (void *)&dead, dead_length), -1);
        assert_int_equal(errno, ECONNREFUSED);
        close(fd);
        dial_use(&d);
    }
    dial_use(NULL);
    free(t);
    close(dead_fd);
    server_stop(s);
    server_free(s);
}

static void test_shim_is_found(void **state)
{
    struct err e;

    (void)state;
    assert_true(dial_is_possible(&e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_refused_then_next),
        cmocka_unit_test(test_all_refused),
        cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_time_out_then_next),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_stop_while_dialling),
        cmocka_unit_test(test_source_address),
        cmocka_unit_test(test_source_that_is_not_ours),
        cmocka_unit_test(test_source_of_another_family),
        cmocka_unit_test(test_pass_through),
        cmocka_unit_test(test_shim_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
