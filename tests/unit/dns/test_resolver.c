/* The resolver against a scripted name server on the loopback. No test sleeps: time-outs are 60 ms,
 * and the receiver waits for its letter. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nameserver.h"

#include <sluice/base/buf.h>
#include <sluice/dns/resolver.h>
#include <sluice/os/clock.h>

#define OTHER_HOSTS                                                                                \
    {"mx1.ok.test", "A", "TTL 120; A 192.0.2.1"},                                                  \
        {"mx2.ok.test", "A", "A 192.0.2.2; A 192.0.2.3"},                                          \
    {                                                                                              \
        "mx2.ok.test", "AAAA", "AAAA 2001:db8::2"                                                  \
    }

static const struct zone_row zone[] = {
    OTHER_HOSTS,
    {"ok.test", "MX", "TTL 240; MX 20 mx2.ok.test; MX 10 mx1.ok.test"},
    {"shop.test", "MX", "MX 5 mx1.ok.test"},
    {"short.test", "MX", "TTL 1; MX 5 mx1.ok.test"},
    {"long.test", "MX", "TTL 999999999; MX 5 192.0.2.50"},
    {"null.test", "MX", "MX 0 ."},
    {"literal.test", "MX", "MX 5 192.0.2.77"},
    {"loopback.test", "MX", "MX 5 127.0.0.1"},
    {"nowhere.test", "MX", "MX 5 gone.test"},
    {"gone.test", "TXT", ""},
    {"implicit.test", "A", "A 192.0.2.10"},
    {"empty.test", "TXT", ""},
    {"fail.test", "MX", "RCODE 2"},
    {"refused.test", "MX", "RCODE 5"},
    {"notimp.test", "MX", "RCODE 4"},
    {"silent.test", "*", "DROP"},
    {"hostfail.test", "MX", "MX 5 mx.hostfail.test"},
    {"mx.hostfail.test", "*", "RCODE 2"},
    {"hosthalf.test", "MX", "MX 5 mx.hosthalf.test"},
    {"mx.hosthalf.test", "A", "DROP"},
    {"mx.hosthalf.test", "AAAA", "AAAA 2001:db8::77"},
    {"slow.test", "MX", "FIRSTDROP MX 5 mx1.ok.test"},
    {"big.test", "MX", "BIG MX 5 mx1.ok.test"},
    {"bighost.test", "MX", "MX 5 mx.bighost.test"},
    {"mx.bighost.test", "A", "BIG A 192.0.2.40"},
    {"mx.bighost.test", "AAAA", "BIG SOA 60 60"},
    {"close.test", "MX", "CLOSE MX 5 mx1.ok.test"},
    {"wrongid.test", "MX", "WRONGID MX 5 mx1.ok.test"},
    {"wrongname.test", "MX", "WRONGNAME MX 5 mx1.ok.test"},
    {"noise.test", "MX", "NOISE MX 5 mx1.ok.test"},
    {"junk.test", "MX", "JUNK"},
    {"alias.test", "MX", "CNAME ok.test; ok.test> MX 10 mx1.ok.test"},
    {"alias2.test", "*", "CNAME implicit.test"},
    {"circle.test", "*", "CNAME circle2.test"},
    {"circle2.test", "*", "CNAME circle.test"},
    {"cnamemx.test", "MX", "MX 5 mx.cnamemx.test"},
    {"mx.cnamemx.test", "*", "CNAME mx1.ok.test"},
    {"xn--h32bq4v.xn--3e0b707e", "MX", "MX 5 mx1.ok.test"},
    {"under_score.test", "MX", "MX 5 mx1.ok.test"},
};

struct world {
    struct nameserver *server;
    struct resolver *resolver;
    struct mailbox box;
};

static void world_open(struct world *w, struct resolver_options o)
{
    char servers[64];
    struct err e;

    w->server = nameserver_start(zone, sizeof zone / sizeof *zone);
    assert_true(mailbox_init(&w->box, false));
    if (!o.servers) {
        snprintf(servers, sizeof servers, "127.0.0.1:%u", w->server->port);
        o.servers = servers;
    }
    if (!o.timeout_ms)
        o.timeout_ms = 3000;
    if (!o.tries)
        o.tries = 2;
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

static void resolve(struct world *w, const char *domain, struct mx_answer *out)
{
    struct resolved *a;

    resolver_ask(w->resolver, domain, &w->box, 7);
    a = (struct resolved *)receive(w);
    assert_null(a->letter.next);
    assert_int_equal(a->letter.kind, 7);
    assert_string_equal(a->domain, domain);
    *out = a->answer;
    free(a);
}

static void describe(const struct mx_answer *a, struct buf *out)
{
    char text[46];

    buf_printf(out, "%s%s", mx_status_name(a->status), a->is_implicit ? " implicit" : "");
    for (unsigned i = 0; i < a->hosts; i++) {
        buf_printf(out, " %u:%s", a->host[i].preference, a->host[i].name);
        for (uint8_t j = 0; j < a->host[i].addresses; j++) {
            mx_address_format(&a->host[i].address[j], text);
            buf_printf(out, "%c%s", j ? ',' : '=', text);
        }
        if (a->host[i].is_temporary)
            buf_puts(out, "?");
    }
}

static const struct {
    const char *domain, *want, *why; /* why: a part of it, or NULL */
    uint32_t ttl_sec;                /* 0: not looked at */
} row[] = {
    {"ok.test", "ok 10:mx1.ok.test=192.0.2.1 20:mx2.ok.test=192.0.2.2,2001:db8::2,192.0.2.3", NULL,
     120},
    {"OK.Test.", "ok 10:mx1.ok.test=192.0.2.1 20:mx2.ok.test=192.0.2.2,2001:db8::2,192.0.2.3", NULL,
     0},
    {"short.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 60},
    {"long.test", "ok 5:192.0.2.50=192.0.2.50", NULL, 86400},
    {"null.test", "null-mx", "null MX", 300},
    {"literal.test", "ok 5:192.0.2.77=192.0.2.77", NULL, 0},
    {"loopback.test", "no-hosts 5:127.0.0.1", "prohibited", 0},
    {"nowhere.test", "no-hosts 5:gone.test", "no address of gone.test", 300},
    {"implicit.test", "ok implicit 0:implicit.test=192.0.2.10", NULL, 300},
    {"empty.test", "no-hosts implicit 0:empty.test", "neither MX nor address", 600},
    {"absent.test", "no-domain", "no such domain", 600},
    {"fail.test", "temporary", "fail.test: SERVFAIL", 5},
    {"refused.test", "temporary", "REFUSED", 5},
    {"notimp.test", "temporary", "NOTIMP", 5},
    {"hostfail.test", "temporary 5:mx.hostfail.test?", "no address for now", 5},
    {"big.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"bighost.test", "ok 5:mx.bighost.test=192.0.2.40", NULL, 0},
    {"close.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"wrongid.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"wrongname.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"noise.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"junk.test", "temporary", "malformed answer", 5},
    {"alias.test", "ok 10:mx1.ok.test=192.0.2.1", NULL, 0},
    {"alias2.test", "ok implicit 0:alias2.test=192.0.2.10", NULL, 0},
    {"circle.test", "temporary", "CNAME chain", 5},
    {"cnamemx.test", "ok 5:mx.cnamemx.test=192.0.2.1", NULL, 120},
    {"메일.한국", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"under_score.test", "ok 5:mx1.ok.test=192.0.2.1", NULL, 0},
    {"localhost", "no-hosts", "localhost", 0},
    {"[192.0.2.1]", "bad-name", "no domain name", 0},
    {"192.0.2.1", "bad-name", "address", 0},
    {"a..b", "bad-name", "empty label", 0},
    {"", "bad-name", "empty domain", 0},
};

static void test_rows(void **state)
{
    struct resolver_options o = {.servfail_ms = 5000};
    struct world w;

    (void)state;
    prohibited_add(&o.prohibited, "127.0.0.0/8");
    world_open(&w, o);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct mx_answer a;
        struct buf got;

        resolve(&w, row[i].domain, &a);
        buf_init(&got, 10000);
        describe(&a, &got);
        if (strcmp(got.data, row[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\" (%s)", row[i].domain, got.data, row[i].want, a.why);
        if (row[i].why && !strstr(a.why, row[i].why))
            fail_msg("%s: \"%s\", want \"%s\"", row[i].domain, a.why, row[i].why);
        /* A second may have passed where hosts came from the cache. */
        if (row[i].ttl_sec && a.ttl_sec != row[i].ttl_sec && a.ttl_sec + 1 != row[i].ttl_sec)
            fail_msg("%s: ttl %u, want %u", row[i].domain, a.ttl_sec, row[i].ttl_sec);
        buf_done(&got);
    }
    /* The truncated ones really went over TCP. */
    assert_true(atomic_load(&w.server->asked_tcp) >= 4);
    world_close(&w);
}

static void test_time_outs(void **state)
{
    struct resolver_options o = {.timeout_ms = 60, .tries = 2};
    struct mx_answer a;
    struct world w;

    (void)state;
    world_open(&w, o);
    resolve(&w, "silent.test", &a);
    assert_int_equal(a.status, MX_TEMPORARY);
    assert_non_null(strstr(a.why, "time-out"));
    assert_int_equal(nameserver_asked(w.server, "silent.test", "*"), 2);
    /* known for servfail_ms: not asked again */
    resolve(&w, "silent.test", &a);
    assert_int_equal(a.status, MX_TEMPORARY);
    assert_int_equal(nameserver_asked(w.server, "silent.test", "*"), 2);
    /* the second try of c-ares is answered */
    resolve(&w, "slow.test", &a);
    assert_int_equal(a.status, MX_OK);
    assert_int_equal(nameserver_asked(w.server, "slow.test", "MX"), 2);
    /* no A in time, but an AAAA */
    resolve(&w, "hosthalf.test", &a);
    assert_int_equal(a.status, MX_OK);
    assert_int_equal(a.host[0].addresses, 1);
    world_close(&w);
}

static void test_only_one_family(void **state)
{
    struct resolver_options o = {.use_ipv4 = true};
    struct mx_answer a;
    struct world w;

    (void)state;
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.host[1].addresses, 2);
    assert_int_equal(nameserver_asked(w.server, "mx2.ok.test", "AAAA"), 0);
    world_close(&w);
    o = (struct resolver_options){.use_ipv6 = true};
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.host[0].addresses, 0);
    assert_int_equal(a.host[1].addresses, 1);
    assert_int_equal(a.status, MX_OK);
    assert_int_equal(nameserver_asked(w.server, "mx2.ok.test", "A"), 0);
    world_close(&w);
}

/* 300 askers of three spellings: one question for MX, one for each host. */
static void test_coalescing(void **state)
{
    static const char *const spelling[] = {"ok.test", "OK.TEST", "ok.test."};
    struct resolver_options o = {0};
    struct resolver_stats s;
    struct world w;
    unsigned got = 0;

    (void)state;
    world_open(&w, o);
    for (unsigned i = 0; i < 300; i++)
        resolver_ask(w.resolver, spelling[i % 3], &w.box, (int)i);
    while (got < 300) {
        struct letter *next;

        for (struct letter *l = receive(&w); l; l = next) {
            struct resolved *a = (struct resolved *)l;

            next = l->next;
            assert_string_equal(a->domain, spelling[l->kind % 3]);
            assert_int_equal(a->answer.status, MX_OK);
            got++;
            free(a);
        }
    }
    assert_int_equal(nameserver_asked(w.server, "ok.test", "MX"), 1);
    assert_int_equal(nameserver_asked(w.server, "mx1.ok.test", "A"), 1);
    assert_int_equal(nameserver_asked(w.server, "mx2.ok.test", "A"), 1);
    assert_int_equal(nameserver_asked(w.server, "mx2.ok.test", "AAAA"), 1);
    resolver_stats(w.resolver, &s);
    assert_true(s.asked <= 300);
    world_close(&w);
}

static void test_cache(void **state)
{
    struct resolver_options o = {0};
    struct mx_answer a;
    struct world w;
    unsigned before;

    (void)state;
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    resolve(&w, "absent.test", &a);
    before = atomic_load(&w.server->asked_udp);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.status, MX_OK);
    assert_in_range(a.ttl_sec, 1, 120);
    resolve(&w, "absent.test", &a);
    assert_int_equal(a.status, MX_NO_DOMAIN);
    assert_int_equal(atomic_load(&w.server->asked_udp), before);
    /* another domain with a known host asks for its MX only */
    resolve(&w, "shop.test", &a);
    assert_int_equal(a.status, MX_OK);
    assert_int_equal(atomic_load(&w.server->asked_udp), before + 1);
    /* forgotten: one domain with its hosts, then everything */
    resolver_flush(w.resolver, "OK.test");
    resolve(&w, "absent.test", &a);
    assert_int_equal(atomic_load(&w.server->asked_udp), before + 1);
    resolve(&w, "ok.test", &a);
    assert_int_equal(nameserver_asked(w.server, "ok.test", "MX"), 2);
    assert_int_equal(nameserver_asked(w.server, "mx1.ok.test", "A"), 2);
    resolver_flush(w.resolver, NULL);
    resolve(&w, "shop.test", &a);
    assert_int_equal(nameserver_asked(w.server, "shop.test", "MX"), 2);
    resolver_flush(w.resolver, "never.asked.test");
    resolver_flush(w.resolver, "bad..name");
    world_close(&w);
}

/* What is negative for a while is asked again afterwards: servfail_ms is one millisecond here. */
static void test_temporary_is_asked_again(void **state)
{
    struct resolver_options o = {.servfail_ms = 1};
    struct mx_answer a;
    struct world w;
    unsigned tries = 0;

    (void)state;
    world_open(&w, o);
    while (nameserver_asked(w.server, "fail.test", "MX") < 3 && tries++ < 100000)
        resolve(&w, "fail.test", &a);
    assert_int_equal(nameserver_asked(w.server, "fail.test", "MX"), 3);
    assert_int_equal(a.ttl_sec, 1);
    world_close(&w);
}

static void ask_bulk(struct world *w, unsigned from, unsigned to)
{
    char name[64];

    for (unsigned i = from; i < to; i++) {
        snprintf(name, sizeof name, "d%u.bulk.test", i);
        resolver_ask(w->resolver, name, &w->box, 0);
    }
}

static void receive_bulk(struct world *w, unsigned count)
{
    while (count > 0) {
        struct letter *next;

        for (struct letter *l = receive(w); l; l = next) {
            struct resolved *a = (struct resolved *)l;

            next = l->next;
            if (a->answer.status != MX_OK)
                fail_msg("%s: %s", a->domain, a->answer.why);
            count--;
            free(a);
        }
    }
}

/* 5,000 names at once, then as many again with the first ones still known: one question per name.
 */
static void test_thousands(void **state)
{
    struct resolver_options o = {.in_flight_max = 2000, .tries = 5};
    struct resolver_stats s;
    struct world w;
    int64_t start;

    (void)state;
    world_open(&w, o);
    start = clock_mono().ms;
    ask_bulk(&w, 0, 5000);
    receive_bulk(&w, 5000);
    print_message("5000 names in %lld ms, %u packets\n", (long long)(clock_mono().ms - start),
                  atomic_load(&w.server->asked_udp));
    ask_bulk(&w, 0, 10000);
    receive_bulk(&w, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_true(atomic_load(&w.server->bulk_asked[i]) >= 1);
    /* One more letter makes sure that the numbers of the last round are out. */
    ask_bulk(&w, 0, 1);
    receive_bulk(&w, 1);
    resolver_stats(w.resolver, &s);
    assert_int_equal(s.cached, 10000);
    assert_int_equal(s.queries, 30000);
    world_close(&w);
}

/* Many truncated answers at once: all go over one TCP connection, which this server keeps. */
static void test_many_over_tcp(void **state)
{
    struct resolver_options o = {0};
    struct world w;

    (void)state;
    world_open(&w, o);
    ask_bulk(&w, BULK_BIG, BULK_BIG + 1000);
    receive_bulk(&w, 1000);
    assert_true(atomic_load(&w.server->asked_tcp) >= 1000);
    world_close(&w);
}

/* The same with a server that closes after each answer: what was asked behind it is asked again. */
static void test_many_over_closing_tcp(void **state)
{
    struct resolver_options o = {0};
    struct world w;

    (void)state;
    world_open(&w, o);
    ask_bulk(&w, BULK_CLOSE, BULK_CLOSE + 100);
    receive_bulk(&w, 100);
    world_close(&w);
}

static void test_cache_bound(void **state)
{
    struct resolver_options o = {.cache_max = 100};
    struct resolver_stats s;
    struct world w;

    (void)state;
    world_open(&w, o);
    ask_bulk(&w, 0, 1000);
    receive_bulk(&w, 1000);
    ask_bulk(&w, 999, 1000);
    receive_bulk(&w, 1);
    resolver_stats(w.resolver, &s);
    assert_in_range(s.cached, 1, 100);
    world_close(&w);
}

static void test_few_in_flight(void **state)
{
    struct resolver_options o = {.in_flight_max = 1};
    struct world w;

    (void)state;
    world_open(&w, o);
    ask_bulk(&w, 0, 500);
    receive_bulk(&w, 500);
    world_close(&w);
}

/* Everything that was asked is answered, also what was never sent. */
static void test_stop_with_questions_out(void **state)
{
    struct resolver_options o = {.timeout_ms = 60000, .in_flight_max = 20};
    struct world w;
    unsigned temporary = 0, all = 0;
    char name[64];
    int64_t start;

    (void)state;
    world_open(&w, o);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof name, i % 2 ? "d%u.bulk.test" : "silent.test", i);
        resolver_ask(w.resolver, name, &w.box, 0);
        resolver_ask(w.resolver, "hosthalf.test", &w.box, 0);
    }
    start = clock_mono().ms;
    resolver_stop(w.resolver);
    assert_true(clock_mono().ms - start < 30000);
    w.resolver = NULL;
    while (all < 400) {
        struct letter *next;

        for (struct letter *l = receive(&w); l; l = next) {
            struct resolved *a = (struct resolved *)l;

            next = l->next;
            all++;
            temporary += a->answer.status == MX_TEMPORARY;
            free(a);
        }
    }
    assert_true(temporary >= 100);
    assert_null(mailbox_take(&w.box, (struct mono){0}));
    world_close(&w);
}

static const struct zone_row refusing[] = {{"ok.test", "*", "RCODE 5"},
                                           {"fail.test", "*", "RCODE 2"},
                                           {"mx1.ok.test", "*", "RCODE 2"},
                                           {"mx2.ok.test", "*", "RCODE 2"}};

/* The first server refuses, the second one knows; and a server that is not there. */
static void test_second_server(void **state)
{
    struct nameserver *first = nameserver_start(refusing, 4);
    struct nameserver *second = nameserver_start(zone, sizeof zone / sizeof *zone);
    struct nameserver *dead = nameserver_start(zone, 0);
    struct resolver_options o = {.timeout_ms = 500};
    struct mx_answer a;
    struct world w;
    char servers[128];

    (void)state;
    snprintf(servers, sizeof servers, "127.0.0.1:%u,127.0.0.1:%u", first->port, second->port);
    o.servers = servers;
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.status, MX_OK);
    assert_int_equal(a.host[1].addresses, 3);
    resolve(&w, "fail.test", &a);
    assert_int_equal(a.status, MX_TEMPORARY);
    assert_non_null(strstr(a.why, "SERVFAIL"));
    world_close(&w);
    snprintf(servers, sizeof servers, "127.0.0.1:%u,127.0.0.1:%u", dead->port, second->port);
    nameserver_stop(dead);
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.status, MX_OK);
    world_close(&w);
    nameserver_stop(first);
    nameserver_stop(second);
}

static void test_no_server_there(void **state)
{
    struct nameserver *dead = nameserver_start(zone, 0);
    struct resolver_options o = {.timeout_ms = 60};
    struct mx_answer a;
    struct world w;
    char servers[64];

    (void)state;
    snprintf(servers, sizeof servers, "127.0.0.1:%u", dead->port);
    nameserver_stop(dead);
    o.servers = servers;
    world_open(&w, o);
    resolve(&w, "ok.test", &a);
    assert_int_equal(a.status, MX_TEMPORARY);
    world_close(&w);
}

static void test_bad_servers(void **state)
{
    static const char *const bad[] = {"nonsense", "127.0.0.1:x"};
    struct resolver *r = NULL;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct resolver_options o = {.servers = bad[i]};

        if (resolver_start(&o, &r, &e))
            fail_msg("\"%s\" was taken for a list of servers", bad[i]);
    }
    assert_true(
        resolver_start(&(struct resolver_options){.servers = "127.0.0.1:5353,[::1]:53"}, &r, &e));
    resolver_stop(r);
    assert_true(resolver_start(&(struct resolver_options){.servers = ""}, &r, &e));
    resolver_stop(r);
    resolver_stop(NULL);
}

/* Many askers from many threads while it works. */
struct asker {
    pthread_t thread;
    struct world *w;
    struct mailbox box;
};

static void *ask_and_wait(void *arg)
{
    struct asker *me = arg;
    unsigned got = 0;
    char name[64];

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "d%u.bulk.test", i % 700);
        resolver_ask(me->w->resolver, name, &me->box, 0);
    }
    while (got < 1000) {
        struct letter *next;

        for (struct letter *l = mailbox_take(&me->box, (struct mono){WHEN_NEVER}); l; l = next) {
            next = l->next;
            got += ((struct resolved *)l)->answer.status == MX_OK;
            free(l);
        }
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    struct resolver_options o = {0};
    struct asker asker[4];
    struct world w;

    (void)state;
    world_open(&w, o);
    for (unsigned i = 0; i < 4; i++) {
        asker[i].w = &w;
        assert_true(mailbox_init(&asker[i].box, false));
        assert_int_equal(pthread_create(&asker[i].thread, NULL, ask_and_wait, &asker[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(asker[i].thread, NULL);
    for (unsigned i = 0; i < 700; i++)
        assert_in_range(atomic_load(&w.server->bulk_asked[i]), 1, 2);
    world_close(&w);
    /* Not before: the resolver may still be inside mailbox_send when its last letter is read. */
    for (unsigned i = 0; i < 4; i++)
        mailbox_done(&asker[i].box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_time_outs),
        cmocka_unit_test(test_only_one_family),
        cmocka_unit_test(test_coalescing),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_temporary_is_asked_again),
        cmocka_unit_test(test_thousands),
        cmocka_unit_test(test_many_over_tcp),
        cmocka_unit_test(test_many_over_closing_tcp),
        cmocka_unit_test(test_cache_bound),
        cmocka_unit_test(test_few_in_flight),
        cmocka_unit_test(test_stop_with_questions_out),
        cmocka_unit_test(test_second_server),
        cmocka_unit_test(test_no_server_there),
        cmocka_unit_test(test_bad_servers),
        cmocka_unit_test(test_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
