#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sluice/base/must.h>
#include "layout.h"

#define OK(x)                                                                                      \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail_msg("%s: %s", #x, w->e.text);                                                     \
    } while (0)

struct world {
    char path[64];
    struct handover *h;
    bool same_boot;
    struct err e;
    enum handover_state until; /* how far the child comes */
};

static void world_init(struct world *w)
{
    int fd;

    memset(w, 0, sizeof *w);
    strcpy(w->path, "/tmp/sluice-handover-XXXXXX");
    fd = mkstemp(w->path);
    assert_true(fd >= 0);
    close(fd);
}

static void world_open(struct world *w, uint32_t connections)
{
    OK(handover_open(w->path, connections, &w->h, &w->same_boot, &w->e));
}

static void world_close(struct world *w)
{
    handover_close(w->h);
    w->h = NULL;
}

static void world_done(struct world *w)
{
    world_close(w);
    unlink(w->path);
}

static char address[] = "홍길동@naver.com";

static struct delivery a_delivery(void)
{
    return (struct delivery){.job_key = 7,
                             .domain_id = 3,
                             .rid = 1234567,
                             .attempt = 2,
                             .lease = 1700000000000001,
                             .due_ms = 1700000000000,
                             .added = {1600000000000},
                             .email = address};
}

static struct outcome an_end(const struct delivery *d)
{
    struct outcome o;

    outcome_for(&o, d);
    o.phase = PHASE_RCPT;
    o.reply.code = 550;
    strcpy(o.reply.enhanced, "5.1.1");
    strcpy(o.reply.text, "no such user");
    strcpy(o.mx_host, "mx1.naver.com");
    strcpy(o.mx_ip, "192.0.2.1");
    strcpy(o.message_id, "1@example.com");
    o.tls = true;
    o.at.ms = 1700000001000;
    o.queued_ms = 1;
    o.connect_ms = 2;
    o.send_ms = 3;
    o.bytes = 4;
    return o;
}

static void go(struct handover_slot *s, enum handover_state until)
{
    struct delivery d = a_delivery();
    struct outcome o = an_end(&d);

    if (until >= HANDOVER_SENDING)
        handover_begin(s, &d, "mx1.naver.com", "192.0.2.1");
    if (until >= HANDOVER_DOT_OUT)
        handover_dot(s, "1@example.com");
    if (until >= HANDOVER_ENDED)
        handover_end(s, &o);
}

static void die(struct world *w)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        world_open(w, 2);
        go(handover_slot(w->h, 17), w->until);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void after_a_kill_every_state_is_known(void **state)
{
    (void)state;
    for (int until = HANDOVER_FREE; until <= HANDOVER_ENDED; until++) {
        struct world world, *w = &world;
        struct delivery d = a_delivery();
        struct outcome o, expected;

        world_init(w);
        w->until = (enum handover_state)until;
        die(w);
        world_open(w, 2);
        assert_true(w->same_boot);
        assert_int_equal(handover_count(w->h), 2 * HANDOVER_RING);
        for (uint32_t i = 0; i < handover_count(w->h); i++)
            if (i != 17)
                assert_int_equal(handover_read(w->h, i, &o), HANDOVER_FREE);
        assert_int_equal(handover_read(w->h, 17, &o), until);
        expected = an_end(&d);
        expected.slot = 17;
        if (until == HANDOVER_ENDED)
            assert_memory_equal(&o, &expected, sizeof o);
        if (until != HANDOVER_FREE) {
            assert_string_equal(o.email, address);
            assert_string_equal(o.mx_host, "mx1.naver.com");
            assert_string_equal(o.mx_ip, "192.0.2.1");
            assert_int_equal(o.rid, d.rid);
            assert_int_equal(o.due_ms, d.due_ms);
            assert_int_equal(o.slot, 17);
        }
        if (until == HANDOVER_SENDING)
            assert_false(o.dot_unanswered);
        if (until == HANDOVER_DOT_OUT) {
            assert_true(o.dot_unanswered);
            assert_int_equal(o.phase, PHASE_DOT);
            assert_string_equal(o.message_id, "1@example.com");
        }
        handover_clear(handover_slot(w->h, 17));
        assert_true(handover_is_free(handover_slot(w->h, 17)));
        world_done(w);
    }
}

static void a_refusal_before_the_dot_ends_too(void **state)
{
    struct world world, *w = &world;
    struct delivery d = a_delivery();
    struct outcome o = an_end(&d), back;

    (void)state;
    world_init(w);
    world_open(w, 1);
    go(handover_slot(w->h, 0), HANDOVER_SENDING);
    handover_end(handover_slot(w->h, 0), &o);
    assert_int_equal(handover_read(w->h, 0, &back), HANDOVER_ENDED);
    assert_string_equal(back.message_id, "1@example.com");
    assert_int_equal(back.reply.code, 550);
    world_done(w);
}

/* The longest of everything: the reply is cut, nothing else is. */
static void the_longest_message_fits(void **state)
{
    struct world world, *w = &world;
    struct delivery d = a_delivery();
    struct outcome o = an_end(&d), back;
    char email[ADDRESS_MAX + 1], host[HOST_MAX], ip[IP_MAX];

    (void)state;
    memset(email, 'e', sizeof email - 1);
    memset(host, 'h', sizeof host - 1);
    memset(ip, '1', sizeof ip - 1);
    memset(o.message_id, 'm', sizeof o.message_id - 1);
    memset(o.reply.text, 't', sizeof o.reply.text - 1);
    email[sizeof email - 1] = host[sizeof host - 1] = ip[sizeof ip - 1] = '\0';
    d.email = email;
    world_init(w);
    world_open(w, 1);
    handover_begin(handover_slot(w->h, 0), &d, host, ip);
    handover_dot(handover_slot(w->h, 0), o.message_id);
    handover_end(handover_slot(w->h, 0), &o);
    assert_int_equal(handover_read(w->h, 0, &back), HANDOVER_ENDED);
    assert_string_equal(back.email, email);
    assert_string_equal(back.mx_host, host);
    assert_string_equal(back.mx_ip, ip);
    assert_string_equal(back.message_id, o.message_id);
    assert_true(strlen(back.reply.text) > 100);
    assert_memory_equal(back.reply.text, o.reply.text, strlen(back.reply.text));
    world_done(w);
}

/* ---- files that prove nothing ---- */

static void patch(struct world *w, long at, const void *bytes, size_t n)
{
    int fd = open(w->path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

static void another_boot_drops_the_slots(void **state)
{
    struct world world, *w = &world;
    struct file_head head;
    struct outcome o;

    (void)state;
    world_init(w);
    world_open(w, 1);
    assert_false(w->same_boot); /* the first time there is nothing to trust */
    go(handover_slot(w->h, 0), HANDOVER_ENDED);
    world_close(w);
    head_fill(&head, "00000000-0000-0000-0000-000000000000", 16);
    patch(w, 0, &head, sizeof head);
    world_open(w, 1);
    assert_false(w->same_boot);
    assert_int_equal(handover_read(w->h, 0, &o), HANDOVER_FREE);
    world_close(w);
    world_open(w, 1);
    assert_true(w->same_boot);
    world_done(w);
}

static void a_damaged_head_proves_nothing(void **state)
{
    static const struct {
        long at;
        const char *bytes;
    } rows[] = {{0, "X"}, {8, "\x09"}, {12, "\x01"}, {16, "\x7f"}, {24, "z"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world, *w = &world;

        world_init(w);
        world_open(w, 1);
        world_close(w);
        patch(w, rows[i].at, rows[i].bytes, 1);
        world_open(w, 1);
        assert_false(w->same_boot);
        world_done(w);
    }
}

static void a_damaged_slot_is_recognised(void **state)
{
    static const struct {
        size_t at; /* in the slot */
        enum handover_state is;
    } rows[] = {
        {offsetof(struct handover_slot, sum), HANDOVER_FREE},
        {offsetof(struct handover_slot, identity.rid), HANDOVER_FREE},
        {offsetof(struct handover_slot, identity.email_len), HANDOVER_FREE},
        {offsetof(struct handover_slot, text), HANDOVER_FREE},
        {offsetof(struct handover_slot, id_len), HANDOVER_DOT_OUT},
        {offsetof(struct handover_slot, result.code), HANDOVER_DOT_OUT},
        {offsetof(struct handover_slot, result.text_len), HANDOVER_DOT_OUT},
        {offsetof(struct handover_slot, state), HANDOVER_DOT_OUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world, *w = &world;
        struct outcome o;

        world_init(w);
        world_open(w, 1);
        go(handover_slot(w->h, 5), HANDOVER_ENDED);
        ((unsigned char *)handover_slot(w->h, 5))[rows[i].at] ^= 0x40;
        if (handover_read(w->h, 5, &o) != rows[i].is)
            fail_msg("row %zu", i);
        assert_int_equal(o.dot_unanswered, rows[i].is == HANDOVER_DOT_OUT);
        world_done(w);
    }
}

static void a_cut_file_is_read_as_far_as_it_goes(void **state)
{
    struct world world, *w = &world;
    struct outcome o;

    (void)state;
    world_init(w);
    world_open(w, 2);
    go(handover_slot(w->h, 1), HANDOVER_ENDED);
    world_close(w);
    assert_int_equal(truncate(w->path, HEAD_BYTES + 2 * SLOT_BYTES + 5), 0);
    world_open(w, 1);
    assert_true(w->same_boot);
    assert_int_equal(handover_read(w->h, 1, &o), HANDOVER_ENDED);
    world_done(w);
}

static void fewer_connections_keep_the_old_slots(void **state)
{
    struct world world, *w = &world;
    struct outcome o;

    (void)state;
    world_init(w);
    world_open(w, 4);
    go(handover_slot(w->h, 3 * HANDOVER_RING), HANDOVER_DOT_OUT);
    world_close(w);
    world_open(w, 1);
    assert_int_equal(handover_count(w->h), 4 * HANDOVER_RING);
    assert_int_equal(handover_read(w->h, 3 * HANDOVER_RING, &o), HANDOVER_DOT_OUT);
    world_close(w);
    world_open(w, 8);
    assert_int_equal(handover_count(w->h), 8 * HANDOVER_RING);
    assert_int_equal(handover_read(w->h, 3 * HANDOVER_RING, &o), HANDOVER_DOT_OUT);
    assert_int_equal(handover_read(w->h, 7 * HANDOVER_RING, &o), HANDOVER_FREE);
    world_done(w);
}

static void one_process_at_a_time(void **state)
{
    struct world world, *w = &world;
    struct handover *second;
    bool same_boot;

    (void)state;
    world_init(w);
    world_open(w, 1);
    assert_false(handover_open(w->path, 1, &second, &same_boot, &w->e));
    assert_null(second);
    assert_non_null(strstr(w->e.text, "another sluiced"));
    assert_false(handover_open("/nowhere/at/all", 1, &second, &same_boot, &w->e));
    assert_non_null(strstr(w->e.text, "/nowhere/at/all"));
    world_done(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_kill_every_state_is_known),
        cmocka_unit_test(a_refusal_before_the_dot_ends_too),
        cmocka_unit_test(the_longest_message_fits),
        cmocka_unit_test(another_boot_drops_the_slots),
        cmocka_unit_test(a_damaged_head_proves_nothing),
        cmocka_unit_test(a_damaged_slot_is_recognised),
        cmocka_unit_test(a_cut_file_is_read_as_far_as_it_goes),
        cmocka_unit_test(fewer_connections_keep_the_old_slots),
        cmocka_unit_test(one_process_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
