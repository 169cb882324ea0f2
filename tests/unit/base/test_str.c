#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/base/str.h>

static void equality(void **state)
{
    (void)state;
    assert_true(str_eq(str_n(NULL, 0), str_of("")));
    assert_true(str_eq(str_of("a"), str_of("a")));
    assert_false(str_eq(str_of("a"), str_of("A")));
    assert_true(str_eq_nocase(str_of("Naver.COM"), str_of("nAVER.com")));
    assert_false(str_eq_nocase(str_of("a"), str_of("ab")));
    assert_false(str_eq_nocase(str_of("@"), str_of("`"))); /* 0x40 and 0x60 are no letters */
    assert_true(str_is(str_of("ok"), "ok"));
    assert_true(str_is(str_n(NULL, 0), ""));
    assert_true(str_starts(str_of("250-SIZE"), "250"));
    assert_true(str_starts(str_n(NULL, 0), ""));
    assert_false(str_starts(str_of("25"), "250"));
    assert_true(str_ends_nocase(str_of("mx.NAVER.com"), ".naver.com"));
    assert_true(str_ends_nocase(str_n(NULL, 0), ""));
    assert_false(str_ends_nocase(str_of("com"), "naver.com"));
}

static void trims_and_cuts(void **state)
{
    struct str rest = str_of("a,,b"), part;

    (void)state;
    assert_true(str_is(str_trim(str_of(" \t a b\r\n")), "a b"));
    assert_int_equal(str_trim(str_of(" \r\n\t")).n, 0);
    assert_int_equal(str_trim(str_n(NULL, 0)).n, 0);
    assert_true(str_cut(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_cut(&rest, ',', &part) && str_is(part, ""));
    assert_true(str_cut(&rest, ',', &part) && str_is(part, "b"));
    assert_false(str_cut(&rest, ',', &part));
    rest = str_of("a,");
    assert_true(str_cut(&rest, ',', &part) && str_is(part, "a"));
    assert_false(str_cut(&rest, ',', &part));
}

static void copies_whole_characters(void **state)
{
    static const struct {
        const char *from;
        size_t size;
        const char *want;
    } rows[] = {
        {"abc", 4, "abc"},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"", 1, ""},
        {"한", 4, "한"},
        {"한", 3, ""},
        {"a한b", 4, "a"},
        {"a한b", 5, "a한"},
        {"\xf0\x9f\x98\x80x", 4, ""},
        {"\xf0\x9f\x98\x80x", 5, "\xf0\x9f\x98\x80"},
        /* No UTF-8: cut anywhere. */
        {"\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[8];

        memset(out, '!', sizeof out);
        str_copy(out, rows[i].size, str_of(rows[i].from));
        assert_string_equal(out, rows[i].want);
        assert_int_equal(out[rows[i].size], '!');
    }
}

static void numbers_for_people(void **state)
{
    static const struct {
        uint64_t n;
        const char *want;
    } rows[] = {
        {0, "0"},          {999, "999"},           {1000, "1,000"},
        {12345, "12,345"}, {1000000, "1,000,000"}, {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    char out[NUMBER_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(str_number(rows[i].n, out), rows[i].want);
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_u64, is_i64;
        uint64_t u;
        int64_t i;
    } rows[] = {
        {"0", true, true, 0, 0},
        {"007", true, true, 7, 7},
        {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
        {"9223372036854775808", true, false, UINT64_C(9223372036854775808), 0},
        {"18446744073709551615", true, false, UINT64_MAX, 0},
        {"18446744073709551616", false, false, 0, 0},
        {"18446744073709551620", false, false, 0, 0},
        {"99999999999999999999", false, false, 0, 0},
        {"184467440737095516150", false, false, 0, 0},
        {"-1", false, true, 0, -1},
        {"-0", false, true, 0, 0},
        {"-9223372036854775808", false, true, 0, INT64_MIN},
        {"-9223372036854775809", false, false, 0, 0},
        {"", false, false, 0, 0},
        {"-", false, false, 0, 0},
        {"--1", false, false, 0, 0},
        {"+1", false, false, 0, 0},
        {" 1", false, false, 0, 0},
        {"1 ", false, false, 0, 0},
        {"1a", false, false, 0, 0},
        {"0x10", false, false, 0, 0},
        {"1/", false, false, 0, 0},
        {"1:", false, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t u = 77;
        int64_t n = 77;

        assert_int_equal(str_to_u64(str_of(rows[i].text), &u), rows[i].is_u64);
        assert_true(u == (rows[i].is_u64 ? rows[i].u : 77));
        assert_int_equal(str_to_i64(str_of(rows[i].text), &n), rows[i].is_i64);
        assert_true(n == (rows[i].is_i64 ? rows[i].i : 77));
    }
    assert_false(str_to_u64(str_n("1\0", 2), &(uint64_t){0}));
    assert_false(str_to_i64(str_n(NULL, 0), &(int64_t){0}));
}

static void lowers_ascii_only(void **state)
{
    char text[] = "AZ[@`{az Ä";

    (void)state;
    str_lower(text, sizeof text - 1);
    assert_string_equal(text, "az[@`{az Ä");
}

static void hashes_differ(void **state)
{
    (void)state;
    assert_true(str_hash(str_of("a")) != str_hash(str_of("b")));
    assert_true(str_hash(str_n("\0", 1)) != str_hash(str_n("\0\0", 2)));
    assert_true(str_hash(str_n(NULL, 0)) == str_hash(str_of("")));
}

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned want;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"naver", "naver", 0},
        {"naver", "navre", 1}, /* a transposition is one step */
        {"ab", "ba", 1},
        {"naver.com", "naver.con", 1},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3}, /* optimal string alignment, not Damerau's unrestricted 2 */
        {"timeout", "timeouts", 1},
        {"abcdef", "fedcba", 5},
    };
    char a[100], b[100];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(str_distance(str_of(rows[i].a), str_of(rows[i].b)), rows[i].want);
        assert_int_equal(str_distance(str_of(rows[i].b), str_of(rows[i].a)), rows[i].want);
    }
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    assert_int_equal(str_distance(str_n(a, 100), str_n(b, 100)), 64);
    assert_int_equal(str_distance(str_n(a, 100), str_n(a, 64)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(trims_and_cuts),
        cmocka_unit_test(copies_whole_characters),
        cmocka_unit_test(numbers),
        cmocka_unit_test(numbers_for_people),
        cmocka_unit_test(lowers_ascii_only),
        cmocka_unit_test(hashes_differ),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
