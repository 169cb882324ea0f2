#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <sluice/base/str.h>
#include <sluice/base/utf8.h>
#include <sluice/report/table.h>

static void fill(struct table *t)
{
    table_init(t, 3);
    table_right(t, 1);
    table_cell(t, "provider");
    table_cell(t, "delivered");
    table_cell(t, "note");
    table_cell(t, "naver");
    table_number(t, 1234567);
    table_cell(t, "%s", "네이버 메일");
    table_cell(t, "a-rather-long-name.example");
    table_number(t, 0);
    table_cell(t, "%s", "");
}

static void aligns_by_columns_of_the_terminal(void **state)
{
    struct table t;
    struct buf out;

    (void)state;
    fill(&t);
    buf_init(&out, 10000);
    table_format(&t, 0, &out);
    assert_string_equal(out.data, "provider                    delivered  note\n"
                                  "naver                       1,234,567  네이버 메일\n"
                                  "a-rather-long-name.example          -\n");
    buf_done(&out);
    table_done(&t);
}

static void fits_the_terminal(void **state)
{
    (void)state;
    for (size_t width = 1; width < 60; width++) {
        struct table t;
        struct buf out;
        struct str rest, line;

        fill(&t);
        buf_init(&out, 10000);
        table_format(&t, width, &out);
        rest = str_n(out.data, out.len);
        while (str_cut(&rest, '\n', &line)) {
            assert_int_equal(utf8_bad_at(line.p, line.n), line.n);
            if (width >= 32) /* numbers and the last column stay whole, so it cannot get narrower */
                assert_true(utf8_columns(line.p, line.n) <= width);
        }
        if (width == 40)
            assert_non_null(strstr(out.data, "a-rather-long-n…"));
        buf_done(&out);
        table_done(&t);
    }
}

static void wide_characters_are_cut_between_columns(void **state)
{
    struct table t;
    struct buf out;

    (void)state;
    table_init(&t, 1);
    table_cell(&t, "가나다라마바사아자차카");
    buf_init(&out, 1000);
    table_format(&t, 10, &out);
    assert_string_equal(out.data, "가나다라…\n"); /* 9 columns: a fifth syllable would be torn */
    buf_done(&out);
    table_done(&t);
}

static void numbers(void **state)
{
    static const struct {
        unsigned long long n;
        const char *want;
    } rows[] = {{0, "-\n"},
                {7, "7\n"},
                {999, "999\n"},
                {1000, "1,000\n"},
                {100000, "100,000\n"},
                {18446744073709551615ull, "18,446,744,073,709,551,615\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct table t;
        struct buf out;

        table_init(&t, 1);
        table_number(&t, rows[i].n);
        buf_init(&out, 1000);
        table_format(&t, 0, &out);
        assert_string_equal(out.data, rows[i].want);
        buf_done(&out);
        table_done(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_by_columns_of_the_terminal),
        cmocka_unit_test(fits_the_terminal),
        cmocka_unit_test(wide_characters_are_cut_between_columns),
        cmocka_unit_test(numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
