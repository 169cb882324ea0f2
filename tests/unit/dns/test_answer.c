#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "answer.h"
#include "packet.h"

#include <sluice/base/buf.h>

static struct packet packet;

/* The answer in one line, so that rows can say what they expect. */
static void describe(const struct dns_answer *a, int type, struct buf *out)
{
    static const char *const kind[] = {"records", "nodata", "nxdomain", "elsewhere", "failed"};
    char text[46];

    buf_puts(out, kind[a->kind]);
    if (a->kind == DNS_FAILED)
        buf_printf(out, " %s%s", a->failure, a->is_rcode ? " (rcode)" : "");
    else
        buf_printf(out, " ttl=%u", a->ttl_sec);
    if (a->target[0])
        buf_printf(out, " at=%s", a->target);
    for (unsigned i = 0; i < a->count; i++) {
        if (type == ns_t_txt) {
            struct str one = txt_record(a->txt, i);

            if (one.n > 100)
                buf_printf(out, " (%zu)", one.n);
            else
                buf_printf(out, " \"%.*s\"", (int)one.n, one.p);
        } else if (type == ns_t_mx) {
            buf_printf(out, " %u:%s", a->mx[i].preference, a->mx[i].exchange);
        } else {
            mx_address_format(&a->address[i], text);
            buf_printf(out, " %s", text);
        }
    }
    if (type == ns_t_txt && a->count > 0 && a->txt->is_cut)
        buf_puts(out, " cut");
}

static const struct {
    const char *why, *script;
    int type;
    const char *want;
} row[] = {
    {"two MX, sorted", "MX 20 b.test; MX 10 A.TEST", ns_t_mx,
     "records ttl=300 10:a.test 20:b.test"},
    {"smallest TTL", "TTL 500; MX 20 b.test; TTL 100; MX 10 a.test", ns_t_mx,
     "records ttl=100 10:a.test 20:b.test"},
    {"TTL with the highest bit", "TTL 4000000000; MX 1 a.test", ns_t_mx, "records ttl=0 1:a.test"},
    {"null MX", "MX 0 .", ns_t_mx, "records ttl=300 0:."},
    {"an address for a name", "MX 5 192.0.2.1", ns_t_mx, "records ttl=300 5:192.0.2.1"},
    {"a name that is none", "MX 5 a/b.test", ns_t_mx, "records ttl=300 5:"},
    {"addresses", "A 192.0.2.1; A 192.0.2.2", ns_t_a, "records ttl=300 192.0.2.1 192.0.2.2"},
    {"IPv6", "AAAA 2001:db8::1", ns_t_aaaa, "records ttl=300 2001:db8::1"},
    {"other types are passed over", "A 192.0.2.1; MX 1 a.test", ns_t_mx,
     "records ttl=300 1:a.test"},
    {"other owners are passed over", "evil.test> MX 1 evil.test; MX 2 a.test", ns_t_mx,
     "records ttl=300 2:a.test"},
    {"only other owners: no data", "evil.test> MX 1 evil.test", ns_t_mx, "nodata ttl=0"},
    {"owner in other letters", "ASKED.test> MX 1 a.test", ns_t_mx, "records ttl=300 1:a.test"},
    {"CNAME in the packet", "TTL 60; CNAME real.test; TTL 90; real.test> A 192.0.2.1", ns_t_a,
     "records ttl=60 at=real.test 192.0.2.1"},
    {"CNAME behind its target", "b.test> A 192.0.2.1; a.test> CNAME b.test; CNAME a.test", ns_t_a,
     "records ttl=300 at=b.test 192.0.2.1"},
    {"CNAME out of the packet", "CNAME real.test", ns_t_mx, "elsewhere ttl=300 at=real.test"},
    {"CNAME, then no data", "CNAME real.test; SOA 900 50", ns_t_mx, "nodata ttl=50 at=real.test"},
    {"CNAME, then no name", "RCODE 3; CNAME real.test; SOA 900 50", ns_t_mx,
     "nxdomain ttl=50 at=real.test"},
    {"CNAME to itself", "CNAME asked.test", ns_t_a, "failed CNAME chain that leads nowhere"},
    {"CNAME in a circle", "CNAME a.test; a.test> CNAME asked.test", ns_t_a,
     "failed CNAME chain that leads nowhere"},
    {"CNAME to the root", "CNAME .", ns_t_a, "failed CNAME chain that leads nowhere"},
    {"no name, SOA minimum", "RCODE 3; SOA 900 300", ns_t_mx, "nxdomain ttl=300"},
    {"no name, SOA TTL", "RCODE 3; SOA 200 300", ns_t_mx, "nxdomain ttl=200"},
    {"no name, no SOA", "RCODE 3", ns_t_mx, "nxdomain ttl=0"},
    {"no data, SOA", "SOA 900 300", ns_t_mx, "nodata ttl=300"},
    {"no data, nothing", "", ns_t_mx, "nodata ttl=0"},
    {"a referral is no answer", "NS ns.other.test", ns_t_mx,
     "failed referral instead of an answer"},
    {"NS from the owner is one", "AA; NS ns.other.test", ns_t_mx, "nodata ttl=0"},
    {"SERVFAIL", "RCODE 2", ns_t_mx, "failed SERVFAIL (rcode)"},
    {"REFUSED", "RCODE 5", ns_t_mx, "failed REFUSED (rcode)"},
    {"FORMERR", "RCODE 1", ns_t_mx, "failed FORMERR (rcode)"},
    {"an RCODE without a name", "RCODE 15", ns_t_mx, "failed unknown RCODE (rcode)"},
    {"an MX that cannot be read is not none", "SHORTMX", ns_t_mx, "failed malformed answer"},
    {"an MX that cannot be read among others", "SHORTMX; MX 1 a.test", ns_t_mx,
     "records ttl=300 1:a.test"},
    {"an A of no bytes", "SHORTA", ns_t_a, "failed malformed answer"},
    {"bytes behind the end", "MX 1 a.test; TAIL", ns_t_mx, "failed malformed answer"},
    {"a question", "QUERY; MX 1 a.test", ns_t_mx, "failed malformed answer"},
    {"texts", "TXT v=spf1 -all; TXT other", ns_t_txt, "records ttl=300 \"v=spf1 -all\" \"other\""},
    {"strings are put together", "TXT v=DKIM1|p=ab|c", ns_t_txt,
     "records ttl=300 \"v=DKIM1p=abc\""},
    {"an empty string", "TXTHEX 00", ns_t_txt, "records ttl=300 \"\""},
    {"a text behind a CNAME", "CNAME a_b._x.test; a_b._x.test> TXT one", ns_t_txt,
     "records ttl=300 at=a_b._x.test \"one\""},
    {"a string beyond the record", "TXTHEX 0561", ns_t_txt, "failed malformed answer"},
    {"no string at all", "TXTHEX", ns_t_txt, "failed malformed answer"},
    {"a bad text among good ones", "TXTHEX 0561; TXT one", ns_t_txt, "records ttl=300 \"one\""},
    {"no text", "SOA 900 300", ns_t_txt, "nodata ttl=300"},
    {"all of a long text", "TXTBYTES 16000", ns_t_txt, "records ttl=300 (16000)"},
    {"a text that is too long", "TXTBYTES 17000", ns_t_txt, "failed malformed answer"},
    {"more text than fits", "TXTBYTES 16000; TXTBYTES 500; TXT one", ns_t_txt,
     "records ttl=300 (16000) \"one\" cut"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct dns_answer a;
        struct buf got;

        buf_init(&got, 100000);
        packet_script(&packet, 7, "asked.test", row[i].type, row[i].script);
        dns_answer_parse(packet.b, packet.n, "asked.test", row[i].type, &a);
        describe(&a, row[i].type, &got);
        dns_answer_done(&a, row[i].type);
        if (strcmp(got.data, row[i].want) != 0)
            fail_msg("%s: \"%s\", want \"%s\"", row[i].why, got.data, row[i].want);
        buf_done(&got);
    }
}

static void test_another_question(void **state)
{
    struct dns_answer a;

    (void)state;
    packet_script(&packet, 7, "asked.test", ns_t_mx, "MX 1 a.test");
    dns_answer_parse(packet.b, packet.n, "other.test", ns_t_mx, &a);
    assert_int_equal(a.kind, DNS_FAILED);
    dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_a, &a);
    assert_int_equal(a.kind, DNS_FAILED);
    dns_answer_parse(packet.b, packet.n, "ASKED.test", ns_t_mx, &a);
    assert_int_equal(a.kind, DNS_RECORDS);
    dns_answer_parse(packet.b, packet.n, NULL, ns_t_mx, &a);
    assert_int_equal(a.kind, DNS_RECORDS);
}

/* Of many records the most preferred ones stay, in order. */
static void test_many(void **state)
{
    struct dns_answer a;
    char name[64];

    (void)state;
    packet_script(&packet, 7, "asked.test", ns_t_mx, "");
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "mx%u.test", i);
        packet_record(&packet, "asked.test", "MX", (i * 7919) % 1000, name);
    }
    dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_mx, &a);
    assert_int_equal(a.count, DNS_MX_MAX);
    for (unsigned i = 0; i < a.count; i++)
        assert_int_equal(a.mx[i].preference, i);

    packet_script(&packet, 7, "asked.test", ns_t_a, "");
    for (unsigned i = 0; i < 100; i++)
        packet_record(&packet, "asked.test", "A", 0, "192.0.2.1");
    dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_a, &a);
    assert_int_equal(a.count, MX_ADDRESSES_MAX);
}

static void test_long_chain(void **state)
{
    struct dns_answer a;
    char owner[64], target[64];

    (void)state;
    packet_script(&packet, 7, "c0.test", ns_t_a, "");
    for (unsigned i = 0; i < 30; i++) {
        snprintf(owner, sizeof owner, "c%u.test", i);
        snprintf(target, sizeof target, "c%u.test", i + 1);
        packet_record(&packet, owner, "CNAME", 0, target);
    }
    /* The end of what is kept: the rest is asked for, or not. */
    dns_answer_parse(packet.b, packet.n, "c0.test", ns_t_a, &a);
    assert_int_equal(a.kind, DNS_ELSEWHERE);
    assert_string_equal(a.target, "c8.test");
}

/* Every prefix of a good packet is refused, none is read beyond (the address sanitizer looks on).
 */
static void test_every_cut(void **state)
{
    (void)state;
    packet_script(&packet, 7, "asked.test", ns_t_mx,
                  "CNAME a.test; a.test> MX 10 mx.test; SOA 900 300");
    for (size_t n = 0; n < packet.n; n++) {
        unsigned char *copy = mem_new(n + 1);
        struct dns_answer a;

        memcpy(copy, packet.b, n);
        copy = mem_grow(copy, n ? n : 1, 1);
        dns_answer_parse(copy, n, "asked.test", ns_t_mx, &a);
        assert_int_equal(a.kind, DNS_FAILED);
        free(copy);
    }
}

static void test_many_texts(void **state)
{
    struct dns_answer a;
    char text[16];

    (void)state;
    packet_script(&packet, 7, "asked.test", ns_t_txt, "");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%u", i);
        packet_txt(&packet, "asked.test", "TXT", text);
    }
    dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_txt, &a);
    assert_int_equal(a.count, TXT_RECORDS_MAX);
    assert_true(a.txt->is_cut);
    assert_true(str_is(txt_record(a.txt, 63), "63"));
    dns_answer_done(&a, ns_t_txt);
    assert_int_equal(a.count, 0);
}

/* A name that points at itself, and one that points behind the packet. */
static void test_compression(void **state)
{
    static const unsigned char pointer[][2] = {{0xc0, 12}, {0xff, 0xff}, {0xc0, 52}, {0x80, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof pointer / sizeof *pointer; i++) {
        struct dns_answer a;
        size_t at;

        packet_script(&packet, 7, "asked.test", ns_t_mx, "");
        at = packet_rr(&packet, 1, "asked.test", ns_t_mx, 300);
        packet_u16(&packet, 10);
        packet_put(&packet, pointer[i], 2);
        packet_end_rr(&packet, at);
        dns_answer_parse(packet.b, packet.n, "asked.test", ns_t_mx, &a);
        if (i == 0)
            assert_string_equal(a.mx[0].exchange, "asked.test");
        else
            assert_int_equal(a.kind, DNS_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),        cmocka_unit_test(test_another_question),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_long_chain),  cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_compression),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
