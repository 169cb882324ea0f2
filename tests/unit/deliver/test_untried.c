/* Deliveries whose not_after passes before their turn: they come back, and nothing is said about
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sluice/os/clock.h>

#include "helper_rig.h"

#define HELLO S("220 mx\r\n"), C("EHLO"), S("250-mx\r\n250 PIPELINING\r\n")

#define LATE (-1000)
#define SOON 120 /* ms until the first delivery's time is over, where that is what is tested */
#define NEVER 3600000

static const struct step serving[] = {HELLO, SERVE, END};
static const struct step *const serving_only[] = {serving, NULL};

static void set_times(struct delivery *d, int64_t before_ms, int64_t after_ms)
{
    int64_t now = clock_mono().ms;

    d->not_before.ms = before_ms ? now + before_ms : 0;
    d->not_after.ms = after_ms ? now + after_ms : 0;
}

static void check_orderly(const struct rig *rig, unsigned closing)
{
    assert_int_equal(rig->closed[closing]->outcome.phase, PHASE_QUIT);
    assert_int_equal(rig->closed[closing]->outcome.reply.code, 0);
    assert_string_equal(rig->closed[closing]->outcome.reply.text, "");
    assert_false(rig->closed[closing]->tls_failed);
}

static void finish(struct rig *rig, struct server *s, unsigned connections)
{
    server_stop(s);
    assert_string_equal(server_trouble(s), "");
    assert_int_equal(server_connections(s), connections);
    rig_stop(rig);
    server_free(s);
}

struct row {
    const char *what;
    struct {
        int64_t before_ms, after_ms;
    } delivery[4];
    const char *untried, *sent; /* recipients' numbers */
    unsigned connections, readies;
};

static const struct row rows[] = {
    {"in time", {{0, NEVER}, {0, NEVER}, {0, 0}, {0, NEVER}}, "", "1234", 1, 1},
    {"the first is late", {{0, LATE}, {0, NEVER}, {0, 0}, {0, 0}}, "1", "234", 1, 1},
    {"late in the middle", {{0, 0}, {0, LATE}, {0, LATE}, {0, 0}}, "23", "14", 1, 1},
    {"the last is late", {{0, 0}, {0, 0}, {0, 0}, {0, LATE}}, "4", "123", 1, 1},
    {"at both ends", {{0, LATE}, {0, 0}, {0, 0}, {0, LATE}}, "14", "23", 1, 1},
    {"not dialled for them", {{0, LATE}, {0, LATE}, {0, LATE}, {0, LATE}}, "1234", "", 0, 0},
    /* An hour is not waited for what would be late then. */
    {"late by its own not_before", {{NEVER, 1}, {NEVER, 1}, {0, 0}, {0, 0}}, "12", "34", 1, 1},
    {"waits and is in time", {{20, NEVER}, {0, 0}, {40, NEVER}, {0, 0}}, "", "1234", 1, 1},
};

static void put_number(char *text, uint64_t rid)
{
    size_t n = strlen(text);

    text[n] = (char)('0' + rid);
    text[n + 1] = '\0';
}

static void check_row(const struct row *row)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    char untried[8] = "", sent[8] = "";
    struct delivery *chain, *d;
    struct rig rig;
    unsigned i = 0;

    rig_start(&rig, NULL);
    chain = rig_chain(&rig, 1, 4);
    for (d = chain; d; d = d->next, i++)
        set_times(d, row->delivery[i].before_ms, row->delivery[i].after_ms);
    rig_open(&rig, 0, rig_target(s), chain);
    rig_run(&rig);
    for (d = rig.untried; d; d = d->next)
        put_number(untried, d->rid);
    for (i = 0; i < rig.outcomes; i++)
        put_number(sent, rig.outcome[i]->outcome.rid);
    assert_string_equal(untried, row->untried);
    assert_string_equal(sent, row->sent);
    assert_int_equal(rig.readies, row->readies);
    assert_int_equal(rig_left(&rig, 0), 0);
    check_orderly(&rig, 0);
    finish(&rig, s, row->connections);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_message("%s\n", rows[i].what);
        check_row(&rows[i]);
    }
}

/* A connection that is open says `ready` when all of a `more` comes back, and stays open. */
static void test_more_that_is_too_late(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct delivery *late;
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_ready = true;
    rig_open(&rig, 0, rig_target(s), rig_chain(&rig, 1, 1));
    rig_until(&rig, UINT32_MAX, 1, UINT32_MAX);
    late = rig_chain(&rig, 2, 2);
    set_times(late, 0, LATE);
    set_times(late->next, 0, LATE);
    rig_more(&rig, 0, late);
    rig_until(&rig, UINT32_MAX, 2, UINT32_MAX);
    assert_int_equal(rig.untrieds, 2);
    assert_int_equal(rig.outcomes, 1);
    rig.holds_ready = false;
    rig_more(&rig, 0, rig_chain(&rig, 4, 1));
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 2);
    check_orderly(&rig, 0);
    finish(&rig, s, 1);
}

/* A recipient that cannot be sent to dials nothing; when the others are late the connection ends
 * without ever having been one. */
static void test_bad_recipient_and_late_ones(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct delivery *chain;
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.mailing.fails_for = 1;
    chain = rig_chain(&rig, 1, 2);
    set_times(chain->next, 0, LATE);
    rig_open(&rig, 0, rig_target(s), chain);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, 1);
    assert_int_equal(rig.untrieds, 1);
    assert_int_equal(rig.readies, 0);
    check_orderly(&rig, 0);
    finish(&rig, s, 0);
}

/* Whoever has not come to MAIL when the time is over leaves: at once, without a word about the
 * server; what may still be sent comes back in `left`. */
static void check_dialling(const struct step *script, bool use_starttls)
{
    struct server *s = server_start("127.0.0.1", (const struct step *[]){script, NULL});
    struct dial_target *target = rig_target(s);
    int64_t began = clock_mono().ms;
    struct delivery *chain;
    struct rig rig;

    rig_start(&rig, NULL);
    target->use_starttls = use_starttls;
    chain = rig_chain(&rig, 1, 3);
    set_times(chain, 0, SOON);
    set_times(chain->next, 0, SOON);
    rig_open(&rig, 0, target, chain);
    rig_run(&rig);
    assert_true(clock_mono().ms - began >= SOON);
    assert_int_equal(rig.untrieds, 2);
    assert_int_equal(rig.outcomes, 0);
    assert_int_equal(rig_left(&rig, 0), 1);
    assert_int_equal(rig.closed[0]->left->rid, 3);
    check_orderly(&rig, 0);
    server_stop(s);
    assert_null(strstr(server_lines(s), "MAIL"));
    rig_stop(&rig);
    server_free(s);
}

static void test_time_passes_while_dialling(void **state)
{
    static const struct step greeting[] = {END};
    static const struct step hello[] = {S("220 mx\r\n"), C("EHLO"), END};
    static const struct step tls[] = {
        S("220 mx\r\n"), C("EHLO"),       S("250-mx\r\n250 STARTTLS\r\n"),
        C("STARTTLS"),   S("220 go\r\n"), END};
    static const struct step slow[] = {S("220 mx\r\n"),
                                       C("EHLO"),
                                       {STEP_DRIP, "250-mx\r\n250 PIPELINING\r\n", SOON + 40},
                                       SERVE,
                                       END};

    (void)state;
    check_dialling(greeting, false);
    check_dialling(hello, false);
    check_dialling(tls, true);
    check_dialling(slow, false);
}

/* What came up in time and waits for a slot comes back when its time is over. */
static void test_time_passes_while_waiting_for_a_slot(void **state)
{
    struct server *s = server_start("127.0.0.1", serving_only);
    struct delivery *chain, *last;
    struct rig rig;

    (void)state;
    rig_start(&rig, NULL);
    rig.holds_commits = true;
    chain = rig_chain(&rig, 1, HANDOVER_RING + 1);
    for (last = chain; last->next; last = last->next)
        ;
    set_times(last, 0, 2 * SOON);
    rig_open(&rig, 0, rig_target(s), chain);
    rig_run(&rig);
    assert_int_equal(rig.outcomes, HANDOVER_RING);
    assert_int_equal(rig.untrieds, 1);
    assert_int_equal(rig.readies, 1);
    check_orderly(&rig, 0);
    finish(&rig, s, 1);
}

static void test_ehlo_name_of_the_source(void **state)
{
    static const char *const names[] = {"", "out7.bomnal.example"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct server *s = server_start("127.0.0.1", serving_only);
        struct dial_target *target = rig_target(s);
        struct rig rig;

        strcpy(target->ehlo_name, names[i]);
        rig_start(&rig, NULL);
        rig_open(&rig, 0, target, rig_chain(&rig, 1, 1));
        rig_run(&rig);
        server_stop(s);
        assert_non_null(
            strstr(server_lines(s), i ? "EHLO out7.bomnal.example" : "EHLO sender.example"));
        rig_stop(&rig);
        server_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_more_that_is_too_late),
        cmocka_unit_test(test_bad_recipient_and_late_ones),
        cmocka_unit_test(test_time_passes_while_dialling),
        cmocka_unit_test(test_time_passes_while_waiting_for_a_slot),
        cmocka_unit_test(test_ehlo_name_of_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
