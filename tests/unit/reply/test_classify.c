/* Sentences are our own: what receivers mean, not what one of them wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <sluice/reply/reply.h>

static void judge(const char *provider, enum phase phase, const char *line, struct verdict *v)
{
    struct reply_reader r;

    reply_reader_init(&r);
    assert_true(reply_reader_line(&r, line, strlen(line)));
    reply_classify(provider, phase, &r.reply, v);
}

static void understands_texts(void **state)
{
    static const struct {
        const char *reply, *want;
    } rows[] = {
        /* the mailbox does not exist */
        {"550 5.1.1 There is no such mailbox here", "user-unknown"},
        {"550 kim@mail.example: we do not know this user (unknown user)", "user-unknown"},
        {"550 5.7.1 The recipient you wrote to doesn't exist any more", "user-unknown"},
        {"550 5.2.1 <kim@mail.example>: user not found", "user-unknown"},
        {"550 5.4.1 <kim@mail.example>: Recipient address rejected: Access denied", "user-unknown"},
        {"551 5.1.6 She has moved on; recipient no longer on this server", "user-unknown"},
        {"550 존재하지 않는 사용자입니다", "user-unknown"},
        {"550 5.1.1 RUSR 192.0.2.9: nobody by that name", "user-unknown"},
        {"550 Empfänger unbekannt", "user-unknown"},
        {"550 El usuario no existe", "user-unknown"},
        /* it sleeps or is closed */
        {"550 5.1.1 dormant account", "mailbox-disabled"},
        {"550 5.1.1 Inactive mailbox", "mailbox-disabled"},
        {"550 This account has been suspended by its provider", "mailbox-disabled"},
        {"554 kim@mail.example is a disabled account", "mailbox-disabled"},
        {"550 5.2.1 RACT 192.0.2.9: sleeping", "mailbox-disabled"},
        {"550 휴면 상태의 메일함입니다", "mailbox-disabled"},
        {"452 4.2.1 user temporarily disabled", "mailbox-disabled"},
        /* it is full */
        {"452 4.2.2 The mailbox of Kim is full", "mailbox-full"},
        {"552 5.2.2 storage quota of the user exceeded", "mailbox-full"},
        {"550 recipient is over the quota", "mailbox-full"},
        {"552 the account ran out of storage space", "mailbox-full"},
        {"550 메일함 용량을 초과하였습니다", "mailbox-full"},
        /* this person does not want it */
        {"550 5.7.1 RDENY 192.0.2.9: no thanks", "recipient-refused"},
        {"550 the receiver refused your letters", "recipient-refused"},
        {"550 5.7.1 수신거부된 발신자입니다", "recipient-refused"},
        /* us: lists, names, reputation */
        {"554 5.7.1 Client host [192.0.2.9] blocked using zen.lists.example", "sender-blocked"},
        {"550 5.1.1 kim@mail.example rejected: 192.0.2.9 is listed at bl.lists.example",
         "sender-blocked"},
        {"550 your server is on our blacklist, no such user", "sender-blocked"},
        {"450 4.7.1 cannot find your reverse hostname", "sender-blocked"},
        {"421 4.7.0 poor reputation of your network", "sender-blocked"},
        {"421 4.3.2 Your IP(192.0.2.9) is filtered", "sender-blocked"},
        {"550 5.7.25 no pointer record", "sender-blocked"},
        {"421 4.4.5 CCRT 192.0.2.9: refused", "sender-blocked"},
        /* us: authentication */
        {"550 5.7.1 rejected by the DMARC policy of shop.example", "auth-failed"},
        {"550 SPF check said no for 192.0.2.9", "auth-failed"},
        {"550 5.7.515 the sending domain is below the level that we ask for", "auth-failed"},
        {"550 5.7.26 go and sign your mail", "auth-failed"},
        {"550 5.1.1 <kim@mail.example>: DKIM signature missing", "auth-failed"},
        /* us: the message, its size, its form */
        {"554 5.7.1 This looks like spam to us", "spam-content"},
        {"550 virus found in the attachment", "spam-content"},
        {"554 5.7.1 스팸으로 분류된 메일입니다", "spam-content"},
        {"552 5.3.4 message exceeds the maximum size", "message-too-large"},
        {"552 5.2.3 the letter is 40 MB, the limit for a message size is 20", "message-too-large"},
        {"550 5.6.0 duplicate Subject header", "protocol-error"},
        {"501 syntax error in parameters", "protocol-error"},
        /* us: what we asked for */
        {"554 5.7.1 <kim@mail.example>: Relay access denied", "relay-denied"},
        {"550 we do not relay for strangers", "relay-denied"},
        {"553 that domain is not in my list of rcpthosts", "relay-denied"},
        {"530 5.7.0 Must issue a STARTTLS command first", "tls-failed"},
        {"550 5.1.8 sender address rejected: domain not found", "policy-refused"},
        {"550 5.7.1 delivery prohibited by local policy", "policy-refused"},
        {"553 5.1.7 MADDR 192.0.2.9: strange", "policy-refused"},
        /* not now */
        {"450 4.2.0 greylisted, come back in 300 seconds", "greylisted"},
        {"451 4.7.1 please try again in 5 minutes", "greylisted"},
        {"421 too many connections from your host", "rate-limited"},
        {"450 4.2.1 this user is receiving mail too quickly", "rate-limited"},
        {"421 4.3.1 You send too many messages.", "rate-limited"},
        {"452 4.5.3 too many recipients", "rate-limited"},
        {"550 Ip frequency limited", "rate-limited"},
        {"451 4.3.0 temporary failure of our database", "system-error"},
        {"452 4.3.1 insufficient system storage", "system-error"},
        {"421 4.4.1 CHIC 192.0.2.9: later", "system-error"},
        {"451 정기점검 중입니다", "system-error"},
        {"554 5.4.6 too many hops", "network"},
        {"441 4.4.1 No answer from host", "network"},
        {"550 4.4.7 message expired", "expired"},
        {"550 5.1.2 host unknown", "host-unknown"},
        {"550 5.4.4 no MX for this name", "host-unknown"},
        /* nothing is known */
        {"550 the sky is blue", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v;

        judge("", PHASE_RCPT, rows[i].reply, &v);
        if (strcmp(category_name(v.category), rows[i].want) != 0)
            print_error("%s\n  is %s by rule %s\n", rows[i].reply, category_name(v.category),
                        v.rule);
        assert_string_equal(category_name(v.category), rows[i].want);
        assert_true(v.rule[0]);
    }
}

static void codes_speak_when_no_text_does(void **state)
{
    static const struct {
        enum phase phase;
        const char *reply, *want;
    } rows[] = {
        {PHASE_RCPT, "550 5.1.1 xyzzy", "user-unknown"},
        {PHASE_RCPT, "450 4.1.1 xyzzy", "system-error"},
        {PHASE_RCPT, "550 5.1.2 xyzzy", "host-unknown"},
        {PHASE_RCPT, "550 5.1.8 xyzzy", "policy-refused"},
        {PHASE_RCPT, "550 5.2.1 xyzzy", "mailbox-disabled"},
        {PHASE_RCPT, "525 5.7.13 xyzzy", "mailbox-disabled"},
        {PHASE_RCPT, "452 4.2.2 xyzzy", "mailbox-full"},
        {PHASE_RCPT, "552 5.3.4 xyzzy", "message-too-large"},
        {PHASE_RCPT, "550 5.3.0 xyzzy", "system-error"},
        {PHASE_RCPT, "450 4.4.2 xyzzy", "network"},
        {PHASE_RCPT, "550 4.4.7 xyzzy", "expired"},
        {PHASE_RCPT, "550 5.7.1 xyzzy", "policy-refused"},
        {PHASE_RCPT, "550 xyzzy (#5.1.1)", "user-unknown"},
        {PHASE_RCPT, "452 xyzzy", "mailbox-full"},
        {PHASE_RCPT, "552 xyzzy", "mailbox-full"},
        {PHASE_DOT, "552 xyzzy", "message-too-large"},
        {PHASE_DOT, "554 xyzzy", "policy-refused"},
        {PHASE_RCPT, "551 xyzzy", "user-unknown"},
        {PHASE_RCPT, "556 xyzzy", "host-unknown"},
        {PHASE_RCPT, "550 xyzzy", "unknown"},
        {PHASE_RCPT, "503 xyzzy", "protocol-error"},
        {PHASE_RCPT, "421 xyzzy", "system-error"},
        {PHASE_BANNER, "554 xyzzy", "sender-blocked"},
        {PHASE_EHLO, "550 xyzzy", "sender-blocked"},
        {PHASE_EHLO, "502 xyzzy", "protocol-error"},
        {PHASE_STARTTLS, "454 xyzzy", "tls-failed"},
        {PHASE_MAIL, "550 xyzzy", "policy-refused"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v;

        judge("", rows[i].phase, rows[i].reply, &v);
        if (strcmp(category_name(v.category), rows[i].want) != 0)
            print_error("%s %s\n", phase_name(rows[i].phase), rows[i].reply);
        assert_string_equal(category_name(v.category), rows[i].want);
        assert_true(v.by_code_only);
    }
}

/* Every text that condemns a mailbox, at every phase before there is one. */
static void nothing_before_rcpt_is_about_the_recipient(void **state)
{
    static const char *const texts[] = {
        "no such user", "mailbox is full", "account disabled", "the receiver refused your mail",
        "host unknown", "5.1.1",           "5.2.2 xyzzy",      "5.2.1 xyzzy",
        "휴면 계정",    "quota exceeded",
    };

    (void)state;
    for (enum phase p = PHASE_CONNECT; p <= PHASE_MAIL; p++) {
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            for (int code = 450; code <= 552; code += 102) {
                char line[200];
                struct verdict v;
                enum group g;

                snprintf(line, sizeof line, "%d %s", code, texts[i]);
                judge("", p, line, &v);
                g = category_group(v.category);
                assert_true(g == GROUP_OUR_SIDE || g == GROUP_RETRY);
                assert_int_equal(v.is_permanent, code == 552 && p == PHASE_MAIL);
                assert_true(v.scope != SCOPE_RECIPIENT);
            }
        }
    }
}

static void finality(void **state)
{
    static const struct {
        enum phase phase;
        const char *reply;
        bool want;
    } rows[] = {
        {PHASE_RCPT, "550 5.1.1 no such user", true},
        {PHASE_RCPT, "450 4.1.1 no such user", false},
        {PHASE_RCPT, "451 invalid recipient", false},
        {PHASE_DATA, "554 no", true},
        {PHASE_DOT, "554 spam", true},
        {PHASE_DOT, "451 spam", false},
        {PHASE_RCPT, "550 too many messages", true}, /* RFC 5321: a 5xx is never repeated */
        {PHASE_MAIL, "550 sender rejected", true},
        {PHASE_MAIL, "530 must issue STARTTLS first", false}, /* the next attempt can */
        {PHASE_BANNER, "554 go away", false},
        {PHASE_EHLO, "550 go away", false},
        {PHASE_QUIT, "500 what?", false},
        {PHASE_DOT, "250 queued", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v;

        judge("", rows[i].phase, rows[i].reply, &v);
        assert_int_equal(v.is_permanent, rows[i].want);
    }
}

static void scopes(void **state)
{
    static const struct {
        enum phase phase;
        const char *reply;
        enum scope want;
    } rows[] = {
        {PHASE_RCPT, "550 no such user", SCOPE_RECIPIENT},
        {PHASE_DOT, "552 message too large", SCOPE_MESSAGE},
        {PHASE_DOT, "554 spam", SCOPE_MESSAGE},
        {PHASE_RCPT, "554 your IP is blacklisted", SCOPE_SOURCE},
        {PHASE_RCPT, "451 too many messages", SCOPE_PROVIDER},
        {PHASE_RCPT, "421 closing", SCOPE_CONNECTION},
        {PHASE_BANNER, "450 busy", SCOPE_CONNECTION},
        {PHASE_RCPT, "451 greylisted", SCOPE_RECIPIENT},
        {PHASE_RCPT, "451 system busy", SCOPE_RECIPIENT},
        {PHASE_STARTTLS, "454 no TLS today", SCOPE_CONNECTION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v;

        judge("", rows[i].phase, rows[i].reply, &v);
        assert_int_equal(v.scope, rows[i].want);
    }
}

static void receivers_have_senses_of_their_own(void **state)
{
    static const struct {
        const char *provider, *reply, *want;
    } rows[] = {
        {"gmail", "550 5.7.27 xyzzy", "auth-failed"},
        {"", "550 5.7.27 xyzzy", "policy-refused"}, /* the registry: null MX of the sender */
        {"naver", "550 5.7.2 xyzzy", "auth-failed"},
        {"", "550 5.7.2 xyzzy", "policy-refused"},
        {"gmail", "421 4.7.28 xyzzy", "rate-limited"},
        {"qq", "550 Mailbox unavailable or access denied", "rate-limited"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v;

        judge(rows[i].provider, PHASE_RCPT, rows[i].reply, &v);
        assert_string_equal(category_name(v.category), rows[i].want);
    }
}

static void no_reply_is_the_network(void **state)
{
    (void)state;
    for (enum phase p = 0; p < PHASES; p++) {
        struct reply r = {.text = "no such user, mailbox full"};
        struct verdict v;
        enum category want = p == PHASE_STARTTLS ? CAT_TLS_FAILED
                             : p == PHASE_RENDER ? CAT_RENDER_ERROR
                                                 : CAT_NETWORK;

        reply_classify(NULL, p, &r, &v);
        assert_int_equal(v.category, want);
        assert_int_equal(v.is_permanent, p == PHASE_RENDER);
    }
}

static void every_code_has_a_verdict(void **state)
{
    (void)state;
    for (int code = 0; code < 700; code++) {
        for (enum phase p = 0; p < PHASES; p++) {
            struct reply r = {.code = code};
            struct verdict v;

            reply_classify("", p, &r, &v);
            assert_true(v.category < CATEGORIES && v.scope < SCOPES && v.rule[0]);
            if (code >= 200 && code < 300)
                assert_int_equal(v.category, CAT_OK);
            if (code >= 400 && code < 500)
                assert_false(v.is_permanent);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understands_texts),
        cmocka_unit_test(codes_speak_when_no_text_does),
        cmocka_unit_test(nothing_before_rcpt_is_about_the_recipient),
        cmocka_unit_test(finality),
        cmocka_unit_test(scopes),
        cmocka_unit_test(receivers_have_senses_of_their_own),
        cmocka_unit_test(no_reply_is_the_network),
        cmocka_unit_test(every_code_has_a_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
