#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sluice/job/address.h>

#define L64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *in, *out; /* out NULL: refused */
    bool is_utf8_local;
} row[] = {
    {"kim@naver.com", "kim@naver.com", false},
    {" \tKim@NAVER.Com\r\n", "Kim@naver.com", false},
    {"\xc2\xa0kim@naver.com\xe3\x80\x80\xe2\x80\x8b", "kim@naver.com", false},
    {"\xef\xbb\xbfkim@naver.com", "kim@naver.com", false},
    {"a.b+c_d-e=f@x1.co.kr", "a.b+c_d-e=f@x1.co.kr", false},
    {"!#$%&'*/?^`{|}~@a.kr", "!#$%&'*/?^`{|}~@a.kr", false},
    {"\"a b@c\"@a.kr", "\"a b@c\"@a.kr", false},
    {"\"a\\\"b\"@a.kr", "\"a\\\"b\"@a.kr", false},
    {L64 "@a.kr", L64 "@a.kr", false},
    {"a@" L63 ".kr", "a@" L63 ".kr", false},
    {"a@xn--bj0bj06e.kr", "a@xn--bj0bj06e.kr", false},
    {"a@\xed\x95\x9c\xea\xb5\xad.kr", "a@\xed\x95\x9c\xea\xb5\xad.kr", false}, /* 한국.kr */
    {"a@B\xc3\x9c"
     "CHER.de",
     "a@b\xc3\xbc"
     "cher.de",
     false}, /* BÜCHER.de */
    {"a@\xef\xbd\x8e"
     "aver.com",
     "a@naver.com", false}, /* fullwidth n */
    {"a@\xed\x95\x9c\xea\xb5\xad\xe3\x80\x82kr", "a@\xed\x95\x9c\xea\xb5\xad.kr",
     false},                                          /* ideographic dot */
    {"\xed\x99\x8d@a.kr", "\xed\x99\x8d@a.kr", true}, /* 홍@a.kr */
    {"1@2.3com", "1@2.3com", false},
    {"", NULL, false},
    {"   ", NULL, false},
    {"kim", NULL, false},
    {"@a.kr", NULL, false},
    {"kim@", NULL, false},
    {"kim@naver", NULL, false},
    {"kim@@naver.com", NULL, false},
    {"kim@naver@com.kr", NULL, false},
    {".kim@naver.com", NULL, false},
    {"kim.@naver.com", NULL, false},
    {"ki..m@naver.com", NULL, false},
    {"ki m@naver.com", NULL, false},
    {"kim@na ver.com", NULL, false},
    {"kim@naver.com.", NULL, false},
    {"kim@.naver.com", NULL, false},
    {"kim@naver..com", NULL, false},
    {"kim@-naver.com", NULL, false},
    {"kim@naver-.com", NULL, false},
    {"kim@na_ver.com", NULL, false},
    {"kim@[192.0.2.1]", NULL, false},
    {"kim@192.0.2.1", NULL, false},
    {"<kim@naver.com>", NULL, false},
    {"Kim <kim@naver.com>", NULL, false},
    {"a@b.kr,c@d.kr", NULL, false},
    {"a@b.kr;c@d.kr", NULL, false},
    {"a@b.kr\nBcc: x@y.kr", NULL, false},
    {"a\rb@b.kr", NULL, false},
    {"\"a\n\"@b.kr", NULL, false},
    {"\"a@b.kr", NULL, false},
    {"\"a\"b@b.kr", NULL, false},
    {"\"", NULL, false},
    {"\"a\\", NULL, false},
    {"a" L64 "@a.kr", NULL, false},
    {"a@a" L63 ".kr", NULL, false},
    {"a@" L63 "." L63 "." L63 "." L63 ".kr", NULL, false},
    {"a@\xff\xfe.kr", NULL, false},
    {"\xff@a.kr", NULL, false},
    {"\xe2\x80\x8b"
     "a\xe2\x80\x8b"
     "b@a.kr",
     NULL, false}, /* zero width inside */
    {"a@\xe2\x98\xba", NULL, false},
    {"a@xn--.\xed\x95\x9c", NULL, false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct address a;
        char why[160] = "";
        bool ok = address_check(str_of(row[i].in), &a, why, sizeof why);

        if (ok != (row[i].out != NULL))
            fail_msg("<%s>: %s", row[i].in, ok ? a.text : why);
        if (!ok && !*why)
            fail_msg("<%s>: no reason", row[i].in);
        if (!ok)
            continue;
        if (strcmp(a.text, row[i].out) != 0)
            fail_msg("<%s> became <%s>", row[i].in, a.text);
        assert_int_equal(a.text[a.at], '@');
        assert_int_equal(a.local_is_ascii, !row[i].is_utf8_local);
    }
}

static void test_nul(void **state)
{
    struct address a;
    char why[160];

    (void)state;
    assert_false(address_check(str_n("a\0b@c.kr", 8), &a, why, sizeof why));
    assert_false(address_check(str_n("a@b\0.kr", 7), &a, why, sizeof why));
    assert_false(address_check(str_n(NULL, 0), &a, why, sizeof why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
