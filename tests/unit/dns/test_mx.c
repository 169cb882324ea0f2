#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "build.h"

#include <sluice/base/must.h>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#include "packet.h"

static struct packet packet;

static struct mx_address address_of(const char *text)
{
    struct mx_address a = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

    MUST(inet_pton(a.family, text, a.bytes) == 1);
    return a;
}

static void parse(const char *name, int type, const char *script, struct dns_answer *out)
{
    packet_script(&packet, 1, name, type, script);
    dns_answer_parse(packet.b, packet.n, name, type, out);
}

/* What the hosts of the rows have: the answers to A and AAAA. */
static const struct {
    const char *name, *v4, *v6;
} host[] = {
    {"a.test", "A 192.0.2.1", ""},
    {"b.test", "A 192.0.2.2; A 192.0.2.3", "AAAA 2001:db8::2"},
    {"six.test", "", "AAAA 2001:db8::6"},
    {"half.test", "RCODE 2", "AAAA 2001:db8::7"},
    {"down.test", "RCODE 2", ""},
    {"down6.test", "RCODE 3", "RCODE 5"},
    {"loop.test", "A 127.0.0.1", "AAAA ::1"},
    {"mixed.test", "A 127.0.0.1; A 192.0.2.9", "AAAA ::ffff:127.0.0.1"},
    {"alias.test", "CNAME a.test; a.test> A 192.0.2.1", "CNAME a.test; SOA 60 60"},
    {"none.test", "SOA 60 60", "SOA 60 60"},
    {"asked.test", "A 192.0.2.100", ""},
};

static void look_up(struct mx_host *h)
{
    struct host_addresses v4 = {0}, v6 = {0}, joined;
    const char *script4 = "RCODE 3", *script6 = "RCODE 3";
    struct dns_answer a;

    for (size_t i = 0; i < sizeof host / sizeof *host; i++)
        if (strcmp(host[i].name, h->name) == 0) {
            script4 = host[i].v4;
            script6 = host[i].v6;
        }
    parse(h->name, ns_t_a, script4, &a);
    mx_one_family(&v4, &a);
    parse(h->name, ns_t_aaaa, script6, &a);
    mx_one_family(&v6, &a);
    mx_join(&joined, &v4, &v6);
    mx_host_set(h, &joined);
}

static void describe(const struct mx_answer *a, struct buf *out)
{
    char text[46];

    buf_printf(out, "%s%s", mx_status_name(a->status), a->is_implicit ? " implicit" : "");
    for (unsigned i = 0; i < a->hosts; i++) {
        const struct mx_host *h = &a->host[i];

        buf_printf(out, " %u:%s", h->preference, h->name);
        for (uint8_t j = 0; j < h->addresses; j++) {
            mx_address_format(&h->address[j], text);
            buf_printf(out, "%c%s", j ? ',' : '=', text);
        }
        if (h->is_temporary)
            buf_puts(out, "?");
    }
}

static const struct {
    const char *domain, *script, *want;
} row[] = {
    {"asked.test", "MX 10 a.test; MX 20 b.test",
     "ok 10:a.test=192.0.2.1 20:b.test=192.0.2.2,2001:db8::2,192.0.2.3"},
    {"asked.test", "MX 20 a.test; MX 10 six.test",
     "ok 10:six.test=2001:db8::6 20:a.test=192.0.2.1"},
    {"asked.test", "MX 10 b.test; MX 10 a.test",
     "ok 10:a.test=192.0.2.1 10:b.test=192.0.2.2,2001:db8::2,192.0.2.3"},
    /* a twin: the better preference stays */
    {"asked.test", "MX 30 a.test; MX 10 a.test; MX 20 A.TEST", "ok 10:a.test=192.0.2.1"},
    /* one family fails for a while, the other has an address */
    {"asked.test", "MX 1 half.test", "ok 1:half.test=2001:db8::7"},
    {"asked.test", "MX 1 alias.test", "ok 1:alias.test=192.0.2.1"},
    /* null MX: alone, with another preference, doubled, and beside others */
    {"asked.test", "MX 0 .", "null-mx"},
    {"asked.test", "MX 10 .", "null-mx"},
    {"asked.test", "MX 0 .; MX 0 .", "null-mx"},
    {"asked.test", "MX 0 .; MX 10 a.test", "ok 10:a.test=192.0.2.1"},
    {"asked.test", "MX 0 .; MX 10 a/b.test", "no-hosts"},
    /* names that are none */
    {"asked.test", "MX 10 192.0.2.77", "ok 10:192.0.2.77=192.0.2.77"},
    {"asked.test", "MX 10 127.0.0.1", "no-hosts 10:127.0.0.1"},
    {"asked.test", "MX 10 a/b.test", "no-hosts"},
    {"asked.test", "MX 10 localhost", "no-hosts 10:localhost"},
    {"asked.test", "MX 10 mail.localhost; MX 20 a.test",
     "ok 10:mail.localhost 20:a.test=192.0.2.1"},
    /* hosts that lead nowhere: for good, or for now */
    {"asked.test", "MX 10 none.test", "no-hosts 10:none.test"},
    {"asked.test", "MX 10 unknown.test; MX 20 none.test", "no-hosts 10:unknown.test 20:none.test"},
    {"asked.test", "MX 10 down.test", "temporary 10:down.test?"},
    {"asked.test", "MX 10 none.test; MX 20 down6.test", "temporary 10:none.test 20:down6.test?"},
    {"asked.test", "MX 10 down.test; MX 20 a.test", "ok 10:down.test? 20:a.test=192.0.2.1"},
    /* addresses that are never dialled */
    {"asked.test", "MX 10 loop.test", "no-hosts 10:loop.test"},
    {"asked.test", "MX 10 mixed.test", "ok 10:mixed.test=192.0.2.9"},
    /* no MX: the domain itself, and only then */
    {"asked.test", "SOA 60 60", "ok implicit 0:asked.test=192.0.2.100"},
    {"asked.test", "", "ok implicit 0:asked.test=192.0.2.100"},
    {"none.test", "SOA 60 60", "no-hosts implicit 0:none.test"},
    {"down.test", "SOA 60 60", "temporary implicit 0:down.test?"},
    {"asked.test", "RCODE 3; SOA 60 60", "no-domain"},
    {"asked.test", "RCODE 2", "temporary"},
    {"asked.test", "RCODE 5", "temporary"},
    {"asked.test", "NS ns.test", "temporary"},
};

static void test_rows(void **state)
{
    struct prohibited p = {0};

    (void)state;
    assert_true(prohibited_add(&p, "127.0.0.0/8"));
    assert_true(prohibited_add(&p, "::1"));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct dns_answer a;
        struct mx_answer mx;
        struct buf got;

        parse(row[i].domain, ns_t_mx, row[i].script, &a);
        mx_begin(&mx, row[i].domain, &a);
        for (unsigned j = 0; j < mx.hosts; j++)
            if (!mx_host_is_settled(&mx.host[j]))
                look_up(&mx.host[j]);
        mx_finish(&mx, row[i].domain, &p);
        buf_init(&got, 10000);
        describe(&mx, &got);
        if (strcmp(got.data, row[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", row[i].script, got.data, row[i].want);
        assert_int_equal(mx.why[0] != 0, mx.status != MX_OK);
        buf_done(&got);
    }
}

static void test_too_many_hosts(void **state)
{
    struct dns_answer a;
    struct mx_answer mx;
    char name[32];

    (void)state;
    packet_script(&packet, 1, "asked.test", ns_t_mx, "");
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "h%02u.test", i);
        packet_record(&packet, "asked.test", "MX", 59 - i, name);
    }
    dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_mx, &a);
    mx_begin(&mx, "asked.test", &a);
    assert_int_equal(mx.hosts, MX_HOSTS_MAX);
    assert_string_equal(mx.host[0].name, "h59.test");
    assert_string_equal(mx.host[15].name, "h44.test");
}

static void test_why(void **state)
{
    struct dns_answer a;
    struct mx_answer mx;
    char domain[DNS_NAME_SIZE];

    (void)state;
    parse("asked.test", ns_t_mx, "RCODE 2", &a);
    mx_begin(&mx, "asked.test", &a);
    assert_string_equal(mx.why, "MX lookup of asked.test: SERVFAIL");
    parse("asked.test", ns_t_mx, "MX 1 none.test", &a);
    mx_begin(&mx, "asked.test", &a);
    mx_finish(&mx, "asked.test", NULL);
    assert_string_equal(mx.why, "MX lookup of asked.test: no address of none.test");
    /* the longest domain is cut, the reason is not */
    memset(domain, 'a', 253);
    domain[253] = 0;
    dns_answer_failed(&a, "time-out");
    mx_begin(&mx, domain, &a);
    assert_non_null(strstr(mx.why, "aaa: time-out"));
}

static void test_pack(void **state)
{
    struct dns_answer a;
    struct mx_answer mx, again;
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        parse(row[i].domain, ns_t_mx, row[i].script, &a);
        mx_begin(&mx, row[i].domain, &a);
        buf_init(&b, 16384);
        mx_pack(&mx, &b);
        mx_unpack(&again, str_n(b.data, b.len));
        assert_int_equal(again.status, mx.status);
        assert_int_equal(again.is_implicit, mx.is_implicit);
        assert_string_equal(again.why, mx.why);
        assert_int_equal(again.hosts, mx.hosts);
        for (unsigned j = 0; j < mx.hosts; j++) {
            assert_string_equal(again.host[j].name, mx.host[j].name);
            assert_int_equal(again.host[j].preference, mx.host[j].preference);
            assert_int_equal(again.host[j].addresses, mx.host[j].addresses);
        }
        buf_done(&b);
    }
}

/* 3 hosts of preference 10, 2 of 20: each order of the three comes up about as often. */
static void test_shuffle(void **state)
{
    struct rng rng = rng_seed(42);
    unsigned seen[6] = {0};

    (void)state;
    for (unsigned n = 0; n < 6000; n++) {
        struct mx_answer a = {.status = MX_OK, .hosts = 5};
        static const char *const name[] = {"y", "a", "x", "b", "c"};
        unsigned order;

        for (unsigned i = 0; i < 5; i++) {
            str_copy(a.host[i].name, sizeof a.host[i].name, str_of(name[i]));
            a.host[i].preference = name[i][0] >= 'x' ? 20 : 10;
        }
        mx_shuffle(&a, &rng);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(a.host[i].preference, 10);
        order = (unsigned)(a.host[0].name[0] - 'a') * 2 + (a.host[1].name[0] > a.host[2].name[0]);
        assert_in_range(order, 0, 5);
        seen[order]++;
    }
    for (unsigned i = 0; i < 6; i++)
        assert_in_range(seen[i], 850, 1150);
}

static void test_shuffle_addresses(void **state)
{
    struct rng rng = rng_seed(1);
    unsigned first[2] = {0};

    (void)state;
    for (unsigned n = 0; n < 2000; n++) {
        struct mx_answer a = {.status = MX_OK, .hosts = 1};

        a.host[0].address[0] = address_of("192.0.2.0");
        a.host[0].address[1] = address_of("2001:db8::1");
        a.host[0].address[2] = address_of("192.0.2.1");
        a.host[0].addresses = 3;
        mx_shuffle(&a, &rng);
        assert_int_equal(a.host[0].address[0].family, AF_INET);
        assert_int_equal(a.host[0].address[1].family, AF_INET6);
        first[a.host[0].address[0].bytes[3]]++;
    }
    assert_in_range(first[0], 850, 1150);
}

static void test_many_addresses(void **state)
{
    struct host_addresses v4 = {.count = 8}, v6 = {.count = 3}, out;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        v4.address[i] = address_of("192.0.2.1");
    for (unsigned i = 0; i < 3; i++)
        v6.address[i] = address_of("2001:db8::1");
    mx_join(&out, &v4, &v6);
    assert_int_equal(out.count, MX_ADDRESSES_MAX);
    assert_int_equal(out.address[0].family, AF_INET);
    assert_int_equal(out.address[1].family, AF_INET6);
    assert_int_equal(out.address[7].family, AF_INET);
}

static const struct {
    const char *net, *address;
    bool is_in;
} net[] = {
    {"127.0.0.0/8", "127.0.0.1", true},
    {"127.0.0.0/8", "127.255.255.255", true},
    {"127.0.0.0/8", "128.0.0.1", false},
    {"10.0.0.0/9", "10.127.0.1", true},
    {"10.0.0.0/9", "10.128.0.1", false},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.0", false},
    {"::1", "::1", true},
    {"::/128", "::1", false},
    {"fc00::/7", "fd12::1", true},
    {"fc00::/7", "fe80::1", false},
    {"127.0.0.0/8", "::ffff:127.0.0.1", true},
    {"127.0.0.0/8", "::1", false},
    {"::/0", "192.0.2.1", false},
};

static void test_prohibited(void **state)
{
    static const char *const bad[] = {"",        "x",        "127.0.0.0/33", "::/129",
                                      "1.2.3/8", "1.2.3.4/", "1.2.3.4/-1",   "1.2.3.4/8/8",
                                      "/8",      "host.test"};
    struct prohibited p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof net / sizeof *net; i++) {
        struct mx_address a = address_of(net[i].address);

        p = (struct prohibited){0};
        assert_true(prohibited_add(&p, net[i].net));
        if (prohibited_has(&p, &a) != net[i].is_in)
            fail_msg("%s in %s", net[i].address, net[i].net);
    }
    p = (struct prohibited){0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (prohibited_add(&p, bad[i]))
            fail_msg("\"%s\" is no network", bad[i]);
    for (unsigned i = 0; i < 32; i++)
        assert_true(prohibited_add(&p, "10.0.0.0/8"));
    assert_false(prohibited_add(&p, "10.0.0.0/8"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_too_many_hosts),
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_shuffle_addresses),
        cmocka_unit_test(test_many_addresses),
        cmocka_unit_test(test_prohibited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
