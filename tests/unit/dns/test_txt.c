/* TXT records through the resolver, against a scripted name server on the loopback. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nameserver.h"

#include <sluice/base/buf.h>
#include <sluice/dns/resolver.h>
#include <sluice/os/clock.h>

static const struct zone_row zone[] = {
    {"shop.test", "TXT", "TXT v=spf1 -all; TXT other"},
    {"s1._domainkey.shop.test", "TXT", "TXT v=DKIM1|p=abc"},
    {"s2._domainkey.shop.test", "TXT", "CNAME s2.keys_of.host.test"},
    {"s2.keys_of.host.test", "TXT", "TXT elsewhere"},
    {"xn--bj0bj06e.test", "TXT", "TXT hangul"},
    {"mx.test", "MX", "MX 5 mx1.ok.test"},
    {"big.test", "TXT", "BIG TXTBYTES 9000"},
    {"silent.test", "*", "DROP"},
    {"fail.test", "TXT", "RCODE 2"},
    {"junk.test", "TXT", "TXTHEX 0561"},
};

struct world {
    struct nameserver *server;
    struct resolver *resolver;
    struct mailbox box;
};

static void world_open(struct world *w, int64_t timeout_ms)
{
    char servers[64];
    struct resolver_options o = {.servers = servers, .timeout_ms = timeout_ms, .tries = 1};
    struct err e;

    w->server = nameserver_start(zone, sizeof zone / sizeof *zone);
    snprintf(servers, sizeof servers, "127.0.0.1:%u", w->server->port);
    assert_true(mailbox_init(&w->box, false));
    if (!resolver_start(&o, &w->resolver, &e))
        fail_msg("%s", e.text);
}

static void world_close(struct world *w)
{
    resolver_stop(w->resolver);
    nameserver_stop(w->server);
    mailbox_done(&w->box);
}

static struct letter *receive(struct world *w)
{
    struct mono until = {clock_mono().ms + 60000};
    struct letter *l = NULL;

    while (!l && clock_mono().ms < until.ms)
        l = mailbox_take(&w->box, until);
    assert_non_null(l);
    return l;
}

static void describe(const struct resolved_txt *a, struct buf *out)
{
    static const char *const status[] = {"found", "nothing", "failed"};

    buf_puts(out, status[a->status]);
    if (a->why)
        buf_printf(out, " %s", a->why);
    for (unsigned i = 0; i < a->records.count; i++) {
        struct str one = txt_record(&a->records, i);

        if (one.n > 100)
            buf_printf(out, " (%zu)", one.n);
        else
            buf_printf(out, " \"%.*s\"", (int)one.n, one.p);
    }
}

static const struct {
    const char *name, *want;
} row[] = {
    {"shop.test", "found \"v=spf1 -all\" \"other\""},
    {"SHOP.test.", "found \"v=spf1 -all\" \"other\""},
    {"s1._domainkey.shop.test", "found \"v=DKIM1p=abc\""},
    {"s2._domainkey.shop.test", "found \"elsewhere\""},
    {"한글.test", "found \"hangul\""},
    {"mx.test", "nothing the name has no TXT record"},
    {"nosuch.test", "nothing the name does not exist"},
    {"big.test", "found (9000)"},
    {"silent.test", "failed time-out"},
    {"fail.test", "failed SERVFAIL"},
    {"junk.test", "failed malformed answer"},
    {"a..test", "failed empty label in the domain"},
    {"a b.test", "failed character that no domain name has"},
};

static void test_rows(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, 200);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct resolved_txt *a;
        struct buf got;

        buf_init(&got, 100000);
        resolver_txt(w.resolver, row[i].name, &w.box, 7);
        a = (struct resolved_txt *)receive(&w);
        assert_null(a->letter.next);
        assert_int_equal(a->letter.kind, 7);
        assert_string_equal(a->name, row[i].name);
        describe(a, &got);
        if (strcmp(got.data, row[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", row[i].name, got.data, row[i].want);
        buf_done(&got);
        free(a);
    }
    world_close(&w);
}

/* Who changes a zone and asks again wants to know. */
static void test_nothing_is_remembered(void **state)
{
    struct world w;

    (void)state;
    world_open(&w, 3000);
    for (unsigned i = 1; i <= 3; i++) {
        resolver_txt(w.resolver, "shop.test", &w.box, 0);
        free(receive(&w));
        assert_int_equal(nameserver_asked(w.server, "shop.test", "TXT"), i);
    }
    world_close(&w);
}

static void test_stop_answers_all(void **state)
{
    struct world w;
    unsigned failed = 0;

    (void)state;
    world_open(&w, 60000);
    for (unsigned i = 0; i < 50; i++)
        resolver_txt(w.resolver, "silent.test", &w.box, 0);
    resolver_stop(w.resolver);
    w.resolver = NULL;
    while (failed < 50) {
        struct letter *next;

        for (struct letter *l = receive(&w); l; l = next) {
            next = l->next;
            assert_int_equal(((struct resolved_txt *)l)->status, TXT_FAILED);
            failed++;
            free(l);
        }
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nothing_is_remembered),
        cmocka_unit_test(test_stop_answers_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
