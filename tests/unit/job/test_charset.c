#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "charset.h"

static const struct {
    const char *in, *out;
} row[] = {
    {"abc,\"\n", "abc,\"\n"},
    {"\xb1\xe8\xc3\xb6\xbc\xf6", "김철수"},
    {"\x8c\x63\xb9\xe6\xb0\xa2\xc7\xcf",
     "똠방각하"}, /* 0x8c63 is beyond EUC-KR: the second byte is 'c' */
    {"\x81\x41", "갂"},
    {"\xa1\xa6\xa2\xe6", "…€"},
    {"a\xb1\xe8"
     "b\xc0\xcc\n",
     "a김b이\n"},
    {"\xb1\n\xb1\xe8", "\xff\n김"}, /* half a character: the line end stays */
    {"\xb1,x", "\xff,x"},
    {"\xff\x80x", "\xff\xffx"},
    {"\xb1", "\xff"},
    {"\xc9\xa1", "\xff\xff"}, /* no character there */
};

/* Split at every place. */
static void test_rows(void **state)
{
    struct err e;

    (void)state;
    assert_true(cp949_ready(&e));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        size_t n = strlen(row[i].in);

        for (size_t cut = 0; cut <= n; cut++) {
            char out[64];
            struct cp949 c = {0};
            size_t to = cp949_to_utf8(&c, row[i].in, cut, false, out);

            to += cp949_to_utf8(&c, row[i].in + cut, n - cut, true, out + to);
            out[to] = '\0';
            if (strcmp(out, row[i].out) != 0)
                fail_msg("row %zu cut at %zu", i, cut);
            assert_true(to <= CP949_ROOM(cut) + CP949_ROOM(n - cut));
        }
    }
}

static void test_room_is_enough(void **state)
{
    static const unsigned char bytes[] = {0x41, 0x80, 0xb0, 0xa1, 0xff, 0x0a};

    (void)state;
    for (size_t n = 0; n < 9; n++) {
        for (unsigned seed = 0; seed < 5000; seed++) {
            char in[9], *out = malloc(CP949_ROOM(n));
            struct cp949 c = {(unsigned char)(seed % 2 ? 0xb0 : 0)};

            for (size_t i = 0; i < n; i++)
                in[i] = (char)bytes[(seed * 7 + i * i * 13 + seed / (i + 1)) % sizeof bytes];
            assert_true(cp949_to_utf8(&c, in, n, true, out) <= CP949_ROOM(n));
            free(out);
        }
    }
}

static void test_guess(void **state)
{
    (void)state;
    assert_int_equal(charset_guess("plain", 5), CHARSET_UNKNOWN);
    assert_int_equal(charset_guess("", 0), CHARSET_UNKNOWN);
    assert_int_equal(charset_guess("김철수", strlen("김철수")), CHARSET_UTF8);
    assert_int_equal(charset_guess("김철수", strlen("김철수") - 1),
                     CHARSET_UTF8); /* cut by the block */
    assert_int_equal(charset_guess("\xb1\xe8\xc3\xb6\xbc\xf6", 6), CHARSET_CP949);
    assert_int_equal(charset_guess("\xb1\xe8\xc3\xb6\xbc", 5), CHARSET_CP949);
    /* One broken row does not turn a UTF-8 list into gibberish. */
    assert_int_equal(charset_guess("김철수 이영희 \xb1\xe8", strlen("김철수 이영희 \xb1\xe8")),
                     CHARSET_UTF8);
    assert_int_equal(charset_guess("김철수김철수김철수 \xff", strlen("김철수김철수김철수 \xff")),
                     CHARSET_UTF8);
}

static void test_names(void **state)
{
    enum charset c;

    (void)state;
    assert_true(charset_from_name("UTF-8", &c) && c == CHARSET_UTF8);
    assert_true(charset_from_name("EUC-KR", &c) && c == CHARSET_CP949);
    assert_false(charset_from_name("latin1", &c));
    assert_false(charset_from_name("", &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_room_is_enough),
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
