#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/utf8.h>

static void well_formed_or_not(void **state)
{
    static const struct {
        const char *text;
        size_t n, bad;
    } rows[] = {
        {"", 0, 0},
        {"abc", 3, 3},
        {"\0", 1, 1},
        {"홍길동", 9, 9},
        {"\x7f", 1, 1},
        {"\x80", 1, 0}, /* a continuation alone */
        {"a\xbf", 2, 1},
        {"\xc0\x80", 2, 0}, /* overlong NUL */
        {"\xc1\xbf", 2, 0},
        {"\xc2\x80", 2, 2},
        {"\xdf\xbf", 2, 2},
        {"\xe0\x80\x80", 3, 0}, /* overlong */
        {"\xe0\x9f\xbf", 3, 0},
        {"\xe0\xa0\x80", 3, 3},
        {"\xed\x9f\xbf", 3, 3},
        {"\xed\xa0\x80", 3, 0}, /* surrogates */
        {"\xed\xbf\xbf", 3, 0},
        {"\xee\x80\x80", 3, 3},
        {"\xef\xbf\xbf", 3, 3},
        {"\xf0\x80\x80\x80", 4, 0}, /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xf0\x90\x80\x80", 4, 4},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        {"\xf4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xf8\x88\x80\x80\x80", 5, 0},
        {"\xff", 1, 0},
        {"ab\xe2\x82", 4, 2}, /* cut */
        {"\xe2\x82x", 3, 0},
        {"\xf0\x9f\x98", 3, 0},
        {"\xe2", 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(utf8_bad_at(rows[i].text, rows[i].n), rows[i].bad);
    assert_int_equal(utf8_bad_at(NULL, 0), 0);
}

static void decodes(void **state)
{
    static const struct {
        const char *text;
        size_t n, length;
        uint32_t cp;
    } rows[] = {
        {"", 0, 0, 0xfffd},
        {"a", 1, 1, 'a'},
        {"\xc2\x80", 2, 2, 0x80},
        {"한", 3, 3, 0xd55c},
        {"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
        {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
        {"\xc0\x80", 2, 1, 0xfffd},
        {"\xe2\x82", 2, 1, 0xfffd},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t cp = 1;

        assert_int_equal(utf8_next(rows[i].text, rows[i].n, &cp), rows[i].length);
        assert_int_equal(cp, rows[i].cp);
    }
}

static void columns(void **state)
{
    static const struct {
        const char *text;
        size_t want;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"홍길동", 6},
        {"a한b", 4},
        {"日本", 4},
        {"ＡＢ", 4},               /* fullwidth */
        {"ｱ", 1},                  /* halfwidth */
        {"e\u0301", 1},            /* combining acute */
        {"\u1112\u1161\u11ab", 2}, /* conjoining jamo: one syllable */
        {"\u200b", 0},
        {"é", 1},
        {"\xff", 1}, /* shown as U+FFFD */
        {"\t", 0},
        {"😀", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(utf8_columns(rows[i].text, strlen(rows[i].text)), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_or_not),
        cmocka_unit_test(decodes),
        cmocka_unit_test(columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
