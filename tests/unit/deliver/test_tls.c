/* STARTTLS, opportunistic: taken when offered, whatever the certificate; what breaks it is told
 * apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "helper_rig.h"

#define OFFER                                                                                      \
    S("220 mx\r\n"), C("EHLO sender.example"), S("250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
#define AGAIN C("EHLO sender.example"), S("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
#define MAIL C("MAIL"), S("250 ok\r\n")
#define TEXT_OK C("RCPT"), C("DATA"), S("250 ok\r\n354 go\r\n"), TEXT

struct row {
    const char *name;
    const struct step *script;
    const char *text; /* of `closed`; "": orderly */
    int code;
    bool is_tls_broken;
    unsigned accepted;
};
#define STEPS(...)                                                                                 \
    (const struct step[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, END                                                                           \
    }

static const struct row rows[] = {
    {"a self-signed certificate of another name will do",
     STEPS(OFFER, C("STARTTLS"), S("220 go\r\n"), TLS, AGAIN, MAIL, TEXT_OK, S("250 ok\r\n"), MAIL,
           TEXT_OK, S("250 ok\r\n"), C("QUIT")),
     "", 0, false, 2},
    {"the handshake fails", STEPS(OFFER, C("STARTTLS"), S("220 go\r\n"), NO_TLS, HANGUP),
     "the TLS handshake failed: ", 0, true, 0},
    {"the connection is lost in the handshake",
     STEPS(OFFER, C("STARTTLS"), S("220 go\r\n"), HANGUP), "the TLS handshake", 0, true, 0},
    {"announced and refused",
     STEPS(OFFER, C("STARTTLS"), S("454 4.7.0 no TLS today\r\n"), C("QUIT")), "no TLS today", 454,
     true, 0},
    {"421 is no word about TLS", STEPS(OFFER, C("STARTTLS"), S("421 4.7.0 busy\r\n"), C("QUIT")),
     "busy", 421, false, 0},
    {"lost at STARTTLS", STEPS(OFFER, C("STARTTLS"), HANGUP),
     "the server closed the connection at STARTTLS", 0, false, 0},
    /* CVE-2021-38371 and its kin: replies in clear text, to be taken for those of the protected
     * session. */
    {"injection behind the reply to STARTTLS",
     STEPS(OFFER, C("STARTTLS"), S("220 go\r\n250-evil\r\n250 PIPELINING\r\n250 ok\r\n")),
     "the server sent clear text behind its reply to STARTTLS", 0, false, 0},
    {"injection of half a line", STEPS(OFFER, C("STARTTLS"), S("220 go\r\n2")),
     "the server sent clear text behind its reply to STARTTLS", 0, false, 0},
    {"injection before the question",
     STEPS(S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 STARTTLS\r\n220 go\r\n250 evil\r\n")),
     "unexpected reply: 220 go", 0, false, 0},
    {"half an injection before the question",
     STEPS(S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 STARTTLS\r\n220 g")),
     "the server spoke out of turn", 0, false, 0},
};

static void run_row(const struct row *row)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){row->script, NULL});
    struct dial_target *t = rig_target(s);
    const struct pool_report *closed;
    struct rig rig;

    t->use_starttls = true;
    rig_start(&rig, NULL);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 2));
    rig_run(&rig);
    server_stop(s);
    closed = rig.closed[0];
    if (server_trouble(s)[0])
        fail_msg("%s: server: %s; we: %s", row->name, server_trouble(s),
                 closed->outcome.reply.text);
    if (!strstr(closed->outcome.reply.text, row->text) || closed->outcome.reply.code != row->code ||
        closed->tls_failed != row->is_tls_broken || rig.outcomes != row->accepted ||
        rig_left(&rig, 0) != 2 - row->accepted)
        fail_msg("%s: %d %s, %s, %u outcomes", row->name, closed->outcome.reply.code,
                 closed->outcome.reply.text, closed->tls_failed ? "broken" : "not broken",
                 rig.outcomes);
    for (unsigned i = 0; i < rig.outcomes; i++)
        assert_true(rig.outcome[i]->outcome.tls && rig.outcome[i]->outcome.reply.code == 250);
    if (row->accepted)
        assert_string_equal(server_sni(s), "mx1.example.com");
    else
        assert_int_equal(closed->outcome.phase,
                         strstr(row->name, "before") ? PHASE_EHLO : PHASE_STARTTLS);
    rig_stop(&rig);
    server_free(s);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
}

static void test_not_wanted_or_not_offered(void **state)
{
    static const struct step offered[] = {OFFER, MAIL, TEXT_OK, S("250 ok\r\n"), C("QUIT"), END};
    static const struct step plain[] = {S("220 mx\r\n"),
                                        C("EHLO"),
                                        S("250-mx\r\n250 PIPELINING\r\n"),
                                        MAIL,
                                        TEXT_OK,
                                        S("250 ok\r\n"),
                                        C("QUIT"),
                                        END};

    (void)state;
    for (int wanted = 0; wanted < 2; wanted++) {
        struct server *s =
            server_start("127.0.0.1", (const struct step *[]){wanted ? plain : offered, NULL});
        struct dial_target *t = rig_target(s);
        struct rig rig;

        t->use_starttls = wanted;
        rig_start(&rig, NULL);
        rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
        rig_run(&rig);
        server_stop(s);
        assert_string_equal(server_trouble(s), "");
        assert_int_equal(rig.outcome[0]->outcome.reply.code, 250);
        assert_false(rig.outcome[0]->outcome.tls);
        rig_stop(&rig);
        server_free(s);
    }
}

static void test_silence_in_the_handshake(void **state)
{
    static const struct step script[] = {OFFER, C("STARTTLS"), S("220 go\r\n"), END};
    struct pool_options o = {.starttls_ms = 120};
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct dial_target *t = rig_target(s);
    struct rig rig;

    (void)state;
    t->use_starttls = true;
    rig_start(&rig, &o);
    rig_open(&rig, 0, t, rig_chain(&rig, 1, 1));
    rig_run(&rig);
    assert_true(rig.closed[0]->tls_failed);
    assert_string_equal(rig.closed[0]->outcome.reply.text, "timed out at the TLS handshake");
    server_stop(s);
    rig_stop(&rig);
    server_free(s);
}

/* The same hazards inside TLS: the dialogue reads what was decrypted. */
static void test_losses_inside_tls(void **state)
{
    static const struct step dot[] = {OFFER, C("STARTTLS"), S("220 go\r\n"), TLS, AGAIN,
                                      MAIL,  TEXT_OK,       HANGUP,          END};
    static const struct step odd[] = {
        OFFER, C("STARTTLS"), S("220 go\r\n"), TLS,
        AGAIN, MAIL,          TEXT_OK,         S("250-2.0.0 queued\r\n451 or not\r\n"),
        END};
    const struct step *const scripts[] = {dot, odd};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct server *s = server_start("127.0.0.1", (const struct step *[]){scripts[i], NULL});
        struct dial_target *t = rig_target(s);
        struct rig rig;

        t->use_starttls = true;
        rig_start(&rig, NULL);
        rig_open(&rig, 0, t, rig_chain(&rig, 1, 2));
        rig_run(&rig);
        server_stop(s);
        assert_string_equal(server_trouble(s), "");
        assert_int_equal(rig.outcomes, 1);
        assert_string_equal(rig.outcome[0]->outcome.reply.text,
                            i == 0 ? "the server closed the connection at the final dot"
                                   : "queued or not");
        assert_int_equal(rig.outcome[0]->outcome.dot_unanswered, i == 0);
        assert_int_equal(rig.outcome[0]->outcome.reply.code, i == 0 ? 0 : 250);
        assert_int_equal(rig_left(&rig, 0), 1);
        assert_false(rig.closed[0]->tls_failed);
        rig_stop(&rig);
        server_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_not_wanted_or_not_offered),
        cmocka_unit_test(test_silence_in_the_handshake),
        cmocka_unit_test(test_losses_inside_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
