/* What servers do, one row for each, and what must be known about the message afterwards. The
 * rows follow the hazards of libESMTP: lost replies, odd replies, lost connections, each at each
 * stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "helper_rig.h"

struct want {
    enum phase phase;
    int code;
    const char *enhanced;
    const char *text; /* a part of it */
    bool is_in_doubt;
};
struct row {
    const char *name;
    const struct step *script;
    unsigned deliveries;
    struct want outcome[3]; /* up to the first without text */
    struct want closed;     /* text "": an orderly QUIT */
    unsigned left;
};

#define STEPS(...)                                                                                 \
    (const struct step[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, END                                                                           \
    }

#define BANNER S("220 mx.example.com ready\r\n")
#define EHLO C("EHLO sender.example")
/* Everything that libESMTP knows, so that what hide.c leaves shows. */
#define HELLO                                                                                      \
    BANNER, EHLO,                                                                                  \
        S("250-mx.example.com\r\n250-PIPELINING\r\n250-SIZE "                                      \
          "1000000\r\n250-ENHANCEDSTATUSCODES\r\n"                                                 \
          "250-CHUNKING\r\n250-XEXCH50\r\n250-XUSR\r\n250-AUTH LOGIN\r\n250 8BITMIME\r\n")
#define HELLO_PLAIN BANNER, EHLO, S("250 mx.example.com\r\n")
#define MAIL C("MAIL FROM:<bounce@shop.example>")
#define MAIL_OK MAIL, S("250 2.1.0 ok\r\n")
#define RCPT C("RCPT TO:<user")
#define DATA C("DATA")
#define RCPT_DATA_OK RCPT, DATA, S("250 2.1.5 ok\r\n354 go ahead\r\n")
#define RCPT_OK RCPT, S("250 2.1.5 ok\r\n")
#define DATA_OK DATA, S("354 go ahead\r\n")
#define ONE HELLO, MAIL_OK, RCPT_DATA_OK, TEXT
#define NEXT MAIL_OK, RCPT_DATA_OK, TEXT, S("250 2.0.0 second\r\n")
#define QUIT C("QUIT")
#define RSET C("RSET")
#define RSET_OK S("250 2.0.0 ok\r\n")

#define QUEUED                                                                                     \
    {                                                                                              \
        PHASE_DOT, 250, "2.0.0", "queued", false                                                   \
    }
#define SECOND                                                                                     \
    {                                                                                              \
        PHASE_DOT, 250, "2.0.0", "second", false                                                   \
    }
#define ORDERLY                                                                                    \
    {                                                                                              \
        PHASE_QUIT, 0, "", "", false                                                               \
    }
#define LOST(phase)                                                                                \
    {                                                                                              \
        phase, 0, "", "the server closed the connection", false                                    \
    }
#define DOUBT(text)                                                                                \
    {                                                                                              \
        PHASE_DOT, 0, "", text, true                                                               \
    }

static const struct row rows[] = {
    /* --- plain sailing */
    {"accepted", STEPS(ONE, S("250 2.0.0 queued\r\n"), QUIT), 1, {QUEUED}, ORDERLY, 0},
    {"two on one connection",
     STEPS(ONE, S("250 2.0.0 queued\r\n"), NEXT, QUIT),
     2,
     {QUEUED, SECOND},
     ORDERLY,
     0},
    {"without PIPELINING",
     STEPS(HELLO_PLAIN, MAIL_OK, RCPT_OK, DATA_OK, TEXT, S("250 2.0.0 queued\r\n"), MAIL_OK,
           RCPT_OK, DATA_OK, TEXT, S("250 2.0.0 second\r\n"), QUIT),
     2,
     {QUEUED, SECOND},
     ORDERLY,
     0},
    {"only HELO",
     STEPS(BANNER, EHLO, S("502 5.5.1 what?\r\n"), C("HELO sender.example"), S("250 mx\r\n"),
           MAIL_OK, RCPT_OK, DATA_OK, TEXT, S("250 2.0.0 queued\r\n"), QUIT),
     1,
     {QUEUED},
     ORDERLY,
     0},
    {"SIZE is said where it is announced",
     STEPS(HELLO, C("MAIL FROM:<bounce@shop.example> SIZE="), S("552 5.3.4 too big\r\n"), QUIT),
     1,
     {{PHASE_MAIL, 552, "5.3.4", "too big", false}},
     ORDERLY,
     0},

    /* --- refusals */
    {"banner 554",
     STEPS(S("554 5.7.1 go away\r\n"), QUIT),
     2,
     {{0}},
     {PHASE_BANNER, 554, "5.7.1", "go away", false},
     2},
    {"banner 421 and gone",
     STEPS(S("421 4.3.2 busy\r\n"), HANGUP),
     2,
     {{0}},
     {PHASE_BANNER, 421, "4.3.2", "busy", false},
     2},
    {"banner 250",
     STEPS(S("250 hello\r\n")),
     1,
     {{0}},
     {PHASE_BANNER, 0, "", "unexpected greeting: 250 hello", false},
     1},
    {"EHLO 550",
     STEPS(BANNER, EHLO, S("550 5.7.1 bad name\r\n"), QUIT),
     1,
     {{0}},
     {PHASE_EHLO, 550, "5.7.1", "bad name", false},
     1},
    {"EHLO 421",
     STEPS(BANNER, EHLO, S("421 4.7.0 later\r\n"), QUIT),
     1,
     {{0}},
     {PHASE_EHLO, 421, "4.7.0", "later", false},
     1},
    {"HELO refused too",
     STEPS(BANNER, EHLO, S("500 what\r\n"), C("HELO"), S("550 no\r\n"), QUIT),
     1,
     {{0}},
     {PHASE_EHLO, 550, "", "no", false},
     1},
    {"MAIL refused, the next goes on",
     STEPS(HELLO, MAIL, S("451 4.3.0 not now\r\n"), NEXT, QUIT),
     2,
     {{PHASE_MAIL, 451, "4.3.0", "not now", false}, SECOND},
     ORDERLY,
     0},
    {"RCPT refused with PIPELINING, DATA too",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550 5.1.1 no such user\r\n554 5.5.1 no recipients\r\n"),
           RSET, RSET_OK, NEXT, QUIT),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no such user", false}, SECOND},
     ORDERLY,
     0},
    {"RCPT refused with PIPELINING, DATA taken: a lone dot and no text",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("450 4.2.1 greylisted\r\n354 go\r\n"), C("."),
           S("554 5.5.1 no recipients\r\n"), RSET, RSET_OK, NEXT, QUIT),
     2,
     {{PHASE_RCPT, 450, "4.2.1", "greylisted", false}, SECOND},
     ORDERLY,
     0},
    {"the lone dot is even accepted",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550 5.1.1 no\r\n354 go\r\n"), C("."), S("250 ok\r\n"),
           NEXT, QUIT),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no", false}, SECOND},
     ORDERLY,
     0},
    {"RCPT refused without PIPELINING: no DATA at all",
     STEPS(HELLO_PLAIN, MAIL_OK, RCPT, S("550 5.1.1 no such user\r\n"), RSET, RSET_OK, MAIL_OK,
           RCPT_OK, DATA_OK, TEXT, S("250 2.0.0 second\r\n"), QUIT),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no such user", false}, SECOND},
     ORDERLY,
     0},
    {"DATA refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("250 2.1.5 ok\r\n452 4.3.1 full\r\n"), RSET, RSET_OK, NEXT,
           QUIT),
     2,
     {{PHASE_DATA, 452, "4.3.1", "full", false}, SECOND},
     ORDERLY,
     0},
    {"text refused",
     STEPS(ONE, S("554 5.7.1 spam\r\n"), RSET, RSET_OK, NEXT, QUIT),
     2,
     {{PHASE_DOT, 554, "5.7.1", "spam", false}, SECOND},
     ORDERLY,
     0},

    /* --- 421 ends the connection, wherever it comes; nothing new is begun */
    {"421 to MAIL",
     STEPS(HELLO, MAIL, S("421 4.7.0 enough\r\n"), HANGUP),
     2,
     {{PHASE_MAIL, 421, "4.7.0", "enough", false}},
     {PHASE_MAIL, 421, "4.7.0", "enough", false},
     1},
    {"421 to RCPT",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("421 4.7.0 enough\r\n"), HANGUP),
     2,
     {{PHASE_RCPT, 421, "4.7.0", "enough", false}},
     {PHASE_RCPT, 421, "4.7.0", "enough", false},
     1},
    {"421 to DATA",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("250 2.1.5 ok\r\n421 4.7.0 enough\r\n"), HANGUP),
     2,
     {{PHASE_DATA, 421, "4.7.0", "enough", false}},
     {PHASE_DATA, 421, "4.7.0", "enough", false},
     1},
    {"421 to the dot",
     STEPS(ONE, S("421 4.7.0 enough\r\n"), HANGUP),
     2,
     {{PHASE_DOT, 421, "4.7.0", "enough", false}},
     {PHASE_DOT, 421, "4.7.0", "enough", false},
     1},
    {"421 behind an acceptance",
     STEPS(ONE, S("250 2.0.0 queued\r\n421 4.7.0 enough\r\n"), HANGUP),
     2,
     {QUEUED},
     {PHASE_DOT, 421, "4.7.0", "enough", false},
     1},
    {"421 behind the reply to MAIL",
     STEPS(HELLO, MAIL, S("250 2.1.0 ok\r\n421 4.7.0 enough\r\n"), HANGUP),
     2,
     {{PHASE_MAIL, 421, "4.7.0", "enough", false}},
     {PHASE_MAIL, 421, "4.7.0", "enough", false},
     1},

    /* --- the connection is lost */
    {"lost before the banner", STEPS(HANGUP), 2, {{0}}, LOST(PHASE_BANNER), 2},
    {"lost amid the banner", STEPS(S("220-mx"), HANGUP), 2, {{0}}, LOST(PHASE_BANNER), 2},
    {"lost at EHLO", STEPS(BANNER, EHLO, HANGUP), 2, {{0}}, LOST(PHASE_EHLO), 2},
    {"lost at MAIL", STEPS(HELLO, MAIL, HANGUP), 2, {LOST(PHASE_MAIL)}, LOST(PHASE_MAIL), 1},
    {"reset at MAIL", STEPS(HELLO, MAIL, RESET), 2, {LOST(PHASE_MAIL)}, LOST(PHASE_MAIL), 1},
    {"lost at RCPT",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, HANGUP),
     2,
     {LOST(PHASE_RCPT)},
     LOST(PHASE_RCPT),
     1},
    {"lost at DATA",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("250 2.1.5 ok\r\n"), HANGUP),
     2,
     {LOST(PHASE_DATA)},
     LOST(PHASE_DATA),
     1},
    {"lost after a refused RCPT",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550 5.1.1 no\r\n"), HANGUP),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no", false}},
     LOST(PHASE_DATA),
     1},
    {"lost after the dot",
     STEPS(ONE, HANGUP),
     2,
     {DOUBT("closed the connection at the final dot")},
     LOST(PHASE_DOT),
     1},
    {"reset after the dot",
     STEPS(ONE, RESET),
     2,
     {DOUBT("closed the connection at the final dot")},
     LOST(PHASE_DOT),
     1},
    {"accepted, then lost", STEPS(ONE, S("250 2.0.0 queued\r\n"), HANGUP), 1, {QUEUED}, ORDERLY, 0},
    {"accepted without a line end, then lost",
     STEPS(ONE, S("250 2.0.0 queued"), HANGUP),
     1,
     {QUEUED},
     {PHASE_DOT, 0, "", "closed the connection amid a reply", false},
     0},
    {"acceptance breaks off",
     STEPS(ONE, S("250-2.0.0 queued\r\n"), HANGUP),
     1,
     {QUEUED},
     LOST(PHASE_DOT),
     0},
    {"refusal breaks off",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550-5.1.1 no such\r\n550-us"), HANGUP),
     1,
     {{PHASE_RCPT, 550, "5.1.1", "no such", false}},
     LOST(PHASE_DATA),
     0},

    /* --- replies that libESMTP does not take; ENHANCEDSTATUSCODES is announced in all of them */
    {"enhanced codes differ: MAIL",
     STEPS(HELLO, MAIL, S("250-2.1.0 ok\r\n250 2.0.0 so ok\r\n"), RCPT_DATA_OK, TEXT,
           S("250 2.0.0 queued\r\n"), QUIT),
     1,
     {QUEUED},
     ORDERLY,
     0},
    {"enhanced codes missing: RCPT refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA,
           S("550-5.7.1 blocked\r\n550 see http://example.com/\r\n554 no\r\n"), RSET, RSET_OK, NEXT,
           QUIT),
     2,
     {{PHASE_RCPT, 550, "5.7.1", "blocked see http://example.com/", false}, SECOND},
     ORDERLY,
     0},
    {"enhanced codes missing: accepted",
     STEPS(ONE, S("250-2.0.0 queued\r\n250 as 4711\r\n"), NEXT, QUIT),
     2,
     {QUEUED, SECOND},
     ORDERLY,
     0},
    {"no enhanced codes at all",
     STEPS(ONE, S("250-queued\r\n250 2.0.0\r\n"), QUIT),
     1,
     {QUEUED},
     ORDERLY,
     0},
    {"codes differ: banner",
     STEPS(S("220-mx\r\n554 mx\r\n")),
     1,
     {{0}},
     {PHASE_BANNER, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: EHLO",
     STEPS(BANNER, EHLO, S("250-mx\r\n251 PIPELINING\r\n"), QUIT),
     1,
     {{0}},
     {PHASE_EHLO, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: MAIL",
     STEPS(HELLO, MAIL, S("250-ok\r\n251 ok\r\n"), QUIT),
     2,
     {{PHASE_MAIL, 0, "", "libESMTP gave up", false}},
     {PHASE_MAIL, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: MAIL refused",
     STEPS(HELLO, MAIL, S("550-5.7.1 no\r\n554 never\r\n"), QUIT),
     2,
     {{PHASE_MAIL, 550, "5.7.1", "no never", false}},
     {PHASE_MAIL, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: RCPT refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550-5.1.1 no\r\n450 user\r\n554 x\r\n")),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no user", false}},
     {PHASE_DATA, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: DATA refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("250 ok\r\n450-4.3.1 full\r\n550 x\r\n"), QUIT),
     2,
     {{PHASE_DATA, 450, "4.3.1", "full x", false}},
     {PHASE_DATA, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: accepted",
     STEPS(ONE, S("250-2.0.0 queued\r\n550 or not\r\n"), QUIT),
     2,
     {QUEUED},
     {PHASE_DOT, 0, "", "libESMTP gave up", false},
     1},
    {"codes differ: text refused",
     STEPS(ONE, S("554-5.7.1 spam\r\n250 2.0.0 ok\r\n"), QUIT),
     2,
     {{PHASE_DOT, 554, "5.7.1", "spam", false}},
     {PHASE_DOT, 0, "", "libESMTP gave up", false},
     1},
    {"more than 4,096 bytes: accepted",
     STEPS(ONE, S("250-2.0.0 queued\r\n250-"), FILL(900), S("\r\n250-"), FILL(900), S("\r\n250-"),
           FILL(900), S("\r\n250-"), FILL(900), S("\r\n250-"), FILL(900), S("\r\n250 end\r\n")),
     2,
     {QUEUED},
     {PHASE_DOT, 0, "", "libESMTP gave up", false},
     1},
    {"more than 4,096 bytes: RCPT refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550-5.1.1 no\r\n550-"), FILL(900), S("\r\n550-"),
           FILL(900), S("\r\n550-"), FILL(900), S("\r\n550-"), FILL(900), S("\r\n550-"), FILL(900),
           S("\r\n550 end\r\n554 x\r\n")),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no", false}},
     {PHASE_DATA, 0, "", "libESMTP gave up", false},
     1},
    {"a line of more than 1,023 bytes: accepted",
     STEPS(ONE, S("250 2.0.0 queued "), FILL(1500), S("\r\n")),
     2,
     {QUEUED},
     {PHASE_DOT, 0, "", "a reply line of more than 1000 bytes", false},
     1},
    {"a line of more than 1,023 bytes: RCPT refused",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("550 5.1.1 no "), FILL(3000), S("\r\n554 x\r\n")),
     2,
     {{PHASE_RCPT, 550, "5.1.1", "no", false}},
     {PHASE_RCPT, 0, "", "a reply line of more than 1000 bytes", false},
     1},
    {"a line of more than 1,023 bytes: MAIL accepted",
     STEPS(HELLO, MAIL, S("250 ok "), FILL(3000), S("\r\n")),
     2,
     {{PHASE_MAIL, 0, "", "a reply line of more than 1000 bytes", false}},
     {PHASE_MAIL, 0, "", "a reply line of more than 1000 bytes", false},
     1},
    {"a banner without end",
     STEPS(S("220 "), FILL(20000)),
     1,
     {{0}},
     {PHASE_BANNER, 0, "", "a reply line of more than 1000 bytes", false},
     1},
    {"no reply at all: MAIL",
     STEPS(HELLO, MAIL, S("who are you?\r\n250 ok\r\n")),
     2,
     {{PHASE_MAIL, 0, "", "not an SMTP reply: \"who are you?", false}},
     {PHASE_MAIL, 0, "", "not an SMTP reply", false},
     1},
    {"no reply at all: dot",
     STEPS(ONE, S("yes\r\n")),
     2,
     {DOUBT("not an SMTP reply: \"yes")},
     {PHASE_DOT, 0, "", "not an SMTP reply", false},
     1},
    {"1xx to the dot, then 221 to QUIT is no acceptance",
     STEPS(ONE, S("150 well\r\n221 bye\r\n")),
     2,
     {DOUBT("not an SMTP reply: \"150 well")},
     {PHASE_DOT, 0, "", "not an SMTP reply", false},
     1},
    {"354 to the dot",
     STEPS(ONE, S("354 more\r\n")),
     2,
     {DOUBT("unexpected reply: 354 more")},
     {PHASE_DOT, 0, "", "unexpected reply: 354 more", false},
     1},
    {"250 to DATA",
     STEPS(HELLO, MAIL_OK, RCPT, DATA, S("250 ok\r\n250 fine\r\n")),
     2,
     {{PHASE_DATA, 0, "", "unexpected reply: 250 fine", false}},
     {PHASE_DATA, 0, "", "unexpected reply: 250 fine", false},
     1},
    {"354 to MAIL",
     STEPS(HELLO, MAIL, S("354 go\r\n")),
     2,
     {{PHASE_MAIL, 0, "", "unexpected reply: 354 go", false}},
     {PHASE_MAIL, 0, "", "unexpected reply: 354 go", false},
     1},
    {"each reply twice: no acceptance by shift",
     STEPS(HELLO, MAIL, S("250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued\r\n")),
     2,
     {{PHASE_MAIL, 0, "", "unexpected reply: 250 ok", false}},
     {PHASE_MAIL, 0, "", "unexpected reply: 250 ok", false},
     1},
    {"a reply behind the acceptance",
     STEPS(ONE, S("250 2.0.0 queued\r\n250 again\r\n")),
     2,
     {QUEUED},
     {PHASE_DOT, 0, "", "unexpected reply: 250 again", false},
     1},
    {"8-bit EHLO reply",
     STEPS(BANNER, EHLO,
           S("250-\xed\x95\x9c\xea\xb5\xad\r\n250-\xff\xfe \x80\r\n250 PIPELINING\r\n"), MAIL_OK,
           RCPT_DATA_OK, TEXT, S("250 2.0.0 queued\r\n"), QUIT),
     1,
     {QUEUED},
     ORDERLY,
     0},
};

static unsigned troubles;

/* Goes on with the other rows. */
static void trouble(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void trouble(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    troubles++;
}

static void check(const char *row, const char *what, const struct want *w, const struct outcome *o)
{
    if (o->phase != w->phase || o->reply.code != w->code ||
        strcmp(o->reply.enhanced, w->enhanced) != 0 || !strstr(o->reply.text, w->text) ||
        o->dot_unanswered != w->is_in_doubt)
        trouble("%s: %s: phase %d, %d %s \"%s\"%s", row, what, (int)o->phase, o->reply.code,
                o->reply.enhanced, o->reply.text, o->dot_unanswered ? ", in doubt" : "");
}

/* What the hand-over record must say of a message that ended so, when its outcome arrives. */
static void check_handover(const char *row, const char *history, const struct outcome *o)
{
    const char *wanted = o->dot_unanswered       ? "begin dot doubt"
                         : o->phase == PHASE_DOT ? "begin dot end"
                                                 : "begin end";

    if (strcmp(history, wanted) != 0)
        trouble("%s: handover: %s", row, history);
}

static void run_row(const struct row *row)
{
    struct pool_options o = {0};
    struct server *s = server_start("127.0.0.1", (const struct step *[]){row->script, NULL});
    struct rig rig;
    unsigned i;

    rig_start(&rig, &o);
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, row->deliveries));
    rig_run(&rig);
    server_stop(s);
    if (server_trouble(s)[0])
        trouble("%s: server: %s", row->name, server_trouble(s));
    for (i = 0; i < 3 && row->outcome[i].text; i++) {
        if (i >= rig.outcomes) {
            trouble("%s: only %u outcomes", row->name, rig.outcomes);
            break;
        }
        check(row->name, "outcome", &row->outcome[i], &rig.outcome[i]->outcome);
        assert_int_equal(rig.outcome[i]->outcome.rid, i + 1);
        check_handover(row->name, rig.history[i], &rig.outcome[i]->outcome);
    }
    if (rig.outcomes != i || rig_left(&rig, 0) != row->left)
        trouble("%s: %u outcomes, %u left", row->name, rig.outcomes, rig_left(&rig, 0));
    check(row->name, "closed", &row->closed, &rig.closed[0]->outcome);
    if (!row->closed.text[0] && rig.closed[0]->outcome.reply.text[0])
        trouble("%s: closed: %s", row->name, rig.closed[0]->outcome.reply.text);
    rig_stop(&rig);
    server_free(s);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
    assert_int_equal(troubles, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
