/* What each filter makes of values, good and bad ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/base/utf8.h>
#include <sluice/template/expr.h>

/* The value (NULL: none) through "filter|filter"; the caller frees. */
static char *through(const char *filters, const char *value, bool *has_value)
{
    char tag[200], why[EXPR_WHY];
    struct expr x;
    struct buf out;

    snprintf(tag, sizeof tag, "v|%s", filters);
    if (!expr_parse_value(str_of(tag), &x, why))
        fail_msg("%s: %s", tag, why);
    buf_init(&out, 4 * FILTER_VALUE_MAX);
    buf_puts(&out, "before");
    *has_value = filters_apply(x.filter, x.filters, str_of(value), value != NULL, &out);
    assert_memory_equal(out.data, "before", 6);
    assert_false(buf_is_full(&out));
    buf_drop(&out, 6);
    return buf_take(&out);
}

/* want NULL: there is no value afterwards. */
static void gives(const char *filters, const char *value, const char *want)
{
    bool has_value;
    char *got = through(filters, value, &has_value);

    if (has_value != (want != NULL) || strcmp(got, want ? want : "") != 0)
        fail_msg("%s | %s: '%s'%s instead of '%s'", value ? value : "nothing", filters, got,
                 has_value ? "" : " (none)", want ? want : "nothing");
    free(got);
}

struct row {
    const char *filters, *value, *want;
};

static void give(const struct row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        gives(row[i].filters, row[i].value, row[i].want);
}
#define GIVE(rows) give(rows, sizeof(rows) / sizeof *(rows))

static void fallbacks(void **state)
{
    static const struct row rows[] = {
        {"고객", "홍길동", "홍길동"},
        {"고객 여러분", NULL, "고객 여러분"},
        {"고객", "", "고객"},
        {"고객", " ", " "},
        {"\" 고객 \"", "", " 고객 "},
        {"\"\"", NULL, ""}, /* nothing is what is wanted */
        {"\"\"|upper", NULL, ""},
        {"\"\"|a b", NULL, ""},
        {"upper", NULL, NULL},
        {"upper", "", NULL},
        {"upper|lower|won|number|date|url|truncate:3", NULL, NULL},
        {"upper|default:\"abc\"", NULL, "abc"},
        {"default:\"abc\"|upper", NULL, "ABC"},
        {"upper|default:\"x y\"", "abc", "ABC"},
        {"upper|default:\"x y\"|url", "a b", "A%20B"},
        {"default:\"x y\"|default:\"z z\"", NULL, "x y"},
        {"upper|default:\"x y\"|lower|url", "A B", "a%20b"},
        {"upper|lower|upper|lower|url|url|truncate:9|lower", "A B", "a%2520b"},
    };

    (void)state;
    GIVE(rows);
}

static void cases(void **state)
{
    static const struct row rows[] = {
        {"upper", "hong@naver.com 홍길동 12", "HONG@NAVER.COM 홍길동 12"},
        {"lower", "HONG Gildong", "hong gildong"},
        {"upper", "straße façade ÿ ŏ ǆ ơ", "STRAßE FAÇADE Ÿ Ŏ Ǆ Ơ"},
        {"lower", "ÀÉÎÕÜ ×÷ ŸĲŁŽ", "àéîõü ×÷ ÿĳłž"},
        {"upper", "αβγς άώ ἀ", "ΑΒΓΣ ΆΏ Ἀ"},
        {"lower", "ΑΣ Ώ", "ασ ώ"},
        {"upper", "привет ёж ӏ", "ПРИВЕТ ЁЖ Ӏ"},
        {"lower", "ПРИВЕТ ЁЖ", "привет ёж"},
        {"upper", "ısſµ ａｚ ⅳ ⓐ", "ISSΜ ＡＺ Ⅳ Ⓐ"},
        {"lower", "İẞ ＡＺ \u212a", "iß ａｚ k"},
        {"upper", "աբ", "ԱԲ"},
        {"upper", "\xff\x61\xc3\x62\x80", "\xff\x41\xc3\x42\x80"},
        {"lower", "\xed\xa0\x80\x41", "\xed\xa0\x80\x61"},
    };

    (void)state;
    GIVE(rows);
}

/* There and back again: a letter whose upper case has another lower case is one of the few. */
static void cases_come_in_pairs(void **state)
{
    unsigned letters = 0;

    (void)state;
    for (uint32_t cp = 0x80; cp < 0x2500; cp++) {
        char c[] = {(char)(0xe0 | cp >> 12), (char)(0x80 | (cp >> 6 & 63)),
                    (char)(0x80 | (cp & 63)), 0};
        bool has_value;
        char *up, *back;

        if (cp < 0x800) {
            c[0] = (char)(0xc0 | cp >> 6);
            c[1] = c[2];
            c[2] = '\0';
        }
        up = through("upper", c, &has_value);
        back = through("upper|lower", c, &has_value);
        assert_int_equal(utf8_bad_at(up, strlen(up)), strlen(up));
        if (strcmp(up, c) != 0) {
            letters++;
            if (strcmp(back, c) != 0 && !strstr("µ ı ſ ς", c))
                fail_msg("%s, %s, %s", c, up, back);
        }
        free(up);
        free(back);
    }
    assert_in_range(letters, 640, 660);
}

#define FAMILY "👨‍👩‍👧" /* three people, joined */

static void cuts(void **state)
{
    static const struct row rows[] = {
        {"truncate:5", "abcde", "abcde"},
        {"truncate:5", "abcdef", "abcd…"},
        {"truncate:1", "ab", "…"},
        {"truncate:1", "a", "a"},
        {"truncate:4", "린넨 셔츠 세트", "린넨…"}, /* no blank before the dots */
        {"truncate:3", "홍길동님", "홍길…"},
        {"truncate:2", "가각\u11a8", "가각\u11a8"}, /* a final jamo joins */
        {"truncate:2", "\u1112\u1161\u11ab\u1100\u1173\u11af나", "\u1112\u1161\u11ab…"},
        {"truncate:2", "\u1112\u1161\u11ab\u1100\u1173\u11af",
         "\u1112\u1161\u11ab\u1100\u1173\u11af"},
        {"truncate:2", "\u1100\uac00\u11a8나다", "\u1100\uac00\u11a8…"},
        {"truncate:2", "\u3131\u314f\u3134", "\u3131…"}, /* compatibility jamo join nothing */
        {"truncate:2", "e\u0301e\u0301\u0302", "e\u0301e\u0301\u0302"},
        {"truncate:2", "e\u0301e\u0301x", "e\u0301…"},
        {"truncate:1", FAMILY, FAMILY},
        {"truncate:2", FAMILY "👍🏽x", FAMILY "…"},
        {"truncate:2", FAMILY "👍🏽", FAMILY "👍🏽"},
        {"truncate:2", "❤️가나", "❤️…"},
        {"truncate:2", "1️⃣2️⃣3", "1️⃣…"},
        {"truncate:2", "🇰🇷🇺🇸🇯🇵", "🇰🇷…"},
        {"truncate:2", "🇰🇷🇺🇸", "🇰🇷🇺🇸"},
        {"truncate:2", "a\u200db가", "a\u200d…"}, /* a joiner joins pictures only */
        {"truncate:2", "か\u3099き", "か\u3099き"},
        {"truncate:2", "ที่นี่ค", "ที่…"},
        {"truncate:2", "नीलम", "नी…"},
        {"truncate:2", "\r\na\r\n", "\r\n…"},
        {"truncate:2", "\xff\xfe\xfd", "\xff…"},
        {"truncate:2", "가\xea\xb0", "가…"},
        {"truncate:20", "가\xea\xb0", "가\xea\xb0"},
    };

    (void)state;
    GIVE(rows);
}

static void accents_end(void **state)
{
    char text[2 * 1000 + 2] = "e";
    bool has_value;
    char *got;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 1 + 2 * i, "\u0301", 2);
    got = through("truncate:3", text, &has_value);
    assert_int_equal(strlen(got), 1 + 2 * 31 + 2 * 32 + strlen("…"));
    assert_memory_equal(got, text, 1 + 2 * 63);
    free(got);
}

static void numbers(void **state)
{
    static const struct row rows[] = {
        {"number", "0", "0"},
        {"number", "5", "5"},
        {"number", "999", "999"},
        {"number", "1000", "1,000"},
        {"number", "1234567.8", "1,234,568"},
        {"number", "-1234567", "-1,234,567"},
        {"number", "+1234", "1,234"},
        {"number", "1,234", "1,234"},
        {"number", " 12345 ", "12,345"},
        {"number", "0012345", "12,345"},
        {"number", "0.50", "1"},
        {"number:1", ".5", "0.5"},
        {"number", "-0", "0"},
        {"number", "123456789012345678901234567890", "123,456,789,012,345,678,901,234,567,890"},
        {"number:0", "2.5", "3"},
        {"number:0", "-2.5", "-3"},
        {"number:0", "2.4999999999999999999", "2"},
        {"number:0", "999.5", "1,000"},
        {"number:0", "-0.4", "0"},
        {"number:0", "0.5", "1"},
        {"number:1", "999999.95", "1,000,000.0"},
        {"number:2", "1.005", "1.01"}, /* which no floating point gives */
        {"number:2", "1.115", "1.12"},
        {"number:2", "5", "5.00"},
        {"number:2", "-1,234.5", "-1,234.50"},
        {"number:20", "0.1", "0.10000000000000000000"},
        {"number", "가", "가"},
        {"number", "", NULL},
        {"number", "-", "-"},
        {"number", ".", "."},
        {"number", "5.", "5."},
        {"number", "1.2.3", "1.2.3"},
        {"number", "12,34", "12,34"},
        {"number", "1234,567", "1234,567"},
        {"number", ",123", ",123"},
        {"number", "123,", "123,"},
        {"number", "1,,234", "1,,234"},
        {"number", "--5", "--5"},
        {"number", "1e5", "1e5"},
        {"number", "5개", "5개"},
        {"number", "0x10", "0x10"},
        {"number", "\xff", "\xff"},
        {"won", "59000", "59,000원"},
        {"won", "59,000", "59,000원"},
        {"won", "59000.00", "59,000원"},
        {"won", "59000.5", "59,001원"},
        {"won", "-5000", "-5,000원"},
        {"won", "0", "0원"},
        {"won", "59,000원", "59,000원"},
        {"won", "무료", "무료"},
    };
    char long_number[200];

    (void)state;
    GIVE(rows);
    memset(long_number, '9', sizeof long_number - 1);
    long_number[sizeof long_number - 1] = '\0';
    gives("number", long_number, long_number);
    gives("number", long_number + 199 - 60,
          "999,999,999,999,999,999,999,999,999,999,999,999,999,999,999,999,999,999,999,999");
    gives("number", long_number + 199 - 61, long_number + 199 - 61);
}

static void dates(void **state)
{
    static const struct row rows[] = {
        {"date", "2026-11-22", "2026년 11월 22일"},
        {"date", "2026-01-05", "2026년 1월 5일"},
        {"date", "2026/11/22", "2026년 11월 22일"},
        {"date", "2026.11.22", "2026년 11월 22일"},
        {"date", "20261122", "2026년 11월 22일"},
        {"date", "2026-1-5", "2026년 1월 5일"},
        {"date", " 2026-11-22 ", "2026년 11월 22일"},
        {"date:\"%Y.%m.%d (%a)\"", "2026-11-22", "2026.11.22 (일)"},
        {"date:\"%y/%-m/%-d %A\"", "2026-03-02", "26/3/2 월요일"},
        {"date:\"%H:%M:%S\"", "2026-11-22", "00:00:00"},
        {"date:\"%H:%M:%S\"", "2026-11-22T08:30", "08:30:00"},
        {"date:\"%H:%M:%S\"", "2026-11-22T08:30:15", "08:30:15"},
        {"date:\"%H:%M:%S\"", "2026-11-22 08:30:15.123456", "08:30:15"},
        {"date:\"%-H시 %M분\"", "2026/11/22 8:30", "8시 30분"},
        {"date:\"%p %-I:%M\"", "2026-11-22T00:05:00Z", "오전 12:05"},
        {"date:\"%p %I:%M\"", "2026-11-22T12:05:00+09:00", "오후 12:05"},
        {"date:\"%p %I:%M\"", "2026-11-22T23:05-0800", "오후 11:05"},
        {"date:\"%d\"", "2026-11-22T23:05:00.5+09", "22"},
        {"date:\"100%% %d\"", "2026-11-22", "100% 22"},
        {"date:\"%Y-%m-%d %H:%M:%S\"", "1795313130", "2026-11-22 11:05:30"},
        {"date:\"%Y-%m-%d %H:%M:%S\"", "1795313130123", "2026-11-22 11:05:30"},
        {"date:\"%Y-%m-%d %H:%M:%S\"", "202611220830", "2026-11-22 08:30:00"},
        {"date:\"%Y-%m-%d %H:%M:%S\"", "20261122083059", "2026-11-22 08:30:59"},
        {"date:\"%a\"", "2024-02-29", "목"},
        {"date:\"%a\"", "0001-01-01", "월"},
        {"date:\"%a\"", "1969-12-31", "수"},
        {"date", "2026-02-29", "2026-02-29"},
        {"date", "2026-13-01", "2026-13-01"},
        {"date", "2026-00-10", "2026-00-10"},
        {"date", "2026-11-31", "2026-11-31"},
        {"date", "0000-01-01", "0000-01-01"},
        {"date", "20261131", "20261131"},
        {"date", "2026-11/22", "2026-11/22"},
        {"date", "2026-11-22T", "2026-11-22T"},
        {"date", "2026-11-22T24:00", "2026-11-22T24:00"},
        {"date", "2026-11-22T08:60", "2026-11-22T08:60"},
        {"date", "2026-11-22T08:30:", "2026-11-22T08:30:"},
        {"date", "2026-11-22T08:30+", "2026-11-22T08:30+"},
        {"date", "2026-11-22T08:30 KST", "2026-11-22T08:30 KST"},
        {"date", "2026-11-22x", "2026-11-22x"},
        {"date", "2026-11", "2026-11"},
        {"date", "5", "5"},
        {"date", "010-1234-5678", "010-1234-5678"},
        {"date", "내일", "내일"},
        {"date", "99999999999999999999", "99999999999999999999"},
        {"date", "\xff", "\xff"},
        {"date:\"%Y\"|default:\"미정\"", "", "미정"},
    };

    (void)state;
    GIVE(rows);
}

static void urls(void **state)
{
    static const struct row rows[] = {
        {"url", "AZaz09-._~", "AZaz09-._~"},
        {"url", "a b&c=d/e?f#g+h%\"'<>", "a%20b%26c%3Dd%2Fe%3Ff%23g%2Bh%25%22%27%3C%3E"},
        {"url", "홍", "%ED%99%8D"},
        {"url", "\r\n", "%0D%0A"},
        {"url", "a\xff\xed\xa0\x80", "a%EF%BF%BD%EF%BF%BD%EF%BF%BD%EF%BF%BD"},
        {"url", "😀", "%F0%9F%98%80"},
    };

    (void)state;
    GIVE(rows);
}

static void a_nul_is_a_byte(void **state)
{
    struct filter f = {.kind = FILTER_URL};
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_true(filters_apply(&f, 1, str_n("a\0b", 3), true, &out));
    assert_string_equal(out.data, "a%00b");
    buf_done(&out);
}

static void what_is_too_long_is_full(void **state)
{
    struct filter f[] = {{.kind = FILTER_URL}, {.kind = FILTER_UPPER}};
    size_t n = FILTER_VALUE_MAX / 3 + 1;
    char *text = malloc(n);
    struct buf out;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', n);
    buf_init(&out, 4 * FILTER_VALUE_MAX);
    filters_apply(f, 1, str_n(text, n), true, &out); /* straight into *out, which has room */
    assert_false(buf_is_full(&out));
    assert_int_equal(out.len, 3 * n);
    filters_apply(f, 2, str_n(text, n), true, &out);
    assert_true(buf_is_full(&out));
    buf_clear(&out);
    out.max = 10;
    filters_apply(f, 1, str_n(text, n), true, &out);
    assert_true(buf_is_full(&out));
    buf_done(&out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fallbacks),
        cmocka_unit_test(cases),
        cmocka_unit_test(cases_come_in_pairs),
        cmocka_unit_test(cuts),
        cmocka_unit_test(accents_end),
        cmocka_unit_test(numbers),
        cmocka_unit_test(dates),
        cmocka_unit_test(urls),
        cmocka_unit_test(a_nul_is_a_byte),
        cmocka_unit_test(what_is_too_long_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
