#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "name.h"

#include <stdio.h>

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
    const char *from, *want; /* NULL: refused */
} row[] = {
    {"naver.com", "naver.com"},
    {"NAVER.Com", "naver.com"},
    {"naver.com.", "naver.com"},
    {"naver", "naver"},
    {"_dmarc.naver.com", "_dmarc.naver.com"},
    {"r3---x.example", "r3---x.example"},
    {"-a-.example", "-a-.example"},
    {"xn--3e0b707e", "xn--3e0b707e"},
    {"XN--3E0B707E.kr", "xn--3e0b707e.kr"},
    {"한국", "xn--3e0b707e"},
    {"메일.한국", "xn--h32bq4v.xn--3e0b707e"},
    {"한국。kr", "xn--3e0b707e.kr"},
    {"BÜCHER.example", "xn--bcher-kva.example"},
    {"straße.de", "xn--strae-oqa.de"}, /* non-transitional: not strasse.de */
    {"ＮＡＶＥＲ．ｃｏｍ", "naver.com"},
    {L63 ".com", L63 ".com"},
    {L63 "." L63 "." L63 ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff.k",
     L63 "." L63 "." L63 ".aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffffffff.k"},
    {"", NULL},
    {".", NULL},
    {"..", NULL},
    {".naver.com", NULL},
    {"naver..com", NULL},
    {"naver.com..", NULL},
    {"naver .com", NULL},
    {" naver.com", NULL},
    {"naver.com\n", NULL},
    {"naver\\.com", NULL},
    {"nav@er.com", NULL},
    {"[192.0.2.1]", NULL},
    {"192.0.2.1", NULL},
    {"192.0.2.1.", NULL},
    {"[IPv6:2001:db8::1]", NULL},
    {"2001:db8::1", NULL},
    {"a.123", NULL},
    {L63 "h.com", NULL},
    {L63 "." L63 "." L63 "." L63, NULL},
    {"\xff\xfe.com", NULL},
    {"\xc0\xae.com", NULL},
    {"한국\x01.kr", NULL},
    {"\xe2\x80\x8b.kr", NULL}, /* a zero-width space, and nothing is left */
    {"가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가가"
     "나다라마바사아자차카타파하.kr",
     NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char out[DNS_NAME_SIZE];
        const char *why = NULL;
        bool ok = dns_name_to_ascii(str_of(row[i].from), out, &why);

        if (ok != (row[i].want != NULL))
            fail_msg("\"%s\": %s", row[i].from, ok ? out : why);
        if (ok)
            assert_string_equal(out, row[i].want);
        else
            assert_non_null(why);
        if (ok)
            assert_true(dns_name_is_host(out));
    }
}

static void test_odd_bytes(void **state)
{
    char out[DNS_NAME_SIZE], big[5000];
    const char *why;

    (void)state;
    assert_false(dns_name_to_ascii(str_n("a\0b.com", 7), out, &why));
    assert_false(dns_name_to_ascii(str_n("한\0.com", 8), out, &why));
    assert_false(dns_name_to_ascii(str_n(NULL, 0), out, &why));
    memset(big, 'a', sizeof big);
    assert_false(dns_name_to_ascii(str_n(big, sizeof big), out, &why));
    for (size_t i = 0; i + 3 <= sizeof big; i += 3)
        memcpy(big + i, "가", 3);
    assert_false(dns_name_to_ascii(str_n(big, 4998), out, &why));
    assert_false(dns_name_to_ascii(str_n(big, 999), out, &why));
}

static void test_local(void **state)
{
    (void)state;
    assert_true(dns_name_is_local("localhost"));
    assert_true(dns_name_is_local("mail.localhost"));
    assert_true(dns_name_is_local("localhost.localdomain"));
    assert_false(dns_name_is_local("localhost.com"));
    assert_false(dns_name_is_local("mylocalhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_odd_bytes),
        cmocka_unit_test(test_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
