/* Pairing of replies with commands, and what is hidden from libESMTP, however the bytes are cut
 * into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "hide.h"

struct row {
    enum command sent[4]; /* behind the banner; COMMANDS ends */
    const char *said;
    const char *events;
};

static const struct row rows[] = {
    {{COMMANDS}, "220 hi\r\n", "banner=220 "},
    {{COMMANDS}, "220-hi\r\n220-there\r\n220 now\r\n", "banner=220 "},
    {{COMMANDS}, "220 hi\n", "banner=220 "},
    {{CMD_EHLO, COMMANDS}, "220 hi\r\n250-a\r\n250 b\r\n", "banner=220 ehlo=250 "},
    {{CMD_RSET, CMD_MAIL, COMMANDS},
     "220 x\r\n250 a\r\n451 b\r\n",
     "banner=220 rset=250 mail=451 "},
    {{CMD_RCPT, CMD_DATA, COMMANDS},
     "220 x\r\n550 a\r\n354 b\r\n",
     "banner=220 rcpt=550 data=354 "},
    {{COMMANDS}, "220 x\r\n421 bye\r\n", "banner=220 unsolicited=421 "},
    {{COMMANDS}, "hello\r\n220 x\r\n", "garbage=hello banner=220 "},
    {{COMMANDS}, "150 hm\r\n220 x\r\n", "garbage=150 hm banner=220 "},
    {{CMD_MAIL, COMMANDS}, "220 x\r\n250-a\r\nnoise\r\n550 b\r\n", "banner=220 mail=250 "},
    {{COMMANDS}, "\r\n220 x\r\n", "garbage= banner=220 "},
    {{COMMANDS}, "220 x", ""},
};

static const char *name(enum command c)
{
    static const char *const names[COMMANDS] = {"banner", "ehlo", "helo", "starttls",
                                                "rset",   "mail", "rcpt", "data",
                                                "dot",    "quit", "other"};

    return names[c];
}

static void read_piece(struct dialogue *d, const char *p, size_t n, char *log, size_t size)
{
    enum dialogue_event e;

    while ((e = dialogue_read(d, &p, &n)) != DIALOGUE_MORE) {
        size_t at = strlen(log);

        if (e == DIALOGUE_REPLY)
            snprintf(log + at, size - at, "%s=%d ", name(d->command), d->reader.reply.code);
        else if (e == DIALOGUE_UNSOLICITED)
            snprintf(log + at, size - at, "unsolicited=%d ", d->reader.reply.code);
        else if (e == DIALOGUE_GARBAGE)
            snprintf(log + at, size - at, "garbage=%s ", d->garbage_text);
        else
            snprintf(log + at, size - at, "long ");
    }
    assert_int_equal(n, 0);
}

static void run(const struct row *row, size_t piece)
{
    struct dialogue d;
    char log[512] = "";
    size_t n = strlen(row->said);

    dialogue_init(&d);
    for (int i = 0; i < 4 && row->sent[i] != COMMANDS; i++)
        dialogue_sent(&d, row->sent[i]);
    for (size_t at = 0; at < n; at += piece)
        read_piece(&d, row->said + at, n - at < piece ? n - at : piece, log, sizeof log);
    assert_string_equal(log, row->events);
}

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece <= 64; piece++)
            run(&rows[i], piece);
}

static void test_long_line(void **state)
{
    struct dialogue d;
    char text[4000], log[512] = "";

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "220 ", 4);
    memcpy(text + 3000, "\r\n250 ok\r\n", 10);
    dialogue_init(&d);
    dialogue_sent(&d, CMD_EHLO);
    read_piece(&d, text, 3010, log, sizeof log);
    assert_string_equal(log, "long banner=220 ehlo=250 ");
}

static void test_end(void **state)
{
    static const struct {
        const char *said;
        enum dialogue_event event;
        int code;
    } ends[] = {
        {"", DIALOGUE_MORE, 0},
        {"250 ok", DIALOGUE_REPLY, 250},
        {"250-ok\r\n", DIALOGUE_REPLY, 250},
        {"250-ok\r\n250-mo", DIALOGUE_REPLY, 250},
        {"25", DIALOGUE_MORE, 0},
        {"huh", DIALOGUE_MORE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct dialogue d;
        char log[64] = "";

        dialogue_init(&d);
        read_piece(&d, ends[i].said, strlen(ends[i].said), log, sizeof log);
        assert_int_equal(dialogue_end(&d), ends[i].event);
        if (ends[i].event == DIALOGUE_REPLY)
            assert_int_equal(d.reader.reply.code, ends[i].code);
    }
}

static void test_commands(void **state)
{
    (void)state;
    assert_int_equal(dialogue_command("MAIL FROM:<a@b> SIZE=1\r", 22), CMD_MAIL);
    assert_int_equal(dialogue_command("RCPT TO:<a@b>", 13), CMD_RCPT);
    assert_int_equal(dialogue_command("DATA\r", 5), CMD_DATA);
    assert_int_equal(dialogue_command(".\r", 2), CMD_DOT);
    assert_int_equal(dialogue_command("QUIT", 4), CMD_QUIT);
    assert_int_equal(dialogue_command("XUSR", 4), CMD_OTHER);
}

static void hide(const char *reply, const char *wanted, size_t piece, bool wants_pipelining)
{
    char bytes[512];
    size_t n = strlen(reply);
    struct hide h;

    memcpy(bytes, reply, n + 1);
    hide_begin(&h);
    for (size_t at = 0; at < n; at += piece)
        hide_in(&h, bytes + at, n - at < piece ? n - at : piece);
    assert_string_equal(bytes, wanted);
    assert_int_equal(h.has_pipelining, wants_pipelining);
}

static void test_hidden_keywords(void **state)
{
    (void)state;
    hide("250-mx.example.com\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-chunking\r\n"
         "250-XEXCH50\r\n250-XUSR\r\n250-AUTH "
         "LOGIN\r\n250-AUTH=LOGIN\r\n250-ETRN\r\n250-CHUNKINGS\r\n"
         "250-SIZE 1000\r\n250 8BITMIME\r\n",
         "250-mx.example.com\r\n250-PIPELINING\r\n250-ZNHANCEDSTATUSCODES\r\n250-Zhunking\r\n"
         "250-ZEXCH50\r\n250-ZUSR\r\n250-ZUTH "
         "LOGIN\r\n250-ZUTH=LOGIN\r\n250-ZTRN\r\n250-CHUNKINGS\r\n"
         "250-SIZE 1000\r\n250 8BITMIME\r\n",
         512, true);
    hide("250-\xea\xb5\xad\r\n250 pipelining\r\n", "250-???\r\n250 pipelining\r\n", 512, true);
    hide("250 PIPELININGS\r\n", "250 PIPELININGS\r\n", 512, false);
}

/* However it is cut, nothing that is hidden gets through: libESMTP reads "CHUNKING" from no
 * pieces of it. */
static void test_hidden_in_pieces(void **state)
{
    static const char reply[] =
        "250-mx\r\n250-CHUNKING\r\n250-SIZE 1\r\n250-PIPELINING\r\n250 XUSR\r\n";

    (void)state;
    for (size_t piece = 1; piece < sizeof reply; piece++) {
        char bytes[sizeof reply];
        struct hide h;

        memcpy(bytes, reply, sizeof reply);
        hide_begin(&h);
        for (size_t at = 0; at < sizeof reply - 1; at += piece)
            hide_in(&h, bytes + at, sizeof reply - 1 - at < piece ? sizeof reply - 1 - at : piece);
        assert_null(strstr(bytes, "CHUNKING"));
        assert_null(strstr(bytes, "XUSR"));
        assert_non_null(strstr(bytes, "SIZE 1"));
        assert_non_null(strstr(bytes, "PIPELINING"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_hidden_keywords),
        cmocka_unit_test(test_hidden_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
