/* The text of a message: what arrives is what was rendered, byte for byte; and what is known
 * when the connection is lost amid the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/must.h>

#include "helper_rig.h"

#define HELLO S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 PIPELINING\r\n")
#define TO_DATA HELLO, C("MAIL"), S("250 ok\r\n"), C("RCPT"), C("DATA"), S("250 ok\r\n354 go\r\n")

static const struct step taking[] = {TO_DATA, TEXT, S("250 2.0.0 queued\r\n"), C("QUIT"), END};

#define HEADER                                                                                     \
    "From: =?utf-8?B?7IOB7KCQ?= <news@shop.example>\r\nTo: user1@example.com\r\n"                  \
    "Date: Sun, 22 Nov 2026 10:20:30 +0900\r\nMessage-ID: <1.job@shop.example>\r\n"

static const char *const texts[] = {
    HEADER "\r\nbody\r\n",
    HEADER "\r\n",
    HEADER "\r\n.\r\n..\r\n.hidden\r\n\r\n.\r\n",
    HEADER "\r\nno line end at the end of the text, with one added by SMTP\r\n",
    /* Everything that the header pass could touch: folding, order, odd case, repeated names that
     * it does not know, signatures, MIME, empty values, long lines. */
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=shop.example;\r\n\ts=a; "
    "h=From:From:To;"
    "\r\n  b=abc+/=\r\n  def\r\nReceived: from a\r\nReceived: from b\r\n"
    "list-unsubscribe: <https://shop.example/u?x=1>\r\nList-Unsubscribe-Post: "
    "List-Unsubscribe=One-Click\r\nList-Id: <x.shop.example>\r\nFeedback-ID: a:b:c\r\n"
    "X-Empty:\r\nX-Same: 1\r\nX-Same: 2\r\nfrom: a@shop.example\r\nTO: user1@example.com\r\n"
    "REPLY-TO: b@shop.example\r\nSender: c@shop.example\r\nSubject:  two  spaces \r\n"
    " folded\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_1\"\r\n"
    "Content-Transfer-Encoding: 7bit\r\nPrecedence: bulk\r\nAuto-Submitted: auto-generated\r\n"
    "CFBL-Address: fbl@shop.example; report=arf\r\nDate: Sun, 22 Nov 2026 10:20:30 +0900\r\n"
    "Message-Id: <1.job@shop.example>\r\n\r\n--=_1\r\nContent-Type: "
    "text/plain\r\n\r\n.a\r\n--=_1--\r\n",
};

static void check_text(const char *text, size_t n)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){taking, NULL});
    struct rig rig;
    const char *got;
    size_t got_n;

    rig_start(&rig, NULL);
    rig.mailing.text = text;
    rig.mailing.text_len = n;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_run(&rig);
    server_stop(s);
    assert_string_equal(server_trouble(s), "");
    got = server_text(s, 0, &got_n);
    assert_int_equal(got_n, n);
    assert_memory_equal(got, text, n);
    assert_int_equal(rig.outcome[0]->outcome.bytes, n);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
    assert_string_equal(rig.outcome[0]->outcome.message_id, "1.job@shop.example");
    assert_string_equal(rig.outcome[0]->outcome.mx_ip, "127.0.0.1");
    rig_stop(&rig);
    server_free(s);
}

static void test_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_text(texts[i], strlen(texts[i]));
}

/* Lines of all lengths around libESMTP's buffers, some with dots in front. */
static struct buf long_text(size_t bytes)
{
    struct buf b;

    buf_init(&b, bytes + 65536);
    buf_puts(&b, HEADER "X-Long: ");
    for (int i = 0; i < 20; i++)
        buf_printf(&b, "%0*d\r\n %0*d", 900, i, 60, i);
    buf_puts(&b, "\r\n\r\n");
    for (unsigned i = 0; b.len < bytes; i++)
        buf_printf(&b, "%s%0*u\r\n", i % 3 ? "" : ".", (int)(i * 7 % 1200), i);
    return b;
}

static void test_long_texts(void **state)
{
    static const size_t sizes[] = {2048, 4096, 65536, 3u << 20};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf b = long_text(sizes[i]);

        check_text(b.data, b.len);
        buf_done(&b);
    }
}

static void test_bare_line_ends_are_not_sent(void **state)
{
    static const char *const bad[] = {
        HEADER "\r\nx\n.\r\nMAIL FROM:<evil@example.com>\r\n",
        HEADER "\r\nx\r.\r\n",
        "\n" HEADER "\r\n",
        HEADER "\r\nx\r\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rig rig;

        rig_start(&rig, NULL);
        rig.mailing.text = bad[i];
        rig.mailing.text_len = strlen(bad[i]);
        rig_open(&rig, 0, rig_target(NULL), rig_chain(&rig, 1, 1));
        rig_run(&rig);
        assert_int_equal(rig.outcome[0]->outcome.phase, PHASE_RENDER);
        assert_int_equal(rig.outcome[0]->outcome.slot, NO_SLOT);
        assert_non_null(strstr(rig.outcome[0]->outcome.reply.text, "CR LF"));
        rig_stop(&rig);
    }
}

/* 8 MB do not fit into the buffers of two sockets: the dot cannot have left. */
static void check_lost_text(const struct step *script, int code)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct buf b = long_text(8u << 20);
    struct rig rig;

    rig_start(&rig, NULL);
    rig.mailing.text = b.data;
    rig.mailing.text_len = b.len;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 2));
    rig_run(&rig);
    server_stop(s);
    assert_string_equal(server_trouble(s), "");
    assert_int_equal(rig.outcomes, 1);
    assert_int_equal(rig.outcome[0]->outcome.phase, PHASE_DATA);
    assert_int_equal(rig.outcome[0]->outcome.reply.code, code);
    assert_false(rig.outcome[0]->outcome.dot_unanswered);
    assert_string_equal(rig.history[0], "begin end");
    assert_int_equal(rig_left(&rig, 0), 1);
    rig_stop(&rig);
    server_free(s);
    buf_done(&b);
}

static void test_lost_amid_the_text(void **state)
{
    static const struct step gone[] = {TO_DATA, SOME(100000), HANGUP, END};
    static const struct step reset[] = {TO_DATA, SOME(100000), RESET, END};

    (void)state;
    check_lost_text(gone, 0);
    check_lost_text(reset, 0);
}

static void test_refused_amid_the_text(void **state)
{
    static const struct step script[] = {TO_DATA, SOME(100000), S("552 5.3.4 too long\r\n"), HANGUP,
                                         END};

    (void)state;
    check_lost_text(script, 552);
}

static void test_peer_stops_reading(void **state)
{
    static const struct step script[] = {TO_DATA, SOME(1000), AWAIT, END};
    struct pool_options o = {.data_block_ms = 150};
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct buf b = long_text(8u << 20);
    struct rig rig;

    (void)state;
    rig_start(&rig, &o);
    rig.mailing.text = b.data;
    rig.mailing.text_len = b.len;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcome[0]->outcome.phase, PHASE_DATA);
    assert_string_equal(rig.outcome[0]->outcome.reply.text, "timed out at the message");
    assert_false(rig.outcome[0]->outcome.dot_unanswered);
    server_stop(s);
    rig_stop(&rig);
    server_free(s);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_bare_line_ends_are_not_sent),
        cmocka_unit_test(test_lost_amid_the_text),
        cmocka_unit_test(test_refused_amid_the_text),
        cmocka_unit_test(test_peer_stops_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
