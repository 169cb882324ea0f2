#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sluice/base/buf.h>

#include "recipients_private.h"

#define ROW_MAX 40

/* Feeds `text` in a window that grows by `block` bytes at a time, and writes down what comes out:
 * "1:[a][b];" for a row of line 1, "2!why;" for a bad one. */
static void run(const char *text, size_t n, size_t block, unsigned expected, struct buf *out)
{
    size_t from = 0, to = 0;
    struct csv c;

    csv_init(&c, ROW_MAX, 4);
    c.expected = expected;
    buf_clear(out);
    for (;;) {
        size_t used;
        enum csv_step step = csv_next(&c, text + from, to - from, to == n, &used);

        assert_true(used <= to - from);
        if (step == CSV_ROW) {
            buf_printf(out, "%u:", (unsigned)c.line);
            for (unsigned i = 0; i < c.fields; i++)
                buf_printf(out, "[%.*s]", (int)c.field[i].n, c.field[i].p);
            buf_puts(out, ";");
        } else if (step == CSV_BAD) {
            buf_printf(out, "%u!%s;", (unsigned)c.line, c.why);
        }
        from += used;
        if (step == CSV_MORE && to == n)
            break;
        if (step == CSV_MORE)
            to += n - to < block ? n - to : block;
    }
    assert_int_equal(from, n);
    csv_done(&c);
}

static const struct {
    const char *text;
    unsigned expected;
    const char *gives;
} row[] = {
    {"", 0, ""},
    {"a,b\nc,d\n", 2, "1:[a][b];2:[c][d];"},
    {"a,b\r\nc,d\r\n", 2, "1:[a][b];2:[c][d];"},
    {"a,b\rc,d\r", 2, "1:[a][b];2:[c][d];"},
    {"a,b\r\r\nc,d", 2, "1:[a][b];3:[c][d];"},
    {"a,b", 2, "1:[a][b];"},
    {"a,", 2, "1:[a][];"},
    {",b\n", 2, "1:[][b];"},
    {"\n\n a , b \n\n", 2, "3:[ a ][ b ];"},
    {",\n,,,\n\"\",\"\"\na,b\n", 2, "4:[a][b];"}, /* rows of nothing are passed over */
    {"\"a\",\"b\"\n", 2, "1:[a][b];"},
    {"\"a,1\",\"b\"\"2\"\"\"\n", 2, "1:[a,1][b\"2\"];"},
    {"\"\"\"\",\"\"\n", 2, "1:[\"][];"},
    {"\"a\nb\",c\nd,e\n", 2, "1:[a\nb][c];3:[d][e];"},
    {"\"a\r\nb\r\nc\",d\r\ne,f\r\n", 2, "1:[a\r\nb\r\nc][d];4:[e][f];"},
    {"\"a\rb\",c\rd,e\r", 2, "1:[a\rb][c];3:[d][e];"},
    {"\"a\"\"\n\"\"b\",\"c\"\"\"\nd,e\n", 2, "1:[a\"\n\"b][c\"];3:[d][e];"},
    {"a,5\" disk\nb,c\n", 2,
     "1:[a][5\" disk];2:[b][c];"}, /* a quote inside a plain field is itself */
    {"a,b,c\nd,e\n", 2, "1!3 fields, but the header has 2;2:[d][e];"},
    {"a\nd,e\n", 2, "1!1 fields, but the header has 2;2:[d][e];"},
    {"a,b,c,d,e\nf,g\n", 2, "1!more than 4 fields;2:[f][g];"},
    /* A quote that nobody closes costs its line, not the rest. */
    {"\"a,b\nc,d\ne,f\n", 2, "1!a quote is opened and never closed;2:[c][d];3:[e][f];"},
    {"a,\"b\nc,\"d\"\ne,f\n", 2, "1!a closing quote is followed by more text;2:[c][d];3:[e][f];"},
    {"\"a\" ,b\nc,d\n", 2, "1!a closing quote is followed by more text;2:[c][d];"},
    {"\"a\"b,c\nd,e\n", 2, "1!a closing quote is followed by more text;2:[d][e];"},
    /* With the wrong number of fields, a row of several lines was most likely a lost quote. */
    {"\"a\nb,c\nd\",e,f\ng,h\n", 2,
     "1!3 fields, but the header has 2;2:[b][c];3!3 fields, but the header has 2;4:[g][h];"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,b\nc,d\n", 2,
     "1!longer than 40 bytes;2:[c][d];"},
    {"\"aaaaaaaaaaaaaaaa\nbbbb,bbbbbbbbbb\ncccccccccccc,\nd,e\n", 2,
     "1!a quote is opened and never closed;2:[bbbb][bbbbbbbbbb];3:[cccccccccccc][];4:[d][e];"},
    {"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nc,d\n", 2,
     "1!a quote is opened and never closed;2:[c][d];"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2, "1!longer than 40 bytes;"},
    {"\"", 1, "1!a quote is opened and never closed;"},
};

static void test_rows(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 10000);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        for (size_t block = 1; block < 90; block += block < 5 ? 1 : 17) {
            run(row[i].text, strlen(row[i].text), block, row[i].expected, &out);
            if (strcmp(out.data, row[i].gives) != 0)
                fail_msg("row %zu in blocks of %zu gave\n%s\nnot\n%s", i, block, out.data,
                         row[i].gives);
        }
    }
    buf_done(&out);
}

static void test_vars(void **state)
{
    static const char text[] = "\"a\"\"\\\n\t\x01\",b,\"\"\n";
    struct buf out;
    struct csv c;
    size_t used;

    (void)state;
    buf_init(&out, 10000);
    csv_init(&c, ROW_MAX, 4);
    assert_int_equal(csv_next(&c, text, sizeof text - 1, true, &used), CSV_ROW);
    csv_put_vars(&c, 1, &out);
    assert_string_equal(out.data, "[\"a\\\"\\\\\\n\\t\\u0001\",\"\"]");
    csv_put_vars(&c, 0, &out);
    assert_string_equal(out.data, "[\"b\",\"\"]");
    csv_done(&c);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_vars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
