/* From which address which addresses of a host are dialled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include "sources.h"

static struct source source[] = {
    {.name = "any"},
    {.name = "four", .address = "203.0.113.7"},
    {.name = "six", .address = "2001:db8::7"},
};
static const struct shaping shaping = {.source = source, .sources = 3};

/* "46": one address of each family, in that order. */
static struct mx_host host_of(const char *families)
{
    struct mx_host h = {.name = "mx.example"};
    for (; *families; families++) {
        struct mx_address *a = &h.address[h.addresses++];
        a->family = *families == '4' ? AF_INET : AF_INET6;
        a->bytes[0] = h.addresses;
    }
    return h;
}

static void families_of(const struct dial_target *t, char *out)
{
    for (unsigned i = 0; i < t->addresses; i++)
        *out++ = t->address[i].to.ss_family == AF_INET ? '4' : '6';
    *out = 0;
}

static void test_families(void **state)
{
    static const struct {
        unsigned source;
        enum ip_lookup lookup;
        const char *host, *dialled;
    } rows[] = {
        {0, IP_BOTH, "646", "646"}, {0, IP_V4_ONLY, "646", "4"}, {0, IP_V6_ONLY, "646", "66"},
        {1, IP_BOTH, "646", "4"},   {1, IP_V6_ONLY, "646", ""},  {2, IP_BOTH, "646", "66"},
        {2, IP_BOTH, "4", ""},      {0, IP_V6_ONLY, "4", ""},    {0, IP_BOTH, "", ""},
    };
    struct sources s;
    struct problems p;
    (void)state;
    problems_init(&p);
    assert_true(sources_parse(&shaping, &s, &p));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mx_host h = host_of(rows[i].host);
        struct dial_target t = {0};
        char got[16];
        sources_target(&s, rows[i].source, rows[i].lookup, &h, 2525, &t);
        families_of(&t, got);
        assert_string_equal(got, rows[i].dialled);
    }
    problems_done(&p);
}

static void test_port_and_bytes(void **state)
{
    struct sources s;
    struct problems p;
    struct mx_host h = host_of("4");
    struct dial_target t = {0};
    (void)state;
    problems_init(&p);
    sources_parse(&shaping, &s, &p);
    sources_target(&s, 1, IP_BOTH, &h, 2525, &t);
    const struct sockaddr_in *to = (const struct sockaddr_in *)&t.address[0].to;
    const struct sockaddr_in *from = (const struct sockaddr_in *)&t.source;
    assert_int_equal(ntohs(to->sin_port), 2525);
    assert_memory_equal(&to->sin_addr, h.address[0].bytes, 4);
    assert_int_equal(from->sin_addr.s_addr, inet_addr("203.0.113.7"));
    problems_done(&p);
}

static void test_bad_addresses(void **state)
{
    struct source bad[] = {{.name = "a", .address = "203.0.113.777", .at = {"s.conf", 4}},
                           {.name = "b", .address = "mail.example", .at = {"s.conf", 5}}};
    struct shaping two = {.source = bad, .sources = 2};
    struct sources s;
    struct problems p;
    (void)state;
    problems_init(&p);
    assert_false(sources_parse(&two, &s, &p));
    assert_int_equal(p.errors, 2);
    assert_string_equal(p.item[1].file, "s.conf");
    assert_int_equal(p.item[1].line, 5);
    problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_port_and_bytes),
        cmocka_unit_test(test_bad_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
