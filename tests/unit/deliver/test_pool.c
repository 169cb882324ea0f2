/* The protocol between planner and connections: open, more, ready, close, stop; slots; waiting;
 * time limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/os/clock.h>

#include "helper_rig.h"

#define HELLO S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 PIPELINING\r\n")
#define TO_DATA C("MAIL"), S("250 ok\r\n"), C("RCPT"), C("DATA"), S("250 ok\r\n354 go\r\n")

static const struct step serving[] = {HELLO, SERVE, END};
static const struct step *const serving_only[] = {serving, NULL};

static void finish(struct rig *rig, struct server *s)
{
    server_stop(s);
    assert_string_equal(server_trouble(s), "");
    rig_stop(rig);
    server_free(s);
}

static void check_orderly(const struct rig *rig, unsigned closing)
{
    assert_int_equal(rig->closed[closing]->outcome.reply.code, 0);
    assert_string_equal(rig->closed[closing]->outcome.reply.text, "");
}

/* 1,000 messages, 100 on each of 10 connections that follow one another, ordered 10 at a time. */
static void test_thousand_by_more(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    bool seen[1001] = {false};
    struct rig rig;
    uint64_t rid = 1;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_ready = true;
    for (unsigned c = 0; c < 10; c++) {
        rig_open(&rig, 0, rig_target(s), rig_chain(&rig, rid, 10));
        rid += 10;
        for (unsigned i = 1; i < 10; i++, rid += 10) {
            rig_until(&rig, UINT32_MAX, rig.readies + 1, UINT32_MAX);
            rig_more(&rig, 0, rig_chain(&rig, rid, 10));
        }
        rig_until(&rig, UINT32_MAX, rig.readies + 1, UINT32_MAX);
        rig_close(&rig, 0);
        rig_run(&rig);
        check_orderly(&rig, c);
    }
    assert_int_equal(rig.outcomes, 1000);
    for (unsigned i = 0; i < 1000; i++) {
        const struct outcome *o = &rig.outcome[i]->outcome;

        assert_true(o->reply.code == 250 && o->phase == PHASE_DOT && !seen[o->rid]);
        assert_int_equal(o->rid, rig.outcome[i]->done->rid);
        seen[o->rid] = true;
    }
    server_stop(s);
    assert_int_equal(server_accepted(s), 1000);
    assert_int_equal(server_connections(s), 10);
    rig_stop(&rig);
    server_free(s);
}

static void test_many_connections(void **state)
{
    struct pool_options o = {.max_connections = 32};
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, &o);
    for (uint32_t i = 0; i < 32; i++)
        rig_open(&rig, i, rig_target(s), rig_chain(&rig, i * 100 + 1, 50));
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 32 * 50);
    assert_int_equal(rig.closings, 32);
    server_stop(s);
    assert_int_equal(server_accepted(s), 32 * 50);
    rig_stop(&rig);
    server_free(s);
}

/* As many as there are slots go out; each commit lets one more go. */
static void test_slots_wait_for_commits(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_commits = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, HANDOVER_RING + 3));
    rig_until(&rig, HANDOVER_RING, UINT32_MAX, UINT32_MAX);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig.outcomes, HANDOVER_RING + i);
        assert_true(rig.outcome[i]->outcome.slot < HANDOVER_RING);
        pool_committed(rig.pool, rig.outcome[2 - i]->outcome.slot); /* in no particular order */
        rig_until(&rig, HANDOVER_RING + i + 1, UINT32_MAX, UINT32_MAX);
        assert_int_equal(rig.outcome[HANDOVER_RING + i]->outcome.slot,
                         rig.outcome[2 - i]->outcome.slot);
    }
    rig_run(&rig);
    assert_int_equal(rig.readies, 1);
    finish(&rig, s);
}

static void test_stop_while_waiting_for_a_slot(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_commits = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, HANDOVER_RING + 3));
    rig_until(&rig, HANDOVER_RING, UINT32_MAX, UINT32_MAX);
    pool_stop(rig.pool, false);
    rig_run(&rig);
    assert_int_equal(rig_left(&rig, 0), 3);
    assert_int_equal(rig.closed[0]->left->rid, HANDOVER_RING + 1);
    check_orderly(&rig, 0);
    finish(&rig, s);
}

static void test_not_before(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;
    struct delivery *chain;
    struct mono due = {clock_mono().ms + 120};

    (void)state;
    rig_start(&rig, NULL);
    chain = rig_chain(&rig, 1, 3);
    chain->next->not_before = due;
    rig_open(&rig, 0, rig_target(s), chain);
    rig_until(&rig, 1, UINT32_MAX, UINT32_MAX);
    rig_run(&rig);
    assert_true(clock_mono().ms >= due.ms);
    assert_int_equal(rig.outcomes, 3);
    assert_int_equal(rig.outcome[1]->outcome.rid, 2);
    finish(&rig, s);
}

static void test_stop_while_not_due(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;
    struct delivery *chain;

    (void)state;
    rig_start(&rig, NULL);
    chain = rig_chain(&rig, 1, 3);
    chain->next->not_before.ms = clock_mono().ms + 3600000;
    rig_open(&rig, 0, rig_target(s), chain);
    rig_until(&rig, 1, UINT32_MAX, UINT32_MAX);
    pool_stop(rig.pool, false);
    rig_run(&rig);
    assert_int_equal(rig_left(&rig, 0), 2);
    check_orderly(&rig, 0);
    finish(&rig, s);
}

/* A close that comes before the end of the queue: nothing new is begun, the rest comes back. */
static void test_close_early(void **state)
{
    static const struct step script[] = {HELLO,           TO_DATA,   TEXT, AWAIT,
                                         S("250 ok\r\n"), C("QUIT"), END};
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 3));
    rig_more(&rig, 0, rig_chain(&rig, 4, 2));
    rig_close(&rig, 0);
    server_go(s);
    rig_run(&rig);
    /* The orders may have been read before or after the first message was chosen. */
    assert_int_equal(rig.outcomes + rig_left(&rig, 0), 5);
    assert_true(rig.outcomes <= 1);
    check_orderly(&rig, 0);
    server_stop(s);
    rig_stop(&rig);
    server_free(s);
}

/* --- what is not sent */

static void test_bad_recipients_cost_no_connection(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;
    struct delivery *d[4];

    (void)state;
    rig_start(&rig, NULL);
    rig.mailing.fails_for = 2;
    d[0] = rig_delivery(&rig, 1, "\xed\x99\x8d\xea\xb8\xb8\xeb\x8f\x99@example.com");
    d[1] = rig_delivery(&rig, 2, "a@example.com");
    d[2] = rig_delivery(&rig, 3, "a\r\nRSET@example.com");
    d[3] = rig_delivery(&rig, 4, "a@x\xe2\x80\xa8y");
    for (int i = 0; i < 3; i++)
        d[i]->next = d[i + 1];
    rig_open(&rig, 0, rig_target(s), d[0]);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 4);
    assert_int_equal(rig.outcome[0]->outcome.phase, PHASE_POLICY);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 0);
    assert_string_equal(rig.outcome[0]->outcome.reply.enhanced, "5.6.7");
    assert_string_equal(rig.outcome[0]->outcome.reply.text, "the address needs SMTPUTF8");
    assert_int_equal(rig.outcome[1]->outcome.phase, PHASE_RENDER);
    assert_non_null(strstr(rig.outcome[1]->outcome.reply.text, "\"name\""));
    assert_int_equal(rig.outcome[2]->outcome.phase, PHASE_POLICY);
    assert_string_equal(rig.outcome[2]->outcome.reply.enhanced, "5.1.3");
    assert_int_equal(rig.outcome[3]->outcome.phase, PHASE_POLICY);
    assert_string_equal(rig.outcome[3]->outcome.reply.enhanced, "5.1.2");
    for (int i = 0; i < 4; i++)
        assert_int_equal(rig.outcome[i]->outcome.slot, NO_SLOT);
    server_stop(s);
    assert_int_equal(server_connections(s), 0);
    rig_stop(&rig);
    server_free(s);
}

static void test_bad_recipients_between_good_ones(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;
    struct delivery *chain, *bad;

    (void)state;
    rig_start(&rig, NULL);
    rig.mailing.fails_for = 2;
    chain = rig_chain(&rig, 1, 3);
    bad = rig_delivery(&rig, 9, "\xc3\xa4@example.com");
    bad->next = chain->next;
    chain->next = bad;
    chain->next->next->next->next = rig_delivery(&rig, 10, "kim@\xed\x95\x9c\xea\xb5\xad.example");
    rig_open(&rig, 0, rig_target(s), chain);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 5);
    assert_int_equal(rig.outcome[1]->outcome.phase, PHASE_POLICY);
    assert_int_equal(rig.outcome[2]->outcome.phase, PHASE_RENDER);
    assert_int_equal(rig.outcome[4]->outcome.reply.code, 250);
    server_stop(s);
    assert_int_equal(server_connections(s), 1);
    assert_int_equal(server_accepted(s), 3);
    assert_non_null(strstr(server_lines(s), "RCPT TO:<kim@xn--3e0b707e.example>"));
    rig_stop(&rig);
    server_free(s);
}

/* --- servers that leave between messages */

static void check_idle_server(const struct step *script, int code, const char *text)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct rig rig;

    rig_start(&rig, NULL);
    rig.holds_ready = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_until(&rig, UINT32_MAX, 1, UINT32_MAX);
    server_go(s);
    server_wait_end(s);
    rig_more(&rig, 0, rig_chain(&rig, 2, 2));
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 1); /* no message was begun in vain */
    assert_int_equal(rig_left(&rig, 0), 2);
    assert_int_equal(rig.closed[0]->outcome.phase, PHASE_QUIT);
    assert_int_equal(rig.closed[0]->outcome.reply.code, code);
    assert_non_null(strstr(rig.closed[0]->outcome.reply.text, text));
    finish(&rig, s);
}

static void test_server_leaves_while_idle(void **state)
{
    static const struct step tired[] = {HELLO,           TO_DATA, TEXT,
                                        S("250 ok\r\n"), AWAIT,   S("421 4.4.2 idle too long\r\n"),
                                        HANGUP,          END};
    static const struct step gone[] = {HELLO, TO_DATA, TEXT, S("250 ok\r\n"), AWAIT, HANGUP, END};

    (void)state;
    check_idle_server(tired, 421, "idle too long");
    check_idle_server(gone, 0, "closed the connection between messages");
}

/* --- stop */

static void test_stop_gracefully_ends_the_message(void **state)
{
    static const struct step script[] = {HELLO,     TO_DATA, TEXT, AWAIT, S("250 2.0.0 ok\r\n"),
                                         C("QUIT"), END};
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 3));
    server_wait(s); /* the dot is out */
    pool_stop(rig.pool, false);
    server_go(s);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 1);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    assert_int_equal(rig_left(&rig, 0), 2);
    check_orderly(&rig, 0);
    finish(&rig, s);
}

static void check_stop_at_once(const struct step *script, bool is_in_doubt, const char *text)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct rig rig;

    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 3));
    server_wait(s); /* the script has come to its AWAIT */
    pool_stop(rig.pool, true);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 1);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 0);
    assert_string_equal(rig.outcome[0]->outcome.reply.text, text);
    assert_int_equal(rig.outcome[0]->outcome.dot_unanswered, is_in_doubt);
    assert_int_equal(rig_left(&rig, 0), 2);
    finish(&rig, s);
}

static void test_stop_at_once(void **state)
{
    static const struct step mail[] = {HELLO, C("MAIL"), AWAIT, END};
    static const struct step rcpt[] = {HELLO, C("MAIL"), S("250 ok\r\n"), C("RCPT"), AWAIT, END};
    static const struct step dot[] = {HELLO, TO_DATA, TEXT, AWAIT, END};

    (void)state;
    check_stop_at_once(mail, false, "stopped at MAIL");
    check_stop_at_once(rcpt, false, "stopped at RCPT");
    check_stop_at_once(dot, true, "stopped at the final dot");
}

/* Before the first MAIL even a graceful stop need not wait. */
static void check_stop_early(const struct step *script)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct rig rig;

    rig_start(&rig, NULL);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 3));
    server_wait(s);
    pool_stop(rig.pool, false);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 0);
    assert_int_equal(rig_left(&rig, 0), 3);
    assert_int_equal(rig.closed[0]->left->rid, 1);
    check_orderly(&rig, 0);
    finish(&rig, s);
}

static void test_stop_before_the_first_message(void **state)
{
    static const struct step banner[] = {AWAIT, END};
    static const struct step ehlo[] = {S("220 mx\r\n"), C("EHLO"), AWAIT, END};

    (void)state;
    check_stop_early(banner);
    check_stop_early(ehlo);
}

/* `more` crosses the `closed` that a stop makes: its deliveries come back all the same. */
static void test_more_crosses_closed(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_ready = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_until(&rig, UINT32_MAX, 1, UINT32_MAX);
    pool_stop(rig.pool, false);
    rig_run(&rig);
    rig_more(&rig, 0, rig_chain(&rig, 2, 2));
    rig_close(&rig, 0);
    rig_until(&rig, UINT32_MAX, UINT32_MAX, 2);
    assert_false(rig.closed[0]->is_late);
    assert_true(rig.closed[1]->is_late);
    assert_int_equal(rig_left(&rig, 1), 2);
    finish(&rig, s);
}

static void test_open_after_stop(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    pool_stop(rig.pool, false);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 2));
    rig_run(&rig);
    assert_int_equal(rig_left(&rig, 0), 2);
    server_stop(s);
    assert_int_equal(server_connections(s), 0);
    rig_stop(&rig);
    server_free(s);
}

/* --- time limits */

#define SHORT_MS 120

struct silence {
    const char *text;
    enum phase phase;
    bool is_begun, is_in_doubt;
    const struct step *script;
};

static const struct silence silences[] = {
    {"timed out at the greeting", PHASE_BANNER, false, false, (const struct step[]){END}},
    {"timed out at EHLO", PHASE_EHLO, false, false,
     (const struct step[]){S("220 mx\r\n"), C("EHLO"), END}},
    {"timed out at MAIL", PHASE_MAIL, true, false, (const struct step[]){HELLO, C("MAIL"), END}},
    {"timed out at RCPT", PHASE_RCPT, true, false,
     (const struct step[]){HELLO, C("MAIL"), S("250 ok\r\n"), C("RCPT"), END}},
    {"timed out at DATA", PHASE_DATA, true, false,
     (const struct step[]){HELLO, C("MAIL"), S("250 ok\r\n"), C("RCPT"), C("DATA"), S("250 ok\r\n"),
                           END}},
    {"timed out at the final dot", PHASE_DOT, true, true,
     (const struct step[]){HELLO, TO_DATA, TEXT, END}},
};

/* Only the limit of this phase is short: so it is this one that acts. */
static struct pool_options only_short(enum phase phase)
{
    struct pool_options o = {0};
    int64_t *const limit[PHASES] = {
        [PHASE_BANNER] = &o.banner_ms, [PHASE_EHLO] = &o.ehlo_ms, [PHASE_MAIL] = &o.mail_ms,
        [PHASE_RCPT] = &o.rcpt_ms,     [PHASE_DATA] = &o.data_ms, [PHASE_DOT] = &o.data_dot_ms,
    };

    *limit[phase] = SHORT_MS;
    return o;
}

static void check_silence(const struct silence *q)
{
    struct pool_options o = only_short(q->phase);
    struct server *s = server_start("127.0.0.1", (const struct step *[]){q->script, NULL});
    int64_t began = clock_mono().ms, took;
    struct rig rig;

    rig_start(&rig, &o);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 2));
    rig_run(&rig);
    took = clock_mono().ms - began;
    assert_true(took >= SHORT_MS && took < 50 * SHORT_MS);
    assert_int_equal(rig.outcomes, q->is_begun);
    assert_int_equal(rig_left(&rig, 0), q->is_begun ? 1 : 2);
    if (q->is_begun) {
        assert_int_equal(rig.outcome[0]->outcome.phase, q->phase);
        assert_string_equal(rig.outcome[0]->outcome.reply.text, q->text);
        assert_int_equal(rig.outcome[0]->outcome.dot_unanswered, q->is_in_doubt);
    }
    assert_int_equal(rig.closed[0]->outcome.phase, q->phase);
    assert_string_equal(rig.closed[0]->outcome.reply.text, q->text);
    finish(&rig, s);
}

static void test_time_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof silences / sizeof *silences; i++)
        check_silence(&silences[i]);
}

/* A reply in drops does not stretch its limit. */
static void test_limit_is_for_the_whole_reply(void **state)
{
    static struct step script[4 + 400 + 1] = {HELLO, C("MAIL")};
    struct pool_options o = {.mail_ms = SHORT_MS};
    struct server *s;
    struct rig rig;

    (void)state;
    for (size_t i = 4; i < 404; i++)
        script[i] = (struct step){STEP_DRIP, "250-ok\r\n", 10};
    s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    rig_start(&rig, &o);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcome[0]->outcome.phase, PHASE_MAIL);
    assert_string_equal(rig.outcome[0]->outcome.reply.text, "timed out at MAIL");
    finish(&rig, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thousand_by_more),
        cmocka_unit_test(test_many_connections),
        cmocka_unit_test(test_slots_wait_for_commits),
        cmocka_unit_test(test_stop_while_waiting_for_a_slot),
        cmocka_unit_test(test_not_before),
        cmocka_unit_test(test_stop_while_not_due),
        cmocka_unit_test(test_close_early),
        cmocka_unit_test(test_bad_recipients_cost_no_connection),
        cmocka_unit_test(test_bad_recipients_between_good_ones),
        cmocka_unit_test(test_server_leaves_while_idle),
        cmocka_unit_test(test_stop_gracefully_ends_the_message),
        cmocka_unit_test(test_stop_at_once),
        cmocka_unit_test(test_stop_before_the_first_message),
        cmocka_unit_test(test_more_crosses_closed),
        cmocka_unit_test(test_open_after_stop),
        cmocka_unit_test(test_time_limits),
        cmocka_unit_test(test_limit_is_for_the_whole_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
