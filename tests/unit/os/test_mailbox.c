#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>

#include <sluice/base/must.h>
#include <sluice/os/clock.h>
#include <sluice/os/mailbox.h>
#include <sluice/os/thread.h>

#define SENDERS 4
#define LETTERS 5000

static const struct mono past = {0};
static const struct mono never = {WHEN_NEVER};

struct parcel {
    struct letter letter;
    int sender;
    int number;
};

struct sender {
    struct mailbox *box;
    struct mailbox *answers; /* NULL: does not wait for answers */
    int id;
};

static struct parcel *parcel_new(int sender, int number)
{
    struct parcel *p = mem_new(sizeof *p);

    p->letter.kind = sender;
    p->sender = sender;
    p->number = number;
    return p;
}

static void *send_all(void *arg)
{
    struct sender *s = arg;

    for (int i = 0; i < LETTERS; i++)
        mailbox_send(s->box, &parcel_new(s->id, i)->letter);
    return NULL;
}

static void oldest_first(void **state)
{
    (void)state;
    for (int wants_fd = 0; wants_fd < 2; wants_fd++) {
        struct mailbox m;
        struct letter l[5], *got;

        assert_true(mailbox_init(&m, wants_fd));
        assert_int_equal(m.fd >= 0, wants_fd);
        assert_null(mailbox_take(&m, past));
        for (int i = 0; i < 5; i++) {
            l[i].kind = i;
            mailbox_send(&m, &l[i]);
        }
        got = mailbox_take(&m, never);
        for (int i = 0; i < 5; i++, got = got->next)
            assert_ptr_equal(got, &l[i]);
        assert_null(got);
        assert_null(mailbox_take(&m, past));
        assert_null(mailbox_take(&m, (struct mono){INT64_MIN}));
        mailbox_done(&m);
    }
}

static void a_time_out_comes_back_with_nothing(void **state)
{
    (void)state;
    for (int wants_fd = 0; wants_fd < 2; wants_fd++) {
        struct mono until = {clock_mono().ms + 3};
        struct mailbox m;

        assert_true(mailbox_init(&m, wants_fd));
        while (clock_mono().ms < until.ms)
            assert_null(mailbox_take(&m, until));
        mailbox_done(&m);
    }
}

static bool is_readable(const struct mailbox *m)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void the_descriptor_tells(void **state)
{
    struct mailbox m;
    struct letter a, b;

    (void)state;
    assert_true(mailbox_init(&m, true));
    assert_false(is_readable(&m));
    mailbox_send(&m, &a);
    mailbox_send(&m, &b);
    assert_true(is_readable(&m));
    assert_non_null(mailbox_take(&m, past));
    assert_false(is_readable(&m));
    mailbox_send(&m, &a);
    assert_true(is_readable(&m));
    assert_non_null(mailbox_take(&m, past));
    mailbox_done(&m);
}

/* Takes until all have come; each sender's letters in its order, none twice, none lost. A lost
 * wake-up would hang here until ctest's time-out: the receiver waits for ever. */
static void receive_all(struct mailbox *m, struct mono until)
{
    int next[SENDERS] = {0};
    int left = SENDERS * LETTERS;

    while (left > 0) {
        struct letter *after;

        for (struct letter *l = mailbox_take(m, until); l; l = after) {
            struct parcel *p = (struct parcel *)(void *)l;

            after = l->next;
            assert_int_equal(l->kind, p->sender);
            assert_int_equal(p->number, next[p->sender]);
            next[p->sender]++;
            left--;
            free(p);
        }
    }
}

static void many_senders(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        struct sender s[SENDERS];
        pthread_t t[SENDERS];
        struct mailbox m;

        assert_true(mailbox_init(&m, round % 2));
        for (int i = 0; i < SENDERS; i++) {
            s[i] = (struct sender){.box = &m, .id = i};
            assert_true(thread_start(&t[i], "sender", 0, send_all, &s[i], NULL));
        }
        receive_all(&m, round < 2 ? never : past);
        for (int i = 0; i < SENDERS; i++)
            pthread_join(t[i], NULL);
        mailbox_done(&m);
    }
}

static struct letter *take_one(struct mailbox *m)
{
    struct letter *l;

    do
        l = mailbox_take(m, never);
    while (!l);
    MUST(!l->next);
    return l;
}

static void *echo(void *arg)
{
    struct sender *s = arg;

    for (int i = 0; i < LETTERS; i++)
        mailbox_send(s->answers, take_one(s->box));
    return NULL;
}

/* Ping-pong: both sides fall asleep each time, so each letter needs its wake-up. */
static void no_wake_up_is_lost(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct mailbox there, back;
        struct sender s = {.box = &there, .answers = &back};
        struct parcel *p = parcel_new(0, 0);
        pthread_t t;

        assert_true(mailbox_init(&there, kind & 1));
        assert_true(mailbox_init(&back, kind & 2));
        assert_true(thread_start(&t, "echo", 0, echo, &s, NULL));
        for (int i = 0; i < LETTERS; i++) {
            mailbox_send(&there, &p->letter);
            assert_ptr_equal(take_one(&back), &p->letter);
        }
        pthread_join(t, NULL);
        mailbox_done(&there);
        mailbox_done(&back);
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_first),
        cmocka_unit_test(a_time_out_comes_back_with_nothing),
        cmocka_unit_test(the_descriptor_tells),
        cmocka_unit_test(many_senders),
        cmocka_unit_test(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
