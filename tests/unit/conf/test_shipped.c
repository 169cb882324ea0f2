/* The configuration that comes with the program: it loads without a word, says what an empty one means, and its
 * rules react to what senders do wrong and to nothing that concerns one recipient. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/calendar/calendar.h>

#include "helper_load.h"

static struct settings *shipped;

static int load_shipped(void **state)
{
    struct problems p;

    if (load_make_dir(state) != 0)
        return -1;
    problems_init(&p);
    shipped = settings_load(SLUICE_SRC "/conf/sluice.conf", &p);
    for (size_t i = 0; i < p.count; i++)
        print_message("%s:%u: %s\n", p.item[i].file, p.item[i].line, p.item[i].text);
    if (!shipped || p.count)
        return -1;
    problems_done(&p);
    return 0;
}

static int free_shipped(void **state)
{
    settings_free(shipped);
    return load_remove_dir(state);
}

/* Whoever asks the daemon where a setting stands sits in another directory. */
static void test_origins_are_absolute(void **state)
{
    struct problems p;
    struct settings *s;
    char *here = getcwd(NULL, 0);

    (void)state;
    problems_init(&p);
    assert_int_equal(chdir(SLUICE_SRC), 0);
    s = settings_load("conf/sluice.conf", &p);
    assert_int_equal(chdir(here), 0);
    assert_non_null(s);
    assert_string_equal(s->tree->root.file, shipped->tree->root.file);
    assert_int_equal(s->tree->root.file[0], '/');
    for (size_t i = 0; i < s->shaping.profiles.count; i++)
        assert_string_equal(s->shaping.profiles.item[i].file,
                            shipped->shaping.profiles.item[i].file);
    settings_free(s);
    assert_null(settings_load("conf/no/such.conf", &p));
    assert_string_equal(p.item[0].file, "conf/no/such.conf");
    problems_done(&p);
    free(here);
}

/* What the shipped file says must be what an empty file means. */
static void test_it_says_the_defaults(void **state)
{
    struct buf said;
    struct settings *bare;

    (void)state;
    load_put("bare.conf", "");
    bare = load("bare.conf", &said);
    assert_memory_equal(&shipped->caps, &bare->caps, sizeof bare->caps);
    assert_memory_equal(&shipped->timeouts, &bare->timeouts, sizeof bare->timeouts);
    assert_int_equal(shipped->dns.cache_max, bare->dns.cache_max);
    assert_int_equal(shipped->dns.servfail_ms, bare->dns.servfail_ms);
    assert_int_equal(shipped->prohibited_hosts.count, bare->prohibited_hosts.count);
    assert_string_equal(shipped->timezone, bare->timezone);
    assert_int_equal(shipped->client_messages, bare->client_messages);
    assert_memory_equal(&shipped->client_message[0].message, &bare->client_message[0].message,
                        sizeof bare->client_message[0].message);
    assert_int_equal(shipped->client_message[0].test_group.count, 0);
    assert_string_equal(shipped->drop_dir, SLUICE_SRC "/var/drop");
    for (int f = 0; f < LIMIT_FIELDS; f++) {
        char a[RATES_TEXT], b[RATES_TEXT];

        limit_format(&shipped->shaping.profiles.fallback, (enum limit_field)f, a, sizeof a);
        limit_format(&bare->shaping.profiles.fallback, (enum limit_field)f, b, sizeof b);
        assert_string_equal(a, b);
    }
    settings_free(bare);
    buf_done(&said);
}

static void test_providers(void **state)
{
    static const struct {
        const char *name;
        int connections, deliveries;
    } row[] = {
        {"gmail", 5, 50},     {"yahoo", 5, 20}, {"outlook.com", 5, 50}, {"microsoft365", 5, 50},
        {"icloud", 10, 5},    {"naver", 5, 50}, {"daum", 5, 50},        {"nate", 5, 50},
        {"korea.com", 5, 50}, {"qq", 4, 8},     {"netease", 4, 7},      {"gmx", 4, 20},
        {"yahoo-jp", 2, 20},
    };

    (void)state;
    assert_int_equal(shipped->shaping.profiles.count, sizeof row / sizeof *row);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const struct profile *f = shaping_profile(&shipped->shaping, row[i].name);

        if (!f)
            fail_msg("no %s", row[i].name);
        assert_int_equal(f->limits.connection_limit, row[i].connections);
        assert_int_equal(f->limits.max_deliveries_per_connection, row[i].deliveries);
        assert_non_null(f->limits.origin[LIMIT_CONNECTION_LIMIT].file);
    }
}

static void note(void *arg, size_t rule)
{
    buf_printf(arg, "%s ", shipped->shaping.rules.item[rule].name);
}

static void test_rules(void **state)
{
    static const struct {
        const char *provider;
        int code;
        const char *enhanced, *text, *rules;
    } row[] = {
        {"yahoo", 421, "4.7.0",
         "[TSS04] Messages from 203.0.113.10 temporarily deferred due to unexpected volume or user "
         "complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
         "yahoo-ts04 "},
        {"yahoo", 421, "4.7.0", "[TS04] Messages from 203.0.113.10 temporarily deferred",
         "yahoo-ts04 "},
        {"yahoo", 421, "4.7.1", "[TS03] All messages from 203.0.113.10 will be deferred",
         "yahoo-ts02 "},
        {"yahoo", 554, "", "delivery error: dd This user doesn't have a yahoo.com account", ""},
        {"outlook.com", 421, "4.3.2",
         "The mail server 203.0.113.10 has exceeded the maximum number of connections.",
         "outlook-too-many-connections "},
        {"outlook.com", 421, "",
         "RP-001 (BAY0-MC) Unfortunately, some messages from 203.0.113.10 weren't sent. The mail "
         "server IP connecting to Outlook.com server has exceeded the rate limit allowed.",
         "outlook-rate "},
        {"outlook.com", 451, "4.7.650",
         "The mail server [203.0.113.10] has been temporarily rate limited due to IP reputation.",
         "temporarily-deferred "},
        {"outlook.com", 550, "5.5.0", "Requested action not taken: mailbox unavailable.", ""},
        {"microsoft365", 451, "4.7.500", "Server busy. Please try again later from [203.0.113.10].",
         "receiver-is-busy "},
        {"gmail", 421, "4.7.28",
         "Gmail has detected an unusual rate of unsolicited mail originating from your IP address. "
         "To protect our users from spam, mail sent from your IP address has been temporarily rate "
         "limited.",
         "temporarily-deferred gmail-unusual-rate "},
        {"gmail", 450, "4.2.1",
         "The user you are trying to contact is receiving mail at a rate that prevents additional "
         "messages from being delivered. Please resend your message at a later time.",
         ""},
        {"gmail", 450, "4.2.1",
         "The user you are trying to contact is receiving mail too quickly. Mail is temporarily "
         "rate limited.",
         ""},
        {"gmail", 452, "4.2.2", "The email account that you tried to reach is over quota.", ""},
        {"gmail", 421, "4.7.0", "Try again later, closing connection. (EHLO)", "gmail-try-later "},
        {"daum", 421, "4.4.5", "CCRT 203.0.113.10: Connection refused. Server is busy(RT)",
         "receiver-is-busy daum-ccrt "},
        {"daum", 421, "4.4.1", "CHIC 203.0.113.10: Network is busy", "receiver-is-busy "},
        {"daum", 421, "", "MMCNT 203.0.113.10: too many", "daum-mmcnt "},
        {"daum", 550, "5.1.1", "RUSR 203.0.113.10: No such user", ""},
        {"naver", 421, "4.3.2", "Your IP(203.0.113.10) is filtered", "ip-filtered "},
        {"naver", 421, "", "Your IP is filtered by IP Rate Control", "ip-rate-control "},
        {"naver", 421, "4.3.1", "You send too many messages.", "too-many-messages "},
        {"nate", 421, "", "You made too many connections", "too-many-connections "},
        {"korea.com", 550, "5.7.1",
         "x Since you sent too many e-mails, you are not allowed to send more e-mails within 24 "
         "hours",
         "not-within-24-hours "},
        {"naver", 550, "5.1.1", "Inactive mbox", ""},
        {"naver", 550, "", "You are registered as spammer (by user's reject list)", ""},
        {"nate", 552, "", "exceeded storage allocation", ""},
        {"naver", 552, "5.2.2", "The recipient's mailbox is full", ""},
        {"mx.example.kr", 451, "4.7.1", "Greylisted, temporarily deferred, please come back", ""},
        {"mx.example.kr", 450, "4.7.1",
         "<a@b.kr>: Recipient address rejected: temporarily deferred", ""},
        {"mx.example.kr", 452, "4.5.3", "Too many recipients", ""},
        {"mx.example.kr", 451, "4.3.0", "Mailbox is receiving too many messages", ""},
        {"mx.example.kr", 421, "4.7.0", "203.0.113.10 temporarily deferred",
         "temporarily-deferred "},
        {"qq", 450, "", "Connection frequency limited http://service.mail.qq.com/",
         "qq-frequency "},
        {"netease", 451, "", "RP:TRC 163 smtp5,x http://mail.163.com/help/", "netease-rate "},
        {"naver", 250, "2.0.0", "OK", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct reply r = {.code = row[i].code};
        struct buf said;

        strncpy(r.enhanced, row[i].enhanced, sizeof r.enhanced - 1);
        strncpy(r.text, row[i].text, sizeof r.text - 1);
        buf_init(&said, 1000);
        automation_match(&shipped->shaping.rules, row[i].provider, &r, note, &said);
        if (strcmp(said.data, row[i].rules) != 0)
            fail_msg("%s %d %s %s: \"%s\", not \"%s\"", row[i].provider, row[i].code,
                     row[i].enhanced, row[i].text, said.data, row[i].rules);
        buf_done(&said);
    }
}

/* Sun 2026-12-06 01:00-06:00, and from January each second Sunday but that of February, in Seoul. */
static void test_the_example_calendar(void **state)
{
    const struct calendar_range range = {{1796000000000}, {1830000000000}};
    struct spans closed = {0};
    struct problems p;

    (void)state;
    problems_init(&p);
    assert_true(calendar_ics(SLUICE_SRC "/conf/maintenance/naver.2026-12.ics.example", "naver",
                             shipped->timezone, range, &closed, &p));
    assert_int_equal(p.count, 0);
    assert_true(spans_at(&closed, 1796486400000 - 1) == NULL); /* 2026-12-05T16:00:00Z */
    assert_non_null(spans_at(&closed, 1796486400000));
    assert_int_equal(spans_opens_at(&closed, 1796486400000), 1796486400000 + 5 * 3600000);
    assert_non_null(spans_at(&closed, 1799514000000));     /* 2027-01-09T17:00:00Z */
    assert_true(spans_at(&closed, 1802538000000) == NULL); /* 2027-02-13T17:00:00Z */
    assert_non_null(strstr(spans_reason_at(&closed, 1796486400000)->text, "정기점검"));
    spans_done(&closed);
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origins_are_absolute),
        cmocka_unit_test(test_it_says_the_defaults),
        cmocka_unit_test(test_providers),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_the_example_calendar),
    };

    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
